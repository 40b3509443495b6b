/* Lifting: what holds modulo p and comes from integers comes back to them; whatever is handed out
   holds exactly, by the judge; what has no lift is refused. */
#include "support.h"

#include "dense.h"
#include "judge.h"
#include "memory.h"
#include "sparsify.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- support */

/* Modulo p the lift is the scheme again. */
static void assert_leads_back(const fm_scheme *lift, const fm_scheme *scheme)
{
    fm_error error;
    fm_scheme *image;
    char hash[FM_HASH_SIZE], expected[FM_HASH_SIZE];
    assert_ok(fm_scheme_to_ring(lift, scheme->ring, &image, &error), error);
    fm_scheme_hash(image, hash);
    fm_scheme_hash(scheme, expected);
    assert_string_equal(hash, expected);
    fm_scheme_free(image);
}

/* A lift is over zt, z or q, of the same rank and tensor, and the judge says that it holds. */
static void assert_is_lift(const fm_scheme *lift, const fm_scheme *scheme, fm_ring wanted)
{
    char hash[FM_HASH_SIZE];
    fm_verdict verdict;
    assert_non_null(lift);
    assert_true(lift->ring.kind <= wanted.kind);
    assert_int_equal(lift->rank, scheme->rank);
    assert_true(fm_tensor_equal(lift->tensor, scheme->tensor));
    assert_int_equal(fm_judge(lift, lift->tensor, lift->ring, &verdict), FM_OK);
    fm_verdict_clear(&verdict);
    assert_leads_back(lift, scheme);
    fm_scheme_hash(scheme, hash);
    assert_int_equal(lift->provenance.parent_count, 1);
    assert_string_equal(lift->provenance.parents[0], hash);
    assert_string_equal(lift->provenance.engine, "lift");
}

/* The property that always holds: a lift, or no with a message. */
static fm_status lift_or_no(const fm_scheme *scheme, fm_ring wanted, fm_ring *ring)
{
    fm_error error = {""};
    fm_scheme *lift;
    fm_lift_options options = {.ring = wanted};
    fm_status status = fm_lift(scheme, &options, &lift, &error);
    if (status == FM_OK) {
        assert_is_lift(lift, scheme, wanted);
        if (ring != NULL)
            *ring = lift->ring;
    } else {
        assert_int_equal(status, FM_NO);
        assert_null(lift);
        assert_true(error.message[0] != '\0');
    }
    fm_scheme_free(lift);
    return status;
}

static fm_scheme *modulo(const fm_scheme *scheme, const char *ring)
{
    fm_error error;
    fm_scheme *image;
    assert_ok(fm_scheme_to_ring(scheme, test_ring(ring), &image, &error), error);
    return image;
}

/* A tensor of one entry, and one product 1 x 1 x coefficient, or none. */
static fm_scheme *one_entry(long entry, const char *ring, long coefficient, bool any)
{
    fm_error error;
    fm_tensor *tensor;
    fm_scheme *scheme;
    fm_factors factors[3];
    char *text = fm_format("shape 1 1 1\n1 1 1 %ld\n", entry);
    assert_ok(fm_tensor_parse(text, strlen(text), "one", &tensor, &error), error);
    free(text);
    for (int axis = 0; axis < 3; axis++) {
        fm_factors_init(&factors[axis], 1);
        if (!any)
            continue;
        fm_factors_push_si(&factors[axis], 0, axis == 2 ? coefficient : 1);
        fm_factors_end_row(&factors[axis]);
    }
    assert_ok(fm_scheme_new(tensor, test_ring(ring), factors, &scheme, &error), error);
    fm_tensor_free(tensor);
    return scheme;
}

/* ---------------------------------------------------------------- lifts that exist */

static void test_strassen_comes_back(void **state)
{
    static const char *const rings[] = {"f2", "f3", "f5", "f101", "f2305843009213693951"};
    (void)state;
    for (size_t i = 0; i < sizeof rings / sizeof *rings; i++) {
        fm_ring ring;
        fm_scheme *scheme = test_strassen(test_ring(rings[i]));
        assert_int_equal(lift_or_no(scheme, FM_RING_ZT_VALUE, &ring), FM_OK);
        fm_scheme_free(scheme);
    }
}

/* Scales u, v and w of each product by units whose product is 1. */
static fm_scheme *scaled(const fm_scheme *scheme, ulong p, fm_random *random)
{
    dense d;
    fmpq_t s;
    fmpq_init(s);
    dense_from_scheme(&d, scheme, scheme->rank);
    for (uint32_t r = 0; r < d.rank; r++) {
        fmpq_set_si(s, 1 + (slong)(fm_random_next(random) % (p - 1)), 1);
        dense_scale(&d, r, s);
    }
    fm_scheme *over_q = dense_to_scheme(&d, scheme->tensor, FM_RING_Q_VALUE), *image;
    char ring[FM_RING_NAME_SIZE];
    image = modulo(over_q, fm_ring_name(fm_ring_modulo(p), ring));
    fm_scheme_free(over_q);
    dense_clear(&d);
    fmpq_clear(s);
    return image;
}

