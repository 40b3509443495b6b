/* The products of a scheme as small dense coefficients: what walks read and write. */
#ifndef FM_PRODUCTS_H
#define FM_PRODUCTS_H

#include "fewmul.h"
#include "state.h"

/* rank rows of extent[0] + extent[1] + extent[2] coefficients: u, v and w. In {-1, 0, 1}, but for
   the tree search over z. */
typedef struct fm_products {
    uint32_t extent[3];
    uint32_t rank;
    int8_t *coefficients;
} fm_products;

/* The products of a scheme over f2, f3, zt, or z with small coefficients; over f3, 2 is written -1.
   Products with a zero factor are left out. Freed with fm_products_clear. */
void fm_products_from_scheme(fm_products *products, const fm_scheme *scheme);
void fm_products_clear(fm_products *products);

/* None yet, and room for so many. Freed with fm_products_clear. */
fm_products fm_products_new(const uint32_t extent[3], uint32_t capacity);
/* Freed with fm_products_clear. */
fm_products fm_products_copy(const fm_products *products);
/* Where there is room: one row more, or what another one of the same extents has. */
void fm_products_append(fm_products *products, const int8_t *row);
void fm_products_assign(fm_products *to, const fm_products *from);
/* Over zt and z: the same over f2. Products of which nothing is left go. */
void fm_products_take_modulo_2(fm_products *products);

/* The start of row r, and how many coefficients a row has. */
int8_t *fm_products_row(const fm_products *products, uint32_t r);
size_t fm_products_row_length(const fm_products *products);

/* A hash that does not depend on the order of the products or on the signs of their factors. */
uint64_t fm_products_hash(const fm_products *products);

/* The scheme of these products for a tensor of the same shape. Over f3, -1 becomes 2. */
fm_scheme *fm_products_to_scheme(const fm_products *products, const fm_tensor *tensor,
                                 fm_ring ring);

/* Saves or restores up to capacity rows, for which there is room. */
void fm_products_state(fm_products *products, uint32_t capacity, fm_state *state);

#endif
