#include "calibration.h"

fm_gemm_costs fm_calibrated_costs(const fm_gemm_kernel *kernel, unsigned threads,
                                  double multiplications)
{
    (void)multiplications;
    return fm_gemm_usual_costs(kernel, threads);
}

fm_gemm_costs fm_calibrate(const fm_gemm_kernel *kernel, unsigned threads)
{
    return fm_gemm_usual_costs(kernel, threads);
}
