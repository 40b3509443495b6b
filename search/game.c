#include "game.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { PLANES_MAX = 8, WORDS_MAX = 4, COLUMNS_MAX = 256 };

/* The row of (i, j) has the entries (i, j, 0), (i, j, 1), ...: words of 64, one plane after the
   other. */
struct fm_game {
    uint32_t extent[3];
    uint32_t planes, words; /* words of one plane of a row */
    uint64_t *rows;
};

/* One row in bit planes. */
typedef struct row {
    uint64_t plane[PLANES_MAX][WORDS_MAX];
} row;

static size_t row_words(const fm_game *game)
{
    return (size_t)game->planes * game->words;
}

static size_t all_words(const fm_game *game)
{
    return (size_t)game->extent[0] * game->extent[1] * row_words(game);
}

static uint64_t *row_at(const fm_game *game, uint32_t i, uint32_t j)
{
    return game->rows + ((size_t)i * game->extent[1] + j) * row_words(game);
}

fm_game *fm_game_new(const uint32_t extent[3], fm_ring ring)
{
    fm_game *game = fm_alloc_zero(1, sizeof *game);
    memcpy(game->extent, extent, sizeof game->extent);
    assert(extent[0] <= COLUMNS_MAX && extent[1] <= COLUMNS_MAX && extent[2] <= COLUMNS_MAX);
    game->planes = ring.kind == FM_RING_ZP ? (uint32_t)ring.p - 1 : PLANES_MAX;
    assert(game->planes == 1 || game->planes == 2 || game->planes == PLANES_MAX);
    game->words = (extent[2] + 63) / 64;
    game->rows = fm_alloc_zero(all_words(game), sizeof *game->rows);
    return game;
}

void fm_game_free(fm_game *game)
{
    if (game == NULL)
        return;
    free(game->rows);
    free(game);
}

void fm_game_copy(fm_game *to, const fm_game *from)
{
    assert(all_words(to) == all_words(from));
    memcpy(to->rows, from->rows, all_words(from) * sizeof *from->rows);
}

const uint32_t *fm_game_extent(const fm_game *game)
{
    return game->extent;
}

/* ---------------------------------------------------------------- entries */

/* A number as bit b of each plane. */
static uint32_t to_planes(const fm_game *game, int value)
{
    if (game->planes == 1)
        return (uint32_t)value & 1;
    if (game->planes == 2) {
        int residue = ((value % 3) + 3) % 3;
        return residue == 1 ? 1 : residue == 2 ? 2 : 0;
    }
    return (uint32_t)value & 0xff;
}

static int from_planes(const fm_game *game, uint32_t bits)
{
    if (game->planes == 1)
        return (int)bits;
    if (game->planes == 2)
        return (int)(bits & 1) - (int)(bits >> 1);
    return (int8_t)bits;
}

static uint32_t column_bits(const fm_game *game, const uint64_t *planes, uint32_t k)
{
    uint32_t bits = 0;
    for (uint32_t p = 0; p < game->planes; p++)
        bits |= (uint32_t)(planes[p * game->words + k / 64] >> k % 64 & 1) << p;
    return bits;
}

int fm_game_entry(const fm_game *game, uint32_t i, uint32_t j, uint32_t k)
{
    return from_planes(game, column_bits(game, row_at(game, i, j), k));
}

bool fm_game_add(fm_game *game, uint32_t i, uint32_t j, uint32_t k, int value)
{
    uint64_t *planes = row_at(game, i, j);
    int sum = fm_game_entry(game, i, j, k) + value;
    if (game->planes == PLANES_MAX && (sum < INT8_MIN || sum > INT8_MAX))
        return false;
    uint32_t bits = to_planes(game, sum);
    for (uint32_t p = 0; p < game->planes; p++) {
        uint64_t *word = &planes[p * game->words + k / 64], bit = (uint64_t)1 << k % 64;
        *word = (bits >> p & 1) != 0 ? *word | bit : *word & ~bit;
    }
    return true;
}

/* A bit for each entry of a row, in one of its words, that is not 0. */
static uint64_t nonzero(const fm_game *game, const uint64_t *planes, uint32_t word)
{
    uint64_t any = 0;
    for (uint32_t p = 0; p < game->planes; p++)
        any |= planes[p * game->words + word];
    return any;
}

uint32_t fm_game_weight(const fm_game *game)
{
    uint32_t weight = 0;
    for (uint32_t i = 0; i < game->extent[0]; i++)
        for (uint32_t j = 0; j < game->extent[1]; j++)
            for (uint32_t word = 0; word < game->words; word++)
                weight += (uint32_t)__builtin_popcountll(nonzero(game, row_at(game, i, j), word));
    return weight;
}

