/* Schemes as Python writes NumPy arrays, three one behind the other: decomposition_333 =
   (np.array([[1., 0.], ...]), np.array(...), np.array(...)), in source text or in the cells of a
   notebook, as AlphaEvolve's are published; docs/scheme-file.md. Nothing is executed. */
#include "error.h"
#include "memory.h"
#include "scheme_file.h"
#include "triple.h"

#include <ctype.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { GAP_MAX = 64 }; /* characters between arrays that belong together */

typedef struct reader {
    fm_scanner scanner;
    fm_triple
        triple; /* of the arrays up to now; what the third holds does not count from the fourth on */
    unsigned count;   /* of them */
    const char *name; /* the variable that they are assigned to, and its length; 0: none */
    size_t name_length;
    fm_reading_list *list;
} reader;

/* ---------------------------------------------------------------- arrays in a text */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Whether "array(" stands here with the brackets of two axes, and then a number. */
static bool is_matrix(const char *text, const char *at)
{
    if (at > text && is_word(at[-1]))
        return false;
    fm_scanner ahead = {.at = at + strlen("array(")};
    if (!fm_scan_char(&ahead, '[') || !fm_scan_char(&ahead, '['))
        return false;
    fm_scan_blanks(&ahead);
    return strchr("0123456789+-.(", *ahead.at) != NULL && *ahead.at != '\0';
}

/* The next array of numbers from a place of the text on; NULL when there is none. */
static const char *find_matrix(const char *text, const char *from)
{
    const char *at = from;
    while ((at = strstr(at, "array(")) != NULL && !is_matrix(text, at))
        at++;
    return at;
}

/* Whether arrays with this text between them are parts of one thing: a comma, or an assignment to
   another name. */
static bool is_together(const char *from, const char *to)
{
    if (to - from > GAP_MAX)
        return false;
    for (; from < to; from++)
        if (!is_word(*from) && strchr(" \t\r\n,.=:'\"", *from) == NULL)
            return false;
    return true;
}

/* The name in "name = (np." before the array at a place of the text. */
static void find_name(reader *r, const char *text, const char *at)
{
    while (at > text && (is_word(at[-1]) || strchr(".([ \t\r\n", at[-1]) != NULL))
        at--;
    const char *end = at > text && at[-1] == '=' ? at - 1 : text;
    while (end > text && strchr(" \t", end[-1]) != NULL)
        end--;
    r->name = end;
    while (r->name > text && is_word(r->name[-1]))
        r->name--;
    r->name_length = (size_t)(end - r->name);
}

/* ---------------------------------------------------------------- schemes */

/* Three arrays are a scheme; other numbers of them are something else. */
static fm_status end_group(reader *r)
{
    fm_status status = FM_OK;
    size_t first = r->list->count;
    if (r->count == 3)
        status = fm_triple_state(&r->triple, &r->scanner, false, r->list);
    for (size_t i = first; i < r->list->count; i++)
        if (r->name_length > 0)
            r->list->readings[i].entry = fm_strndup(r->name, r->name_length);
    fm_triple_clear(&r->triple);
    r->count = 0;
    return status;
}

/* What follows the list of rows: dtype=..., the end, perhaps .T */
static fm_status end_array(reader *r, int matrix)
{
    char buffer[32];
    fm_scanner *scanner = &r->scanner;
    if (fm_scan_char(scanner, ',')) {
        fm_scan_blanks(scanner);
        scanner->at += strcspn(scanner->at, ")\n");
    }
    fm_status status = fm_scan_expect(scanner, ')');
    if (status != FM_OK || *scanner->at != '.')
        return status;
    if (strncmp(scanner->at, ".T", 2) != 0 || is_word(scanner->at[2]))
        return fm_scan_refuse(scanner, "an array with %s, which is not executed",
                              fm_scan_show(scanner, buffer));
    scanner->at += 2;
    fm_triple_transpose(&r->triple, matrix);
    return FM_OK;
}

static fm_status read_array(reader *r)
{
    int matrix = r->count < 3 ? (int)r->count : 2;
    fm_cells_clear(&r->triple.cells[matrix]);
    r->triple.rows[matrix] = r->triple.columns[matrix] = 0;
    fm_status status = fm_triple_read(&r->triple, matrix, &r->scanner, '[', ']');
    r->count++;
    return status == FM_OK ? end_array(r, matrix) : status;
}

