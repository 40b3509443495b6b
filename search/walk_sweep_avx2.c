/* Kernels for walks of few products: comparisons by AVX2, and BMI2. */
#include "walk_kernels.h"

#ifdef FEWMUL_X86

#define KERNELS    fm_walk_sweep_avx2
#define ORBITS     0
#define INVOLUTION 0
#define SWEEP      1
#define INDEX      "walk_sets_template.c"
#include "walk_kernels_template.c"

#endif
