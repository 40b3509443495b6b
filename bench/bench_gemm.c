#include "bench_gemm.h"

#include "blas.h"
#include "calibration.h"
#include "clock.h"
#include "error.h"
#include "exact.h"
#include "execute.h"
#include "kernel.h"
#include "memory.h"
#include "plan_facts.h"
#include "planner.h"
#include "random.h"

#include <limits.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    SAMPLED_ROWS = 8,
    CALLS_MAX = 10000,
    CBLAS_ROW_MAJOR = 101,
    CBLAS_NO_TRANS = 111,
};
/* A measurement is as many calls as take about so long. */
static const double measurement_seconds = 0.05;
/* A first call that takes longer than that counts as the first measurement. */
static const double long_seconds = 2;
/* After a product by several threads, some libraries keep them spinning for a while. */
static const struct timespec pause_between = {.tv_nsec = 30 * 1000 * 1000};

/* A plan, a generated kernel, or a peer. */
typedef struct contestant {
    fm_gemm_role role;
    const fm_scheme *scheme; /* of a generated kernel */
    fm_kernel kernel;
    const fm_blas *peer; /* NULL for that of exact types */
    size_t rank;         /* 0 for the plan that the planner chooses, its candidates from 1 on */
    bool ranked;
    bool left_out;   /* for the present shape there are fewer candidates */
    fm_plan plan;    /* for the present shape */
    unsigned calls;  /* in one measurement */
    double *seconds; /* of a call, for each round */
    size_t measured; /* rounds so far */
    double error;
} contestant;

struct fm_gemm_bench {
    fm_gemm_options options;
    fm_blas peers[FM_BLAS_MAX];
    int peer_count;
    const fm_gemm_kernel *kernel;
    fm_gemm_modulus modulus;   /* of residues */
    fm_exact_peer *exact_peer; /* of exact types, for the present shape */
    contestant *contestants;   /* by roles */
    size_t count;
};

/* Row-major, no padding. */
typedef struct operands {
    fm_gemm_shape shape;
    fm_gemm_type type;
    uint64_t p;
    void *a, *b, *c;
    size_t rows[SAMPLED_ROWS];
    size_t row_count;
    long double *reference; /* row_count x n */
} operands;

static double now(bool cpu_clock)
{
    return fm_clock_seconds(cpu_clock ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC);
}

/* ---------------------------------------------------------------- contestants */

static fm_scalar_type float_type(fm_gemm_type type)
{
    return type == FM_GEMM_F32 ? FM_F32 : FM_F64;
}

static void set_threads(unsigned threads)
{
    char *text = fm_format("%u", threads);
    setenv("OMP_NUM_THREADS", text, 1); /* for OpenMP libraries that are loaded from here on */
    omp_set_num_threads((int)threads);
    free(text);
}

static contestant *add(fm_gemm_bench *bench, fm_gemm_role role)
{
    bench->contestants =
        fm_realloc(bench->contestants, bench->count + 1, sizeof *bench->contestants);
    contestant *c = &bench->contestants[bench->count++];
    *c = (contestant){.role = role};
    c->seconds = fm_alloc_zero(bench->options.rounds, sizeof *c->seconds);
    return c;
}

static void add_plans(fm_gemm_bench *bench)
{
    const fm_gemm_options *options = &bench->options;
    add(bench, FM_GEMM_CHOSEN)->ranked = true;
    if (!options->no_classical)
        add(bench, FM_GEMM_CLASSICAL);
    for (size_t i = 0; i < options->plan_count; i++)
        add(bench, FM_GEMM_PLAN)->plan = options->plans[i];
    for (size_t i = 1; i <= options->candidates; i++) {
        contestant *c = add(bench, FM_GEMM_PLAN);
        c->ranked = true;
        c->rank = i;
    }
}

static fm_status add_schemes(fm_gemm_bench *bench, fm_error *error)
{
    const fm_gemm_options *options = &bench->options;
    fm_status status = FM_OK;
    for (size_t i = 0; i < options->scheme_count && status == FM_OK; i++) {
        contestant *c = add(bench, FM_GEMM_SCHEME);
        c->scheme = options->schemes[i];
        status = fm_kernel_load(c->scheme, float_type(options->type), options->crossover,
                                &c->kernel, error);
    }
    return status;
}

static void add_peers(fm_gemm_bench *bench)
{
    const char *wanted = bench->options.peer != NULL ? bench->options.peer : "";
    if (fm_gemm_is_exact(bench->kernel))
        add(bench, FM_GEMM_PEER);
    for (int i = 0; i < bench->peer_count; i++)
        if (strncmp(bench->peers[i].name, wanted, strlen(wanted)) == 0)
            add(bench, FM_GEMM_PEER)->peer = &bench->peers[i];
}

