/* What plans cost on this machine, measured once and kept in the user's cache folder. */
#ifndef FM_CALIBRATION_H
#define FM_CALIBRATION_H

#include "planner.h"

/* The costs for this kernel and so many threads: those measured in this process; else those in the
   cache file; else, for a product of so many multiplications that measuring pays, measured now and
   saved; else the usual ones. */
fm_gemm_costs fm_calibrated_costs(const fm_gemm_kernel *kernel, unsigned threads,
                                  double multiplications);

/* Measures, and saves where it can. About a second. */
fm_gemm_costs fm_calibrate(const fm_gemm_kernel *kernel, unsigned threads);

#endif
