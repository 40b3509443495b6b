/* Generated C files: checks on what is asked for, and the template filled in. */
#include "codegen.h"

#include "emit.h"
#include "error.h"
#include "memory.h"
#include "schedule.h"
#include "templates.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Moving a block element to or from memory in an addition costs as much as so many floating point
   operations of the classical product; see docs/codegen.md for the measurement. */
static const double move_cost = 40;

/* ---------------------------------------------------------------- names */

static const char *const keywords[] = {
    "auto",     "break",   "case",   "char",     "const",  "continue", "default",
    "do",       "double",  "else",   "enum",     "extern", "float",    "for",
    "goto",     "if",      "inline", "int",      "long",   "main",     "register",
    "restrict", "return",  "short",  "signed",   "sizeof", "static",   "struct",
    "switch",   "typedef", "union",  "unsigned", "void",   "volatile", "while",
};

static bool is_identifier(const char *name)
{
    if (!isalpha((unsigned char)name[0]) && name[0] != '_')
        return false;
    for (const char *c = name; *c != '\0'; c++)
        if (!isalnum((unsigned char)*c) && *c != '_')
            return false;
    for (size_t k = 0; k < sizeof keywords / sizeof keywords[0]; k++)
        if (strcmp(name, keywords[k]) == 0)
            return false;
    return true;
}

/* True when name is one of the identifiers in a piece of C, comments left out. */
static bool uses_name(const char *code, const char *name)
{
    size_t length = strlen(name);
    while (*code != '\0') {
        if (strncmp(code, "/*", 2) == 0) {
            code = strstr(code, "*/") + 2;
            continue;
        }
        size_t word = 0;
        while (isalnum((unsigned char)code[word]) || code[word] == '_' || code[word] == '@')
            word++;
        if (word == length && strncmp(code, name, length) == 0)
            return true;
        code += word > 0 ? word : 1;
    }
    return false;
}

static fm_status check_options(const fm_codegen_options *options, fm_error *error)
{
    if (options->name == NULL || !is_identifier(options->name))
        return fm_fail(error, FM_BAD_INPUT, "'%s' cannot be the name of a C function",
                       options->name != NULL ? options->name : "");
    char *isas = fm_emit_isas(options->type);
    bool used = uses_name(fm_template_kernel, options->name) || uses_name(isas, options->name);
    free(isas);
    if (used)
        return fm_fail(error, FM_BAD_INPUT, "the name '%s' is used inside of the generated code",
                       options->name);
    if (options->header != NULL && strpbrk(options->header, "\"\\\n") != NULL)
        return fm_fail(error, FM_BAD_INPUT, "'%s' cannot be the name of a header", options->header);
    return FM_OK;
}

/* ---------------------------------------------------------------- schemes */

fm_status fm_codegen_check_scheme(const fm_scheme *scheme, fm_error *error)
{
    char ring[FM_RING_NAME_SIZE];
    fm_verdict verdict;
    if (!fm_tensor_is_matmul(scheme->tensor, NULL))
        return fm_fail(error, FM_BAD_INPUT, "%s is not a matrix product",
                       fm_tensor_name(scheme->tensor));
    if (scheme->ring.kind == FM_RING_ZP)
        return fm_fail(error, FM_BAD_INPUT,
                       "a scheme over %s does not multiply real matrices: lift it to z or q",
                       fm_ring_name(scheme->ring, ring));
    fm_status status = fm_verify(scheme, scheme->tensor, scheme->ring, &verdict, error);
    if (status == FM_NO)
        fm_fail(error, FM_NO, "the scheme does not hold at (%u, %u, %u): it should be %s, is %s",
                verdict.i, verdict.j, verdict.k, verdict.expected, verdict.actual);
    fm_verdict_clear(&verdict);
    return status;
}

static bool fits_type(const fmpq_t coefficient, fm_scalar_type type)
{
    double size = fabs(fmpq_get_d(coefficient));
    return type == FM_F32 ? size <= FLT_MAX && size >= FLT_MIN : size <= DBL_MAX && size >= DBL_MIN;
}

fm_status fm_codegen_check_coefficients(const fm_schedule *schedule, fm_scalar_type type,
                                        fm_error *error)
{
    for (size_t i = 0; i < schedule->count; i++) {
        const fm_step *step = &schedule->steps[i];
        bool fits = fits_type(&step->coefficient, type);
        for (uint32_t t = 0; step->kind != FM_STEP_MULTIPLY && t < step->term_count; t++)
            fits = fits && fits_type(&step->terms[t].coefficient, type);
        if (!fits)
            return fm_fail(error, FM_BAD_INPUT,
                           "a coefficient of product %u is out of the range of %s",
                           step->product + 1, type == FM_F32 ? "float" : "double");
    }
    return FM_OK;
}

/* Where one level saves as much time in multiplications as its additions take. */
static unsigned default_crossover(const fm_scheme *scheme, const fm_schedule *schedule)
{
    const uint32_t *format = scheme->tensor->format;
    double saved = (double)format[0] * format[1] * format[2] - scheme->rank;
    if (saved <= 0)
        return UINT32_MAX;
    double size = move_cost * (double)fm_schedule_traffic(schedule) / (2 * saved);
    return size < UINT32_MAX ? (unsigned)size : UINT32_MAX;
}

/* ---------------------------------------------------------------- text */

static const char *type_name(fm_scalar_type type)
{
    return type == FM_F32 ? "float" : "double";
}

