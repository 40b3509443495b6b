#include "games.h"

#include "completion.h"
#include "luby.h"
#include "memory.h"
#include "parts.h"
#include "scheme.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    TREE_BYTES = 1 << 27,
    SIMULATIONS = 8,                /* at the root, for a move to be committed, or for a part */
    ATTEMPTS_IN_PART = 1 << 12,     /* of a walk without a lower rank, times its products */
    KNOWN_MAX = 8,                  /* schemes of the pool whose products a game has as moves */
    ATTEMPTS_PER_PRODUCT = 1 << 14, /* the same of the whole, times Luby's number */
    STALE_MAX = 1,                  /* commits of a game without a lower rank: then it ends */
    GAMES = 2,                      /* of a generation, times Luby's number, without a lower rank */
    COMMITTED_SHARE = 3,            /* a game ends when one product in so many is committed */
    REST_MIN = 4,                   /* products: with fewer left a game is over */
    OWN_BASIS_SHARE = 2,            /* one game in so many is in the tensor's own basis, */
    PLAIN_SHARE = 4,                /* starts from the plain decomposition */
    RANK_ROOM = 72,                 /* products of a completion beyond what the limits say */
};

/* A scheme of the pool in the game's basis; false when there is none. */
static bool draw_from_pool(fm_games *g, fm_products *out)
{
    return fm_pool_draw(g->pool, &g->random, out) &&
           fm_basis_take_products(&g->basis, false, g->task->coefficient_max, out);
}

static void choose_basis(fm_games *g)
{
    uint32_t steps = 0;
    if (g->generation_games > 0 && fm_random_below(&g->random, OWN_BASIS_SHARE) != 0)
        steps = 1 + fm_random_below(&g->random, g->extent[0] + g->extent[1] + g->extent[2]);
    fm_basis_draw(&g->basis, g->task->ring, g->extent, steps, &g->random);
    fm_game_copy(g->root, g->origin);
    if (!fm_basis_take_game(&g->basis, g->root)) {
        g->basis.count = 0;
        fm_game_copy(g->root, g->origin);
    }
}

/* Some schemes of the pool give their products as moves. */
static void choose_known(fm_games *g)
{
    g->known.rank = 0;
    for (int i = 0; i < KNOWN_MAX && draw_from_pool(g, &g->scratch); i++)
        for (uint32_t r = 0; r < g->scratch.rank; r++)
            fm_products_append(&g->known, fm_products_row(&g->scratch, r));
}

/* The completion of the first position, in g->scratch. */
static void choose_completion(fm_games *g)
{
    bool plain = g->generation_games > 0 && fm_random_below(&g->random, PLAIN_SHARE) == 0;
    if (!plain && draw_from_pool(g, &g->scratch))
        return;
    if (g->basis.count == 0) {
        uint64_t start = g->game % g->task->start_count;
        fm_products_assign(&g->scratch, &g->task->starts[start]);
    } else if (!fm_playout_decompose(g->plain, g->root, g->completion_max, &g->scratch)) {
        g->basis.count = 0;
        fm_game_copy(g->root, g->origin);
        fm_products_assign(&g->scratch, &g->task->starts[0]);
    }
}

/* Whether the game is for a part of the tensor. */
static bool plays_part(const fm_games *g)
{
    return g->part + 1 < g->part_count;
}

/* Begins a game whose first moves are the standard products beyond a part of the tensor: what is
   left to play for is the part. */
static void begin_part(fm_games *g)
{
    uint32_t kept = 0;
    g->basis.count = 0;
    g->known.rank = 0;
    fm_game_copy(g->root, g->origin);
    if (!draw_from_pool(g, &g->scratch))
        fm_products_assign(&g->scratch, &g->task->starts[0]);
    for (uint32_t r = 0; r < g->scratch.rank; r++) {
        int8_t *row = fm_products_row(&g->scratch, r);
        if (!fm_parts_is_beyond(g->task->tensor, g->part, row))
            memmove(fm_products_row(&g->scratch, kept++), row, fm_products_row_length(&g->scratch));
        else if (fm_game_play(g->root, row))
            fm_products_append(&g->moves, row);
    }
    g->scratch.rank = kept;
}

