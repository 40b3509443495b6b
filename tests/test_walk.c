/* Walks: every move keeps the decomposition exact, in every ring and vector length; the index of
   equal factors stays right; reductions find what they are for. */
#include "support.h"

#include "products.h"
#include "scheme.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

/* Over z with coefficients of up to 2, 3 and 4, too. */
static const char *const rings[] = {"f2", "f3", "zt", "z2", "z3", "z4"};
enum { RINGS = sizeof rings / sizeof rings[0], RINGS_WITH_PATHS = 3 };

/* What coefficients are within over z; 0 over the other rings. */
static uint32_t coefficient_max_of(const char *ring)
{
    return ring[0] == 'z' && ring[1] != 't' ? (uint32_t)(ring[1] - '0') : 0;
}

static fm_ring ring_of(const char *ring)
{
    return test_ring(coefficient_max_of(ring) != 0 ? "z" : ring);
}

/* A walk and what is needed to look at it from outside. */
typedef struct subject {
    fm_tensor *tensor;
    fm_ring ring;
    uint32_t coefficient_max; /* over z */
    const fm_walk_kernel *kernel;
    fm_walk *walk;
    fm_random random;
} subject;

/* As kernel->run with one lane; returns the attempts made, and *flips grows. */
static uint64_t run(subject *s, uint64_t attempts, uint64_t *flips)
{
    fm_lane lane = {.walk = s->walk, .random = &s->random};
    s->kernel->run(&lane, 1, attempts);
    *flips += lane.flips;
    return lane.attempts;
}

static void append_all(subject *s, const fm_products *products)
{
    for (uint32_t r = 0; r < products->rank; r++) {
        const int8_t *row = fm_products_row(products, r);
        s->kernel->append(s->walk, row, row + products->extent[0],
                          row + products->extent[0] + products->extent[1]);
    }
}

static void start_by(subject *s, fm_walk_path path, const unsigned format[3], const char *ring)
{
    fm_error error;
    fm_scheme *standard;
    fm_products products;
    s->tensor = test_matmul(format[0], format[1], format[2]);
    s->ring = ring_of(ring);
    s->coefficient_max = coefficient_max_of(ring);
    assert_ok(fm_scheme_standard(s->tensor, s->ring, &standard, &error), error);
    fm_products_from_scheme(&products, standard);
    uint32_t extent = 0;
    for (unsigned axis = 0; axis < 3; axis++)
        extent = products.extent[axis] > extent ? products.extent[axis] : extent;
    s->kernel = s->coefficient_max != 0
                    ? fm_walk_kernel_over_z(s->coefficient_max, extent, products.rank + 8)
                    : fm_walk_kernel_by(path, s->ring, extent, products.rank + 8);
    assert_non_null(s->kernel);
    s->walk = s->kernel->new (products.extent, products.rank + 8);
    fm_random_seed(&s->random, 7, 0);
    append_all(s, &products);
    fm_products_clear(&products);
    fm_scheme_free(standard);
}

static void start(subject *s, const unsigned format[3], const char *ring)
{
    start_by(s, fm_walk_path_fastest(), format, ring);
}

static void finish(subject *s)
{
    s->kernel->free(s->walk);
    fm_tensor_free(s->tensor);
}

static fm_products products_of(const subject *s)
{
    fm_products products = {.rank = s->kernel->rank(s->walk)};
    size_t row = 0;
    for (unsigned axis = 0; axis < 3; axis++) {
        products.extent[axis] = fm_tensor_extent(s->tensor, axis);
        row += products.extent[axis];
    }
    products.coefficients = calloc(products.rank + 1, row);
    for (uint32_t r = 0; r < products.rank; r++) {
        int8_t *at = fm_products_row(&products, r);
        s->kernel->get(s->walk, r, at, at + products.extent[0],
                       at + products.extent[0] + products.extent[1]);
    }
    return products;
}

