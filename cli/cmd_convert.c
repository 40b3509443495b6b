/* fewmul convert: schemes in another kind of file, or with their coefficients in another ring. */
#include "command.h"
#include "error.h"
#include "output.h"
#include "print.h"
#include "scheme.h"

#include <stdlib.h>
#include <string.h>

static struct {
    const char *kind, *output;
    fm_ring ring;
} arguments = {.kind = "json", .ring = CLI_NO_RING};

static const cli_option options[] = {
    {"to", "json|text|npz", CLI_STRING, &arguments.kind, "the kind of file to write"},
    {"ring", "R", CLI_RING, &arguments.ring, "take the coefficients in this ring [the file's]"},
    {"output", "FILE", CLI_STRING, &arguments.output, "write here [standard output]"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* Replaces each scheme by its image in the ring. */
static fm_status map_schemes(const char *path, fm_scheme_list *list, fm_ring ring, fm_error *error)
{
    for (size_t s = 0; s < list->count; s++) {
        fm_error reason;
        fm_scheme *image;
        fm_status status = fm_scheme_to_ring(list->schemes[s], ring, &image, &reason);
        if (status != FM_OK) {
            char *label = cli_list_label(path, list, s);
            fm_fail(error, status, "%s: %s", label, reason.message);
            free(label);
            return status;
        }
        fm_scheme_set_provenance(image, &list->schemes[s]->provenance);
        fm_scheme_free(list->schemes[s]);
        list->schemes[s] = image;
    }
    return FM_OK;
}

static fm_status convert(const char *path, fm_file_kind kind, fm_error *error)
{
    fm_scheme_list list;
    fm_status status = fm_scheme_read(path, &list, error);
    if (status != FM_OK)
        return status;
    if (cli_ring_given(arguments.ring))
        status = map_schemes(path, &list, arguments.ring, error);
    if (status == FM_OK)
        status = cli_write_schemes(path, &list, kind, arguments.output, error);
    fm_scheme_list_free(&list);
    return status;
}

static int run(size_t count, char **operands)
{
    (void)count;
    fm_error error;
    fm_file_kind kind;
    if (!fm_file_kind_parse(arguments.kind, &kind))
        return cli_error("--to: '%s' is no kind of scheme file", arguments.kind);
    return cli_exit_code(convert(operands[0], kind, &error), &error);
}

const cli_command cli_command_convert = {
    .name = "convert",
    .operands = "FILE",
    .summary = "write schemes in another kind of file, or in another ring",
    .details =
        "Reads every scheme of a file and writes them, in order, as the kind of file asked for:\n"
        "json, the native kind (an array when there are several), or text, 'n m p rank' followed\n"
        "by U, V, and W for the transpose of C. With --ring the coefficients are taken in that\n"
        "ring; refused when one has no image there (1/2 in z or f2, 2 in zt), and from residues "
        "to\n"
        "fractions, which takes a lift. Nothing is verified. FILE - is standard input.\n\n"
        "  fewmul convert --to text strassen.json\n"
        "  fewmul convert --ring f2 4x4x4.txt -o 4x4x4-f2.json\n\n"
        "The output file appears whole or not at all.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