/* Begins the next game: of the next part until there is the whole. */
static void begin_game(fm_games *g)
{
    bool is_whole = g->game > 0 && !plays_part(g);
    g->moves.rank = 0;
    if (g->game > 0 && !is_whole)
        g->part++;
    if (is_whole && ++g->generation_games > GAMES * fm_luby(fm_pool_generation(g->pool))) {
        fm_pool_empty(g->pool);
        g->generation_games = 0;
        g->part = fm_pool_generation(g->pool) % 2 == 0 ? g->part_count - 1 : 0;
    }
    g->game++;
    g->simulations = 0;
    g->stale = 0;
    g->stale_rank = fm_pool_rank(g->pool);
    g->luby = fm_luby(g->generation_games + 1);
    if (plays_part(g)) {
        begin_part(g);
    } else {
        choose_basis(g);
        choose_known(g);
        choose_completion(g);
    }
    fm_tree_clear(g->tree, fm_games_hash(g, &g->basis, g->root), &g->scratch);
    g->quota = SIMULATIONS;
}

/* Whether the game goes on: what is left can be completed to less than what is known, and is not
   yet so little that walks alone are done with it. */
static bool is_promising(fm_games *g)
{
    fm_measures measures;
    fm_measure(g->root, &measures);
    uint32_t least = fm_measures_bound(&measures);
    return least >= REST_MIN && g->moves.rank + least < fm_pool_rank(g->pool) &&
           COMMITTED_SHARE * g->moves.rank < fm_pool_rank(g->pool);
}

/* Plays a move at the root; false when the game ends with it. */
static bool commit(fm_games *g, uint32_t child)
{
    const int8_t *move = fm_tree_move(g->tree, child);
    if (g->moves.rank + 1 >= g->moves_max || !fm_game_play(g->root, move))
        return false;
    fm_products_append(&g->moves, move);
    if (!fm_tree_completion(g->tree, child, &g->scratch)) {
        fm_tree_completion(g->tree, fm_tree_root(g->tree), &g->scratch);
        fm_completion_after(g->origin, move, &g->scratch);
    }
    if (g->scratch.rank > g->completion_max)
        return false;
    fm_tree_commit(g->tree, child);
    fm_tree_complete(g->tree, &g->scratch);
    g->quota = fm_tree_root_visits(g->tree) + SIMULATIONS;
    g->stale = fm_pool_rank(g->pool) < g->stale_rank ? 0 : g->stale + 1;
    g->stale_rank = fm_pool_rank(g->pool);
    return g->stale <= STALE_MAX;
}

void fm_games_go_on(fm_games *g)
{
    if (fm_tree_root_visits(g->tree) < g->quota && !fm_tree_is_full(g->tree))
        return;
    fm_tree_lock(g->tree);
    if (fm_tree_root_visits(g->tree) >= g->quota) {
        if (g->lessons != NULL)
            fm_lessons_learn(g->lessons, g->tree);
        uint32_t child = fm_tree_best_move(g->tree);
        if (child == FM_TREE_NONE || plays_part(g) || !commit(g, child) || !is_promising(g))
            begin_game(g);
    }
    if (fm_tree_is_full(g->tree)) {
        fm_tree_recycle(g->tree);
        if (g->lessons != NULL)
            fm_lessons_forget(g->lessons);
    }
    fm_tree_unlock(g->tree);
}

uint64_t fm_games_patience(fm_games *g)
{
    uint64_t attempts = plays_part(g) ? ATTEMPTS_IN_PART : ATTEMPTS_PER_PRODUCT * g->luby;
    return attempts * fm_luby(++g->simulations);
}

uint64_t fm_games_hash(const fm_games *g, const fm_basis *basis, const fm_game *position)
{
    const uint32_t *format = g->task->tensor->format;
    return fm_game_hash(position, basis->count == 0 && format[0] != 0, format);
}

void fm_games_put(fm_games *g, uint64_t generation, fm_random *random, const fm_products *products)
{
    if (products->rank <= g->completion_max && fm_pool_put(g->pool, generation, random, products))
        g->generation_games = 0;
}

/* ---------------------------------------------------------------- making, saving */

