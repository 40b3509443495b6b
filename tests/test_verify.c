/* Exact verification: fm_verify and the judge agree on random right and wrong schemes; what must be
   refused is refused. */
#include "support.h"

#include "dense.h"
#include "judge.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* The last is the largest prime below 2^63. */
static const char *const rings[] = {
    "zt", "z", "q", "f2", "f3", "f5", "f101", "f2305843009213693951", "f9223372036854775783"};
enum { RING_COUNT = sizeof rings / sizeof rings[0] };

/* ---------------------------------------------------------------- against the judge */

static unsigned judged_valid, judged_invalid, judged_senseless;

static void assert_same_verdict(const fm_verdict *a, const fm_verdict *b)
{
    assert_int_equal(a->valid, b->valid);
    assert_true(fm_ring_equal(a->ring, b->ring));
    assert_int_equal(a->i, b->i);
    assert_int_equal(a->j, b->j);
    assert_int_equal(a->k, b->k);
    assert_int_equal(a->expected == NULL, b->expected == NULL);
    if (a->expected != NULL) {
        assert_string_equal(a->expected, b->expected);
        assert_string_equal(a->actual, b->actual);
    }
}

static fm_status verify_and_judge(const fm_scheme *scheme, const fm_tensor *tensor, fm_ring ring)
{
    fm_error error;
    fm_verdict verdict, judged;
    fm_status status = fm_verify(scheme, tensor, ring, &verdict, &error);
    assert_int_equal(status, fm_judge(scheme, tensor, ring, &judged));
    assert_same_verdict(&verdict, &judged);
    fm_verdict_clear(&verdict);
    fm_verdict_clear(&judged);
    unsigned *count = status == FM_OK   ? &judged_valid
                      : status == FM_NO ? &judged_invalid
                                        : &judged_senseless;
    ++*count;
    return status;
}

/* Over the scheme's own ring and all others. */
static fm_status verify_everywhere(const fm_scheme *scheme, const fm_tensor *tensor)
{
    for (int i = 0; i < RING_COUNT; i++)
        verify_and_judge(scheme, tensor, test_ring(rings[i]));
    return verify_and_judge(scheme, tensor, fm_scheme_ring(scheme));
}

/* A change that makes most schemes wrong. */
static void corrupt(dense *d, fm_random *random)
{
    int axis = (int)fm_random_below(random, 3);
    uint32_t r = fm_random_below(random, d->rank), e = fm_random_below(random, d->extent[axis]);
    uint32_t f = fm_random_below(random, d->extent[axis]);
    fmpq *x = dense_at(d, axis, r, e);
    switch (fm_random_below(random, 4)) {
    case 0: /* a coefficient changed */
        fmpq_set_si(x, fmpq_is_zero(x) ? 1 : 0, 1);
        break;
    case 1: /* a product dropped */
        dense_swap_products(d, r, --d->rank);
        break;
    case 2: /* a sign turned */
        fmpq_neg(x, x);
        break;
    default: /* two entries of a row swapped */
        fmpq_swap(x, dense_at(d, axis, r, f));
    }
}

/* The scheme is right for the tensor over the ring; then it and broken copies go to both. */
static void check_right_and_wrong(dense *d, const fm_tensor *tensor, fm_ring ring,
                                  fm_random *random)
{
    fm_scheme *scheme = dense_to_scheme(d, tensor, ring);
    assert_non_null(scheme);
    assert_int_equal(verify_everywhere(scheme, tensor), FM_OK);
    for (int copy = 0; copy < 3 && scheme->rank > 0; copy++) {
        dense broken;
        dense_from_scheme(&broken, scheme, scheme->rank);
        corrupt(&broken, random);
        fm_scheme *wrong = dense_to_scheme(&broken, tensor, ring);
        if (wrong != NULL)
            verify_everywhere(wrong, tensor);
        fm_scheme_free(wrong);
        dense_clear(&broken);
    }
    fm_scheme_free(scheme);
}

