#include "gemm_modulus.h"

#include <assert.h>

/* Steps without a reduction when entries are tiny. */
static const uint64_t chunk_max = 1 << 20;

/* So that sums are at most 2^53: of products at most 2^50, which are 8. */
static size_t choose_chunk(uint64_t product)
{
    const uint64_t chunk = product > 0 ? ((uint64_t)1 << 53) / product : chunk_max;
    assert(chunk >= FM_GEMM_ROUND);
    return (chunk < chunk_max ? chunk : chunk_max) / FM_GEMM_ROUND * FM_GEMM_ROUND;
}

static double centred(uint64_t x, uint64_t p)
{
    const uint64_t rest = x % p;
    return rest > p / 2 ? -(double)(p - rest) : (double)rest;
}

static double power_of_2(unsigned exponent)
{
    return (double)((uint64_t)1 << exponent);
}

void fm_gemm_modulus_init(fm_gemm_modulus *modulus, uint64_t p)
{
    assert(p >= 1 && p <= FM_GEMM_MODULUS_MAX);
    fm_gemm_modulus m = {.p = p, .half = p / 2, .bits = p > 2 ? 64 - __builtin_clzll(p - 1) : 1};
    const fm_gemm_residues_kind kind = fm_gemm_modulus_kind(p);
    m.chunk = chunk_max;
    m.limb = kind == FM_GEMM_TWO_LIMBS ? (m.bits + 1) / 2 : (m.bits + 2) / 3;
    if (kind == FM_GEMM_ONE_NUMBER)
        m.chunk = choose_chunk(m.half * m.half);
    else if (kind == FM_GEMM_TWO_LIMBS)
        m.chunk = choose_chunk(m.half << (m.limb - 1));
    m.value = (double)p;
    m.inverse = 1 / m.value;
    m.fold = centred((uint64_t)1 << 43, p) * 0x1p-43;
    m.rounder = 0x1.8p95;
    m.shift = power_of_2(m.limb);
    m.shift_back = 1 / m.shift;
    m.limb_offset =
        ((uint64_t)1 << (m.limb - 1)) * (1 + ((uint64_t)1 << m.limb) + ((uint64_t)1 << 2 * m.limb));
    m.reciprocal = (uint64_t)(((unsigned __int128)1 << (m.bits + 62)) / p);
    m.positive =
        kind == FM_GEMM_THREE_LIMBS ? (unsigned __int128)p << (4 * m.limb + 12 - m.bits) : 0;
    *modulus = m;
}
