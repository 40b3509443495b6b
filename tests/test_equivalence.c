/* Same or different: elements of de Groote's group, applied here by slow code of the tests' own, change
   neither invariants nor classes, and the search finds transformations that do what their
   documentation says; schemes known to be different are told apart. */
#include "support.h"

#include "dense.h"
#include "factor_matrices.h"
#include "judge.h"
#include "memory.h"

#include <flint/fmpq_mat.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- schemes */

static fm_scheme *in_ring(const fm_scheme *scheme, const char *ring)
{
    fm_error error;
    fm_scheme *image;
    assert_ok(fm_scheme_to_ring(scheme, test_ring(ring), &image, &error), error);
    return image;
}

static fm_scheme *standard(unsigned n, unsigned m, unsigned p)
{
    fm_error error;
    fm_scheme *scheme;
    fm_tensor *tensor = test_matmul(n, m, p);
    assert_ok(fm_scheme_standard(tensor, FM_RING_Z_VALUE, &scheme, &error), error);
    fm_tensor_free(tensor);
    return scheme;
}

/* The rows of a scheme as integers, also over zp. */
static fm_scheme *dense_in_ring(const dense *d, const fm_tensor *tensor, const char *ring)
{
    fm_scheme *rational = dense_to_scheme(d, tensor, FM_RING_Q_VALUE);
    assert_non_null(rational);
    fm_scheme *image = in_ring(rational, ring);
    fm_scheme_free(rational);
    return image;
}

/* The standard scheme after random flips, which share the factors of products ever less. */
static fm_scheme *flipped(unsigned n, unsigned m, unsigned p, int flips, fm_random *random)
{
    dense d;
    fm_scheme *start = standard(n, m, p);
    dense_from_scheme(&d, start, start->rank);
    for (int i = 0; i < flips; i++)
        dense_flip(&d, random);
    fm_scheme *scheme = dense_in_ring(&d, start->tensor, "q");
    dense_clear(&d);
    fm_scheme_free(start);
    return scheme;
}

/* ---------------------------------------------------------------- the group, slowly */

static void set_entry(dense *to, int axis, uint32_t r, uint32_t index, const dense *from,
                      int axis_from, uint32_t index_from)
{
    fmpq_set(dense_at(to, axis, r, index), dense_at(from, axis_from, r, index_from));
}

/* (U, V, W) -> (V, W^T, U^T) or, when transposed, (W, V^T, U). Changes format too. */
static void exchange(dense *d, uint32_t format[3], bool transposed)
{
    uint32_t n = format[0], m = format[1], p = format[2];
    uint32_t after[3] = {transposed ? n : m, p, transposed ? m : n};
    dense to;
    dense_init(&to,
               (const uint32_t[3]){after[0] * after[1], after[1] * after[2], after[0] * after[2]},
               d->rank);
    to.rank = d->rank;
    for (uint32_t r = 0; r < d->rank; r++) {
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t j = 0; j < m; j++)
                set_entry(&to, 2, r, transposed ? i * m + j : j * n + i, d, 0, i * m + j);
        for (uint32_t j = 0; j < m; j++)
            for (uint32_t k = 0; k < p; k++)
                set_entry(&to, transposed ? 1 : 0, r, transposed ? k * m + j : j * p + k, d, 1,
                          j * p + k);
        for (uint32_t i = 0; i < n; i++)
            for (uint32_t k = 0; k < p; k++)
                set_entry(&to, transposed ? 0 : 1, r, transposed ? i * p + k : k * n + i, d, 2,
                          i * p + k);
    }
    dense_clear(d);
    *d = to;
    memcpy(format, after, sizeof after);
}

/* A random element applied to a scheme: exchanges (the format may change), elementary changes of
   basis, scalings by -1, 1/2 or 3 where the field has them, and another order. */
