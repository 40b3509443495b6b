/* Derivations: what each makes has the format, rank and ring that it should, holds by the judge, and
   is what the definition says, entry by entry; wrong calls are errors. */
#include "support.h"

#include "dense.h"
#include "derive.h"
#include "judge.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

static const char *const rings[] = {"zt", "z", "q", "f2", "f3", "f101", "f9223372036854775783"};

enum { RINGS = sizeof rings / sizeof *rings };

/* ---------------------------------------------------------------- support */

static void assert_holds(const fm_scheme *scheme)
{
    fm_verdict verdict;
    assert_int_equal(fm_judge(scheme, scheme->tensor, scheme->ring, &verdict), FM_OK);
    fm_verdict_clear(&verdict);
}

static void assert_is(const fm_scheme *scheme, const char *format, uint32_t rank, fm_ring ring)
{
    assert_non_null(scheme);
    assert_string_equal(scheme->tensor->name, format);
    assert_int_equal(scheme->rank, rank);
    assert_true(fm_ring_equal(scheme->ring, ring));
    assert_holds(scheme);
}

static void assert_parents(const fm_scheme *scheme, const char *engine,
                           const fm_scheme *const *parents, size_t count)
{
    assert_string_equal(scheme->provenance.engine, engine);
    assert_int_equal(scheme->provenance.parent_count, count);
    for (size_t i = 0; i < count; i++) {
        char hash[FM_HASH_SIZE];
        fm_scheme_hash(parents[i], hash);
        assert_string_equal(scheme->provenance.parents[i], hash);
    }
}

static void assert_same(const fm_scheme *a, const fm_scheme *b)
{
    char x[FM_HASH_SIZE], y[FM_HASH_SIZE];
    fm_scheme_hash(a, x);
    fm_scheme_hash(b, y);
    assert_string_equal(x, y);
}

static fm_scheme *standard(unsigned n, unsigned m, unsigned p, fm_ring ring)
{
    return fm_derive_standard((uint32_t[]){n, m, p}, ring);
}

static bool has_zeros(const fm_scheme *scheme)
{
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < scheme->rank; r++)
            if (scheme->factors[axis].start[r] == scheme->factors[axis].start[r + 1])
                return true;
    return false;
}

static fm_scheme *try_random_scheme(unsigned n, unsigned m, unsigned p, fm_ring ring,
                                    fm_random *random)
{
    dense d;
    fm_scheme *start = standard(n, m, p, ring.kind == FM_RING_ZP ? ring : FM_RING_Q_VALUE);
    bool ternary = ring.kind == FM_RING_ZT;
    fmpq_t s;
    fmpq_init(s);
    dense_from_scheme(&d, start, start->rank + 3);
    for (int step = 0; step < 6; step++) {
        if (d.rank < d.capacity && fm_random_below(random, 3) == 0)
            dense_split(&d, random);
        if (!ternary)
            dense_change_basis(&d, start->tensor->format, random, step == 0 ? 1000003 : 1);
        if (!ternary)
            dense_flip(&d, random);
        if (ring.kind == FM_RING_Q) {
            fmpq_set_si(s, 1 + (slong)fm_random_below(random, 9), 7);
            dense_scale(&d, fm_random_below(random, d.rank), s);
        }
    }
    fmpq_clear(s);
    fm_scheme *scheme = dense_to_scheme(&d, start->tensor, ring);
    assert_non_null(scheme);
    assert_holds(scheme);
    dense_clear(&d);
    fm_scheme_free(start);
    return scheme;
}

/* A scheme that holds, of a random look: flips, splits, other bases, and over q fractions and large
   numbers. Over zt only changes that stay there. No factor is zero. */
static fm_scheme *random_scheme(unsigned n, unsigned m, unsigned p, fm_ring ring, fm_random *random)
{
    for (;;) {
        fm_scheme *scheme = try_random_scheme(n, m, p, ring, random);
        if (!has_zeros(scheme))
            return scheme;
        fm_scheme_free(scheme);
    }
}

static uint32_t random_size(fm_random *random, uint32_t limit)
{
    return 1 + fm_random_below(random, limit);
}

