/* What the games of the tree search are made of: the pool keeps what is best, parts grow to the whole,
   completions stay completions, and games are led by bounds and by what others find. */
#include "support.h"

#include "completion.h"
#include "engine.h"
#include "parts.h"
#include "player.h"
#include "pool.h"
#include "tensor.h"

#include <string.h>

static const uint32_t extent[3] = {4, 3, 5};
enum { ROW = 12, RANK_MAX = 40 };

static void draw_row(int8_t *row, int most, fm_random *random)
{
    size_t offset = 0;
    for (int axis = 0; axis < 3; offset += extent[axis++]) {
        for (uint32_t e = 0; e < extent[axis]; e++) {
            int value = (int)fm_random_below(random, (uint32_t)(2 * most + 1)) - most;
            row[offset + e] = (int8_t)value;
        }
        if (row[offset] == 0)
            row[offset] = 1; /* no factor is zero */
    }
}

static fm_products draw_products(uint32_t rank, int most, fm_random *random)
{
    fm_products products = fm_products_new(extent, 2 * RANK_MAX);
    for (uint32_t r = 0; r < rank; r++) {
        int8_t row[ROW];
        draw_row(row, most, random);
        fm_products_append(&products, row);
    }
    return products;
}

/* ---------------------------------------------------------------- the pool */

static bool put(fm_pool *pool, uint64_t generation, uint32_t rank, uint64_t number)
{
    fm_random random;
    fm_random_seed(&random, rank, number);
    fm_products products = draw_products(rank, 1, &random);
    bool lower = fm_pool_put(pool, generation, &random, &products);
    fm_products_clear(&products);
    return lower;
}

static void a_pool_keeps_what_is_best(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 1, 0);
    fm_products drawn = fm_products_new(extent, RANK_MAX);
    fm_pool *pool = fm_pool_new(extent, RANK_MAX);
    assert_false(fm_pool_draw(pool, &random, &drawn));
    assert_int_equal(fm_pool_rank(pool), UINT32_MAX);
    assert_true(put(pool, 1, 9, 0));
    assert_false(put(pool, 1, 9, 1));
    assert_false(put(pool, 1, 9, 1)); /* it has it */
    assert_false(put(pool, 1, 10, 0));
    assert_int_equal(fm_pool_size(pool), 2);
    assert_true(put(pool, 1, 8, 0));
    assert_int_equal(fm_pool_size(pool), 1);
    assert_true(fm_pool_draw(pool, &random, &drawn));
    assert_int_equal(drawn.rank, 8);
    for (uint64_t number = 1; number < 1000; number++)
        put(pool, 1, 8, number);
    assert_true(fm_pool_size(pool) < 100);
    fm_products_clear(&drawn);
    fm_pool_free(pool);
}

static void an_emptied_pool_takes_nothing_from_before(void **state)
{
    (void)state;
    fm_pool *pool = fm_pool_new(extent, RANK_MAX);
    put(pool, 1, 9, 0);
    fm_pool_empty(pool);
    assert_int_equal(fm_pool_generation(pool), 2);
    assert_int_equal(fm_pool_size(pool), 0);
    assert_false(put(pool, 1, 7, 0));
    assert_int_equal(fm_pool_size(pool), 0);
    assert_true(put(pool, 2, 12, 0));
    assert_int_equal(fm_pool_rank(pool), 12);
    fm_pool_free(pool);
}

/* ---------------------------------------------------------------- parts */

/* How many products of the standard scheme a part of a format has. */
static uint32_t products_in(const fm_tensor *tensor, uint32_t part)
{
    uint32_t count = 0;
    fm_scheme *standard;
    fm_products products;
    fm_error error;
    assert_ok(fm_scheme_standard(tensor, test_ring("f2"), &standard, &error), error);
    fm_products_from_scheme(&products, standard);
    for (uint32_t r = 0; r < products.rank; r++)
        count += !fm_parts_is_beyond(tensor, part, fm_products_row(&products, r));
    fm_products_clear(&products);
    fm_scheme_free(standard);
    return count;
}

static void parts_are_formats_from_2x2x2_up(void **state)
{
    (void)state;
    static const uint32_t wanted[] = {8, 12, 18, 27, 36};
    fm_tensor *tensor = test_matmul(3, 4, 3);
    assert_int_equal(fm_parts_count(tensor), 5);
    for (uint32_t part = 0; part < 5; part++)
        assert_int_equal(products_in(tensor, part), wanted[part]);
    fm_tensor_free(tensor);
    tensor = test_matmul(1, 2, 2);
    assert_int_equal(fm_parts_count(tensor), 1);
    assert_int_equal(products_in(tensor, 0), 4);
    fm_tensor_free(tensor);
}

static void parts_of_other_tensors_grow_to_the_whole(void **state)
{
    (void)state;
    fm_error error;
    fm_tensor *tensor;
    uint32_t before = 0;
    assert_ok(fm_tensor_parse_name("4x4x1:skew*general", &tensor, &error), error);
    for (uint32_t part = 0; part < fm_parts_count(tensor); part++) {
        uint32_t count = products_in(tensor, part);
        assert_true(count >= before);
        before = count;
    }
    assert_int_equal(before, 12); /* n (n - 1) products */
    fm_tensor_free(tensor);
}

/* ---------------------------------------------------------------- completions */

