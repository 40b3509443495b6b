/* The tree search's model: its gradients are right, it learns, its file comes back as it was or is
   refused, and games with it are games. */
#include "support.h"

#include "demonstrations.h"
#include "file.h"
#include "memory.h"
#include "model.h"
#include "tensor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/fewmul-test-model-XXXXXX";
static char *path; /* in it */

static int make_folder(void **state)
{
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    path = fm_format("%s/model", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    free(path);
    return rmdir(folder);
}

static float draw(fm_random *random)
{
    return (float)(fm_random_next(random) >> 40) * 0x1p-23f - 1;
}

static void draw_features(float *features, int count, fm_random *random)
{
    for (int f = 0; f < count; f++)
        features[f] = draw(random);
}

static fm_choice draw_choice(uint32_t count, fm_random *random)
{
    fm_choice choice = {.count = count};
    float sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        draw_features(choice.features[i], FM_MOVE_FEATURES, random);
        sum += choice.share[i] = 1 + draw(random);
    }
    for (uint32_t i = 0; i < count; i++)
        choice.share[i] /= sum;
    return choice;
}

/* A model that has learnt something, so that no weight is 0. */
static fm_model *trained_model(uint64_t seed)
{
    fm_random random;
    fm_model *model = fm_model_new(seed);
    fm_random_seed(&random, seed, 1);
    for (int i = 0; i < 50; i++) {
        float position[FM_POSITION_FEATURES];
        fm_choice choice = draw_choice(5, &random);
        fm_model_learn_choice(model, &choice);
        draw_features(position, FM_POSITION_FEATURES, &random);
        fm_model_learn_rank(model, position, fm_random_below(&random, 30));
    }
    return model;
}

/* ---------------------------------------------------------------- learning */

static void gradients_are_those_of_finite_differences(void **state)
{
    (void)state;
    static const float STEP = 1e-2f;
    fm_random random;
    uint32_t count;
    fm_random_seed(&random, 3, 0);
    fm_model *model = trained_model(3);
    fm_choice choice = draw_choice(7, &random);
    float *weights = fm_net_weights(fm_model_moves(model), &count);
    fm_model_choice_gradient(model, &choice);
    float *gradient = fm_alloc(count, sizeof *gradient), most = 0;
    memcpy(gradient, fm_net_gradient(fm_model_moves(model)), count * sizeof *gradient);
    for (uint32_t w = 0; w < count; w++) {
        float before = weights[w];
        weights[w] = before + STEP;
        double above = fm_model_choice_gradient(model, &choice);
        weights[w] = before - STEP;
        double below = fm_model_choice_gradient(model, &choice);
        weights[w] = before;
        assert_float_equal(gradient[w], (float)((above - below) / (2 * STEP)), 1e-3f);
        most = fmaxf(most, fabsf(gradient[w]));
    }
    assert_true(most > 0.02f);
    free(gradient);
    fm_model_free(model);
}

/* Of six moves the one with the largest third feature is right. */
static fm_choice draw_lesson(fm_random *random)
{
    fm_choice choice = draw_choice(6, random);
    uint32_t best = 0;
    for (uint32_t i = 1; i < choice.count; i++)
        best = choice.features[i][2] > choice.features[best][2] ? i : best;
    for (uint32_t i = 0; i < choice.count; i++)
        choice.share[i] = i == best;
    return choice;
}

static void choices_and_ranks_are_learnt(void **state)
{
    (void)state;
    fm_random random;
    float last = 0, worst = 0;
    fm_random_seed(&random, 4, 0);
    fm_model *model = fm_model_new(4);
    for (int i = 0; i < 3000; i++) {
        float position[FM_POSITION_FEATURES];
        fm_choice choice = draw_lesson(&random);
        float loss = fm_model_learn_choice(model, &choice);
        if (i == 0) /* it prefers none of the six */
            assert_float_equal(loss, logf(6), 1e-4f);
        last += i >= 2900 ? loss / 100 : 0;
        draw_features(position, FM_POSITION_FEATURES, &random);
        uint32_t rank = (uint32_t)lroundf(20 + 10 * position[1]);
        if (i >= 2900)
            worst = fmaxf(worst, fabsf(fm_model_rank(model, position) - (float)rank));
        fm_model_learn_rank(model, position, rank);
    }
    assert_true(last < 0.5f * logf(6));
    assert_true(worst < 4);
    assert_int_equal(fm_model_lessons(model), 3000);
    fm_model_free(model);
}

