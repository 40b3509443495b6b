#include "judge.h"

#include "memory.h"

#include <gmp.h>
#include <stdlib.h>
#include <string.h>

/* Rows of one factor matrix, zeros and all. */
typedef struct matrix {
    uint32_t rows, columns;
    mpq_t *entry;
} matrix;

/* Takes x in the ring; false when it has no place there. */
static bool into_ring(mpq_t x, fm_ring ring)
{
    mpz_t p;
    bool fits = true;
    if (ring.kind == FM_RING_ZT)
        return mpq_cmp_si(x, -1, 1) == 0 || mpq_sgn(x) == 0 || mpq_cmp_si(x, 1, 1) == 0;
    if (ring.kind == FM_RING_Z)
        return mpz_cmp_ui(mpq_denref(x), 1) == 0;
    if (ring.kind == FM_RING_Q)
        return true;
    mpz_init_set_ui(p, ring.p);
    fits = mpz_invert(mpq_denref(x), mpq_denref(x), p) != 0;
    mpz_mul(mpq_numref(x), mpq_numref(x), mpq_denref(x));
    mpz_mod(mpq_numref(x), mpq_numref(x), p);
    mpz_set_ui(mpq_denref(x), 1);
    mpz_clear(p);
    return fits;
}

static bool matrix_init(matrix *m, const fm_factors *factors, fm_ring ring)
{
    bool fits = true;
    *m = (matrix){factors->rank, factors->extent, NULL};
    m->entry = fm_alloc((size_t)m->rows * m->columns, sizeof *m->entry);
    for (size_t e = 0; e < (size_t)m->rows * m->columns; e++)
        mpq_init(m->entry[e]);
    for (uint32_t r = 0; r < m->rows; r++)
        for (size_t e = factors->start[r]; e < factors->start[r + 1]; e++) {
            mpq_t *x = &m->entry[(size_t)r * m->columns + factors->index[e]];
            fmpq_get_mpq(*x, &factors->value[e]);
            fits = into_ring(*x, ring) && fits;
        }
    return fits;
}

static void matrix_clear(matrix *m)
{
    for (size_t e = 0; e < (size_t)m->rows * m->columns; e++)
        mpq_clear(m->entry[e]);
    free(m->entry);
}

static void actual_at(const matrix m[3], const uint32_t at[3], mpq_t sum)
{
    mpq_t product;
    mpq_init(product);
    mpq_set_ui(sum, 0, 1);
    for (size_t r = 0; r < m[0].rows; r++) {
        const mpq_t *u = &m[0].entry[r * m[0].columns + at[0]];
        const mpq_t *v = &m[1].entry[r * m[1].columns + at[1]];
        const mpq_t *w = &m[2].entry[r * m[2].columns + at[2]];
        if (mpq_sgn(*u) == 0 || mpq_sgn(*v) == 0)
            continue;
        mpq_mul(product, *u, *v);
        mpq_mul(product, product, *w);
        mpq_add(sum, sum, product);
    }
    mpq_clear(product);
}

/* The entry of the tensor; *next is the first one not yet passed. */
static void expected_at(const fm_tensor *tensor, const uint32_t at[3], size_t *next, mpq_t value)
{
    mpq_set_ui(value, 0, 1);
    if (*next == tensor->entry_count)
        return;
    const fm_tensor_entry *entry = &tensor->entries[*next];
    if (entry->i != at[0] || entry->j != at[1] || entry->k != at[2])
        return;
    fmpz_get_mpz(mpq_numref(value), &entry->value);
    ++*next;
}

static fm_status compare(const matrix m[3], const fm_tensor *tensor, fm_verdict *verdict)
{
    mpq_t expected, actual;
    uint32_t at[3];
    size_t next = 0;
    mpq_init(expected);
    mpq_init(actual);
    verdict->valid = true;
    for (at[0] = 0; at[0] < tensor->extent[0] && verdict->valid; at[0]++)
        for (at[1] = 0; at[1] < tensor->extent[1] && verdict->valid; at[1]++)
            for (at[2] = 0; at[2] < tensor->extent[2] && verdict->valid; at[2]++) {
                expected_at(tensor, at, &next, expected);
                actual_at(m, at, actual);
                if (verdict->ring.kind == FM_RING_ZP) {
                    into_ring(expected, verdict->ring);
                    into_ring(actual, verdict->ring);
                }
                if (mpq_equal(expected, actual))
                    continue;
                *verdict = (fm_verdict){.ring = verdict->ring, .i = at[0], .j = at[1], .k = at[2]};
                verdict->expected = mpq_get_str(NULL, 10, expected);
                verdict->actual = mpq_get_str(NULL, 10, actual);
            }
    mpq_clear(actual);
    mpq_clear(expected);
    return verdict->valid ? FM_OK : FM_NO;
}

fm_status fm_judge(const fm_scheme *scheme, const fm_tensor *tensor, fm_ring ring,
                   fm_verdict *verdict)
{
    matrix m[3];
    bool fits = true;
    *verdict = (fm_verdict){.ring = ring};
    if (memcmp(scheme->tensor->extent, tensor->extent, sizeof tensor->extent) != 0)
        return FM_BAD_INPUT;
    if (scheme->ring.kind == FM_RING_ZP && (ring.kind != FM_RING_ZP || ring.p != scheme->ring.p))
        return FM_BAD_INPUT;
    for (int axis = 0; axis < 3; axis++)
        fits = matrix_init(&m[axis], &scheme->factors[axis], ring) && fits;
    fm_status status = fits ? compare(m, tensor, verdict) : FM_BAD_INPUT;
    for (int axis = 0; axis < 3; axis++)
        matrix_clear(&m[axis]);
    return status;
}
