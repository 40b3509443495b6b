#include "simulation.h"

#include "completion.h"
#include "memory.h"
#include "proposals.h"
#include "tensor.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PLAIN_LEAF_SHARE = 16, /* one new position in so many is completed by the plain decomposition */
    PROPOSAL_TRIES = 8,
    CANDIDATES = 4, /* of which the model prefers one */
    BELIEVED = 256, /* lessons: what rank a model expects that has had fewer does not count */
};
/* Of the kinds of proposals: most positions are to be such as walks can be at. */
static const double KIND_WEIGHTS[FM_PROPOSAL_KINDS] = {16, 1, 1, 4, 0.25};

/* From 0 to 1. */
static double draw_uniform(fm_random *random)
{
    return (double)(fm_random_next(random) >> 11) * 0x1p-53;
}

/* A move that may be added, and what the model has of it. */
typedef struct candidate {
    int8_t *move;
    float prior, features[FM_MOVE_FEATURES];
    uint64_t hash;
} candidate;

/* Whether the residual after a proposal can be completed to less than what is known, by the ranks of
   its flattenings. */
static bool is_promising(const fm_simulation *sim, const fm_proposal *proposal)
{
    uint32_t played = sim->aside.rank + sim->moves.rank + 1;
    return played + fm_measures_bound(&proposal->after) < fm_pool_rank(sim->games->pool);
}

/* Takes a proposal as a candidate; false when it leads to nothing better, or to where the tree has
   been. */
static bool consider(fm_simulation *sim, const fm_proposal_source *source,
                     const fm_proposal *proposal, candidate *out)
{
    const fm_games *g = sim->games;
    if (!is_promising(sim, proposal))
        return false;
    fm_game_play(sim->game, proposal->move);
    out->hash = fm_games_hash(g, &sim->basis, sim->game);
    fm_game_take_back(sim->game, proposal->move);
    out->prior = proposal->prior;
    if (fm_tree_has_seen(g->tree, out->hash))
        return false;
    if (g->lessons != NULL) {
        fm_features_of_move(proposal->move, proposal->kind, source->measures, &proposal->after,
                            source->completion, source->known, out->features);
        out->prior *= expf(fm_model_score(g->task->model, out->features));
    }
    return true;
}

/* Draws one of the moves that are proposed, by the model's preference when there is one; false when
   none was found. */
static bool draw_candidate(fm_simulation *sim, candidate *chosen)
{
    const fm_games *g = sim->games;
    fm_measures measures;
    fm_measure(sim->game, &measures);
    fm_proposal proposal = {.move = fm_alloc(fm_products_row_length(&sim->completion), 1)};
    fm_proposal_source source = {.game = sim->game,
                                 .measures = &measures,
                                 .ring = g->task->ring,
                                 .coefficient_max = g->task->coefficient_max,
                                 .completion = &sim->completion,
                                 .known = &g->known,
                                 .weights = KIND_WEIGHTS,
                                 .random = &sim->random};
    candidate next = {.move = NULL};
    uint32_t wanted = g->lessons != NULL ? CANDIDATES : 1, found = 0;
    double sum = 0;
    for (int tries = 0; tries < PROPOSAL_TRIES && found < wanted; tries++) {
        if (!fm_propose(&source, &proposal) || !consider(sim, &source, &proposal, &next))
            continue;
        double share = next.prior / proposal.prior;
        sum += share;
        if (found++ == 0 || draw_uniform(&sim->random) * sum < share) {
            memcpy(chosen->move, proposal.move, fm_products_row_length(&sim->completion));
            next.move = chosen->move;
            *chosen = next;
        }
    }
    free(proposal.move);
    return found > 0;
}

/* Adds a child to the node at the end of the path, whose claim the walker has; FM_TREE_NONE when
   none was found. */
