#include "walker.h"

#include "luby.h"
#include "memory.h"
#include "ternary.h"
#include "walk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Strategy. A walk goes on in episodes, each at a stage of the ladder (ladder.h). Walkers go up the
   stages one by one, the first time from the lowest, later from a random one. An episode starts from
   a scheme of the stage before, extended, or of this stage, or of the one after, projected, all
   after a random change of basis half of the time; where there are none yet, from a starting scheme.
   In some of the extended ones flips do not touch the rank of what was extended (the constraint of Arai,
   Ichikawa and Hukushima 2024).
   It climbs: a walk with a plus transition whenever it has gone for an interval without progress, as
   long as the rank stays below the episode's best plus a margin. It ends when it has found nothing
   better for a while (its patience, which follows Luby's sequence: Luby, Sinclair and Zuckerman 1993,
   at most a logarithmic factor from the best restart times). Its best scheme goes to the stage's pool.
   Over zt, where a flip that would leave {-1, 0, 1} is none, walks come down slowly. So there is a
   second ladder, over f2, and half of the episodes are of it: what they find and has a lift goes to
   the pools over zt, and what those have goes to the pools over f2.
   Where rank is not the only objective, most episodes of the last stage polish instead: short walks
   from the best scheme there is, each kept when it made that no worse.
   Which interval is right differs by format and rank, by a factor of a hundred and not sharply; so
   half of the episodes draw theirs from all, half near that which led to the best rank of the stage. */
enum {
    INTERVAL_BITS_MIN = 10, /* intervals from 2^10 ... */
    INTERVAL_BITS_MAX = 17, /* ... to 2^17 attempted flips, logarithmically uniform */
    OCTAVE = 256,           /* steps in which their logarithm is drawn */
    MARGIN_MIN = 2,
    MARGIN_MAX = 4,
    PATIENCE_PER_PRODUCT = 1 << 15, /* times the rank of the starting scheme and Luby's number */
    /* The first way up takes a part of that, to be there soon; which, docs/search.md has measured. */
    FIRST_VISIT = 1 << 1,
    FIRST_VISIT_ZT = 1 << 4,
    REDUCE_INTERVAL = 1 << 14, /* linear dependence is not looked for more often */
    RANK_HEADROOM = MARGIN_MAX + 1,
    /* After a lift that failed, attempted flips until the next, and those of fm_products_lift_pause;
       twice as many after each, so often. */
    LIFT_PAUSE = 1 << 16,
    LIFT_PAUSE_DOUBLINGS = 5,
    /* One in so many: a plus transition is a split only, an extended episode holds what it was
       extended from, an episode does not polish where there is what to polish for, a scheme over f2 of a rank
       that is there over zt is lifted, an episode over f2 for zt leaps. */
    SPLIT_SHARE = 8,
    HOLD_SHARE = 16,
    HOLD_SHARE_ZT = 4,
    POLISH_SHARE = 4,
    SAME_RANK_LIFT_SHARE = 4,
    LEAP_SHARE = 4,
    /* Walks of an episode that polishes, 1 ... 2^6 attempted flips. */
    POLISH_BITS_MAX = 6,
};

/* Kernels by the length of vectors (up to 32, 64, 128, 256 coefficients), the number of products (few
   or any) and whether they are for the second ladder: a stage takes the fastest that holds it. */
enum { LENGTHS = 4, KERNELS = 4 * LENGTHS };

static const fm_ring f2 = {FM_RING_ZP, 2};

/* Where a walker is on a ladder. */
typedef struct track {
    fm_ladder *ladder;
    uint32_t stage;
    uint64_t generation; /* of the ladder's pools */
    uint64_t *visits;    /* by stage, in this generation */
} track;

