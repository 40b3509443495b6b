/* The Brent equations of a scheme modulo p, linearized: the systems that the steps of a lift solve. */
#ifndef FM_VERIFY_LIFT_SYSTEM_H
#define FM_VERIFY_LIFT_SYSTEM_H

#include "random.h"
#include "tensor.h"

#include <flint/flint.h>

/* Where the equations are linearized: coefficient e of row r on an axis is
   x[offset[axis] + r * extent + e], from 0 to p - 1. */
typedef struct fm_lift_point {
    const fm_tensor *tensor;
    uint32_t rank;
    ulong p;
    size_t offset[4];
    const ulong *x;
} fm_lift_point;

typedef struct fm_lift_system fm_lift_system;

/* What a system may take, in bytes. */
#define FM_LIFT_MEMORY_MAX (8.0 * 1024 * 1024 * 1024)

/* The system whose unknowns are the coefficients that are not 0 and about zeros of the others; at
   least as many zeros as there are: all of them. The first unknowns are solved for and the last are
   free: what is 0 comes last, and random chooses zeros and, when is_shuffled, an order. Keeps at->x,
   which must not change. NULL when it would be too large. */
fm_lift_system *fm_lift_system_new(const fm_lift_point *at, size_t zeros, fm_random *random,
                                   bool is_shuffled);
void fm_lift_system_free(fm_lift_system *system);

/* About how long factoring took, in multiplications modulo p. */
double fm_lift_system_work(const fm_lift_system *system);
/* Whether a coefficient is an unknown that solutions leave as it is, and that can be given another
   value. */
bool fm_lift_system_is_free(const fm_lift_system *system, size_t place);

/* Sets correction, for each coefficient, 0 where it is no unknown, to a solution with this right
   side: equation (i, j, k) is number (i E1 + j) E2 + k, E the extents. False when there is none. */
bool fm_lift_system_solve(const fm_lift_system *system, const ulong *right, ulong *correction);

#endif
