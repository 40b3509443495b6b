/* Kernels for walks of few products: comparisons, for the instruction set that the compiler assumes.
   Slow; the others are tested against it. */
#include "walk_kernels.h"

#define KERNELS    fm_walk_sweep_portable
#define ORBITS     0
#define INVOLUTION 0
#define SWEEP      1
#define INDEX      "walk_sets_template.c"
#include "walk_kernels_template.c"
