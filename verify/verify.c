#include "verify.h"

#include "error.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- one equation */

/* The coefficient of a row at index, NULL when it is 0. */
static const fmpq *coefficient(const fm_factors *factors, uint32_t r, uint32_t index)
{
    size_t low = factors->start[r], high = factors->start[r + 1], end = high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (factors->index[middle] < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < end && factors->index[low] == index ? &factors->value[low] : NULL;
}

/* What the products of scheme add up to at a position, in its ring. */
static void sum_products(const fm_scheme *scheme, fm_position at, fmpq_t sum)
{
    const uint32_t index[3] = {at.i, at.j, at.k};
    fmpq_t product;
    fmpq_init(product);
    fmpq_zero(sum);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        const fmpq *c[3];
        for (int axis = 0; axis < 3; axis++)
            c[axis] = coefficient(&scheme->factors[axis], r, index[axis]);
        if (c[0] == NULL || c[1] == NULL || c[2] == NULL)
            continue;
        fmpq_mul(product, c[0], c[1]);
        fmpq_mul(product, product, c[2]);
        fmpq_add(sum, sum, product);
    }
    fmpq_clear(product);
    if (scheme->ring.kind == FM_RING_ZP)
        fm_ring_map(scheme->ring, sum, sum);
}

static void tensor_entry(const fm_tensor *tensor, fm_ring ring, fm_position at, fmpq_t value)
{
    fmpq_zero(value);
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        if (entry->i == at.i && entry->j == at.j && entry->k == at.k)
            fmpz_set(fmpq_numref(value), &entry->value);
    }
    if (ring.kind == FM_RING_ZP)
        fm_ring_map(ring, value, value);
}

/* ---------------------------------------------------------------- the verdict */

static fm_status refuse(const fm_scheme *scheme, const fm_tensor *tensor, fm_position at,
                        fm_verdict *verdict, fm_error *error)
{
    char ring[FM_RING_NAME_SIZE];
    fmpq_t value;
    fmpq_init(value);
    verdict->i = at.i;
    verdict->j = at.j;
    verdict->k = at.k;
    tensor_entry(tensor, scheme->ring, at, value);
    verdict->expected = fmpq_get_str(NULL, 10, value);
    sum_products(scheme, at, value);
    verdict->actual = fmpq_get_str(NULL, 10, value);
    fmpq_clear(value);
    return fm_fail(
        error, FM_NO,
        "the scheme does not hold over %s: at (%u, %u, %u) the products add up to %.60s, "
        "not to %.60s",
        fm_ring_name(scheme->ring, ring), at.i, at.j, at.k, verdict->actual, verdict->expected);
}

/* Over the scheme's own ring. */
static fm_status check(const fm_scheme *scheme, const fm_tensor *tensor, fm_verdict *verdict,
                       fm_error *error)
{
    fm_position failing;
    verdict->valid = fm_check_bits_can(scheme->ring, tensor)
                         ? fm_check_bits(scheme, tensor, &failing)
                         : fm_check_integers(scheme, tensor, &failing);
    return verdict->valid ? FM_OK : refuse(scheme, tensor, failing, verdict, error);
}

fm_status fm_verify(const fm_scheme *scheme, const fm_tensor *tensor, fm_ring ring,
                    fm_verdict *verdict, fm_error *error)
{
    *verdict = (fm_verdict){.ring = ring};
    const uint32_t *own = scheme->tensor->extent, *wanted = tensor->extent;
    if (memcmp(own, wanted, sizeof tensor->extent) != 0)
        return fm_fail(error, FM_BAD_INPUT,
                       "the scheme is one of %s, of shape %u %u %u, not of %s, of shape %u %u %u",
                       scheme->tensor->name, own[0], own[1], own[2], tensor->name, wanted[0],
                       wanted[1], wanted[2]);
    if (fm_ring_equal(ring, scheme->ring))
        return check(scheme, tensor, verdict, error);
    fm_scheme *image;
    fm_status status = fm_scheme_to_ring(scheme, ring, &image, error);
    if (status != FM_OK)
        return status;
    status = check(image, tensor, verdict, error);
    fm_scheme_free(image);
    return status;
}

/* Tries f2, f3, f5, ... below 100; true, and *verdict, at the first in which the scheme holds. */
static bool holds_modulo_prime(const fm_scheme *scheme, fm_verdict *verdict)
{
    static const uint8_t primes[] = {2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37, 41,
                                     43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97};
    for (size_t i = 0; i < sizeof primes; i++) {
        if (fm_verify(scheme, scheme->tensor, fm_ring_modulo(primes[i]), verdict, NULL) == FM_OK)
            return true;
        fm_verdict_clear(verdict);
    }
    return false;
}

fm_status fm_verify_smallest_ring(const fm_scheme *scheme, fm_verdict *verdict, fm_error *error)
{
    bool residues = scheme->ring.kind == FM_RING_ZP;
    fm_ring ring = residues ? scheme->ring : fm_factors_smallest_ring(scheme->factors);
    fm_status status = fm_verify(scheme, scheme->tensor, ring, verdict, error);
    if (status == FM_OK || residues)
        return status;
    fm_verdict_clear(verdict);
    if (holds_modulo_prime(scheme, verdict))
        return FM_OK;
    return fm_verify(scheme, scheme->tensor, scheme->ring, verdict, error);
}

void fm_verdict_clear(fm_verdict *verdict)
{
    flint_free(verdict->expected);
    flint_free(verdict->actual);
    *verdict = (fm_verdict){.ring = verdict->ring};
}
