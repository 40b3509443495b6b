/* What the model (model.h) sees of a move and of a position, as numbers of about 1. */
#ifndef FM_MODEL_FEATURES_H
#define FM_MODEL_FEATURES_H

#include "game.h"
#include "products.h"

enum {
    FM_FEATURE_KINDS = 5,     /* the proposal's kind, one of these is 1 */
    FM_FEATURE_RANKS = 5,     /* ranks of slices and of flattenings that the move saves */
    FM_FEATURE_ZEROS = 7,     /* entries that become zero, as a share of what it touches */
    FM_FEATURE_WEIGHTS = 8,   /* of u, v and w: the share of coefficients that are not 0 */
    FM_FEATURE_PARTNERS = 11, /* products of the completion with the same u, v, w: flips */
    FM_FEATURE_KNOWN = 14,    /* how often it is in schemes that were found */
    FM_MOVE_FEATURES = 15,
    FM_POSITION_FEATURES = 10,
};

/* The measures of a residual from which features come. */
typedef struct fm_measures {
    uint32_t flattenings[3], slices[3], weight;
} fm_measures;

void fm_measure(const fm_game *game, fm_measures *measures);
/* The least sum of slice ranks, and the sum of flattening ranks. */
uint32_t fm_measures_slices(const fm_measures *measures);
uint32_t fm_measures_flattenings(const fm_measures *measures);
/* The largest of the flattening ranks: no fewer products sum to the residual. */
uint32_t fm_measures_bound(const fm_measures *measures);

/* Of a normalized move that leads from measures to others; kind is FM_FEATURE_KINDS for none. */
void fm_features_of_move(const int8_t *move, uint32_t kind, const fm_measures *before,
                         const fm_measures *after, const fm_products *completion,
                         const fm_products *known, float features[FM_MOVE_FEATURES]);
/* Of a residual with a completion. */
void fm_features_of_position(const fm_measures *measures, const fm_products *completion,
                             float features[FM_POSITION_FEATURES]);

#endif
