/* Products of integers modulo 2^32, 2^64 and p, by every kernel that this machine runs, classical and by
   plans, and through the library's calls, against the plain triple loop: the same, entry by entry.
   Around the matrices are bytes that must not change. */
#include "execute.h"
#include "memory.h"
#include "plan_facts.h"
#include "random.h"
#include "support.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* Tiles and packing as AVX-512 has them, in whatever this machine has: slow, but the same code. */
extern const fm_gemm_kernel fm_gemm_wide_i32, fm_gemm_wide_i64;
extern const fm_gemm_kernel fm_gemm_wide_zp26, fm_gemm_wide_zp34, fm_gemm_wide_zp63;

#define SCALAR  uint32_t
#define TYPE    FM_GEMM_I32
#define BYTES   64
#define MR      14
#define NV      2
#define SIDE    4
#define KERNEL  wide_i32
#define VECTORS FM_VECTORS_PORTABLE
#define NAME    "wide"
#define INTEGER
#include "gemm_kernel_template.c"

#define SCALAR  uint64_t
#define TYPE    FM_GEMM_I64
#define BYTES   64
#define MR      14
#define NV      2
#define SIDE    8
#define KERNEL  wide_i64
#define VECTORS FM_VECTORS_PORTABLE
#define NAME    "wide"
#define INTEGER
#include "gemm_kernel_template.c"

#define SCALAR   uint64_t
#define TYPE     FM_GEMM_ZP26
#define BYTES    64
#define MR       14
#define NV       2
#define SIDE     8
#define KERNEL   wide_zp26
#define VECTORS  FM_VECTORS_PORTABLE
#define NAME     "wide"
#define RESIDUES 26
#include "gemm_kernel_template.c"

#define SCALAR   uint64_t
#define TYPE     FM_GEMM_ZP34
#define BYTES    64
#define MR       14
#define NV       2
#define SIDE     8
#define KERNEL   wide_zp34
#define VECTORS  FM_VECTORS_PORTABLE
#define NAME     "wide"
#define RESIDUES 34
#include "gemm_kernel_template.c"

#define SCALAR   uint64_t
#define TYPE     FM_GEMM_ZP63
#define BYTES    64
#define MR       14
#define NV       2
#define SIDE     8
#define KERNEL   wide_zp63
#define VECTORS  FM_VECTORS_PORTABLE
#define NAME     "wide"
#define RESIDUES 63
#include "gemm_kernel_template.c"

/* ---------------------------------------------------------------- rings */

/* Integers modulo 2^32, 2^64 or p. */
typedef struct ring {
    fm_gemm_type type;
    uint64_t p; /* 0: a power of 2 */
} ring;

static size_t size_of(ring r)
{
    return r.type == FM_GEMM_I32 ? 4 : 8;
}

static uint64_t reduce(ring r, unsigned __int128 value)
{
    if (r.p != 0)
        return (uint64_t)(value % r.p);
    return r.type == FM_GEMM_I32 ? (uint32_t)value : (uint64_t)value;
}

static uint64_t times(ring r, uint64_t x, uint64_t y)
{
    return reduce(r, (unsigned __int128)x * y);
}

static uint64_t plus(ring r, uint64_t x, uint64_t y)
{
    return reduce(r, (unsigned __int128)x + y);
}

/* The largest entry, -1. */
static uint64_t largest(ring r)
{
    return r.p != 0 ? r.p - 1 : reduce(r, ~(unsigned __int128)0);
}

/* As far from zero as can be, and on the other side: INT_MIN and INT_MAX, half of p and what follows. */
static uint64_t farthest(ring r)
{
    return r.p != 0 ? r.p / 2 : (uint64_t)1 << (8 * size_of(r) - 1);
}

static uint64_t opposite(ring r)
{
    return r.p != 0 ? reduce(r, r.p / 2 + 1) : farthest(r) - 1;
}

