/* fewmul lift: from a scheme modulo p to one over zt, z or q. */
#include "command.h"
#include "error.h"
#include "input.h"
#include "json.h"
#include "output.h"
#include "print.h"
#include "scheme.h"
#include "scheme_file.h"

#include <stdlib.h>
#include <string.h>

static struct {
    cli_reading reading;
    const char *output;
    fm_ring ring;
    uint64_t steps, tries, seed;
    bool json;
} arguments = {.ring = FM_RING_Q_VALUE, .reading.ring = CLI_NO_RING};

static const cli_option options[] = {
    {"to", "zt|z|q", CLI_RING, &arguments.ring, "the largest ring that will do"},
    {"steps", "N", CLI_COUNT, &arguments.steps, "Hensel steps at most [until modulo 2^96]"},
    {"tries", "N", CLI_COUNT, &arguments.tries, "other solutions of the first step to try [32]"},
    {"seed", "S", CLI_COUNT, &arguments.seed, "choose those by this random stream"},
    CLI_FORMAT_OPTION(arguments.reading),
    CLI_TRANSPOSED_OPTION(arguments.reading),
    CLI_READ_RING_OPTION(arguments.reading),
    {"output", "FILE", CLI_STRING, &arguments.output, "write here [standard output]"},
    {"json", NULL, CLI_FLAG, &arguments.json, "what came out as an object a line and scheme"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* ---------------------------------------------------------------- what came out */

/* The largest numerator, and the least common multiple of the denominators. */
static void measure(const fm_scheme *scheme, fmpz_t largest, fmpz_t denominator)
{
    fmpz_zero(largest);
    fmpz_one(denominator);
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < scheme->factors[axis].count; e++) {
            const fmpq *value = &scheme->factors[axis].value[e];
            if (fmpz_cmpabs(fmpq_numref(value), largest) > 0)
                fmpz_abs(largest, fmpq_numref(value));
            fmpz_lcm(denominator, denominator, fmpq_denref(value));
        }
}

static void print_lift(const char *label, const fm_scheme *scheme)
{
    char ring[FM_RING_NAME_SIZE];
    fmpz_t largest, denominator;
    fmpz_init(largest);
    fmpz_init(denominator);
    measure(scheme, largest, denominator);
    fprintf(stderr, "%s: %s, rank %u, lifted to %s; largest coefficient ", label,
            fm_tensor_name(scheme->tensor), scheme->rank, fm_ring_name(scheme->ring, ring));
    fmpz_fprint(stderr, largest);
    fputs(", common denominator ", stderr);
    fmpz_fprint(stderr, denominator);
    fputc('\n', stderr);
    fmpz_clear(largest);
    fmpz_clear(denominator);
}

static void set_number(json_t *object, const char *key, const fmpz_t value)
{
    char *digits = fmpz_get_str(NULL, 10, value);
    bool exact = fmpz_bits(value) <= 53; /* longer numbers lose digits in many readers */
    json_object_set_new(object, key,
                        exact ? json_integer(fmpz_get_si(value)) : json_string(digits));
    flint_free(digits);
}

/* scheme is NULL when there is no lift. */
static void print_json(const char *path, size_t index, const fm_scheme *scheme,
                       const fm_error *error)
{
    char ring[FM_RING_NAME_SIZE];
    fmpz_t largest, denominator;
    json_t *object = json_object();
    json_object_set_new(object, "file", fm_json_string(path));
    json_object_set_new(object, "index", json_integer((json_int_t)index));
    json_object_set_new(object, "lifted", json_boolean(scheme != NULL));
    if (scheme == NULL) {
        json_object_set_new(object, "ring", json_null());
        json_object_set_new(object, "error", fm_json_string(error->message));
        cli_print_json(object);
        return;
    }
    fmpz_init(largest);
    fmpz_init(denominator);
    measure(scheme, largest, denominator);
    json_object_set_new(object, "ring", json_string(fm_ring_name(scheme->ring, ring)));
    json_object_set_new(object, "format", fm_json_string(fm_tensor_name(scheme->tensor)));
    json_object_set_new(object, "rank", json_integer(scheme->rank));
    json_object_set_new(object, "additions", json_integer((json_int_t)fm_scheme_additions(scheme)));
    set_number(object, "largest", largest);
    set_number(object, "denominator", denominator);
    fmpz_clear(largest);
    fmpz_clear(denominator);
    cli_print_json(object);
}

/* ---------------------------------------------------------------- the command */

/* Lifts scheme number index of a file into lifts; returns its exit code. */
static int lift_scheme(const char *path, const fm_scheme_list *list, size_t index,
                       fm_scheme_list *lifts)
{
    fm_error error, placed = {""};
    fm_scheme *lift;
    char *label = cli_list_label(path, list, index);
    fm_lift_options how = {.ring = arguments.ring,
                           .steps = (unsigned)arguments.steps,
                           .tries = (unsigned)arguments.tries,
                           .seed = arguments.seed};
    fm_status status = fm_lift(list->schemes[index], &how, &lift, &error);
    if (status != FM_OK)
        fm_fail(&placed, status, "%s: %s", label, error.message);
    if (arguments.json)
        print_json(path, index, lift, &placed);
    else if (lift != NULL)
        print_lift(label, lift);
    else if (status == FM_NO)
        cli_error("%s", placed.message);
    if (lift != NULL)
        fm_scheme_list_push(lifts, lift);
    free(label);
    return cli_exit_code(status, &placed);
}

static int lift_file(const char *path, fm_scheme_list *lifts)
{
    fm_error error;
    fm_scheme_list list;
    int worst = CLI_DONE;
    fm_status status = fm_scheme_read_as(path, &arguments.reading.options, &list, &error);
    if (status != FM_OK) {
        if (arguments.json)
            print_json(path, 0, NULL, &error);
        return cli_exit_code(status, &error);
    }
    for (size_t s = 0; s < list.count; s++) {
        int code = lift_scheme(path, &list, s, lifts);
        worst = code > worst ? code : worst;
    }
    fm_scheme_list_free(&list);
    return worst;
}

static int run(size_t count, char **operands)
{
    fm_error error;
    fm_scheme_list lifts = {0};
    int worst = CLI_DONE;
    if (arguments.ring.kind == FM_RING_ZP)
        return cli_error("--to: a lift goes to zt, z or q");
    if (arguments.steps > UINT16_MAX || arguments.tries > UINT32_MAX)
        return cli_error("--%s: too large", arguments.steps > UINT16_MAX ? "steps" : "tries");
    worst = cli_reading_begin(&arguments.reading);
    if (worst != CLI_DONE)
        return worst;
    cli_files files;
    fm_status found = cli_files_find(count, operands, &files, &error);
    if (found != FM_OK)
        worst = cli_exit_code(found, &error);
    for (size_t f = 0; f < files.count; f++) {
        int code = lift_file(files.paths[f], &lifts);
        worst = code > worst ? code : worst;
    }
    cli_files_free(&files);
    cli_reading_end(&arguments.reading);
    bool written = lifts.count > 0 && (!arguments.json || arguments.output != NULL);
    if (written) {
        fm_status status =
            cli_write_schemes(operands[0], &lifts, FM_FILE_JSON, arguments.output, &error);
        int code = cli_exit_code(status, &error);
        worst = code > worst ? code : worst;
    }
    fm_scheme_list_free(&lifts);
    return worst;
}

const cli_command cli_command_lift = {
    .name = "lift",
    .operands = "FILE|FOLDER...",
    .summary = "lift schemes modulo p to the integers or the rationals",
    .details =
        "Lifts every scheme of the files, over f2, f3 or f<p>, to one of the same rank over zt, z "
        "or\n"
        "q, and writes them as JSON (an array when there are several), each with the hash of the\n"
        "scheme it comes from. What is known of each goes to standard error: the ring, the "
        "largest\n"
        "numerator and the common denominator of the coefficients. Over f2 the signs of the\n"
        "coefficients are tried first; then come Hensel steps, from modulo p^k to p^(k+1), and\n"
        "rational reconstruction. What is written was verified exactly.\n\n"
        "  fewmul lift 4x4x5-f2.json -o 4x4x5.json\n"
        "  fewmul lift --to zt --tries 200 finds.json\n"
        "  fewmul convert --ring f2 strassen.txt | fewmul lift -\n\n"
        "With --json an object a line and scheme goes to standard output, and the schemes only to\n"
        "the file of --output, which appears whole or not at all. FILE - is standard input. Exit\n"
        "code 1: a scheme does not hold or no lift was found; the others are written. A first "
        "step\n"
        "without a solution means that there is none; a later one, only that the solution taken "
        "at\n"
        "the steps before does not go on: --tries and --seed choose others.",
    .options = options,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run,
};
