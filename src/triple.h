/* Schemes as three matrices, of A, B and C by products: what the readers of sms, Maple's LRP and
   Mathematica's lists of three matrices share. */
#ifndef FM_TRIPLE_H
#define FM_TRIPLE_H

#include "scanner.h"

/* The matrices as they stand. */
typedef struct fm_triple {
    uint32_t rows[3], columns[3];
    unsigned line[3];
    fm_cells cells[3];
} fm_triple;

void fm_triple_clear(fm_triple *triple);
/* Exchanges rows and columns of one of the matrices. */
void fm_triple_transpose(fm_triple *triple, int matrix);

/* Reads a matrix as a list of rows between brackets, "[[1, 0], [0, 1]]", between braces also as a
   SparseArray. */
fm_status fm_triple_read(fm_triple *triple, int matrix, fm_scanner *scanner, char open, char close);

/* Adds what three matrices can mean as alternative readings: a product a row of the first two and
   a column of the third (L, R, P), or a row of all, or a column of all; A and B numbered row by row
   or column by column, by_columns says which is usual. FM_BAD_INPUT when their sizes do not fit. */
fm_status fm_triple_state(fm_triple *triple, const fm_scanner *scanner, bool by_columns,
                          fm_reading_list *list);

#endif
