/* Kernels for walks on orbits of products under cyclic shifts: orbits.h. */
#include "walk_kernels.h"

#define KERNELS    fm_walk_orbits
#define ORBITS     1
#define INVOLUTION 0
#define INDEX      "walk_rings_template.c"
#include "walk_kernels_template.c"
