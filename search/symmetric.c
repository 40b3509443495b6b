/* The engine for schemes that keep a symmetry (orbits.h says which there are): cubes and held orbits
   stay as they are during an episode, and the full ones walk on the flip graph of orbits (Moosbauer and
   Poole 2025, Flip graphs with symmetry and new matrix multiplication schemes). */
#include "engine.h"
#include "error.h"
#include "luby.h"
#include "memory.h"
#include "orbits.h"
#include "random.h"
#include "tensor.h"
#include "walk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Strategy. An episode starts from the standard scheme with some of its cubes joined, or from a
   given one, and ends when it has found nothing better for a while (its patience). A plus
   transition follows whenever the walk has gone for an interval without a reduction; large formats
   want longer ones (4x4x4 thousands of flips, 5x5x5 some ten thousands, 6x6x6 a hundred thousand),
   so half of the episodes draw theirs near that of the walker's best episode. What cubes
   there are decides the rank modulo 3, and much else: from the n cubes of the standard scheme
   4x4x4:49 takes minutes, from one, the sum of all, milliseconds; the authors came to 5x5x5:93 and
   6x6x6:153 from three. */
enum {
    INTERVAL_BITS_SMALL = 13,      /* intervals from 2^13 attempted flips, up to 4x4x4 ... */
    INTERVAL_BITS_LARGE = 15,      /* ... or 2^15, logarithmically uniform */
    INTERVAL_OCTAVES = 3,          /* up to so many powers of two more */
    OCTAVE = 256,                  /* steps in which their logarithm is drawn */
    PATIENCE_PER_TRIPLE = 1 << 19, /* attempts, times the triples at the start and Luby's number */
    MARGIN = 8,                    /* triples above the best of the episode */
    LEVELS = 3,
    KEPT = 32,
    HEADROOM = MARGIN + 1,
};

/* What episodes have come to, and later ones go on from. */
typedef struct pool {
    fm_orbits kept[LEVELS * KEPT]; /* cleared where there is none */
} pool;

typedef struct walker {
    const fm_engine_task *task;
    const fm_walk_kernel *kernel;
    uint32_t aim; /* aim_of */
    fm_random random;
    fm_lane lane;
    fm_orbits *starts;
    fm_orbits now;  /* the start of this episode; its cubes hold, its triples are in the walk */
    fm_orbits best; /* of all episodes */
    uint32_t cubes, others; /* for which both have room */

    pool pool;
    uint64_t episode; /* counts from 1 */
    uint32_t triples; /* when last seen */
    uint32_t episode_best;
    uint32_t pitch, best_pitch;    /* of the interval: this episode's, and the best one's */
    uint64_t interval, patience;   /* of this episode, in attempts */
    uint64_t progress_at, stir_at; /* attempts when last so */
} walker;

static uint32_t rank_of(const walker *w)
{
    return w->now.cube_count + 3 * w->now.held_count + w->now.order * w->kernel->rank(w->lane.walk);
}

/* ---------------------------------------------------------------- episodes */

static void load(walker *w, const fm_orbits *orbits)
{
    uint32_t extent = orbits->extent;
    w->kernel->clear(w->lane.walk, (const uint32_t[3]){extent, extent, extent});
    for (uint32_t i = 0; i < orbits->full_count; i++) {
        const int8_t *u = fm_orbits_full(orbits, i);
        w->kernel->append(w->lane.walk, u, u + extent, u + 2 * extent);
    }
    w->kernel->reduce(w->lane.walk);
}

/* Joins cubes of the standard scheme at random. */
static void join_cubes(walker *w)
{
    uint32_t joins = fm_random_below(&w->random, w->now.size);
    while (joins > 0 && w->now.cube_count > 1) {
        uint32_t i = 0, j = 1; /* the smallest ones, when all are alike */
        if (w->now.symmetry != FM_CYCLIC) {
            i = fm_random_below(&w->random, w->now.cube_count);
            j = fm_random_below(&w->random, w->now.cube_count - 1);
            j += j >= i;
        }
        joins -= fm_orbits_join_cubes(&w->now, i, j, w->task->ring.p == 2);
    }
    if (w->task->ring.p == 2 && w->now.symmetry != FM_CYCLIC)
        fm_orbits_release(&w->now);
}

