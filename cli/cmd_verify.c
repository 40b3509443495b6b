/* fewmul verify: does each scheme hold? */
#include "command.h"
#include "error.h"
#include "print.h"
#include "scheme.h"
#include "scheme_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static struct {
    fm_ring ring;
    const char *tensor;
    bool json, quiet;
} arguments = {.ring = CLI_NO_RING};

static const cli_option options[] = {
    {"ring", "R", CLI_RING, &arguments.ring, "check in this ring [the smallest that holds]"},
    {"tensor", "FORMAT|TENSOR", CLI_STRING, &arguments.tensor,
     "check against this tensor [the scheme's own]"},
    {"quiet", NULL, CLI_FLAG, &arguments.quiet, "print only what does not hold"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print a JSON object a line and scheme"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* ---------------------------------------------------------------- verdicts */

static void print_verdict_json(const char *path, size_t index, const char *entry,
                               const fm_scheme *scheme, const fm_verdict *verdict)
{
    char name[FM_RING_NAME_SIZE];
    json_t *object = json_object();
    json_object_set_new(object, "file", fm_json_string(path));
    json_object_set_new(object, "index", json_integer((json_int_t)index));
    if (entry != NULL)
        json_object_set_new(object, "entry", fm_json_string(entry));
    json_object_set_new(object, "valid", json_boolean(verdict->valid));
    json_object_set_new(object, "ring",
                        verdict->valid ? json_string(fm_ring_name(verdict->ring, name))
                                       : json_null());
    json_object_set_new(object, "format", fm_json_string(fm_tensor_name(scheme->tensor)));
    json_object_set_new(object, "rank", json_integer(fm_scheme_rank(scheme)));
    json_object_set_new(object, "additions", json_integer((json_int_t)fm_scheme_additions(scheme)));
    cli_print_json(object);
}

static void print_error_json(const char *path, size_t index, const fm_error *error)
{
    json_t *object = json_object();
    json_object_set_new(object, "file", fm_json_string(path));
    json_object_set_new(object, "index", json_integer((json_int_t)index));
    json_object_set_new(object, "valid", json_false());
    json_object_set_new(object, "ring", json_null());
    json_object_set_new(object, "format", json_null());
    json_object_set_new(object, "rank", json_null());
    json_object_set_new(object, "additions", json_null());
    json_object_set_new(object, "error", fm_json_string(error->message));
    cli_print_json(object);
}

static void print_verdict(const char *label, const fm_scheme *scheme, const fm_verdict *verdict)
{
    char ring[FM_RING_NAME_SIZE], a[FM_ENTRY_NAME_SIZE], b[FM_ENTRY_NAME_SIZE],
        c[FM_ENTRY_NAME_SIZE];
    const fm_tensor *tensor = scheme->tensor;
    printf("%s: %s, rank %u, ", label, fm_tensor_name(tensor), fm_scheme_rank(scheme));
    fm_ring_name(verdict->ring, ring);
    if (!verdict->valid) {
        printf("does not hold over %s: %s %s in %s should be %s and is %s\n", ring,
               fm_entry_name(tensor, 0, verdict->i, a), fm_entry_name(tensor, 1, verdict->j, b),
               fm_entry_name(tensor, 2, verdict->k, c), verdict->expected, verdict->actual);
        return;
    }
    printf("holds over %s; %" PRIu64 " additions", ring, fm_scheme_additions(scheme));
    if (isfinite(fm_scheme_exponent(scheme)))
        printf(", exponent %.3f", fm_scheme_exponent(scheme));
    putchar('\n');
}

/* ---------------------------------------------------------------- checks */

static fm_status check(const fm_scheme *scheme, fm_verdict *verdict, fm_error *error)
{
    if (cli_ring_given(arguments.ring))
        return fm_verify(scheme, scheme->tensor, arguments.ring, verdict, error);
    return fm_verify_smallest_ring(scheme, verdict, error);
}

/* Scheme number index of a file; returns its exit code. */
static int verify_scheme(const char *path, const fm_scheme_list *list, size_t index,
                         const fm_tensor *tensor)
{
    fm_error error, placed;
    fm_scheme *scheme = NULL;
    fm_verdict verdict = {0};
    char *label = cli_list_label(path, list, index);
    const fm_scheme *read = list->schemes[index];
    const fm_origin *origin = fm_scheme_origin(read);
    fm_status status =
        fm_scheme_for_tensor(read, tensor != NULL ? tensor : read->tensor, &scheme, &error);
    if (status == FM_OK)
        status = check(scheme, &verdict, &error);
    if (status == FM_OK || status == FM_NO) {
        bool wanted = status == FM_NO || !arguments.quiet;
        if (wanted && arguments.json)
            print_verdict_json(path, index, origin != NULL ? origin->entry : NULL, scheme,
                               &verdict);
        else if (wanted)
            print_verdict(label, scheme, &verdict);
    } else {
        fm_fail(&placed, status, "%s: %s", label, error.message);
        if (arguments.json)
            print_error_json(path, index, &placed);
        error = placed;
    }
    fm_verdict_clear(&verdict);
    fm_scheme_free(scheme);
    free(label);
    return cli_exit_code(status, &error);
}

/* The worst exit code of its schemes. */
static int verify_file(const char *path, const fm_tensor *tensor)
{
    fm_error error;
    fm_scheme_list list;
    int worst = CLI_DONE;
    fm_status status =
        fm_scheme_read_as(path, &(fm_read_options){.tensor = tensor}, &list, &error);
    if (status != FM_OK) {
        if (arguments.json)
            print_error_json(path, 0, &error);
        return cli_exit_code(status, &error);
    }
    for (size_t s = 0; s < list.count; s++) {
        int code = verify_scheme(path, &list, s, tensor);
        worst = code > worst ? code : worst;
    }
    fm_scheme_list_free(&list);
    return worst;
}

static int run(size_t count, char **operands)
{
    fm_error error;
    fm_tensor *tensor = NULL;
    int worst = CLI_DONE;
    if (arguments.tensor != NULL) {
        fm_status status = cli_read_tensor(arguments.tensor, &tensor, &error);
        if (status != FM_OK)
            return cli_exit_code(status, &error);
    }
    for (size_t f = 0; f < count; f++) {
        int code = verify_file(operands[f], tensor);
        worst = code > worst ? code : worst;
    }
    fm_tensor_free(tensor);
    return worst;
}

const cli_command cli_command_verify = {
    .name = "verify",
    .operands = "FILE...",
    .summary = "check exactly that schemes hold",
    .details =
        "Checks every scheme of every file, exactly, and says for each in which ring it holds: "
        "the\n"
        "smallest of zt, z, q, else the first of f2, f3, f5, ... below 100. For one that does not\n"
        "hold, the first equation that fails: which entries of A and B, in which entry of C, what\n"
        "the coefficient should be and what the products add up to. FILE - is standard input.\n"
        "Additions are counted without sharing; the exponent is that of the algorithm.\n\n"
        "  fewmul verify 3x3x3.json\n"
        "  fewmul verify --ring f2 *.json\n"
        "  fewmul verify --tensor 2x2x2 - < strassen.txt\n\n"
        "With --json, each line has file, index (from 0), valid, ring (null when none), format,\n"
        "rank, additions, and error for what could not be read.\n\n"
        "Exit code 0: all hold; 1: some scheme does not; 2: something could not be read.",
    .options = options,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run,
};
