/* One product from its arguments to its result: memory, threads, and the plan. */
#ifndef FM_EXECUTE_H
#define FM_EXECUTE_H

#include "plan.h"

/* Threads for a product of this shape when none are asked for: one inside of a parallel region and
   for little work, else those of OpenMP. */
unsigned fm_gemm_threads(fm_gemm_shape shape);

/* Runs the plan with so many threads. What cannot have its memory runs classically, with small
   buffers where not even those of the classical product can be had. With alpha or k zero, A and B are
   not read. */
void fm_gemm_execute(const fm_gemm_kernel *kernel, const fm_plan *plan, unsigned threads,
                     const fm_plan_call *call);

#endif
