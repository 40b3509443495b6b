/* The best published ranks of matrix multiplication, from data/known-ranks.csv, which names its
   sources and is built into the library. */
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

#endif
