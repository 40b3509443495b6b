#include "emit.h"

#include "memory.h"
#include "templates.h"

#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_WIDTH = 100 };

/* ---------------------------------------------------------------- templates */

static const char *find_replacement(const char *key, size_t length, const char *const *replacements)
{
    for (; replacements[0] != NULL; replacements += 2)
        if (strlen(replacements[0]) == length && strncmp(replacements[0], key, length) == 0)
            return replacements[1];
    return NULL;
}

char *fm_emit_template(const char *text, const char *const *replacements)
{
    char *out;
    size_t size;
    FILE *file = open_memstream(&out, &size);
    while (*text != '\0') {
        size_t plain = strcspn(text, "@");
        fwrite(text, 1, plain, file);
        text += plain;
        if (*text == '\0')
            break;
        size_t length = strcspn(text + 1, "@");
        const char *value = find_replacement(text + 1, length, replacements);
        assert(value != NULL && text[1 + length] == '@');
        fputs(value, file);
        text += length + 2;
    }
    fclose(file);
    return out;
}

/* ---------------------------------------------------------------- text with line breaks */

/* Text that continues on a new line, indented, where a piece would not fit. */
typedef struct wrapped {
    FILE *file;
    size_t column;
    const char *indent;
} wrapped;

static void put_piece(wrapped *w, const char *piece)
{
    size_t length = strlen(piece);
    if (w->column + length > LINE_WIDTH && w->column > strlen(w->indent)) {
        fprintf(w->file, "\n%s", w->indent);
        w->column = strlen(w->indent);
        while (*piece == ' ')
            piece++, length--;
    }
    fputs(piece, w->file);
    w->column += length;
}

