/* The portfolio: what one engine finds the others have, and the one that has made progress last has
   more turns. */
#include "support.h"

#include "engine.h"
#include "ladder.h"
#include "player.h"
#include "scheme.h"
#include "tensor.h"

static const char *const names[2] = {"flips", "mcts"};

typedef struct portfolio {
    fm_engine_task task;
    fm_products start;
    void *shared, *walker;
} portfolio;

static void begin(portfolio *p, const char *name, const char *ring, fm_strategy strategy,
                  uint64_t seed)
{
    fm_error error;
    fm_tensor *tensor;
    fm_scheme *standard = NULL;
    assert_ok(fm_tensor_parse_name(name, &tensor, &error), error);
    assert_ok(fm_scheme_standard(tensor, test_ring(ring), &standard, &error), error);
    fm_products_from_scheme(&p->start, standard);
    p->task = (fm_engine_task){.tensor = tensor,
                               .ring = test_ring(ring),
                               .starts = &p->start,
                               .start_count = 1,
                               .standard = true,
                               .strategy = strategy,
                               .seed = seed,
                               .tree = true,
                               .coefficient_max = 1};
    assert_ok(fm_engine_auto.check(tensor, &p->task, &error), error);
    p->shared = fm_engine_auto.new_shared(&p->task);
    p->walker = fm_engine_auto.new(&p->task, p->shared, 0);
    fm_scheme_free(standard);
}

static void end(portfolio *p)
{
    fm_engine_auto.free(p->walker);
    fm_engine_auto.free_shared(p->shared);
    fm_products_clear(&p->start);
    fm_tensor_free((fm_tensor *)p->task.tensor);
}

static uint32_t best_rank(const portfolio *p, int engine)
{
    const fm_engine *e = fm_engine_named(names[engine]);
    return (uint32_t)(e->best_score(fm_engine_auto_walker(p->walker, names[engine])) >> 32);
}

static uint64_t flips(const portfolio *p, int engine)
{
    const fm_engine *e = fm_engine_named(names[engine]);
    return e->flips(fm_engine_auto_walker(p->walker, names[engine]));
}

/* The rank of the whole in the pools of an engine. */
static uint32_t pool_rank(const portfolio *p, int engine)
{
    void *shared = fm_engine_auto_shared(p->shared, names[engine]);
    if (engine == 1)
        return fm_pool_rank(((fm_match *)shared)->own->pool);
    fm_ladder *ladder = fm_engine_flips_ladder(shared);
    return fm_ladder_rank(ladder, fm_ladder_goal(ladder));
}

static void assert_exact(const portfolio *p, const fm_products *products)
{
    fm_error error;
    fm_verdict verdict;
    fm_scheme *scheme = fm_products_to_scheme(products, p->task.tensor, p->task.ring);
    assert_ok(fm_verify(scheme, p->task.tensor, p->task.ring, &verdict, &error), error);
    fm_verdict_clear(&verdict);
    fm_scheme_free(scheme);
}

/* What is in the pools of flips for the whole is a scheme of the tensor. */
static void assert_exact_pool(const portfolio *p)
{
    fm_random random;
    fm_ladder *ladder = fm_engine_flips_ladder(fm_engine_auto_shared(p->shared, "flips"));
    fm_products own = fm_ladder_products(ladder, fm_ladder_rank_max(ladder));
    fm_random_seed(&random, 1, 0);
    assert_true(fm_ladder_draw(ladder, fm_ladder_goal(ladder), &random, &own));
    fm_products whole = fm_ladder_whole(ladder, &own);
    assert_exact(p, &whole);
    fm_products_clear(&whole);
    fm_products_clear(&own);
}

/* Whoever lowers the rank of all, the other one has it at once. In this format coordinates are in
   another order in the pools of flips, where a wrong one would be no scheme. */
static void what_one_finds_the_others_have(void **state)
{
    (void)state;
    unsigned found[2] = {0};
    for (uint64_t seed = 1; seed <= 8; seed++) {
        portfolio p = {0};
        begin(&p, "2x3x4", "f2", seed % 2 == 0 ? FM_STRATEGY_GROWTH : FM_STRATEGY_POOLS, seed);
        uint32_t least = UINT32_MAX;
        for (int call = 0; call < 4000; call++) {
            bool better;
            uint32_t before[2] = {best_rank(&p, 0), best_rank(&p, 1)};
            fm_engine_auto.run(&p.walker, 1, 1 << 9, 0, &better);
            for (int e = 0; e < 2 && better; e++)
                if (best_rank(&p, e) < before[e] && best_rank(&p, e) < least) {
                    least = best_rank(&p, e);
                    found[e]++;
                    assert_true(pool_rank(&p, 1 - e) <= least);
                    if (e == 1)
                        assert_exact_pool(&p);
                }
        }
        fm_products best = fm_engine_auto.best(p.walker);
        assert_int_equal(best.rank, least);
        assert_exact(&p, &best);
        fm_products_clear(&best);
        end(&p);
    }
    assert_true(found[0] > 0);
    assert_true(found[1] > 0);
}

/* Of 1x2x2, which has rank 4, nobody improves the standard scheme, and both have the same number of turns; the one that has made
   progress has three of four. */
static void progress_has_more_turns(void **state)
{
    (void)state;
    enum { TURN = 64, TURNS = 64 };
    for (int progress = 0; progress < 2; progress++) {
        portfolio p = {0};
        unsigned turns[2] = {0};
        begin(&p, progress ? "3x3x3" : "1x2x2", "f2", FM_STRATEGY_GROWTH, 1);
        for (int call = 0; call < TURN * TURNS; call++) {
            bool better;
            uint64_t before[2] = {flips(&p, 0), flips(&p, 1)};
            fm_engine_auto.run(&p.walker, 1, 1 << 12, 0, &better);
            for (int e = 0; e < 2; e++)
                turns[e] = better ? 0 : turns[e] + (flips(&p, e) > before[e]);
        }
        assert_true(progress || fm_engine_auto.best_score(p.walker) >> 32 == 4);
        unsigned more = turns[0] > turns[1] ? turns[0] : turns[1];
        if (progress)
            assert_true(3 * more > 2 * (turns[0] + turns[1]) && more > 4 * TURN);
        else
            assert_in_range(more, TURN * TURNS * 4 / 10, TURN * TURNS * 6 / 10);
        end(&p);
    }
}

/* Entries as large as this are not for mcts, and it takes no part. */
static void who_cannot_play_takes_no_part(void **state)
{
    (void)state;
    static const char text[] = "shape 1 1 2\n1 1 1 40\n1 1 2 1\n";
    fm_error error;
    fm_tensor *tensor;
    assert_ok(fm_tensor_parse(text, sizeof text - 1, "forty", &tensor, &error), error);
    fm_products start = fm_products_new(tensor->extent, 1);
    fm_engine_task task = {.tensor = tensor,
                           .ring = test_ring("zt"),
                           .starts = &start,
                           .tree = true,
                           .coefficient_max = 1};
    assert_int_equal(fm_engine_mcts.check(tensor, &task, &error), FM_BAD_INPUT);
    assert_ok(fm_engine_auto.check(tensor, &task, &error), error);
    fm_products_clear(&start);
    fm_tensor_free(tensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_one_finds_the_others_have),
        cmocka_unit_test(progress_has_more_turns),
        cmocka_unit_test(who_cannot_play_takes_no_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
