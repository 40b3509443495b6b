/* Where all coefficients are unknowns, those on one axis, W say, are eliminated beforehand, by
   structure: for each k the equations (., ., k) have the unknowns w_k of all products with the
   coefficients u_r x v_r, the same for all k. What is left of vectors over the pairs (i, j) when they are
   reduced by the span of these is a system for U and V alone, and W follows from its solution. */
#include "lift_system.h"

#include "linear.h"
#include "memory.h"

#include <flint/nmod_mat.h>
#include <flint/nmod_vec.h>
#include <stdlib.h>
#include <string.h>

static const size_t NONE = SIZE_MAX;

/* The elimination of an axis. */
typedef struct elimination {
    int axis, first, second; /* the eliminated one and the two others */
    size_t pairs, stride;    /* stride: pairs, rounded up to words */
    nmod_mat_t span;         /* reduced echelon form of the products of pairs */
    size_t *pivot_of;        /* of each pair: the row of span whose pivot it is, or NONE */
    fm_linear *products;     /* the same products, factored: an unknown each */
} elimination;

struct fm_lift_system {
    fm_lift_point at;
    nmod_t modulus;
    size_t equations;
    size_t *unknown; /* places, those that are not 0 first */
    size_t count;
    size_t *number; /* of each place, among the unknowns, or NONE */
    fm_linear *linear;
    bool eliminates;
    elimination e;

    uint32_t *index[3]; /* where the current row of each axis is not 0 */
    uint32_t index_count[3];
};

/* ---------------------------------------------------------------- places */

static uint32_t extent(const fm_lift_system *s, int axis)
{
    return s->at.tensor->extent[axis];
}

static size_t place_of(const fm_lift_system *s, int axis, uint32_t r, uint32_t e)
{
    return s->at.offset[axis] + (size_t)r * extent(s, axis) + e;
}

static int axis_of(const fm_lift_system *s, size_t place)
{
    return place < s->at.offset[1] ? 0 : place < s->at.offset[2] ? 1 : 2;
}

static const ulong *row_of(const fm_lift_system *s, int axis, uint32_t r)
{
    return s->at.x + place_of(s, axis, r, 0);
}

/* Lists where row r is not 0 on each axis. */
static void list_row(fm_lift_system *s, uint32_t r)
{
    for (int axis = 0; axis < 3; axis++) {
        const ulong *row = row_of(s, axis, r);
        s->index_count[axis] = 0;
        for (uint32_t e = 0; e < extent(s, axis); e++)
            if (row[e] != 0)
                s->index[axis][s->index_count[axis]++] = e;
    }
}

static size_t equation_at(const fm_lift_system *s, const uint32_t at[3])
{
    return ((size_t)at[0] * extent(s, 1) + at[1]) * extent(s, 2) + at[2];
}

/* ---------------------------------------------------------------- unknowns */

static void shuffle(size_t *places, size_t count, fm_random *random)
{
    for (size_t u = count; u > 1; u--) {
        size_t other = fm_random_below(random, (uint32_t)u), place = places[u - 1];
        places[u - 1] = places[other];
        places[other] = place;
    }
}

static bool is_candidate(const fm_lift_system *s, size_t place)
{
    return !s->eliminates || axis_of(s, place) != s->e.axis;
}

/* Those that are not 0, then about zeros of the others. */
static void choose_unknowns(fm_lift_system *s, size_t zeros, fm_random *random, bool is_shuffled)
{
    size_t size = s->at.offset[3], left = 0;
    for (size_t place = 0; place < size; place++) {
        if (s->at.x[place] != 0 && is_candidate(s, place))
            s->unknown[s->count++] = place;
        left += s->at.x[place] == 0;
    }
    size_t support = s->count;
    uint32_t share = zeros >= left ? UINT16_MAX : (uint32_t)(zeros * UINT16_MAX / left);
    for (size_t place = 0; place < size && zeros > 0; place++)
        if (s->at.x[place] == 0 && is_candidate(s, place) &&
            (share == UINT16_MAX || fm_random_below(random, UINT16_MAX) < share))
            s->unknown[s->count++] = place;
    if (is_shuffled) { /* each kind for itself: what is 0 is to change only where it must */
        shuffle(s->unknown, support, random);
        shuffle(s->unknown + support, s->count - support, random);
    }
}

static void number_unknowns(fm_lift_system *s)
{
    for (size_t place = 0; place < s->at.offset[3]; place++)
        s->number[place] = NONE;
    for (size_t u = 0; u < s->count; u++)
        s->number[s->unknown[u]] = u;
}

/* ---------------------------------------------------------------- all equations */

