/* Which plan a product gets: a small model of what plans cost on this machine. */
#ifndef FM_PLANNER_H
#define FM_PLANNER_H

#include "plan.h"

/* Seconds, of all threads together. */
typedef struct fm_gemm_costs {
    double flop;           /* in tiles of the classical product */
    double pack;           /* of an entry of a block into a sum that is packed */
    double update;         /* of an entry of C by a tile that is done with a block of depth kc */
    double update_aliased; /* the same where rows are a multiple of 4 KiB apart: they have a few
                              places in the caches only */
    double move;           /* of an entry read or written by sums in slots */
} fm_gemm_costs;

/* What is taken where nothing was measured. */
fm_gemm_costs fm_gemm_usual_costs(const fm_gemm_kernel *kernel, unsigned threads);

typedef struct fm_plan_estimate {
    double seconds;
    double products;  /* multiplications of entries, over m n k */
    double moved;     /* bytes that additions move beyond what the classical product does */
    size_t workspace; /* bytes of temporaries */
    double growth;    /* fm_plan_growth */
} fm_plan_estimate;

fm_plan_estimate fm_plan_estimate_of(const fm_plan *plan, const fm_gemm_kernel *kernel,
                                     const fm_gemm_costs *costs, fm_gemm_shape shape,
                                     ptrdiff_t c_stride);

typedef struct fm_plan_candidate {
    fm_plan plan;
    fm_plan_estimate estimate;
} fm_plan_candidate;

/* c_stride is the distance of C's rows in entries. */

/* The plans of the schemes of the pool that are expected to be fastest, best first, classical among
   them; at most most of them. Returns how many. Temporaries take at most as much memory as the
   largest of the three matrices, and the expected error is at most 16 times the classical one. */
size_t fm_planner_list(const fm_gemm_kernel *kernel, const fm_gemm_costs *costs, fm_gemm_pool pool,
                       fm_gemm_shape shape, ptrdiff_t c_stride, fm_plan_candidate *list,
                       size_t most);

/* The first of those of the built-in schemes. */
void fm_planner_choose(const fm_gemm_kernel *kernel, unsigned threads, fm_gemm_shape shape,
                       ptrdiff_t c_stride, fm_plan *plan);

#endif
