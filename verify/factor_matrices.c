#include "factor_matrices.h"

#include "memory.h"

#include <assert.h>
#include <flint/ulong_extras.h>
#include <math.h>
#include <stdlib.h>

/* ---------------------------------------------------------------- matrices */

void fm_oriented_sizes(const uint32_t format[3], unsigned orientation, uint32_t size[3])
{
    for (unsigned k = 0; k < 3; k++) {
        unsigned shifted = orientation < 3 ? k : (3 - k) % 3;
        size[k] = format[(shifted + orientation) % 3];
    }
}

unsigned fm_oriented_axis(unsigned orientation, unsigned k, bool *exchanged)
{
    bool transposed = orientation >= 3;
    unsigned axis = ((transposed ? 2 - k : k) + orientation) % 3;
    *exchanged = transposed != (axis == 2); /* W is that of C, factor 2 its transpose */
    return axis;
}

static ulong residue(const fmpq *value, nmod_t field)
{
    ulong numerator = fmpz_fdiv_ui(fmpq_numref(value), field.n);
    if (fmpz_is_one(fmpq_denref(value)))
        return numerator;
    return nmod_div(numerator, fmpz_fdiv_ui(fmpq_denref(value), field.n), field);
}

/* Factor k of the orientation from the axis of the scheme that it is, with rows and columns
   exchanged or not. */
static void fill(fm_factor_matrices *m, int k, const fm_factors *f, uint32_t columns, bool exchange)
{
    uint32_t to_columns = fm_matrix_columns(m, k);
    m->factor[k] = fm_alloc_zero((size_t)m->rank * fm_matrix_entries(m, k), sizeof(ulong));
    for (uint32_t r = 0; r < m->rank; r++)
        for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
            uint32_t i = f->index[e] / columns, j = f->index[e] % columns;
            size_t place = exchange ? (size_t)j * to_columns + i : (size_t)i * to_columns + j;
            fm_matrix(m, k, r)[place] = residue(&f->value[e], m->field);
        }
}

void fm_factor_matrices_init(fm_factor_matrices *m, const fm_scheme *scheme, ulong p,
                             unsigned orientation)
{
    const uint32_t *format = scheme->tensor->format;
    assert(format[0] != 0);
    nmod_init(&m->field, p);
    m->rank = scheme->rank;
    fm_oriented_sizes(format, orientation, m->size);
    for (int k = 0; k < 3; k++) {
        bool exchanged;
        unsigned axis = fm_oriented_axis(orientation, (unsigned)k, &exchanged);
        uint32_t columns = axis == 0 ? format[1] : format[2];
        fill(m, k, &scheme->factors[axis], columns, exchanged);
    }
}

void fm_factor_matrices_clear(fm_factor_matrices *matrices)
{
    for (int k = 0; k < 3; k++)
        free(matrices->factor[k]);
    *matrices = (fm_factor_matrices){0};
}

/* ---------------------------------------------------------------- primes */

static bool is_good(const fm_scheme *scheme, ulong p)
{
    for (int axis = 0; axis < 3; axis++) {
        const fm_factors *f = &scheme->factors[axis];
        for (uint32_t r = 0; r < f->rank; r++) {
            bool unit = f->start[r] == f->start[r + 1];
            for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
                if (fmpz_divisible_si(fmpq_denref(&f->value[e]), (slong)p))
                    return false;
                unit = unit || !fmpz_divisible_si(fmpq_numref(&f->value[e]), (slong)p);
            }
            if (!unit)
                return false;
        }
    }
    return true;
}

static ulong previous_prime(ulong bound)
{
    ulong p = bound - 1;
    while (!n_is_prime(p))
        p--;
    return p;
}

ulong fm_good_prime(const fm_scheme *a, const fm_scheme *b, ulong bound)
{
    if (a->ring.kind == FM_RING_ZP)
        return a->ring.p;
    ulong p = previous_prime(bound == 0 ? UINT64_C(1) << 61 : bound);
    while (!is_good(a, p) || (b != NULL && !is_good(b, p)))
        p = previous_prime(p);
    return p;
}

/* The logarithm to base 2 of the largest coefficient of a row when it is made integral. */
static double row_bits(const fm_factors *f, uint32_t r, fmpz_t largest, fmpz_t denominator)
{
    fmpz_zero(largest);
    fmpz_one(denominator);
    for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
        if (fmpz_cmpabs(fmpq_numref(&f->value[e]), largest) > 0)
            fmpz_abs(largest, fmpq_numref(&f->value[e]));
        fmpz_lcm(denominator, denominator, fmpq_denref(&f->value[e]));
    }
    return fmpz_is_zero(largest) ? 0 : (fmpz_dlog(largest) + fmpz_dlog(denominator)) / M_LN2;
}

static double coefficient_bits(const fm_scheme *scheme)
{
    double largest = 0;
    fmpz_t numerator, denominator;
    fmpz_init(numerator);
    fmpz_init(denominator);
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < scheme->rank; r++)
            largest = fmax(largest, row_bits(&scheme->factors[axis], r, numerator, denominator));
    fmpz_clear(numerator);
    fmpz_clear(denominator);
    return largest;
}

unsigned fm_prime_count(const fm_scheme *scheme)
{
    const uint32_t *format = scheme->tensor->format;
    if (scheme->ring.kind == FM_RING_ZP)
        return 1;
    double size = fmax(fmax(format[0], format[1]), format[2]), bits = coefficient_bits(scheme);
    /* A minor of a product of two factors has entries of at most size * 2^(2 bits). */
    double minor = size * (2 * bits + 1.5 * log2(size));
    double trace = 3 * bits + 3 * log2(size);
    return 1 + (unsigned)(fmax(fmax(minor, trace), 4 * bits + 2) / 60.9);
}
