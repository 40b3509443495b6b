/* The tree and its engine: counts add up whoever is at work, memory is bounded, better moves are
   visited more, known ranks are reached and never undercut. */
#include "support.h"

#include "random.h"
#include "scheme.h"
#include "tree.h"

#include <omp.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t extent[3] = {4, 4, 4};
enum { ROW = 12, HASHES = 1 << 16 };

/* A move that says how good it is. */
static void draw_move(int8_t *move, fm_random *random)
{
    memset(move, 0, ROW);
    move[0] = (int8_t)fm_random_below(random, 10);
}

/* Goes down, adds a node, and backs up how good the moves were: less is better. */
static void simulate(fm_tree *tree, fm_tree_path *path, fm_random *random)
{
    int8_t move[ROW];
    uint32_t rank = 20;
    fm_tree_enter(tree);
    fm_tree_start(tree, path);
    for (bool ends = false; !ends;) {
        uint32_t node = fm_tree_end(path), child = FM_TREE_NONE;
        if (fm_tree_claim(tree, node)) {
            draw_move(move, random);
            child = fm_tree_add(tree, node, move, 1, 2 * fm_random_below(random, HASHES));
            ends = true;
        }
        if (child == FM_TREE_NONE)
            child = fm_tree_select(tree, node);
        if (child == FM_TREE_NONE)
            break;
        fm_tree_descend(tree, path, child);
        rank -= path->length == 2 ? (uint32_t)fm_tree_move(tree, child)[0] : 0;
    }
    fm_tree_leave(tree);
    sched_yield(); /* the playout */
    fm_products completion = {.extent = {4, 4, 4}, .rank = 1, .coefficients = move};
    fm_tree_enter(tree);
    draw_move(move, random);
    fm_tree_store(tree, path, path->length - 1, &completion);
    fm_tree_backup(tree, path, rank);
    fm_tree_leave(tree);
}

/* What is done alone. */
static void reshape(fm_tree *tree, uint32_t dice)
{
    fm_tree_lock(tree);
    uint32_t child = fm_tree_best_move(tree);
    if (fm_tree_is_full(tree) || dice == 0)
        fm_tree_recycle(tree);
    else if (dice == 1 && child != FM_TREE_NONE)
        fm_tree_commit(tree, child);
    else if (dice == 2)
        fm_tree_clear(tree, 0, NULL);
    fm_tree_unlock(tree);
}

static void counts_add_up_under_threads(void **state)
{
    (void)state;
    enum { THREADS = 4, ROUNDS = 3000 };
    fm_tree *tree = fm_tree_new(extent, 8, 200 * 300);
    uint32_t capacity = fm_tree_capacity(tree);
    bool bounded = true;
#pragma omp parallel num_threads(THREADS) reduction(&& : bounded)
    {
        fm_random random;
        fm_tree_path path = {0};
        fm_random_seed(&random, 1, (uint64_t)omp_get_thread_num());
        for (int round = 0; round < ROUNDS; round++) {
            simulate(tree, &path, &random);
            bounded = bounded && fm_tree_size(tree) <= capacity;
            uint32_t dice = fm_random_below(&random, 400);
            if (dice < 3 || fm_tree_is_full(tree))
                reshape(tree, dice);
        }
        fm_tree_path_clear(&path);
    }
    assert_true(bounded);
    assert_true(fm_tree_adds_up(tree));
    fm_tree_free(tree);
}

static void a_full_tree_makes_room(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 2, 0);
    fm_tree_path path = {0};
    fm_tree *tree = fm_tree_new(extent, 8, 1);
    for (int round = 0; round < 20; round++) {
        while (!fm_tree_is_full(tree))
            simulate(tree, &path, &random);
        uint32_t visits = fm_tree_root_visits(tree);
        fm_tree_lock(tree);
        fm_tree_recycle(tree);
        fm_tree_unlock(tree);
        assert_true(fm_tree_size(tree) <= fm_tree_capacity(tree) / 2 + 1);
        assert_int_equal(fm_tree_root_visits(tree), visits);
        assert_true(fm_tree_adds_up(tree));
    }
    fm_tree_path_clear(&path);
    fm_tree_free(tree);
}

