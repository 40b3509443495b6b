/* The parallel driver: walkers, a few a thread, until a limit is reached. Threads meet to report and
   for checkpoints; what walkers have from each other is the engine's business (engine.h). */
#include "checkpoint.h"
#include "clock.h"
#include "engine.h"
#include "error.h"
#include "memory.h"
#include "model.h"
#include "products.h"
#include "scheme.h"
#include "walk.h"

#include <assert.h>
#include <limits.h>
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
static const double default_checkpoint_seconds = 300;
/* A checkpoint that could not be saved is tried again after this, or after its interval. */
static const double checkpoint_retry_seconds = 10;

/* A walker and what other threads may know of it. */
typedef struct team_member {
    void *walker; /* of the engine */
    _Atomic uint32_t rank;
    _Atomic uint64_t best; /* its best score */
    _Atomic uint64_t flips;
    double best_at;   /* seconds */
    double retry_at;  /* no sooner offered */
    bool undelivered; /* its best scheme has not been handed over */
    bool finished;    /* reached the limit of flips, or has nothing to flip */
    unsigned idle;    /* slices without a flip */
    fm_state state;   /* for the checkpoint that is being collected */
} team_member;

typedef struct search {
    const fm_tensor *tensor;
    const fm_search_options *options;
    const fm_engine *engine;
    void *shared;    /* by its walkers */
    fm_model *model; /* NULL: none */
    fm_products *starts;
    size_t start_count;
    uint32_t start_rank; /* the best of the starting schemes */
    team_member *members;
    unsigned member_count, threads;
    _Atomic unsigned unfinished; /* members that have not reached the limit of flips */
    double start;
    _Atomic bool stop;
    omp_lock_t lock; /* guards what follows and the callbacks */
    uint64_t best_score;
    double best_seconds; /* until its rank was reached */
    uint64_t delivered;
    /* For options->distinct: the invariants of the given schemes, which do not count, and of the
       collected ones; and the schemes that could not be saved yet. */
    char (*collected)[FM_HASH_SIZE];
    unsigned given_count, collected_count;
    fm_scheme **unsaved;
    unsigned unsaved_count;
    double unsaved_at; /* seconds: no sooner offered again */
    double progress_at;
    fm_status status; /* of the last delivery that failed */
    fm_error error;

    /* Checkpoints. Thread 0 asks for one by raising collecting; each thread then saves its members,
       between two slices, and lowers missing; when all have, thread 0 puts them together. */
    fm_checkpoint_lock *lock_file; /* of the checkpoint, or NULL */
    fm_saver *saver;               /* NULL: none are wanted */
    double earlier;                /* seconds of the runs before this one */
    int save_seen;                 /* the value of *options->save that was answered */
    double save_at, saved_at;
    bool is_collecting, is_writing;
    _Atomic unsigned collecting, missing;
} search;

static uint32_t rank_of(uint64_t score)
{
    return (uint32_t)(score >> 32);
}

static bool target_is_met(const search *s, uint64_t score)
{
    return s->options->target_rank != 0 && rank_of(score) <= s->options->target_rank;
}

/* How many members a thread runs side by side. */
static unsigned members_together(const search *s)
{
    unsigned each = (s->member_count + s->threads - 1) / s->threads;
    return each < FM_ENGINE_TOGETHER ? each : FM_ENGINE_TOGETHER;
}

static void wait_seconds(double seconds)
{
    struct timespec time = {(time_t)seconds, (long)(1e9 * (seconds - (double)(time_t)seconds))};
    nanosleep(&time, NULL);
}

/* ---------------------------------------------------------------- finds */

static void set_provenance(const search *s, fm_scheme *scheme)
{
    fm_scheme_set_parents(scheme, s->engine->name, &s->options->seed, s->options->from,
                          s->options->from_count);
}

static unsigned distinct_count(const search *s)
{
    return s->collected_count - s->given_count;
}

static bool is_known(const search *s, const char invariant[FM_HASH_SIZE])
{
    char other[FM_HASH_SIZE];
    for (unsigned i = 0; i < s->collected_count; i++)
        if (strcmp(s->collected[i], invariant) == 0)
            return true;
    for (unsigned i = 0; i < s->unsaved_count; i++) {
        fm_scheme_invariant(s->unsaved[i], other);
        if (strcmp(other, invariant) == 0)
            return true;
    }
    return false;
}

static void remember(search *s, const fm_scheme *scheme)
{
    fm_scheme_invariant(scheme, s->collected[s->collected_count++]);
    if (distinct_count(s) == s->options->distinct)
        s->stop = true;
}