bool fm_game_is_over(const fm_game *game)
{
    uint64_t any = 0;
    for (size_t w = 0; w < all_words(game); w++)
        any |= game->rows[w];
    return any == 0;
}

/* ---------------------------------------------------------------- moves */

/* The vector c w in bit planes. */
static void pack(const fm_game *game, const int8_t *w, int c, row *out)
{
    memset(out, 0, sizeof *out);
    for (uint32_t k = 0; k < game->extent[2]; k++) {
        uint32_t bits = to_planes(game, c * w[k]);
        for (uint32_t p = 0; p < game->planes; p++)
            out->plane[p][k / 64] |= (uint64_t)(bits >> p & 1) << k % 64;
    }
}

/* Modulo 3, with planes for 1 and -1. */
static void add_modulo_3(uint64_t *plus, uint64_t *minus, uint64_t b_plus, uint64_t b_minus)
{
    uint64_t a_plus = *plus, a_minus = *minus;
    *plus = (a_plus & ~b_plus & ~b_minus) | (b_plus & ~a_plus & ~a_minus) | (a_minus & b_minus);
    *minus = (a_minus & ~b_plus & ~b_minus) | (b_minus & ~a_plus & ~a_minus) | (a_plus & b_plus);
}

/* Adds with a carry from plane to plane; bits where the sum left the range. */
static uint64_t add_integers(const fm_game *game, uint64_t *planes, const row *b, uint32_t word)
{
    uint64_t carry = 0, before = 0;
    for (uint32_t p = 0; p < PLANES_MAX; p++) {
        uint64_t *a = &planes[p * game->words + word], x = *a, y = b->plane[p][word];
        before = carry;
        *a = x ^ y ^ carry;
        carry = (x & y) | (carry & (x ^ y));
    }
    return carry ^ before;
}

/* Adds a packed vector to a row; true where an integer left its range. */
static bool add_row(const fm_game *game, uint64_t *planes, const row *b)
{
    uint64_t overflow = 0;
    for (uint32_t word = 0; word < game->words; word++) {
        if (game->planes == 1)
            planes[word] ^= b->plane[0][word];
        else if (game->planes == 2)
            add_modulo_3(&planes[word], &planes[game->words + word], b->plane[0][word],
                         b->plane[1][word]);
        else
            overflow |= add_integers(game, planes, b, word);
    }
    return overflow != 0;
}

/* Adds sign times a move; true when no integer left its range. */
static bool add_move(fm_game *game, const int8_t *move, int sign)
{
    enum { C_MAX = FM_GAME_COEFFICIENT_MAX * FM_GAME_COEFFICIENT_MAX };
    const int8_t *u = move, *v = u + game->extent[0], *w = v + game->extent[1];
    row packed[2 * C_MAX + 1];
    bool is_packed[2 * C_MAX + 1] = {false}, fits = true;
    for (uint32_t i = 0; i < game->extent[0]; i++)
        for (uint32_t j = 0; u[i] != 0 && j < game->extent[1]; j++) {
            int c = sign * u[i] * v[j], at = c + C_MAX;
            if (c == 0)
                continue;
            assert(at >= 0 && at <= 2 * C_MAX);
            if (!is_packed[at])
                pack(game, w, c, &packed[at]);
            is_packed[at] = true;
            fits &= !add_row(game, row_at(game, i, j), &packed[at]);
        }
    return fits;
}

bool fm_game_play(fm_game *game, const int8_t *move)
{
    if (add_move(game, move, -1))
        return true;
    add_move(game, move, 1); /* what wrapped around comes back */
    return false;
}

void fm_game_take_back(fm_game *game, const int8_t *move)
{
    add_move(game, move, 1);
}

static void negate(int8_t *vector, uint32_t length)
{
    for (uint32_t e = 0; e < length; e++)
        vector[e] = (int8_t)-vector[e];
}

void fm_game_normalize(const fm_game *game, int8_t *move)
{
    int8_t *factor = move, *w = move + game->extent[0] + game->extent[1];
    if (game->planes == 1) {
        for (uint32_t e = 0; e < game->extent[0] + game->extent[1] + game->extent[2]; e++)
            move[e] &= 1;
        return;
    }
    for (int axis = 0; axis < 2; factor += game->extent[axis++]) {
        uint32_t first = 0;
        while (first < game->extent[axis] && factor[first] == 0)
            first++;
        if (first < game->extent[axis] && factor[first] < 0) {
            negate(factor, game->extent[axis]);
            negate(w, game->extent[2]);
        }
    }
}

/* ---------------------------------------------------------------- hash */

