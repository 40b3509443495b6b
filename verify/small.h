/* Small dense matrices modulo a prime, in plain arrays, row by row: for sizes at which FLINT's
   nmod_mat spends its time on allocation. */
#ifndef FM_VERIFY_SMALL_H
#define FM_VERIFY_SMALL_H

#include <flint/nmod_vec.h>

#include <stdbool.h>
#include <stdint.h>

/* out = a b, a is n x m and b is m x p. */
void fm_small_multiply(ulong *out, const ulong *a, const ulong *b, uint32_t n, uint32_t m,
                       uint32_t p, nmod_t field);

void fm_small_transpose(ulong *out, const ulong *a, uint32_t rows, uint32_t columns);

/* Brings a to reduced row echelon form, its nonzero rows first; returns the rank. */
uint32_t fm_small_echelon(ulong *a, uint32_t rows, uint32_t columns, nmod_t field);

/* The rank; destroys a. */
uint32_t fm_small_rank(ulong *a, uint32_t rows, uint32_t columns, nmod_t field);

/* A basis of { x : x a = 0 } in the rows of kernel, which has room for rows x rows; returns how
   many. */
uint32_t fm_small_left_kernel(ulong *kernel, const ulong *a, uint32_t rows, uint32_t columns,
                              nmod_t field);

/* Sets *scalar to the s with b = s a, both of count entries and not 0; false when there is none. */
bool fm_small_ratio(const ulong *a, const ulong *b, uint32_t count, nmod_t field, ulong *scalar);

#endif
