/* Schemes in memory: the standard scheme, change of ring, canonical form, hash. */
#include "support.h"

#include "scheme.h"

#include <string.h>

static void standard_scheme_has_one_product_an_entry(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme *scheme;
    fm_tensor *tensor = test_matmul(2, 3, 4);
    assert_ok(fm_scheme_standard(tensor, test_ring("f3"), &scheme, &error), error);
    assert_int_equal(fm_scheme_rank(scheme), 24);
    /* 24 products of single entries, each of the 8 entries of C a sum of 3. */
    assert_int_equal(fm_scheme_additions(scheme), 16);
    fm_scheme_free(scheme);
    fm_tensor_free(tensor);
}

static void strassen_has_18_additions(void **state)
{
    (void)state;
    fm_scheme *scheme = test_strassen(test_ring("zt"));
    assert_int_equal(fm_scheme_rank(scheme), 7);
    assert_int_equal(fm_scheme_additions(scheme), 18);
    assert_true(fm_scheme_exponent(scheme) > 2.807 && fm_scheme_exponent(scheme) < 2.808);
    fm_scheme_free(scheme);
}

/* The same scheme with its products in reverse order, u and w scaled by factor and 1 / factor. */
static fm_scheme *reversed_and_scaled(const fm_scheme *scheme, long factor)
{
    fm_error error;
    fm_scheme *out;
    fm_factors factors[3];
    fmpq_t value;
    fmpq_init(value);
    for (int axis = 0; axis < 3; axis++) {
        const fm_factors *f = &scheme->factors[axis];
        fm_factors_init(&factors[axis], f->extent);
        for (uint32_t r = scheme->rank; r-- > 0;) {
            for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
                fmpq_set(value, &f->value[e]);
                if (axis == 0)
                    fmpz_mul_si(fmpq_numref(value), fmpq_numref(value), factor);
                if (axis == 2)
                    fmpz_mul_si(fmpq_denref(value), fmpq_denref(value), factor);
                fmpq_canonicalise(value);
                fm_factors_push(&factors[axis], f->index[e], value);
            }
            fm_factors_end_row(&factors[axis]);
        }
    }
    fmpq_clear(value);
    assert_ok(fm_scheme_new(scheme->tensor, scheme->ring, factors, &out, &error), error);
    return out;
}

static void hash_ignores_order_signs_and_scalings(void **state)
{
    (void)state;
    static const struct {
        const char *ring;
        long factor;
    } cases[] = {{"zt", -1}, {"z", -1}, {"q", -6}, {"f2", 1}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        char a[FM_HASH_SIZE], b[FM_HASH_SIZE];
        fm_scheme *scheme = test_strassen(test_ring(cases[c].ring));
        fm_scheme *other = reversed_and_scaled(scheme, cases[c].factor);
        fm_scheme_hash(scheme, a);
        fm_scheme_hash(other, b);
        assert_string_equal(a, b);
        fm_scheme_free(other);
        fm_scheme_free(scheme);
    }
}

static void hash_tells_rings_and_coefficients_apart(void **state)
{
    (void)state;
    char zt[FM_HASH_SIZE], z[FM_HASH_SIZE], standard[FM_HASH_SIZE];
    fm_error error;
    fm_scheme *a = test_strassen(test_ring("zt")), *b = test_strassen(test_ring("z")), *c;
    assert_ok(fm_scheme_standard(fm_scheme_tensor(a), test_ring("zt"), &c, &error), error);
    fm_scheme_hash(a, zt);
    fm_scheme_hash(b, z);
    fm_scheme_hash(c, standard);
    assert_string_not_equal(zt, z);
    assert_string_not_equal(zt, standard);
    fm_scheme_free(a);
    fm_scheme_free(b);
    fm_scheme_free(c);
}

static void coefficients_outside_the_ring_are_refused(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme *scheme = test_strassen(test_ring("q")), *half, *out;
    half = reversed_and_scaled(scheme, 2);
    assert_int_equal(fm_scheme_to_ring(half, test_ring("z"), &out, &error), FM_BAD_INPUT);
    assert_null(out);
    assert_int_equal(fm_scheme_to_ring(half, test_ring("f2"), &out, &error), FM_BAD_INPUT);
    assert_ok(fm_scheme_to_ring(half, test_ring("f3"), &out, &error), error);
    fm_scheme_free(out);
    fm_scheme_free(half);
    fm_scheme_free(scheme);
}

static void rings_parse_and_print(void **state)
{
    (void)state;
    static const char *const good[] = {"zt", "z", "q", "f2", "f3", "f101", "f9223372036854775783"};
    static const char *const bad[] = {
        "", "f", "f4", "f1", "f-3", "F2", "zp", "z2", "f18446744073709551629", "f2x", "zp:"};
    char name[FM_RING_NAME_SIZE];
    fm_error error;
    fm_ring ring;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_ok(fm_ring_parse(good[i], &ring, &error), error);
        assert_string_equal(fm_ring_name(ring, name), good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(fm_ring_parse(bad[i], &ring, &error), FM_BAD_INPUT);
    assert_ok(fm_ring_parse("zp:7", &ring, &error), error);
    assert_string_equal(fm_ring_name(ring, name), "f7");
}

static void formats_parse(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",       "4x4",    "4x4x",   "4x4x4x4", "0x1x1",
        "65x1x1", "-1x2x2", "4x4x4 ", "4X4x4",   "99999999999999999999x1x1"};
    fm_error error;
    fm_tensor *tensor;
    assert_ok(fm_tensor_parse_format("2x3x16", &tensor, &error), error);
    assert_string_equal(fm_tensor_name(tensor), "2x3x16");
    assert_int_equal(fm_tensor_extent(tensor, 0), 6);
    assert_int_equal(fm_tensor_extent(tensor, 1), 48);
    assert_int_equal(fm_tensor_extent(tensor, 2), 32);
    assert_int_equal(fm_tensor_entry_count(tensor), 96);
    fm_tensor_free(tensor);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(fm_tensor_parse_format(bad[i], &tensor, &error), FM_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(standard_scheme_has_one_product_an_entry),
        cmocka_unit_test(strassen_has_18_additions),
        cmocka_unit_test(hash_ignores_order_signs_and_scalings),
        cmocka_unit_test(hash_tells_rings_and_coefficients_apart),
        cmocka_unit_test(coefficients_outside_the_ring_are_refused),
        cmocka_unit_test(rings_parse_and_print),
        cmocka_unit_test(formats_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