static bool fits(const dense *d, fm_ring ring)
{
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < d->rank; r++)
            for (uint32_t e = 0; e < d->extent[axis]; e++)
                if (!fm_ring_has(ring, dense_at(d, axis, r, e)))
                    return false;
    return true;
}

/* A few exact moves; over q also scalings by fractions. */
static void wander(dense *d, fm_ring ring, fm_random *random)
{
    fmpq_t s;
    fmpq_init(s);
    for (int move = 0; move < 4; move++) {
        if (d->rank < d->capacity)
            dense_split(d, random);
        dense_flip(d, random);
        fmpq_set_si(s, -1, 1);
        if (ring.kind == FM_RING_Q)
            fmpq_set_si(s, (long)fm_random_below(random, 9) - 10, 1 + fm_random_below(random, 9));
        if (d->rank > 0)
            dense_scale(d, fm_random_below(random, d->rank), s);
    }
    fmpq_clear(s);
}

/* Tensors that random products add up to, and other schemes of them. */
static void random_schemes_agree_with_the_judge(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 1, 0);
    for (int round = 0; round < 600; round++) {
        fm_ring ring = test_ring(rings[round % RING_COUNT]);
        uint32_t extent[3];
        for (int axis = 0; axis < 3; axis++)
            extent[axis] = 1 + fm_random_below(&random, 6);
        dense d, walked;
        dense_init(&d, extent, 1 + fm_random_below(&random, 6));
        dense_fill(&d, &random, ring.kind == FM_RING_ZT ? 1 : 9, 20 + fm_random_below(&random, 80));
        fm_tensor *tensor = dense_tensor(&d);
        fm_scheme *scheme = dense_to_scheme(&d, tensor, FM_RING_Q_VALUE);
        dense_from_scheme(&walked, scheme, d.rank + 4);
        wander(&walked, ring, &random);
        bool usable = ring.kind == FM_RING_ZP || fits(&walked, ring);
        check_right_and_wrong(usable ? &walked : &d, tensor, ring, &random);
        fm_scheme_free(scheme);
        fm_tensor_free(tensor);
        dense_clear(&walked);
        dense_clear(&d);
    }
    assert_true(judged_valid > 2000);
    assert_true(judged_invalid > 2000);
    assert_true(judged_senseless > 1000);
}

static void matrix_products_agree_with_the_judge(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 2, 0);
    for (int round = 0; round < 54; round++) {
        fm_ring ring = test_ring(rings[round % RING_COUNT]);
        uint32_t format[3];
        for (int axis = 0; axis < 3; axis++)
            format[axis] = 1 + fm_random_below(&random, 3);
        fm_error error;
        fm_scheme *scheme;
        fm_tensor *tensor = test_matmul(format[0], format[1], format[2]);
        assert_ok(fm_scheme_standard(tensor, FM_RING_Q_VALUE, &scheme, &error), error);
        dense d;
        dense_from_scheme(&d, scheme, scheme->rank + 4);
        if (ring.kind != FM_RING_ZT)
            for (int change = 0; change < 5; change++)
                dense_change_basis(&d, format, &random, fm_random_below(&random, 2) == 0 ? -1 : 2);
        wander(&d, ring, &random);
        if (ring.kind == FM_RING_ZT && !fits(&d, ring)) {
            dense_clear(&d);
            dense_from_scheme(&d, scheme, scheme->rank);
        }
        check_right_and_wrong(&d, tensor, ring, &random);
        dense_clear(&d);
        fm_scheme_free(scheme);
        fm_tensor_free(tensor);
    }
}

/* Where words of 64 bits begin and end. */
static void extents_around_words_agree_with_the_judge(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {1, 63, 64, 65, 200};
    fm_random random;
    fm_random_seed(&random, 3, 0);
    for (int round = 0; round < 60; round++) {
        fm_ring ring = test_ring(round % 3 == 0 ? "zt" : round % 3 == 1 ? "f2" : "f3");
        int wide = round < 45 ? 2 : (int)fm_random_below(&random, 2);
        uint32_t extent[3] = {1 + fm_random_below(&random, 3), 1 + fm_random_below(&random, 3),
                              1 + fm_random_below(&random, 3)};
        extent[wide] = sizes[round % 5];
        dense d;
        dense_init(&d, extent, 12);
        dense_fill(&d, &random, 1, 70);
        fm_tensor *tensor = dense_tensor(&d);
        check_right_and_wrong(&d, tensor, ring, &random);
        fm_tensor_free(tensor);
        dense_clear(&d);
    }
}

