/* Part of gemm_kernel_template.c: residues modulo p, from 0 to p - 1 in 64 bits each; gemm_modulus.h says
   how they are multiplied. */
#define COEFFICIENT(real) ((real) < 0 ? (multiplier){~(SCALAR)0, 1} : (multiplier){0, -modulus->p})
#define TIMES(c, x)       (((x) ^ (c).flip) + (c).more)
#define SETTLE(sum)       ((sum) += -((sum) >> 63) & modulus->p)
#if RESIDUES == 26
#define PLANES_A 1
#define PLANES_B 1
#define PLANES   1
#elif RESIDUES == 34
#define PLANES_A 1
#define PLANES_B 2
#define PLANES   2
#else
#define PLANES_A 6
#define PLANES_B 6
#define PLANES   6
#endif

/* A sum that a residue x is added to becomes sum - p + x or sum - x, which is below zero by at most p,
   or right; x may be flipped, to -x - 1. */
typedef struct multiplier {
    SCALAR flip, more;
} multiplier;

#ifndef FM_GEMM_RESIDUES_ONCE
#define FM_GEMM_RESIDUES_ONCE
/* Integers of up to 51 bits, with a sign, are the last bits of doubles around this one; so numbers are
   rounded, too. */
static const double middle = 0x1.8p52;
static const uint64_t middle_bits = 0x4338000000000000, power_52_bits = 0x4330000000000000;
#endif

/* ---------------------------------------------------------------- packed numbers */

ALWAYS_INLINE words LOCAL(centre)(words x, const fm_gemm_modulus *modulus)
{
    const words above = (words)(modulus->half - x) >> 63; /* x > half: below zero */
    return x - (-above & modulus->p);
}

ALWAYS_INLINE void LOCAL(convert)(words sum, size_t planes, const fm_gemm_modulus *modulus,
                                  square v[])
{
    const words x = LOCAL(centre)(sum, modulus);
#if RESIDUES == 63
    const words limbs = x + modulus->limb_offset;
    const uint64_t mask = ((uint64_t)1 << modulus->limb) - 1;
    const double zero = 0x1p52 + 0.5 * modulus->shift;
    v[0] = (square)((limbs & mask) | power_52_bits) - zero;
    v[1] = (square)((limbs >> modulus->limb & mask) | power_52_bits) - zero;
    v[2] = (square)(limbs >> 2 * modulus->limb | power_52_bits) - zero;
    v[3] = v[0] + v[1];
    v[4] = v[0] + v[2];
    v[5] = v[1] + v[2];
    (void)planes;
#else
    const square number = (square)(x + middle_bits) - middle;
    v[0] = number;
    if (planes == 2) {
        v[1] = (number * modulus->shift_back + middle) - middle;
        v[0] = number - v[1] * modulus->shift;
    }
#endif
}

/* ---------------------------------------------------------------- planes of tiles */

typedef struct sums {
    vector at[MR][NV];
} sums;

ALWAYS_INLINE void LOCAL(step)(sums *sum, const double *a, const double *b)
{
    const vector *row = (const vector *)b;
    __builtin_prefetch(a + 16 * MR, 0, 3);
    UNROLL for (int i = 0; i < MR; i++) UNROLL for (int v = 0; v < NV; v++) sum->at[i][v] +=
        a[i] * row[v];
}

/* From -p / 2 to p / 2, or 2 beyond where x is near 2^53. */
ALWAYS_INLINE vector LOCAL(reduce)(vector x, const fm_gemm_modulus *modulus)
{
    const vector quotient = (x * modulus->inverse + middle) - middle;
    return x - quotient * modulus->value;
}

#if RESIDUES != 63
/* What the sums came to when they began again from 0: of x = 2^43 h + l with |l| at most 2^42, high has the
   2^43 h and low the l. These are additions only, for which many processors have room beside the products. rounder is 2^43 middle:
   compilers make constants operands in memory, where there is no room. */
typedef struct LOCAL(taken) {
    sums high, low;
} LOCAL(taken);

ALWAYS_INLINE void LOCAL(take_row)(int i, sums *sum, LOCAL(taken) * taken, double rounder)
{
    UNROLL for (int v = 0; v < NV; v++)
    {
        const vector high = (sum->at[i][v] + rounder) - rounder;
        taken->high.at[i][v] += high;
        taken->low.at[i][v] += sum->at[i][v] - high;
        sum->at[i][v] = (vector){0};
    }
}

/* As many steps as a round has, after each of which a part of the rows is taken, so that the products of the
   others go on: 51 Gop/s where all rows at once are 45 (Zen 4 with AVX2, p near 2^26). */
ALWAYS_INLINE void LOCAL(round)(sums *sum, const double *a, const double *b, LOCAL(taken) * taken,
                                double rounder)
{
    UNROLL for (int p = 0; p < FM_GEMM_ROUND; p++)
    {
        LOCAL(step)(sum, a + p * MR, b + p * NR);
        UNROLL for (int i = 0; i < MR; i++) if (i * FM_GEMM_ROUND / MR == p)
            LOCAL(take_row)(i, sum, taken, rounder);
    }
}

