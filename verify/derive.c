/* Derivations that change the format: rows of factors put elsewhere, side by side or multiplied. */
#include "derive.h"

#include "error.h"
#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_COEFFICIENTS = 1 << 28 };

const unsigned fm_derive_sides[3][2] = {{0, 1}, {1, 2}, {0, 2}};

static const unsigned (*const sides)[2] = fm_derive_sides;

static const char dimension_names[] = "nmp";

/* ---------------------------------------------------------------- putting rows elsewhere */

#define GONE UINT32_MAX

/* Dimension d of a format becomes dimension to[d] of another, index i there place[d][i] or GONE. */
typedef struct placement {
    uint32_t from[3], format[3];
    unsigned to[3];
    uint32_t place[3][FM_FORMAT_MAX];
} placement;

static void placement_init(placement *p, const uint32_t from[3])
{
    for (unsigned d = 0; d < 3; d++) {
        p->from[d] = p->format[d] = from[d];
        p->to[d] = d;
        for (uint32_t i = 0; i < from[d]; i++)
            p->place[d][i] = i;
    }
}

/* Room for size in a dimension, what was there at offset. */
static void place_at(placement *p, unsigned dimension, uint32_t offset, uint32_t size)
{
    p->format[dimension] = size;
    for (uint32_t i = 0; i < p->from[dimension]; i++)
        p->place[dimension][i] = offset + i;
}

static void place_without(placement *p, unsigned dimension, uint32_t index)
{
    p->format[dimension] = p->from[dimension] - 1;
    for (uint32_t i = index; i < p->from[dimension]; i++)
        p->place[dimension][i] = i > index ? i - 1 : GONE;
}

/* The axis of the new scheme where the factors of an axis go; whether they are transposed there. */
static unsigned placed_axis(const placement *p, unsigned axis, bool *transposed)
{
    unsigned rows = p->to[sides[axis][0]], columns = p->to[sides[axis][1]], to = 0;
    while (sides[to][0] + sides[to][1] != rows + columns)
        to++;
    *transposed = sides[to][0] != rows;
    return to;
}

/* Where coefficient index of a factor on an axis goes; GONE when nowhere. */
static uint32_t placed_index(const placement *p, unsigned axis, uint32_t index, unsigned to_axis,
                             bool transposed)
{
    unsigned rows = sides[axis][0], columns = sides[axis][1];
    uint32_t row = p->place[rows][index / p->from[columns]];
    uint32_t column = p->place[columns][index % p->from[columns]];
    uint32_t width = p->format[sides[to_axis][1]];
    if (row == GONE || column == GONE)
        return GONE;
    return transposed ? column * width + row : row * width + column;
}

typedef struct placed {
    uint32_t index;
    const fmpq *value;
} placed;

static int compare_placed(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

static void push_placed_row(const placement *p, const fm_scheme *scheme, unsigned axis, uint32_t r,
                            placed *row, fm_factors factors[3])
{
    const fm_factors *f = &scheme->factors[axis];
    bool transposed;
    unsigned to = placed_axis(p, axis, &transposed);
    size_t count = 0;
    for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
        uint32_t index = placed_index(p, axis, f->index[e], to, transposed);
        if (index != GONE)
            row[count++] = (placed){index, &f->value[e]};
    }
    if (transposed)
        qsort(row, count, sizeof *row, compare_placed);
    for (size_t e = 0; e < count; e++)
        fm_factors_push(&factors[to], row[e].index, row[e].value);
    fm_factors_end_row(&factors[to]);
}

/* Whether a factor of product r is zero when placed. */
static bool vanishes(const placement *p, const fm_scheme *scheme, uint32_t r)
{
    for (unsigned axis = 0; axis < 3; axis++) {
        const fm_factors *f = &scheme->factors[axis];
        bool transposed, zero = true;
        unsigned to = placed_axis(p, axis, &transposed);
        for (size_t e = f->start[r]; e < f->start[r + 1] && zero; e++)
            zero = placed_index(p, axis, f->index[e], to, transposed) == GONE;
        if (zero)
            return true;
    }
    return false;
}