/* The move that saves most is visited most, and is what is left after it is committed. */
static void better_moves_are_visited_more(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 3, 0);
    fm_tree_path path = {0};
    fm_tree *tree = fm_tree_new(extent, 8, 1 << 20);
    for (int i = 0; i < 400; i++)
        simulate(tree, &path, &random);
    uint32_t best = fm_tree_best_move(tree);
    assert_true(fm_tree_move(tree, best)[0] >= 8);
    assert_true(fm_tree_visits(tree, best) > 100);
    uint32_t visits = fm_tree_visits(tree, best);
    fm_tree_lock(tree);
    fm_tree_commit(tree, best);
    fm_tree_unlock(tree);
    assert_int_equal(fm_tree_root_visits(tree), visits);
    assert_true(fm_tree_size(tree) <= visits + 1);
    assert_true(fm_tree_adds_up(tree));
    fm_tree_path_clear(&path);
    fm_tree_free(tree);
}

/* A simulation that comes back after its nodes went is dropped. */
static void what_went_meanwhile_is_not_counted(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 4, 0);
    fm_tree_path path = {0}, late = {0};
    fm_tree *tree = fm_tree_new(extent, 8, 1 << 16);
    for (int i = 0; i < 50; i++)
        simulate(tree, &path, &random);
    for (int committed = 0; committed < 2; committed++) {
        fm_tree_start(tree, &late);
        fm_tree_descend(tree, &late, fm_tree_select(tree, fm_tree_root(tree)));
        if (committed)
            fm_tree_commit(tree, fm_tree_best_move(tree));
        else
            fm_tree_clear(tree, 0, NULL);
        for (int i = 0; i < 50; i++)
            simulate(tree, &path, &random);
        fm_tree_backup(tree, &late, 7);
        assert_true(fm_tree_adds_up(tree));
    }
    fm_tree_path_clear(&path);
    fm_tree_path_clear(&late);
    fm_tree_free(tree);
}

static void positions_are_remembered_until_they_go(void **state)
{
    (void)state;
    int8_t move[ROW] = {1};
    fm_tree_path path = {0};
    fm_tree *tree = fm_tree_new(extent, 8, 1 << 16);
    fm_tree_start(tree, &path);
    fm_tree_backup(tree, &path, 7);
    assert_true(fm_tree_claim(tree, fm_tree_root(tree)));
    assert_false(fm_tree_claim(tree, fm_tree_root(tree))); /* one at a time */
    assert_false(fm_tree_has_seen(tree, 0x1234));
    fm_tree_add(tree, fm_tree_root(tree), move, 1, 0x1234);
    assert_true(fm_tree_has_seen(tree, 0x1234));
    fm_tree_clear(tree, 0x5678, NULL);
    assert_false(fm_tree_has_seen(tree, 0x1234));
    assert_true(fm_tree_has_seen(tree, 0x5678)); /* the root's own */
    fm_tree_path_clear(&path);
    fm_tree_free(tree);
}

/* A child of the root, visited once with a scheme of this rank. */
static uint32_t add_visited(fm_tree *tree, uint32_t rank, uint64_t hash)
{
    int8_t move[ROW] = {1};
    fm_tree_path path = {0};
    fm_tree_start(tree, &path);
    assert_true(fm_tree_claim(tree, fm_tree_root(tree)));
    uint32_t child = fm_tree_add(tree, fm_tree_root(tree), move, 1, hash);
    fm_tree_descend(tree, &path, child);
    fm_tree_backup(tree, &path, rank);
    fm_tree_path_clear(&path);
    return child;
}

/* Of two children with the same outcome, that of which less is expected is looked at next. */
static void what_is_expected_counts(void **state)
{
    (void)state;
    for (int lower = 0; lower < 2; lower++) {
        fm_tree_path path = {0};
        fm_tree *tree = fm_tree_new(extent, 8, 1 << 16);
        for (uint32_t rank = 6; rank <= 12; rank += 6) { /* the range of this game */
            fm_tree_start(tree, &path);
            fm_tree_backup(tree, &path, rank);
        }
        uint32_t children[2] = {add_visited(tree, 10, 1), add_visited(tree, 10, 2)};
        fm_tree_expect(tree, children[lower], 7);
        fm_tree_expect(tree, children[1 - lower], 11);
        assert_int_equal(fm_tree_select(tree, fm_tree_root(tree)), children[lower]);
        assert_float_equal((float)fm_tree_mean(tree, children[lower]), 10, 0);
        assert_true(fm_tree_adds_up(tree));
        fm_tree_path_clear(&path);
        fm_tree_free(tree);
    }
}

