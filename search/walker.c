#include "walker.h"

#include "luby.h"
#include "memory.h"
#include "walk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Strategy. A walk goes on in episodes. Each starts from a starting scheme, or from the walker's
   best one, and ends when it has found nothing better for a while (its patience, which follows
   Luby's sequence: Luby, Sinclair and Zuckerman 1993, at most a logarithmic factor from the best
   restart times). There are two ways to go about an episode:
   - a climb walks on and on, with a plus transition whenever it has gone for an interval without
     progress, as long as the rank stays below the episode's best plus a margin;
   - a descent walks short paths, each from the same scheme, the best of the episode, half of them
     with a plus transition first. Long walks end where few products share a factor and stay there;
     where they begin, from the standard scheme above all, many do. So a descent also prefers,
     among schemes of equal rank, the one with more flips.
   No way and no interval is right for all: over f2, 4x4x4:47 wants climbs with plus transitions every
   thousand flips, and 5x5x5 wants descents (after 10^8 flips: rank 108 to 112, climbs 117 and
   more). Each walker tries them all and learns from the ranks that they reach. */
enum way { CLIMB_SHORT, CLIMB_MIDDLE, CLIMB_LONG, DESCENT, WAY_COUNT };

enum {
    /* Intervals of the climbs, 2^8 ... 2^11, 2^11 ... 2^14, 2^14 ... 2^17 attempted flips. */
    INTERVAL_BITS_MIN = 8,
    INTERVAL_BITS_SPAN = 3,
    MARGIN_MIN = 2,
    MARGIN_MAX = 4,
    PATH = 10000,                   /* attempts of a descent's path, times Luby's number */
    LOOK_INTERVAL = 2000,           /* attempts between looks at the number of flips, at least */
    PATIENCE_PER_PRODUCT = 1 << 17, /* times the rank of the starting scheme and Luby's number */
    REDUCE_INTERVAL = 1 << 14,      /* linear dependence is not looked for more often */
    RANK_HEADROOM = MARGIN_MAX + 1,
};

/* What a walker has learnt of a way to go. */
typedef struct experience {
    uint64_t episodes, ranks; /* the sum of the ranks that they reached */
} experience;

struct fm_walker {
    const fm_walk_kernel *kernel;
    fm_random random;
    fm_lane lane; /* its walk, and the attempts and flips so far */
    const fm_products *starts;
    size_t start_count;
    fm_products best;

    uint64_t episode; /* counts from 1 */
    enum way way;
    experience experience[WAY_COUNT];
    uint32_t episode_best;
    uint64_t patience;               /* of this episode, in attempts */
    uint64_t progress_at, reduce_at; /* attempts when last so */
    uint64_t due;                    /* attempts at the next decision */

    uint32_t margin; /* of a climb */
    uint64_t interval;

    fm_products base; /* of a descent: where its paths begin */
    uint64_t base_flips, path, path_end;
};

static void save(const fm_walker *walker, fm_products *products)
{
    const uint32_t *extent = products->extent;
    products->rank = walker->kernel->rank(walker->lane.walk);
    for (uint32_t r = 0; r < products->rank; r++) {
        int8_t *row = fm_products_row(products, r);
        walker->kernel->get(walker->lane.walk, r, row, row + extent[0],
                            row + extent[0] + extent[1]);
    }
}

static void load(fm_walker *walker, const fm_products *products)
{
    walker->kernel->clear(walker->lane.walk);
    for (uint32_t r = 0; r < products->rank; r++) {
        const int8_t *row = fm_products_row(products, r);
        walker->kernel->append(walker->lane.walk, row, row + products->extent[0],
                               row + products->extent[0] + products->extent[1]);
    }
}

/* ---------------------------------------------------------------- descents */

static void look_again(fm_walker *walker)
{
    uint64_t interval = 8 * (uint64_t)walker->base.rank;
    interval = interval > LOOK_INTERVAL ? interval : LOOK_INTERVAL;
    walker->due = walker->lane.attempts + interval;
    walker->due = walker->due < walker->path_end ? walker->due : walker->path_end;
}

static void begin_path(fm_walker *walker)
{
    walker->path_end = walker->lane.attempts + PATH * fm_luby(++walker->path);
    load(walker, &walker->base);
    if (fm_random_below(&walker->random, 2) == 0)
        walker->kernel->plus(walker->lane.walk, &walker->random);
    look_again(walker);
}

/* The walk's scheme becomes the one that paths begin from. */
static void set_base(fm_walker *walker)
{
    save(walker, &walker->base);
    walker->base_flips = walker->kernel->flip_count(walker->lane.walk);
}

static void look(fm_walker *walker)
{
    if (walker->kernel->rank(walker->lane.walk) == walker->base.rank &&
        walker->kernel->flip_count(walker->lane.walk) > walker->base_flips)
        set_base(walker);
    if (walker->lane.attempts >= walker->path_end)
        begin_path(walker);
    else
        look_again(walker);
}

/* ---------------------------------------------------------------- climbs */

/* The walk has gone for an interval: looks for a reduction that flips do not see, else goes up by a
   plus transition. */
static void stir(fm_walker *walker)
{
    walker->due = walker->lane.attempts + walker->interval;
    if (walker->lane.attempts - walker->reduce_at >= REDUCE_INTERVAL) {
        walker->reduce_at = walker->lane.attempts;
        if (walker->kernel->reduce(walker->lane.walk))
            return;
    }
    if (walker->kernel->rank(walker->lane.walk) < walker->episode_best + walker->margin)
        walker->kernel->plus(walker->lane.walk, &walker->random);
}

