/* fewmul bench search: the time to a rank. */
#include "bench_walk.h"
#include "command.h"
#include "print.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

static struct {
    fm_ring ring;
    const char *engine, *symmetry;
    uint64_t target, runs, threads, seed;
    double seconds;
    bool json;
} arguments = {.ring = {FM_RING_ZT, 0}, .engine = "flips", .runs = 10, .seed = 1, .seconds = 60};

static const cli_option options[] = {
    {"ring", "R", CLI_RING, &arguments.ring, "f2, f3 or zt"},
    {"engine", "NAME", CLI_STRING, &arguments.engine,
     "flips, or symmetric: square formats, a symmetry kept"},
    {"symmetry", "GROUP", CLI_STRING, &arguments.symmetry,
     "cyclic, cyclic+reversal or cyclic+transposition [what is best for the size]"},
    {"target", "RANK", CLI_COUNT, &arguments.target, "the rank to reach (required)"},
    {"runs", "K", CLI_COUNT, &arguments.runs, "runs, each with its own seed"},
    {"threads", "N", CLI_COUNT, &arguments.threads, "threads; 0: all cores"},
    {"time", "S", CLI_SECONDS, &arguments.seconds, "give a run up after"},
    {"seed", "N", CLI_COUNT, &arguments.seed, "of the first run; the next ones count on"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print one JSON object"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

static void print_run(unsigned run, double seconds, uint32_t best_rank)
{
    unsigned long long seed = arguments.seed + run;
    if (isnan(seconds))
        printf("seed %llu: not reached, best rank %u\n", seed, best_rank);
    else
        printf("seed %llu: %.3f s\n", seed, seconds);
    fflush(stdout);
}

static int compare_times(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y); /* not reached counts as longest */
    return (x > y) - (x < y);
}

static void print_json(const double *times)
{
    json_t *runs = json_array();
    for (uint64_t run = 0; run < arguments.runs; run++) {
        json_t *object = json_object();
        json_object_set_new(object, "seed", cli_json_seed(arguments.seed + run));
        json_object_set_new(object, "seconds", cli_json_real(times[run]));
        json_array_append_new(runs, object);
    }
    cli_print_json(json_pack("{s:o}", "runs", runs));
}

static void print_summary(double *times)
{
    uint64_t reached = 0;
    for (uint64_t run = 0; run < arguments.runs; run++)
        reached += !isnan(times[run]);
    qsort(times, arguments.runs, sizeof *times, compare_times);
    double low = times[(arguments.runs - 1) / 2], high = times[arguments.runs / 2];
    printf("reached rank %llu in %llu of %llu runs", (unsigned long long)arguments.target,
           (unsigned long long)reached, (unsigned long long)arguments.runs);
    if (isnan(high))
        printf("; the median run did not\n");
    else
        printf("; median %.3f s\n", (low + high) / 2);
}

static int run(size_t count, char **operands)
{
    (void)count;
    fm_error error;
    fm_tensor *tensor;
    if (arguments.target == 0 || arguments.target > UINT32_MAX)
        return cli_error("bench search: --target RANK is required");
    if (arguments.runs == 0 || arguments.runs > 1000000)
        return cli_error("--runs: must be from 1 to 1000000");
    if (arguments.seconds <= 0)
        return cli_error("--time: must be above 0");
    fm_status status = cli_read_tensor(operands[0], &tensor, &error);
    if (status != FM_OK)
        return cli_exit_code(status, &error);
    double *times = calloc(arguments.runs, sizeof *times);
    if (times == NULL)
        return cli_error("out of memory");
    cli_catch_signals();
    status = fm_bench_search(tensor, arguments.engine, arguments.symmetry, arguments.ring,
                             (uint32_t)arguments.target, (unsigned)arguments.threads,
                             arguments.seconds, arguments.seed, (unsigned)arguments.runs,
                             cli_stop_flag(), times, arguments.json ? NULL : print_run, &error);
    if (status == FM_OK && arguments.json)
        print_json(times);
    else if (status == FM_OK)
        print_summary(times);
    free(times);
    fm_tensor_free(tensor);
    return cli_exit_code(status, &error);
}

const cli_command cli_command_bench_search = {
    .name = "bench search",
    .operands = "FORMAT|TENSOR",
    .summary = "measure the time to a rank",
    .details = "Searches from the standard scheme, once a seed, and prints the seconds until the "
               "target rank\nwas reached.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
