/* The TensorGame (Fawzi et al. 2022, Discovering faster matrix multiplication algorithms with
   reinforcement learning, Nature 610): the state is what is left of a tensor, the residual; a move
   subtracts a product u x v x w; the game is over when nothing is left, and fewer moves are better.

   The residual is kept in bit planes, a bit an entry: one plane over f2, two over f3 (where it is
   1, where it is -1), and over the integers the eight of a number in two's complement. A move works
   on all entries of a fibre, the last index, at once. Moves are played and taken back exactly. */
#ifndef FM_GAME_H
#define FM_GAME_H

#include "fewmul.h"
#include "walk.h"

/* Coefficients of moves are within these, over the integers. */
#define FM_GAME_COEFFICIENT_MAX FM_WALK_COEFFICIENT_MAX

typedef struct fm_game fm_game;

/* An empty residual over f2, f3, or the integers (zt, z). Extents are up to 256. */
fm_game *fm_game_new(const uint32_t extent[3], fm_ring ring);
void fm_game_free(fm_game *game);
/* Makes the residual of one game that of another of the same extents and ring. */
void fm_game_copy(fm_game *to, const fm_game *from);
const uint32_t *fm_game_extent(const fm_game *game);

/* Adds to an entry; false, and nothing is done, when it would leave -128 ... 127. */
bool fm_game_add(fm_game *game, uint32_t i, uint32_t j, uint32_t k, int value);
/* An entry: 0 or 1 over f2, 0, 1 or -1 over f3. */
int fm_game_entry(const fm_game *game, uint32_t i, uint32_t j, uint32_t k);
/* How many entries are not 0. */
uint32_t fm_game_weight(const fm_game *game);
bool fm_game_is_over(const fm_game *game);

/* A move is extent[0] + extent[1] + extent[2] coefficients, as a row of fm_products. Over the
   integers they are within FM_GAME_COEFFICIENT_MAX; over f2 and f3 in {-1, 0, 1}. */

/* Subtracts a move; false, and nothing is done, when an entry would leave -128 ... 127. */
bool fm_game_play(fm_game *game, const int8_t *move);
/* Adds it again. */
void fm_game_take_back(fm_game *game, const int8_t *move);

/* Brings a move into the form that all moves of the same product have: the first coefficients of u
   and v that are not 0 become positive (over f2 all do). */
void fm_game_normalize(const fm_game *game, int8_t *move);

/* A hash of the residual. When symmetric is true, the same for all images of the residual under the
   permutations of rows and columns of A, B and C that leave the tensor of this format as it is (the
   cyclic shift and transpositions, as far as n, m, p are equal); format is otherwise not read. */
uint64_t fm_game_hash(const fm_game *game, bool symmetric, const uint32_t format[3]);

/* The ranks of the three flattenings, extent[axis] rows each, over f2 or f3 (of integers, modulo
   3). Each is at most the rank of the residual. */
void fm_game_flattening_ranks(const fm_game *game, uint32_t ranks[3]);
/* For each axis the sum over its slices of their ranks, over f2 or f3 (of integers, modulo 3). Over
   f2 and f3 each is a number of products that sum to the residual. */
void fm_game_slice_ranks(const fm_game *game, uint32_t sums[3]);

#endif
