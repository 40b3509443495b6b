/* The parallel driver: independent walkers, a few a thread, until a limit is reached. Threads meet
   only to report: a walker's path never depends on another's. */
#include "engine.h"
#include "error.h"
#include "memory.h"
#include "products.h"
#include "scheme.h"
#include "walk.h"

#include <assert.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SLICE = 1 << 15, /* attempts of a walker before the thread looks up: some milliseconds */
    IDLE_SLICES = 256,
    RANK_MARGIN = 16,
};
/* On the way down every rank is passed within moments, and only the last is worth keeping: a find
   is handed over when nothing better came for so long, and always at the end. */
static const double settle_seconds = 0.5;
/* A find that could not be saved is offered again after this. */
static const double retry_seconds = 5;

/* A walker and what other threads may know of it. */
typedef struct team_member {
    void *walker; /* of the engine */
    _Atomic uint32_t rank, best;
    _Atomic uint64_t flips;
    double best_at;   /* seconds */
    double retry_at;  /* no sooner offered */
    bool undelivered; /* its best scheme has not been handed over */
    bool finished;    /* reached the limit of flips, or has nothing to flip */
    unsigned idle;    /* slices without a flip */
} team_member;

typedef struct search {
    const fm_tensor *tensor;
    const fm_search_options *options;
    const fm_engine *engine;
    fm_products *starts;
    size_t start_count;
    uint32_t start_rank; /* the best of the starting schemes */
    char **parents;      /* the hashes of those that were given */
    team_member *members;
    unsigned member_count;
    _Atomic unsigned unfinished; /* members that have not reached the limit of flips */
    double start;
    _Atomic bool stop;
    omp_lock_t lock; /* guards what follows and the callbacks */
    uint32_t best_rank;
    double best_seconds;
    uint64_t delivered;
    double progress_at;
    fm_status status; /* of the last delivery that failed */
    fm_error error;
} search;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void wait_seconds(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
    nanosleep(&time, NULL);
}

/* ---------------------------------------------------------------- finds */

static void set_provenance(const search *s, fm_scheme *scheme)
{
    char text[sizeof "2026-11-24T01:02:03Z"];
    time_t seconds = time(NULL);
    struct tm utc;
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&seconds, &utc));
    fm_provenance provenance = {
        .engine = (char *)s->engine->name,
        .version = FEWMUL_VERSION,
        .time = text,
        .seed = s->options->seed,
        .has_seed = true,
        .parents = s->parents,
        .parent_count = s->options->from_count,
    };
    fm_scheme_set_provenance(scheme, &provenance);
}

/* Verifies the walker's best scheme and hands it over. The lock is held. */
static fm_status deliver(search *s, const team_member *member, double seconds)
{
    fm_verdict verdict;
    fm_products best = s->engine->best(member->walker);
    fm_scheme *scheme = fm_products_to_scheme(&best, s->tensor, s->options->ring);
    fm_products_clear(&best);
    fm_status status = fm_verify(scheme, s->tensor, s->options->ring, &verdict, &s->error);
    if (status == FM_NO) {
        s->stop = true;
        status = fm_fail(&s->error, FM_INTERNAL,
                         "internal error: a walk left its tensor at (%u, %u, %u): %s is %s",
                         verdict.i, verdict.j, verdict.k, verdict.expected, verdict.actual);
    }
    fm_verdict_clear(&verdict);
    if (status == FM_OK && s->options->on_find != NULL) {
        set_provenance(s, scheme);
        status = s->options->on_find(s->options->context, scheme, seconds, &s->error);
    }
    fm_scheme_free(scheme);
    return status;
}

static bool is_find(const search *s, uint32_t rank)
{
    bool target_met = s->options->target_rank != 0 && rank <= s->options->target_rank;
    return rank < s->start_rank || (target_met && s->options->from_count == 0);
}