/* Each row is taken after chunk steps at the latest. At the end seven steps at most are left in a sum; with
   what was taken it stays below 2^53. */
static void LOCAL(plane_by_chunks)(size_t k, const double *a, const double *b,
                                   const fm_gemm_modulus *modulus, vector *to)
{
    const size_t first = k % modulus->chunk, rest = modulus->chunk - FM_GEMM_ROUND;
    sums sum = {0};
    LOCAL(taken) taken = {{{{{0}}}}, {{{{0}}}}};
    for (size_t p = 0; p < first; p++, a += MR, b += NR)
        LOCAL(step)(&sum, a, b);
    UNROLL for (int i = 0; i < MR; i++) LOCAL(take_row)(i, &sum, &taken, modulus->rounder);
    for (size_t done = first; done < k; done += modulus->chunk) {
        for (size_t p = 0; p < rest; p++, a += MR, b += NR)
            LOCAL(step)(&sum, a, b);
        LOCAL(round)(&sum, a, b, &taken, modulus->rounder);
        a += FM_GEMM_ROUND * MR;
        b += FM_GEMM_ROUND * NR;
    }
    UNROLL for (int i = 0; i < MR; i++) UNROLL for (int v = 0; v < NV; v++) to[i * NV + v] =
        sum.at[i][v] + (taken.low.at[i][v] + taken.high.at[i][v] * modulus->fold);
}
#endif

static void LOCAL(plane)(size_t k, const void *packed_a, const void *packed_b,
                         const fm_gemm_modulus *modulus, double *to)
{
    const double *a = packed_a, *b = packed_b;
    sums sum = {0};
#if RESIDUES != 63
    if (k > modulus->chunk) {
        LOCAL(plane_by_chunks)(k, a, b, modulus, (vector *)to);
        return;
    }
#endif
    (void)modulus;
    for (size_t p = 0; p < k; p++, a += MR, b += NR)
        LOCAL(step)(&sum, a, b);
    UNROLL for (int i = 0; i < MR; i++)
        UNROLL for (int v = 0; v < NV; v++)((vector *)to)[i * NV + v] = sum.at[i][v];
}

#if RESIDUES == 63
/* x modulo p, of x below 2^(bits + 40) (P. Barrett, CRYPTO 1986): the quotient is too small by less than
   1 before it is rounded down. */
ALWAYS_INLINE uint64_t LOCAL(remainder)(unsigned __int128 x, const fm_gemm_modulus *modulus)
{
    const uint64_t high = (uint64_t)(x >> ((modulus->bits - 2) & 63));
    const uint64_t quotient = (uint64_t)((unsigned __int128)high * modulus->reciprocal >> 64);
    const uint64_t rest = (uint64_t)x - quotient * modulus->p;
    return rest >= modulus->p ? rest - modulus->p : rest;
}

/* x 2^count, of count below 64. */
ALWAYS_INLINE unsigned __int128 LOCAL(shifted)(int64_t x, unsigned count)
{
    return (unsigned __int128)x << (count & 63);
}

/* The product is c4 2^(4w) + ... + c0 with limbs of w bits; first modulo p from c2 on. */
static void LOCAL(residues)(const double *sum, size_t plane, const fm_gemm_modulus *modulus,
                            void *tile)
{
    const unsigned w = modulus->limb;
    uint64_t *to = tile;
    for (size_t i = 0; i < MR * NR; i++, sum++) {
        int64_t s[PLANES];
        UNROLL for (int l = 0; l < PLANES; l++) s[l] = (int64_t)sum[(size_t)l * plane];
        const int64_t c1 = s[3] - s[0] - s[1], c2 = s[4] - s[0] - s[2] + s[1];
        const int64_t c3 = s[5] - s[1] - s[2];
        const unsigned __int128 high =
            LOCAL(shifted)(s[2], 2 * w) + LOCAL(shifted)(c3, w) + LOCAL(shifted)(c2, 0);
        const uint64_t rest = LOCAL(remainder)(modulus->positive + high, modulus);
        const unsigned __int128 low =
            LOCAL(shifted)((int64_t)rest, 2 * w) + LOCAL(shifted)(c1, w) + LOCAL(shifted)(s[0], 0);
        to[i] = LOCAL(remainder)(modulus->positive + low, modulus);
    }
}
#else
static void LOCAL(residues)(const double *sum, size_t plane, const fm_gemm_modulus *modulus,
                            void *tile)
{
    typedef uint64_t bits __attribute__((vector_size(BYTES)));
    const bits p = (bits)(modulus->value - (vector){0});
    bits *to = tile;
    for (size_t i = 0; i < MR * NV; i++) {
        vector x = LOCAL(reduce)(((const vector *)sum)[i], modulus);
#if RESIDUES == 34
        const vector high = LOCAL(reduce)(((const vector *)(sum + plane))[i], modulus);
        x = LOCAL(reduce)(x + high * modulus->shift, modulus);
#else
        (void)plane;
#endif
        x += (vector)((bits)(x < 0) & p);
        to[i] = (bits)(x + 0x1p52) ^ power_52_bits;
    }
}
#endif