struct fm_walker {
    track tracks[2]; /* of the search's ring; over f2, for lifts to zt, or without a ladder */
    track *now;      /* of this episode */
    fm_ring ring;
    fm_objective objective;
    uint32_t collect;
    uint64_t number;
    fm_random random;
    fm_walk *walks[KERNELS]; /* made when they are first used */
    uint32_t in_use;         /* which kernel and walk */
    const fm_walk_kernel *kernel;
    fm_lane lane; /* its walk, and the attempts and flips so far */

    bool polishes;    /* in this episode */
    bool is_extended; /* it starts from the stage before */
    bool holds;       /* and keeps the rank of that */
    bool from_best;   /* it goes on from the best schemes of all generations */
    bool leaps;       /* it is of the whole, from the standard scheme ... */
    uint32_t back;    /* ... and after one of these two the next is of this stage */
    uint64_t begin;   /* attempts when it began */
    fm_products lifted;
    uint64_t lift_after; /* no lift is tried before so many attempts ... */
    uint32_t lift_fails; /* ... because so many failed */
    fm_products found;   /* of this episode, the best scheme */
    fm_products best;    /* of the whole tensor */
    uint64_t found_score, best_score;

    uint32_t pitch, margin; /* of the episode's climb */
    uint64_t interval;
    uint64_t patience;               /* in attempts */
    uint64_t progress_at, reduce_at; /* attempts when last so */
    uint64_t due;                    /* attempts at the next decision */
};

/* Whether this episode walks over f2 in a search over zt. */
static bool lifts(const fm_walker *walker)
{
    return walker->now != &walker->tracks[0];
}

static bool walks_over_zt(const fm_walker *walker)
{
    return walker->ring.kind == FM_RING_ZT && !lifts(walker);
}

/* Whether it has a ladder for that. */
static bool can_lift(const fm_walker *walker)
{
    return walker->tracks[1].ladder != NULL;
}

/* Whether the walker's schemes are of the whole tensor. */
static bool at_goal(const fm_walker *walker)
{
    return walker->now->stage == fm_ladder_goal(walker->now->ladder);
}

/* Whether there is no stage beyond. */
static bool at_top(const fm_walker *walker)
{
    return walker->now->stage == fm_ladder_stages(walker->now->ladder) - 1;
}

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

static void copy_products(fm_products *to, const fm_products *from)
{
    size_t row = (size_t)from->extent[0] + from->extent[1] + from->extent[2];
    to->rank = from->rank;
    memcpy(to->extent, from->extent, sizeof to->extent);
    memcpy(to->coefficients, from->coefficients, from->rank * row);
}

/* ---------------------------------------------------------------- kernels */

/* Takes the walk of a kernel; it is made, empty, when it is not there. Its vectors are as long as
   the kernel has room for, so that it serves all stages. */
static void use_kernel(fm_walker *walker, uint32_t number)
{
    uint32_t length = (uint32_t)32 << number % LENGTHS;
    const uint32_t extent[3] = {length, length, length};
    uint32_t capacity = fm_ladder_rank_max(walker->now->ladder) + RANK_HEADROOM;
    if (number / LENGTHS % 2 == 0)
        capacity = FM_WALK_FEW;
    walker->in_use = number;
    walker->kernel = fm_walk_kernel_for(number < 2 * LENGTHS ? walker->ring : f2, length, capacity);
    assert(walker->kernel != NULL);
    if (walker->walks[number] == NULL)
        walker->walks[number] = walker->kernel->new (extent, capacity);
    walker->lane.walk = walker->walks[number];
}

/* Which kernel is for a scheme. */
static uint32_t kernel_for(const fm_walker *walker, const fm_products *products)
{
    uint32_t number = products->rank + RANK_HEADROOM <= FM_WALK_FEW ? 0 : LENGTHS;
    const uint32_t *extent = products->extent;
    for (uint32_t length = 32; length < extent[0] || length < extent[1] || length < extent[2];
         length *= 2)
        number++;
    return lifts(walker) ? number + 2 * LENGTHS : number;
}

