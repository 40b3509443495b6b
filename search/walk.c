/* The kernels: walk_template.c for each ring and vector length, and what they share. */
#include "walk.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef uint16_t node_t; /* 4 times the number of a product, plus 0, 1 or 2 for its factor */
#define NO_NODE ((node_t)0xffff)

/* What random bits choose of a flip: the order of the two other factors, the sign, how far along
   the ring the partner stands. */
enum { ORDER_BIT = 1, SIGN_BIT = 2, RING_SHIFT = 2, RING_BITS = 7 };

/* Linear dependence is looked for among so many products that share a factor at once. */
enum { DEPENDENCE_MAX = 64 };

typedef struct dependence_space {
    int8_t rows[DEPENDENCE_MAX * FM_WALK_EXTENT_MAX];
    int8_t work[DEPENDENCE_MAX * FM_WALK_EXTENT_MAX];
    int8_t track[DEPENDENCE_MAX * DEPENDENCE_MAX];  /* work = track * rows */
    int8_t kernel[DEPENDENCE_MAX * DEPENDENCE_MAX]; /* the dependences, in {-1, 0, 1} */
} dependence_space;

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* a -= c * b, modulo p in {2, 3}, residues from 0 to p - 1. */
static void subtract_multiple(int8_t *a, const int8_t *b, int c, uint32_t length, int p)
{
    for (uint32_t e = 0; e < length; e++)
        a[e] = (int8_t)((a[e] + (p - c) * b[e]) % p);
}

/* A basis of the dependences modulo p, p = 2 or 3, among the first count of space->rows, by
   elimination; returns their number. Over p = 3 the coefficients are written in {-1, 0, 1}. */
static uint32_t find_dependences(dependence_space *space, uint32_t count, uint32_t extent, int p)
{
    uint32_t found = 0;
    uint32_t pivot_column[DEPENDENCE_MAX], pivot_row[DEPENDENCE_MAX], pivots = 0;
    for (uint32_t i = 0; i < count; i++) {
        int8_t *row = &space->work[i * FM_WALK_EXTENT_MAX];
        int8_t *track = &space->track[i * DEPENDENCE_MAX];
        for (uint32_t e = 0; e < extent; e++)
            row[e] = (int8_t)((space->rows[i * FM_WALK_EXTENT_MAX + e] + p) % p);
        memset(track, 0, count);
        track[i] = 1;
        for (uint32_t q = 0; q < pivots; q++) {
            const int8_t *pivot = &space->work[pivot_row[q] * FM_WALK_EXTENT_MAX];
            /* A pivot is its own inverse: 1, or 2 modulo 3. */
            int c = row[pivot_column[q]] * pivot[pivot_column[q]] % p;
            if (c == 0)
                continue;
            subtract_multiple(row, pivot, c, extent, p);
            subtract_multiple(track, &space->track[pivot_row[q] * DEPENDENCE_MAX], c, count, p);
        }
        uint32_t e = 0;
        while (e < extent && row[e] == 0)
            e++;
        if (e < extent) {
            pivot_column[pivots] = e;
            pivot_row[pivots++] = i;
            continue;
        }
        int8_t *kernel = &space->kernel[found++ * DEPENDENCE_MAX];
        for (uint32_t q = 0; q < count; q++)
            kernel[q] = track[q] == 2 ? -1 : track[q];
    }
    return found;
}

#define KERNEL  f2_64
#define MODULUS 2
#define WORDS   1
#include "walk_template.c"
#define KERNEL  f2_128
#define MODULUS 2
#define WORDS   2
#include "walk_template.c"
#define KERNEL  f2_256
#define MODULUS 2
#define WORDS   4
#include "walk_template.c"

#define KERNEL  f3_64
#define MODULUS 3
#define WORDS   1
#include "walk_template.c"
#define KERNEL  f3_128
#define MODULUS 3
#define WORDS   2
#include "walk_template.c"
#define KERNEL  f3_256
#define MODULUS 3
#define WORDS   4
#include "walk_template.c"

#define KERNEL  zt_64
#define MODULUS 0
#define WORDS   1
#include "walk_template.c"
#define KERNEL  zt_128
#define MODULUS 0
#define WORDS   2
#include "walk_template.c"
#define KERNEL  zt_256
#define MODULUS 0
#define WORDS   4
#include "walk_template.c"

const fm_walk_kernel *fm_walk_kernel_for(fm_ring ring, uint32_t extent)
{
    static const fm_walk_kernel *const f2[3] = {&f2_64, &f2_128, &f2_256};
    static const fm_walk_kernel *const f3[3] = {&f3_64, &f3_128, &f3_256};
    static const fm_walk_kernel *const zt[3] = {&zt_64, &zt_128, &zt_256};
    int size = extent <= 64 ? 0 : extent <= 128 ? 1 : 2;
    if (extent > FM_WALK_EXTENT_MAX)
        return NULL;
    if (ring.kind == FM_RING_ZT)
        return zt[size];
    if (ring.kind == FM_RING_ZP && ring.p == 2)
        return f2[size];
    if (ring.kind == FM_RING_ZP && ring.p == 3)
        return f3[size];
    return NULL;
}
