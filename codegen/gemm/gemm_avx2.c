/* Tiles of 6 x 2 vectors of 32 bytes: 12 of the 16 registers for C, 2 for B, 2 for A (as in G. Van
   Zee, F. Van Zee and R. van de Geijn's BLIS, ACM TOMS 41, 2015, for Haswell and Zen). */
#include "gemm_kernel.h"

#include <assert.h>
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#ifdef FEWMUL_X86
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#ifndef FM_GENERATED
typedef uint64_t words_of_register __attribute__((vector_size(32)));

/* GCC 12 makes three multiplications of the same expression without the intrinsic. */
static inline words_of_register low_product(words_of_register a, words_of_register b)
{
    return (words_of_register)_mm256_mul_epu32((__m256i)a, (__m256i)b);
}

static inline words_of_register exchange(words_of_register x)
{
    return (words_of_register)_mm256_shuffle_epi32((__m256i)x, 0xb1);
}
#endif

#define SCALAR  double
#define TYPE    FM_GEMM_F64
#define BYTES   32
#define MR      6
#define NV      2
#define SIDE    4
#define KERNEL  avx2_f64
#define VECTORS FM_VECTORS_AVX2
#define NAME    "avx2"
#include "gemm_kernel_template.c"

#define SCALAR  float
#define TYPE    FM_GEMM_F32
#define BYTES   32
#define MR      6
#define NV      2
#define SIDE    4
#define KERNEL  avx2_f32
#define VECTORS FM_VECTORS_AVX2
#define NAME    "avx2"
#include "gemm_kernel_template.c"

#define SCALAR  uint32_t
#define TYPE    FM_GEMM_I32
#define BYTES   32
#define MR      6
#define NV      2
#define SIDE    4
#define KERNEL  avx2_i32
#define VECTORS FM_VECTORS_AVX2
#define NAME    "avx2"
#define INTEGER
#include "gemm_kernel_template.c"

#define SCALAR  uint64_t
#define TYPE    FM_GEMM_I64
#define BYTES   32
#define MR      6
#define NV      1
#define SIDE    4
#define KERNEL  avx2_i64
#define VECTORS FM_VECTORS_AVX2
#define NAME    "avx2"
#define INTEGER
#define LOW_PRODUCT low_product
#define EXCHANGE    exchange
#include "gemm_kernel_template.c"

#define SCALAR   uint64_t
#define TYPE     FM_GEMM_ZP26
#define BYTES    32
#define MR       6
#define NV       2
#define SIDE     4
#define KERNEL   avx2_zp26
#define VECTORS  FM_VECTORS_AVX2
#define NAME     "avx2"
#define RESIDUES 26
#include "gemm_kernel_template.c"

#define SCALAR   uint64_t
#define TYPE     FM_GEMM_ZP34
#define BYTES    32
#define MR       6
#define NV       2
#define SIDE     4
#define KERNEL   avx2_zp34
#define VECTORS  FM_VECTORS_AVX2
#define NAME     "avx2"
#define RESIDUES 34
#include "gemm_kernel_template.c"

#define SCALAR   uint64_t
#define TYPE     FM_GEMM_ZP63
#define BYTES    32
#define MR       6
#define NV       2
#define SIDE     4
#define KERNEL   avx2_zp63
#define VECTORS  FM_VECTORS_AVX2
#define NAME     "avx2"
#define RESIDUES 63
#include "gemm_kernel_template.c"

#ifndef FM_GENERATED
const fm_gemm_kernel *const fm_gemm_avx2[FM_GEMM_TYPES] = {
    &fm_gemm_avx2_f64,  &fm_gemm_avx2_f32,  &fm_gemm_avx2_i32,  &fm_gemm_avx2_i64,
    &fm_gemm_avx2_zp26, &fm_gemm_avx2_zp34, &fm_gemm_avx2_zp63,
};
#endif

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
