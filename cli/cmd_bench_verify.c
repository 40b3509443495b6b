/* fewmul bench verify: how long reading and checking schemes takes. */
#include "bench_verify.h"
#include "bench_walk.h"
#include "command.h"
#include "error.h"
#include "input.h"
#include "memory.h"
#include "print.h"

#include <omp.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>

static struct {
    cli_list from;
    uint64_t up_to, threads, repeat;
    bool json;
} arguments = {.threads = 1, .repeat = 3};

static const cli_option options[] = {
    {"up-to", "N", CLI_COUNT, &arguments.up_to,
     "also derive schemes for all formats 2x2x2 to NxNxN, n <= m <= p"},
    {"from", "FILE|FOLDER", CLI_LIST, &arguments.from,
     "derive from these; may be given many times [2x2x2:7]"},
    {"threads", "N", CLI_COUNT, &arguments.threads, "verify so many at once; 0: all cores"},
    {"repeat", "K", CLI_COUNT, &arguments.repeat, "rounds, of which the medians count"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print one JSON object"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

typedef struct set {
    fm_verify_item *items;
    size_t count, capacity;
    fm_scheme_list from;
} set;

static void clear_set(set *s)
{
    for (size_t i = 0; i < s->count; i++)
        fm_verify_item_clear(&s->items[i]);
    free(s->items);
    fm_scheme_list_free(&s->from);
}

/* ---------------------------------------------------------------- what is measured */

static fm_verify_item *add_item(set *s)
{
    s->items = fm_grow(s->items, s->count, &s->capacity, sizeof *s->items);
    s->items[s->count] = (fm_verify_item){0};
    return &s->items[s->count++];
}

/* Moves the schemes of a file to s->from. */
static fm_status read_from(set *s, const char *path, fm_error *error)
{
    fm_scheme_list list;
    fm_status status = fm_scheme_read(path, &list, error);
    if (status != FM_OK)
        return status;
    s->from.schemes =
        fm_realloc(s->from.schemes, s->from.count + list.count, sizeof *s->from.schemes);
    for (size_t i = 0; i < list.count; i++)
        s->from.schemes[s->from.count++] = list.schemes[i];
    free(list.schemes);
    return FM_OK;
}

/* Strassen, when nothing is told. */
static fm_status find_from(set *s, fm_error *error)
{
    cli_files files;
    if (arguments.from.count == 0) {
        s->from.schemes = fm_alloc(1, sizeof *s->from.schemes);
        fm_status status = fm_bench_strassen(cli_stop_flag(), &s->from.schemes[0], error);
        s->from.count = status == FM_OK;
        return status;
    }
    fm_status status =
        cli_files_find(arguments.from.count, (char **)arguments.from.items, &files, error);
    if (status != FM_OK)
        return status;
    for (size_t f = 0; f < files.count && status == FM_OK; f++)
        status = read_from(s, files.paths[f], error);
    cli_files_free(&files);
    return status;
}

static fm_status derive_item(set *s, const unsigned format[3], fm_error *error)
{
    if (*cli_stop_flag() != 0)
        return fm_fail(error, FM_INTERRUPTED, "interrupted");
    return fm_verify_item_derive(format, (const fm_scheme *const *)s->from.schemes, s->from.count,
                                 add_item(s), error);
}

static fm_status derive_all(set *s, unsigned up_to, fm_error *error)
{
    fm_status status = FM_OK;
    for (unsigned n = 2; n <= up_to; n++)
        for (unsigned m = n; m <= up_to; m++)
            for (unsigned p = m; p <= up_to && status == FM_OK; p++)
                status = derive_item(s, (const unsigned[]){n, m, p}, error);
    return status;
}

/* A format, where no file has its name, or a file or folder. */
static fm_status add_operand(set *s, char *operand, fm_error *error)
{
    struct stat found;
    cli_files files;
    fm_tensor *tensor;
    unsigned format[3];
    if (stat(operand, &found) != 0 && fm_tensor_parse_format(operand, &tensor, NULL) == FM_OK) {
        fm_tensor_is_matmul(tensor, format);
        fm_tensor_free(tensor);
        return derive_item(s, format, error);
    }
    fm_status status = cli_files_find(1, &operand, &files, error);
    if (status != FM_OK)
        return status;
    for (size_t f = 0; f < files.count; f++)
        add_item(s)->name = fm_strdup(files.paths[f]);
    cli_files_free(&files);
    return FM_OK;
}

static fm_status find_items(set *s, size_t count, char **operands, fm_error *error)
{
    fm_status status = find_from(s, error);
    if (status == FM_OK && arguments.up_to > 0)
        status = derive_all(s, (unsigned)arguments.up_to, error);
    for (size_t o = 0; o < count && status == FM_OK; o++)
        status = add_operand(s, operands[o], error);
    if (status == FM_OK && s->count == 0 && count > 0)
        status = fm_fail(error, FM_BAD_INPUT, "bench verify: no scheme files");
    return status;
}

/* ---------------------------------------------------------------- output */

static double peak_memory(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return 1024.0 * (double)usage.ru_maxrss;
}

static void print_json(const set *s, const fm_verify_measure *measures, unsigned threads,
                       double seconds)
{
    json_t *results = json_array();
    char ring[FM_RING_NAME_SIZE];
    for (size_t i = 0; i < s->count; i++) {
        const fm_verify_measure *m = &measures[i];
        json_t *object = json_object();
        json_object_set_new(object, "name", fm_json_string(s->items[i].name));
        json_object_set_new(object, "format", fm_json_string(m->format));
        json_object_set_new(object, "rank", json_integer(m->rank));
        json_object_set_new(object, "ring", json_string(fm_ring_name(m->ring, ring)));
        json_object_set_new(object, "schemes", json_integer(m->schemes));
        json_object_set_new(object, "valid", json_integer(m->valid));
        json_object_set_new(object, "read_seconds", cli_json_real(m->read_seconds));
        json_object_set_new(object, "check_seconds", cli_json_real(m->check_seconds));
        json_array_append_new(results, object);
    }
    json_t *whole = json_object();
    json_object_set_new(whole, "threads", json_integer(threads));
    json_object_set_new(whole, "repeat", json_integer((json_int_t)arguments.repeat));
    json_object_set_new(whole, "seconds", cli_json_real(seconds));
    json_object_set_new(whole, "peak_memory", cli_json_real(peak_memory()));
    json_object_set_new(whole, "results", results);
    cli_print_json(whole);
}

static void print_text(const set *s, const fm_verify_measure *measures, unsigned threads,
                       double seconds)
{
    char ring[FM_RING_NAME_SIZE];
    uint64_t schemes = 0, valid = 0;
    for (size_t i = 0; i < s->count; i++) {
        const fm_verify_measure *m = &measures[i];
        printf("%s: %s, rank %u", s->items[i].name, m->format, m->rank);
        if (m->schemes > 1)
            printf(", and %u more", m->schemes - 1);
        printf(", %s over %s: read %.4f s, checked %.4f s\n",
               m->valid == m->schemes ? "holds" : "does not hold", fm_ring_name(m->ring, ring),
               m->read_seconds, m->check_seconds);
        schemes += m->schemes;
        valid += m->valid;
    }
    printf("%llu schemes, %llu hold: %.3f s on %u thread%s, peak memory %.0f MB\n",
           (unsigned long long)schemes, (unsigned long long)valid, seconds, threads,
           threads == 1 ? "" : "s", peak_memory() / 1e6);
}

static int run(size_t count, char **operands)
{
    fm_error error;
    set s = {0};
    double seconds;
    char *largest[] = {"9x16x16", "32x32x32"};
    unsigned threads =
        arguments.threads != 0 ? (unsigned)arguments.threads : (unsigned)omp_get_max_threads();
    if (arguments.repeat == 0 || arguments.repeat > 1000 || threads > 1024)
        return cli_error("bench verify: --repeat is from 1 to 1000, --threads up to 1024");
    if (arguments.up_to == 1 || arguments.up_to > FM_FORMAT_MAX)
        return cli_error("bench verify: --up-to is from 2 to %d", FM_FORMAT_MAX);
    if (count == 0 && arguments.up_to == 0) {
        count = 2;
        operands = largest;
    }
    cli_catch_signals();
    fm_status status = find_items(&s, count, operands, &error);
    fm_verify_measure *measures = fm_alloc_zero(s.count, sizeof *measures);
    fm_verify_options how = {.items = s.items,
                             .count = s.count,
                             .threads = threads,
                             .rounds = (unsigned)arguments.repeat,
                             .stop = cli_stop_flag()};
    if (status == FM_OK)
        status = fm_bench_verify(&how, measures, &seconds, &error);
    if (status == FM_OK && arguments.json)
        print_json(&s, measures, threads, seconds);
    else if (status == FM_OK)
        print_text(&s, measures, threads, seconds);
    free(measures);
    clear_set(&s);
    return cli_exit_code(status, &error);
}

const cli_command cli_command_bench_verify = {
    .name = "bench verify",
    .operands = "[FILE|FOLDER|FORMAT...]",
    .summary = "measure how long reading and checking schemes takes",
    .details =
        "Reads the schemes of each file, finds the smallest ring in which they hold, and prints "
        "the\n"
        "medians of the times of several rounds. For a format, which is no file, the scheme of "
        "lowest\n"
        "rank is derived that those of --from lead to (as by 'derive best'), and is read from "
        "memory in\n"
        "the native kind. With no operand and no --up-to: 9x16x16 and 32x32x32.\n\n"
        "  fewmul bench verify --threads 2 supplement/\n"
        "  fewmul bench verify --up-to 16 --from results --threads 2 --repeat 1\n\n"
        "With --json: threads, repeat, seconds (a round, of all), peak_memory, and results, each "
        "with\n"
        "name, format, rank and ring of its first scheme, schemes and valid (how many there are "
        "and\n"
        "hold), read_seconds and check_seconds.",
    .options = options,
    .operands_min = 0,
    .operands_max = SIZE_MAX,
    .run = run,
};