static void load(fm_walker *walker, const fm_products *products)
{
    const uint32_t *extent = products->extent;
    use_kernel(walker, kernel_for(walker, products));
    walker->kernel->clear(walker->lane.walk, extent);
    for (uint32_t r = 0; r < products->rank; r++) {
        const int8_t *row = fm_products_row(products, r);
        walker->kernel->append(walker->lane.walk, row, row + extent[0],
                               row + extent[0] + extent[1]);
    }
}

/* ---------------------------------------------------------------- episodes */

/* fm_walker_best_score of the walk's scheme. */
static uint64_t score(const fm_walker *walker)
{
    const fm_walk *walk = walker->lane.walk;
    uint64_t cost = 0;
    if (walker->objective == FM_OBJECTIVE_ADDITIONS)
        cost = walker->kernel->weight(walk);
    else if (walker->objective == FM_OBJECTIVE_FLIPS)
        cost = UINT32_MAX - walker->kernel->flip_count(walk);
    return (uint64_t)walker->kernel->rank(walk) << 32 | cost;
}

/* The score of a scheme of a rank whose cost is to be seen when it is polished. */
static uint64_t score_unseen(const fm_walker *walker, uint32_t rank)
{
    return (uint64_t)rank << 32 | (walker->objective != FM_OBJECTIVE_RANK ? UINT32_MAX : 0);
}

/* Remembers the walk's scheme as the episode's. */
static void save_found(fm_walker *walker)
{
    if (walker->kernel->rank(walker->lane.walk) < walker->found_score >> 32)
        walker->progress_at = walker->lane.attempts;
    save(walker, &walker->found);
    walker->found_score = score(walker);
}

/* Remembers the episode's scheme as the walker's, if it is better; true when it is. */
static bool note_best(fm_walker *walker)
{
    bool collects = walker->found.rank <= walker->collect;
    if (!at_goal(walker) || (walker->found_score >= walker->best_score && !collects))
        return false;
    copy_products(&walker->best, &walker->found);
    walker->best_score = walker->found_score;
    return true;
}

/* Lifts the episode's scheme from f2 to zt, unless that failed too often of late; the lift goes to
   the pool over zt. True when it becomes the walker's best. */
static bool lift_found(fm_walker *walker)
{
    track *over_zt = &walker->tracks[0];
    uint32_t stage = walker->now->stage;
    if (walker->lane.attempts < walker->lift_after)
        return false;
    copy_products(&walker->lifted, &walker->found);
    if (!fm_ladder_lift(over_zt->ladder, stage, &walker->lifted, &walker->random)) {
        uint64_t pause = LIFT_PAUSE + fm_products_lift_pause(&walker->found);
        walker->lift_after = walker->lane.attempts + (pause << walker->lift_fails);
        walker->lift_fails += walker->lift_fails < LIFT_PAUSE_DOUBLINGS;
        return false;
    }
    walker->lift_fails = 0;
    fm_ladder_put(over_zt->ladder, fm_ladder_generation(over_zt->ladder), stage, &walker->random,
                  walker->pitch, true, &walker->lifted);
    if (!at_goal(walker) ||
        (walker->lifted.rank >= walker->best.rank && walker->lifted.rank > walker->collect))
        return false;
    copy_products(&walker->best, &walker->lifted);
    walker->best_score = score_unseen(walker, walker->best.rank);
    return true;
}

/* Puts the episode's scheme, over zt, into the pool over f2 too. */
static void share_found(fm_walker *walker)
{
    track *over_f2 = &walker->tracks[1];
    uint32_t stage = walker->now->stage;
    if (!can_lift(walker) || walker->found.rank > fm_ladder_rank(over_f2->ladder, stage))
        return;
    copy_products(&walker->lifted, &walker->found);
    fm_products_take_modulo_2(&walker->lifted);
    fm_ladder_put(over_f2->ladder, fm_ladder_generation(over_f2->ladder), stage, &walker->random,
                  walker->pitch, false, &walker->lifted);
}

