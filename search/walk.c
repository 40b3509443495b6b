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

const fm_walk_kernel *fm_walk_orbits_kernel(fm_ring ring, uint32_t extent, uint32_t capacity)
{
    return pick(&fm_walk_orbits, ring, extent, capacity);
}

const fm_walk_kernel *fm_walk_kernel_for(fm_ring ring, uint32_t extent, uint32_t capacity)
{
    return fm_walk_kernel_at(fm_cpu_level_here(), ring, extent, capacity);
}