/* Entry (row, column) of a factor, by definition. */
static void entry_of(const fm_scheme *scheme, int axis, uint32_t r, uint32_t row, uint32_t column,
                     fmpq_t value)
{
    static const int columns[3] = {1, 2, 2};
    const fm_factors *f = &scheme->factors[axis];
    fmpq_zero(value);
    for (size_t e = f->start[r]; e < f->start[r + 1]; e++)
        if (f->index[e] == row * scheme->tensor->format[columns[axis]] + column)
            fmpq_set(value, &f->value[e]);
}

static void rows_and_columns(const fm_scheme *scheme, int axis, uint32_t *rows, uint32_t *columns)
{
    const uint32_t *f = scheme->tensor->format;
    *rows = axis == 1 ? f[1] : f[0];
    *columns = axis == 0 ? f[1] : f[2];
}

/* ---------------------------------------------------------------- merge and extend */

static void test_merge(void **state)
{
    fm_random random;
    (void)state;
    fm_random_seed(&random, 1, 0);
    for (int round = 0; round < 6 * RINGS; round++) {
        fm_error error;
        fm_ring ring = test_ring(rings[round % RINGS]);
        unsigned d = (unsigned)round % 3, f[3], g[3];
        for (int k = 0; k < 3; k++)
            f[k] = g[k] = random_size(&random, 3);
        g[d] = random_size(&random, 3);
        fm_scheme *first = random_scheme(f[0], f[1], f[2], ring, &random), *merged;
        fm_scheme *second = random_scheme(g[0], g[1], g[2], ring, &random);
        assert_ok(fm_scheme_merge(first, second, d, &merged, &error), error);
        f[d] += g[d];
        char *format = fm_format("%ux%ux%u", f[0], f[1], f[2]);
        assert_is(merged, format, first->rank + second->rank, ring);
        assert_parents(merged, "merge", (const fm_scheme *[]){first, second}, 2);
        free(format);
        fm_scheme_free(merged);
        fm_scheme_free(first);
        fm_scheme_free(second);
    }
}

static void test_extend(void **state)
{
    static const char *const formats[] = {"4x2x2", "2x4x2", "2x2x4"};
    (void)state;
    for (size_t i = 0; i < RINGS; i++)
        for (unsigned d = 0; d < 3; d++) {
            fm_error error;
            fm_scheme *extended, *strassen = test_strassen(test_ring(rings[i]));
            assert_ok(fm_scheme_extend(strassen, d, 2, &extended, &error), error);
            assert_is(extended, formats[d], 7 + 2 * 4, strassen->ring);
            assert_parents(extended, "extend", (const fm_scheme *[]){strassen}, 1);
            fm_scheme_free(extended);
            fm_scheme_free(strassen);
        }
}

/* ---------------------------------------------------------------- project */

static void test_project(void **state)
{
    fm_random random;
    (void)state;
    fm_random_seed(&random, 2, 0);
    for (int round = 0; round < 6 * RINGS; round++) {
        fm_error error;
        fm_ring ring = test_ring(rings[round % RINGS]);
        unsigned d = (unsigned)round % 3, f[3];
        for (int k = 0; k < 3; k++)
            f[k] = 1 + random_size(&random, 2);
        fm_scheme *scheme = random_scheme(f[0], f[1], f[2], ring, &random), *projected, *best;
        uint32_t lowest = UINT32_MAX;
        for (unsigned index = 0; index < f[d]; index++) {
            assert_ok(fm_scheme_project(scheme, d, index, &projected, &error), error);
            assert_holds(projected);
            assert_parents(projected, "project", (const fm_scheme *[]){scheme}, 1);
            lowest = projected->rank < lowest ? projected->rank : lowest;
            fm_scheme_free(projected);
        }
        f[d]--;
        char *format = fm_format("%ux%ux%u", f[0], f[1], f[2]);
        assert_ok(fm_scheme_project_best(scheme, d, &best, &error), error);
        assert_is(best, format, lowest, ring);
        free(format);
        fm_scheme_free(best);
        fm_scheme_free(scheme);
    }
}

/* What was merged comes back when the other part is deleted, row for row. */
static void test_project_undoes_merge(void **state)
{
    (void)state;
    for (size_t i = 0; i < RINGS; i++)
        for (unsigned d = 0; d < 3; d++) {
            fm_error error;
            fm_scheme *strassen = test_strassen(test_ring(rings[i])), *extended, *back;
            assert_ok(fm_scheme_extend(strassen, d, 1, &extended, &error), error);
            assert_ok(fm_scheme_project(extended, d, 2, &back, &error), error);
            assert_same(back, strassen);
            fm_scheme_free(back);
            fm_scheme_free(extended);
            fm_scheme_free(strassen);
        }
}

