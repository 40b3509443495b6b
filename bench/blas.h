/* Other BLAS libraries, found at run time. */
#ifndef FM_BENCH_BLAS_H
#define FM_BENCH_BLAS_H

#include "fewmul.h"

/* cblas_dgemm and cblas_sgemm; the enumerations are ints. */
typedef void fm_blas_dgemm(int order, int trans_a, int trans_b, int m, int n, int k, double alpha,
                           const double *a, int lda, const double *b, int ldb, double beta,
                           double *c, int ldc);
typedef void fm_blas_sgemm(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                           const float *a, int lda, const float *b, int ldb, float beta, float *c,
                           int ldc);

typedef struct fm_blas {
    char *name; /* with its version and the processor it is set to */
    fm_blas_dgemm *dgemm;
    fm_blas_sgemm *sgemm;
} fm_blas;

enum { FM_BLAS_MAX = 3 };

/* Loads OpenBLAS, BLIS and MKL, those that there are, with so many threads each; returns how many.
   OpenBLAS reads OPENBLAS_CORETYPE when it is loaded; unless it is set, what is fastest for this type
   is found in processes of their own, and set. They stay loaded until the process ends: their threads
   do not survive being unloaded. */
int fm_blas_load(fm_scalar_type type, unsigned threads, fm_blas found[FM_BLAS_MAX]);
void fm_blas_clear(fm_blas *found, int count);

#endif