static void put_format(wrapped *w, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put_format(wrapped *w, const char *format, ...)
{
    va_list arguments;
    char *piece = NULL;
    va_start(arguments, format);
    if (vasprintf(&piece, format, arguments) >= 0)
        put_piece(w, piece);
    va_end(arguments);
    free(piece);
}

/* ---------------------------------------------------------------- coefficients and blocks */

/* A constant expression of the scalar type, rounded once. */
static char *coefficient_text(const fmpq_t value, fm_scalar_type type)
{
    long exact = type == FM_F32 ? 1L << 24 : 1L << 53;
    const fmpz *numerator = fmpq_numref(value), *denominator = fmpq_denref(value);
    if (fmpz_cmp_si(denominator, exact) > 0 || fmpz_cmp_si(numerator, exact) > 0 ||
        fmpz_cmp_si(numerator, -exact) < 0)
        return fm_format("(scalar)%.17g", fmpq_get_d(value));
    if (fmpz_is_one(denominator))
        return fm_format("%ld", (long)fmpz_get_si(numerator));
    return fm_format("(scalar)%ld / %ld", (long)fmpz_get_si(numerator),
                     (long)fmpz_get_si(denominator));
}

/* "alpha", "-alpha" or "alpha * (3)". */
static char *alpha_text(const fmpq_t coefficient, fm_scalar_type type)
{
    if (fmpq_is_one(coefficient))
        return fm_strdup("alpha");
    char *text = coefficient_text(coefficient, type);
    char *product = strcmp(text, "-1") == 0 ? fm_strdup("-alpha") : fm_format("alpha * (%s)", text);
    free(text);
    return product;
}

static char *block_text(const fm_scheme *scheme, fm_block block)
{
    const uint32_t *format = scheme->tensor->format;
    uint32_t columns = block.place == FM_PLACE_A ? format[1] : format[2];
    char letter = "ABCSTP"[block.place];
    if (block.place >= FM_PLACE_S)
        return fm_format("%c(%u)", letter, block.index);
    return fm_format("%c(%u, %u)", letter, block.index / columns, block.index % columns);
}

static const char *mode_text(fm_block block, bool first)
{
    return !first ? "ADD" : block.place == FM_PLACE_C ? "mode" : "REPLACE";
}

/* ---------------------------------------------------------------- formulas for comments */

static void put_factor(wrapped *w, const fm_factors *rows, uint32_t r, const char *letter,
                       uint32_t columns)
{
    for (size_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
        fmpq_t size;
        fmpq_init(size);
        fmpq_abs(size, &rows->value[e]);
        char *scale = fmpq_is_one(size) ? NULL : fmpq_get_str(NULL, 10, size);
        bool first = e == rows->start[r], negative = fmpq_sgn(&rows->value[e]) < 0;
        put_format(w, "%s%s%s%s%u%s%u",
                   first      ? (negative ? "-" : "")
                   : negative ? " - "
                              : " + ",
                   scale != NULL ? scale : "", scale != NULL ? " " : "", letter,
                   rows->index[e] / columns + 1, columns > 9 ? "," : "",
                   rows->index[e] % columns + 1);
        flint_free(scale);
        fmpq_clear(size);
    }
}

static void put_product_comment(FILE *file, const fm_scheme *scheme, uint32_t r)
{
    wrapped w = {file, 0, "       "};
    const uint32_t *format = scheme->tensor->format;
    fputc('\n', file);
    put_format(&w, "    /* %u: (", r + 1);
    put_factor(&w, &scheme->factors[0], r, "a", format[1]);
    put_piece(&w, ") (");
    put_factor(&w, &scheme->factors[1], r, "b", format[2]);
    put_piece(&w, ") to ");
    put_factor(&w, &scheme->factors[2], r, "c", format[2]);
    put_piece(&w, " */\n");
}

/* ---------------------------------------------------------------- steps */

static void put_sizes(wrapped *w, fm_place place)
{
    bool of_a = place == FM_PLACE_A || place == FM_PLACE_S;
    bool of_b = place == FM_PLACE_B || place == FM_PLACE_T;
    put_format(w, "%s", of_a ? "s.m, s.k, " : of_b ? "s.k, s.n, " : "s.m, s.n, ");
}

static void put_multiply(wrapped *w, const fm_step *step, const fm_scheme *scheme,
                         fm_scalar_type type)
{
    char *alpha = alpha_text(&step->coefficient, type);
    char *a = block_text(scheme, step->terms[0].block);
    char *b = block_text(scheme, step->terms[1].block);
    char *c = block_text(scheme, step->block);
    put_format(w, "multiply(call, depth, s, %s, %s, %s, ", alpha, a, b);
    put_format(w, "%s, %s, rest);", c, mode_text(step->block, step->first));
    free(alpha);
    free(a);
    free(b);
    free(c);
}

static void put_combination(wrapped *w, const fm_step *step, const fm_scheme *scheme,
                            fm_scalar_type type)
{
    bool spread = step->kind == FM_STEP_SPREAD;
    char *block = block_text(scheme, step->block);
    put_format(w, "%s(call, ", spread ? "spread" : "sum");
    put_sizes(w, step->block.place);
    put_format(w, "%s, %u, (const %s[]){", block, step->term_count, spread ? "target" : "term");
    for (uint32_t t = 0; t < step->term_count; t++) {
        const fm_step_term *term = &step->terms[t];
        char *coefficient = coefficient_text(&term->coefficient, type);
        char *other = block_text(scheme, term->block);
        put_format(w, "%s{%s, %s%s%s}%s", t > 0 ? " " : "", coefficient, other, spread ? ", " : "",
                   spread ? mode_text(term->block, term->first) : "",
                   t + 1 < step->term_count ? "," : "});");
        free(coefficient);
        free(other);
    }
    free(block);
}

char *fm_emit_steps(const fm_schedule *schedule, const fm_scheme *scheme, fm_scalar_type type)
{
    char *out;
    size_t size;
    FILE *file = open_memstream(&out, &size);
    for (size_t i = 0; i < schedule->count; i++) {
        const fm_step *step = &schedule->steps[i];
        if (i == 0 || step->product != step[-1].product)
            put_product_comment(file, scheme, step->product);
        wrapped w = {file, 0, "        "};
        put_piece(&w, "    ");
        if (step->kind == FM_STEP_MULTIPLY)
            put_multiply(&w, step, scheme, type);
        else
            put_combination(&w, step, scheme, type);
        fputc('\n', file);
    }
    fclose(file);
    return out;
}

/* ---------------------------------------------------------------- the scheme and its origin */

/* Text from a file in a comment: nothing in it can end the comment. */
static void put_foreign(wrapped *w, const char *label, const char *text)
{
    put_piece(w, label);
    for (; *text != '\0'; text++)
        put_format(w, "%c", isprint((unsigned char)*text) && *text != '*' ? *text : '.');
}

static void put_provenance(FILE *file, const fm_provenance *p)
{
    wrapped w = {file, 0, "   "};
    if (p->engine == NULL && p->version == NULL && p->time == NULL && !p->has_seed)
        return;
    put_piece(&w, "   Found by");
    put_foreign(&w, " engine ", p->engine != NULL ? p->engine : "(not known)");
    if (p->version != NULL)
        put_foreign(&w, ", version ", p->version);
    if (p->has_seed)
        put_format(&w, ", seed %llu", (unsigned long long)p->seed);
    if (p->time != NULL)
        put_foreign(&w, ", ", p->time);
    for (size_t i = 0; i < p->parent_count; i++)
        put_foreign(&w, i == 0 ? ", from " : ", ", p->parents[i]);
    put_piece(&w, ".\n");
}

char *fm_emit_about(const fm_schedule *schedule, const fm_scheme *scheme)
{
    char *out, ring[FM_RING_NAME_SIZE], hash[FM_HASH_SIZE];
    size_t size;
    FILE *file = open_memstream(&out, &size);
    const uint32_t *format = scheme->tensor->format;
    fm_scheme_hash(scheme, hash);
    fprintf(file,
            "   Scheme %s over %s of rank %u (classical: %u), verified exactly.\n"
            "   Hash %s.\n",
            fm_tensor_name(scheme->tensor), fm_ring_name(scheme->ring, ring), scheme->rank,
            format[0] * format[1] * format[2], hash);
    put_provenance(file, &scheme->provenance);
    fprintf(file,
            "   Additions of blocks a level: %llu naive, %llu here, common subexpressions computed "
            "once.\n"
            "   Generated by fewmul %s.",
            (unsigned long long)fm_scheme_additions(scheme),
            (unsigned long long)fm_schedule_additions(schedule), fm_version());
    fclose(file);
    return out;
}

/* ---------------------------------------------------------------- kinds of processors */

/* Tiles fill the vector registers but for what holds the operands: 16 of them with AVX2 and SSE2,
   32 with AVX-512 and NEON. A panel of B, kc x nr, takes about half of a level 1 cache, a block of
   A, mc x kc, less than half of a level 2 cache, a block of B, kc x nc, some MiB. */
typedef struct processor {
    const char *name, *target, *guard;
    unsigned vector_bytes;
    unsigned mr, nv;
    unsigned mc[2], kc[2]; /* f32, f64 */
} processor;

static const processor isas[] = {
    {"avx512",
     "avx512f",
     "#if defined(__x86_64__) || defined(__i386__)",
     64,
     14,
     2,
     {224, 168},
     {384, 256}},
    {"avx2",
     "avx2,fma",
     "#if defined(__x86_64__) || defined(__i386__)",
     32,
     6,
     2,
     {192, 144},
     {384, 256}},
    {"portable", NULL, NULL, 16, 4, 2, {192, 144}, {384, 256}},
};
enum { ISA_COUNT = sizeof isas / sizeof isas[0], NC = 4096 };

static unsigned scalar_bytes(fm_scalar_type type)
{
    return type == FM_F32 ? 4 : 8;
}

static unsigned tile_columns(const processor *isa, fm_scalar_type type)
{
    return isa->nv * isa->vector_bytes / scalar_bytes(type);
}

unsigned fm_emit_tile_max(fm_scalar_type type)
{
    unsigned largest = 0;
    for (int i = 0; i < ISA_COUNT; i++) {
        unsigned entries = isas[i].mr * tile_columns(&isas[i], type);
        largest = entries > largest ? entries : largest;
    }
    return largest;
}

static char *emit_isa(const processor *isa, fm_scalar_type type)
{
    unsigned nr = tile_columns(isa, type);
    char *mr_text = fm_format("%u", isa->mr), *nr_text = fm_format("%u", nr);
    char *nv = fm_format("%u", isa->nv), *bytes = fm_format("%u", isa->vector_bytes);
    char *mc = fm_format("%u", isa->mc[type == FM_F64] / isa->mr * isa->mr);
    char *kc = fm_format("%u", isa->kc[type == FM_F64]), *nc = fm_format("%u", NC / nr * nr);
    char *target = isa->target != NULL ? fm_format("__attribute__((target(\"%s\")))\n", isa->target)
                                       : fm_strdup("");
    char *guard = isa->guard != NULL ? fm_format("\n%s", isa->guard) : fm_strdup("");
    const char *end = isa->guard != NULL ? "#endif\n" : "";
    char *text = fm_emit_template(
        fm_template_kernel_isa,
        (const char *const[]){"ISA",       isa->name, "TARGET", target,  "GUARD", guard,
                              "END_GUARD", end,       "MR",     mr_text, "NR",    nr_text,
                              "NV",        nv,        "BYTES",  bytes,   "MC",    mc,
                              "KC",        kc,        "NC",     nc,      NULL});
    char *const parts[] = {mr_text, nr_text, nv, bytes, mc, kc, nc, target, guard};
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
        free(parts[p]);
    return text;
}

char *fm_emit_isas(fm_scalar_type type)
{
    char *out;
    size_t size;
    FILE *file = open_memstream(&out, &size);
    for (int i = 0; i < ISA_COUNT; i++) {
        char *text = emit_isa(&isas[i], type);
        fputs(text, file);
        free(text);
    }
    fclose(file);
    return out;
}
