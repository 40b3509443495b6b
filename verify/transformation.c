#include "transformation.h"

#include "error.h"
#include "memory.h"

#include <assert.h>
#include <flint/fmpq_mat.h>
#include <flint/nmod_mat.h>
#include <stdlib.h>
#include <string.h>

fm_transformation *fm_transformation_new(fm_ring ring, unsigned orientation, uint32_t rank,
                                         const uint32_t size[3])
{
    fm_transformation *t = fm_alloc_zero(1, sizeof *t);
    t->ring = ring.kind == FM_RING_ZP ? ring : FM_RING_Q_VALUE;
    t->orientation = orientation;
    t->rank = rank;
    t->product = fm_alloc(rank, sizeof *t->product);
    for (uint32_t r = 0; r < rank; r++)
        t->product[r] = r;
    for (int i = 0; i < 3; i++) {
        t->size[i] = size[i];
        t->entry[i] = fm_alloc((size_t)size[i] * size[i], sizeof *t->entry[i]);
        for (size_t e = 0; e < (size_t)size[i] * size[i]; e++)
            fmpq_init(&t->entry[i][e]);
    }
    return t;
}

void fm_transformation_free(fm_transformation *t)
{
    if (t == NULL)
        return;
    for (int i = 0; i < 3; i++) {
        for (size_t e = 0; e < (size_t)t->size[i] * t->size[i]; e++)
            fmpq_clear(&t->entry[i][e]);
        free(t->entry[i]);
    }
    free(t->product);
    free(t);
}

unsigned fm_transformation_shift(const fm_transformation *t)
{
    return t->orientation % 3;
}

bool fm_transformation_transposed(const fm_transformation *t)
{
    return t->orientation >= 3;
}

uint32_t fm_transformation_product(const fm_transformation *t, uint32_t r)
{
    assert(r < t->rank);
    return t->product[r];
}

uint32_t fm_transformation_size(const fm_transformation *t, unsigned which)
{
    assert(which < 3);
    return t->size[which];
}

char *fm_transformation_entry(const fm_transformation *t, unsigned which, uint32_t row,
                              uint32_t column)
{
    assert(which < 3 && row < t->size[which] && column < t->size[which]);
    char *digits = fmpq_get_str(NULL, 10, &t->entry[which][(size_t)row * t->size[which] + column]);
    char *copy = fm_strdup(digits);
    flint_free(digits);
    return copy;
}

/* ---------------------------------------------------------------- from residues */

static bool set_matrix(fmpq *entry, const ulong *residue, size_t count, bool rational, nmod_t field)
{
    fmpz_t value, modulus, denominator;
    size_t first = 0;
    bool fits = true;
    while (first < count && residue[first] == 0)
        first++;
    assert(first < count);
    ulong scale = nmod_inv(residue[first], field);
    fmpz_init(value);
    fmpz_init_set_ui(modulus, field.n);
    fmpz_init_set_ui(denominator, 1);
    for (size_t e = 0; e < count && fits; e++) {
        fmpz_set_ui(value, nmod_mul(residue[e], scale, field));
        if (rational) {
            fits = fmpq_reconstruct_fmpz(&entry[e], value, modulus) != 0;
            fmpz_lcm(denominator, denominator, fmpq_denref(&entry[e]));
        } else {
            fmpz_set(fmpq_numref(&entry[e]), value);
        }
    }
    for (size_t e = 0; e < count && fits; e++)
        fmpq_mul_fmpz(&entry[e], &entry[e], denominator);
    fmpz_clear(value);
    fmpz_clear(modulus);
    fmpz_clear(denominator);
    return fits;
}

bool fm_transformation_set(fm_transformation *t, const ulong *const matrix[3], nmod_t field)
{
    for (int i = 0; i < 3; i++)
        if (!set_matrix(t->entry[i], matrix[i], (size_t)t->size[i] * t->size[i],
                        t->ring.kind != FM_RING_ZP, field))
            return false;
    return true;
}

/* ---------------------------------------------------------------- images */

/* Sets matrix to X, Y or Z and inverse to its inverse; false when there is none. */
static bool get_matrix(const fm_transformation *t, int which, fmpq_mat_t matrix, fmpq_mat_t inverse)
{
    slong size = t->size[which];
    for (slong i = 0; i < size; i++)
        for (slong j = 0; j < size; j++)
            fmpq_set(fmpq_mat_entry(matrix, i, j), &t->entry[which][i * size + j]);
    if (t->ring.kind != FM_RING_ZP)
        return fmpq_mat_inv(inverse, matrix) != 0;
    nmod_mat_t residues;
    nmod_mat_init(residues, size, size, t->ring.p);
    for (slong i = 0; i < size; i++)
        for (slong j = 0; j < size; j++)
            nmod_mat_entry(residues, i, j) =
                fmpz_fdiv_ui(fmpq_mat_entry_num(matrix, i, j), t->ring.p);
    bool invertible = nmod_mat_inv(residues, residues) != 0;
    for (slong i = 0; i < size; i++)
        for (slong j = 0; j < size; j++)
            fmpq_set_ui(fmpq_mat_entry(inverse, i, j), nmod_mat_entry(residues, i, j), 1);
    nmod_mat_clear(residues);
    return invertible;
}

