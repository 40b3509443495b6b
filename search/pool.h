/* The best schemes that the games of a tree search have found, for all threads: those of the lowest
   rank, in the tensor's own basis. A generation ends when the pool is emptied; what was begun in an
   earlier one is not taken any more. */
#ifndef FM_POOL_H
#define FM_POOL_H

#include "products.h"
#include "random.h"

typedef struct fm_pool fm_pool;

/* For schemes of up to rank_max products. Empty, of generation 1. */
fm_pool *fm_pool_new(const uint32_t extent[3], uint32_t rank_max);
void fm_pool_free(fm_pool *pool);

/* Keeps a scheme when it is among the best of the present generation and no scheme is like it, in
   place of a random one where the pool is full. True when it is of a lower rank than all of its generation. */
bool fm_pool_put(fm_pool *pool, uint64_t generation, fm_random *random,
                 const fm_products *products);
/* A random one; false when there is none. */
bool fm_pool_draw(fm_pool *pool, fm_random *random, fm_products *out);
/* Begins the next generation. */
void fm_pool_empty(fm_pool *pool);

/* At any time: the rank of its schemes, UINT32_MAX when there are none; how many there are; the
   generation. */
uint32_t fm_pool_rank(const fm_pool *pool);
uint32_t fm_pool_size(const fm_pool *pool);
uint64_t fm_pool_generation(const fm_pool *pool);

void fm_pool_state(fm_pool *pool, fm_state *state);

#endif
