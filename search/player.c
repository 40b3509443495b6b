#include "player.h"

#include "memory.h"
#include "tensor.h"
#include "ternary.h"

#include <stdlib.h>

enum {
    OWN = 0,
    OVER_F2 = 1,
    /* Standard schemes of higher ranks are not played over f2: lifts would take too long. */
    LIFT_RANK_MAX = 216,
    /* Attempted flips from a lift that failed to the next; twice as many after each, so often. */
    LIFT_PAUSE = 1 << 16,
    LIFT_PAUSE_DOUBLINGS = 5,
};

static fm_games *new_games_over_f2(fm_match *match, const fm_engine_task *task)
{
    fm_products *starts = fm_alloc(task->start_count, sizeof *starts);
    for (size_t s = 0; s < task->start_count; s++) {
        starts[s] = fm_products_copy(&task->starts[s]);
        fm_products_take_modulo_2(&starts[s]);
    }
    match->task_over_f2 = *task;
    match->task_over_f2.ring = (fm_ring){FM_RING_ZP, 2};
    match->task_over_f2.model = NULL;
    match->task_over_f2.coefficient_max = 1;
    match->task_over_f2.starts = starts;
    return fm_games_new(&match->task_over_f2);
}

/* Whether what is found over f2 may have lifts to zt: hardly where entries are larger. */
static bool has_lifts(const fm_engine_task *task)
{
    for (size_t e = 0; e < task->tensor->entry_count; e++)
        if (!fmpz_is_pm1(&task->tensor->entries[e].value))
            return false;
    for (size_t s = 0; s < task->start_count; s++)
        if (task->starts[s].rank > LIFT_RANK_MAX)
            return false;
    return task->ring.kind != FM_RING_ZP;
}

fm_match *fm_match_new(const fm_engine_task *task)
{
    fm_match *match = fm_alloc_zero(1, sizeof *match);
    match->own = fm_games_new(task);
    if (has_lifts(task))
        match->over_f2 = new_games_over_f2(match, task);
    return match;
}

void fm_match_free(fm_match *match)
{
    if (match == NULL)
        return;
    fm_games_free(match->own);
    fm_games_free(match->over_f2);
    for (size_t s = 0; match->over_f2 != NULL && s < match->task_over_f2.start_count; s++)
        fm_products_clear((fm_products *)&match->task_over_f2.starts[s]);
    free((void *)match->task_over_f2.starts);
    free(match);
}

static void put(fm_games *games, fm_random *random, const fm_products *products)
{
    fm_games_put(games, fm_pool_generation(games->pool), random, products);
}

void fm_match_put(fm_match *match, fm_random *random, const fm_products *products)
{
    put(match->own, random, products);
    if (match->over_f2 == NULL)
        return;
    fm_products modulo_2 = fm_products_copy(products);
    fm_products_take_modulo_2(&modulo_2);
    put(match->over_f2, random, &modulo_2);
    fm_products_clear(&modulo_2);
}

void fm_match_state(fm_match *match, fm_state *state)
{
    fm_games_state(match->own, state);
    if (match->over_f2 != NULL && !state->bad)
        fm_games_state(match->over_f2, state);
}

/* ---------------------------------------------------------------- players */

fm_player *fm_player_new(fm_match *match, uint64_t number)
{
    fm_player *player = fm_alloc_zero(1, sizeof *player);
    player->match = match;
    player->simulations[OWN] = fm_simulation_new(match->own, number);
    if (match->over_f2 != NULL) {
        player->simulations[OVER_F2] = fm_simulation_new(match->over_f2, ~number);
        player->now = OVER_F2;
    }
    return player;
}

void fm_player_free(fm_player *player)
{
    fm_simulation_free(player->simulations[OWN]);
    if (player->simulations[OVER_F2] != NULL)
        fm_simulation_free(player->simulations[OVER_F2]);
    free(player);
}

fm_simulation *fm_player_now(const fm_player *player)
{
    return player->simulations[player->now];
}

const fm_products *fm_player_best(const fm_player *player)
{
    return &player->simulations[OWN]->best;
}

/* Lifts a scheme over f2 of a rank that the games over zt or z have not got to, unless that failed too
   often of late; true when it is the player's best. */
static bool lift(fm_player *player, const fm_products *found)
{
    fm_games *games = player->match->own;
    fm_simulation *own = player->simulations[OWN];
    uint64_t attempts = fm_playout_lane(fm_player_now(player)->playout)->attempts;
    if (found->rank >= fm_pool_rank(games->pool) || attempts < player->lift_after)
        return false;
    fm_products lifted = fm_products_copy(found);
    bool has_lift = fm_products_lift(&lifted, games->task->tensor, &own->random);
    bool is_better = has_lift && lifted.rank < own->best.rank;
    if (has_lift) {
        put(games, &own->random, &lifted);
        player->lift_fails = 0;
    } else {
        uint64_t pause = LIFT_PAUSE + fm_products_lift_pause(found);
        player->lift_after = attempts + (pause << player->lift_fails);
        player->lift_fails += player->lift_fails < LIFT_PAUSE_DOUBLINGS;
    }
    if (is_better)
        fm_products_assign(&own->best, &lifted);
    fm_products_clear(&lifted);
    return is_better;
}

/* Gives the turn to the other simulation, with what was done so far. */
static void give_turn(fm_player *player)
{
    if (player->simulations[OVER_F2] == NULL)
        return;
    const fm_lane *from = fm_playout_lane(fm_player_now(player)->playout);
    player->now = player->now == OWN ? OVER_F2 : OWN;
    fm_lane *to = fm_playout_lane(fm_player_now(player)->playout);
    to->attempts = from->attempts;
    to->flips = from->flips;
}

bool fm_player_end(fm_player *player)
{
    fm_simulation *now = fm_player_now(player);
    bool is_better = fm_simulation_end(now);
    const fm_products *offered = fm_simulation_offered(now);
    if (player->now == OVER_F2)
        is_better = offered != NULL && lift(player, offered);
    else if (is_better && player->match->over_f2 != NULL)
        fm_match_put(player->match, &now->random, &now->best);
    give_turn(player);
    return is_better;
}

void fm_player_state(fm_player *player, fm_state *state)
{
    FM_STATE_VALUE(state, player->now);
    FM_STATE_VALUE(state, player->lift_after);
    FM_STATE_VALUE(state, player->lift_fails);
    fm_state_require(state, player->now <= OVER_F2 && player->simulations[player->now] != NULL &&
                                player->lift_fails <= LIFT_PAUSE_DOUBLINGS);
    if (state->bad)
        player->now = OWN;
    for (int s = OWN; s <= OVER_F2 && !state->bad; s++)
        if (player->simulations[s] != NULL)
            fm_simulation_state(player->simulations[s], state);
}
