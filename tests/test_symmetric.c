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

static fm_orbits standard_orbits(const fm_tensor *tensor, fm_symmetry symmetry, fm_ring ring,
                                 uint32_t size)
{
    fm_error error;
    fm_scheme *standard;
    fm_products products;
    fm_orbits orbits, roomy;
    assert_ok(fm_scheme_standard(tensor, ring, &standard, &error), error);
    fm_products_from_scheme(&products, standard);
    assert_true(fm_orbits_from_products(&orbits, symmetry, size, &products));
    assert_int_equal(orbits.cube_count, size);
    assert_int_equal(fm_orbits_rank(&orbits), size * size * size);
    fm_orbits_init(&roomy, symmetry, size, size,
                   orbits.held_count + orbits.full_count + 2 * size + 8);
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
    assert_true(fm_orbits_from_products(&again, orbits->symmetry, orbits->size, &products));
    assert_int_equal(again.cube_count, orbits->cube_count);
    assert_int_equal(again.held_count, orbits->held_count);
    assert_int_equal(again.full_count, orbits->full_count);
    fm_orbits_clear(&again);
    fm_verdict_clear(&verdict);
    fm_scheme_free(scheme);
    fm_products_clear(&products);
}

static void take_full(fm_orbits *orbits, const fm_walk_kernel *kernel, const fm_walk *walk)
{
    orbits->full_count = kernel->rank(walk);
    for (uint32_t i = 0; i < orbits->full_count; i++) {
        int8_t *u = fm_orbits_full(orbits, i);
        kernel->get(walk, i, u, u + orbits->extent, u + 2 * orbits->extent);
    }
}

/* Joins any cubes so often, if cubes are left that can be joined. */
static void join_any(fm_orbits *orbits, uint32_t joins, bool modulo_two, fm_random *random)
{
    for (int tries = 0; tries < 1000 && joins > 0 && orbits->cube_count > 1; tries++) {
        uint32_t i = fm_random_below(random, orbits->cube_count);
        uint32_t j = fm_random_below(random, orbits->cube_count);
        joins -= i != j && fm_orbits_join_cubes(orbits, i, j, modulo_two);
    }
}

static void walk_on_orbits(fm_symmetry symmetry, uint32_t size, uint32_t joins, fm_ring ring)
{
    fm_random random;
    fm_random_seed(&random, 3, size);
    fm_tensor *tensor = test_matmul(size, size, size);
    fm_orbits orbits = standard_orbits(tensor, symmetry, ring, size);
    uint32_t extent = orbits.extent, extents[3] = {extent, extent, extent};
    join_any(&orbits, joins, ring.p == 2, &random);
    assert_exact_and_symmetric(&orbits, tensor, ring);
    if (symmetry != FM_CYCLIC)
        fm_orbits_release(&orbits);
    assert_exact_and_symmetric(&orbits, tensor, ring);
    uint32_t capacity = orbits.full_count + 4;
    const fm_walk_kernel *kernel = fm_walk_orbits_kernel(symmetry, ring, extent, capacity);
    fm_lane lane = {.walk = kernel->new (extents, capacity), .random = &random};
    for (uint32_t i = 0; i < orbits.full_count; i++) {
        const int8_t *u = fm_orbits_full(&orbits, i);
        kernel->append(lane.walk, u, u + extent, u + 2 * extent);
    }
    kernel->reduce(lane.walk);
    int steps = size > 4 ? 100 : 400;
    for (int step = 0; step < steps; step++) {
        kernel->run(&lane, 1, step % 7 == 0 ? 1000 : 1);
        if (step % 5 == 1)
            kernel->plus(lane.walk, &random);
        if (step % 11 == 1)
            kernel->reduce(lane.walk);
        take_full(&orbits, kernel, lane.walk);
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
                walk_on_orbits(FM_CYCLIC, size, joins, test_ring(rings[r]));
    walk_on_orbits(FM_CYCLIC, 9, 4, test_ring("f2")); /* two words a factor */
}

static void moves_on_orbits_of_six_keep_the_involution_too(void **state)
{
    (void)state;
    for (int symmetry = FM_CYCLIC_REVERSAL; symmetry <= FM_CYCLIC_TRANSPOSITION; symmetry++) {
        for (uint32_t size = 3; size <= 6; size++)
            for (uint32_t joins = size % 2; joins < size; joins += 2)
                walk_on_orbits((fm_symmetry)symmetry, size, joins, test_ring("f2"));
        walk_on_orbits((fm_symmetry)symmetry, 9, 4, test_ring("f2"));
    }
}

/* Over f2 the orbit of a product that is its own image is counted twice: nothing is left of it. */
static void an_orbit_that_is_its_own_image_disappears(void **state)
{
    (void)state;
    static const int8_t fixed[4] = {1, 0, 0, 1}, /* by both involutions */
        u[4] = {1, 0, 1, 0}, mirrored[4] = {0, 0, 1, 1};
    const uint32_t extents[3] = {4, 4, 4};
    const fm_walk_kernel *reversal =
        fm_walk_orbits_kernel(FM_CYCLIC_REVERSAL, test_ring("f2"), 4, 4);
    fm_walk *walk = reversal->new (extents, 4);
    reversal->append(walk, fixed, fixed, fixed);
    reversal->append(walk, u, fixed, fixed);
    assert_true(reversal->reduce(walk));
    assert_int_equal(reversal->rank(walk), 1);
    reversal->free(walk);
    const fm_walk_kernel *transposition =
        fm_walk_orbits_kernel(FM_CYCLIC_TRANSPOSITION, test_ring("f2"), 4, 4);
    walk = transposition->new (extents, 4);
    transposition->append(walk, mirrored, fixed, u);
    transposition->append(walk, u, u, u);
    assert_true(transposition->reduce(walk));
    assert_int_equal(transposition->rank(walk), 1);
    transposition->free(walk);
}

typedef struct found {
    fm_symmetry symmetry;
    uint32_t rank;
} found;

static fm_status check_symmetric(void *context, const fm_scheme *find, double seconds,
                                 fm_error *error)
{
    found *f = context;
    fm_orbits orbits;
    fm_products products;
    unsigned format[3];
    (void)seconds, (void)error;
    assert_true(fm_tensor_is_matmul(fm_scheme_tensor(find), format));
    fm_products_from_scheme(&products, find);
    assert_true(fm_orbits_from_products(&orbits, f->symmetry, format[0], &products));
    assert_string_equal(find->provenance.engine, "symmetric");
    f->rank = fm_orbits_rank(&orbits);
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
        fm_symmetry symmetry;
    } cases[] = {
        {2, 7, "f2", FM_CYCLIC},
        {2, 7, "f3", FM_CYCLIC},
        {2, 7, "zt", FM_CYCLIC},
        {3, 23, "f2", FM_CYCLIC},
        {3, 23, "f3", FM_CYCLIC},
        {3, 23, "zt", FM_CYCLIC},
        {4, 49, "f2", FM_CYCLIC},
        {2, 7, "f2", FM_CYCLIC_REVERSAL},
        {4, 49, "f2", FM_CYCLIC_REVERSAL},
        {4, 49, "f2", FM_CYCLIC_TRANSPOSITION},
        {6, 207, "f2", FM_CYCLIC_REVERSAL},
        {6, 207, "f2", FM_CYCLIC_TRANSPOSITION},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        fm_error error;
        fm_search_result result;
        found find = {cases[c].symmetry, 0};
        fm_tensor *tensor = test_matmul(cases[c].size, cases[c].size, cases[c].size);
        fm_search_options options = {.engine = "symmetric",
                                     .symmetry = fm_symmetry_names[cases[c].symmetry],
                                     .ring = test_ring(cases[c].ring),
                                     .threads = 2,
                                     .target_rank = cases[c].rank,
                                     .flips = 1000000000,
                                     .on_find = check_symmetric,
                                     .context = &find};
        assert_ok(fm_search(tensor, &options, &result, &error), error);
        assert_true(result.best_rank <= cases[c].rank);
        assert_int_equal(find.rank, result.best_rank);
        fm_tensor_free(tensor);
    }
}

