/* The TensorGame: moves and taking them back leave the residual exact, bounds are bounds, and what
   is proposed is a move that does what it says. */
#include "support.h"

#include "basis.h"
#include "game.h"
#include "playout.h"
#include "proposals.h"
#include "tensor.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE = 70 }; /* a fibre takes more than one word */

static const char *const rings[] = {"f2", "f3", "zt"};

static int residue(int value, fm_ring ring)
{
    if (ring.kind != FM_RING_ZP)
        return value;
    int p = (int)ring.p, r = ((value % p) + p) % p;
    return p == 3 && r == 2 ? -1 : r;
}

static void draw_move(int8_t *move, size_t length, int most, fm_random *random)
{
    for (size_t e = 0; e < length; e++) {
        int value = (int)fm_random_below(random, (uint32_t)(2 * most + 1)) - most;
        move[e] =
            most == FM_GAME_COEFFICIENT_MAX || fm_random_below(random, 4) == 0 ? (int8_t)value : 0;
    }
}

static fm_game *game_of(const fm_tensor *tensor, fm_ring ring)
{
    fm_game *game = fm_game_new(tensor->extent, ring);
    for (size_t e = 0; e < tensor->entry_count; e++)
        assert_true(fm_game_add(game, tensor->entries[e].i, tensor->entries[e].j,
                                tensor->entries[e].k, (int)fmpz_get_si(&tensor->entries[e].value)));
    return game;
}

static bool games_equal(const fm_game *a, const fm_game *b)
{
    const uint32_t *extent = fm_game_extent(a);
    for (uint32_t i = 0; i < extent[0]; i++)
        for (uint32_t j = 0; j < extent[1]; j++)
            for (uint32_t k = 0; k < extent[2]; k++)
                if (fm_game_entry(a, i, j, k) != fm_game_entry(b, i, j, k))
                    return false;
    return true;
}

/* Compares the bit planes with numbers, after each move and after taking it back. */
static void play_against_numbers(const uint32_t extent[3], fm_ring ring, int most)
{
    fm_random random;
    fm_random_seed(&random, 1, (uint64_t)most);
    size_t row = (size_t)extent[0] + extent[1] + extent[2];
    size_t count = (size_t)extent[0] * extent[1] * extent[2];
    int *numbers = calloc(count, sizeof *numbers), *before = calloc(count, sizeof *before);
    int8_t *move = malloc(row);
    fm_game *game = fm_game_new(extent, ring);
    unsigned refused = 0;
    for (int step = 0; step < 60; step++) {
        draw_move(move, row, most, &random);
        const int8_t *u = move, *v = u + extent[0], *w = v + extent[1];
        memcpy(before, numbers, count * sizeof *numbers);
        bool fits = true;
        for (size_t e = 0; e < count; e++) {
            size_t i = e / extent[2] / extent[1], j = e / extent[2] % extent[1];
            numbers[e] = residue(numbers[e] - u[i] * v[j] * w[e % extent[2]], ring);
            fits &= numbers[e] >= INT8_MIN && numbers[e] <= INT8_MAX;
        }
        assert_int_equal(fm_game_play(game, move), fits);
        if (fits && step % 3 == 0)
            fm_game_take_back(game, move);
        if (!fits || step % 3 == 0)
            memcpy(numbers, before, count * sizeof *numbers);
        refused += !fits;
        for (size_t e = 0; e < count; e++)
            assert_int_equal(fm_game_entry(game, (uint32_t)(e / extent[2] / extent[1]),
                                           (uint32_t)(e / extent[2] % extent[1]),
                                           (uint32_t)(e % extent[2])),
                             numbers[e]);
    }
    assert_true(most < FM_GAME_COEFFICIENT_MAX || refused > 0);
    fm_game_free(game);
    free(move);
    free(before);
    free(numbers);
}

static void moves_and_taking_them_back_are_exact(void **state)
{
    (void)state;
    const uint32_t small[3] = {4, 3, 5}, wide[3] = {3, 4, SIDE};
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        play_against_numbers(small, test_ring(rings[r]), 1);
        play_against_numbers(wide, test_ring(rings[r]), 1);
    }
    play_against_numbers(small, test_ring("z"), 2);
    play_against_numbers(wide, test_ring("z"), FM_GAME_COEFFICIENT_MAX);
}

