/* What plans cost on this machine, measured once and kept in the user's cache folder. */
#ifndef FM_CALIBRATION_H
#define FM_CALIBRATION_H

#include "planner.h"

/* The costs for this kernel and so many threads: those of this process; else those of the cost file;
   else, for a product of at least 2^32 multiplications, which takes about as long as measuring,
   measured now and saved if possible; else the usual ones. */
fm_gemm_costs fm_calibrated_costs(const fm_gemm_kernel *kernel, unsigned threads,
                                  double multiplications);

/* Measures for about a second, and uses the result from here on in this process. What cannot be
   measured (no memory, nonsense) is as usual. */
fm_gemm_costs fm_calibrate(const fm_gemm_kernel *kernel, unsigned threads);

#endif
