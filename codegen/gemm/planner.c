#include "planner.h"

#include "calibration.h"
#include "plan_facts.h"
#include "sizes.h"

#include <pthread.h>

/* Plans that are extended by one more level, and the least size of the blocks at the bottom. */
enum { BEAM = 8, SMALLEST_BLOCK = 160 };

/* ---------------------------------------------------------------- the model */

/* Measured on one core of a virtual EPYC (Zen 4, AVX2), fewmul plan --calibrate: what other machines
   have in common with it are the proportions. */
fm_gemm_costs fm_gemm_usual_costs(const fm_gemm_kernel *kernel, unsigned threads)
{
    static const double flops[FM_GEMM_TYPES] = {2.0e-11, 1.0e-11, 1.0e-11, 4.0e-11,
                                                2.0e-11, 4.0e-11, 12.0e-11};
    const double entry = (double)kernel->size / 8 / threads;
    return (fm_gemm_costs){flops[kernel->type] / threads, 0.5e-9 * entry, 0.7e-9 * entry,
                           1.6e-9 * entry, 0.4e-9 * entry};
}

/* Terms of all rows of one side. */
static double entry_count(const fm_gemm_scheme *scheme, int side)
{
    return scheme->rows[side][scheme->rank];
}

/* Blocks of the three sides that the sums of a level with slots read and write; from matrices, each
   is as many as the sums of the levels above have terms, times on the average. */
static void count_moves(const fm_gemm_scheme *scheme, const double terms[3], double moves[3])
{
    for (uint32_t i = 0; i < scheme->step_count; i++) {
        const fm_gemm_step *step = &scheme->steps[i];
        if (step->kind == FM_STEP_MULTIPLY)
            continue;
        int side = (int)(step->block.place - FM_PLACE_S);
        moves[side] += 1;
        for (uint32_t t = 0; t < step->term_count; t++) {
            const fm_gemm_step_term *term = &step->terms[t];
            double blocks = term->block.place < FM_PLACE_S ? terms[side] : 1;
            moves[side] += blocks * (step->kind == FM_STEP_SPREAD && !term->first ? 2 : 1);
        }
    }
}

/* The part of a level's products that go to C at once, not by a slot. */
static double direct_part(const fm_plan_level *level)
{
    double direct = 0;
    for (uint32_t i = 0; i < level->scheme->step_count; i++) {
        const fm_gemm_step *step = &level->scheme->steps[i];
        direct += step->kind == FM_STEP_MULTIPLY && step->block.place == FM_PLACE_C;
    }
    return level->way == FM_LEVEL_FUSED ? 1 : direct / level->scheme->rank;
}

static double update_cost(const fm_plan *plan, const fm_gemm_kernel *kernel,
                          const fm_gemm_costs *costs, ptrdiff_t c_stride)
{
    double direct = c_stride * (ptrdiff_t)kernel->size % 4096 == 0;
    for (unsigned l = 0; l < plan->level_count; l++)
        direct *= direct_part(&plan->levels[l]);
    return direct * costs->update_aliased + (1 - direct) * costs->update;
}

/* The mean number of terms that a product's factor, or its result, has below a level. */
static void terms_below(const fm_plan_level *level, double terms[3])
{
    const fm_gemm_scheme *scheme = level->scheme;
    double direct[3] = {0, 0, 0};
    if (level->way == FM_LEVEL_FUSED) {
        for (int side = 0; side < 3; side++)
            terms[side] *= entry_count(scheme, side) / scheme->rank;
        return;
    }
    for (uint32_t i = 0; i < scheme->step_count; i++) {
        const fm_gemm_step *step = &scheme->steps[i];
        if (step->kind != FM_STEP_MULTIPLY)
            continue;
        for (int side = 0; side < 2; side++)
            direct[side] += step->terms[side].block.place < FM_PLACE_S;
        direct[2] += step->block.place == FM_PLACE_C;
    }
    for (int side = 0; side < 3; side++)
        terms[side] = 1 + (terms[side] - 1) * direct[side] / scheme->rank;
}

/* What so many blocks at once cost, in those of one. Costs are measured with four: beyond, there are more
   streams than processors fetch ahead (3x4x4:38 above 2x2x2:7, both fused, f64, n = 4096, on Zen 4: 0.75 of
   the classical speed, where a constant cost expects 1.2). */
static double weight(double terms)
{
    return terms <= 4 ? terms : terms * terms / 4;
}

/* Seconds of one classical product of sums with so many terms. */
static double bottom_seconds(const fm_gemm_kernel *kernel, const fm_gemm_costs *costs,
                             fm_gemm_blocks blocks, fm_gemm_shape s, const double terms[3])
{
    double m = (double)(quotient_up(s.m, kernel->mr) * kernel->mr);
    double n = (double)(quotient_up(s.n, kernel->nr) * kernel->nr), k = (double)s.k;
    double passes = (double)quotient_up(s.k, blocks.kc),
           panels = (double)quotient_up(s.n, blocks.nc);
    return 2 * m * n * k * costs->flop + m * k * panels * weight(terms[0]) * costs->pack +
           k * n * weight(terms[1]) * costs->pack +
           m * n * passes * weight(terms[2]) * costs->update;
}

