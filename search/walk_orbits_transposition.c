/* Kernels for walks on orbits under cyclic shifts and the transposition, over f2: orbits.h. */
#include "walk_kernels.h"

#define ORBITS     1
#define INVOLUTION TRANSPOSITION
#define INDEX      "walk_rings_template.c"

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

const fm_walk_kernels fm_walk_orbits_transposition = {.f2 = {&f2_64, &f2_64, &f2_128, &f2_256}};
