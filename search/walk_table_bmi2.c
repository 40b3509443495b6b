/* Kernels for walks of up to TABLE_RANK_MAX products, with BMI2 and popcnt. */
#include "walk_kernels.h"

#ifdef FEWMUL_X86

#define KERNELS    fm_walk_table_bmi2
#define ORBITS     0
#define INVOLUTION 0
#define INDEX      "walk_table_template.c"
#include "walk_kernels_template.c"

#endif
