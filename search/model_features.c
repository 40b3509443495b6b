#include "model_features.h"

#include <math.h>
#include <string.h>

/* So many ranks, partners or schemes count as 1. */
static const float RANKS = 4, PARTNERS = 4, SCHEMES = 4;

void fm_measure(const fm_game *game, fm_measures *measures)
{
    fm_game_flattening_ranks(game, measures->flattenings);
    fm_game_slice_ranks(game, measures->slices);
    measures->weight = fm_game_weight(game);
}

uint32_t fm_measures_slices(const fm_measures *measures)
{
    const uint32_t *s = measures->slices;
    uint32_t least = s[0] < s[1] ? s[0] : s[1];
    return least < s[2] ? least : s[2];
}

uint32_t fm_measures_flattenings(const fm_measures *measures)
{
    return measures->flattenings[0] + measures->flattenings[1] + measures->flattenings[2];
}

uint32_t fm_measures_bound(const fm_measures *measures)
{
    const uint32_t *f = measures->flattenings;
    uint32_t most = f[0] > f[1] ? f[0] : f[1];
    return most > f[2] ? most : f[2];
}

static uint32_t count_nonzero(const int8_t *vector, uint32_t length)
{
    uint32_t count = 0;
    for (uint32_t e = 0; e < length; e++)
        count += vector[e] != 0;
    return count;
}

/* Whether two vectors are the same or each other's negative. */
static bool is_parallel(const int8_t *a, const int8_t *b, uint32_t length)
{
    bool same = true, opposite = true;
    for (uint32_t e = 0; e < length && (same || opposite); e++) {
        same = same && a[e] == b[e];
        opposite = opposite && a[e] == -b[e];
    }
    return same || opposite;
}

/* How many of some products share each factor with a row, which is not counted itself, and how often
   the row is among them. */
static uint32_t count_partners(const fm_products *products, const int8_t *row, uint32_t partners[3])
{
    uint32_t equal = 0;
    memset(partners, 0, 3 * sizeof *partners);
    for (uint32_t r = 0; r < products->rank; r++) {
        const int8_t *other = fm_products_row(products, r);
        bool shares[3];
        size_t offset = 0;
        for (int axis = 0; axis < 3; offset += products->extent[axis++])
            shares[axis] = is_parallel(row + offset, other + offset, products->extent[axis]);
        bool is_same = shares[0] && shares[1] && shares[2];
        equal += is_same;
        for (int axis = 0; axis < 3 && !is_same; axis++)
            partners[axis] += shares[axis];
    }
    return equal;
}

void fm_features_of_move(const int8_t *move, uint32_t kind, const fm_measures *before,
                         const fm_measures *after, const fm_products *completion,
                         const fm_products *known, float features[FM_MOVE_FEATURES])
{
    uint32_t partners[3], touched = 1;
    const int8_t *factor = move;
    memset(features, 0, FM_MOVE_FEATURES * sizeof *features);
    if (kind < FM_FEATURE_KINDS)
        features[kind] = 1;
    for (int axis = 0; axis < 3; factor += completion->extent[axis++]) {
        uint32_t length = completion->extent[axis], count = count_nonzero(factor, length);
        features[FM_FEATURE_WEIGHTS + axis] = (float)count / (float)length;
        touched *= count > 0 ? count : 1;
    }
    features[FM_FEATURE_RANKS] =
        ((float)fm_measures_slices(before) - (float)fm_measures_slices(after)) / RANKS;
    features[FM_FEATURE_RANKS + 1] =
        ((float)fm_measures_flattenings(before) - (float)fm_measures_flattenings(after)) / RANKS;
    features[FM_FEATURE_ZEROS] = ((float)before->weight - (float)after->weight) / (float)touched;
    count_partners(completion, move, partners);
    for (int axis = 0; axis < 3; axis++)
        features[FM_FEATURE_PARTNERS + axis] = (float)partners[axis] / PARTNERS;
    features[FM_FEATURE_KNOWN] = (float)count_partners(known, move, partners) / SCHEMES;
}

/* Pairs of products that share a factor, for each product. */
static float flips_per_product(const fm_products *products)
{
    uint32_t partners[3], sum = 0;
    for (uint32_t r = 0; r < products->rank; r++) {
        count_partners(products, fm_products_row(products, r), partners);
        sum += partners[0] + partners[1] + partners[2];
    }
    return products->rank > 0 ? (float)sum / (float)products->rank : 0;
}

void fm_features_of_position(const fm_measures *measures, const fm_products *completion,
                             float features[FM_POSITION_FEATURES])
{
    float volume = 0;
    for (int axis = 0; axis < 3; axis++) {
        float extent = (float)completion->extent[axis];
        features[axis] = (float)measures->flattenings[axis] / extent;
        features[3 + axis] = (float)measures->slices[axis] / (4 * extent);
        volume += extent;
    }
    features[6] = (float)measures->weight / (4 * volume);
    features[7] = (float)completion->rank / volume;
    features[8] = flips_per_product(completion) / PARTNERS;
    features[9] = (float)fm_measures_slices(measures) / volume;
}
