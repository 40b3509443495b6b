/* The kernel for one instruction set and one type. Included with SCALAR, the type, and TYPE, its
   fm_gemm_type; BYTES, of a vector; MR and NV, the rows and vectors of a tile; SIDE, the entries of
   the squares that packing turns (a power of 2, at most MR, a divisor of NV vectors); KERNEL, what
   its names end in; VECTORS and NAME, the instruction set. SCALAR is double or float; or unsigned,
   with INTEGER defined, and where they make 64 bits faster, LOW_PRODUCT, the products of the lower
   halves of the entries of two vectors, and EXCHANGE, which exchanges the halves of one's; or
   uint64_t, with RESIDUES defined as the 26, 34 or 63 of its TYPE. */
#include "gemm_kernel.h"

#include <assert.h>
#include <string.h>

#ifndef FM_GEMM_TEMPLATE_ONCE
#define FM_GEMM_TEMPLATE_ONCE
#define ALWAYS_INLINE static inline __attribute__((always_inline))
#define JOIN_(a, b)   a##_##b
#define JOIN(a, b)    JOIN_(a, b)
#define LOCAL(name)   JOIN(name, KERNEL)
#define GLOBAL        JOIN(fm_gemm, KERNEL)
#define UNROLL        _Pragma("GCC unroll 32")
/* Steps of a tile that hide the latency of memory; 24 to 96 differ little (Zen 4, AVX2). */
enum { FETCH_STEPS = 48 };
/* One exchange of the halves of pairs of blocks; SIDE / 2, ..., 1 of them turn a square. */
#define TURN_2_1(a, b, lo, hi)                                                                     \
    lo = __builtin_shufflevector(a, b, 0, 2), hi = __builtin_shufflevector(a, b, 1, 3)
#define TURN_4_1(a, b, lo, hi)                                                                     \
    lo = __builtin_shufflevector(a, b, 0, 4, 2, 6), hi = __builtin_shufflevector(a, b, 1, 5, 3, 7)
#define TURN_4_2(a, b, lo, hi)                                                                     \
    lo = __builtin_shufflevector(a, b, 0, 1, 4, 5), hi = __builtin_shufflevector(a, b, 2, 3, 6, 7)
#define TURN_8_1(a, b, lo, hi)                                                                     \
    lo = __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14),                                 \
    hi = __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15)
#define TURN_8_2(a, b, lo, hi)                                                                     \
    lo = __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13),                                  \
    hi = __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define TURN_8_4(a, b, lo, hi)                                                                     \
    lo = __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11),                                  \
    hi = __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)
#define TURN_PAIRS(distance, turn)                                                                 \
    UNROLL for (int i = 0; i < SIDE; i++) if ((i & (distance)) == 0)                               \
    {                                                                                              \
        __typeof__(v[i]) lo, hi;                                                                   \
        turn(v[i], v[i + (distance)], lo, hi);                                                     \
        v[i] = lo;                                                                                 \
        v[i + (distance)] = hi;                                                                    \
    }
#endif

/* What packed numbers are, and what differs between floating-point numbers, integers and residues:
   COEFFICIENT, multiplier and TIMES for the terms of a sum, SETTLE for the sum itself. */
#ifdef RESIDUES
#define NUMBER double
#else
#define NUMBER SCALAR
#endif
#define LENGTH      (BYTES / sizeof(SCALAR))
#define NR          (NV * LENGTH)
#define vector      LOCAL(vector)
#define loose       LOCAL(loose)
#define square      LOCAL(square)
#define part        LOCAL(part)
#define words       LOCAL(words)
#define loose_words LOCAL(loose_words)
#define multiplier  LOCAL(multiplier)
#define source      LOCAL(source)
#define sums        LOCAL(sums)

/* Vectors of packed numbers and of entries, of the length of a register and of a square. */
typedef NUMBER vector __attribute__((vector_size(BYTES)));
typedef NUMBER square __attribute__((vector_size(SIDE * sizeof(NUMBER))));
typedef NUMBER part
    __attribute__((vector_size(SIDE * sizeof(NUMBER)), aligned(sizeof(NUMBER)), may_alias));
