/* A walker: one random walk with its own scheme, random stream and strategy.

   What a walker does depends only on its ladders, seed and number, and on what other walkers put
   into the same ladders: not on threads or on how its work is cut into slices. */
#ifndef FM_WALKER_H
#define FM_WALKER_H

#include "ladder.h"
#include "state.h"

typedef struct fm_walker fm_walker;

/* A walker for schemes over a ring, of extents up to FM_WALK_EXTENT_MAX and ranks below
   FM_WALK_RANK_MAX - 16. Draws from random stream number of seed. Over zt it may have a second ladder,
   made alike but over f2 (or NULL): it then walks there too and lifts what it finds. The ladders
   outlive it. Where collect is not 0, every scheme of the whole tensor of that rank or less counts as
   better than what there was, when it is first reached and whenever the walk has gone on from it for
   a while. */
fm_walker *fm_walker_new(fm_ladder *ladder, fm_ladder *over_f2, fm_ring ring,
                         fm_objective objective, uint32_t collect, uint64_t seed, uint64_t number);
void fm_walker_free(fm_walker *walker);

/* The largest rank of a standard scheme for which lifts do not take too long: beyond, a second ladder
   leads nowhere. */
#define FM_WALKER_LIFT_RANK_MAX 216

/* The most walkers that fm_walkers_run takes: as many hide each other's latency. */
#define FM_WALKERS_TOGETHER 4

/* Walks on with up to FM_WALKERS_TOGETHER walkers of one search side by side, each for a number of
   attempted flips, or until it has made flip_limit flips since it was made (0: no limit), or it has
   a better scheme; better[i] says whether it has. */
void fm_walkers_run(fm_walker *const *walkers, unsigned count, uint64_t attempts,
                    uint64_t flip_limit, bool *better);

/* Moves that changed the scheme so far: flips only; the reductions and plus transitions are few. */
uint64_t fm_walker_flips(const fm_walker *walker);
/* The rank of its scheme, with the standard products of what it has not come to yet. */
uint32_t fm_walker_rank(const fm_walker *walker);
/* The rank of the best scheme so far in the high 32 bits, what the objective makes of it in the low
   ones: less is better. */
uint64_t fm_walker_best_score(const fm_walker *walker);
/* The best scheme so far. Freed with fm_products_clear. */
fm_products fm_walker_best(const fm_walker *walker);

/* Saves or restores it; it is made alike, and its ladder restored too. It then goes on exactly as it
   would have. */
void fm_walker_state(fm_walker *walker, fm_state *state);

#endif
