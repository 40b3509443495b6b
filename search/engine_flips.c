/* Walkers of any tensor (walker.h) as an engine. */
#include "engine.h"

#include "memory.h"
#include "walker.h"

#include <stdlib.h>

/* What walkers have from each other. */
typedef struct ladders {
    fm_ladder *own;
    fm_ladder *over_f2; /* for lifts to zt, or NULL */
} ladders;

/* A walker, and its ladders where they are its own. */
typedef struct member {
    fm_walker *walker;
    ladders *own;
} member;

static fm_status check(const fm_tensor *tensor, const fm_engine_task *task, fm_error *error)
{
    (void)tensor, (void)task, (void)error;
    return FM_OK;
}

static fm_ladder *new_ladder(const fm_engine_task *task, fm_ring ring, const fm_products *starts)
{
    if (task->through != NULL)
        return fm_ladder_new_through(task->tensor, task->through, ring);
    return fm_ladder_new(task->tensor, ring, starts, task->start_count,
                         task->standard && task->strategy == FM_STRATEGY_GROWTH);
}

/* The ladder over f2, with the starts modulo 2; NULL where there are no lifts. */
static fm_ladder *new_ladder_over_f2(const fm_engine_task *task, const fm_ladder *own)
{
    if (task->ring.kind != FM_RING_ZT || task->strategy == FM_STRATEGY_WALKS ||
        fm_ladder_rank_max(own) > FM_WALKER_LIFT_RANK_MAX)
        return NULL;
    fm_products *starts = fm_alloc(task->start_count, sizeof *starts);
    for (size_t s = 0; s < task->start_count; s++) {
        starts[s] = fm_products_copy(&task->starts[s]);
        fm_products_take_modulo_2(&starts[s]);
    }
    fm_ladder *ladder = new_ladder(task, (fm_ring){FM_RING_ZP, 2}, starts);
    for (size_t s = 0; s < task->start_count; s++)
        fm_products_clear(&starts[s]);
    free(starts);
    return ladder;
}

static ladders *new_ladders(const fm_engine_task *task)
{
    ladders *l = fm_alloc(1, sizeof *l);
    l->own = new_ladder(task, task->ring, task->starts);
    l->over_f2 = new_ladder_over_f2(task, l->own);
    return l;
}

static void free_ladders(ladders *l)
{
    if (l == NULL)
        return;
    fm_ladder_free(l->own);
    fm_ladder_free(l->over_f2);
    free(l);
}

static void *new_shared(const fm_engine_task *task)
{
    return task->strategy == FM_STRATEGY_WALKS ? NULL : new_ladders(task);
}

static void free_shared(void *shared)
{
    free_ladders(shared);
}

static void *new_walker(const fm_engine_task *task, void *shared, uint64_t number)
{
    member *m = fm_alloc_zero(1, sizeof *m);
    const ladders *l = shared;
    if (l == NULL)
        l = m->own = new_ladders(task);
    m->walker = fm_walker_new(l->own, l->over_f2, task->ring, task->objective, task->collect,
                              task->seed, number);
    return m;
}

static void free_walker(void *opaque)
{
    member *m = opaque;
    fm_walker_free(m->walker);
    free_ladders(m->own);
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
    fm_ladder *ladder = shared != NULL ? ((ladders *)shared)->own : NULL;
    *count = ladder != NULL ? fm_ladder_stages(ladder) : 0;
    fm_search_pool *pools = fm_alloc(*count, sizeof *pools);
    for (size_t s = 0; s < *count; s++)
        fm_ladder_pool(ladder, (uint32_t)s, &pools[s]);
    return pools;
}

fm_ladder *fm_engine_flips_ladder(void *shared)
{
    return ((ladders *)shared)->own;
}

static void shared_state(void *shared, fm_state *state)
{
    const ladders *l = shared;
    if (l == NULL)
        return;
    fm_ladder_state(l->own, state);
    if (l->over_f2 != NULL)
        fm_ladder_state(l->over_f2, state);
}

static void state(void *opaque, fm_state *state)
{
    member *m = opaque;
    shared_state(m->own, state);
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
