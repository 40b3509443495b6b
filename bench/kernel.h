/* Generated kernels, compiled and loaded at run time. */
#ifndef FM_BENCH_KERNEL_H
#define FM_BENCH_KERNEL_H

#include "fewmul.h"

typedef void fm_kernel_f32(size_t m, size_t n, size_t k, float alpha, const float *a, size_t lda,
                           const float *b, size_t ldb, float beta, float *c, size_t ldc);
typedef void fm_kernel_f64(size_t m, size_t n, size_t k, double alpha, const double *a, size_t lda,
                           const double *b, size_t ldb, double beta, double *c, size_t ldc);

typedef struct fm_kernel {
    void *handle;
    fm_kernel_f32 *f32; /* of the two, the one of its type */
    fm_kernel_f64 *f64;
    unsigned (*levels)(size_t m, size_t n, size_t k);
} fm_kernel;

/* Generates C from the scheme, compiles it with $CC, or cc, -O3 and OpenMP, and loads it. crossover
   0 is the default. FM_NO when the scheme does not hold, FM_IO when it cannot be compiled. */
fm_status fm_kernel_load(const fm_scheme *scheme, fm_scalar_type type, unsigned crossover,
                         fm_kernel *out, fm_error *error);
void fm_kernel_unload(fm_kernel *kernel);

#endif
