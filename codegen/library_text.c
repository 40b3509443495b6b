#include "library_text.h"

#include <assert.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The files, built in (CMakeLists.txt). */
extern const char fm_text_step_h[], fm_text_gemm_scheme_h[], fm_text_gemm_kernel_h[],
    fm_text_gemm_h[], fm_text_plan_h[], fm_text_workspace_h[], fm_text_execute_h[],
    fm_text_sizes_h[], fm_text_plan_c[], fm_text_gemm_c[], fm_text_workspace_c[],
    fm_text_execute_c[], fm_text_gemm_kernel_template_c[], fm_text_gemm_numbers_template_c[],
    fm_text_gemm_portable_c[], fm_text_gemm_avx2_c[], fm_text_gemm_avx512_c[];

enum { NAMES_MAX = 16, NAME_SIZE = 32, DEPTH_MAX = 8 };

/* What is to be resolved in a kernel: SCALAR, KERNEL, and the names that end in it. */
typedef struct parameters {
    char scalar[NAME_SIZE], kernel[NAME_SIZE], type[NAME_SIZE];
    char locals[NAMES_MAX][NAME_SIZE];
    int local_count;
} parameters;

/* What becomes of the lines of a condition. */
typedef enum branch {
    BRANCH_KEPT,    /* all, and the condition itself */
    BRANCH_TAKEN,   /* those up to #else or #endif; the condition goes */
    BRANCH_DROPPED, /* those from #else on */
} branch;

/* Text on its way from one file into another. */
typedef struct passage {
    FILE *file;
    parameters parameters;
    bool again;             /* what is there once has been put */
    bool in_comment, blank; /* a blank line is due */
    branch branches[DEPTH_MAX];
    int depth;
    bool in_declaration; /* whose continuation lines move with its first */
    int parentheses;
} passage;

/* ---------------------------------------------------------------- lines */

static bool begins(const char *line, const char *with)
{
    return strncmp(line, with, strlen(with)) == 0;
}

static bool ends(const char *text, size_t length, const char *with)
{
    return length >= strlen(with) && strncmp(text + length - strlen(with), with, strlen(with)) == 0;
}

static size_t word_length(const char *text)
{
    size_t length = 0;
    while (isalnum((unsigned char)text[length]) || text[length] == '_')
        length++;
    return length;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncmp(text, word, length) == 0;
}

/* Copies the word at text. */
static void take_word(const char *text, char word[NAME_SIZE])
{
    snprintf(word, NAME_SIZE, "%.*s", (int)word_length(text), text);
}

/* What #define NAME VALUE defines; NULL for other lines. */
static const char *defined_name(const char *line, const char **value)
{
    if (!begins(line, "#define "))
        return NULL;
    const char *name = line + strlen("#define ");
    *value = name + word_length(name);
    *value += strspn(*value, " ");
    return name;
}

/* What follows the first comment, which tells of how a template is included. */
static const char *after_comment(const char *text)
{
    return strstr(text, "*/\n") + strlen("*/\n");
}

/* ---------------------------------------------------------------- names */

static bool is_local(const parameters *known, const char *text, size_t length)
{
    for (int i = 0; i < known->local_count; i++)
        if (is_word(text, length, known->locals[i]))
            return true;
    return false;
}

/* Writes what a word stands for; returns how much of the text that was. */
static size_t put_word(const passage *p, const char *text, size_t length)
{
    const parameters *known = &p->parameters;
    const int count = (int)length;
    if (is_word(text, length, "FEWMUL_X86")) {
        fputs("__x86_64__", p->file);
    } else if (known->kernel[0] == '\0') {
        fprintf(p->file, "%.*s", count, text);
    } else if (is_word(text, length, "SCALAR")) {
        fputs(known->scalar, p->file);
    } else if (is_word(text, length, "GLOBAL")) {
        fprintf(p->file, "fm_gemm_%s", known->kernel);
    } else if (is_word(text, length, "LOCAL") && text[length] == '(') {
        const char *name = text + length + 1;
        fprintf(p->file, "%.*s_%s", (int)word_length(name), name, known->kernel);
        return length + word_length(name) + 2;
    } else {
        fprintf(p->file, "%.*s", count, text);
        if (is_local(known, text, length))
            fprintf(p->file, "_%s", known->kernel);
    }
    return length;
}

/* A line without its end, its names resolved but for those in comments. */
static void put_line(passage *p, const char *line, size_t length)
{
    for (size_t i = 0; i < length;) {
        const size_t word = word_length(line + i);
        if (begins(line + i, "/*") || begins(line + i, "*/"))
            p->in_comment = line[i] == '/';
        if (word > 0 && !p->in_comment) {
            i += put_word(p, line + i, word);
        } else {
            const size_t copied = word > 0 ? word : 1;
            fprintf(p->file, "%.*s", (int)copied, line + i);
            i += copied;
        }
    }
    fputc('\n', p->file);
}