/* Hundreds of products on the same equations: counters of many planes. */
static void long_sums_are_counted(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 4, 0);
    static const uint32_t extent[3] = {2, 2, 70};
    for (int round = 0; round < 9; round++) {
        dense d;
        dense_init(&d, extent, 200 + 57 * (uint32_t)round);
        dense_fill(&d, &random, 1, 95);
        for (uint32_t r = 0; r < d.rank; r++) { /* the last equation: all ones */
            fmpq_one(dense_at(&d, 0, r, 1));
            fmpq_one(dense_at(&d, 1, r, 1));
            fmpq_one(dense_at(&d, 2, r, 69));
        }
        fm_tensor *tensor = dense_tensor(&d);
        check_right_and_wrong(&d, tensor, FM_RING_ZT_VALUE, &random);
        fm_tensor_free(tensor);
        dense_clear(&d);
    }
}

/* Multiplies entries by numbers of up to digits digits, divides them by others. */
static void make_huge(dense *d, fm_random *random, uint32_t digits, bool fractions)
{
    fmpz_t ten, factor;
    fmpz_init_set_ui(ten, 10);
    fmpz_init(factor);
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < (size_t)d->rank * d->extent[axis]; e++) {
            fmpq *x = &d->entry[axis][e];
            fmpz_pow_ui(factor, ten, fm_random_below(random, digits));
            fmpz_add_ui(factor, factor, fm_random_below(random, 1000));
            if (!fmpz_is_zero(factor))
                fmpq_mul_fmpz(x, x, factor);
            fmpz_pow_ui(factor, ten, fm_random_below(random, digits));
            fmpz_add_ui(factor, factor, 1 + fm_random_below(random, 1000));
            if (fractions)
                fmpq_div_fmpz(x, x, factor);
        }
    fmpz_clear(factor);
    fmpz_clear(ten);
}

/* Integers of hundreds of digits; and fractions, whose products are taken away again by their copies
   with the sign turned, so that the tensor is integral: zero. */
static void huge_coefficients_agree_with_the_judge(void **state)
{
    (void)state;
    static const uint32_t extent[3] = {2, 3, 3};
    static const uint32_t digits[] = {2, 5, 9, 19, 40, 300};
    fm_random random;
    fm_random_seed(&random, 5, 0);
    for (int round = 0; round < 48; round++) {
        bool fractions = round % 2 == 1;
        dense d, doubled;
        dense_init(&d, extent, 3);
        dense_fill(&d, &random, 5, 80);
        make_huge(&d, &random, digits[round % 6], fractions);
        dense_init(&doubled, extent, fractions ? 6 : 3);
        doubled.rank = doubled.capacity;
        for (int axis = 0; axis < 3; axis++)
            for (uint32_t r = 0; r < doubled.rank; r++)
                for (uint32_t e = 0; e < extent[axis]; e++) {
                    fmpq *x = dense_at(&doubled, axis, r, e);
                    fmpq_set(x, dense_at(&d, axis, r % 3, e));
                    if (axis == 2 && r >= 3)
                        fmpq_neg(x, x);
                }
        fm_tensor *tensor = dense_tensor(&doubled);
        check_right_and_wrong(&doubled, tensor, test_ring(fractions ? "q" : "z"), &random);
        fm_tensor_free(tensor);
        dense_clear(&doubled);
        dense_clear(&d);
    }
}