static fm_status hand_over(search *s, const fm_scheme *scheme, double seconds)
{
    fm_status status = s->options->on_find(s->options->context, scheme, seconds, &s->error);
    if (status == FM_OK)
        s->delivered++;
    else
        s->status = status;
    return status;
}

/* Hands over a scheme that is unlike all that were; keeps it where that fails: the walker goes on. */
static void collect(search *s, fm_scheme *scheme, double seconds)
{
    char invariant[FM_HASH_SIZE];
    fm_scheme_invariant(scheme, invariant);
    if (distinct_count(s) + s->unsaved_count >= s->options->distinct || is_known(s, invariant)) {
        fm_scheme_free(scheme);
    } else if (hand_over(s, scheme, seconds) == FM_OK) {
        remember(s, scheme);
        fm_scheme_free(scheme);
    } else {
        s->unsaved = fm_realloc(s->unsaved, s->unsaved_count + 1, sizeof *s->unsaved);
        s->unsaved[s->unsaved_count++] = scheme;
        s->unsaved_at = seconds + retry_seconds;
    }
}

/* Offers again what could not be saved. The lock is held. */
static void offer_unsaved(search *s, double seconds)
{
    s->unsaved_at = seconds + retry_seconds;
    while (s->unsaved_count > 0) {
        fm_scheme *scheme = s->unsaved[s->unsaved_count - 1];
        if (hand_over(s, scheme, seconds) != FM_OK)
            return;
        s->unsaved_count--;
        remember(s, scheme);
        fm_scheme_free(scheme);
    }
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
        if (s->collected != NULL && target_is_met(s, member->best)) {
            collect(s, scheme, seconds);
            return FM_OK;
        }
        status = hand_over(s, scheme, seconds);
    }
    fm_scheme_free(scheme);
    return status;
}

static bool is_find(const search *s, uint64_t score)
{
    return rank_of(score) < s->start_rank ||
           (target_is_met(s, score) && (s->options->from_count == 0 || s->collected != NULL)) ||
           (rank_of(score) == s->start_rank && s->best_score != UINT64_MAX &&
            score < s->best_score);
}

/* Hands over the member's best scheme when it is due: at once where schemes are collected. */
static void deliver_when_due(search *s, team_member *member, bool at_end)
{
    double seconds = fm_now() - s->start;
    bool collects = s->collected != NULL && target_is_met(s, member->best);
    if (!member->undelivered || (!at_end && seconds < member->retry_at) ||
        (!at_end && !collects && seconds < member->best_at + settle_seconds))
        return;
    omp_set_lock(&s->lock);
    if (member->best > s->best_score && !collects) {
        member->undelivered = false; /* another walker has a better one */
    } else {
        fm_status status = deliver(s, member, seconds);
        if (status == FM_OK)
            member->undelivered = false;
        else
            s->status = status;
        member->retry_at = seconds + retry_seconds;
    }
    omp_unset_lock(&s->lock);
}

static void note_best(search *s, team_member *member)
{
    uint64_t score = s->engine->best_score(member->walker);
    omp_set_lock(&s->lock);
    double seconds = fm_now() - s->start;
    member->best = score;
    member->best_at = seconds;
    member->retry_at = 0;
    member->undelivered = is_find(s, score);
    if (rank_of(score) < rank_of(s->best_score))
        s->best_seconds = seconds;
    if (score < s->best_score)
        s->best_score = score;
    omp_unset_lock(&s->lock);
    if (target_is_met(s, score) && s->collected == NULL &&
        s->options->objective == FM_OBJECTIVE_RANK)
        s->stop = true;
}

/* ---------------------------------------------------------------- progress */

static void report_progress(search *s)
{
    uint32_t *ranks = fm_alloc(2 * (size_t)s->member_count, sizeof *ranks);
    fm_search_progress progress = {
        .seconds = fm_now() - s->start,
        .walker_count = s->member_count,
        .current = ranks,
        .best = ranks + s->member_count,
    };
    for (unsigned i = 0; i < s->member_count; i++) {
        ranks[i] = s->members[i].rank;
        ranks[s->member_count + i] = rank_of(s->members[i].best);
        progress.flips += s->members[i].flips;
    }
    fm_search_pool *pools = NULL;
    if (s->engine->pools != NULL)
        progress.pools = pools = s->engine->pools(s->shared, &progress.pool_count);
    progress.checkpoint_seconds = s->saved_at;
    omp_set_lock(&s->lock);
    progress.best_rank = rank_of(s->best_score);
    progress.finds_saved = s->delivered;
    s->options->on_progress(s->options->context, &progress);
    omp_unset_lock(&s->lock);
    free(pools);
    free(ranks);
}

