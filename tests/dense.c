#include "dense.h"

#include "memory.h"
#include "support.h"

#include <stdlib.h>

void dense_init(dense *d, const uint32_t extent[3], uint32_t capacity)
{
    *d = (dense){.capacity = capacity};
    for (int axis = 0; axis < 3; axis++) {
        d->extent[axis] = extent[axis];
        d->entry[axis] = fm_alloc((size_t)capacity * extent[axis], sizeof(fmpq));
        for (size_t e = 0; e < (size_t)capacity * extent[axis]; e++)
            fmpq_init(&d->entry[axis][e]);
    }
}

void dense_clear(dense *d)
{
    for (int axis = 0; axis < 3; axis++) {
        for (size_t e = 0; e < (size_t)d->capacity * d->extent[axis]; e++)
            fmpq_clear(&d->entry[axis][e]);
        free(d->entry[axis]);
    }
}

fmpq *dense_at(const dense *d, int axis, uint32_t r, uint32_t index)
{
    return &d->entry[axis][(size_t)r * d->extent[axis] + index];
}

fm_scheme *dense_to_scheme(const dense *d, const fm_tensor *tensor, fm_ring ring)
{
    fm_factors factors[3];
    fm_scheme *scheme, *image;
    for (int axis = 0; axis < 3; axis++) {
        fm_factors_init(&factors[axis], d->extent[axis]);
        for (uint32_t r = 0; r < d->rank; r++) {
            for (uint32_t e = 0; e < d->extent[axis]; e++)
                fm_factors_push(&factors[axis], e, dense_at(d, axis, r, e));
            fm_factors_end_row(&factors[axis]);
        }
    }
    fm_error error;
    assert_ok(fm_scheme_new(tensor, FM_RING_Q_VALUE, factors, &scheme, &error), error);
    fm_scheme_to_ring(scheme, ring, &image, &error);
    fm_scheme_free(scheme);
    return image;
}

void dense_from_scheme(dense *d, const fm_scheme *scheme, uint32_t capacity)
{
    dense_init(d, scheme->tensor->extent, capacity);
    d->rank = scheme->rank;
    for (int axis = 0; axis < 3; axis++) {
        const fm_factors *f = &scheme->factors[axis];
        for (uint32_t r = 0; r < f->rank; r++)
            for (size_t e = f->start[r]; e < f->start[r + 1]; e++)
                fmpq_set(dense_at(d, axis, r, f->index[e]), &f->value[e]);
    }
}

static void sum_at(const dense *d, uint32_t i, uint32_t j, uint32_t k, fmpq_t sum)
{
    fmpq_t product;
    fmpq_init(product);
    fmpq_zero(sum);
    for (uint32_t r = 0; r < d->rank; r++) {
        fmpq_mul(product, dense_at(d, 0, r, i), dense_at(d, 1, r, j));
        fmpq_mul(product, product, dense_at(d, 2, r, k));
        fmpq_add(sum, sum, product);
    }
    fmpq_clear(product);
}

fm_tensor *dense_tensor(const dense *d)
{
    fm_error error;
    fm_tensor *tensor;
    fm_tensor_entry *entries = NULL;
    size_t count = 0, capacity = 0;
    fmpq_t sum;
    fmpq_init(sum);
    for (uint32_t i = 0; i < d->extent[0]; i++)
        for (uint32_t j = 0; j < d->extent[1]; j++)
            for (uint32_t k = 0; k < d->extent[2]; k++) {
                sum_at(d, i, j, k, sum);
                if (fmpq_is_zero(sum))
                    continue;
                assert_true(fmpz_is_one(fmpq_denref(sum)));
                entries = fm_grow(entries, count, &capacity, sizeof *entries);
                entries[count] = (fm_tensor_entry){i, j, k, 0};
                fmpz_set(&entries[count++].value, fmpq_numref(sum));
            }
    fmpq_clear(sum);
    assert_ok(fm_tensor_new(d->extent, fm_strdup("test"), entries, count, &tensor, &error), error);
    return tensor;
}

static long random_from_to(fm_random *random, long size)
{
    return (long)fm_random_below(random, 2 * (uint32_t)size + 1) - size;
}

void dense_fill(dense *d, fm_random *random, long size, unsigned density)
{
    d->rank = d->capacity;
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < (size_t)d->capacity * d->extent[axis]; e++)
            if (fm_random_below(random, 100) < density)
                fmpq_set_si(&d->entry[axis][e], random_from_to(random, size), 1);
}

