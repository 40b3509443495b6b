/* fewmul gen: a scheme becomes C. */
#include "command.h"
#include "memory.h"
#include "output.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static struct {
    const char *target, *type, *name, *output;
    uint64_t crossover;
} arguments = {.target = "c,avx2,avx512", .type = "f64", .output = "-"};

static const cli_option options[] = {
    {"target", "NAME,...", CLI_STRING, &arguments.target,
     "instruction sets, c, avx2 and avx512: of several the best is chosen at run time; all if not "
     "given"},
    {"type", "T", CLI_STRING, &arguments.type, "of the entries: f64 or f32"},
    {"name", "NAME", CLI_STRING, &arguments.name, "of the function; dgemm_2x2x2_7 if not given"},
    {"crossover", "N", CLI_COUNT, &arguments.crossover,
     "cut into blocks while their size exceeds N; 0: an estimate"},
    {"output", "FILE.c", CLI_STRING, &arguments.output,
     "write FILE.c and FILE.h; - prints the source alone"},
    {NULL, NULL, CLI_FLAG, NULL, NULL},
};

/* The header beside the source: FILE.h for FILE.c. */
static char *header_path(void)
{
    char *path = fm_strdup(arguments.output);
    path[strlen(path) - 1] = 'h';
    return path;
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Both files, or neither where the scheme or the disk does not allow it. */
static fm_status write_files(const fm_scheme *scheme, fm_codegen_options *how, fm_error *error)
{
    cli_output source, header;
    char *path = header_path();
    how->header = file_name(path);
    fm_status status = cli_output_open(arguments.output, &source, error);
    if (status == FM_OK) {
        status = fm_codegen_c(scheme, how, source.file, error);
        if (status == FM_OK)
            status = cli_output_open(path, &header, error);
        if (status == FM_OK) {
            status = fm_codegen_header(scheme, how, header.file, error);
            status = cli_output_close(&header, status, error);
        }
        status = cli_output_close(&source, status, error);
    }
    free(path);
    return status;
}

static char *default_name(const fm_scheme *scheme, fm_scalar_type type)
{
    return fm_format("%cgemm_%s_%u", type == FM_F32 ? 's' : 'd',
                     fm_tensor_name(fm_scheme_tensor(scheme)), fm_scheme_rank(scheme));
}

/* FM_TARGET_... for a list of names; 0 after a message. */
static unsigned parse_targets(void)
{
    static const struct {
        const char *name;
        unsigned target;
    } known[] = {{"c", FM_TARGET_C}, {"avx2", FM_TARGET_AVX2}, {"avx512", FM_TARGET_AVX512}};
    unsigned targets = 0;
    for (const char *text = arguments.target; text != NULL;) {
        const size_t length = strcspn(text, ",");
        unsigned target = 0;
        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
            if (strlen(known[i].name) == length && strncmp(known[i].name, text, length) == 0)
                target = known[i].target;
        if (target == 0) {
            cli_error("--target: there is no '%.*s'; there are: c, avx2, avx512", (int)length,
                      text);
            return 0;
        }
        targets |= target;
        text = text[length] == ',' ? text + length + 1 : NULL;
    }
    return targets;
}

static int generate(const char *path, fm_scalar_type type, unsigned targets)
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
        .name = name, .type = type, .targets = targets, .crossover = (unsigned)arguments.crossover};
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
    if (!f32 && strcmp(arguments.type, "f64") != 0)
        return cli_error("--type: there is no '%s'; there are: f64, f32", arguments.type);
    if (arguments.crossover > UINT_MAX)
        return cli_error("--crossover: must be at most %u", UINT_MAX);
    if (strcmp(arguments.output, "-") != 0 &&
        (length < 3 || strcmp(arguments.output + length - 2, ".c") != 0))
        return cli_error("--output: '%s' must end in .c; the header is written beside it",
                         arguments.output);
    const unsigned targets = parse_targets();
    return targets == 0 ? CLI_WRONG : generate(operands[0], f32 ? FM_F32 : FM_F64, targets);
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