static void assert_same_products(const subject *one, const subject *two)
{
    fm_products a = products_of(one), b = products_of(two);
    assert_int_equal(a.rank, b.rank);
    assert_memory_equal(a.coefficients, b.coefficients,
                        a.rank * (size_t)(a.extent[0] + a.extent[1] + a.extent[2]));
    fm_products_clear(&a);
    fm_products_clear(&b);
}

static void assert_exact(const subject *s)
{
    fm_error error;
    fm_verdict verdict;
    fm_products products = products_of(s);
    fm_scheme *scheme = fm_products_to_scheme(&products, s->tensor, s->ring);
    assert_ok(fm_verify(scheme, s->tensor, s->ring, &verdict, &error), error);
    assert_true(verdict.valid);
    fm_verdict_clear(&verdict);
    int most = s->coefficient_max != 0 ? (int)s->coefficient_max : 1;
    for (size_t e = 0; e < products.rank * fm_products_row_length(&products); e++)
        assert_true(products.coefficients[e] >= -most && products.coefficients[e] <= most);
    fm_scheme_free(scheme);
    fm_products_clear(&products);
}

/* Equal, or one the negative of the other: what the index takes for equal. */
static bool proportional(const int8_t *a, const int8_t *b, uint32_t extent)
{
    bool equal = true, opposite = true;
    for (uint32_t e = 0; e < extent; e++) {
        equal = equal && a[e] == b[e];
        opposite = opposite && a[e] == -b[e];
    }
    return equal || opposite;
}

static uint64_t count_flips_slowly(const subject *s)
{
    uint64_t count = 0;
    fm_products products = products_of(s);
    uint32_t offset = 0;
    for (unsigned axis = 0; axis < 3; axis++) {
        for (uint32_t a = 0; a < products.rank; a++)
            for (uint32_t b = 0; b < products.rank; b++)
                count += a != b && proportional(fm_products_row(&products, a) + offset,
                                                fm_products_row(&products, b) + offset,
                                                products.extent[axis]);
        offset += products.extent[axis];
    }
    fm_products_clear(&products);
    return count;
}

/* Formats whose longest factor takes one, two and four words, and ranks of one and of many. */
static const unsigned formats[][3] = {{2, 2, 2}, {3, 3, 3},  {4, 4, 4}, {5, 5, 5},  {6, 6, 6},
                                      {2, 7, 5}, {2, 40, 2}, {8, 9, 9}, {3, 50, 3}, {1, 1, 1}};

static void moves_keep_the_scheme_exact(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
        for (size_t r = 0; r < RINGS; r++) {
            subject s;
            uint64_t flips = 0;
            start(&s, formats[f], rings[r]);
            for (int round = 0; round < (s.kernel->rank(s.walk) > 200 ? 3 : 12); round++) {
                uint32_t before = s.kernel->rank(s.walk);
                run(&s, 3000, &flips);
                assert_true(s.kernel->rank(s.walk) <= before);
                assert_exact(&s);
                before = s.kernel->rank(s.walk);
                if (round % 3 == 0)
                    s.kernel->plus(s.walk, &s.random);
                if (round % 4 == 0)
                    s.kernel->reduce(s.walk);
                if (round % 4 == 1)
                    s.kernel->split(s.walk, &s.random);
                assert_exact(&s);
                assert_int_equal(s.kernel->flip_count(s.walk), count_flips_slowly(&s));
            }
            assert_true(flips > 0 || formats[f][0] == 1);
            finish(&s);
        }
}

static void assert_same_walk(fm_walk_path path, const unsigned format[3], const char *ring)
{
    subject one, two;
    uint64_t flips_one = 0, flips_two = 0;
    start_by(&one, FM_WALK_TABLE, format, ring);
    start_by(&two, path, format, ring);
    for (int round = 0; round < 5; round++) {
        run(&one, 5000, &flips_one);
        run(&two, 5000, &flips_two);
        one.kernel->plus(one.walk, &one.random);
        two.kernel->plus(two.walk, &two.random);
    }
    assert_int_equal(flips_one, flips_two);
    assert_same_products(&one, &two);
    finish(&one);
    finish(&two);
}

