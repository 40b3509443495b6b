/* The games of a tree search, one at a time for all threads, in one tree.

   A game is played in a basis of the tensor; its first position has a completion, the plain
   decomposition or a scheme that an earlier game has found. When the root has had so many
   simulations, its most visited move is committed, and the game goes on from there, until a third of
   the products is committed or what is left cannot be completed to less than what is known. The
   first games are for parts of the tensor (parts.h): from the standard scheme of the whole, walks do
   not come as far. The best schemes go to a pool, from which later games start and take moves; when
   the pool has led nowhere for a number of games that follows Luby's sequence, it is emptied and the
   parts come again. */
#ifndef FM_GAMES_H
#define FM_GAMES_H

#include "basis.h"
#include "engine.h"
#include "game.h"
#include "lessons.h"
#include "playout.h"
#include "pool.h"
#include "tree.h"

/* The game that is played changes only with the tree locked: who reads it is between fm_tree_enter
   and fm_tree_leave. */
typedef struct fm_games {
    const fm_engine_task *task;
    uint32_t extent[3];
    uint32_t moves_max, completion_max, rank_max; /* of committed and other moves; of both */
    fm_tree *tree;
    fm_pool *pool;
    fm_lessons *lessons; /* NULL without a model */
    fm_basis basis;
    fm_game *origin, *root;            /* the tensor, and what is left of it at the root */
    fm_products moves, known, scratch; /* committed moves; products of schemes, in this basis */

    fm_playout *plain; /* for decompositions */
    fm_random random;
    uint64_t game;                     /* how many so far */
    _Atomic uint64_t generation_games; /* since the generation's last success */
    uint64_t luby;                     /* of the game */
    uint32_t stale;                    /* moves committed since the rank fell */
    uint32_t stale_rank;               /* of the pool, when last looked at */
    uint32_t part, part_count;         /* of the tensor that the game is for */
    _Atomic uint32_t quota;            /* visits of the root for the next move */
    _Atomic uint64_t simulations;      /* begun in the game */
} fm_games;

fm_games *fm_games_new(const fm_engine_task *task);
void fm_games_free(fm_games *games);

/* Before a simulation, outside of the tree: makes room in it, commits a move, ends the game and
   begins the next, as it is due. */
void fm_games_go_on(fm_games *games);
/* Counts a simulation that begins: after how many attempts without a lower rank its walks end, for
   each product. Inside of the tree. */
uint64_t fm_games_patience(fm_games *games);
/* The hash of a position in a basis: in the tensor's own, the same for images under its symmetries. */
uint64_t fm_games_hash(const fm_games *games, const fm_basis *basis, const fm_game *position);
/* Offers a scheme, in the tensor's own basis, that was begun in a generation of the pool. */
void fm_games_put(fm_games *games, uint64_t generation, fm_random *random,
                  const fm_products *products);

void fm_games_state(fm_games *games, fm_state *state);

#endif
