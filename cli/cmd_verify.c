/* fewmul verify: does each scheme hold? */
#include "border.h"
#include "command.h"
#include "error.h"
#include "input.h"
#include "memory.h"
#include "output.h"
#include "print.h"
#include "scheme_file.h"
#include "verdict.h"

#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

static struct {
    cli_reading reading;
    const char *tensor, *certificate;
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
    {"certificate", "OUT", CLI_STRING, &arguments.certificate,
     "write a certificate of each scheme to this file"},
    {"threads", "N", CLI_COUNT, &arguments.threads, "verify so many at once [all processors]"},
    {"quiet", NULL, CLI_FLAG, &arguments.quiet, "print only what does not hold"},
    {"json", NULL, CLI_FLAG, &arguments.json, "print a JSON object a line and scheme"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* ---------------------------------------------------------------- reports */

enum { OUT, ERR, CERTIFICATE, STREAM_COUNT };

/* What is to be printed of a file or a scheme, in its turn. */
typedef struct report {
    FILE *stream[STREAM_COUNT];
    char *text[STREAM_COUNT];
    size_t size[STREAM_COUNT];
    int code; /* the worst exit code */
    uint64_t holds, approximate, fails, unread;
} report;

static void report_begin(report *r)
{
    *r = (report){.code = CLI_DONE};
    for (int i = 0; i < STREAM_COUNT; i++)
        r->stream[i] = open_memstream(&r->text[i], &r->size[i]);
}

/* Adds a report to what it belongs to. */
static void report_end(report *r, report *whole)
{
    for (int i = 0; i < STREAM_COUNT; i++) {
        fclose(r->stream[i]);
        if (whole->stream[i] != NULL)
            fwrite(r->text[i], 1, r->size[i], whole->stream[i]);
        free(r->text[i]);
    }
    whole->code = r->code > whole->code ? r->code : whole->code;
    whole->holds += r->holds;
    whole->approximate += r->approximate;
    whole->fails += r->fails;
    whole->unread += r->unread;
}

/* ---------------------------------------------------------------- checks */

/* Whether a scheme that holds modulo p only can be meant so: over f3 coefficients -1, 0 and 1 are all
   there are, but over f2 nobody writes -1, and a scheme with a wrong sign would pass. */
static bool can_be_meant(const fm_scheme *scheme, uint64_t p)
{
    slong most = (slong)(p - 1) / 2;
    for (unsigned axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < scheme->factors[axis].count; e++) {
            const fmpq *value = &scheme->factors[axis].value[e];
            if (!fmpz_is_one(fmpq_denref(value)) || fmpz_cmp_si(fmpq_numref(value), most) > 0 ||
                fmpz_cmp_si(fmpq_numref(value), -most) < 0)
                return false;
        }
    return true;
}

/* In the smallest ring, or that of the file or of the coefficients where the scheme does not hold. */
static fm_status check(const fm_scheme *scheme, fm_verdict *verdict, fm_error *error)
{
    if (cli_ring_given(arguments.reading.ring))
        return fm_verify(scheme, scheme->tensor, arguments.reading.ring, verdict, error);
    fm_status status = fm_verify_smallest_ring(scheme, verdict, error);
    if (status != FM_OK || verdict->ring.kind != FM_RING_ZP || scheme->ring.kind == FM_RING_ZP ||
        can_be_meant(scheme, verdict->ring.p))
        return status;
    fm_verdict_clear(verdict);
    return fm_verify(scheme, scheme->tensor, scheme->ring, verdict, error);
}

static void report_error(report *r, const char *path, size_t index, const fm_error *error)
{
    if (arguments.json)
        cli_verdict_error_json(r->stream[OUT], path, index, error);
    fprintf(r->stream[ERR], "fewmul: %s\n", error->message);
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
            cli_verdict_json(r->stream[OUT], path, index, scheme, &verdict);
        else if (wanted)
            cli_verdict_text(r->stream[OUT], label, scheme, &verdict);
        if (arguments.certificate != NULL)
            fm_certificate_write(scheme, &verdict, r->stream[CERTIFICATE], NULL);
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

/* The same for one with laurents. */
static void verify_border(const char *path, const fm_scheme_list *list, size_t index, report *r)
{
    fm_error error;
    fm_border_verdict verdict;
    const fm_scheme *scheme = list->schemes[index];
    const fm_laurents *laurents = scheme->laurents;
    char *label = cli_list_label(path, list, index);
    fm_status status = fm_border_verify(scheme, laurents, &verdict);
    bool wanted = status == FM_NO || !arguments.quiet;
    if (wanted && arguments.json)
        cli_border_json(r->stream[OUT], path, index, scheme, laurents, &verdict);
    else if (wanted)
        cli_border_text(r->stream[OUT], label, scheme, laurents, &verdict);
    r->holds = verdict.is_exact;
    r->approximate = verdict.valid && !verdict.is_exact;
    r->fails = status == FM_NO;
    r->code = status == FM_NO ? CLI_NO : CLI_DONE;
    if (arguments.certificate != NULL) {
        fm_fail(&error, FM_BAD_INPUT, "%s: a certificate has rational coefficients only", label);
        fprintf(r->stream[ERR], "fewmul: %s\n", error.message);
        r->code = CLI_WRONG;
    }
    fm_border_verdict_clear(&verdict);
    free(label);
}

static void verify_file(const char *path, report *whole)
{
    fm_error error;
    fm_scheme_list list;
    fm_laurents *laurents;
    if (fm_border_read(path, &arguments.reading.options, &list, &laurents, &error) != FM_OK)
        report_error(whole, path, 0, &error);
#pragma omp parallel for ordered schedule(dynamic) if (list.count > 1)
    for (size_t s = 0; s < list.count; s++) {
        report one;
        report_begin(&one);
        if (list.schemes[s]->laurents != NULL)
            verify_border(path, &list, s, &one);
        else
            verify_scheme(path, &list, s, &one);
#pragma omp ordered
        report_end(&one, whole);
    }
    fm_scheme_list_free(&list);
    fm_laurents_free(laurents);
}

/* ---------------------------------------------------------------- the command */

static void print_summary(size_t files, const report *whole)
{
    printf("%zu file%s: %" PRIu64 " scheme%s hold%s, ", files, files == 1 ? "" : "s", whole->holds,
           whole->holds == 1 ? "" : "s", whole->holds == 1 ? "s" : "");
    if (whole->approximate > 0)
        printf("%" PRIu64 " approximately, ", whole->approximate);
    printf("%" PRIu64 " do%s not, %" PRIu64 " could not be read\n", whole->fails,
           whole->fails == 1 ? "es" : "", whole->unread);
}

static void verify_files(const cli_files *files, report *whole)
{
#pragma omp parallel for ordered schedule(dynamic) if (files->count > 1)
    for (size_t f = 0; f < files->count; f++) {
        report one;
        report_begin(&one);
        verify_file(files->paths[f], &one);
#pragma omp ordered
        report_end(&one, whole);
    }
    if (files->is_many && !arguments.json && !arguments.quiet)
        print_summary(files->count, whole);
}

/* The certificates are there when everything could be read. */
static int verify_operands(size_t count, char **operands)
{
    fm_error error;
    cli_files files;
    cli_output certificates = {0};
    report whole = {.stream = {stdout, stderr, NULL}, .code = CLI_DONE};
    fm_status status = cli_files_find(count, operands, &files, &error);
    if (status != FM_OK)
        return cli_exit_code(status, &error);
    if (arguments.certificate != NULL)
        status = cli_output_open(arguments.certificate, &certificates, &error);
    if (status == FM_OK) {
        whole.stream[CERTIFICATE] = certificates.file;
        verify_files(&files, &whole);
    }
    cli_files_free(&files);
    if (status != FM_OK || arguments.certificate == NULL)
        return status != FM_OK ? cli_exit_code(status, &error) : whole.code;
    bool is_whole = whole.code != CLI_WRONG;
    status = cli_output_close(&certificates, is_whole ? FM_OK : FM_BAD_INPUT, &error);
    return is_whole && status != FM_OK ? cli_exit_code(status, &error) : whole.code;
}

static int run(size_t count, char **operands)
{
    fm_error error;
    if (arguments.threads > 0)
        omp_set_num_threads(arguments.threads < 1024 ? (int)arguments.threads : 1024);
    if (arguments.tensor != NULL) {
        fm_status status = cli_read_tensor(arguments.tensor, &arguments.reading.tensor, &error);
        if (status != FM_OK)
            return cli_exit_code(status, &error);
    }
    int code = cli_reading_begin(&arguments.reading);
    if (code == CLI_DONE)
        code = verify_operands(count, operands);
    cli_reading_end(&arguments.reading);
    return code;
}

const cli_command cli_command_verify = {
    .name = "verify",
    .operands = "FILE|FOLDER...",
    .summary = "check exactly that schemes hold",
    .details =
        "Checks every scheme of every file, exactly, and says for each in which ring it holds: "
        "the\n"
        "smallest of zt, z, q, else the first of f2, f3, f5, ... below 100 if its coefficients "
        "are\n"
        "residues: one with -1 or 1/2 that holds over f2 only does not hold, unless --ring f2 "
        "says\n"
        "that it is meant so. For one that does not hold, the first equation that fails: which\n"
        "entries of A and B, in which entry of C, what the coefficient should be and what the\n"
        "products add up to. FILE - is standard input; of a\n"
        "folder every file below it that is of a known kind is read. Files are verified at the "
        "same\n"
        "time, the verdicts come in order, and behind those of several files comes their number.\n"
        "Additions are counted without sharing; the exponent is that of the algorithm.\n\n"
        "A scheme with a parameter (x, eps) is verified as an identity to first order: it bounds "
        "the\n"
        "border rank, and is called approximate. Complex coefficients (1/2+I/2) are verified over "
        "qi.\n"
        "Only 'fewmul convert' takes them too (docs/scheme-file.md).\n\n"
        "With --certificate, a line of JSON for each scheme, with the scheme, its hash and the\n"
        "verdict, is written to OUT when everything could be read; check_certificate.py, which "
        "has\n"
        "no code of this program, checks it (docs/certificate.md).\n\n"
        "Kinds of files are recognized by content: json, text, exp, equations, mathematica, "
        "maple,\n"
        "sms (X_L.sms stands for the three files X_L.sms, X_R.sms, X_P.sms), coefficients, "
        "NumPy's\n"
        "npy and npz, and python: its arrays in source text and notebooks. What a file does not "
        "say,\n"
        "the format, whether W is for the transpose of C, and the ring, is what holds, and is "
        "stated\n"
        "in the verdict; --format, --transposed and --ring fix it.\n\n"
        "  fewmul verify 3x3x3.json\n"
        "  fewmul verify --ring f2 *.json\n"
        "  fewmul verify --format 4x4x4 supplement/\n"
        "  fewmul verify --tensor 2x2x2 - < strassen.txt\n"
        "  fewmul verify --certificate 3x3x3.certificate 3x3x3.json\n\n"
        "With --json, each line has file, index (from 0), valid, ring (null when none; that of a\n"
        "scheme that holds over f2 and is not meant so too), format, rank, additions, exponent,\n"
        "coefficients (count: how many that differ and are not 0; values: the smallest of them, "
        "at\n"
        "most 16), kind, transposed, inferred (those of format, transposed and ring that the file "
        "does\n"
        "not say); border, parameter, field, order and error_powers for schemes with a parameter;\n"
        "or error for what could not be read.\n\n"
        "Exit code 0: all hold; 1: some scheme does not; 2: something could not be read.",
    .options = options,
    .operands_min = 1,
    .operands_max = SIZE_MAX,
    .run = run,
};
