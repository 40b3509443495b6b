/* Rings: which coefficients they have, and the way into them. */
#ifndef FM_RING_H
#define FM_RING_H

#include "fewmul.h"

#include <flint/fmpq.h>

/* The public fm_ring_* functions are in fewmul.h. */

#define FM_RING_ZT_VALUE ((fm_ring){FM_RING_ZT, 0})
#define FM_RING_Z_VALUE  ((fm_ring){FM_RING_Z, 0})
#define FM_RING_Q_VALUE  ((fm_ring){FM_RING_Q, 0})

static inline fm_ring fm_ring_modulo(uint64_t p)
{
    return (fm_ring){FM_RING_ZP, p};
}

/* True when value, a canonical fraction, is a coefficient of the ring as it stands: -1, 0 or 1 in
   zt, an integer in z, from 0 to p - 1 over zp. */
bool fm_ring_has(fm_ring ring, const fmpq_t value);

/* Sets image to value taken in the ring: the residue from 0 to p - 1 over zp, itself elsewhere.
   False, and image is undefined, when the ring has no such element. image may be value. */
bool fm_ring_map(fm_ring ring, const fmpq_t value, fmpq_t image);

#endif
