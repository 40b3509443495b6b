#include "execute.h"

#include "workspace.h"

#include <assert.h>
#ifdef _OPENMP
#include <omp.h>
#endif

static const fm_plan classical;

unsigned fm_gemm_threads(fm_gemm_shape s)
{
#ifdef _OPENMP
    /* Waking threads costs some microseconds, as long as a product of 64 x 64 x 64. */
    const double work = (double)s.m * (double)s.n * (double)s.k;
    return omp_in_parallel() || work < 64.0 * 64 * 64 ? 1 : (unsigned)omp_get_max_threads();
#else
    (void)s;
    return 1;
#endif
}

static void run(fm_gemm_team *team, const fm_plan *plan, unsigned threads, const fm_plan_call *call,
                char *work)
{
    if (threads == 1) {
        fm_gemm_worker alone = {team, 0, 1, 0};
        fm_plan_run(plan, &alone, call, work);
        return;
    }
#ifdef _OPENMP
#pragma omp parallel num_threads((int)threads)
    {
        fm_gemm_worker worker = {team, (unsigned)omp_get_thread_num(),
                                 (unsigned)omp_get_num_threads(), 0};
        fm_plan_run(plan, &worker, call, work);
    }
#endif
}

/* With buffers on the stack, in blocks that fit them. */
static void run_small(fm_gemm_team *team, const fm_plan_call *call)
{
    _Alignas(4096) char buffers[40 << 10];
    const fm_gemm_kernel *kernel = team->kernel;
    team->blocks = (fm_gemm_blocks){kernel->mr, 64, kernel->nr};
    while (fm_gemm_team_bytes(team, call->shape, 1) > sizeof buffers)
        team->blocks.kc /= 2;
    assert(team->blocks.kc > 0);
    fm_gemm_team_place(team, call->shape, 1, buffers);
    run(team, &classical, 1, call, NULL);
}

void fm_gemm_execute(const fm_gemm_kernel *kernel, const fm_plan *plan, unsigned threads,
                     const fm_plan_call *call)
{
    fm_plan_call c = *call;
    fm_gemm_team team = {.kernel = kernel,
                         .modulus = call->modulus,
                         .blocks = fm_gemm_choose_blocks(kernel, fm_cpu_caches_here())};
    if (fm_gemm_scalar_is(kernel, c.alpha, 0))
        c.shape.k = 0;
    if (c.shape.k == 0)
        plan = &classical;
    const fm_gemm_shape bottom = fm_plan_bottom(plan, c.shape);
    const fm_gemm_shape largest = plan->peeled ? c.shape : bottom;
    size_t buffers = fm_gemm_team_bytes(&team, largest, threads);
    fm_workspace memory = fm_workspace_take(buffers + fm_plan_bytes(plan, c.shape, kernel->size));
    if (memory.at == NULL) {
        plan = &classical;
        buffers = fm_gemm_team_bytes(&team, c.shape, threads);
        memory = fm_workspace_take(buffers);
    }
    if (memory.at == NULL) {
        run_small(&team, &c);
        return;
    }
    fm_gemm_team_place(&team, plan == &classical ? c.shape : largest, threads, memory.at);
    run(&team, plan, threads, &c, memory.at + buffers);
    fm_workspace_give(memory);
}