static bool stop_is_asked(const search *s)
{
    return s->options->stop != NULL && *s->options->stop != 0;
}

/* ---------------------------------------------------------------- checkpoints */

static void tell(const search *s, const char *message)
{
    if (s->options->on_message != NULL)
        s->options->on_message(s->options->context, message);
}

static void member_state(const search *s, team_member *member, fm_state *state)
{
    uint64_t best = member->best;
    FM_STATE_VALUE(state, best);
    FM_STATE_VALUE(state, member->best_at);
    FM_STATE_VALUE(state, member->undelivered);
    FM_STATE_VALUE(state, member->idle);
    s->engine->state(member->walker, state);
    member->best = best;
}

/* What the members do not know: counters, and what they share. */
static void common_state(search *s, double *seconds, fm_state *state)
{
    omp_set_lock(&s->lock);
    FM_STATE_VALUE(state, *seconds);
    FM_STATE_VALUE(state, s->best_score);
    FM_STATE_VALUE(state, s->best_seconds);
    FM_STATE_VALUE(state, s->delivered);
    FM_STATE_VALUE(state, s->collected_count);
    fm_state_require(state, s->collected_count <= s->given_count + s->options->distinct);
    if (!state->bad)
        fm_state_bytes(state, s->collected, s->collected_count * sizeof *s->collected);
    omp_unset_lock(&s->lock);
    s->engine->shared_state(s->shared, state);
}

static fm_state assemble(search *s, double seconds)
{
    fm_state state = {0};
    common_state(s, &seconds, &state);
    for (unsigned i = 0; i < s->member_count; i++) {
        fm_state *own = &s->members[i].state;
        fm_state_bytes(&state, own->data, own->length);
        fm_state_clear(own);
    }
    return state;
}

/* Says how the last checkpoint went, when it is on disk or has failed. */
static void note_saved(search *s, double seconds)
{
    fm_error error;
    s->is_writing = false;
    if (fm_saver_end(s->saver, &error) == FM_OK)
        return;
    char *text =
        fm_format("checkpoint not saved: %s; the search goes on and will try again", error.message);
    omp_set_lock(&s->lock);
    tell(s, text);
    omp_unset_lock(&s->lock);
    free(text);
    if (s->save_at > seconds + checkpoint_retry_seconds)
        s->save_at = seconds + checkpoint_retry_seconds;
}

static void watch_checkpoints(search *s, double seconds)
{
    const fm_search_options *options = s->options;
    if (s->is_writing && !fm_saver_busy(s->saver))
        note_saved(s, seconds);
    bool is_asked = options->save != NULL && *options->save != s->save_seen;
    if (s->is_collecting || s->is_writing || (!is_asked && seconds < s->save_at))
        return;
    if (is_asked)
        s->save_seen = *options->save;
    s->save_at = seconds + (options->checkpoint_seconds > 0 ? options->checkpoint_seconds
                                                            : default_checkpoint_seconds);
    s->is_collecting = true;
    s->missing = s->threads;
    s->collecting++;
}

/* Puts the members' states together when all are there, for the saver. */
static void end_collecting(search *s)
{
    double seconds = fm_now() - s->start;
    fm_state state = assemble(s, seconds);
    s->is_collecting = false;
    s->is_writing = true;
    s->saved_at = seconds;
    fm_saver_begin(s->saver, &state);
}

/* Saves the thread's members when a checkpoint is being collected that has not got them. What they
   share is saved before thread 0 goes on, so that with one thread it is of the same moment. */
static void answer(search *s, unsigned thread, unsigned *answered)
{
    unsigned together = members_together(s);
    if (*answered != s->collecting) {
        *answered = s->collecting;
        for (unsigned i = 0; i < s->member_count; i++)
            if (i / together % s->threads == thread)
                member_state(s, &s->members[i], &s->members[i].state);
        s->missing--;
    }
    if (thread == 0 && s->is_collecting && s->missing == 0)
        end_collecting(s);
}

/* Saves the state now, with no walker at work. */
static fm_status save_now(search *s, fm_error *error)
{
    double seconds = fm_now() - s->start;
    for (unsigned i = 0; i < s->member_count; i++) {
        fm_state_clear(&s->members[i].state);
        member_state(s, &s->members[i], &s->members[i].state);
    }
    fm_state state = assemble(s, seconds);
    s->saved_at = seconds;
    fm_saver_begin(s->saver, &state);
    return fm_saver_end(s->saver, error);
}