typedef SCALAR loose __attribute__((vector_size(BYTES), aligned(sizeof(SCALAR)), may_alias));
typedef SCALAR words __attribute__((vector_size(SIDE * sizeof(SCALAR))));
typedef SCALAR loose_words
    __attribute__((vector_size(SIDE * sizeof(SCALAR)), aligned(sizeof(SCALAR)), may_alias));

#ifdef RESIDUES
#include "gemm_residues_template.c"
#else
#include "gemm_numbers_template.c"
#endif

/* ---------------------------------------------------------------- sums of blocks */

typedef struct source {
    multiplier coefficient;
    const SCALAR *at;
} source;

ALWAYS_INLINE SCALAR LOCAL(entry)(const source *from, size_t count, ptrdiff_t position,
                                  const fm_gemm_modulus *modulus)
{
    SCALAR sum = TIMES(from[0].coefficient, from[0].at[position]);
    SETTLE(sum);
    for (size_t t = 1; t < count; t++) {
        sum += TIMES(from[t].coefficient, from[t].at[position]);
        SETTLE(sum);
    }
    return sum;
}

ALWAYS_INLINE words LOCAL(entries)(const source *from, size_t count, ptrdiff_t position,
                                   const fm_gemm_modulus *modulus)
{
    words sum = TIMES(from[0].coefficient, *(const loose_words *)(from[0].at + position));
    SETTLE(sum);
    for (size_t t = 1; t < count; t++) {
        sum += TIMES(from[t].coefficient, *(const loose_words *)(from[t].at + position));
        SETTLE(sum);
    }
    return sum;
}

ALWAYS_INLINE void LOCAL(sum_count)(size_t length, const source *from, size_t count,
                                    const fm_gemm_modulus *modulus, SCALAR *to)
{
    size_t i = 0;
    for (; i + LENGTH <= length; i += LENGTH) {
        loose sum = TIMES(from[0].coefficient, *(const loose *)(from[0].at + i));
        SETTLE(sum);
        for (size_t t = 1; t < count; t++) {
            sum += TIMES(from[t].coefficient, *(const loose *)(from[t].at + i));
            SETTLE(sum);
        }
        *(loose *)(to + i) = sum;
    }
    for (; i < length; i++)
        to[i] = LOCAL(entry)(from, count, (ptrdiff_t)i, modulus);
}

/* The sources as this type has them, of those that have so many lanes. Returns how many do. */
ALWAYS_INLINE size_t LOCAL(take)(size_t width, const fm_gemm_source *sources, size_t count,
                                 const fm_gemm_modulus *modulus, source from[FM_GEMM_TERMS_MAX])
{
    size_t taken = 0;
    assert(count >= 1 && count <= FM_GEMM_TERMS_MAX);
    for (size_t t = 0; t < count; t++)
        if (sources[t].lanes >= width)
            from[taken++] = (source){COEFFICIENT(sources[t].coefficient), sources[t].at};
    (void)modulus;
    return taken;
}

static void LOCAL(sum)(size_t length, const fm_gemm_source *sources, size_t count,
                       const fm_gemm_modulus *modulus, void *to)
{
    source from[FM_GEMM_TERMS_MAX];
    LOCAL(take)(0, sources, count, modulus, from);
    if (count == 1)
        LOCAL(sum_count)(length, from, 1, modulus, to);
    else if (count == 2)
        LOCAL(sum_count)(length, from, 2, modulus, to);
    else if (count == 3)
        LOCAL(sum_count)(length, from, 3, modulus, to);
    else
        LOCAL(sum_count)(length, from, count, modulus, to);
}

/* ---------------------------------------------------------------- packing */

/* A panel that is packed: so many lanes, entries as so many numbers. */
typedef struct LOCAL(panel) {
    size_t width, planes, steps;
    const fm_gemm_packing *how;
    NUMBER *to;
} LOCAL(panel);

/* Any strides, and lanes that are not there. */
static __attribute__((noinline)) void LOCAL(pack_any)(LOCAL(panel) panel,
                                                      const fm_gemm_source *sources, size_t count)
{
    const fm_gemm_packing *how = panel.how;
    source from[FM_GEMM_TERMS_MAX];
    square v[PLANES_B];
    for (size_t lane = 0; lane < panel.width; lane++) {
        const size_t taken = LOCAL(take)(lane + 1, sources, count, how->modulus, from);
        for (size_t p = 0; p < panel.steps; p++) {
            ptrdiff_t at = (ptrdiff_t)lane * how->lane_stride + (ptrdiff_t)p * how->step_stride;
            words sum = {0};
            if (taken > 0)
                sum[0] = LOCAL(entry)(from, taken, at, how->modulus);
            LOCAL(convert)(sum, panel.planes, how->modulus, v);
            for (size_t l = 0; l < PLANES_B && l < panel.planes; l++)
                panel.to[l * how->plane + p * panel.width + lane] = v[l][0];
        }
    }
}

/* The groups of SIDE lanes begin at 0, SIDE, ..., the last one at width - SIDE, where it may overlap
   the one before. */
ALWAYS_INLINE size_t LOCAL(group)(size_t width, size_t g)
{
    return g + SIDE <= width ? g : width - SIDE;
}

/* All lanes, side by side in memory. */
ALWAYS_INLINE void LOCAL(pack_along)(LOCAL(panel) panel, const source *from, size_t count)
{
    const fm_gemm_packing *how = panel.how;
    const size_t width = panel.width;
    NUMBER *to = panel.to;
    for (size_t p = 0; p < panel.steps; p++, to += width) {
        UNROLL for (size_t g = 0; g < width; g += SIDE)
        {
            const size_t lane = LOCAL(group)(width, g);
            square v[PLANES_B];
            LOCAL(convert)
            (LOCAL(entries)(from, count, (ptrdiff_t)lane + (ptrdiff_t)p * how->step_stride,
                            how->modulus),
             panel.planes, how->modulus, v);
            for (size_t l = 0; l < PLANES_B && l < panel.planes; l++)
                *(part *)(to + l * how->plane + lane) = v[l];
        }
    }
}

ALWAYS_INLINE void LOCAL(turn)(square v[SIDE])
{
#if SIDE == 2
    TURN_PAIRS(1, TURN_2_1)
#elif SIDE == 4
    TURN_PAIRS(1, TURN_4_1)
    TURN_PAIRS(2, TURN_4_2)
#else
    TURN_PAIRS(1, TURN_8_1)
    TURN_PAIRS(2, TURN_8_2)
    TURN_PAIRS(4, TURN_8_4)
#endif
}

/* A square of entries, which stand by lanes, to numbers by steps. */
ALWAYS_INLINE void LOCAL(pack_square)(LOCAL(panel) panel, const source *from, size_t count,
                                      size_t lane, size_t p)
{
    const fm_gemm_packing *how = panel.how;
    square v[PLANES_B][SIDE];
    UNROLL for (size_t i = 0; i < SIDE; i++)
    {
        square one[PLANES_B];
        LOCAL(convert)
        (LOCAL(entries)(from, count, (ptrdiff_t)(lane + i) * how->lane_stride + (ptrdiff_t)p,
                        how->modulus),
         panel.planes, how->modulus, one);
        for (size_t l = 0; l < PLANES_B && l < panel.planes; l++)
            v[l][i] = one[l];
    }
    for (size_t l = 0; l < PLANES_B && l < panel.planes; l++) {
        NUMBER *to = panel.to + l * how->plane + p * panel.width + lane;
        LOCAL(turn)(v[l]);
        UNROLL for (size_t i = 0; i < SIDE; i++) * (part *)(to + i * panel.width) = v[l][i];
    }
}

