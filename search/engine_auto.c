/* The engine auto: a portfolio of the engines flips and mcts (for portfolios of searches see
   Huberman, Lukose and Hogg 1997, An economics approach to hard computational problems). Each
   walker has one of either; they take turns, the engine that has lowered the rank last gets most of
   them, and what one finds goes to the other's pool. */
#include "engine.h"

#include "ladder.h"
#include "memory.h"
#include "tensor.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    ENGINES = 2,
    FLIPS = 0,
    MCTS = 1,
    NONE = 2,
    TURN = 64,       /* calls of run: some tenths of a second */
    OTHER_SHARE = 4, /* one turn in so many is the other engine's */
};

static const fm_engine *const engines[ENGINES] = {&fm_engine_flips, &fm_engine_mcts};

typedef struct shared {
    const fm_engine_task *task;
    void *of[ENGINES];
    /* Where the ladder has the coordinates of the tensor, by axis. */
    uint32_t *place[3];
    _Atomic uint32_t best_rank;
    _Atomic uint8_t leader; /* the engine that has lowered the rank last */
} shared;

typedef struct walker {
    shared *shared;
    void *of[ENGINES];
    fm_random random;
    uint64_t calls;
    uint8_t engine; /* that ran last */
} walker;

static fm_status check(const fm_tensor *tensor, const fm_engine_task *task, fm_error *error)
{
    fm_status status = fm_engine_flips.check(tensor, task, error);
    return status == FM_OK ? fm_engine_mcts.check(tensor, task, error) : status;
}

/* Asks the ladder, by units, where it has which coordinate. */
static void find_places(shared *s)
{
    const uint32_t *extent = s->task->tensor->extent;
    uint32_t count = 1;
    for (int axis = 0; axis < 3; axis++)
        count = extent[axis] > count ? extent[axis] : count;
    fm_products units = {.extent = {extent[0], extent[1], extent[2]}, .rank = count};
    units.coefficients = fm_alloc_zero(count, (size_t)extent[0] + extent[1] + extent[2]);
    for (uint32_t r = 0; r < count; r++) {
        int8_t *row = fm_products_row(&units, r);
        for (int axis = 0; axis < 3; row += extent[axis++])
            row[r % extent[axis]] = 1;
    }
    fm_products whole = fm_ladder_whole(fm_engine_flips_ladder(s->of[FLIPS]), &units);
    size_t offset = 0;
    for (int axis = 0; axis < 3; offset += extent[axis++]) {
        s->place[axis] = fm_alloc(extent[axis], sizeof *s->place[axis]);
        for (uint32_t r = 0; r < extent[axis]; r++)
            for (uint32_t c = 0; c < extent[axis]; c++)
                if (fm_products_row(&whole, r)[offset + c] != 0)
                    s->place[axis][c] = r;
    }
    fm_products_clear(&whole);
    fm_products_clear(&units);
}

static void *new_shared(const fm_engine_task *task)
{
    shared *s = fm_alloc_zero(1, sizeof *s);
    s->task = task;
    s->best_rank = UINT32_MAX;
    s->leader = NONE;
    for (int e = 0; e < ENGINES; e++)
        s->of[e] = engines[e]->new_shared(task);
    if (s->of[FLIPS] != NULL)
        find_places(s);
    return s;
}

static void free_shared(void *opaque)
{
    shared *s = opaque;
    if (s == NULL)
        return;
    for (int e = 0; e < ENGINES; e++)
        engines[e]->free_shared(s->of[e]);
    for (int axis = 0; axis < 3; axis++)
        free(s->place[axis]);
    free(s);
}

static void *new_walker(const fm_engine_task *task, void *opaque, uint64_t number)
{
    walker *w = fm_alloc_zero(1, sizeof *w);
    w->shared = opaque;
    fm_random_seed(&w->random, ~task->seed, number);
    for (int e = 0; e < ENGINES; e++)
        w->of[e] = engines[e]->new (task, w->shared->of[e], number);
    return w;
}

static void free_walker(void *opaque)
{
    walker *w = opaque;
    for (int e = 0; e < ENGINES; e++)
        engines[e]->free(w->of[e]);
    free(w);
}

/* ---------------------------------------------------------------- turns */

/* A scheme for the ladder, in its order of coordinates. */
static void give_to_ladder(walker *w, const fm_products *found)
{
    shared *s = w->shared;
    fm_ladder *ladder = fm_engine_flips_ladder(s->of[FLIPS]);
    fm_products own = fm_ladder_products(ladder, found->rank);
    memcpy(own.extent, found->extent, sizeof own.extent);
    own.rank = found->rank;
    for (uint32_t r = 0; r < found->rank; r++) {
        const int8_t *from = fm_products_row(found, r);
        int8_t *to = fm_products_row(&own, r);
        for (int axis = 0; axis < 3; axis++) {
            for (uint32_t c = 0; c < found->extent[axis]; c++)
                to[s->place[axis][c]] = from[c];
            from += found->extent[axis];
            to += found->extent[axis];
        }
    }
    fm_ladder_put(ladder, fm_ladder_generation(ladder), fm_ladder_goal(ladder), &w->random, 0,
                  false, &own);
    fm_products_clear(&own);
}