/* Subtracting the products of a scheme ends the game, in any order, and not before. */
static void the_products_of_a_scheme_end_the_game(void **state)
{
    (void)state;
    fm_tensor *tensor = test_matmul(2, 2, 2);
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        fm_ring ring = test_ring(rings[r]);
        fm_scheme *strassen = test_strassen(ring);
        fm_products products;
        fm_products_from_scheme(&products, strassen);
        fm_game *game = game_of(tensor, ring);
        for (uint32_t p = 0; p < 7; p++) {
            assert_false(fm_game_is_over(game));
            int8_t *move = fm_products_row(&products, (p * 3 + 2) % 7);
            fm_game_normalize(game, move);
            assert_true(fm_game_play(game, move));
        }
        assert_true(fm_game_is_over(game));
        assert_int_equal(fm_game_weight(game), 0);
        fm_game_free(game);
        fm_products_clear(&products);
        fm_scheme_free(strassen);
    }
    fm_tensor_free(tensor);
}

static void a_normalized_move_is_the_same_product(void **state)
{
    (void)state;
    const uint32_t extent[3] = {4, 4, 4};
    fm_ring ring = test_ring("zt");
    fm_random random;
    fm_random_seed(&random, 5, 0);
    fm_game *game = fm_game_new(extent, ring);
    for (int i = 0; i < 100; i++) {
        int8_t move[12], turned[12];
        draw_move(move, sizeof move, 1, &random);
        move[i % 4] = move[4 + i / 4 % 4] = -1; /* u and v are not 0 */
        memcpy(turned, move, sizeof move);
        for (int e = 0; e < 8; e++) /* -u x -v x w */
            turned[e] = (int8_t)-turned[e];
        assert_true(fm_game_play(game, move));
        fm_game_normalize(game, move);
        fm_game_normalize(game, turned);
        assert_memory_equal(move, turned, sizeof move);
        fm_game_take_back(game, move);
        assert_true(fm_game_is_over(game));
    }
    fm_game_free(game);
}

/* Transposition, C' = B' A', keeps the tensor of a square format. */
static void a_hash_does_not_tell_symmetric_residuals_apart(void **state)
{
    (void)state;
    enum { N = 3, E = N * N };
    fm_random random;
    fm_random_seed(&random, 6, 0);
    fm_ring ring = test_ring("f2");
    fm_tensor *tensor = test_matmul(N, N, N);
    fm_game *game = game_of(tensor, ring), *image = game_of(tensor, ring);
    uint64_t last = fm_game_hash(game, true, tensor->format);
    for (int step = 0; step < 20; step++) {
        int8_t move[3 * E], turned[3 * E] = {0};
        do
            draw_move(move, sizeof move, 1, &random);
        while (!fm_game_play(game, move) || fm_game_hash(game, true, tensor->format) == last);
        for (int e = 0; e < E; e++) {
            int other = e % N * N + e / N;
            turned[other] = move[E + e];
            turned[E + other] = move[e];
            turned[2 * E + other] = move[2 * E + e];
        }
        assert_true(fm_game_play(image, turned));
        last = fm_game_hash(game, true, tensor->format);
        assert_int_equal(last, fm_game_hash(image, true, tensor->format));
        assert_true(games_equal(game, image) ||
                    fm_game_hash(game, false, NULL) != fm_game_hash(image, false, NULL));
    }
    fm_game_free(game);
    fm_game_free(image);
    fm_tensor_free(tensor);
}

/* After r random moves from zero the rank is at most r, and so are the flattenings' ranks. */
static void flattening_ranks_are_lower_bounds(void **state)
{
    (void)state;
    const uint32_t extent[3] = {9, 8, SIDE};
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        fm_random random;
        fm_random_seed(&random, 7, r);
        fm_game *game = fm_game_new(extent, test_ring(rings[r]));
        for (uint32_t moves = 0; moves < 12; moves++) {
            uint32_t ranks[3], sums[3];
            int8_t move[9 + 8 + SIDE];
            fm_game_flattening_ranks(game, ranks);
            fm_game_slice_ranks(game, sums);
            for (int axis = 0; axis < 3; axis++) {
                assert_true(ranks[axis] <= moves);
                assert_true(moves == 0 || sums[axis] >= 1);
                assert_true(sums[axis] <= extent[axis] * moves);
                for (int other = 0; other < 3; other++)
                    assert_true(ranks[other] <= sums[axis]);
            }
            do
                draw_move(move, sizeof move, 1, &random);
            while (!fm_game_play(game, move) || fm_game_is_over(game));
        }
        fm_game_free(game);
    }
}

static void slices_of_the_standard_tensor_have_its_ranks(void **state)
{
    (void)state;
    fm_tensor *tensor = test_matmul(2, 3, 4);
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        uint32_t ranks[3], sums[3];
        fm_game *game = game_of(tensor, test_ring(rings[r]));
        fm_game_flattening_ranks(game, ranks);
        fm_game_slice_ranks(game, sums);
        for (int axis = 0; axis < 3; axis++) {
            assert_int_equal(ranks[axis], tensor->extent[axis]);
            assert_int_equal(sums[axis], 24);
        }
        fm_game_free(game);
    }
    fm_tensor_free(tensor);
}