/* All lanes, whose steps are side by side in memory. */
ALWAYS_INLINE void LOCAL(pack_across)(LOCAL(panel) panel, const fm_gemm_source *sources,
                                      const source *from, size_t count)
{
    size_t p = 0;
    for (; p + SIDE <= panel.steps; p += SIDE) {
        UNROLL for (size_t g = 0; g < panel.width; g += SIDE)
            LOCAL(pack_square)(panel, from, count, LOCAL(group)(panel.width, g), p);
    }
    if (p < panel.steps) {
        fm_gemm_source rest[FM_GEMM_TERMS_MAX];
        for (size_t t = 0; t < count; t++)
            rest[t] = (fm_gemm_source){sources[t].coefficient, (const SCALAR *)sources[t].at + p,
                                       sources[t].lanes};
        panel.to += p * panel.width;
        panel.steps -= p;
        LOCAL(pack_any)(panel, rest, count);
    }
}

ALWAYS_INLINE void LOCAL(pack_count)(LOCAL(panel) panel, const fm_gemm_source *sources,
                                     const source *from, size_t count)
{
    if (panel.how->lane_stride == 1)
        LOCAL(pack_along)(panel, from, count);
    else
        LOCAL(pack_across)(panel, sources, from, count);
}

/* Code of its own for few terms keeps their coefficients and places in registers, where there are
   registers left. */
ALWAYS_INLINE void LOCAL(pack)(LOCAL(panel) panel, const fm_gemm_source *sources, size_t count)
{
    source from[FM_GEMM_TERMS_MAX];
    const size_t whole = LOCAL(take)(panel.width, sources, count, panel.how->modulus, from);
    if (whole < count || (panel.how->lane_stride != 1 && panel.how->step_stride != 1))
        LOCAL(pack_any)(panel, sources, count);
    else if (count == 1)
        LOCAL(pack_count)(panel, sources, from, 1);
    else if (count == 2 && panel.planes == 1)
        LOCAL(pack_count)(panel, sources, from, 2);
    else if (count == 4 && panel.planes == 1)
        LOCAL(pack_count)(panel, sources, from, 4);
    else
        LOCAL(pack_count)(panel, sources, from, count);
}

static void LOCAL(pack_a)(size_t steps, const fm_gemm_source *sources, size_t count,
                          const fm_gemm_packing *how, void *to)
{
    LOCAL(pack)((LOCAL(panel)){MR, PLANES_A, steps, how, to}, sources, count);
}

static void LOCAL(pack_b)(size_t steps, const fm_gemm_source *sources, size_t count,
                          const fm_gemm_packing *how, void *to)
{
    LOCAL(pack)((LOCAL(panel)){NR, PLANES_B, steps, how, to}, sources, count);
}

const fm_gemm_kernel GLOBAL = {
#ifndef FM_GENERATED
    .name = NAME,
    .vectors = VECTORS,
#endif
    .type = TYPE,
    .size = sizeof(SCALAR),
    .packed = sizeof(NUMBER),
    .planes_a = PLANES_A,
    .planes_b = PLANES_B,
    .planes = PLANES,
    .mr = MR,
    .nr = NR,
    .pack_a = LOCAL(pack_a),
    .pack_b = LOCAL(pack_b),
#ifdef RESIDUES
    .plane = LOCAL(plane),
    .residues = LOCAL(residues),
#else
    .tile = LOCAL(tile),
#endif
    .edge = LOCAL(edge),
    .sum = LOCAL(sum),
    .add = LOCAL(add_lines),
    .scale = LOCAL(scale_line),
};
_Static_assert(MR *NR <= FM_GEMM_TILE_MAX && SIDE <= MR && NR % SIDE == 0, "no room for the tile");
_Static_assert(PLANES_A <= PLANES_B, "packing has room for the planes of B");

#undef SCALAR
#undef TYPE
#undef BYTES
#undef MR
#undef NV
#undef SIDE
#undef KERNEL
#undef VECTORS
#undef NAME
#undef INTEGER
#undef RESIDUES
#undef LOW_PRODUCT
#undef EXCHANGE
#undef NUMBER
#undef LENGTH
#undef NR
#undef PLANES_A
#undef PLANES_B
#undef PLANES
#undef COEFFICIENT
#undef TIMES
#undef SETTLE
#undef vector
#undef loose
#undef square
#undef part
#undef words
#undef loose_words
#undef multiplier
#undef source
#undef sums
