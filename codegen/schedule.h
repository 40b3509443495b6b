/* One level of a scheme as a sequence of steps on blocks, with a place for every temporary. */
#ifndef FM_SCHEDULE_H
#define FM_SCHEDULE_H

#include "scheme.h"
#include "step.h"

typedef struct fm_step_term {
    fm_block block;
    fmpq coefficient;
    bool first; /* SPREAD: nothing stands in the block before */
} fm_step_term;

typedef struct fm_step {
    fm_step_kind kind;
    uint32_t product; /* whose factor or result this is */
    fm_block block;
    fmpq coefficient; /* MULTIPLY */
    bool first;       /* MULTIPLY: nothing stands in the block before */
    fm_step_term *terms;
    uint32_t term_count;
} fm_step;

typedef struct fm_schedule {
    fm_step *steps;
    size_t count, capacity;
    uint32_t slots[3]; /* of S, T and P */
} fm_schedule;

/* Products one after another, in an order that keeps few temporaries alive; common subexpressions
   of U and V are computed when first needed, those of W (the transposed program) collect products
   and are added to C when complete. Products that are zero are left out. */
void fm_schedule_build(const fm_scheme *scheme, fm_schedule *schedule);
void fm_schedule_clear(fm_schedule *schedule);

uint64_t fm_schedule_additions(const fm_schedule *schedule);

/* True when the steps, carried out exactly on symbols, multiply just the factors of the scheme and
   put just its sums of products into C. */
bool fm_schedule_computes(const fm_schedule *schedule, const fm_scheme *scheme);

#endif
