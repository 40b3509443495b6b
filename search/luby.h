/* Luby's sequence (Luby, Sinclair and Zuckerman 1993, Optimal speedup of Las Vegas algorithms):
   restarts at its multiples are at most a logarithmic factor from the best restart times. */
#ifndef FM_LUBY_H
#define FM_LUBY_H

#include <stdint.h>

/* The k-th number of 1 1 2 1 1 2 4 1 1 2 ..., k from 1. */
static inline uint64_t fm_luby(uint64_t k)
{
    for (;;) {
        uint64_t power = 1;
        while (2 * power - 1 < k)
            power *= 2;
        if (2 * power - 1 == k)
            return power;
        k -= power - 1;
    }
}

#endif
