/* What the files that make kernels from walk_template.c share. */
#ifndef FM_WALK_KERNELS_H
#define FM_WALK_KERNELS_H

#include "memory.h"
#include "walk.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#ifdef __BMI2__
#include <immintrin.h>
#endif

typedef uint16_t node_t; /* 4 times the number of a product, plus 0, 1 or 2 for its factor */
#define NO_NODE ((node_t)0xffff)

/* What the low 32 random bits choose of a flip: the order of the two other factors, the sign, the
   other product. The high 32 choose the node. */
enum { ORDER_BIT = 1, SIGN_BIT = 2, PARTNER_SHIFT = 2 };

/* Values of INVOLUTION, see walk_template.c. */
#define REVERSAL      1
#define TRANSPOSITION 2

/* Linear dependence is looked for among so many products that share a factor at once. */
enum { DEPENDENCE_MAX = 64 };

/* The index of walk_table_template.c: buckets, the words of a set, and the most products. Beyond, the
   hash rings are faster (5x5x5 over f2: 19 million flips a second against 17.5). */
enum { TABLE_BITS = 11, TABLE_WORDS = 2, TABLE_RANK_MAX = FM_WALK_FEW };

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Kernels for vectors of up to 32, 64, 128 and 256 coefficients. */
typedef struct fm_walk_kernels {
    const fm_walk_kernel *f2[4], *f3[4], *zt[4];
} fm_walk_kernels;

extern const fm_walk_kernels fm_walk_rings;  /* any rank */
extern const fm_walk_kernels fm_walk_orbits; /* any number of orbits */
extern const fm_walk_kernels fm_walk_orbits_reversal, fm_walk_orbits_transposition;
extern const fm_walk_kernels fm_walk_table_portable; /* up to TABLE_RANK_MAX products */
#ifdef FEWMUL_X86
extern const fm_walk_kernels fm_walk_table_bmi2;
#endif

static inline int compare_nodes(const void *a, const void *b)
{
    node_t x = *(const node_t *)a, y = *(const node_t *)b;
    return (x > y) - (x < y);
}

/* The position of the k-th set bit of a word that has more than k, k from 0. */
static inline uint32_t select_bit(uint64_t word, uint32_t k)
{
#if defined(__BMI2__) /* only where pdep is fast: src/cpu.h */
    return (uint32_t)__builtin_ctzll(_pdep_u64((uint64_t)1 << k, word));
#else
    uint32_t at = 0;
    for (uint32_t half = 32; half > 0; half /= 2) { /* which half has it */
        uint64_t low = word >> at & (((uint64_t)1 << half) - 1);
        uint32_t count = (uint32_t)__builtin_popcountll(low);
        bool upper = k >= count;
        k -= upper ? count : 0;
        at += upper ? half : 0;
    }
    return at;
#endif
}

#endif