/* Whether products sum to the residual, which is as it was afterwards. */
static bool completes(fm_game *game, const fm_products *products)
{
    for (uint32_t r = 0; r < products->rank; r++)
        assert_true(fm_game_play(game, fm_products_row(products, r)));
    bool is_over = fm_game_is_over(game);
    for (uint32_t r = 0; r < products->rank; r++)
        fm_game_take_back(game, fm_products_row(products, r));
    return is_over;
}

static void completions_follow_the_moves(void **state)
{
    (void)state;
    static const char *const rings[] = {"f2", "f3", "zt", "z"};
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++)
        for (uint64_t number = 0; number < 50; number++) {
            fm_random random;
            fm_random_seed(&random, 3, number);
            int most = strcmp(rings[r], "z") == 0 ? 2 : 1;
            fm_game *game = fm_game_new(extent, test_ring(rings[r]));
            fm_products completion = draw_products(5, 1, &random);
            for (uint32_t i = 0; i < completion.rank; i++)
                fm_game_take_back(game, fm_products_row(&completion, i));
            int8_t own[ROW], other[ROW];
            memcpy(own, fm_products_row(&completion, 2), ROW);
            draw_row(other, most, &random);
            fm_game_normalize(game, own);
            fm_game_normalize(game, other);
            assert_true(fm_game_play(game, own));
            fm_completion_after(game, own, &completion);
            assert_int_equal(completion.rank, 4);
            assert_true(completes(game, &completion));
            assert_true(fm_game_play(game, other));
            fm_completion_after(game, other, &completion);
            assert_true(completion.rank == 5 || completion.rank == 3); /* it may have had it */
            assert_true(completes(game, &completion));
            fm_products_clear(&completion);
            fm_game_free(game);
        }
}

/* ---------------------------------------------------------------- games */

/* A search by the engine, behind its driver. */
typedef struct table {
    fm_engine_task task;
    fm_products start;
    fm_match *match;
    void *walker;
} table;

static void sit_down(table *t, const char *name, const char *ring)
{
    fm_error error;
    fm_tensor *tensor;
    fm_scheme *standard;
    assert_ok(fm_tensor_parse_name(name, &tensor, &error), error);
    assert_ok(fm_scheme_standard(tensor, test_ring(ring), &standard, &error), error);
    fm_products_from_scheme(&t->start, standard);
    fm_scheme_free(standard);
    t->task = (fm_engine_task){.tensor = tensor,
                               .ring = test_ring(ring),
                               .starts = &t->start,
                               .start_count = 1,
                               .standard = true,
                               .seed = 1,
                               .coefficient_max = 1};
    t->match = fm_engine_mcts.new_shared(&t->task);
    t->walker = fm_engine_mcts.new(&t->task, t->match, 0);
}

static void get_up(table *t)
{
    fm_engine_mcts.free(t->walker);
    fm_engine_mcts.free_shared(t->match);
    fm_products_clear(&t->start);
    fm_tensor_free((fm_tensor *)t->task.tensor);
}

/* 1x1x4 has the rank 4 of a flattening: no move leads to less. */
static void what_cannot_lead_lower_is_not_played(void **state)
{
    (void)state;
    for (uint32_t p = 0; p < 2; p++) {
        table t;
        uint32_t most = 0;
        bool better;
        sit_down(&t, p == 0 ? "1x1x4" : "2x2x2", "f2");
        for (int round = 0; round < 200; round++) {
            fm_engine_mcts.run(&t.walker, 1, 1 << 14, 0, &better);
            uint32_t size = fm_tree_size(t.match->own->tree);
            most = size > most ? size : most;
        }
        if (p == 0)
            assert_int_equal(most, 1);
        else
            assert_true(most > 2);
        get_up(&t);
    }
}

/* What another engine finds is in the pools, over zt and z that of the games over f2, too, where
   products with even factors are nothing. */
static void finds_of_others_come_into_the_pools(void **state)
{
    (void)state;
    static const char *const rings[] = {"zt", "z"};
    for (uint32_t r = 0; r < 2; r++) {
        table t;
        fm_random random;
        fm_products strassen;
        fm_random_seed(&random, 1, 0);
        fm_scheme *scheme = test_strassen(test_ring("zt"));
        fm_products_from_scheme(&strassen, scheme);
        sit_down(&t, "2x2x2", rings[r]);
        fm_products found = fm_products_new(strassen.extent, 9);
        for (int8_t sign = -1; r == 1 && sign <= 1; sign += 2)
            fm_products_append(&found, (int8_t[12]){2 * sign, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0});
        for (uint32_t p = 0; p < 7; p++)
            fm_products_append(&found, fm_products_row(&strassen, p));
        fm_mcts_put(t.match, &random, &found);
        assert_int_equal(fm_pool_rank(t.match->own->pool), r == 1 ? 9 : 7);
        assert_int_equal(fm_pool_rank(t.match->over_f2->pool), 7);
        get_up(&t);
        fm_products_clear(&found);
        fm_products_clear(&strassen);
        fm_scheme_free(scheme);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pool_keeps_what_is_best),
        cmocka_unit_test(an_emptied_pool_takes_nothing_from_before),
        cmocka_unit_test(parts_are_formats_from_2x2x2_up),
        cmocka_unit_test(parts_of_other_tensors_grow_to_the_whole),
        cmocka_unit_test(completions_follow_the_moves),
        cmocka_unit_test(what_cannot_lead_lower_is_not_played),
        cmocka_unit_test(finds_of_others_come_into_the_pools),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