static fm_gemm_scalar to_scalar(ring r, uint64_t x)
{
    if (r.p != 0)
        return (fm_gemm_scalar){.whole = (int64_t)(x > r.p / 2 ? x - r.p : x)};
    return (fm_gemm_scalar){.whole = r.type == FM_GEMM_I32 ? (int32_t)x : (int64_t)x};
}

/* ---------------------------------------------------------------- matrices */

enum { GUARD = 70, GUARD_BYTE = 0xa5 };

/* Lines of rows or of columns, stride apart, with guard zones before, between and after them. */
typedef struct matrix {
    ring ring;
    size_t rows, columns, stride, count;
    bool by_rows;
    char *memory;
} matrix;

static matrix matrix_new(ring r, size_t rows, size_t columns, size_t padding, bool by_rows)
{
    matrix m = {r, rows, columns, (by_rows ? columns : rows) + padding, 0, by_rows, NULL};
    m.count = 2 * GUARD + m.stride * (by_rows ? rows : columns);
    m.memory = fm_alloc(m.count, size_of(r));
    memset(m.memory, GUARD_BYTE, m.count * size_of(r));
    return m;
}

static void *matrix_at(const matrix *m)
{
    return m->memory + GUARD * size_of(m->ring);
}

static size_t position(const matrix *m, size_t i, size_t j)
{
    return GUARD + (m->by_rows ? i * m->stride + j : j * m->stride + i);
}

static uint64_t get(const matrix *m, size_t i, size_t j)
{
    const void *at = m->memory + position(m, i, j) * size_of(m->ring);
    return size_of(m->ring) == 4 ? *(const uint32_t *)at : *(const uint64_t *)at;
}

static void set(const matrix *m, size_t i, size_t j, uint64_t value)
{
    void *at = m->memory + position(m, i, j) * size_of(m->ring);
    if (size_of(m->ring) == 4)
        *(uint32_t *)at = (uint32_t)value;
    else
        *(uint64_t *)at = value;
}

/* Random entries, or extreme ones. */
static void fill(const matrix *m, fm_random *random)
{
    const ring r = m->ring;
    const uint64_t extremes[] = {largest(r), farthest(r), opposite(r), 0, reduce(r, 1)};
    const uint64_t everywhere = extremes[fm_random_below(random, 3)];
    const uint32_t kind = fm_random_below(random, 4);
    for (size_t i = 0; i < m->rows; i++)
        for (size_t j = 0; j < m->columns; j++)
            set(m, i, j,
                kind == 0   ? everywhere
                : kind == 1 ? extremes[fm_random_below(random, 5)]
                            : reduce(r, fm_random_next(random)));
}

static void strides_of(const matrix *m, ptrdiff_t strides[2])
{
    strides[0] = m->by_rows ? (ptrdiff_t)m->stride : 1;
    strides[1] = m->by_rows ? 1 : (ptrdiff_t)m->stride;
}

/* What is outside of the matrix must be as before. */
static void assert_guards(const matrix *m)
{
    matrix expected = matrix_new(m->ring, m->rows, m->columns,
                                 m->stride - (m->by_rows ? m->columns : m->rows), m->by_rows);
    for (size_t i = 0; i < m->rows; i++)
        for (size_t j = 0; j < m->columns; j++)
            set(&expected, i, j, get(m, i, j));
    assert_memory_equal(expected.memory, m->memory, m->count * size_of(m->ring));
    free(expected.memory);
}

/* ---------------------------------------------------------------- products */

/* For messages: what is tested now. */
static char what[512];

typedef struct test_product {
    matrix a, b, c, before;
    uint64_t alpha, beta;
} test_product;

static uint64_t random_scalar(ring r, fm_random *random)
{
    const uint64_t scalars[] = {1, largest(r), 0, 2, farthest(r), fm_random_next(random)};
    return reduce(r, scalars[fm_random_below(random, 6)]);
}

