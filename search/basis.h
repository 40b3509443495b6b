/* Changes of basis of a tensor: of the three spaces, each for itself. The rank stays, and a scheme
   of the one is one of the other; what is sparse, and so what is tried first, changes. AlphaTensor
   plays in random bases for its variety (Fawzi et al. 2022, Methods, "Change of basis"). */
#ifndef FM_BASIS_H
#define FM_BASIS_H

#include "game.h"
#include "products.h"
#include "random.h"
#include "state.h"

/* Elementary steps, one after the other: coefficient `to` of an axis gets so many times `from`. */
typedef struct fm_basis_step {
    uint16_t axis, to, from;
    int16_t factor;
} fm_basis_step;

enum { FM_BASIS_STEPS_MAX = 256 };

typedef struct fm_basis {
    fm_ring ring;
    uint32_t count; /* 0: the tensor's own */
    fm_basis_step steps[FM_BASIS_STEPS_MAX];
} fm_basis;

/* So many random steps. */
void fm_basis_draw(fm_basis *basis, fm_ring ring, const uint32_t extent[3], uint32_t count,
                   fm_random *random);
/* The tensor in this basis; false when an entry leaves the game's range. */
bool fm_basis_take_game(const fm_basis *basis, fm_game *game);
/* The products of a scheme of the tensor in this basis, or from it back; false when a coefficient
   leaves -coefficient_max ... coefficient_max, and the products are then as they were. */
bool fm_basis_take_products(const fm_basis *basis, bool back, int coefficient_max,
                            fm_products *products);

/* Saves or restores all but the ring. */
void fm_basis_state(fm_basis *basis, const uint32_t extent[3], fm_state *state);

#endif