/* Whether the episode's scheme, over f2, has a rank that is not there over zt. */
static bool is_below_zt(const fm_walker *walker)
{
    return walker->found.rank < fm_ladder_rank(walker->tracks[0].ladder, walker->now->stage);
}

/* Takes note of a lower rank; true when the walker has not had it before. */
static bool note_progress(fm_walker *walker)
{
    if (walker->kernel->rank(walker->lane.walk) >= walker->found_score >> 32)
        return false;
    save_found(walker);
    if (!walker->holds && kernel_for(walker, &walker->found) != walker->in_use)
        load(walker, &walker->found); /* few products now */
    if (!lifts(walker))
        return note_best(walker);
    walker->lift_after = 0; /* one try for each lower rank */
    return is_below_zt(walker) && lift_found(walker);
}

/* A climb has gone for an interval: looks for a reduction that flips do not see, else goes up by a
   plus transition. */
static void stir(fm_walker *walker)
{
    fm_walk *walk = walker->lane.walk;
    walker->due = walker->lane.attempts + walker->interval;
    if (walker->lane.attempts - walker->reduce_at >= REDUCE_INTERVAL) {
        walker->reduce_at = walker->lane.attempts;
        if (walker->kernel->reduce(walk))
            return;
    }
    if (walker->kernel->rank(walk) >= walker->found.rank + walker->margin)
        return;
    if (fm_random_below(&walker->random, SPLIT_SHARE) == 0)
        walker->kernel->split(walk, &walker->random);
    else
        walker->kernel->plus(walk, &walker->random);
}

/* A walk of an episode that polishes has ended: goes on from its scheme when that is no worse, else
   again from the one before. True when the walker has a better one. */
static bool polish(fm_walker *walker)
{
    uint64_t now = score(walker), before = walker->found_score;
    uint32_t bits = fm_random_below(&walker->random, POLISH_BITS_MAX + 1);
    walker->due = walker->lane.attempts + ((uint64_t)1 << bits);
    if (now > before) {
        load(walker, &walker->found);
        return false;
    }
    save_found(walker);
    if (now < before)
        walker->progress_at = walker->lane.attempts;
    return now < before && note_best(walker);
}

/* Collects: the climb has gone on from a scheme that counts for an interval, to another. */
static bool collect_again(fm_walker *walker)
{
    if (!at_goal(walker) || lifts(walker) ||
        walker->kernel->rank(walker->lane.walk) > walker->collect)
        return false;
    save_found(walker);
    return note_best(walker);
}

/* Draws a scheme of a stage from the pools of a ladder, modulo 2 where those are over zt and the
   walk is over f2. */
static bool draw(fm_walker *walker, fm_ladder *from, uint32_t stage)
{
    if (!fm_ladder_draw(from, stage, &walker->random, &walker->found))
        return false;
    if (from != walker->now->ladder)
        fm_products_take_modulo_2(&walker->found);
    return true;
}

/* The best of the pool, or of the walker's own. */
static bool choose_start_to_polish(fm_walker *walker)
{
    if (!draw(walker, walker->now->ladder, walker->now->stage))
        return false;
    if (walker->best.rank <= walker->found.rank && fm_random_below(&walker->random, 2) == 0)
        copy_products(&walker->found, &walker->best);
    return true;
}

/* Where an episode at the walker's stage starts from. Of those over f2 for zt half start from what
   is there over zt, and some of the whole from the standard scheme: what has no lift leads to little
   that has one (of 4x4x4:49 that came from 3x4x4:38 one in ten, from the standard scheme 19 of 20). */
