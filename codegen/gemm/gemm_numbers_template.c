/* Part of gemm_kernel_template.c: floating-point numbers, and integers modulo a power of 2. */
#ifdef INTEGER
/* Coefficients in sums are 1 and -1: what turns x to ~x, of which 1 more is taken off. */
#define COEFFICIENT(real) ((real) < 0 ? (SCALAR)-1 : (SCALAR)0)
#define TIMES(c, x)       (((x) ^ (c)) - (c))
#define OF_SCALAR(scalar) ((SCALAR)(scalar).whole)
#else
#define COEFFICIENT(real) ((SCALAR)(real))
#define TIMES(c, x)       ((c) * (x))
#define OF_SCALAR(scalar) ((SCALAR)(scalar).real)
#endif
#define SETTLE(sum) ((void)modulus)
#define PLANES_A    1
#define PLANES_B    1
#define PLANES      1

typedef SCALAR multiplier;

ALWAYS_INLINE void LOCAL(convert)(words sum, size_t planes, const fm_gemm_modulus *modulus,
                                  square v[])
{
    (void)planes, (void)modulus;
    v[0] = sum;
}

/* ---------------------------------------------------------------- tiles */

enum LOCAL(how) { LOCAL(replace), LOCAL(add), LOCAL(scale) };

ALWAYS_INLINE void LOCAL(store)(vector sum[MR][NV], const fm_gemm_update *update,
                                ptrdiff_t row_stride, enum LOCAL(how) how)
{
    const SCALAR factor = OF_SCALAR(update->coefficient), beta = OF_SCALAR(update->beta);
    UNROLL for (int i = 0; i < MR; i++)
    {
        loose *row = (loose *)((SCALAR *)update->at + i * row_stride);
        UNROLL for (int v = 0; v < NV; v++)
        {
            vector value = factor * sum[i][v];
            if (how == LOCAL(add))
                value += row[v];
            if (how == LOCAL(scale))
                value += beta * row[v];
            row[v] = value;
        }
    }
}

#ifdef LOW_PRODUCT
/* With a = a1 2^32 + a0 and b alike, ab = a0 b0 + (a1 b0 + a0 b1) 2^32 modulo 2^64. The cross products
   are those of the halves of a and of b with its halves exchanged, one multiplication modulo 2^32 for
   both; they are added up side by side. */
typedef uint32_t LOCAL(halves) __attribute__((vector_size(BYTES)));
typedef struct sums {
    vector low[MR][NV];
    LOCAL(halves) cross[MR][NV];
} sums;

ALWAYS_INLINE void LOCAL(step)(sums *sum, const SCALAR *a, const SCALAR *b)
{
    vector row[NV];
    LOCAL(halves) turned[NV];
    UNROLL for (int v = 0; v < NV; v++)
    {
        row[v] = ((const vector *)b)[v];
        turned[v] = (LOCAL(halves))EXCHANGE(row[v]);
    }
    __builtin_prefetch(a + 16 * MR, 0, 3);
    UNROLL for (int i = 0; i < MR; i++)
    {
        const vector entry = a[i] - (vector){0};
        UNROLL for (int v = 0; v < NV; v++)
        {
            sum->low[i][v] += LOW_PRODUCT(entry, row[v]);
            sum->cross[i][v] += (LOCAL(halves))entry * turned[v];
        }
    }
}

ALWAYS_INLINE void LOCAL(finish)(const sums *sum, vector to[MR][NV])
{
    UNROLL for (int i = 0; i < MR; i++) UNROLL for (int v = 0; v < NV; v++)
    {
        const vector cross = (vector)sum->cross[i][v];
        to[i][v] = sum->low[i][v] + (cross << 32) + (cross & ~(SCALAR)0 << 32);
    }
}
#else
typedef struct sums {
    vector at[MR][NV];
} sums;

ALWAYS_INLINE void LOCAL(step)(sums *sum, const SCALAR *a, const SCALAR *b)
{
    const vector *row = (const vector *)b;
    __builtin_prefetch(a + 16 * MR, 0, 3);
    UNROLL for (int i = 0; i < MR; i++) UNROLL for (int v = 0; v < NV; v++) sum->at[i][v] +=
        a[i] * row[v];
}

ALWAYS_INLINE void LOCAL(finish)(const sums *sum, vector to[MR][NV])
{
    UNROLL for (int i = 0; i < MR; i++) UNROLL for (int v = 0; v < NV; v++) to[i][v] =
        sum->at[i][v];
}
#endif

/* The tile of C stays in registers, MR x NV of them; NV hold a row of B, and one an entry of A in all
   places. The lines of C are fetched into the cache in the last steps, not at the first: rows that are
   a power of 2 apart share a few places in it, from which A and B would drive them out again. */
