/* Schemes in memory: three sparse factor matrices over a ring. */
#ifndef FM_SCHEME_H
#define FM_SCHEME_H

#include "ring.h"
#include "tensor.h"

/* A factor matrix, a row a product, only the nonzero coefficients kept. Rows are appended: push the
   coefficients of a row by ascending index, then end it. */
typedef struct fm_factors {
    uint32_t extent; /* length of a row */
    uint32_t rank;   /* complete rows */
    size_t *start;   /* row r is from start[r] to start[r + 1]; rank + 1 numbers */
    uint32_t *index;
    fmpq *value; /* canonical fractions, not 0 */
    size_t count, capacity, row_capacity;
} fm_factors;

void fm_factors_init(fm_factors *factors, uint32_t extent);
void fm_factors_clear(fm_factors *factors);
/* A zero value is left out. index must exceed the last one of this row. */
void fm_factors_push(fm_factors *factors, uint32_t index, const fmpq_t value);
void fm_factors_push_si(fm_factors *factors, uint32_t index, long value);
void fm_factors_end_row(fm_factors *factors);
/* Appends row r of another matrix of the same extent. */
void fm_factors_copy_row(fm_factors *factors, const fm_factors *from, uint32_t r);
/* Appends row r of another matrix, scaled by an element of the ring; what scale leaves there is in
   the ring, or is a residue to be taken over zp. */
void fm_factors_scale_row(fm_factors *factors, const fm_factors *from, uint32_t r,
                          const fmpq_t scale, fm_ring ring);
/* The scalar that row r is to be divided by for the canonical form, 1 for a row of zeros: its first
   entry over zp, otherwise its content (the gcd of the numerators over the lcm of the denominators)
   with the sign of its first entry. */
void fm_factors_row_scalar(const fm_factors *factors, uint32_t r, fm_ring ring, fmpq_t scalar);
/* The order of rows in the canonical form, as qsort wants it; 0 when row a of f is row b of g. */
int fm_factors_compare_rows(const fm_factors *f, uint32_t a, const fm_factors *g, uint32_t b);

/* Where a scheme comes from. Strings may be NULL: not known. */
typedef struct fm_provenance {
    char *engine;
    char *version;
    char *time; /* UTC, 2026-11-24T01:02:03Z */
    uint64_t seed;
    bool has_seed;
    char **parents; /* hashes */
    size_t parent_count;
} fm_provenance;

struct fm_scheme {
    fm_tensor *tensor;
    fm_ring ring;
    uint32_t rank;
    fm_factors factors[3]; /* U, V, W */
    fm_provenance provenance;
    bool was_read;
    fm_origin origin; /* when it was read */
    /* What the coefficients are numbers of, when they are no rationals: a scheme for verify/border and
       the writers of files only. Not its own. */
    const struct fm_laurents *laurents;
};

/* Takes over the three factor matrices, whatever the outcome (they are left empty), and a reference
   to tensor. FM_BAD_INPUT when their shapes do not fit or a coefficient is not in the ring. */
fm_status fm_scheme_new(const fm_tensor *tensor, fm_ring ring, fm_factors factors[3],
                        fm_scheme **out, fm_error *error);

/* The smallest of zt, z, q that has all coefficients. */
fm_ring fm_factors_smallest_ring(const fm_factors factors[3]);

/* The coefficients that differ and are not 0, ascending; *count of them. They are the scheme's own,
   only the list is freed, with free. */
const fmpq **fm_scheme_coefficients(const fm_scheme *scheme, size_t *count);

/* SHA-256 of shape and entries, the part of fm_scheme_hash's text that is about the tensor. */
void fm_tensor_hash(const fm_tensor *tensor, char hash[FM_HASH_SIZE]);

/* Replaces the provenance by a copy of another. */
void fm_scheme_set_provenance(fm_scheme *scheme, const fm_provenance *provenance);
/* Sets it to: made now by this version's engine, from these parents, with *seed unless it is NULL. */
void fm_scheme_set_parents(fm_scheme *scheme, const char *engine, const uint64_t *seed,
                           const fm_scheme *const *parents, size_t count);
void fm_provenance_clear(fm_provenance *provenance);

#endif