/* Hands over the member's best scheme when it is due. */
static void deliver_when_due(search *s, team_member *member, bool at_end)
{
    double seconds = now() - s->start;
    if (!member->undelivered ||
        (!at_end && (seconds < member->best_at + settle_seconds || seconds < member->retry_at)))
        return;
    omp_set_lock(&s->lock);
    if (member->best > s->best_rank) {
        member->undelivered = false; /* another walker has a better one */
    } else {
        fm_status status = deliver(s, member, seconds);
        if (status == FM_OK) {
            member->undelivered = false;
            s->delivered++;
        } else {
            s->status = status;
        }
        member->retry_at = seconds + retry_seconds;
    }
    omp_unset_lock(&s->lock);
}

static void note_best(search *s, team_member *member)
{
    uint32_t rank = s->engine->best_rank(member->walker);
    omp_set_lock(&s->lock);
    double seconds = now() - s->start;
    member->best = rank;
    member->best_at = seconds;
    member->retry_at = 0;
    member->undelivered = is_find(s, rank);
    if (rank < s->best_rank) {
        s->best_rank = rank;
        s->best_seconds = seconds;
    }
    omp_unset_lock(&s->lock);
    if (s->options->target_rank != 0 && rank <= s->options->target_rank)
        s->stop = true;
}

/* ---------------------------------------------------------------- threads */

static void report_progress(search *s)
{
    uint32_t *ranks = fm_alloc(2 * (size_t)s->member_count, sizeof *ranks);
    fm_search_progress progress = {
        .seconds = now() - s->start,
        .walker_count = s->member_count,
        .current = ranks,
        .best = ranks + s->member_count,
    };
    for (unsigned i = 0; i < s->member_count; i++) {
        ranks[i] = s->members[i].rank;
        ranks[s->member_count + i] = s->members[i].best;
        progress.flips += s->members[i].flips;
    }
    omp_set_lock(&s->lock);
    progress.best_rank = s->best_rank;
    progress.finds_saved = s->delivered;
    s->options->on_progress(s->options->context, &progress);
    omp_unset_lock(&s->lock);
    free(ranks);
}

static bool stop_is_asked(const search *s)
{
    return s->options->stop != NULL && *s->options->stop != 0;
}

/* What one thread does for all: time, signals, progress. */
static void watch(search *s)
{
    const fm_search_options *options = s->options;
    double seconds = now() - s->start;
    if ((options->seconds > 0 && seconds >= options->seconds) || stop_is_asked(s))
        s->stop = true;
    if (options->on_progress != NULL && options->progress_seconds > 0 &&
        seconds >= s->progress_at) {
        s->progress_at = seconds + options->progress_seconds;
        report_progress(s);
    }
}

/* A slice of work for up to FM_ENGINE_TOGETHER members; false when all have finished. */
static bool run_slice(search *s, team_member *members, unsigned count)
{
    uint64_t limit = s->options->flips;
    void *walkers[FM_ENGINE_TOGETHER];
    team_member *working[FM_ENGINE_TOGETHER];
    bool better[FM_ENGINE_TOGETHER];
    unsigned working_count = 0;
    for (unsigned i = 0; i < count; i++)
        if (!members[i].finished) {
            walkers[working_count] = members[i].walker;
            working[working_count++] = &members[i];
        }
    s->engine->run(walkers, working_count, SLICE, limit, better);
    for (unsigned i = 0; i < working_count; i++) {
        team_member *member = working[i];
        member->rank = s->engine->rank(member->walker);
        uint64_t flips = s->engine->flips(member->walker);
        member->idle = flips > member->flips ? 0 : member->idle + 1;
        member->flips = flips;
        if (limit != 0 && (flips >= limit || member->idle >= IDLE_SLICES)) {
            member->finished = true;
            s->unfinished--;
        }
        if (better[i])
            note_best(s, member);
        deliver_when_due(s, member, false);
    }
    return working_count > 0;
}