/* Appends the products of a scheme that do not vanish. */
static void push_placed(const placement *p, const fm_scheme *scheme, fm_factors factors[3])
{
    uint32_t longest = 0;
    for (unsigned axis = 0; axis < 3; axis++)
        if (scheme->factors[axis].extent > longest)
            longest = scheme->factors[axis].extent;
    placed *row = fm_alloc(longest, sizeof *row);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        if (vanishes(p, scheme, r))
            continue;
        for (unsigned axis = 0; axis < 3; axis++)
            push_placed_row(p, scheme, axis, r, row, factors);
    }
    free(row);
}

/* ---------------------------------------------------------------- making schemes */

static void factors_init(fm_factors factors[3], const uint32_t format[3])
{
    for (unsigned axis = 0; axis < 3; axis++)
        fm_factors_init(&factors[axis], format[sides[axis][0]] * format[sides[axis][1]]);
}

/* The scheme of a format, not too large, with these factors, which are in the ring. */
static fm_scheme *make_scheme(const uint32_t format[3], fm_ring ring, fm_factors factors[3])
{
    fm_tensor *tensor;
    fm_scheme *scheme;
    fm_status status = fm_tensor_matmul(format[0], format[1], format[2], &tensor, NULL);
    assert(status == FM_OK);
    status = fm_scheme_new(tensor, ring, factors, &scheme, NULL);
    assert(status == FM_OK);
    (void)status;
    fm_tensor_free(tensor);
    return scheme;
}

fm_scheme *fm_derive_standard(const uint32_t format[3], fm_ring ring)
{
    fm_tensor *tensor;
    fm_scheme *scheme;
    fm_status status = fm_tensor_matmul(format[0], format[1], format[2], &tensor, NULL);
    assert(status == FM_OK);
    status = fm_scheme_standard(tensor, ring, &scheme, NULL);
    assert(status == FM_OK); /* the entries of a matrix product are ones */
    (void)status;
    fm_tensor_free(tensor);
    return scheme;
}

fm_scheme *fm_derive_merge(const fm_scheme *first, const fm_scheme *second, unsigned dimension)
{
    placement p;
    fm_factors factors[3];
    const uint32_t *f = first->tensor->format, *s = second->tensor->format;
    uint32_t size = f[dimension] + s[dimension];
    assert(fm_ring_equal(first->ring, second->ring));
    placement_init(&p, f);
    place_at(&p, dimension, 0, size);
    factors_init(factors, p.format);
    push_placed(&p, first, factors);
    placement_init(&p, s);
    place_at(&p, dimension, f[dimension], size);
    push_placed(&p, second, factors);
    return make_scheme(p.format, first->ring, factors);
}

void fm_derive_order(const uint32_t from[3], const uint32_t format[3], unsigned to[3])
{
    bool taken[3] = {false};
    for (unsigned d = 0; d < 3; d++) {
        to[d] = 0;
        while (taken[to[d]] || format[to[d]] != from[d])
            to[d]++;
        taken[to[d]] = true;
    }
}

fm_scheme *fm_derive_permute(const fm_scheme *scheme, const uint32_t format[3])
{
    placement p;
    fm_factors factors[3];
    placement_init(&p, scheme->tensor->format);
    memcpy(p.format, format, sizeof p.format);
    fm_derive_order(p.from, format, p.to);
    factors_init(factors, format);
    push_placed(&p, scheme, factors);
    return make_scheme(format, scheme->ring, factors);
}

fm_scheme *fm_derive_project(const fm_scheme *scheme, unsigned dimension, uint32_t index)
{
    placement p;
    fm_factors factors[3];
    placement_init(&p, scheme->tensor->format);
    place_without(&p, dimension, index);
    factors_init(factors, p.format);
    push_placed(&p, scheme, factors);
    fm_scheme *projected = make_scheme(p.format, scheme->ring, factors);
    fm_scheme *reduced = fm_derive_reduce(projected);
    fm_scheme_free(projected);
    return reduced;
}

uint32_t fm_derive_fewest(const fm_scheme *scheme, unsigned dimension, uint32_t *index)
{
    placement p;
    uint32_t fewest = UINT32_MAX;
    for (uint32_t i = 0; i < scheme->tensor->format[dimension]; i++) {
        uint32_t left = 0;
        placement_init(&p, scheme->tensor->format);
        place_without(&p, dimension, i);
        for (uint32_t r = 0; r < scheme->rank; r++)
            left += !vanishes(&p, scheme, r);
        if (left < fewest) {
            fewest = left;
            *index = i;
        }
    }
    return fewest;
}

