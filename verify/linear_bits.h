/* The part of verify/linear over f2. */
#ifndef FM_VERIFY_LINEAR_BITS_H
#define FM_VERIFY_LINEAR_BITS_H

#include <flint/flint.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fm_linear_bits fm_linear_bits;

/* All zero. */
fm_linear_bits *fm_linear_bits_new(size_t unknowns, size_t equations);
void fm_linear_bits_free(fm_linear_bits *bits);
/* The coefficients of an unknown in 64 equations from 64 word on, as bits, to be set before the
   system is factored. */
uint64_t *fm_linear_bits_at(fm_linear_bits *bits, size_t unknown, size_t word);
void fm_linear_bits_factor(fm_linear_bits *bits);

/* As in linear.h, the right side as bits. */
size_t fm_linear_bits_rank(const fm_linear_bits *bits);
bool fm_linear_bits_is_free(const fm_linear_bits *bits, size_t unknown);
bool fm_linear_bits_solve(const fm_linear_bits *bits, const uint64_t *right, ulong *solution);

#endif
