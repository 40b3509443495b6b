/* Elements of de Groote's group; what they do to a scheme is said in fewmul.h. */
#ifndef FM_VERIFY_TRANSFORMATION_H
#define FM_VERIFY_TRANSFORMATION_H

#include "factor_matrices.h"

struct fm_transformation {
    fm_ring ring;         /* zp or q */
    unsigned orientation; /* of matrices.h */
    uint32_t rank;
    uint32_t *product; /* where each goes */
    uint32_t size[3];  /* of X, Y, Z */
    fmpq *entry[3];
};

/* X, Y and Z are 0; products keep their places. */
fm_transformation *fm_transformation_new(fm_ring ring, unsigned orientation, uint32_t rank,
                                         const uint32_t size[3]);

/* Makes X, Y and Z integral, without a common factor, from what they are modulo p up to scalars; over
   zp only scales them. False when the fractions are too large for p. */
bool fm_transformation_set(fm_transformation *t, const ulong *const matrix[3], nmod_t field);

#endif