static void choose_start(fm_walker *walker)
{
    fm_ladder *ladder = walker->now->ladder, *from = ladder;
    fm_random *random = &walker->random;
    fm_products *start = &walker->found;
    uint32_t stage = walker->now->stage, dice = fm_random_below(random, 8);
    bool found = walker->from_best;
    if (found)
        dice = 8; /* it is drawn */
    if (lifts(walker) && fm_random_below(random, 2) == 0)
        from = walker->tracks[0].ladder;
    if (dice == 0 && !walker->leaps && !at_top(walker) && draw(walker, from, stage + 1)) {
        fm_ladder_project(ladder, stage, start);
        found = true;
    }
    if (!found && dice < 4 && !walker->leaps)
        found = draw(walker, from, stage);
    if (!found && !walker->leaps && stage > 0 && draw(walker, from, stage - 1)) {
        if (fm_random_below(random, 2) == 0)
            fm_ladder_sandwich(ladder, stage - 1, random, start);
        fm_ladder_extend(ladder, stage, start);
        walker->is_extended = true;
        return;
    }
    if (!found)
        fm_ladder_start(ladder, stage, walker->now->visits[stage] + walker->number, start);
    else if (fm_random_below(random, 2) == 0)
        fm_ladder_sandwich(ladder, stage, random, start);
}

/* Draws the logarithm of the interval: anywhere, or within half an octave of the best one's. */
static uint32_t draw_pitch(fm_walker *walker)
{
    const uint32_t range = OCTAVE * (INTERVAL_BITS_MAX - INTERVAL_BITS_MIN);
    if (fm_random_below(&walker->random, 2) == 0 ||
        fm_ladder_size(walker->now->ladder, walker->now->stage) == 0)
        return fm_random_below(&walker->random, range);
    uint32_t pitch = fm_ladder_hint(walker->now->ladder, walker->now->stage) +
                     fm_random_below(&walker->random, OCTAVE);
    pitch = pitch < OCTAVE / 2 ? 0 : pitch - OCTAVE / 2;
    return pitch < range ? pitch : range - 1;
}

/* Begins an episode at the walker's stage. */
static void begin_episode(fm_walker *walker)
{
    walker->is_extended = false;
    walker->polishes = !lifts(walker) && walker->objective != FM_OBJECTIVE_RANK &&
                       at_goal(walker) && fm_random_below(&walker->random, POLISH_SHARE) != 0 &&
                       choose_start_to_polish(walker);
    if (!walker->polishes)
        choose_start(walker);
    walker->begin = walker->lane.attempts;
    uint64_t rank = walker->found.rank, visit = ++walker->now->visits[walker->now->stage];
    load(walker, &walker->found);
    walker->kernel->reduce(walker->lane.walk);
    walker->found_score = UINT64_MAX;
    walker->pitch = draw_pitch(walker);
    /* 2^(pitch / OCTAVE), linear between powers of two */
    walker->interval = (uint64_t)(OCTAVE + walker->pitch % OCTAVE)
                       << (walker->pitch / OCTAVE + INTERVAL_BITS_MIN);
    walker->interval /= OCTAVE;
    walker->margin = MARGIN_MIN + fm_random_below(&walker->random, MARGIN_MAX - MARGIN_MIN + 1);
    walker->patience = PATIENCE_PER_PRODUCT * rank * fm_luby(visit);
    if (visit == 1)
        walker->patience /= walks_over_zt(walker) ? FIRST_VISIT_ZT : FIRST_VISIT;
    walker->reduce_at = walker->lane.attempts;
    walker->due = walker->lane.attempts + (walker->polishes ? 0 : walker->interval);
    walker->holds =
        walker->is_extended &&
        fm_random_below(&walker->random, walks_over_zt(walker) ? HOLD_SHARE_ZT : HOLD_SHARE) == 0;
    if (walker->holds)
        walker->kernel->hold(walker->lane.walk,
                             fm_ladder_extent(walker->now->ladder, walker->now->stage - 1));
}

