/* fewmul plan: which plan a product of matrices gets, and why. */
#include "calibration.h"
#include "command.h"
#include "cost_file.h"
#include "gemm_schemes.h"
#include "gemm_type.h"
#include "memory.h"
#include "plan_facts.h"
#include "print.h"

#include <inttypes.h>
#include <limits.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum { SHOWN_MAX = 100 };

static struct {
    cli_list schemes;
    const char *type;
    uint64_t modulus, threads, candidates;
    bool calibrate, json;
} arguments = {.type = "f64", .candidates = 8};

static const cli_option options[] = {
    {"type", "T", CLI_STRING, &arguments.type, "of the entries: f64, f32, i32, i64, zp"},
    {"modulus", "P", CLI_COUNT, &arguments.modulus, "of zp: up to 2^63"},
    {"threads", "N", CLI_COUNT, &arguments.threads, "threads; 0: as many as OpenMP would use"},
    {"scheme", "FILE", CLI_LIST, &arguments.schemes, "plans may have the schemes of this file too"},
    {"candidates", "N", CLI_COUNT, &arguments.candidates, "how many plans to show"},
    {"calibrate", NULL, CLI_FLAG, &arguments.calibrate, "measure this machine now, and keep that"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print one JSON object"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* Everything that is printed. */
typedef struct explanation {
    const fm_gemm_kernel *kernel;
    unsigned threads;
    fm_gemm_shape shape;
    fm_gemm_blocks blocks;
    fm_gemm_costs costs;
    fm_plan_candidate *list;
    size_t count;
    fm_plan_estimate classical;
} explanation;

/* What the speed would be if additions cost nothing. */
static double limit_of(const fm_plan_candidate *c)
{
    return 1 / c->estimate.products;
}

static double speedup_of(const explanation *e, const fm_plan_candidate *c)
{
    return e->classical.seconds / c->estimate.seconds;
}

/* ---------------------------------------------------------------- output */

static json_t *candidate_object(const explanation *e, const fm_plan_candidate *c)
{
    char *name = fm_plan_name(&c->plan);
    fm_gemm_shape block = fm_plan_bottom(&c->plan, e->shape);
    json_t *object = json_object(), *levels = json_array();
    json_object_set_new(object, "name", json_string(name));
    for (unsigned l = 0; l < c->plan.level_count; l++)
        json_array_append_new(
            levels, json_pack("{s:s, s:s}", "scheme", c->plan.levels[l].scheme->name, "way",
                              c->plan.levels[l].way == FM_LEVEL_FUSED ? "fused" : "slots"));
    json_object_set_new(object, "levels", levels);
    json_object_set_new(object, "fringe", json_string(c->plan.peeled ? "peeled" : "padded"));
    json_object_set_new(
        object, "block",
        json_pack("[I, I, I]", (json_int_t)block.m, (json_int_t)block.n, (json_int_t)block.k));
    json_object_set_new(object, "seconds", cli_json_real(c->estimate.seconds));
    json_object_set_new(object, "speedup", cli_json_real(speedup_of(e, c)));
    json_object_set_new(object, "bound", cli_json_real(limit_of(c)));
    json_object_set_new(object, "multiplications", cli_json_real(c->estimate.products));
    json_object_set_new(object, "moved_bytes", cli_json_real(c->estimate.moved));
    json_object_set_new(object, "error_growth", cli_json_real(c->estimate.growth));
    json_object_set_new(object, "workspace_bytes", json_integer((json_int_t)c->estimate.workspace));
    free(name);
    return object;
}

static json_t *explanation_object(const explanation *e)
{
    json_t *object = json_object(), *list = json_array();
    for (size_t i = 0; i < e->count; i++)
        json_array_append_new(list, candidate_object(e, &e->list[i]));
    json_object_set_new(object, "m", json_integer((json_int_t)e->shape.m));
    json_object_set_new(object, "n", json_integer((json_int_t)e->shape.n));
    json_object_set_new(object, "k", json_integer((json_int_t)e->shape.k));
    json_object_set_new(object, "type", json_string(arguments.type));
    json_object_set_new(object, "threads", json_integer(e->threads));
    json_object_set_new(object, "kernel",
                        json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "name", e->kernel->name, "mr",
                                  (json_int_t)e->kernel->mr, "nr", (json_int_t)e->kernel->nr, "mc",
                                  (json_int_t)e->blocks.mc, "kc", (json_int_t)e->blocks.kc, "nc",
                                  (json_int_t)e->blocks.nc));
    json_object_set_new(object, "costs",
                        json_pack("{s:o, s:o, s:o, s:o, s:o}", "flop", cli_json_real(e->costs.flop),
                                  "pack", cli_json_real(e->costs.pack), "update",
                                  cli_json_real(e->costs.update), "update_aliased",
                                  cli_json_real(e->costs.update_aliased), "move",
                                  cli_json_real(e->costs.move)));
    json_object_set_new(object, "classical_seconds", cli_json_real(e->classical.seconds));
    json_object_set_new(object, "plan", candidate_object(e, &e->list[0]));
    json_object_set_new(object, "candidates", list);
    return object;
}

static void print_candidate(const explanation *e, const fm_plan_candidate *c)
{
    char *name = fm_plan_name(&c->plan);
    printf("%-60s %7s %10.4g %8.3f %8.3f %10.1f %10.1f %7.1f\n", name,
           c->plan.level_count == 0 ? ""
           : c->plan.peeled         ? "peeled"
                                    : "padded",
           c->estimate.seconds, speedup_of(e, c), limit_of(c), c->estimate.moved * 0x1p-20,
           (double)c->estimate.workspace * 0x1p-20, c->estimate.growth);
    free(name);
}

static void print_explanation(const explanation *e)
{
    printf("C of %zu x %zu, A of %zu x %zu, %s", e->shape.m, e->shape.n, e->shape.m, e->shape.k,
           arguments.type);
    if (arguments.modulus != 0)
        printf(" modulo %" PRIu64, arguments.modulus);
    printf(", %u thread%s\n", e->threads, e->threads == 1 ? "" : "s");
    printf("kernel %s: tiles of %zu x %zu, blocks mc %zu, kc %zu, nc %zu\n", e->kernel->name,
           e->kernel->mr, e->kernel->nr, e->blocks.mc, e->blocks.kc, e->blocks.nc);
    printf("costs: %.1f GF/s in tiles; for an entry, in ns: %.2f to pack a term, %.2f to update C "
           "(%.2f where\nits rows are a multiple of 4 KiB apart), %.2f to move in sums\n\n",
           1e-9 / e->costs.flop, 1e9 * e->costs.pack, 1e9 * e->costs.update,
           1e9 * e->costs.update_aliased, 1e9 * e->costs.move);
    printf("%-60s %7s %10s %8s %8s %10s %10s %7s\n", "plan", "fringe", "seconds", "speedup",
           "bound", "moved MiB", "work MiB", "error");
    for (size_t i = 0; i < e->count; i++)
        print_candidate(e, &e->list[i]);
}

/* ---------------------------------------------------------------- the command */

static bool parse_size(const char *text, size_t *size)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    *size = (size_t)value;
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && value >= 1 && value <= INT_MAX;
}