/* Whatever has been played, the plain decomposition sums to what is left. */
static void the_plain_decomposition_ends_the_game(void **state)
{
    (void)state;
    fm_tensor *tensor = test_matmul(2, 3, 3);
    size_t row = (size_t)tensor->extent[0] + tensor->extent[1] + tensor->extent[2];
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        fm_random random;
        fm_random_seed(&random, 8, r);
        fm_ring ring = test_ring(rings[r]);
        fm_game *game = game_of(tensor, ring);
        fm_playout *playout = fm_playout_new(tensor->extent, ring, 1, 400, &random);
        fm_products plain = {.extent = {tensor->extent[0], tensor->extent[1], tensor->extent[2]}};
        plain.coefficients = malloc(400 * row);
        for (int moves = 0; moves < 10; moves++) {
            uint32_t sums[3];
            int8_t move[6 + 9 + 6];
            fm_game_slice_ranks(game, sums);
            assert_true(fm_playout_decompose(playout, game, 400, &plain));
            for (int axis = 0; axis < 3 && ring.kind == FM_RING_ZP; axis++)
                assert_true(plain.rank <= sums[axis]);
            assert_false(fm_playout_decompose(playout, game, plain.rank - 1, &plain));
            assert_true(fm_playout_decompose(playout, game, 400, &plain));
            for (uint32_t p = 0; p < plain.rank; p++)
                assert_true(fm_game_play(game, fm_products_row(&plain, p)));
            assert_true(fm_game_is_over(game));
            for (uint32_t p = 0; p < plain.rank; p++)
                fm_game_take_back(game, fm_products_row(&plain, p));
            draw_move(move, sizeof move, 1, &random);
            assert_true(fm_game_play(game, move));
        }
        free(plain.coefficients);
        fm_playout_free(playout);
        fm_game_free(game);
    }
    fm_tensor_free(tensor);
}

/* ---------------------------------------------------------------- bases */

/* A scheme in another basis is one of the tensor in that basis, and comes back as it was. */
static void schemes_follow_the_basis(void **state)
{
    (void)state;
    fm_tensor *tensor = test_matmul(2, 2, 2);
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        fm_ring ring = test_ring(rings[r]);
        fm_random random;
        fm_random_seed(&random, 9, r);
        fm_scheme *strassen = test_strassen(ring);
        unsigned taken = 0;
        for (int i = 0; i < 50; i++) {
            fm_products products, before;
            fm_basis basis;
            fm_products_from_scheme(&products, strassen);
            fm_products_from_scheme(&before, strassen);
            fm_game *game = game_of(tensor, ring);
            fm_basis_draw(&basis, ring, tensor->extent, 1 + (uint32_t)i % 6, &random);
            assert_true(fm_basis_take_game(&basis, game));
            if (fm_basis_take_products(&basis, false, 1, &products)) {
                taken++;
                for (uint32_t p = 0; p < products.rank; p++)
                    assert_true(fm_game_play(game, fm_products_row(&products, p)));
                assert_true(fm_game_is_over(game));
                assert_true(fm_basis_take_products(&basis, true, 1, &products));
            }
            assert_memory_equal(products.coefficients, before.coefficients, 7 * 12);
            fm_game_free(game);
            fm_products_clear(&products);
            fm_products_clear(&before);
        }
        assert_true(taken > 0);
        assert_true(taken == 50 || ring.kind != FM_RING_ZP);
        fm_scheme_free(strassen);
    }
    fm_tensor_free(tensor);
}

/* ---------------------------------------------------------------- proposals */

static const double even[FM_PROPOSAL_KINDS] = {1, 1, 1, 1, 1};

/* No other w leaves fewer entries for the same u and v: tried with each coefficient of w alone. */
static void counting_finds_the_best_third_factor(void **state)
{
    (void)state;
    fm_tensor *tensor = test_matmul(2, 2, 2);
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        fm_random random;
        fm_random_seed(&random, 10, r);
        fm_ring ring = test_ring(rings[r]);
        fm_game *game = game_of(tensor, ring);
        fm_proposal_source source = {
            .game = game, .ring = ring, .coefficient_max = 1, .weights = even, .random = &random};
        for (int i = 0; i < 100; i++) {
            int8_t move[12];
            draw_move(move, sizeof move, 1, &random);
            if (!fm_propose_counting(&source, move))
                continue;
            assert_true(fm_game_play(game, move));
            uint32_t weight = fm_game_weight(game);
            fm_game_take_back(game, move);
            for (int e = 8; e < 12; e++)
                for (int8_t c = -1; c <= 1; c++) {
                    int8_t kept = move[e];
                    move[e] = c;
                    assert_true(fm_game_play(game, move));
                    assert_true(fm_game_weight(game) >= weight);
                    fm_game_take_back(game, move);
                    move[e] = kept;
                }
        }
        fm_game_free(game);
    }
    fm_tensor_free(tensor);
}

