/* fm_dgemm and fm_sgemm as a user of the library sees them: orders, transposes, leading dimensions, the
   rules of the BLAS for zeros and NaN, wrong arguments. */
#include "cost_file.h"
#include "execute.h"
#include "memory.h"
#include "planner.h"
#include "random.h"
#include "support.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { M = 37, N = 29, K = 41, LD = 50 };

static double a[LD * LD], b[LD * LD], c[LD * LD], before[LD * LD];

static void fill(uint64_t stream)
{
    fm_random random;
    fm_random_seed(&random, 1, stream);
    for (int i = 0; i < LD * LD; i++) {
        a[i] = (double)fm_random_below(&random, 9) - 4;
        b[i] = (double)fm_random_below(&random, 9) - 4;
        c[i] = before[i] = (double)fm_random_below(&random, 9) - 4;
    }
}

/* Entry i, j of a matrix as it is given. */
static double entry(const double *x, fm_order order, fm_transpose transpose, int i, int j)
{
    bool by_rows = (order == FM_ROW_MAJOR) == (transpose == FM_NO_TRANSPOSE);
    return by_rows ? x[i * LD + j] : x[j * LD + i];
}

static double expected(fm_order order, fm_transpose ta, fm_transpose tb, double alpha, double beta,
                       int i, int j)
{
    double sum = 0;
    for (int k = 0; k < K; k++)
        sum += entry(a, order, ta, i, k) * entry(b, order, tb, k, j);
    return alpha * sum + beta * entry(before, order, FM_NO_TRANSPOSE, i, j);
}

/* The product's entries are right, all others as before. */
static void assert_result(fm_order order, fm_transpose ta, fm_transpose tb, double alpha,
                          double beta)
{
    for (int i = 0; i < LD; i++)
        for (int j = 0; j < LD; j++) {
            double found = entry(c, order, FM_NO_TRANSPOSE, i, j);
            double right = i < M && j < N ? expected(order, ta, tb, alpha, beta, i, j)
                                          : entry(before, order, FM_NO_TRANSPOSE, i, j);
            assert_true(found == right);
        }
}

static void orders_and_transposes(void **state)
{
    (void)state;
    fm_error error;
    for (int order = FM_ROW_MAJOR; order <= FM_COLUMN_MAJOR; order++)
        for (int ta = FM_NO_TRANSPOSE; ta <= FM_CONJUGATE_TRANSPOSE; ta++)
            for (int tb = FM_NO_TRANSPOSE; tb <= FM_CONJUGATE_TRANSPOSE; tb++) {
                fill((uint64_t)(order * 9 + ta * 3 + tb));
                assert_ok(fm_dgemm((fm_order)order, (fm_transpose)ta, (fm_transpose)tb, M, N, K, 2,
                                   a, LD, b, LD, -1, c, LD, &error),
                          error);
                assert_result((fm_order)order, (fm_transpose)ta, (fm_transpose)tb, 2, -1);
            }
}

static void single_precision(void **state)
{
    (void)state;
    static float fa[LD * LD], fb[LD * LD], fc[LD * LD];
    fm_error error;
    fill(100);
    for (int i = 0; i < LD * LD; i++) {
        fa[i] = (float)a[i];
        fb[i] = (float)b[i];
        fc[i] = (float)c[i];
    }
    assert_ok(fm_sgemm(FM_COLUMN_MAJOR, FM_TRANSPOSE, FM_NO_TRANSPOSE, M, N, K, 0.5f, fa, LD, fb,
                       LD, 3, fc, LD, &error),
              error);
    for (int i = 0; i < LD * LD; i++)
        c[i] = fc[i];
    assert_result(FM_COLUMN_MAJOR, FM_TRANSPOSE, FM_NO_TRANSPOSE, 0.5, 3);
}

static void fill_with_nan(double *x)
{
    for (int i = 0; i < LD * LD; i++)
        x[i] = NAN;
}

static void zero_beta_does_not_read_c(void **state)
{
    (void)state;
    fill(101);
    fill_with_nan(c);
    assert_int_equal(fm_dgemm(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, M, N, K, 1, a, LD, b,
                              LD, 0, c, LD, NULL),
                     FM_OK);
    for (int i = 0; i < M; i++)
        for (int j = 0; j < N; j++)
            assert_true(c[i * LD + j] ==
                        expected(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, 1, 0, i, j));
}