static uint32_t add_child(fm_simulation *sim)
{
    fm_games *g = sim->games;
    uint32_t node = fm_tree_end(&sim->path), added = FM_TREE_NONE;
    candidate chosen = {.move = fm_alloc(fm_products_row_length(&sim->completion), 1)};
    if (draw_candidate(sim, &chosen))
        added = fm_tree_add(g->tree, node, chosen.move, chosen.prior, chosen.hash);
    else
        fm_tree_add_none(g->tree, node);
    if (added != FM_TREE_NONE && g->lessons != NULL && sim->path.length == 1)
        fm_lessons_note_move(g->lessons, added, chosen.features);
    free(chosen.move);
    return added;
}

/* Goes on to a child, and to its completion. */
static void descend(fm_simulation *sim, uint32_t child)
{
    fm_games *g = sim->games;
    const int8_t *move = fm_tree_move(g->tree, child);
    bool played = fm_game_play(sim->game, move);
    assert(played);
    (void)played;
    fm_products_append(&sim->moves, move);
    fm_tree_descend(g->tree, &sim->path, child);
    if (!fm_tree_completion(g->tree, child, &sim->completion))
        fm_completion_after(sim->game, move, &sim->completion);
}

/* A position is to be played out: what rank the model expects of it. */
static void expect(fm_simulation *sim, bool is_new)
{
    fm_games *g = sim->games;
    const fm_model *model = g->task->model;
    fm_measures measures;
    fm_measure(sim->game, &measures);
    fm_features_of_position(&measures, &sim->completion, sim->position);
    if (is_new && fm_model_lessons(model) >= BELIEVED)
        fm_tree_expect(
            g->tree, fm_tree_end(&sim->path),
            (float)(sim->aside.rank + sim->moves.rank) +
                fmaxf((float)fm_measures_bound(&measures), fm_model_rank(model, sim->position)));
}

/* Down the tree to a position to be played out. */
static void go_down(fm_simulation *sim)
{
    fm_games *g = sim->games;
    uint32_t child = FM_TREE_NONE;
    bool is_new = false;
    sim->basis = g->basis;
    sim->generation = fm_pool_generation(g->pool);
    fm_products_assign(&sim->aside, &g->moves);
    sim->moves.rank = 0;
    fm_game_copy(sim->game, g->root);
    fm_tree_start(g->tree, &sim->path);
    fm_tree_completion(g->tree, fm_tree_end(&sim->path), &sim->completion);
    while (!is_new && sim->aside.rank + sim->moves.rank < g->moves_max &&
           sim->completion.rank < g->completion_max) {
        uint32_t node = fm_tree_end(&sim->path);
        child = fm_tree_claim(g->tree, node) ? add_child(sim) : FM_TREE_NONE;
        is_new = child != FM_TREE_NONE;
        if (!is_new)
            child = fm_tree_select(g->tree, node);
        if (child == FM_TREE_NONE)
            break;
        descend(sim, child);
    }
    if (g->lessons != NULL)
        expect(sim, is_new);
    if (fm_game_is_over(sim->game)) {
        sim->completion.rank = 0;
    } else if (is_new && fm_random_below(&sim->random, PLAIN_LEAF_SHARE) == 0) {
        fm_products plain = fm_products_new(g->extent, g->completion_max);
        if (fm_playout_decompose(sim->playout, sim->game, g->completion_max, &plain))
            fm_products_assign(&sim->completion, &plain);
        fm_products_clear(&plain);
    }
}

void fm_simulation_begin(fm_simulation *sim)
{
    fm_games *g = sim->games;
    fm_games_go_on(g);
    fm_tree_enter(g->tree);
    go_down(sim);
    uint64_t attempts = fm_games_patience(g);
    fm_tree_leave(g->tree);
    fm_playout_begin(sim->playout, &sim->aside, &sim->moves, &sim->completion,
                     attempts * sim->completion.rank,
                     attempts * (sim->moves.rank + sim->completion.rank));
    sim->plays = true;
}

