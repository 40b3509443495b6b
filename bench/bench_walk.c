#include "bench_walk.h"

#include <math.h>

fm_status fm_bench_flips(const fm_tensor *tensor, fm_ring ring, unsigned threads, double seconds,
                         uint64_t seed, const volatile int *stop, fm_bench_flips_result *result,
                         fm_error *error)
{
    fm_search_result found;
    fm_search_options options = {.strategy = FM_STRATEGY_WALKS,
                                 .ring = ring,
                                 .threads = threads,
                                 .seconds = seconds,
                                 .seed = seed,
                                 .stop = stop};
    fm_status status = fm_search(tensor, &options, &found, error);
    if (status == FM_OK)
        *result = (fm_bench_flips_result){(double)found.flips / found.seconds, found.best_rank,
                                          found.seconds};
    return status;
}

fm_status fm_bench_search(const fm_tensor *tensor, const fm_search_options *options, unsigned count,
                          fm_bench_search_run *runs,
                          void (*on_run)(unsigned number, const fm_bench_search_run *run),
                          fm_error *error)
{
    for (unsigned number = 0; number < count; number++) {
        fm_search_result found;
        fm_search_options own = *options;
        own.seed += number;
        fm_status status = fm_search(tensor, &own, &found, error);
        if (status != FM_OK && status != FM_NO)
            return status;
        runs[number] = (fm_bench_search_run){status == FM_OK ? found.best_seconds : NAN,
                                             found.flips, found.best_rank};
        if (on_run != NULL)
            on_run(number, &runs[number]);
    }
    return FM_OK;
}

static fm_status keep_find(void *context, const fm_scheme *find, double seconds, fm_error *error)
{
    fm_scheme **kept = context;
    (void)seconds;
    fm_scheme_free(*kept);
    *kept = NULL;
    return fm_scheme_to_ring(find, fm_scheme_ring(find), kept, error);
}

fm_status fm_bench_strassen(const volatile int *stop, fm_scheme **out, fm_error *error)
{
    fm_tensor *tensor;
    fm_search_result result;
    *out = NULL;
    fm_status status = fm_tensor_matmul(2, 2, 2, &tensor, error);
    if (status != FM_OK)
        return status;
    fm_search_options how = {.ring = {FM_RING_ZT, 0},
                             .threads = 1,
                             .seed = 1,
                             .target_rank = 7,
                             .stop = stop,
                             .on_find = keep_find,
                             .context = out};
    status = fm_search(tensor, &how, &result, error);
    fm_tensor_free(tensor);
    if (status != FM_OK) {
        fm_scheme_free(*out);
        *out = NULL;
    }
    return status;
}