/* The derivatives by the coefficients of row r on an axis: the products of the other two rows. */
static void add_row(fm_lift_system *s, int axis, uint32_t r)
{
    int first = axis == 0 ? 1 : 0, second = axis == 2 ? 1 : 2;
    const ulong *f = row_of(s, first, r), *g = row_of(s, second, r);
    for (uint32_t e = 0; e < extent(s, axis); e++) {
        size_t u = s->number[place_of(s, axis, r, e)];
        uint32_t at[3];
        at[axis] = e;
        for (uint32_t a = 0; a < s->index_count[first] && u != NONE; a++)
            for (uint32_t b = 0; b < s->index_count[second]; b++) {
                at[first] = s->index[first][a];
                at[second] = s->index[second][b];
                fm_linear_add(s->linear, u, equation_at(s, at),
                              nmod_mul(f[at[first]], g[at[second]], s->modulus));
            }
    }
}

/* ---------------------------------------------------------------- without an axis */

/* The products of pairs, a row each, and their echelon form. */
static void init_span(fm_lift_system *s)
{
    elimination *e = &s->e;
    uint32_t rank = s->at.rank;
    nmod_mat_init(e->span, (slong)rank, (slong)e->pairs, s->modulus.n);
    e->products = fm_linear_new(rank, e->pairs, s->modulus.n);
    for (uint32_t r = 0; r < rank; r++) {
        const ulong *f = row_of(s, e->first, r), *g = row_of(s, e->second, r);
        for (size_t pair = 0; pair < e->pairs; pair++) {
            ulong product = nmod_mul(f[pair / extent(s, e->second)], g[pair % extent(s, e->second)],
                                     s->modulus);
            nmod_mat_entry(e->span, r, pair) = product;
            if (product != 0)
                fm_linear_add(e->products, r, pair, product);
        }
    }
    fm_linear_factor(e->products);
    size_t span_rank = (size_t)nmod_mat_rref(e->span);
    for (size_t pair = 0, t = 0; pair < e->pairs; pair++) {
        bool is_pivot = t < span_rank && nmod_mat_entry(e->span, t, pair) != 0;
        e->pivot_of[pair] = is_pivot ? t++ : NONE;
    }
}

/* Adds a multiple of what is left of a pair. */
static void add_pair(const fm_lift_system *s, size_t pair, ulong coefficient, ulong *left)
{
    size_t pivot = s->e.pivot_of[pair];
    if (pivot == NONE)
        left[pair] = nmod_add(left[pair], coefficient, s->modulus);
    else
        _nmod_vec_scalar_addmul_nmod(left, s->e.span->rows[pivot], (slong)s->e.pairs,
                                     nmod_neg(coefficient, s->modulus), s->modulus);
}

/* Vectors over the pairs are 0 at pivots once they are reduced, but for what add_pair leaves there. */
static void clear_pivots(const fm_lift_system *s, ulong *left)
{
    for (size_t pair = 0; pair < s->e.pairs; pair++)
        if (s->e.pivot_of[pair] != NONE)
            left[pair] = 0;
}

/* What is left of the derivative by coefficient c of row r on one of the two axes. */
static void derive_pairs(const fm_lift_system *s, int axis, uint32_t r, uint32_t c, ulong *left)
{
    int other = axis == s->e.first ? s->e.second : s->e.first;
    const ulong *row = row_of(s, other, r);
    _nmod_vec_zero(left, (slong)s->e.pairs);
    for (uint32_t a = 0; a < s->index_count[other]; a++) {
        uint32_t o = s->index[other][a];
        size_t pair = axis == s->e.first ? (size_t)c * extent(s, s->e.second) + o
                                         : (size_t)o * extent(s, s->e.second) + c;
        add_pair(s, pair, row[o], left);
    }
    clear_pivots(s, left);
}

static void pack(const fm_lift_system *s, const ulong *left, uint64_t *bits)
{
    memset(bits, 0, s->e.stride / 8);
    for (size_t pair = 0; pair < s->e.pairs; pair++)
        bits[pair / 64] |= (uint64_t)left[pair] << pair % 64;
}

static void add_bits(fm_lift_system *s, size_t u, size_t block, const uint64_t *bits)
{
    for (size_t word = 0; word < s->e.stride / 64; word++)
        if (bits[word] != 0)
            fm_linear_add_word(s->linear, u, block * s->e.stride + 64 * word, bits[word]);
}

static void add_words(fm_lift_system *s, size_t u, size_t block, ulong scale, const ulong *left)
{
    for (size_t pair = 0; pair < s->e.pairs; pair++)
        if (left[pair] != 0)
            fm_linear_add(s->linear, u, block * s->e.stride + pair,
                          nmod_mul(scale, left[pair], s->modulus));
}

