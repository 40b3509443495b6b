/* Small arithmetic on sizes. */
#ifndef FM_SIZES_H
#define FM_SIZES_H

#include <stddef.h>

static inline size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static inline size_t quotient_up(size_t a, size_t b)
{
    return a / b + (a % b != 0);
}

static inline size_t round_up(size_t a, size_t b)
{
    return quotient_up(a, b) * b;
}

#endif