static fm_scheme *moved(const fm_scheme *scheme, const char *ring, bool exchanges,
                        fm_random *random)
{
    dense d;
    fmpq_t s;
    uint32_t format[3];
    memcpy(format, scheme->tensor->format, sizeof format);
    dense_from_scheme(&d, scheme, scheme->rank);
    for (uint32_t turns = exchanges ? fm_random_below(random, 6) : 0; turns > 0; turns--)
        exchange(&d, format, fm_random_below(random, 2) == 0);
    for (int i = 0; i < 12; i++)
        dense_change_basis(&d, format, random, fm_random_below(random, 2) == 0 ? 1 : -1);
    fmpq_init(s);
    for (uint32_t r = 0; r < d.rank; r++) {
        bool rational = ring[0] == 'q' && fm_random_below(random, 2) == 0;
        fmpq_set_si(s, rational ? 3 : -1, rational ? 2 : 1);
        if (fm_random_below(random, 2) == 0)
            dense_scale(&d, r, s);
        dense_swap_products(&d, r, fm_random_below(random, d.rank));
    }
    fmpq_clear(s);
    fm_tensor *tensor = test_matmul(format[0], format[1], format[2]);
    fm_scheme *image = dense_in_ring(&d, tensor, ring);
    fm_tensor_free(tensor);
    dense_clear(&d);
    return image;
}

/* ---------------------------------------------------------------- judging transformations */

static void reduce(fmpq_mat_t matrix, fm_ring ring)
{
    for (slong i = 0; ring.kind == FM_RING_ZP && i < fmpq_mat_nrows(matrix); i++)
        for (slong j = 0; j < fmpq_mat_ncols(matrix); j++)
            fm_ring_map(ring, fmpq_mat_entry(matrix, i, j), fmpq_mat_entry(matrix, i, j));
}

static void get_row(fmpq_mat_t matrix, const dense *d, int axis, uint32_t r)
{
    slong columns = fmpq_mat_ncols(matrix);
    for (slong i = 0; i < fmpq_mat_nrows(matrix); i++)
        for (slong j = 0; j < columns; j++)
            fmpq_set(fmpq_mat_entry(matrix, i, j),
                     dense_at(d, axis, r, (uint32_t)(i * columns + j)));
}

static void get_basis(fmpq_mat_t matrix, const fm_transformation *t, unsigned which)
{
    uint32_t size = fm_transformation_size(t, which);
    fmpq_mat_init(matrix, size, size);
    for (uint32_t i = 0; i < size; i++)
        for (uint32_t j = 0; j < size; j++) {
            char *text = fm_transformation_entry(t, which, i, j);
            assert_int_equal(fmpq_set_str(fmpq_mat_entry(matrix, i, j), text, 10), 0);
            free(text);
        }
}

/* left a = scalar b right, for a and b that are not 0. */
static void assert_proportional(const fmpq_mat_t left, const fmpq_mat_t a, const fmpq_mat_t b,
                                const fmpq_mat_t right, fm_ring ring)
{
    fmpq_t x, y;
    fmpq_mat_t one, two;
    fmpq_init(x);
    fmpq_init(y);
    slong rows = fmpq_mat_nrows(a), columns = fmpq_mat_ncols(a);
    fmpq_mat_init(one, rows, columns);
    fmpq_mat_init(two, rows, columns);
    fmpq_mat_mul(one, left, a);
    fmpq_mat_mul(two, b, right);
    reduce(one, ring);
    reduce(two, ring);
    assert_false(fmpq_mat_is_zero(one));
    assert_false(fmpq_mat_is_zero(two));
    for (slong e = 0; e < rows * columns; e++)
        for (slong f = 0; f < e; f++) {
            fmpq_mul(x, fmpq_mat_entry(one, e / columns, e % columns),
                     fmpq_mat_entry(two, f / columns, f % columns));
            fmpq_mul(y, fmpq_mat_entry(two, e / columns, e % columns),
                     fmpq_mat_entry(one, f / columns, f % columns));
            fmpq_sub(x, x, y);
            fm_ring_map(ring.kind == FM_RING_ZP ? ring : FM_RING_Q_VALUE, x, x);
            assert_true(fmpq_is_zero(x));
        }
    fmpq_mat_clear(one);
    fmpq_mat_clear(two);
    fmpq_clear(x);
    fmpq_clear(y);
}

