/* A walker: one random walk with its own scheme, random stream and strategy.

   What a walker does depends only on its starting schemes, seed and number: not on the other
   walkers, on threads, or on how its work is cut into slices. */
#ifndef FM_WALKER_H
#define FM_WALKER_H

#include "products.h"

typedef struct fm_walker fm_walker;

/* A walker that starts from each of count schemes in turn (at least one; they must outlive it), all
   of one shape with extents up to FM_WALK_EXTENT_MAX and ranks below FM_WALK_RANK_MAX - 16. Draws
   from random stream number of seed. */
fm_walker *fm_walker_new(const fm_products *starts, size_t count, fm_ring ring, uint64_t seed,
                         uint64_t number);
void fm_walker_free(fm_walker *walker);

/* The most walkers that fm_walkers_run takes: as many hide each other's latency. */
#define FM_WALKERS_TOGETHER 4

/* Walks on with up to FM_WALKERS_TOGETHER walkers of one search side by side, each for a number of
   attempted flips, or until it has made flip_limit flips since it was made (0: no limit), or its
   best rank fell; better[i] says whether it did. */
void fm_walkers_run(fm_walker *const *walkers, unsigned count, uint64_t attempts,
                    uint64_t flip_limit, bool *better);

/* Moves that changed the scheme so far: flips only; the reductions and plus transitions are few. */
uint64_t fm_walker_flips(const fm_walker *walker);
uint32_t fm_walker_rank(const fm_walker *walker);
uint32_t fm_walker_best_rank(const fm_walker *walker);
/* The best scheme so far, as it was when its rank was first reached. Belongs to the walker. */
const fm_products *fm_walker_best(const fm_walker *walker);

#endif
