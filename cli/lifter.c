#include "lifter.h"

#include "clock.h"
#include "error.h"
#include "memory.h"

#include <flint/flint.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct entry {
    fm_scheme *find;
    char *path;
} entry;

struct cli_lifter {
    fm_store *store;
    void (*report)(void *context, const cli_lift *lift);
    void *context;
    pthread_t thread;
    volatile int stop; /* of the lift that is under way */

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    entry *queue; /* of one rank; the last one is the next */
    size_t count, capacity;
    bool busy, ending;
    fm_status failed; /* the first reason why a lift was not saved */
    fm_error error;
};

/* ---------------------------------------------------------------- the queue */

static void free_entry(entry *e)
{
    fm_scheme_free(e->find);
    free(e->path);
}

static void empty_queue(cli_lifter *lifter)
{
    while (lifter->count > 0)
        free_entry(&lifter->queue[--lifter->count]);
}

void cli_lifter_push(cli_lifter *lifter, const fm_scheme *find, const char *path)
{
    entry e = {.path = fm_strdup(path)};
    uint32_t rank = fm_scheme_rank(find);
    if (fm_scheme_to_ring(find, fm_scheme_ring(find), &e.find, NULL) != FM_OK) {
        free_entry(&e);
        return;
    }
    pthread_mutex_lock(&lifter->lock);
    if (lifter->count > 0 && rank < fm_scheme_rank(lifter->queue[0].find))
        empty_queue(lifter);
    if (lifter->count == 0 || rank == fm_scheme_rank(lifter->queue[0].find)) {
        lifter->queue =
            fm_grow(lifter->queue, lifter->count, &lifter->capacity, sizeof *lifter->queue);
        lifter->queue[lifter->count++] = e;
    } else
        free_entry(&e);
    pthread_cond_broadcast(&lifter->changed);
    pthread_mutex_unlock(&lifter->lock);
}

size_t cli_lifter_pending(cli_lifter *lifter)
{
    pthread_mutex_lock(&lifter->lock);
    size_t pending = lifter->count + lifter->busy;
    pthread_mutex_unlock(&lifter->lock);
    return pending;
}

/* Waits for a find; false when there will be none any more. */
static bool take(cli_lifter *lifter, entry *e)
{
    pthread_mutex_lock(&lifter->lock);
    lifter->busy = false;
    pthread_cond_broadcast(&lifter->changed);
    while (lifter->count == 0 && !lifter->ending)
        pthread_cond_wait(&lifter->changed, &lifter->lock);
    lifter->busy = lifter->count > 0;
    if (lifter->busy)
        *e = lifter->queue[--lifter->count];
    bool taken = lifter->busy;
    pthread_mutex_unlock(&lifter->lock);
    return taken;
}

/* ---------------------------------------------------------------- the thread */

static void note_failure(cli_lifter *lifter, fm_status status, const fm_error *error)
{
    pthread_mutex_lock(&lifter->lock);
    if (lifter->failed == FM_OK) {
        lifter->failed = status;
        lifter->error = *error;
    }
    pthread_mutex_unlock(&lifter->lock);
}

static fm_status save(cli_lifter *lifter, fm_scheme *scheme, cli_lift *lift, char **path,
                      fm_error *error)
{
    free(*path);
    *path = NULL;
    fm_status status = fm_store_put(lifter->store, scheme, path, &lift->is_new, error);
    if (status != FM_OK)
        note_failure(lifter, status, error);
    return status;
}

/* False when it was stopped. Of a lift over z that leads to a scheme over zt both are saved, and the
   latter is reported. */
