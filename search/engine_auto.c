/* The engine auto: a portfolio of the engines that suit the tensor (for portfolios of searches see
   Huberman, Lukose and Hogg 1997, An economics approach to hard computational problems): flips;
   symmetric for square formats from 5x5x5 on, where it comes down further; mcts where it was asked
   for and can play, or has a model. Each walker has one of each; they take turns, the engine that has lowered the rank last gets
   half of them in addition, and what one finds goes to the pools of the others. */
#include "engine.h"

#include "ladder.h"
#include "memory.h"
#include "tensor.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLIPS,
    SYMMETRIC,
    MCTS,
    ENGINES,
    NONE = ENGINES,
    TURN = 64, /* calls of run: some tenths of a second */
    SYMMETRIC_FROM = 5,
};

static const fm_engine *const engines[ENGINES] = {&fm_engine_flips, &fm_engine_symmetric,
                                                  &fm_engine_mcts};

typedef struct shared {
    const fm_engine_task *task;
    bool has[ENGINES]; /* which take part */
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

bool fm_engine_auto_is_symmetric(const fm_tensor *tensor)
{
    unsigned format[3];
    return fm_tensor_is_matmul(tensor, format) && format[0] == format[1] &&
           format[1] == format[2] && format[0] >= SYMMETRIC_FROM;
}

static bool takes_part(const fm_engine_task *task, int engine)
{
    if (engine == SYMMETRIC)
        return task->standard && fm_engine_auto_is_symmetric(task->tensor);
    if (engine == MCTS && task->model == NULL)
        return task->tree && fm_engine_mcts.check(task->tensor, task, NULL) == FM_OK;
    return engine == FLIPS || task->tree;
}

static fm_status check(const fm_tensor *tensor, const fm_engine_task *task, fm_error *error)
{
    fm_status status = FM_OK;
    for (int e = 0; e < ENGINES && status == FM_OK; e++)
        if (takes_part(task, e))
            status = engines[e]->check(tensor, task, error);
    return status;
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
    for (int e = 0; e < ENGINES; e++) {
        s->has[e] = takes_part(task, e);
        s->of[e] = s->has[e] ? engines[e]->new_shared(task) : NULL;
    }
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
        if (s->has[e])
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
        if (w->shared->has[e])
            w->of[e] = engines[e]->new (task, w->shared->of[e], number);
    return w;
}

static void free_walker(void *opaque)
{
    walker *w = opaque;
    for (int e = 0; e < ENGINES; e++)
        if (w->shared->has[e])
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

/* A walker's engine has a better scheme: the others are to have it. */
static void share(walker *w, uint8_t engine)
{
    shared *s = w->shared;
    fm_products found = engines[engine]->best(w->of[engine]);
    uint32_t best = s->best_rank;
    while (found.rank < best && !atomic_compare_exchange_weak(&s->best_rank, &best, found.rank))
        ;
    if (found.rank < best)
        s->leader = engine;
    if (found.rank <= best && engine != MCTS && s->has[MCTS])
        fm_mcts_put(s->of[MCTS], &w->random, &found);
    if (found.rank <= best && engine != FLIPS && s->of[FLIPS] != NULL)
        give_to_ladder(w, &found);
    fm_products_clear(&found);
}

/* Whose turn it is: all in turn, and every other one the leader's when there is one. */
static uint8_t choose_engine(const walker *w)
{
    const shared *s = w->shared;
    uint64_t turn = w->calls / TURN;
    uint8_t leader = s->leader, parts[ENGINES], count = 0;
    if (leader != NONE && turn % 2 == 0)
        return leader;
    for (uint8_t e = 0; e < ENGINES; e++)
        if (s->has[e])
            parts[count++] = e;
    return parts[(leader != NONE ? turn / 2 : turn) % count];
}

static uint64_t flips(const void *opaque)
{
    const walker *w = opaque;
    uint64_t sum = 0;
    for (int e = 0; e < ENGINES; e++)
        sum += w->shared->has[e] ? engines[e]->flips(w->of[e]) : 0;
    return sum;
}

/* The limit of its own flips at which a walker of an engine has made the limit of all. */
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
    uint8_t best = FLIPS;
    for (uint8_t e = FLIPS + 1; e < ENGINES; e++)
        if (w->shared->has[e] &&
            engines[e]->best_score(w->of[e]) < engines[best]->best_score(w->of[best]))
            best = e;
    return best;
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

/* The ladder's pools; those of the others hold the same ranks of the whole. */
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
        if (s->has[e])
            engines[e]->shared_state(s->of[e], state);
}

static void state(void *opaque, fm_state *state)
{
    walker *w = opaque;
    FM_STATE_VALUE(state, w->random);
    FM_STATE_VALUE(state, w->calls);
    FM_STATE_VALUE(state, w->engine);
    fm_state_require(state, w->engine < ENGINES && w->shared->has[w->engine]);
    for (int e = 0; e < ENGINES && !state->bad; e++)
        if (w->shared->has[e])
            engines[e]->state(w->of[e], state);
}

static int number_of(const char *name)
{
    int engine = 0;
    while (strcmp(engines[engine]->name, name) != 0)
        engine++;
    return engine;
}

const void *fm_engine_auto_walker(const void *opaque, const char *name)
{
    return ((const walker *)opaque)->of[number_of(name)];
}

void *fm_engine_auto_shared(void *opaque, const char *name)
{
    return ((shared *)opaque)->of[number_of(name)];
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
