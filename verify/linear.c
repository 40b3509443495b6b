#include "linear.h"

#include "linear_bits.h"
#include "memory.h"
#include "random.h"

#include <flint/nmod_mat.h>
#include <flint/nmod_vec.h>
#include <flint/perm.h>
#include <stdlib.h>
#include <string.h>

/* Where sums stand for equations, each equation goes into FOLDS of them, SLACK more than there are
   unknowns and a sixteenth. Over f2 words of 64 equations go as they are, rotated. */
enum { SLACK = 64, FOLDS = 3, WORD = 64 };

/* Where an equation goes, times a coefficient, or a word of them, rotated by so many bits. */
typedef struct fold {
    uint32_t into;
    ulong coefficient;
} fold;

/* Over p other than 2: rows are unknowns, columns equations or sums, and P M = L U in one matrix. */
typedef struct words {
    nmod_mat_t matrix;
    slong *permutation; /* of the unknowns; NULL: not factored */
    size_t rank;
    size_t *pivot_column; /* of the first rank rows */
    bool *used;           /* by unknown: whether it is one of those */
} words;

struct fm_linear {
    nmod_t modulus;
    size_t unknowns, equations, columns; /* columns: equations or their sums */
    fold (*folds)[FOLDS];                /* NULL when columns are equations */
    fm_linear_bits *bits;                /* over f2, otherwise NULL */
    words words;
};

/* ---------------------------------------------------------------- sums of equations */

static size_t words_for(size_t bits)
{
    return (bits + WORD - 1) / WORD;
}

static size_t column_count(size_t unknowns, size_t equations)
{
    size_t sums = words_for(unknowns + unknowns / 16 + SLACK) * WORD;
    return equations / 3 > sums / 2 ? sums : equations;
}

static void choose_folds(fm_linear *linear)
{
    fm_random random;
    bool bits = linear->modulus.n == 2;
    size_t count = bits ? words_for(linear->equations) : linear->equations;
    uint32_t sums = (uint32_t)(bits ? linear->columns / WORD : linear->columns);
    fm_random_seed(&random, linear->modulus.n, 0);
    linear->folds = fm_alloc(count, sizeof *linear->folds);
    for (size_t e = 0; e < count; e++)
        for (int f = 0; f < FOLDS; f++)
            linear->folds[e][f] =
                (fold){fm_random_below(&random, sums),
                       bits ? fm_random_below(&random, WORD)
                            : 1 + fm_random_next(&random) % (linear->modulus.n - 1)};
}

static uint64_t rotate(uint64_t word, ulong by)
{
    return by == 0 ? word : word << by | word >> (WORD - by);
}

/* Adds words of equations to words of columns. */
static void fold_bits(const fm_linear *linear, const uint64_t *equations, uint64_t *columns)
{
    for (size_t w = 0; w < words_for(linear->equations); w++)
        for (int f = 0; f < FOLDS && equations[w] != 0; f++)
            columns[linear->folds[w][f].into] ^=
                rotate(equations[w], linear->folds[w][f].coefficient);
}

static void fold_words(const fm_linear *linear, const ulong *right, ulong *folded)
{
    for (size_t e = 0; e < linear->equations; e++)
        for (int f = 0; f < FOLDS && right[e] != 0; f++) {
            const fold *to = &linear->folds[e][f];
            folded[to->into] =
                nmod_addmul(folded[to->into], right[e], to->coefficient, linear->modulus);
        }
}

/* ---------------------------------------------------------------- making systems */

double fm_linear_memory(size_t unknowns, size_t equations, ulong p)
{
    double columns = (double)column_count(unknowns, equations), rows = (double)unknowns;
    double folds = (double)equations * sizeof(fold) * FOLDS / (p == 2 ? WORD : 1);
    return folds + (p == 2 ? 2 * rows * columns / 8 : sizeof(ulong) * rows * columns);
}

fm_linear *fm_linear_new(size_t unknowns, size_t equations, ulong p)
{
    fm_linear *linear = fm_alloc_zero(1, sizeof *linear);
    nmod_init(&linear->modulus, p);
    linear->unknowns = unknowns;
    linear->equations = equations;
    linear->columns = column_count(unknowns, equations);
    if (linear->columns != equations)
        choose_folds(linear);
    if (p == 2)
        linear->bits = fm_linear_bits_new(unknowns, linear->columns);
    else
        nmod_mat_init(linear->words.matrix, (slong)unknowns, (slong)linear->columns, p);
    return linear;
}

void fm_linear_free(fm_linear *linear)
{
    if (linear == NULL)
        return;
    free(linear->folds);
    if (linear->bits != NULL) {
        fm_linear_bits_free(linear->bits);
    } else {
        words *w = &linear->words;
        nmod_mat_clear(w->matrix);
        if (w->permutation != NULL)
            _perm_clear(w->permutation);
        free(w->pivot_column);
        free(w->used);
    }
    free(linear);
}