/* ---------------------------------------------------------------- declarations */

static int parentheses_of(const char *line, size_t length)
{
    int open = 0;
    for (size_t i = 0; i < length; i++)
        open += (line[i] == '(') - (line[i] == ')');
    return open;
}

/* True for the first line of a function or constant that other files of the library use. */
static bool is_global(const passage *p, const char *line, size_t length)
{
    static const char *const others[] = {"static ", "typedef ",      "enum ",
                                         "struct ", "ALWAYS_INLINE", "_Static_assert"};
    if (p->in_comment || !(isalpha((unsigned char)line[0]) || line[0] == '_'))
        return false;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (begins(line, others[i]))
            return false;
    return begins(line, "const ") || memchr(line, '(', length) != NULL;
}

static void put_code(passage *p, const char *line, size_t length)
{
    static const char prefix[] = "static ";
    if (p->parentheses == 0)
        p->in_declaration = is_global(p, line, length);
    if (p->in_declaration)
        fprintf(p->file, "%s", p->parentheses == 0 ? prefix : "       ");
    p->parentheses += p->in_comment ? 0 : parentheses_of(line, length);
    if (p->parentheses == 0)
        p->in_declaration = false;
    put_line(p, line, length);
}

/* ---------------------------------------------------------------- directives */

/* True for definitions that are resolved, or of what only the library asks for. */
static bool is_resolved(const passage *p, const char *name)
{
    static const char *const resolved[] = {"SCALAR",   "KERNEL",  "LOCAL",       "GLOBAL",
                                           "JOIN",     "JOIN_",   "NAME",        "VECTORS",
                                           "RESIDUES", "INTEGER", "LOW_PRODUCT", "EXCHANGE"};
    const size_t length = word_length(name);
    for (size_t i = 0; i < sizeof resolved / sizeof resolved[0]; i++)
        if (is_word(name, length, resolved[i]))
            return true;
    return is_local(&p->parameters, name, length);
}

/* What a definition says of names, and whether it is then done with. */
static bool take_definition(passage *p, const char *line)
{
    const char *value, *name = defined_name(line, &value);
    parameters *known = &p->parameters;
    if (name == NULL)
        return begins(line, "#undef ") && is_resolved(p, line + strlen("#undef "));
    if (begins(name, "SCALAR "))
        take_word(value, known->scalar);
    if (begins(name, "KERNEL "))
        take_word(value, known->kernel);
    if (begins(name, "TYPE "))
        take_word(value, known->type);
    if (begins(value, "LOCAL(") && known->local_count < NAMES_MAX)
        take_word(name, known->locals[known->local_count++]);
    return is_resolved(p, name);
}

/* Guards against inclusion, "#ifndef FM_..._H" or "..._ONCE", and what they define. */
static bool is_guard(const char *line, size_t length)
{
    return (begins(line, "#ifndef FM_") || begins(line, "#define FM_")) &&
           (ends(line, length, "_H") || ends(line, length, "_ONCE"));
}

/* What is known of a condition: of generated files, of what is there only once, of parameters that only
   the kernels of exact types have. */
static branch branch_of(const passage *p, const char *line, size_t length)
{
    static const char *const exact[] = {"RESIDUES", "INTEGER", "LOW_PRODUCT", "EXCHANGE"};
    const bool defined = begins(line, "#ifdef ");
    const char *name = line + (defined ? strlen("#ifdef ") : strlen("#ifndef "));
    if (!defined && !begins(line, "#ifndef "))
        return BRANCH_KEPT;
    if (is_word(name, word_length(name), "FM_GENERATED"))
        return defined ? BRANCH_TAKEN : BRANCH_DROPPED;
    if (is_guard(line, length))
        return p->again && ends(line, length, "_ONCE") ? BRANCH_DROPPED : BRANCH_TAKEN;
    for (size_t i = 0; i < sizeof exact / sizeof exact[0]; i++)
        if (is_word(name, word_length(name), exact[i]))
            return defined ? BRANCH_DROPPED : BRANCH_TAKEN;
    return BRANCH_KEPT;
}

static bool is_dropped(const passage *p)
{
    for (int d = 0; d < p->depth; d++)
        if (p->branches[d] == BRANCH_DROPPED)
            return true;
    return false;
}

/* Depth of the conditions that stay. */
static int kept_depth(const passage *p)
{
    int depth = 0;
    for (int d = 0; d < p->depth; d++)
        depth += p->branches[d] == BRANCH_KEPT;
    return depth;
}

