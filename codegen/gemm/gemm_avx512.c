/* Tiles of 14 x 2 vectors of 64 bytes: 28 of the 32 registers for C, 2 for B; entries of A are
   operands in memory. */
#include "gemm_kernel.h"

#include <assert.h>
#include <string.h>

#ifdef FEWMUL_X86
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma,avx512f,avx512dq,avx512vl"))),        \
                             apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma,avx512f,avx512dq,avx512vl")
#endif

#define SCALAR  double
#define TYPE    FM_GEMM_F64
#define BYTES   64
#define MR      14
#define NV      2
#define SIDE    8
#define KERNEL  avx512_f64
#define VECTORS FM_VECTORS_AVX512
#define NAME    "avx512"
#include "gemm_kernel_template.c"

#define SCALAR  float
#define TYPE    FM_GEMM_F32
#define BYTES   64
#define MR      14
#define NV      2
#define SIDE    8
#define KERNEL  avx512_f32
#define VECTORS FM_VECTORS_AVX512
#define NAME    "avx512"
#include "gemm_kernel_template.c"

#define SCALAR  uint32_t
#define TYPE    FM_GEMM_I32
#define BYTES   64
#define MR      14
#define NV      2
#define SIDE    4
#define KERNEL  avx512_i32
#define VECTORS FM_VECTORS_AVX512
#define NAME    "avx512"
#define INTEGER
#include "gemm_kernel_template.c"

#define SCALAR  uint64_t
#define TYPE    FM_GEMM_I64
#define BYTES   64
#define MR      14
#define NV      2
#define SIDE    8
#define KERNEL  avx512_i64
#define VECTORS FM_VECTORS_AVX512
#define NAME    "avx512"
#define INTEGER
#include "gemm_kernel_template.c"

#define SCALAR   uint64_t
#define TYPE     FM_GEMM_ZP26
#define BYTES    64
#define MR       14
#define NV       2
#define SIDE     8
#define KERNEL   avx512_zp26
#define VECTORS  FM_VECTORS_AVX512
#define NAME     "avx512"
#define RESIDUES 26
#include "gemm_kernel_template.c"

#define SCALAR   uint64_t
#define TYPE     FM_GEMM_ZP34
#define BYTES    64
#define MR       14
#define NV       2
#define SIDE     8
#define KERNEL   avx512_zp34
#define VECTORS  FM_VECTORS_AVX512
#define NAME     "avx512"
#define RESIDUES 34
#include "gemm_kernel_template.c"

#define SCALAR   uint64_t
#define TYPE     FM_GEMM_ZP63
#define BYTES    64
#define MR       14
#define NV       2
#define SIDE     8
#define KERNEL   avx512_zp63
#define VECTORS  FM_VECTORS_AVX512
#define NAME     "avx512"
#define RESIDUES 63
#include "gemm_kernel_template.c"

#ifndef FM_GENERATED
const fm_gemm_kernel *const fm_gemm_avx512[FM_GEMM_TYPES] = {
    &fm_gemm_avx512_f64,  &fm_gemm_avx512_f32,  &fm_gemm_avx512_i32,  &fm_gemm_avx512_i64,
    &fm_gemm_avx512_zp26, &fm_gemm_avx512_zp34, &fm_gemm_avx512_zp63,
};
#endif

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
