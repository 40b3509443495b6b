/* Exact products beside those of others: residues modulo p beside FLINT's nmod_mat_mul, integers that wrap
   around beside a plain loop. */
#ifndef FM_BENCH_EXACT_H
#define FM_BENCH_EXACT_H

#include "gemm.h"

/* Random entries of an exact type, below p for residues. */
void fm_exact_fill(fm_gemm_type type, uint64_t p, void *matrix, size_t count, uint64_t stream);

/* Row-major matrices, no padding. */
typedef struct fm_exact_product {
    fm_gemm_type type;
    uint64_t p; /* of residues */
    fm_gemm_shape shape;
    const void *a, *b;
    void *c;
} fm_exact_product;

/* The part of the entries in these rows of C that are wrong. */
double fm_exact_wrong(const fm_exact_product *product, const size_t *rows, size_t row_count);

/* The other one, for products of the given type and p. */
typedef struct fm_exact_peer fm_exact_peer;
fm_exact_peer *fm_exact_peer_new(const fm_exact_product *product, unsigned threads);
void fm_exact_peer_free(fm_exact_peer *peer);
/* Belongs to the program. */
const char *fm_exact_peer_name(fm_gemm_type type);
/* The product as the peer stores it, and then in C. */
void fm_exact_peer_multiply(fm_exact_peer *peer);
void fm_exact_peer_store(const fm_exact_peer *peer);

#endif
