/* The part of verify/linear over f2. */
#ifndef FM_VERIFY_LINEAR_BITS_H
#define FM_VERIFY_LINEAR_BITS_H

#include "linear.h"

typedef struct fm_linear_bits fm_linear_bits;

/* As in linear.h, but equations may stand more than once in an unknown: ones add up modulo 2. */
fm_linear_bits *fm_linear_bits_factor(const fm_sparse *matrix);
void fm_linear_bits_free(fm_linear_bits *bits);
size_t fm_linear_bits_rank(const fm_linear_bits *bits);
bool fm_linear_bits_is_free(const fm_linear_bits *bits, size_t unknown);
bool fm_linear_bits_solve(const fm_linear_bits *bits, const ulong *right, ulong *solution);

#endif