static void add_eliminated_row(fm_lift_system *s, int axis, uint32_t r, ulong *left, uint64_t *bits)
{
    const ulong *w = row_of(s, s->e.axis, r);
    for (uint32_t c = 0; c < extent(s, axis); c++) {
        size_t u = s->number[place_of(s, axis, r, c)];
        derive_pairs(s, axis, r, c, left);
        if (s->modulus.n == 2)
            pack(s, left, bits);
        for (uint32_t b = 0; b < s->index_count[s->e.axis]; b++) {
            uint32_t block = s->index[s->e.axis][b];
            if (s->modulus.n == 2)
                add_bits(s, u, block, bits);
            else
                add_words(s, u, block, w[block], left);
        }
    }
}

/* ---------------------------------------------------------------- making systems */

/* The axis whose elimination leaves least: the longest one. */
static void choose_axis(fm_lift_system *s)
{
    int axis = 0;
    for (int a = 1; a < 3; a++)
        axis = extent(s, a) > extent(s, axis) ? a : axis;
    s->e.axis = axis;
    s->e.first = axis == 0 ? 1 : 0;
    s->e.second = axis == 2 ? 1 : 2;
    s->e.pairs = (size_t)extent(s, s->e.first) * extent(s, s->e.second);
    s->e.stride = (s->e.pairs + 63) / 64 * 64;
}

static void fill(fm_lift_system *s)
{
    ulong *left = fm_alloc(s->e.pairs, sizeof *left);
    uint64_t *bits = fm_alloc(s->e.stride / 64, sizeof *bits);
    for (uint32_t r = 0; r < s->at.rank; r++) {
        list_row(s, r);
        for (int axis = 0; axis < 3; axis++)
            if (!s->eliminates)
                add_row(s, axis, r);
            else if (axis != s->e.axis)
                add_eliminated_row(s, axis, r, left, bits);
    }
    free(left);
    free(bits);
}

static fm_lift_system *allocate(const fm_lift_point *at, size_t zeros, size_t size)
{
    fm_lift_system *s = fm_alloc_zero(1, sizeof *s);
    s->at = *at;
    nmod_init(&s->modulus, at->p);
    s->eliminates = zeros >= size;
    choose_axis(s);
    s->equations =
        s->eliminates ? s->e.stride * extent(s, s->e.axis) : s->e.pairs * extent(s, s->e.axis);
    s->unknown = fm_alloc(size, sizeof *s->unknown);
    s->number = fm_alloc(size, sizeof *s->number);
    s->e.pivot_of = fm_alloc(s->e.pairs, sizeof *s->e.pivot_of);
    for (int axis = 0; axis < 3; axis++)
        s->index[axis] = fm_alloc(extent(s, axis), sizeof *s->index[axis]);
    return s;
}

fm_lift_system *fm_lift_system_new(const fm_lift_point *at, size_t zeros, fm_random *random,
                                   bool is_shuffled)
{
    fm_lift_system *s = allocate(at, zeros, at->offset[3]);
    choose_unknowns(s, zeros, random, is_shuffled);
    number_unknowns(s);
    if (fm_linear_memory(s->count, s->equations, at->p) > FM_LIFT_MEMORY_MAX) {
        fm_lift_system_free(s);
        return NULL;
    }
    if (s->eliminates)
        init_span(s);
    s->linear = fm_linear_new(s->count, s->equations, at->p);
    fill(s);
    fm_linear_factor(s->linear);
    return s;
}

void fm_lift_system_free(fm_lift_system *s)
{
    if (s->e.products != NULL) {
        nmod_mat_clear(s->e.span);
        fm_linear_free(s->e.products);
    }
    fm_linear_free(s->linear);
    free(s->e.pivot_of);
    free(s->unknown);
    free(s->number);
    for (int axis = 0; axis < 3; axis++)
        free(s->index[axis]);
    free(s);
}

/* ---------------------------------------------------------------- what was factored */

double fm_lift_system_work(const fm_lift_system *s)
{
    double unknowns = (double)s->count, rank = (double)fm_linear_rank(s->linear);
    return unknowns * unknowns * rank * (s->at.p == 2 ? 1.0 / 128 : 1);
}

bool fm_lift_system_is_free(const fm_lift_system *s, size_t place)
{
    size_t u = s->number[place];
    if (u != NONE)
        return fm_linear_is_free(s->linear, u);
    int axis = axis_of(s, place);
    return s->eliminates && axis == s->e.axis &&
           fm_linear_is_free(s->e.products, (place - s->at.offset[axis]) / extent(s, axis));
}