/* What fewmul.h says of shift, transposed, X, Y and Z: X U = l U' Y, Y V = l V' Z, X^T W' = l W Z^T. */
static void assert_documented(const fm_transformation *t, const fm_scheme *a, const fm_scheme *b)
{
    dense from, to;
    uint32_t format[3];
    fmpq_mat_t basis[3], turned[2], u[2], v[2], w[2];
    memcpy(format, a->tensor->format, sizeof format);
    dense_from_scheme(&from, a, a->rank);
    dense_from_scheme(&to, b, b->rank);
    for (unsigned shift = fm_transformation_shift(t); shift > 0; shift--)
        exchange(&from, format, false);
    if (fm_transformation_transposed(t))
        exchange(&from, format, true);
    assert_memory_equal(format, b->tensor->format, sizeof format);
    for (unsigned i = 0; i < 3; i++)
        get_basis(basis[i], t, i);
    for (int i = 0; i < 2; i++) {
        fmpq_mat_init(u[i], format[0], format[1]);
        fmpq_mat_init(v[i], format[1], format[2]);
        fmpq_mat_init(w[i], format[0], format[2]);
        fmpq_mat_init(turned[i], format[2 * i], format[2 * i]);
        fmpq_mat_transpose(turned[i], basis[2 * i]);
    }
    for (uint32_t r = 0; r < a->rank; r++) {
        for (int i = 0; i < 2; i++) {
            const dense *d = i == 0 ? &from : &to;
            uint32_t product = i == 0 ? r : fm_transformation_product(t, r);
            get_row(u[i], d, 0, product);
            get_row(v[i], d, 1, product);
            get_row(w[i], d, 2, product);
        }
        assert_proportional(basis[0], u[0], u[1], basis[1], a->ring);
        assert_proportional(basis[1], v[0], v[1], basis[2], a->ring);
        assert_proportional(turned[0], w[1], w[0], turned[1], a->ring);
    }
    for (int i = 0; i < 2; i++) {
        fmpq_mat_clear(u[i]);
        fmpq_mat_clear(v[i]);
        fmpq_mat_clear(w[i]);
        fmpq_mat_clear(turned[i]);
    }
    for (int i = 0; i < 3; i++)
        fmpq_mat_clear(basis[i]);
    dense_clear(&from);
    dense_clear(&to);
}

/* The transformation applied to a is b, product by product in its new order up to scalars. */
static void assert_image(const fm_transformation *t, const fm_scheme *a, const fm_scheme *b)
{
    fm_error error;
    fm_scheme *image, *same;
    char one[FM_HASH_SIZE], two[FM_HASH_SIZE];
    fm_verdict verdict;
    assert_ok(fm_scheme_transform(a, t, &image, &error), error);
    assert_int_equal(fm_judge(image, b->tensor, image->ring, &verdict), FM_OK);
    fm_verdict_clear(&verdict);
    assert_ok(fm_scheme_to_ring(b, image->ring, &same, &error), error);
    fm_scheme_hash(image, one);
    fm_scheme_hash(same, two);
    assert_string_equal(one, two);
    fm_scheme_free(image);
    fm_scheme_free(same);
}

static void assert_same_invariant(const fm_scheme *a, const fm_scheme *b, bool same)
{
    char one[FM_HASH_SIZE], two[FM_HASH_SIZE];
    fm_scheme_invariant(a, one);
    fm_scheme_invariant(b, two);
    assert_int_equal(strlen(one), FM_HASH_SIZE - 1);
    assert_int_equal(strcmp(one, two) == 0, same);
}

static void assert_equivalent(const fm_scheme *a, const fm_scheme *b)
{
    fm_error error = {""};
    fm_comparison c;
    assert_same_invariant(a, b, true);
    assert_ok(fm_scheme_equivalent(a, b, 0, &c, &error), error);
    assert_true(c.equivalent && c.decided);
    assert_non_null(c.transformation);
    assert_documented(c.transformation, a, b);
    assert_image(c.transformation, a, b);
    fm_comparison_clear(&c);
}