fm_status fm_gemm_bench_open(const fm_gemm_options *options, fm_gemm_bench **out, fm_error *error)
{
    fm_gemm_bench *bench = fm_alloc_zero(1, sizeof *bench);
    bench->options = *options;
    bench->kernel = fm_gemm_kernel_of(fm_cpu_vectors_here(), options->type);
    if (!fm_gemm_is_exact(bench->kernel))
        bench->peer_count = fm_blas_load(float_type(options->type), options->threads, bench->peers);
    set_threads(options->threads);
    if (options->p != 0)
        fm_gemm_modulus_init(&bench->modulus, options->p);
    add_plans(bench);
    fm_status status = add_schemes(bench, error);
    if (status != FM_OK) {
        fm_gemm_bench_close(bench);
        return status;
    }
    add_peers(bench);
    *out = bench;
    return FM_OK;
}

void fm_gemm_bench_close(fm_gemm_bench *bench)
{
    if (bench == NULL)
        return;
    for (size_t i = 0; i < bench->count; i++) {
        fm_kernel_unload(&bench->contestants[i].kernel);
        free(bench->contestants[i].seconds);
    }
    fm_blas_clear(bench->peers, bench->peer_count);
    free(bench->contestants);
    free(bench);
}

/* ---------------------------------------------------------------- operands */

static double entry(const operands *o, const void *matrix, size_t position)
{
    return o->type == FM_GEMM_F32 ? (double)((const float *)matrix)[position]
                                  : ((const double *)matrix)[position];
}

static bool is_exact(const operands *o)
{
    return o->type != FM_GEMM_F64 && o->type != FM_GEMM_F32;
}

static size_t entry_size(fm_gemm_type type)
{
    return type == FM_GEMM_F32 || type == FM_GEMM_I32 ? 4 : 8;
}

static fm_exact_product exact_product(const operands *o)
{
    return (fm_exact_product){o->type, o->p, o->shape, o->a, o->b, o->c};
}

/* Uniform in [-1, 1), or among all entries of an exact type. */
static void fill(const operands *o, void *matrix, size_t count, uint64_t stream)
{
    fm_random random;
    if (is_exact(o)) {
        fm_exact_fill(o->type, o->p, matrix, count, stream);
        return;
    }
    fm_random_seed(&random, 1, stream);
    for (size_t i = 0; i < count; i++) {
        double value = (double)(fm_random_next(&random) >> 11) * 0x1p-52 - 1;
        if (o->type == FM_GEMM_F32)
            ((float *)matrix)[i] = (float)value;
        else
            ((double *)matrix)[i] = value;
    }
}

static void compute_reference(operands *o)
{
    size_t n = o->shape.n, k = o->shape.k;
    for (size_t r = 0; r < o->row_count; r++) {
        long double *sum = o->reference + r * n;
        for (size_t j = 0; j < n; j++)
            sum[j] = 0;
        for (size_t p = 0; p < k; p++) {
            long double a = entry(o, o->a, o->rows[r] * k + p);
            for (size_t j = 0; j < n; j++)
                sum[j] += a * entry(o, o->b, p * n + j);
        }
    }
}

static void sample_rows(operands *o)
{
    o->row_count = o->shape.m < SAMPLED_ROWS ? o->shape.m : SAMPLED_ROWS;
    for (size_t r = 0; r < o->row_count; r++)
        o->rows[r] = r + 1 < o->row_count ? r * (o->shape.m / o->row_count) : o->shape.m - 1;
}

static bool element_counts(fm_gemm_shape s, size_t counts[3], size_t *total)
{
    return !__builtin_mul_overflow(s.m, s.k, &counts[0]) &&
           !__builtin_mul_overflow(s.k, s.n, &counts[1]) &&
           !__builtin_mul_overflow(s.m, s.n, &counts[2]) &&
           !__builtin_add_overflow(counts[0], counts[1], total) &&
           !__builtin_add_overflow(*total, counts[2], total) && *total <= PTRDIFF_MAX / 32;
}

static void free_operands(operands *o)
{
    free(o->a);
    free(o->b);
    free(o->c);
    free(o->reference);
}

static fm_status make_operands(fm_gemm_shape shape, fm_gemm_type type, uint64_t p, operands *o,
                               fm_error *error)
{
    size_t counts[3], total, size = entry_size(type);
    *o = (operands){.shape = shape, .type = type, .p = p};
    if (!element_counts(shape, counts, &total))
        return fm_fail(error, FM_BAD_INPUT, "%zux%zux%zu: too large for this machine", shape.m,
                       shape.n, shape.k);
    sample_rows(o);
    o->a = malloc(counts[0] * size);
    o->b = malloc(counts[1] * size);
    o->c = malloc(counts[2] * size);
    o->reference = malloc(o->row_count * shape.n * sizeof *o->reference);
    if (o->a == NULL || o->b == NULL || o->c == NULL || o->reference == NULL) {
        free_operands(o);
        return fm_fail(error, FM_IO, "%zux%zux%zu: not enough memory for matrices of %.1f GiB",
                       shape.m, shape.n, shape.k, (double)total * (double)size * 0x1p-30);
    }
    fill(o, o->a, counts[0], 1);
    fill(o, o->b, counts[1], 2);
    if (!is_exact(o))
        compute_reference(o);
    return FM_OK;
}

