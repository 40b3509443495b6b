/* Products by every kernel that this machine runs, classical and by plans, against the plain triple
   loop. Entries are small integers, so that all results are exact in f32 too; around the matrices are
   NaN, which must neither be read nor changed. */
#include "execute.h"
#include "memory.h"
#include "plan_facts.h"
#include "planner.h"
#include "random.h"
#include "ready.h"
#include "support.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Tiles and packing as AVX-512 has them, in whatever this machine has: slow, but the same code. */
#define SCALAR  double
#define TYPE    FM_GEMM_F64
#define BYTES   64
#define MR      14
#define NV      2
#define SIDE    8
#define KERNEL  wide_f64
#define VECTORS FM_VECTORS_PORTABLE
#define NAME    "wide"
extern const fm_gemm_kernel fm_gemm_wide_f64, fm_gemm_wide_f32;
#include "gemm_kernel_template.c"

#define SCALAR  float
#define TYPE    FM_GEMM_F32
#define BYTES   64
#define MR      14
#define NV      2
#define SIDE    8
#define KERNEL  wide_f32
#define VECTORS FM_VECTORS_PORTABLE
#define NAME    "wide"
#include "gemm_kernel_template.c"

/* ---------------------------------------------------------------- matrices */

enum { GUARD = 70 };

/* Lines of rows or of columns, stride apart, with guard zones before, between and after them. */
typedef struct matrix {
    size_t rows, columns, stride, count;
    bool by_rows, f32;
    void *memory;
} matrix;

static matrix matrix_new(fm_gemm_type type, size_t rows, size_t columns, size_t padding,
                         bool by_rows)
{
    matrix m = {
        rows, columns, (by_rows ? columns : rows) + padding, 0, by_rows, type == FM_GEMM_F32, NULL};
    m.count = 2 * GUARD + m.stride * (by_rows ? rows : columns);
    m.memory = fm_alloc(m.count, sizeof(double));
    for (size_t i = 0; i < m.count; i++) {
        if (m.f32)
            ((float *)m.memory)[i] = NAN;
        else
            ((double *)m.memory)[i] = NAN;
    }
    return m;
}

static void *matrix_at(const matrix *m)
{
    return m->f32 ? (void *)((float *)m->memory + GUARD) : (void *)((double *)m->memory + GUARD);
}

static size_t position(const matrix *m, size_t i, size_t j)
{
    return GUARD + (m->by_rows ? i * m->stride + j : j * m->stride + i);
}

static double get(const matrix *m, size_t i, size_t j)
{
    size_t p = position(m, i, j);
    return m->f32 ? (double)((float *)m->memory)[p] : ((double *)m->memory)[p];
}

static void set(const matrix *m, size_t i, size_t j, double value)
{
    size_t p = position(m, i, j);
    if (m->f32)
        ((float *)m->memory)[p] = (float)value;
    else
        ((double *)m->memory)[p] = value;
}

static void fill(const matrix *m, fm_random *random)
{
    for (size_t i = 0; i < m->rows; i++)
        for (size_t j = 0; j < m->columns; j++)
            set(m, i, j, (double)fm_random_below(random, 9) - 4);
}

static void strides_of(const matrix *m, ptrdiff_t strides[2])
{
    strides[0] = m->by_rows ? (ptrdiff_t)m->stride : 1;
    strides[1] = m->by_rows ? 1 : (ptrdiff_t)m->stride;
}

/* What is outside of the matrix must still be NaN. */
static void assert_guards(const matrix *m)
{
    size_t numbers = 0;
    for (size_t i = 0; i < m->count; i++)
        numbers += m->f32 ? !isnan(((float *)m->memory)[i]) : !isnan(((double *)m->memory)[i]);
    assert_int_equal(numbers, m->rows * m->columns);
}

/* ---------------------------------------------------------------- products */

/* For messages: what is tested now. */
static char what[512] = "classical";