static test_product product_new(ring r, fm_gemm_shape s, fm_random *random)
{
    const size_t padding = fm_random_below(random, 20);
    test_product p = {matrix_new(r, s.m, s.k, padding, fm_random_below(random, 2)),
                      matrix_new(r, s.k, s.n, padding, fm_random_below(random, 2)),
                      matrix_new(r, s.m, s.n, padding, true),
                      matrix_new(r, s.m, s.n, padding, true),
                      random_scalar(r, random),
                      random_scalar(r, random)};
    fill(&p.a, random);
    fill(&p.b, random);
    fill(&p.before, random);
    memcpy(p.c.memory, p.before.memory, p.c.count * size_of(r));
    return p;
}

static void product_clear(test_product *p)
{
    free(p->a.memory);
    free(p->b.memory);
    free(p->c.memory);
    free(p->before.memory);
}

static uint64_t expected(const test_product *p, size_t i, size_t j)
{
    const ring r = p->c.ring;
    unsigned __int128 sum = 0;
    for (size_t k = 0; k < p->a.columns; k++) {
        sum += (unsigned __int128)get(&p->a, i, k) * get(&p->b, k, j);
        if (r.p != 0 && sum >> 126 != 0)
            sum %= r.p;
    }
    sum = reduce(r, sum);
    return plus(r, times(r, p->alpha, (uint64_t)sum), times(r, p->beta, get(&p->before, i, j)));
}

static void assert_product(const test_product *p)
{
    for (size_t i = 0; i < p->c.rows; i++)
        for (size_t j = 0; j < p->c.columns; j++)
            if (get(&p->c, i, j) != expected(p, i, j))
                fail_msg("%s: %zux%zux%zu at %zu, %zu: %llu, should be %llu", what, p->c.rows,
                         p->c.columns, p->a.columns, i, j, (unsigned long long)get(&p->c, i, j),
                         (unsigned long long)expected(p, i, j));
    assert_guards(&p->a);
    assert_guards(&p->b);
    assert_guards(&p->c);
}

/* With room for the modulus, which must outlive the call. */
static fm_plan_call call_of(const test_product *p, fm_gemm_modulus *modulus)
{
    const ring r = p->c.ring;
    if (r.p != 0)
        fm_gemm_modulus_init(modulus, r.p);
    fm_plan_call call = {.shape = {p->c.rows, p->c.columns, p->a.columns},
                         .modulus = r.p != 0 ? modulus : NULL,
                         .alpha = to_scalar(r, p->alpha),
                         .beta = to_scalar(r, p->beta),
                         .a = matrix_at(&p->a),
                         .b = matrix_at(&p->b),
                         .c = matrix_at(&p->c),
                         .c_stride = (ptrdiff_t)p->c.stride};
    strides_of(&p->a, call.a_strides);
    strides_of(&p->b, call.b_strides);
    return call;
}

static void run_plan(const fm_gemm_kernel *kernel, const fm_plan *plan, unsigned threads,
                     const test_product *p)
{
    fm_gemm_modulus modulus;
    const fm_plan_call call = call_of(p, &modulus);
    char *name = fm_plan_name(plan);
    snprintf(what, sizeof what, "%s %s modulo %llu, %s, %u threads", kernel->name,
             fm_gemm_type_name(kernel->type), (unsigned long long)p->c.ring.p, name, threads);
    fm_gemm_execute(kernel, plan, threads, &call);
    assert_product(p);
    free(name);
}

static void check_plan(const fm_gemm_kernel *kernel, ring r, const fm_plan *plan, unsigned threads,
                       fm_gemm_shape s, fm_random *random)
{
    test_product p = product_new(r, s, random);
    run_plan(kernel, plan, threads, &p);
    product_clear(&p);
}

static fm_gemm_shape random_shape(fm_random *random, unsigned most)
{
    return (fm_gemm_shape){1 + fm_random_below(random, most), 1 + fm_random_below(random, most),
                           1 + fm_random_below(random, most)};
}

