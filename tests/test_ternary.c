/* From z, and from f2, to zt: what comes out holds by the judge, has the rank and the parents, and is in
   {-1, 0, 1}; where nothing is found, what there was is left as it was, or holds. */
#include "support.h"

#include "derive.h"
#include "judge.h"
#include "memory.h"
#include "scheme.h"
#include "ternary.h"

#include <flint/fmpq.h>
#include <stdlib.h>
#include <string.h>

static const fm_ring zt = {FM_RING_ZT, 0}, z = {FM_RING_Z, 0};

static void assert_holds(const fm_scheme *scheme)
{
    fm_verdict verdict;
    assert_int_equal(fm_judge(scheme, scheme->tensor, scheme->ring, &verdict), FM_OK);
    fm_verdict_clear(&verdict);
}

/* A scheme over z with coefficients beyond 1: the given one after random changes of basis. */
static fm_scheme *widen(const fm_scheme *scheme, uint64_t seed)
{
    fm_error error;
    fm_scheme *wide;
    assert_ok(fm_scheme_to_ring(scheme, z, &wide, &error), error);
    for (unsigned i = 0; i < 2; i++) {
        fm_scheme *before = wide;
        assert_ok(fm_scheme_sandwich(before, seed + i, &wide, &error), error);
        fm_scheme_free(before);
    }
    return wide;
}

static void comes_back(const fm_scheme *scheme, uint64_t seed)
{
    fm_error error;
    fm_scheme *ternary, *again;
    char parent[FM_HASH_SIZE], hash[FM_HASH_SIZE], other[FM_HASH_SIZE];
    assert_ok(fm_scheme_ternary(scheme, seed, &ternary, &error), error);
    assert_true(fm_ring_equal(ternary->ring, zt));
    assert_true(ternary->rank <= scheme->rank);
    assert_holds(ternary);
    fm_scheme_hash(scheme, parent);
    assert_string_equal(ternary->provenance.engine, "ternary");
    assert_int_equal(ternary->provenance.parent_count, 1);
    assert_string_equal(ternary->provenance.parents[0], parent);
    assert_ok(fm_scheme_ternary(scheme, seed, &again, &error), error);
    fm_scheme_hash(ternary, hash);
    fm_scheme_hash(again, other);
    assert_string_equal(hash, other);
    fm_scheme_free(again);
    fm_scheme_free(ternary);
}

static void test_changed_bases(void **state)
{
    (void)state;
    static const uint32_t formats[][3] = {{2, 2, 2}, {2, 3, 4}, {4, 1, 3}, {3, 3, 3}};
    unsigned beyond = 0;
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        for (uint64_t seed = 0; seed < 8; seed++) {
            fm_scheme *scheme = f == 0 ? test_strassen(zt) : fm_derive_standard(formats[f], zt);
            fm_scheme *wide = widen(scheme, 100 * seed);
            beyond += fm_factors_smallest_ring(wide->factors).kind == FM_RING_Z;
            comes_back(wide, seed);
            fm_scheme_free(wide);
            fm_scheme_free(scheme);
        }
    assert_true(beyond >= 16);
}

/* A tensor that is no matrix product has flips alone. */
static void test_other_tensor(void **state)
{
    (void)state;
    fm_error error;
    fm_tensor *tensor;
    fm_scheme *scheme, *wide;
    assert_ok(fm_tensor_parse_name("3:upper*general", &tensor, &error), error);
    assert_ok(fm_scheme_standard(tensor, z, &scheme, &error), error);
    fm_products products;
    fm_products_from_scheme(&products, scheme);
    /* u v w + u v' w' = u (v + 3 v') w + u v' (w' - 3 w) of the first two that share u */
    uint32_t i = 0, j = 1;
    while (memcmp(fm_products_row(&products, i), fm_products_row(&products, j),
                  products.extent[0]) != 0)
        if (++j == products.rank)
            j = ++i + 1;
    int8_t *first = fm_products_row(&products, i) + products.extent[0];
    int8_t *second = fm_products_row(&products, j) + products.extent[0];
    for (uint32_t c = 0; c < products.extent[1] + products.extent[2]; c++)
        if (c < products.extent[1])
            first[c] = (int8_t)(first[c] + 3 * second[c]);
        else
            second[c] = (int8_t)(second[c] - 3 * first[c]);
    wide = fm_products_to_scheme(&products, tensor, z);
    assert_int_equal(fm_factors_smallest_ring(wide->factors).kind, FM_RING_Z);
    assert_holds(wide);
    comes_back(wide, 1);
    fm_products_clear(&products);
    fm_scheme_free(wide);
    fm_scheme_free(scheme);
    fm_tensor_free(tensor);
}