static void every_path_gives_the_same_walk(void **state)
{
    /* For sets of products: fewer than FM_WALK_FEW, and factors of all lengths. */
    static const unsigned few[][3] = {{2, 2, 2},  {3, 3, 3},  {4, 4, 3},  {1, 7, 8},
                                      {1, 2, 20}, {1, 1, 50}, {1, 50, 1}, {2, 2, 12}};
    (void)state;
    for (fm_walk_path path = 0; path < FM_WALK_PATHS; path++)
        for (size_t f = 0; f < sizeof few / sizeof few[0] && fm_walk_path_is_here(path); f++)
            for (size_t r = 0; r < RINGS_WITH_PATHS; r++)
                assert_same_walk(path, few[f], rings[r]);
}

static void the_environment_forbids_paths(void **state)
{
    (void)state;
    setenv("FEWMUL_CPU", "portable", 1);
    for (fm_walk_path path = 0; path < FM_WALK_PATHS; path++)
        assert_int_equal(fm_walk_path_is_here(path), path <= FM_WALK_SWEEP);
    setenv("FEWMUL_CPU", "avx2", 1);
    assert_false(fm_walk_path_is_here(FM_WALK_SWEEP_AVX512));
    unsetenv("FEWMUL_CPU");
    assert_true(fm_walk_path_is_here(fm_walk_path_fastest()));
}

/* Walks that run side by side are the walks that they would be alone. */
static void assert_lanes_apart(const unsigned format[3], const char *ring)
{
    enum { LANES = 3 };
    subject together[LANES], alone[LANES];
    fm_lane lanes[LANES];
    uint64_t flips = 0;
    for (int l = 0; l < LANES; l++) {
        start(&together[l], format, ring);
        start(&alone[l], format, ring);
        fm_random_seed(&together[l].random, 3, (uint64_t)l);
        fm_random_seed(&alone[l].random, 3, (uint64_t)l);
        lanes[l] = (fm_lane){.walk = together[l].walk, .random = &together[l].random};
    }
    for (int round = 0; round < 50; round++)
        together[0].kernel->run(lanes, LANES, 1000);
    for (int l = 0; l < LANES; l++) {
        for (uint64_t left = lanes[l].attempts; left > 0;)
            left -= run(&alone[l], left, &flips);
        assert_same_products(&together[l], &alone[l]);
        finish(&together[l]);
        finish(&alone[l]);
    }
}

static void lanes_do_not_influence_each_other(void **state)
{
    (void)state;
    for (size_t r = 0; r < RINGS; r++) {
        assert_lanes_apart((const unsigned[3]){4, 4, 3}, rings[r]);
        assert_lanes_apart((const unsigned[3]){4, 4, 4}, rings[r]);
    }
}

static void the_same_stream_gives_the_same_walk(void **state)
{
    (void)state;
    for (size_t r = 0; r < RINGS; r++) {
        subject one, two;
        uint64_t flips_one = 0, flips_two = 0;
        start(&one, (const unsigned[3]){3, 4, 5}, rings[r]);
        start(&two, (const unsigned[3]){3, 4, 5}, rings[r]);
        /* However the work is cut. */
        for (uint64_t left = 20000; left > 0;)
            left -= run(&one, left, &flips_one);
        for (uint64_t left = 20000; left > 0;)
            left -= run(&two, left < 77 ? left : 77, &flips_two);
        assert_int_equal(flips_one, flips_two);
        assert_same_products(&one, &two);
        finish(&one);
        finish(&two);
    }
}