static bool lift_entry(cli_lifter *lifter, const entry *e)
{
    fm_error error = {""};
    fm_scheme *scheme = NULL, *ternary = NULL;
    char *path = NULL;
    cli_lift lift = {.find = e->find, .find_path = e->path};
    fm_lift_options options = {.ring = {FM_RING_Q, 0}, .stop = &lifter->stop};
    double begin = fm_now();
    fm_status status = fm_lift(e->find, &options, &scheme, &error);
    if (status == FM_INTERRUPTED)
        return false;
    if (status == FM_OK)
        status = save(lifter, scheme, &lift, &path, &error);
    if (status == FM_OK && fm_scheme_ring(scheme).kind == FM_RING_Z &&
        fm_scheme_ternary(scheme, 0, &ternary, NULL) == FM_OK)
        status = save(lifter, ternary, &lift, &path, &error);
    lift.scheme = status != FM_OK ? NULL : ternary != NULL ? ternary : scheme;
    lift.path = path;
    lift.seconds = fm_now() - begin;
    lift.message = error.message;
    lifter->report(lifter->context, &lift);
    fm_scheme_free(ternary);
    fm_scheme_free(scheme);
    free(path);
    return true;
}

static void put_back(cli_lifter *lifter, const entry *e)
{
    pthread_mutex_lock(&lifter->lock);
    lifter->queue = fm_grow(lifter->queue, lifter->count, &lifter->capacity, sizeof *lifter->queue);
    lifter->queue[lifter->count++] = *e;
    pthread_mutex_unlock(&lifter->lock);
}

static void *work(void *context)
{
    cli_lifter *lifter = context;
    entry e;
    while (take(lifter, &e)) {
        if (!lift_entry(lifter, &e)) {
            put_back(lifter, &e);
            break;
        }
        free_entry(&e);
    }
    flint_cleanup();
    return NULL;
}

/* ---------------------------------------------------------------- from start to end */

static void free_lifter(cli_lifter *lifter)
{
    empty_queue(lifter);
    pthread_mutex_destroy(&lifter->lock);
    pthread_cond_destroy(&lifter->changed);
    free(lifter->queue);
    free(lifter);
}

fm_status cli_lifter_start(fm_store *store, void (*report)(void *context, const cli_lift *lift),
                           void *context, cli_lifter **out, fm_error *error)
{
    cli_lifter *lifter = fm_alloc_zero(1, sizeof *lifter);
    lifter->store = store;
    lifter->report = report;
    lifter->context = context;
    pthread_mutex_init(&lifter->lock, NULL);
    pthread_cond_init(&lifter->changed, NULL);
    int reason = pthread_create(&lifter->thread, NULL, work, lifter);
    *out = reason == 0 ? lifter : NULL;
    if (reason == 0)
        return FM_OK;
    free_lifter(lifter);
    return fm_fail(error, FM_IO, "no thread for lifts: %s", strerror(reason));
}

/* Waits a moment for the thread; signals do not end the wait, so that it must be short. */
static void wait_a_moment(cli_lifter *lifter)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += 50 * 1000 * 1000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_cond_timedwait(&lifter->changed, &lifter->lock, &until);
}

static void drain(cli_lifter *lifter, const volatile int *stop, double seconds)
{
    double limit = 0; /* 0: none yet */
    pthread_mutex_lock(&lifter->lock);
    lifter->ending = true;
    pthread_cond_broadcast(&lifter->changed);
    while ((lifter->count > 0 || lifter->busy) && (limit == 0 || fm_now() < limit)) {
        wait_a_moment(lifter);
        if (*stop != 0 && limit == 0)
            limit = fm_now() + seconds;
    }
    __atomic_store_n(&lifter->stop, lifter->count > 0 || lifter->busy, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&lifter->lock);
    pthread_join(lifter->thread, NULL);
}

fm_status cli_lifter_end(cli_lifter *lifter, const volatile int *stop, double seconds, size_t *left,
                         fm_error *error)
{
    drain(lifter, stop, seconds);
    *left = lifter->count;
    fm_status status = lifter->failed;
    if (status != FM_OK)
        fm_fail(error, status, "%s", lifter->error.message);
    free_lifter(lifter);
    return status;
}