static double volume(fm_gemm_shape s)
{
    return (double)s.m * (double)s.n * (double)s.k;
}

/* The fringe of a peeled plan, as multiply_part divides it. */
static double fringe_seconds(const fm_gemm_kernel *kernel, const fm_gemm_costs *costs,
                             fm_gemm_blocks blocks, fm_gemm_shape s, fm_gemm_shape core)
{
    static const double ones[3] = {1, 1, 1};
    const fm_gemm_shape parts[3] = {
        {core.m, core.n, s.k - core.k}, {core.m, s.n - core.n, s.k}, {s.m - core.m, s.n, s.k}};
    double seconds = 0;
    for (int i = 0; i < 3; i++)
        if (volume(parts[i]) > 0)
            seconds += bottom_seconds(kernel, costs, blocks, parts[i], ones);
    return seconds;
}

fm_plan_estimate fm_plan_estimate_of(const fm_plan *plan, const fm_gemm_kernel *kernel,
                                     const fm_gemm_costs *costs, fm_gemm_shape shape,
                                     ptrdiff_t c_stride)
{
    const fm_gemm_blocks blocks = fm_gemm_choose_blocks(kernel, fm_cpu_caches_here());
    const fm_gemm_shape core = fm_plan_core(plan, shape);
    fm_gemm_shape s = core;
    fm_gemm_costs here = *costs;
    double terms[3] = {1, 1, 1}, calls = 1, moved = 0, seconds = 0;
    here.update = update_cost(plan, kernel, costs, c_stride);
    for (unsigned l = 0; l < plan->level_count; l++) {
        const fm_gemm_scheme *scheme = plan->levels[l].scheme;
        s = fm_plan_block(scheme, s);
        if (plan->levels[l].way == FM_LEVEL_SLOTS) {
            double moves[3] = {0, 0, 0};
            count_moves(scheme, terms, moves);
            moved += calls *
                     (moves[0] * (double)s.m * (double)s.k + moves[1] * (double)s.k * (double)s.n +
                      moves[2] * (double)s.m * (double)s.n);
        }
        terms_below(&plan->levels[l], terms);
        calls *= scheme->rank;
    }
    seconds = moved * costs->move + calls * bottom_seconds(kernel, &here, blocks, s, terms);
    double fringe = plan->peeled ? volume(shape) - volume(core) : 0;
    if (plan->peeled)
        seconds += fringe_seconds(kernel, &here, blocks, shape, core);
    moved +=
        calls * ((terms[0] * (double)s.m + terms[1] * (double)s.n) * (double)s.k +
                 2 * terms[2] * (double)s.m * (double)s.n * (double)quotient_up(s.k, blocks.kc));
    moved -= (double)shape.m * (double)shape.k + (double)shape.k * (double)shape.n +
             2 * (double)shape.m * (double)shape.n * (double)quotient_up(shape.k, blocks.kc);
    return (fm_plan_estimate){seconds, (calls * volume(s) + fringe) / volume(shape),
                              plan->level_count > 0 ? moved * (double)kernel->size : 0,
                              fm_plan_bytes(plan, shape, kernel->size),
                              fm_plan_growth(plan, shape.k, blocks.kc)};
}

/* ---------------------------------------------------------------- the choice */

typedef struct list {
    fm_plan_candidate *at;
    size_t count, most;
} list;

static bool is_as_good(const fm_plan_estimate *a, const fm_plan_estimate *b)
{
    return a->seconds == b->seconds && a->workspace == b->workspace && a->growth == b->growth;
}

/* Keeps the list sorted and within its bounds. Of plans that look the same, as with a scheme and its
   mirror image, one will do. */
static void offer(list *l, const fm_plan_candidate *candidate)
{
    size_t i = l->count;
    for (size_t same = 0; same < l->count; same++)
        if (is_as_good(&l->at[same].estimate, &candidate->estimate))
            return;
    if (i == l->most && (i == 0 || l->at[i - 1].estimate.seconds <= candidate->estimate.seconds))
        return;
    if (l->count < l->most)
        l->count++;
    for (i = l->count - 1; i > 0 && l->at[i - 1].estimate.seconds > candidate->estimate.seconds;
         i--)
        l->at[i] = l->at[i - 1];
    l->at[i] = *candidate;
}

typedef struct planner {
    const fm_gemm_kernel *kernel;
    const fm_gemm_costs *costs;
    fm_gemm_pool pool;
    fm_gemm_shape shape;
    ptrdiff_t c_stride;
    size_t workspace_max;
} planner;

