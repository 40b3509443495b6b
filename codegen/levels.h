/* The levels of a scheme in a generated file, which has no other schemes and does not measure. */
#ifndef FM_LEVELS_H
#define FM_LEVELS_H

#include "fewmul.h"
#include "plan.h"

typedef struct fm_levels {
    fm_level_way innermost; /* those above it have temporaries */
    unsigned most;      /* as far as sums of blocks have few enough terms and errors grow little */
    unsigned crossover; /* the size of blocks, where one more level is expected to pay */
    double growth;      /* of errors by one level */
} fm_levels;

/* By the planner's model, with its usual costs on one thread. FM_BAD_INPUT when a sum has more terms
   than a product takes. */
fm_status fm_levels_choose(const fm_gemm_scheme *scheme, fm_scalar_type type, fm_levels *out,
                           fm_error *error);

#endif
