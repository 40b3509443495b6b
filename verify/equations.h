/* The equations of a scheme and a tensor, a row (i, j, *) at a time, only those with anything in
   them: sum over r of u[r][i] v[r][j] w[r][k] = t[i][j][k] (Brent 1970, for matrix products). */
#ifndef FM_VERIFY_EQUATIONS_H
#define FM_VERIFY_EQUATIONS_H

#include "scheme.h"

/* Product r takes part in a row of equations with entry u of U and entry v of V. */
typedef struct fm_term {
    size_t u, v; /* where in factors[0] and factors[1] */
    uint32_t r;
} fm_term;

typedef struct fm_column_entry {
    size_t entry;
    uint32_t r;
} fm_column_entry;

typedef struct fm_equations {
    const fm_scheme *scheme;
    const fm_tensor *tensor;

    /* The current row, valid until the next step. */
    uint32_t i, j;
    const fm_term *terms;
    size_t term_count;
    const fm_tensor_entry *entries; /* those of the tensor, by ascending k */
    size_t entry_count;

    /* U by columns, and the terms of slice i sorted by j. */
    size_t *column_start;
    fm_column_entry *column;
    fm_term *slice;
    size_t slice_capacity;
    size_t *slice_start;
    const fm_tensor_entry *next_entry;
} fm_equations;

/* Both stay the caller's and must live as long. The shapes are equal. */
void fm_equations_init(fm_equations *equations, const fm_scheme *scheme, const fm_tensor *tensor);
void fm_equations_clear(fm_equations *equations);

/* Steps to the next row in lexicographic order that has a term or an entry; false after the last.
   All steps together cost the number of terms plus the product of the first two extents. */
bool fm_equations_next(fm_equations *equations);

/* The most terms that any equation can have. */
size_t fm_equations_term_limit(const fm_equations *equations);

#endif
