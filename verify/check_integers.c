/* The check with integers. Denominators are cleared first: with d_r the product of the lowest
   common denominators of u_r, v_r and w_r, and D the lowest common multiple of all d_r, the scheme
   holds if and only if the sum over r of (D / d_r) (d_r u_r v_r w_r) is D times the tensor, all
   integers. Over zp the residues are taken as integers and only the sum is reduced. */
#include "equations.h"
#include "memory.h"
#include "verify.h"

#include <stdlib.h>

/* The coefficients of a scheme and the entries of a tensor as integers. */
typedef struct integers {
    fmpz *factor[3];  /* in the order of factors[axis].value; D / d_r is in W */
    fmpz *entry;      /* of -D times the tensor */
    uint64_t modulus; /* sums are compared modulo this; 0: exactly */
} integers;

/* ---------------------------------------------------------------- 64 bits */

static inline void int64_set(int64_t *out, const fmpz *value)
{
    *out = fmpz_get_si(value);
}

static inline void int64_zero(int64_t *out)
{
    *out = 0;
}

static inline void int64_add_product(int64_t *sum, const int64_t *a, const int64_t *b)
{
    *sum += *a * *b;
}

static inline bool int64_is_zero(const int64_t *value, uint64_t modulus)
{
    return modulus == 0 ? *value == 0 : *value % (int64_t)modulus == 0;
}

#define CELL               int64_t
#define CELL_DO(operation) int64_##operation
#include "check_integers_template.c"

/* ---------------------------------------------------------------- 128 bits */

typedef __int128 int128;

static inline void int128_set(int128 *out, const fmpz *value)
{
    fmpz_t high, low;
    fmpz_init(high);
    fmpz_init(low);
    fmpz_fdiv_q_2exp(high, value, 64);
    fmpz_fdiv_r_2exp(low, value, 64);
    *out = (int128)fmpz_get_si(high) * ((int128)1 << 64) + (int128)fmpz_get_ui(low);
    fmpz_clear(low);
    fmpz_clear(high);
}

static inline void int128_zero(int128 *out)
{
    *out = 0;
}

static inline void int128_add_product(int128 *sum, const int128 *a, const int128 *b)
{
    *sum += *a * *b;
}

static inline bool int128_is_zero(const int128 *value, uint64_t modulus)
{
    return modulus == 0 ? *value == 0 : *value % (int128)modulus == 0;
}

#define CELL               int128
#define CELL_DO(operation) int128_##operation
#include "check_integers_template.c"

/* ---------------------------------------------------------------- any size */

static inline void big_set(fmpz *out, const fmpz *value)
{
    fmpz_set(out, value);
}

static inline void big_zero(fmpz *out)
{
    fmpz_zero(out);
}

static inline void big_add_product(fmpz *sum, const fmpz *a, const fmpz *b)
{
    fmpz_addmul(sum, a, b);
}

static inline bool big_is_zero(const fmpz *value, uint64_t modulus)
{
    return modulus == 0 ? fmpz_is_zero(value) : fmpz_fdiv_ui(value, modulus) == 0;
}

#define CELL               fmpz
#define CELL_DO(operation) big_##operation
#include "check_integers_template.c"

/* ---------------------------------------------------------------- making integers */

/* Multiplies row r of a factor matrix by its lowest common denominator, and denominator by that. */
static void clear_row(const fm_factors *factors, uint32_t r, fmpz *out, fmpz_t denominator)
{
    fmpz_t own;
    fmpz_init_set_ui(own, 1);
    for (size_t e = factors->start[r]; e < factors->start[r + 1]; e++)
        fmpz_lcm(own, own, fmpq_denref(&factors->value[e]));
    for (size_t e = factors->start[r]; e < factors->start[r + 1]; e++) {
        fmpz_divexact(&out[e], own, fmpq_denref(&factors->value[e]));
        fmpz_mul(&out[e], &out[e], fmpq_numref(&factors->value[e]));
    }
    fmpz_mul(denominator, denominator, own);
    fmpz_clear(own);
}

