/* Walkers of any tensor (walker.h) as an engine. */
#include "engine.h"

#include "memory.h"
#include "walker.h"

#include <stdlib.h>

/* A walker, and its ladder where it has one of its own. */
typedef struct member {
    fm_walker *walker;
    fm_ladder *own;
} member;

static fm_status check(const fm_tensor *tensor, const fm_engine_task *task, fm_error *error)
{
    (void)tensor, (void)task, (void)error;
    return FM_OK;
}

static fm_ladder *new_ladder(const fm_engine_task *task)
{
    if (task->through != NULL)
        return fm_ladder_new_through(task->tensor, task->through, task->ring);
    return fm_ladder_new(task->tensor, task->ring, task->starts, task->start_count,
                         task->standard && task->strategy == FM_STRATEGY_GROWTH);
}

static void *new_shared(const fm_engine_task *task)
{
    return task->strategy == FM_STRATEGY_WALKS ? NULL : new_ladder(task);
}

static void free_shared(void *shared)
{
    fm_ladder_free(shared);
}

static void *new_walker(const fm_engine_task *task, void *shared, uint64_t number)
{
    member *m = fm_alloc_zero(1, sizeof *m);
    if (shared == NULL)
        shared = m->own = new_ladder(task);
    m->walker = fm_walker_new(shared, task->ring, task->objective, task->collect,
                              task->strategy != FM_STRATEGY_WALKS, task->seed, number);
    return m;
}

static void free_walker(void *opaque)
{
    member *m = opaque;
    fm_walker_free(m->walker);
    fm_ladder_free(m->own);
    free(m);
}

static void run(void *const *walkers, unsigned count, uint64_t attempts, uint64_t flip_limit,
                bool *better)
{
    fm_walker *own[FM_WALKERS_TOGETHER];
    for (unsigned i = 0; i < count; i++)
        own[i] = ((member *)walkers[i])->walker;
    fm_walkers_run(own, count, attempts, flip_limit, better);
}

static uint64_t flips(const void *opaque)
{
    return fm_walker_flips(((const member *)opaque)->walker);
}

static uint32_t rank(const void *opaque)
{
    return fm_walker_rank(((const member *)opaque)->walker);
}

static uint64_t best_score(const void *opaque)
{
    return fm_walker_best_score(((const member *)opaque)->walker);
}

static fm_products best(const void *opaque)
{
    return fm_walker_best(((const member *)opaque)->walker);
}

static fm_search_pool *pools(void *shared, size_t *count)
{
    *count = shared != NULL ? fm_ladder_stages(shared) : 0;
    fm_search_pool *pools = fm_alloc(*count, sizeof *pools);
    for (size_t s = 0; s < *count; s++)
        fm_ladder_pool(shared, (uint32_t)s, &pools[s]);
    return pools;
}

static void shared_state(void *shared, fm_state *state)
{
    if (shared != NULL)
        fm_ladder_state(shared, state);
}

static void state(void *opaque, fm_state *state)
{
    member *m = opaque;
    if (m->own != NULL)
        fm_ladder_state(m->own, state);
    fm_walker_state(m->walker, state);
}

_Static_assert(FM_ENGINE_TOGETHER == FM_WALKERS_TOGETHER, "the driver hands over as many");

const fm_engine fm_engine_flips = {
    .name = "flips",
    .check = check,
    .new_shared = new_shared,
    .free_shared = free_shared,
    .new = new_walker,
    .free = free_walker,
    .run = run,
    .flips = flips,
    .rank = rank,
    .best_score = best_score,
    .best = best,
    .pools = pools,
    .shared_state = shared_state,
    .state = state,
};