/* The kernels of a type that this machine runs, from 0 on; NULL after the last. */
static const fm_gemm_kernel *kernel_number(int number, fm_gemm_type type)
{
    static const fm_gemm_kernel *const wide[FM_GEMM_TYPES] = {NULL,
                                                              NULL,
                                                              &fm_gemm_wide_i32,
                                                              &fm_gemm_wide_i64,
                                                              &fm_gemm_wide_zp26,
                                                              &fm_gemm_wide_zp34,
                                                              &fm_gemm_wide_zp63};
    const int widest = (int)fm_cpu_vectors_here();
    if (number <= widest)
        return fm_gemm_kernel_of((fm_cpu_vectors)number, type);
    return number == widest + 1 ? wide[type] : NULL;
}

/* Primes and others, at both sides of what changes the kind, and of powers of 2. */
static const uint64_t moduli[] = {
    1,
    2,
    3,
    4,
    65521,
    65536,
    ((uint64_t)1 << 25) + 35,
    ((uint64_t)1 << 26) - 5,
    (uint64_t)1 << 26,
    ((uint64_t)1 << 26) + 1,
    ((uint64_t)1 << 31) - 1,
    (uint64_t)1 << 31,
    ((uint64_t)1 << 32) - 5,
    (uint64_t)1 << 32,
    (uint64_t)1 << 34,
    ((uint64_t)1 << 34) + 1,
    1000000000039,
    ((uint64_t)1 << 62) + 1,
    ((uint64_t)1 << 63) - 25,
    (uint64_t)1 << 63,
};
enum { MODULI = sizeof moduli / sizeof *moduli, RINGS = MODULI + 2 };

static ring ring_number(int number)
{
    if (number < MODULI)
        return (ring){fm_gemm_type_of_modulus(moduli[number]), moduli[number]};
    return (ring){number == MODULI ? FM_GEMM_I32 : FM_GEMM_I64, 0};
}

#define FOR_EACH_KERNEL_AND_RING(kernel, r)                                                        \
    for (int ring_ = 0; ring_ < RINGS; ring_++)                                                    \
        for (int number_ = 0; kernel_number(number_, ring_number(ring_).type) != NULL; number_++)  \
            for (const fm_gemm_kernel *kernel = kernel_number(number_, ring_number(ring_).type);   \
                 kernel != NULL; kernel = NULL)                                                    \
                for (ring r = ring_number(ring_), *once_ = &r; once_ != NULL; once_ = NULL)

/* ---------------------------------------------------------------- kernels and plans */

static void classical_products_are_exact(void **state)
{
    (void)state;
    const fm_plan classical = {.level_count = 0};
    fm_random random;
    fm_random_seed(&random, 1, 0);
    FOR_EACH_KERNEL_AND_RING(kernel, r)
    {
        for (int i = 0; i < 4; i++)
            check_plan(kernel, r, &classical, 1 + i % 2, random_shape(&random, 60), &random);
        check_plan(kernel, r, &classical, 2, (fm_gemm_shape){2, 4500, 3}, &random);
        check_plan(kernel, r, &classical, 2, (fm_gemm_shape){700, 3, 5}, &random);
        check_plan(kernel, r, &classical, 2, (fm_gemm_shape){7, 9, 0}, &random);
    }
}

static void set_all(const matrix *m, uint64_t value)
{
    for (size_t i = 0; i < m->rows; i++)
        for (size_t j = 0; j < m->columns; j++)
            set(m, i, j, value);
}

/* Sums of as many as are added up at a time, of products that are as large as can be. */
static void largest_sums_are_exact(void **state)
{
    (void)state;
    const fm_plan classical = {.level_count = 0};
    fm_random random;
    fm_random_seed(&random, 4, 0);
    FOR_EACH_KERNEL_AND_RING(kernel, r)
    for (int same = 0; same < 2; same++) {
        test_product p = product_new(r, (fm_gemm_shape){3, 5, 2100}, &random);
        set_all(&p.a, farthest(r));
        set_all(&p.b, same ? farthest(r) : opposite(r));
        run_plan(kernel, &classical, 1, &p);
        product_clear(&p);
    }
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
    } while (!fm_plan_fits(&plan) || !fm_plan_is_unit(&plan));
    return plan;
}

