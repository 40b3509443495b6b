#include "proposals.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
    SLICE_TRIES = 64,
    SLICES_MAX = 3, /* in a combination */
    FACTOR_MAX = 3, /* coefficients of a random factor */
};
/* How much a prior grows with each rank of slices that a move saves, and with each of a
   flattening. */
static const double SLICE_BASE = 1.5;
static const double FLATTENING_BASE = 1.2;
static const double EXPONENT_MAX = 4;

static bool is_zero(const int8_t *vector, uint32_t length)
{
    for (uint32_t e = 0; e < length; e++)
        if (vector[e] != 0)
            return false;
    return true;
}

/* A coefficient of a move, not 0. */
static int8_t draw_coefficient(const fm_proposal_source *source)
{
    int most = source->coefficient_max, value;
    if (source->ring.kind == FM_RING_ZP && source->ring.p == 2)
        return 1;
    do
        value = (int)fm_random_below(source->random, (uint32_t)(2 * most + 1)) - most;
    while (value == 0);
    return (int8_t)value;
}

static void draw_factor(const fm_proposal_source *source, uint32_t length, int8_t *factor)
{
    uint32_t count = 1 + fm_random_below(source->random, FACTOR_MAX);
    memset(factor, 0, length);
    for (; count > 0; count--)
        factor[fm_random_below(source->random, length)] = draw_coefficient(source);
}

void fm_propose_random(const fm_proposal_source *source, int8_t *move)
{
    const uint32_t *extent = fm_game_extent(source->game);
    for (int axis = 0; axis < 3; move += extent[axis++])
        draw_factor(source, extent[axis], move);
}

/* A random row of some products; NULL when there is none. */
static const int8_t *draw_row(const fm_products *products, fm_random *random)
{
    if (products == NULL || products->rank == 0)
        return NULL;
    return fm_products_row(products, fm_random_below(random, products->rank));
}

/* ---------------------------------------------------------------- counting */

/* The best coefficient of w at k: counts[c] entries would be zero with coefficient c - offset. */
static int8_t best_coefficient(const fm_proposal_source *source, const int8_t *u, const int8_t *v,
                               uint32_t k)
{
    enum { OFFSET = FM_GAME_COEFFICIENT_MAX };
    int counts[2 * OFFSET + 1] = {0}, best = 0;
    const uint32_t *extent = fm_game_extent(source->game);
    bool modular = source->ring.kind == FM_RING_ZP;
    int p = (int)source->ring.p, most = source->coefficient_max;
    for (uint32_t i = 0; i < extent[0]; i++)
        for (uint32_t j = 0; u[i] != 0 && j < extent[1]; j++)
            for (int c = -most; v[j] != 0 && c <= most; c++) {
                int rest = fm_game_entry(source->game, i, j, k) - u[i] * v[j] * c;
                counts[c + OFFSET] += modular ? rest % p == 0 : rest == 0;
            }
    for (int c = -most; c <= most; c++)
        if (counts[c + OFFSET] > counts[best + OFFSET])
            best = c;
    return (int8_t)(modular && p == 2 ? best & 1 : best);
}

bool fm_propose_counting(const fm_proposal_source *source, int8_t *move)
{
    const uint32_t *extent = fm_game_extent(source->game);
    const int8_t *u = move, *v = move + extent[0];
    int8_t *w = move + extent[0] + extent[1];
    for (uint32_t k = 0; k < extent[2]; k++)
        w[k] = best_coefficient(source, u, v, k);
    return !is_zero(w, extent[2]);
}

/* u and v from two products, or random ones. */
static bool propose_by_counting(const fm_proposal_source *source, int8_t *move)
{
    const uint32_t *extent = fm_game_extent(source->game);
    for (int axis = 0; axis < 2; axis++) {
        int8_t *factor = move + (axis == 0 ? 0 : extent[0]);
        const int8_t *row = draw_row(source->completion, source->random);
        if (row == NULL || fm_random_below(source->random, 2) == 0)
            draw_factor(source, extent[axis], factor);
        else
            memcpy(factor, row + (axis == 0 ? 0 : extent[0]), extent[axis]);
    }
    return fm_propose_counting(source, move);
}

/* ---------------------------------------------------------------- slices */

/* An axis, and the two others: rows and columns of its slices. */
typedef struct axes {
    uint32_t axis, row, column;
} axes;

static int entry(const fm_game *game, axes a, uint32_t slice, uint32_t row, uint32_t column)
{
    uint32_t at[3];
    at[a.axis] = slice, at[a.row] = row, at[a.column] = column;
    return fm_game_entry(game, at[0], at[1], at[2]);
}

/* A representative within the coefficients; false when there is none. */
static bool fit(const fm_proposal_source *source, int value, int8_t *out)
{
    if (source->ring.kind == FM_RING_ZP) {
        int p = (int)source->ring.p;
        value = ((value % p) + p) % p;
        value = value == 2 ? -1 : value;
    } else if (value < -source->coefficient_max || value > source->coefficient_max)
        return false;
    *out = (int8_t)value;
    return true;
}

/* The entry of a combination of slices. */
static int combined(const fm_proposal_source *source, axes a, const int8_t *x, uint32_t row,
                    uint32_t column)
{
    int sum = 0;
    for (uint32_t s = 0; s < fm_game_extent(source->game)[a.axis]; s++)
        if (x[s] != 0)
            sum += x[s] * entry(source->game, a, s, row, column);
    if (source->ring.kind == FM_RING_ZP) {
        int p = (int)source->ring.p;
        sum = ((sum % p) + p) % p;
        sum = sum == 2 ? -1 : sum;
    }
    return sum;
}

