/* The library's own sources in generated files. */
#ifndef FM_LIBRARY_TEXT_H
#define FM_LIBRARY_TEXT_H

#include "fewmul.h"

#include <stdio.h>

/* Types and declarations, and what carries products out, in which there is one instruction set and
   one type: codegen/gemm/ without what is only for the library (FM_GENERATED), its functions static,
   its inclusions left to the file that it is put in. */
void fm_library_put_types(FILE *file);
void fm_library_put_plans(FILE *file);
void fm_library_put_products(FILE *file);
void fm_library_put_calls(FILE *file);
/* The kernels of the targets (FM_TARGET_C, ...) for one type: gemm_kernel_template.c with each one's
   parameters, its names resolved. */
void fm_library_put_kernels(unsigned targets, fm_scalar_type type, FILE *file);

#endif