/* What one entry adds to the hash. */
static uint64_t mix(const uint32_t at[3], int value)
{
    uint64_t h =
        ((uint64_t)at[0] << 40 | (uint64_t)at[1] << 24 | (uint64_t)at[2] << 8) + (uint8_t)value + 1;
    h = (h ^ h >> 30) * 0xbf58476d1ce4e5b9u;
    h = (h ^ h >> 27) * 0x94d049bb133111ebu;
    return h ^ h >> 31;
}

/* Permutations of the indices i, j, k of a_ij b_jk c_ik, the identity first. */
static const uint8_t permutations[6][3] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1},
                                           {1, 0, 2}, {0, 2, 1}, {2, 1, 0}};
/* Which two of them the rows and columns of A, B and C are. */
static const uint8_t letters[3][2] = {{0, 1}, {1, 2}, {0, 2}};

static bool keeps_sizes(const uint8_t permutation[3], const uint32_t format[3])
{
    return format[permutation[0]] == format[0] && format[permutation[1]] == format[1] &&
           format[permutation[2]] == format[2];
}

/* Where an entry goes when index l is called permutation[l]. */
static void image_of(const uint8_t permutation[3], const uint32_t format[3], const uint32_t at[3],
                     uint32_t image[3])
{
    for (int axis = 0; axis < 3; axis++) {
        uint32_t columns = format[letters[axis][1]], value[3] = {0};
        uint8_t r0 = permutation[letters[axis][0]], c0 = permutation[letters[axis][1]];
        value[r0] = at[axis] / columns;
        value[c0] = at[axis] % columns;
        for (int to = 0; to < 3; to++) {
            uint8_t r = letters[to][0], c = letters[to][1];
            if ((r == r0 && c == c0) || (r == c0 && c == r0))
                image[to] = value[r] * format[c] + value[c];
        }
    }
}

uint64_t fm_game_hash(const fm_game *game, bool symmetric, const uint32_t format[3])
{
    uint64_t sums[6] = {0}, least = UINT64_MAX;
    int count = symmetric ? 6 : 1;
    for (uint32_t i = 0; i < game->extent[0]; i++)
        for (uint32_t j = 0; j < game->extent[1]; j++)
            for (uint32_t word = 0; word < game->words; word++) {
                const uint64_t *planes = row_at(game, i, j);
                for (uint64_t left = nonzero(game, planes, word); left != 0; left &= left - 1) {
                    uint32_t k = 64 * word + (uint32_t)__builtin_ctzll(left);
                    uint32_t at[3] = {i, j, k}, image[3] = {i, j, k};
                    int value = from_planes(game, column_bits(game, planes, k));
                    for (int s = 0; s < count; s++) {
                        if (symmetric && keeps_sizes(permutations[s], format))
                            image_of(permutations[s], format, at, image);
                        sums[s] += mix(image, value);
                    }
                }
            }
    for (int s = 0; s < count; s++)
        if (s == 0 || keeps_sizes(permutations[s], format))
            least = sums[s] < least ? sums[s] : least;
    return least;
}

/* ---------------------------------------------------------------- ranks */

/* Vectors modulo 2 or 3 in echelon form; over f2 the second plane is not there. */
typedef struct echelon {
    uint32_t planes, words; /* of a vector: words of plane 1, then of plane -1 */
    uint32_t rank;
    uint32_t *pivots;
    uint64_t *vectors;
    uint64_t *next; /* the vector to be inserted, to be filled by the caller */
} echelon;

static echelon echelon_new(uint32_t planes, uint32_t words, uint32_t rank_max)
{
    echelon e = {.planes = planes, .words = words};
    e.pivots = fm_alloc(rank_max, sizeof *e.pivots);
    e.vectors = fm_alloc((size_t)(rank_max + 1) * planes * words, sizeof *e.vectors);
    e.next = e.vectors;
    return e;
}

static void echelon_free(echelon *e)
{
    free(e->pivots);
    free(e->vectors);
}

static void echelon_clear(echelon *e)
{
    e->rank = 0;
    e->next = e->vectors;
}

/* Takes from the next vector what it has of another one at a pivot. */
static void eliminate(const echelon *e, const uint64_t *vector, uint32_t pivot)
{
    uint32_t words = e->words, word = pivot / 64;
    uint64_t *a = e->next;
    bool plus = a[word] >> pivot % 64 & 1;
    if (e->planes == 1) {
        for (uint32_t w = 0; plus && w < words; w++)
            a[w] ^= vector[w];
        return;
    }
    bool minus = a[words + word] >> pivot % 64 & 1;
    if (!plus && !minus)
        return;
    bool same = plus == (vector[word] >> pivot % 64 & 1);
    for (uint32_t w = 0; w < words; w++)
        add_modulo_3(&a[w], &a[words + w], vector[same ? words + w : w],
                     vector[same ? w : words + w]);
}

