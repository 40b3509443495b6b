#include "exact.h"

#include "memory.h"
#include "random.h"

#include <flint/flint.h>
#include <flint/nmod_mat.h>
#include <stdlib.h>
#include <string.h>

static bool is_modular(fm_gemm_type type)
{
    return type >= FM_GEMM_ZP26;
}

/* ---------------------------------------------------------------- entries */

void fm_exact_fill(fm_gemm_type type, uint64_t p, void *matrix, size_t count, uint64_t stream)
{
    fm_random random;
    fm_random_seed(&random, 1, stream);
    for (size_t i = 0; i < count; i++) {
        const uint64_t value = fm_random_next(&random);
        if (type == FM_GEMM_I32)
            ((uint32_t *)matrix)[i] = (uint32_t)value;
        else
            ((uint64_t *)matrix)[i] = is_modular(type) ? value % p : value;
    }
}

static uint64_t entry(const fm_exact_product *q, const void *matrix, size_t position)
{
    return q->type == FM_GEMM_I32 ? ((const uint32_t *)matrix)[position]
                                  : ((const uint64_t *)matrix)[position];
}

static uint64_t expected(const fm_exact_product *q, size_t i, size_t j)
{
    unsigned __int128 sum = 0;
    for (size_t k = 0; k < q->shape.k; k++) {
        sum += (unsigned __int128)entry(q, q->a, i * q->shape.k + k) *
               entry(q, q->b, k * q->shape.n + j);
        if (is_modular(q->type) && sum >> 126 != 0)
            sum %= q->p;
    }
    if (is_modular(q->type))
        return (uint64_t)(sum % q->p);
    return q->type == FM_GEMM_I32 ? (uint32_t)sum : (uint64_t)sum;
}

double fm_exact_wrong(const fm_exact_product *q, const size_t *rows, size_t row_count)
{
    size_t wrong = 0;
    for (size_t r = 0; r < row_count; r++)
        for (size_t j = 0; j < q->shape.n; j++)
            wrong += entry(q, q->c, rows[r] * q->shape.n + j) != expected(q, rows[r], j);
    return (double)wrong / (double)(row_count * q->shape.n);
}

/* ---------------------------------------------------------------- peers */

struct fm_exact_peer {
    fm_exact_product product;
    nmod_mat_t a, b, c; /* of residues */
};

const char *fm_exact_peer_name(fm_gemm_type type)
{
    return is_modular(type) ? "FLINT " FLINT_VERSION " nmod_mat_mul" : "plain loop";
}

static void copy(const uint64_t *from, nmod_mat_t to)
{
    for (slong i = 0; i < nmod_mat_nrows(to); i++)
        for (slong j = 0; j < nmod_mat_ncols(to); j++)
            nmod_mat_entry(to, i, j) = *from++;
}

fm_exact_peer *fm_exact_peer_new(const fm_exact_product *product, unsigned threads)
{
    const slong m = (slong)product->shape.m, n = (slong)product->shape.n;
    const slong k = (slong)product->shape.k;
    fm_exact_peer *peer = fm_alloc_zero(1, sizeof *peer);
    peer->product = *product;
    if (!is_modular(product->type))
        return peer;
    flint_set_num_threads((int)threads);
    nmod_mat_init(peer->a, m, k, product->p);
    nmod_mat_init(peer->b, k, n, product->p);
    nmod_mat_init(peer->c, m, n, product->p);
    copy(product->a, peer->a);
    copy(product->b, peer->b);
    return peer;
}

void fm_exact_peer_free(fm_exact_peer *peer)
{
    if (peer != NULL && is_modular(peer->product.type)) {
        nmod_mat_clear(peer->a);
        nmod_mat_clear(peer->b);
        nmod_mat_clear(peer->c);
    }
    free(peer);
}

/* Rows of B in blocks that stay in a cache, and loops that compilers turn into vectors. */
#define PLAIN_LOOP(name, type)                                                                     \
    static void name(fm_gemm_shape s, const type *a, const type *b, type *c)                       \
    {                                                                                              \
        enum { BLOCK = 64 };                                                                       \
        memset(c, 0, s.m *s.n * sizeof *c);                                                        \
        for (size_t first = 0; first < s.k; first += BLOCK)                                        \
            for (size_t i = 0; i < s.m; i++)                                                       \
                for (size_t k = first; k < s.k && k < first + BLOCK; k++)                          \
                    for (size_t j = 0; j < s.n; j++)                                               \
                        c[i * s.n + j] += a[i * s.k + k] * b[k * s.n + j];                         \
    }
PLAIN_LOOP(multiply_i32, uint32_t)
PLAIN_LOOP(multiply_i64, uint64_t)

void fm_exact_peer_multiply(fm_exact_peer *peer)
{
    const fm_exact_product *q = &peer->product;
    if (is_modular(q->type))
        nmod_mat_mul(peer->c, peer->a, peer->b);
    else if (q->type == FM_GEMM_I32)
        multiply_i32(q->shape, q->a, q->b, q->c);
    else
        multiply_i64(q->shape, q->a, q->b, q->c);
}

void fm_exact_peer_store(const fm_exact_peer *peer)
{
    uint64_t *to = peer->product.c;
    if (!is_modular(peer->product.type))
        return;
    for (slong i = 0; i < nmod_mat_nrows(peer->c); i++)
        for (slong j = 0; j < nmod_mat_ncols(peer->c); j++)
            *to++ = nmod_mat_entry(peer->c, i, j);
}
