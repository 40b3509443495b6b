/* Benchmark of matrix products: the library's by the chosen plan and classically, kernels generated
   from schemes, and other libraries, in turn. */
#ifndef FM_BENCH_GEMM_H
#define FM_BENCH_GEMM_H

#include "gemm.h"

typedef struct fm_gemm_options {
    fm_gemm_type type;
    uint64_t p; /* of residues */
    unsigned threads;
    unsigned rounds;
    bool cpu_clock;     /* the processor time of the process instead of the time that passes */
    unsigned crossover; /* 0: the default of each kernel */
    const fm_scheme *const *schemes;
    size_t scheme_count; /* may be 0 */
    const volatile int *stop;
} fm_gemm_options;

typedef struct fm_gemm_measure {
    char *name;
    double gflops; /* 2 m n k / time, whatever the algorithm multiplies; the median of the rounds */
    double error;  /* largest difference from a higher-precision product over sampled rows, over the
                      largest entry there; of exact types the part of the entries that are wrong */
} fm_gemm_measure;

typedef struct fm_gemm_result {
    size_t scheme_count, peer_count;
    fm_gemm_measure plan, classical;
    fm_gemm_measure *schemes, *peers;
} fm_gemm_result;

/* What is to be measured, ready to run. */
typedef struct fm_gemm_bench fm_gemm_bench;

/* Generates, compiles and loads the kernels of the schemes, loads the peers, each with the setting that
   is best here, and sets the threads of all. */
fm_status fm_gemm_bench_open(const fm_gemm_options *options, fm_gemm_bench **out, fm_error *error);
void fm_gemm_bench_close(fm_gemm_bench *bench);

/* One shape: after a warm-up each contestant runs once a round, and in each round in the same order.
   FM_IO when there is not enough memory, FM_INTERRUPTED when *stop becomes nonzero. The result is
   cleared with fm_gemm_result_clear. */
fm_status fm_gemm_bench_run(fm_gemm_bench *bench, fm_gemm_shape shape, fm_gemm_result *result,
                            fm_error *error);
void fm_gemm_result_clear(fm_gemm_result *result);

#endif