/* Strassen's scheme without a row is one of rank 6 = 7 - 1, and 4 are enough for 1x2x2. */
static void test_projection_is_reduced(void **state)
{
    (void)state;
    for (size_t i = 0; i < RINGS; i++) {
        fm_error error;
        fm_scheme *strassen = test_strassen(test_ring(rings[i])), *projected;
        assert_ok(fm_scheme_project_best(strassen, 0, &projected, &error), error);
        assert_holds(projected);
        if (strassen->ring.kind != FM_RING_ZT)
            assert_int_equal(projected->rank, 4);
        assert_true(projected->rank < 7);
        fm_scheme_free(projected);
        fm_scheme_free(strassen);
    }
}

/* ---------------------------------------------------------------- product */

/* Every coefficient of the product is that of the block times that in the block. */
static void assert_kronecker(const fm_scheme *product, const fm_scheme *f, const fm_scheme *g)
{
    fmpq_t x, y, z;
    fmpq_init(x);
    fmpq_init(y);
    fmpq_init(z);
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < product->rank; r++) {
            uint32_t rows, columns, height, width;
            rows_and_columns(product, axis, &rows, &columns);
            rows_and_columns(g, axis, &height, &width);
            for (uint32_t i = 0; i < rows; i++)
                for (uint32_t j = 0; j < columns; j++) {
                    entry_of(product, axis, r, i, j, x);
                    entry_of(f, axis, r / g->rank, i / height, j / width, y);
                    entry_of(g, axis, r % g->rank, i % height, j % width, z);
                    fmpq_mul(y, y, z);
                    if (product->ring.kind == FM_RING_ZP)
                        fm_ring_map(product->ring, y, y);
                    assert_true(fmpq_equal(x, y));
                }
        }
    fmpq_clear(x);
    fmpq_clear(y);
    fmpq_clear(z);
}

static void test_product(void **state)
{
    fm_random random;
    (void)state;
    fm_random_seed(&random, 3, 0);
    for (int round = 0; round < 2 * RINGS; round++) {
        fm_error error;
        fm_ring ring = test_ring(rings[round % RINGS]);
        unsigned f[3], g[3];
        for (int k = 0; k < 3; k++) {
            f[k] = random_size(&random, 2);
            g[k] = random_size(&random, 3);
        }
        fm_scheme *first = random_scheme(f[0], f[1], f[2], ring, &random), *product;
        fm_scheme *second = random_scheme(g[0], g[1], g[2], ring, &random);
        assert_ok(fm_scheme_product(first, second, &product, &error), error);
        char *format = fm_format("%ux%ux%u", f[0] * g[0], f[1] * g[1], f[2] * g[2]);
        assert_is(product, format, first->rank * second->rank, ring);
        assert_kronecker(product, first, second);
        assert_parents(product, "product", (const fm_scheme *[]){first, second}, 2);
        free(format);
        fm_scheme_free(product);
        fm_scheme_free(first);
        fm_scheme_free(second);
    }
}

static void test_rings_meet(void **state)
{
    static const char *const met[][3] = {
        {"zt", "z", "z"}, {"q", "zt", "q"}, {"z", "f3", "f3"}, {"f101", "q", "f101"}};
    (void)state;
    for (size_t i = 0; i < sizeof met / sizeof *met; i++) {
        fm_error error;
        fm_scheme *first = test_strassen(test_ring(met[i][0])), *product, *merged;
        fm_scheme *second = test_strassen(test_ring(met[i][1]));
        assert_ok(fm_scheme_product(first, second, &product, &error), error);
        assert_is(product, "4x4x4", 49, test_ring(met[i][2]));
        assert_ok(fm_scheme_merge(first, second, 1, &merged, &error), error);
        assert_is(merged, "2x4x2", 14, test_ring(met[i][2]));
        fm_scheme_free(merged);
        fm_scheme_free(product);
        fm_scheme_free(first);
        fm_scheme_free(second);
    }
}

/* ---------------------------------------------------------------- permute */

