/* fewmul bench gemm: matrix products by schemes, by our classical kernel and by other libraries. */
#include "bench_gemm.h"
#include "bench_walk.h"
#include "command.h"
#include "error.h"
#include "gemm_schemes.h"
#include "gemm_type.h"
#include "machine.h"
#include "memory.h"
#include "output.h"
#include "plan_facts.h"
#include "print.h"

#include <limits.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *type, *sizes, *csv;
    const char *peer;
    uint64_t modulus, threads, rounds, crossover, candidates;
    cli_list schemes, plans;
    bool cpu_clock, no_classical, json;
} arguments = {.type = "f64", .sizes = "256,512,1024,2048", .threads = 1, .rounds = 5};

static const cli_option options[] = {
    {"type", "T", CLI_STRING, &arguments.type, "of the entries: f64, f32, i32, i64, zp"},
    {"modulus", "P", CLI_COUNT, &arguments.modulus, "of zp: up to 2^63"},
    {"sizes", "N,...", CLI_STRING, &arguments.sizes, "N, or MxNxK for C of M x N and A of M x K"},
    {"threads", "N", CLI_COUNT, &arguments.threads, "threads of each contestant; 0: all cores"},
    {"plan", "PLAN", CLI_LIST, &arguments.plans,
     "measure this plan too, such as \"2x2x2:7 slots, 2x2x2:7 fused\""},
    {"candidates", "N", CLI_COUNT, &arguments.candidates,
     "measure so many more of the plans that are expected to be fastest"},
    {"no-classical", NULL, CLI_FLAG, &arguments.no_classical, "leave out the classical product"},
    {"peer", "NAME", CLI_STRING, &arguments.peer, "only other libraries whose names begin so"},
    {"scheme", "FILE", CLI_LIST, &arguments.schemes,
     "measure generated kernels of all schemes of the file too"},
    {"crossover", "N", CLI_COUNT, &arguments.crossover, "of the schemes' kernels; 0: an estimate"},
    {"repeat", "R", CLI_COUNT, &arguments.rounds, "rounds, of which the median counts"},
    {"cpu-time", NULL, CLI_FLAG, &arguments.cpu_clock,
     "time by the processor's clock, for a machine that others use; one thread only"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print one JSON object"},
    {"csv", "FILE", CLI_STRING, &arguments.csv, "write a table too, a line for each measurement"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* ---------------------------------------------------------------- sizes */

/* One size, "1024" or "512x256x128"; *text moves to what follows. */
static bool parse_shape(const char **text, fm_gemm_shape *out)
{
    uint64_t size[3];
    char *end;
    int count = 0;
    for (;; (*text)++) {
        size[count] = strtoull(*text, &end, 10);
        if (**text < '0' || **text > '9' || size[count] == 0 || size[count] > INT_MAX)
            return false;
        *text = end;
        if (++count == 3 || *end != 'x')
            break;
    }
    *out = count == 3 ? (fm_gemm_shape){size[0], size[1], size[2]}
                      : (fm_gemm_shape){size[0], size[0], size[0]};
    return count != 2;
}

/* The shapes, to be freed, and their number; NULL after a message. */
static fm_gemm_shape *parse_sizes(const char *text, size_t *count)
{
    fm_gemm_shape *shapes = fm_alloc(strlen(text) / 2 + 1, sizeof *shapes);
    *count = 0;
    for (;;) {
        if (!parse_shape(&text, &shapes[*count]) || (*text != ',' && *text != '\0')) {
            cli_error("--sizes: '%s' is not a list such as 1024,2048 or 512x256x128, sizes from 1 "
                      "to %d",
                      arguments.sizes, INT_MAX);
            free(shapes);
            return NULL;
        }
        (*count)++;
        if (*text++ == '\0')
            return shapes;
    }
}

static bool is_square(fm_gemm_shape s)
{
    return s.m == s.n && s.n == s.k;
}

/* ---------------------------------------------------------------- plans */

/* To be freed; NULL after a message. */
static fm_plan *parse_plans(fm_gemm_pool pool, bool exact)
{
    fm_plan *plans = fm_alloc(arguments.plans.count + 1, sizeof *plans);
    for (size_t i = 0; i < arguments.plans.count; i++) {
        const bool found = fm_plan_of_name(arguments.plans.items[i], pool, &plans[i]);
        if (found && (!exact || fm_plan_is_unit(&plans[i])))
            continue;
        cli_error("--plan: '%s' is not a list such as \"2x2x2:7 slots, 2x2x2:7 fused\" of built-in "
                  "or given schemes",
                  arguments.plans.items[i]);
        free(plans);
        return NULL;
    }
    return plans;
}

/* ---------------------------------------------------------------- output */

static const char *const roles[FM_GEMM_ROLES] = {"plan", "classical", "further plan", "scheme",
                                                 "peer"};
static const char *const lists[FM_GEMM_ROLES] = {
    [FM_GEMM_PLAN] = "plans", [FM_GEMM_SCHEME] = "schemes", [FM_GEMM_PEER] = "peers"};

static json_t *measure_object(const fm_gemm_measure *m)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", fm_json_string(m->name));
    json_object_set_new(object, "gflops", cli_json_real(m->gflops));
    json_object_set_new(object, "error", cli_json_real(m->error));
    return object;
}

static json_t *result_object(fm_gemm_shape s, const fm_gemm_result *result)
{
    json_t *object = json_object();
    char *size = fm_format("%zux%zux%zu", s.m, s.n, s.k);
    json_object_set_new(object, "size",
                        is_square(s) ? json_integer((json_int_t)s.m) : json_string(size));
    json_object_set_new(object, "m", json_integer((json_int_t)s.m));
    json_object_set_new(object, "n", json_integer((json_int_t)s.n));
    json_object_set_new(object, "k", json_integer((json_int_t)s.k));
    for (int role = FM_GEMM_PLAN; role < FM_GEMM_ROLES; role++)
        json_object_set_new(object, lists[role], json_array());
    for (size_t i = 0; i < result->count; i++) {
        const fm_gemm_measure *m = &result->measures[i];
        if (m->role >= FM_GEMM_PLAN)
            json_array_append_new(json_object_get(object, lists[m->role]), measure_object(m));
        else
            json_object_set_new(object, roles[m->role], measure_object(m));
    }
    free(size);
    return object;
}

/* What is measured on. */
typedef struct setting {
    char *machine;
    unsigned threads;
    double peak; /* GF/s of all threads */
} setting;

static void write_rows(FILE *csv, const setting *on, fm_gemm_shape s, const fm_gemm_result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        const fm_gemm_measure *m = &result->measures[i];
        fprintf(csv, "%s,%u,%zu,%zu,%zu,%s,\"%s\",%.6g,%.3g,%.6g,\"%s\"\n", arguments.type,
                on->threads, s.m, s.n, s.k, roles[m->role], m->name, m->gflops, m->error, on->peak,
                on->machine);
    }
}

static void print_row(const char *label, const fm_gemm_measure *m, double best_peer)
{
    printf("%-18s%-62s%9.2f", label, m->name, m->gflops);
    if (best_peer > 0)
        printf("%10.3f", m->gflops / best_peer);
    printf("%12.1e\n", m->error);
}

static void print_table(fm_gemm_shape s, const fm_gemm_result *result)
{
    char label[3 * 24] = "";
    double best_peer = 0;
    for (size_t i = 0; i < result->count; i++)
        if (result->measures[i].role == FM_GEMM_PEER)
            best_peer = fmax(best_peer, result->measures[i].gflops);
    if (is_square(s))
        snprintf(label, sizeof label, "%zu", s.m);
    else
        snprintf(label, sizeof label, "%zux%zux%zu", s.m, s.n, s.k);
    printf("\n%-18s%-62s%9s%s%12s\n", "size", "algorithm", "GF/s",
           best_peer > 0 ? "   to peer" : "", "error");
    for (size_t i = 0; i < result->count; i++)
        print_row(i == 0 ? label : "", &result->measures[i], best_peer);
    fflush(stdout);
}

/* ---------------------------------------------------------------- the command */

static fm_status run_shapes(fm_gemm_bench *bench, const setting *on, const fm_gemm_shape *shapes,
                            size_t count, FILE *csv, fm_error *error)
{
    fm_status status = FM_OK;
    json_t *results = json_array();
    for (size_t i = 0; i < count && status == FM_OK; i++) {
        fm_gemm_result result;
        status = fm_gemm_bench_run(bench, shapes[i], &result, error);
        if (status != FM_OK)
            break;
        if (csv != NULL)
            write_rows(csv, on, shapes[i], &result);
        if (arguments.json)
            json_array_append_new(results, result_object(shapes[i], &result));
        else
            print_table(shapes[i], &result);
        fm_gemm_result_clear(&result);
    }
    if (arguments.json && status == FM_OK)
        cli_print_json(json_pack("{s:O, s:s, s:i, s:o, s:o}", "results", results, "type",
                                 arguments.type, "threads", (int)on->threads, "peak",
                                 cli_json_real(on->peak), "machine", fm_json_string(on->machine)));
    json_decref(results);
    return status;
}

/* The same, with the table where one is wanted: it appears whole or not at all. */
static fm_status run_and_write(fm_gemm_bench *bench, const setting *on, const fm_gemm_shape *shapes,
                               size_t count, fm_error *error)
{
    cli_output csv;
    if (arguments.csv == NULL)
        return run_shapes(bench, on, shapes, count, NULL, error);
    fm_status status = cli_output_open(arguments.csv, &csv, error);
    if (status != FM_OK)
        return status;
    fprintf(csv.file, "type,threads,m,n,k,role,name,gflops,error,peak,machine\n");
    status = run_shapes(bench, on, shapes, count, csv.file, error);
    return cli_output_close(&csv, status, error);
}

/* 0 for exact types. */
static double peak_of(fm_gemm_type type, unsigned threads)
{
    if (type != FM_GEMM_F64 && type != FM_GEMM_F32)
        return 0;
    return threads * fm_machine_peak(fm_cpu_vectors_here(), type == FM_GEMM_F32 ? FM_F32 : FM_F64);
}

static fm_status run_bench(fm_gemm_type type, unsigned threads, const cli_gemm_schemes *schemes,
                           const fm_plan *plans, const fm_gemm_shape *shapes, size_t count,
                           fm_error *error)
{
    fm_gemm_bench *bench = NULL;
    fm_gemm_options how = {.type = type,
                           .p = arguments.modulus,
                           .threads = threads,
                           .rounds = (unsigned)arguments.rounds,
                           .cpu_clock = arguments.cpu_clock,
                           .crossover = (unsigned)arguments.crossover,
                           .schemes = schemes->schemes,
                           .scheme_count = schemes->count,
                           .pool = schemes->pool,
                           .plans = plans,
                           .plan_count = arguments.plans.count,
                           .candidates = (size_t)arguments.candidates,
                           .no_classical = arguments.no_classical,
                           .peer = arguments.peer,
                           .stop = cli_stop_flag()};
    fm_status status = fm_gemm_bench_open(&how, &bench, error);
    if (status == FM_OK) {
        setting on = {fm_machine_name(), threads, peak_of(type, threads)};
        status = run_and_write(bench, &on, shapes, count, error);
        free(on.machine);
    }
    fm_gemm_bench_close(bench);
    return status;
}

static int run_plans(fm_gemm_type type, unsigned threads, const cli_gemm_schemes *schemes,
                     const fm_gemm_shape *shapes, size_t count)
{
    fm_error error;
    fm_plan *plans = parse_plans(schemes->pool, type != FM_GEMM_F64 && type != FM_GEMM_F32);
    if (plans == NULL)
        return CLI_WRONG;
    cli_catch_signals();
    fm_status status = run_bench(type, threads, schemes, plans, shapes, count, &error);
    free(plans);
    return cli_exit_code(status, &error);
}

static int run(size_t count, char **operands)
{
    (void)count, (void)operands;
    fm_error error;
    size_t shape_count;
    fm_gemm_type type;
    if (!cli_gemm_type(arguments.type, arguments.modulus, &type))
        return CLI_WRONG;
    if (arguments.schemes.count > 0 && type != FM_GEMM_F64 && type != FM_GEMM_F32)
        return cli_error("--scheme: kernels are generated for f64 and f32 only");
    if (arguments.threads > 1024)
        return cli_error("--threads: must be at most 1024");
    if (arguments.rounds == 0 || arguments.rounds > 1000)
        return cli_error("--repeat: must be from 1 to 1000");
    if (arguments.candidates > 100)
        return cli_error("--candidates: must be at most 100");
    if (arguments.crossover > UINT_MAX)
        return cli_error("--crossover: must be at most %u", UINT_MAX);
    unsigned threads =
        arguments.threads != 0 ? (unsigned)arguments.threads : (unsigned)omp_get_max_threads();
    if (arguments.cpu_clock && threads != 1)
        return cli_error("--cpu-time: only with one thread");
    fm_gemm_shape *shapes = parse_sizes(arguments.sizes, &shape_count);
    if (shapes == NULL)
        return CLI_WRONG;
    cli_gemm_schemes schemes;
    fm_status status = cli_gemm_schemes_read(&arguments.schemes, type, &schemes, &error);
    int code = cli_exit_code(status, &error);
    if (status == FM_OK)
        code = run_plans(type, threads, &schemes, shapes, shape_count);
    cli_gemm_schemes_free(&schemes);
    free(shapes);
    return code;
}

const cli_command cli_command_bench_gemm = {
    .name = "bench gemm",
    .operands = "",
    .summary = "measure matrix products beside other libraries",
    .details =
        "Measures fewmul's own product, by the plan that it chooses and classically, and OpenBLAS, "
        "BLIS and MKL\n(those found, each with the setting that is fastest here) in turn in one "
        "process: after a warm-up each\nruns once a round, and the median of the rounds counts. "
        "From each scheme that is given, a kernel is\ngenerated, compiled with $CC or cc, and "
        "measured too. GF/s are 2mnk over time, also where fewer\noperations are done. The error "
        "is the largest difference from a product in long double over 8 rows,\ndivided by the "
        "largest entry there; matrices are uniform in [-1, 1). Exact types are measured beside a\n"
        "plain loop (i32, i64) or FLINT's nmod_mat_mul (zp); their error is the part of the "
        "entries "
        "that are wrong. The peak is that of multiplying and adding in registers;\n"
        "scripts/plot_gemm.py draws the table.",
    .options = options,
    .operands_min = 0,
    .operands_max = 0,
    .run = run,
};
