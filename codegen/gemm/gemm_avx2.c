/* Tiles of 6 x 2 vectors of 32 bytes: 12 of the 16 registers for C, 2 for B, 2 for A (as in G. Van
   Zee, F. Van Zee and R. van de Geijn's BLIS, ACM TOMS 41, 2015, for Haswell and Zen). */
#include "gemm_kernel.h"

#include <assert.h>
#include <string.h>

#ifdef FEWMUL_X86
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif

#define SCALAR  double
#define TYPE    FM_F64
#define BYTES   32
#define MR      6
#define NV      2
#define SIDE    4
#define KERNEL  avx2_f64
#define VECTORS FM_VECTORS_AVX2
#define NAME    "avx2"
#include "gemm_kernel_template.c"

#define SCALAR  float
#define TYPE    FM_F32
#define BYTES   32
#define MR      6
#define NV      2
#define SIDE    4
#define KERNEL  avx2_f32
#define VECTORS FM_VECTORS_AVX2
#define NAME    "avx2"
#include "gemm_kernel_template.c"

#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif
