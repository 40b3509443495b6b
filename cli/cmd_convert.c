/* fewmul convert: schemes in another kind of file, or with their coefficients in another ring. */
#include "border.h"
#include "command.h"
#include "input.h"
#include "memory.h"
#include "output.h"
#include "scheme_file.h"

#include <stdlib.h>
#include <string.h>

static struct {
    cli_reading reading;
    const char *kind, *output;
} arguments = {.kind = "json", .reading.ring = CLI_NO_RING};

static const cli_option options[] = {
    {"to", "KIND", CLI_STRING, &arguments.kind, "the kind of file to write"},
    CLI_FORMAT_OPTION(arguments.reading),
    CLI_TRANSPOSED_OPTION(arguments.reading),
    CLI_READ_RING_OPTION(arguments.reading),
    {"output", "FILE", CLI_STRING, &arguments.output, "write here [standard output]"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

static fm_status convert(const char *path, fm_file_kind kind, fm_error *error)
{
    fm_scheme_list list;
    fm_laurents *laurents;
    fm_status status = fm_border_read(path, &arguments.reading.options, &list, &laurents, error);
    if (status == FM_OK)
        status = cli_write_schemes(path, &list, kind, arguments.output, error);
    fm_scheme_list_free(&list);
    fm_laurents_free(laurents);
    return status;
}

/* "json, text, ... or latex". */
static char *list_kinds(void)
{
    char *names = NULL;
    size_t size;
    FILE *file = open_memstream(&names, &size);
    for (int kind = 0; kind < FM_FILE_KIND_COUNT; kind++)
        if (fm_file_kind_is_written((fm_file_kind)kind))
            fprintf(file, "%s%s",
                    kind == 0                       ? ""
                    : kind + 1 < FM_FILE_KIND_COUNT ? ", "
                                                    : " or ",
                    fm_file_kind_name((fm_file_kind)kind));
    fclose(file);
    return names;
}

static int run(size_t count, char **operands)
{
    (void)count;
    fm_error error;
    fm_file_kind kind;
    if (!fm_file_kind_parse(arguments.kind, &kind) || !fm_file_kind_is_written(kind)) {
        char *names = list_kinds();
        int code = cli_error("--to: '%s' is none of %s", arguments.kind, names);
        free(names);
        return code;
    }
    int code = cli_reading_begin(&arguments.reading);
    if (code == CLI_DONE)
        code = cli_exit_code(convert(operands[0], kind, &error), &error);
    cli_reading_end(&arguments.reading);
    return code;
}

const cli_command cli_command_convert = {
    .name = "convert",
    .operands = "FILE",
    .summary = "write schemes in another kind of file, or in another ring",
    .details =
        "Reads every scheme of a file and writes them, in order, as the kind of file asked for:\n\n"
        "  json          the native kind (an array when there are several)\n"
        "  text          'n m p rank', then U, V, and W for the transpose of C\n"
        "  exp           (a11+a22)*(b11+b22)*(c11+c22), c for the transpose of C\n"
        "  equations     m1 = (a11 + a22) * (b11 + b22), then c11 = m1 + m4 - m5 + m7\n"
        "  mathematica   three matrices a product, the third for the transpose of C\n"
        "  maple         the same as Triads\n"
        "  sms           sparse matrices L, R, P, one behind the other; in three files with -o "
        "X_L.sms\n"
        "  coefficients  three blocks, a column a product\n"
        "  npz           NumPy arrays U, V and W, a row a product, W for the transpose of C\n"
        "  latex         a table for people\n\n"
        "All but the last read back as the same schemes. json, text, sms and npz can have several\n"
        "in a file. With --ring the coefficients are taken in that ring; refused when one has no "
        "image\n"
        "there (1/2 in z or f2, 2 in zt), and from residues to fractions, which takes a lift. "
        "What\n"
        "the input does not say, the format, whether W is for the transpose of C, and the ring, "
        "is\n"
        "what holds; the options fix it. Otherwise nothing is verified. Coefficients may be "
        "complex "
        "or have\n"
        "a parameter, but for npz and latex. FILE - is standard input.\n\n"
        "  fewmul convert --to text strassen.json\n"
        "  fewmul convert --ring f2 4x4x4.exp -o 4x4x4-f2.json\n\n"
        "The output file appears whole or not at all.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
