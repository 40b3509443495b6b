#include "pool.h"

#include "memory.h"

#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { POOL_MAX = 32 }; /* schemes */

struct fm_pool {
    omp_lock_t lock;
    uint32_t rank_max;
    _Atomic uint32_t rank, size;
    _Atomic uint64_t generation;
    fm_products schemes[POOL_MAX];
};

fm_pool *fm_pool_new(const uint32_t extent[3], uint32_t rank_max)
{
    fm_pool *pool = fm_alloc_zero(1, sizeof *pool);
    omp_init_lock(&pool->lock);
    pool->rank_max = rank_max;
    for (int i = 0; i < POOL_MAX; i++)
        pool->schemes[i] = fm_products_new(extent, rank_max);
    fm_pool_empty(pool);
    return pool;
}

void fm_pool_free(fm_pool *pool)
{
    if (pool == NULL)
        return;
    for (int i = 0; i < POOL_MAX; i++)
        fm_products_clear(&pool->schemes[i]);
    omp_destroy_lock(&pool->lock);
    free(pool);
}

static bool has(const fm_pool *pool, const fm_products *products)
{
    uint64_t hash = fm_products_hash(products);
    for (uint32_t i = 0; i < pool->size; i++)
        if (fm_products_hash(&pool->schemes[i]) == hash)
            return true;
    return false;
}

bool fm_pool_put(fm_pool *pool, uint64_t generation, fm_random *random, const fm_products *products)
{
    omp_set_lock(&pool->lock);
    bool is_wanted = generation == pool->generation && products->rank <= pool->rank;
    bool is_lower = is_wanted && products->rank < pool->rank;
    if (is_lower) {
        pool->rank = products->rank;
        pool->size = 0;
    }
    if (is_wanted && !has(pool, products)) {
        bool is_full = pool->size == POOL_MAX;
        uint32_t at = is_full ? fm_random_below(random, POOL_MAX) : pool->size;
        fm_products_assign(&pool->schemes[at], products);
        pool->size += !is_full;
    }
    omp_unset_lock(&pool->lock);
    return is_lower;
}

bool fm_pool_draw(fm_pool *pool, fm_random *random, fm_products *out)
{
    omp_set_lock(&pool->lock);
    bool found = pool->size > 0;
    if (found)
        fm_products_assign(out, &pool->schemes[fm_random_below(random, pool->size)]);
    omp_unset_lock(&pool->lock);
    return found;
}

void fm_pool_empty(fm_pool *pool)
{
    omp_set_lock(&pool->lock);
    pool->size = 0;
    pool->rank = UINT32_MAX;
    pool->generation++;
    omp_unset_lock(&pool->lock);
}

uint32_t fm_pool_rank(const fm_pool *pool)
{
    return pool->rank;
}

uint32_t fm_pool_size(const fm_pool *pool)
{
    return pool->size;
}

uint64_t fm_pool_generation(const fm_pool *pool)
{
    return pool->generation;
}

void fm_pool_state(fm_pool *pool, fm_state *state)
{
    omp_set_lock(&pool->lock);
    uint32_t rank = pool->rank, size = pool->size;
    uint64_t generation = pool->generation;
    FM_STATE_VALUE(state, rank);
    FM_STATE_VALUE(state, size);
    FM_STATE_VALUE(state, generation);
    fm_state_require(state, size <= POOL_MAX);
    for (uint32_t i = 0; i < size && !state->bad; i++)
        fm_products_state(&pool->schemes[i], pool->rank_max, state);
    pool->rank = rank;
    pool->size = state->bad ? 0 : size;
    pool->generation = generation;
    omp_unset_lock(&pool->lock);
}
