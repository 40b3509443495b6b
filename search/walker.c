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
    RANK_HEADROOM = MARGIN + 1,
};

struct fm_walker {
    const fm_walk_kernel *kernel;
    fm_random random;
    fm_lane lane; /* its walk, and the attempts and flips so far */
    const fm_products *starts;
    size_t start_count;
    fm_products best;

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
    uint32_t rank = walker->kernel->rank(walker->lane.walk);
    if (rank < walker->episode_best) {
        walker->episode_best = rank;
        walker->progress_at = walker->lane.attempts;
    }
    if (rank >= walker->best.rank)
        return false;
    walker->best.rank = rank;
    for (uint32_t r = 0; r < rank; r++) {
        int8_t *row = fm_products_row(&walker->best, r);
        walker->kernel->get(walker->lane.walk, r, row, row + walker->best.extent[0],
                            row + walker->best.extent[0] + walker->best.extent[1]);
    }
    return true;
}

static void load(fm_walker *walker, const fm_products *products)
{
    walker->kernel->clear(walker->lane.walk);
    for (uint32_t r = 0; r < products->rank; r++) {
        const int8_t *row = fm_products_row(products, r);
        walker->kernel->append(walker->lane.walk, row, row + products->extent[0],
                               row + products->extent[0] + products->extent[1]);
    }
    walker->kernel->reduce(walker->lane.walk);
}

static void begin_episode(fm_walker *walker)
{
    uint64_t episode = ++walker->episode;
    uint32_t bits = fm_random_below(&walker->random, 256 * (INTERVAL_BITS_MAX - INTERVAL_BITS_MIN));
    const fm_products *start = &walker->starts[(episode - 1) % walker->start_count];
    bool from_best = episode > walker->start_count && fm_random_below(&walker->random, 3) == 0;
    load(walker, from_best ? &walker->best : start);
    walker->episode_best = walker->kernel->rank(walker->lane.walk);
    /* 2^(bits / 256), linear between powers of two */
    walker->interval = ((uint64_t)(256 + bits % 256) << (bits / 256 + INTERVAL_BITS_MIN)) / 256;
    walker->patience = PATIENCE_PER_PRODUCT * (uint64_t)start->rank * luby(episode);
    walker->progress_at = walker->stir_at = walker->reduce_at = walker->lane.attempts;
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
    walker->kernel = fm_walk_kernel_for(ring, extent, rank + RANK_HEADROOM);
    assert(walker->kernel != NULL);
    walker->lane.walk = walker->kernel->new (starts->extent, rank + RANK_HEADROOM);
    fm_random_seed(&walker->random, seed, number);
    walker->lane.random = &walker->random;
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
    walker->kernel->free(walker->lane.walk);
    fm_products_clear(&walker->best);
    free(walker);
}

/* The walk has gone for an interval without progress, or cannot move: looks for a reduction that
   flips do not see, else goes up by a plus transition. */
static void stir(fm_walker *walker)
{
    walker->stir_at = walker->lane.attempts;
    if (walker->lane.attempts - walker->reduce_at >= REDUCE_INTERVAL) {
        walker->reduce_at = walker->lane.attempts;
        if (walker->kernel->reduce(walker->lane.walk))
            return;
    }
    if (walker->kernel->rank(walker->lane.walk) < walker->episode_best + MARGIN)
        walker->kernel->plus(walker->lane.walk, &walker->random);
}

/* Attempts until the walker's next decision, no more than to end. */
static uint64_t until_decision(const fm_walker *walker, uint64_t end, uint64_t flip_limit)
{
    uint64_t attempts = walker->lane.attempts, goal = end - attempts;
    uint64_t due = walker->stir_at + walker->interval;
    if (due - attempts < goal)
        goal = due - attempts;
    if (flip_limit != 0 && flip_limit - walker->lane.flips < goal)
        goal = flip_limit - walker->lane.flips;
    return goal;
}

/* What follows after some attempts; true when the best rank fell. */
static bool decide(fm_walker *walker)
{
    bool better = note_progress(walker);
    if (!better && walker->lane.attempts >= walker->stir_at + walker->interval) {
        stir(walker);
        better = note_progress(walker);
    }
    if (!better && walker->lane.attempts - walker->progress_at >= walker->patience)
        begin_episode(walker);
    return better;
}

void fm_walkers_run(fm_walker *const *walkers, unsigned count, uint64_t attempts,
                    uint64_t flip_limit, bool *better)
{
    fm_lane lanes[FM_WALKERS_TOGETHER];
    fm_walker *moving[FM_WALKERS_TOGETHER];
    uint64_t end[FM_WALKERS_TOGETHER];
    assert(count <= FM_WALKERS_TOGETHER);
    for (unsigned i = 0; i < count; i++) {
        better[i] = false;
        end[i] = walkers[i]->lane.attempts + attempts;
    }
    for (;;) {
        unsigned lane_count = 0, index[FM_WALKERS_TOGETHER];
        uint64_t goal = UINT64_MAX;
        for (unsigned i = 0; i < count; i++) {
            fm_walker *walker = walkers[i];
            while (!better[i] && walker->lane.attempts < end[i] &&
                   (flip_limit == 0 || walker->lane.flips < flip_limit)) {
                uint64_t own = until_decision(walker, end[i], flip_limit);
                if (walker->kernel->can_flip(walker->lane.walk)) {
                    goal = own < goal ? own : goal;
                    index[lane_count] = i;
                    moving[lane_count++] = walker;
                    break;
                }
                walker->lane.attempts += own; /* time passes also where nothing can move */
                better[i] = decide(walker);
            }
        }
        if (lane_count == 0)
            return;
        for (unsigned l = 0; l < lane_count; l++)
            lanes[l] = moving[l]->lane;
        moving[0]->kernel->run(lanes, lane_count, goal);
        for (unsigned l = 0; l < lane_count; l++) {
            moving[l]->lane = lanes[l];
            better[index[l]] = decide(moving[l]);
        }
    }
}

uint64_t fm_walker_flips(const fm_walker *walker)
{
    return walker->lane.flips;
}

uint32_t fm_walker_rank(const fm_walker *walker)
{
    return walker->kernel->rank(walker->lane.walk);
}

uint32_t fm_walker_best_rank(const fm_walker *walker)
{
    return walker->best.rank;
}

const fm_products *fm_walker_best(const fm_walker *walker)
{
    return &walker->best;
}
