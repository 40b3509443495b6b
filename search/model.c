#include "model.h"

#include "error.h"
#include "memory.h"
#include "scheme.h"
#include "state_file.h"
#include "tensor.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

enum {
    VERSION =
        1, /* of what a model's file holds; raised with every change of features or networks */
    HIDDEN = 12,
};
/* A score is within so much, so that no move is ever out of the question. */
static const float SCORE_MAX = 3;
/* Ranks of residuals are learnt as shares of this. */
static const float RANK_SCALE = 16;

struct fm_model {
    fm_net *moves, *ranks;
    uint64_t lessons;
};

fm_model *fm_model_new(uint64_t seed)
{
    fm_random random;
    fm_model *model = fm_alloc_zero(1, sizeof *model);
    fm_random_seed(&random, seed, UINT64_MAX - 1);
    model->moves = fm_net_new(FM_MOVE_FEATURES, HIDDEN, &random);
    model->ranks = fm_net_new(FM_POSITION_FEATURES, HIDDEN, &random);
    return model;
}

void fm_model_free(fm_model *model)
{
    if (model == NULL)
        return;
    fm_net_free(model->moves);
    fm_net_free(model->ranks);
    free(model);
}

float fm_model_score(const fm_model *model, const float features[FM_MOVE_FEATURES])
{
    return SCORE_MAX * tanhf(fm_net_output(model->moves, features));
}

float fm_model_rank(const fm_model *model, const float features[FM_POSITION_FEATURES])
{
    return RANK_SCALE * fm_net_output(model->ranks, features);
}

/* The softmax of the scores of a choice. */
static void softmax(const float *scores, uint32_t count, float *out)
{
    float most = scores[0], sum = 0;
    for (uint32_t i = 1; i < count; i++)
        most = fmaxf(most, scores[i]);
    for (uint32_t i = 0; i < count; i++)
        sum += out[i] = expf(scores[i] - most);
    for (uint32_t i = 0; i < count; i++)
        out[i] /= sum;
}

float fm_model_choice_gradient(fm_model *model, const fm_choice *choice)
{
    float scores[FM_CHOICE_MAX] = {0}, shares[FM_CHOICE_MAX] = {0}, loss = 0;
    assert(choice->count > 0 && choice->count <= FM_CHOICE_MAX);
    for (uint32_t i = 0; i < choice->count; i++)
        scores[i] = fm_model_score(model, choice->features[i]);
    softmax(scores, choice->count, shares);
    for (uint32_t i = 0; i < choice->count; i++) {
        float t = scores[i] / SCORE_MAX;
        fm_net_add_gradient(model->moves, choice->features[i],
                            (shares[i] - choice->share[i]) * SCORE_MAX * (1 - t * t));
        if (choice->share[i] > 0)
            loss -= choice->share[i] * logf(shares[i]);
    }
    return loss;
}

float fm_model_learn_choice(fm_model *model, const fm_choice *choice)
{
    float loss = fm_model_choice_gradient(model, choice);
    fm_net_step(model->moves);
    return loss;
}

float fm_model_learn_rank(fm_model *model, const float features[FM_POSITION_FEATURES],
                          uint32_t rank)
{
    float error = fm_net_output(model->ranks, features) - (float)rank / RANK_SCALE;
    fm_net_add_gradient(model->ranks, features, 2 * error);
    fm_net_step(model->ranks);
    model->lessons++;
    return error * error;
}

uint64_t fm_model_lessons(const fm_model *model)
{
    return model->lessons;
}

fm_net *fm_model_moves(fm_model *model)
{
    return model->moves;
}

void fm_model_state(fm_model *model, fm_state *state)
{
    FM_STATE_VALUE(state, model->lessons);
    fm_net_state(model->moves, state);
    fm_net_state(model->ranks, state);
}

/* ---------------------------------------------------------------- files */

/* Freed with free. */
static char *identity_of(const fm_tensor *tensor, fm_ring ring)
{
    char name[FM_RING_NAME_SIZE], hash[FM_HASH_SIZE];
    fm_tensor_hash(tensor, hash);
    return fm_format("version %d\ntensor %s\nring %s\n", VERSION,
                     fm_tensor_is_matmul(tensor, NULL) ? fm_tensor_name(tensor) : hash,
                     fm_ring_name(ring, name));
}

fm_status fm_model_read(const char *path, const fm_tensor *tensor, fm_ring ring, fm_model **out,
                        fm_error *error)
{
    fm_state state;
    char *identity = identity_of(tensor, ring);
    *out = NULL;
    fm_status status = fm_state_file_read(path, "model", identity, &state, error);
    free(identity);
    if (status != FM_OK)
        return status;
    *out = fm_model_new(0);
    fm_model_state(*out, &state);
    if (state.bad || state.at != state.length) {
        status = fm_fail(error, FM_BAD_INPUT, "%s: a damaged model: not what one holds", path);
        fm_model_free(*out);
        *out = NULL;
    }
    fm_state_clear(&state);
    return status;
}

fm_status fm_model_write(const char *path, const fm_tensor *tensor, fm_ring ring, fm_model *model,
                         fm_error *error)
{
    fm_state state = {0};
    char *identity = identity_of(tensor, ring);
    fm_model_state(model, &state);
    fm_status status = fm_state_file_write(path, "model", identity, &state, error);
    fm_state_clear(&state);
    free(identity);
    return status;
}