static void test_scalings_do_not_matter(void **state)
{
    static const ulong primes[] = {3, 5, 7, 101, 1000003, UINT64_C(2305843009213693951)};
    (void)state;
    fm_random random;
    fm_random_seed(&random, 2, 0);
    fm_scheme *strassen = test_strassen(FM_RING_ZT_VALUE);
    for (size_t i = 0; i < sizeof primes / sizeof *primes; i++) {
        fm_scheme *scheme = scaled(strassen, primes[i], &random);
        assert_int_equal(lift_or_no(scheme, FM_RING_ZT_VALUE, NULL), FM_OK);
        fm_scheme_free(scheme);
    }
    fm_scheme_free(strassen);
}

/* Few products with random integers: generically the only decomposition of what they add up to, so
   that its image modulo p can only come from them, whose fractions must be found. */
static void test_random_decompositions_come_back(void **state)
{
    static const char *const rings[] = {"f7", "f101", "f65537", "f2305843009213693951"};
    (void)state;
    fm_random random;
    fm_random_seed(&random, 3, 0);
    unsigned lifted = 0, tried = 0;
    for (int round = 0; round < 40; round++) {
        dense d;
        dense_init(&d, (const uint32_t[3]){4, 5, 4}, 3);
        d.rank = 3;
        dense_fill(&d, &random, 4, 70);
        fm_tensor *tensor = dense_tensor(&d);
        fm_scheme *scheme = dense_to_scheme(&d, tensor, FM_RING_Z_VALUE);
        fm_scheme *image = modulo(scheme, rings[round % 4]);
        tried++;
        lifted += lift_or_no(image, FM_RING_Q_VALUE, NULL) == FM_OK;
        fm_scheme_free(image);
        fm_scheme_free(scheme);
        fm_tensor_free(tensor);
        dense_clear(&d);
    }
    assert_true(lifted * 10 >= tried * 9);
}

/* Integer schemes after many flips, and in other bases, modulo 2 and 3. */
static void test_moved_schemes(void **state)
{
    static const char *const rings[] = {"f2", "f3", "f2", "f11"};
    static const unsigned format[3] = {2, 3, 2};
    (void)state;
    fm_error error;
    fm_random random;
    fm_random_seed(&random, 4, 0);
    unsigned lifted = 0;
    fm_tensor *tensor = test_matmul(format[0], format[1], format[2]);
    fm_scheme *standard;
    assert_ok(fm_scheme_standard(tensor, FM_RING_Z_VALUE, &standard, &error), error);
    for (int round = 0; round < 24; round++) {
        dense d;
        dense_from_scheme(&d, standard, standard->rank + 2);
        for (int move = 0; move < 12; move++) {
            dense_flip(&d, &random);
            if (move % 5 == 0)
                dense_change_basis(&d, format, &random, 1);
        }
        dense_split(&d, &random);
        fm_scheme *scheme = dense_to_scheme(&d, tensor, FM_RING_Z_VALUE);
        fm_scheme *image = modulo(scheme, rings[round % 4]);
        lifted += lift_or_no(image, FM_RING_Q_VALUE, NULL) == FM_OK;
        fm_scheme_free(image);
        fm_scheme_free(scheme);
        dense_clear(&d);
    }
    assert_int_equal(lifted, 24);
    fm_scheme_free(standard);
    fm_tensor_free(tensor);
}

/* Over f3, Strassen's scheme in another basis has a lift to z, since SL(2, Z) goes onto SL(2, 3),
   but also many to q alone. */
static void test_integers_are_preferred(void **state)
{
    (void)state;
    unsigned integral = 0;
    fm_scheme *strassen = test_strassen(test_ring("f3"));
    for (unsigned seed = 0; seed < 24; seed++) {
        fm_error error;
        fm_ring ring;
        fm_scheme *moved;
        assert_ok(fm_scheme_sandwich(strassen, seed, &moved, &error), error);
        assert_int_equal(lift_or_no(moved, FM_RING_Q_VALUE, &ring), FM_OK);
        integral += ring.kind != FM_RING_Q;
        fm_scheme_free(moved);
    }
    assert_in_range(integral, 20, 24);
    fm_scheme_free(strassen);
}

/* ---------------------------------------------------------------- other bases */

/* 2x2x2:7 twice, and standard products for one more column: with all coefficients as unknowns, the
   step after the first has no solution for most solutions of the first. */
