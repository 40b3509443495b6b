#include "linear.h"

#include "linear_bits.h"
#include "memory.h"
#include "random.h"

#include <flint/nmod_mat.h>
#include <flint/perm.h>
#include <stdlib.h>

/* Equations are folded into this many more than there are unknowns, by random sums: the rank stays
   but for a probability of about p^-SLACK. */
enum { SLACK = 64, FOLDS = 3 };

/* Where an equation goes. */
typedef struct fold {
    uint32_t into;
    ulong coefficient;
} fold;

/* Over p other than 2: rows are unknowns, columns folded equations, and P M = L U. With the free
   unknowns 0, the pivots' columns alone fix the rest: U' L' (P solution) = right there. */
typedef struct words {
    nmod_t modulus;
    size_t unknowns, equations, columns, rank;
    fold (*folds)[FOLDS];
    size_t *pivot_unknown, *pivot_column;
    bool *used;
    nmod_mat_t lower, upper; /* U' and L', rank x rank */
} words;

struct fm_linear {
    fm_linear_bits *bits; /* or NULL */
    words words;
};

/* ---------------------------------------------------------------- matrices */

void fm_sparse_init(fm_sparse *matrix, size_t unknowns, size_t equations)
{
    *matrix = (fm_sparse){.equations = equations};
    matrix->start = fm_alloc_zero(unknowns + 1, sizeof *matrix->start);
}

void fm_sparse_clear(fm_sparse *matrix)
{
    free(matrix->start);
    free(matrix->equation);
    free(matrix->coefficient);
}

void fm_sparse_push(fm_sparse *matrix, size_t equation, ulong coefficient)
{
    if (matrix->count == matrix->capacity) {
        size_t capacity = matrix->capacity;
        matrix->equation = fm_grow(matrix->equation, matrix->count, &capacity, sizeof(uint32_t));
        matrix->coefficient = fm_realloc(matrix->coefficient, capacity, sizeof(ulong));
        matrix->capacity = capacity;
    }
    matrix->equation[matrix->count] = (uint32_t)equation;
    matrix->coefficient[matrix->count++] = coefficient;
}

void fm_sparse_end_unknown(fm_sparse *matrix)
{
    matrix->start[++matrix->unknowns] = matrix->count;
}

/* ---------------------------------------------------------------- words */

static void choose_folds(words *w, const fm_sparse *matrix)
{
    fm_random random;
    fm_random_seed(&random, w->modulus.n, 0);
    w->equations = matrix->equations;
    w->columns = matrix->unknowns + SLACK;
    bool plain = w->equations <= w->columns;
    if (plain)
        w->columns = w->equations;
    w->folds = fm_alloc(w->equations, sizeof *w->folds);
    for (size_t e = 0; e < w->equations; e++)
        for (int f = 0; f < FOLDS; f++) {
            ulong coefficient = 1 + fm_random_next(&random) % (w->modulus.n - 1);
            w->folds[e][f] =
                plain ? (fold){(uint32_t)e, f == 0}
                      : (fold){fm_random_below(&random, (uint32_t)w->columns), coefficient};
        }
}

static void fold_into(const words *w, size_t equation, ulong value, ulong *row)
{
    for (int f = 0; f < FOLDS; f++) {
        const fold *to = &w->folds[equation][f];
        row[to->into] = nmod_addmul(row[to->into], value, to->coefficient, w->modulus);
    }
}

/* Reads the pivots and the triangles off the factors that nmod_mat_lu leaves in one matrix. */
static void keep_triangles(words *w, const nmod_mat_t lu, const slong *permutation)
{
    w->pivot_unknown = fm_alloc(w->rank, sizeof *w->pivot_unknown);
    w->pivot_column = fm_alloc(w->rank, sizeof *w->pivot_column);
    size_t column = 0;
    for (size_t t = 0; t < w->rank; t++) {
        w->pivot_unknown[t] = (size_t)permutation[t];
        w->used[permutation[t]] = true;
        while (nmod_mat_entry(lu, t, column) == 0)
            column++;
        w->pivot_column[t] = column++;
    }
    nmod_mat_init(w->lower, (slong)w->rank, (slong)w->rank, w->modulus.n);
    nmod_mat_init(w->upper, (slong)w->rank, (slong)w->rank, w->modulus.n);
    for (size_t t = 0; t < w->rank; t++)
        for (size_t s = 0; s <= t; s++) {
            nmod_mat_entry(w->lower, t, s) = nmod_mat_entry(lu, s, w->pivot_column[t]);
            nmod_mat_entry(w->upper, s, t) = s == t ? 1 : nmod_mat_entry(lu, t, s);
        }
}

