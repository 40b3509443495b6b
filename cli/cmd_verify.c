/* fewmul verify: does each scheme hold? */
#include "command.h"
#include "error.h"
#include "input.h"
#include "memory.h"
#include "print.h"
#include "scheme.h"
#include "scheme_print.h"

#include <inttypes.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static struct {
    cli_reading reading;
    const char *tensor;
    uint64_t threads;
    bool json, quiet;
} arguments = {.reading.ring = CLI_NO_RING};

static const cli_option options[] = {
    {"ring", "R", CLI_RING, &arguments.reading.ring,
     "check in this ring [the smallest that holds]"},
    CLI_FORMAT_OPTION(arguments.reading),
    CLI_TRANSPOSED_OPTION(arguments.reading),
    {"tensor", "FORMAT|TENSOR", CLI_STRING, &arguments.tensor,
     "check against this tensor [the scheme's own]"},
    {"threads", "N", CLI_COUNT, &arguments.threads, "verify so many at once [all processors]"},
    {"quiet", NULL, CLI_FLAG, &arguments.quiet, "print only what does not hold"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print a JSON object a line and scheme"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* ---------------------------------------------------------------- reports */

/* What is to be printed of a file or a scheme, in its turn. */
typedef struct report {
    FILE *out, *err;
    char *out_text, *err_text;
    size_t out_size, err_size;
    int code; /* the worst exit code */
    uint64_t holds, fails, unread;
} report;

static void report_begin(report *r)
{
    *r = (report){.code = CLI_DONE};
    r->out = open_memstream(&r->out_text, &r->out_size);
    r->err = open_memstream(&r->err_text, &r->err_size);
}

/* Prints a report to out and err and adds it to what they belong to. */
static void report_end(report *r, FILE *out, FILE *err, report *whole)
{
    fclose(r->out);
    fclose(r->err);
    fwrite(r->out_text, 1, r->out_size, out);
    fwrite(r->err_text, 1, r->err_size, err);
    free(r->out_text);
    free(r->err_text);
    whole->code = r->code > whole->code ? r->code : whole->code;
    whole->holds += r->holds;
    whole->fails += r->fails;
    whole->unread += r->unread;
}

/* ---------------------------------------------------------------- verdicts */

static json_t *inferred_json(const fm_origin *origin)
{
    json_t *array = json_array();
    if (origin->tensor_inferred)
        json_array_append_new(array, json_string("format"));
    if (origin->w_order_inferred)
        json_array_append_new(array, json_string("transposed"));
    if (origin->ring_inferred)
        json_array_append_new(array, json_string("ring"));
    return array;
}

static void print_verdict_json(FILE *out, const char *path, size_t index, const fm_scheme *scheme,
                               const fm_verdict *verdict)
{
    char name[FM_RING_NAME_SIZE];
    json_t *object = json_object();
    const fm_origin *origin = fm_scheme_origin(scheme);
    json_object_set_new(object, "file", fm_json_string(path));
    json_object_set_new(object, "index", json_integer((json_int_t)index));
    if (origin != NULL && origin->entry != NULL)
        json_object_set_new(object, "entry", fm_json_string(origin->entry));
    json_object_set_new(object, "valid", json_boolean(verdict->valid));
    json_object_set_new(object, "ring",
                        verdict->valid ? json_string(fm_ring_name(verdict->ring, name))
                                       : json_null());
    json_object_set_new(object, "format", fm_json_string(fm_tensor_name(scheme->tensor)));
    json_object_set_new(object, "rank", json_integer(fm_scheme_rank(scheme)));
    json_object_set_new(object, "additions", json_integer((json_int_t)fm_scheme_additions(scheme)));
    json_object_set_new(object, "kind", json_string(fm_file_kind_name(origin->kind)));
    json_object_set_new(object, "transposed", json_boolean(origin->w_order == FM_W_OF_TRANSPOSE));
    json_object_set_new(object, "inferred", inferred_json(origin));
    cli_print_json_to(out, object);
}

static void print_error_json(FILE *out, const char *path, size_t index, const fm_error *error)
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
    cli_print_json_to(out, object);
}

/* What the file does not say and how it was understood: "; from exp: format, W for the transpose of
   C, ring f2". */
static void print_inferred(FILE *out, const fm_scheme *scheme)
{
    char ring[FM_RING_NAME_SIZE];
    const char *separator = "";
    const fm_origin *origin = fm_scheme_origin(scheme);
    if (!origin->tensor_inferred && !origin->w_order_inferred && !origin->ring_inferred)
        return;
    fprintf(out, "; inferred from %s: ", fm_file_kind_name(origin->kind));
    if (origin->tensor_inferred) {
        fputs("format", out);
        separator = ", ";
    }
    if (origin->w_order_inferred) {
        fprintf(out, "%sW for %s", separator,
                origin->w_order == FM_W_OF_TRANSPOSE ? "the transpose of C" : "C itself");
        separator = ", ";
    }
    if (origin->ring_inferred)
        fprintf(out, "%sring %s", separator, fm_ring_name(scheme->ring, ring));
}

static void print_verdict(FILE *out, const char *label, const fm_scheme *scheme,
                          const fm_verdict *verdict)
{
    char ring[FM_RING_NAME_SIZE], a[FM_ENTRY_NAME_SIZE], b[FM_ENTRY_NAME_SIZE],
        c[FM_ENTRY_NAME_SIZE];
    const fm_tensor *tensor = scheme->tensor;
    fprintf(out, "%s: %s, rank %u, ", label, fm_tensor_name(tensor), fm_scheme_rank(scheme));
    fm_ring_name(verdict->ring, ring);
    if (!verdict->valid) {
        fprintf(out, "does not hold over %s: %s %s in %s should be %s and is %s", ring,
                fm_entry_name(tensor, 0, verdict->i, a), fm_entry_name(tensor, 1, verdict->j, b),
                fm_entry_name(tensor, 2, verdict->k, c), verdict->expected, verdict->actual);
    } else {
        fprintf(out, "holds over %s; %" PRIu64 " additions", ring, fm_scheme_additions(scheme));
        if (isfinite(fm_scheme_exponent(scheme)))
            fprintf(out, ", exponent %.3f", fm_scheme_exponent(scheme));
    }
    print_inferred(out, scheme);
    fputc('\n', out);
}

/* ---------------------------------------------------------------- checks */

static fm_status check(const fm_scheme *scheme, fm_verdict *verdict, fm_error *error)
{
    if (cli_ring_given(arguments.reading.ring))
        return fm_verify(scheme, scheme->tensor, arguments.reading.ring, verdict, error);
    return fm_verify_smallest_ring(scheme, verdict, error);
}

static void report_error(report *r, const char *path, size_t index, const fm_error *error)
{
    if (arguments.json)
        print_error_json(r->out, path, index, error);
    fprintf(r->err, "fewmul: %s\n", error->message);
    r->unread++;
    r->code = CLI_WRONG;
}

/* Scheme number index of a file. */
static void verify_scheme(const char *path, const fm_scheme_list *list, size_t index, report *r)
{
    fm_error error, placed;
    fm_verdict verdict = {0};
    const fm_scheme *scheme = list->schemes[index];
    char *label = cli_list_label(path, list, index);
    fm_status status = check(scheme, &verdict, &error);
    if (status == FM_OK || status == FM_NO) {
        bool wanted = status == FM_NO || !arguments.quiet;
        if (wanted && arguments.json)
            print_verdict_json(r->out, path, index, scheme, &verdict);
        else if (wanted)
            print_verdict(r->out, label, scheme, &verdict);
        r->holds += status == FM_OK;
        r->fails += status == FM_NO;
        r->code = status == FM_NO ? CLI_NO : CLI_DONE;
    } else {
        fm_fail(&placed, status, "%s: %s", label, error.message);
        report_error(r, path, index, &placed);
    }
    fm_verdict_clear(&verdict);
    free(label);
}

static void verify_file(const char *path, report *whole)
{
    fm_error error;
    fm_scheme_list list;
    if (fm_scheme_read_as(path, &arguments.reading.options, &list, &error) != FM_OK) {
        report_error(whole, path, 0, &error);
        return;
    }
#pragma omp parallel for ordered schedule(dynamic) if (list.count > 1)
    for (size_t s = 0; s < list.count; s++) {
        report one;
        report_begin(&one);
        verify_scheme(path, &list, s, &one);
#pragma omp ordered
        report_end(&one, whole->out, whole->err, whole);
    }
    fm_scheme_list_free(&list);
}

/* ---------------------------------------------------------------- the command */

static void verify_files(const cli_files *files, report *whole)
{
#pragma omp parallel for ordered schedule(dynamic) if (files->count > 1)
    for (size_t f = 0; f < files->count; f++) {
        report one;
        report_begin(&one);
        verify_file(files->paths[f], &one);
#pragma omp ordered
        report_end(&one, stdout, stderr, whole);
    }
    if (files->is_many && !arguments.json && !arguments.quiet)
        printf("%zu file%s: %" PRIu64 " scheme%s hold%s, %" PRIu64 " do%s not, %" PRIu64
               " could not be read\n",
               files->count, files->count == 1 ? "" : "s", whole->holds,
               whole->holds == 1 ? "" : "s", whole->holds == 1 ? "s" : "", whole->fails,
               whole->fails == 1 ? "es" : "", whole->unread);
}

static int run(size_t count, char **operands)
{
    fm_error error;
    cli_files files;
    report whole = {.code = CLI_DONE};
    if (arguments.threads > 0)
        omp_set_num_threads(arguments.threads < 1024 ? (int)arguments.threads : 1024);
    if (arguments.tensor != NULL) {
        fm_status status = cli_read_tensor(arguments.tensor, &arguments.reading.tensor, &error);
        if (status != FM_OK)
            return cli_exit_code(status, &error);
    }
    whole.code = cli_reading_begin(&arguments.reading);
    if (whole.code == CLI_DONE) {
        fm_status status = cli_files_find(count, operands, &files, &error);
        whole.code = cli_exit_code(status, &error);
    }
    if (whole.code == CLI_DONE) {
        verify_files(&files, &whole);
        cli_files_free(&files);
    }
    cli_reading_end(&arguments.reading);
    return whole.code;
}

const cli_command cli_command_verify = {
    .name = "verify",
    .operands = "FILE|FOLDER...",
    .summary = "check exactly that schemes hold",
    .details =
        "Checks every scheme of every file, exactly, and says for each in which ring it holds: "
        "the\n"
        "smallest of zt, z, q, else the first of f2, f3, f5, ... below 100. For one that does not\n"
        "hold, the first equation that fails: which entries of A and B, in which entry of C, what\n"
        "the coefficient should be and what the products add up to. FILE - is standard input; of "
        "a\n"
        "folder every file below it that is of a known kind is read. Files are verified at the "
        "same\n"
        "time, the verdicts come in order, and behind those of several files comes their number.\n"
        "Additions are counted without sharing; the exponent is that of the algorithm.\n\n"
        "Kinds of files are recognized by content: json, text, exp, equations, mathematica, "
        "maple,\n"
        "sms (X_L.sms stands for the three files X_L.sms, X_R.sms, X_P.sms) and coefficients. What "
        "a\n"
        "file does not say, the format, whether W is for the transpose of C, and the ring, is "
        "what\n"
        "holds, and is stated in the verdict; --format, --transposed and --ring fix it.\n\n"
        "  fewmul verify 3x3x3.json\n"
        "  fewmul verify --ring f2 *.json\n"
        "  fewmul verify --format 4x4x4 supplement/\n"
        "  fewmul verify --tensor 2x2x2 - < strassen.txt\n\n"
        "With --json, each line has file, index (from 0), valid, ring (null when none), format,\n"
        "rank, additions, kind, transposed, inferred (those of format, transposed and ring that "
        "the\n"
        "file does not say), or error for what could not be read.\n\n"
        "Exit code 0: all hold; 1: some scheme does not; 2: something could not be read.",
    .options = options,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run,
};
