/* Sparse linear systems modulo a prime, factored once and solved for many right sides. */
#ifndef FM_VERIFY_LINEAR_H
#define FM_VERIFY_LINEAR_H

#include <flint/flint.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A matrix by its unknowns (columns): unknown x stands in equation[e] with coefficient[e], for e
   from start[x] to start[x + 1]; no equation twice. */
typedef struct fm_sparse {
    size_t unknowns, equations;
    size_t *start;
    uint32_t *equation;
    ulong *coefficient; /* from 1 to p - 1 */
    size_t count, capacity;
} fm_sparse;

void fm_sparse_init(fm_sparse *matrix, size_t unknowns, size_t equations);
void fm_sparse_clear(fm_sparse *matrix);
/* Adds to the last unknown; fm_sparse_end_unknown ends it and begins the next. */
void fm_sparse_push(fm_sparse *matrix, size_t equation, ulong coefficient);
void fm_sparse_end_unknown(fm_sparse *matrix);

/* A factored matrix. */
typedef struct fm_linear fm_linear;

/* About what factoring a matrix takes, in bytes. */
double fm_linear_memory(const fm_sparse *matrix, ulong p);
/* Factors the matrix modulo p: word-parallel elimination over f2, LU by FLINT for other p. */
fm_linear *fm_linear_factor(const fm_sparse *matrix, ulong p);
void fm_linear_free(fm_linear *linear);

size_t fm_linear_rank(const fm_linear *linear);
/* Whether an unknown is free: solutions have 0 there, and another value can be chosen. */
bool fm_linear_is_free(const fm_linear *linear, size_t unknown);

/* Sets solution, of residues, to the solution of matrix * solution = right that is 0 on the free
   unknowns. False when there is none and that shows; otherwise what comes out may solve only some
   of the equations, which is for the caller to find. */
bool fm_linear_solve(const fm_linear *linear, const ulong *right, ulong *solution);

#endif