/* What is restored goes on like what was saved, with a simulation under way. */
static void a_restored_tree_goes_on_alike(void **state)
{
    (void)state;
    fm_state saved = {0};
    fm_random random, again;
    fm_tree_path path = {0}, late = {0}, restored = {0};
    fm_tree *tree = fm_tree_new(extent, 8, 1 << 16), *other = fm_tree_new(extent, 8, 1 << 16);
    fm_random_seed(&random, 5, 0);
    for (int i = 0; i < 300; i++) {
        simulate(tree, &path, &random);
        if (i % 100 == 99)
            fm_tree_recycle(tree);
    }
    fm_tree_start(tree, &late);
    fm_tree_descend(tree, &late, fm_tree_select(tree, fm_tree_root(tree)));
    fm_tree_state(tree, &saved);
    fm_tree_path_state(tree, &late, &saved);
    saved.restoring = true;
    fm_tree_state(other, &saved);
    fm_tree_path_state(other, &restored, &saved);
    assert_false(saved.bad);
    assert_int_equal(saved.at, saved.length);
    for (uint64_t hash = 0; hash < 2 * HASHES; hash += 2)
        assert_int_equal(fm_tree_has_seen(tree, hash), fm_tree_has_seen(other, hash));
    again = random;
    for (int i = 0; i < 300; i++) {
        simulate(tree, &path, &random);
        simulate(other, &path, &again);
        assert_memory_equal(&random, &again, sizeof random);
    }
    fm_tree_backup(tree, &late, 3);
    fm_tree_backup(other, &restored, 3);
    assert_true(fm_tree_adds_up(other));
    assert_int_equal(fm_tree_best_move(tree), fm_tree_best_move(other));
    assert_int_equal(fm_tree_size(tree), fm_tree_size(other));
    fm_state_clear(&saved);
    fm_tree_path_clear(&path);
    fm_tree_path_clear(&late);
    fm_tree_path_clear(&restored);
    fm_tree_free(tree);
    fm_tree_free(other);
}

/* ---------------------------------------------------------------- the engine */

typedef struct finds {
    unsigned count;
    uint32_t rank;
    char hash[FM_HASH_SIZE];
} finds;

static fm_status take(void *context, const fm_scheme *find, double seconds, fm_error *error)
{
    finds *f = context;
    fm_verdict verdict;
    fm_status status = fm_verify(find, find->tensor, find->ring, &verdict, error);
    (void)seconds;
    f->count++;
    f->rank = fm_scheme_rank(find);
    fm_scheme_hash(find, f->hash);
    assert_string_equal(find->provenance.engine, "mcts");
    fm_verdict_clear(&verdict);
    return status;
}

static fm_search_result play_on(const fm_tensor *tensor, const char *ring, unsigned threads,
                                unsigned walkers, uint32_t target, uint64_t flips, finds *f)
{
    fm_error error;
    fm_search_result result;
    fm_search_options options = {.engine = "mcts",
                                 .ring = test_ring(ring),
                                 .coefficient_max = strcmp(ring, "z") == 0 ? 2 : 0,
                                 .threads = threads,
                                 .walkers = walkers,
                                 .seed = 7,
                                 .target_rank = target,
                                 .flips = flips,
                                 .on_find = take,
                                 .context = f};
    fm_status status = fm_search(tensor, &options, &result, &error);
    if (status != FM_NO)
        assert_ok(status, error);
    return result;
}

static fm_search_result play(const char *name, const char *ring, unsigned threads, unsigned walkers,
                             uint32_t target, uint64_t flips, finds *f)
{
    fm_error error;
    fm_tensor *tensor;
    assert_ok(fm_tensor_parse_name(name, &tensor, &error), error);
    fm_search_result result = play_on(tensor, ring, threads, walkers, target, flips, f);
    fm_tensor_free(tensor);
    return result;
}