static void run_thread(search *s, unsigned thread, unsigned threads)
{
    unsigned each = (s->member_count + threads - 1) / threads;
    unsigned together = each < FM_ENGINE_TOGETHER ? each : FM_ENGINE_TOGETHER;
    bool working = true;
    while (working && !s->stop) {
        working = false;
        for (unsigned i = thread * together; i < s->member_count && !s->stop;
             i += threads * together) {
            unsigned left = s->member_count - i;
            if (run_slice(s, &s->members[i], left < together ? left : together))
                working = true;
            if (thread == 0)
                watch(s);
        }
    }
    while (thread == 0 && s->unfinished > 0 && !s->stop) { /* those of the other threads */
        wait_seconds(0.02);
        watch(s);
    }
}

/* Hands over what has not been yet; for a while again what cannot be saved, as it would be lost. */
static void deliver_the_rest(search *s)
{
    enum { TRIES = 4 };
    for (int try = 0; try < TRIES; try++) {
        bool all = true;
        for (unsigned i = 0; i < s->member_count; i++) {
            deliver_when_due(s, &s->members[i], true);
            all = all && !s->members[i].undelivered;
        }
        if (all || s->status == FM_INTERNAL)
            return;
        wait_seconds(try < TRIES - 1 ? 1 : 0);
    }
}

static void run_threads(search *s)
{
    unsigned wanted =
        s->options->threads != 0 ? s->options->threads : (unsigned)omp_get_max_threads();
    if (wanted > s->member_count)
        wanted = s->member_count;
#pragma omp parallel num_threads(wanted)
    {
        unsigned threads = (unsigned)omp_get_num_threads();
        run_thread(s, (unsigned)omp_get_thread_num(), threads);
    }
    deliver_the_rest(s);
}

/* ---------------------------------------------------------------- set-up */

static fm_status check_options(const fm_tensor *tensor, const fm_search_options *options,
                               fm_error *error)
{
    char name[FM_RING_NAME_SIZE];
    if (fm_engine_named(options->engine) == NULL)
        return fm_fail(error, FM_BAD_INPUT, "unknown engine '%s'; there are: flips, symmetric",
                       options->engine);
    for (unsigned axis = 0; axis < 3; axis++)
        if (tensor->extent[axis] > FM_WALK_EXTENT_MAX)
            return fm_fail(error, FM_BAD_INPUT,
                           "%s: factors of %u coefficients; the search takes up to %d",
                           tensor->name, tensor->extent[axis], FM_WALK_EXTENT_MAX);
    if (fm_walk_kernel_for(options->ring, 1, 1) == NULL)
        return fm_fail(error, FM_BAD_INPUT, "no search over %s: expected f2, f3 or zt",
                       fm_ring_name(options->ring, name));
    return FM_OK;
}

/* Takes a starting scheme into the search's ring, if it holds there. */
static fm_status add_start(search *s, const fm_scheme *given, fm_error *error)
{
    fm_scheme *scheme;
    fm_verdict verdict;
    fm_ring ring = s->options->ring;
    if (!fm_tensor_equal(given->tensor, s->tensor))
        return fm_fail(error, FM_BAD_INPUT, "a starting scheme is for %s, not for %s",
                       given->tensor->name, s->tensor->name);
    fm_status status = fm_scheme_to_ring(given, ring, &scheme, error);
    if (status != FM_OK)
        return status;
    status = fm_verify(scheme, s->tensor, ring, &verdict, error);
    fm_verdict_clear(&verdict);
    if (status == FM_NO)
        status = fm_fail(error, FM_BAD_INPUT, "a starting scheme does not hold");
    else if (status == FM_OK &&
             (scheme->rank == 0 || scheme->rank > FM_WALK_RANK_MAX - RANK_MARGIN))
        status = fm_fail(error, FM_BAD_INPUT, "%s: rank %u; the search takes from 1 to %d",
                         s->tensor->name, scheme->rank, FM_WALK_RANK_MAX - RANK_MARGIN);
    if (status == FM_OK)
        fm_products_from_scheme(&s->starts[s->start_count++], scheme);
    fm_scheme_free(scheme);
    return status;
}

