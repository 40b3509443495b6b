/* Generated C files: checks on what is asked for, and the template filled in. */
#include "codegen.h"

#include "cpu.h"
#include "emit.h"
#include "error.h"
#include "levels.h"
#include "library_text.h"
#include "memory.h"
#include "ready.h"
#include "schedule.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* codegen/generated.c.in, built in; @KEY@ stands for what differs. */
extern const char fm_template_generated[];

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

/* True when name is one of the identifiers in a piece of C, comments and strings left out. */
static bool uses_name(const char *code, const char *name)
{
    size_t length = strlen(name);
    while (*code != '\0') {
        if (strncmp(code, "/*", 2) == 0) {
            code = strstr(code, "*/") + 2;
            continue;
        }
        if (*code == '"') {
            code = strchr(code + 1, '"') + 1; /* there are no quotes in strings */
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

/* ---------------------------------------------------------------- text */

static const char *type_name(fm_scalar_type type)
{
    return type == FM_F32 ? "float" : "double";
}

static char *emit_declaration(const char *name, fm_scalar_type scalar)
{
    const char *type = type_name(scalar);
    return fm_format(
        "/* C = alpha A B + beta C, row-major: A is m x k, B is k x n, C is m x n, their rows "
        "lda, ldb and\n   ldc elements apart. With beta 0, C is not read; with alpha 0, A and B "
        "are not. C must not overlap A\n   or B. */\n"
        "void %s(size_t m, size_t n, size_t k, %s alpha, const %s *A, size_t lda,\n"
        "    const %s *B, size_t ldb, %s beta, %s *C, size_t ldc);\n\n"
        "/* The levels of recursion that a call of these sizes takes; 0: it is classical. */\n"
        "unsigned %s_levels(size_t m, size_t n, size_t k);\n",
        name, type, type, type, type, type, name);
}

static char *emit_include(const fm_codegen_options *options)
{
    if (options->header != NULL)
        return fm_format("#include \"%s\"\n", options->header);
    char *declaration = emit_declaration("@NAME@", options->type);
    char *text = fm_format("#include <stddef.h>\n\n%s", declaration);
    free(declaration);
    return text;
}

/* What replaces the keys of the template: keys and values by turns, NULL at the end. */
typedef struct replacements {
    const char *items[2 * 32 + 1];
    size_t count;
} replacements;

/* Takes over value. */
static void replace(replacements *r, const char *key, char *value)
{
    assert(r->count + 2 < sizeof r->items / sizeof r->items[0]);
    r->items[r->count++] = key;
    r->items[r->count++] = value;
}

static void replace_number(replacements *r, const char *key, size_t value)
{
    replace(r, key, fm_format("%zu", value));
}

/* What one of the writers of the library's text writes. */
static void replace_text(replacements *r, const char *key, void put(FILE *file))
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    put(file);
    fclose(file);
    replace(r, key, text);
}

static void replace_kernels(replacements *r, unsigned targets, fm_scalar_type type)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    fm_library_put_kernels(targets, type, file);
    fclose(file);
    replace(r, "KERNELS", text);
}

static void replace_scheme(replacements *r, const fm_gemm_scheme *ready)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    fm_emit_scheme(ready, "the_scheme", file);
    fclose(file);
    replace(r, "SCHEME", text);
}

/* The target with the widest vectors that the processor has; the last one whatever it has. */
static char *emit_choice(unsigned targets, fm_scalar_type type)
{
    static const struct {
        unsigned target;
        const char *name, *condition;
    } kernels[] = {
        {FM_TARGET_AVX512, "avx512",
         "__builtin_cpu_supports(\"avx512f\") && __builtin_cpu_supports(\"avx512dq\") &&\n"
         "        __builtin_cpu_supports(\"avx512vl\")"},
        {FM_TARGET_AVX2, "avx2",
         "__builtin_cpu_supports(\"avx2\") && __builtin_cpu_supports(\"fma\")"},
        {FM_TARGET_C, "portable", NULL}};
    const char *suffix = type == FM_F32 ? "f32" : "f64";
    const bool guarded = (targets & FM_TARGET_C) != 0 && targets != FM_TARGET_C;
    char *text = fm_strdup(guarded ? "#ifdef __x86_64__\n" : "");
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
        if ((targets & kernels[i].target) == 0)
            continue;
        targets &= ~kernels[i].target;
        const bool last = targets == 0;
        char *longer = fm_format("%s%s%s%s%s    return &fm_gemm_%s_%s;\n", text,
                                 last && guarded ? "#endif\n" : "", last ? "" : "    if (",
                                 last ? "" : kernels[i].condition, last ? "" : ")\n    ",
                                 kernels[i].name, suffix);
        free(text);
        text = longer;
    }
    return text;
}

static const char *target_text(unsigned targets)
{
    switch (targets) {
    case FM_TARGET_C:
        return "Vectors are 16 bytes, as every\n   processor has them.";
    case FM_TARGET_AVX2:
        return "It takes a processor with\n   AVX2 and FMA.";
    case FM_TARGET_AVX512:
        return "It takes a processor with\n   AVX-512 F, DQ and VL.";
    default:
        return "The instruction set is chosen at\n   run time.";
    }
}