static fm_scheme *derived_scheme(void)
{
    fm_error error;
    fm_scheme *strassen = test_strassen(test_ring("zt")), *product, *extended;
    assert_ok(fm_scheme_product(strassen, strassen, &product, &error), error);
    assert_ok(fm_scheme_extend(product, 2, 1, &extended, &error), error);
    fm_scheme_free(strassen);
    fm_scheme_free(product);
    return extended;
}

static void test_schemes_in_a_random_basis_come_back(void **state)
{
    static const char *const rings[] = {"f2", "f3"};
    (void)state;
    fm_scheme *scheme = derived_scheme();
    for (unsigned seed = 0; seed < 8; seed++) {
        fm_error error;
        fm_ring ring;
        fm_scheme *image = modulo(scheme, rings[seed % 2]), *moved;
        assert_ok(fm_scheme_sandwich(image, seed, &moved, &error), error);
        assert_int_equal(lift_or_no(moved, FM_RING_Q_VALUE, &ring), FM_OK);
        assert_int_not_equal(ring.kind, FM_RING_Q);
        fm_scheme_free(image);
        fm_scheme_free(moved);
    }
    fm_scheme_free(scheme);
}

static size_t coefficient_count(const fm_scheme *scheme)
{
    return scheme->factors[0].count + scheme->factors[1].count + scheme->factors[2].count;
}

/* Residues as integers, in a sparse basis and back. */
static void test_sparse_bases_lead_back(void **state)
{
    static const char *const rings[] = {"f2", "f3", "f7", "f101"};
    (void)state;
    fm_scheme *scheme = derived_scheme();
    for (unsigned seed = 0; seed < 8; seed++) {
        fm_error error;
        fm_basis_change *change;
        fm_scheme *image = modulo(scheme, rings[seed % 4]), *moved, *integers = NULL;
        assert_ok(fm_scheme_sandwich(image, seed, &moved, &error), error);
        fm_scheme *sparse = fm_sparsify(moved, &change);
        assert_non_null(sparse);
        assert_true(coefficient_count(moved) > 2 * coefficient_count(scheme));
        assert_true(coefficient_count(sparse) * 4 <= coefficient_count(scheme) * 5);
        fm_factors factors[3];
        for (int axis = 0; axis < 3; axis++) {
            fm_factors_init(&factors[axis], sparse->factors[axis].extent);
            for (uint32_t r = 0; r < sparse->rank; r++)
                fm_factors_copy_row(&factors[axis], &sparse->factors[axis], r);
        }
        assert_ok(fm_scheme_new(sparse->tensor, FM_RING_Z_VALUE, factors, &integers, &error),
                  error);
        fm_scheme *back = fm_sparsify_undo(integers, change);
        assert_leads_back(back, moved);
        fm_basis_change_free(change);
        fm_scheme_free(back);
        fm_scheme_free(integers);
        fm_scheme_free(sparse);
        fm_scheme_free(moved);
        fm_scheme_free(image);
    }
    fm_scheme_free(scheme);
}

/* ---------------------------------------------------------------- finds of a search */

static unsigned finds, finds_lifted;

static fm_status lift_find(void *context, const fm_scheme *find, double seconds, fm_error *error)
{
    (void)context;
    (void)seconds;
    (void)error;
    finds++;
    finds_lifted += lift_or_no(find, FM_RING_Q_VALUE, NULL) == FM_OK;
    return FM_OK;
}

static void test_finds_lift_or_say_no(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        fm_error error;
        fm_search_result result;
        fm_tensor *tensor = test_matmul(3, 3, 3);
        fm_search_options options = {.strategy = FM_STRATEGY_WALKS,
                                     .ring = test_ring(i % 2 == 0 ? "f2" : "f3"),
                                     .threads = 1,
                                     .walkers = 1,
                                     .seed = i,
                                     .flips = 50000,
                                     .on_find = lift_find};
        fm_status status = fm_search(tensor, &options, &result, &error);
        assert_true(status == FM_OK || status == FM_NO);
        fm_tensor_free(tensor);
    }
    assert_true(finds >= 5);
    assert_int_equal(finds_lifted, finds); /* at these seeds, each in some order of the unknowns */
}

/* ---------------------------------------------------------------- published schemes */

static fm_scheme *read_corpus(const char *name)
{
    fm_error error;
    fm_scheme_list list;
    char *path = fm_format("%s/../shared/corpus/json/%s.json", FEWMUL_SOURCE_DIR, name);
    fm_scheme *image = NULL;
    if (fm_scheme_read(path, &list, &error) == FM_OK) {
        image = modulo(list.schemes[0], "f2");
        fm_scheme_list_free(&list);
    }
    free(path);
    return image;
}

