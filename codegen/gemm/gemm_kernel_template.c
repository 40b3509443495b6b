/* The kernel for one instruction set and one type. Included with SCALAR, the type, and TYPE, its
   fm_scalar_type; BYTES, of a vector; MR and NV, the rows and vectors of a tile; SIDE, the entries of
   the squares that packing turns (a power of 2, at most MR, a divisor of NV vectors); KERNEL, what
   its names end in; VECTORS and NAME, the instruction set. */
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

#define LENGTH (BYTES / sizeof(SCALAR))
#define NR     (NV * LENGTH)
#define vector LOCAL(vector)
#define loose  LOCAL(loose)
#define square LOCAL(square)
#define part   LOCAL(part)
#define source LOCAL(source)

typedef SCALAR vector __attribute__((vector_size(BYTES)));
typedef SCALAR loose __attribute__((vector_size(BYTES), aligned(sizeof(SCALAR)), may_alias));
typedef SCALAR square __attribute__((vector_size(SIDE * sizeof(SCALAR))));
typedef SCALAR part
    __attribute__((vector_size(SIDE * sizeof(SCALAR)), aligned(sizeof(SCALAR)), may_alias));

/* ---------------------------------------------------------------- packing */

typedef struct source {
    SCALAR coefficient;
    const SCALAR *at;
} source;

ALWAYS_INLINE SCALAR LOCAL(entry)(const source *from, size_t count, ptrdiff_t position)
{
    SCALAR sum = from[0].coefficient * from[0].at[position];
    for (size_t t = 1; t < count; t++)
        sum += from[t].coefficient * from[t].at[position];
    return sum;
}

ALWAYS_INLINE square LOCAL(entries)(const source *from, size_t count, ptrdiff_t position)
{
    square sum = from[0].coefficient * *(const part *)(from[0].at + position);
    for (size_t t = 1; t < count; t++)
        sum += from[t].coefficient * *(const part *)(from[t].at + position);
    return sum;
}

/* Any strides, and lanes that are not there. */
static void LOCAL(pack_any)(size_t width, size_t steps, const fm_gemm_source *sources, size_t count,
                            ptrdiff_t lane_stride, ptrdiff_t step_stride, SCALAR *to)
{
    for (size_t p = 0; p < steps; p++)
        for (size_t lane = 0; lane < width; lane++) {
            ptrdiff_t at = (ptrdiff_t)lane * lane_stride + (ptrdiff_t)p * step_stride;
            SCALAR sum = 0;
            for (size_t t = 0; t < count; t++)
                if (lane < sources[t].lanes)
                    sum += (SCALAR)sources[t].coefficient * ((const SCALAR *)sources[t].at)[at];
            *to++ = sum;
        }
}

/* The groups of SIDE lanes begin at 0, SIDE, ..., the last one at width - SIDE, where it may overlap
   the one before. */
ALWAYS_INLINE size_t LOCAL(group)(size_t width, size_t g)
{
    return g + SIDE <= width ? g : width - SIDE;
}

