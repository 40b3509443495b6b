/* A playout that finishes: from a position of the game (game.h) to a whole scheme.

   The residual's own products are polished first, by a walk on the flip graph of the residual
   alone: the moves that led to it stand aside. Then these come back, and the walk goes on with the
   whole scheme. What both come to is the worth of the position. A walk climbs as a walker's does
   (walker.h): by a plus transition whenever it has gone for an interval without progress. */
#ifndef FM_PLAYOUT_H
#define FM_PLAYOUT_H

#include "game.h"
#include "products.h"
#include "state.h"
#include "walk.h"

typedef struct fm_playout fm_playout;

/* For schemes of up to rank_max products over f2, f3, zt, or z with coefficients from
   -coefficient_max to that, which is 1 elsewhere. */
fm_playout *fm_playout_new(const uint32_t extent[3], fm_ring ring, int coefficient_max,
                           uint32_t rank_max, fm_random *random);
void fm_playout_free(fm_playout *playout);

/* The plain decomposition: the residual's fibres along one axis, those that share an index summed
   up by what is linearly dependent. False when there are more than rank_max, for which out has
   room. */
bool fm_playout_decompose(fm_playout *playout, const fm_game *game, uint32_t rank_max,
                          fm_products *out);

/* Begins: moves lead to the residual, completion sums to it; what stands aside, does to the end,
   and only counts. Each of the two walks ends after so many attempted flips without a lower rank;
   when there are no moves, there is only the first. */
void fm_playout_begin(fm_playout *playout, const fm_products *aside, const fm_products *moves,
                      const fm_products *completion, uint64_t residual_attempts,
                      uint64_t whole_attempts);

/* Attempts until its next decision, while it goes on. */
uint64_t fm_playout_due(const fm_playout *playout);
/* Its walk, and the attempts and flips so far. */
fm_lane *fm_playout_lane(fm_playout *playout);
const fm_walk_kernel *fm_playout_kernel(const fm_playout *playout);
/* After some attempts, no more than due: what follows. False when it has ended. */
bool fm_playout_decide(fm_playout *playout);

/* The rank of the scheme that walks now, with what stands aside. */
uint32_t fm_playout_rank_now(const fm_playout *playout);
/* When it has ended: the best completion of the residual, and the best of moves and residual. */
const fm_products *fm_playout_residual(const fm_playout *playout);
const fm_products *fm_playout_whole(const fm_playout *playout);

void fm_playout_state(fm_playout *playout, fm_state *state);

#endif