void dense_split(dense *d, fm_random *random)
{
    assert_true(d->rank < d->capacity);
    if (d->rank == 0)
        return;
    int axis = (int)fm_random_below(random, 3);
    uint32_t r = fm_random_below(random, d->rank), s = d->rank++;
    for (int a = 0; a < 3; a++)
        for (uint32_t e = 0; e < d->extent[a]; e++)
            fmpq_set(dense_at(d, a, s, e), dense_at(d, a, r, e));
    for (uint32_t e = 0; e < d->extent[axis]; e++)
        if (fm_random_below(random, 2) == 0)
            fmpq_zero(dense_at(d, axis, r, e));
        else
            fmpq_zero(dense_at(d, axis, s, e));
}

static bool same_factor(const dense *d, int axis, uint32_t r, uint32_t s)
{
    for (uint32_t e = 0; e < d->extent[axis]; e++)
        if (!fmpq_equal(dense_at(d, axis, r, e), dense_at(d, axis, s, e)))
            return false;
    return true;
}

bool dense_flip(dense *d, fm_random *random)
{
    for (int attempt = 0; attempt < 50 && d->rank > 1; attempt++) {
        int u = (int)fm_random_below(random, 3), v = (u + 1) % 3, w = (u + 2) % 3;
        uint32_t r = fm_random_below(random, d->rank), s = fm_random_below(random, d->rank);
        if (r == s || !same_factor(d, u, r, s))
            continue;
        for (uint32_t e = 0; e < d->extent[v]; e++)
            fmpq_add(dense_at(d, v, r, e), dense_at(d, v, r, e), dense_at(d, v, s, e));
        for (uint32_t e = 0; e < d->extent[w]; e++)
            fmpq_sub(dense_at(d, w, s, e), dense_at(d, w, s, e), dense_at(d, w, r, e));
        return true;
    }
    return false;
}

void dense_scale(dense *d, uint32_t r, const fmpq_t s)
{
    for (uint32_t e = 0; e < d->extent[0]; e++)
        fmpq_mul(dense_at(d, 0, r, e), dense_at(d, 0, r, e), s);
    for (uint32_t e = 0; e < d->extent[2]; e++)
        fmpq_div(dense_at(d, 2, r, e), dense_at(d, 2, r, e), s);
}

void dense_swap_products(dense *d, uint32_t r, uint32_t s)
{
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t e = 0; e < d->extent[axis]; e++)
            fmpq_swap(dense_at(d, axis, r, e), dense_at(d, axis, s, e));
}

/* In a factor that is a matrix with so many columns: row to += c row from. */
static void add_row(dense *d, int axis, uint32_t columns, uint32_t to, uint32_t from, long c)
{
    fmpq_t scaled;
    fmpq_init(scaled);
    for (uint32_t r = 0; r < d->rank; r++)
        for (uint32_t x = 0; x < columns; x++) {
            fmpq *target = dense_at(d, axis, r, to * columns + x);
            fmpq_mul_si(scaled, dense_at(d, axis, r, from * columns + x), c);
            fmpq_add(target, target, scaled);
        }
    fmpq_clear(scaled);
}

static void add_column(dense *d, int axis, uint32_t columns, uint32_t to, uint32_t from, long c)
{
    fmpq_t scaled;
    fmpq_init(scaled);
    for (uint32_t r = 0; r < d->rank; r++)
        for (uint32_t x = 0; x < d->extent[axis] / columns; x++) {
            fmpq *target = dense_at(d, axis, r, x * columns + to);
            fmpq_mul_si(scaled, dense_at(d, axis, r, x * columns + from), c);
            fmpq_add(target, target, scaled);
        }
    fmpq_clear(scaled);
}

/* With E = 1 + c E_ab and its inverse 1 - c E_ab, C = AB is also E^-1 ((E A) B), (A E) (E^-1 B) and
   (A (B E)) E^-1. */
void dense_change_basis(dense *d, const uint32_t format[3], fm_random *random, long c)
{
    uint32_t n = format[0], m = format[1], p = format[2];
    int side = (int)fm_random_below(random, 3);
    uint32_t size = side == 0 ? n : side == 1 ? m : p;
    uint32_t a = fm_random_below(random, size), b = fm_random_below(random, size);
    if (a == b)
        return;
    if (side == 0) { /* (E A)_a = A_a + c A_b; C_a = C'_a - c C'_b */
        add_row(d, 0, m, b, a, c);
        add_row(d, 2, p, a, b, -c);
    } else if (side == 1) { /* (A E)_.b = A_.b + c A_.a; (E^-1 B)_a = B_a - c B_b */
        add_column(d, 0, m, a, b, c);
        add_row(d, 1, p, b, a, -c);
    } else { /* (B E)_.b = B_.b + c B_.a; C_.b = C'_.b - c C'_.a */
        add_column(d, 1, p, a, b, c);
        add_column(d, 2, p, b, a, -c);
    }
}
