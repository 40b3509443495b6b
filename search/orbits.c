#include "orbits.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *const fm_symmetry_names[FM_SYMMETRIES] = {
    [FM_CYCLIC] = "cyclic",
    [FM_CYCLIC_REVERSAL] = "cyclic+reversal",
    [FM_CYCLIC_TRANSPOSITION] = "cyclic+transposition",
};

bool fm_symmetry_named(const char *name, fm_symmetry *symmetry)
{
    for (int s = 0; s < FM_SYMMETRIES; s++)
        if (strcmp(fm_symmetry_names[s], name) == 0) {
            *symmetry = (fm_symmetry)s;
            return true;
        }
    return false;
}

void fm_orbits_init(fm_orbits *orbits, fm_symmetry symmetry, uint32_t size, uint32_t cubes,
                    uint32_t others)
{
    *orbits = (fm_orbits){.symmetry = symmetry, .size = size, .extent = size * size};
    orbits->order = symmetry == FM_CYCLIC ? 3 : 6;
    orbits->cubes = fm_alloc_zero(cubes, orbits->extent);
    orbits->held = fm_alloc_zero(others, (size_t)3 * orbits->extent);
    orbits->full = fm_alloc_zero(others, (size_t)3 * orbits->extent);
}

void fm_orbits_clear(fm_orbits *orbits)
{
    free(orbits->cubes);
    free(orbits->held);
    free(orbits->full);
    *orbits = (fm_orbits){0};
}

int8_t *fm_orbits_cube(const fm_orbits *orbits, uint32_t i)
{
    return orbits->cubes + (size_t)i * orbits->extent;
}

int8_t *fm_orbits_held(const fm_orbits *orbits, uint32_t i)
{
    return orbits->held + (size_t)i * 3 * orbits->extent;
}

int8_t *fm_orbits_full(const fm_orbits *orbits, uint32_t i)
{
    return orbits->full + (size_t)i * 3 * orbits->extent;
}

void fm_orbits_copy(fm_orbits *to, const fm_orbits *from)
{
    assert(to->extent == from->extent && to->symmetry == from->symmetry);
    to->cube_count = from->cube_count;
    to->held_count = from->held_count;
    to->full_count = from->full_count;
    memcpy(to->cubes, from->cubes, (size_t)from->cube_count * from->extent);
    memcpy(to->held, from->held, (size_t)from->held_count * 3 * from->extent);
    memcpy(to->full, from->full, (size_t)from->full_count * 3 * from->extent);
}

void fm_orbits_state(fm_orbits *orbits, uint32_t cubes, uint32_t others, fm_state *state)
{
    FM_STATE_VALUE(state, orbits->cube_count);
    FM_STATE_VALUE(state, orbits->held_count);
    FM_STATE_VALUE(state, orbits->full_count);
    fm_state_require(state, orbits->cube_count <= cubes && orbits->held_count <= others &&
                                orbits->full_count <= others);
    if (state->bad)
        orbits->cube_count = orbits->held_count = orbits->full_count = 0;
    size_t row = (size_t)3 * orbits->extent;
    fm_state_bytes(state, orbits->cubes, (size_t)orbits->cube_count * orbits->extent);
    fm_state_bytes(state, orbits->held, orbits->held_count * row);
    fm_state_bytes(state, orbits->full, orbits->full_count * row);
}

uint32_t fm_orbits_rank(const fm_orbits *orbits)
{
    return orbits->cube_count + 3 * orbits->held_count + orbits->order * orbits->full_count;
}

/* ---------------------------------------------------------------- the involution */

/* Where the involution takes a coefficient. */
static uint32_t image_at(const fm_orbits *orbits, uint32_t e)
{
    uint32_t n = orbits->size;
    if (orbits->symmetry == FM_CYCLIC_REVERSAL)
        return orbits->extent - 1 - e;
    return (n - 1 - e % n) * n + n - 1 - e / n;
}

static void put_image(const fm_orbits *orbits, const int8_t *from, int8_t *to)
{
    for (uint32_t e = 0; e < orbits->extent; e++)
        to[image_at(orbits, e)] = from[e];
}

