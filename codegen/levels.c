#include "levels.h"

#include "error.h"
#include "plan_facts.h"
#include "planner.h"

enum { LEAST_BLOCK = 32, LARGEST_BLOCK = 1 << 16 };

static fm_plan make_plan(const fm_gemm_scheme *scheme, fm_level_way innermost, unsigned count)
{
    fm_plan plan = {.level_count = count};
    for (unsigned l = 0; l < count; l++)
        plan.levels[l] = (fm_plan_level){scheme, l + 1 < count ? FM_LEVEL_SLOTS : innermost};
    return plan;
}

/* True when one level is expected to be faster than none, on cubes of blocks. */
static bool pays(const fm_gemm_kernel *kernel, const fm_plan *plan, size_t block)
{
    static const fm_plan classical;
    const uint32_t *format = plan->levels[0].scheme->format;
    const fm_gemm_shape shape = {format[0] * block, format[2] * block, format[1] * block};
    const fm_gemm_costs costs = fm_gemm_usual_costs(kernel, 1);
    const ptrdiff_t stride = (ptrdiff_t)(shape.n | 1);
    return fm_plan_estimate_of(plan, kernel, &costs, shape, stride).seconds <
           fm_plan_estimate_of(&classical, kernel, &costs, shape, stride).seconds;
}

static unsigned find_crossover(const fm_gemm_kernel *kernel, const fm_gemm_scheme *scheme,
                               fm_level_way way)
{
    const fm_plan plan = make_plan(scheme, way, 1);
    if (!fm_plan_fits(&plan))
        return UINT32_MAX;
    for (size_t block = LEAST_BLOCK; block < LARGEST_BLOCK; block += 1 + block / 16)
        if (pays(kernel, &plan, block))
            return (unsigned)block;
    return UINT32_MAX;
}

/* Of products so large that the sums in tiles are as long as without the levels. */
static double growth_of(const fm_plan *plan)
{
    return fm_plan_growth(plan, (size_t)1 << 30, 512);
}

fm_status fm_levels_choose(const fm_gemm_scheme *scheme, fm_scalar_type type, fm_levels *out,
                           fm_error *error)
{
    const fm_gemm_kernel *kernel =
        fm_gemm_kernel_of(fm_cpu_vectors_here(), type == FM_F32 ? FM_GEMM_F32 : FM_GEMM_F64);
    const unsigned fused = find_crossover(kernel, scheme, FM_LEVEL_FUSED);
    const unsigned slots = find_crossover(kernel, scheme, FM_LEVEL_SLOTS);
    *out = (fm_levels){.innermost = fused <= slots ? FM_LEVEL_FUSED : FM_LEVEL_SLOTS,
                       .crossover = fused <= slots ? fused : slots};
    const fm_plan one = make_plan(scheme, out->innermost, 1);
    if (!fm_plan_fits(&one))
        return fm_fail(error, FM_BAD_INPUT, "%s has sums of more than %d blocks", scheme->name,
                       FM_GEMM_TERMS_MAX);
    out->growth = growth_of(&one);
    for (out->most = 1; out->most < FM_PLAN_LEVELS_MAX; out->most++) {
        const fm_plan plan = make_plan(scheme, out->innermost, out->most + 1);
        if (!fm_plan_fits(&plan) || growth_of(&plan) > FM_PLAN_GROWTH_MAX)
            break;
    }
    return FM_OK;
}
