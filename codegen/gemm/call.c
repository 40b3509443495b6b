/* fm_dgemm, fm_sgemm and their like for exact types: the BLAS arguments, checked, as a call of a plan. */
#include "error.h"
#include "execute.h"
#include "planner.h"

#include <inttypes.h>

typedef struct arguments {
    fm_order order;
    fm_transpose transpose_a, transpose_b;
    size_t m, n, k;
    fm_gemm_scalar alpha, beta;
    const void *a, *b;
    void *c;
    size_t lda, ldb, ldc;
    const fm_gemm_modulus *modulus;
} arguments;

/* The least distance of the rows (by rows) or columns of a matrix that is given transposed or not. */
static size_t least_stride(fm_order order, fm_transpose transpose, size_t rows, size_t columns)
{
    size_t length = (order == FM_ROW_MAJOR) == (transpose == FM_NO_TRANSPOSE) ? columns : rows;
    return length > 1 ? length : 1;
}

static bool is_transpose(fm_transpose t)
{
    return t == FM_NO_TRANSPOSE || t == FM_TRANSPOSE || t == FM_CONJUGATE_TRANSPOSE;
}

static fm_status check_stride(const char *name, size_t stride, size_t least, fm_error *error)
{
    if (stride < least)
        return fm_fail(error, FM_BAD_INPUT, "%s is %zu, must be at least %zu", name, stride, least);
    if (stride > PTRDIFF_MAX / 64)
        return fm_fail(error, FM_BAD_INPUT, "%s is %zu, too large", name, stride);
    return FM_OK;
}

static fm_status check(const arguments *g, fm_error *error)
{
    if (g->order != FM_ROW_MAJOR && g->order != FM_COLUMN_MAJOR)
        return fm_fail(error, FM_BAD_INPUT, "order is %d, must be %d or %d", (int)g->order,
                       FM_ROW_MAJOR, FM_COLUMN_MAJOR);
    if (!is_transpose(g->transpose_a) || !is_transpose(g->transpose_b))
        return fm_fail(error, FM_BAD_INPUT, "transposition is %d and %d, must be from %d to %d",
                       (int)g->transpose_a, (int)g->transpose_b, FM_NO_TRANSPOSE,
                       FM_CONJUGATE_TRANSPOSE);
    fm_status status =
        check_stride("lda", g->lda, least_stride(g->order, g->transpose_a, g->m, g->k), error);
    if (status == FM_OK)
        status =
            check_stride("ldb", g->ldb, least_stride(g->order, g->transpose_b, g->k, g->n), error);
    if (status == FM_OK)
        status =
            check_stride("ldc", g->ldc, least_stride(g->order, FM_NO_TRANSPOSE, g->m, g->n), error);
    return status;
}

static void set_strides(ptrdiff_t strides[2], size_t stride, bool by_rows)
{
    strides[0] = by_rows ? (ptrdiff_t)stride : 1;
    strides[1] = by_rows ? 1 : (ptrdiff_t)stride;
}

/* By columns, the product is that of the transposed matrices, B' A', by rows. */
static fm_plan_call make_call(const arguments *g)
{
    const bool by_rows = g->order == FM_ROW_MAJOR;
    fm_plan_call call = {.shape = {g->m, g->n, g->k},
                         .alpha = g->alpha,
                         .beta = g->beta,
                         .modulus = g->modulus,
                         .a = g->a,
                         .b = g->b,
                         .c = g->c,
                         .c_stride = (ptrdiff_t)g->ldc};
    set_strides(call.a_strides, g->lda, by_rows == (g->transpose_a == FM_NO_TRANSPOSE));
    set_strides(call.b_strides, g->ldb, by_rows == (g->transpose_b == FM_NO_TRANSPOSE));
    if (by_rows)
        return call;
    fm_plan_call turned = call;
    turned.shape = (fm_gemm_shape){g->n, g->m, g->k};
    turned.a = g->b;
    turned.b = g->a;
    for (int i = 0; i < 2; i++) {
        turned.a_strides[i] = call.b_strides[1 - i];
        turned.b_strides[i] = call.a_strides[1 - i];
    }
    return turned;
}

