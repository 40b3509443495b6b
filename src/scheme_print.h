/* Schemes as people write them: m1 = (a11 + a22) * (b11 + b22), c11 = m1 + m4 - m5 + m7. */
#ifndef FM_SCHEME_PRINT_H
#define FM_SCHEME_PRINT_H

#include "scheme.h"

#define FM_ENTRY_NAME_SIZE 32

/* An entry of A, B or C (axis 0, 1, 2) for people, numbered from 1: a21 of a matrix product, a2_11
   when a size of its format is above 9, a7 of any other tensor. Returns buffer. */
const char *fm_entry_name(const fm_tensor *tensor, unsigned axis, uint32_t index,
                          char buffer[FM_ENTRY_NAME_SIZE]);

/* The equation of product r, "m1 = (a11 + a22) * (b11 + b22)", without a newline. */
void fm_scheme_print_product(FILE *file, const fm_scheme *scheme, uint32_t r);

/* The equation of each entry of the result in turn, "c11 = m1 + m4 - m5 + m7", put between before
   and after. */
void fm_scheme_print_elements(FILE *file, const fm_scheme *scheme, const char *before,
                              const char *between, const char *after);

#endif
