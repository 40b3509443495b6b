/* libfewmul_blas.so: dgemm and sgemm with the interfaces of the BLAS (Fortran's and C's) by fewmul's
   plans, before or instead of another BLAS; with LD_PRELOAD, or linked first. What is small or wrong
   goes to the BLAS underneath, whose error handling is so kept, and all other functions are its own
   anyway. */
#include "fewmul.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

/* Fortran's are all by reference; the lengths of the character arguments follow as hidden ones,
   which some callers leave out: the BLAS never reads them. */
typedef void fortran_gemm(const char *transpose_a, const char *transpose_b, const int *m,
                          const int *n, const int *k, const void *alpha, const void *a,
                          const int *lda, const void *b, const int *ldb, const void *beta, void *c,
                          const int *ldc, size_t length_a, size_t length_b);
typedef void cblas_gemm_f64(int order, int transpose_a, int transpose_b, int m, int n, int k,
                            double alpha, const double *a, int lda, const double *b, int ldb,
                            double beta, double *c, int ldc);
typedef void cblas_gemm_f32(int order, int transpose_a, int transpose_b, int m, int n, int k,
                            float alpha, const float *a, int lda, const float *b, int ldb,
                            float beta, float *c, int ldc);

fortran_gemm dgemm_, sgemm_;
cblas_gemm_f64 cblas_dgemm;
cblas_gemm_f32 cblas_sgemm;

/* ---------------------------------------------------------------- the BLAS underneath */

/* Libraries to look in when none is linked behind this one. */
static const char *const libraries[] = {"libblas.so.3", "libopenblas.so.0", "libblis.so.4", NULL};

/* NULL when there is none. FEWMUL_BLAS names another library to take it from. */
static void *find_next(const char *name, const void *own)
{
    const char *wanted = getenv("FEWMUL_BLAS");
    void *library = wanted != NULL ? dlopen(wanted, RTLD_NOW | RTLD_LOCAL) : NULL;
    void *found = library != NULL ? dlsym(library, name) : dlsym(RTLD_NEXT, name);
    for (int i = 0; libraries[i] != NULL && (found == NULL || found == own); i++) {
        library = dlopen(libraries[i], RTLD_NOW | RTLD_LOCAL);
        found = library != NULL ? dlsym(library, name) : NULL;
    }
    return found != own ? found : NULL;
}

/* The function of this name, looked up once. */
static void *next_of(_Atomic(void *) *known, const char *name, const void *own)
{
    static char none;
    void *function = atomic_load_explicit(known, memory_order_acquire);
    if (function == NULL) {
        function = find_next(name, own);
        function = function != NULL ? function : &none;
        atomic_store_explicit(known, function, memory_order_release);
    }
    return function != &none ? function : NULL;
}

/* ---------------------------------------------------------------- what is ours */

/* Below this size the BLAS underneath is as fast. FEWMUL_BLAS_LEAST sets another. */
static int least_size(void)
{
    static _Atomic int known = -1;
    int size = atomic_load_explicit(&known, memory_order_relaxed);
    if (size < 0) {
        const char *wanted = getenv("FEWMUL_BLAS_LEAST");
        size = wanted != NULL ? atoi(wanted) : 192;
        size = size < 0 ? 0 : size;
        atomic_store_explicit(&known, size, memory_order_relaxed);
    }
    return size;
}

static bool is_ours(int m, int n, int k)
{
    const int least = least_size();
    return m >= least && n >= least && k >= least;
}

typedef struct arguments {
    fm_order order;
    fm_transpose transpose_a, transpose_b;
    int m, n, k, lda, ldb, ldc;
} arguments;

/* True when the arguments are right and none of the sizes is negative. */
static bool has_sizes(const arguments *g)
{
    return g->m >= 0 && g->n >= 0 && g->k >= 0 && g->lda >= 0 && g->ldb >= 0 && g->ldc >= 0;
}

/* False when the arguments are wrong. */
static bool multiply_f64(const arguments *g, double alpha, const double *a, const double *b,
                         double beta, double *c)
{
    return has_sizes(g) && fm_dgemm(g->order, g->transpose_a, g->transpose_b, (size_t)g->m,
                                    (size_t)g->n, (size_t)g->k, alpha, a, (size_t)g->lda, b,
                                    (size_t)g->ldb, beta, c, (size_t)g->ldc, NULL) == FM_OK;
}