static void known_ranks_are_reached_from_the_tensor_alone(void **state)
{
    (void)state;
    static const struct {
        const char *name, *ring;
        uint32_t rank;
    } cases[] = {{"2x2x2", "z", 7},   {"2x2x2", "zt", 7},
                 {"2x2x2", "f2", 7},  {"2x2x2", "f3", 7},
                 {"2x2x3", "zt", 11}, {"2x2x4", "f2", 14},
                 {"2x3x3", "f2", 15}, {"3x3x1:skew*general", "zt", 5},
                 {"3x3x3", "f2", 23}, {"3x3x3", "zt", 23}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        finds f = {0};
        fm_search_result result =
            play(cases[c].name, cases[c].ring, 2, 0, cases[c].rank, 1000000000, &f);
        assert_int_equal(result.best_rank, cases[c].rank);
        assert_int_equal(f.rank, cases[c].rank);
    }
}

/* The sum of three products with coefficients of up to 2; its flattenings have rank 3. */
static fm_tensor *three_wide_products(uint64_t seed)
{
    enum { N = 4 };
    fm_error error;
    fm_tensor *tensor;
    fm_random random;
    int factors[3][3][N], length;
    char text[2000];
    fm_random_seed(&random, seed, 0);
    for (int e = 0; e < 9 * N; e++)
        factors[e / N / 3][e / N % 3][e % N] = (int)fm_random_below(&random, 5) - 2;
    length = sprintf(text, "shape %d %d %d\n", N, N, N);
    for (int e = 0; e < N * N * N; e++) {
        int i = e / N / N, j = e / N % N, k = e % N, sum = 0;
        for (int r = 0; r < 3; r++)
            sum += factors[r][0][i] * factors[r][1][j] * factors[r][2][k];
        if (sum != 0)
            length += sprintf(text + length, "%d %d %d %d\n", i + 1, j + 1, k + 1, sum);
    }
    assert_ok(fm_tensor_parse(text, (size_t)length, "wide", &tensor, &error), error);
    return tensor;
}

static void wide_coefficients_are_found_over_z(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        finds f = {0};
        fm_tensor *tensor = three_wide_products(seed);
        fm_search_result result = play_on(tensor, "z", 1, 4, 3, 1000000000, &f);
        assert_int_equal(result.best_rank, 3);
        assert_int_equal(f.rank, 3);
        fm_tensor_free(tensor);
    }
}

/* 2x2x2 has rank 7 over every ring (Winograd 1971). */
static void a_rank_is_never_below_the_tensors(void **state)
{
    (void)state;
    static const char *const rings[] = {"f2", "f3", "zt", "z"};
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        finds f = {0};
        fm_search_result result = play("2x2x2", rings[r], 2, 0, 6, 300000, &f);
        assert_int_equal(result.best_rank, 7);
        assert_int_equal(f.rank, 7);
    }
}

/* Of several walkers the clock says whose scheme is handed over, so that only ranks and counts
   agree. */
static void the_same_seed_gives_the_same_game(void **state)
{
    (void)state;
    static const char *const rings[] = {"f2", "zt"};
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++)
        for (unsigned walkers = 1; walkers <= 4; walkers += 3) {
            finds first = {0}, second = {0};
            fm_search_result a = play("3x3x3", rings[r], 1, walkers, 0, 3000000, &first);
            fm_search_result b = play("3x3x3", rings[r], 1, walkers, 0, 3000000, &second);
            assert_int_equal(a.best_rank, b.best_rank);
            assert_int_equal(a.flips, b.flips);
            if (walkers == 1)
                assert_string_equal(first.hash, second.hash);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_add_up_under_threads),
        cmocka_unit_test(a_full_tree_makes_room),
        cmocka_unit_test(better_moves_are_visited_more),
        cmocka_unit_test(what_went_meanwhile_is_not_counted),
        cmocka_unit_test(positions_are_remembered_until_they_go),
        cmocka_unit_test(what_is_expected_counts),
        cmocka_unit_test(a_restored_tree_goes_on_alike),
        cmocka_unit_test(known_ranks_are_reached_from_the_tensor_alone),
        cmocka_unit_test(wide_coefficients_are_found_over_z),
        cmocka_unit_test(a_rank_is_never_below_the_tensors),
        cmocka_unit_test(the_same_seed_gives_the_same_game),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