static void assert_different(const fm_scheme *a, const fm_scheme *b, const char *reason)
{
    fm_error error = {""};
    fm_comparison c;
    assert_int_equal(fm_scheme_equivalent(a, b, 0, &c, &error), FM_NO);
    assert_true(c.decided && !c.equivalent);
    assert_null(c.transformation);
    assert_non_null(strstr(error.message, reason));
    fm_comparison_clear(&c);
}

/* ---------------------------------------------------------------- the same */

static void test_moved_schemes_are_equivalent(void **state)
{
    static const char *const rings[] = {"f2", "f3", "z", "q", "f101", "f2305843009213693951"};
    (void)state;
    fm_random random;
    fm_random_seed(&random, 1, 0);
    fm_scheme *schemes[] = {test_strassen(FM_RING_Z_VALUE),
                            standard(2, 2, 2),
                            standard(2, 3, 2),
                            flipped(2, 2, 2, 5, &random),
                            flipped(2, 3, 4, 20, &random),
                            flipped(3, 3, 3, 30, &random)};
    for (size_t s = 0; s < sizeof schemes / sizeof *schemes; s++) {
        for (size_t i = 0; i < sizeof rings / sizeof *rings; i++)
            for (int round = 0; round < 4; round++) {
                fm_scheme *a = in_ring(schemes[s], rings[i][0] == 'z' ? "q" : rings[i]);
                fm_scheme *b = moved(schemes[s], rings[i], round % 2 == 0, &random);
                assert_equivalent(a, b);
                fm_scheme_free(a);
                fm_scheme_free(b);
            }
        fm_scheme_free(schemes[s]);
    }
}

typedef struct find_list {
    size_t count;
    uint32_t rank; /* those of this rank are kept */
    fm_scheme *schemes[64];
} find_list;

static fm_status keep_find(void *context, const fm_scheme *find, double seconds, fm_error *error)
{
    find_list *list = context;
    (void)seconds;
    if (find->rank != list->rank || list->count == 64)
        return FM_OK;
    return fm_scheme_to_ring(find, find->ring, &list->schemes[list->count++], error);
}

/* One scheme of the rank for each of some seeds. */
static void search_schemes(find_list *list, unsigned n, const char *ring, uint32_t rank,
                           unsigned seeds)
{
    *list = (find_list){.rank = rank};
    fm_tensor *tensor = test_matmul(n, n, n);
    for (unsigned seed = 0; seed < seeds; seed++) {
        fm_error error;
        fm_search_result result;
        fm_search_options options = {.ring = test_ring(ring),
                                     .threads = 1,
                                     .walkers = 1,
                                     .seed = seed,
                                     .flips = 3000000,
                                     .target_rank = rank,
                                     .on_find = keep_find,
                                     .context = list};
        fm_search(tensor, &options, &result, &error);
    }
    fm_tensor_free(tensor);
}

static void find_list_clear(find_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        fm_scheme_free(list->schemes[i]);
}

/* De Groote 1978: all schemes of 2x2x2 with 7 products are equivalent. */
static void test_strassen_is_unique(void **state)
{
    static const char *const rings[] = {"f2", "f3", "zt"};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        find_list list;
        fm_scheme *strassen = test_strassen(test_ring(rings[i]));
        search_schemes(&list, 2, rings[i], 7, 12);
        assert_true(list.count >= 10);
        for (size_t s = 0; s < list.count; s++)
            assert_equivalent(strassen, list.schemes[s]);
        find_list_clear(&list);
        fm_scheme_free(strassen);
    }
}

static void test_found_schemes_stay_in_their_class(void **state)
{
    static const char *const rings[] = {"f2", "zt"};
    (void)state;
    fm_random random;
    fm_random_seed(&random, 3, 0);
    for (size_t i = 0; i < 2; i++) {
        find_list list;
        search_schemes(&list, 3, rings[i], 23, 6);
        assert_true(list.count >= 2);
        unsigned different = 0;
        for (size_t s = 0; s < list.count; s++) {
            char one[FM_HASH_SIZE], other[FM_HASH_SIZE];
            fm_scheme *b =
                moved(list.schemes[s], rings[i][0] == 'z' ? "q" : rings[i], true, &random);
            assert_equivalent(list.schemes[s], b);
            fm_scheme_free(b);
            fm_scheme_invariant(list.schemes[0], one);
            fm_scheme_invariant(list.schemes[s], other);
            different += strcmp(one, other) != 0;
        }
        assert_true(different > 0); /* there are thousands of classes (Heule, Kauers, Seidl 2019) */
        find_list_clear(&list);
    }
}