/* All lanes, side by side in memory. */
ALWAYS_INLINE void LOCAL(pack_along)(size_t width, size_t steps, const source *from, size_t count,
                                     ptrdiff_t step_stride, SCALAR *to)
{
    for (size_t p = 0; p < steps; p++, to += width) {
        UNROLL for (size_t g = 0; g < width; g += SIDE)
        {
            size_t lane = LOCAL(group)(width, g);
            *(part *)(to + lane) =
                LOCAL(entries)(from, count, (ptrdiff_t)lane + (ptrdiff_t)p * step_stride);
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

/* All lanes, whose steps are side by side in memory. */
ALWAYS_INLINE void LOCAL(pack_across)(size_t width, size_t steps, const source *from, size_t count,
                                      ptrdiff_t lane_stride, SCALAR *to)
{
    size_t p = 0;
    for (; p + SIDE <= steps; p += SIDE, to += SIDE * width) {
        UNROLL for (size_t g = 0; g < width; g += SIDE)
        {
            size_t lane = LOCAL(group)(width, g);
            square v[SIDE];
            UNROLL for (size_t i = 0; i < SIDE; i++) v[i] =
                LOCAL(entries)(from, count, (ptrdiff_t)(lane + i) * lane_stride + (ptrdiff_t)p);
            LOCAL(turn)(v);
            UNROLL for (size_t i = 0; i < SIDE; i++) * (part *)(to + i * width + lane) = v[i];
        }
    }
    for (; p < steps; p++)
        for (size_t lane = 0; lane < width; lane++)
            *to++ = LOCAL(entry)(from, count, (ptrdiff_t)lane * lane_stride + (ptrdiff_t)p);
}

ALWAYS_INLINE void LOCAL(pack_count)(size_t width, size_t steps, const source *from, size_t count,
                                     ptrdiff_t lane_stride, ptrdiff_t step_stride, SCALAR *to)
{
    if (lane_stride == 1)
        LOCAL(pack_along)(width, steps, from, count, step_stride, to);
    else
        LOCAL(pack_across)(width, steps, from, count, lane_stride, to);
}

/* The sources as this type has them. False when lanes are missing. */
ALWAYS_INLINE bool LOCAL(take)(size_t width, const fm_gemm_source *sources, size_t count,
                               source from[FM_GEMM_TERMS_MAX])
{
    bool whole = true;
    assert(count >= 1 && count <= FM_GEMM_TERMS_MAX);
    for (size_t t = 0; t < count; t++) {
        from[t] = (source){(SCALAR)sources[t].coefficient, sources[t].at};
        whole = whole && sources[t].lanes >= width;
    }
    return whole;
}

/* Code of its own for few terms keeps their coefficients and places in registers. */
ALWAYS_INLINE void LOCAL(pack)(size_t width, size_t steps, const fm_gemm_source *sources,
                               size_t count, ptrdiff_t lane_stride, ptrdiff_t step_stride, void *to)
{
    source from[FM_GEMM_TERMS_MAX];
    bool whole = LOCAL(take)(width, sources, count, from);
    if (!whole || (lane_stride != 1 && step_stride != 1))
        LOCAL(pack_any)(width, steps, sources, count, lane_stride, step_stride, to);
    else if (count == 1)
        LOCAL(pack_count)(width, steps, from, 1, lane_stride, step_stride, to);
    else if (count == 2)
        LOCAL(pack_count)(width, steps, from, 2, lane_stride, step_stride, to);
    else if (count == 4)
        LOCAL(pack_count)(width, steps, from, 4, lane_stride, step_stride, to);
    else
        LOCAL(pack_count)(width, steps, from, count, lane_stride, step_stride, to);
}

static void LOCAL(pack_a)(size_t steps, const fm_gemm_source *sources, size_t count,
                          ptrdiff_t lane_stride, ptrdiff_t step_stride, void *to)
{
    LOCAL(pack)(MR, steps, sources, count, lane_stride, step_stride, to);
}

static void LOCAL(pack_b)(size_t steps, const fm_gemm_source *sources, size_t count,
                          ptrdiff_t lane_stride, ptrdiff_t step_stride, void *to)
{
    LOCAL(pack)(NR, steps, sources, count, lane_stride, step_stride, to);
}

/* ---------------------------------------------------------------- tiles */

enum LOCAL(how) { LOCAL(replace), LOCAL(add), LOCAL(scale) };

ALWAYS_INLINE void LOCAL(store)(vector sum[MR][NV], const fm_gemm_update *update,
                                ptrdiff_t row_stride, enum LOCAL(how) how)
{
    const SCALAR coefficient = (SCALAR)update->coefficient, beta = (SCALAR)update->beta;
    UNROLL for (int i = 0; i < MR; i++)
    {
        loose *row = (loose *)((SCALAR *)update->at + i * row_stride);
        UNROLL for (int v = 0; v < NV; v++)
        {
            vector value = coefficient * sum[i][v];
            if (how == LOCAL(add))
                value += row[v];
            if (how == LOCAL(scale))
                value += beta * row[v];
            row[v] = value;
        }
    }
}

ALWAYS_INLINE void LOCAL(step)(vector sum[MR][NV], const SCALAR *a, const SCALAR *b)
{
    const vector *row = (const vector *)b;
    __builtin_prefetch(a + 16 * MR, 0, 3);
    UNROLL for (int i = 0; i < MR; i++) UNROLL for (int v = 0; v < NV; v++) sum[i][v] +=
        a[i] * row[v];
}

/* The tile of C stays in registers, MR x NV of them; NV hold a row of B, and one an entry of A in all
   places. The lines of C are fetched into the cache in the last steps, not at the first: rows that are
   a power of 2 apart share a few places in it, from which A and B would drive them out again. */
static void LOCAL(tile)(size_t k, const void *packed_a, const void *packed_b,
                        const fm_gemm_update *updates, size_t count, ptrdiff_t row_stride)
{
    const SCALAR *a = packed_a, *b = packed_b;
    const size_t fetched = k < FETCH_STEPS ? k : FETCH_STEPS;
    vector sum[MR][NV] = {{{0}}};
    for (size_t p = fetched; p < k; p++, a += MR, b += NR)
        LOCAL(step)(sum, a, b);
    for (size_t t = 0; t < count; t++)
        UNROLL for (int i = 0; i < MR; i++)
            __builtin_prefetch((const SCALAR *)updates[t].at + i * row_stride + NR - 1, 1, 3);
    for (size_t p = 0; p < fetched; p++, a += MR, b += NR)
        LOCAL(step)(sum, a, b);
    for (size_t t = 0; t < count; t++) {
        if (updates[t].beta == 1)
            LOCAL(store)(sum, &updates[t], row_stride, LOCAL(add));
        else if (updates[t].beta == 0)
            LOCAL(store)(sum, &updates[t], row_stride, LOCAL(replace));
        else
            LOCAL(store)(sum, &updates[t], row_stride, LOCAL(scale));
    }
}

static void LOCAL(edge)(size_t rows, size_t columns, const void *tile, const fm_gemm_update *update,
                        ptrdiff_t row_stride, ptrdiff_t column_stride)
{
    const SCALAR *from = tile, coefficient = (SCALAR)update->coefficient;
    const SCALAR beta = (SCALAR)update->beta;
    assert(rows <= MR && columns <= NR);
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            SCALAR *to =
                (SCALAR *)update->at + (ptrdiff_t)i * row_stride + (ptrdiff_t)j * column_stride;
            SCALAR value = coefficient * from[i * NR + j];
            *to = beta == 0 ? value : beta * *to + value;
        }
}

/* ---------------------------------------------------------------- sums of blocks */

ALWAYS_INLINE void LOCAL(sum_count)(size_t length, const source *from, size_t count, SCALAR *to)
{
    size_t i = 0;
    for (; i + LENGTH <= length; i += LENGTH) {
        vector sum = from[0].coefficient * *(const loose *)(from[0].at + i);
        for (size_t t = 1; t < count; t++)
            sum += from[t].coefficient * *(const loose *)(from[t].at + i);
        *(loose *)(to + i) = sum;
    }
    for (; i < length; i++)
        to[i] = LOCAL(entry)(from, count, (ptrdiff_t)i);
}

static void LOCAL(sum)(size_t length, const fm_gemm_source *sources, size_t count, void *to)
{
    source from[FM_GEMM_TERMS_MAX];
    LOCAL(take)(0, sources, count, from);
    if (count == 1)
        LOCAL(sum_count)(length, from, 1, to);
    else if (count == 2)
        LOCAL(sum_count)(length, from, 2, to);
    else if (count == 3)
        LOCAL(sum_count)(length, from, 3, to);
    else
        LOCAL(sum_count)(length, from, count, to);
}

static void LOCAL(add_line)(size_t length, const void *from, const fm_gemm_update *update)
{
    const SCALAR coefficient = (SCALAR)update->coefficient, beta = (SCALAR)update->beta;
    const SCALAR *value = from;
    SCALAR *to = update->at;
    if (beta == 0)
        for (size_t i = 0; i < length; i++)
            to[i] = coefficient * value[i];
    else
        for (size_t i = 0; i < length; i++)
            to[i] = beta * to[i] + coefficient * value[i];
}

static void LOCAL(scale_line)(size_t length, double beta, void *at)
{
    SCALAR *to = at;
    if (beta == 0)
        memset(to, 0, length * sizeof *to);
    else
        for (size_t i = 0; i < length; i++)
            to[i] *= (SCALAR)beta;
}

const fm_gemm_kernel GLOBAL = {
#ifndef FM_GENERATED
    .name = NAME,
    .vectors = VECTORS,
    .type = TYPE,
#endif
    .size = sizeof(SCALAR),
    .mr = MR,
    .nr = NR,
    .pack_a = LOCAL(pack_a),
    .pack_b = LOCAL(pack_b),
    .tile = LOCAL(tile),
    .edge = LOCAL(edge),
    .sum = LOCAL(sum),
    .add = LOCAL(add_line),
    .scale = LOCAL(scale_line),
};
_Static_assert(MR *NR <= FM_GEMM_TILE_MAX && SIDE <= MR && NR % SIDE == 0, "no room for the tile");

#undef SCALAR
#undef TYPE
#undef BYTES
#undef MR
#undef NV
#undef SIDE
#undef KERNEL
#undef VECTORS
#undef NAME
#undef LENGTH
#undef NR
#undef vector
#undef loose
#undef square
#undef part
#undef source