static void set_up_game(fm_games *g)
{
    const fm_tensor *tensor = g->task->tensor;
    g->origin = fm_game_new(g->extent, g->task->ring);
    g->root = fm_game_new(g->extent, g->task->ring);
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        int value = g->task->ring.kind == FM_RING_ZP
                        ? (int)fmpz_fdiv_ui(&entry->value, g->task->ring.p)
                        : (int)fmpz_get_si(&entry->value);
        fm_game_add(g->origin, entry->i, entry->j, entry->k, value);
    }
}

fm_games *fm_games_new(const fm_engine_task *task)
{
    fm_games *g = fm_alloc_zero(1, sizeof *g);
    uint32_t start = 0;
    for (size_t i = 0; i < task->start_count; i++)
        start = task->starts[i].rank > start ? task->starts[i].rank : start;
    g->task = task;
    memcpy(g->extent, task->tensor->extent, sizeof g->extent);
    g->completion_max = 2 * start + RANK_ROOM;
    g->moves_max = start;
    g->rank_max = g->completion_max + g->moves_max + RANK_ROOM;
    g->tree = fm_tree_new(g->extent, g->completion_max, TREE_BYTES);
    g->pool = fm_pool_new(g->extent, g->rank_max);
    fm_random_seed(&g->random, task->seed, UINT64_MAX);
    g->plain =
        fm_playout_new(g->extent, task->ring, task->coefficient_max, g->rank_max, &g->random);
    g->moves = fm_products_new(g->extent, g->rank_max);
    g->scratch = fm_products_new(g->extent, g->rank_max);
    g->known = fm_products_new(g->extent, KNOWN_MAX * g->rank_max);
    if (task->model != NULL)
        g->lessons = fm_lessons_new(task, start);
    g->part_count = task->standard ? fm_parts_count(task->tensor) : 1;
    set_up_game(g);
    begin_game(g);
    return g;
}

void fm_games_free(fm_games *g)
{
    if (g == NULL)
        return;
    fm_tree_free(g->tree);
    fm_pool_free(g->pool);
    fm_lessons_free(g->lessons);
    fm_playout_free(g->plain);
    fm_game_free(g->origin);
    fm_game_free(g->root);
    fm_products_clear(&g->moves);
    fm_products_clear(&g->scratch);
    fm_products_clear(&g->known);
    free(g);
}

/* The residual at the root follows from the basis and the committed moves. */
static void restore_root(fm_games *g, fm_state *state)
{
    fm_game_copy(g->root, g->origin);
    fm_state_require(state, fm_basis_take_game(&g->basis, g->root));
    for (uint32_t r = 0; r < g->moves.rank && !state->bad; r++)
        fm_state_require(state, fm_game_play(g->root, fm_products_row(&g->moves, r)));
}

static void counters_state(fm_games *g, fm_state *state)
{
    uint32_t quota = g->quota;
    uint64_t games = g->generation_games, simulations = g->simulations;
    FM_STATE_VALUE(state, g->random);
    FM_STATE_VALUE(state, g->game);
    FM_STATE_VALUE(state, g->part);
    fm_state_require(state, g->part < g->part_count);
    FM_STATE_VALUE(state, games);
    FM_STATE_VALUE(state, g->stale);
    FM_STATE_VALUE(state, g->stale_rank);
    FM_STATE_VALUE(state, simulations);
    FM_STATE_VALUE(state, quota);
    FM_STATE_VALUE(state, g->luby);
    g->quota = quota;
    g->generation_games = games;
    g->simulations = simulations;
}

void fm_games_state(fm_games *g, fm_state *state)
{
    fm_tree_lock(g->tree);
    counters_state(g, state);
    fm_basis_state(&g->basis, g->extent, state);
    fm_products_state(&g->moves, g->rank_max, state);
    fm_products_state(&g->known, KNOWN_MAX * g->rank_max, state);
    fm_pool_state(g->pool, state);
    if (state->restoring && !state->bad)
        restore_root(g, state);
    fm_tree_state(g->tree, state);
    if (g->lessons != NULL && !state->bad)
        fm_lessons_state(g->lessons, g->tree, state);
    fm_tree_unlock(g->tree);
}
