/* The factors of a scheme for a matrix product as matrices modulo a prime. With W transposed, the
   tensor is that of trace(A B D): factor k of a product is a matrix between the spaces k and k + 1
   of three, and products of matrices one after another, U V, V W, W U, make sense. */
#ifndef FM_VERIFY_MATRICES_H
#define FM_VERIFY_MATRICES_H

#include "scheme.h"
#include "small.h"

/* The permutations of the three factors: orientation o shifts them o % 3 times,
   (U, V, W) -> (V, W, U), and then transposes when o >= 3, (U, V, W) -> (W^T, V^T, U^T). */
enum { FM_ORIENTATIONS = 6 };

typedef struct fm_factor_matrices {
    nmod_t field;
    uint32_t rank;
    uint32_t size[3]; /* factor k is size[k] x size[(k + 1) % 3] */
    ulong *factor[3]; /* one after another */
} fm_factor_matrices;

/* p divides no denominator of the scheme; over zp it is the ring's. */
void fm_factor_matrices_init(fm_factor_matrices *matrices, const fm_scheme *scheme, ulong p,
                             unsigned orientation);
void fm_factor_matrices_clear(fm_factor_matrices *matrices);

static inline uint32_t fm_matrix_rows(const fm_factor_matrices *m, int k)
{
    return m->size[k];
}

static inline uint32_t fm_matrix_columns(const fm_factor_matrices *m, int k)
{
    return m->size[k == 2 ? 0 : k + 1];
}

static inline uint32_t fm_matrix_entries(const fm_factor_matrices *m, int k)
{
    return m->size[k] * fm_matrix_columns(m, k);
}

static inline ulong *fm_matrix(const fm_factor_matrices *m, int k, uint32_t r)
{
    return m->factor[k] + (size_t)r * fm_matrix_entries(m, k);
}

/* The sizes of the three spaces in an orientation; in orientation 0 they are the format. */
void fm_oriented_sizes(const uint32_t format[3], unsigned orientation, uint32_t size[3]);

/* Which axis of a scheme factor k of an orientation is, and whether its rows are columns there. */
unsigned fm_oriented_axis(unsigned orientation, unsigned k, bool *exchanged);

/* The largest prime below 2^61 and below bound (0: none) that the numerators and denominators of
   the rows' contents and all denominators of both schemes (b may be NULL) are prime to. */
ulong fm_good_prime(const fm_scheme *a, const fm_scheme *b, ulong bound);

/* How many primes near 2^61 suffice so that the ranks of the factors, of two factors side by side or
   one upon another, of the product of two, and whether a trace of three is 0, are over the rationals
   the largest that they are modulo one of the primes (Hadamard's bound). 1 over zp. */
unsigned fm_prime_count(const fm_scheme *scheme);

#endif