/* A hash of the find, the last one in the end. */
static fm_status hash_find(void *context, const fm_scheme *find, double seconds, fm_error *error)
{
    uint64_t *sum = context;
    fm_products products;
    (void)seconds, (void)error;
    fm_products_from_scheme(&products, find);
    *sum = 0;
    size_t row = (size_t)products.extent[0] + products.extent[1] + products.extent[2];
    for (size_t e = 0; e < products.rank * row; e++)
        *sum = *sum * 31 + (uint64_t)(products.coefficients[e] + 1);
    fm_products_clear(&products);
    return FM_OK;
}

static void the_same_seed_walks_the_same_way(void **state)
{
    (void)state;
    fm_tensor *tensor = test_matmul(4, 4, 4);
    for (int symmetry = 0; symmetry < FM_SYMMETRIES; symmetry++) {
        fm_error error;
        fm_search_result result[2];
        uint64_t sum[2] = {0, 0};
        for (int run = 0; run < 2; run++) {
            fm_search_options options = {.engine = "symmetric",
                                         .symmetry = fm_symmetry_names[symmetry],
                                         .ring = test_ring("f2"),
                                         .threads = 1,
                                         .walkers = 1,
                                         .seed = 5,
                                         .flips = 400000,
                                         .on_find = hash_find,
                                         .context = &sum[run]};
            assert_ok(fm_search(tensor, &options, &result[run], &error), error);
        }
        assert_true(sum[0] != 0);
        assert_int_equal(sum[0], sum[1]);
        assert_int_equal(result[0].best_rank, result[1].best_rank);
    }
    fm_tensor_free(tensor);
}

static void an_involution_is_for_f2(void **state)
{
    (void)state;
    fm_error error;
    fm_search_result result;
    fm_tensor *tensor = test_matmul(2, 2, 2);
    fm_search_options options = {
        .engine = "symmetric", .symmetry = "cyclic+reversal", .ring = test_ring("zt"), .flips = 1};
    assert_int_equal(fm_search(tensor, &options, &result, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "cyclic+reversal is for walks over f2"));
    options.symmetry = "dihedral";
    assert_int_equal(fm_search(tensor, &options, &result, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "unknown symmetry 'dihedral'"));
    fm_tensor_free(tensor);
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
        cmocka_unit_test(moves_on_orbits_of_six_keep_the_involution_too),
        cmocka_unit_test(an_orbit_that_is_its_own_image_disappears),
        cmocka_unit_test(known_ranks_are_reached),
        cmocka_unit_test(the_same_seed_walks_the_same_way),
        cmocka_unit_test(an_involution_is_for_f2),
        cmocka_unit_test(a_search_goes_on_from_a_symmetric_scheme_only),
        cmocka_unit_test(what_is_not_square_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
