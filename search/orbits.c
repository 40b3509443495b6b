#include "orbits.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void fm_orbits_init(fm_orbits *orbits, uint32_t size, uint32_t cubes, uint32_t triples)
{
    *orbits = (fm_orbits){.size = size, .extent = size * size};
    orbits->cubes = fm_alloc_zero(cubes, orbits->extent);
    orbits->triples = fm_alloc_zero(triples, (size_t)3 * orbits->extent);
}

void fm_orbits_clear(fm_orbits *orbits)
{
    free(orbits->cubes);
    free(orbits->triples);
    *orbits = (fm_orbits){0};
}

int8_t *fm_orbits_cube(const fm_orbits *orbits, uint32_t i)
{
    return orbits->cubes + (size_t)i * orbits->extent;
}

int8_t *fm_orbits_triple(const fm_orbits *orbits, uint32_t i)
{
    return orbits->triples + (size_t)i * 3 * orbits->extent;
}

void fm_orbits_copy(fm_orbits *to, const fm_orbits *from)
{
    assert(to->extent == from->extent);
    to->cube_count = from->cube_count;
    to->triple_count = from->triple_count;
    memcpy(to->cubes, from->cubes, (size_t)from->cube_count * from->extent);
    memcpy(to->triples, from->triples, (size_t)from->triple_count * 3 * from->extent);
}

uint32_t fm_orbits_rank(const fm_orbits *orbits)
{
    return orbits->cube_count + 3 * orbits->triple_count;
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
    bool equal = true, opposite = true;
    for (uint32_t e = 0; e < extent; e++) {
        equal = equal && a[e] == b[e];
        opposite = opposite && a[e] == -b[e];
    }
    return equal ? 1 : opposite ? -1 : 0;
}

/* Whether a product is another one turned by so many positions. */
static bool is_turned(const int8_t *a, const int8_t *b, uint32_t turn, uint32_t extent)
{
    int sign = 1;
    for (uint32_t s = 0; s < 3; s++)
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

/* Sorts rows of three factors, W for the transpose of C, into orbits. */
static bool take_orbits(fm_orbits *orbits, int8_t *rows, uint32_t count)
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
        memcpy(fm_orbits_triple(orbits, orbits->triple_count++), row, (size_t)3 * extent);
    }
    return true;
}

bool fm_orbits_from_products(fm_orbits *orbits, uint32_t size, const fm_products *products)
{
    fm_orbits_init(orbits, size, products->rank, products->rank);
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
    bool symmetric = take_orbits(orbits, rows, products->rank);
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

fm_products fm_orbits_to_products(const fm_orbits *orbits)
{
    uint32_t extent = orbits->extent;
    fm_products products = {.extent = {extent, extent, extent}};
    products.coefficients = fm_alloc(fm_orbits_rank(orbits), (size_t)3 * extent);
    for (uint32_t i = 0; i < orbits->cube_count; i++) {
        const int8_t *u = fm_orbits_cube(orbits, i);
        put_product(orbits, &products, u, u, u);
    }
    for (uint32_t i = 0; i < orbits->triple_count; i++) {
        const int8_t *u = fm_orbits_triple(orbits, i), *v = u + extent, *w = v + extent;
        put_product(orbits, &products, u, v, w);
        put_product(orbits, &products, v, w, u);
        put_product(orbits, &products, w, u, v);
    }
    return products;
}

/* ---------------------------------------------------------------- cubes */

void fm_orbits_join_cubes(fm_orbits *orbits, bool modulo_two)
{
    uint32_t extent = orbits->extent;
    int8_t minus = modulo_two ? 1 : -1;
    assert(orbits->cube_count >= 2);
    const int8_t *u = fm_orbits_cube(orbits, 0), *v = fm_orbits_cube(orbits, 1);
    int8_t *uuv = fm_orbits_triple(orbits, orbits->triple_count++);
    int8_t *uvv = fm_orbits_triple(orbits, orbits->triple_count++);
    int8_t *sum = fm_alloc(extent, 1);
    for (uint32_t e = 0; e < extent; e++) {
        assert(u[e] == 0 || v[e] == 0);
        sum[e] = (int8_t)(u[e] + v[e]);
        uuv[e] = uuv[extent + e] = u[e];
        uuv[2 * extent + e] = (int8_t)(minus * v[e]);
        uvv[e] = (int8_t)(minus * u[e]);
        uvv[extent + e] = uvv[2 * extent + e] = v[e];
    }
    orbits->cube_count--;
    memmove(orbits->cubes, fm_orbits_cube(orbits, 2), (size_t)(orbits->cube_count - 1) * extent);
    memcpy(fm_orbits_cube(orbits, orbits->cube_count - 1), sum, extent);
    free(sum);
}
