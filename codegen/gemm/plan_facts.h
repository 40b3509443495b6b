/* What can be said of a plan before it runs. */
#ifndef FM_PLAN_FACTS_H
#define FM_PLAN_FACTS_H

#include "plan.h"

/* The most that errors may grow by, over the classical product's. */
enum { FM_PLAN_GROWTH_MAX = 16 };

/* True when no sum of blocks gets more terms than a product takes. */
bool fm_plan_fits(const fm_plan *plan);
/* True when all coefficients of its schemes are 1 or -1, as exact types need it. */
bool fm_plan_is_unit(const fm_plan *plan);
/* By how much the error is expected to exceed the classical product's: independent rounding errors in
   each product, of the size of its factors for random matrices, as they arrive in the worst block of C;
   sums in tiles have up to kc steps, fewer where the blocks at the bottom are smaller (as in D. Bini and G. Lotti, Stability of fast algorithms for matrix multiplication, Numer. Math.
   36, 1980, with squares for absolute values). */
double fm_plan_growth(const fm_plan *plan, size_t k, size_t kc);
/* "classical", or the levels with the way of each: "2x2x2:7/94 fused, 3x3x3:23/69 slots". To be
   freed with free. */
char *fm_plan_name(const fm_plan *plan);
/* The plan of such a name, of schemes of the pool, of which the first counts whose name begins so: "2x2x2:7
   slots, 2x2x2:7 fused". False when there is none. */
bool fm_plan_of_name(const char *name, fm_gemm_pool pool, fm_plan *plan);

#endif
