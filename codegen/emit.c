#include "emit.h"

#include "memory.h"
#include "scheme.h"

#include <assert.h>
#include <ctype.h>
#include <math.h>
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

/* ---------------------------------------------------------------- formulas for comments */

/* Row r of U (side 0), V (1) or W (2), "a11 - 2 a21". */
static void put_row(wrapped *w, const fm_gemm_scheme *s, int side, uint32_t r)
{
    const uint32_t columns = s->format[side == 0 ? 1 : 2];
    const uint32_t begin = s->rows[side][r], end = s->rows[side][r + 1];
    for (uint32_t e = begin; e < end; e++) {
        const fm_gemm_entry *entry = &s->entries[side][e];
        const double size = fabs(entry->coefficient);
        const char *sign = entry->coefficient < 0 ? (e == begin ? "-" : " - ") : " + ";
        char *scale = size == 1 ? fm_strdup("") : fm_format("%g ", size);
        put_format(w, "%s%s%c%u%s%u", e == begin && entry->coefficient > 0 ? "" : sign, scale,
                   "abc"[side], entry -> block / columns + 1, columns > 9 ? "," : "",
                   entry->block % columns + 1);
        free(scale);
    }
}

static void put_product_comment(const fm_gemm_scheme *s, uint32_t r, FILE *file)
{
    wrapped w = {file, 0, "       "};
    put_format(&w, "    /* %u: (", r + 1);
    put_row(&w, s, 0, r);
    put_piece(&w, ") (");
    put_row(&w, s, 1, r);
    put_piece(&w, ") to ");
    put_row(&w, s, 2, r);
    put_piece(&w, " */");
    fputc('\n', file);
}

/* ---------------------------------------------------------------- a scheme as tables */

/* The rows of one factor matrix, a line or more for each product. */
static void put_entries(const fm_gemm_scheme *s, int side, const char *name, FILE *file)
{
    static const char *const what[] = {
        "The factors from A: coefficients and blocks, row by row, for one product after another.",
        "The factors from B.",
        "The blocks of C that each product is added to, and whether it is the first there."};
    wrapped rows = {file, 0, "    "};
    fprintf(file, "/* %s */\nstatic const fm_gemm_entry %s_%c[] = {\n", what[side], name,
            "uvw"[side]);
    for (uint32_t r = 0; r < s->rank; r++) {
        wrapped w = {file, 0, "    "};
        for (uint32_t e = s->rows[side][r]; e < s->rows[side][r + 1]; e++) {
            const fm_gemm_entry *entry = &s->entries[side][e];
            put_format(&w, "%s{%.17g, %u, %d},", e == s->rows[side][r] ? "    " : " ",
                       entry->coefficient, entry->block, entry->first);
        }
        fputc('\n', file);
    }
    fputs("};\n", file);
    put_format(&rows, "static const uint32_t %s_%c_rows[] = {", name, "uvw"[side]);
    for (uint32_t r = 0; r <= s->rank; r++)
        put_format(&rows, "%s%u", r > 0 ? ", " : "", s->rows[side][r]);
    fputs("};\n\n", file);
}

static char *block_text(const fm_gemm_scheme *s, fm_block block)
{
    const uint32_t columns = block.place == FM_PLACE_A ? s->format[1] : s->format[2];
    const char letter = "ABCSTP"[block.place];
    if (block.place >= FM_PLACE_S)
        return fm_format("%c(%u)", letter, block.index);
    return fm_format("%c(%u, %u)", letter, block.index / columns + 1, block.index % columns + 1);
}

static void put_step(const fm_gemm_scheme *s, const fm_gemm_step *step, FILE *file)
{
    static const char *const kinds[] = {"SUM", "MULTIPLY", "SPREAD"};
    wrapped w = {file, 0, "        "};
    char *block = block_text(s, step->block);
    put_format(&w, "    %s(%u, %s,", kinds[step->kind], step->product + 1, block);
    if (step->kind == FM_STEP_MULTIPLY)
        put_format(&w, " %.17g, %d,", step->coefficient, step->first);
    else
        put_format(&w, " %u,", step->term_count);
    for (uint32_t t = 0; t < step->term_count; t++) {
        const fm_gemm_step_term *term = &step->terms[t];
        const char *end = t + 1 < step->term_count ? "," : "),";
        char *other = block_text(s, term->block);
        if (step->kind == FM_STEP_MULTIPLY)
            put_format(&w, " %s%s", other, end);
        else
            put_format(&w, " {%.17g, %s, %d}%s", term->coefficient, other, term->first, end);
        free(other);
    }
    fputc('\n', file);
    free(block);
}