/* The image of a product. */
static void put_row_image(const fm_orbits *orbits, const int8_t *from, int8_t *to)
{
    static const uint32_t mirrored[3] = {1, 0, 2};
    for (uint32_t s = 0; s < 3; s++) {
        uint32_t at = orbits->symmetry == FM_CYCLIC_TRANSPOSITION ? mirrored[s] : s;
        put_image(orbits, from + (size_t)s * orbits->extent, to + (size_t)at * orbits->extent);
    }
}

static bool is_image(const fm_orbits *orbits, const int8_t *a, const int8_t *b)
{
    for (uint32_t e = 0; e < orbits->extent; e++)
        if (a[e] != b[image_at(orbits, e)])
            return false;
    return true;
}

/* ---------------------------------------------------------------- from and to products */

static void transpose(int8_t *to, const int8_t *from, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        for (uint32_t j = 0; j < size; j++)
            to[j * size + i] = from[i * size + j];
}

/* s with b = s a, for s = 1 or -1; 0 when there is none. */
static int ratio(const int8_t *a, const int8_t *b, uint32_t extent)
{
    if (memcmp(a, b, extent) == 0)
        return 1;
    for (uint32_t e = 0; e < extent; e++)
        if (a[e] != -b[e])
            return 0;
    return -1;
}

/* Whether a product is another one turned by so many positions. */
static bool is_turned(const int8_t *a, const int8_t *b, uint32_t turn, uint32_t extent)
{
    int sign = 1;
    for (uint32_t s = 0; s < 3 && sign != 0; s++)
        sign *= ratio(a + (size_t)((s + turn) % 3) * extent, b + (size_t)s * extent, extent);
    return sign == 1;
}

/* Moves the image of row r turned so far behind it, to place at; false when there is none. */
static bool bring(int8_t *rows, uint32_t r, uint32_t turn, uint32_t at, uint32_t count,
                  uint32_t extent)
{
    size_t length = (size_t)3 * extent;
    for (uint32_t other = at; other < count; other++)
        if (is_turned(rows + r * length, rows + other * length, turn, extent)) {
            for (size_t e = 0; e < length; e++) {
                int8_t moved = rows[at * length + e];
                rows[at * length + e] = rows[other * length + e];
                rows[other * length + e] = moved;
            }
            return true;
        }
    return false;
}

/* Sorts rows of three factors, W for the transpose of C, into cubes and triples under the shift. */
static bool take_triples(fm_orbits *orbits, int8_t *rows, uint32_t count)
{
    uint32_t extent = orbits->extent, step;
    for (uint32_t r = 0; r < count; r += step) {
        const int8_t *row = rows + (size_t)r * 3 * extent;
        int second = ratio(row, row + extent, extent), third = ratio(row, row + 2 * extent, extent);
        step = second * third != 0 ? 1 : 3;
        if (step == 1) {
            int8_t *cube = fm_orbits_cube(orbits, orbits->cube_count++);
            for (uint32_t e = 0; e < extent; e++)
                cube[e] = (int8_t)(second * third * row[e]);
            continue;
        }
        if (!bring(rows, r, 1, r + 1, count, extent) || !bring(rows, r, 2, r + 2, count, extent))
            return false;
        memcpy(fm_orbits_full(orbits, orbits->full_count++), row, (size_t)3 * extent);
    }
    return true;
}

/* The number of cube i's image, cube_count when there is none. */
static uint32_t find_cube_image(const fm_orbits *orbits, uint32_t i)
{
    uint32_t j = 0;
    while (j < orbits->cube_count &&
           !is_image(orbits, fm_orbits_cube(orbits, i), fm_orbits_cube(orbits, j)))
        j++;
    return j;
}

static bool is_orbit_of(const int8_t *a, const int8_t *b, uint32_t extent)
{
    return is_turned(a, b, 0, extent) || is_turned(a, b, 1, extent) || is_turned(a, b, 2, extent);
}

static void remove_full(fm_orbits *orbits, uint32_t i)
{
    size_t length = (size_t)3 * orbits->extent;
    memmove(fm_orbits_full(orbits, i), fm_orbits_full(orbits, orbits->full_count - 1), length);
    orbits->full_count--;
}

