/* The symmetric engine: moves on orbits keep the scheme exact and symmetric, known ranks are
   reached, and what has no such symmetry is refused. */
#include "support.h"

#include "orbits.h"
#include "products.h"
#include "scheme.h"
#include "walk.h"

#include <stdlib.h>
#include <string.h>

static const char *const rings[] = {"f2", "f3", "zt"};

static fm_orbits standard_orbits(const fm_tensor *tensor, fm_ring ring, uint32_t size)
{
    fm_error error;
    fm_scheme *standard;
    fm_products products;
    fm_orbits orbits, roomy;
    assert_ok(fm_scheme_standard(tensor, ring, &standard, &error), error);
    fm_products_from_scheme(&products, standard);
    assert_true(fm_orbits_from_products(&orbits, size, &products));
    assert_int_equal(orbits.cube_count, size);
    assert_int_equal(orbits.triple_count, (size * size * size - size) / 3);
    fm_orbits_init(&roomy, size, size, orbits.triple_count + 2 * size + 8);
    fm_orbits_copy(&roomy, &orbits);
    fm_orbits_clear(&orbits);
    fm_products_clear(&products);
    fm_scheme_free(standard);
    return roomy;
}

/* Verifies all products, and finds the same orbits in them again. */
static void assert_exact_and_symmetric(const fm_orbits *orbits, const fm_tensor *tensor,
                                       fm_ring ring)
{
    fm_error error;
    fm_verdict verdict;
    fm_orbits again;
    fm_products products = fm_orbits_to_products(orbits);
    fm_scheme *scheme = fm_products_to_scheme(&products, tensor, ring);
    assert_int_equal(fm_scheme_rank(scheme), fm_orbits_rank(orbits));
    assert_ok(fm_verify(scheme, tensor, ring, &verdict, &error), error);
    assert_true(verdict.valid);
    assert_true(fm_orbits_from_products(&again, orbits->size, &products));
    assert_int_equal(fm_orbits_rank(&again), fm_orbits_rank(orbits));
    fm_orbits_clear(&again);
    fm_verdict_clear(&verdict);
    fm_scheme_free(scheme);
    fm_products_clear(&products);
}

static void take_triples(fm_orbits *orbits, const fm_walk_kernel *kernel, const fm_walk *walk)
{
    orbits->triple_count = kernel->rank(walk);
    for (uint32_t i = 0; i < orbits->triple_count; i++) {
        int8_t *u = fm_orbits_triple(orbits, i);
        kernel->get(walk, i, u, u + orbits->extent, u + 2 * orbits->extent);
    }
}

static void walk_on_orbits(uint32_t size, uint32_t joins, fm_ring ring)
{
    fm_tensor *tensor = test_matmul(size, size, size);
    fm_orbits orbits = standard_orbits(tensor, ring, size);
    uint32_t extent = orbits.extent, extents[3] = {extent, extent, extent};
    for (uint32_t j = 0; j < joins; j++)
        fm_orbits_join_cubes(&orbits, ring.p == 2);
    assert_int_equal(orbits.cube_count, size - joins);
    assert_exact_and_symmetric(&orbits, tensor, ring);
    uint32_t capacity = orbits.triple_count + 4;
    const fm_walk_kernel *kernel = fm_walk_orbits_kernel(ring, extent, capacity);
    fm_random random;
    fm_random_seed(&random, 3, size);
    fm_lane lane = {.walk = kernel->new (extents, capacity), .random = &random};
    for (uint32_t i = 0; i < orbits.triple_count; i++) {
        const int8_t *u = fm_orbits_triple(&orbits, i);
        kernel->append(lane.walk, u, u + extent, u + 2 * extent);
    }
    for (int step = 0; step < 400; step++) {
        kernel->run(&lane, 1, step % 7 == 0 ? 1000 : 1);
        if (step % 5 == 1)
            kernel->plus(lane.walk, &random);
        if (step % 11 == 1)
            kernel->reduce(lane.walk);
        take_triples(&orbits, kernel, lane.walk);
        assert_exact_and_symmetric(&orbits, tensor, ring);
    }
    assert_true(lane.flips > 0);
    kernel->free(lane.walk);
    fm_orbits_clear(&orbits);
    fm_tensor_free(tensor);
}

static void every_move_keeps_the_scheme_exact_and_symmetric(void **state)
{
    (void)state;
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++)
        for (uint32_t size = 2; size <= 5; size++)
            for (uint32_t joins = 0; joins < size; joins += size - 1)
                walk_on_orbits(size, joins, test_ring(rings[r]));
    walk_on_orbits(9, 4, test_ring("f2")); /* two words a factor */
}

