/* Walkers of any tensor (walker.h) as an engine. */
#include "engine.h"

#include "memory.h"
#include "walker.h"

#include <string.h>

static fm_status check(const fm_tensor *tensor, const fm_engine_task *task, fm_error *error)
{
    (void)tensor, (void)task, (void)error;
    return FM_OK;
}

static void *new_walker(const fm_engine_task *task, uint64_t number)
{
    return fm_walker_new(task->starts, task->start_count, task->ring, task->seed, number);
}

static void free_walker(void *walker)
{
    fm_walker_free(walker);
}

static void run(void *const *walkers, unsigned count, uint64_t attempts, uint64_t flip_limit,
                bool *better)
{
    fm_walker *own[FM_WALKERS_TOGETHER];
    for (unsigned i = 0; i < count; i++)
        own[i] = walkers[i];
    fm_walkers_run(own, count, attempts, flip_limit, better);
}

static uint64_t flips(const void *walker)
{
    return fm_walker_flips(walker);
}

static uint32_t rank(const void *walker)
{
    return fm_walker_rank(walker);
}

static uint32_t best_rank(const void *walker)
{
    return fm_walker_best_rank(walker);
}

static fm_products best(const void *walker)
{
    fm_products products = *fm_walker_best(walker);
    size_t row = (size_t)products.extent[0] + products.extent[1] + products.extent[2];
    const int8_t *coefficients = products.coefficients;
    products.coefficients = fm_alloc(products.rank, row);
    memcpy(products.coefficients, coefficients, products.rank * row);
    return products;
}

_Static_assert(FM_ENGINE_TOGETHER == FM_WALKERS_TOGETHER, "the driver hands over as many");

const fm_engine fm_engine_flips = {
    .name = "flips",
    .check = check,
    .new = new_walker,
    .free = free_walker,
    .run = run,
    .flips = flips,
    .rank = rank,
    .best_rank = best_rank,
    .best = best,
};
