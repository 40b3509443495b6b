/* Benchmarks of the search: the rate of flips, and the time to a rank. */
#ifndef FM_BENCH_WALK_H
#define FM_BENCH_WALK_H

#include "fewmul.h"

typedef struct fm_bench_flips_result {
    double flips_per_second; /* moves that changed a scheme, all threads, over wall time */
    uint32_t best_rank;
    double seconds;
} fm_bench_flips_result;

/* Searches for so many seconds from the standard scheme, four walkers a thread (threads 0: all),
   each for itself, and counts. Nothing is stored. FM_INTERRUPTED when *stop becomes nonzero. */
fm_status fm_bench_flips(const fm_tensor *tensor, fm_ring ring, unsigned threads, double seconds,
                         uint64_t seed, const volatile int *stop, fm_bench_flips_result *result,
                         fm_error *error);

/* One run of a benchmark of the search. */
typedef struct fm_bench_search_run {
    double seconds; /* until the target rank, not a number when it was not reached */
    uint64_t flips; /* in all, of all walkers */
    uint32_t best_rank;
} fm_bench_search_run;

/* Runs a search for options->target_rank with each of the seeds options->seed, options->seed + 1,
   ... count times, with the engine, limits and stop flag of options and nothing stored. on_run (may
   be NULL) is called after each. FM_INTERRUPTED when *options->stop becomes nonzero. */
fm_status fm_bench_search(const fm_tensor *tensor, const fm_search_options *options, unsigned count,
                          fm_bench_search_run *runs,
                          void (*on_run)(unsigned number, const fm_bench_search_run *run),
                          fm_error *error);

/* A 2x2x2 scheme over zt with 7 products, which a search finds in no time: what benchmarks begin
   with that were given no scheme. The caller frees *out. */
fm_status fm_bench_strassen(const volatile int *stop, fm_scheme **out, fm_error *error);

#endif
