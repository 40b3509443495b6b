/* Products by every kernel that this machine runs, classical and by plans, against the plain triple
   loop. Entries are small integers, so that all results are exact in f32 too; around the matrices are
   NaN, which must neither be read nor changed. */
#include "dense.h"
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

static void fill_with(const matrix *m, double value)
{
    for (size_t i = 0; i < m->rows; i++)
        for (size_t j = 0; j < m->columns; j++)
            set(m, i, j, value);
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

/* What must not be read, A and B with alpha 0 and C with beta 0, is infinite: even 0 times that would show. */
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
    if (p.alpha == 0) {
        fill_with(&p.a, INFINITY);
        fill_with(&p.b, INFINITY);
    }
    if (p.beta == 0)
        fill_with(&p.before, INFINITY);
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

/* Strassen's scheme for twice the first row of A and C, with coefficients 2 and 1/2, ready for plans. */
static fm_gemm_scheme *halves;

static int make_halves(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme *strassen = test_strassen(FM_RING_ZT_VALUE);
    dense d;
    dense_from_scheme(&d, strassen, 7);
    for (uint32_t r = 0; r < 7; r++)
        for (uint32_t column = 0; column < 2; column++) {
            fmpq_mul_2exp(dense_at(&d, 0, r, column), dense_at(&d, 0, r, column), 1);
            fmpq_div_2exp(dense_at(&d, 2, r, column), dense_at(&d, 2, r, column), 1);
        }
    fm_scheme *scheme = dense_to_scheme(&d, strassen->tensor, FM_RING_Q_VALUE);
    assert_ok(fm_gemm_scheme_new(scheme, FM_F32, &halves, &error), error);
    assert_false(
        fm_plan_is_unit(&(fm_plan){.levels = {{halves, FM_LEVEL_FUSED}}, .level_count = 1}));
    dense_clear(&d);
    fm_scheme_free(scheme);
    fm_scheme_free(strassen);
    return 0;
}

static int free_halves(void **state)
{
    (void)state;
    fm_gemm_scheme_free(halves);
    return 0;
}

/* Built in, or the one with fractions, which is not among those. */
static const fm_gemm_scheme *random_scheme(fm_random *random)
{
    const uint32_t i = fm_random_below(random, (uint32_t)fm_gemm_scheme_count + 1);
    return i < fm_gemm_scheme_count ? fm_gemm_schemes[i] : halves;
}

/* A plan of random schemes and ways, of few enough terms. */
static fm_plan random_plan(unsigned levels, fm_random *random)
{
    fm_plan plan;
    do {
        plan = (fm_plan){.level_count = levels, .peeled = fm_random_below(random, 2)};
        for (unsigned l = 0; l < levels; l++)
            plan.levels[l] =
                (fm_plan_level){random_scheme(random),
                                fm_random_below(random, 2) ? FM_LEVEL_FUSED : FM_LEVEL_SLOTS};
    } while (!fm_plan_fits(&plan));
    return plan;
}

static void name_plan(const fm_gemm_kernel *kernel, const fm_plan *plan, unsigned threads)
{
    char *name = fm_plan_name(plan);
    snprintf(what, sizeof what, "%s %s %s, %u threads", kernel->name, name,
             plan->peeled ? "peeled" : "padded", threads);
    free(name);
}

static void check_random_plan(const fm_gemm_kernel *kernel, unsigned levels, unsigned most,
                              fm_random *random)
{
    fm_plan plan = random_plan(levels, random);
    unsigned threads = 1 + fm_random_below(random, 3);
    fm_gemm_shape shape = random_shape(random, most);
    name_plan(kernel, &plan, threads);
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

/* Each scheme, above another one too, in both ways, padded and peeled. */
static void all_schemes_are_exact(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 7, 0);
    for (size_t i = 0; i < 8 * (fm_gemm_scheme_count + 1); i++) {
        const fm_gemm_scheme *scheme =
            i / 8 < fm_gemm_scheme_count ? fm_gemm_schemes[i / 8] : halves;
        const fm_gemm_kernel *kernel =
            fm_gemm_kernel_of(fm_cpu_vectors_here(), i % 3 == 0 ? FM_GEMM_F32 : FM_GEMM_F64);
        const fm_plan plan = {
            .levels = {{scheme, i & 1 ? FM_LEVEL_FUSED : FM_LEVEL_SLOTS}, {halves, FM_LEVEL_FUSED}},
            .level_count = i & 2 ? 1 : 2,
            .peeled = i & 4};
        assert_true(fm_plan_fits(&plan));
        name_plan(kernel, &plan, 1 + i % 2);
        check_plan(kernel, &plan, 1 + i % 2, random_shape(&random, 60), &random);
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

/* The largest difference from the product in long double, over the largest entry, in every step-th row. */
static double error_of(const test_product *p, size_t step)
{
    long double error = 0, largest = 0;
    for (size_t i = 0; i < p->c.rows; i += step)
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
        const double least = error_of(&p, 1);
        assert_true(least < (type == 0 ? 1e-14 : 1e-5));
        for (size_t i = 0; i < 2 * fm_gemm_scheme_count; i++) {
            fm_plan plan = random_plan(1 + i % 2, &random);
            plan.levels[0].scheme = fm_gemm_schemes[i / 2];
            if (!fm_plan_fits(&plan))
                continue;
            run_product(kernel, &plan, 1, &p);
            const double growth = fm_plan_growth(&plan, 120, kc);
            if (!(error_of(&p, 1) <= 2 * growth * least))
                fail_msg("%s: error %g, classical %g, expected growth %g", fm_plan_name(&plan),
                         error_of(&p, 1), least, growth);
        }
        product_clear(&p);
    }
}

/* Where additions cost nothing the planner goes as deep as it may. Errors stay within 16 times the classical
   ones there, and temporaries within the largest matrix. */
static void check_limits(fm_gemm_type type, size_t n, size_t candidates, unsigned levels)
{
    const fm_gemm_costs costs = {1e-9, 1e-13, 1e-13, 1e-13, 1e-15};
    const fm_gemm_kernel *kernel = fm_gemm_kernel_of(fm_cpu_vectors_here(), type);
    const fm_gemm_shape shape = {n, n, n};
    const fm_plan classical = {.level_count = 0};
    fm_plan_candidate *list = fm_alloc(candidates, sizeof *list);
    fm_random random;
    fm_random_seed(&random, 8, n);
    test_product p = real_product(type, n, &random);
    run_product(kernel, &classical, 2, &p);
    const double least = error_of(&p, 100);
    const size_t count =
        fm_planner_list(kernel, &costs, fm_gemm_builtin(), shape, (ptrdiff_t)n, list, candidates);
    unsigned deepest = 0;
    for (size_t i = 0; i < count; i++) {
        const fm_plan *plan = &list[i].plan;
        deepest = plan->level_count > deepest ? plan->level_count : deepest;
        assert_true(fm_plan_bytes(plan, shape, kernel->size) <= n * n * kernel->size);
        name_plan(kernel, plan, 2);
        run_product(kernel, plan, 2, &p);
        if (!(error_of(&p, 100) <= 16 * least))
            fail_msg("%s: error %g, classical %g", what, error_of(&p, 100), least);
    }
    assert_true(deepest >= levels);
    product_clear(&p);
    free(list);
}

static void chosen_plans_keep_limits(void **state)
{
    (void)state;
    for (int type = FM_GEMM_F64; type <= FM_GEMM_F32; type++) {
        check_limits((fm_gemm_type)type, 672, 6, 1);
        if (FEWMUL_SANITIZE[0] == '\0')
            check_limits((fm_gemm_type)type, 1344, 4, 2);
    }
}

/* One fused level has no temporaries; what the planner lists has no more than the largest matrix, whatever
   the shape. */
static void workspace_is_bounded(void **state)
{
    (void)state;
    const fm_gemm_kernel *kernel = fm_gemm_kernel_of(fm_cpu_vectors_here(), FM_GEMM_F64);
    const fm_gemm_costs costs = {2e-11, 1e-9, 1e-9, 1e-9, 1e-15}; /* for slots */
    const fm_gemm_shape shapes[] = {
        {5000, 700, 400}, {400, 5000, 700}, {700, 400, 5000}, {999, 998, 997}};
    for (size_t i = 0; i < fm_gemm_scheme_count; i++) {
        const fm_plan plan = {.levels = {{fm_gemm_schemes[i], FM_LEVEL_FUSED}}, .level_count = 1};
        assert_int_equal(fm_plan_bytes(&plan, shapes[0], 8), 0);
    }
    size_t slots = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const fm_gemm_shape s = shapes[i];
        fm_plan_candidate list[50];
        const size_t count =
            fm_planner_list(kernel, &costs, fm_gemm_builtin(), s, (ptrdiff_t)s.n, list, 50);
        for (size_t c = 0; c < count; c++) {
            const size_t bytes = fm_plan_bytes(&list[c].plan, s, 8);
            assert_true(bytes <= 8 * s.m * s.n || bytes <= 8 * s.m * s.k || bytes <= 8 * s.k * s.n);
            slots += bytes > 0;
        }
    }
    assert_true(slots > 0);
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
        cmocka_unit_test(all_schemes_are_exact),
        cmocka_unit_test(errors_grow_little),
        cmocka_unit_test(chosen_plans_keep_limits),
        cmocka_unit_test(workspace_is_bounded),
        cmocka_unit_test(threads_change_nothing),
    };
    return cmocka_run_group_tests(tests, make_halves, free_halves);
}
