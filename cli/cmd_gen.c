/* fewmul gen: a scheme becomes C. */
#include "command.h"
#include "memory.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct {
    const char *target, *type, *name, *output;
    uint64_t crossover;
} arguments = {.target = "c", .type = "f64", .output = "-"};

static const cli_option options[] = {
    {"target", "NAME", CLI_STRING, &arguments.target, "what to generate: c"},
    {"type", "T", CLI_STRING, &arguments.type, "of the entries: f64 or f32"},
    {"name", "NAME", CLI_STRING, &arguments.name, "of the function; dgemm_2x2x2_7 if not given"},
    {"crossover", "N", CLI_COUNT, &arguments.crossover,
     "cut into blocks while their size exceeds N; 0: an estimate"},
    {"output", "FILE.c", CLI_STRING, &arguments.output,
     "write FILE.c and FILE.h; - prints the source alone"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* ---------------------------------------------------------------- files */

/* A file that appears under its name whole or not at all. */
typedef struct output {
    char *path, *temporary;
    FILE *file;
} output;

static fm_status io_failure(const char *path, fm_error *error)
{
    snprintf(error->message, sizeof error->message, "%s: %s", path, strerror(errno));
    return FM_IO;
}

static fm_status output_open(output *out, char *path, fm_error *error)
{
    *out = (output){path, fm_format("%s.XXXXXX", path), NULL};
    int descriptor = mkstemp(out->temporary);
    if (descriptor < 0)
        return io_failure(path, error);
    mode_t mask = umask(0);
    umask(mask);
    fchmod(descriptor, 0666 & ~mask);
    out->file = fdopen(descriptor, "w");
    return FM_OK;
}

static fm_status output_flush(const output *out, fm_error *error)
{
    if (fflush(out->file) != 0 || fsync(fileno(out->file)) != 0)
        return io_failure(out->path, error);
    return FM_OK;
}

static fm_status output_rename(output *out, fm_error *error)
{
    if (rename(out->temporary, out->path) != 0)
        return io_failure(out->path, error);
    fclose(out->file);
    out->file = NULL;
    return FM_OK;
}

/* Removes what was not renamed. */
static void output_close(output *out)
{
    if (out->file != NULL) {
        fclose(out->file);
        unlink(out->temporary);
    }
    free(out->temporary);
    free(out->path);
}

/* ---------------------------------------------------------------- the command */

static fm_status write_files(const fm_scheme *scheme, fm_codegen_options *how, fm_error *error)
{
    output source = {0}, header = {0};
    char *header_path = fm_strdup(arguments.output);
    header_path[strlen(header_path) - 1] = 'h';
    const char *slash = strrchr(header_path, '/');
    how->header = slash != NULL ? slash + 1 : header_path;
    fm_status status = output_open(&source, fm_strdup(arguments.output), error);
    if (status == FM_OK)
        status = output_open(&header, header_path, error);
    else
        free(header_path);
    if (status == FM_OK)
        status = fm_codegen_c(scheme, how, source.file, error);
    if (status == FM_OK)
        status = fm_codegen_header(scheme, how, header.file, error);
    if (status == FM_OK)
        status = output_flush(&source, error);
    if (status == FM_OK)
        status = output_flush(&header, error);
    if (status == FM_OK)
        status = output_rename(&header, error);
    if (status == FM_OK)
        status = output_rename(&source, error);
    output_close(&source);
    output_close(&header);
    return status;
}

static char *default_name(const fm_scheme *scheme, fm_scalar_type type)
{
    return fm_format("%cgemm_%s_%u", type == FM_F32 ? 's' : 'd',
                     fm_tensor_name(fm_scheme_tensor(scheme)), fm_scheme_rank(scheme));
}

static int generate(const char *path, fm_scalar_type type)
{
    fm_error error;
    fm_scheme_list list;
    fm_status status = fm_scheme_read(path, &list, &error);
    if (status != FM_OK)
        return cli_exit_code(status, &error);
    if (list.count != 1) {
        cli_error("%s: holds %zu schemes, expected one", path, list.count);
        fm_scheme_list_free(&list);
        return CLI_WRONG;
    }
    char *name =
        arguments.name != NULL ? fm_strdup(arguments.name) : default_name(list.schemes[0], type);
    fm_codegen_options how = {
        .name = name, .type = type, .crossover = (unsigned)arguments.crossover};
    if (strcmp(arguments.output, "-") == 0)
        status = fm_codegen_c(list.schemes[0], &how, stdout, &error);
    else
        status = write_files(list.schemes[0], &how, &error);
    free(name);
    fm_scheme_list_free(&list);
    if (status == FM_NO)
        cli_error("%s: %s", path, error.message);
    return cli_exit_code(status, &error);
}

static int run(size_t count, char **operands)
{
    (void)count;
    bool f32 = strcmp(arguments.type, "f32") == 0;
    size_t length = strlen(arguments.output);
    if (strcmp(arguments.target, "c") != 0)
        return cli_error("--target: there is no '%s'; there is: c", arguments.target);
    if (!f32 && strcmp(arguments.type, "f64") != 0)
        return cli_error("--type: there is no '%s'; there are: f64, f32", arguments.type);
    if (arguments.crossover > UINT_MAX)
        return cli_error("--crossover: must be at most %u", UINT_MAX);
    if (strcmp(arguments.output, "-") != 0 &&
        (length < 3 || strcmp(arguments.output + length - 2, ".c") != 0))
        return cli_error("-o: '%s' must end in .c; the header is written beside it",
                         arguments.output);
    return generate(operands[0], f32 ? FM_F32 : FM_F64);
}

const cli_command cli_command_gen = {
    .name = "gen",
    .operands = "SCHEME",
    .summary = "generate a C function that multiplies matrices by a scheme",
    .details = "Reads one scheme of a matrix product over zt, z or q, verifies it, and writes a C "
               "file that depends\non nothing but the C library:\n\n"
               "  void NAME(size_t m, size_t n, size_t k, T alpha, const T *A, size_t lda,\n"
               "            const T *B, size_t ldb, T beta, T *C, size_t ldc);\n\n"
               "C = alpha A B + beta C, row-major, for any sizes. Compile it with GCC or Clang, "
               "-O3 -fopenmp.",
    .options = options,
    .operands_min = 1,
    .operands_max = 1,
    .run = run,
};