/* ---------------------------------------------------------------- products */

/* Appends the Kronecker product of row r of one factor matrix and row s of another on an axis. */
static void push_product_row(const fm_scheme *first, uint32_t r, const fm_scheme *second,
                             uint32_t s, unsigned axis, placed *row, fmpq *values,
                             fm_factors *factors)
{
    const fm_factors *f = &first->factors[axis], *g = &second->factors[axis];
    uint32_t width = first->tensor->format[sides[axis][1]];
    uint32_t rows = second->tensor->format[sides[axis][0]];
    uint32_t columns = second->tensor->format[sides[axis][1]];
    size_t count = 0;
    for (size_t a = f->start[r]; a < f->start[r + 1]; a++)
        for (size_t b = g->start[s]; b < g->start[s + 1]; b++) {
            uint32_t i = f->index[a] / width * rows + g->index[b] / columns;
            uint32_t j = f->index[a] % width * columns + g->index[b] % columns;
            fmpq_mul(&values[count], &f->value[a], &g->value[b]);
            if (first->ring.kind == FM_RING_ZP)
                fm_ring_map(first->ring, &values[count], &values[count]);
            row[count] = (placed){i * width * columns + j, &values[count]};
            count++;
        }
    qsort(row, count, sizeof *row, compare_placed);
    for (size_t e = 0; e < count; e++)
        fm_factors_push(factors, row[e].index, row[e].value);
    fm_factors_end_row(factors);
}

static void push_product(const fm_scheme *first, const fm_scheme *second, unsigned axis,
                         fm_factors *factors)
{
    placed *row = fm_alloc(factors->extent, sizeof *row);
    fmpq *values = fm_alloc_zero(factors->extent, sizeof *values);
    for (uint32_t e = 0; e < factors->extent; e++)
        fmpq_init(&values[e]);
    for (uint32_t r = 0; r < first->rank; r++)
        for (uint32_t s = 0; s < second->rank; s++)
            push_product_row(first, r, second, s, axis, row, values, factors);
    for (uint32_t e = 0; e < factors->extent; e++)
        fmpq_clear(&values[e]);
    free(values);
    free(row);
}

fm_status fm_derive_product(const fm_scheme *first, const fm_scheme *second, fm_scheme **out,
                            fm_error *error)
{
    fm_factors factors[3];
    uint32_t format[3];
    *out = NULL;
    assert(fm_ring_equal(first->ring, second->ring));
    for (unsigned axis = 0; axis < 3; axis++)
        if ((double)first->factors[axis].count * (double)second->factors[axis].count >
                MAX_COEFFICIENTS ||
            (double)first->rank * second->rank > MAX_COEFFICIENTS)
            return fm_fail(error, FM_BAD_INPUT,
                           "the product of %s, rank %u, and %s, rank %u, is too large: over %d "
                           "coefficients",
                           first->tensor->name, first->rank, second->tensor->name, second->rank,
                           MAX_COEFFICIENTS);
    for (unsigned d = 0; d < 3; d++)
        format[d] = first->tensor->format[d] * second->tensor->format[d];
    factors_init(factors, format);
    for (unsigned axis = 0; axis < 3; axis++)
        push_product(first, second, axis, &factors[axis]);
    *out = make_scheme(format, first->ring, factors);
    return FM_OK;
}

/* ---------------------------------------------------------------- what all share */

fm_status fm_derive_check(const fm_scheme *scheme, fm_error *error)
{
    if (fm_tensor_is_matmul(scheme->tensor, NULL))
        return FM_OK;
    return fm_fail(error, FM_BAD_INPUT, "%s is no matrix product", scheme->tensor->name);
}

static fm_status prove(const fm_scheme *scheme, fm_error *error)
{
    fm_verdict verdict;
    fm_status status = fm_verify(scheme, scheme->tensor, scheme->ring, &verdict, error);
    fm_verdict_clear(&verdict);
    return status;
}

