/* Residues modulo p as kernels multiply them: by products of doubles, whose sums are exact below 2^53
   and are reduced when they get there. */
#ifndef FM_GEMM_MODULUS_H
#define FM_GEMM_MODULUS_H

#include <stddef.h>
#include <stdint.h>

typedef struct fm_gemm_modulus {
    uint64_t p, half; /* p / 2, rounded down */
} fm_gemm_modulus;

#endif
