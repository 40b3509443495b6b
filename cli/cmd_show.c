/* fewmul show: schemes as formulas, and facts about them. */
#include "command.h"
#include "input.h"
#include "print.h"
#include "scheme_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static struct {
    cli_reading reading;
    bool json;
} arguments = {.reading.ring = CLI_NO_RING};

static const cli_option options[] = {
    CLI_FORMAT_OPTION(arguments.reading),
    CLI_TRANSPOSED_OPTION(arguments.reading),
    CLI_READ_RING_OPTION(arguments.reading),
    {"json", NULL, CLI_FLAG, &arguments.json, "print the facts, a JSON object a line and scheme"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

static void print_formulas(const fm_scheme *scheme)
{
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fm_scheme_print_product(stdout, scheme, r);
        putchar('\n');
    }
    putchar('\n');
    fm_scheme_print_elements(stdout, scheme, "", "\n", "\n");
}

/* ---------------------------------------------------------------- facts */

static void print_provenance(const fm_provenance *provenance)
{
    if (provenance->engine != NULL)
        printf("engine     %s\n", provenance->engine);
    if (provenance->has_seed)
        printf("seed       %" PRIu64 "\n", provenance->seed);
    if (provenance->version != NULL)
        printf("version    %s\n", provenance->version);
    if (provenance->time != NULL)
        printf("time       %s\n", provenance->time);
    for (size_t i = 0; i < provenance->parent_count; i++)
        printf("parent     %s\n", provenance->parents[i]);
}

static void print_facts(const char *label, const fm_scheme *scheme)
{
    char ring[FM_RING_NAME_SIZE], hash[FM_HASH_SIZE];
    fm_scheme_hash(scheme, hash);
    printf("%s\n", label);
    printf("%s     %s\n", fm_tensor_is_matmul(scheme->tensor, NULL) ? "format" : "tensor",
           fm_tensor_name(scheme->tensor));
    printf("ring       %s\n", fm_ring_name(scheme->ring, ring));
    printf("rank       %u\n", scheme->rank);
    printf("additions  %" PRIu64 "\n", fm_scheme_additions(scheme));
    if (isfinite(fm_scheme_exponent(scheme)))
        printf("exponent   %.4f\n", fm_scheme_exponent(scheme));
    printf("hash       %s\n", hash);
    print_provenance(&scheme->provenance);
}

static json_t *string_or_null(const char *text)
{
    return text != NULL ? fm_json_string(text) : json_null();
}

static json_t *provenance_json(const fm_provenance *provenance)
{
    json_t *object = json_object(), *parents = json_array();
    for (size_t i = 0; i < provenance->parent_count; i++)
        json_array_append_new(parents, fm_json_string(provenance->parents[i]));
    json_object_set_new(object, "engine", string_or_null(provenance->engine));
    json_object_set_new(object, "seed",
                        provenance->has_seed ? cli_json_seed(provenance->seed) : json_null());
    json_object_set_new(object, "version", string_or_null(provenance->version));
    json_object_set_new(object, "time", string_or_null(provenance->time));
    json_object_set_new(object, "parents", parents);
    return object;
}

static void print_facts_json(const char *path, size_t index, const fm_scheme *scheme)
{
    char ring[FM_RING_NAME_SIZE], hash[FM_HASH_SIZE];
    json_t *object = json_object();
    fm_scheme_hash(scheme, hash);
    json_object_set_new(object, "file", fm_json_string(path));
    json_object_set_new(object, "index", json_integer((json_int_t)index));
    json_object_set_new(object, "format", fm_json_string(fm_tensor_name(scheme->tensor)));
    json_object_set_new(object, "ring", json_string(fm_ring_name(scheme->ring, ring)));
    json_object_set_new(object, "rank", json_integer(scheme->rank));
    json_object_set_new(object, "additions", json_integer((json_int_t)fm_scheme_additions(scheme)));
    json_object_set_new(object, "exponent", cli_json_real(fm_scheme_exponent(scheme)));
    json_object_set_new(object, "hash", json_string(hash));
    json_object_set_new(object, "provenance", provenance_json(&scheme->provenance));
    cli_print_json(object);
}

/* ---------------------------------------------------------------- the command */

static void show_scheme(const char *path, const fm_scheme_list *list, size_t index)
{
    const fm_scheme *scheme = list->schemes[index];
    static bool before;
    if (arguments.json) {
        print_facts_json(path, index, scheme);
        return;
    }
    char *label = cli_list_label(path, list, index);
    fputs(before ? "\n" : "", stdout);
    before = true;
    print_facts(label, scheme);
    putchar('\n');
    print_formulas(scheme);
    free(label);
}

static int show_file(const char *path)
{
    fm_error error;
    fm_scheme_list list;
    fm_status status = fm_scheme_read_as(path, &arguments.reading.options, &list, &error);
    if (status != FM_OK)
        return cli_exit_code(status, &error);
    for (size_t s = 0; s < list.count; s++)
        show_scheme(path, &list, s);
    fm_scheme_list_free(&list);
    return CLI_DONE;
}

static int run(size_t count, char **operands)
{
    fm_error error;
    cli_files files;
    int worst = cli_reading_begin(&arguments.reading);
    if (worst != CLI_DONE)
        return worst;
    fm_status found = cli_files_find(count, operands, &files, &error);
    if (found != FM_OK)
        worst = cli_exit_code(found, &error);
    for (size_t f = 0; f < files.count; f++) {
        int code = show_file(files.paths[f]);
        worst = code > worst ? code : worst;
    }
    cli_files_free(&files);
    cli_reading_end(&arguments.reading);
    return worst;
}

const cli_command cli_command_show = {
    .name = "show",
    .operands = "FILE|FOLDER...",
    .summary = "print schemes as formulas, with what is known of them",
    .details =
        "Prints of each scheme its format, ring, rank, additions (naive, nothing shared), "
        "exponent,\n"
        "hash and provenance, then its products, then the entries of C:\n\n"
        "  m1 = (a11 + a22) (b11 + b22)\n"
        "  ...\n"
        "  c11 = m1 + m4 - m5 + m7\n\n"
        "Entries are a2_11 where a size is above 9, and a1, a2, ... for a tensor that is no "
        "matrix\n"
        "product. The ring is that of the coefficients; whether the scheme holds, and where, is\n"
        "for 'fewmul verify' to find out. What a file does not say, the format, whether W is for "
        "the\n"
        "transpose of C, and the ring, is what holds; the options fix it. FILE - is standard "
        "input.",
    .options = options,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run,
};