/* ---------------------------------------------------------------- different */

/* In the standard scheme every factor is in several products. */
static void test_a_flip_leaves_the_class(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 4, 0);
    fm_scheme *a = standard(2, 2, 2), *b = flipped(2, 2, 2, 1, &random);
    assert_same_invariant(a, b, false);
    assert_different(a, b, "share a factor");
    fm_scheme_free(a);
    fm_scheme_free(b);
}

static void test_other_ranks_and_formats(void **state)
{
    (void)state;
    fm_scheme *a = standard(2, 2, 2), *b = test_strassen(FM_RING_Z_VALUE), *c = standard(2, 2, 3);
    assert_different(a, b, "the numbers of products differ");
    assert_different(a, c, "different tensors");
    assert_same_invariant(a, b, false);
    assert_same_invariant(a, c, false);
    fm_scheme_free(a);
    fm_scheme_free(b);
    fm_scheme_free(c);
}

static fm_scheme *read_result(const char *text)
{
    fm_error error;
    fm_scheme_list list;
    assert_ok(fm_scheme_parse(text, strlen(text), "text", &list, &error), error);
    fm_scheme *scheme = in_ring(list.schemes[0], "z");
    fm_scheme_list_free(&list);
    return scheme;
}

/* Equal over f3, where -1 is 2, and the same tensor over another shape of 1 x 1 x 1: of tensors
   without known symmetries, order and scaling are compared, and more is not claimed. */
static void test_other_tensors(void **state)
{
    (void)state;
    fm_error error;
    fm_comparison c;
    static const char one[] = "{\"tensor\": {\"name\": \"t\", \"shape\": [2, 1, 1], \"entries\": "
                              "[[1, 1, 1, 1], [2, 1, 1, 2]]}, \"m\": 2, \"z2\": false, "
                              "\"u\": [[1, 0], [0, 1]], \"v\": [[1], [1]], \"w\": [[1], [2]]}";
    static const char two[] = "{\"tensor\": {\"name\": \"t\", \"shape\": [2, 1, 1], \"entries\": "
                              "[[1, 1, 1, 1], [2, 1, 1, 2]]}, \"m\": 2, \"z2\": false, "
                              "\"u\": [[0, 2], [1, 0]], \"v\": [[1], [1]], \"w\": [[1], [1]]}";
    static const char three[] = "{\"tensor\": {\"name\": \"t\", \"shape\": [2, 1, 1], \"entries\": "
                                "[[1, 1, 1, 1], [2, 1, 1, 2]]}, \"m\": 2, \"z2\": false, "
                                "\"u\": [[1, 1], [0, 1]], \"v\": [[1], [1]], \"w\": [[1], [1]]}";
    fm_scheme *a = read_result(one), *b = read_result(two), *d = read_result(three);
    assert_same_invariant(a, b, true);
    assert_same_invariant(a, d, false);
    assert_ok(fm_scheme_equivalent(a, b, 0, &c, &error), error);
    fm_comparison_clear(&c);
    assert_int_equal(fm_scheme_equivalent(a, d, 0, &c, &error), FM_NO);
    assert_false(c.decided);
    fm_comparison_clear(&c);
    fm_scheme_free(a);
    fm_scheme_free(b);
    fm_scheme_free(d);
}

static void test_the_limit_is_no_proof(void **state)
{
    (void)state;
    fm_error error;
    fm_comparison c;
    fm_random random;
    fm_random_seed(&random, 5, 0);
    fm_scheme *a = test_strassen(FM_RING_Z_VALUE), *b = moved(a, "z", true, &random);
    assert_int_equal(fm_scheme_equivalent(a, b, 1, &c, &error), FM_NO);
    assert_false(c.decided);
    assert_non_null(strstr(error.message, "steps"));
    fm_comparison_clear(&c);
    fm_scheme_free(a);
    fm_scheme_free(b);
}