/* Makes full and held orbits of the triples in full. */
static bool pair_triples(fm_orbits *orbits)
{
    size_t length = (size_t)3 * orbits->extent;
    int8_t *image = fm_alloc(1, length);
    bool symmetric = true;
    for (uint32_t i = 0; i < orbits->cube_count; i++)
        symmetric = symmetric && find_cube_image(orbits, i) < orbits->cube_count;
    for (uint32_t i = 0; symmetric && i < orbits->full_count; i++) {
        const int8_t *row = fm_orbits_full(orbits, i);
        uint32_t other = i + 1;
        put_row_image(orbits, row, image);
        if (is_orbit_of(row, image, orbits->extent)) {
            memcpy(fm_orbits_held(orbits, orbits->held_count++), row, length);
            remove_full(orbits, i--);
            continue;
        }
        while (other < orbits->full_count &&
               !is_orbit_of(fm_orbits_full(orbits, other), image, orbits->extent))
            other++;
        symmetric = other < orbits->full_count;
        if (symmetric)
            remove_full(orbits, other);
    }
    free(image);
    return symmetric;
}

bool fm_orbits_from_products(fm_orbits *orbits, fm_symmetry symmetry, uint32_t size,
                             const fm_products *products)
{
    fm_orbits_init(orbits, symmetry, size, products->rank, products->rank);
    uint32_t extent = orbits->extent;
    assert(products->extent[0] == extent && products->extent[1] == extent &&
           products->extent[2] == extent);
    int8_t *rows = fm_alloc(products->rank, (size_t)3 * extent);
    for (uint32_t r = 0; r < products->rank; r++) {
        int8_t *to = rows + (size_t)r * 3 * extent;
        const int8_t *from = fm_products_row(products, r);
        memcpy(to, from, (size_t)2 * extent);
        transpose(to + 2 * extent, from + 2 * extent, size);
    }
    bool symmetric = take_triples(orbits, rows, products->rank) &&
                     (symmetry == FM_CYCLIC || pair_triples(orbits));
    free(rows);
    if (!symmetric)
        fm_orbits_clear(orbits);
    return symmetric;
}

static void put_product(const fm_orbits *orbits, fm_products *products, const int8_t *u,
                        const int8_t *v, const int8_t *w)
{
    uint32_t extent = orbits->extent;
    int8_t *to = fm_products_row(products, products->rank++);
    memcpy(to, u, extent);
    memcpy(to + extent, v, extent);
    transpose(to + 2 * extent, w, orbits->size);
}

static void put_triple(const fm_orbits *orbits, fm_products *products, const int8_t *u)
{
    const int8_t *v = u + orbits->extent, *w = v + orbits->extent;
    put_product(orbits, products, u, v, w);
    put_product(orbits, products, v, w, u);
    put_product(orbits, products, w, u, v);
}

fm_products fm_orbits_to_products(const fm_orbits *orbits)
{
    uint32_t extent = orbits->extent;
    fm_products products = {.extent = {extent, extent, extent}};
    int8_t *image = fm_alloc(3, extent);
    products.coefficients = fm_alloc(fm_orbits_rank(orbits), (size_t)3 * extent);
    for (uint32_t i = 0; i < orbits->cube_count; i++) {
        const int8_t *u = fm_orbits_cube(orbits, i);
        put_product(orbits, &products, u, u, u);
    }
    for (uint32_t i = 0; i < orbits->held_count; i++)
        put_triple(orbits, &products, fm_orbits_held(orbits, i));
    for (uint32_t i = 0; i < orbits->full_count; i++) {
        put_triple(orbits, &products, fm_orbits_full(orbits, i));
        if (orbits->symmetry == FM_CYCLIC)
            continue;
        put_row_image(orbits, fm_orbits_full(orbits, i), image);
        put_triple(orbits, &products, image);
    }
    free(image);
    return products;
}

/* ---------------------------------------------------------------- cubes */

/* Appends a row of the factors u, v and w, the last one times sign. */
static void put_row(int8_t *row, const int8_t *u, const int8_t *v, const int8_t *w, int sign,
                    uint32_t extent)
{
    memcpy(row, u, extent);
    memcpy(row + extent, v, extent);
    for (uint32_t e = 0; e < extent; e++)
        row[2 * extent + e] = (int8_t)(sign * w[e]);
}

