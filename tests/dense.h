/* Schemes as dense factor matrices that tests may change at will: making right schemes by moves that
   keep a decomposition exact, and wrong ones by breaking them. */
#ifndef FM_TESTS_DENSE_H
#define FM_TESTS_DENSE_H

#include "random.h"
#include "scheme.h"

typedef struct dense {
    uint32_t extent[3];
    uint32_t rank, capacity;
    fmpq *entry[3]; /* row by row; capacity rows */
} dense;

void dense_init(dense *d, const uint32_t extent[3], uint32_t capacity);
void dense_clear(dense *d);
fmpq *dense_at(const dense *d, int axis, uint32_t r, uint32_t index);

/* The scheme of a tensor with these rows; NULL when the ring does not have the coefficients. */
fm_scheme *dense_to_scheme(const dense *d, const fm_tensor *tensor, fm_ring ring);
/* Room for capacity rows. */
void dense_from_scheme(dense *d, const fm_scheme *scheme, uint32_t capacity);
/* The tensor that the products add up to, which must be integral. */
fm_tensor *dense_tensor(const dense *d);

/* Integers from -size to size in all rows, about density of 100 of them not zero. */
void dense_fill(dense *d, fm_random *random, long size, unsigned density);

/* Moves that keep the sum of the products. */

/* Product r becomes two: its factor on an axis is the sum of theirs. Needs room for one more. */
void dense_split(dense *d, fm_random *random);
/* If two products have the same factor on some axis: u v w + u x y = u (v + x) w + u x (y - w).
   False when there are none. */
bool dense_flip(dense *d, fm_random *random);
/* Scales u by s and w by 1/s. */
void dense_scale(dense *d, uint32_t r, const fmpq_t s);
void dense_swap_products(dense *d, uint32_t r, uint32_t s);
/* For the products of a format: A, B and C in another basis, A' = X A, A Y or B' = B Z and so on
   with a random elementary matrix, 1 + c E_ab. */
void dense_change_basis(dense *d, const uint32_t format[3], fm_random *random, long c);

#endif