typedef struct test_product {
    matrix a, b, c, before;
    double alpha, beta;
} test_product;

static test_product product_new(fm_gemm_type type, fm_gemm_shape s, fm_random *random)
{
    static const double scalars[] = {1, -1, 0, 2, 0.5};
    const size_t padding = fm_random_below(random, 20);
    test_product p = {matrix_new(type, s.m, s.k, padding, fm_random_below(random, 2)),
                      matrix_new(type, s.k, s.n, padding, fm_random_below(random, 2)),
                      matrix_new(type, s.m, s.n, padding, true),
                      matrix_new(type, s.m, s.n, padding, true),
                      scalars[fm_random_below(random, 5)],
                      scalars[fm_random_below(random, 5)]};
    fill(&p.a, random);
    fill(&p.b, random);
    fill(&p.before, random);
    memcpy(p.c.memory, p.before.memory, p.c.count * (type == FM_GEMM_F32 ? 4 : 8));
    return p;
}

static void product_clear(test_product *p)
{
    free(p->a.memory);
    free(p->b.memory);
    free(p->c.memory);
    free(p->before.memory);
}

static double expected(const test_product *p, size_t i, size_t j)
{
    double sum = 0;
    for (size_t k = 0; k < p->a.columns && p->alpha != 0; k++)
        sum += get(&p->a, i, k) * get(&p->b, k, j);
    return p->alpha * sum + (p->beta != 0 ? p->beta * get(&p->before, i, j) : 0);
}

static void assert_product(const test_product *p)
{
    for (size_t i = 0; i < p->c.rows; i++)
        for (size_t j = 0; j < p->c.columns; j++)
            if (get(&p->c, i, j) != expected(p, i, j))
                fail_msg("%s: %zux%zux%zu at %zu, %zu: %g, should be %g", what, p->c.rows,
                         p->c.columns, p->a.columns, i, j, get(&p->c, i, j), expected(p, i, j));
    assert_guards(&p->a);
    assert_guards(&p->b);
    assert_guards(&p->c);
}

static fm_plan_call call_of(const test_product *p)
{
    fm_plan_call call = {.shape = {p->c.rows, p->c.columns, p->a.columns},
                         .alpha = {.real = p->alpha},
                         .beta = {.real = p->beta},
                         .a = matrix_at(&p->a),
                         .b = matrix_at(&p->b),
                         .c = matrix_at(&p->c),
                         .c_stride = (ptrdiff_t)p->c.stride};
    strides_of(&p->a, call.a_strides);
    strides_of(&p->b, call.b_strides);
    return call;
}

static void check_plan(const fm_gemm_kernel *kernel, const fm_plan *plan, unsigned threads,
                       fm_gemm_shape s, fm_random *random)
{
    test_product p = product_new(kernel->type, s, random);
    fm_plan_call call = call_of(&p);
    fm_gemm_execute(kernel, plan, threads, &call);
    assert_product(&p);
    product_clear(&p);
}

static fm_gemm_shape random_shape(fm_random *random, unsigned most)
{
    return (fm_gemm_shape){1 + fm_random_below(random, most), 1 + fm_random_below(random, most),
                           1 + fm_random_below(random, most)};
}

/* The kernels that this machine runs, from 0 on; NULL after the last. */
static const fm_gemm_kernel *kernel_number(int number)
{
    const fm_gemm_type type = number % 2 == 0 ? FM_GEMM_F64 : FM_GEMM_F32;
    const int widest = (int)fm_cpu_vectors_here();
    if (number / 2 <= widest)
        return fm_gemm_kernel_of((fm_cpu_vectors)(number / 2), type);
    if (number / 2 == widest + 1)
        return type == FM_GEMM_F64 ? &fm_gemm_wide_f64 : &fm_gemm_wide_f32;
    return NULL;
}