static fm_status multiply(const arguments *g, fm_gemm_type type, fm_error *error)
{
    const fm_gemm_kernel *kernel = fm_gemm_kernel_of(fm_cpu_vectors_here(), type);
    fm_status status = check(g, error);
    if (status != FM_OK || g->m == 0 || g->n == 0)
        return status;
    if ((fm_gemm_scalar_is(kernel, g->alpha, 0) || g->k == 0) &&
        fm_gemm_scalar_is(kernel, g->beta, 1))
        return FM_OK;
    const fm_plan_call call = make_call(g);
    const unsigned threads = fm_gemm_threads(call.shape);
    fm_plan plan;
    fm_planner_choose(kernel, threads, call.shape, call.c_stride, &plan);
    fm_gemm_execute(kernel, &plan, threads, &call);
    return FM_OK;
}

fm_status fm_dgemm(fm_order order, fm_transpose transpose_a, fm_transpose transpose_b, size_t m,
                   size_t n, size_t k, double alpha, const double *a, size_t lda, const double *b,
                   size_t ldb, double beta, double *c, size_t ldc, fm_error *error)
{
    const arguments g = {
        order, transpose_a, transpose_b, m,   n,   k,   {.real = alpha}, {.real = beta}, a,
        b,     c,           lda,         ldb, ldc, NULL};
    return multiply(&g, FM_GEMM_F64, error);
}

fm_status fm_sgemm(fm_order order, fm_transpose transpose_a, fm_transpose transpose_b, size_t m,
                   size_t n, size_t k, float alpha, const float *a, size_t lda, const float *b,
                   size_t ldb, float beta, float *c, size_t ldc, fm_error *error)
{
    const arguments g = {
        order, transpose_a, transpose_b, m,   n,   k,   {.real = alpha}, {.real = beta}, a,
        b,     c,           lda,         ldb, ldc, NULL};
    return multiply(&g, FM_GEMM_F32, error);
}

fm_status fm_gemm_i32(fm_order order, fm_transpose transpose_a, fm_transpose transpose_b, size_t m,
                      size_t n, size_t k, int32_t alpha, const int32_t *a, size_t lda,
                      const int32_t *b, size_t ldb, int32_t beta, int32_t *c, size_t ldc,
                      fm_error *error)
{
    const arguments g = {
        order, transpose_a, transpose_b, m,   n,   k,   {.whole = alpha}, {.whole = beta}, a,
        b,     c,           lda,         ldb, ldc, NULL};
    return multiply(&g, FM_GEMM_I32, error);
}

fm_status fm_gemm_i64(fm_order order, fm_transpose transpose_a, fm_transpose transpose_b, size_t m,
                      size_t n, size_t k, int64_t alpha, const int64_t *a, size_t lda,
                      const int64_t *b, size_t ldb, int64_t beta, int64_t *c, size_t ldc,
                      fm_error *error)
{
    const arguments g = {
        order, transpose_a, transpose_b, m,   n,   k,   {.whole = alpha}, {.whole = beta}, a,
        b,     c,           lda,         ldb, ldc, NULL};
    return multiply(&g, FM_GEMM_I64, error);
}

/* From -p / 2 to p / 2. */
static fm_gemm_scalar centred(uint64_t scalar, const fm_gemm_modulus *modulus)
{
    const uint64_t rest = scalar % modulus->p;
    return (fm_gemm_scalar){.whole = (int64_t)(rest > modulus->half ? rest - modulus->p : rest)};
}

fm_status fm_gemm_mod(fm_order order, fm_transpose transpose_a, fm_transpose transpose_b, size_t m,
                      size_t n, size_t k, uint64_t alpha, const uint64_t *a, size_t lda,
                      const uint64_t *b, size_t ldb, uint64_t beta, uint64_t *c, size_t ldc,
                      uint64_t modulus, fm_error *error)
{
    fm_gemm_modulus p;
    if (modulus < 1 || modulus > FM_GEMM_MODULUS_MAX)
        return fm_fail(error, FM_BAD_INPUT, "modulus is %" PRIu64 ", must be from 1 to 2^63",
                       modulus);
    fm_gemm_modulus_init(&p, modulus);
    const arguments g = {
        order, transpose_a, transpose_b, m,   n,   k, centred(alpha, &p), centred(beta, &p), a,
        b,     c,           lda,         ldb, ldc, &p};
    return multiply(&g, fm_gemm_type_of_modulus(modulus), error);
}