static void zero_alpha_does_not_read_a_and_b(void **state)
{
    (void)state;
    for (int k = 0; k <= K; k += K) { /* nor do no steps, with any alpha */
        fill(102);
        fill_with_nan(a);
        fill_with_nan(b);
        assert_int_equal(fm_dgemm(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, M, N, (size_t)k,
                                  k == 0 ? NAN : 0, a, LD, k == 0 ? NULL : b, LD, 3, c, LD, NULL),
                         FM_OK);
        for (int i = 0; i < LD; i++)
            for (int j = 0; j < LD; j++)
                assert_true(c[i * LD + j] == (i < M && j < N ? 3 : 1) * before[i * LD + j]);
    }
    fill(103);
    fill_with_nan(c);
    assert_int_equal(fm_dgemm(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, M, N, K, 0, NULL, LD,
                              NULL, LD, 0, c, LD, NULL),
                     FM_OK);
    assert_true(c[0] == 0 && c[(M - 1) * LD + N - 1] == 0 && isnan(c[N]) && isnan(c[M * LD]));
}

static void nan_and_infinities_spread(void **state)
{
    (void)state;
    fill(104);
    a[3 * LD + 4] = NAN;
    b[5 * LD + 6] = INFINITY;
    assert_int_equal(fm_dgemm(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, M, N, K, 1, a, LD, b,
                              LD, 0, c, LD, NULL),
                     FM_OK);
    for (int j = 0; j < N; j++)
        assert_true(isnan(c[3 * LD + j]));
    for (int i = 0; i < M; i++)
        assert_false(isfinite(c[i * LD + 6])); /* NaN where it is multiplied by 0 */
}

/* ---------------------------------------------------------------- plans */

enum { PLAN_M = 345, PLAN_N = 327, PLAN_K = 371, PLAN_LD = 380, PLAN_SIZE = PLAN_LD * PLAN_LD };

/* x as it is stored by rows, or transposed; all else is NaN. */
static void store(const double *x, int rows, int columns, bool by_rows, double *to)
{
    for (int i = 0; i < PLAN_SIZE; i++)
        to[i] = NAN;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++)
            to[by_rows ? i * PLAN_LD + j : j * PLAN_LD + i] = x[i * columns + j];
}

static double *random_matrix(int rows, int columns, fm_random *random)
{
    double *x = fm_alloc((size_t)rows * (size_t)columns, sizeof *x);
    for (int i = 0; i < rows * columns; i++)
        x[i] = (double)fm_random_below(random, 9) - 4;
    return x;
}

/* Costs of this machine by which additions are free, in the folder of caches that the environment names, so
   that calls of this size are not classical. */
static void make_additions_free(void)
{
    static char folder[] = "/tmp/fewmul-costs-XXXXXX";
    const fm_gemm_costs free_additions = {1e-9, 1e-12, 1e-12, 1e-12, 1e-12};
    const fm_gemm_kernel *kernel = fm_gemm_kernel_of(fm_cpu_vectors_here(), FM_GEMM_F64);
    const fm_gemm_shape shape = {PLAN_M, PLAN_N, PLAN_K};
    fm_error error;
    fm_plan plan;
    assert_non_null(mkdtemp(folder));
    setenv("XDG_CACHE_HOME", folder, 1);
    assert_ok(fm_cost_file_put(kernel, fm_gemm_threads(shape), &free_additions, &error), error);
    fm_planner_choose(kernel, fm_gemm_threads(shape), shape, PLAN_LD, &plan);
    assert_true(plan.level_count > 0);
    char *remove = fm_format("rm -r %s", folder);
    assert_int_equal(system(remove), 0);
    free(remove);
}

/* Calls that a plan does, in all orders, with NaN between the rows and with beta 0. */
static void plans_in_all_orders(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 2, 0);
    double *x = random_matrix(PLAN_M, PLAN_K, &random), *y = random_matrix(PLAN_K, PLAN_N, &random);
    double *product = fm_alloc_zero(PLAN_M * PLAN_N, sizeof *product);
    double *stored[3];
    make_additions_free();
    for (int i = 0; i < 3; i++)
        stored[i] = fm_alloc(PLAN_SIZE, sizeof **stored);
    for (int i = 0; i < PLAN_M; i++)
        for (int k = 0; k < PLAN_K; k++)
            for (int j = 0; j < PLAN_N; j++)
                product[i * PLAN_N + j] += 2 * x[i * PLAN_K + k] * y[k * PLAN_N + j];
    for (int i = 0; i < 8; i++) {
        const bool by_rows = i & 1, ta = i & 2, tb = i & 4;
        fm_error error;
        store(x, PLAN_M, PLAN_K, by_rows != ta, stored[0]);
        store(y, PLAN_K, PLAN_N, by_rows != tb, stored[1]);
        store(NULL, 0, 0, by_rows, stored[2]);
        assert_ok(fm_dgemm(by_rows ? FM_ROW_MAJOR : FM_COLUMN_MAJOR,
                           ta ? FM_TRANSPOSE : FM_NO_TRANSPOSE, tb ? FM_TRANSPOSE : FM_NO_TRANSPOSE,
                           PLAN_M, PLAN_N, PLAN_K, 2, stored[0], PLAN_LD, stored[1], PLAN_LD, 0,
                           stored[2], PLAN_LD, &error),
                  error);
        store(product, PLAN_M, PLAN_N, by_rows, stored[0]);
        for (int e = 0; e < PLAN_SIZE; e++)
            assert_true(isnan(stored[0][e]) ? isnan(stored[2][e]) : stored[0][e] == stored[2][e]);
    }
    for (int i = 0; i < 3; i++)
        free(stored[i]);
    free(product);
    free(x);
    free(y);
}