/* True when a line is done with: of a condition that is resolved, or in a branch that is dropped. */
static bool take_condition(passage *p, const char *line, size_t length)
{
    if (begins(line, "#if")) {
        assert(p->depth < DEPTH_MAX);
        p->branches[p->depth++] = branch_of(p, line, length);
        return is_dropped(p) || p->branches[p->depth - 1] != BRANCH_KEPT;
    }
    if (begins(line, "#else") && p->branches[p->depth - 1] != BRANCH_KEPT) {
        branch *last = &p->branches[p->depth - 1];
        *last = *last == BRANCH_TAKEN ? BRANCH_DROPPED : BRANCH_TAKEN;
        return true;
    }
    if (begins(line, "#endif")) {
        const bool done = is_dropped(p) || p->branches[p->depth - 1] != BRANCH_KEPT;
        p->depth--;
        return done;
    }
    return is_dropped(p) || is_guard(line, length);
}

static void put_lines(passage *p, const char *text);

/* Parts of the template stand in their place. The library's other files are there already, and the
   system's but for those that depend on conditions. */
static bool take_inclusion(passage *p, const char *line)
{
    if (begins(line, "#include \"gemm_numbers_template.c\"")) {
        p->blank = true;
        put_lines(p, after_comment(fm_text_gemm_numbers_template_c));
        return true;
    }
    return begins(line, "#include \"") || (begins(line, "#include <") && kept_depth(p) == 0);
}

static void put_lines(passage *p, const char *text)
{
    while (*text != '\0') {
        const char *line = text;
        const size_t length = strcspn(line, "\n");
        text += length + (line[length] == '\n');
        if (take_condition(p, line, length) || take_inclusion(p, line) || take_definition(p, line))
            continue;
        if (length > 0 && p->blank)
            fputc('\n', p->file);
        p->blank = length == 0;
        if (line[0] == '#')
            put_line(p, line, length);
        else if (length > 0)
            put_code(p, line, length);
    }
}

static void put_text(passage *p, const char *text)
{
    put_lines(p, text);
    assert(p->depth == 0 && p->parentheses == 0);
}

/* ---------------------------------------------------------------- kernels */

static const char template_line[] = "#include \"gemm_kernel_template.c\"";

/* The parameters of the template for one type, "#define SCALAR ..." to its inclusion, and the template;
   nothing for another type than the one that is wanted. Returns where the text goes on. */
static const char *put_kernel(const char *text, const char *type, bool again, FILE *file)
{
    passage p = {.file = file, .again = again};
    const char *end = strstr(text, template_line), *line;
    assert(end != NULL);
    for (line = text; line < end; line += strcspn(line, "\n") + 1)
        take_definition(&p, line);
    if (strcmp(p.parameters.type, type) == 0) {
        for (line = text; line < end; line += strcspn(line, "\n") + 1)
            if (!take_definition(&p, line))
                put_line(&p, line, strcspn(line, "\n"));
        p.blank = true;
        put_text(&p, strstr(fm_text_gemm_kernel_template_c, "*/\n") +
                         3); /* not what it says of LOCAL */
    }
    return end + strlen(template_line);
}

/* All of a target's file, with the kernel for one of its types. */
static void put_target(const char *text, const char *type, bool again, FILE *file)
{
    passage p = {.file = file};
    const char *begin;
    while ((begin = strstr(text, "#define SCALAR")) != NULL) {
        char *before = strndup(text, (size_t)(begin - text));
        put_lines(&p, before);
        free(before);
        text = put_kernel(begin, type, again, file);
    }
    put_lines(&p, text);
}

/* ---------------------------------------------------------------- what there is */

static void put_files(const char *const *texts, FILE *file)
{
    for (; *texts != NULL; texts++) {
        passage p = {.file = file};
        put_text(&p, *texts);
        fputc('\n', file);
    }
}

void fm_library_put_types(FILE *file)
{
    put_files((const char *const[]){fm_text_step_h, fm_text_gemm_scheme_h, fm_text_gemm_kernel_h,
                                    fm_text_gemm_h, fm_text_plan_h, fm_text_workspace_h,
                                    fm_text_execute_h, NULL},
              file);
}

void fm_library_put_plans(FILE *file)
{
    put_files((const char *const[]){fm_text_sizes_h, fm_text_plan_c, NULL}, file);
}

void fm_library_put_products(FILE *file)
{
    put_files((const char *const[]){fm_text_gemm_c, NULL}, file);
}

void fm_library_put_calls(FILE *file)
{
    put_files((const char *const[]){fm_text_workspace_c, fm_text_execute_c, NULL}, file);
}

void fm_library_put_kernels(unsigned targets, fm_scalar_type type, FILE *file)
{
    static const struct {
        unsigned target;
        const char *text;
    } kernels[] = {{FM_TARGET_C, fm_text_gemm_portable_c},
                   {FM_TARGET_AVX2, fm_text_gemm_avx2_c},
                   {FM_TARGET_AVX512, fm_text_gemm_avx512_c}};
    bool again = false;
    for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++)
        if ((targets & kernels[i].target) != 0) {
            put_target(kernels[i].text, type == FM_F32 ? "FM_GEMM_F32" : "FM_GEMM_F64", again,
                       file);
            fputc('\n', file);
            again = true;
        }
}
