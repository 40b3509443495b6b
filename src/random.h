/* Random streams: xoshiro256++ (Blackman and Vigna 2021), seeded by splitmix64. A stream is fixed
   by a seed and a stream number, on every machine. */
#ifndef FM_RANDOM_H
#define FM_RANDOM_H

#include <stdint.h>

typedef struct fm_random {
    uint64_t state[4];
} fm_random;

static inline uint64_t fm_random_splitmix(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline void fm_random_seed(fm_random *random, uint64_t seed, uint64_t stream)
{
    uint64_t mix = stream;
    uint64_t state = seed ^ fm_random_splitmix(&mix);
    for (int i = 0; i < 4; i++)
        random->state[i] = fm_random_splitmix(&state);
}

static inline uint64_t fm_random_next(fm_random *random)
{
    uint64_t *s = random->state;
    uint64_t sum = s[0] + s[3];
    uint64_t result = ((sum << 23) | (sum >> 41)) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = (s[3] << 45) | (s[3] >> 19);
    return result;
}

/* From 0 to bound - 1, bound < 2^32; the bias is below bound / 2^32 (Lemire 2019, without the
   rejection step). */
static inline uint32_t fm_random_below(fm_random *random, uint32_t bound)
{
    return (uint32_t)(((fm_random_next(random) >> 32) * bound) >> 32);
}

#endif