/* Where the next episode is: again at the lowest stage when the pools are new. */
static uint32_t next_stage(fm_walker *walker)
{
    uint64_t generation = fm_ladder_generation(walker->now->ladder);
    if (generation != walker->now->generation) {
        walker->now->generation = generation;
        memset(walker->now->visits, 0,
               fm_ladder_stages(walker->now->ladder) * sizeof *walker->now->visits);
        return 0;
    }
    if (!lifts(walker) && walker->objective != FM_OBJECTIVE_RANK && at_goal(walker) &&
        fm_random_below(&walker->random, POLISH_SHARE) != 0)
        return walker->now->stage;
    if (!at_top(walker))
        return walker->now->stage + 1;
    return fm_random_below(&walker->random, fm_ladder_stages(walker->now->ladder));
}

/* Whether to try a lift of what the episode found: where it would be the first of its rank over zt,
   and of some of those that are as good as what is there. */
static bool wants_lift(fm_walker *walker)
{
    uint32_t rank = fm_ladder_rank(walker->tracks[0].ladder, walker->now->stage);
    bool collects = at_goal(walker) && walker->found.rank <= walker->collect;
    return is_below_zt(walker) || collects ||
           (walker->found.rank == rank &&
            fm_random_below(&walker->random, SAME_RANK_LIFT_SHARE) == 0);
}

/* One in so many episodes is over f2, for lifts: fewer, the more of these fail. */
static uint32_t lift_share(const fm_walker *walker)
{
    return 2u << walker->lift_fails / 2;
}

/* Puts what the episode found into the pool: as the walk has it now if it still has that rank, which
   is further from what the pool has. Then begins the next one. True when the walker has a better
   scheme of the whole tensor. */
static bool end_episode(fm_walker *walker)
{
    bool better = false;
    if (lifts(walker) && wants_lift(walker))
        better = lift_found(walker);
    if (!walker->polishes && walker->kernel->rank(walker->lane.walk) == walker->found.rank)
        save(walker, &walker->found);
    fm_ladder_spend(walker->now->ladder, walker->lane.attempts - walker->begin, walker->from_best);
    if (walker->from_best)
        fm_ladder_put_best(walker->now->ladder, &walker->random, walker->pitch, &walker->found);
    else
        fm_ladder_put(walker->now->ladder, walker->now->generation, walker->now->stage,
                      &walker->random, walker->pitch, !walker->polishes, &walker->found);
    if (!lifts(walker))
        share_found(walker);
    walker->now->stage = walker->leaps || walker->from_best ? walker->back : next_stage(walker);
    if (can_lift(walker))
        walker->now = &walker->tracks[fm_random_below(&walker->random, lift_share(walker)) == 0];
    walker->back = walker->now->stage;
    walker->leaps = lifts(walker) && fm_random_below(&walker->random, LEAP_SHARE) == 0;
    walker->from_best = !walker->leaps && walker->objective == FM_OBJECTIVE_RANK &&
                        fm_ladder_draw_best(walker->now->ladder, &walker->random, &walker->found);
    if (walker->leaps || walker->from_best)
        walker->now->stage = fm_ladder_goal(walker->now->ladder);
    begin_episode(walker);
    return better;
}

static track new_track(fm_ladder *ladder)
{
    uint64_t *visits = fm_alloc_zero(fm_ladder_stages(ladder), sizeof *visits);
    return (track){.ladder = ladder, .generation = fm_ladder_generation(ladder), .visits = visits};
}

fm_walker *fm_walker_new(fm_ladder *ladder, fm_ladder *over_f2, fm_ring ring,
                         fm_objective objective, uint32_t collect, uint64_t seed, uint64_t number)
{
    fm_walker *walker = fm_alloc_zero(1, sizeof *walker);
    uint32_t capacity = fm_ladder_rank_max(ladder) + RANK_HEADROOM;
    assert(over_f2 == NULL || ring.kind == FM_RING_ZT);
    walker->tracks[0] = new_track(ladder);
    if (over_f2 != NULL)
        walker->tracks[1] = new_track(over_f2);
    walker->now = &walker->tracks[0];
    walker->ring = ring;
    walker->objective = objective;
    walker->collect = collect;
    walker->number = number;
    walker->lifted = fm_ladder_products(ladder, capacity);
    walker->found = fm_ladder_products(ladder, capacity);
    walker->best = fm_ladder_products(ladder, capacity);
    fm_ladder_start(ladder, fm_ladder_goal(ladder), 0, &walker->best);
    walker->best_score = score_unseen(walker, walker->best.rank);
    fm_random_seed(&walker->random, seed, number);
    walker->lane.random = &walker->random;
    begin_episode(walker);
    note_progress(walker);
    return walker;
}