fm_status fm_derive_finish(fm_scheme *derived, const char *engine, const uint64_t *seed,
                           const fm_scheme *const *parents, size_t count, fm_scheme **out,
                           fm_error *error)
{
    fm_error reason;
    *out = NULL;
    fm_status status = prove(derived, &reason);
    if (status == FM_OK) {
        fm_scheme_set_parents(derived, engine, seed, parents, count);
        *out = derived;
        return FM_OK;
    }
    fm_scheme_free(derived);
    for (size_t i = 0; i < count && status == FM_NO; i++)
        if (prove(parents[i], error) != FM_OK)
            return FM_NO;
    return fm_fail(error, status == FM_NO ? FM_INTERNAL : status, "%s: %s", engine, reason.message);
}

static fm_status check_dimension(unsigned dimension, fm_error *error)
{
    if (dimension < 3)
        return FM_OK;
    return fm_fail(error, FM_BAD_INPUT, "dimension %u: a format has 0, 1 and 2", dimension);
}

static fm_status check_size(double size, unsigned dimension, fm_error *error)
{
    if (size <= FM_FORMAT_MAX)
        return FM_OK;
    return fm_fail(error, FM_BAD_INPUT, "%c would be %.0f: at most %d", dimension_names[dimension],
                   size, FM_FORMAT_MAX);
}

/* The ring that both have an image in. */
static fm_status common_ring(fm_ring a, fm_ring b, fm_ring *out, fm_error *error)
{
    char first[FM_RING_NAME_SIZE], second[FM_RING_NAME_SIZE];
    if (a.kind == FM_RING_ZP && b.kind == FM_RING_ZP && a.p != b.p)
        return fm_fail(error, FM_BAD_INPUT, "one scheme is over %s and one over %s",
                       fm_ring_name(a, first), fm_ring_name(b, second));
    *out = a.kind > b.kind ? a : b;
    return FM_OK;
}

/* Both schemes over their common ring. */
static fm_status meet(const fm_scheme *first, const fm_scheme *second, fm_scheme *met[2],
                      fm_error *error)
{
    fm_ring ring;
    met[0] = met[1] = NULL;
    fm_status status = fm_derive_check(first, error);
    if (status == FM_OK)
        status = fm_derive_check(second, error);
    if (status == FM_OK)
        status = common_ring(first->ring, second->ring, &ring, error);
    if (status == FM_OK)
        status = fm_scheme_to_ring(first, ring, &met[0], error);
    if (status == FM_OK)
        status = fm_scheme_to_ring(second, ring, &met[1], error);
    return status;
}

/* ---------------------------------------------------------------- the public functions */

static fm_status check_merge(const fm_scheme *first, const fm_scheme *second, unsigned dimension,
                             fm_error *error)
{
    const uint32_t *f = first->tensor->format, *s = second->tensor->format;
    for (unsigned d = 0; d < 3; d++)
        if (d != dimension && f[d] != s[d])
            return fm_fail(error, FM_BAD_INPUT, "%s and %s cannot be merged along %c: %c differs",
                           first->tensor->name, second->tensor->name, dimension_names[dimension],
                           dimension_names[d]);
    return check_size((double)f[dimension] + s[dimension], dimension, error);
}

fm_status fm_scheme_merge(const fm_scheme *first, const fm_scheme *second, unsigned dimension,
                          fm_scheme **out, fm_error *error)
{
    fm_scheme *met[2] = {NULL, NULL};
    *out = NULL;
    fm_status status = check_dimension(dimension, error);
    if (status == FM_OK)
        status = meet(first, second, met, error);
    if (status == FM_OK)
        status = check_merge(first, second, dimension, error);
    if (status == FM_OK)
        status = fm_derive_finish(fm_derive_merge(met[0], met[1], dimension), "merge", NULL,
                                  (const fm_scheme *[]){first, second}, 2, out, error);
    fm_scheme_free(met[0]);
    fm_scheme_free(met[1]);
    return status;
}