/* Right modulo p and nowhere else: multiples of p are added to the tensor. */
static void tensor_entries_are_taken_modulo_p(void **state)
{
    (void)state;
    static const uint32_t extent[3] = {3, 2, 5};
    fm_random random;
    fm_random_seed(&random, 6, 0);
    for (int i = 3; i < RING_COUNT; i++) {
        fm_ring ring = test_ring(rings[i]);
        dense d;
        dense_init(&d, extent, 5);
        dense_fill(&d, &random, 4, 80);
        fm_tensor *tensor = dense_tensor(&d);
        fmpz_add_ui(&tensor->entries[0].value, &tensor->entries[0].value, ring.p);
        fmpz_sub_ui(&tensor->entries[1].value, &tensor->entries[1].value, ring.p);
        fm_scheme *integer = dense_to_scheme(&d, tensor, FM_RING_Z_VALUE);
        assert_int_equal(verify_everywhere(integer, tensor), FM_NO);
        assert_int_equal(verify_and_judge(integer, tensor, ring), FM_OK);
        check_right_and_wrong(&d, tensor, ring, &random);
        fm_scheme_free(integer);
        fm_tensor_free(tensor);
        dense_clear(&d);
    }
}

/* ---------------------------------------------------------------- every single change */

/* Over a ring without zero divisors, of a scheme whose products have no zero factor: a change of one
   coefficient adds a product that is not 0 to a sum that was right. Returns how many there were. */
static unsigned refuse_changed_coefficients(const fm_scheme *scheme)
{
    unsigned count = 0;
    dense d;
    dense_from_scheme(&d, scheme, scheme->rank);
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < d.rank; r++)
            for (uint32_t e = 0; e < 2 * d.extent[axis]; e++) {
                fmpq *x = dense_at(&d, axis, r, e / 2);
                fmpq_t right;
                fmpq_init(right);
                fmpq_set(right, x);
                fmpq_add_si(x, x, e % 2 == 0 ? 1 : -1);
                fm_scheme *wrong = dense_to_scheme(&d, scheme->tensor, scheme->ring);
                if (wrong != NULL) {
                    assert_int_equal(verify_and_judge(wrong, scheme->tensor, scheme->ring), FM_NO);
                    count++;
                }
                fm_scheme_free(wrong);
                fmpq_swap(x, right);
                fmpq_clear(right);
            }
    dense_clear(&d);
    return count;
}

static void refuse_missing_products(const fm_scheme *scheme)
{
    for (uint32_t r = 0; r < scheme->rank; r++) {
        dense d;
        dense_from_scheme(&d, scheme, scheme->rank);
        dense_swap_products(&d, r, --d.rank);
        fm_scheme *wrong = dense_to_scheme(&d, scheme->tensor, scheme->ring);
        assert_int_equal(verify_and_judge(wrong, scheme->tensor, scheme->ring), FM_NO);
        fm_scheme_free(wrong);
        dense_clear(&d);
    }
}

/* Of the tensor: each place that has an entry or not gets 1 more. */
static void refuse_changed_tensors(const fm_scheme *scheme)
{
    const fm_tensor *tensor = scheme->tensor;
    size_t places = (size_t)tensor->extent[0] * tensor->extent[1] * tensor->extent[2];
    for (size_t place = 0; place < places; place++) {
        fm_error error;
        fm_tensor *wrong;
        size_t count = 0;
        fm_tensor_entry change = {(uint32_t)(place / tensor->extent[2] / tensor->extent[1]),
                                  (uint32_t)(place / tensor->extent[2] % tensor->extent[1]),
                                  (uint32_t)(place % tensor->extent[2]), 1};
        fm_tensor_entry *entries = calloc(tensor->entry_count + 1, sizeof *entries);
        for (size_t e = 0; e < tensor->entry_count; e++) {
            const fm_tensor_entry *entry = &tensor->entries[e];
            if (entry->i == change.i && entry->j == change.j && entry->k == change.k)
                change.value += entry->value; /* small: 1 or -1 */
            else
                entries[count++] = *entry;
        }
        if (change.value != 0)
            entries[count++] = change;
        assert_ok(fm_tensor_new(tensor->extent, fm_strdup("wrong"), entries, count, &wrong, &error),
                  error);
        assert_int_equal(verify_and_judge(scheme, wrong, scheme->ring), FM_NO);
        fm_tensor_free(wrong);
    }
}

