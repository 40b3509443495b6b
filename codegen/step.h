/* What one level of a scheme is made of: steps on blocks. */
#ifndef FM_STEP_H
#define FM_STEP_H

#include <stdint.h>

/* Where a block stands: in a matrix, or in a slot of the workspace for sums of blocks of A (S), of B
   (T), or for products and sums of products (P). */
typedef enum fm_place {
    FM_PLACE_A,
    FM_PLACE_B,
    FM_PLACE_C,
    FM_PLACE_S,
    FM_PLACE_T,
    FM_PLACE_P
} fm_place;

typedef struct fm_block {
    fm_place place;
    uint32_t index; /* of the block, row by row, or of the slot */
} fm_block;

typedef enum fm_step_kind {
    FM_STEP_SUM,      /* block = sum of coefficient * term block */
    FM_STEP_MULTIPLY, /* block (+)= coefficient * terms[0].block * terms[1].block */
    FM_STEP_SPREAD,   /* each term block (+)= coefficient * block */
} fm_step_kind;

#endif