/* ---------------------------------------------------------------- wrong arguments */

static void refused(const char *message, fm_order order, fm_transpose ta, size_t m, size_t n,
                    size_t k, size_t lda, size_t ldb, size_t ldc)
{
    fm_error error;
    fill(105);
    assert_int_equal(
        fm_dgemm(order, ta, FM_NO_TRANSPOSE, m, n, k, 1, a, lda, b, ldb, 0, c, ldc, &error),
        FM_BAD_INPUT);
    assert_non_null(strstr(error.message, message));
    assert_memory_equal(c, before, sizeof c);
}

static void wrong_arguments(void **state)
{
    (void)state;
    refused("order", (fm_order)0, FM_NO_TRANSPOSE, 2, 2, 2, 2, 2, 2);
    refused("transposition", FM_ROW_MAJOR, (fm_transpose)7, 2, 2, 2, 2, 2, 2);
    refused("lda is 4, must be at least 5", FM_ROW_MAJOR, FM_NO_TRANSPOSE, 3, 2, 5, 4, 9, 9);
    refused("lda is 2, must be at least 3", FM_ROW_MAJOR, FM_TRANSPOSE, 3, 2, 5, 2, 9, 9);
    refused("lda is 2, must be at least 3", FM_COLUMN_MAJOR, FM_NO_TRANSPOSE, 3, 2, 5, 2, 9, 9);
    refused("ldb is 1, must be at least 2", FM_ROW_MAJOR, FM_NO_TRANSPOSE, 3, 2, 5, 9, 1, 9);
    refused("ldc is 2, must be at least 3", FM_COLUMN_MAJOR, FM_NO_TRANSPOSE, 3, 2, 5, 9, 9, 2);
    refused("lda is 0, must be at least 1", FM_ROW_MAJOR, FM_NO_TRANSPOSE, 0, 0, 0, 0, 1, 1);
    refused("too large", FM_ROW_MAJOR, FM_NO_TRANSPOSE, 1, 1, 1, SIZE_MAX, 1, 1);
}

static void nothing_to_do(void **state)
{
    (void)state;
    fill(106);
    assert_int_equal(fm_dgemm(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, 0, N, K, 1, NULL, LD,
                              b, LD, 0, NULL, LD, NULL),
                     FM_OK);
    assert_int_equal(fm_dgemm(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, M, 0, K, 1, a, LD,
                              NULL, LD, 0, NULL, LD, NULL),
                     FM_OK);
}

/* Calls at once from all threads of a program, each on its own matrices. */
static void calls_from_many_threads(void **state)
{
    (void)state;
    int wrong = 0;
    fill(107);
#pragma omp parallel num_threads(4) reduction(+ : wrong)
    for (int round = 0; round < 10; round++) {
        double *mine = fm_alloc(M * N, sizeof *mine);
        fm_status status = fm_dgemm(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, M, N, K, 1, a,
                                    LD, b, LD, 0, mine, N, NULL);
        wrong += status != FM_OK;
        for (int i = 0; i < M; i++)
            for (int j = 0; j < N; j++)
                wrong += mine[i * N + j] !=
                         expected(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, 1, 0, i, j);
        free(mine);
    }
    assert_int_equal(wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(orders_and_transposes),
        cmocka_unit_test(single_precision),
        cmocka_unit_test(zero_beta_does_not_read_c),
        cmocka_unit_test(zero_alpha_does_not_read_a_and_b),
        cmocka_unit_test(nan_and_infinities_spread),
        cmocka_unit_test(plans_in_all_orders),
        cmocka_unit_test(wrong_arguments),
        cmocka_unit_test(nothing_to_do),
        cmocka_unit_test(calls_from_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