static void plans_are_exact(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 2, 0);
    FOR_EACH_KERNEL_AND_RING(kernel, r)
    for (unsigned i = 0; i < 4; i++) {
        const fm_plan plan = random_plan(1 + i % 3 / 2, &random);
        check_plan(kernel, r, &plan, 1 + i % 2, random_shape(&random, i % 3 < 2 ? 50 : 80),
                   &random);
    }
}

/* The library's schemes have no other coefficients, before and after common sums are taken out, so that
   exact types can run them all. */
static void schemes_are_of_ones(void **state)
{
    (void)state;
    for (size_t i = 0; i < fm_gemm_scheme_count; i++) {
        const fm_plan plan = {.levels = {{fm_gemm_schemes[i], FM_LEVEL_FUSED}}, .level_count = 1};
        assert_true(fm_plan_is_unit(&plan));
    }
    fm_gemm_entry two[4];
    fm_gemm_scheme strassen = *fm_gemm_schemes[0];
    memcpy(two, strassen.entries[0], sizeof two);
    two[0].coefficient = 2;
    strassen.entries[0] = two;
    uint32_t one_product[2] = {0, 4};
    strassen.rows[0] = strassen.rows[1] = strassen.rows[2] = one_product;
    strassen.entries[1] = strassen.entries[2] = two;
    strassen.rank = 1;
    assert_false(
        fm_plan_is_unit(&(fm_plan){.levels = {{&strassen, FM_LEVEL_FUSED}}, .level_count = 1}));
}

/* What cannot have memory runs with buffers on the stack. */
static void products_without_memory(void **state)
{
    (void)state;
    if (FEWMUL_SANITIZE[0] != '\0')
        skip();
    const fm_plan classical = {.level_count = 0};
    fm_random random;
    fm_random_seed(&random, 5, 0);
    FOR_EACH_KERNEL_AND_RING(kernel, r)
    {
        struct rlimit before;
        test_product p = product_new(r, (fm_gemm_shape){50, 900, 950}, &random);
        fm_gemm_modulus modulus;
        const fm_plan_call call = call_of(&p, &modulus);
        (void)omp_get_max_threads(); /* OpenMP ends a process when it cannot have its own memory */
        if (!test_no_more_memory(&before)) {
            product_clear(&p);
            continue;
        }
        fm_gemm_execute(kernel, &classical, 1, &call);
        test_memory_again(&before);
        for (size_t i = 0; i < p.c.rows; i += 7)
            for (size_t j = 0; j < p.c.columns; j += 7)
                assert_true(get(&p.c, i, j) == expected(&p, i, j));
        product_clear(&p);
    }
}

/* ---------------------------------------------------------------- calls */

static fm_status call(ring r, fm_order order, fm_transpose ta, fm_transpose tb, fm_gemm_shape s,
                      const test_product *p, fm_error *error)
{
    const void *a = matrix_at(&p->a), *b = matrix_at(&p->b);
    void *c = matrix_at(&p->c);
    if (r.p != 0)
        return fm_gemm_mod(order, ta, tb, s.m, s.n, s.k, p->alpha, a, p->a.stride, b, p->b.stride,
                           p->beta, c, p->c.stride, r.p, error);
    if (r.type == FM_GEMM_I32)
        return fm_gemm_i32(order, ta, tb, s.m, s.n, s.k, (int32_t)p->alpha, a, p->a.stride, b,
                           p->b.stride, (int32_t)p->beta, c, p->c.stride, error);
    return fm_gemm_i64(order, ta, tb, s.m, s.n, s.k, (int64_t)p->alpha, a, p->a.stride, b,
                       p->b.stride, (int64_t)p->beta, c, p->c.stride, error);
}