static void keep_solution(const fm_lift_system *s, const ulong *solution, ulong *correction)
{
    _nmod_vec_zero(correction, (slong)s->at.offset[3]);
    for (size_t u = 0; u < s->count; u++)
        correction[s->unknown[u]] = solution[u];
}

/* ---------------------------------------------------------------- the eliminated axis */

/* Equation (i, j, k) where i and j make a pair and k is a block. */
static size_t equation_of(const fm_lift_system *s, size_t pair, uint32_t block)
{
    uint32_t at[3];
    at[s->e.axis] = block;
    at[s->e.first] = (uint32_t)(pair / extent(s, s->e.second));
    at[s->e.second] = (uint32_t)(pair % extent(s, s->e.second));
    return equation_at(s, at);
}

/* The right side for the two other axes. */
static void reduce_right(const fm_lift_system *s, const ulong *right, ulong *reduced)
{
    _nmod_vec_zero(reduced, (slong)s->equations);
    for (uint32_t block = 0; block < extent(s, s->e.axis); block++) {
        ulong *left = reduced + block * s->e.stride;
        for (size_t pair = 0; pair < s->e.pairs; pair++) {
            ulong value = right[equation_of(s, pair, block)];
            if (value != 0)
                add_pair(s, pair, value, left);
        }
        clear_pivots(s, left);
    }
}

/* Takes from right what a correction of the two other axes makes of the products. */
static void subtract_products(const fm_lift_system *s, const ulong *correction, ulong *right)
{
    int axes[2] = {s->e.first, s->e.second};
    for (uint32_t r = 0; r < s->at.rank; r++)
        for (int a = 0; a < 2; a++) {
            const ulong *change = correction + place_of(s, axes[a], r, 0);
            const ulong *other = row_of(s, axes[1 - a], r), *w = row_of(s, s->e.axis, r);
            uint32_t at[3];
            for (at[axes[a]] = 0; at[axes[a]] < extent(s, axes[a]); at[axes[a]]++) {
                if (change[at[axes[a]]] == 0)
                    continue;
                for (uint32_t o = 0; o < extent(s, axes[1 - a]); o++) {
                    ulong scale = nmod_mul(change[at[axes[a]]], other[o], s->modulus);
                    at[axes[1 - a]] = o;
                    for (uint32_t k = 0; k < extent(s, s->e.axis) && scale != 0; k++) {
                        at[s->e.axis] = k;
                        ulong *to = &right[equation_at(s, at)];
                        *to = nmod_sub(*to, nmod_mul(scale, w[k], s->modulus), s->modulus);
                    }
                }
            }
        }
}

/* The correction of the eliminated axis, from what is left of the right side. */
static bool solve_axis(const fm_lift_system *s, const ulong *right, ulong *correction)
{
    bool solved = true;
    ulong *side = fm_alloc(s->e.pairs, sizeof *side);
    ulong *solution = fm_alloc(s->at.rank, sizeof *solution);
    for (uint32_t block = 0; block < extent(s, s->e.axis) && solved; block++) {
        for (size_t pair = 0; pair < s->e.pairs; pair++)
            side[pair] = right[equation_of(s, pair, block)];
        solved = fm_linear_solve(s->e.products, side, solution);
        for (uint32_t r = 0; r < s->at.rank && solved; r++)
            correction[place_of(s, s->e.axis, r, block)] = solution[r];
    }
    free(side);
    free(solution);
    return solved;
}

static bool solve_eliminated(const fm_lift_system *s, const ulong *right, ulong *correction)
{
    size_t all = s->e.pairs * extent(s, s->e.axis);
    ulong *reduced = fm_alloc(s->equations, sizeof *reduced);
    ulong *solution = fm_alloc(s->count, sizeof *solution);
    reduce_right(s, right, reduced);
    bool solved = fm_linear_solve(s->linear, reduced, solution);
    free(reduced);
    if (solved) {
        ulong *rest = fm_alloc(all, sizeof *rest);
        memcpy(rest, right, all * sizeof *rest);
        keep_solution(s, solution, correction);
        subtract_products(s, correction, rest);
        solved = solve_axis(s, rest, correction);
        free(rest);
    }
    free(solution);
    return solved;
}

bool fm_lift_system_solve(const fm_lift_system *s, const ulong *right, ulong *correction)
{
    if (s->eliminates)
        return solve_eliminated(s, right, correction);
    ulong *solution = fm_alloc(s->count, sizeof *solution);
    bool solved = fm_linear_solve(s->linear, right, solution);
    if (solved)
        keep_solution(s, solution, correction);
    free(solution);
    return solved;
}