static void every_single_change_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"1x2x3",   "2x1x2",           "poly:2x3",
                                        "complex", "2:upper*general", "negacyclic:3"};
    enum { NAMES = sizeof names / sizeof names[0] };
    for (int i = 0; i < RING_COUNT; i++)
        for (int n = 0; n <= NAMES; n++) {
            fm_error error;
            fm_tensor *tensor = NULL;
            fm_scheme *scheme;
            fm_ring ring = test_ring(rings[i]);
            if (n < NAMES) {
                assert_ok(fm_tensor_parse_name(names[n], &tensor, &error), error);
                assert_ok(fm_scheme_standard(tensor, ring, &scheme, &error), error);
            } else {
                scheme = test_strassen(ring);
            }
            assert_int_equal(verify_and_judge(scheme, scheme->tensor, ring), FM_OK);
            unsigned coefficients = 0;
            for (int axis = 0; axis < 3; axis++)
                coefficients += scheme->rank * scheme->tensor->extent[axis];
            assert_true(refuse_changed_coefficients(scheme) >= coefficients);
            refuse_missing_products(scheme);
            refuse_changed_tensors(scheme);
            fm_scheme_free(scheme);
            fm_tensor_free(tensor);
        }
}

/* ---------------------------------------------------------------- known facts */

static void strassen_holds_everywhere(void **state)
{
    (void)state;
    fm_error error;
    fm_verdict verdict;
    fm_scheme *scheme = test_strassen(FM_RING_ZT_VALUE);
    for (int i = 0; i < RING_COUNT; i++)
        assert_int_equal(verify_and_judge(scheme, fm_scheme_tensor(scheme), test_ring(rings[i])),
                         FM_OK);
    assert_ok(fm_verify_smallest_ring(scheme, &verdict, &error), error);
    assert_true(verdict.valid);
    assert_int_equal(verdict.ring.kind, FM_RING_ZT);
    fm_verdict_clear(&verdict);
    fm_scheme_free(scheme);
}

/* A scheme of 1x1x1 given by its factors (a product each), over q. */
static fm_scheme *one_by_one(const char *const (*products)[3], uint32_t rank)
{
    fm_tensor *tensor = test_matmul(1, 1, 1);
    dense d;
    dense_init(&d, tensor->extent, rank);
    d.rank = rank;
    for (uint32_t r = 0; r < rank; r++)
        for (int axis = 0; axis < 3; axis++)
            assert_int_equal(fmpq_set_str(dense_at(&d, axis, r, 0), products[r][axis], 10), 0);
    fm_scheme *scheme = dense_to_scheme(&d, tensor, FM_RING_Q_VALUE);
    dense_clear(&d);
    fm_tensor_free(tensor);
    return scheme;
}

static void assert_smallest_ring(const char *const (*products)[3], uint32_t rank, const char *ring)
{
    fm_verdict verdict;
    fm_scheme *scheme = one_by_one(products, rank);
    fm_status status = fm_verify_smallest_ring(scheme, &verdict, NULL);
    assert_int_equal(status, ring != NULL ? FM_OK : FM_NO);
    assert_int_equal(verdict.valid, ring != NULL);
    assert_true(fm_ring_equal(verdict.ring, test_ring(ring != NULL ? ring : "q")));
    assert_int_equal(verdict.actual == NULL, ring != NULL);
    fm_verdict_clear(&verdict);
    fm_scheme_free(scheme);
}

static void the_smallest_ring_is_found(void **state)
{
    (void)state;
    assert_smallest_ring((const char *[][3]){{"-1", "1", "-1"}}, 1, "zt");
    assert_smallest_ring((const char *[][3]){{"2", "1", "2"}, {"3", "-1", "1"}}, 2, "z");
    assert_smallest_ring((const char *[][3]){{"2", "1", "1/2"}}, 1, "q");
    assert_smallest_ring((const char *[][3]){{"3", "1", "1"}}, 1, "f2");
    assert_smallest_ring((const char *[][3]){{"4", "1", "1"}}, 1, "f3");
    /* 15/8 is 1 modulo 7 only; 98 is 1 modulo 97 only, the last prime tried. */
    assert_smallest_ring((const char *[][3]){{"3/2", "5/2", "1/2"}}, 1, "f7");
    assert_smallest_ring((const char *[][3]){{"98", "1", "1"}}, 1, "f97");
    assert_smallest_ring((const char *[][3]){{"102", "1", "1"}}, 1, NULL); /* modulo 101 */
    assert_smallest_ring(NULL, 0, NULL);
}