static char *emit_declaration(const fm_codegen_options *options)
{
    const char *type = type_name(options->type);
    return fm_format(
        "/* C = alpha A B + beta C, row-major: A is m x k, B is k x n, C is m x n, their rows "
        "lda, ldb and\n   ldc elements apart. With beta 0, C is not read; with alpha 0, A and B "
        "are not. C must not overlap A\n   or B. */\n"
        "void %s(size_t m, size_t n, size_t k, %s alpha, const %s *A, size_t lda,\n"
        "    const %s *B, size_t ldb, %s beta, %s *C, size_t ldc);\n\n"
        "/* The levels of recursion that a call of these sizes takes; 0: it is classical. */\n"
        "unsigned %s_levels(size_t m, size_t n, size_t k);\n",
        options->name, type, type, type, type, type, options->name);
}

static char *emit_include(const fm_codegen_options *options)
{
    if (options->header != NULL)
        return fm_format("#include \"%s\"\n", options->header);
    char *declaration = emit_declaration(options);
    char *text = fm_format("#include <stddef.h>\n\n%s", declaration);
    free(declaration);
    return text;
}

/* What replaces the keys of the template: keys and values by turns, NULL at the end. */
typedef struct replacements {
    const char *items[2 * 20 + 1];
    size_t count;
} replacements;

/* Takes over value. */
static void replace(replacements *r, const char *key, char *value)
{
    assert(r->count + 2 < sizeof r->items / sizeof r->items[0]);
    r->items[r->count++] = key;
    r->items[r->count++] = value;
}

static void replace_number(replacements *r, const char *key, unsigned value)
{
    replace(r, key, fm_format("%u", value));
}

static char *emit_source(const fm_scheme *scheme, const fm_schedule *schedule,
                         const fm_codegen_options *options)
{
    replacements r = {0};
    const uint32_t *format = scheme->tensor->format, *slots = schedule->slots;
    replace(&r, "NAME", fm_strdup(options->name));
    replace(&r, "TYPE", fm_strdup(type_name(options->type)));
    replace(&r, "ABOUT", fm_emit_about(schedule, scheme));
    replace(&r, "INCLUDE", emit_include(options));
    replace(&r, "ISAS", fm_emit_isas(options->type));
    replace(&r, "STEPS", fm_emit_steps(schedule, scheme, options->type));
    replace(
        &r, "SLOTS",
        fm_format("%u blocks of A's size, %u of B's and %u of C's", slots[0], slots[1], slots[2]));
    replace_number(&r, "S_SLOTS", slots[0]);
    replace_number(&r, "T_SLOTS", slots[1]);
    replace_number(&r, "P_SLOTS", slots[2]);
    replace_number(&r, "FN", format[0]);
    replace_number(&r, "FM", format[1]);
    replace_number(&r, "FP", format[2]);
    replace_number(&r, "RANK", scheme->rank);
    replace_number(&r, "VOLUME", format[0] * format[1] * format[2]);
    replace_number(&r, "TILE_MAX", fm_emit_tile_max(options->type));
    replace_number(&r, "CROSSOVER",
                   options->crossover > 0 ? options->crossover
                                          : default_crossover(scheme, schedule));
    char *source = fm_emit_template(fm_template_kernel, r.items);
    for (size_t i = 1; i < r.count; i += 2)
        free((char *)r.items[i]);
    return source;
}

static fm_status write_text(const char *text, FILE *file, fm_error *error)
{
    if (fputs(text, file) == EOF || fflush(file) != 0)
        return fm_fail(error, FM_IO, "writing generated code: %s", strerror(errno));
    return FM_OK;
}

/* ---------------------------------------------------------------- public */

fm_status fm_codegen_c(const fm_scheme *scheme, const fm_codegen_options *options, FILE *file,
                       fm_error *error)
{
    fm_status status = check_options(options, error);
    if (status == FM_OK)
        status = fm_codegen_check_scheme(scheme, error);
    if (status != FM_OK)
        return status;
    fm_schedule schedule;
    fm_scheme *canonical = fm_scheme_canonical(scheme);
    fm_schedule_build(canonical, &schedule);
    if (!fm_schedule_computes(&schedule, canonical))
        status = fm_fail(error, FM_INTERNAL, "the steps made from the scheme do not compute it");
    if (status == FM_OK)
        status = fm_codegen_check_coefficients(&schedule, options->type, error);
    if (status == FM_OK) {
        char *source = emit_source(canonical, &schedule, options);
        status = write_text(source, file, error);
        free(source);
    }
    fm_schedule_clear(&schedule);
    fm_scheme_free(canonical);
    return status;
}

fm_status fm_codegen_header(const fm_scheme *scheme, const fm_codegen_options *options, FILE *file,
                            fm_error *error)
{
    fm_status status = check_options(options, error);
    if (status != FM_OK)
        return status;
    char *guard = fm_format("%s_H", options->name), *declaration = emit_declaration(options);
    for (char *c = guard; *c != '\0'; c++)
        *c = (char)toupper((unsigned char)*c);
    char *header = fm_format(
        "/* Matrix products by a scheme %s of rank %u, applied recursively to large matrices. "
        "Generated by\n"
        "   fewmul %s. */\n"
        "#ifndef %s\n#define %s\n\n#include <stddef.h>\n\n#ifdef __cplusplus\nextern \"C\" {\n"
        "#endif\n\n%s\n#ifdef __cplusplus\n}\n#endif\n\n#endif\n",
        fm_tensor_name(scheme->tensor), scheme->rank, fm_version(), guard, guard, declaration);
    status = write_text(header, file, error);
    free(header);
    free(declaration);
    free(guard);
    return status;
}
