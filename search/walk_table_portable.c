/* Kernels for walks of few products: tables, for the instruction set that the compiler assumes. */
#include "walk_kernels.h"

#define KERNELS    fm_walk_table_portable
#define ORBITS     0
#define INVOLUTION 0
#define SWEEP      0
#define INDEX      "walk_sets_template.c"
#include "walk_kernels_template.c"