/* Inserts the next vector. */
static void echelon_insert(echelon *e)
{
    size_t length = (size_t)e->planes * e->words;
    for (uint32_t r = 0; r < e->rank; r++)
        eliminate(e, e->vectors + r * length, e->pivots[r]);
    for (uint32_t w = 0; w < e->words; w++) {
        uint64_t any = e->next[w] | (e->planes == 2 ? e->next[e->words + w] : 0);
        if (any != 0) {
            e->pivots[e->rank++] = 64 * w + (uint32_t)__builtin_ctzll(any);
            e->next += length;
            return;
        }
    }
}

/* A row modulo 2 or 3 in the planes of an echelon, from word at on. */
static void take_row(const fm_game *game, const uint64_t *planes, echelon *e, uint32_t at)
{
    for (uint32_t word = 0; word < game->words; word++) {
        uint64_t plus = planes[word], minus = 0;
        if (game->planes == 2)
            minus = planes[game->words + word];
        if (game->planes ==
            PLANES_MAX) { /* 2^p is 1 or -1; the last plane counts -2^7, which is 1 */
            plus = 0;
            for (uint32_t p = 0; p < PLANES_MAX; p++) {
                uint64_t bits = planes[p * game->words + word];
                bool is_plus = p % 2 == 0 || p == PLANES_MAX - 1;
                add_modulo_3(&plus, &minus, is_plus ? bits : 0, is_plus ? 0 : bits);
            }
        }
        e->next[at + word] = plus;
        if (e->planes == 2)
            e->next[e->words + at + word] = minus;
    }
}

static uint32_t rank_planes(const fm_game *game)
{
    return game->planes == 1 ? 1 : 2;
}

/* The flattening with the rows of an axis, 0 or 1, as vectors. */
static uint32_t long_rank(const fm_game *game, int axis)
{
    uint32_t others = game->extent[1 - axis], rows = game->extent[axis];
    echelon e = echelon_new(rank_planes(game), others * game->words, rows);
    for (uint32_t a = 0; a < rows; a++) {
        for (uint32_t b = 0; b < others; b++)
            take_row(game, axis == 0 ? row_at(game, a, b) : row_at(game, b, a), &e,
                     b * game->words);
        echelon_insert(&e);
    }
    uint32_t rank = e.rank;
    echelon_free(&e);
    return rank;
}

void fm_game_flattening_ranks(const fm_game *game, uint32_t ranks[3])
{
    echelon e = echelon_new(rank_planes(game), game->words, game->extent[2]);
    ranks[0] = long_rank(game, 0);
    ranks[1] = long_rank(game, 1);
    for (uint32_t i = 0; i < game->extent[0]; i++)
        for (uint32_t j = 0; j < game->extent[1]; j++) {
            take_row(game, row_at(game, i, j), &e, 0);
            echelon_insert(&e);
        }
    ranks[2] = e.rank;
    echelon_free(&e);
}

/* The sum of the ranks of the slices of axis 0 or 1. */
static uint32_t slices_of_rows(const fm_game *game, int axis)
{
    uint32_t sum = 0;
    echelon e = echelon_new(rank_planes(game), game->words, game->extent[2]);
    for (uint32_t a = 0; a < game->extent[axis]; a++) {
        for (uint32_t b = 0; b < game->extent[1 - axis]; b++) {
            take_row(game, axis == 0 ? row_at(game, a, b) : row_at(game, b, a), &e, 0);
            echelon_insert(&e);
        }
        sum += e.rank;
        echelon_clear(&e);
    }
    echelon_free(&e);
    return sum;
}

/* The sum of the ranks of the slices of axis 2. */
static uint32_t slices_of_columns(const fm_game *game)
{
    uint32_t sum = 0, words = (game->extent[1] + 63) / 64, planes = rank_planes(game);
    echelon e = echelon_new(planes, words, game->extent[0]);
    for (uint32_t k = 0; k < game->extent[2]; k++) {
        for (uint32_t i = 0; i < game->extent[0]; i++) {
            memset(e.next, 0, (size_t)planes * words * sizeof *e.next);
            for (uint32_t j = 0; j < game->extent[1]; j++) {
                int value = fm_game_entry(game, i, j, k) % 3;
                uint32_t plane = value == -1 || value == 2 ? 1 : 0;
                if (value != 0)
                    e.next[plane * words + j / 64] |= (uint64_t)1 << j % 64;
            }
            echelon_insert(&e);
        }
        sum += e.rank;
        echelon_clear(&e);
    }
    echelon_free(&e);
    return sum;
}

void fm_game_slice_ranks(const fm_game *game, uint32_t sums[3])
{
    sums[0] = slices_of_rows(game, 0);
    sums[1] = slices_of_rows(game, 1);
    sums[2] = slices_of_columns(game);
}
