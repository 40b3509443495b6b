/* Schemes of matrix products modulo p in a basis of A, B and C in which few coefficients are not 0.
   Finding one is a search for short codewords; what this does is quick and good where there is a basis
   in which many factors are matrices with one row or column, as in every scheme that a search or a
   person found. */
#ifndef FM_VERIFY_SPARSIFY_H
#define FM_VERIFY_SPARSIFY_H

#include "scheme.h"

/* A change of basis step by step. */
typedef struct fm_basis_change fm_basis_change;

/* A scheme of a matrix product over zp, p below 2^31, in another basis, and the way there, which is freed with
   fm_basis_change_free. NULL when none with fewer coefficients that are not 0 was found. */
fm_scheme *fm_sparsify(const fm_scheme *scheme, fm_basis_change **change);

/* Goes the way back with a scheme over zt, z or q that is the sparse one modulo p: the result is the
   one before modulo p. Steps are over the integers, of determinant 1, and others follow that change
   nothing modulo p and make coefficients smaller. */
fm_scheme *fm_sparsify_undo(const fm_scheme *sparse, const fm_basis_change *change);
void fm_basis_change_free(fm_basis_change *change);

#endif
