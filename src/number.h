/* Coefficients as text: integers, fractions and decimals, exactly, of any size. */
#ifndef FM_NUMBER_H
#define FM_NUMBER_H

#include "fewmul.h"

#include <flint/fmpq.h>

/* Sets value to what text says: a sign or none and a number as fm_number_scan has them. False, and
   value is undefined, for anything else, also blanks. */
bool fm_number_parse(const char *text, fmpq_t value);

/* Sets value to the number without a sign that text begins with: digits, and '/' and digits if they
   follow, not all 0; or digits with a point, which are the fraction that they say, 0.1 is 1/10, and
   then perhaps an exponent with a sign, 2.5e-01. Returns what is behind it; NULL when there is no
   number. */
const char *fm_number_scan(const char *text, fmpq_t value);

/* Sets value to the fraction that number is. False for infinities and not-a-numbers. */
bool fm_number_set_double(fmpq_t value, double number);

/* Whether a number that was scanned from start to end goes on as one that is not read: 1.5.2, 1e-3,
   0x1. */
bool fm_number_goes_on(const char *start, const char *end);

/* Sets value to the expression that text begins with: numbers, signs, sums, products, quotients,
   powers with exponents up to 64 and parentheses, blanks and line ends between them, as computer
   algebra leaves them in matrices: -(1*1-0*0), +-1/8*0, 1**2. Returns what is behind it; NULL when
   there is none, or one of more than 65536 characters, so that none takes long. */
const char *fm_number_evaluate(const char *text, fmpq_t value);

/* What is wrong with text that fm_number_parse and fm_laurents_parse refuse. */
const char *fm_number_complaint(const char *text);

/* Writes what fm_number_parse reads. */
void fm_number_print(FILE *file, const fmpq_t value);

#endif
