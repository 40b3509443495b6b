/* A scheme of a matrix product as a plan runs it: plain numbers, no exact arithmetic. Only what was
   verified becomes one (codegen/ready.h). */
#ifndef FM_GEMM_SCHEME_H
#define FM_GEMM_SCHEME_H

#include "step.h"

#include <stdbool.h>
#include <stddef.h>

/* An entry of a factor. */
typedef struct fm_gemm_entry {
    double coefficient;
    uint32_t block; /* row by row */
    bool first;     /* W: no product before has this block */
} fm_gemm_entry;

typedef struct fm_gemm_step_term {
    double coefficient;
    fm_block block;
    bool first; /* SPREAD: nothing stands in the block before */
} fm_gemm_step_term;

typedef struct fm_gemm_step {
    fm_step_kind kind;
    uint32_t product; /* whose factor or result this is */
    fm_block block;
    double coefficient; /* MULTIPLY */
    bool first;         /* MULTIPLY: nothing stands in the block before */
    uint32_t term_count;
    const fm_gemm_step_term *terms;
} fm_gemm_step;

typedef struct fm_gemm_scheme {
    const char *name;        /* "2x2x2:7", and "/" and the beginning of its hash */
    uint32_t format[3];      /* A is format[0] x format[1], B is format[1] x format[2] */
    uint32_t rank;           /* products; none of them is zero */
    const uint32_t *rows[3]; /* of U, V, W: entries from rows[r] to rows[r + 1] */
    const fm_gemm_entry *entries[3];
    /* By products: true where the level below has the rows of blocks of A and C in the opposite order.
       It is right in any order, and the blocks in which its errors are largest then do not all meet in
       one (the idea is R. Castrapel's and J. Gustafson's, US patent 7209939, 2007). */
    const bool *turned;
    uint32_t additions, step_count;
    const fm_gemm_step *steps; /* the same with sums in slots, common ones computed once */
    uint32_t slots[3];         /* of S, T and P */
} fm_gemm_scheme;

#ifndef FM_GENERATED
/* Those that are built in, from results/. */
extern const fm_gemm_scheme *const fm_gemm_schemes[];
extern const size_t fm_gemm_scheme_count;

/* Schemes that plans are made of. */
typedef struct fm_gemm_pool {
    const fm_gemm_scheme *const *schemes;
    size_t count;
} fm_gemm_pool;

static inline fm_gemm_pool fm_gemm_builtin(void)
{
    return (fm_gemm_pool){fm_gemm_schemes, fm_gemm_scheme_count};
}
#endif

#endif