/* What a search must have in common with a checkpoint to go on from it. Freed with free. */
static char *identity_of(const search *s)
{
    static const char *const strategies[] = {"growth", "pools", "walks"};
    static const char *const objectives[] = {"rank", "additions", "flips"};
    const fm_search_options *options = s->options;
    char ring[FM_RING_NAME_SIZE], tensor[FM_HASH_SIZE];
    uint64_t starts = 0;
    fm_tensor_hash(s->tensor, tensor);
    for (size_t i = 0; i < s->start_count; i++)
        starts = starts * 0x9e3779b97f4a7c15u + fm_products_hash(&s->starts[i]);
    const char *name = fm_tensor_is_matmul(s->tensor, NULL) ? fm_tensor_name(s->tensor) : tensor;
    char coefficients[32] = "";
    if (options->coefficient_max != 0)
        snprintf(coefficients, sizeof coefficients, " -%u..%u", options->coefficient_max,
                 options->coefficient_max);
    return fm_format("tensor %s\nring %s%s\nengine %s%s\nsymmetry %s\nstrategy %s\nobjective %s\n"
                     "through %s\ndistinct %u of rank %u\nseed %llu\nwalkers %u\nstarts %016llx\n",
                     name, fm_ring_name(options->ring, ring), coefficients, s->engine->name,
                     options->learn ? " with a model" : "",
                     options->symmetry != NULL ? options->symmetry : "chosen",
                     strategies[options->strategy], objectives[options->objective],
                     options->through != NULL ? options->through->name : "nothing",
                     options->distinct, options->distinct != 0 ? options->target_rank : 0,
                     (unsigned long long)options->seed, s->member_count,
                     (unsigned long long)starts);
}

/* Whether nothing is left to be found. */
static bool is_done(const search *s)
{
    if (s->collected != NULL)
        return distinct_count(s) >= s->options->distinct;
    return s->options->objective == FM_OBJECTIVE_RANK && target_is_met(s, s->best_score);
}

/* Takes the search to where the checkpoint has it. */
static fm_status restore(search *s, fm_state *state, fm_error *error)
{
    double seconds = 0;
    common_state(s, &seconds, state);
    for (unsigned i = 0; i < s->member_count && !state->bad; i++) {
        team_member *member = &s->members[i];
        member_state(s, member, state);
        member->flips = s->engine->flips(member->walker);
        member->rank = s->engine->rank(member->walker);
    }
    if (state->bad || state->at != state->length)
        return fm_fail(error, FM_BAD_INPUT, "%s: not what such a search saves",
                       s->options->checkpoint);
    s->earlier = seconds;
    s->start -= seconds;
    s->stop = is_done(s);
    char *text = fm_format("%s: goes on after %.0f s, best rank %u", s->options->checkpoint,
                           seconds, rank_of(s->best_score));
    tell(s, text);
    free(text);
    return FM_OK;
}

/* Goes on from the checkpoint where there is one, and sees that one can be saved where not. */
static fm_status open_checkpoint(search *s, fm_error *error)
{
    fm_state state;
    fm_status status;
    s->lock_file = fm_checkpoint_lock_new(s->options->checkpoint, &status, error);
    if (status != FM_OK)
        return status;
    char *identity = identity_of(s);
    status = fm_checkpoint_read(s->options->checkpoint, identity, &state, error);
    if (status == FM_OK || status == FM_NO)
        s->saver = fm_saver_new(s->options->checkpoint, identity);
    if (status == FM_OK)
        status = restore(s, &state, error);
    else if (status == FM_NO)
        status = save_now(s, error);
    s->save_at = fm_now() - s->start +
                 (s->options->checkpoint_seconds > 0 ? s->options->checkpoint_seconds
                                                     : default_checkpoint_seconds);
    s->save_seen = s->options->save != NULL ? *s->options->save : 0;
    fm_state_clear(&state);
    free(identity);
    return status;
}

/* ---------------------------------------------------------------- threads */

