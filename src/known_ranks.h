/* The best published ranks, from data/known-ranks.csv for matrix multiplication and from
   data/structured-ranks.csv for other tensors; both name their sources and are built into the
   library. */
#ifndef FM_KNOWN_RANKS_H
#define FM_KNOWN_RANKS_H

#include "fewmul.h"

/* The columns of the table: over which coefficients. */
typedef enum fm_known_column {
    FM_KNOWN_ZT,
    FM_KNOWN_Z,
    FM_KNOWN_Q,
    FM_KNOWN_F2,
} fm_known_column;

/* The best published rank of format n x m x p, in any order; 0 when the table does not have it. */
uint32_t fm_known_rank(const unsigned format[3], fm_known_column column);

/* A tensor that is no product of general matrices: its name and its ranks by fm_known_column, 0 where
   nothing is known. */
typedef struct fm_known_row {
    char name[64];
    uint32_t ranks[4];
} fm_known_row;

/* Row number index of the table of such tensors; false behind its end. */
bool fm_known_row_at(size_t index, fm_known_row *row);

/* The best published rank of any tensor; 0 when none is known. */
uint32_t fm_known_tensor_rank(const fm_tensor *tensor, fm_known_column column);

#endif
