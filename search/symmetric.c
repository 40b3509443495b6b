/* The engine for schemes that keep the cyclic symmetry (orbits.h says what that means): cubes stay
   as they are during an episode, and the triples walk on the flip graph of orbits (Moosbauer and
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
    INTERVAL_BITS_MIN = 13,        /* intervals from 2^13 ... */
    INTERVAL_BITS_MAX = 19,        /* ... to 2^19 attempted flips, logarithmically uniform */
    OCTAVE = 256,                  /* steps in which their logarithm is drawn */
    PATIENCE_PER_TRIPLE = 1 << 19, /* attempts, times the triples at the start and Luby's number */
    MARGIN = 8,                    /* triples above the best of the episode */
    HEADROOM = MARGIN + 1,
};

typedef struct walker {
    const fm_engine_task *task;
    const fm_walk_kernel *kernel;
    fm_random random;
    fm_lane lane;
    fm_orbits *starts;
    fm_orbits now;  /* the start of this episode; its cubes hold, its triples are in the walk */
    fm_orbits best; /* of all episodes */

    uint64_t episode; /* counts from 1 */
    uint32_t triples; /* when last seen */
    uint32_t episode_best;
    uint32_t pitch, best_pitch;    /* of the interval: this episode's, and the best one's */
    uint64_t interval, patience;   /* of this episode, in attempts */
    uint64_t progress_at, stir_at; /* attempts when last so */
} walker;

static uint32_t rank_of(const walker *w)
{
    return w->now.cube_count + 3 * w->kernel->rank(w->lane.walk);
}

/* ---------------------------------------------------------------- episodes */

static void load(walker *w, const fm_orbits *orbits)
{
    uint32_t extent = orbits->extent;
    w->kernel->clear(w->lane.walk, (const uint32_t[3]){extent, extent, extent});
    for (uint32_t i = 0; i < orbits->triple_count; i++) {
        const int8_t *u = fm_orbits_triple(orbits, i);
        w->kernel->append(w->lane.walk, u, u + extent, u + 2 * extent);
    }
    w->kernel->reduce(w->lane.walk);
}

/* How often two cubes are joined, at random among what lets the rank meet the target exactly. */
static uint32_t draw_joins(walker *w)
{
    uint32_t size = w->starts->size, target = w->task->target_rank;
    uint32_t joins = fm_random_below(&w->random, size);
    for (uint32_t i = 0; i < size && target != 0 && (size - joins) % 3 != target % 3; i++)
        joins = (joins + 1) % size;
    return joins;
}

/* Draws the logarithm of the interval: anywhere, or within half an octave of the best one's. */
static uint32_t draw_pitch(walker *w)
{
    const uint32_t range = OCTAVE * (INTERVAL_BITS_MAX - INTERVAL_BITS_MIN);
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
    fm_orbits_copy(&w->now, &w->starts[(episode - 1) % w->task->start_count]);
    for (uint32_t left = w->task->standard ? draw_joins(w) : 0; left > 0; left--)
        fm_orbits_join_cubes(&w->now, w->task->ring.p == 2);
    load(w, &w->now);
    w->triples = w->episode_best = w->kernel->rank(w->lane.walk);
    /* 2^(pitch / OCTAVE), linear between powers of two */
    w->interval = (uint64_t)(OCTAVE + w->pitch % OCTAVE) << (w->pitch / OCTAVE + INTERVAL_BITS_MIN);
    w->interval /= OCTAVE;
    w->patience = PATIENCE_PER_TRIPLE * (uint64_t)(w->episode_best + 1) * fm_luby(episode);
    w->progress_at = w->stir_at = w->lane.attempts;
}

/* Sees what the walk has come to; true when it is the best of all episodes. */
static bool note_progress(walker *w)
{
    uint32_t triples = w->kernel->rank(w->lane.walk), extent = w->best.extent;
    if (triples < w->triples)
        w->stir_at = w->lane.attempts;
    w->triples = triples;
    if (triples < w->episode_best) {
        w->episode_best = triples;
        w->progress_at = w->lane.attempts;
    }
    if (rank_of(w) >= fm_orbits_rank(&w->best))
        return false;
    w->best_pitch = w->pitch;
    w->best.cube_count = w->now.cube_count;
    w->best.triple_count = triples;
    memcpy(w->best.cubes, w->now.cubes, (size_t)w->now.cube_count * extent);
    for (uint32_t i = 0; i < triples; i++) {
        int8_t *u = fm_orbits_triple(&w->best, i);
        w->kernel->get(w->lane.walk, i, u, u + extent, u + 2 * extent);
    }
    return true;
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
    uint64_t due = w->stir_at + w->interval;
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

static fm_status check(const fm_tensor *tensor, const fm_engine_task *task, fm_error *error)
{
    unsigned format[3];
    if (!fm_tensor_is_matmul(tensor, format) || format[0] != format[1] || format[1] != format[2])
        return fm_fail(error, FM_BAD_INPUT,
                       "%s: the symmetric engine takes square formats, n x n x n", tensor->name);
    for (size_t s = 0; s < task->start_count; s++) {
        fm_orbits orbits;
        if (!fm_orbits_from_products(&orbits, format[0], &task->starts[s]))
            return fm_fail(error, FM_BAD_INPUT,
                           "a starting scheme is not symmetric under the cyclic shift of its "
                           "factors, with W for the transpose of C");
        fm_orbits_clear(&orbits);
    }
    return FM_OK;
}

/* Takes the starts as orbits; returns the most cubes and triples of any. */
static void take_starts(walker *w, uint32_t size, uint32_t *cubes, uint32_t *triples)
{
    *cubes = *triples = 0;
    w->starts = fm_alloc(w->task->start_count, sizeof *w->starts);
    for (size_t s = 0; s < w->task->start_count; s++) {
        bool symmetric = fm_orbits_from_products(&w->starts[s], size, &w->task->starts[s]);
        assert(symmetric); /* or check would have refused it */
        (void)symmetric;
        if (w->starts[s].cube_count > *cubes)
            *cubes = w->starts[s].cube_count;
        if (w->starts[s].triple_count > *triples)
            *triples = w->starts[s].triple_count;
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
    uint32_t extent = task->starts->extent[0], size = 1, cubes, triples;
    const uint32_t extents[3] = {extent, extent, extent};
    while (size * size < extent)
        size++;
    w->task = task;
    take_starts(w, size, &cubes, &triples);
    triples += 2 * size + HEADROOM; /* a cube that is joined to another leaves two */
    w->kernel = fm_walk_orbits_kernel(task->ring, extent, triples);
    assert(w->kernel != NULL);
    w->lane.walk = w->kernel->new (extents, triples);
    fm_random_seed(&w->random, task->seed, number);
    w->lane.random = &w->random;
    fm_orbits_init(&w->now, size, cubes, triples);
    fm_orbits_init(&w->best, size, cubes, triples);
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

static uint32_t best_rank(const void *opaque)
{
    return fm_orbits_rank(&((const walker *)opaque)->best);
}

static fm_products best(const void *opaque)
{
    return fm_orbits_to_products(&((const walker *)opaque)->best);
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
    .best_rank = best_rank,
    .best = best,
};