/* Offers what a playout found, in its game's basis, to the pool; true when it is the walker's
   best. */
static bool offer(fm_simulation *sim, const fm_products *found)
{
    fm_games *g = sim->games;
    uint32_t rank = sim->aside.rank + found->rank;
    sim->offers = false;
    if (rank > fm_pool_rank(g->pool) && rank >= sim->best.rank)
        return false;
    fm_products *own = &sim->completion;
    fm_products_assign(own, found);
    for (uint32_t r = 0; r < sim->aside.rank; r++)
        fm_products_append(own, fm_products_row(&sim->aside, r));
    if (!fm_basis_take_products(&sim->basis, true, g->task->coefficient_max, own))
        return false;
    sim->offers = true;
    fm_games_put(g, sim->generation, &sim->random, own);
    if (own->rank >= sim->best.rank)
        return false;
    fm_products_assign(&sim->best, own);
    return true;
}

bool fm_simulation_end(fm_simulation *sim)
{
    fm_games *g = sim->games;
    const fm_products *whole = fm_playout_whole(sim->playout);
    sim->plays = false;
    fm_tree_enter(g->tree);
    fm_tree_store(g->tree, &sim->path, sim->path.length - 1, fm_playout_residual(sim->playout));
    fm_tree_store(g->tree, &sim->path, 0, whole);
    fm_tree_backup(g->tree, &sim->path, sim->aside.rank + whole->rank);
    if (g->lessons != NULL && whole->rank > sim->moves.rank)
        fm_lessons_note_rank(g->lessons, sim->position, whole->rank - sim->moves.rank);
    fm_tree_leave(g->tree);
    return offer(sim, whole);
}

const fm_products *fm_simulation_offered(const fm_simulation *sim)
{
    return sim->offers ? &sim->completion : NULL;
}

/* ---------------------------------------------------------------- making, saving */

fm_simulation *fm_simulation_new(fm_games *g, uint64_t number)
{
    const fm_engine_task *task = g->task;
    fm_simulation *sim = fm_alloc_zero(1, sizeof *sim);
    sim->games = g;
    fm_random_seed(&sim->random, task->seed, number);
    sim->playout =
        fm_playout_new(g->extent, task->ring, task->coefficient_max, g->rank_max, &sim->random);
    sim->game = fm_game_new(g->extent, task->ring);
    sim->aside = fm_products_new(g->extent, g->rank_max);
    sim->moves = fm_products_new(g->extent, g->rank_max);
    sim->completion = fm_products_new(g->extent, g->rank_max);
    sim->best = fm_products_new(g->extent, g->rank_max);
    for (size_t i = 0; i < task->start_count; i++)
        if (i == 0 || task->starts[i].rank < sim->best.rank)
            fm_products_assign(&sim->best, &task->starts[i]);
    return sim;
}

void fm_simulation_free(fm_simulation *sim)
{
    fm_playout_free(sim->playout);
    fm_game_free(sim->game);
    fm_tree_path_clear(&sim->path);
    fm_products_clear(&sim->aside);
    fm_products_clear(&sim->moves);
    fm_products_clear(&sim->completion);
    fm_products_clear(&sim->best);
    free(sim);
}

void fm_simulation_state(fm_simulation *sim, fm_state *state)
{
    fm_games *g = sim->games;
    FM_STATE_VALUE(state, sim->random);
    FM_STATE_VALUE(state, sim->generation);
    FM_STATE_VALUE(state, sim->plays);
    FM_STATE_VALUE(state, sim->position);
    fm_basis_state(&sim->basis, g->extent, state);
    fm_products_state(&sim->aside, g->rank_max, state);
    fm_products_state(&sim->moves, g->rank_max, state);
    fm_products_state(&sim->best, g->rank_max, state);
    fm_playout_state(sim->playout, state);
    fm_tree_path_state(g->tree, &sim->path, state);
}