static void test_permute(void **state)
{
    static const unsigned orders[6][3] = {{2, 3, 4}, {2, 4, 3}, {3, 2, 4},
                                          {3, 4, 2}, {4, 2, 3}, {4, 3, 2}};
    fm_random random;
    (void)state;
    fm_random_seed(&random, 4, 0);
    for (int round = 0; round < 6 * 6; round++) {
        const unsigned *from = orders[round / 6], *to = orders[round % 6];
        fm_error error;
        fm_ring ring = test_ring(rings[round % RINGS]);
        fm_scheme *scheme = random_scheme(from[0], from[1], from[2], ring, &random);
        fm_scheme *permuted, *back;
        char *format = fm_format("%ux%ux%u", to[0], to[1], to[2]);
        assert_ok(fm_scheme_permute(scheme, to, &permuted, &error), error);
        assert_is(permuted, format, scheme->rank, ring);
        assert_parents(permuted, "permute", (const fm_scheme *[]){scheme}, 1);
        assert_ok(fm_scheme_permute(permuted, from, &back, &error), error);
        assert_same(back, scheme);
        free(format);
        fm_scheme_free(back);
        fm_scheme_free(permuted);
        fm_scheme_free(scheme);
    }
}

/* ---------------------------------------------------------------- sandwich */

static void test_sandwich(void **state)
{
    fm_random random;
    (void)state;
    fm_random_seed(&random, 5, 0);
    for (int round = 0; round < 4 * RINGS; round++) {
        fm_error error;
        fm_ring ring = test_ring(rings[round % RINGS]);
        unsigned n = 1 + random_size(&random, 2), m = random_size(&random, 3);
        fm_scheme *scheme = random_scheme(n, m, 3, ring, &random), *one, *again;
        uint64_t seed = (uint64_t)round;
        assert_ok(fm_scheme_sandwich(scheme, seed, &one, &error), error);
        assert_ok(fm_scheme_sandwich(scheme, seed, &again, &error), error);
        assert_is(one, scheme->tensor->name, scheme->rank, ring);
        assert_parents(one, "sandwich", (const fm_scheme *[]){scheme}, 1);
        assert_true(one->provenance.has_seed && one->provenance.seed == seed);
        assert_same(one, again);
        fm_scheme_free(again);
        fm_scheme_free(one);
        fm_scheme_free(scheme);
    }
}

/* Over zt too it does more than to permute: the number of coefficients changes. */
static void test_sandwich_changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < RINGS; i++) {
        bool changed = false;
        fm_scheme *strassen = test_strassen(test_ring(rings[i]));
        for (uint64_t seed = 0; seed < 10; seed++) {
            fm_error error;
            fm_scheme *other;
            assert_ok(fm_scheme_sandwich(strassen, seed, &other, &error), error);
            changed |= fm_scheme_additions(other) != fm_scheme_additions(strassen);
            fm_scheme_free(other);
        }
        assert_true(changed);
        fm_scheme_free(strassen);
    }
}

/* ---------------------------------------------------------------- reduce */

/* A split is undone, with scalars and order changed; of several, some at least: what is dependent
   can be reduced in more than one way. */
static void test_reduce_undoes_splits(void **state)
{
    fm_random random;
    (void)state;
    fm_random_seed(&random, 6, 0);
    for (int round = 0; round < 10 * RINGS; round++) {
        dense d;
        fmpq_t s;
        fm_error error;
        fm_ring ring = test_ring(rings[round % RINGS]);
        fm_scheme *strassen = test_strassen(ring), *reduced;
        uint32_t rank = round % 2 == 0 ? 8 : 11;
        fmpq_init(s);
        dense_from_scheme(&d, strassen, rank);
        while (d.rank < rank)
            dense_split(&d, &random);
        for (uint32_t r = 0; r < d.rank; r++) {
            fmpq_set_si(s, ring.kind == FM_RING_Q ? 3 : -1, ring.kind == FM_RING_Q ? 5 : 1);
            dense_scale(&d, r, s);
            dense_swap_products(&d, r, fm_random_below(&random, d.rank));
        }
        fm_scheme *split = dense_to_scheme(&d, strassen->tensor, ring);
        assert_non_null(split);
        assert_ok(fm_scheme_reduce(split, &reduced, &error), error);
        assert_true(reduced->rank == 7 || (rank == 11 && reduced->rank < 11));
        assert_holds(reduced);
        assert_parents(reduced, "reduce", (const fm_scheme *[]){split}, 1);
        fm_scheme_free(reduced);
        fm_scheme_free(split);
        fm_scheme_free(strassen);
        fmpq_clear(s);
        dense_clear(&d);
    }
}

