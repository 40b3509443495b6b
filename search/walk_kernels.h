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

/* Of the two other sides, the one that an order takes first. */
static const uint8_t third_side[3][2] = {{1, 2}, {2, 0}, {0, 1}};

/* Values of INVOLUTION, see walk_template.c. */
#define REVERSAL      1
#define TRANSPOSITION 2

/* Linear dependence is looked for among so many products that share a factor at once. */
enum { DEPENDENCE_MAX = 64 };

/* The index of walk_sets_template.c: buckets of each side, and the most products, a bit each. */
enum { TABLE_BITS = 11, TABLE_RANK_MAX = FM_WALK_FEW };

/* The bucket of a product that is not there. */
#define NO_BUCKET ((uint16_t)0xffff)

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* Kernels for vectors of up to 32, 64, 128 and 256 coefficients. */
typedef struct fm_walk_kernels {
    const fm_walk_kernel *f2[4], *f3[4], *zt[4];
} fm_walk_kernels;

extern const fm_walk_kernels fm_walk_rings;  /* any rank */
extern const fm_walk_kernels fm_walk_orbits; /* any number of orbits */
extern const fm_walk_kernels fm_walk_orbits_reversal, fm_walk_orbits_transposition;
/* Over z, any rank: for coefficients of up to 2, 3 and 4, and vectors of up to 16, 64 and 256. */
extern const fm_walk_kernel *const fm_walk_wide[3][3];
/* Up to TABLE_RANK_MAX products. */
extern const fm_walk_kernels fm_walk_table_portable, fm_walk_sweep_portable;
#ifdef FEWMUL_X86
extern const fm_walk_kernels fm_walk_table_avx2, fm_walk_sweep_avx2, fm_walk_sweep_avx512;
#endif

static inline int compare_nodes(const void *a, const void *b)
{
    node_t x = *(const node_t *)a, y = *(const node_t *)b;
    return (x > y) - (x < y);
}

/* a && b without a branch. */
static ALWAYS_INLINE bool both(bool a, bool b)
{
    return ((unsigned)a & (unsigned)b) != 0;
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

/* Which of 64 numbers, aligned, equal another one. */
static ALWAYS_INLINE uint64_t equal_set(const uint16_t *numbers, uint16_t number)
{
#if defined(__AVX512BW__)
    const __m512i wanted = _mm512_set1_epi16((short)number);
    uint64_t low = _mm512_cmpeq_epi16_mask(_mm512_load_si512(numbers), wanted);
    uint64_t high = _mm512_cmpeq_epi16_mask(_mm512_load_si512(numbers + 32), wanted);
    return low | high << 32;
#elif defined(__AVX2__)
    const __m256i *at = (const __m256i *)numbers, wanted = _mm256_set1_epi16((short)number);
    uint64_t set = 0;
    for (int half = 0; half < 2; half++, at += 2) {
        __m256i first = _mm256_cmpeq_epi16(_mm256_load_si256(at), wanted);
        __m256i second = _mm256_cmpeq_epi16(_mm256_load_si256(at + 1), wanted);
        __m256i bytes = _mm256_permute4x64_epi64(_mm256_packs_epi16(first, second), 0xd8);
        set |= (uint64_t)(uint32_t)_mm256_movemask_epi8(bytes) << 32 * half;
    }
    return set;
#else
    uint64_t set = 0;
    for (int i = 0; i < 64; i++)
        set |= (uint64_t)(numbers[i] == number) << i;
    return set;
#endif
}

/* The random streams of up to FM_LANES_MAX lanes, each word of their states side by side, so that
   one vector instruction works for all. */
typedef uint64_t lanes_word __attribute__((vector_size(8 * FM_LANES_MAX)));

typedef struct random_bundle {
    lanes_word state[4];
} random_bundle;

static inline void bundle_randoms(const fm_lane *lanes, unsigned count, random_bundle *bundle)
{
    memset(bundle, 0, sizeof *bundle);
    for (unsigned l = 0; l < count; l++)
        for (int i = 0; i < 4; i++)
            bundle->state[i][l] = lanes[l].random->state[i];
}

static inline void unbundle_randoms(const random_bundle *bundle, fm_lane *lanes, unsigned count)
{
    for (unsigned l = 0; l < count; l++)
        for (int i = 0; i < 4; i++)
            lanes[l].random->state[i] = bundle->state[i][l];
}

/* fm_random_next of each. */
static ALWAYS_INLINE void next_of_bundle(random_bundle *bundle, uint64_t *bits)
{
    lanes_word *s = bundle->state, sum = s[0] + s[3], t = s[1] << 17;
    lanes_word result = (sum << 23 | sum >> 41) + s[0];
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = s[3] << 45 | s[3] >> 19;
    memcpy(bits, &result, sizeof result);
}

#endif
