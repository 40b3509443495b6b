/* Sums and products of named entries, as people write schemes: (a11 + 2*a22)(b11 - b1,12)*c_1_1 / 3. */
#ifndef FM_EXPRESSION_H
#define FM_EXPRESSION_H

#include "scanner.h"

/* The axes of the linear forms: entries of A, B and C, and products by their numbers. */
enum { FM_AXIS_PRODUCT = 3, FM_AXES = 4 };

/* A number times a linear form in each of some axes. */
typedef struct fm_value {
    fmpq scale;
    unsigned axes;          /* bit a: there is a form in axis a, perhaps 0 */
    fm_cells form[FM_AXES]; /* columns are names, rows 0 */
} fm_value;

typedef struct fm_expressions {
    fm_scanner scanner;
    unsigned depth; /* open parentheses */
    size_t budget;  /* bits that coefficients may still grow by when sums are multiplied */
    char product;   /* the letter that products have, in lower case; 0: none */

    /* How entries are named, and the first line of a name that tells. */
    unsigned separated_line; /* a1,12 */
    unsigned number_line;    /* a7 */
    unsigned long_line;      /* a112: a number, or else ambiguous */
} fm_expressions;

/* length is that of the whole text, which bounds what it may become. */
void fm_expressions_init(fm_expressions *in, const fm_scanner *scanner, size_t length);

/* The name of an entry or product: its axis and its number among names. */
fm_status fm_expression_name(fm_expressions *in, unsigned *axis, uint32_t *name);
/* Both read up to the end of the line, of an open parenthesis, or of the longest text that is one:
   factors with an optional sign; a sum of such. *out is freed with fm_value_clear on success. */
fm_status fm_expression_factors(fm_expressions *in, fm_value *out);
fm_status fm_expression_sum(fm_expressions *in, fm_value *out);
void fm_value_clear(fm_value *value);

/* Passes over blanks, comments and, inside parentheses, line ends. */
fm_status fm_expression_skip(fm_expressions *in);

/* Appends the form in an axis to cells as a row, times the scale if it is asked for. */
fm_status fm_expression_row(fm_expressions *in, fm_value *value, unsigned axis, bool scaled,
                            uint32_t row, fm_cells *cells);

/* Makes the cells of the axes 0, 1, 2 the factors of a reading, once all names have been seen. */
fm_status fm_expression_factors_of(fm_expressions *in, fm_cells cells[3], uint32_t rank,
                                   fm_reading *reading);

#endif