/* A random entry of a combination of slices that is 1 or -1; false when there is none. */
static bool draw_pivot(const fm_proposal_source *source, axes a, const int8_t *x, uint32_t *row,
                       uint32_t *column)
{
    const uint32_t *extent = fm_game_extent(source->game);
    uint32_t seen = 0;
    for (uint32_t r = 0; r < extent[a.row]; r++)
        for (uint32_t c = 0; c < extent[a.column]; c++) {
            int value = combined(source, a, x, r, c);
            if ((value == 1 || value == -1) && fm_random_below(source->random, ++seen) == 0)
                *row = r, *column = c;
        }
    return seen > 0;
}

/* Writes a combination of rank one as v x w; the pivot is one of its entries, 1 or -1. */
static bool split_rank_one(const fm_proposal_source *source, axes a, const int8_t *x,
                           uint32_t pivot_row, uint32_t pivot_column, int8_t *v, int8_t *w)
{
    const uint32_t *extent = fm_game_extent(source->game);
    uint32_t rows = extent[a.row], columns = extent[a.column];
    int sign = combined(source, a, x, pivot_row, pivot_column);
    for (uint32_t c = 0; c < columns; c++)
        if (!fit(source, combined(source, a, x, pivot_row, c), &w[c]))
            return false;
    for (uint32_t r = 0; r < rows; r++)
        if (!fit(source, sign * combined(source, a, x, r, pivot_column), &v[r]))
            return false;
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t c = 0; c < columns; c++) {
            int8_t rest;
            int value = combined(source, a, x, r, c) - v[r] * w[c];
            if (source->ring.kind == FM_RING_ZP ? !fit(source, value, &rest) || rest != 0
                                                : value != 0)
                return false;
        }
    return true;
}

/* The fibre at a row and a column, as a u with x u = 1; it is in the span of all fibres, so that
   subtracting u x v x w lowers the rank of the flattening. */
static bool take_dual(const fm_proposal_source *source, axes a, const int8_t *x, uint32_t row,
                      uint32_t column, int8_t *u)
{
    int product = combined(source, a, x, row, column);
    if (product != 1 && product != -1)
        return false;
    for (uint32_t s = 0; s < fm_game_extent(source->game)[a.axis]; s++)
        if (!fit(source, product * entry(source->game, a, s, row, column), &u[s]))
            return false;
    return true;
}

bool fm_propose_slice(const fm_proposal_source *source, int8_t *move)
{
    static const axes all[3] = {{0, 1, 2}, {1, 0, 2}, {2, 0, 1}};
    const uint32_t *extent = fm_game_extent(source->game);
    int8_t x[256], *factor[3] = {move, move + extent[0], move + extent[0] + extent[1]};
    for (int tries = 0; tries < SLICE_TRIES; tries++) {
        axes a = all[fm_random_below(source->random, 3)];
        uint32_t count = 1 + fm_random_below(source->random, SLICES_MAX);
        memset(x, 0, sizeof x);
        for (; count > 0; count--) {
            bool negative = fm_random_below(source->random, 2) == 0 && source->ring.p != 2;
            x[fm_random_below(source->random, extent[a.axis])] = negative ? -1 : 1;
        }
        uint32_t row, column;
        if (draw_pivot(source, a, x, &row, &column) &&
            split_rank_one(source, a, x, row, column, factor[a.row], factor[a.column]) &&
            take_dual(source, a, x, row, column, factor[a.axis]))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- all kinds */

static uint8_t draw_kind(const fm_proposal_source *source)
{
    double sum = 0;
    for (int kind = 0; kind < FM_PROPOSAL_KINDS; kind++)
        sum += source->weights[kind];
    double dice = sum * (double)(fm_random_next(source->random) >> 11) * 0x1p-53;
    for (uint8_t kind = 0; kind < FM_PROPOSAL_KINDS - 1; kind++) {
        dice -= source->weights[kind];
        if (dice < 0)
            return kind;
    }
    return FM_PROPOSAL_KINDS - 1;
}

static bool draw_move(const fm_proposal_source *source, uint8_t kind, int8_t *move)
{
    const uint32_t *extent = fm_game_extent(source->game);
    const int8_t *row;
    switch (kind) {
    case FM_PROPOSAL_COUNTING:
        return propose_by_counting(source, move);
    case FM_PROPOSAL_SLICE:
        return fm_propose_slice(source, move);
    case FM_PROPOSAL_RANDOM:
        fm_propose_random(source, move);
        return true;
    default:
        row = draw_row(kind == FM_PROPOSAL_KNOWN ? source->known : source->completion,
                       source->random);
        if (row != NULL)
            memcpy(move, row, (size_t)extent[0] + extent[1] + extent[2]);
        return row != NULL;
    }
}

/* How much the ranks that a move saves raise its prior. */
static double gain(const fm_measures *before, const fm_measures *after)
{
    double slices = (double)fm_measures_slices(before) - fm_measures_slices(after);
    double flattenings = (double)fm_measures_flattenings(before) - fm_measures_flattenings(after);
    double exponent = log2(SLICE_BASE) * slices + log2(FLATTENING_BASE) * flattenings;
    return exp2(fmax(-EXPONENT_MAX, fmin(EXPONENT_MAX, exponent)));
}

bool fm_propose(const fm_proposal_source *source, fm_proposal *proposal)
{
    proposal->kind = draw_kind(source);
    if (!draw_move(source, proposal->kind, proposal->move))
        return false;
    fm_game_normalize(source->game, proposal->move);
    if (!fm_game_play(source->game, proposal->move))
        return false;
    fm_measure(source->game, &proposal->after);
    fm_game_take_back(source->game, proposal->move);
    proposal->prior =
        (float)(source->weights[proposal->kind] * gain(source->measures, &proposal->after));
    return true;
}