/* Row r of an axis of the scheme, as factor k of the orientation. */
static void get_factor(const fm_scheme *scheme, unsigned orientation, unsigned k, uint32_t r,
                       fmpq_mat_t factor)
{
    bool exchanged;
    unsigned axis = fm_oriented_axis(orientation, k, &exchanged);
    const fm_factors *f = &scheme->factors[axis];
    uint32_t columns = scheme->tensor->format[axis == 0 ? 1 : 2];
    fmpq_mat_zero(factor);
    for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
        uint32_t i = f->index[e] / columns, j = f->index[e] % columns;
        fmpq_set(exchanged ? fmpq_mat_entry(factor, j, i) : fmpq_mat_entry(factor, i, j),
                 &f->value[e]);
    }
}

static void push_factor(fm_factors *f, const fmpq_mat_t factor, bool exchange, fm_ring ring)
{
    slong rows = fmpq_mat_nrows(factor), columns = fmpq_mat_ncols(factor);
    fmpq_t value;
    fmpq_init(value);
    for (slong e = 0; e < rows * columns; e++) {
        fmpq_set(value, exchange ? fmpq_mat_entry(factor, e % rows, e / rows)
                                 : fmpq_mat_entry(factor, e / columns, e % columns));
        fm_ring_map(ring, value, value);
        fm_factors_push(f, (uint32_t)e, value);
    }
    fm_factors_end_row(f);
    fmpq_clear(value);
}

/* Factor k of all products, moved, in their new order. */
static void move_factors(const fm_scheme *scheme, const fm_transformation *t, unsigned k,
                         const fmpq_mat_t left, const fmpq_mat_t right, fm_factors *out)
{
    fmpq_mat_t factor, moved;
    uint32_t *from = fm_alloc(t->rank, sizeof *from);
    for (uint32_t r = 0; r < t->rank; r++)
        from[t->product[r]] = r;
    fmpq_mat_init(factor, t->size[k], t->size[(k + 1) % 3]);
    fmpq_mat_init(moved, t->size[k], t->size[(k + 1) % 3]);
    for (uint32_t r = 0; r < t->rank; r++) {
        get_factor(scheme, t->orientation, k, from[r], factor);
        fmpq_mat_mul(moved, left, factor);
        fmpq_mat_mul(factor, moved, right);
        push_factor(out, factor, k == 2, t->ring);
    }
    fmpq_mat_clear(factor);
    fmpq_mat_clear(moved);
    free(from);
}

static fm_status check_fits(const fm_scheme *scheme, const fm_transformation *t, fm_error *error)
{
    uint32_t size[3];
    if (scheme->rank != t->rank)
        return fm_fail(error, FM_BAD_INPUT, "the transformation is for rank %u, the scheme has %u",
                       t->rank, scheme->rank);
    if (scheme->ring.p != t->ring.p)
        return fm_fail(error, FM_BAD_INPUT, "the transformation is over another field");
    fm_oriented_sizes(scheme->tensor->format, t->orientation, size);
    if (memcmp(size, t->size, sizeof size) != 0)
        return fm_fail(error, FM_BAD_INPUT, "the transformation is for another format");
    return FM_OK;
}

fm_status fm_scheme_transform(const fm_scheme *scheme, const fm_transformation *t, fm_scheme **out,
                              fm_error *error)
{
    fm_factors factors[3];
    fmpq_mat_t matrix[3], inverse[3];
    fm_tensor *tensor;
    *out = NULL;
    fm_status status = check_fits(scheme, t, error);
    if (status != FM_OK)
        return status;
    if (!fm_tensor_is_matmul(scheme->tensor, NULL))
        return fm_fail(error, FM_BAD_INPUT, "%s is no matrix product",
                       fm_tensor_name(scheme->tensor));
    status = fm_tensor_matmul(t->size[0], t->size[1], t->size[2], &tensor, error);
    if (status != FM_OK)
        return status;
    bool invertible = true;
    for (int i = 0; i < 3; i++) {
        fmpq_mat_init(matrix[i], t->size[i], t->size[i]);
        fmpq_mat_init(inverse[i], t->size[i], t->size[i]);
        invertible = get_matrix(t, i, matrix[i], inverse[i]) && invertible;
    }
    for (unsigned k = 0; k < 3 && invertible; k++) {
        fm_factors_init(&factors[k], tensor->extent[k]);
        move_factors(scheme, t, k, matrix[k], inverse[(k + 1) % 3], &factors[k]);
    }
    status = invertible ? fm_scheme_new(tensor, t->ring, factors, out, error)
                        : fm_fail(error, FM_BAD_INPUT, "a change of basis is not invertible");
    for (int i = 0; i < 3; i++) {
        fmpq_mat_clear(matrix[i]);
        fmpq_mat_clear(inverse[i]);
    }
    fm_tensor_free(tensor);
    return status;
}