static void LOCAL(tile)(size_t k, const void *packed_a, const void *packed_b,
                        const fm_gemm_update *updates, size_t count, ptrdiff_t row_stride)
{
    const SCALAR *a = packed_a, *b = packed_b;
    const size_t fetched = k < FETCH_STEPS ? k : FETCH_STEPS;
    sums sum = {0};
    vector results[MR][NV];
    for (size_t t = 0; t < count; t++)
        UNROLL for (int i = 0; i < MR; i++)
            __builtin_prefetch((const SCALAR *)updates[t].at + i * row_stride + NR - 1, 0, 2);
    for (size_t p = fetched; p < k; p++, a += MR, b += NR)
        LOCAL(step)(&sum, a, b);
    for (size_t t = 0; t < count; t++)
        UNROLL for (int i = 0; i < MR; i++)
            __builtin_prefetch((const SCALAR *)updates[t].at + i * row_stride + NR - 1, 1, 3);
    for (size_t p = 0; p < fetched; p++, a += MR, b += NR)
        LOCAL(step)(&sum, a, b);
    LOCAL(finish)(&sum, results);
    for (size_t t = 0; t < count; t++) {
        const SCALAR beta = OF_SCALAR(updates[t].beta);
        if (beta == 1)
            LOCAL(store)(results, &updates[t], row_stride, LOCAL(add));
        else if (beta == 0)
            LOCAL(store)(results, &updates[t], row_stride, LOCAL(replace));
        else
            LOCAL(store)(results, &updates[t], row_stride, LOCAL(scale));
    }
}

static void LOCAL(edge)(size_t rows, size_t columns, const void *tile, const fm_gemm_update *update,
                        ptrdiff_t row_stride, ptrdiff_t column_stride,
                        const fm_gemm_modulus *modulus)
{
    const SCALAR *from = tile, factor = OF_SCALAR(update->coefficient);
    const SCALAR beta = OF_SCALAR(update->beta);
    assert(rows <= MR && columns <= NR);
    (void)modulus;
    for (size_t i = 0; i < rows; i++)
        for (size_t j = 0; j < columns; j++) {
            SCALAR *to =
                (SCALAR *)update->at + (ptrdiff_t)i * row_stride + (ptrdiff_t)j * column_stride;
            SCALAR value = factor * from[i * NR + j];
            *to = beta == 0 ? value : beta * *to + value;
        }
}

/* ---------------------------------------------------------------- lines of blocks */

ALWAYS_INLINE loose LOCAL(added)(loose value, const fm_gemm_update *update, bool replaced, size_t i)
{
    loose sum = OF_SCALAR(update->coefficient) * value;
    if (!replaced)
        sum += OF_SCALAR(update->beta) * *(loose *)((SCALAR *)update->at + i);
    return sum;
}

/* So many whole vectors to the places of count updates, of which the last replaces or not what is
   there. */
ALWAYS_INLINE size_t LOCAL(add_vectors)(size_t length, const SCALAR *from,
                                        const fm_gemm_update updates[2], size_t count,
                                        bool replaced)
{
    const fm_gemm_update first = updates[0], last = updates[count - 1];
    size_t i = 0;
    for (; i + LENGTH <= length; i += LENGTH) {
        const loose value = *(const loose *)(from + i);
        if (count == 2)
            *(loose *)((SCALAR *)first.at + i) = LOCAL(added)(value, &first, false, i);
        *(loose *)((SCALAR *)last.at + i) = LOCAL(added)(value, &last, replaced, i);
    }
    return i;
}

static void LOCAL(add_line)(size_t length, const SCALAR *from, const fm_gemm_update *update,
                            size_t i)
{
    const SCALAR factor = OF_SCALAR(update->coefficient), beta = OF_SCALAR(update->beta);
    SCALAR *to = update->at;
    for (; i < length; i++)
        to[i] = beta == 0 ? factor * from[i] : beta * to[i] + factor * from[i];
}

/* Two places at once where that is possible, which reads from once. */
static void LOCAL(add_lines)(size_t length, const void *from, const fm_gemm_update *updates,
                             size_t count, const fm_gemm_modulus *modulus)
{
    (void)modulus;
    for (size_t t = 0, done, at_once; t < count; t += at_once) {
        const bool pair = t + 1 < count && OF_SCALAR(updates[t].beta) != 0;
        const bool replaced = OF_SCALAR(updates[pair ? t + 1 : t].beta) == 0;
        at_once = pair ? 2 : 1;
        if (pair && replaced)
            done = LOCAL(add_vectors)(length, from, &updates[t], 2, true);
        else if (pair)
            done = LOCAL(add_vectors)(length, from, &updates[t], 2, false);
        else if (replaced)
            done = LOCAL(add_vectors)(length, from, &updates[t], 1, true);
        else
            done = LOCAL(add_vectors)(length, from, &updates[t], 1, false);
        for (size_t i = 0; i < at_once; i++)
            LOCAL(add_line)(length, from, &updates[t + i], done);
    }
}

static void LOCAL(scale_line)(size_t length, fm_gemm_scalar scalar, const fm_gemm_modulus *modulus,
                              void *at)
{
    const SCALAR beta = OF_SCALAR(scalar);
    SCALAR *to = at;
    (void)modulus;
    if (beta == 0)
        memset(to, 0, length * sizeof *to);
    else
        for (size_t i = 0; i < length; i++)
            to[i] *= beta;
}
#undef OF_SCALAR