/* u x M for a matrix M of so many random columns and rank 2 is the sum of 2 products, with u in
   different scalings. */
static fm_scheme *shared_factor(fm_ring ring, int axis, fm_random *random)
{
    dense d;
    dense_init(&d, (uint32_t[]){3, 3, 3}, 5);
    d.rank = 5;
    for (uint32_t r = 0; r < 5; r++) {
        slong a = 1 + (slong)fm_random_below(random, 4), b = (slong)r - 2;
        for (uint32_t e = 0; e < 3; e++) { /* a x (1, 2, -1); (1, b, 1 + b); anything */
            static const slong u[3] = {1, 2, -1};
            const slong v[3] = {1, b, 1 + b};
            fmpq_set_si(dense_at(&d, axis, r, e), a * u[e], 1);
            fmpq_set_si(dense_at(&d, (axis + 1) % 3, r, e), v[e], 1);
            fmpq_set_si(dense_at(&d, (axis + 2) % 3, r, e), (slong)fm_random_below(random, 9) - 4,
                        1);
        }
    }
    fm_tensor *tensor = dense_tensor(&d);
    fm_scheme *scheme = dense_to_scheme(&d, tensor, ring);
    fm_tensor_free(tensor);
    dense_clear(&d);
    return scheme;
}

static void test_reduce_dependences(void **state)
{
    static const char *const tried[] = {"z", "q", "f101", "f5", "f9223372036854775783"};
    fm_random random;
    (void)state;
    fm_random_seed(&random, 7, 0);
    for (int round = 0; round < 60; round++) {
        fm_error error;
        fm_ring ring = test_ring(tried[round % 5]);
        fm_scheme *scheme = shared_factor(ring, round % 3, &random), *reduced;
        assert_non_null(scheme);
        assert_ok(fm_scheme_reduce(scheme, &reduced, &error), error);
        assert_true(reduced->rank <= 2);
        assert_true(fm_ring_equal(reduced->ring, ring));
        assert_holds(reduced);
        fm_scheme_free(reduced);
        fm_scheme_free(scheme);
    }
}

/* Over zt, (1) x (1) x (1) twice is 2, which a single product cannot be. */
static void test_reduce_stays_in_zt(void **state)
{
    (void)state;
    dense d;
    fm_error error;
    fm_scheme *reduced;
    dense_init(&d, (uint32_t[]){1, 1, 1}, 2);
    d.rank = 2;
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < 2; r++)
            fmpq_one(dense_at(&d, axis, r, 0));
    fm_tensor *two = dense_tensor(&d);
    for (int z = 0; z < 2; z++) {
        fm_scheme *scheme = dense_to_scheme(&d, two, z ? FM_RING_Z_VALUE : FM_RING_ZT_VALUE);
        assert_ok(fm_scheme_reduce(scheme, &reduced, &error), error);
        assert_holds(reduced);
        assert_int_equal(reduced->rank, z ? 1 : 2);
        fm_scheme_free(reduced);
        fm_scheme_free(scheme);
    }
    fm_tensor_free(two);
    dense_clear(&d);
}

static void test_nothing_to_reduce(void **state)
{
    (void)state;
    for (size_t i = 0; i < RINGS; i++) {
        fm_error error;
        fm_scheme *reduced, *strassen = test_strassen(test_ring(rings[i]));
        assert_ok(fm_scheme_reduce(strassen, &reduced, &error), error);
        assert_same(reduced, strassen);
        fm_scheme_free(reduced);
        fm_scheme_free(strassen);
    }
}

/* ---------------------------------------------------------------- the best derivation */

static uint32_t best_rank(unsigned n, unsigned m, unsigned p, const char *ring,
                          const fm_scheme *const *from, size_t count)
{
    fm_error error;
    fm_scheme *best;
    char *steps, *format = fm_format("%ux%ux%u", n, m, p);
    assert_ok(fm_scheme_derive((unsigned[]){n, m, p}, test_ring(ring), from, count, &best, &steps,
                               &error),
              error);
    assert_string_equal(best->tensor->name, format);
    assert_holds(best);
    assert_non_null(strstr(steps, ":"));
    uint32_t rank = best->rank;
    free(steps);
    free(format);
    fm_scheme_free(best);
    return rank;
}