static fm_status calibrate(const fm_gemm_kernel *kernel, unsigned threads, fm_gemm_costs *costs,
                           fm_error *error)
{
    *costs = fm_calibrate(kernel, threads);
    return fm_cost_file_put(kernel, threads, costs, error);
}

static int explain(fm_gemm_type type, fm_gemm_pool pool, unsigned threads, fm_gemm_shape shape)
{
    fm_error error;
    explanation e = {.kernel = fm_gemm_kernel_of(fm_cpu_vectors_here(), type),
                     .threads = threads,
                     .shape = shape};
    const fm_plan classical = {.level_count = 0};
    fm_status status = FM_OK;
    e.blocks = fm_gemm_choose_blocks(e.kernel, fm_cpu_caches_here());
    if (arguments.calibrate)
        status = calibrate(e.kernel, threads, &e.costs, &error);
    else
        e.costs = fm_calibrated_costs(e.kernel, threads,
                                      (double)shape.m * (double)shape.n * (double)shape.k);
    if (status != FM_OK)
        return cli_exit_code(status, &error);
    e.list = fm_alloc(arguments.candidates, sizeof *e.list);
    e.count = fm_planner_list(e.kernel, &e.costs, pool, shape, (ptrdiff_t)shape.n, e.list,
                              arguments.candidates);
    e.classical = fm_plan_estimate_of(&classical, e.kernel, &e.costs, shape, (ptrdiff_t)shape.n);
    if (arguments.json)
        cli_print_json(explanation_object(&e));
    else
        print_explanation(&e);
    free(e.list);
    return CLI_DONE;
}

static int run(size_t count, char **operands)
{
    (void)count;
    size_t sizes[3];
    fm_gemm_type type;
    if (!cli_gemm_type(arguments.type, arguments.modulus, &type))
        return CLI_WRONG;
    if (arguments.threads > 1024)
        return cli_error("--threads: must be at most 1024");
    if (arguments.candidates < 1 || arguments.candidates > SHOWN_MAX)
        return cli_error("--candidates: must be from 1 to %d", SHOWN_MAX);
    for (int i = 0; i < 3; i++)
        if (!parse_size(operands[i], &sizes[i]))
            return cli_error("'%s' is not a size from 1 to %d", operands[i], INT_MAX);
    unsigned threads =
        arguments.threads != 0 ? (unsigned)arguments.threads : (unsigned)omp_get_max_threads();
    fm_error error;
    cli_gemm_schemes schemes;
    fm_status status = cli_gemm_schemes_read(&arguments.schemes, type, &schemes, &error);
    int code = cli_exit_code(status, &error);
    if (status == FM_OK)
        code = explain(type, schemes.pool, threads, (fm_gemm_shape){sizes[0], sizes[1], sizes[2]});
    cli_gemm_schemes_free(&schemes);
    return code;
}

const cli_command cli_command_plan = {
    .name = "plan",
    .operands = "M N K",
    .summary = "explain how a matrix product is computed: which schemes at which level",
    .details =
        "C is M x N, A is M x K. Lists the plans that are expected to be fastest on this machine, "
        "best first:\nschemes from the outermost level to the innermost, their additions fused "
        "into "
        "packing and write-back,\nor done in slots (temporaries). The bound is the speedup if "
        "additions cost nothing, 1 over the\nmultiplications that are left; speedup is what is "
        "expected with them, over the classical product.\nmoved is what additions read and write "
        "beyond that, error by how much the error is expected to exceed the\nclassical one. Costs "
        "are measured once, for the first large\nproduct or with --calibrate, "
        "and "
        "kept in $XDG_CACHE_HOME/fewmul/costs or ~/.cache/fewmul/costs.",
    .options = options,
    .operands_min = 3,
    .operands_max = 3,
    .run = run,
};
