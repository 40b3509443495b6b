/* Plans: what to run for one product, schemes by level of recursion on top of the classical product. */
#ifndef FM_PLAN_H
#define FM_PLAN_H

#include "gemm.h"
#include "gemm_scheme.h"

enum { FM_PLAN_LEVELS_MAX = 4 };

/* How a level does its additions. */
typedef enum fm_level_way {
    FM_LEVEL_FUSED, /* in packing and in the write-back of tiles, without temporaries */
    FM_LEVEL_SLOTS, /* in temporaries, common sums computed once */
} fm_level_way;

typedef struct fm_plan_level {
    const fm_gemm_scheme *scheme;
    fm_level_way way;
} fm_plan_level;

typedef struct fm_plan {
    fm_plan_level levels[FM_PLAN_LEVELS_MAX]; /* from the outermost */
    unsigned level_count;                     /* 0: classical */
    /* False: blocks are rounded up, and count as zero beyond the matrix. True: the largest part that
       all levels cut evenly goes through them, the rest is classical. */
    bool peeled;
} fm_plan;

/* True when no sum of blocks gets more terms than a product takes. */
bool fm_plan_fits(const fm_plan *plan);
/* True when all coefficients of its schemes are 1 or -1, as exact types need it. */
bool fm_plan_is_unit(const fm_plan *plan);
/* The shape that goes through the levels, and that of the blocks at the bottom. */
fm_gemm_shape fm_plan_core(const fm_plan *plan, fm_gemm_shape shape);
fm_gemm_shape fm_plan_bottom(const fm_plan *plan, fm_gemm_shape shape);
/* By how much the error is expected to exceed the classical product's: independent rounding errors in
   each product, of the size of its factors for random matrices, as they arrive in the worst block of C
   (as in D. Bini and G. Lotti, Stability of fast algorithms for matrix multiplication, Numer. Math.
   36, 1980, with squares for absolute values). */
double fm_plan_growth(const fm_plan *plan);
/* The size of a block one level down. */
fm_gemm_shape fm_plan_block(const fm_gemm_scheme *scheme, fm_gemm_shape shape);

/* Bytes of the temporaries of all levels, with entries of so many bytes. */
size_t fm_plan_bytes(const fm_plan *plan, fm_gemm_shape shape, size_t size);

/* "classical", or the levels with the way of each: "2x2x2:7/94 fused, 3x3x3:23/69 slots". To be
   freed with free. */
char *fm_plan_name(const fm_plan *plan);

/* C = beta C + alpha A B. In A and B one of the strides must be 1, in C the columns'. */
typedef struct fm_plan_call {
    fm_gemm_shape shape;
    fm_gemm_scalar alpha, beta;
    const fm_gemm_modulus *modulus; /* of residues, else NULL */
    const void *a, *b;
    void *c;
    ptrdiff_t a_strides[2], b_strides[2]; /* of rows and columns */
    ptrdiff_t c_stride;                   /* of rows */
} fm_plan_call;

/* Run by every worker of a team alike. work has fm_plan_bytes bytes, from a page on, for all of
   them. */
void fm_plan_run(const fm_plan *plan, fm_gemm_worker *worker, const fm_plan_call *call, char *work);

#endif