static void test_best_from_strassen(void **state)
{
    (void)state;
    for (size_t i = 0; i < RINGS; i++) {
        fm_scheme *strassen = test_strassen(test_ring(rings[i]));
        const fm_scheme *from[] = {strassen};
        assert_int_equal(best_rank(2, 2, 2, rings[i], from, 1), 7);
        assert_int_equal(best_rank(4, 4, 4, rings[i], from, 1), 49);
        assert_int_equal(best_rank(2, 2, 5, rings[i], from, 1), 18);
        assert_int_equal(best_rank(5, 2, 2, rings[i], from, 1), 18);
        assert_int_equal(best_rank(4, 4, 5, rings[i], from, 1), 65);
        assert_int_equal(best_rank(1, 3, 7, rings[i], from, 1), 21);
        assert_true(best_rank(8, 8, 7, rings[i], from, 1) <= 343 - 27);
        fm_scheme_free(strassen);
    }
    assert_int_equal(best_rank(3, 4, 5, "zt", NULL, 0), 60);
}

static void test_best_uses_larger_ones(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme *strassen = test_strassen(FM_RING_ZT_VALUE), *larger, *best;
    assert_ok(fm_scheme_extend(strassen, 1, 3, &larger, &error), error);
    const fm_scheme *from[] = {larger};
    assert_ok(
        fm_scheme_derive((unsigned[]){2, 2, 2}, FM_RING_Q_VALUE, from, 1, &best, NULL, &error),
        error);
    assert_is(best, "2x2x2", 7, FM_RING_ZT_VALUE);
    assert_parents(best, "derive", from, 1);
    fm_scheme_free(best);
    fm_scheme_free(larger);
    fm_scheme_free(strassen);
}

/* Schemes that the ring does not take are passed over. */
static void test_best_over_a_ring(void **state)
{
    (void)state;
    fm_scheme *modulo = test_strassen(test_ring("f3")), *other = standard(2, 2, 3, test_ring("zt"));
    const fm_scheme *from[] = {modulo, other};
    assert_int_equal(best_rank(2, 2, 2, "f3", from, 2), 7);
    assert_int_equal(best_rank(2, 2, 2, "q", from, 2), 8);
    fm_scheme_free(modulo);
    fm_scheme_free(other);
}

/* ---------------------------------------------------------------- wrong use */

/* The scheme comes out in o, the error in e. */
#define refused(call, expected)                                                                    \
    do {                                                                                           \
        assert_int_equal((call), FM_BAD_INPUT);                                                    \
        assert_null(o);                                                                            \
        if (strstr(e.message, (expected)) == NULL)                                                 \
            fail_msg("'%s' lacks '%s'", e.message, (expected));                                    \
    } while (0)

static void test_senseless_calls(void **state)
{
    (void)state;
    fm_error e;
    fm_scheme *o, *s = test_strassen(FM_RING_ZT_VALUE), *modulo = test_strassen(test_ring("f3"));
    fm_scheme *two = test_strassen(test_ring("f2")), *other = standard(2, 3, 3, s->ring);
    fm_scheme *large = standard(1, 64, 2, s->ring), *thin = standard(1, 2, 2, s->ring);
    refused(fm_scheme_merge(s, other, 0, &o, &e), "cannot be merged along n: m differs");
    refused(fm_scheme_merge(s, s, 3, &o, &e), "dimension 3");
    refused(fm_scheme_merge(modulo, two, 0, &o, &e), "one scheme is over f3");
    refused(fm_scheme_merge(large, large, 1, &o, &e), "m would be 128");
    refused(fm_scheme_product(large, s, &o, &e), "m would be 128");
    refused(fm_scheme_product(two, modulo, &o, &e), "one scheme is over f2");
    refused(fm_scheme_extend(s, 0, 0, &o, &e), "by 0");
    refused(fm_scheme_extend(s, 0, UINT32_MAX, &o, &e), "n would be");
    refused(fm_scheme_extend(s, 7, 1, &o, &e), "dimension 7");
    refused(fm_scheme_project(s, 2, 2, &o, &e), "index 2: 2x2x2 has 2 in dimension p");
    refused(fm_scheme_project(thin, 0, 0, &o, &e), "only one in dimension n");
    refused(fm_scheme_project_best(thin, 0, &o, &e), "only one in dimension n");
    refused(fm_scheme_permute(s, (unsigned[]){2, 2, 3}, &o, &e), "does not have the sizes");
    refused(fm_scheme_derive((unsigned[]){2, 0, 3}, s->ring, NULL, 0, &o, NULL, &e),
            "from 1 to 64");
    fm_scheme_free(s);
    fm_scheme_free(modulo);
    fm_scheme_free(two);
    fm_scheme_free(other);
    fm_scheme_free(large);
    fm_scheme_free(thin);
}

