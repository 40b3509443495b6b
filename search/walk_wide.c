/* Kernels for walks over z, of any rank, with coefficients of up to 2, 3 or 4. */
#include "walk_kernels.h"

#define ORBITS     0
#define INVOLUTION 0
#define INDEX      "walk_rings_template.c"

#define KERNEL          z2_16
#define MODULUS         0
#define COEFFICIENT_MAX 2
#define WORDS           2
#include "walk_template.c"

#define KERNEL          z2_64
#define MODULUS         0
#define COEFFICIENT_MAX 2
#define WORDS           8
#include "walk_template.c"

#define KERNEL          z2_256
#define MODULUS         0
#define COEFFICIENT_MAX 2
#define WORDS           32
#include "walk_template.c"

#define KERNEL          z3_16
#define MODULUS         0
#define COEFFICIENT_MAX 3
#define WORDS           2
#include "walk_template.c"

#define KERNEL          z3_64
#define MODULUS         0
#define COEFFICIENT_MAX 3
#define WORDS           8
#include "walk_template.c"

#define KERNEL          z3_256
#define MODULUS         0
#define COEFFICIENT_MAX 3
#define WORDS           32
#include "walk_template.c"

#define KERNEL          z4_16
#define MODULUS         0
#define COEFFICIENT_MAX 4
#define WORDS           2
#include "walk_template.c"

#define KERNEL          z4_64
#define MODULUS         0
#define COEFFICIENT_MAX 4
#define WORDS           8
#include "walk_template.c"

#define KERNEL          z4_256
#define MODULUS         0
#define COEFFICIENT_MAX 4
#define WORDS           32
#include "walk_template.c"

const fm_walk_kernel *const fm_walk_wide[3][3] = {
    {&z2_16, &z2_64, &z2_256}, {&z3_16, &z3_64, &z3_256}, {&z4_16, &z4_64, &z4_256}};