static void slices_of_rank_one_lower_a_flattening(void **state)
{
    (void)state;
    const uint32_t extent[3] = {4, 4, 4};
    for (size_t r = 0; r < 2; r++) { /* ranks of integers are taken modulo 3: not exact there */
        fm_random random;
        fm_random_seed(&random, 11, r);
        fm_ring ring = test_ring(rings[r]);
        unsigned found = 0;
        for (int i = 0; i < 100; i++) {
            fm_game *game = fm_game_new(extent, ring);
            int8_t move[12];
            for (int moves = 0; moves < 3; moves++) {
                draw_move(move, sizeof move, 1, &random);
                fm_game_play(game, move);
            }
            uint32_t before[3], after[3];
            fm_proposal_source source = {.game = game,
                                         .ring = ring,
                                         .coefficient_max = 1,
                                         .weights = even,
                                         .random = &random};
            fm_game_flattening_ranks(game, before);
            if (fm_propose_slice(&source, move)) {
                found++;
                assert_true(fm_game_play(game, move));
                fm_game_flattening_ranks(game, after);
                assert_true(after[0] < before[0] || after[1] < before[1] || after[2] < before[2]);
            }
            fm_game_free(game);
        }
        assert_true(found > 10);
    }
}

/* A proposal can be played, has a prior, and leaves the residual as it was. */
static void proposals_of_all_kinds_are_moves(void **state)
{
    (void)state;
    fm_tensor *tensor = test_matmul(2, 2, 2);
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        fm_random random;
        fm_random_seed(&random, 12, r);
        fm_ring ring = test_ring(rings[r]);
        fm_game *game = game_of(tensor, ring), *before = game_of(tensor, ring);
        fm_scheme *strassen = test_strassen(ring);
        fm_products known;
        fm_products_from_scheme(&known, strassen);
        unsigned kinds[FM_PROPOSAL_KINDS] = {0};
        for (; known.rank > 4; known.rank--) {
            assert_true(fm_game_play(game, fm_products_row(&known, known.rank - 1)));
            assert_true(fm_game_play(before, fm_products_row(&known, known.rank - 1)));
        }
        for (int i = 0; i < 1000; i++) {
            int8_t move[12], normalized[12];
            fm_proposal proposal = {.move = move};
            fm_measures measures;
            fm_proposal_source source = {.game = game,
                                         .measures = &measures,
                                         .ring = ring,
                                         .coefficient_max = 1,
                                         .completion = &known,
                                         .known = &known,
                                         .weights = even,
                                         .random = &random};
            fm_measure(game, &measures);
            if (!fm_propose(&source, &proposal))
                continue;
            kinds[proposal.kind]++;
            assert_true(proposal.prior > 0);
            assert_true(games_equal(game, before));
            memcpy(normalized, move, sizeof move);
            fm_game_normalize(game, normalized);
            assert_memory_equal(normalized, move, sizeof move);
            assert_true(fm_game_play(game, move));
            assert_false(games_equal(game, before));
            fm_game_take_back(game, move);
        }
        for (int kind = 0; kind < FM_PROPOSAL_KINDS; kind++)
            assert_true(kinds[kind] > 0);
        fm_products_clear(&known);
        fm_scheme_free(strassen);
        fm_game_free(game);
        fm_game_free(before);
    }
    fm_tensor_free(tensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves_and_taking_them_back_are_exact),
        cmocka_unit_test(the_products_of_a_scheme_end_the_game),
        cmocka_unit_test(a_normalized_move_is_the_same_product),
        cmocka_unit_test(a_hash_does_not_tell_symmetric_residuals_apart),
        cmocka_unit_test(flattening_ranks_are_lower_bounds),
        cmocka_unit_test(slices_of_the_standard_tensor_have_its_ranks),
        cmocka_unit_test(the_plain_decomposition_ends_the_game),
        cmocka_unit_test(schemes_follow_the_basis),
        cmocka_unit_test(counting_finds_the_best_third_factor),
        cmocka_unit_test(slices_of_rank_one_lower_a_flattening),
        cmocka_unit_test(proposals_of_all_kinds_are_moves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