#define FOR_EACH_KERNEL(kernel)                                                                    \
    for (int number_ = 0; kernel_number(number_) != NULL; number_++)                               \
        for (const fm_gemm_kernel *kernel = kernel_number(number_); kernel != NULL; kernel = NULL)

/* ---------------------------------------------------------------- tests */

static void classical_products_are_exact(void **state)
{
    (void)state;
    const fm_plan classical = {.level_count = 0};
    fm_random random;
    fm_random_seed(&random, 1, 0);
    FOR_EACH_KERNEL(kernel)
    {
        for (int i = 0; i < 40; i++)
            check_plan(kernel, &classical, 1 + i % 3, random_shape(&random, 80), &random);
        check_plan(kernel, &classical, 1, (fm_gemm_shape){40, 33, 1100}, &random);
        check_plan(kernel, &classical, 2, (fm_gemm_shape){2, 4500, 5}, &random);
        check_plan(kernel, &classical, 3, (fm_gemm_shape){700, 3, 20}, &random);
    }
}

static void no_steps_scale_c(void **state)
{
    (void)state;
    const fm_plan classical = {.level_count = 0};
    fm_random random;
    fm_random_seed(&random, 2, 0);
    FOR_EACH_KERNEL(kernel)
    for (int i = 0; i < 10; i++)
        check_plan(kernel, &classical, 2, (fm_gemm_shape){7, 9, 0}, &random);
}

/* A plan of random schemes and ways, of few enough terms. */
static fm_plan random_plan(unsigned levels, fm_random *random)
{
    fm_plan plan;
    do {
        plan = (fm_plan){.level_count = levels, .peeled = fm_random_below(random, 2)};
        for (unsigned l = 0; l < levels; l++)
            plan.levels[l] = (fm_plan_level){
                fm_gemm_schemes[fm_random_below(random, (uint32_t)fm_gemm_scheme_count)],
                fm_random_below(random, 2) ? FM_LEVEL_FUSED : FM_LEVEL_SLOTS};
    } while (!fm_plan_fits(&plan));
    return plan;
}

static void check_random_plan(const fm_gemm_kernel *kernel, unsigned levels, unsigned most,
                              fm_random *random)
{
    fm_plan plan = random_plan(levels, random);
    unsigned threads = 1 + fm_random_below(random, 3);
    fm_gemm_shape shape = random_shape(random, most);
    char *name = fm_plan_name(&plan);
    snprintf(what, sizeof what, "%s %s, %u threads", kernel->name, name, threads);
    free(name);
    check_plan(kernel, &plan, threads, shape, random);
}

static void plans_are_exact(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 3, 0);
    FOR_EACH_KERNEL(kernel)
    {
        for (int i = 0; i < 40; i++)
            check_random_plan(kernel, 1, 60, &random);
        for (int i = 0; i < 20; i++)
            check_random_plan(kernel, 2, 100, &random);
    }
}

/* A product of matrices that are there needs no more memory than the stack. */
static void products_without_memory(void **state)
{
    (void)state;
    if (FEWMUL_SANITIZE[0] != '\0')
        skip();
    fm_random random;
    fm_random_seed(&random, 6, 0);
    FOR_EACH_KERNEL(kernel)
    {
        struct rlimit before;
        fm_plan plan = random_plan(2, &random);
        test_product p = product_new(kernel->type, (fm_gemm_shape){210, 900, 950}, &random);
        fm_plan_call call = call_of(&p);
        (void)omp_get_max_threads(); /* OpenMP ends a process when it cannot have its own memory */
        if (!test_no_more_memory(&before))
            skip();
        fm_gemm_execute(kernel, &plan, 1, &call);
        test_memory_again(&before);
        for (size_t i = 0; i < p.c.rows; i += 7)
            for (size_t j = 0; j < p.c.columns; j += 7)
                assert_true(get(&p.c, i, j) == expected(&p, i, j));
        product_clear(&p);
    }
}

/* ---------------------------------------------------------------- errors and threads */