/* A walker's engine has a better scheme: the other one is to have it. */
static void share(walker *w, uint8_t engine)
{
    shared *s = w->shared;
    fm_products found = engines[engine]->best(w->of[engine]);
    uint32_t best = s->best_rank;
    while (found.rank < best && !atomic_compare_exchange_weak(&s->best_rank, &best, found.rank))
        ;
    if (found.rank < best)
        s->leader = engine;
    if (found.rank <= best && engine == FLIPS)
        fm_mcts_put(s->of[MCTS], &w->random, &found);
    else if (found.rank <= best && s->of[FLIPS] != NULL)
        give_to_ladder(w, &found);
    fm_products_clear(&found);
}

/* Whose turn it is. */
static uint8_t choose_engine(const walker *w)
{
    uint64_t turn = w->calls / TURN;
    uint8_t leader = w->shared->leader;
    if (leader == NONE)
        return turn % ENGINES;
    return turn % OTHER_SHARE == OTHER_SHARE - 1 ? ENGINES - 1 - leader : leader;
}

static uint64_t flips(const void *opaque)
{
    const walker *w = opaque;
    uint64_t sum = 0;
    for (int e = 0; e < ENGINES; e++)
        sum += engines[e]->flips(w->of[e]);
    return sum;
}

/* The limit of its own flips at which a walker of an engine has made the limit of both. */
static uint64_t own_limit(const walker *w, uint8_t engine, uint64_t flip_limit)
{
    uint64_t others = flips(w) - engines[engine]->flips(w->of[engine]);
    return flip_limit == 0 || others >= flip_limit ? flip_limit : flip_limit - others;
}

static void run(void *const *walkers, unsigned count, uint64_t attempts, uint64_t flip_limit,
                bool *better)
{
    uint8_t engine = choose_engine(walkers[0]);
    void *own[FM_ENGINE_TOGETHER] = {NULL};
    uint64_t limit = 0;
    for (unsigned i = 0; i < count; i++) {
        walker *w = walkers[i];
        uint64_t most = own_limit(w, engine, flip_limit);
        w->calls++;
        w->engine = engine;
        limit = i == 0 || most < limit ? most : limit;
        own[i] = w->of[engine];
    }
    engines[engine]->run(own, count, attempts, limit, better);
    for (unsigned i = 0; i < count; i++)
        if (better[i])
            share(walkers[i], engine);
}

static uint32_t rank(const void *opaque)
{
    const walker *w = opaque;
    return engines[w->engine]->rank(w->of[w->engine]);
}

static uint8_t best_engine(const walker *w)
{
    return fm_engine_mcts.best_score(w->of[MCTS]) < fm_engine_flips.best_score(w->of[FLIPS])
               ? MCTS
               : FLIPS;
}

static uint64_t best_score(const void *opaque)
{
    const walker *w = opaque;
    return engines[best_engine(w)]->best_score(w->of[best_engine(w)]);
}

static fm_products best(const void *opaque)
{
    const walker *w = opaque;
    return engines[best_engine(w)]->best(w->of[best_engine(w)]);
}

/* The ladder's pools; the other engine's holds the same ranks of the whole. */
static fm_search_pool *pools(void *opaque, size_t *count)
{
    return fm_engine_flips.pools(((shared *)opaque)->of[FLIPS], count);
}

static void shared_state(void *opaque, fm_state *state)
{
    shared *s = opaque;
    uint32_t best_rank = s->best_rank;
    uint8_t leader = s->leader;
    FM_STATE_VALUE(state, best_rank);
    FM_STATE_VALUE(state, leader);
    fm_state_require(state, leader <= NONE);
    s->best_rank = best_rank;
    s->leader = leader;
    for (int e = 0; e < ENGINES && !state->bad; e++)
        engines[e]->shared_state(s->of[e], state);
}

static void state(void *opaque, fm_state *state)
{
    walker *w = opaque;
    FM_STATE_VALUE(state, w->random);
    FM_STATE_VALUE(state, w->calls);
    FM_STATE_VALUE(state, w->engine);
    fm_state_require(state, w->engine < ENGINES);
    for (int e = 0; e < ENGINES && !state->bad; e++)
        engines[e]->state(w->of[e], state);
}

const fm_engine fm_engine_auto = {
    .name = "auto",
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