/* Cube i gets cube j added; cube j is removed. */
static void add_cube(fm_orbits *orbits, uint32_t i, uint32_t j)
{
    uint32_t extent = orbits->extent;
    int8_t *u = fm_orbits_cube(orbits, i), *v = fm_orbits_cube(orbits, j);
    for (uint32_t e = 0; e < extent; e++) {
        assert(u[e] == 0 || v[e] == 0);
        u[e] = (int8_t)(u[e] + v[e]);
    }
    orbits->cube_count--;
    memmove(v, v + extent, (size_t)(orbits->cube_count - j) * extent);
}

/* Cube i becomes the last one. */
static void move_cube_last(fm_orbits *orbits, uint32_t i)
{
    uint32_t extent = orbits->extent;
    int8_t *moved = fm_alloc(1, extent), *cube = fm_orbits_cube(orbits, i);
    memcpy(moved, cube, extent);
    memmove(cube, cube + extent, (size_t)(orbits->cube_count - 1 - i) * extent);
    memcpy(fm_orbits_cube(orbits, orbits->cube_count - 1), moved, extent);
    free(moved);
}

bool fm_orbits_join_cubes(fm_orbits *orbits, uint32_t i, uint32_t j, bool modulo_two)
{
    uint32_t extent = orbits->extent, image_i = i, image_j = j;
    assert(i != j && i < orbits->cube_count && j < orbits->cube_count);
    const int8_t *u = fm_orbits_cube(orbits, i), *v = fm_orbits_cube(orbits, j);
    int sign = modulo_two ? 1 : -1;
    if (orbits->symmetry != FM_CYCLIC) {
        image_i = find_cube_image(orbits, i);
        image_j = find_cube_image(orbits, j);
        if ((image_i == i) != (image_j == j))
            return false;
    }
    bool held = orbits->symmetry != FM_CYCLIC && image_i == i;
    bool swapped = image_i == j; /* the second orbit is the image of the first */
    int8_t *uuv = held ? fm_orbits_held(orbits, orbits->held_count++)
                       : fm_orbits_full(orbits, orbits->full_count++);
    put_row(uuv, u, u, v, sign, extent);
    if (!swapped) {
        int8_t *vvu = held ? fm_orbits_held(orbits, orbits->held_count++)
                           : fm_orbits_full(orbits, orbits->full_count++);
        put_row(vvu, v, v, u, sign, extent);
    }
    bool both = !swapped && image_i != i;
    if (both) { /* numbers above a removed one fall by one */
        add_cube(orbits, image_i, image_j);
        i -= i > image_j;
        j -= j > image_j;
    }
    add_cube(orbits, i, j);
    move_cube_last(orbits, i > j ? i - 1 : i);
    return true;
}

/* Replaces factor s of a row by t with factor = t + image of t, when the factor is of that form and
   the image of the product with t is the product with the image of t. */
static bool halve(const fm_orbits *orbits, int8_t *row, uint32_t s)
{
    uint32_t extent = orbits->extent;
    int8_t *factor = row + (size_t)s * extent;
    const int8_t *next = row + (size_t)((s + 1) % 3) * extent;
    const int8_t *last = row + (size_t)((s + 2) % 3) * extent;
    if (!is_image(orbits, factor, factor) ||
        (orbits->symmetry == FM_CYCLIC_TRANSPOSITION && !is_image(orbits, next, last)))
        return false;
    for (uint32_t e = 0; e < extent; e++)
        if (factor[e] != 0 && image_at(orbits, e) == e)
            return false;
    for (uint32_t e = 0; e < extent; e++)
        if (image_at(orbits, e) < e)
            factor[e] = 0;
    return true;
}

void fm_orbits_release(fm_orbits *orbits)
{
    size_t length = (size_t)3 * orbits->extent;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < orbits->held_count; i++) {
        int8_t *row = fm_orbits_held(orbits, i);
        if (halve(orbits, row, 0) || halve(orbits, row, 1) || halve(orbits, row, 2))
            memcpy(fm_orbits_full(orbits, orbits->full_count++), row, length);
        else
            memmove(fm_orbits_held(orbits, kept++), row, length);
    }
    orbits->held_count = kept;
}