/* The difference between the most and the fewest coefficients of a cube. */
static uint32_t unevenness(const fm_orbits *orbits)
{
    uint32_t least = UINT32_MAX, most = 0;
    for (uint32_t i = 0; i < orbits->cube_count; i++) {
        uint32_t count = 0;
        for (uint32_t e = 0; e < orbits->extent; e++)
            count += fm_orbits_cube(orbits, i)[e] != 0;
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    return most - least;
}

/* The rank that a walker aims at: the target, or for every other walker one or two less. The cubes
   of the start decide the rank modulo 3 or 6, and what meets the target exactly may come down worse
   (5x5x5 over f2 to 96 more often than to 97). */
static uint32_t aim_of(const fm_engine_task *task, uint64_t number)
{
    static const uint8_t below[4] = {0, 1, 0, 2};
    uint32_t less = below[number % 4];
    return task->target_rank > less ? task->target_rank - less : task->target_rank;
}

/* Draws the start of an episode, from the standard scheme one whose cubes are alike and let the rank
   meet the walker's aim exactly. */
static void draw_start(walker *w)
{
    enum { TRIES = 256 };
    uint32_t target = w->aim;
    for (int i = 0; i < TRIES; i++) {
        fm_orbits_copy(&w->now, &w->starts[(w->episode - 1) % w->task->start_count]);
        if (!w->task->standard)
            return;
        join_cubes(w);
        if ((target == 0 || fm_orbits_rank(&w->now) % w->now.order == target % w->now.order) &&
            (w->now.symmetry == FM_CYCLIC || unevenness(&w->now) < 2))
            return;
    }
}

/* ---------------------------------------------------------------- the pool */

/* Whether an entry, which may be none, has this rank. */
static bool has_rank(const fm_orbits *kept, uint32_t rank)
{
    return kept->extent != 0 && fm_orbits_rank(kept) == rank;
}

/* A random entry of a rank, NULL when there is none. */
static fm_orbits *draw_kept(walker *w, uint32_t rank)
{
    fm_orbits *drawn = NULL;
    uint32_t seen = 0;
    for (uint32_t i = 0; i < LEVELS * KEPT; i++)
        if (has_rank(&w->pool.kept[i], rank) && fm_random_below(&w->random, ++seen) == 0)
            drawn = &w->pool.kept[i];
    return drawn;
}

/* The place for another entry of a rank: free, or that of a rank now too high, or drawn among those of
   this rank when there are enough. */
static fm_orbits *place_for(walker *w, uint32_t rank, uint32_t highest)
{
    fm_orbits *place = NULL;
    uint32_t same = 0;
    for (uint32_t i = 0; i < LEVELS * KEPT; i++) {
        fm_orbits *kept = &w->pool.kept[i];
        if (has_rank(kept, rank))
            same++;
        else if (kept->extent == 0 || fm_orbits_rank(kept) > highest)
            place = kept;
    }
    return same < KEPT && place != NULL ? place : draw_kept(w, rank);
}

/* Copies the scheme that the walk has come to. */
static void take_scheme(const walker *w, fm_orbits *to)
{
    uint32_t extent = to->extent;
    fm_orbits_copy(to, &w->now); /* the cubes and the held ones are right */
    to->full_count = w->kernel->rank(w->lane.walk);
    for (uint32_t i = 0; i < to->full_count; i++) {
        int8_t *u = fm_orbits_full(to, i);
        w->kernel->get(w->lane.walk, i, u, u + extent, u + 2 * extent);
    }
}

/* Keeps the scheme that the walk has come to, when its rank is among the lowest. */
static void keep(walker *w)
{
    uint32_t highest = fm_orbits_rank(&w->best) + (LEVELS - 1) * w->now.order;
    fm_orbits *place = rank_of(w) <= highest ? place_for(w, rank_of(w), highest) : NULL;
    if (place == NULL)
        return;
    fm_orbits_clear(place);
    fm_orbits_init(place, w->now.symmetry, w->now.size, w->now.cube_count,
                   w->now.held_count + w->now.full_count);
    take_scheme(w, place);
}

/* Draws the logarithm of the interval: anywhere, or within half an octave of the best one's. */
static uint32_t draw_pitch(walker *w)
{
    const uint32_t range = OCTAVE * INTERVAL_OCTAVES;
    if (w->episode == 1 || fm_random_below(&w->random, 2) == 0)
        return fm_random_below(&w->random, range);
    uint32_t pitch = w->best_pitch + fm_random_below(&w->random, OCTAVE);
    pitch = pitch < OCTAVE / 2 ? 0 : pitch - OCTAVE / 2;
    return pitch < range ? pitch : range - 1;
}

static void begin_episode(walker *w)
{
    uint64_t episode = ++w->episode;
    w->pitch = draw_pitch(w);
    uint32_t level = fm_random_below(&w->random, LEVELS + 1);
    const fm_orbits *kept =
        level < LEVELS ? draw_kept(w, fm_orbits_rank(&w->best) + level * w->now.order) : NULL;
    if (kept != NULL)
        fm_orbits_copy(&w->now, kept);
    else
        draw_start(w);
    load(w, &w->now);
    w->triples = w->episode_best = w->kernel->rank(w->lane.walk);
    /* 2^(pitch / OCTAVE), linear between powers of two */
    uint32_t least = w->now.size < 5 ? INTERVAL_BITS_SMALL : INTERVAL_BITS_LARGE;
    w->interval = (uint64_t)(OCTAVE + w->pitch % OCTAVE) << (w->pitch / OCTAVE + least);
    w->interval /= OCTAVE;
    w->patience = PATIENCE_PER_TRIPLE * (uint64_t)(w->episode_best + 1) * fm_luby(episode);
    w->progress_at = w->stir_at = w->lane.attempts;
}

/* Sees what the walk has come to; true when it is the best of all episodes. */
static bool note_progress(walker *w)
{
    uint32_t triples = w->kernel->rank(w->lane.walk);
    if (triples < w->triples)
        w->stir_at = w->lane.attempts;
    w->triples = triples;
    if (triples >= w->episode_best)
        return false;
    w->episode_best = triples;
    w->progress_at = w->lane.attempts;
    bool better = rank_of(w) < fm_orbits_rank(&w->best);
    if (better)
        take_scheme(w, &w->best);
    if (better)
        w->best_pitch = w->pitch;
    keep(w);
    return better;
}

static void stir(walker *w)
{
    w->stir_at = w->lane.attempts;
    if (w->triples < w->episode_best + MARGIN)
        w->kernel->plus(w->lane.walk, &w->random);
}

/* What follows after some attempts; true when the best rank fell. */
static bool decide(walker *w)
{
    bool better = note_progress(w);
    if (!better && w->lane.attempts >= w->stir_at + w->interval) {
        stir(w);
        better = note_progress(w);
    }
    if (!better && w->lane.attempts - w->progress_at >= w->patience) {
        begin_episode(w);
        better = note_progress(w);
    }
    return better;
}

/* Attempts until the next decision, no more than to end. */
static uint64_t until_decision(const walker *w, uint64_t end, uint64_t flip_limit)
{
    uint64_t attempts = w->lane.attempts, goal = end - attempts;
    uint64_t due = w->stir_at + w->interval, give_up = w->progress_at + w->patience;
    due = due < give_up ? due : give_up;
    if (due - attempts < goal)
        goal = due - attempts;
    if (flip_limit != 0 && flip_limit - w->lane.flips < goal)
        goal = flip_limit - w->lane.flips;
    return goal;
}

static bool walk_on(walker *w, uint64_t attempts, uint64_t flip_limit)
{
    uint64_t end = w->lane.attempts + attempts;
    while (w->lane.attempts < end && (flip_limit == 0 || w->lane.flips < flip_limit)) {
        uint64_t goal = until_decision(w, end, flip_limit);
        if (w->kernel->can_flip(w->lane.walk))
            w->kernel->run(&w->lane, 1, goal);
        else
            w->lane.attempts += goal; /* time passes also where nothing can move */
        if (decide(w))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- the engine */

static bool keep_symmetry(const fm_engine_task *task, fm_symmetry symmetry, uint32_t size)
{
    bool all = true;
    for (size_t s = 0; s < task->start_count && all; s++) {
        fm_orbits orbits;
        all = fm_orbits_from_products(&orbits, symmetry, size, &task->starts[s]);
        fm_orbits_clear(&orbits);
    }
    return all;
}

/* The symmetry asked for, or else the one that does best for the size: docs/search.md. */
static fm_symmetry symmetry_of(const fm_engine_task *task, uint32_t size)
{
    fm_symmetry symmetry = FM_CYCLIC;
    if (task->symmetry != NULL)
        fm_symmetry_named(task->symmetry, &symmetry);
    else if (task->ring.p == 2 && size >= 6 && keep_symmetry(task, FM_CYCLIC_REVERSAL, size))
        symmetry = FM_CYCLIC_REVERSAL;
    return symmetry;
}

static fm_status check(const fm_tensor *tensor, const fm_engine_task *task, fm_error *error)
{
    unsigned format[3];
    fm_symmetry symmetry = FM_CYCLIC;
    if (!fm_tensor_is_matmul(tensor, format) || format[0] != format[1] || format[1] != format[2])
        return fm_fail(error, FM_BAD_INPUT,
                       "%s: the symmetric engine takes square formats, n x n x n", tensor->name);
    if (task->symmetry != NULL && !fm_symmetry_named(task->symmetry, &symmetry))
        return fm_fail(error, FM_BAD_INPUT,
                       "unknown symmetry '%s'; there are: cyclic, cyclic+reversal, "
                       "cyclic+transposition",
                       task->symmetry);
    if (symmetry != FM_CYCLIC && task->ring.p != 2)
        return fm_fail(error, FM_BAD_INPUT, "the symmetry %s is for walks over f2", task->symmetry);
    if (!keep_symmetry(task, symmetry, format[0]))
        return fm_fail(error, FM_BAD_INPUT,
                       "a starting scheme is not symmetric under the %s of its factors, with W for "
                       "the transpose of C",
                       symmetry == FM_CYCLIC ? "cyclic shift" : task->symmetry);
    return FM_OK;
}

/* Takes the starts as orbits; returns the most cubes and other orbits of any. */
static void take_starts(walker *w, fm_symmetry symmetry, uint32_t size, uint32_t *cubes,
                        uint32_t *others)
{
    *cubes = *others = 0;
    w->starts = fm_alloc(w->task->start_count, sizeof *w->starts);
    for (size_t s = 0; s < w->task->start_count; s++) {
        fm_orbits *start = &w->starts[s];
        bool symmetric = fm_orbits_from_products(start, symmetry, size, &w->task->starts[s]);
        assert(symmetric); /* or check would have refused it */
        (void)symmetric;
        if (start->cube_count > *cubes)
            *cubes = start->cube_count;
        if (start->held_count + start->full_count > *others)
            *others = start->held_count + start->full_count;
    }
}

static void *new_shared(const fm_engine_task *task)
{
    (void)task;
    return NULL;
}

static void free_shared(void *shared)
{
    (void)shared;
}

static void *new_walker(const fm_engine_task *task, void *shared, uint64_t number)
{
    (void)shared;
    walker *w = fm_alloc_zero(1, sizeof *w);
    uint32_t extent = task->starts->extent[0], size = 1, cubes, others;
    const uint32_t extents[3] = {extent, extent, extent};
    while (size * size < extent)
        size++;
    fm_symmetry symmetry = symmetry_of(task, size);
    w->task = task;
    w->aim = aim_of(task, number);
    take_starts(w, symmetry, size, &cubes, &others);
    others += 2 * size + HEADROOM; /* a cube that is joined to another leaves two */
    w->cubes = cubes;
    w->others = others;
    w->kernel = fm_walk_orbits_kernel(symmetry, task->ring, extent, others);
    assert(w->kernel != NULL);
    w->lane.walk = w->kernel->new (extents, others);
    fm_random_seed(&w->random, task->seed, number);
    w->lane.random = &w->random;
    fm_orbits_init(&w->now, symmetry, size, cubes, others);
    fm_orbits_init(&w->best, symmetry, size, cubes, others);
    fm_orbits_copy(&w->best, w->starts);
    begin_episode(w);
    note_progress(w);
    return w;
}

static void free_walker(void *opaque)
{
    walker *w = opaque;
    for (size_t s = 0; s < w->task->start_count; s++)
        fm_orbits_clear(&w->starts[s]);
    free(w->starts);
    for (uint32_t i = 0; i < LEVELS * KEPT; i++)
        fm_orbits_clear(&w->pool.kept[i]);
    fm_orbits_clear(&w->now);
    fm_orbits_clear(&w->best);
    w->kernel->free(w->lane.walk);
    free(w);
}

static void run(void *const *walkers, unsigned count, uint64_t attempts, uint64_t flip_limit,
                bool *better)
{
    for (unsigned i = 0; i < count; i++)
        better[i] = walk_on(walkers[i], attempts, flip_limit);
}

static uint64_t flips(const void *opaque)
{
    return ((const walker *)opaque)->lane.flips;
}

static uint32_t rank(const void *opaque)
{
    return rank_of(opaque);
}

static uint64_t best_score(const void *opaque)
{
    return (uint64_t)fm_orbits_rank(&((const walker *)opaque)->best) << 32;
}

static fm_products best(const void *opaque)
{
    return fm_orbits_to_products(&((const walker *)opaque)->best);
}

static void shared_state(void *shared, fm_state *state)
{
    (void)shared, (void)state;
}

/* An entry of the pool, or that there is none. */
static void kept_state(const walker *w, fm_orbits *kept, fm_state *state)
{
    bool is_there = kept->extent != 0;
    FM_STATE_VALUE(state, is_there);
    if (state->restoring)
        fm_orbits_clear(kept);
    if (!is_there)
        return;
    if (state->restoring)
        fm_orbits_init(kept, w->now.symmetry, w->now.size, w->cubes, w->others);
    fm_orbits_state(kept, w->cubes, w->others, state);
}

static void state(void *opaque, fm_state *state)
{
    walker *w = opaque;
    FM_STATE_VALUE(state, w->random);
    FM_STATE_VALUE(state, w->lane.attempts);
    FM_STATE_VALUE(state, w->lane.flips);
    FM_STATE_VALUE(state, w->episode);
    FM_STATE_VALUE(state, w->triples);
    FM_STATE_VALUE(state, w->episode_best);
    FM_STATE_VALUE(state, w->pitch);
    FM_STATE_VALUE(state, w->best_pitch);
    FM_STATE_VALUE(state, w->interval);
    FM_STATE_VALUE(state, w->patience);
    FM_STATE_VALUE(state, w->progress_at);
    FM_STATE_VALUE(state, w->stir_at);
    fm_orbits_state(&w->now, w->cubes, w->others, state);
    fm_orbits_state(&w->best, w->cubes, w->others, state);
    for (uint32_t i = 0; i < LEVELS * KEPT; i++)
        kept_state(w, &w->pool.kept[i], state);
    w->kernel->state(w->lane.walk, state);
}

const fm_engine fm_engine_symmetric = {
    .name = "symmetric",
    .check = check,
    .new_shared = new_shared,
    .free_shared = free_shared,
    .new = new_walker,
    .free = free_walker,
    .run = run,
    .flips = flips,
    .rank = rank,
    .best_score = best_score,
    .best = best,
    .shared_state = shared_state,
    .state = state,
};