static void test_senseless_calls(void **state)
{
    (void)state;
    fm_error error;
    fm_comparison c;
    fm_stabilizer s;
    dense d;
    fm_scheme *a = test_strassen(FM_RING_Z_VALUE), *b = test_strassen(test_ring("f3"));
    assert_int_equal(fm_scheme_equivalent(a, b, 0, &c, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "over f3"));
    dense_from_scheme(&d, a, a->rank);
    fmpq_neg(dense_at(&d, 0, 0, 0), dense_at(&d, 0, 0, 0));
    fm_scheme *wrong = dense_to_scheme(&d, a->tensor, FM_RING_Z_VALUE);
    assert_int_equal(fm_scheme_equivalent(a, wrong, 0, &c, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "the second scheme"));
    assert_int_equal(fm_scheme_stabilizer(wrong, 0, &s, &error), FM_BAD_INPUT);
    dense_clear(&d);
    fm_scheme_free(wrong);
    fm_scheme_free(a);
    fm_scheme_free(b);
}

/* ---------------------------------------------------------------- stabilizers */

static void assert_order(const fm_scheme *scheme, uint64_t order)
{
    fm_error error;
    fm_stabilizer s;
    assert_ok(fm_scheme_stabilizer(scheme, 0, &s, &error), error);
    assert_true(s.finite && s.complete);
    assert_int_equal(s.order, order);
    for (size_t g = 0; g < s.generator_count; g++) {
        assert_documented(s.generators[g], scheme, scheme);
        assert_image(s.generators[g], scheme, scheme);
    }
    fm_stabilizer_clear(&s);
}

/* S3 x S3 (Burichenko, On symmetries of the Strassen algorithm, 2014). */
static void test_stabilizer_of_strassen(void **state)
{
    static const char *const rings[] = {"zt", "q", "f2", "f3", "f101"};
    (void)state;
    fm_random random;
    fm_random_seed(&random, 6, 0);
    fm_scheme *strassen = test_strassen(FM_RING_Z_VALUE);
    for (size_t i = 0; i < sizeof rings / sizeof *rings; i++) {
        fm_scheme *a = test_strassen(test_ring(rings[i]));
        fm_scheme *b = moved(strassen, rings[i][0] == 'z' ? "q" : rings[i], true, &random);
        assert_order(a, 36);
        assert_order(b, 36);
        fm_scheme_free(a);
        fm_scheme_free(b);
    }
    fm_scheme_free(strassen);
}

/* Applies the element of GL(2, 2) with these entries as X, Y or Z. */
static void change_basis_f2(dense *d, int which, unsigned bits)
{
    dense to;
    long x[4] = {bits & 1, bits >> 1 & 1, bits >> 2 & 1, bits >> 3 & 1};
    long inverse[4] = {x[3], x[1], x[2], x[0]}; /* modulo 2, of determinant 1 */
    dense_init(&to, d->extent, d->rank);
    to.rank = d->rank;
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < d->rank; r++)
            for (uint32_t e = 0; e < 16; e++) {
                /* Row i, column j of the image gets row a, column b of the matrix. */
                uint32_t i = e >> 3, j = e >> 2 & 1, a = e >> 1 & 1, b = e & 1;
                long left = i == a, right = b == j;
                if (which == 0 && axis == 0)
                    left = x[2 * i + a];
                if (which == 0 && axis == 2)
                    left = inverse[2 * a + i];
                if (which == 1 && axis == 0)
                    right = inverse[2 * b + j];
                if (which == 1 && axis == 1)
                    left = x[2 * i + a];
                if (which == 2 && axis == 1)
                    right = inverse[2 * b + j];
                if (which == 2 && axis == 2)
                    right = x[2 * j + b];
                if (left * right != 0)
                    fmpq_add(dense_at(&to, axis, r, 2 * i + j), dense_at(&to, axis, r, 2 * i + j),
                             dense_at(d, axis, r, 2 * a + b));
            }
    dense_clear(d);
    *d = to;
}