/* ---------------------------------------------------------------- runs */

static void multiply_by_peer(const fm_blas *peer, operands *o)
{
    int m = (int)o->shape.m, n = (int)o->shape.n, k = (int)o->shape.k;
    if (o->type == FM_GEMM_F32)
        peer->sgemm(CBLAS_ROW_MAJOR, CBLAS_NO_TRANS, CBLAS_NO_TRANS, m, n, k, 1, o->a, k, o->b, n,
                    0, o->c, n);
    else
        peer->dgemm(CBLAS_ROW_MAJOR, CBLAS_NO_TRANS, CBLAS_NO_TRANS, m, n, k, 1, o->a, k, o->b, n,
                    0, o->c, n);
}

static void multiply_by_plan(const fm_gemm_bench *bench, const fm_plan *plan, operands *o)
{
    const fm_gemm_shape s = o->shape;
    const fm_plan_call call = {.shape = s,
                               .alpha = fm_gemm_scalar_of(bench->kernel, 1),
                               .beta = fm_gemm_scalar_of(bench->kernel, 0),
                               .modulus = bench->options.p != 0 ? &bench->modulus : NULL,
                               .a = o->a,
                               .b = o->b,
                               .c = o->c,
                               .a_strides = {(ptrdiff_t)s.k, 1},
                               .b_strides = {(ptrdiff_t)s.n, 1},
                               .c_stride = (ptrdiff_t)s.n};
    fm_gemm_execute(bench->kernel, plan, bench->options.threads, &call);
}

static void multiply(const fm_gemm_bench *bench, const contestant *c, operands *o)
{
    size_t m = o->shape.m, n = o->shape.n, k = o->shape.k;
    if (c->peer != NULL)
        multiply_by_peer(c->peer, o);
    else if (c->role == FM_GEMM_PEER)
        fm_exact_peer_multiply(bench->exact_peer);
    else if (c->scheme == NULL)
        multiply_by_plan(bench, &c->plan, o);
    else if (o->type == FM_GEMM_F32)
        c->kernel.f32(m, n, k, 1, o->a, k, o->b, n, 0, o->c, n);
    else
        c->kernel.f64(m, n, k, 1, o->a, k, o->b, n, 0, o->c, n);
}

/* Seconds of one call, the mean of so many. */
static double measure(const fm_gemm_bench *bench, const contestant *c, operands *o, unsigned calls)
{
    const bool cpu_clock = bench->options.cpu_clock;
    double start = now(cpu_clock);
    for (unsigned i = 0; i < calls; i++)
        multiply(bench, c, o);
    return (now(cpu_clock) - start) / calls;
}

static double largest_error(const operands *o)
{
    if (is_exact(o)) {
        const fm_exact_product product = exact_product(o);
        return fm_exact_wrong(&product, o->rows, o->row_count);
    }
    size_t n = o->shape.n;
    long double error = 0, largest = 0;
    for (size_t r = 0; r < o->row_count; r++)
        for (size_t j = 0; j < n; j++) {
            long double expected = o->reference[r * n + j];
            long double difference = fabsl(entry(o, o->c, o->rows[r] * n + j) - expected);
            error = !(difference <= error) ? difference : error; /* not a number counts */
            largest = fmaxl(largest, fabsl(expected));
        }
    return (double)(error / largest);
}

static void clear_c(operands *o)
{
    memset(o->c, 0xff, o->shape.m * o->shape.n * entry_size(o->type)); /* not numbers */
}

/* The plans that depend on the shape. */
static void choose_plans(fm_gemm_bench *bench, fm_gemm_shape s)
{
    const unsigned threads = bench->options.threads;
    const size_t most = bench->options.candidates + 1;
    fm_plan_candidate *list = fm_alloc(most, sizeof *list);
    fm_planner_choose(bench->kernel, threads, s, (ptrdiff_t)s.n, &list[0].plan);
    size_t count = 1;
    if (most > 1) {
        const double volume = (double)s.m * (double)s.n * (double)s.k;
        const fm_gemm_costs costs = fm_calibrated_costs(bench->kernel, threads, volume);
        count = fm_planner_list(bench->kernel, &costs, bench->options.pool, s, (ptrdiff_t)s.n, list,
                                most);
    }
    for (size_t i = 0; i < bench->count; i++) {
        contestant *c = &bench->contestants[i];
        c->measured = 0;
        c->left_out = c->ranked && c->rank >= count;
        if (c->ranked && !c->left_out)
            c->plan = list[c->rank].plan;
    }
    free(list);
}

