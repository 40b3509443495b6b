/* Random changes of basis; fm_scheme_sandwich is declared in fewmul.h.

   With A' = X A Y^-1, B' = Y B Z^-1 it is A' B' = X (A B) Z^-1. A scheme of the primed matrices is one
   of A, B, C with factors X^T u Y^-T, Y^T v Z^-T and X^-1 w Z; X, Y, Z below are the transposed ones,
   so that these are X u Y^-1, Y v Z^-1, X^-T w Z^T. */
#include "derive.h"
#include "memory.h"
#include "random.h"

#include <assert.h>
#include <flint/fmpq_mat.h>
#include <stdlib.h>

enum { ZT_STEPS = 16 }; /* elementary matrices tried, for each row of X, Y and Z */

/* X, Y, Z and what is on the other sides: left[d] and right[d] are inverse to each other. */
typedef struct basis {
    fmpq_mat_t left[3], right[3];
} basis;

static void basis_init(basis *b, const uint32_t format[3])
{
    for (int d = 0; d < 3; d++) {
        fmpq_mat_init(b->left[d], format[d], format[d]);
        fmpq_mat_init(b->right[d], format[d], format[d]);
        fmpq_mat_one(b->left[d]);
        fmpq_mat_one(b->right[d]);
    }
}

static void basis_clear(basis *b)
{
    for (int d = 0; d < 3; d++) {
        fmpq_mat_clear(b->left[d]);
        fmpq_mat_clear(b->right[d]);
    }
}

/* ---------------------------------------------------------------- random matrices */

static void map_matrix(fm_ring ring, fmpq_mat_t m)
{
    for (slong i = 0; i < fmpq_mat_nrows(m); i++)
        for (slong j = 0; j < fmpq_mat_ncols(m) && ring.kind == FM_RING_ZP; j++)
            fm_ring_map(ring, fmpq_mat_entry(m, i, j), fmpq_mat_entry(m, i, j));
}

/* A residue, or over z and q one of -1, 0, 1 that is rarely not 0 in large matrices: coefficients
   are to stay small. */
static void random_entry(fm_random *random, fm_ring ring, slong size, fmpq_t out)
{
    if (ring.kind == FM_RING_ZP) {
        fmpz_set_ui(fmpq_numref(out), fm_random_next(random) % ring.p);
        fmpz_one(fmpq_denref(out));
    } else {
        bool zero = fm_random_below(random, (uint32_t)size) > 0;
        fmpq_set_si(out, zero ? 0 : 1 - 2 * (slong)fm_random_below(random, 2), 1);
    }
}

/* A unit of the ring; over q one of those of z, twice it or half of it. */
static void random_unit(fm_random *random, fm_ring ring, fmpq_t out)
{
    static const slong fractions[3][2] = {{1, 1}, {2, 1}, {1, 2}};
    const slong *f = fractions[ring.kind == FM_RING_Q ? fm_random_below(random, 3) : 0];
    fmpq_set_si(out, fm_random_below(random, 2) == 0 ? f[0] : -f[0], (ulong)f[1]);
    if (ring.kind == FM_RING_ZP) {
        fmpz_set_ui(fmpq_numref(out), 1 + fm_random_next(random) % (ring.p - 1));
        fmpz_one(fmpq_denref(out));
    }
}

/* A permutation with a unit in each row. */
static void random_monomial(fm_random *random, fm_ring ring, fmpq_mat_t out)
{
    slong size = fmpq_mat_nrows(out);
    uint32_t *to = fm_alloc((size_t)size, sizeof *to);
    fmpq_mat_zero(out);
    for (slong i = 0; i < size; i++) {
        uint32_t j = fm_random_below(random, (uint32_t)i + 1);
        to[i] = to[j];
        to[j] = (uint32_t)i;
    }
    for (slong i = 0; i < size; i++)
        random_unit(random, ring, fmpq_mat_entry(out, i, to[i]));
    free(to);
}

/* Lower or upper triangular with ones on the diagonal. */
static void random_triangle(fm_random *random, fm_ring ring, bool upper, fmpq_mat_t out)
{
    slong size = fmpq_mat_nrows(out);
    fmpq_mat_one(out);
    for (slong i = 0; i < size; i++)
        for (slong j = 0; j < i; j++)
            random_entry(random, ring, size,
                         upper ? fmpq_mat_entry(out, j, i) : fmpq_mat_entry(out, i, j));
}

/* Replaces a matrix by its product with another from the right, and its inverse with it. */
static void extend_matrix(fm_ring ring, fmpq_mat_t left, fmpq_mat_t right, const fmpq_mat_t by)
{
    fmpq_mat_t inverse;
    fmpq_mat_init_set(inverse, by);
    int exists = fmpq_mat_inv(inverse, by);
    assert(exists); /* triangles with ones, permutations with units */
    (void)exists;
    fmpq_mat_mul(left, left, by);
    fmpq_mat_mul(right, inverse, right);
    map_matrix(ring, left);
    map_matrix(ring, right);
    fmpq_mat_clear(inverse);
}

/* Each of X, Y and Z a permutation with units and, unless monomial, triangles. */
static void random_basis(fm_random *random, fm_ring ring, bool monomial, basis *b)
{
    for (int d = 0; d < 3; d++) {
        fmpq_mat_t factor;
        fmpq_mat_init_set(factor, b->left[d]);
        random_monomial(random, ring, factor);
        extend_matrix(ring, b->left[d], b->right[d], factor);
        for (int upper = 0; upper < 2 && !monomial; upper++) {
            random_triangle(random, ring, upper, factor);
            extend_matrix(ring, b->left[d], b->right[d], factor);
        }
        fmpq_mat_clear(factor);
    }
}

