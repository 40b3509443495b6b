/* What a tree search learns (Fawzi et al. 2022, where a network gives priors and values): which of
   some moves to prefer, and to what rank a residual can be completed.

   Two small networks (net.h) look at features (model_features.h). The one is trained by choices: of
   some moves of a position, the shares that each should have, by the cross-entropy with the softmax of
   their scores; the other by ranks that were reached, by their squared error. A model is for one
   tensor and ring. */
#ifndef FM_MODEL_H
#define FM_MODEL_H

#include "model_features.h"
#include "net.h"

typedef struct fm_model fm_model;

enum { FM_CHOICE_MAX = 16 };

/* Moves of one position, and the share that each should have. */
typedef struct fm_choice {
    uint32_t count;
    float features[FM_CHOICE_MAX][FM_MOVE_FEATURES];
    float share[FM_CHOICE_MAX]; /* sum up to 1 */
} fm_choice;

/* One that prefers nothing and expects rank 0. */
fm_model *fm_model_new(uint64_t seed);
void fm_model_free(fm_model *model);

/* The logarithm of how much a move is preferred. */
float fm_model_score(const fm_model *model, const float features[FM_MOVE_FEATURES]);
/* The rank that is expected of a residual. */
float fm_model_rank(const fm_model *model, const float features[FM_POSITION_FEATURES]);

/* Learns; gives the loss before. */
float fm_model_learn_choice(fm_model *model, const fm_choice *choice);
float fm_model_learn_rank(fm_model *model, const float features[FM_POSITION_FEATURES],
                          uint32_t rank);
/* How many ranks it has learnt: a model that has seen few is not to be believed. */
uint64_t fm_model_lessons(const fm_model *model);

/* The same without a step: adds the gradient to that of the network. For tests. */
float fm_model_choice_gradient(fm_model *model, const fm_choice *choice);
fm_net *fm_model_moves(fm_model *model);

void fm_model_state(fm_model *model, fm_state *state);

/* Reads a model of a tensor and ring. FM_NO when there is no such file; FM_BAD_INPUT, with the
   reason, when it is damaged, or of another version, kind of machine, tensor or ring. */
fm_status fm_model_read(const char *path, const fm_tensor *tensor, fm_ring ring, fm_model **out,
                        fm_error *error);
/* Writes it, whole or not at all. */
fm_status fm_model_write(const char *path, const fm_tensor *tensor, fm_ring ring, fm_model *model,
                         fm_error *error);

#endif
