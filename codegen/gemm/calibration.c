#include "calibration.h"

#include "clock.h"
#include "cost_file.h"
#include "workspace.h"

#include <omp.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Blocks of SIZE rows and columns, WIDE of them side by side, so that they do not stay in caches; rows
   are a multiple of 4 KiB apart, or GAP entries more. */
enum { SIZE = 1024, WIDE = 4, GAP = 80, ROUNDS = 30 };

static const double measuring_pays = 4294967296.0, seconds_most = 2;

/* ---------------------------------------------------------------- experiments */

/* One product of sums with kc steps, or sums of two blocks. */
typedef struct experiment {
    size_t terms, targets; /* of A and of B; of C. 0: sums */
    bool aliased;
} experiment;

static const experiment experiments[] = {
    {1, 1, false}, {WIDE, 1, false}, {1, WIDE, false}, {1, WIDE, true}, {0, 0, false}};
enum { PLAIN, MANY_TERMS, MANY_TARGETS, ALIASED, SUMS, EXPERIMENTS };

typedef struct laboratory {
    fm_gemm_team team;
    unsigned threads;
    size_t k;        /* steps */
    char *a, *b, *c; /* each WIDE blocks side by side */
} laboratory;

/* One thread by its own clock, which stands still while others have the processor. */
static double now(unsigned threads)
{
    return fm_clock_seconds(threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC);
}

static void run_product(const laboratory *lab, const experiment *e, fm_gemm_worker *worker)
{
    const size_t size = lab->team.kernel->size;
    const ptrdiff_t stride = WIDE * SIZE + (e->aliased ? 0 : GAP);
    fm_gemm_term a[WIDE], b[WIDE];
    fm_gemm_target c[WIDE];
    for (size_t t = 0; t < WIDE; t++) {
        const fm_gemm_scalar one = fm_gemm_scalar_of(lab->team.kernel, 1);
        a[t] = (fm_gemm_term){1, lab->a + t * lab->k * size, SIZE, lab->k};
        b[t] = (fm_gemm_term){1, lab->b + t * SIZE * size, lab->k, SIZE};
        c[t] = (fm_gemm_target){one, one, lab->c + t * SIZE * size, SIZE, SIZE};
    }
    fm_gemm_terms(worker, &(fm_gemm_operand){a, e->terms, (ptrdiff_t)(WIDE * lab->k), 1},
                  &(fm_gemm_operand){b, e->terms, WIDE * SIZE + GAP, 1},
                  &(fm_gemm_targets){c, e->targets, stride, 1});
}

/* One block = the sum of two, and a thread's part of it. */
static void run_sums(const laboratory *lab, const fm_gemm_worker *worker)
{
    const size_t size = lab->team.kernel->size;
    fm_gemm_range mine = fm_gemm_share(SIZE, 1, worker->index, worker->count);
    for (size_t i = mine.begin; i < mine.end; i++) {
        char *row = lab->c + i * (WIDE * SIZE + GAP) * size;
        const fm_gemm_source sources[2] = {{1, row, 0}, {-1, row + SIZE * size, 0}};
        lab->team.kernel->sum(SIZE, sources, 2, lab->team.modulus, row + 2 * SIZE * size);
    }
}

static double measure(laboratory *lab, const experiment *e)
{
    for (int i = 0; i < 3; i++)
        lab->team.next[i] = 0;
    double start = now(lab->threads);
#pragma omp parallel num_threads((int)lab->threads) if (lab->threads > 1)
    {
        fm_gemm_worker worker = {&lab->team, (unsigned)omp_get_thread_num(),
                                 (unsigned)omp_get_num_threads(), 0};
        if (e->terms > 0)
            run_product(lab, e, &worker);
        else
            run_sums(lab, &worker);
    }
    return now(lab->threads) - start;
}

/* ---------------------------------------------------------------- costs */

/* A busy machine gives numbers that cannot be. In proportion to the speed of the tiles, additions cost
   hardly less anywhere than usual, but may cost more: wider vectors, more threads on one memory. */
static double within(double measured, double usual, double speed)
{
    usual *= speed;
    return measured > usual / 1.5 && measured < usual * 8 ? measured : usual;
}

/* Of so many rounds, the times of all experiments. */
typedef struct notes {
    double seconds[ROUNDS][EXPERIMENTS];
    int rounds;
} notes;

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What an experiment takes more than another (-1: than nothing), the median of the differences in a
   round: they are a few per cent, and the speed of a machine that others use changes by as much from
   one round to the next. */
static double median_difference(const notes *n, int e, int other)
{
    double all[ROUNDS];
    for (int r = 0; r < n->rounds; r++)
        all[r] = n->seconds[r][e] - (other >= 0 ? n->seconds[r][other] : 0);
    qsort(all, (size_t)n->rounds, sizeof *all, compare);
    return (all[(n->rounds - 1) / 2] + all[n->rounds / 2]) / 2;
}

static fm_gemm_costs solve(const laboratory *lab, const notes *n)
{
    const fm_gemm_costs usual = fm_gemm_usual_costs(lab->team.kernel, lab->threads);
    const double entries = 2.0 * SIZE * (double)lab->k, area = (double)SIZE * SIZE;
    const double operations = 2 * area * (double)lab->k, more = WIDE - 1;
    const double plain = median_difference(n, PLAIN, -1), speed = plain / (operations * usual.flop);
    const double terms = median_difference(n, MANY_TERMS, PLAIN),
                 targets = median_difference(n, MANY_TARGETS, PLAIN),
                 aliased = median_difference(n, ALIASED, PLAIN);
    fm_gemm_costs costs;
    costs.pack = within(terms / (more * entries), usual.pack, speed);
    costs.update = within(targets / (more * area), usual.update, speed);
    costs.update_aliased = within(aliased / (more * area), usual.update_aliased, speed);
    costs.move = within(median_difference(n, SUMS, -1) / (3 * area), usual.move, speed);
    costs.flop = (plain - entries * costs.pack - area * costs.update) / operations;
    return costs;
}