/* Makes the coefficients integers; *common is D. */
static void clear_denominators(integers *in, const fm_scheme *scheme, fmpz_t common)
{
    const fm_factors *w = &scheme->factors[2];
    fmpz *denominator = fm_alloc_zero(scheme->rank, sizeof *denominator);
    fmpz_t scale;
    fmpz_init(scale);
    fmpz_one(common);
    for (int axis = 0; axis < 3; axis++)
        in->factor[axis] = fm_alloc_zero(scheme->factors[axis].count, sizeof(fmpz));
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fmpz_one(&denominator[r]);
        for (int axis = 0; axis < 3; axis++)
            clear_row(&scheme->factors[axis], r, in->factor[axis], &denominator[r]);
        fmpz_lcm(common, common, &denominator[r]);
    }
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fmpz_divexact(scale, common, &denominator[r]);
        for (size_t e = w->start[r]; e < w->start[r + 1]; e++)
            fmpz_mul(&in->factor[2][e], &in->factor[2][e], scale);
        fmpz_clear(&denominator[r]);
    }
    fmpz_clear(scale);
    free(denominator);
}

static void init_integers(integers *in, const fm_scheme *scheme, const fm_tensor *tensor)
{
    fmpz_t common;
    fmpz_init(common);
    in->modulus = scheme->ring.p;
    clear_denominators(in, scheme, common);
    fmpz_neg(common, common);
    in->entry = fm_alloc_zero(tensor->entry_count, sizeof(fmpz));
    for (size_t e = 0; e < tensor->entry_count; e++) {
        fmpz_mul(&in->entry[e], &tensor->entries[e].value, common);
        if (in->modulus != 0)
            fmpz_set_ui(&in->entry[e], fmpz_fdiv_ui(&in->entry[e], in->modulus));
    }
    fmpz_clear(common);
}

static void free_integers(fmpz *values, size_t count)
{
    for (size_t e = 0; e < count; e++)
        fmpz_clear(&values[e]);
    free(values);
}

static void clear_integers(integers *in, const fm_scheme *scheme, const fm_tensor *tensor)
{
    for (int axis = 0; axis < 3; axis++)
        free_integers(in->factor[axis], scheme->factors[axis].count);
    free_integers(in->entry, tensor->entry_count);
}

/* ---------------------------------------------------------------- the bound */

/* The largest absolute value, but at least 1. */
static void largest(const fmpz *values, size_t count, fmpz_t out)
{
    fmpz_one(out);
    for (size_t e = 0; e < count; e++)
        if (fmpz_cmpabs(&values[e], out) > 0)
            fmpz_abs(out, &values[e]);
}

/* No coefficient, no product of coefficients and no partial sum of an equation exceeds, in absolute
   value, the largest entry plus the sum over r of max(1, |u_r|) max(1, |v_r|) max(1, |w_r|), with
   |x| the largest absolute value in x. Returns the bits of that. */
static mp_bitcnt_t bound_bits(const integers *in, const fm_scheme *scheme, const fm_tensor *tensor)
{
    fmpz_t bound, product, factor;
    fmpz_init(bound);
    fmpz_init(product);
    fmpz_init(factor);
    largest(in->entry, tensor->entry_count, bound);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fmpz_one(product);
        for (int axis = 0; axis < 3; axis++) {
            const size_t *start = &scheme->factors[axis].start[r];
            largest(in->factor[axis] + start[0], start[1] - start[0], factor);
            fmpz_mul(product, product, factor);
        }
        fmpz_add(bound, bound, product);
    }
    mp_bitcnt_t bits = fmpz_bits(bound);
    fmpz_clear(factor);
    fmpz_clear(product);
    fmpz_clear(bound);
    return bits;
}

bool fm_check_integers(const fm_scheme *scheme, const fm_tensor *tensor, fm_position *failing)
{
    integers in;
    fm_equations row;
    init_integers(&in, scheme, tensor);
    fm_equations_init(&row, scheme, tensor);
    mp_bitcnt_t bits = bound_bits(&in, scheme, tensor);
    bool holds = bits <= 62    ? int64_check(&in, &row, failing)
                 : bits <= 126 ? int128_check(&in, &row, failing)
                               : big_check(&in, &row, failing);
    fm_equations_clear(&row);
    clear_integers(&in, scheme, tensor);
    return holds;
}
