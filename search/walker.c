#include "walker.h"

#include "memory.h"
#include "walk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Strategy. A walk goes on in episodes. Each starts from a starting scheme, or from the walker's
   best one, and ends when it has found nothing better for a while (its patience). Within an
   episode, a plus transition follows whenever the walk has gone for an interval without progress,
   as long as the rank stays below the episode's best plus a margin. No interval is right for all:
   over f2, 4x4x4:47 wants a few hundred flips and 5x5x5 tens of thousands, so each episode draws
   its own from a wide range, and patience follows Luby's sequence (Luby, Sinclair and Zuckerman
   1993), which is at most a logarithmic factor from the best restart times. */
enum {
    INTERVAL_BITS_MIN = 8,  /* intervals from 2^8 ... */
    INTERVAL_BITS_MAX = 17, /* ... to 2^17 attempted flips, logarithmically uniform */
    MARGIN = 2,
    PATIENCE_PER_PRODUCT = 1 << 17, /* times the rank of the starting scheme and Luby's number */
    REDUCE_INTERVAL = 1 << 14,      /* linear dependence is not looked for more often */
    RANK_HEADROOM = 16,
};

struct fm_walker {
    const fm_walk_kernel *kernel;
    fm_walk *walk;
    fm_random random;
    const fm_products *starts;
    size_t start_count;
    fm_products best;
    uint64_t flips, attempts; /* so far */

    uint64_t episode; /* counts from 1 */
    uint32_t episode_best;
    uint64_t interval, patience;              /* of this episode, in attempts */
    uint64_t progress_at, stir_at, reduce_at; /* attempts when last so */
};

/* The k-th number of Luby's sequence 1 1 2 1 1 2 4 ..., k from 1. */
static uint64_t luby(uint64_t k)
{
    for (;;) {
        uint64_t power = 1;
        while (2 * power - 1 < k)
            power *= 2;
        if (2 * power - 1 == k)
            return power;
        k -= power - 1;
    }
}

/* Remembers the scheme when it is the walker's best. */
static bool note_progress(fm_walker *walker)
{
    uint32_t rank = walker->kernel->rank(walker->walk);
    if (rank < walker->episode_best) {
        walker->episode_best = rank;
        walker->progress_at = walker->attempts;
    }
    if (rank >= walker->best.rank)
        return false;
    walker->best.rank = rank;
    for (uint32_t r = 0; r < rank; r++) {
        int8_t *row = fm_products_row(&walker->best, r);
        walker->kernel->get(walker->walk, r, row, row + walker->best.extent[0],
                            row + walker->best.extent[0] + walker->best.extent[1]);
    }
    return true;
}

static void load(fm_walker *walker, const fm_products *products)
{
    walker->kernel->clear(walker->walk);
    for (uint32_t r = 0; r < products->rank; r++) {
        const int8_t *row = fm_products_row(products, r);
        walker->kernel->append(walker->walk, row, row + products->extent[0],
                               row + products->extent[0] + products->extent[1]);
    }
    walker->kernel->reduce(walker->walk);
}

static void begin_episode(fm_walker *walker)
{
    uint64_t episode = ++walker->episode;
    uint32_t bits = fm_random_below(&walker->random, 256 * (INTERVAL_BITS_MAX - INTERVAL_BITS_MIN));
    const fm_products *start = &walker->starts[(episode - 1) % walker->start_count];
    bool from_best = episode > walker->start_count && fm_random_below(&walker->random, 3) == 0;
    load(walker, from_best ? &walker->best : start);
    walker->episode_best = walker->kernel->rank(walker->walk);
    /* 2^(bits / 256), linear between powers of two */
    walker->interval = ((uint64_t)(256 + bits % 256) << (bits / 256 + INTERVAL_BITS_MIN)) / 256;
    walker->patience = PATIENCE_PER_PRODUCT * (uint64_t)start->rank * luby(episode);
    walker->progress_at = walker->stir_at = walker->reduce_at = walker->attempts;
}

fm_walker *fm_walker_new(const fm_products *starts, size_t count, fm_ring ring, uint64_t seed,
                         uint64_t number)
{
    assert(count > 0);
    uint32_t extent = 0, rank = 0;
    for (int axis = 0; axis < 3; axis++)
        extent = starts->extent[axis] > extent ? starts->extent[axis] : extent;
    for (size_t s = 0; s < count; s++)
        rank = starts[s].rank > rank ? starts[s].rank : rank;
    fm_walker *walker = fm_alloc_zero(1, sizeof *walker);
    walker->kernel = fm_walk_kernel_for(ring, extent);
    assert(walker->kernel != NULL);
    walker->walk = walker->kernel->new (starts->extent, rank + RANK_HEADROOM);
    fm_random_seed(&walker->random, seed, number);
    walker->starts = starts;
    walker->start_count = count;
    walker->best = starts[0];
    walker->best.rank = rank + 1; /* any start is better */
    size_t row = (size_t)starts->extent[0] + starts->extent[1] + starts->extent[2];
    walker->best.coefficients = fm_alloc(rank, row);
    begin_episode(walker);
    note_progress(walker);
    return walker;
}

void fm_walker_free(fm_walker *walker)
{
    if (walker == NULL)
        return;
    walker->kernel->free(walker->walk);
    fm_products_clear(&walker->best);
    free(walker);
}

/* The walk has gone for an interval without progress, or cannot move: looks for a reduction that
   flips do not see, else goes up by a plus transition. */
static void stir(fm_walker *walker)
{
    walker->stir_at = walker->attempts;
    if (walker->attempts - walker->reduce_at >= REDUCE_INTERVAL) {
        walker->reduce_at = walker->attempts;
        if (walker->kernel->reduce(walker->walk))
            return;
    }
    if (walker->kernel->rank(walker->walk) < walker->episode_best + MARGIN)
        walker->kernel->plus(walker->walk, &walker->random);
}

bool fm_walker_run(fm_walker *walker, uint64_t attempts, uint64_t flip_limit)
{
    uint64_t end = walker->attempts + attempts;
    while (walker->attempts < end && (flip_limit == 0 || walker->flips < flip_limit)) {
        uint64_t goal = end - walker->attempts, due = walker->stir_at + walker->interval;
        if (due - walker->attempts < goal)
            goal = due - walker->attempts;
        if (flip_limit != 0 && flip_limit - walker->flips < goal)
            goal = flip_limit - walker->flips;
        uint32_t before = walker->kernel->rank(walker->walk);
        uint64_t done = walker->kernel->run(walker->walk, &walker->random, goal, &walker->flips);
        bool fell = walker->kernel->rank(walker->walk) < before;
        bool stuck = done < goal && !fell;
        walker->attempts += stuck ? goal : done; /* time passes also where nothing can move */
        if (note_progress(walker))
            return true;
        if (walker->attempts >= due) {
            stir(walker);
            if (note_progress(walker))
                return true;
        }
        if (walker->attempts - walker->progress_at >= walker->patience)
            begin_episode(walker);
    }
    return false;
}

uint64_t fm_walker_flips(const fm_walker *walker)
{
    return walker->flips;
}

uint32_t fm_walker_rank(const fm_walker *walker)
{
    return walker->kernel->rank(walker->walk);
}

uint32_t fm_walker_best_rank(const fm_walker *walker)
{
    return walker->best.rank;
}

const fm_products *fm_walker_best(const fm_walker *walker)
{
    return &walker->best;
}
