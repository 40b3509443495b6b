/* Schemes of square formats that keep the cyclic symmetry, as orbits.

   With W for the transpose of C the tensor of n x n x n is that of trace(ABC), and does not change
   under the cyclic shift u x v x w -> v x w x u. A scheme that does not change either is a union
   of orbits: cubes u x u x u, and triples {u x v x w, v x w x u, w x u x v}. */
#ifndef FM_ORBITS_H
#define FM_ORBITS_H

#include "products.h"

typedef struct fm_orbits {
    uint32_t size;   /* n */
    uint32_t extent; /* n^2, the length of a factor */
    uint32_t cube_count, triple_count;
    int8_t *cubes;   /* a row of extent coefficients each */
    int8_t *triples; /* a row of 3 extent coefficients each: one product of the orbit */
} fm_orbits;

/* Room for so many orbits; none at first. Freed with fm_orbits_clear. */
void fm_orbits_init(fm_orbits *orbits, uint32_t size, uint32_t cubes, uint32_t triples);
void fm_orbits_clear(fm_orbits *orbits);
/* Both have room; to had the same size. */
void fm_orbits_copy(fm_orbits *to, const fm_orbits *from);

/* The rank of the scheme: products, not orbits. */
uint32_t fm_orbits_rank(const fm_orbits *orbits);
int8_t *fm_orbits_cube(const fm_orbits *orbits, uint32_t i);
int8_t *fm_orbits_triple(const fm_orbits *orbits, uint32_t i);

/* The orbits of a scheme of n x n x n; false when it does not keep the symmetry, and *orbits is
   then cleared. */
bool fm_orbits_from_products(fm_orbits *orbits, uint32_t size, const fm_products *products);
/* All products, W for C itself. Freed with fm_products_clear. */
fm_products fm_orbits_to_products(const fm_orbits *orbits);

/* The first two cubes, which are nonzero at different places, become one, the last, and two
   triples: u^3 + v^3 = (u + v)^3 - {u x u x v, ...} - {u x v x v, ...}. There is room for them. */
void fm_orbits_join_cubes(fm_orbits *orbits, bool modulo_two);

#endif
