/* The engine mcts: the TensorGame (game.h) played by Monte Carlo tree search (games.h, tree.h) whose
   simulations (simulation.h) finish by walks on the flip graph. docs/tree-search.md says why it is
   built so. */
#include "engine.h"
#include "error.h"
#include "games.h"
#include "memory.h"
#include "scheme.h"
#include "simulation.h"

static fm_status check(const fm_tensor *tensor, const fm_engine_task *task, fm_error *error)
{
    if (task->least < -FM_GAME_COEFFICIENT_MAX || task->most > FM_GAME_COEFFICIENT_MAX ||
        task->least > 0 || task->most < 0)
        return fm_fail(error, FM_BAD_INPUT, "coefficients of moves are from -%d to %d",
                       FM_GAME_COEFFICIENT_MAX, FM_GAME_COEFFICIENT_MAX);
    if (task->objective != FM_OBJECTIVE_RANK || task->collect != 0)
        return fm_fail(error, FM_BAD_INPUT, "the engine mcts looks for low ranks only");
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fmpz *value = &tensor->entries[e].value;
        if (task->ring.kind != FM_RING_ZP && fmpz_cmpabs(value, (const fmpz[1]){32}) > 0)
            return fm_fail(error, FM_BAD_INPUT, "the engine mcts takes entries from -32 to 32");
    }
    return FM_OK;
}

static void *new_shared(const fm_engine_task *task)
{
    return fm_games_new(task);
}

static void free_shared(void *shared)
{
    fm_games_free(shared);
}

static void *new_walker(const fm_engine_task *task, void *shared, uint64_t number)
{
    (void)task;
    return fm_simulation_new(shared, number);
}

static void free_walker(void *walker)
{
    fm_simulation_free(walker);
}

/* ---------------------------------------------------------------- walks side by side */

/* What a walker has before it in this call. */
typedef struct turn {
    fm_simulation *sim;
    uint64_t end, flip_limit;
    bool *better;
} turn;

/* Attempts until the walker's next decision, no more than to its end. */
static uint64_t until_decision(const turn *t)
{
    const fm_lane *lane = fm_playout_lane(t->sim->playout);
    uint64_t goal = t->end - lane->attempts, due = fm_playout_due(t->sim->playout);
    goal = due < goal ? due : goal;
    if (t->flip_limit != 0 && t->flip_limit - lane->flips < goal)
        goal = t->flip_limit - lane->flips;
    return goal;
}

static void decide(turn *t)
{
    if (!fm_playout_decide(t->sim->playout))
        *t->better = fm_simulation_end(t->sim);
}

/* Brings a walker to where its walk can go on: false when its turn is over. */
static bool get_ready(turn *t)
{
    fm_lane *lane = fm_playout_lane(t->sim->playout);
    while (!*t->better && lane->attempts < t->end &&
           (t->flip_limit == 0 || lane->flips < t->flip_limit)) {
        if (!t->sim->plays)
            fm_simulation_begin(t->sim);
        if (fm_playout_kernel(t->sim->playout)->can_flip(lane->walk))
            return true;
        lane->attempts += until_decision(t);
        decide(t);
    }
    return false;
}

/* Runs those that have the same kernel as the first, up to the first one's decision. */
static void run_lanes(turn *turns, unsigned count, bool *ready)
{
    fm_lane lanes[FM_ENGINE_TOGETHER];
    turn *group[FM_ENGINE_TOGETHER];
    unsigned size = 0;
    uint64_t goal = UINT64_MAX;
    const fm_walk_kernel *kernel = NULL;
    for (unsigned i = 0; i < count; i++) {
        const fm_walk_kernel *own = fm_playout_kernel(turns[i].sim->playout);
        if (!ready[i] || (kernel != NULL && own != kernel))
            continue;
        uint64_t due = until_decision(&turns[i]);
        kernel = own;
        ready[i] = false;
        goal = due < goal ? due : goal;
        lanes[size] = *fm_playout_lane(turns[i].sim->playout);
        group[size++] = &turns[i];
    }
    kernel->run(lanes, size, goal);
    for (unsigned i = 0; i < size; i++) {
        *fm_playout_lane(group[i]->sim->playout) = lanes[i];
        decide(group[i]);
    }
}

static void run(void *const *walkers, unsigned count, uint64_t attempts, uint64_t flip_limit,
                bool *better)
{
    turn turns[FM_ENGINE_TOGETHER];
    bool ready[FM_ENGINE_TOGETHER], any = true;
    for (unsigned i = 0; i < count; i++) {
        fm_simulation *sim = walkers[i];
        better[i] = false;
        turns[i] =
            (turn){sim, fm_playout_lane(sim->playout)->attempts + attempts, flip_limit, &better[i]};
    }
    while (any) {
        any = false;
        for (unsigned i = 0; i < count; i++)
            any |= ready[i] = get_ready(&turns[i]);
        for (unsigned i = 0; i < count; i++)
            if (ready[i])
                run_lanes(turns, count, ready);
    }
}

static uint64_t flips(const void *opaque)
{
    return fm_playout_lane(((const fm_simulation *)opaque)->playout)->flips;
}

static uint32_t rank(const void *opaque)
{
    const fm_simulation *sim = opaque;
    return sim->plays ? fm_playout_rank_now(sim->playout) : sim->best.rank;
}

static uint64_t best_score(const void *opaque)
{
    return (uint64_t)((const fm_simulation *)opaque)->best.rank << 32;
}

static fm_products best(const void *opaque)
{
    return fm_products_copy(&((const fm_simulation *)opaque)->best);
}

static fm_search_pool *pools(void *opaque, size_t *count)
{
    const fm_games *games = opaque;
    fm_search_pool *pool = fm_alloc_zero(1, sizeof *pool);
    *count = 1;
    snprintf(pool->stage, sizeof pool->stage, "%.35s", games->task->tensor->name);
    pool->rank = fm_pool_rank(games->pool);
    pool->size = fm_pool_size(games->pool);
    return pool;
}

void fm_mcts_put(void *shared, fm_random *random, const fm_products *products)
{
    fm_games *games = shared;
    fm_games_put(games, fm_pool_generation(games->pool), random, products);
}

static void shared_state(void *shared, fm_state *state)
{
    fm_games_state(shared, state);
}

static void state(void *walker, fm_state *state)
{
    fm_simulation_state(walker, state);
}

const fm_engine fm_engine_mcts = {
    .name = "mcts",
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
