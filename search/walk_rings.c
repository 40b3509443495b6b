/* Kernels for walks of any rank. */
#include "walk_kernels.h"

#define KERNELS    fm_walk_rings
#define ORBITS     0
#define INVOLUTION 0
#define INDEX      "walk_rings_template.c"
#include "walk_kernels_template.c"