static void test_other_tensors(void **state)
{
    static const char text[] = "shape 2 2 2\n1 1 1 1\n2 2 2 1\n";
    (void)state;
    fm_error e;
    fm_tensor *tensor;
    fm_scheme *o, *s, *strassen = test_strassen(FM_RING_ZT_VALUE);
    assert_ok(fm_tensor_parse(text, strlen(text), "diagonal", &tensor, &e), e);
    assert_ok(fm_scheme_standard(tensor, FM_RING_ZT_VALUE, &s, &e), e);
    refused(fm_scheme_merge(s, strassen, 0, &o, &e), "diagonal is no matrix product");
    refused(fm_scheme_product(strassen, s, &o, &e), "no matrix product");
    refused(fm_scheme_extend(s, 0, 1, &o, &e), "no matrix product");
    refused(fm_scheme_project(s, 0, 0, &o, &e), "no matrix product");
    refused(fm_scheme_permute(s, (unsigned[]){1, 2, 2}, &o, &e), "no matrix product");
    refused(fm_scheme_sandwich(s, 0, &o, &e), "no matrix product");
    const fm_scheme *from[] = {s};
    assert_int_equal(best_rank(2, 2, 2, "zt", from, 1), 8);
    assert_ok(fm_scheme_reduce(s, &o, &e), e);
    assert_int_equal(o->rank, 2);
    fm_scheme_free(o);
    fm_scheme_free(s);
    fm_scheme_free(strassen);
    fm_tensor_free(tensor);
}

/* Nothing comes out of a scheme that does not hold. */
static void test_wrong_schemes(void **state)
{
    (void)state;
    dense d;
    fm_error e;
    fm_scheme *o[6] = {NULL}, *strassen = test_strassen(FM_RING_Z_VALUE);
    dense_from_scheme(&d, strassen, 7);
    fmpq_set_si(dense_at(&d, 0, 0, 0), 2, 1);
    fm_scheme *wrong = dense_to_scheme(&d, strassen->tensor, FM_RING_Z_VALUE);
    const fm_scheme *from[] = {wrong};
    assert_int_equal(fm_scheme_merge(strassen, wrong, 0, &o[0], &e), FM_NO);
    assert_non_null(strstr(e.message, "does not hold"));
    assert_int_equal(fm_scheme_product(wrong, strassen, &o[1], &e), FM_NO);
    assert_int_equal(fm_scheme_extend(wrong, 1, 1, &o[2], &e), FM_NO);
    assert_int_equal(fm_scheme_sandwich(wrong, 1, &o[3], &e), FM_NO);
    assert_int_equal(fm_scheme_reduce(wrong, &o[4], &e), FM_NO);
    assert_int_equal(
        fm_scheme_derive((unsigned[]){2, 2, 3}, FM_RING_Q_VALUE, from, 1, &o[5], NULL, &e), FM_NO);
    for (int i = 0; i < 6; i++)
        assert_null(o[i]);
    fm_scheme_free(wrong);
    fm_scheme_free(strassen);
    dense_clear(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merge),
        cmocka_unit_test(test_extend),
        cmocka_unit_test(test_project),
        cmocka_unit_test(test_project_undoes_merge),
        cmocka_unit_test(test_projection_is_reduced),
        cmocka_unit_test(test_product),
        cmocka_unit_test(test_rings_meet),
        cmocka_unit_test(test_permute),
        cmocka_unit_test(test_sandwich),
        cmocka_unit_test(test_sandwich_changes),
        cmocka_unit_test(test_reduce_undoes_splits),
        cmocka_unit_test(test_reduce_dependences),
        cmocka_unit_test(test_reduce_stays_in_zt),
        cmocka_unit_test(test_nothing_to_reduce),
        cmocka_unit_test(test_best_from_strassen),
        cmocka_unit_test(test_best_uses_larger_ones),
        cmocka_unit_test(test_best_over_a_ring),
        cmocka_unit_test(test_senseless_calls),
        cmocka_unit_test(test_other_tensors),
        cmocka_unit_test(test_wrong_schemes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
