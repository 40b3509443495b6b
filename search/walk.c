/* Which kernel is for whom. */
#include "walk.h"

#include "clock.h"
#include "ring.h"
#include "walk_kernels.h"

#include <stdatomic.h>

/* NULL: not built. */
static const struct {
    const char *name;
    fm_cpu_level level;
    const fm_walk_kernels *kernels;
} paths[FM_WALK_PATHS] = {
    [FM_WALK_TABLE] = {"table", FM_CPU_PORTABLE, &fm_walk_table_portable},
    [FM_WALK_SWEEP] = {"sweep", FM_CPU_PORTABLE, &fm_walk_sweep_portable},
#ifdef FEWMUL_X86
    [FM_WALK_TABLE_AVX2] = {"table, AVX2", FM_CPU_AVX2, &fm_walk_table_avx2},
    [FM_WALK_SWEEP_AVX2] = {"sweep, AVX2", FM_CPU_AVX2, &fm_walk_sweep_avx2},
    [FM_WALK_SWEEP_AVX512] = {"sweep, AVX-512", FM_CPU_AVX512, &fm_walk_sweep_avx512},
#endif
};

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

const char *fm_walk_path_name(fm_walk_path path)
{
    return paths[path].name;
}

bool fm_walk_path_is_here(fm_walk_path path)
{
    return paths[path].kernels != NULL && paths[path].level <= fm_cpu_level_here();
}

const fm_walk_kernel *fm_walk_kernel_by(fm_walk_path path, fm_ring ring, uint32_t extent,
                                        uint32_t capacity)
{
    const fm_walk_kernels *few = paths[path].kernels;
    return pick(capacity > FM_WALK_FEW ? &fm_walk_rings : few, ring, extent, capacity);
}

const fm_walk_kernel *fm_walk_kernel_for(fm_ring ring, uint32_t extent, uint32_t capacity)
{
    if (capacity > FM_WALK_FEW)
        return pick(&fm_walk_rings, ring, extent, capacity);
    return fm_walk_kernel_by(fm_walk_path_fastest(), ring, extent, capacity);
}

const fm_walk_kernel *fm_walk_kernel_over_z(uint32_t coefficient_max, uint32_t extent,
                                            uint32_t capacity)
{
    assert(coefficient_max >= 1 && coefficient_max <= FM_WALK_COEFFICIENT_MAX);
    if (coefficient_max == 1)
        return fm_walk_kernel_for(FM_RING_ZT_VALUE, extent, capacity);
    if (extent > FM_WALK_EXTENT_MAX || capacity > FM_WALK_RANK_MAX)
        return NULL;
    return fm_walk_wide[coefficient_max - 2][(extent > 16) + (extent > 64)];
}

/* ---------------------------------------------------------------- the fastest path */

/* The standard scheme of 4x4x4, over f2. */
static void append_standard(const fm_walk_kernel *kernel, fm_walk *walk)
{
    enum { N = 4 };
    for (int product = 0; product < N * N * N; product++) {
        int i = product / N / N, j = product / N % N, k = product % N;
        int8_t u[N * N] = {0}, v[N * N] = {0}, w[N * N] = {0};
        u[N * i + j] = v[N * j + k] = w[N * i + k] = 1;
        kernel->append(walk, u, v, w);
    }
}

/* Seconds for some flips of walks side by side. */
static double time_path(fm_walk_path path)
{
    enum { ATTEMPTS = 20000 };
    const fm_walk_kernel *kernel =
        fm_walk_kernel_by(path, (fm_ring){FM_RING_ZP, 2}, 16, FM_WALK_FEW);
    fm_random random[FM_LANES_MAX];
    fm_lane lanes[FM_LANES_MAX];
    for (unsigned l = 0; l < FM_LANES_MAX; l++) {
        fm_random_seed(&random[l], 1, l);
        lanes[l] = (fm_lane){.walk = kernel->new ((uint32_t[3]){16, 16, 16}, FM_WALK_FEW),
                             .random = &random[l]};
        append_standard(kernel, lanes[l].walk);
    }
    double begin = fm_now();
    for (uint64_t left = ATTEMPTS, before = 0; left > 0; before = lanes[0].attempts) {
        kernel->run(lanes, FM_LANES_MAX, left); /* stops where a rank falls */
        left -= lanes[0].attempts - before;
    }
    double end = fm_now();
    for (unsigned l = 0; l < FM_LANES_MAX; l++)
        kernel->free(lanes[l].walk);
    return end - begin;
}

/* Each in turn, the shortest time of some counts. */
static fm_walk_path measure_fastest(void)
{
    enum { ROUNDS = 3 };
    fm_walk_path fastest = FM_WALK_TABLE;
    double least[FM_WALK_PATHS];
    for (int round = 0; round < ROUNDS; round++)
        for (fm_walk_path path = FM_WALK_TABLE_AVX2; path < FM_WALK_PATHS; path++) {
            if (!fm_walk_path_is_here(path))
                continue;
            double seconds = time_path(path);
            if (round == 0 || seconds < least[path])
                least[path] = seconds;
            if (round == ROUNDS - 1 && (fastest == FM_WALK_TABLE || least[path] < least[fastest]))
                fastest = path;
        }
    return fastest;
}

fm_walk_path fm_walk_path_fastest(void)
{
    static atomic_int chosen = FM_WALK_PATHS; /* a walk is freed by the path that made it */
    int path = atomic_load(&chosen);
    if (path == FM_WALK_PATHS) {
        int none = FM_WALK_PATHS;
        path = (int)measure_fastest();
        if (!atomic_compare_exchange_strong(&chosen, &none, path))
            path = none;
    }
    return (fm_walk_path)path;
}
