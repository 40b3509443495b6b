/* Kernels for walks of few products: tables, with BMI2 and AVX2. */
#include "walk_kernels.h"

#ifdef FEWMUL_X86

#define KERNELS    fm_walk_table_avx2
#define ORBITS     0
#define INVOLUTION 0
#define SWEEP      0
#define INDEX      "walk_sets_template.c"
#include "walk_kernels_template.c"

#endif