/* A walk that is saved and restored, into one that has walked elsewhere, goes on as it would have. */
static void a_restored_walk_goes_on_the_same(void **state)
{
    (void)state;
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
        for (size_t r = 0; r < RINGS; r++) {
            subject one, two;
            uint64_t flips_one = 0, flips_two = 0;
            fm_state saved = {0};
            start(&one, formats[f], rings[r]);
            start(&two, formats[f], rings[r]);
            run(&one, 4000, &flips_one);
            one.kernel->plus(one.walk, &one.random);
            run(&two, 2000, &flips_two);
            one.kernel->state(one.walk, &saved);
            saved.restoring = true;
            two.kernel->state(two.walk, &saved);
            assert_false(saved.bad);
            assert_int_equal(saved.at, saved.length);
            two.random = one.random;
            flips_two = flips_one;
            for (int round = 0; round < 4; round++) {
                run(&one, 3000, &flips_one);
                run(&two, 3000, &flips_two);
            }
            assert_int_equal(flips_one, flips_two);
            assert_same_products(&one, &two);
            assert_exact(&two);
            /* Half a state is none. */
            saved.length /= 2;
            saved.at = 0;
            two.kernel->state(two.walk, &saved);
            assert_true(saved.bad);
            fm_state_clear(&saved);
            finish(&one);
            finish(&two);
        }
}

/* Products of which no factor is zero among the first coefficients. */
static uint32_t count_part(const subject *s, const uint32_t part[3])
{
    fm_products products = products_of(s);
    uint32_t count = 0;
    for (uint32_t r = 0; r < products.rank; r++) {
        const int8_t *row = fm_products_row(&products, r);
        bool all = true;
        for (int axis = 0; axis < 3; row += products.extent[axis++]) {
            bool any = false;
            for (uint32_t e = 0; e < part[axis]; e++)
                any = any || row[e] != 0;
            all = all && any;
        }
        count += all;
    }
    fm_products_clear(&products);
    return count;
}

/* The first rows of A and C are a smaller format: 3 x 4 x 4 in 4 x 4 x 4. */
static void a_held_part_keeps_its_rank(void **state)
{
    (void)state;
    const uint32_t part[3] = {12, 16, 12};
    for (size_t r = 0; r < RINGS; r++)
        for (unsigned n = 4; n <= 8; n += 4) { /* both indexes of equal factors */
            subject held, loose;
            uint64_t flips = 0;
            bool grew = false;
            start(&held, (const unsigned[3]){n, 4, 4}, rings[r]);
            start(&loose, (const unsigned[3]){n, 4, 4}, rings[r]);
            held.kernel->hold(held.walk, part);
            for (int round = 0; round < 20; round++) {
                run(&held, 2000, &flips);
                run(&loose, 2000, &flips);
                assert_true(count_part(&held, part) <= 48);
                grew = grew || count_part(&loose, part) > 48;
            }
            assert_exact(&held);
            assert_true(grew);
            finish(&held);
            finish(&loose);
        }
}

/* Reduces products given by hand; their sum, over the integers, is what it was. */
static uint32_t reduced_rank(const char *ring, const int8_t (*rows)[12], uint32_t count)
{
    subject s = {.ring = ring_of(ring), .coefficient_max = coefficient_max_of(ring)};
    uint32_t extent[3] = {4, 4, 4};
    s.tensor = test_matmul(2, 2, 2);
    s.kernel = s.coefficient_max != 0 ? fm_walk_kernel_over_z(s.coefficient_max, 4, 16)
                                      : fm_walk_kernel_for(s.ring, 4, 16);
    s.walk = s.kernel->new (extent, 16);
    for (uint32_t r = 0; r < count; r++)
        s.kernel->append(s.walk, rows[r], rows[r] + 4, rows[r] + 8);
    int before[64] = {0}, after[64] = {0};
    for (int side = 0; side < 2; side++) {
        fm_products products = products_of(&s);
        for (uint32_t r = 0; r < products.rank; r++) {
            const int8_t *row = fm_products_row(&products, r);
            for (int e = 0; e < 64; e++)
                (side == 0 ? before : after)[e] +=
                    row[e / 16] * row[4 + e / 4 % 4] * row[8 + e % 4];
        }
        fm_products_clear(&products);
        if (side == 0)
            s.kernel->reduce(s.walk);
    }
    int modulus = s.ring.kind == FM_RING_ZP ? (int)s.ring.p : 1 << 20;
    for (int e = 0; e < 64; e++)
        assert_int_equal((before[e] - after[e]) % modulus, 0);
    uint32_t rank = s.kernel->rank(s.walk);
    finish(&s);
    return rank;
}