static fm_gemm_costs measure_all(laboratory *lab)
{
    notes n = {.rounds = 0};
    for (int e = 0; e < EXPERIMENTS; e++)
        measure(lab, &experiments[e]); /* to warm up */
    const double start = now(lab->threads);
    while (n.rounds < ROUNDS && (n.rounds < 3 || now(lab->threads) - start < seconds_most)) {
        for (int e = 0; e < EXPERIMENTS; e++)
            n.seconds[n.rounds][e] = measure(lab, &experiments[e]);
        n.rounds++;
    }
    return solve(lab, &n);
}

static void fill(const laboratory *lab, char *matrix, size_t count)
{
    const fm_gemm_kernel *kernel = lab->team.kernel;
    if (fm_gemm_is_exact(kernel))
        memset(matrix, 0, count * kernel->size);
    for (size_t i = 0; i < count && !fm_gemm_is_exact(kernel); i++)
        if (kernel->type == FM_GEMM_F32)
            ((float *)matrix)[i] = (float)(i % 7);
        else
            ((double *)matrix)[i] = (double)(i % 7);
}

/* Residues as the kernel's type is for. */
static uint64_t usual_modulus(fm_gemm_type type)
{
    return type == FM_GEMM_ZP26   ? (uint64_t)1 << 24
           : type == FM_GEMM_ZP34 ? (uint64_t)1 << 32
                                  : FM_GEMM_MODULUS_MAX;
}

static fm_gemm_costs measure_costs(const fm_gemm_kernel *kernel, unsigned threads)
{
    laboratory lab = {
        .team = {.kernel = kernel, .blocks = fm_gemm_choose_blocks(kernel, fm_cpu_caches_here())},
        .threads = threads};
    const fm_gemm_shape shape = {SIZE, SIZE, lab.k = lab.team.blocks.kc};
    fm_gemm_modulus modulus;
    const size_t buffers = fm_gemm_team_bytes(&lab.team, shape, threads);
    const size_t a_count = (WIDE * SIZE + GAP) * lab.k;
    const size_t c_count = (size_t)(WIDE * SIZE + GAP) * SIZE;
    fm_gemm_costs costs = fm_gemm_usual_costs(kernel, threads);
    fm_workspace memory = fm_workspace_take(buffers + (2 * a_count + c_count) * kernel->size);
    if (memory.at == NULL)
        return costs;
    if (kernel->plane != NULL) {
        fm_gemm_modulus_init(&modulus, usual_modulus(kernel->type));
        lab.team.modulus = &modulus;
    }
    fm_gemm_team_place(&lab.team, shape, threads, memory.at);
    lab.a = memory.at + buffers;
    lab.b = lab.a + a_count * kernel->size;
    lab.c = lab.b + a_count * kernel->size;
    fill(&lab, lab.a, 2 * a_count + c_count);
    fm_gemm_costs measured = measure_all(&lab);
    fm_workspace_give(memory);
    return fm_gemm_costs_plausible(&measured) ? measured : costs;
}

/* ---------------------------------------------------------------- of this process */

typedef struct known {
    const fm_gemm_kernel *kernel;
    unsigned threads;
    bool usual; /* neither measured nor from the file */
    fm_gemm_costs costs;
} known;

enum { KNOWN_MAX = 32 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static known table[KNOWN_MAX];
static unsigned table_count;

static const known *find_known(const fm_gemm_kernel *kernel, unsigned threads)
{
    for (unsigned i = 0; i < table_count; i++)
        if (table[i].kernel == kernel && table[i].threads == threads)
            return &table[i];
    return NULL;
}

static void remember(const fm_gemm_kernel *kernel, unsigned threads, bool usual,
                     fm_gemm_costs costs)
{
    pthread_mutex_lock(&lock);
    known *place = (known *)find_known(kernel, threads);
    if (place == NULL && table_count < KNOWN_MAX)
        place = &table[table_count++];
    if (place != NULL)
        *place = (known){kernel, threads, usual, costs};
    pthread_mutex_unlock(&lock);
}

fm_gemm_costs fm_calibrate(const fm_gemm_kernel *kernel, unsigned threads)
{
    fm_gemm_costs costs = measure_costs(kernel, threads);
    remember(kernel, threads, false, costs);
    return costs;
}

fm_gemm_costs fm_calibrated_costs(const fm_gemm_kernel *kernel, unsigned threads,
                                  double multiplications)
{
    const bool measure = multiplications >= measuring_pays;
    pthread_mutex_lock(&lock);
    const known *found = find_known(kernel, threads);
    const known copy = found != NULL ? *found : (known){0};
    pthread_mutex_unlock(&lock);
    if (found != NULL && !(copy.usual && measure))
        return copy.costs;
    fm_gemm_costs costs = fm_gemm_usual_costs(kernel, threads);
    const bool usual = !fm_cost_file_get(kernel, threads, &costs);
    if (!usual || !measure) {
        remember(kernel, threads, usual, costs);
        return costs;
    }
    costs = fm_calibrate(kernel, threads);
    fm_cost_file_put(kernel, threads, &costs, NULL);
    return costs;
}
