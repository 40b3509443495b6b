/* What the classical product needs from one instruction set and one type of entries: packing, tiles,
   sums of blocks. The entries are float or double, as the kernel's type says, and void here. */
#ifndef FM_GEMM_KERNEL_H
#define FM_GEMM_KERNEL_H

#include "cpu.h"
#include "fewmul.h"

/* Where entries of one block of a sum stand, and how many lanes of them there are; the others count as
   zero. */
typedef struct fm_gemm_source {
    double coefficient;
    const void *at;
    size_t lanes;
} fm_gemm_source;

/* Blocks in one sum: two levels of schemes whose rows have up to 11 terms each. */
enum { FM_GEMM_TERMS_MAX = 128, FM_GEMM_TILE_MAX = 512 };

/* Packs one panel of the sum of count sources (at least 1): as many lanes as the panel is wide,
   lane_stride apart, for each of steps, step_stride apart. */
typedef void fm_gemm_pack(size_t steps, const fm_gemm_source *sources, size_t count,
                          ptrdiff_t lane_stride, ptrdiff_t step_stride, void *to);

/* A tile of C, whose rows are row_stride apart: tile = beta tile + coefficient product. With beta 0 it
   is not read. */
typedef struct fm_gemm_update {
    double coefficient, beta;
    void *at;
} fm_gemm_update;

/* A whole tile, a panel of A times a panel of B, to each of several places. */
typedef void fm_gemm_tile(size_t k, const void *a, const void *b, const fm_gemm_update *updates,
                          size_t count, ptrdiff_t row_stride);
/* The first rows and columns of a tile of this kernel's size, which is given row by row. */
typedef void fm_gemm_edge(size_t rows, size_t columns, const void *tile,
                          const fm_gemm_update *update, ptrdiff_t row_stride,
                          ptrdiff_t column_stride);

/* to = sum of the sources, length contiguous entries each (lanes do not count). */
typedef void fm_gemm_sum(size_t length, const fm_gemm_source *sources, size_t count, void *to);
/* Contiguous entries: the update's place = beta place + coefficient from. */
typedef void fm_gemm_add(size_t length, const void *from, const fm_gemm_update *update);
/* The same without from. */
typedef void fm_gemm_scale(size_t length, double beta, void *at);

typedef struct fm_gemm_kernel {
#ifndef FM_GENERATED /* in generated files there is one type, and they choose in their own way */
    const char *name;
    fm_cpu_vectors vectors;
    fm_scalar_type type;
#endif
    size_t size;   /* of an entry */
    size_t mr, nr; /* of a tile, so the widths of the panels of A and B */
    fm_gemm_pack *pack_a, *pack_b;
    fm_gemm_tile *tile;
    fm_gemm_edge *edge;
    fm_gemm_sum *sum;
    fm_gemm_add *add;
    fm_gemm_scale *scale;
} fm_gemm_kernel;

#ifndef FM_GENERATED
/* The kernel for this instruction set, or NULL when the library was built without it. */
const fm_gemm_kernel *fm_gemm_kernel_of(fm_cpu_vectors vectors, fm_scalar_type type);

extern const fm_gemm_kernel fm_gemm_portable_f64, fm_gemm_portable_f32;
#ifdef FEWMUL_X86
extern const fm_gemm_kernel fm_gemm_avx2_f64, fm_gemm_avx2_f32;
extern const fm_gemm_kernel fm_gemm_avx512_f64, fm_gemm_avx512_f32;
#endif
#endif

#endif