/* What one thread does for all: time, signals, progress, checkpoints. */
static void watch(search *s)
{
    const fm_search_options *options = s->options;
    double seconds = fm_now() - s->start;
    if ((options->seconds > 0 && seconds >= options->seconds + s->earlier) || stop_is_asked(s))
        s->stop = true;
    omp_set_lock(&s->lock);
    if (s->unsaved_count > 0 && seconds >= s->unsaved_at)
        offer_unsaved(s, seconds);
    omp_unset_lock(&s->lock);
    if (s->saver != NULL)
        watch_checkpoints(s, seconds);
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

static void run_thread(search *s, unsigned thread)
{
    unsigned together = members_together(s), answered = 0;
    bool working = true;
    while (working && !s->stop) {
        working = false;
        for (unsigned i = thread * together; i < s->member_count && !s->stop;
             i += s->threads * together) {
            unsigned left = s->member_count - i;
            answer(s, thread, &answered);
            if (run_slice(s, &s->members[i], left < together ? left : together))
                working = true;
            if (thread == 0)
                watch(s);
        }
    }
    while (s->unfinished > 0 && !s->stop) { /* those of the other threads */
        answer(s, thread, &answered);
        wait_seconds(0.02);
        if (thread == 0)
            watch(s);
    }
}

/* Hands over what has not been yet; for a while again what cannot be saved, as it would be lost. */
static void deliver_the_rest(search *s)
{
    enum { TRIES = 4 };
    for (int try = 0; try < TRIES; try++) {
        offer_unsaved(s, fm_now() - s->start);
        bool all = s->unsaved_count == 0;
        for (unsigned i = 0; i < s->member_count; i++) {
            deliver_when_due(s, &s->members[i], true);
            all = all && !s->members[i].undelivered;
        }
        if (all || s->status == FM_INTERNAL)
            return;
        wait_seconds(try < TRIES - 1 ? 1 : 0);
    }
}

/* Reads the model, or makes one that has learnt nothing; sees that it can be written. */
static fm_status open_model(search *s, fm_error *error)
{
    const fm_search_options *options = s->options;
    fm_status status = FM_NO;
    if (!options->learn)
        return FM_OK;
    if (options->model_from != NULL)
        status = fm_model_read(options->model_from, s->tensor, options->ring, &s->model, error);
    if (status == FM_NO) {
        s->model = fm_model_new(options->seed);
        status = FM_OK;
    }
    if (status == FM_OK && options->model_to != NULL)
        status = fm_model_write(options->model_to, s->tensor, options->ring, s->model, error);
    return status;
}

static void save_model(search *s)
{
    fm_error error;
    const fm_search_options *options = s->options;
    if (!options->learn || options->model_to == NULL ||
        fm_model_write(options->model_to, s->tensor, options->ring, s->model, &error) == FM_OK)
        return;
    char *text = fm_format("model not saved: %s", error.message);
    tell(s, text);
    free(text);
}

static void run_threads(search *s)
{
    unsigned wanted =
        s->options->threads != 0 ? s->options->threads : (unsigned)omp_get_max_threads();
    if (wanted > s->member_count)
        wanted = s->member_count;
#pragma omp parallel num_threads(wanted)
    {
#pragma omp single
        s->threads = (unsigned)omp_get_num_threads(); /* and all wait for it */
        run_thread(s, (unsigned)omp_get_thread_num());
    }
    deliver_the_rest(s);
    fm_error error;
    if (s->saver != NULL && save_now(s, &error) != FM_OK) {
        char *text = fm_format("checkpoint not saved: %s", error.message);
        tell(s, text);
        free(text);
    }
    save_model(s);
}

/* ---------------------------------------------------------------- set-up */

/* The engine of the options: without one, flips, or the portfolio auto where there is more that suits
   and nothing asks for what only flips has. NULL when it is unknown. */
static const fm_engine *engine_of(const fm_tensor *tensor, const fm_search_options *options)
{
    if (options->engine != NULL)
        return fm_engine_named(options->engine);
    bool plain = options->from_count == 0 && options->through == NULL && options->distinct == 0 &&
                 options->strategy == FM_STRATEGY_GROWTH && options->objective == FM_OBJECTIVE_RANK;
    return plain && fm_engine_auto_is_symmetric(tensor) ? &fm_engine_auto : &fm_engine_flips;
}

const char *fm_search_engine(const fm_tensor *tensor, const fm_search_options *options)
{
    const fm_engine *engine = engine_of(tensor, options);
    return engine != NULL ? engine->name : NULL;
}

/* Whether the larger format, where there is one, is one. */
static fm_status check_through(const fm_tensor *tensor, const fm_search_options *options,
                               fm_error *error)
{
    const fm_tensor *through = options->through;
    if (through == NULL)
        return FM_OK;
    if (options->from_count > 0 || options->strategy != FM_STRATEGY_GROWTH ||
        engine_of(tensor, options) != &fm_engine_flips)
        return fm_fail(error, FM_BAD_INPUT,
                       "only growth from the standard scheme goes through a larger format");
    for (int i = 0; i < 3; i++)
        if (tensor->format[i] == 0 || through->format[i] < tensor->format[i])
            return fm_fail(error, FM_BAD_INPUT, "%s is not a format larger than %s", through->name,
                           tensor->name);
    for (int axis = 0; axis < 3; axis++)
        if (through->extent[axis] > FM_WALK_EXTENT_MAX ||
            through->entry_count > FM_WALK_RANK_MAX - RANK_MARGIN)
            return fm_fail(error, FM_BAD_INPUT, "%s is too large for the search", through->name);
    return FM_OK;
}

static fm_status check_options(const fm_tensor *tensor, const fm_search_options *options,
                               fm_error *error)
{
    char name[FM_RING_NAME_SIZE];
    if (engine_of(tensor, options) == NULL)
        return fm_fail(error, FM_BAD_INPUT,
                       "unknown engine '%s'; there are: flips, symmetric, mcts, auto",
                       options->engine);
    for (unsigned axis = 0; axis < 3; axis++)
        if (tensor->extent[axis] > FM_WALK_EXTENT_MAX)
            return fm_fail(error, FM_BAD_INPUT,
                           "%s: factors of %u coefficients; the search takes up to %d",
                           tensor->name, tensor->extent[axis], FM_WALK_EXTENT_MAX);
    fm_status status = check_through(tensor, options, error);
    if (status != FM_OK)
        return status;
    if (options->distinct != 0 && (options->target_rank == 0 || options->on_find == NULL))
        return fm_fail(error, FM_BAD_INPUT, "distinct schemes are of a target rank");
    bool wide = engine_of(tensor, options) == &fm_engine_mcts;
    if (fm_walk_kernel_for(options->ring, 1, 1) == NULL &&
        (!wide || options->ring.kind != FM_RING_Z))
        return fm_fail(error, FM_BAD_INPUT, "no search over %s: expected f2, f3 or zt%s",
                       fm_ring_name(options->ring, name), wide ? ", or z" : "");
    if (options->learn && !wide &&
        (options->engine == NULL || engine_of(tensor, options) != &fm_engine_auto))
        return fm_fail(error, FM_BAD_INPUT, "only the engines mcts and auto have a model");
    if (options->coefficient_max != 0 && options->ring.kind != FM_RING_Z)
        return fm_fail(error, FM_BAD_INPUT, "coefficients are chosen for the engine mcts over z");
    if (options->coefficient_max > FM_WALK_COEFFICIENT_MAX)
        return fm_fail(error, FM_BAD_INPUT, "coefficients are up to %d, not %u",
                       FM_WALK_COEFFICIENT_MAX, options->coefficient_max);
    return FM_OK;
}

static int coefficient_max_of(const fm_search_options *options)
{
    return options->coefficient_max != 0 ? (int)options->coefficient_max : 1;
}

/* Whether the coefficients of a scheme over z are those of the search. */
static bool has_small_coefficients(const search *s, const fm_scheme *scheme)
{
    const fmpz most[1] = {coefficient_max_of(s->options)};
    for (int axis = 0; axis < 3; axis++) {
        const fm_factors *f = &scheme->factors[axis];
        for (size_t e = 0; e < f->start[scheme->rank]; e++)
            if (fmpz_cmpabs(fmpq_numref(&f->value[e]), most) > 0)
                return false;
    }
    return true;
}

/* Takes a starting scheme into the search's ring, if it holds there; label names it in messages. */
static fm_status add_start(search *s, const fm_scheme *given, const char *label, fm_error *error)
{
    fm_scheme *scheme;
    fm_verdict verdict;
    fm_ring ring = s->options->ring;
    if (!fm_tensor_equal(given->tensor, s->tensor))
        return fm_fail(error, FM_BAD_INPUT, "%s: a scheme for %s, not for %s", label,
                       given->tensor->name, s->tensor->name);
    fm_error reason;
    fm_status status = fm_scheme_to_ring(given, ring, &scheme, &reason);
    if (status != FM_OK)
        return fm_fail(error, status, "%s: %s", label, reason.message);
    status = fm_verify(scheme, s->tensor, ring, &verdict, error);
    if (status == FM_NO)
        status = fm_fail(error, FM_BAD_INPUT,
                         "%s: does not hold: entry (%u, %u, %u) should be %s and is %s", label,
                         verdict.i, verdict.j, verdict.k, verdict.expected, verdict.actual);
    fm_verdict_clear(&verdict);
    if (status == FM_OK && (scheme->rank == 0 || scheme->rank > FM_WALK_RANK_MAX - RANK_MARGIN))
        status = fm_fail(error, FM_BAD_INPUT, "%s: rank %u; the search takes from 1 to %d", label,
                         scheme->rank, FM_WALK_RANK_MAX - RANK_MARGIN);
    if (status == FM_OK && ring.kind == FM_RING_Z && !has_small_coefficients(s, scheme))
        status = fm_fail(error, FM_BAD_INPUT, "%s: a coefficient beyond -%d..%d", label,
                         coefficient_max_of(s->options), coefficient_max_of(s->options));
    if (status == FM_OK)
        fm_products_from_scheme(&s->starts[s->start_count++], scheme);
    fm_scheme_free(scheme);
    return status;
}

/* The value of an entry in the ring of the search: over f3 -1 for 2. False when it is more than
   small products make. */
static bool small_value(const fm_tensor_entry *entry, fm_ring ring, long *value)
{
    if (ring.kind == FM_RING_ZP) {
        *value = (long)fmpz_fdiv_ui(&entry->value, ring.p);
        *value = *value == 2 ? -1 : *value;
        return true;
    }
    *value = fmpz_fits_si(&entry->value) ? fmpz_get_si(&entry->value) : LONG_MAX;
    return *value >= -FM_WALK_RANK_MAX && *value <= FM_WALK_RANK_MAX;
}

/* The standard scheme: a product for each entry, or several of the same factors u and v where
   coefficients of w are not as large as the entry. */
static fm_status add_standard(search *s, fm_error *error)
{
    const fm_tensor *tensor = s->tensor;
    const uint32_t rank_max = FM_WALK_RANK_MAX - RANK_MARGIN;
    long most = coefficient_max_of(s->options), value;
    fm_products *start = &s->starts[0];
    *start = fm_products_new(tensor->extent, rank_max);
    s->start_count = 1;
    bool fits = true;
    for (size_t e = 0; e < tensor->entry_count && fits; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        fits = small_value(entry, s->options->ring, &value);
        while (fits && value != 0 && (fits = start->rank < rank_max)) {
            long part = value > most ? most : value < -most ? -most : value;
            int8_t *row = fm_products_row(start, start->rank++);
            memset(row, 0, fm_products_row_length(start));
            row[entry->i] = row[tensor->extent[0] + entry->j] = 1;
            row[tensor->extent[0] + tensor->extent[1] + entry->k] = (int8_t)part;
            value -= part;
        }
    }
    if (!fits)
        return fm_fail(
            error, FM_BAD_INPUT,
            "%s: a standard scheme of more than %u products, the most that the search takes",
            tensor->name, rank_max);
    if (start->rank == 0)
        return fm_fail(error, FM_BAD_INPUT, "%s: nothing to search for: all entries are 0",
                       tensor->name);
    return FM_OK;
}

static fm_status make_starts(search *s, fm_error *error)
{
    const fm_search_options *options = s->options;
    size_t count = options->from_count;
    s->starts = fm_alloc_zero(count > 0 ? count : 1, sizeof *s->starts);
    fm_status status = FM_OK;
    if (count == 0)
        status = add_standard(s, error);
    for (size_t i = 0; i < count && status == FM_OK; i++) {
        char *number = fm_format("starting scheme %zu", i + 1);
        const char *label = options->from_labels != NULL ? options->from_labels[i] : number;
        status = add_start(s, options->from[i], label, error);
        free(number);
    }
    s->start_rank = UINT32_MAX;
    for (size_t i = 0; i < s->start_count; i++)
        if (s->starts[i].rank < s->start_rank)
            s->start_rank = s->starts[i].rank;
    return status;
}

/* The given schemes, taken into the ring, are no finds. */
static void note_given(search *s)
{
    for (; s->given_count < s->options->from_count; s->given_count++) {
        fm_scheme *given = NULL;
        const fm_scheme *from = s->options->from[s->given_count];
        fm_status status = fm_scheme_to_ring(from, s->options->ring, &given, NULL);
        assert(status == FM_OK); /* or it would have been refused as a start */
        (void)status;
        fm_scheme_invariant(given, s->collected[s->collected_count++]);
        fm_scheme_free(given);
    }
}

static void make_members(search *s, const fm_engine_task *task)
{
    const fm_search_options *options = s->options;
    unsigned threads = options->threads != 0 ? options->threads : (unsigned)omp_get_max_threads();
    s->member_count = options->walkers;
    if (s->member_count == 0 && options->checkpoint != NULL)
        s->member_count = fm_checkpoint_walkers(options->checkpoint); /* wherever it was made */
    if (s->member_count == 0)
        s->member_count = FM_ENGINE_TOGETHER * threads;
    s->threads = threads;
    s->members = fm_alloc_zero(s->member_count, sizeof *s->members);
    for (unsigned i = 0; i < s->member_count; i++) {
        if (i > 0 && options->checkpoint == NULL && stop_is_asked(s)) {
            s->member_count = i; /* there may be a million to make */
            break;
        }
        team_member *member = &s->members[i];
        member->walker = s->engine->new (task, s->shared, i);
        member->rank = s->engine->rank(member->walker);
        note_best(s, member);
    }
    s->unfinished = s->member_count;
}

static void free_member(const search *s, team_member *member)
{
    s->engine->free(member->walker);
    fm_state_clear(&member->state);
}

static fm_status outcome(const search *s, fm_error *error)
{
    if (s->unsaved_count > 0) {
        if (error != NULL)
            *error = s->error;
        return s->status;
    }
    for (unsigned i = 0; i < s->member_count; i++)
        if (s->members[i].undelivered) {
            if (error != NULL)
                *error = s->error;
            return s->status;
        }
    if (s->collected != NULL ? is_done(s) : target_is_met(s, s->best_score))
        return FM_OK;
    if (stop_is_asked(s))
        return FM_INTERRUPTED;
    return s->options->target_rank != 0 ? FM_NO : FM_OK;
}

static fm_engine_task task_of(const search *s)
{
    const fm_search_options *options = s->options;
    return (fm_engine_task){
        .tensor = s->tensor,
        .through = options->through,
        .ring = options->ring,
        .strategy = options->strategy,
        .starts = s->starts,
        .start_count = s->start_count,
        .standard = options->from_count == 0,
        .target_rank = options->target_rank,
        .seed = options->seed,
        .objective = options->objective,
        .collect = options->distinct != 0 ? options->target_rank : 0,
        .symmetry = options->symmetry,
        .tree = options->engine != NULL,
        .model = s->model,
        .coefficient_max = coefficient_max_of(options),
    };
}

static void clear(search *s)
{
    for (unsigned i = 0; i < s->member_count; i++)
        free_member(s, &s->members[i]);
    fm_saver_free(s->saver);
    fm_checkpoint_unlock(s->lock_file);
    s->engine->free_shared(s->shared);
    fm_model_free(s->model);
    free(s->members);
    for (size_t i = 0; i < s->start_count; i++)
        fm_products_clear(&s->starts[i]);
    free(s->starts);
    free(s->collected);
    for (unsigned i = 0; i < s->unsaved_count; i++)
        fm_scheme_free(s->unsaved[i]);
    free(s->unsaved);
    omp_destroy_lock(&s->lock);
}

fm_status fm_search(const fm_tensor *tensor, const fm_search_options *options,
                    fm_search_result *result, fm_error *error)
{
    search s = {.tensor = tensor,
                .options = options,
                .engine = engine_of(tensor, options),
                .start = fm_now(),
                .best_score = UINT64_MAX};
    fm_status status = check_options(tensor, options, error);
    if (status != FM_OK)
        return status;
    omp_init_lock(&s.lock);
    if (options->distinct != 0)
        s.collected = fm_alloc_zero(options->from_count + options->distinct, sizeof *s.collected);
    status = make_starts(&s, error);
    if (status == FM_OK && s.collected != NULL)
        note_given(&s);
    if (status == FM_OK)
        status = open_model(&s, error);
    fm_engine_task task = task_of(&s);
    if (status == FM_OK)
        status = s.engine->check(tensor, &task, error);
    if (status == FM_OK) {
        s.shared = s.engine->new_shared(&task);
        make_members(&s, &task);
        if (options->checkpoint != NULL)
            status = open_checkpoint(&s, error);
    }
    if (status == FM_OK) {
        run_threads(&s);
        status = outcome(&s, error);
        *result = (fm_search_result){.best_rank = rank_of(s.best_score),
                                     .seconds = fm_now() - s.start,
                                     .best_seconds = s.best_seconds,
                                     .finds_saved = s.delivered,
                                     .distinct = distinct_count(&s)};
        for (unsigned i = 0; i < s.member_count; i++)
            result->flips += s.engine->flips(s.members[i].walker);
    }
    clear(&s);
    return status;
}
