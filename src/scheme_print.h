/* Schemes as people write them: m1 = (a11 + a22) * (b11 + b22), c11 = m1 + m4 - m5 + m7. */
#ifndef FM_SCHEME_PRINT_H
#define FM_SCHEME_PRINT_H

#include "scheme.h"

/* Entries are numbered from 1, "a12", or "a1_12" when an extent of the matrix exceeds 9; those of
   a tensor that is no matrix product have one index. No newline is added. */

/* The equation of product r, "m1 = (a11 + a22) * (b11 + b22)". */
void fm_scheme_print_product(FILE *file, const fm_scheme *scheme, uint32_t r);

/* The equation of each entry of the result in turn, "c11 = m1 + m4 - m5 + m7", put between before
   and after. */
void fm_scheme_print_elements(FILE *file, const fm_scheme *scheme, const char *before,
                              const char *between, const char *after);

/* A string as JSON, with its quotes. What is not UTF-8 becomes question marks. */
void fm_json_print_string(FILE *file, const char *text);

#endif
