/* Schemes of square formats that keep a symmetry, as orbits.

   With W for the transpose of C the tensor of n x n x n is that of trace(ABC), and does not change
   under the cyclic shift u x v x w -> v x w x u. Nor does it under
     the reversal       u x v x w -> Ju J x Jv J x Jw J, J the exchange matrix, which takes
                        a(i, j) to a(n + 1 - i, n + 1 - j)
     the transposition  u x v x w -> Jv'J x Ju'J x Jw'J, which mirrors each matrix at its
                        antidiagonal; at the other diagonal it would fix n (n - 1) orbits of the
                        standard scheme, at this one none when n is even
   A symmetry is the group that the shift makes, alone or with one of these involutions. A scheme that
   keeps it is a union of orbits: cubes u x u x u; held ones, three products that are their own image
   under the involution; and full ones, three products, or six with an involution. */
#ifndef FM_ORBITS_H
#define FM_ORBITS_H

#include "products.h"
#include "state.h"

typedef enum fm_symmetry {
    FM_CYCLIC,
    FM_CYCLIC_REVERSAL,
    FM_CYCLIC_TRANSPOSITION,
    FM_SYMMETRIES,
} fm_symmetry;

/* "cyclic", "cyclic+reversal" or "cyclic+transposition". */
extern const char *const fm_symmetry_names[FM_SYMMETRIES];
/* False when no symmetry has this name. */
bool fm_symmetry_named(const char *name, fm_symmetry *symmetry);

typedef struct fm_orbits {
    fm_symmetry symmetry;
    uint32_t size;   /* n */
    uint32_t extent; /* n^2, the length of a factor */
    uint32_t order;  /* products of a full orbit: 3 or 6 */
    uint32_t cube_count, held_count, full_count;
    int8_t *cubes; /* a row of extent coefficients each; with a cube its image */
    int8_t *held;  /* a row of 3 extent coefficients each: one product of the orbit */
    int8_t *full;  /* the same */
} fm_orbits;

/* Room for so many cubes and so many others of each kind; none at first. Freed with
   fm_orbits_clear. */
void fm_orbits_init(fm_orbits *orbits, fm_symmetry symmetry, uint32_t size, uint32_t cubes,
                    uint32_t others);
void fm_orbits_clear(fm_orbits *orbits);
/* Both have room; to had the same size and symmetry. */
void fm_orbits_copy(fm_orbits *to, const fm_orbits *from);

/* Saves or restores; what is restored has no more than so many cubes and so many others of each
   kind, for which it has room. */
void fm_orbits_state(fm_orbits *orbits, uint32_t cubes, uint32_t others, fm_state *state);

/* The rank of the scheme: products, not orbits. */
uint32_t fm_orbits_rank(const fm_orbits *orbits);
int8_t *fm_orbits_cube(const fm_orbits *orbits, uint32_t i);
int8_t *fm_orbits_held(const fm_orbits *orbits, uint32_t i);
int8_t *fm_orbits_full(const fm_orbits *orbits, uint32_t i);

/* The orbits of a scheme of n x n x n; false when it does not keep the symmetry, and *orbits is
   then cleared. */
bool fm_orbits_from_products(fm_orbits *orbits, fm_symmetry symmetry, uint32_t size,
                             const fm_products *products);
/* All products, W for C itself. Freed with fm_products_clear. */
fm_products fm_orbits_to_products(const fm_orbits *orbits);

/* Cubes i and j, which are nonzero at different places, become one, the last, and two orbits:
   u^3 + v^3 = (u + v)^3 - {u x u x v, ...} - {u x v x v, ...}. With an involution the images of both
   are joined too. False, and nothing is done, when one of them is its own image and the other is
   not. There is room. */
bool fm_orbits_join_cubes(fm_orbits *orbits, uint32_t i, uint32_t j, bool modulo_two);

/* Over f2 a held orbit with a factor t + t', t' the image of t, is the full one with t instead: makes
   them full where that can be. There is room. */
void fm_orbits_release(fm_orbits *orbits);

#endif