static const char *ways_text(const fm_levels *levels)
{
    return levels->innermost == FM_LEVEL_FUSED
               ? "The innermost level adds blocks of A and B while they are\n"
                 "   packed, and adds tiles of products to several blocks of C (J. Huang, L. Rice, "
                 "D. "
                 "Matthews and R. van\n   de Geijn, IPDPS 2017); the levels above it have sums and "
                 "products in temporaries, common ones once."
               : "Sums and products of blocks are in temporaries,\n   common ones once.";
}

static void replace_levels(replacements *r, const fm_levels *levels, unsigned crossover)
{
    const bool fused = levels->innermost == FM_LEVEL_FUSED;
    replace_number(r, "LEVELS", levels->most);
    replace_number(r, "CROSSOVER", crossover > 0 ? crossover : levels->crossover);
    replace(r, "WAYS", fm_strdup(ways_text(levels)));
    replace(r, "INNERMOST", fm_strdup(fused ? "FM_LEVEL_FUSED" : "FM_LEVEL_SLOTS"));
    replace(r, "GROWTH", fm_format("%.1f", levels->growth));
}

static void replace_library(replacements *r)
{
    const fm_cpu_caches caches = fm_cpu_caches_here();
    replace_number(r, "L1", caches.l1);
    replace_number(r, "L2", caches.l2);
    replace_number(r, "L3", caches.l3);
    replace_text(r, "TYPES", fm_library_put_types);
    replace_text(r, "PLANS", fm_library_put_plans);
    replace_text(r, "PRODUCTS", fm_library_put_products);
    replace_text(r, "CALLS", fm_library_put_calls);
}

static void replace_format(replacements *r, const fm_gemm_scheme *ready)
{
    const uint32_t *format = ready->format, *slots = ready->slots;
    replace_number(r, "FN", format[0]);
    replace_number(r, "FM", format[1]);
    replace_number(r, "FP", format[2]);
    replace_number(r, "RANK", ready->rank);
    replace_number(r, "VOLUME", format[0] * format[1] * format[2]);
    replace(
        r, "SLOTS",
        fm_format("%u blocks of A's size, %u of B's and %u of C's", slots[0], slots[1], slots[2]));
}

/* Everything but the name of the function, which stays @NAME@. */
static char *emit_source(const fm_scheme *scheme, const fm_gemm_scheme *ready,
                         const fm_levels *levels, const fm_codegen_options *options)
{
    replacements r = {0};
    const unsigned targets = options->targets != 0 ? options->targets : FM_TARGETS_ALL;
    replace(&r, "NAME", fm_strdup("@NAME@"));
    replace(&r, "TYPE", fm_strdup(type_name(options->type)));
    replace(&r, "ABOUT", fm_emit_about(ready, scheme));
    replace(&r, "INCLUDE", emit_include(options));
    replace(&r, "TARGETS", fm_strdup(target_text(targets)));
    replace(&r, "CHOICE", emit_choice(targets, options->type));
    replace_kernels(&r, targets, options->type);
    replace_scheme(&r, ready);
    replace_format(&r, ready);
    replace_levels(&r, levels, options->crossover);
    replace_library(&r);
    char *source = fm_emit_template(fm_template_generated, r.items);
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

static fm_status write_source(const fm_scheme *scheme, const fm_gemm_scheme *ready,
                              const fm_codegen_options *options, FILE *file, fm_error *error)
{
    fm_levels levels;
    fm_status status = fm_levels_choose(ready, options->type, &levels, error);
    if (status != FM_OK)
        return status;
    char *source = emit_source(scheme, ready, &levels, options);
    if (uses_name(source, options->name)) {
        status = fm_fail(error, FM_BAD_INPUT, "the name '%s' is used inside of the generated code",
                         options->name);
    } else {
        const char *const name[] = {"NAME", options->name, NULL};
        char *named = fm_emit_template(source, name);
        status = write_text(named, file, error);
        free(named);
    }
    free(source);
    return status;
}

fm_status fm_codegen_c(const fm_scheme *scheme, const fm_codegen_options *options, FILE *file,
                       fm_error *error)
{
    fm_gemm_scheme *ready;
    fm_status status = check_options(options, error);
    if (status == FM_OK)
        status = fm_gemm_scheme_new(scheme, options->type, &ready, error);
    if (status != FM_OK)
        return status;
    fm_scheme *canonical = fm_scheme_canonical(scheme);
    status = write_source(canonical, ready, options, file, error);
    fm_scheme_free(canonical);
    fm_gemm_scheme_free(ready);
    return status;
}

fm_status fm_codegen_header(const fm_scheme *scheme, const fm_codegen_options *options, FILE *file,
                            fm_error *error)
{
    fm_status status = check_options(options, error);
    if (status != FM_OK)
        return status;
    char *guard = fm_format("%s_H", options->name),
         *declaration = emit_declaration(options->name, options->type);
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