static fm_status read_source(reader *r, const char *text)
{
    fm_status status = FM_OK;
    const char *at;
    r->scanner.at = text;
    r->scanner.line = 1;
    while (status == FM_OK && (at = find_matrix(text, r->scanner.at)) != NULL) {
        if (r->count > 0 && !is_together(r->scanner.at, at))
            status = end_group(r);
        if (r->count == 0)
            find_name(r, text, at);
        if (status == FM_OK)
            status = fm_scan_pass_over(&r->scanner, at + strlen("array("));
        if (status == FM_OK)
            status = read_array(r);
    }
    if (status == FM_OK)
        status = end_group(r);
    fm_triple_clear(&r->triple);
    return status;
}

/* ---------------------------------------------------------------- notebooks */

/* Joins the lines of a cell, to be freed with free. */
static char *cell_text(const json_t *source)
{
    char *text;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    if (json_is_string(source))
        fputs(json_string_value(source), file);
    for (size_t l = 0; l < json_array_size(source); l++) {
        const char *line = json_string_value(json_array_get(source, l));
        fputs(line != NULL ? line : "", file);
    }
    fclose(file);
    return text;
}

static fm_status read_cell(reader *r, const json_t *cell, const char *file, size_t number)
{
    const char *type = json_string_value(json_object_get(cell, "cell_type"));
    if (type == NULL || strcmp(type, "code") != 0)
        return FM_OK;
    char *text = cell_text(json_object_get(cell, "source"));
    char *place = fm_format("%s, cell %zu", file, number);
    r->scanner.name = place;
    fm_status status = read_source(r, text);
    r->scanner.name = file;
    free(place);
    free(text);
    return status;
}

static fm_status read_notebook(reader *r, const fm_input *input)
{
    json_error_t where;
    json_t *notebook = json_loadb(input->text, input->length, JSON_REJECT_DUPLICATES, &where);
    if (notebook == NULL)
        return fm_fail(r->scanner.error, FM_BAD_INPUT, "%s:%d: %s", input->name, where.line,
                       where.text);
    fm_status status = FM_OK;
    const json_t *cells = json_object_get(notebook, "cells");
    for (size_t c = 0; c < json_array_size(cells) && status == FM_OK; c++)
        status = read_cell(r, json_array_get(cells, c), input->name, c + 1);
    for (size_t i = 0; i < r->list->count; i++)
        r->list->readings[i].line = 0; /* that of a cell tells nothing */
    json_decref(notebook);
    return status;
}

/* A JSON object with cells. */
static bool is_notebook(const char *text)
{
    return *fm_scan_start(text) == '{' && strstr(text, "\"cells\"") != NULL &&
           strstr(text, "\"cell_type\"") != NULL;
}

/* ---------------------------------------------------------------- the kind */

static const char *back_over_blanks(const char *text, const char *at)
{
    while (at > text && strchr(" \t\r\n", at[-1]) != NULL)
        at--;
    return at;
}

bool fm_python_has_scheme(const char *text)
{
    for (const char *at = text; (at = find_matrix(text, at)) != NULL; at++) {
        const char *before = at;
        while (before > text && (is_word(before[-1]) || before[-1] == '.'))
            before--;
        before = back_over_blanks(text, before);
        if (before == text || (before[-1] != '(' && before[-1] != '['))
            continue;
        before = back_over_blanks(text, before - 1);
        if (before > text && before[-1] == '=')
            return true;
    }
    return false;
}

static fm_status read_python(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    reader r = {.list = list};
    fm_status status = fm_scanner_init(&r.scanner, input->text, input->length, input->name, error);
    r.scanner.laurents = list->laurents;
    if (status == FM_OK)
        status = is_notebook(input->text) ? read_notebook(&r, input) : read_source(&r, input->text);
    if (status == FM_OK && list->count == 0)
        status =
            fm_fail(error, FM_BAD_INPUT, "%s: no three arrays one behind the other", input->name);
    return status;
}

static bool recognize_python(const fm_input *input)
{
    return find_matrix(input->text, input->text) != NULL;
}

const fm_scheme_format fm_scheme_format_python = {
    .kind = FM_FILE_PYTHON,
    .name = "python",
    .many = true,
    .has_laurents = true,
    .recognize = recognize_python,
    .read = read_python,
};
