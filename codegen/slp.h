/* Straight-line programs: a factor matrix as additions in which common subexpressions are computed
   once. */
#ifndef FM_SLP_H
#define FM_SLP_H

#include "scheme.h"

/* Nodes 0 to inputs - 1 are the inputs; row t of temps defines node inputs + t by earlier nodes; row
   r of outputs is row r of the factor matrix in terms of all nodes. A temporary is used at least
   twice. Transposed (every edge backwards, rows of outputs in, inputs out) it is the program of
   the transposed matrix. */
typedef struct fm_slp {
    uint32_t inputs;
    fm_factors temps;
    fm_factors outputs;
} fm_slp;

/* Greedy elimination of the pair of terms that most rows share up to a scalar (C. Paar, Optimized
   arithmetic for Reed-Solomon encoders, ISIT 1997), ties broken at random from fixed seeds, the
   program with the fewest additions kept. The same factors give the same program. */
void fm_slp_build(const fm_factors *factors, fm_slp *slp);
void fm_slp_clear(fm_slp *slp);

/* One less than its number of terms for each row. */
uint64_t fm_slp_additions(const fm_slp *slp);

/* True when the program computes exactly the rows of factors. */
bool fm_slp_computes(const fm_slp *slp, const fm_factors *factors);

#endif