/* The first call, which finds the error, and the number of calls that a measurement takes. */
static void warm_up(const fm_gemm_bench *bench, contestant *c, operands *o)
{
    clear_c(o);
    double seconds = measure(bench, c, o, 1);
    if (c->role == FM_GEMM_PEER && c->peer == NULL)
        fm_exact_peer_store(bench->exact_peer);
    c->error = largest_error(o);
    if (seconds > long_seconds)
        c->seconds[c->measured++] = seconds;
    else if (seconds < measurement_seconds)
        seconds = measure(bench, c, o, 1); /* now with memory and caches warm */
    double calls = measurement_seconds / fmax(seconds, 1e-9);
    c->calls = calls < 1 ? 1 : calls > CALLS_MAX ? CALLS_MAX : (unsigned)calls;
}

static fm_status run_rounds(fm_gemm_bench *bench, operands *o, fm_error *error)
{
    const fm_gemm_options *options = &bench->options;
    choose_plans(bench, o->shape);
    for (unsigned round = 0; round <= options->rounds; round++) /* the first to warm up */
        for (size_t i = 0; i < bench->count; i++) {
            contestant *c = &bench->contestants[i];
            if (options->stop != NULL && *options->stop != 0)
                return fm_fail(error, FM_INTERRUPTED, "interrupted");
            if (c->left_out || c->measured == options->rounds)
                continue;
            if (round == 0)
                warm_up(bench, c, o);
            else
                c->seconds[c->measured++] = measure(bench, c, o, c->calls);
            if (options->threads > 1)
                nanosleep(&pause_between, NULL);
        }
    return FM_OK;
}

/* ---------------------------------------------------------------- results */

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, compare_doubles);
    return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

static char *contestant_name(const contestant *c, fm_gemm_type type, fm_gemm_shape s)
{
    if (c->peer != NULL)
        return fm_strdup(c->peer->name);
    if (c->role == FM_GEMM_PEER)
        return fm_strdup(fm_exact_peer_name(type));
    if (c->scheme == NULL)
        return fm_plan_name(&c->plan);
    unsigned levels = c->kernel.levels(s.m, s.n, s.k);
    return fm_format("%s:%u, %u level%s", fm_tensor_name(fm_scheme_tensor(c->scheme)),
                     fm_scheme_rank(c->scheme), levels, levels == 1 ? "" : "s");
}

static fm_gemm_measure make_measure(const fm_gemm_bench *bench, contestant *c, fm_gemm_shape s)
{
    double seconds = median(c->seconds, bench->options.rounds);
    return (fm_gemm_measure){c->role, contestant_name(c, bench->options.type, s),
                             2e-9 * (double)s.m * (double)s.n * (double)s.k / seconds, c->error};
}

static void make_result(const fm_gemm_bench *bench, fm_gemm_shape shape, fm_gemm_result *result)
{
    *result = (fm_gemm_result){0, fm_alloc(bench->count, sizeof *result->measures)};
    for (size_t i = 0; i < bench->count; i++)
        if (!bench->contestants[i].left_out)
            result->measures[result->count++] = make_measure(bench, &bench->contestants[i], shape);
}

fm_status fm_gemm_bench_run(fm_gemm_bench *bench, fm_gemm_shape shape, fm_gemm_result *result,
                            fm_error *error)
{
    operands o;
    if (shape.m == 0 || shape.n == 0 || shape.k == 0 || shape.m > INT_MAX || shape.n > INT_MAX ||
        shape.k > INT_MAX)
        return fm_fail(error, FM_BAD_INPUT, "%zux%zux%zu: sizes must be from 1 to %d", shape.m,
                       shape.n, shape.k, INT_MAX);
    fm_status status = make_operands(shape, bench->options.type, bench->options.p, &o, error);
    if (status != FM_OK)
        return status;
    const fm_exact_product product = exact_product(&o);
    if (is_exact(&o))
        bench->exact_peer = fm_exact_peer_new(&product, bench->options.threads);
    status = run_rounds(bench, &o, error);
    if (status == FM_OK)
        make_result(bench, shape, result);
    fm_exact_peer_free(bench->exact_peer);
    bench->exact_peer = NULL;
    free_operands(&o);
    return status;
}

void fm_gemm_result_clear(fm_gemm_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        free(result->measures[i].name);
    free(result->measures);
    *result = (fm_gemm_result){0};
}
