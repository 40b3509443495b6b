/* Tiles in vectors of 16 bytes, which compilers know for every processor: 4 x 2 of them for the 16
   registers that x86-64 is sure to have, 8 x 3 where there are 32. */
#if defined(__aarch64__) || defined(__powerpc64__)
#define ROWS           8
#define VECTORS_OF_ROW 3
#else
#define ROWS           4
#define VECTORS_OF_ROW 2
#endif

#define SCALAR  double
#define TYPE    FM_GEMM_F64
#define BYTES   16
#define MR      ROWS
#define NV      VECTORS_OF_ROW
#define SIDE    2
#define KERNEL  portable_f64
#define VECTORS FM_VECTORS_PORTABLE
#define NAME    "portable"
#include "gemm_kernel_template.c"

#define SCALAR  float
#define TYPE    FM_GEMM_F32
#define BYTES   16
#define MR      ROWS
#define NV      VECTORS_OF_ROW
#define SIDE    4
#define KERNEL  portable_f32
#define VECTORS FM_VECTORS_PORTABLE
#define NAME    "portable"
#include "gemm_kernel_template.c"

#define SCALAR  uint32_t
#define TYPE    FM_GEMM_I32
#define BYTES   16
#define MR      ROWS
#define NV      VECTORS_OF_ROW
#define SIDE    4
#define KERNEL  portable_i32
#define VECTORS FM_VECTORS_PORTABLE
#define NAME    "portable"
#define INTEGER
#include "gemm_kernel_template.c"

#define SCALAR  uint64_t
#define TYPE    FM_GEMM_I64
#define BYTES   16
#define MR      ROWS
#define NV      VECTORS_OF_ROW
#define SIDE    2
#define KERNEL  portable_i64
#define VECTORS FM_VECTORS_PORTABLE
#define NAME    "portable"
#define INTEGER
#include "gemm_kernel_template.c"

#define SCALAR   uint64_t
#define TYPE     FM_GEMM_ZP26
#define BYTES    16
#define MR       ROWS
#define NV       VECTORS_OF_ROW
#define SIDE     2
#define KERNEL   portable_zp26
#define VECTORS  FM_VECTORS_PORTABLE
#define NAME     "portable"
#define RESIDUES 26
#include "gemm_kernel_template.c"

#define SCALAR   uint64_t
#define TYPE     FM_GEMM_ZP34
#define BYTES    16
#define MR       ROWS
#define NV       VECTORS_OF_ROW
#define SIDE     2
#define KERNEL   portable_zp34
#define VECTORS  FM_VECTORS_PORTABLE
#define NAME     "portable"
#define RESIDUES 34
#include "gemm_kernel_template.c"

#define SCALAR   uint64_t
#define TYPE     FM_GEMM_ZP63
#define BYTES    16
#define MR       ROWS
#define NV       VECTORS_OF_ROW
#define SIDE     2
#define KERNEL   portable_zp63
#define VECTORS  FM_VECTORS_PORTABLE
#define NAME     "portable"
#define RESIDUES 63
#include "gemm_kernel_template.c"

#ifndef FM_GENERATED
const fm_gemm_kernel *const fm_gemm_portable[FM_GEMM_TYPES] = {
    &fm_gemm_portable_f64,  &fm_gemm_portable_f32,  &fm_gemm_portable_i32,  &fm_gemm_portable_i64,
    &fm_gemm_portable_zp26, &fm_gemm_portable_zp34, &fm_gemm_portable_zp63,
};
#endif