/* The flattenings of a sum of products have no higher rank than there are products. */
static void demonstrations_are_sums_of_products(void **state)
{
    (void)state;
    static const uint32_t extent[3] = {6, 9, 6};
    static const char *const rings[] = {"f2", "f3", "zt", "z"};
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        fm_demonstrator *demonstrator = fm_demonstrator_new(
            extent, test_ring(rings[r]), strcmp(rings[r], "z") == 0 ? 2 : 1, 12, 5);
        uint32_t low = UINT32_MAX, high = 0;
        for (int i = 0; i < 200; i++) {
            fm_choice choice;
            float position[FM_POSITION_FEATURES];
            uint32_t rank;
            fm_demonstrate(demonstrator, &choice, position, &rank);
            assert_true(rank >= 1 && rank <= 12);
            assert_true(choice.count >= 1 && choice.count <= FM_CHOICE_MAX);
            assert_float_equal(choice.share[0], 1, 0);
            for (int axis = 0; axis < 3; axis++)
                assert_true(lroundf(position[axis] * (float)extent[axis]) <= rank);
            low = rank < low ? rank : low;
            high = rank > high ? rank : high;
        }
        assert_int_equal(low, 1);
        assert_int_equal(high, 12);
        fm_demonstrator_free(demonstrator);
    }
}

/* ---------------------------------------------------------------- files */

static void a_model_comes_back_from_its_file(void **state)
{
    (void)state;
    fm_error error;
    fm_random random;
    fm_model *again;
    fm_random_seed(&random, 6, 0);
    fm_tensor *tensor = test_matmul(2, 3, 4);
    fm_model *model = trained_model(6);
    assert_ok(fm_model_write(path, tensor, test_ring("f2"), model, &error), error);
    assert_ok(fm_model_read(path, tensor, test_ring("f2"), &again, &error), error);
    assert_int_equal(fm_model_lessons(again), fm_model_lessons(model));
    for (int i = 0; i < 100; i++) { /* it also learns on alike */
        float position[FM_POSITION_FEATURES];
        fm_choice choice = draw_choice(4, &random);
        draw_features(position, FM_POSITION_FEATURES, &random);
        assert_true(fm_model_score(model, choice.features[0]) ==
                    fm_model_score(again, choice.features[0]));
        assert_true(fm_model_rank(model, position) == fm_model_rank(again, position));
        assert_true(fm_model_learn_choice(model, &choice) == fm_model_learn_choice(again, &choice));
        assert_true(fm_model_learn_rank(model, position, 9) ==
                    fm_model_learn_rank(again, position, 9));
    }
    fm_model_free(again);
    fm_model_free(model);
    fm_tensor_free(tensor);
}

static void write_bytes(const char *text, size_t length)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

static void assert_refused(const fm_tensor *tensor, const char *ring, const char *reason)
{
    fm_error error;
    fm_model *model;
    assert_int_equal(fm_model_read(path, tensor, test_ring(ring), &model, &error), FM_BAD_INPUT);
    assert_null(model);
    assert_non_null(strstr(error.message, path));
    assert_non_null(strstr(error.message, reason));
}

static void other_models_are_refused_with_the_reason(void **state)
{
    (void)state;
    fm_error error;
    fm_model *none, *model = trained_model(7);
    fm_tensor *tensor = test_matmul(2, 3, 4), *other = test_matmul(2, 4, 3);
    unlink(path);
    assert_int_equal(fm_model_read(path, tensor, test_ring("f2"), &none, &error), FM_NO);
    assert_ok(fm_model_write(path, tensor, test_ring("f2"), model, &error), error);
    assert_refused(other, "f2", "tensor 2x3x4");
    assert_refused(tensor, "zt", "ring f2");
    write_bytes("fewmul checkpoint\n", 18);
    assert_refused(tensor, "f2", "not a model");
    fm_model_free(model);
    fm_tensor_free(tensor);
    fm_tensor_free(other);
}

static void damaged_models_are_refused(void **state)
{
    (void)state;
    fm_error error;
    char *text;
    size_t length;
    fm_tensor *tensor = test_matmul(2, 2, 2);
    fm_model *model = trained_model(8);
    assert_ok(fm_model_write(path, tensor, test_ring("f2"), model, &error), error);
    assert_ok(fm_file_read(path, &text, &length, &error), error);
    for (size_t cut = 0; cut < length; cut += cut < 300 ? 1 : 97) {
        write_bytes(text, cut);
        assert_refused(tensor, "f2", "model");
    }
    for (size_t at = 0; at < length; at += at < 300 ? 1 : 97) {
        text[at] ^= 4;
        write_bytes(text, length);
        assert_refused(tensor, "f2", "model");
        text[at] ^= 4;
    }
    free(text);
    fm_model_free(model);
    fm_tensor_free(tensor);
}

/* ---------------------------------------------------------------- games */