static bool multiply_f32(const arguments *g, float alpha, const float *a, const float *b,
                         float beta, float *c)
{
    return has_sizes(g) && fm_sgemm(g->order, g->transpose_a, g->transpose_b, (size_t)g->m,
                                    (size_t)g->n, (size_t)g->k, alpha, a, (size_t)g->lda, b,
                                    (size_t)g->ldb, beta, c, (size_t)g->ldc, NULL) == FM_OK;
}

/* What the BLAS would say, when there is none. */
static void report(const char *name)
{
    fprintf(stderr, " ** On entry to %s an argument had an illegal value\n", name);
}

/* 0 when it is none: fm_dgemm refuses that. */
static fm_transpose read_transpose(const char *letter)
{
    switch (*letter) {
    case 'n':
    case 'N':
        return FM_NO_TRANSPOSE;
    case 't':
    case 'T':
        return FM_TRANSPOSE;
    case 'c':
    case 'C':
        return FM_CONJUGATE_TRANSPOSE;
    default:
        return (fm_transpose)0;
    }
}

/* ---------------------------------------------------------------- Fortran's interface */

static arguments read_arguments(const char *transpose_a, const char *transpose_b, const int *m,
                                const int *n, const int *k, const int *lda, const int *ldb,
                                const int *ldc)
{
    return (arguments){FM_COLUMN_MAJOR,
                       read_transpose(transpose_a),
                       read_transpose(transpose_b),
                       *m,
                       *n,
                       *k,
                       *lda,
                       *ldb,
                       *ldc};
}

void dgemm_(const char *transpose_a, const char *transpose_b, const int *m, const int *n,
            const int *k, const void *alpha, const void *a, const int *lda, const void *b,
            const int *ldb, const void *beta, void *c, const int *ldc, size_t length_a,
            size_t length_b)
{
    static _Atomic(void *) known;
    fortran_gemm *next = (fortran_gemm *)next_of(&known, "dgemm_", (const void *)dgemm_);
    const arguments g = read_arguments(transpose_a, transpose_b, m, n, k, lda, ldb, ldc);
    bool done = (next == NULL || is_ours(*m, *n, *k)) &&
                multiply_f64(&g, *(const double *)alpha, a, b, *(const double *)beta, c);
    if (!done && next != NULL)
        next(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, length_a,
             length_b);
    else if (!done)
        report(__func__);
}

void sgemm_(const char *transpose_a, const char *transpose_b, const int *m, const int *n,
            const int *k, const void *alpha, const void *a, const int *lda, const void *b,
            const int *ldb, const void *beta, void *c, const int *ldc, size_t length_a,
            size_t length_b)
{
    static _Atomic(void *) known;
    fortran_gemm *next = (fortran_gemm *)next_of(&known, "sgemm_", (const void *)sgemm_);
    const arguments g = read_arguments(transpose_a, transpose_b, m, n, k, lda, ldb, ldc);
    bool done = (next == NULL || is_ours(*m, *n, *k)) &&
                multiply_f32(&g, *(const float *)alpha, a, b, *(const float *)beta, c);
    if (!done && next != NULL)
        next(transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, length_a,
             length_b);
    else if (!done)
        report(__func__);
}

/* ---------------------------------------------------------------- C's interface */

void cblas_dgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, double alpha,
                 const double *a, int lda, const double *b, int ldb, double beta, double *c,
                 int ldc)
{
    static _Atomic(void *) known;
    cblas_gemm_f64 *next =
        (cblas_gemm_f64 *)next_of(&known, "cblas_dgemm", (const void *)cblas_dgemm);
    const arguments g = {(fm_order)order,
                         (fm_transpose)transpose_a,
                         (fm_transpose)transpose_b,
                         m,
                         n,
                         k,
                         lda,
                         ldb,
                         ldc};
    bool done = (next == NULL || is_ours(m, n, k)) && multiply_f64(&g, alpha, a, b, beta, c);
    if (!done && next != NULL)
        next(order, transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    else if (!done)
        report(__func__);
}

void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc)
{
    static _Atomic(void *) known;
    cblas_gemm_f32 *next =
        (cblas_gemm_f32 *)next_of(&known, "cblas_sgemm", (const void *)cblas_sgemm);
    const arguments g = {(fm_order)order,
                         (fm_transpose)transpose_a,
                         (fm_transpose)transpose_b,
                         m,
                         n,
                         k,
                         lda,
                         ldb,
                         ldc};
    bool done = (next == NULL || is_ours(m, n, k)) && multiply_f32(&g, alpha, a, b, beta, c);
    if (!done && next != NULL)
        next(order, transpose_a, transpose_b, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc);
    else if (!done)
        report(__func__);
}
