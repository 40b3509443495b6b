/* fewmul bench flips: how many flips a second. */
#include "bench_walk.h"
#include "command.h"
#include "print.h"

#include <omp.h>

static struct {
    fm_ring ring;
    uint64_t threads, seed;
    double seconds;
    bool json;
} arguments = {.ring = {FM_RING_ZP, 2}, .threads = 1, .seed = 1, .seconds = 10};

static const cli_option options[] = {
    {"ring", "R", CLI_RING, &arguments.ring, "f2, f3 or zt"},
    {"threads", "N", CLI_COUNT, &arguments.threads, "threads, one walker each; 0: all cores"},
    {"seconds", "S", CLI_SECONDS, &arguments.seconds, "how long to walk"},
    {"seed", "N", CLI_COUNT, &arguments.seed, "of the random streams"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print one JSON object"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

static void print_json(const fm_tensor *tensor, unsigned threads,
                       const fm_bench_flips_result *result)
{
    char ring[FM_RING_NAME_SIZE];
    json_t *object = json_object();
    json_object_set_new(object, "format", fm_json_string(fm_tensor_name(tensor)));
    json_object_set_new(object, "ring", json_string(fm_ring_name(arguments.ring, ring)));
    json_object_set_new(object, "threads", json_integer(threads));
    json_object_set_new(object, "seconds", cli_json_real(result->seconds));
    json_object_set_new(object, "flips_per_second", cli_json_real(result->flips_per_second));
    json_object_set_new(object, "best_rank", json_integer(result->best_rank));
    cli_print_json(object);
}

static int run(size_t count, char **operands)
{
    (void)count;
    fm_error error;
    fm_tensor *tensor;
    fm_bench_flips_result result;
    char ring[FM_RING_NAME_SIZE];
    unsigned threads =
        arguments.threads != 0 ? (unsigned)arguments.threads : (unsigned)omp_get_max_threads();
    if (arguments.seconds <= 0)
        return cli_error("--seconds: must be above 0");
    fm_status status = cli_read_tensor(operands[0], &tensor, &error);
    if (status != FM_OK)
        return cli_exit_code(status, &error);
    cli_catch_signals();
    status = fm_bench_flips(tensor, arguments.ring, threads, arguments.seconds, arguments.seed,
                            cli_stop_flag(), &result, &error);
    if (status == FM_OK && arguments.json)
        print_json(tensor, threads, &result);
    else if (status == FM_OK)
        printf("%s over %s, %u thread%s: %.2f million flips a second (rank %u after %.1f s)\n",
               fm_tensor_name(tensor), fm_ring_name(arguments.ring, ring), threads,
               threads == 1 ? "" : "s", result.flips_per_second / 1e6, result.best_rank,
               result.seconds);
    fm_tensor_free(tensor);
    return cli_exit_code(status, &error);
}

const cli_command cli_command_bench_flips = {
    .name = "bench flips",
    .operands = "FORMAT|TENSOR",
    .summary = "measure the rate of flips",
    .details = "Searches from the standard scheme and counts the flips: the moves that changed the "
               "scheme.\nOver zt, one that would leave {-1, 0, 1} is not made and not counted; "
               "nor are reductions\nand plus transitions.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