static void schemes_modulo_p_hold_there_or_nowhere(void **state)
{
    (void)state;
    fm_verdict verdict;
    fm_error error;
    fm_scheme *scheme = test_strassen(test_ring("f3"));
    assert_ok(fm_verify_smallest_ring(scheme, &verdict, &error), error);
    assert_true(fm_ring_equal(verdict.ring, test_ring("f3")));
    fm_verdict_clear(&verdict);
    assert_int_equal(verify_and_judge(scheme, fm_scheme_tensor(scheme), test_ring("f2")),
                     FM_BAD_INPUT);
    assert_int_equal(verify_and_judge(scheme, fm_scheme_tensor(scheme), test_ring("z")),
                     FM_BAD_INPUT);
    fm_scheme_free(scheme);
}

static void no_products_make_the_zero_tensor(void **state)
{
    (void)state;
    static const char text[] = "shape 2 3 70\n";
    fm_error error;
    fm_tensor *zero, *one;
    assert_ok(fm_tensor_parse(text, strlen(text), "zero", &zero, &error), error);
    static const char other[] = "shape 2 3 70\n2 3 70 -5\n";
    assert_ok(fm_tensor_parse(other, strlen(other), "one", &one, &error), error);
    for (int i = 0; i < RING_COUNT; i++) {
        dense d;
        dense_init(&d, zero->extent, 0);
        fm_scheme *scheme = dense_to_scheme(&d, zero, test_ring(rings[i]));
        assert_int_equal(verify_and_judge(scheme, zero, test_ring(rings[i])), FM_OK);
        assert_int_equal(verify_and_judge(scheme, one, test_ring(rings[i])),
                         strcmp(rings[i], "f5") == 0 ? FM_OK : FM_NO);
        fm_scheme_free(scheme);
        dense_clear(&d);
    }
    fm_tensor_free(zero);
    fm_tensor_free(one);
}

static void shapes_must_be_equal(void **state)
{
    (void)state;
    fm_error error;
    fm_verdict verdict;
    fm_scheme *scheme = test_strassen(FM_RING_ZT_VALUE);
    fm_tensor *tensor = test_matmul(2, 2, 3);
    assert_int_equal(fm_verify(scheme, tensor, FM_RING_ZT_VALUE, &verdict, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "2x2x3"));
    assert_null(verdict.expected);
    fm_tensor_free(tensor);
    fm_scheme_free(scheme);
}

/* Sums that are 1 modulo 2^32, 2^64, 2^128 or 2^192 but not 1. */
static void sums_that_wrap_around_are_refused(void **state)
{
    (void)state;
    static const char *const p31 = "2147483648", *const p32 = "4294967296";
    static const char *const p62 = "4611686018427387904", *const p64 = "18446744073709551616";
    const char *const cases[][4][3] = {
        {{"1", "1", "1"}, {p31, "1", "1"}, {p31, "1", "1"}, {"0", "0", "0"}},
        {{"1", "1", "1"}, {p32, p32, "1"}, {"0", "0", "0"}, {"0", "0", "0"}},
        {{"1", "1", "1"}, {p32, p31, "1"}, {p32, p31, "1"}, {"0", "0", "0"}},
        {{"1", "1", "1"}, {p62, "2", "1"}, {p62, "1", "2"}, {"0", "0", "0"}},
        {{"-1", "1", "-1"}, {p62, "-1", "1"}, {p62, "1", "-3"}, {"0", "0", "0"}},
        {{"1", "1", "1"}, {p62, "1", "1"}, {p62, "1", "1"}, {p62, "2", "1"}},
        {{"1", "1", "1"}, {p64, "1", "1"}, {"0", "0", "0"}, {"0", "0", "0"}},
        {{"1", "1", "1"}, {p64, p64, "1"}, {"0", "0", "0"}, {"0", "0", "0"}},
        {{"1", "1", "1"}, {p64, p62, "2"}, {p62, "2", p64}, {"0", "0", "0"}},
        {{"1", "1", "1"}, {p64, p64, p64}, {"0", "0", "0"}, {"0", "0", "0"}},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        fm_scheme *scheme = one_by_one(cases[c], 4);
        assert_int_equal(verify_everywhere(scheme, fm_scheme_tensor(scheme)), FM_NO);
        fm_scheme_free(scheme);
    }
}

