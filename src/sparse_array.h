/* Mathematica's sparse matrices as text:
   SparseArray[{{1, 2} -> 3, {2, 1} -> 4}, {2, 2}], and how Mathematica itself prints them,
   SparseArray[Automatic, {2, 2}, 0, {1, {{0, 1, 2}, {{2}, {1}}}, {3, 4}}]. */
#ifndef FM_SPARSE_ARRAY_H
#define FM_SPARSE_ARRAY_H

#include "scanner.h"

/* Whether one comes next, behind blanks and line ends. */
bool fm_sparse_array_is_next(fm_scanner *scanner);

/* Reads it: its sizes, at most 2^22, and its entries that are not 0, which are appended to cells. */
fm_status fm_sparse_array_read(fm_scanner *scanner, fm_cells *cells, uint32_t *rows,
                               uint32_t *columns);

#endif
