#include "products.h"

#include "memory.h"
#include "scheme.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

size_t fm_products_row_length(const fm_products *products)
{
    return (size_t)products->extent[0] + products->extent[1] + products->extent[2];
}

fm_products fm_products_new(const uint32_t extent[3], uint32_t capacity)
{
    fm_products products = {.extent = {extent[0], extent[1], extent[2]}};
    products.coefficients = fm_alloc(capacity, fm_products_row_length(&products));
    return products;
}

fm_products fm_products_copy(const fm_products *products)
{
    fm_products copy = *products;
    copy.coefficients = fm_alloc(products->rank, fm_products_row_length(products));
    memcpy(copy.coefficients, products->coefficients,
           products->rank * fm_products_row_length(products));
    return copy;
}

void fm_products_append(fm_products *products, const int8_t *row)
{
    memcpy(fm_products_row(products, products->rank++), row, fm_products_row_length(products));
}

void fm_products_assign(fm_products *to, const fm_products *from)
{
    to->rank = from->rank;
    memcpy(to->coefficients, from->coefficients, from->rank * fm_products_row_length(from));
}

void fm_products_take_modulo_2(fm_products *products)
{
    uint32_t kept = 0;
    for (uint32_t r = 0; r < products->rank; r++) {
        int8_t *row = fm_products_row(products, r), *to = fm_products_row(products, kept);
        bool is_zero = false;
        for (int axis = 0; axis < 3;
             row += products->extent[axis], to += products->extent[axis++]) {
            bool any = false;
            for (uint32_t e = 0; e < products->extent[axis]; e++)
                any |= (to[e] = row[e] & 1) != 0;
            is_zero |= !any;
        }
        kept += !is_zero;
    }
    products->rank = kept;
}

int8_t *fm_products_row(const fm_products *products, uint32_t r)
{
    return products->coefficients + r * fm_products_row_length(products);
}

void fm_products_clear(fm_products *products)
{
    free(products->coefficients);
    *products = (fm_products){0};
}

uint64_t fm_products_hash(const fm_products *products)
{
    uint64_t sum = 0;
    for (uint32_t r = 0; r < products->rank; r++) {
        const int8_t *row = fm_products_row(products, r);
        uint64_t hash = 1;
        for (int axis = 0; axis < 3; row += products->extent[axis++]) {
            int sign = 0;
            for (uint32_t c = 0; c < products->extent[axis]; c++) {
                sign = sign != 0 ? sign : row[c];
                hash = (hash ^ (uint64_t)(uint8_t)(row[c] * sign)) * 0x9e3779b97f4a7c15u;
                hash ^= hash >> 29;
            }
        }
        sum += hash;
    }
    return sum;
}

static bool has_zero_factor(const fm_scheme *scheme, uint32_t r)
{
    for (int axis = 0; axis < 3; axis++)
        if (scheme->factors[axis].start[r] == scheme->factors[axis].start[r + 1])
            return true;
    return false;
}

static int8_t small_coefficient(const fmpq *value, bool modular)
{
    long number = fmpz_get_si(fmpq_numref(value));
    assert(number >= INT8_MIN && number <= INT8_MAX && fmpz_is_one(fmpq_denref(value)));
    return (int8_t)(number == 2 && modular ? -1 : number);
}

void fm_products_from_scheme(fm_products *products, const fm_scheme *scheme)
{
    memcpy(products->extent, scheme->tensor->extent, sizeof products->extent);
    products->rank = 0;
    products->coefficients = fm_alloc_zero(scheme->rank, fm_products_row_length(products));
    for (uint32_t r = 0; r < scheme->rank; r++) {
        if (has_zero_factor(scheme, r))
            continue;
        int8_t *row = fm_products_row(products, products->rank++);
        for (int axis = 0; axis < 3; axis++) {
            const fm_factors *f = &scheme->factors[axis];
            for (size_t e = f->start[r]; e < f->start[r + 1]; e++)
                row[f->index[e]] = small_coefficient(&f->value[e], scheme->ring.kind == FM_RING_ZP);
            row += f->extent;
        }
    }
}

fm_scheme *fm_products_to_scheme(const fm_products *products, const fm_tensor *tensor, fm_ring ring)
{
    fm_factors factors[3];
    fm_scheme *scheme;
    long modulus = ring.kind == FM_RING_ZP ? (long)ring.p : 0;
    size_t offset = 0;
    for (int axis = 0; axis < 3; axis++) {
        fm_factors_init(&factors[axis], products->extent[axis]);
        for (uint32_t r = 0; r < products->rank; r++) {
            const int8_t *row = fm_products_row(products, r) + offset;
            for (uint32_t e = 0; e < products->extent[axis]; e++)
                fm_factors_push_si(&factors[axis], e, row[e] < 0 ? modulus + row[e] : row[e]);
            fm_factors_end_row(&factors[axis]);
        }
        offset += products->extent[axis];
    }
    fm_status status = fm_scheme_new(tensor, ring, factors, &scheme, NULL);
    assert(status == FM_OK); /* shapes are the tensor's, coefficients the ring's */
    (void)status;
    return scheme;
}

void fm_products_state(fm_products *products, uint32_t capacity, fm_state *state)
{
    FM_STATE_VALUE(state, products->rank);
    fm_state_require(state, products->rank <= capacity);
    if (!state->bad)
        fm_state_bytes(state, products->coefficients,
                       products->rank * fm_products_row_length(products));
}
