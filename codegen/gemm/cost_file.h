/* The file in which measured costs are kept, $XDG_CACHE_HOME/fewmul/costs or ~/.cache/fewmul/costs: a
   line for each kernel, number of threads and processor. It can be deleted at any time; lines that
   are damaged are as good as not there, and go when it is next written. */
#ifndef FM_COST_FILE_H
#define FM_COST_FILE_H

#include "planner.h"

/* False when the file has no such line, or numbers that cannot be. */
bool fm_cost_file_get(const fm_gemm_kernel *kernel, unsigned threads, fm_gemm_costs *costs);

/* Written beside and renamed into place, so that nobody reads half of it. FM_IO when it cannot be
   written. */
fm_status fm_cost_file_put(const fm_gemm_kernel *kernel, unsigned threads,
                           const fm_gemm_costs *costs, fm_error *error);

/* Numbers between which anything that computes must be. */
bool fm_gemm_costs_plausible(const fm_gemm_costs *costs);

#endif
