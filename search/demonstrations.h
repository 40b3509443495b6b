/* Games whose best moves are known (synthetic demonstrations: Fawzi et al. 2022, Methods): random
   products are summed up to a residual, which each of them leads on by one. There is no end of
   them. */
#ifndef FM_DEMONSTRATIONS_H
#define FM_DEMONSTRATIONS_H

#include "model.h"
#include "playout.h"

typedef struct fm_demonstrator fm_demonstrator;

/* Of residuals of up to rank_max products, over f2, f3, or the integers with coefficients from
   -coefficient_max to that. Draws from random stream UINT64_MAX - 2 of seed. */
fm_demonstrator *fm_demonstrator_new(const uint32_t extent[3], fm_ring ring, int coefficient_max,
                                     uint32_t rank_max, uint64_t seed);
void fm_demonstrator_free(fm_demonstrator *demonstrator);

/* The next position: a choice among one of its products, which has the whole share, and what else is
   proposed there; its features, and how many products it is the sum of. */
void fm_demonstrate(fm_demonstrator *demonstrator, fm_choice *choice,
                    float position[FM_POSITION_FEATURES], uint32_t *rank);

void fm_demonstrator_state(fm_demonstrator *demonstrator, fm_state *state);

#endif