static void test_published_schemes(void **state)
{
    static const char *const names[] = {"4x4x4_m49_ZT", "3x4x5_m47_ZT", "2x4x11_m70_ZT",
                                        "4x5x9_m132_ZT", "alphaevolve_5x5x5_m93_mod0"};
    (void)state;
    unsigned lifted = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fm_scheme *scheme = read_corpus(names[i]);
        if (scheme == NULL)
            skip();
        lifted += lift_or_no(scheme, FM_RING_ZT_VALUE, NULL) == FM_OK;
        fm_scheme_free(scheme);
    }
    assert_int_equal(lifted, sizeof names / sizeof *names);
}

/* ---------------------------------------------------------------- no */

/* 2 = 0 modulo 2 is the sum of no products, but not of none over z. */
static void test_no_lift_of_nothing(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme *lift, *scheme = one_entry(2, "f2", 0, false);
    assert_int_equal(fm_lift(scheme, NULL, &lift, &error), FM_NO);
    assert_null(lift);
    assert_non_null(strstr(error.message, "step 1"));
    assert_non_null(strstr(error.message, "no solution, which proves that there is no lift to q"));
    fm_scheme_free(scheme);
}

static void test_smaller_ring_is_refused(void **state)
{
    (void)state;
    fm_error error;
    fm_ring ring;
    fm_scheme *lift, *scheme = one_entry(2, "f3", 2, true);
    fm_lift_options options = {.ring = FM_RING_ZT_VALUE};
    assert_int_equal(lift_or_no(scheme, FM_RING_Q_VALUE, &ring), FM_OK);
    assert_int_equal(ring.kind, FM_RING_Z);
    assert_int_equal(fm_lift(scheme, &options, &lift, &error), FM_NO);
    assert_non_null(strstr(error.message, "over z"));
    fm_scheme_free(scheme);
}

static void test_wrong_schemes_are_refused(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 6, 0);
    fm_scheme *strassen = test_strassen(test_ring("f3"));
    for (int round = 0; round < 30; round++) {
        dense d;
        fm_error error;
        dense_from_scheme(&d, strassen, strassen->rank);
        int axis = (int)fm_random_below(&random, 3);
        fmpq *x = dense_at(&d, axis, fm_random_below(&random, 7), fm_random_below(&random, 4));
        fmpq_set_si(x, fmpq_is_zero(x) ? 1 : 0, 1);
        fm_scheme *lift, *wrong = dense_to_scheme(&d, strassen->tensor, test_ring("f3"));
        assert_int_equal(fm_lift(wrong, NULL, &lift, &error), FM_NO);
        assert_null(lift);
        assert_non_null(strstr(error.message, "does not hold"));
        fm_scheme_free(wrong);
        dense_clear(&d);
    }
    fm_scheme_free(strassen);
}

static void test_a_lift_stops_when_asked(void **state)
{
    (void)state;
    fm_error error;
    volatile int stop = 1;
    fm_scheme *lift, *scheme = test_strassen(test_ring("f2"));
    fm_lift_options options = {.ring = FM_RING_Q_VALUE, .stop = &stop};
    assert_int_equal(fm_lift(scheme, &options, &lift, &error), FM_INTERRUPTED);
    assert_null(lift);
    stop = 0;
    assert_ok(fm_lift(scheme, &options, &lift, &error), error);
    fm_scheme_free(lift);
    fm_scheme_free(scheme);
}

static void test_senseless_calls(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme *lift, *integer = test_strassen(FM_RING_ZT_VALUE);
    assert_int_equal(fm_lift(integer, NULL, &lift, &error), FM_BAD_INPUT);
    assert_null(lift);
    fm_scheme_free(integer);
    fm_scheme *scheme = test_strassen(test_ring("f2"));
    fm_lift_options options = {.ring = test_ring("f3")};
    assert_int_equal(fm_lift(scheme, &options, &lift, &error), FM_BAD_INPUT);
    assert_null(lift);
    fm_scheme_free(scheme);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strassen_comes_back),
        cmocka_unit_test(test_scalings_do_not_matter),
        cmocka_unit_test(test_random_decompositions_come_back),
        cmocka_unit_test(test_moved_schemes),
        cmocka_unit_test(test_integers_are_preferred),
        cmocka_unit_test(test_schemes_in_a_random_basis_come_back),
        cmocka_unit_test(test_sparse_bases_lead_back),
        cmocka_unit_test(test_finds_lift_or_say_no),
        cmocka_unit_test(test_published_schemes),
        cmocka_unit_test(test_no_lift_of_nothing),
        cmocka_unit_test(test_smaller_ring_is_refused),
        cmocka_unit_test(test_wrong_schemes_are_refused),
        cmocka_unit_test(test_a_lift_stops_when_asked),
        cmocka_unit_test(test_senseless_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
