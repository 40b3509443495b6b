#include "bench_verify.h"

#include "clock.h"
#include "error.h"
#include "memory.h"

#include <omp.h>
#include <stdlib.h>

/* ---------------------------------------------------------------- items */

fm_status fm_verify_item_derive(const unsigned format[3], const fm_scheme *const *from,
                                size_t from_count, fm_verify_item *item, fm_error *error)
{
    fm_scheme *scheme;
    *item = (fm_verify_item){0};
    fm_status status =
        fm_scheme_derive(format, (fm_ring){FM_RING_Q, 0}, from, from_count, &scheme, NULL, error);
    if (status != FM_OK)
        return status;
    FILE *file = open_memstream(&item->text, &item->length);
    status = fm_scheme_write(scheme, FM_FILE_JSON, file, error);
    fclose(file);
    item->name = fm_strdup(fm_tensor_name(fm_scheme_tensor(scheme)));
    fm_scheme_free(scheme);
    if (status != FM_OK)
        fm_verify_item_clear(item);
    return status;
}

void fm_verify_item_clear(fm_verify_item *item)
{
    free(item->name);
    free(item->text);
    *item = (fm_verify_item){0};
}

/* ---------------------------------------------------------------- measuring */

/* The times of all rounds, an item's one behind the other. */
typedef struct times {
    double *read, *check, *round;
} times;

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_times);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static fm_status read_item(const fm_verify_item *item, fm_scheme_list *list, fm_error *error)
{
    return item->text != NULL ? fm_scheme_parse(item->text, item->length, item->name, list, error)
                              : fm_scheme_read(item->name, list, error);
}

static void check_list(const fm_scheme_list *list, fm_verify_measure *measure)
{
    measure->schemes = (uint32_t)list->count;
    measure->valid = 0;
    for (size_t s = 0; s < list->count; s++) {
        fm_verdict verdict;
        measure->valid += fm_verify_smallest_ring(list->schemes[s], &verdict, NULL) == FM_OK;
        if (s == 0)
            measure->ring = verdict.ring;
        fm_verdict_clear(&verdict);
    }
    if (list->count == 0)
        return;
    const fm_scheme *first = list->schemes[0];
    measure->rank = fm_scheme_rank(first);
    snprintf(measure->format, sizeof measure->format, "%s",
             fm_tensor_name(fm_scheme_tensor(first)));
}

static fm_status measure_item(const fm_verify_item *item, fm_verify_measure *measure, double *read,
                              double *check, fm_error *error)
{
    fm_scheme_list list;
    double start = fm_now();
    fm_status status = read_item(item, &list, error);
    double middle = fm_now();
    if (status != FM_OK)
        return status;
    check_list(&list, measure);
    *read = middle - start;
    *check = fm_now() - middle;
    fm_scheme_list_free(&list);
    return FM_OK;
}

static bool is_stopped(const volatile int *stop)
{
    return stop != NULL && __atomic_load_n(stop, __ATOMIC_RELAXED) != 0;
}

static fm_status run_round(const fm_verify_options *options, unsigned round,
                           fm_verify_measure *measures, times *t, fm_error *error)
{
    int threads = options->threads > 0 ? (int)options->threads : omp_get_max_threads();
    fm_status status = FM_OK;
    double start = fm_now();
#pragma omp parallel for schedule(dynamic) num_threads(threads)
    for (size_t i = 0; i < options->count; i++) {
        fm_error reason;
        size_t at = i * options->rounds + round;
        fm_status outcome = is_stopped(options->stop)
                                ? FM_INTERRUPTED
                                : measure_item(&options->items[i], &measures[i], &t->read[at],
                                               &t->check[at], &reason);
#pragma omp critical
        if (outcome != FM_OK && status == FM_OK)
            status = outcome == FM_INTERRUPTED ? fm_fail(error, outcome, "interrupted")
                                               : fm_fail(error, outcome, "%s", reason.message);
    }
    t->round[round] = fm_now() - start;
    return status;
}

fm_status fm_bench_verify(const fm_verify_options *options, fm_verify_measure *measures,
                          double *seconds, fm_error *error)
{
    fm_status status = FM_OK;
    unsigned rounds = options->rounds;
    times t = {.read = fm_alloc(options->count * rounds, sizeof *t.read),
               .check = fm_alloc(options->count * rounds, sizeof *t.check),
               .round = fm_alloc(rounds, sizeof *t.round)};
    for (unsigned round = 0; round < rounds && status == FM_OK; round++)
        status = run_round(options, round, measures, &t, error);
    for (size_t i = 0; i < options->count && status == FM_OK; i++) {
        measures[i].read_seconds = median(t.read + i * rounds, rounds);
        measures[i].check_seconds = median(t.check + i * rounds, rounds);
    }
    if (status == FM_OK)
        *seconds = median(t.round, rounds);
    free(t.read);
    free(t.check);
    free(t.round);
    return status;
}
