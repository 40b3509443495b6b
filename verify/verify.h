/* Exact verification: what its parts share. The public functions are in fewmul.h. */
#ifndef FM_VERIFY_VERIFY_H
#define FM_VERIFY_VERIFY_H

#include "scheme.h"

/* An equation of a tensor. */
typedef struct fm_position {
    uint32_t i, j, k;
} fm_position;

/* Both check that the products of scheme add up to tensor, of the same shape, over the scheme's own
   ring: true when they do; otherwise false and the first equation that fails, in lexicographic
   order. Both are exact and cost about the number of nonzero terms. */

/* Bit by bit, 64 equations at once; for the cases that fm_check_bits_can says. */
bool fm_check_bits(const fm_scheme *scheme, const fm_tensor *tensor, fm_position *failing);
/* Over f2 and f3, and over zt unless the entries of the tensor are huge. */
bool fm_check_bits_can(fm_ring ring, const fm_tensor *tensor);

/* With integers, for every ring: denominators cleared, in 64 or 128 bits where a bound computed
   beforehand shows that nothing can overflow, otherwise of any size. */
bool fm_check_integers(const fm_scheme *scheme, const fm_tensor *tensor, fm_position *failing);

#endif