/* However the walk ends, the products hold. */
static void test_every_step_holds(void **state)
{
    (void)state;
    fm_random random;
    fm_scheme *scheme = fm_derive_standard((uint32_t[]){2, 3, 4}, zt), *wide = widen(scheme, 7);
    fm_random_seed(&random, 3, 0);
    for (uint64_t steps = 0; steps < 400; steps += 7) {
        fm_products products;
        fm_products_from_scheme(&products, wide);
        bool done = fm_products_make_ternary(&products, (uint32_t[]){2, 3, 4}, &random, steps);
        fm_scheme *now = fm_products_to_scheme(&products, wide->tensor, z);
        assert_true(done == (fm_factors_smallest_ring(now->factors).kind == FM_RING_ZT));
        assert_holds(now);
        fm_scheme_free(now);
        fm_products_clear(&products);
    }
    fm_scheme_free(wide);
    fm_scheme_free(scheme);
}

static fm_scheme *read_one(const char *path)
{
    fm_error error;
    fm_scheme_list list;
    assert_ok(fm_scheme_read(path, &list, &error), error);
    assert_int_equal(list.count, 1);
    fm_scheme *scheme = list.schemes[0];
    list.schemes[0] = NULL;
    fm_scheme_list_free(&list);
    return scheme;
}

/* Of this find the signs alone have no solution, its lift has coefficients up to 3. */
static void test_lift_without_signs(void **state)
{
    (void)state;
    fm_random random;
    fm_products products;
    fm_scheme *lift;
    const fm_lift_options options = {.ring = zt};
    fm_scheme *scheme = read_one(FEWMUL_SOURCE_DIR
                                 "/results/3x4x5/f2/rank47/"
                                 "358785fecacad6fd0c74ae22a5c6f85ba4275a15e6d1be39e094fc70bee361db"
                                 ".json");
    assert_int_equal(fm_lift(scheme, &options, &lift, NULL), FM_NO);
    fm_products_from_scheme(&products, scheme);
    fm_random_seed(&random, 1, 0);
    assert_true(fm_products_lift(&products, scheme->tensor, &random));
    assert_int_equal(products.rank, 47);
    lift = fm_products_to_scheme(&products, scheme->tensor, zt);
    assert_holds(lift);
    fm_products_clear(&products);
    fm_scheme_free(lift);
    fm_scheme_free(scheme);
}

static void refuses(fm_scheme *scheme, fm_status expected, const char *reason)
{
    fm_error error;
    fm_scheme *out;
    assert_int_equal(fm_scheme_ternary(scheme, 0, &out, &error), expected);
    assert_null(out);
    assert_non_null(strstr(error.message, reason));
    fm_scheme_free(scheme);
}

static fm_scheme *strassen_with(long numerator, unsigned long denominator)
{
    /* u of the first product times that, w divided by it */
    fm_scheme *scheme = test_strassen((fm_ring){FM_RING_Q, 0});
    fmpq_t by;
    fmpq_init(by);
    fmpq_set_si(by, numerator, denominator);
    for (size_t e = 0; e < scheme->factors[0].start[1]; e++)
        fmpq_mul(&scheme->factors[0].value[e], &scheme->factors[0].value[e], by);
    for (size_t e = 0; e < scheme->factors[2].start[1]; e++)
        fmpq_div(&scheme->factors[2].value[e], &scheme->factors[2].value[e], by);
    fmpq_clear(by);
    return scheme;
}

static void test_refusals(void **state)
{
    (void)state;
    refuses(test_strassen(test_ring("f2")), FM_BAD_INPUT, "lift it first");
    refuses(strassen_with(1, 2), FM_NO, "fractions or above 31");
    refuses(strassen_with(100, 1), FM_NO, "fractions or above 31");
    fm_scheme *wrong = test_strassen(z);
    fmpq_set_si(&wrong->factors[1].value[0], 5, 1);
    refuses(wrong, FM_NO, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_changed_bases),    cmocka_unit_test(test_other_tensor),
        cmocka_unit_test(test_every_step_holds), cmocka_unit_test(test_lift_without_signs),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