static void products_with_two_equal_factors_become_one(void **state)
{
    (void)state;
    static const int8_t rows[2][12] = {{1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0},
                                       {1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 1, 0}};
    static const int8_t opposite[2][12] = {{1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, 0},
                                           {-1, 0, 0, -1, 0, 1, 0, 0, 1, 0, 0, 0}};
    for (size_t r = 0; r < RINGS; r++)
        assert_int_equal(reduced_rank(rings[r], rows, 2), 1);
    /* u v w - u v w is nothing at all. */
    assert_int_equal(reduced_rank("zt", opposite, 2), 0);
    assert_int_equal(reduced_rank("f3", opposite, 2), 0);
}

static void linear_dependence_is_found(void **state)
{
    (void)state;
    /* The same u; v1, v2 and v1 + v2; three independent w. */
    static const int8_t rows[3][12] = {{1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0},
                                       {1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0},
                                       {1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0}};
    /* The same, but the third v is independent. */
    static const int8_t independent[3][12] = {{1, 1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0},
                                              {1, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0},
                                              {1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0}};
    for (size_t r = 0; r < RINGS; r++) {
        assert_int_equal(reduced_rank(rings[r], rows, 3), 2);
        assert_int_equal(reduced_rank(rings[r], independent, 3), 3);
    }
}

/* u v w twice is u v 2w where coefficients go so far; what is equal modulo 3 only is not. */
static void sums_over_z_end_at_the_largest_coefficient(void **state)
{
    (void)state;
    static const int8_t twice[2][12] = {{1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, -1},
                                        {1, 0, 0, 1, 0, 1, 0, 0, 1, 0, 0, -1}};
    static const int8_t beyond[2][12] = {{2, 0, 0, 1, 0, 2, 0, 0, 2, 0, 0, 1},
                                         {2, 0, 0, 1, 0, 2, 0, 0, 2, 0, 0, 1}};
    static const int8_t modulo[3][12] = {{1, 1, 0, 0, 2, 1, 0, 0, 1, 0, 0, 0},
                                         {1, 1, 0, 0, -1, 1, 0, 0, 0, 1, 0, 0},
                                         {1, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0}};
    static const int8_t dependent[3][12] = {{1, 1, 0, 0, 2, 0, 0, 1, 1, 0, 0, 0},
                                            {1, 1, 0, 0, 0, 2, 0, -1, 0, 1, 0, 0},
                                            {1, 1, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0}};
    assert_int_equal(reduced_rank("zt", twice, 2), 2);
    assert_int_equal(reduced_rank("z2", twice, 2), 1);
    assert_int_equal(reduced_rank("z3", beyond, 2), 2);
    assert_int_equal(reduced_rank("z4", beyond, 2), 1);
    assert_int_equal(reduced_rank("z2", modulo, 3), 3);
    assert_int_equal(reduced_rank("z2", dependent, 3), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_keep_the_scheme_exact),
        cmocka_unit_test(every_path_gives_the_same_walk),
        cmocka_unit_test(the_environment_forbids_paths),
        cmocka_unit_test(lanes_do_not_influence_each_other),
        cmocka_unit_test(the_same_stream_gives_the_same_walk),
        cmocka_unit_test(a_restored_walk_goes_on_the_same),
        cmocka_unit_test(a_held_part_keeps_its_rank),
        cmocka_unit_test(products_with_two_equal_factors_become_one),
        cmocka_unit_test(linear_dependence_is_found),
        cmocka_unit_test(sums_over_z_end_at_the_largest_coefficient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