static void factor_words(words *w, const fm_sparse *matrix, ulong p)
{
    nmod_mat_t m;
    nmod_init(&w->modulus, p);
    w->unknowns = matrix->unknowns;
    w->used = fm_alloc_zero(w->unknowns, sizeof *w->used);
    choose_folds(w, matrix);
    nmod_mat_init(m, (slong)w->unknowns, (slong)w->columns, p);
    for (size_t x = 0; x < w->unknowns; x++)
        for (size_t e = matrix->start[x]; e < matrix->start[x + 1]; e++)
            fold_into(w, matrix->equation[e], matrix->coefficient[e], m->rows[x]);
    slong *permutation = _perm_init((slong)w->unknowns);
    w->rank = (size_t)nmod_mat_lu(permutation, m, 0);
    keep_triangles(w, m, permutation);
    _perm_clear(permutation);
    nmod_mat_clear(m);
}

static void solve_words(const words *w, const ulong *right, ulong *solution)
{
    nmod_mat_t x;
    ulong *folded = fm_alloc_zero(w->columns, sizeof *folded);
    for (size_t e = 0; e < w->equations; e++)
        if (right[e] != 0)
            fold_into(w, e, right[e], folded);
    nmod_mat_init(x, (slong)w->rank, 1, w->modulus.n);
    for (size_t t = 0; t < w->rank; t++)
        nmod_mat_entry(x, t, 0) = folded[w->pivot_column[t]];
    nmod_mat_solve_tril(x, w->lower, x, 0);
    nmod_mat_solve_triu(x, w->upper, x, 1);
    for (size_t u = 0; u < w->unknowns; u++)
        solution[u] = 0;
    for (size_t t = 0; t < w->rank; t++)
        solution[w->pivot_unknown[t]] = nmod_mat_entry(x, t, 0);
    nmod_mat_clear(x);
    free(folded);
}

static void clear_words(words *w)
{
    free(w->folds);
    free(w->pivot_unknown);
    free(w->pivot_column);
    free(w->used);
    nmod_mat_clear(w->lower);
    nmod_mat_clear(w->upper);
}

/* ---------------------------------------------------------------- both */

double fm_linear_memory(const fm_sparse *matrix, ulong p)
{
    double unknowns = (double)matrix->unknowns;
    return p == 2 ? fm_linear_bits_memory(matrix) : 3 * sizeof(ulong) * unknowns * unknowns;
}

fm_linear *fm_linear_factor(const fm_sparse *matrix, ulong p)
{
    fm_linear *linear = fm_alloc_zero(1, sizeof *linear);
    if (p == 2)
        linear->bits = fm_linear_bits_factor(matrix);
    else
        factor_words(&linear->words, matrix, p);
    return linear;
}

void fm_linear_free(fm_linear *linear)
{
    if (linear == NULL)
        return;
    if (linear->bits != NULL)
        fm_linear_bits_free(linear->bits);
    else
        clear_words(&linear->words);
    free(linear);
}

size_t fm_linear_rank(const fm_linear *linear)
{
    return linear->bits != NULL ? fm_linear_bits_rank(linear->bits) : linear->words.rank;
}

bool fm_linear_is_free(const fm_linear *linear, size_t unknown)
{
    return linear->bits != NULL ? fm_linear_bits_is_free(linear->bits, unknown)
                                : !linear->words.used[unknown];
}

bool fm_linear_solve(const fm_linear *linear, const ulong *right, ulong *solution)
{
    if (linear->bits != NULL)
        return fm_linear_bits_solve(linear->bits, right, solution);
    solve_words(&linear->words, right, solution);
    return true;
}