fm_status fm_scheme_extend(const fm_scheme *scheme, unsigned dimension, unsigned count,
                           fm_scheme **out, fm_error *error)
{
    uint32_t missing[3];
    *out = NULL;
    fm_status status = check_dimension(dimension, error);
    if (status == FM_OK)
        status = fm_derive_check(scheme, error);
    if (status == FM_OK && count == 0)
        status = fm_fail(error, FM_BAD_INPUT, "to extend by 0 changes nothing");
    if (status == FM_OK)
        status = check_size((double)scheme->tensor->format[dimension] + count, dimension, error);
    if (status != FM_OK)
        return status;
    memcpy(missing, scheme->tensor->format, sizeof missing);
    missing[dimension] = count;
    fm_scheme *standard = fm_derive_standard(missing, scheme->ring);
    fm_scheme *extended = fm_derive_merge(scheme, standard, dimension);
    fm_scheme_free(standard);
    return fm_derive_finish(extended, "extend", NULL, &scheme, 1, out, error);
}

static fm_status check_project(const fm_scheme *scheme, unsigned dimension, unsigned index,
                               fm_error *error)
{
    fm_status status = check_dimension(dimension, error);
    if (status == FM_OK)
        status = fm_derive_check(scheme, error);
    if (status != FM_OK)
        return status;
    uint32_t size = scheme->tensor->format[dimension];
    if (index >= size)
        return fm_fail(error, FM_BAD_INPUT, "index %u: %s has %u in dimension %c", index,
                       scheme->tensor->name, size, dimension_names[dimension]);
    if (size == 1)
        return fm_fail(error, FM_BAD_INPUT, "%s has only one in dimension %c", scheme->tensor->name,
                       dimension_names[dimension]);
    return FM_OK;
}

fm_status fm_scheme_project(const fm_scheme *scheme, unsigned dimension, unsigned index,
                            fm_scheme **out, fm_error *error)
{
    *out = NULL;
    fm_status status = check_project(scheme, dimension, index, error);
    if (status != FM_OK)
        return status;
    return fm_derive_finish(fm_derive_project(scheme, dimension, index), "project", NULL, &scheme,
                            1, out, error);
}

fm_status fm_scheme_project_best(const fm_scheme *scheme, unsigned dimension, fm_scheme **out,
                                 fm_error *error)
{
    *out = NULL;
    fm_status status = check_project(scheme, dimension, 0, error);
    if (status != FM_OK)
        return status;
    fm_scheme *best = fm_derive_project(scheme, dimension, 0);
    for (uint32_t i = 1; i < scheme->tensor->format[dimension]; i++) {
        fm_scheme *other = fm_derive_project(scheme, dimension, i);
        bool better = other->rank < best->rank;
        fm_scheme_free(better ? best : other);
        best = better ? other : best;
    }
    return fm_derive_finish(best, "project", NULL, &scheme, 1, out, error);
}

fm_status fm_scheme_product(const fm_scheme *first, const fm_scheme *second, fm_scheme **out,
                            fm_error *error)
{
    fm_scheme *met[2], *product;
    *out = NULL;
    fm_status status = meet(first, second, met, error);
    for (unsigned d = 0; d < 3 && status == FM_OK; d++)
        status = check_size((double)first->tensor->format[d] * second->tensor->format[d], d, error);
    if (status == FM_OK)
        status = fm_derive_product(met[0], met[1], &product, error);
    if (status == FM_OK)
        status = fm_derive_finish(product, "product", NULL, (const fm_scheme *[]){first, second}, 2,
                                  out, error);
    fm_scheme_free(met[0]);
    fm_scheme_free(met[1]);
    return status;
}

static int compare_sizes(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

fm_status fm_scheme_permute(const fm_scheme *scheme, const unsigned format[3], fm_scheme **out,
                            fm_error *error)
{
    uint32_t have[3], want[3];
    *out = NULL;
    fm_status status = fm_derive_check(scheme, error);
    if (status != FM_OK)
        return status;
    memcpy(have, scheme->tensor->format, sizeof have);
    memcpy(want, format, sizeof want);
    qsort(have, 3, sizeof *have, compare_sizes);
    qsort(want, 3, sizeof *want, compare_sizes);
    if (memcmp(have, want, sizeof have) != 0)
        return fm_fail(error, FM_BAD_INPUT, "%ux%ux%u does not have the sizes of %s", format[0],
                       format[1], format[2], scheme->tensor->name);
    return fm_derive_finish(fm_derive_permute(scheme, format), "permute", NULL, &scheme, 1, out,
                            error);
}
