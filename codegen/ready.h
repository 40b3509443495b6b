/* From a verified scheme to what plans run, in memory and as C source. */
#ifndef FM_READY_H
#define FM_READY_H

#include "fewmul.h"
#include "gemm_scheme.h"

/* Makes a scheme of a matrix product over zt, z or q ready. It is verified first (FM_NO when it does
   not hold), and the steps are carried out on symbols. The caller frees *out with
   fm_gemm_scheme_free. */
fm_status fm_gemm_scheme_new(const fm_scheme *scheme, fm_gemm_scheme **out, fm_error *error);
void fm_gemm_scheme_free(fm_gemm_scheme *scheme);

/* Writes it as the definition of a constant, static const fm_gemm_scheme NAME. */
fm_status fm_gemm_scheme_write(const fm_gemm_scheme *scheme, const char *name, FILE *file,
                               fm_error *error);

#endif