/* ---------------------------------------------------------------- entries of C */

/* A factor modulo p, and what makes its products fast (V. Shoup's NTL): factor 2^64 / p, rounded down. */
typedef struct LOCAL(factor) {
    uint64_t value, quotient;
} LOCAL(factor);

static LOCAL(factor) LOCAL(factor_of)(fm_gemm_scalar scalar, const fm_gemm_modulus *modulus)
{
    const uint64_t value = scalar.whole < 0 ? modulus->p - -(uint64_t)scalar.whole % modulus->p
                                            : (uint64_t)scalar.whole;
    const uint64_t reduced = value % modulus->p;
    return (LOCAL(factor)){reduced, (uint64_t)(((unsigned __int128)reduced << 64) / modulus->p)};
}

ALWAYS_INLINE uint64_t LOCAL(times)(LOCAL(factor) factor, uint64_t x, uint64_t p)
{
    const uint64_t quotient = (uint64_t)((unsigned __int128)factor.quotient * x >> 64);
    const uint64_t rest = factor.value * x - quotient * p;
    return rest >= p ? rest - p : rest;
}

/* Any scalars. */
static void LOCAL(update_any)(size_t length, const uint64_t *from, const fm_gemm_update *update,
                              const fm_gemm_modulus *modulus, uint64_t *to)
{
    const LOCAL(factor) factor = LOCAL(factor_of)(update->coefficient, modulus);
    const LOCAL(factor) beta = LOCAL(factor_of)(update->beta, modulus);
    for (size_t i = 0; i < length; i++) {
        uint64_t sum = LOCAL(times)(factor, from[i], modulus->p);
        if (update->beta.whole != 0) {
            sum += LOCAL(times)(beta, to[i], modulus->p) - modulus->p;
            SETTLE(sum);
        }
        to[i] = sum;
    }
}

/* to = from, -from, to + from or to - from. */
ALWAYS_INLINE void LOCAL(update_unit)(size_t length, const uint64_t *from, bool add, double sign,
                                      const fm_gemm_modulus *modulus, uint64_t *to)
{
    const multiplier factor = COEFFICIENT(sign);
    size_t i = 0;
    for (; i + LENGTH <= length; i += LENGTH) {
        loose sum = TIMES(factor, *(const loose *)(from + i));
        if (add)
            sum += *(const loose *)(to + i);
        SETTLE(sum);
        *(loose *)(to + i) = sum;
    }
    for (; i < length; i++) {
        uint64_t sum = (add ? to[i] : 0) + TIMES(factor, from[i]);
        SETTLE(sum);
        to[i] = sum;
    }
}

static void LOCAL(add_line)(size_t length, const void *from, const fm_gemm_update *update,
                            const fm_gemm_modulus *modulus)
{
    const int64_t factor = update->coefficient.whole, beta = update->beta.whole;
    if ((factor != 1 && factor != -1) || (beta != 0 && beta != 1))
        LOCAL(update_any)(length, from, update, modulus, update->at);
    else if (beta == 0)
        LOCAL(update_unit)(length, from, false, (double)factor, modulus, update->at);
    else
        LOCAL(update_unit)(length, from, true, (double)factor, modulus, update->at);
}

static void LOCAL(add_lines)(size_t length, const void *from, const fm_gemm_update *updates,
                             size_t count, const fm_gemm_modulus *modulus)
{
    for (size_t t = 0; t < count; t++)
        LOCAL(add_line)(length, from, &updates[t], modulus);
}

static void LOCAL(edge)(size_t rows, size_t columns, const void *tile, const fm_gemm_update *update,
                        ptrdiff_t row_stride, ptrdiff_t column_stride,
                        const fm_gemm_modulus *modulus)
{
    assert(rows <= MR && columns <= NR);
    for (size_t i = 0; i < rows; i++) {
        fm_gemm_update row = *update;
        row.at = (uint64_t *)update->at + (ptrdiff_t)i * row_stride;
        const uint64_t *from = (const uint64_t *)tile + i * NR;
        if (column_stride == 1)
            LOCAL(add_line)(columns, from, &row, modulus);
        for (size_t j = 0; j < columns && column_stride != 1; j++) {
            LOCAL(add_line)(1, from + j, &row, modulus);
            row.at = (uint64_t *)row.at + column_stride;
        }
    }
}

static void LOCAL(scale_line)(size_t length, fm_gemm_scalar scalar, const fm_gemm_modulus *modulus,
                              void *at)
{
    const LOCAL(factor) beta = LOCAL(factor_of)(scalar, modulus);
    uint64_t *to = at;
    if (scalar.whole == 0)
        memset(to, 0, length * sizeof *to);
    else
        for (size_t i = 0; i < length; i++)
            to[i] = LOCAL(times)(beta, to[i], modulus->p);
}