void fm_linear_add_word(fm_linear *linear, size_t unknown, size_t equation, uint64_t bits)
{
    size_t word = equation / WORD;
    if (linear->folds == NULL) {
        *fm_linear_bits_at(linear->bits, unknown, word) ^= bits;
        return;
    }
    for (int f = 0; f < FOLDS; f++) {
        const fold *to = &linear->folds[word][f];
        *fm_linear_bits_at(linear->bits, unknown, to->into) ^= rotate(bits, to->coefficient);
    }
}

void fm_linear_add(fm_linear *linear, size_t unknown, size_t equation, ulong coefficient)
{
    if (linear->bits != NULL) {
        fm_linear_add_word(linear, unknown, equation, UINT64_C(1) << equation % WORD);
        return;
    }
    ulong *row = linear->words.matrix->rows[unknown];
    nmod_t modulus = linear->modulus;
    if (linear->folds == NULL)
        row[equation] = nmod_add(row[equation], coefficient, modulus);
    for (int f = 0; f < FOLDS && linear->folds != NULL; f++) {
        const fold *to = &linear->folds[equation][f];
        row[to->into] = nmod_addmul(row[to->into], coefficient, to->coefficient, modulus);
    }
}

static void factor_words(words *w)
{
    size_t unknowns = (size_t)nmod_mat_nrows(w->matrix), column = 0;
    w->permutation = _perm_init((slong)unknowns);
    w->used = fm_alloc_zero(unknowns, sizeof *w->used);
    w->rank = (size_t)nmod_mat_lu(w->permutation, w->matrix, 0);
    w->pivot_column = fm_alloc(w->rank, sizeof *w->pivot_column);
    for (size_t t = 0; t < w->rank; t++) {
        w->used[w->permutation[t]] = true;
        while (nmod_mat_entry(w->matrix, t, column) == 0)
            column++;
        w->pivot_column[t] = column++;
    }
}

void fm_linear_factor(fm_linear *linear)
{
    if (linear->bits != NULL)
        fm_linear_bits_factor(linear->bits);
    else
        factor_words(&linear->words);
}

/* ---------------------------------------------------------------- solutions */

size_t fm_linear_rank(const fm_linear *linear)
{
    return linear->bits != NULL ? fm_linear_bits_rank(linear->bits) : linear->words.rank;
}

bool fm_linear_is_free(const fm_linear *linear, size_t unknown)
{
    return linear->bits != NULL ? fm_linear_bits_is_free(linear->bits, unknown)
                                : !linear->words.used[unknown];
}

/* Writes rest, which becomes 0, as y U; false when it is not of that kind. */
static bool solve_upper(const words *w, ulong *rest, ulong *y)
{
    nmod_t modulus = w->matrix->mod;
    slong columns = nmod_mat_ncols(w->matrix);
    for (size_t t = 0; t < w->rank; t++) {
        size_t c = w->pivot_column[t];
        const ulong *row = w->matrix->rows[t];
        y[t] = nmod_div(rest[c], row[c], modulus);
        if (y[t] != 0)
            _nmod_vec_scalar_addmul_nmod(rest + c, row + c, columns - (slong)c,
                                         nmod_neg(y[t], modulus), modulus);
    }
    return _nmod_vec_is_zero(rest, columns);
}

/* From y = x L, with ones on the diagonal of L, to x. */
static void solve_lower(const words *w, ulong *y, ulong *solution)
{
    nmod_t modulus = w->matrix->mod;
    memset(solution, 0, (size_t)nmod_mat_nrows(w->matrix) * sizeof *solution);
    for (size_t t = w->rank; t-- > 0;) {
        solution[w->permutation[t]] = y[t];
        if (y[t] != 0)
            _nmod_vec_scalar_addmul_nmod(y, w->matrix->rows[t], (slong)t, nmod_neg(y[t], modulus),
                                         modulus);
    }
}

static bool solve_words(const fm_linear *linear, const ulong *right, ulong *solution)
{
    const words *w = &linear->words;
    ulong *rest = fm_alloc_zero(linear->columns, sizeof *rest);
    ulong *y = fm_alloc(w->rank, sizeof *y);
    if (linear->folds != NULL)
        fold_words(linear, right, rest);
    else if (linear->columns > 0)
        memcpy(rest, right, linear->columns * sizeof *rest);
    bool solved = solve_upper(w, rest, y);
    if (solved)
        solve_lower(w, y, solution);
    free(rest);
    free(y);
    return solved;
}

static bool solve_bits(const fm_linear *linear, const ulong *right, ulong *solution)
{
    uint64_t *equations = fm_alloc_zero(words_for(linear->equations), sizeof *equations);
    uint64_t *columns = equations;
    for (size_t e = 0; e < linear->equations; e++)
        equations[e / WORD] |= (uint64_t)right[e] << e % WORD;
    if (linear->folds != NULL) {
        columns = fm_alloc_zero(linear->columns / WORD, sizeof *columns);
        fold_bits(linear, equations, columns);
        free(equations);
    }
    bool solved = fm_linear_bits_solve(linear->bits, columns, solution);
    free(columns);
    return solved;
}

bool fm_linear_solve(const fm_linear *linear, const ulong *right, ulong *solution)
{
    return linear->bits != NULL ? solve_bits(linear, right, solution)
                                : solve_words(linear, right, solution);
}
