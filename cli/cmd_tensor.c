/* fewmul tensor: the tensors that have a name, and their entries. */
#include "command.h"
#include "known_ranks.h"
#include "output.h"
#include "print.h"
#include "structure.h"
#include "tensor_named.h"

#include <inttypes.h>

static struct {
    const char *output;
    bool list, json;
} arguments;

static const cli_option options[] = {
    {"output", "FILE", CLI_STRING, &arguments.output, "write to FILE, not to standard output"},
    {"list", NULL, CLI_FLAG, &arguments.list,
     "explain the names, and print the best published ranks"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print JSON objects, a line each"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* The columns of published ranks as they are printed. */
static const struct {
    const char *ring;
    fm_known_column column;
} columns[] = {{"zt", FM_KNOWN_ZT}, {"z", FM_KNOWN_Z}, {"q", FM_KNOWN_Q}, {"f2", FM_KNOWN_F2}};

enum { COLUMNS = sizeof columns / sizeof *columns };

/* ---------------------------------------------------------------- the list */

static json_t *named_json(const char *kind, const char *name)
{
    json_t *object = json_object();
    json_object_set_new(object, "kind", json_string(kind));
    json_object_set_new(object, "name", fm_json_string(name));
    return object;
}

static json_t *ranks_json(const uint32_t ranks[4])
{
    json_t *object = json_object();
    for (int c = 0; c < COLUMNS; c++) {
        uint32_t rank = ranks[columns[c].column];
        json_object_set_new(object, columns[c].ring, rank != 0 ? json_integer(rank) : json_null());
    }
    return object;
}

static void print_meaning(const char *kind, const char *name, const char *meaning)
{
    if (arguments.json) {
        json_t *object = named_json(kind, name);
        json_object_set_new(object, "meaning", json_string(meaning));
        cli_print_json(object);
    } else {
        printf("  %-22s  %s\n", name, meaning);
    }
}

static void print_rank(uint32_t rank)
{
    if (rank != 0)
        printf(" %6" PRIu32, rank);
    else
        printf(" %6s", "-");
}

static void print_known(const fm_known_row *row)
{
    if (arguments.json) {
        json_t *object = named_json("published", row->name);
        json_object_set_new(object, "ranks", ranks_json(row->ranks));
        cli_print_json(object);
        return;
    }
    printf("  %-30s", row->name);
    for (int c = 0; c < COLUMNS; c++)
        print_rank(row->ranks[columns[c].column]);
    putchar('\n');
}

static void print_heading(const char *text)
{
    if (!arguments.json)
        fputs(text, stdout);
}

static void print_list(void)
{
    fm_known_row row;
    print_heading("Names (a dot may stand for the star, which some shells expand):\n");
    for (size_t f = 0; f < fm_tensor_family_count; f++)
        print_meaning("name", fm_tensor_families[f].pattern, fm_tensor_families[f].meaning);
    print_heading("\nStructures, for LEFT and RIGHT:\n");
    for (size_t s = 0; s < fm_structure_count; s++)
        print_meaning("structure", fm_structures[s].name, fm_structures[s].meaning);
    print_heading(
        "\nBest published ranks (sources: data/structured-ranks.csv); those of formats are "
        "in\ndata/known-ranks.csv:\n"
        "  name                               zt      z      q     f2\n");
    for (size_t r = 0; fm_known_row_at(r, &row); r++)
        print_known(&row);
}

/* ---------------------------------------------------------------- one tensor */

static void describe_json(const fm_tensor *tensor)
{
    uint32_t ranks[4];
    json_t *object = named_json("tensor", fm_tensor_name(tensor)), *shape = json_array();
    for (unsigned axis = 0; axis < 3; axis++)
        json_array_append_new(shape, json_integer(fm_tensor_extent(tensor, axis)));
    for (int c = 0; c < COLUMNS; c++)
        ranks[columns[c].column] = fm_known_tensor_rank(tensor, columns[c].column);
    json_object_set_new(object, "shape", shape);
    json_object_set_new(object, "entries", json_integer((json_int_t)fm_tensor_entry_count(tensor)));
    json_object_set_new(object, "ranks", ranks_json(ranks));
    cli_print_json(object);
}

static fm_status write_tensor(const fm_tensor *tensor, fm_error *error)
{
    cli_output output;
    fm_status status = cli_output_open(arguments.output, &output, error);
    if (status != FM_OK)
        return status;
    status = fm_tensor_write(tensor, output.file, error);
    return cli_output_close(&output, status, error);
}

static int run(size_t count, char **operands)
{
    fm_error error;
    fm_tensor *tensor;
    if (arguments.list != (count == 0))
        return cli_error(arguments.list
                             ? "--list takes no tensor"
                             : "which tensor? 'fewmul tensor --list' explains the names");
    if (arguments.list && arguments.output != NULL)
        return cli_error("--output: the list goes to standard output");
    if (arguments.list) {
        print_list();
        return CLI_DONE;
    }
    fm_status status = cli_read_tensor(operands[0], &tensor, &error);
    if (status == FM_OK && (!arguments.json || arguments.output != NULL))
        status = write_tensor(tensor, &error);
    if (status == FM_OK && arguments.json)
        describe_json(tensor);
    int code = cli_exit_code(status, &error);
    fm_tensor_free(tensor);
    return code;
}

const cli_command cli_command_tensor = {
    .name = "tensor",
    .operands = "[TENSOR]",
    .summary = "write a named tensor's entries, or explain the names",
    .details =
        "Wherever a command takes FORMAT|TENSOR, that is a tensor file, a format, or a name:\n\n"
        "  4x4x5                    the product of general matrices\n"
        "  3:upper*general          of structured ones; 3x3x4:upper*general for other sizes\n"
        "  3:general*transpose      a matrix times its own transpose\n"
        "  5x5x1:skew*general       a skew-symmetric matrix times a vector\n"
        "  poly:3x4, cyclic:8       polynomials, by numbers of coefficients\n"
        "  complex:2x2x2            any of these over the complex numbers\n\n"
        "--list has all names and structures, and the ranks that were published. A dot may stand\n"
        "for the star, which some shells expand. A file wins over a name.\n\n"
        "With a tensor, prints its coordinate text, which other commands read: a header 'shape D1\n"
        "D2 D3', then 'i j k value' a line, indices from 1. With --json, name, shape, number of\n"
        "entries and published ranks instead, or besides with --output.",
    .options = options,
    .operands_min = 0,
    .operands_max = 1,
    .run = run,
};
