#include "lessons.h"

#include "demonstrations.h"
#include "memory.h"
#include "tensor.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    RANKS_MAX = 64,     /* noted between two lessons */
    DEMONSTRATIONS = 4, /* in a lesson */
};
/* A child of the root is worth e times one whose mean rank is by so much higher. */
static const double TEMPERATURE = 0.5;

typedef struct noted_rank {
    float features[FM_POSITION_FEATURES];
    uint32_t rank;
} noted_rank;

struct fm_lessons {
    fm_model *model;
    fm_demonstrator *demonstrator;
    _Atomic uint32_t move_count, rank_count; /* may go on beyond what there is room for */
    uint32_t nodes[FM_CHOICE_MAX];
    float moves[FM_CHOICE_MAX][FM_MOVE_FEATURES];
    noted_rank ranks[RANKS_MAX];
};

fm_lessons *fm_lessons_new(const fm_engine_task *task, uint32_t rank_max)
{
    fm_lessons *lessons = fm_alloc_zero(1, sizeof *lessons);
    lessons->model = task->model;
    lessons->demonstrator = fm_demonstrator_new(task->tensor->extent, task->ring,
                                                task->coefficient_max, rank_max, task->seed);
    return lessons;
}

void fm_lessons_free(fm_lessons *lessons)
{
    if (lessons == NULL)
        return;
    fm_demonstrator_free(lessons->demonstrator);
    free(lessons);
}

void fm_lessons_note_move(fm_lessons *lessons, uint32_t node,
                          const float features[FM_MOVE_FEATURES])
{
    uint32_t at = lessons->move_count++;
    if (at >= FM_CHOICE_MAX)
        return;
    lessons->nodes[at] = node;
    memcpy(lessons->moves[at], features, sizeof lessons->moves[at]);
}

void fm_lessons_note_rank(fm_lessons *lessons, const float features[FM_POSITION_FEATURES],
                          uint32_t rank)
{
    uint32_t at = lessons->rank_count++;
    if (at >= RANKS_MAX)
        return;
    memcpy(lessons->ranks[at].features, features, sizeof lessons->ranks[at].features);
    lessons->ranks[at].rank = rank;
}

void fm_lessons_forget(fm_lessons *lessons)
{
    lessons->move_count = 0;
}

static uint32_t noted(uint32_t count, uint32_t most)
{
    return count < most ? count : most;
}

/* The children of the root, those that led lower having larger shares. */
static void learn_moves(fm_lessons *lessons, const fm_tree *tree)
{
    fm_choice choice = {.count = 0};
    double least = INFINITY, sum = 0, means[FM_CHOICE_MAX];
    for (uint32_t m = 0; m < noted(lessons->move_count, FM_CHOICE_MAX); m++) {
        if (fm_tree_visits(tree, lessons->nodes[m]) == 0)
            continue;
        means[choice.count] = fm_tree_mean(tree, lessons->nodes[m]);
        least = fmin(least, means[choice.count]);
        memcpy(choice.features[choice.count++], lessons->moves[m], sizeof lessons->moves[m]);
    }
    if (choice.count < 2)
        return;
    for (uint32_t m = 0; m < choice.count; m++)
        sum += means[m] = exp((least - means[m]) / TEMPERATURE);
    for (uint32_t m = 0; m < choice.count; m++)
        choice.share[m] = (float)(means[m] / sum);
    fm_model_learn_choice(lessons->model, &choice);
}

static void learn_demonstration(fm_lessons *lessons)
{
    fm_choice choice;
    float position[FM_POSITION_FEATURES];
    uint32_t rank;
    fm_demonstrate(lessons->demonstrator, &choice, position, &rank);
    fm_model_learn_choice(lessons->model, &choice);
    fm_model_learn_rank(lessons->model, position, rank);
}

void fm_lessons_learn(fm_lessons *lessons, const fm_tree *tree)
{
    learn_moves(lessons, tree);
    for (uint32_t r = 0; r < noted(lessons->rank_count, RANKS_MAX); r++)
        fm_model_learn_rank(lessons->model, lessons->ranks[r].features, lessons->ranks[r].rank);
    for (int d = 0; d < DEMONSTRATIONS; d++)
        learn_demonstration(lessons);
    lessons->rank_count = 0;
    fm_lessons_forget(lessons);
}

void fm_lessons_state(fm_lessons *lessons, const fm_tree *tree, fm_state *state)
{
    uint32_t counts[2] = {noted(lessons->move_count, FM_CHOICE_MAX),
                          noted(lessons->rank_count, RANKS_MAX)};
    fm_state_bytes(state, counts, sizeof counts);
    fm_state_require(state, counts[0] <= FM_CHOICE_MAX && counts[1] <= RANKS_MAX);
    if (state->bad)
        return;
    fm_state_bytes(state, lessons->nodes, counts[0] * sizeof *lessons->nodes);
    fm_state_bytes(state, lessons->moves, counts[0] * sizeof *lessons->moves);
    fm_state_bytes(state, lessons->ranks, counts[1] * sizeof *lessons->ranks);
    for (uint32_t m = 0; m < counts[0]; m++)
        fm_state_require(state, lessons->nodes[m] < fm_tree_capacity(tree));
    lessons->move_count = state->bad ? 0 : counts[0];
    lessons->rank_count = counts[1];
    fm_demonstrator_state(lessons->demonstrator, state);
    fm_model_state(lessons->model, state);
}