/* ---------------------------------------------------------------- changing the basis */

/* Appends left * row * right, where row r of from is a matrix with as many columns as right. */
static void push_changed_row(const fm_factors *from, uint32_t r, const fmpq_mat_t left,
                             const fmpq_mat_t right, fm_ring ring, fmpq *sums, fm_factors *to)
{
    slong rows = fmpq_mat_nrows(left), columns = fmpq_mat_nrows(right);
    fmpq_t scaled;
    fmpq_init(scaled);
    for (size_t e = from->start[r]; e < from->start[r + 1]; e++) {
        slong i = from->index[e] / columns, j = from->index[e] % columns;
        for (slong x = 0; x < rows; x++) {
            if (fmpq_is_zero(fmpq_mat_entry(left, x, i)))
                continue;
            fmpq_mul(scaled, fmpq_mat_entry(left, x, i), &from->value[e]);
            for (slong y = 0; y < columns; y++)
                if (!fmpq_is_zero(fmpq_mat_entry(right, j, y)))
                    fmpq_addmul(&sums[x * columns + y], scaled, fmpq_mat_entry(right, j, y));
        }
    }
    for (uint32_t e = 0; e < from->extent; e++) {
        if (ring.kind == FM_RING_ZP)
            fm_ring_map(ring, &sums[e], &sums[e]);
        fm_factors_push(to, e, &sums[e]);
        fmpq_zero(&sums[e]);
    }
    fm_factors_end_row(to);
    fmpq_clear(scaled);
}

static void change_factors(const fm_factors *from, const fmpq_mat_t left, const fmpq_mat_t right,
                           fm_ring ring, fm_factors *to)
{
    fmpq *sums = fm_alloc(from->extent, sizeof *sums);
    for (uint32_t e = 0; e < from->extent; e++)
        fmpq_init(&sums[e]);
    fm_factors_init(to, from->extent);
    for (uint32_t r = 0; r < from->rank; r++)
        push_changed_row(from, r, left, right, ring, sums, to);
    for (uint32_t e = 0; e < from->extent; e++)
        fmpq_clear(&sums[e]);
    free(sums);
}

/* The scheme in another basis; NULL when a coefficient leaves the ring. */
static fm_scheme *change_basis(const fm_scheme *scheme, basis *b)
{
    fm_factors factors[3];
    fm_scheme *changed;
    fmpq_mat_t left, right;
    const uint32_t *format = scheme->tensor->format;
    fmpq_mat_init(left, format[0], format[0]);
    fmpq_mat_init(right, format[2], format[2]);
    fmpq_mat_transpose(left, b->right[0]);
    fmpq_mat_transpose(right, b->left[2]);
    change_factors(&scheme->factors[0], b->left[0], b->right[1], scheme->ring, &factors[0]);
    change_factors(&scheme->factors[1], b->left[1], b->right[2], scheme->ring, &factors[1]);
    change_factors(&scheme->factors[2], left, right, scheme->ring, &factors[2]);
    fmpq_mat_clear(left);
    fmpq_mat_clear(right);
    fm_scheme_new(scheme->tensor, scheme->ring, factors, &changed, NULL);
    return changed;
}

/* Over zt: 1 + E_ij or 1 - E_ij for one of X, Y and Z. Returns scheme itself, or takes it over and
   returns it changed. */
static fm_scheme *try_elementary(fm_random *random, fm_scheme *scheme)
{
    basis b;
    const uint32_t *format = scheme->tensor->format;
    unsigned d = fm_random_below(random, 3);
    uint32_t i = fm_random_below(random, format[d]), j = fm_random_below(random, format[d]);
    slong sign = 1 - 2 * (slong)fm_random_below(random, 2);
    if (i == j)
        return scheme;
    basis_init(&b, format);
    fmpq_set_si(fmpq_mat_entry(b.left[d], i, j), sign, 1);
    fmpq_set_si(fmpq_mat_entry(b.right[d], i, j), -sign, 1);
    fm_scheme *changed = change_basis(scheme, &b);
    basis_clear(&b);
    if (changed == NULL)
        return scheme;
    fm_scheme_free(scheme);
    return changed;
}

fm_status fm_scheme_sandwich(const fm_scheme *scheme, uint64_t seed, fm_scheme **out,
                             fm_error *error)
{
    basis b;
    fm_random random;
    *out = NULL;
    fm_status status = fm_derive_check(scheme, error);
    if (status != FM_OK)
        return status;
    const uint32_t *format = scheme->tensor->format;
    bool ternary = scheme->ring.kind == FM_RING_ZT;
    fm_random_seed(&random, seed, 0);
    basis_init(&b, format);
    random_basis(&random, scheme->ring, ternary, &b);
    fm_scheme *changed = change_basis(scheme, &b);
    basis_clear(&b);
    assert(changed != NULL); /* units and integers keep all rings, but triangles over zt */
    for (uint32_t t = 0; ternary && t < ZT_STEPS * (format[0] + format[1] + format[2]); t++)
        changed = try_elementary(&random, changed);
    return fm_derive_finish(changed, "sandwich", &seed, &scheme, 1, out, error);
}