static void orders_and_transposes(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 3, 0);
    for (int i = 0; i < RINGS; i++)
        for (int order = FM_ROW_MAJOR; order <= FM_COLUMN_MAJOR; order++)
            for (int t = 0; t < 4; t++) {
                const bool by_rows = order == FM_ROW_MAJOR, ta = t % 2, tb = t / 2;
                const fm_gemm_shape s = random_shape(&random, 50);
                test_product p = product_new(ring_number(i), s, &random);
                free(p.a.memory);
                free(p.b.memory);
                free(p.c.memory);
                p.a = matrix_new(ring_number(i), s.m, s.k, 3, by_rows != ta);
                p.b = matrix_new(ring_number(i), s.k, s.n, 5, by_rows != tb);
                p.c = matrix_new(ring_number(i), s.m, s.n, 7, by_rows);
                fill(&p.a, &random);
                fill(&p.b, &random);
                for (size_t j = 0; j < s.m * s.n; j++)
                    set(&p.c, j / s.n, j % s.n, get(&p.before, j / s.n, j % s.n));
                fm_error error;
                snprintf(what, sizeof what, "a call, order %d, transposes %d %d", order, ta, tb);
                assert_ok(call(ring_number(i), (fm_order)order, ta ? FM_TRANSPOSE : FM_NO_TRANSPOSE,
                               tb ? FM_TRANSPOSE : FM_NO_TRANSPOSE, s, &p, &error),
                          error);
                assert_product(&p);
                product_clear(&p);
            }
}

/* Alpha and beta need not be reduced; C is. */
static void scalars_beyond_the_modulus(void **state)
{
    (void)state;
    const uint64_t a[2] = {3, 5}, b[2] = {6, 1};
    uint64_t c[1] = {4};
    assert_int_equal(fm_gemm_mod(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, 1, 1, 2, 7 + 2, a,
                                 2, b, 1, 70 + 3, c, 1, 7, NULL),
                     FM_OK);
    assert_int_equal(c[0], (2 * 23 + 3 * 4) % 7);
}

/* With alpha 0 or no steps A and B are not there; with beta 1 too, nor is C. */
static void nothing_is_read_in_vain(void **state)
{
    (void)state;
    int32_t c[2] = {7, -7};
    assert_int_equal(fm_gemm_i32(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, 1, 2, 5, 0, NULL,
                                 5, NULL, 2, -3, c, 2, NULL),
                     FM_OK);
    assert_true(c[0] == -21 && c[1] == 21);
    assert_int_equal(fm_gemm_i64(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, 1, 2, 0, 5, NULL,
                                 5, NULL, 2, 1, NULL, 2, NULL),
                     FM_OK);
}

static void wrong_arguments(void **state)
{
    (void)state;
    fm_error error;
    int32_t x[9] = {0};
    assert_int_equal(fm_gemm_i32(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, 3, 3, 3, 1, x, 2,
                                 x, 3, 0, x, 3, &error),
                     FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "lda is 2, must be at least 3"));
    uint64_t y[9] = {0};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(fm_gemm_mod(FM_ROW_MAJOR, FM_NO_TRANSPOSE, FM_NO_TRANSPOSE, 3, 3, 3, 1, y,
                                     3, y, 3, 0, y, 3, i == 0 ? 0 : ((uint64_t)1 << 63) + 1,
                                     &error),
                         FM_BAD_INPUT);
        assert_non_null(strstr(error.message, "must be from 1 to 2^63"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(products_without_memory), /* the first: none is kept yet */
        cmocka_unit_test(classical_products_are_exact),
        cmocka_unit_test(largest_sums_are_exact),
        cmocka_unit_test(plans_are_exact),
        cmocka_unit_test(schemes_are_of_ones),
        cmocka_unit_test(orders_and_transposes),
        cmocka_unit_test(scalars_beyond_the_modulus),
        cmocka_unit_test(nothing_is_read_in_vain),
        cmocka_unit_test(wrong_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