static fm_status check_symmetric(void *context, const fm_scheme *find, double seconds,
                                 fm_error *error)
{
    uint32_t *rank = context;
    fm_orbits orbits;
    fm_products products;
    unsigned format[3];
    (void)seconds, (void)error;
    assert_true(fm_tensor_is_matmul(fm_scheme_tensor(find), format));
    fm_products_from_scheme(&products, find);
    assert_true(fm_orbits_from_products(&orbits, format[0], &products));
    assert_string_equal(find->provenance.engine, "symmetric");
    *rank = fm_orbits_rank(&orbits);
    fm_orbits_clear(&orbits);
    fm_products_clear(&products);
    return FM_OK;
}

static void known_ranks_are_reached(void **state)
{
    (void)state;
    static const struct {
        unsigned size, rank;
        const char *ring;
    } cases[] = {{2, 7, "f2"},  {2, 7, "f3"},  {2, 7, "zt"}, {3, 23, "f2"},
                 {3, 23, "f3"}, {3, 23, "zt"}, {4, 49, "f2"}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        fm_error error;
        fm_search_result result;
        uint32_t found = 0;
        fm_tensor *tensor = test_matmul(cases[c].size, cases[c].size, cases[c].size);
        fm_search_options options = {.engine = "symmetric",
                                     .ring = test_ring(cases[c].ring),
                                     .threads = 2,
                                     .target_rank = cases[c].rank,
                                     .flips = 1000000000,
                                     .on_find = check_symmetric,
                                     .context = &found};
        assert_ok(fm_search(tensor, &options, &result, &error), error);
        assert_true(result.best_rank <= cases[c].rank);
        assert_int_equal(found, result.best_rank);
        fm_tensor_free(tensor);
    }
}

static void a_search_goes_on_from_a_symmetric_scheme_only(void **state)
{
    (void)state;
    fm_error error;
    fm_search_result result;
    fm_ring ring = test_ring("zt");
    fm_scheme *strassen = test_strassen(ring); /* cyclic, as it stands in his paper */
    const fm_scheme *from[] = {strassen};
    fm_search_options options = {.engine = "symmetric",
                                 .ring = ring,
                                 .threads = 1,
                                 .flips = 10000,
                                 .from = from,
                                 .from_count = 1};
    assert_ok(fm_search(fm_scheme_tensor(strassen), &options, &result, &error), error);
    assert_int_equal(result.best_rank, 7);

    /* The rows of A and C exchanged: the same tensor, but another shift. */
    fm_products products;
    fm_products_from_scheme(&products, strassen);
    for (uint32_t r = 0; r < products.rank; r++) {
        int8_t *u = fm_products_row(&products, r), *w = u + 8, row[2];
        for (int e = 0; e < 2; e++) {
            row[e] = u[e];
            u[e] = u[e + 2];
            u[e + 2] = row[e];
            row[e] = w[e];
            w[e] = w[e + 2];
            w[e + 2] = row[e];
        }
    }
    fm_scheme *other = fm_products_to_scheme(&products, fm_scheme_tensor(strassen), ring);
    from[0] = other;
    assert_int_equal(fm_search(fm_scheme_tensor(strassen), &options, &result, &error),
                     FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "is not symmetric"));
    fm_products_clear(&products);
    fm_scheme_free(other);
    fm_scheme_free(strassen);
}

static void what_is_not_square_is_refused(void **state)
{
    (void)state;
    static const char text[] = "shape 4 4 4\n1 1 1 1\n2 2 2 1\n";
    fm_error error;
    fm_search_result result;
    fm_search_options options = {.engine = "symmetric", .ring = test_ring("f2"), .flips = 1};
    fm_tensor *oblong = test_matmul(2, 2, 3), *file;
    assert_int_equal(fm_search(oblong, &options, &result, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "2x2x3: the symmetric engine takes square formats"));
    assert_ok(fm_tensor_parse(text, strlen(text), "cubes", &file, &error), error);
    assert_int_equal(fm_search(file, &options, &result, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "square formats"));
    options.engine = "other";
    assert_int_equal(fm_search(oblong, &options, &result, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "unknown engine 'other'"));
    fm_tensor_free(oblong);
    fm_tensor_free(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_move_keeps_the_scheme_exact_and_symmetric),
        cmocka_unit_test(known_ranks_are_reached),
        cmocka_unit_test(a_search_goes_on_from_a_symmetric_scheme_only),
        cmocka_unit_test(what_is_not_square_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
