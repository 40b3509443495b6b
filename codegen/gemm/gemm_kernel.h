/* What the classical product needs from one instruction set and one type of entries: packing, tiles,
   sums of blocks. Entries are of the kernel's type, and void here. */
#ifndef FM_GEMM_KERNEL_H
#define FM_GEMM_KERNEL_H

#include "cpu.h"
#include "fewmul.h"
#include "gemm_modulus.h"

/* Types of entries, and how residues are multiplied: gemm_modulus.h. */
typedef enum fm_gemm_type {
    FM_GEMM_F64,
    FM_GEMM_F32,
#ifndef FM_GENERATED
    FM_GEMM_I32, /* modulo 2^32 */
    FM_GEMM_I64, /* modulo 2^64 */
    FM_GEMM_ZP26,
    FM_GEMM_ZP34,
    FM_GEMM_ZP63,
    FM_GEMM_TYPES,
#endif
} fm_gemm_type;

#ifndef FM_GENERATED
/* "f64" to "zp63". */
const char *fm_gemm_type_name(fm_gemm_type type);
#else
typedef struct fm_gemm_modulus fm_gemm_modulus; /* of residues, not here */
#endif

/* A scalar of the ring that the entries are in. */
typedef union fm_gemm_scalar {
    double real;   /* f64, f32 */
    int64_t whole; /* i32, i64, and residues modulo p from -p / 2 to p / 2 */
} fm_gemm_scalar;

/* Where entries of one block of a sum stand, and how many lanes of them there are; the others count as
   zero. Coefficients are 1 or -1 for all but f64 and f32. */
typedef struct fm_gemm_source {
    double coefficient;
    const void *at;
    size_t lanes;
} fm_gemm_source;

/* Blocks in one sum: two levels of schemes whose rows have up to 11 terms each. */
enum { FM_GEMM_TERMS_MAX = 128, FM_GEMM_TILE_MAX = 512 };

/* How sums of entries become packed numbers. A packed entry is one number or several; those of one
   kind are a plane. */
typedef struct fm_gemm_packing {
    ptrdiff_t lane_stride, step_stride; /* of the sources */
    size_t plane;                       /* the distance of planes, in numbers */
    const fm_gemm_modulus *modulus;
} fm_gemm_packing;

/* Packs one panel of the sum of count sources (at least 1): as many lanes as the panel is wide, for each
   of steps. */
typedef void fm_gemm_pack(size_t steps, const fm_gemm_source *sources, size_t count,
                          const fm_gemm_packing *how, void *to);

/* A tile of C, whose rows are row_stride apart: tile = beta tile + coefficient product. With beta 0 it
   is not read. */
typedef struct fm_gemm_update {
    fm_gemm_scalar coefficient, beta;
    void *at;
} fm_gemm_update;

/* A whole tile, a panel of A times a panel of B, to each of several places. */
typedef void fm_gemm_tile(size_t k, const void *a, const void *b, const fm_gemm_update *updates,
                          size_t count, ptrdiff_t row_stride);
#ifndef FM_GENERATED
/* One plane of a tile, whose sums are reduced in steps of chunk at the latest. */
typedef void fm_gemm_plane(size_t k, const void *a, const void *b, const fm_gemm_modulus *modulus,
                           double *sums);
/* A tile of residues from the planes of its sums. */
typedef void fm_gemm_residues(const double *sums, size_t plane, const fm_gemm_modulus *modulus,
                              void *tile);
#endif
/* The first rows and columns of a tile of this kernel's size, which is given row by row. */
typedef void fm_gemm_edge(size_t rows, size_t columns, const void *tile,
                          const fm_gemm_update *update, ptrdiff_t row_stride,
                          ptrdiff_t column_stride, const fm_gemm_modulus *modulus);

/* to = sum of the sources, length contiguous entries each (lanes do not count). */
typedef void fm_gemm_sum(size_t length, const fm_gemm_source *sources, size_t count,
                         const fm_gemm_modulus *modulus, void *to);
/* Contiguous entries: the place of each update = beta place + coefficient from. */
typedef void fm_gemm_add(size_t length, const void *from, const fm_gemm_update *updates,
                         size_t count, const fm_gemm_modulus *modulus);
/* The same without from. */
typedef void fm_gemm_scale(size_t length, fm_gemm_scalar beta, const fm_gemm_modulus *modulus,
                           void *at);

typedef struct fm_gemm_kernel {
#ifndef FM_GENERATED /* generated files choose in their own way */
    const char *name;
    fm_cpu_vectors vectors;
#endif
    fm_gemm_type type;
    size_t size;               /* of an entry */
    size_t packed;             /* of a packed number */
    size_t planes_a, planes_b; /* numbers that an entry is packed as */
    size_t planes;             /* products of such numbers, of which one of entries is made: plane
                                    i is that of planes i, or of the only one */
    size_t mr, nr;             /* of a tile, so the widths of the panels of A and B */
    fm_gemm_pack *pack_a, *pack_b;
    fm_gemm_tile *tile; /* of f64, f32, i32, i64; of residues: */
#ifndef FM_GENERATED
    fm_gemm_plane *plane;
    fm_gemm_residues *residues;
#endif
    fm_gemm_edge *edge;
    fm_gemm_sum *sum;
    fm_gemm_add *add;
    fm_gemm_scale *scale;
} fm_gemm_kernel;

#ifndef FM_GENERATED
/* The kernel for this instruction set, or NULL when the library was built without it. */
const fm_gemm_kernel *fm_gemm_kernel_of(fm_cpu_vectors vectors, fm_gemm_type type);

/* What the entries modulo p are, for p from 1 to FM_GEMM_MODULUS_MAX. */
static inline fm_gemm_type fm_gemm_type_of_modulus(uint64_t p)
{
    return (fm_gemm_type)(FM_GEMM_ZP26 + (int)fm_gemm_modulus_kind(p));
}

#endif

/* True where results are exact, and schemes with coefficients other than 1 and -1 are not run. */
static inline bool fm_gemm_is_exact(const fm_gemm_kernel *kernel)
{
    return kernel->type != FM_GEMM_F64 && kernel->type != FM_GEMM_F32;
}

static inline fm_gemm_scalar fm_gemm_scalar_of(const fm_gemm_kernel *kernel, int value)
{
    return fm_gemm_is_exact(kernel) ? (fm_gemm_scalar){.whole = value}
                                    : (fm_gemm_scalar){.real = value};
}

static inline bool fm_gemm_scalar_is(const fm_gemm_kernel *kernel, fm_gemm_scalar scalar, int value)
{
    return fm_gemm_is_exact(kernel) ? scalar.whole == value : scalar.real == value;
}

/* A scheme's coefficient times a scalar. */
static inline fm_gemm_scalar fm_gemm_scalar_times(const fm_gemm_kernel *kernel, double coefficient,
                                                  fm_gemm_scalar scalar)
{
    if (!fm_gemm_is_exact(kernel))
        return (fm_gemm_scalar){.real = coefficient * scalar.real};
    return coefficient < 0 ? (fm_gemm_scalar){.whole = (int64_t) - (uint64_t)scalar.whole} : scalar;
}

#ifndef FM_GENERATED
/* All kernels of the instruction set, by fm_gemm_type. */
extern const fm_gemm_kernel *const fm_gemm_portable[FM_GEMM_TYPES];
#ifdef FEWMUL_X86
extern const fm_gemm_kernel *const fm_gemm_avx2[FM_GEMM_TYPES];
extern const fm_gemm_kernel *const fm_gemm_avx512[FM_GEMM_TYPES];
#endif
#endif

#endif
