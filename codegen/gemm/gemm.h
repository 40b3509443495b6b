/* The classical product, with sums of blocks for its factors and several blocks for its result, so
   that a product of a scheme needs no temporaries (J. Huang, L. Rice, D. Matthews and R. van de Geijn,
   Generating families of practical fast matrix multiplication algorithms, IPDPS 2017). Its loops are
   those of K. Goto and R. van de Geijn, Anatomy of high-performance matrix multiplication, ACM TOMS
   34, 2008, with the threads of T. Smith et al., IPDPS 2014. */
#ifndef FM_GEMM_H
#define FM_GEMM_H

#include "gemm_kernel.h"

#include <stdatomic.h>

/* C is m x n, A is m x k, B is k x n. */
typedef struct fm_gemm_shape {
    size_t m, n, k;
} fm_gemm_shape;

/* A block in a sum. Entries beyond its own rows and columns count as zero, so that blocks at the end
   of a matrix may be smaller than the others. */
typedef struct fm_gemm_term {
    double coefficient;
    const void *at;
    size_t rows, columns;
} fm_gemm_term;

/* A sum of blocks with the same strides, in entries, of any sign. */
typedef struct fm_gemm_operand {
    const fm_gemm_term *terms;
    size_t count; /* at most FM_GEMM_TERMS_MAX */
    ptrdiff_t row_stride, column_stride;
} fm_gemm_operand;

/* A block that a multiple of a product is added to: block = beta block + coefficient product. With
   beta 0 it is not read. What of the product is beyond its rows and columns is dropped. */
typedef struct fm_gemm_target {
    fm_gemm_scalar coefficient, beta;
    void *at;
    size_t rows, columns;
} fm_gemm_target;

/* What a product is added to. Blocks must not overlap each other or the operands. */
typedef struct fm_gemm_targets {
    const fm_gemm_target *targets;
    size_t count; /* at most FM_GEMM_TERMS_MAX */
    ptrdiff_t row_stride, column_stride;
} fm_gemm_targets;

/* A is packed in blocks of mc x kc for the level 2 cache, B in blocks of kc x nc for the level 3
   cache, in panels of which one stays in the level 1 cache. */
typedef struct fm_gemm_blocks {
    size_t mc, kc, nc;
} fm_gemm_blocks;

fm_gemm_blocks fm_gemm_choose_blocks(const fm_gemm_kernel *kernel, fm_cpu_caches caches);

/* What the threads of one call share. */
typedef struct fm_gemm_team {
    const fm_gemm_kernel *kernel;
    const fm_gemm_modulus *modulus; /* NULL unless the kernel's entries are residues */
    fm_gemm_blocks blocks;
    char *packed_a; /* a buffer for each thread */
    size_t packed_a_size;
#ifndef FM_GENERATED
    size_t sums_size; /* the last bytes of each buffer, for planes */
#endif
    char *packed_b[2];     /* used by turns, so that packing need not wait for who still reads; the
                              same for one thread */
    atomic_size_t next[3]; /* by turns: the next part of a slice to be taken; all 0 at the start */
} fm_gemm_team;

/* Bytes that the buffers of so many threads take for products of at most this shape. */
size_t fm_gemm_team_bytes(const fm_gemm_team *team, fm_gemm_shape shape, unsigned threads);
/* Lays the buffers out in memory that begins on a page. */
void fm_gemm_team_place(fm_gemm_team *team, fm_gemm_shape shape, unsigned threads, char *memory);

/* One thread of a team; all of them make the same calls. */
typedef struct fm_gemm_worker {
    fm_gemm_team *team;
    unsigned index, count; /* of threads */
    unsigned step;         /* blocks of B packed so far */
} fm_gemm_worker;

/* Waits for the other threads of the team. */
void fm_gemm_wait(const fm_gemm_worker *worker);

/* The part of one worker of total, in whole units. */
typedef struct fm_gemm_range {
    size_t begin, end;
} fm_gemm_range;
fm_gemm_range fm_gemm_share(size_t total, size_t unit, size_t index, size_t count);

/* The product of two sums to each target. Where nothing is multiplied, targets are multiplied by beta
   all the same. The operands must be ready when any thread calls it; the result is when all threads
   have waited after it, but further calls with targets in the same places may follow at once. The
   result does not depend on the number of threads. */
void fm_gemm_terms(fm_gemm_worker *worker, const fm_gemm_operand *a, const fm_gemm_operand *b,
                   const fm_gemm_targets *c);

#endif
