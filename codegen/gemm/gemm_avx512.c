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
#define TYPE    FM_F64
#define BYTES   64
#define MR      14
#define NV      2
#define SIDE    8
#define KERNEL  avx512_f64
#define VECTORS FM_VECTORS_AVX512
#define NAME    "avx512"
#include "gemm_kernel_template.c"

#define SCALAR  float
#define TYPE    FM_F32
#define BYTES   64
#define MR      14
#define NV      2
#define SIDE    8
#define KERNEL  avx512_f32
#define VECTORS FM_VECTORS_AVX512
#define NAME    "avx512"
#include "gemm_kernel_template.c"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