void fm_walker_free(fm_walker *walker)
{
    if (walker == NULL)
        return;
    for (uint32_t number = 0; number < KERNELS; number++)
        if (walker->walks[number] != NULL) {
            use_kernel(walker, number);
            walker->kernel->free(walker->lane.walk);
        }
    fm_products_clear(&walker->lifted);
    fm_products_clear(&walker->found);
    fm_products_clear(&walker->best);
    free(walker->tracks[0].visits);
    free(walker->tracks[1].visits);
    free(walker);
}

/* Attempts until the walker's next decision, no more than to end. */
static uint64_t until_decision(const fm_walker *walker, uint64_t end, uint64_t flip_limit)
{
    uint64_t attempts = walker->lane.attempts, goal = end - attempts;
    uint64_t due = walker->progress_at + walker->patience;
    due = walker->due < due ? walker->due : due;
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
    if (walker->lane.attempts >= walker->due && walker->polishes) {
        better = polish(walker) || better;
    } else if (walker->lane.attempts >= walker->due) {
        better = collect_again(walker) || better;
        stir(walker);
        better = note_progress(walker) || better;
    }
    if (walker->lane.attempts - walker->progress_at >= walker->patience) {
        better = end_episode(walker) || better;
        better = note_progress(walker) || better;
    }
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

/* Runs those walkers side by side, all with the same kernel, up to the first one's decision. */
static void run_lanes(fm_walker *const *walkers, unsigned count, const uint64_t *end,
                      uint64_t flip_limit, bool *const *better)
{
    fm_lane lanes[FM_WALKERS_TOGETHER];
    uint64_t goal = UINT64_MAX;
    for (unsigned i = 0; i < count; i++) {
        uint64_t own = until_decision(walkers[i], end[i], flip_limit);
        goal = own < goal ? own : goal;
        lanes[i] = walkers[i]->lane;
    }
    walkers[0]->kernel->run(lanes, count, goal);
    for (unsigned i = 0; i < count; i++) {
        walkers[i]->lane = lanes[i];
        *better[i] = decide(walkers[i]);
    }
}

void fm_walkers_run(fm_walker *const *walkers, unsigned count, uint64_t attempts,
                    uint64_t flip_limit, bool *better)
{
    uint64_t end[FM_WALKERS_TOGETHER];
    bool walks = true;
    assert(count <= FM_WALKERS_TOGETHER);
    for (unsigned i = 0; i < count; i++) {
        better[i] = false;
        end[i] = walkers[i]->lane.attempts + attempts;
    }
    while (walks) {
        bool ready[FM_WALKERS_TOGETHER];
        walks = false;
        for (unsigned i = 0; i < count; i++)
            walks |= ready[i] = get_ready(walkers[i], end[i], flip_limit, &better[i]);
        for (unsigned first = 0; first < count; first++) {
            fm_walker *group[FM_WALKERS_TOGETHER];
            uint64_t group_end[FM_WALKERS_TOGETHER];
            bool *group_better[FM_WALKERS_TOGETHER];
            unsigned size = 0;
            for (unsigned i = first; i < count; i++) {
                if (!ready[i] || (size > 0 && walkers[i]->kernel != group[0]->kernel))
                    continue;
                ready[i] = false;
                group[size] = walkers[i];
                group_end[size] = end[i];
                group_better[size++] = &better[i];
            }
            if (size > 0)
                run_lanes(group, size, group_end, flip_limit, group_better);
        }
    }
}

uint64_t fm_walker_flips(const fm_walker *walker)
{
    return walker->lane.flips;
}

uint32_t fm_walker_rank(const fm_walker *walker)
{
    int32_t missing = fm_ladder_missing(walker->now->ladder, walker->now->stage);
    return (uint32_t)((int32_t)walker->kernel->rank(walker->lane.walk) + missing);
}

uint64_t fm_walker_best_score(const fm_walker *walker)
{
    return walker->best_score;
}

fm_products fm_walker_best(const fm_walker *walker)
{
    return fm_ladder_whole(walker->now->ladder, &walker->best);
}

/* ---------------------------------------------------------------- state */

static void products_state(fm_products *products, uint32_t rank_max, fm_state *state)
{
    size_t row = (size_t)products->extent[0] + products->extent[1] + products->extent[2];
    FM_STATE_VALUE(state, products->rank);
    fm_state_require(state, products->rank <= rank_max);
    if (!state->bad)
        fm_state_bytes(state, products->coefficients, products->rank * row);
}

static void track_state(track *t, fm_state *state)
{
    FM_STATE_VALUE(state, t->stage);
    FM_STATE_VALUE(state, t->generation);
    fm_state_bytes(state, t->visits, fm_ladder_stages(t->ladder) * sizeof *t->visits);
    fm_state_require(state, t->stage < fm_ladder_stages(t->ladder));
}

static void episode_state(fm_walker *walker, fm_state *state)
{
    FM_STATE_VALUE(state, walker->pitch);
    FM_STATE_VALUE(state, walker->margin);
    FM_STATE_VALUE(state, walker->interval);
    FM_STATE_VALUE(state, walker->patience);
    FM_STATE_VALUE(state, walker->progress_at);
    FM_STATE_VALUE(state, walker->reduce_at);
    FM_STATE_VALUE(state, walker->due);
    FM_STATE_VALUE(state, walker->polishes);
    FM_STATE_VALUE(state, walker->holds);
    FM_STATE_VALUE(state, walker->from_best);
    FM_STATE_VALUE(state, walker->begin);
    FM_STATE_VALUE(state, walker->leaps);
    FM_STATE_VALUE(state, walker->back);
    FM_STATE_VALUE(state, walker->lift_after);
    FM_STATE_VALUE(state, walker->lift_fails);
    FM_STATE_VALUE(state, walker->found_score);
    FM_STATE_VALUE(state, walker->best_score);
    fm_state_require(state, walker->lift_fails <= LIFT_PAUSE_DOUBLINGS &&
                                walker->back < fm_ladder_stages(walker->now->ladder));
}

void fm_walker_state(fm_walker *walker, fm_state *state)
{
    uint32_t number = walker->in_use, rank_max = fm_ladder_rank_max(walker->tracks[0].ladder);
    uint32_t now = lifts(walker);
    FM_STATE_VALUE(state, walker->random);
    FM_STATE_VALUE(state, walker->lane.attempts);
    FM_STATE_VALUE(state, walker->lane.flips);
    FM_STATE_VALUE(state, now);
    fm_state_require(state, now == 0 || (now == 1 && can_lift(walker)));
    track_state(&walker->tracks[0], state);
    if (can_lift(walker))
        track_state(&walker->tracks[1], state);
    episode_state(walker, state);
    FM_STATE_VALUE(state, number);
    FM_STATE_VALUE(state, walker->found.extent);
    fm_state_require(state,
                     number < KERNELS && fm_ladder_fits(walker->tracks[0].ladder, &walker->found));
    if (state->bad)
        return;
    walker->now = &walker->tracks[now];
    products_state(&walker->found, rank_max, state);
    products_state(&walker->best, rank_max, state);
    use_kernel(walker, number);
    walker->kernel->state(walker->lane.walk, state);
}