static fm_status make_starts(search *s, fm_error *error)
{
    fm_scheme *standard = NULL;
    const fm_search_options *options = s->options;
    size_t count = options->from_count;
    s->starts = fm_alloc_zero(count > 0 ? count : 1, sizeof *s->starts);
    s->parents = fm_alloc(count, sizeof *s->parents);
    for (size_t i = 0; i < count; i++) {
        s->parents[i] = fm_alloc(FM_HASH_SIZE, 1);
        fm_scheme_hash(options->from[i], s->parents[i]);
    }
    fm_status status = FM_OK;
    if (count == 0) {
        status = fm_scheme_standard(s->tensor, options->ring, &standard, error);
        if (status == FM_OK)
            status = add_start(s, standard, error);
        fm_scheme_free(standard);
    }
    for (size_t i = 0; i < count && status == FM_OK; i++)
        status = add_start(s, options->from[i], error);
    s->start_rank = UINT32_MAX;
    for (size_t i = 0; i < s->start_count; i++)
        if (s->starts[i].rank < s->start_rank)
            s->start_rank = s->starts[i].rank;
    return status;
}

static void make_members(search *s, const fm_engine_task *task)
{
    const fm_search_options *options = s->options;
    unsigned threads = options->threads != 0 ? options->threads : (unsigned)omp_get_max_threads();
    s->member_count = options->walkers != 0 ? options->walkers : FM_ENGINE_TOGETHER * threads;
    s->members = fm_alloc_zero(s->member_count, sizeof *s->members);
    for (unsigned i = 0; i < s->member_count && !(i > 0 && stop_is_asked(s)); i++) {
        team_member *member = &s->members[i];
        member->walker = s->engine->new (task, i);
        member->rank = s->engine->rank(member->walker);
        note_best(s, member);
        s->unfinished = i + 1;
    }
    s->member_count = s->unfinished;
}

static fm_status outcome(const search *s, fm_error *error)
{
    for (unsigned i = 0; i < s->member_count; i++)
        if (s->members[i].undelivered) {
            if (error != NULL)
                *error = s->error;
            return s->status;
        }
    if (s->options->target_rank != 0 && s->best_rank <= s->options->target_rank)
        return FM_OK;
    if (stop_is_asked(s))
        return FM_INTERRUPTED;
    return s->options->target_rank != 0 ? FM_NO : FM_OK;
}

fm_status fm_search(const fm_tensor *tensor, const fm_search_options *options,
                    fm_search_result *result, fm_error *error)
{
    search s = {.tensor = tensor,
                .options = options,
                .engine = fm_engine_named(options->engine),
                .start = now(),
                .best_rank = UINT32_MAX};
    fm_status status = check_options(tensor, options, error);
    if (status != FM_OK)
        return status;
    omp_init_lock(&s.lock);
    status = make_starts(&s, error);
    fm_engine_task task = {
        .ring = options->ring,
        .starts = s.starts,
        .start_count = s.start_count,
        .standard = options->from_count == 0,
        .target_rank = options->target_rank,
        .seed = options->seed,
        .symmetry = options->symmetry,
    };
    if (status == FM_OK)
        status = s.engine->check(tensor, &task, error);
    if (status == FM_OK) {
        make_members(&s, &task);
        run_threads(&s);
        status = outcome(&s, error);
        *result = (fm_search_result){s.best_rank, now() - s.start, s.best_seconds, 0};
        for (unsigned i = 0; i < s.member_count; i++)
            result->flips += s.engine->flips(s.members[i].walker);
    }
    for (unsigned i = 0; i < s.member_count; i++)
        s.engine->free(s.members[i].walker);
    free(s.members);
    for (size_t i = 0; i < s.start_count; i++)
        fm_products_clear(&s.starts[i]);
    free(s.starts);
    for (size_t i = 0; i < options->from_count; i++)
        free(s.parents[i]);
    free(s.parents);
    omp_destroy_lock(&s.lock);
    return status;
}