static void fill_real(const matrix *m, fm_random *random)
{
    for (size_t i = 0; i < m->rows; i++)
        for (size_t j = 0; j < m->columns; j++)
            set(m, i, j, (double)(fm_random_next(random) >> 11) * 0x1p-52 - 1);
}

/* The largest difference from the product in long double, over the largest entry. */
static double error_of(const test_product *p)
{
    long double error = 0, largest = 0;
    for (size_t i = 0; i < p->c.rows; i++)
        for (size_t j = 0; j < p->c.columns; j++) {
            long double sum = 0;
            for (size_t k = 0; k < p->a.columns; k++)
                sum += (long double)get(&p->a, i, k) * get(&p->b, k, j);
            error = fmaxl(error, fabsl(get(&p->c, i, j) - sum));
            largest = fmaxl(largest, fabsl(sum));
        }
    return (double)(error / largest);
}

static test_product real_product(fm_gemm_type type, size_t n, fm_random *random)
{
    test_product p = product_new(type, (fm_gemm_shape){n, n, n}, random);
    p.alpha = 1;
    p.beta = 0;
    fill_real(&p.a, random);
    fill_real(&p.b, random);
    return p;
}

static void run_product(const fm_gemm_kernel *kernel, const fm_plan *plan, unsigned threads,
                        const test_product *p)
{
    fm_plan_call call = call_of(p);
    fm_gemm_execute(kernel, plan, threads, &call);
}

/* No more than twice what fm_plan_growth expects, of any built-in scheme, alone and above another. */
static void errors_grow_little(void **state)
{
    (void)state;
    const fm_plan classical = {.level_count = 0};
    fm_random random;
    fm_random_seed(&random, 4, 0);
    for (int type = 0; type < 2; type++) {
        const fm_gemm_kernel *kernel =
            fm_gemm_kernel_of(fm_cpu_vectors_here(), type == 0 ? FM_GEMM_F64 : FM_GEMM_F32);
        const size_t kc = fm_gemm_choose_blocks(kernel, fm_cpu_caches_here()).kc;
        test_product p = real_product(kernel->type, 120, &random);
        run_product(kernel, &classical, 1, &p);
        const double least = error_of(&p);
        assert_true(least < (type == 0 ? 1e-14 : 1e-5));
        for (size_t i = 0; i < 2 * fm_gemm_scheme_count; i++) {
            fm_plan plan = random_plan(1 + i % 2, &random);
            plan.levels[0].scheme = fm_gemm_schemes[i / 2];
            if (!fm_plan_fits(&plan))
                continue;
            run_product(kernel, &plan, 1, &p);
            const double growth = fm_plan_growth(&plan, 120, kc);
            if (!(error_of(&p) <= 2 * growth * least))
                fail_msg("%s: error %g, classical %g, expected growth %g", fm_plan_name(&plan),
                         error_of(&p), least, growth);
        }
        product_clear(&p);
    }
}

/* The result of a plan is the same for any number of threads, to the last bit. */
static void threads_change_nothing(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 5, 0);
    FOR_EACH_KERNEL(kernel)
    for (int i = 0; i < 6; i++) {
        fm_plan plan = random_plan(i % 3, &random);
        test_product p = real_product(kernel->type, 100, &random), q = p;
        q.c = matrix_new(kernel->type, 100, 100, q.c.stride - 100, true);
        run_product(kernel, &plan, 1, &p);
        run_product(kernel, &plan, 2 + i % 3, &q);
        assert_memory_equal(p.c.memory, q.c.memory, p.c.count * kernel->size);
        free(q.c.memory);
        product_clear(&p);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_without_memory), /* the first: none is kept yet */
        cmocka_unit_test(classical_products_are_exact),
        cmocka_unit_test(no_steps_scale_c),
        cmocka_unit_test(plans_are_exact),
        cmocka_unit_test(errors_grow_little),
        cmocka_unit_test(threads_change_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
