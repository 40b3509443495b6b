/* Benchmark of matrix products: the library's by the chosen plan and classically, kernels generated
   from schemes, and other libraries, in turn. */
#ifndef FM_BENCH_GEMM_H
#define FM_BENCH_GEMM_H

#include "plan.h"

typedef struct fm_gemm_options {
    fm_gemm_type type;
    uint64_t p; /* of residues */
    unsigned threads;
    unsigned rounds;
    bool cpu_clock;     /* the processor time of the process instead of the time that passes */
    unsigned crossover; /* 0: the default of each kernel */
    const fm_scheme *const *schemes;
    size_t scheme_count;  /* may be 0 */
    const fm_plan *plans; /* further ones */
    size_t plan_count;
    fm_gemm_pool pool; /* so many candidates of these schemes that the planner ranks next */
    size_t candidates;
    bool no_classical;
    const char *peer; /* only peers whose names begin so; NULL: all */
    const volatile int *stop;
} fm_gemm_options;

/* The chosen plan, the library's classical product, further plans, generated kernels, peers. */
typedef enum fm_gemm_role {
    FM_GEMM_CHOSEN,
    FM_GEMM_CLASSICAL,
    FM_GEMM_PLAN,
    FM_GEMM_SCHEME,
    FM_GEMM_PEER,
    FM_GEMM_ROLES,
} fm_gemm_role;

typedef struct fm_gemm_measure {
    fm_gemm_role role;
    char *name;
    double gflops; /* 2 m n k / time, whatever the algorithm multiplies; the median of the rounds */
    double error;  /* largest difference from a higher-precision product over sampled rows, over the
                      largest entry there; of exact types the part of the entries that are wrong */
} fm_gemm_measure;

/* By roles, the chosen plan first. */
typedef struct fm_gemm_result {
    size_t count;
    fm_gemm_measure *measures;
} fm_gemm_result;

/* What is to be measured, ready to run. */
typedef struct fm_gemm_bench fm_gemm_bench;

/* Generates, compiles and loads the kernels of the schemes, loads the peers, each with the setting that
   is best here, and sets the threads of all. */
fm_status fm_gemm_bench_open(const fm_gemm_options *options, fm_gemm_bench **out, fm_error *error);
void fm_gemm_bench_close(fm_gemm_bench *bench);

/* One shape: each contestant runs once a round, and in each round in the same order, after a warm-up
   unless it takes seconds.
   FM_IO when there is not enough memory, FM_INTERRUPTED when *stop becomes nonzero. The result is
   cleared with fm_gemm_result_clear. */
fm_status fm_gemm_bench_run(fm_gemm_bench *bench, fm_gemm_shape shape, fm_gemm_result *result,
                            fm_error *error);
void fm_gemm_result_clear(fm_gemm_result *result);

#endif
