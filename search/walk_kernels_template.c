/* All kernels with one index: included with KERNELS, the name of their table, and INDEX and ORBITS,
   see walk_template.c. */

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

#define KERNEL  f3_32
#define MODULUS 3
#define WORDS   1
#include "walk_template.c"

#define KERNEL  f3_64
#define MODULUS 3
#define WORDS   2
#include "walk_template.c"

#define KERNEL  f3_128
#define MODULUS 3
#define WORDS   4
#include "walk_template.c"

#define KERNEL  f3_256
#define MODULUS 3
#define WORDS   8
#include "walk_template.c"

#define KERNEL  zt_32
#define MODULUS 0
#define WORDS   1
#include "walk_template.c"

#define KERNEL  zt_64
#define MODULUS 0
#define WORDS   2
#include "walk_template.c"

#define KERNEL  zt_128
#define MODULUS 0
#define WORDS   4
#include "walk_template.c"

#define KERNEL  zt_256
#define MODULUS 0
#define WORDS   8
#include "walk_template.c"

const fm_walk_kernels KERNELS = {
    .f2 = {&f2_64, &f2_64, &f2_128, &f2_256},
    .f3 = {&f3_32, &f3_64, &f3_128, &f3_256},
    .zt = {&zt_32, &zt_64, &zt_128, &zt_256},
};