/* ---------------------------------------------------------------- episodes */

/* Remembers the scheme when it is the episode's or the walker's best; true when the walker's. */
static bool note_progress(fm_walker *walker)
{
    uint32_t rank = walker->kernel->rank(walker->lane.walk);
    if (rank < walker->episode_best) {
        walker->episode_best = rank;
        walker->progress_at = walker->lane.attempts;
        if (walker->way == DESCENT) {
            set_base(walker);
            walker->path = 0; /* and this path goes on */
        }
    }
    if (rank >= walker->best.rank)
        return false;
    save(walker, &walker->best);
    return true;
}

/* Each way once; then, half of the time, the one that reached the lowest ranks on average. */
static enum way choose_way(fm_walker *walker)
{
    enum way best = (enum way)fm_random_below(&walker->random, WAY_COUNT);
    for (int i = 0; i < WAY_COUNT; i++) {
        enum way way = (enum way)((best + i) % WAY_COUNT);
        if (walker->experience[way].episodes == 0)
            return way;
    }
    if (fm_random_below(&walker->random, 2) == 0)
        return best;
    for (int way = 0; way < WAY_COUNT; way++) {
        const experience *a = &walker->experience[way], *b = &walker->experience[best];
        if (a->ranks * b->episodes < b->ranks * a->episodes)
            best = (enum way)way;
    }
    return best;
}

static void begin_episode(fm_walker *walker)
{
    uint64_t episode = ++walker->episode;
    const fm_products *start = &walker->starts[(episode - 1) % walker->start_count];
    bool from_best = episode > walker->start_count && fm_random_below(&walker->random, 3) == 0;
    walker->way = choose_way(walker);
    load(walker, from_best ? &walker->best : start);
    walker->kernel->reduce(walker->lane.walk);
    walker->episode_best = walker->kernel->rank(walker->lane.walk);
    walker->patience = PATIENCE_PER_PRODUCT * (uint64_t)start->rank * fm_luby(episode);
    walker->progress_at = walker->reduce_at = walker->lane.attempts;
    walker->path = 0;
    set_base(walker);
    if (walker->way == DESCENT) {
        begin_path(walker);
        return;
    }
    /* The interval is 2^(bits / 256), linear between powers of two. */
    uint32_t bits = fm_random_below(&walker->random, 256 * INTERVAL_BITS_SPAN) +
                    256 * (INTERVAL_BITS_MIN + INTERVAL_BITS_SPAN * (uint32_t)walker->way);
    walker->interval = ((uint64_t)(256 + bits % 256) << bits / 256) / 256;
    walker->margin = MARGIN_MIN + fm_random_below(&walker->random, MARGIN_MAX - MARGIN_MIN + 1);
    walker->due = walker->lane.attempts + walker->interval;
}

static void end_episode(fm_walker *walker)
{
    walker->experience[walker->way].episodes++;
    walker->experience[walker->way].ranks += walker->episode_best;
    begin_episode(walker);
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
    walker->base = starts[0];
    walker->base.coefficients = fm_alloc((size_t)rank + RANK_HEADROOM, row);
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
    fm_products_clear(&walker->base);
    free(walker);
}

/* Attempts until the walker's next decision, no more than to end. */
static uint64_t until_decision(const fm_walker *walker, uint64_t end, uint64_t flip_limit)
{
    uint64_t attempts = walker->lane.attempts, goal = end - attempts;
    if (walker->due - attempts < goal)
        goal = walker->due - attempts;
    if (flip_limit != 0 && flip_limit - walker->lane.flips < goal)
        goal = flip_limit - walker->lane.flips;
    return goal;
}

/* What follows after some attempts; true when the best rank fell. */
static bool decide(fm_walker *walker)
{
    bool better = note_progress(walker);
    if (walker->lane.attempts >= walker->due) {
        if (walker->way == DESCENT)
            look(walker);
        else
            stir(walker);
        better = note_progress(walker) || better;
    }
    if (walker->lane.attempts - walker->progress_at >= walker->patience)
        end_episode(walker);
    return better;
}

/* Brings a walker to where its walk can go on, at most to end: time passes also where nothing can
   move. False when it need not walk, *better when its best rank fell meanwhile. */
static bool get_ready(fm_walker *walker, uint64_t end, uint64_t flip_limit, bool *better)
{
    while (!*better && walker->lane.attempts < end &&
           (flip_limit == 0 || walker->lane.flips < flip_limit)) {
        if (walker->kernel->can_flip(walker->lane.walk))
            return true;
        walker->lane.attempts += until_decision(walker, end, flip_limit);
        *better = decide(walker);
    }
    return false;
}

void fm_walkers_run(fm_walker *const *walkers, unsigned count, uint64_t attempts,
                    uint64_t flip_limit, bool *better)
{
    fm_lane lanes[FM_WALKERS_TOGETHER];
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
            if (!get_ready(walkers[i], end[i], flip_limit, &better[i]))
                continue;
            uint64_t own = until_decision(walkers[i], end[i], flip_limit);
            goal = own < goal ? own : goal;
            index[lane_count] = i;
            lanes[lane_count++] = walkers[i]->lane;
        }
        if (lane_count == 0)
            return;
        walkers[index[0]]->kernel->run(lanes, lane_count, goal);
        for (unsigned l = 0; l < lane_count; l++) {
            walkers[index[l]]->lane = lanes[l];
            better[index[l]] = decide(walkers[index[l]]);
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
