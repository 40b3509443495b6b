/* Residues modulo p as kernels multiply them: as products of doubles, whose sums are exact below 2^53.
   A residue x is packed centred, from -p / 2 to p / 2 (J.-G. Dumas, P. Giorgi and C. Pernet, Dense
   linear algebra over word-size prime fields: the FFLAS and FFPACK packages, ACM TOMS 35, 2008, for p
   in one double; the rest is as follows), and

   - zp26, p <= 2^26: as one number. Sums are reduced every 8 steps at the largest p.
   - zp34, p <= 2^34: in A as one number, in B as two limbs, b = b1 2^w + b0. Two products.
   - zp63, p <= 2^63: as three limbs and the sums of two of them, six numbers. Six products, by the
     method of Karatsuba (A. Weimerskirch and C. Paar, Generalizations of the Karatsuba algorithm for
     efficient implementations, 2006), whose sums need no reduction up to 2048 steps. */
#ifndef FM_GEMM_MODULUS_H
#define FM_GEMM_MODULUS_H

#include <stddef.h>
#include <stdint.h>

#define FM_GEMM_MODULUS_MAX ((uint64_t)1 << 63)

/* Steps during which the rows of a tile are reduced one after the other. */
enum { FM_GEMM_ROUND = 8 };

typedef enum fm_gemm_residues_kind {
    FM_GEMM_ONE_NUMBER,  /* zp26 */
    FM_GEMM_TWO_LIMBS,   /* zp34 */
    FM_GEMM_THREE_LIMBS, /* zp63 */
} fm_gemm_residues_kind;

/* The first that takes p. */
static inline fm_gemm_residues_kind fm_gemm_modulus_kind(uint64_t p)
{
    return p <= (uint64_t)1 << 26   ? FM_GEMM_ONE_NUMBER
           : p <= (uint64_t)1 << 34 ? FM_GEMM_TWO_LIMBS
                                    : FM_GEMM_THREE_LIMBS;
}

typedef struct fm_gemm_modulus {
    uint64_t p, half; /* p / 2, rounded down */
    unsigned bits;    /* the least for which p is at most 2^bits, but at least 1 */
    unsigned limb;    /* bits of a limb */
    size_t chunk;     /* steps after which sums are reduced, whole rounds */
    double value, inverse;
    double fold;                /* (2^43 modulo p) / 2^43 */
    double rounder;             /* 2^43 1.5 2^52: numbers are rounded to multiples of 2^43 by it */
    double shift, shift_back;   /* 2^limb and its inverse */
    uint64_t limb_offset;       /* 2^(limb - 1) in each limb */
    uint64_t reciprocal;        /* 2^(bits + 62) / p, rounded down */
    unsigned __int128 positive; /* a multiple of p, more than a sum of zp63 is below zero */
} fm_gemm_modulus;

/* For p from 1 to FM_GEMM_MODULUS_MAX. */
void fm_gemm_modulus_init(fm_gemm_modulus *modulus, uint64_t p);

#endif
