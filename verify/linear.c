#include "linear.h"

#include "linear_bits.h"
#include "memory.h"
#include "random.h"

#include <flint/nmod_mat.h>
#include <flint/perm.h>
#include <stdlib.h>

/* Where there are half as many equations again, random sums of them stand for all: each goes
   into FOLDS sums, SLACK more than there are unknowns and a sixteenth, which keeps the rank but for
   a probability of about 2^-SLACK. */
enum { SLACK = 64, FOLDS = 3 };

/* Where an equation goes. */
typedef struct fold {
    uint32_t into;
    ulong coefficient;
} fold;

/* Over p other than 2: rows are unknowns, columns equations, and P M = L U. With the free unknowns
   0, the pivots' columns alone fix the rest: U' L' (P solution) = right there. */
typedef struct words {
    size_t unknowns, rank;
    size_t *pivot_unknown, *pivot_column;
    bool *used;
    nmod_mat_t lower, upper; /* U' and L', rank x rank */
} words;

struct fm_linear {
    nmod_t modulus;
    size_t equations, columns; /* columns: equations or their sums */
    fold (*folds)[FOLDS];      /* of each equation; NULL when columns are equations */
    fm_linear_bits *bits;      /* over f2, otherwise NULL */
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

/* ---------------------------------------------------------------- sums of equations */

static size_t column_count(const fm_sparse *matrix)
{
    size_t sums = matrix->unknowns + matrix->unknowns / 16 + SLACK;
    return matrix->equations / 3 > sums / 2 ? sums : matrix->equations;
}

static void choose_folds(fm_linear *linear)
{
    fm_random random;
    fm_random_seed(&random, linear->modulus.n, 0);
    linear->folds = fm_alloc(linear->equations, sizeof *linear->folds);
    for (size_t e = 0; e < linear->equations; e++)
        for (int f = 0; f < FOLDS; f++)
            linear->folds[e][f] = (fold){fm_random_below(&random, (uint32_t)linear->columns),
                                         1 + fm_random_next(&random) % (linear->modulus.n - 1)};
}

/* The matrix with sums for equations, which may stand more than once in an unknown. */
static void fold_matrix(const fm_linear *linear, const fm_sparse *matrix, fm_sparse *folded)
{
    fm_sparse_init(folded, matrix->unknowns, linear->columns);
    for (size_t x = 0; x < matrix->unknowns; x++) {
        for (size_t e = matrix->start[x]; e < matrix->start[x + 1]; e++)
            for (int f = 0; f < FOLDS; f++) {
                const fold *to = &linear->folds[matrix->equation[e]][f];
                fm_sparse_push(folded, to->into,
                               nmod_mul(matrix->coefficient[e], to->coefficient, linear->modulus));
            }
        fm_sparse_end_unknown(folded);
    }
}

static void fold_right(const fm_linear *linear, const ulong *right, ulong *folded)
{
    for (size_t e = 0; e < linear->equations; e++)
        for (int f = 0; f < FOLDS && right[e] != 0; f++) {
            const fold *to = &linear->folds[e][f];
            folded[to->into] =
                nmod_addmul(folded[to->into], right[e], to->coefficient, linear->modulus);
        }
}

/* ---------------------------------------------------------------- words */

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
    nmod_mat_init(w->lower, (slong)w->rank, (slong)w->rank, lu->mod.n);
    nmod_mat_init(w->upper, (slong)w->rank, (slong)w->rank, lu->mod.n);
    for (size_t t = 0; t < w->rank; t++)
        for (size_t s = 0; s <= t; s++) {
            nmod_mat_entry(w->lower, t, s) = nmod_mat_entry(lu, s, w->pivot_column[t]);
            nmod_mat_entry(w->upper, s, t) = s == t ? 1 : nmod_mat_entry(lu, t, s);
        }
}

static void factor_words(words *w, const fm_sparse *matrix, ulong p)
{
    nmod_mat_t m;
    w->unknowns = matrix->unknowns;
    w->used = fm_alloc_zero(w->unknowns, sizeof *w->used);
    nmod_mat_init(m, (slong)w->unknowns, (slong)matrix->equations, p);
    for (size_t x = 0; x < w->unknowns; x++)
        for (size_t e = matrix->start[x]; e < matrix->start[x + 1]; e++) {
            ulong *entry = &nmod_mat_entry(m, x, matrix->equation[e]);
            *entry = nmod_add(*entry, matrix->coefficient[e], m->mod);
        }
    slong *permutation = _perm_init((slong)w->unknowns);
    w->rank = (size_t)nmod_mat_lu(permutation, m, 0);
    keep_triangles(w, m, permutation);
    _perm_clear(permutation);
    nmod_mat_clear(m);
}

static void solve_words(const words *w, const ulong *right, ulong *solution)
{
    nmod_mat_t x;
    nmod_mat_init(x, (slong)w->rank, 1, w->lower->mod.n);
    for (size_t t = 0; t < w->rank; t++)
        nmod_mat_entry(x, t, 0) = right[w->pivot_column[t]];
    nmod_mat_solve_tril(x, w->lower, x, 0);
    nmod_mat_solve_triu(x, w->upper, x, 1);
    for (size_t u = 0; u < w->unknowns; u++)
        solution[u] = 0;
    for (size_t t = 0; t < w->rank; t++)
        solution[w->pivot_unknown[t]] = nmod_mat_entry(x, t, 0);
    nmod_mat_clear(x);
}

static void clear_words(words *w)
{
    free(w->pivot_unknown);
    free(w->pivot_column);
    free(w->used);
    nmod_mat_clear(w->lower);
    nmod_mat_clear(w->upper);
}

/* ---------------------------------------------------------------- both */

double fm_linear_memory(const fm_sparse *matrix, ulong p)
{
    double unknowns = (double)matrix->unknowns, columns = (double)column_count(matrix);
    double sparse = (double)(matrix->equations + matrix->count) * sizeof(fold) * FOLDS;
    double dense = p == 2 ? unknowns * (unknowns + columns) / 8
                          : sizeof(ulong) * unknowns * (columns + 2 * unknowns);
    return sparse + dense;
}

static void factor(fm_linear *linear, const fm_sparse *matrix, ulong p)
{
    if (p == 2)
        linear->bits = fm_linear_bits_factor(matrix);
    else
        factor_words(&linear->words, matrix, p);
}

fm_linear *fm_linear_factor(const fm_sparse *matrix, ulong p)
{
    fm_linear *linear = fm_alloc_zero(1, sizeof *linear);
    nmod_init(&linear->modulus, p);
    linear->equations = matrix->equations;
    linear->columns = column_count(matrix);
    if (linear->columns == linear->equations) {
        factor(linear, matrix, p);
        return linear;
    }
    fm_sparse folded;
    choose_folds(linear);
    fold_matrix(linear, matrix, &folded);
    factor(linear, &folded, p);
    fm_sparse_clear(&folded);
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
    free(linear->folds);
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
    bool solved = true;
    ulong *folded = NULL;
    if (linear->folds != NULL) {
        folded = fm_alloc_zero(linear->columns, sizeof *folded);
        fold_right(linear, right, folded);
        right = folded;
    }
    if (linear->bits != NULL)
        solved = fm_linear_bits_solve(linear->bits, right, solution);
    else
        solve_words(&linear->words, right, solution);
    free(folded);
    return solved;
}
