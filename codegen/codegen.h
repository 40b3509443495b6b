/* What becomes a kernel, generated or run by a plan. */
#ifndef FM_CODEGEN_H
#define FM_CODEGEN_H

#include "schedule.h"

/* FM_OK for a scheme of a matrix product over zt, z or q that holds, FM_NO when it does not. */
fm_status fm_codegen_check_scheme(const fm_scheme *scheme, fm_error *error);
/* FM_OK when all coefficients are in the range of normal numbers of the type. */
fm_status fm_codegen_check_coefficients(const fm_schedule *schedule, fm_scalar_type type,
                                        fm_error *error);

#endif
