/* Searches: known ranks are reached, finds verify, and what is found does not depend on threads. */
#include "support.h"

#include "scheme.h"

#include <stdlib.h>
#include <string.h>

/* What a search hands over. */
typedef struct finds {
    size_t count;
    struct {
        uint32_t rank;
        char hash[FM_HASH_SIZE], invariant[FM_HASH_SIZE];
        uint64_t additions;
    } item[64];
    unsigned refusals; /* so many finds are refused, as by a full disk */
} finds;

static fm_status take(void *context, const fm_scheme *find, double seconds, fm_error *error)
{
    finds *f = context;
    fm_verdict verdict;
    assert_true(seconds >= 0);
    assert_ok(fm_verify(find, fm_scheme_tensor(find), fm_scheme_ring(find), &verdict, error),
              *error);
    assert_true(verdict.valid);
    fm_verdict_clear(&verdict);
    if (f->refusals > 0) {
        f->refusals--;
        snprintf(error->message, sizeof error->message, "no room");
        return FM_IO;
    }
    assert_true(f->count < 64);
    f->item[f->count].rank = fm_scheme_rank(find);
    f->item[f->count].additions = fm_scheme_additions(find);
    fm_scheme_invariant(find, f->item[f->count].invariant);
    fm_scheme_hash(find, f->item[f->count++].hash);
    return FM_OK;
}

static void known_ranks_are_reached_in_every_ring(void **state)
{
    (void)state;
    static const struct {
        unsigned format[3], rank;
    } cases[] = {{{2, 2, 2}, 7}, {{2, 2, 3}, 11}, {{2, 3, 3}, 15}, {{3, 3, 3}, 23}};
    static const char *const rings[] = {"zt", "f2", "f3"};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        for (size_t r = 0; r < 3; r++) {
            fm_error error;
            fm_search_result result;
            finds f = {0};
            fm_tensor *tensor =
                test_matmul(cases[c].format[0], cases[c].format[1], cases[c].format[2]);
            fm_search_options options = {.ring = test_ring(rings[r]),
                                         .threads = 2,
                                         .target_rank = cases[c].rank,
                                         .flips = 2000000000,
                                         .on_find = take,
                                         .context = &f};
            assert_ok(fm_search(tensor, &options, &result, &error), error);
            assert_true(result.best_rank <= cases[c].rank);
            assert_true(f.count > 0 && f.item[f.count - 1].rank == result.best_rank);
            fm_tensor_free(tensor);
        }
}

