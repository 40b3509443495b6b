/* Schemes as people write them: m1 = (a11 + a22) * (b11 + b22), c11 = m1 + m4 - m5 + m7. */
#ifndef FM_SCHEME_PRINT_H
#define FM_SCHEME_PRINT_H

#include "scheme.h"

#define FM_ENTRY_NAME_SIZE 32

/* An entry of A, B or C (axis 0, 1, 2) for people, numbered from 1: a21 of a matrix product, a2_11
   when a size of its format is above 9, a7 of any other tensor. Returns buffer. */
const char *fm_entry_name(const fm_tensor *tensor, unsigned axis, uint32_t index,
                          char buffer[FM_ENTRY_NAME_SIZE]);

/* Writes a coefficient of the scheme as readers take it, without blanks: -1/2, or 1/2+1/2*I. */
void fm_scheme_print_number(FILE *file, const fm_scheme *scheme, const fmpq_t value);

/* Writes the sign of a coefficient, minus or, unless the term is the first one, plus, and its size
   unless that is 1, put before times: "-2*", "+(1+x)*". The name of an entry is still to come. */
void fm_scheme_print_coefficient(FILE *file, const fm_scheme *scheme, const fmpq_t value,
                                 bool first, bool spaced, const char *times);

/* The equation of product r, "m1 = (a11 + a22) * (b11 + b22)", without a newline. */
void fm_scheme_print_product(FILE *file, const fm_scheme *scheme, uint32_t r);

/* The equation of each entry of the result in turn, "c11 = m1 + m4 - m5 + m7", put between before
   and after. */
void fm_scheme_print_elements(FILE *file, const fm_scheme *scheme, const char *before,
                              const char *between, const char *after);

#endif
