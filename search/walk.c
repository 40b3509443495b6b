/* Which kernel is for whom. */
#include "walk.h"

#include "walk_kernels.h"

static const fm_walk_kernels *kernels_at(fm_cpu_level level, uint32_t capacity)
{
    if (capacity > TABLE_RANK_MAX)
        return &fm_walk_rings;
#ifdef FEWMUL_X86
    if (level == FM_CPU_BMI2)
        return &fm_walk_table_bmi2;
#endif
    (void)level;
    return &fm_walk_table_portable;
}

static const fm_walk_kernel *pick(const fm_walk_kernels *kernels, fm_ring ring, uint32_t extent,
                                  uint32_t capacity)
{
    int size = extent <= 32 ? 0 : extent <= 64 ? 1 : extent <= 128 ? 2 : 3;
    if (extent > FM_WALK_EXTENT_MAX || capacity > FM_WALK_RANK_MAX)
        return NULL;
    if (ring.kind == FM_RING_ZT)
        return kernels->zt[size];
    if (ring.kind == FM_RING_ZP && ring.p == 2)
        return kernels->f2[size];
    if (ring.kind == FM_RING_ZP && ring.p == 3)
        return kernels->f3[size];
    return NULL;
}

const fm_walk_kernel *fm_walk_kernel_at(fm_cpu_level level, fm_ring ring, uint32_t extent,
                                        uint32_t capacity)
{
    return pick(kernels_at(level, capacity), ring, extent, capacity);
}

const fm_walk_kernel *fm_walk_orbits_kernel(fm_symmetry symmetry, fm_ring ring, uint32_t extent,
                                            uint32_t capacity)
{
    static const fm_walk_kernels *const kernels[FM_SYMMETRIES] = {
        [FM_CYCLIC] = &fm_walk_orbits,
        [FM_CYCLIC_REVERSAL] = &fm_walk_orbits_reversal,
        [FM_CYCLIC_TRANSPOSITION] = &fm_walk_orbits_transposition,
    };
    return pick(kernels[symmetry], ring, extent, capacity);
}

const fm_walk_kernel *fm_walk_kernel_for(fm_ring ring, uint32_t extent, uint32_t capacity)
{
    return fm_walk_kernel_at(fm_cpu_level_here(), ring, extent, capacity);
}