static fm_status take(void *context, const fm_scheme *find, double seconds, fm_error *error)
{
    (void)seconds, (void)error;
    fm_scheme_hash(find, context);
    return FM_OK;
}

static fm_status play(const char *format, const char *ring, const char *engine, unsigned threads,
                      uint64_t flips, uint32_t target, const char *from, const char *to,
                      char hash[FM_HASH_SIZE], fm_search_result *result, fm_error *error)
{
    fm_tensor *tensor;
    fm_search_options options = {.engine = engine,
                                 .learn = true,
                                 .model_from = from,
                                 .model_to = to,
                                 .ring = test_ring(ring),
                                 .threads = threads,
                                 .walkers = threads,
                                 .seed = 9,
                                 .flips = flips,
                                 .target_rank = target,
                                 .on_find = take,
                                 .context = hash};
    assert_ok(fm_tensor_parse_format(format, &tensor, error), *error);
    fm_status status = fm_search(tensor, &options, result, error);
    fm_tensor_free(tensor);
    return status;
}

static void the_same_seed_and_model_give_the_same_game(void **state)
{
    (void)state;
    static const char *const rings[] = {"f2", "zt"};
    fm_error error;
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        fm_search_result a, b;
        char first[FM_HASH_SIZE] = "", second[FM_HASH_SIZE] = "";
        unlink(path);
        assert_ok(play("3x3x3", rings[r], "mcts", 1, 1500000, 0, NULL, path, first, &a, &error),
                  error);
        assert_ok(play("3x3x3", rings[r], "mcts", 1, 1500000, 0, NULL, NULL, second, &b, &error),
                  error);
        assert_string_equal(first, second);
        assert_ok(play("3x3x3", rings[r], "mcts", 1, 1000000, 0, path, NULL, first, &a, &error),
                  error);
        assert_ok(play("3x3x3", rings[r], "mcts", 1, 1000000, 0, path, NULL, second, &b, &error),
                  error);
        assert_string_equal(first, second);
        assert_int_equal(a.best_rank, b.best_rank);
        assert_int_equal(a.flips, b.flips);
    }
}

static void a_game_leaves_what_it_has_learnt(void **state)
{
    (void)state;
    fm_error error;
    fm_search_result result;
    fm_model *model;
    char hash[FM_HASH_SIZE];
    unlink(path);
    fm_tensor *tensor = test_matmul(2, 2, 3);
    uint64_t lessons = 0;
    for (int i = 0; i < 2; i++) {
        assert_ok(play("2x2x3", "f2", "mcts", 1, 300000, 0, path, path, hash, &result, &error),
                  error);
        assert_ok(fm_model_read(path, tensor, test_ring("f2"), &model, &error), error);
        assert_true(fm_model_lessons(model) > lessons);
        lessons = fm_model_lessons(model);
        fm_model_free(model);
    }
    fm_tensor_free(tensor);
    assert_int_equal(play("2x2x2", "f2", "mcts", 1, 1000, 0, path, NULL, hash, &result, &error),
                     FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "tensor 2x2x3"));
    assert_int_equal(play("2x2x2", "f2", "flips", 1, 1000, 0, NULL, NULL, hash, &result, &error),
                     FM_BAD_INPUT);
    assert_int_equal(
        play("2x2x2", "f2", "mcts", 1, 1000, 0, NULL, "/nonexistent/model", hash, &result, &error),
        FM_IO);
}

static void known_ranks_are_reached_by_threads_that_learn(void **state)
{
    (void)state;
    static const struct {
        const char *format, *ring, *engine;
        uint32_t rank;
    } cases[] = {{"2x2x2", "z", "mcts", 7},
                 {"2x2x3", "zt", "mcts", 11},
                 {"2x2x3", "f3", "auto", 11},
                 {"3x3x3", "f2", "mcts", 23}};
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        fm_error error;
        fm_search_result result;
        char hash[FM_HASH_SIZE];
        assert_ok(play(cases[c].format, cases[c].ring, cases[c].engine, 2, 1000000000,
                       cases[c].rank, NULL, NULL, hash, &result, &error),
                  error);
        assert_int_equal(result.best_rank, cases[c].rank);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_of_finite_differences),
        cmocka_unit_test(choices_and_ranks_are_learnt),
        cmocka_unit_test(demonstrations_are_sums_of_products),
        cmocka_unit_test(a_model_comes_back_from_its_file),
        cmocka_unit_test(other_models_are_refused_with_the_reason),
        cmocka_unit_test(damaged_models_are_refused),
        cmocka_unit_test(the_same_seed_and_model_give_the_same_game),
        cmocka_unit_test(a_game_leaves_what_it_has_learnt),
        cmocka_unit_test(known_ranks_are_reached_by_threads_that_learn),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