static int compare_hashes(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Sorted hashes of the finds of the best rank. */
static size_t best_finds(const finds *f, uint32_t rank, char (*hashes)[FM_HASH_SIZE])
{
    size_t count = 0;
    for (size_t i = 0; i < f->count; i++)
        if (f->item[i].rank == rank)
            memcpy(hashes[count++], f->item[i].hash, FM_HASH_SIZE);
    qsort(hashes, count, FM_HASH_SIZE, compare_hashes);
    return count;
}

static void threads_do_not_change_what_walkers_find(void **state)
{
    (void)state;
    char expected[64][FM_HASH_SIZE], found[64][FM_HASH_SIZE];
    size_t expected_count = 0;
    uint64_t flips = 0;
    fm_tensor *tensor = test_matmul(3, 3, 3);
    for (unsigned threads = 1; threads <= 5; threads += 2) {
        fm_error error;
        fm_search_result result;
        finds f = {0};
        fm_search_options options = {.strategy = FM_STRATEGY_WALKS,
                                     .ring = test_ring("zt"),
                                     .threads = threads,
                                     .walkers = 6,
                                     .seed = 11,
                                     .flips = 100000,
                                     .on_find = take,
                                     .context = &f};
        assert_ok(fm_search(tensor, &options, &result, &error), error);
        assert_true(result.best_rank < 27);
        size_t count = best_finds(&f, result.best_rank, found);
        if (threads == 1) {
            memcpy(expected, found, sizeof found);
            expected_count = count;
            flips = result.flips;
        }
        assert_int_equal(count, expected_count);
        assert_memory_equal(found, expected, count * FM_HASH_SIZE);
        assert_int_equal(result.flips, flips);
        assert_int_equal(flips, 6 * 100000);
    }
    fm_tensor_free(tensor);
}

/* Walkers that share pools are reproducible on one thread. */
static void one_thread_finds_the_same_again(void **state)
{
    (void)state;
    fm_tensor *tensor = test_matmul(3, 3, 4);
    finds f[2] = {{0}, {0}};
    for (int i = 0; i < 2; i++) {
        fm_error error;
        fm_search_result result;
        fm_search_options options = {
            .ring = test_ring("f2"),
            .threads = 1,
            .walkers = 1, /* of many, time chooses which of equals is handed over */
            .seed = 5,
            .flips = 2000000,
            .on_find = take,
            .context = &f[i]};
        assert_ok(fm_search(tensor, &options, &result, &error), error);
        assert_true(f[i].count > 0);
    }
    assert_int_equal(f[0].item[f[0].count - 1].rank, f[1].item[f[1].count - 1].rank);
    assert_string_equal(f[0].item[f[0].count - 1].hash, f[1].item[f[1].count - 1].hash);
    fm_tensor_free(tensor);
}

static void a_search_goes_on_from_given_schemes(void **state)
{
    (void)state;
    fm_error error;
    fm_search_result result;
    finds f = {0};
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    const fm_scheme *from[] = {strassen};
    fm_search_options options = {.ring = test_ring("f2"),
                                 .threads = 1,
                                 .flips = 10000,
                                 .from = from,
                                 .from_count = 1,
                                 .on_find = take,
                                 .context = &f};
    assert_ok(fm_search(fm_scheme_tensor(strassen), &options, &result, &error), error);
    assert_int_equal(result.best_rank, 7); /* 2x2x2 has no scheme of rank 6 (Winograd 1971) */
    assert_int_equal(f.count, 0);          /* and what was given is no find */
    fm_tensor *other = test_matmul(2, 2, 3);
    assert_int_equal(fm_search(other, &options, &result, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "2x2x3"));
    fm_tensor_free(other);
    fm_scheme_free(strassen);
}

/* Over zt, where half of the episodes walk over f2, and lift. */
static void given_schemes_are_lifted_to(void **state)
{
    (void)state;
    static const fm_strategy strategies[] = {FM_STRATEGY_GROWTH, FM_STRATEGY_POOLS};
    for (size_t i = 0; i < 2; i++) {
        fm_error error;
        fm_search_result result;
        finds f = {0};
        fm_scheme *strassen = test_strassen(test_ring("zt"));
        const fm_scheme *from[] = {strassen};
        fm_search_options options = {.strategy = strategies[i],
                                     .ring = test_ring("zt"),
                                     .threads = 1,
                                     .flips = 3000000,
                                     .from = from,
                                     .from_count = 1,
                                     .on_find = take,
                                     .context = &f};
        assert_ok(fm_search(fm_scheme_tensor(strassen), &options, &result, &error), error);
        assert_int_equal(f.count, 0);
        /* All schemes of rank 7 are equivalent (de Groote 1978), so none is another one. */
        options.target_rank = 7;
        options.distinct = 2;
        assert_int_equal(fm_search(fm_scheme_tensor(strassen), &options, &result, &error), FM_NO);
        assert_int_equal(result.distinct, 0);
        fm_scheme_free(strassen);
    }
}

static void coordinates_without_entries_are_no_obstacle(void **state)
{
    (void)state;
    static const char text[] = "shape 5 4 6\n1 1 1 1\n1 2 2 1\n2 1 2 1\n2 2 3 1\n";
    static const char *const rings[] = {"zt", "f2", "f3"};
    fm_error error;
    fm_tensor *tensor;
    assert_ok(fm_tensor_parse(text, strlen(text), "wide", &tensor, &error), error);
    for (size_t r = 0; r < 3; r++) {
        fm_search_result result;
        finds f = {0};
        fm_search_options options = {.ring = test_ring(rings[r]),
                                     .threads = 1,
                                     .target_rank = 3,
                                     .flips = 10000000,
                                     .on_find = take,
                                     .context = &f};
        assert_ok(fm_search(tensor, &options, &result, &error), error);
        assert_int_equal(result.best_rank, 3);
    }
    fm_tensor_free(tensor);
}

static void a_tensor_from_a_file_goes_the_same_way(void **state)
{
    (void)state;
    /* The product of two polynomials of degree one: rank 3 (Karatsuba 1962). */
    static const char text[] = "shape 2 2 3\n1 1 1 1\n1 2 2 1\n2 1 2 1\n2 2 3 1\n";
    static const char *const rings[] = {"zt", "f2", "f3"};
    fm_error error;
    fm_tensor *tensor;
    assert_ok(fm_tensor_parse(text, strlen(text), "karatsuba", &tensor, &error), error);
    for (size_t r = 0; r < 3; r++) {
        fm_search_result result;
        finds f = {0};
        fm_search_options options = {.ring = test_ring(rings[r]),
                                     .threads = 2,
                                     .target_rank = 3,
                                     .flips = 10000000,
                                     .on_find = take,
                                     .context = &f};
        assert_ok(fm_search(tensor, &options, &result, &error), error);
        assert_int_equal(result.best_rank, 3);
        assert_true(f.count > 0);
    }
    fm_tensor_free(tensor);
}

static void a_search_goes_through_a_larger_format_and_back(void **state)
{
    (void)state;
    fm_error error;
    fm_search_result result;
    fm_tensor *tensor = test_matmul(2, 3, 2), *through = test_matmul(3, 3, 4);
    static const char *const rings[] = {"zt", "f2", "f3"};
    for (size_t r = 0; r < 3; r++) {
        finds f = {0};
        fm_search_options options = {.through = through,
                                     .ring = test_ring(rings[r]),
                                     .threads = 1,
                                     .target_rank = 11,
                                     .flips = 100000000,
                                     .on_find = take, /* which verifies */
                                     .context = &f};
        assert_ok(fm_search(tensor, &options, &result, &error), error);
        assert_int_equal(f.item[f.count - 1].rank, 11);
        /* And for a while without a target, so that stages beyond are reached. */
        options.target_rank = 0;
        options.flips = 3000000;
        assert_ok(fm_search(tensor, &options, &result, &error), error);
        assert_int_equal(result.best_rank, 11); /* Hopcroft and Kerr 1971: no less */
    }
    fm_search_options options = {.through = tensor, .ring = test_ring("f2"), .flips = 1};
    assert_int_equal(fm_search(through, &options, &result, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "not a format larger"));
    fm_tensor_free(tensor);
    fm_tensor_free(through);
}

/* Distinct ones: no two with one invariant. */
static void distinct_schemes_are_collected(void **state)
{
    (void)state;
    enum { WANTED = 12 };
    fm_error error;
    fm_search_result result;
    finds f = {0};
    fm_tensor *tensor = test_matmul(3, 3, 3);
    fm_search_options options = {.ring = test_ring("f2"),
                                 .threads = 2,
                                 .target_rank = 23,
                                 .distinct = WANTED,
                                 .flips = 30000000,
                                 .on_find = take,
                                 .context = &f};
    assert_ok(fm_search(tensor, &options, &result, &error), error);
    assert_int_equal(result.distinct, WANTED);
    size_t of_rank = 0;
    for (size_t i = 0; i < f.count; i++)
        of_rank += f.item[i].rank <= 23;
    assert_int_equal(of_rank, WANTED);
    for (size_t i = 0; i < f.count; i++)
        for (size_t j = 0; j < i && f.item[i].rank <= 23; j++)
            assert_string_not_equal(f.item[i].invariant, f.item[j].invariant);
    /* What could not be saved is offered until it is, and counts then. */
    f = (finds){.refusals = 5};
    assert_ok(fm_search(tensor, &options, &result, &error), error);
    assert_int_equal(result.distinct, WANTED);
    assert_int_equal(f.refusals, 0);
    f = (finds){.refusals = 1000000};
    assert_int_equal(fm_search(tensor, &options, &result, &error), FM_IO);
    assert_int_equal(result.distinct, 0);
    options.target_rank = 0;
    assert_int_equal(fm_search(tensor, &options, &result, &error), FM_BAD_INPUT);
    fm_tensor_free(tensor);
}

static void objectives_make_schemes_better_at_the_same_rank(void **state)
{
    (void)state;
    static const fm_objective objectives[] = {FM_OBJECTIVE_ADDITIONS, FM_OBJECTIVE_FLIPS};
    for (size_t o = 0; o < 2; o++) {
        fm_error error;
        fm_search_result result;
        finds f = {0};
        fm_tensor *tensor = test_matmul(2, 2, 2);
        fm_search_options options = {.objective = objectives[o],
                                     .ring = test_ring("zt"),
                                     .threads = 1,
                                     .walkers = 1,
                                     .target_rank = 7,
                                     .flips = 3000000,
                                     .on_find = take,
                                     .context = &f};
        assert_ok(fm_search(tensor, &options, &result, &error), error);
        assert_int_equal(f.item[f.count - 1].rank, 7);
        if (objectives[o] == FM_OBJECTIVE_ADDITIONS) /* Strassen 1969; none has fewer */
            assert_int_equal(f.item[f.count - 1].additions, 18);
        fm_tensor_free(tensor);
    }
}

static void a_target_out_of_reach_is_a_no(void **state)
{
    (void)state;
    fm_error error;
    fm_search_result result;
    fm_tensor *tensor = test_matmul(2, 2, 2);
    fm_search_options options = {
        .ring = test_ring("f2"), .threads = 2, .target_rank = 6, .flips = 100000};
    assert_int_equal(fm_search(tensor, &options, &result, &error), FM_NO);
    assert_int_equal(result.best_rank, 7);
    fm_tensor_free(tensor);
}

static void a_stop_ends_the_search_with_its_finds_handed_over(void **state)
{
    (void)state;
    fm_error error;
    fm_search_result result;
    finds f = {0};
    volatile int stop = 1;
    fm_tensor *tensor = test_matmul(3, 3, 3);
    fm_search_options options = {.strategy = FM_STRATEGY_WALKS,
                                 .ring = test_ring("f2"),
                                 .threads = 2,
                                 .stop = &stop,
                                 .on_find = take,
                                 .context = &f};
    assert_int_equal(fm_search(tensor, &options, &result, &error), FM_INTERRUPTED);
    assert_true(result.best_rank < 27);
    assert_true(f.count > 0 && f.item[f.count - 1].rank == result.best_rank);
    fm_tensor_free(tensor);
}

static void a_find_that_cannot_be_saved_is_offered_again(void **state)
{
    (void)state;
    fm_error error;
    fm_search_result result;
    finds f = {.refusals = 1000000};
    fm_tensor *tensor = test_matmul(2, 2, 2);
    fm_search_options options = {.ring = test_ring("zt"),
                                 .threads = 1,
                                 .walkers = 2,
                                 .flips = 100000,
                                 .on_find = take,
                                 .context = &f};
    assert_int_equal(fm_search(tensor, &options, &result, &error), FM_IO);
    assert_string_equal(error.message, "no room");
    /* One refusal: what was refused is offered again, at the end if not before. */
    f = (finds){.refusals = 1};
    assert_ok(fm_search(tensor, &options, &result, &error), error);
    assert_int_equal(f.count, 2); /* both walkers reach rank 7 */
    fm_tensor_free(tensor);
}

static void what_cannot_be_searched_is_refused(void **state)
{
    (void)state;
    fm_error error;
    fm_search_result result;
    fm_tensor *large = test_matmul(17, 16, 2), *small = test_matmul(2, 2, 2);
    fm_search_options options = {.ring = test_ring("f2"), .flips = 1};
    assert_int_equal(fm_search(large, &options, &result, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "272"));
    options.ring = test_ring("q");
    assert_int_equal(fm_search(small, &options, &result, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "over q"));
    fm_tensor_free(large);
    fm_tensor_free(small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_ranks_are_reached_in_every_ring),
        cmocka_unit_test(threads_do_not_change_what_walkers_find),
        cmocka_unit_test(one_thread_finds_the_same_again),
        cmocka_unit_test(a_search_goes_on_from_given_schemes),
        cmocka_unit_test(given_schemes_are_lifted_to),
        cmocka_unit_test(coordinates_without_entries_are_no_obstacle),
        cmocka_unit_test(a_tensor_from_a_file_goes_the_same_way),
        cmocka_unit_test(a_search_goes_through_a_larger_format_and_back),
        cmocka_unit_test(distinct_schemes_are_collected),
        cmocka_unit_test(objectives_make_schemes_better_at_the_same_rank),
        cmocka_unit_test(a_target_out_of_reach_is_a_no),
        cmocka_unit_test(a_stop_ends_the_search_with_its_finds_handed_over),
        cmocka_unit_test(a_find_that_cannot_be_saved_is_offered_again),
        cmocka_unit_test(what_cannot_be_searched_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
