/* fewmul bench search: the time to a rank. */
#include "bench_walk.h"
#include "command.h"
#include "print.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

static struct {
    fm_ring ring;
    const char *engine, *strategy, *symmetry, *coefficients, *model;
    uint64_t target, runs, threads, seed, flips;
    double seconds;
    bool learn, json;
} arguments = {.ring = {FM_RING_ZT, 0}, .strategy = "growth", .runs = 10, .seed = 1, .seconds = 60};

static const cli_option options[] = {
    {"ring", "R", CLI_RING, &arguments.ring, "f2, f3 or zt; with the engine mcts also z"},
    {"engine", "NAME", CLI_STRING, &arguments.engine,
     "flips; symmetric: square formats, a symmetry kept; mcts: tree search; auto: all that suit, "
     "in "
     "turn [flips; from 5x5x5 on symmetric in turn with it]"},
    {"strategy", "NAME", CLI_STRING, &arguments.strategy,
     "of the engine flips: growth, pools or walks"},
    {"symmetry", "GROUP", CLI_STRING, &arguments.symmetry,
     "cyclic, cyclic+reversal or cyclic+transposition [what is best for the size]"},
    {"coefficients", "-B..B", CLI_STRING, &arguments.coefficients,
     "of the engine mcts over z, B from 1 to 4 [-1..1]"},
    {"learn", NULL, CLI_FLAG, &arguments.learn,
     "with the engine mcts, each run with a model of its own that has learnt nothing yet"},
    {"model", "FILE", CLI_STRING, &arguments.model,
     "each run goes on from this model, which stays as it is"},
    {"target", "RANK", CLI_COUNT, &arguments.target, "the rank to reach (required)"},
    {"runs", "K", CLI_COUNT, &arguments.runs, "runs, each with its own seed"},
    {"threads", "N", CLI_COUNT, &arguments.threads, "threads; 0: all cores"},
    {"time", "S", CLI_SECONDS, &arguments.seconds, "give a run up after"},
    {"flips", "N", CLI_COUNT, &arguments.flips,
     "give a run up when each walker has made so many; 0: never"},
    {"seed", "N", CLI_COUNT, &arguments.seed, "of the first run; the next ones count on"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print one JSON object"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

static void print_run(unsigned number, const fm_bench_search_run *run)
{
    unsigned long long seed = arguments.seed + number;
    if (isnan(run->seconds))
        printf("seed %llu: not reached, best rank %u, %.3g flips\n", seed, run->best_rank,
               (double)run->flips);
    else
        printf("seed %llu: %.3f s, %.3g flips\n", seed, run->seconds, (double)run->flips);
    fflush(stdout);
}

/* Not reached counts as longest. */
static int compare_runs(const void *a, const void *b)
{
    const fm_bench_search_run *x = a, *y = b;
    if (isnan(x->seconds) || isnan(y->seconds))
        return isnan(x->seconds) - isnan(y->seconds);
    return (x->seconds > y->seconds) - (x->seconds < y->seconds);
}

static int compare_flips(const void *a, const void *b)
{
    const fm_bench_search_run *x = a, *y = b;
    if (isnan(x->seconds) || isnan(y->seconds))
        return isnan(x->seconds) - isnan(y->seconds);
    return (x->flips > y->flips) - (x->flips < y->flips);
}

static void print_json(const fm_bench_search_run *runs)
{
    json_t *array = json_array();
    for (uint64_t number = 0; number < arguments.runs; number++) {
        json_t *object = json_object();
        json_object_set_new(object, "seed", cli_json_seed(arguments.seed + number));
        json_object_set_new(object, "seconds", cli_json_real(runs[number].seconds));
        json_object_set_new(object, "flips", json_integer((json_int_t)runs[number].flips));
        json_object_set_new(object, "rank", json_integer(runs[number].best_rank));
        json_array_append_new(array, object);
    }
    cli_print_json(json_pack("{s:o}", "runs", array));
}

static void print_summary(fm_bench_search_run *runs)
{
    uint64_t reached = 0, low = (arguments.runs - 1) / 2, high = arguments.runs / 2;
    for (uint64_t number = 0; number < arguments.runs; number++)
        reached += !isnan(runs[number].seconds);
    qsort(runs, arguments.runs, sizeof *runs, compare_runs);
    printf("reached rank %llu in %llu of %llu runs", (unsigned long long)arguments.target,
           (unsigned long long)reached, (unsigned long long)arguments.runs);
    if (isnan(runs[high].seconds)) {
        printf("; the median run did not\n");
        return;
    }
    printf("; median %.3f s", (runs[low].seconds + runs[high].seconds) / 2);
    qsort(runs, arguments.runs, sizeof *runs, compare_flips);
    printf(", %.3g flips\n", ((double)runs[low].flips + (double)runs[high].flips) / 2);
}

static fm_status measure(const fm_tensor *tensor, fm_strategy strategy, fm_bench_search_run *runs,
                         fm_error *error)
{
    fm_search_options settings = {
        .engine = arguments.engine,
        .strategy = strategy,
        .symmetry = arguments.symmetry,
        .learn = arguments.learn || arguments.model != NULL,
        .model_from = arguments.model,
        .ring = arguments.ring,
        .coefficient_max = cli_parse_coefficients(arguments.coefficients),
        .threads = (unsigned)arguments.threads,
        .seconds = arguments.seconds,
        .flips = arguments.flips,
        .seed = arguments.seed,
        .target_rank = (uint32_t)arguments.target,
        .stop = cli_stop_flag(),
    };
    return fm_bench_search(tensor, &settings, (unsigned)arguments.runs, runs,
                           arguments.json ? NULL : print_run, error);
}

static int run(size_t count, char **operands)
{
    (void)count;
    fm_error error;
    fm_tensor *tensor;
    fm_strategy strategy;
    if (arguments.target == 0 || arguments.target > UINT32_MAX)
        return cli_error("bench search: --target RANK is required");
    if (arguments.runs == 0 || arguments.runs > 1000000)
        return cli_error("--runs: must be from 1 to 1000000");
    if (!cli_parse_strategy(arguments.strategy, &strategy))
        return cli_error("--strategy: expected growth, pools or walks");
    if (arguments.coefficients != NULL && cli_parse_coefficients(arguments.coefficients) == 0)
        return cli_error("--coefficients: expected -B..B, B from 1 to 4");
    if (arguments.seconds <= 0)
        return cli_error("--time: must be above 0");
    fm_status status = cli_read_tensor(operands[0], &tensor, &error);
    if (status != FM_OK)
        return cli_exit_code(status, &error);
    fm_bench_search_run *runs = calloc(arguments.runs, sizeof *runs);
    if (runs == NULL)
        return cli_error("out of memory");
    cli_catch_signals();
    status = measure(tensor, strategy, runs, &error);
    if (status == FM_OK && arguments.json)
        print_json(runs);
    else if (status == FM_OK)
        print_summary(runs);
    free(runs);
    fm_tensor_free(tensor);
    return cli_exit_code(status, &error);
}

const cli_command cli_command_bench_search = {
    .name = "bench search",
    .operands = "FORMAT|TENSOR",
    .summary = "measure the time to a rank",
    .details = "Searches from the standard scheme, once a seed, and prints the seconds until the "
               "target rank\nwas reached, and the flips of the run.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
