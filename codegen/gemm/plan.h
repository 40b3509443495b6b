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

/* The shape that goes through the levels, and that of the blocks at the bottom. */
fm_gemm_shape fm_plan_core(const fm_plan *plan, fm_gemm_shape shape);
fm_gemm_shape fm_plan_bottom(const fm_plan *plan, fm_gemm_shape shape);
/* The size of a block one level down. */
fm_gemm_shape fm_plan_block(const fm_gemm_scheme *scheme, fm_gemm_shape shape);

/* Bytes of the temporaries of all levels, with entries of so many bytes. */
size_t fm_plan_bytes(const fm_plan *plan, fm_gemm_shape shape, size_t size);

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
