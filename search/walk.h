/* A walk on the flip graph: one scheme over f2, f3, zt or z in bit vectors, and the moves on it.

   There is one implementation for each ring, vector length (64, 128, 256 coefficients) and index of
   equal factors, all made from walk_template.c; a table of functions, the kernel, hides which. A
   walk knows moves, not strategy: when to go up, when to start again is the walker's business
   (walker.h).

   Moves (Kauers and Moosbauer 2022, Flip graphs for matrix multiplication; Arai, Ichikawa and
   Hukushima 2024, Adaptive flip graph algorithm for matrix multiplication):
   flip       u x v1 x w1 + u x v2 x w2  ->  u x (v1 + t v2) x w1 + u x v2 x (w2 - t w1), t = 1, -1
   reduction  products that share two factors become one; or, of products that share one factor,
              a second factor of which is a linear combination of the others', one disappears
   split      u x v x w  ->  u1 x v x w + (u - u1) x v x w, with u1 another product's factor
   plus       two products that share nothing become three: a split, and a flip to hide it
   The shared factor may be any of the three, in each move. Over zt a move that would leave
   {-1, 0, 1} is not made, over z one that would leave the coefficients of the walk. */
#ifndef FM_WALK_H
#define FM_WALK_H

#include "cpu.h"
#include "fewmul.h"
#include "orbits.h"
#include "random.h"
#include "state.h"

#define FM_WALK_EXTENT_MAX 256
/* Coefficients of walks over z are within these. */
#define FM_WALK_COEFFICIENT_MAX 4
/* Rows are numbered with 14 bits. */
#define FM_WALK_RANK_MAX 16000
/* Walks of up to so many products have an index of their own, which is faster: 4x4x4 over f2 41 million
   flips a second against 34. With sets of two words for up to 96 it was slower (4x4x5: 16 against 23). */
#define FM_WALK_FEW 64

/* The most walks that run takes side by side. */
#define FM_LANES_MAX 4

typedef struct fm_walk fm_walk;

/* A walk that runs beside others, and what it has done so far. */
typedef struct fm_lane {
    fm_walk *walk;
    fm_random *random;
    uint64_t attempts;
    uint64_t flips; /* those attempts that changed the scheme */
} fm_lane;

typedef struct fm_walk_kernel {
    /* A walk for vectors of the given lengths with room for capacity products; empty at first. */
    fm_walk *(*new)(const uint32_t extent[3], uint32_t capacity);
    void (*free)(fm_walk *walk);

    /* Removes all products. Those to come have vectors of these lengths, no longer than the kernel
       has words for. */
    void (*clear)(fm_walk *walk, const uint32_t extent[3]);
    /* Appends a product given by its coefficients in {-1, 0, 1} (0 and 1 over f2, or what the walk has
       over z), no factor zero.
       No reduction is looked for. */
    void (*append)(fm_walk *walk, const int8_t *u, const int8_t *v, const int8_t *w);
    /* From here on, until clear, no flip adds to the products of a part of the tensor, the first so
       many coefficients of each factor: those of which no factor is zero there. So what a walk has
       of a smaller format keeps its rank. */
    void (*hold)(fm_walk *walk, const uint32_t part[3]);
    /* The coefficients of product r, from 0 to rank - 1. */
    void (*get)(const fm_walk *walk, uint32_t r, int8_t *u, int8_t *v, int8_t *w);
    uint32_t (*rank)(const fm_walk *walk);

    /* Each lane's walk makes up to so many attempts, and the reductions that its flips lead to. An
       attempt draws a product and a factor of it that some other product shares, uniformly, then
       the other product, the order and the sign. A walk stops when its rank fell or it has nothing
       to flip; the others may stop then too. Lanes do not influence each other's walks. */
    void (*run)(fm_lane *lanes, unsigned count, uint64_t attempts);
    /* False when no two products share a factor. */
    bool (*can_flip)(const fm_walk *walk);
    /* Reduces by linear dependence among products that share a factor, and by equal factors,
       until there is no such reduction. True when the rank fell. */
    bool (*reduce)(fm_walk *walk);
    /* One plus transition on a random pair; false when no pair was found that admits it or the
       capacity is reached. */
    bool (*plus)(fm_walk *walk, fm_random *random);
    /* One product becomes two, whose sum it is, by a factor of another product; false when that
       leaves the ring or the capacity is reached. */
    bool (*split)(fm_walk *walk, fm_random *random);
    /* Ordered pairs of products that share a factor, over the three factors. */
    uint64_t (*flip_count)(const fm_walk *walk);
    /* Coefficients that are not zero, of all products: a naive addition each, but for as many as
       there are factors u and v, and entries of C. */
    uint64_t (*weight)(const fm_walk *walk);

    /* Saves, or restores into a walk of the same extents and capacity; the walk then goes on
       exactly as it would have. */
    void (*state)(fm_walk *walk, fm_state *state);
} fm_walk_kernel;

/* How walks of few products find equal factors, and with what instructions. */
typedef enum fm_walk_path {
    FM_WALK_TABLE,
    FM_WALK_SWEEP,
    FM_WALK_TABLE_AVX2,
    FM_WALK_SWEEP_AVX2,
    FM_WALK_SWEEP_AVX512,
    FM_WALK_PATHS
} fm_walk_path;

const char *fm_walk_path_name(fm_walk_path path);
/* Whether it was built and this CPU can run it; FEWMUL_CPU lowers what it can (cpu.h). */
bool fm_walk_path_is_here(fm_walk_path path);
/* The fastest of those here, as measured once in a process, some ten milliseconds; without vector
   instructions, FM_WALK_TABLE. */
fm_walk_path fm_walk_path_fastest(void);

/* The kernel for a ring, vectors of up to extent coefficients and up to capacity products, by the
   fastest path; NULL when there is none. The walks that it makes do not depend on the path. */
const fm_walk_kernel *fm_walk_kernel_for(fm_ring ring, uint32_t extent, uint32_t capacity);

/* The same over z with coefficients from minus coefficient_max to that, 1 to
   FM_WALK_COEFFICIENT_MAX. */
const fm_walk_kernel *fm_walk_kernel_over_z(uint32_t coefficient_max, uint32_t extent,
                                            uint32_t capacity);

/* The same by a path that is here. */
const fm_walk_kernel *fm_walk_kernel_by(fm_walk_path path, fm_ring ring, uint32_t extent,
                                        uint32_t capacity);

/* The kernel for walks on orbits of a symmetry, for up to capacity of them: a product stands for
   itself and its images (orbits.h), and every move is made on all of them at once (Moosbauer and
   Poole 2025, Flip graphs with symmetry and new matrix multiplication schemes). The three extents
   are equal; a factor may be shared by any two sides of any images of different orbits; ranks count
   orbits. An orbit that an involution makes equal to its own image is zero over f2 and disappears.
   NULL when there is none: those with an involution are for f2. */
const fm_walk_kernel *fm_walk_orbits_kernel(fm_symmetry symmetry, fm_ring ring, uint32_t extent,
                                            uint32_t capacity);

#endif
