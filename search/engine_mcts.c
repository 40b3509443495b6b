/* The engine mcts: the TensorGame (game.h) played by Monte Carlo tree search (games.h, tree.h) whose
   simulations (simulation.h, player.h) finish by walks on the flip graph. docs/tree-search.md says why it is
   built so. */
#include "engine.h"
#include "error.h"
#include "memory.h"
#include "player.h"
#include "scheme.h"

static fm_status check(const fm_tensor *tensor, const fm_engine_task *task, fm_error *error)
{
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
    return fm_match_new(task);
}

static void free_shared(void *shared)
{
    fm_match_free(shared);
}

static void *new_walker(const fm_engine_task *task, void *shared, uint64_t number)
{
    (void)task;
    return fm_player_new(shared, number);
}

static void free_walker(void *walker)
{
    fm_player_free(walker);
}

/* ---------------------------------------------------------------- walks side by side */

/* What a walker has before it in this call. */
typedef struct turn {
    fm_player *player;
    uint64_t end, flip_limit;
    bool *better;
} turn;

static fm_playout *playout_of(const turn *t)
{
    return fm_player_now(t->player)->playout;
}

/* Attempts until the walker's next decision, no more than to its end. */
static uint64_t until_decision(const turn *t)
{
    const fm_lane *lane = fm_playout_lane(playout_of(t));
    uint64_t goal = t->end - lane->attempts, due = fm_playout_due(playout_of(t));
    goal = due < goal ? due : goal;
    if (t->flip_limit != 0 && t->flip_limit - lane->flips < goal)
        goal = t->flip_limit - lane->flips;
    return goal;
}

static void decide(turn *t)
{
    if (!fm_playout_decide(playout_of(t)))
        *t->better = fm_player_end(t->player);
}

/* Brings a walker to where its walk can go on: false when its turn is over. */
static bool get_ready(turn *t)
{
    for (;;) {
        fm_lane *lane = fm_playout_lane(playout_of(t));
        if (*t->better || lane->attempts >= t->end ||
            (t->flip_limit != 0 && lane->flips >= t->flip_limit))
            return false;
        if (!fm_player_now(t->player)->plays)
            fm_simulation_begin(fm_player_now(t->player));
        if (fm_playout_kernel(playout_of(t))->can_flip(lane->walk))
            return true;
        lane->attempts += until_decision(t);
        decide(t);
    }
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
        const fm_walk_kernel *own = fm_playout_kernel(playout_of(&turns[i]));
        if (!ready[i] || (kernel != NULL && own != kernel))
            continue;
        uint64_t due = until_decision(&turns[i]);
        kernel = own;
        ready[i] = false;
        goal = due < goal ? due : goal;
        lanes[size] = *fm_playout_lane(playout_of(&turns[i]));
        group[size++] = &turns[i];
    }
    kernel->run(lanes, size, goal);
    for (unsigned i = 0; i < size; i++) {
        *fm_playout_lane(playout_of(group[i])) = lanes[i];
        decide(group[i]);
    }
}

static void run(void *const *walkers, unsigned count, uint64_t attempts, uint64_t flip_limit,
                bool *better)
{
    turn turns[FM_ENGINE_TOGETHER];
    bool ready[FM_ENGINE_TOGETHER], any = true;
    for (unsigned i = 0; i < count; i++) {
        better[i] = false;
        turns[i] = (turn){.player = walkers[i], .flip_limit = flip_limit, .better = &better[i]};
        turns[i].end = fm_playout_lane(playout_of(&turns[i]))->attempts + attempts;
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
    return fm_playout_lane(fm_player_now(opaque)->playout)->flips;
}

static uint32_t rank(const void *opaque)
{
    const fm_simulation *sim = fm_player_now(opaque);
    return sim->plays ? fm_playout_rank_now(sim->playout) : fm_player_best(opaque)->rank;
}

static uint64_t best_score(const void *opaque)
{
    return (uint64_t)fm_player_best(opaque)->rank << 32;
}

static fm_products best(const void *opaque)
{
    return fm_products_copy(fm_player_best(opaque));
}

static fm_search_pool *pools(void *opaque, size_t *count)
{
    const fm_games *games = ((const fm_match *)opaque)->own;
    fm_search_pool *pool = fm_alloc_zero(1, sizeof *pool);
    *count = 1;
    snprintf(pool->stage, sizeof pool->stage, "%.35s", games->task->tensor->name);
    pool->rank = fm_pool_rank(games->pool);
    pool->size = fm_pool_size(games->pool);
    return pool;
}

void fm_mcts_put(void *shared, fm_random *random, const fm_products *products)
{
    fm_match_put(shared, random, products);
}

static void shared_state(void *shared, fm_state *state)
{
    fm_match_state(shared, state);
}

static void state(void *walker, fm_state *state)
{
    fm_player_state(walker, state);
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
