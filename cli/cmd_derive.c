/* fewmul derive: schemes from schemes. */
#include "command.h"
#include "error.h"
#include "memory.h"
#include "output.h"
#include "print.h"
#include "scheme.h"
#include "scheme_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Of one format and ring, how many schemes of the lowest rank are taken from a store: they differ in
   what their projections leave. */
enum { FROM_STORE = 8 };

static struct {
    const char *axis, *index, *to, *store, *output;
    uint64_t count, seed;
    fm_ring ring;
    bool json;
} arguments = {.count = 1, .ring = CLI_NO_RING};

static const cli_option options[] = {
    {"axis", "n|m|p", CLI_STRING, &arguments.axis, "the size to change: extend, project, merge"},
    {"count", "K", CLI_COUNT, &arguments.count,
     "so many more or less; so many schemes, by seeds that count on"},
    {"index", "I", CLI_STRING, &arguments.index, "project: delete this one, from 0 [the best]"},
    {"to", "FORMAT", CLI_STRING, &arguments.to, "permute: the sizes in their new order"},
    {"seed", "S", CLI_COUNT, &arguments.seed, "sandwich, ternary: choose by this random stream"},
    {"ring", "R", CLI_RING, &arguments.ring, "best: over this ring [f<p> if all are, else q]"},
    {"store", "DIR", CLI_STRING, &arguments.store, "save what comes out in this results store"},
    {"output", "FILE", CLI_STRING, &arguments.output,
     "write here [standard output, unless --store or --json]"},
    {"json", NULL, CLI_FLAG, &arguments.json, "what came out as an object a line and scheme"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* The given schemes, and what to call them in messages. */
typedef struct inputs {
    fm_scheme_list list;
    char **labels;
    size_t label_capacity;
} inputs;

/* One of the two is not NULL. */
typedef struct operation {
    const char *name;
    bool needs_axis, takes_count;
    /* From each given scheme, or from two at a time, the first ones first. copy counts from 0. */
    fm_status (*unary)(const fm_scheme *scheme, uint64_t copy, fm_scheme **out, fm_error *error);
    fm_status (*binary)(const fm_scheme *first, const fm_scheme *second, fm_scheme **out,
                        fm_error *error);
} operation;

/* ---------------------------------------------------------------- reading */

/* Takes over scheme. */
static void add_input(inputs *in, fm_scheme *scheme, char *label)
{
    in->labels = fm_grow(in->labels, in->list.count, &in->label_capacity, sizeof *in->labels);
    in->labels[in->list.count] = label;
    fm_scheme_list_push(&in->list, scheme);
}

static void inputs_clear(inputs *in)
{
    for (size_t i = 0; i < in->list.count; i++)
        free(in->labels[i]);
    free(in->labels);
    fm_scheme_list_free(&in->list);
}

static fm_status read_file(const char *path, inputs *in, fm_error *error)
{
    fm_scheme_list list;
    fm_status status = fm_scheme_read(path, &list, error);
    for (size_t s = 0; s < list.count; s++) {
        add_input(in, list.schemes[s], cli_scheme_label(path, s, list.count));
        list.schemes[s] = NULL;
    }
    fm_scheme_list_free(&list);
    return status;
}

/* Whether an item of a store may be of use: of a matrix product, and of the ring of --ring or one
   that may map to it. */
static bool is_of_use(const fm_store_item *item)
{
    fm_tensor *tensor;
    bool residues = item->ring.kind == FM_RING_ZP;
    if (residues && cli_ring_given(arguments.ring) && !fm_ring_equal(item->ring, arguments.ring))
        return false;
    bool matmul = fm_tensor_parse_format(item->tensor, &tensor, NULL) == FM_OK;
    fm_tensor_free(tensor);
    return matmul;
}

/* The best schemes of a store for each format and ring. */
static fm_status read_store(const char *folder, inputs *in, fm_error *error)
{
    fm_store *store;
    fm_store_item *items = NULL;
    size_t count = 0, taken = 0;
    fm_status status = fm_store_open(folder, false, &store, error);
    if (status == FM_OK)
        status = fm_store_list(store, &items, &count, error);
    const fm_store_item *first = NULL; /* of this format and ring */
    for (size_t i = 0; i < count && status == FM_OK; i++) {
        fm_scheme *scheme;
        if (first == NULL || strcmp(items[i].tensor, first->tensor) != 0 ||
            !fm_ring_equal(items[i].ring, first->ring)) {
            first = &items[i];
            taken = 0;
        }
        if (items[i].rank != first->rank || taken++ >= FROM_STORE || !is_of_use(&items[i]))
            continue;
        status = fm_store_get(store, &items[i], &scheme, error);
        if (status == FM_OK)
            add_input(in, scheme, cli_scheme_label(items[i].path, 0, 1));
    }
    fm_store_list_free(items, count);
    fm_store_close(store);
    return status;
}

static fm_status read_inputs(size_t count, char **operands, bool stores, inputs *in,
                             fm_error *error)
{
    fm_status status = FM_OK;
    for (size_t f = 0; f < count && status == FM_OK; f++) {
        struct stat what;
        bool folder = stores && stat(operands[f], &what) == 0 && S_ISDIR(what.st_mode);
        status = folder ? read_store(operands[f], in, error) : read_file(operands[f], in, error);
    }
    return status;
}

/* ---------------------------------------------------------------- operations */

static unsigned dimension(void)
{
    return (unsigned)(strchr("nmp", arguments.axis[0]) - "nmp");
}

static fm_status place(const inputs *in, size_t i, fm_status status, const fm_error *reason,
                       fm_error *error)
{
    return status == FM_OK ? FM_OK
                           : fm_fail(error, status, "%s: %s", in->labels[i], reason->message);
}

static fm_status extend(const fm_scheme *scheme, uint64_t copy, fm_scheme **out, fm_error *error)
{
    (void)copy;
    unsigned more = arguments.count > FM_FORMAT_MAX ? FM_FORMAT_MAX : (unsigned)arguments.count;
    return fm_scheme_extend(scheme, dimension(), more, out, error);
}

static fm_status project_once(const fm_scheme *scheme, fm_scheme **out, fm_error *error)
{
    char *end;
    if (arguments.index == NULL)
        return fm_scheme_project_best(scheme, dimension(), out, error);
    unsigned long index = strtoul(arguments.index, &end, 10);
    if (arguments.index[0] >= '0' && arguments.index[0] <= '9' && *end == '\0' &&
        index <= UINT32_MAX)
        return fm_scheme_project(scheme, dimension(), (unsigned)index, out, error);
    *out = NULL;
    return fm_fail(error, FM_BAD_INPUT, "--index: '%s' is not an index such as 0", arguments.index);
}

/* One less count times; the parent is the given scheme. */
static fm_status project(const fm_scheme *scheme, uint64_t copy, fm_scheme **out, fm_error *error)
{
    fm_scheme *projected = NULL;
    fm_status status = FM_OK;
    (void)copy;
    for (uint64_t k = 0; k < arguments.count && status == FM_OK; k++) {
        fm_scheme *larger = projected;
        status = project_once(larger != NULL ? larger : scheme, &projected, error);
        fm_scheme_free(larger);
    }
    if (status == FM_OK)
        fm_scheme_set_parents(projected, "project", NULL, &scheme, 1);
    *out = projected;
    return status;
}

static fm_status permute(const fm_scheme *scheme, uint64_t copy, fm_scheme **out, fm_error *error)
{
    fm_tensor *tensor;
    unsigned format[3];
    (void)copy;
    *out = NULL;
    fm_status status = fm_tensor_parse_format(arguments.to, &tensor, error);
    if (status != FM_OK)
        return status;
    fm_tensor_is_matmul(tensor, format);
    fm_tensor_free(tensor);
    return fm_scheme_permute(scheme, format, out, error);
}

static fm_status sandwich(const fm_scheme *scheme, uint64_t copy, fm_scheme **out, fm_error *error)
{
    return fm_scheme_sandwich(scheme, arguments.seed + copy, out, error);
}

static fm_status reduce(const fm_scheme *scheme, uint64_t copy, fm_scheme **out, fm_error *error)
{
    (void)copy;
    return fm_scheme_reduce(scheme, out, error);
}

static fm_status ternary(const fm_scheme *scheme, uint64_t copy, fm_scheme **out, fm_error *error)
{
    return fm_scheme_ternary(scheme, arguments.seed + copy, out, error);
}

static fm_status merge(const fm_scheme *first, const fm_scheme *second, fm_scheme **out,
                       fm_error *error)
{
    return fm_scheme_merge(first, second, dimension(), out, error);
}

static const operation operations[] = {
    {"extend", true, true, extend, NULL},     {"project", true, true, project, NULL},
    {"permute", false, false, permute, NULL}, {"sandwich", false, true, sandwich, NULL},
    {"reduce", false, false, reduce, NULL},   {"ternary", false, true, ternary, NULL},
    {"merge", true, false, NULL, merge},      {"product", false, false, NULL, fm_scheme_product},
};

/* What comes out of each given scheme; the message of an error says of which. */
static fm_status derive_each(const operation *o, const inputs *in, fm_scheme_list *out,
                             fm_error *error)
{
    uint64_t copies = o->unary == sandwich || o->unary == ternary ? arguments.count : 1;
    for (size_t i = 0; i < in->list.count; i++)
        for (uint64_t copy = 0; copy < copies; copy++) {
            fm_error reason;
            fm_scheme *derived;
            fm_status status = o->unary(in->list.schemes[i], copy, &derived, &reason);
            if (status != FM_OK)
                return place(in, i, status, &reason, error);
            fm_scheme_list_push(out, derived);
        }
    return FM_OK;
}

/* Says which given scheme does not hold. */
static fm_status prove_inputs(const inputs *in, fm_error *error)
{
    for (size_t i = 0; i < in->list.count; i++) {
        fm_error reason;
        fm_verdict verdict;
        const fm_scheme *scheme = in->list.schemes[i];
        fm_status status =
            fm_verify(scheme, fm_scheme_tensor(scheme), scheme->ring, &verdict, &reason);
        fm_verdict_clear(&verdict);
        if (status != FM_OK)
            return place(in, i, status, &reason, error);
    }
    return FM_OK;
}

/* All given schemes into one, from the first on; they are its parents. */
static fm_status derive_one(const operation *o, const inputs *in, fm_scheme_list *out,
                            fm_error *error)
{
    fm_scheme *all = NULL;
    const fm_scheme *const *given = (const fm_scheme *const *)in->list.schemes;
    if (in->list.count < 2)
        return fm_fail(error, FM_BAD_INPUT, "%s takes at least two schemes", o->name);
    for (size_t i = 1; i < in->list.count; i++) {
        fm_error reason;
        fm_scheme *before = all;
        fm_status status = o->binary(i > 1 ? before : given[0], given[i], &all, &reason);
        fm_scheme_free(before);
        if (status == FM_NO)
            return prove_inputs(in, error);
        if (status != FM_OK)
            return place(in, i, status, &reason, error);
    }
    fm_scheme_set_parents(all, o->name, NULL, given, in->list.count);
    fm_scheme_list_push(out, all);
    return FM_OK;
}

/* ---------------------------------------------------------------- the best derivation */

static fm_ring wanted_ring(const inputs *in)
{
    if (cli_ring_given(arguments.ring))
        return arguments.ring;
    for (size_t i = 0; i < in->list.count; i++)
        if (in->list.schemes[i]->ring.kind != FM_RING_ZP ||
            !fm_ring_equal(in->list.schemes[i]->ring, in->list.schemes[0]->ring))
            return FM_RING_Q_VALUE;
    return in->list.count > 0 ? in->list.schemes[0]->ring : FM_RING_Q_VALUE;
}

static fm_status derive_best(const char *target, const inputs *in, fm_scheme_list *out,
                             fm_error *error)
{
    fm_tensor *tensor;
    fm_scheme *best;
    unsigned format[3];
    char *steps;
    fm_status status = fm_tensor_parse_format(target, &tensor, error);
    if (status != FM_OK)
        return status;
    fm_tensor_is_matmul(tensor, format);
    fm_tensor_free(tensor);
    status = prove_inputs(in, error);
    if (status == FM_OK)
        status =
            fm_scheme_derive(format, wanted_ring(in), (const fm_scheme *const *)in->list.schemes,
                             in->list.count, &best, &steps, error);
    if (status != FM_OK)
        return status;
    fputs(arguments.json ? "" : steps, stderr);
    free(steps);
    fm_scheme_list_push(out, best);
    return FM_OK;
}

/* ---------------------------------------------------------------- what came out */

static void print_json(const fm_scheme *scheme, const char *path)
{
    char ring[FM_RING_NAME_SIZE], hash[FM_HASH_SIZE];
    json_t *object = json_object(), *parents = json_array();
    fm_scheme_hash(scheme, hash);
    for (size_t i = 0; i < scheme->provenance.parent_count; i++)
        json_array_append_new(parents, json_string(scheme->provenance.parents[i]));
    json_object_set_new(object, "format", fm_json_string(fm_tensor_name(scheme->tensor)));
    json_object_set_new(object, "ring", json_string(fm_ring_name(scheme->ring, ring)));
    json_object_set_new(object, "rank", json_integer(scheme->rank));
    json_object_set_new(object, "additions", json_integer((json_int_t)fm_scheme_additions(scheme)));
    json_object_set_new(object, "hash", json_string(hash));
    json_object_set_new(object, "parents", parents);
    json_object_set_new(object, "saved", path != NULL ? fm_json_string(path) : json_null());
    cli_print_json(object);
}

static void print_line(const fm_scheme *scheme, const char *path)
{
    char ring[FM_RING_NAME_SIZE];
    fprintf(stderr, "%s over %s: rank %u, verified", fm_tensor_name(scheme->tensor),
            fm_ring_name(scheme->ring, ring), scheme->rank);
    fprintf(stderr, path != NULL ? ", saved as %s\n" : "\n", path);
}

/* Saves, if asked to, and says what came out. */
static fm_status report(const fm_scheme_list *out, fm_error *error)
{
    fm_store *store = NULL;
    fm_status status = FM_OK;
    if (arguments.store != NULL)
        status = fm_store_open(arguments.store, true, &store, error);
    for (size_t s = 0; s < out->count && status == FM_OK; s++) {
        char *path = NULL;
        if (store != NULL)
            status = fm_store_put(store, out->schemes[s], &path, NULL, error);
        if (status == FM_OK && arguments.json)
            print_json(out->schemes[s], path);
        else if (status == FM_OK)
            print_line(out->schemes[s], path);
        free(path);
    }
    fm_store_close(store);
    return status;
}

static fm_status write_all(const char *input, const fm_scheme_list *out, fm_error *error)
{
    if (arguments.output == NULL && (arguments.store != NULL || arguments.json))
        return FM_OK;
    return cli_write_schemes(input, out, FM_FILE_JSON, arguments.output, error);
}

/* ---------------------------------------------------------------- the command */

static int run_operation(const operation *o, size_t count, char **operands)
{
    fm_error error;
    inputs in = {0};
    fm_scheme_list out = {0};
    bool best = o == NULL;
    fm_status status = read_inputs(count - 1 - best, operands + 1 + best, best, &in, &error);
    if (status == FM_OK)
        status = best               ? derive_best(operands[1], &in, &out, &error)
                 : o->unary != NULL ? derive_each(o, &in, &out, &error)
                                    : derive_one(o, &in, &out, &error);
    if (status == FM_OK)
        status = report(&out, &error);
    if (status == FM_OK)
        status = write_all(operands[0], &out, &error);
    if (status == FM_NO)
        cli_error("%s", error.message);
    fm_scheme_list_free(&out);
    inputs_clear(&in);
    return cli_exit_code(status, &error);
}

static int check_options(const operation *o)
{
    if (arguments.count == 0)
        return cli_error("--count: at least 1");
    if (arguments.count > 1 && !o->takes_count)
        return cli_error("--count: not for %s", o->name);
    if (arguments.index != NULL && (o->unary != project || arguments.count > 1))
        return cli_error("--index: only for project, and not with --count");
    if ((arguments.to != NULL) != (o->unary == permute))
        return cli_error("--to FORMAT: permute needs it, and only permute");
    if (!o->needs_axis)
        return CLI_DONE;
    if (arguments.axis == NULL)
        return cli_error("%s needs --axis n, m or p", o->name);
    if (strlen(arguments.axis) != 1 || strchr("nmp", arguments.axis[0]) == NULL)
        return cli_error("--axis: '%s' is none of n, m, p", arguments.axis);
    return CLI_DONE;
}

static int run(size_t count, char **operands)
{
    if (count < 2)
        return cli_error("usage: fewmul derive [options] %s; see 'fewmul derive --help'",
                         cli_command_derive.operands);
    if (strcmp(operands[0], "best") == 0)
        return run_operation(NULL, count, operands);
    for (size_t o = 0; o < sizeof operations / sizeof *operations; o++) {
        if (strcmp(operations[o].name, operands[0]) != 0)
            continue;
        int code = check_options(&operations[o]);
        return code == CLI_DONE ? run_operation(&operations[o], count, operands) : code;
    }
    return cli_error("unknown operation '%s'; see 'fewmul derive --help'", operands[0]);
}

const cli_command cli_command_derive = {
    .name = "derive",
    .operands = "OPERATION FILE... | best FORMAT FILE|STORE...",
    .summary = "make schemes from schemes: merge, extend, project, multiply, change the basis",
    .details =
        "Makes new schemes of matrix products, n x m x p, from those of the files. The "
        "operations:\n\n"
        "  extend    one more, or --count, along --axis, by standard products\n"
        "  project   one less, or --count, along --axis: --index, or the one of lowest rank\n"
        "  merge     all given schemes side by side along --axis; the ranks add\n"
        "  product   Kronecker product of all given schemes; formats and ranks multiply\n"
        "  permute   the sizes in the order of --to: 4x4x5 as 5x4x4\n"
        "  sandwich  a random change of basis of A, B and C by --seed; --count different ones\n"
        "  reduce    fewer products where some share a factor and others are dependent\n"
        "  ternary   from z to coefficients in {-1, 0, 1}, by flips and changes of basis by "
        "--seed\n"
        "  best      the lowest rank for FORMAT that these lead to, from the given schemes, the\n"
        "            best ones of stores, and standard ones; the steps go to standard error\n\n"
        "  fewmul derive product strassen.json strassen.json -o 4x4x4.json\n"
        "  fewmul derive project --axis p 4x5x5.json -o 4x5x4.json\n"
        "  fewmul derive best 4x5x6 fewmul-results --store fewmul-results\n\n"
        "Over two rings the result is over the larger one of zt, z, q, or over f<p>; 'best' takes\n"
        "the smallest of zt, z, q that will do, unless all schemes are over one f<p>. What is\n"
        "written was verified exactly, and has the hashes of the schemes that it comes from. FILE "
        "-\n"
        "is standard input. Exit code 1: a given scheme does not hold, or ternary found none.",
    .options = options,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run,
};
