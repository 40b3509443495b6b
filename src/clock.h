/* The system's clocks as seconds. */
#ifndef FM_CLOCK_H
#define FM_CLOCK_H

#include <time.h>

/* Seconds on a clock of clock_gettime, from a moment of that clock's own. */
static inline double fm_clock_seconds(clockid_t clock)
{
    struct timespec time;
    clock_gettime(clock, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* On the clock that never goes back. */
static inline double fm_now(void)
{
    return fm_clock_seconds(CLOCK_MONOTONIC);
}

#endif
