#include "metrics.h"

#include "clock.h"
#include "error.h"
#include "json.h"
#include "print.h"

#include <errno.h>
#include <string.h>

fm_status cli_metrics_open(cli_metrics *metrics, const char *path, fm_error *error)
{
    metrics->path = path;
    metrics->file = fopen(path, "a");
    if (metrics->file == NULL)
        return fm_fail(error, FM_IO, "%s: %s", path, strerror(errno));
    return FM_OK;
}

/* A line's first members, and the rate since the last one. */
static json_t *begin_line(cli_metrics *m, double seconds, uint64_t flips, uint32_t best_rank)
{
    double span = seconds - m->seconds;
    json_t *line = json_object();
    json_object_set_new(line, "time", cli_json_real(fm_clock_seconds(CLOCK_REALTIME)));
    json_object_set_new(line, "seconds", cli_json_real(seconds));
    json_object_set_new(line, "format", fm_json_string(m->tensor));
    json_object_set_new(line, "ring", json_string(m->ring));
    json_object_set_new(line, "engine", fm_json_string(m->engine));
    json_object_set_new(line, "seed", cli_json_seed(m->seed));
    json_object_set_new(line, "flips", json_integer((json_int_t)flips));
    json_object_set_new(line, "flips_per_second",
                        span > 0 ? cli_json_real((double)(flips - m->flips) / span) : json_null());
    json_object_set_new(line, "best_rank", json_integer(best_rank));
    m->seconds = seconds;
    m->flips = flips;
    return line;
}

static void end_line(cli_metrics *m, json_t *line)
{
    cli_print_json_to(m->file, line);
    if (fflush(m->file) != 0 && !m->failed) {
        m->failed = true;
        fprintf(stderr, "fewmul: %s: %s; the search goes on\n", m->path, strerror(errno));
    }
}

/* How many walkers are at each rank. */
static json_t *histogram(const fm_search_progress *progress)
{
    json_t *ranks = json_object();
    for (size_t i = 0; i < progress->walker_count; i++) {
        char rank[16];
        snprintf(rank, sizeof rank, "%u", progress->current[i]);
        json_int_t count = json_integer_value(json_object_get(ranks, rank));
        json_object_set_new(ranks, rank, json_integer(count + 1));
    }
    return ranks;
}

static json_t *pools(const fm_search_progress *progress)
{
    json_t *array = json_array();
    for (size_t i = 0; i < progress->pool_count; i++) {
        const fm_search_pool *pool = &progress->pools[i];
        if (pool->size > 0)
            json_array_append_new(array, json_pack("{s:s, s:I, s:I}", "stage", pool->stage, "rank",
                                                   (json_int_t)pool->rank, "size",
                                                   (json_int_t)pool->size));
    }
    return array;
}

void cli_metrics_note(cli_metrics *m, const fm_search_progress *progress)
{
    if (m->file == NULL || progress->seconds < m->due)
        return;
    if (m->due == 0) { /* the first: what a checkpoint brought is not of this run */
        m->seconds = progress->seconds;
        m->flips = progress->flips;
    }
    m->due = progress->seconds + m->interval;
    json_t *line = begin_line(m, progress->seconds, progress->flips, progress->best_rank);
    json_object_set_new(line, "ranks", histogram(progress));
    json_object_set_new(line, "pools", pools(progress));
    json_object_set_new(line, "finds", json_integer((json_int_t)progress->finds_saved));
    json_object_set_new(line, "checkpoint_seconds",
                        progress->checkpoint_seconds > 0
                            ? cli_json_real(progress->checkpoint_seconds)
                            : json_null());
    end_line(m, line);
}

void cli_metrics_end(cli_metrics *m, const fm_search_result *result)
{
    if (m->file == NULL)
        return;
    json_t *line = begin_line(m, result->seconds, result->flips, result->best_rank);
    json_object_set_new(line, "event", json_string("end"));
    json_object_set_new(line, "finds", json_integer((json_int_t)result->finds_saved));
    json_object_set_new(line, "best_rank_seconds", cli_json_real(result->best_seconds));
    end_line(m, line);
}

void cli_metrics_close(cli_metrics *m)
{
    if (m->file != NULL)
        fclose(m->file);
    m->file = NULL;
}
