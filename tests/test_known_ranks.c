/* The table of published ranks: facts of it, in any order of a format. */
#include "known_ranks.h"
#include "support.h"

static uint32_t rank(unsigned n, unsigned m, unsigned p, fm_known_column column)
{
    return fm_known_rank((unsigned[]){n, m, p}, column);
}

static void test_published_ranks(void **state)
{
    (void)state;
    assert_int_equal(rank(2, 2, 2, FM_KNOWN_ZT), 7);
    assert_int_equal(rank(2, 2, 2, FM_KNOWN_F2), 7);
    assert_int_equal(rank(3, 3, 3, FM_KNOWN_Z), 23);
    assert_int_equal(rank(4, 4, 4, FM_KNOWN_ZT), 49);
    assert_int_equal(rank(4, 4, 4, FM_KNOWN_Q), 48);
    assert_int_equal(rank(4, 4, 4, FM_KNOWN_F2), 47);
    assert_int_equal(rank(16, 16, 16, FM_KNOWN_Q), 2304);
}

static void test_order_of_a_format_does_not_matter(void **state)
{
    (void)state;
    for (fm_known_column column = FM_KNOWN_ZT; column <= FM_KNOWN_F2; column++) {
        uint32_t expected = rank(2, 4, 5, column);
        assert_int_not_equal(expected, 0);
        assert_int_equal(rank(2, 5, 4, column), expected);
        assert_int_equal(rank(4, 2, 5, column), expected);
        assert_int_equal(rank(4, 5, 2, column), expected);
        assert_int_equal(rank(5, 2, 4, column), expected);
        assert_int_equal(rank(5, 4, 2, column), expected);
    }
}

static void test_every_format_from_2_to_16(void **state)
{
    (void)state;
    for (unsigned n = 2; n <= 16; n++)
        for (unsigned m = n; m <= 16; m++)
            for (unsigned p = m; p <= 16; p++) {
                uint32_t zt = rank(n, m, p, FM_KNOWN_ZT), z = rank(n, m, p, FM_KNOWN_Z),
                         q = rank(n, m, p, FM_KNOWN_Q), f2 = rank(n, m, p, FM_KNOWN_F2);
                assert_in_range(zt, 1, n * m * p - 1);
                assert_in_range(z, 1, zt); /* zt is in z, and z in q */
                assert_in_range(q, 1, z);
                assert_in_range(f2, 1, z); /* z maps to f2 */
            }
}

static void test_formats_outside_the_table(void **state)
{
    (void)state;
    assert_int_equal(rank(1, 2, 3, FM_KNOWN_ZT), 0);
    assert_int_equal(rank(2, 2, 17, FM_KNOWN_ZT), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_ranks),
        cmocka_unit_test(test_order_of_a_format_does_not_matter),
        cmocka_unit_test(test_every_format_from_2_to_16),
        cmocka_unit_test(test_formats_outside_the_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
