/* Schemes as three matrices a product, numbers in nested lists: what the readers of Mathematica and
   Maple share. */
#ifndef FM_MATRICES_H
#define FM_MATRICES_H

#include "scanner.h"

typedef struct fm_matrices {
    fm_scanner *scanner;
    char open, close;             /* brackets of a list */
    fmpq *entry;                  /* of the current matrix */
    uint32_t rows[3], columns[3]; /* of the matrices of each axis; 0: none yet */
} fm_matrices;

void fm_matrices_init(fm_matrices *in, fm_scanner *scanner, char open, char close);
void fm_matrices_clear(fm_matrices *in);

/* Reads a matrix as a list of rows, in braces also as a SparseArray, and appends it as a row to the factors of an axis. */
fm_status fm_matrices_read(fm_matrices *in, int axis, fm_factors *factors);

/* Writes factor r of an axis, W as the transpose of C. */
void fm_matrices_write(const fm_scheme *scheme, int axis, uint32_t r, char open, char close,
                       FILE *file);

/* The reading of such a file: matrices of known shape, the order of W to be inferred. */
void fm_matrices_state(const fm_matrices *in, fm_reading *reading);

#endif