/* Over f2 the group has 6 * 6^3 elements: all of them are tried. */
static void test_stabilizer_by_brute_force(void **state)
{
    static const unsigned invertible[6] = {6, 7, 9, 11, 13, 14};
    (void)state;
    fm_random random;
    fm_random_seed(&random, 7, 0);
    fm_scheme *schemes[] = {test_strassen(FM_RING_Z_VALUE), standard(2, 2, 2),
                            flipped(2, 2, 2, 3, &random)};
    for (size_t s = 0; s < 3; s++) {
        char own[FM_HASH_SIZE], hash[FM_HASH_SIZE];
        unsigned order = 0;
        fm_scheme *scheme = in_ring(schemes[s], "f2");
        fm_scheme_hash(scheme, own);
        for (unsigned e = 0; e < 6 * 216; e++) {
            dense d;
            uint32_t format[3] = {2, 2, 2};
            dense_from_scheme(&d, scheme, scheme->rank);
            for (unsigned shift = e / 216 % 3; shift > 0; shift--)
                exchange(&d, format, false);
            if (e / 648 == 1)
                exchange(&d, format, true);
            change_basis_f2(&d, 0, invertible[e % 6]);
            change_basis_f2(&d, 1, invertible[e / 6 % 6]);
            change_basis_f2(&d, 2, invertible[e / 36 % 6]);
            fm_scheme *image = dense_in_ring(&d, scheme->tensor, "f2");
            fm_scheme_hash(image, hash);
            order += strcmp(own, hash) == 0;
            fm_scheme_free(image);
            dense_clear(&d);
        }
        assert_order(scheme, order);
        fm_scheme_free(scheme);
        fm_scheme_free(schemes[s]);
    }
}

/* Diagonal matrices change nothing but scalars. */
static void test_infinite_stabilizer(void **state)
{
    (void)state;
    fm_error error;
    fm_stabilizer s;
    fm_scheme *scheme = standard(2, 3, 2);
    assert_ok(fm_scheme_stabilizer(scheme, 0, &s, &error), error);
    assert_false(s.finite);
    assert_int_equal(s.order, 0);
    fm_stabilizer_clear(&s);
    fm_scheme_free(scheme);
}

/* How many primes prove a rank is a question of the integers that a row is made of: thirds
   throughout are no larger than threes. */
static void test_denominators_count_once(void **state)
{
    (void)state;
    unsigned primes[2];
    for (int sign = 0; sign < 2; sign++) {
        dense d;
        fmpq_t scale;
        fm_scheme *start = standard(4, 4, 4);
        fmpq_init(scale);
        fmpq_set_si(scale, 1000003, 1);
        if (sign == 1)
            fmpq_inv(scale, scale);
        dense_from_scheme(&d, start, start->rank);
        for (uint32_t r = 1; r < start->rank; r++) /* the sum of all first factors */
            for (uint32_t e = 0; e < d.extent[0]; e++)
                fmpq_add(dense_at(&d, 0, 0, e), dense_at(&d, 0, 0, e), dense_at(&d, 0, r, e));
        for (uint32_t e = 0; e < d.extent[0]; e++)
            fmpq_mul(dense_at(&d, 0, 0, e), dense_at(&d, 0, 0, e), scale);
        fm_scheme *scaled = dense_in_ring(&d, start->tensor, "q");
        primes[sign] = fm_prime_count(scaled);
        fm_scheme_free(scaled);
        dense_clear(&d);
        fmpq_clear(scale);
        fm_scheme_free(start);
    }
    assert_int_equal(primes[0], primes[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moved_schemes_are_equivalent),
        cmocka_unit_test(test_strassen_is_unique),
        cmocka_unit_test(test_found_schemes_stay_in_their_class),
        cmocka_unit_test(test_a_flip_leaves_the_class),
        cmocka_unit_test(test_other_ranks_and_formats),
        cmocka_unit_test(test_other_tensors),
        cmocka_unit_test(test_the_limit_is_no_proof),
        cmocka_unit_test(test_senseless_calls),
        cmocka_unit_test(test_stabilizer_of_strassen),
        cmocka_unit_test(test_stabilizer_by_brute_force),
        cmocka_unit_test(test_infinite_stabilizer),
        cmocka_unit_test(test_denominators_count_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
