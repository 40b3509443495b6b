/* From a verified scheme to what plans run: plain numbers in memory. */
#ifndef FM_READY_H
#define FM_READY_H

#include "fewmul.h"
#include "gemm_scheme.h"

/* Makes a scheme of a matrix product over zt, z or q ready. It is verified first (FM_NO when it does
   not hold), the steps are carried out on symbols, and the coefficients must be in the range of the
   type (FM_BAD_INPUT). The caller frees *out with fm_gemm_scheme_free. */
fm_status fm_gemm_scheme_new(const fm_scheme *scheme, fm_scalar_type type, fm_gemm_scheme **out,
                             fm_error *error);
void fm_gemm_scheme_free(fm_gemm_scheme *scheme);

#endif