static const char step_macros[] =
    "/* The same in steps. SUM: a slot becomes a sum of blocks or slots. MULTIPLY: a product of "
    "two, times\n"
    "   a coefficient, is put into a block or slot, or added where it is not the first. SPREAD: "
    "multiples of\n"
    "   a slot are put into or added to others. Blocks of A, B and C; slots for sums of blocks of "
    "A (S) and\n"
    "   of B (T), for products and their sums (P). */\n"
    "#define A(i, j) {FM_PLACE_A, ((i) - 1) * %u + (j) - 1}\n"
    "#define B(i, j) {FM_PLACE_B, ((i) - 1) * %u + (j) - 1}\n"
    "#define C(i, j) {FM_PLACE_C, ((i) - 1) * %u + (j) - 1}\n"
    "#define S(i)    {FM_PLACE_S, i}\n"
    "#define T(i)    {FM_PLACE_T, i}\n"
    "#define P(i)    {FM_PLACE_P, i}\n"
    "#define TERMS(...) (const fm_gemm_step_term[]){__VA_ARGS__}\n"
    "#define SUM(product, to, count, ...) \\\n"
    "    {FM_STEP_SUM, product - 1, to, 0, 0, count, TERMS(__VA_ARGS__)}\n"
    "#define MULTIPLY(product, to, coefficient, first, a, b) \\\n"
    "    {FM_STEP_MULTIPLY, product - 1, to, coefficient, first, 2, TERMS({0, a, 0}, {0, b, 0})}\n"
    "#define SPREAD(product, from, count, ...) \\\n"
    "    {FM_STEP_SPREAD, product - 1, from, 0, 0, count, TERMS(__VA_ARGS__)}\n";

static void put_steps(const fm_gemm_scheme *s, const char *name, FILE *file)
{
    static const char *const macros[] = {"A", "B",     "C",   "S",        "T",
                                         "P", "TERMS", "SUM", "MULTIPLY", "SPREAD"};
    fprintf(file, step_macros, s->format[1], s->format[2], s->format[2]);
    fprintf(file, "static const fm_gemm_step %s_steps[] = {\n", name);
    for (uint32_t i = 0; i < s->step_count; i++) {
        if (i == 0 || s->steps[i].product != s->steps[i - 1].product)
            put_product_comment(s, s->steps[i].product, file);
        put_step(s, &s->steps[i], file);
    }
    fputs("};\n", file);
    for (size_t m = 0; m < sizeof macros / sizeof macros[0]; m++)
        fprintf(file, "#undef %s\n", macros[m]);
    fputc('\n', file);
}

static void put_turned(const fm_gemm_scheme *s, const char *name, FILE *file)
{
    wrapped w = {file, 0, "    "};
    put_format(&w, "static const bool %s_turned[] = {", name);
    for (uint32_t r = 0; r < s->rank; r++)
        put_format(&w, "%s%d", r > 0 ? ", " : "", s->turned[r]);
    put_piece(&w, "};\n\n");
}

void fm_emit_scheme(const fm_gemm_scheme *s, const char *name, FILE *file)
{
    for (int side = 0; side < 3; side++)
        put_entries(s, side, name, file);
    put_turned(s, name, file);
    put_steps(s, name, file);
    fprintf(file,
            "static const fm_gemm_scheme %s = {\n"
            "    .name = \"%s\",\n"
            "    .format = {%u, %u, %u},\n"
            "    .rank = %u,\n"
            "    .rows = {%s_u_rows, %s_v_rows, %s_w_rows},\n"
            "    .entries = {%s_u, %s_v, %s_w},\n"
            "    .turned = %s_turned,\n"
            "    .additions = %u,\n"
            "    .step_count = %u,\n"
            "    .steps = %s_steps,\n"
            "    .slots = {%u, %u, %u},\n"
            "};\n",
            name, s->name, s->format[0], s->format[1], s->format[2], s->rank, name, name, name,
            name, name, name, name, s->additions, s->step_count, name, s->slots[0], s->slots[1],
            s->slots[2]);
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

char *fm_emit_about(const fm_gemm_scheme *ready, const fm_scheme *scheme)
{
    char *out, ring[FM_RING_NAME_SIZE], hash[FM_HASH_SIZE];
    size_t size;
    FILE *file = open_memstream(&out, &size);
    const uint32_t *format = ready->format;
    fm_scheme_hash(scheme, hash);
    fprintf(file,
            "   Scheme %s over %s of rank %u (classical: %u), verified exactly.\n"
            "   Hash %s.\n",
            fm_tensor_name(scheme->tensor), fm_ring_name(scheme->ring, ring), scheme->rank,
            format[0] * format[1] * format[2], hash);
    put_provenance(file, &scheme->provenance);
    fprintf(
        file,
        "   Additions of blocks a level: %llu naive, %u in steps, common subexpressions computed "
        "once.\n"
        "   Generated by fewmul %s.",
        (unsigned long long)fm_scheme_additions(scheme), ready->additions, fm_version());
    fclose(file);
    return out;
}