static void consider(const planner *p, const fm_plan *plan, list *found)
{
    fm_gemm_shape bottom = fm_plan_bottom(plan, p->shape);
    if (bottom.m < SMALLEST_BLOCK || bottom.n < SMALLEST_BLOCK || bottom.k < SMALLEST_BLOCK ||
        !fm_plan_fits(plan))
        return;
    fm_plan_candidate candidate = {
        *plan, fm_plan_estimate_of(plan, p->kernel, p->costs, p->shape, p->c_stride)};
    const bool allowed = fm_gemm_is_exact(p->kernel)
                             ? fm_plan_is_unit(plan)
                             : candidate.estimate.growth <= FM_PLAN_GROWTH_MAX;
    if (candidate.estimate.workspace <= p->workspace_max && allowed)
        offer(found, &candidate);
}

/* All plans with one more level inside; temporaries come first, fused levels below them. */
static void extend(const planner *p, const fm_plan *plan, list *found)
{
    const unsigned l = plan->level_count;
    fm_plan longer = *plan;
    longer.level_count++;
    for (size_t i = 0; i < p->pool.count; i++)
        for (int way = 0; way < 2; way++)
            for (int peeled = 0; peeled < 2; peeled++) {
                longer.levels[l] =
                    (fm_plan_level){p->pool.schemes[i], way == 0 ? FM_LEVEL_FUSED : FM_LEVEL_SLOTS};
                longer.peeled = peeled;
                if (l > 0 && way == 1 && plan->levels[l - 1].way == FM_LEVEL_FUSED)
                    continue;
                fm_gemm_shape core = fm_plan_core(&longer, p->shape);
                if (!peeled || volume(core) < volume(p->shape))
                    consider(p, &longer, found);
            }
}

static size_t largest_matrix(const fm_gemm_kernel *kernel, fm_gemm_shape s)
{
    size_t largest = s.m * s.k;
    largest = s.k * s.n > largest ? s.k * s.n : largest;
    largest = s.m * s.n > largest ? s.m * s.n : largest;
    return largest * kernel->size;
}

size_t fm_planner_list(const fm_gemm_kernel *kernel, const fm_gemm_costs *costs, fm_gemm_pool pool,
                       fm_gemm_shape shape, ptrdiff_t c_stride, fm_plan_candidate *out, size_t most)
{
    const planner p = {kernel, costs, pool, shape, c_stride, largest_matrix(kernel, shape)};
    fm_plan_candidate beams[2][BEAM];
    list all = {out, 0, most};
    list beam = {beams[0], 1, BEAM};
    beam.at[0].plan = (fm_plan){.level_count = 0};
    beam.at[0].estimate = fm_plan_estimate_of(&beam.at[0].plan, kernel, costs, shape, c_stride);
    const double classical = beam.at[0].estimate.seconds;
    for (unsigned depth = 0; beam.count > 0; depth++) {
        for (size_t i = 0; i < beam.count; i++)
            offer(&all, &beam.at[i]);
        if (depth > 0 && beam.at[0].estimate.seconds > classical)
            break; /* where this depth does not pay, the next does not */
        list next = {beams[(depth + 1) % 2], 0, BEAM};
        for (size_t i = 0; i < beam.count && depth < FM_PLAN_LEVELS_MAX; i++)
            extend(&p, &beam.at[i].plan, &next);
        beam = next;
    }
    return all.count;
}

/* ---------------------------------------------------------------- choices made before */

typedef struct choice {
    const fm_gemm_kernel *kernel;
    unsigned threads;
    fm_gemm_shape shape;
    ptrdiff_t c_stride;
    fm_plan plan;
} choice;

enum { CHOICES = 16 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static choice choices[CHOICES]; /* the oldest is replaced */
static unsigned choice_count;

static bool find_choice(choice *wanted)
{
    bool found = false;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < CHOICES && !found; i++) {
        const choice *c = &choices[i];
        found = c->kernel == wanted->kernel && c->threads == wanted->threads &&
                c->shape.m == wanted->shape.m && c->shape.n == wanted->shape.n &&
                c->shape.k == wanted->shape.k && c->c_stride == wanted->c_stride;
        if (found)
            wanted->plan = c->plan;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static void keep_choice(const choice *made)
{
    pthread_mutex_lock(&lock);
    choices[choice_count++ % CHOICES] = *made;
    pthread_mutex_unlock(&lock);
}

void fm_planner_choose(const fm_gemm_kernel *kernel, unsigned threads, fm_gemm_shape shape,
                       ptrdiff_t c_stride, fm_plan *plan)
{
    choice made = {kernel, threads, shape, c_stride, {.level_count = 0}};
    const size_t least = 2 * SMALLEST_BLOCK;
    if (shape.m >= least && shape.n >= least && shape.k >= least && !find_choice(&made)) {
        fm_plan_candidate best;
        const fm_gemm_costs costs = fm_calibrated_costs(kernel, threads, volume(shape));
        fm_planner_list(kernel, &costs, fm_gemm_builtin(), shape, c_stride, &best, 1);
        made.plan = best.plan;
        keep_choice(&made);
    }
    *plan = made.plan;
}