/* Over zt: the counters must not wrap around at 2^64 either. */
static void huge_entries_over_zt_are_refused(void **state)
{
    (void)state;
    static const char *const values[] = {
        "18446744073709551617", "-18446744073709551615", "9223372036854775808",
        "4611686018427387904",  "4611686018427387903",   "-4611686018427387904",
        "4294967297",           "9223372036854775809",   "3"};
    fm_scheme *scheme = one_by_one((const char *[][3]){{"1", "1", "1"}}, 1);
    for (size_t v = 0; v < sizeof values / sizeof values[0]; v++) {
        fm_error error;
        fm_tensor *tensor;
        char *text = fm_format("shape 1 1 1\n1 1 1 %s\n", values[v]);
        assert_ok(fm_tensor_parse(text, strlen(text), "huge", &tensor, &error), error);
        assert_int_equal(verify_and_judge(scheme, tensor, FM_RING_ZT_VALUE), FM_NO);
        fm_tensor_free(tensor);
        free(text);
    }
    fm_scheme_free(scheme);
}

/* The largest format of the flip-graph papers: 4096 products, and any of them missing is seen. */
static void every_missing_product_is_seen(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme *scheme;
    fm_tensor *tensor = test_matmul(16, 16, 16);
    for (int i = 0; i < RING_COUNT; i++) {
        fm_verdict verdict;
        assert_ok(fm_scheme_standard(tensor, test_ring(rings[i]), &scheme, &error), error);
        assert_ok(fm_verify(scheme, tensor, scheme->ring, &verdict, &error), error);
        uint32_t r = 1234;
        fm_factors_clear(&scheme->factors[2]);
        fm_factors_init(&scheme->factors[2], 256);
        for (uint32_t s = 0; s < 4096; s++) {
            if (s != r)
                fm_factors_push_si(&scheme->factors[2], tensor->entries[s].k, 1);
            fm_factors_end_row(&scheme->factors[2]);
        }
        assert_int_equal(fm_verify(scheme, tensor, scheme->ring, &verdict, &error), FM_NO);
        assert_int_equal(verdict.i, tensor->entries[r].i);
        assert_int_equal(verdict.j, tensor->entries[r].j);
        assert_int_equal(verdict.k, tensor->entries[r].k);
        assert_string_equal(verdict.expected, "1");
        assert_string_equal(verdict.actual, "0");
        fm_verdict_clear(&verdict);
        fm_scheme_free(scheme);
    }
    fm_tensor_free(tensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_schemes_agree_with_the_judge),
        cmocka_unit_test(matrix_products_agree_with_the_judge),
        cmocka_unit_test(extents_around_words_agree_with_the_judge),
        cmocka_unit_test(long_sums_are_counted),
        cmocka_unit_test(huge_coefficients_agree_with_the_judge),
        cmocka_unit_test(tensor_entries_are_taken_modulo_p),
        cmocka_unit_test(every_single_change_is_refused),
        cmocka_unit_test(strassen_holds_everywhere),
        cmocka_unit_test(the_smallest_ring_is_found),
        cmocka_unit_test(schemes_modulo_p_hold_there_or_nowhere),
        cmocka_unit_test(no_products_make_the_zero_tensor),
        cmocka_unit_test(shapes_must_be_equal),
        cmocka_unit_test(sums_that_wrap_around_are_refused),
        cmocka_unit_test(huge_entries_over_zt_are_refused),
        cmocka_unit_test(every_missing_product_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
