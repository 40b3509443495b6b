#include "scheme_file.h"

#include "error.h"
#include "file.h"
#include "memory.h"
#include "scanner.h"

#include <stdlib.h>
#include <string.h>

/* In the order in which they are tried. */
static const fm_scheme_format *const formats[] = {
    &fm_scheme_format_npy,          &fm_scheme_format_npz,  &fm_scheme_format_python,
    &fm_scheme_format_mathematica,  &fm_scheme_format_json, &fm_scheme_format_maple,
    &fm_scheme_format_equations,    &fm_scheme_format_exp,  &fm_scheme_format_sms,
    &fm_scheme_format_coefficients, &fm_scheme_format_text, &fm_scheme_format_latex,
};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

const char *fm_file_kind_name(fm_file_kind kind)
{
    for (int f = 0; f < FORMAT_COUNT; f++)
        if (formats[f]->kind == kind)
            return formats[f]->name;
    return "unknown";
}

bool fm_file_kind_parse(const char *name, fm_file_kind *out)
{
    for (int f = 0; f < FORMAT_COUNT; f++)
        if (strcmp(formats[f]->name, name) == 0) {
            *out = formats[f]->kind;
            return true;
        }
    return false;
}

bool fm_file_kind_holds_many(fm_file_kind kind)
{
    for (int f = 0; f < FORMAT_COUNT; f++)
        if (formats[f]->kind == kind)
            return formats[f]->many;
    return false;
}

bool fm_file_kind_is_written(fm_file_kind kind)
{
    for (int f = 0; f < FORMAT_COUNT; f++)
        if (formats[f]->kind == kind)
            return formats[f]->write != NULL;
    return false;
}

/* ---------------------------------------------------------------- what formats share */

void fm_scheme_list_push(fm_scheme_list *list, fm_scheme *scheme)
{
    bool full = (list->count & (list->count - 1)) == 0; /* the capacity is the next power of 2 */
    if (full)
        list->schemes =
            fm_realloc(list->schemes, list->count > 0 ? 2 * list->count : 1, sizeof *list->schemes);
    list->schemes[list->count++] = scheme;
}

uint32_t fm_transposed_index(const uint32_t format[3], int axis, uint32_t index)
{
    uint32_t n = format[0], p = format[2];
    return axis == 2 && n > 0 ? index % p * n + index / p : index;
}

void fm_transposed_row(const fm_scheme *scheme, int axis, uint32_t r, const fmpq **dense)
{
    static const fmpq zero = {0, 1};
    const fm_factors *f = &scheme->factors[axis];
    for (uint32_t i = 0; i < f->extent; i++)
        dense[i] = &zero;
    for (size_t e = f->start[r]; e < f->start[r + 1]; e++)
        dense[fm_transposed_index(scheme->tensor->format, axis, f->index[e])] = &f->value[e];
}

/* ---------------------------------------------------------------- reading and writing */

/* NULL when no format does. */
static const fm_scheme_format *recognize(const fm_input *input)
{
    for (int f = 0; f < FORMAT_COUNT; f++)
        if (formats[f]->recognize != NULL && formats[f]->recognize(input))
            return formats[f];
    return NULL;
}

static fm_status read_input(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    if (input->length == 0)
        return fm_fail(error, FM_BAD_INPUT, "%s: empty", input->name);
    const fm_scheme_format *format = recognize(input);
    if (format == NULL)
        return fm_fail(error, FM_BAD_INPUT, "%s: no kind of scheme file that is known",
                       input->name);
    list->kind = format->kind;
    if (list->laurents != NULL && !format->has_laurents)
        return fm_fail(error, FM_BAD_INPUT, "%s: has rational coefficients only", input->name);
    return format->read(input, list, error);
}

/* What cannot be read with rational coefficients is read with others, if it has them. */
static fm_status read_either(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    fm_error reason;
    list->name = fm_strdup(input->name);
    fm_status status = read_input(input, list, error);
    if (status != FM_BAD_INPUT)
        return status;
    fm_reading_list wider = {.name = fm_strdup(input->name), .laurents = fm_laurents_new()};
    fm_status outcome = read_input(input, &wider, &reason);
    if (wider.laurents->parameter[0] == '\0' && !wider.laurents->has_i) {
        fm_reading_list_free(&wider);
        return status;
    }
    fm_reading_list_free(list);
    *list = wider;
    return outcome == FM_OK ? FM_OK : fm_fail(error, outcome, "%s", reason.message);
}

fm_status fm_readings_parse(const fm_input *input, fm_reading_list *out, fm_error *error)
{
    fm_input copy = *input;
    *out = (fm_reading_list){0};
    /* Readers may count on a final zero byte, which a part of a larger text does not have. */
    char *text = fm_strndup(input->text, input->length);
    copy.text = text;
    fm_status status = read_either(&copy, out, error);
    free(text);
    if (status != FM_OK)
        fm_reading_list_free(out);
    return status;
}

fm_status fm_readings_read(const char *path, const fm_read_options *options, fm_reading_list *out,
                           fm_error *error)
{
    char *text;
    bool standard_input = strcmp(path, "-") == 0;
    fm_input input = {.name = standard_input ? "standard input" : path,
                      .path = standard_input ? NULL : path,
                      .tensor = options != NULL ? options->tensor : NULL};
    *out = (fm_reading_list){0};
    fm_status status = fm_file_read(path, &text, &input.length, error);
    if (status != FM_OK)
        return status;
    input.text = text;
    status = read_either(&input, out, error);
    free(text);
    if (status != FM_OK)
        fm_reading_list_free(out);
    return status;
}

/* ---------------------------------------------------------------- files of a folder */

static bool ends_in(const char *path, const char *const *endings, size_t count)
{
    const char *dot = strrchr(path, '.');
    for (size_t e = 0; e < count && dot != NULL; e++)
        if (strcasecmp(dot, endings[e]) == 0)
            return true;
    return false;
}

/* Programs and pages about schemes have examples in them. */
static bool is_about_schemes(const char *path)
{
    static const char *const endings[] = {".c",  ".h",    ".cc",  ".cpp", ".hpp",  ".sh",
                                          ".md", ".rst",  ".tex", ".bib", ".html", ".yml",
                                          ".js", ".java", ".rs",  ".go",  ".jl",   ".log"};
    return ends_in(path, endings, sizeof endings / sizeof *endings);
}

/* Programs and notebooks of which only schemes as tuples of arrays are read. */
static bool is_python_source(const char *path)
{
    static const char *const endings[] = {".py", ".ipynb"};
    return ends_in(path, endings, sizeof endings / sizeof *endings);
}

/* How many integers a line has; -1 when there is something else. */
static int count_integers(const char *line)
{
    int count = 0;
    for (line += strspn(line, " \t\r"); *line != '\n' && *line != '\0';
         line += strspn(line, " \t\r"), count++) {
        size_t digits = strspn(line, "0123456789");
        if (digits == 0)
            return -1;
        line += digits;
    }
    return count;
}

/* A header "n m p rank", or a number of schemes and then a header. */
static bool has_header(const char *text)
{
    text = fm_scan_start(text);
    if (count_integers(text) == 1)
        text = fm_scan_start(text + strcspn(text, "\n"));
    return count_integers(text) == 4;
}

/* [[[ */
static bool is_list_of_matrices(const char *text)
{
    for (int depth = 0; depth < 3; depth++, text++) {
        text += strspn(text, " \t\r\n");
        if (*text != '[')
            return false;
    }
    return true;
}

/* Entries of A, B and C. */
static bool has_entries(const char *text)
{
    unsigned seen = 0;
    for (const char *at = text; *at != '\0' && seen != 7; at++) {
        char letter = (char)(*at | 0x20);
        bool starts = at == text || strspn(at - 1, "0123456789+-*/( \t\r\n=") > 0;
        if (starts && letter >= 'a' && letter <= 'c' &&
            strspn(at + 1 + strspn(at + 1, "_[{("), "0123456789") > 0)
            seen |= 1u << (letter - 'a');
    }
    return seen == 7;
}

bool fm_scheme_file_recognize(const char *path)
{
    char *text;
    fm_input input = {.name = path, .path = path};
    if (is_about_schemes(path) || fm_file_read(path, &text, &input.length, NULL) != FM_OK)
        return false;
    input.text = text;
    const fm_scheme_format *format = recognize(&input);
    bool meant = format != NULL && !is_python_source(path);
    if (format == &fm_scheme_format_python)
        meant = fm_python_has_scheme(text);
    else if (format == &fm_scheme_format_npz)
        meant = memmem(text, input.length, ".npy", 4) != NULL; /* and no other archive */
    else if (format == &fm_scheme_format_json)
        meant = strstr(text, "\"u\"") != NULL || strstr(text, "\"U\"") != NULL ||
                is_list_of_matrices(text);
    else if (format == &fm_scheme_format_text)
        meant = has_header(text);
    else if (format == &fm_scheme_format_exp || format == &fm_scheme_format_equations)
        meant = has_entries(text);
    free(text);
    return meant;
}

/* ---------------------------------------------------------------- files that say everything */

static fm_status state_scheme(const fm_reading_list *readings, const fm_reading *reading,
                              size_t *room, fm_scheme_list *out, fm_error *error)
{
    fm_meaning meanings[FM_MEANINGS_MAX];
    fm_scheme *scheme = NULL;
    fm_error reason;
    size_t count;
    if (!reading->has_ring || (reading->format[0] == 0 && reading->tensor == NULL) ||
        reading->w_order == FM_W_UNKNOWN)
        return fm_reading_refuse(readings, reading, error, "leaves something to infer");
    fm_status status = fm_reading_meanings(reading, NULL, meanings, &count, &reason);
    if (status == FM_OK)
        status = fm_reading_to_scheme(reading, meanings, NULL, out, &scheme, &reason);
    if (status == FM_OK)
        status = fm_reading_charge(scheme, room, &reason);
    if (status != FM_OK) {
        fm_scheme_free(scheme);
        return fm_reading_refuse(readings, reading, error, "%s", reason.message);
    }
    scheme->origin.kind = readings->kind;
    fm_scheme_list_push(out, scheme);
    return FM_OK;
}

fm_status fm_scheme_read_stated(const char *path, fm_scheme_list *out, fm_error *error)
{
    fm_reading_list readings;
    size_t room = FM_TENSORS_ROOM;
    *out = (fm_scheme_list){0};
    fm_status status = fm_readings_read(path, NULL, &readings, error);
    if (status == FM_OK)
        status = fm_reading_list_check(&readings, error);
    for (size_t i = 0; i < readings.count && status == FM_OK; i++)
        status = state_scheme(&readings, &readings.readings[i], &room, out, error);
    if (status != FM_OK)
        fm_scheme_list_free(out);
    fm_reading_list_free(&readings);
    return status;
}

void fm_scheme_list_free(fm_scheme_list *list)
{
    for (size_t s = 0; s < list->count; s++)
        fm_scheme_free(list->schemes[s]);
    free(list->schemes);
    *list = (fm_scheme_list){0};
}

fm_status fm_scheme_write(const fm_scheme *scheme, fm_file_kind kind, FILE *file, fm_error *error)
{
    for (int f = 0; f < FORMAT_COUNT; f++) {
        if (formats[f]->kind != kind || formats[f]->write == NULL)
            continue;
        fm_status status = formats[f]->write(scheme, file, error);
        if (status == FM_OK && ferror(file))
            return fm_fail(error, FM_IO, "%s: the scheme could not be written",
                           scheme->tensor->name);
        return status;
    }
    return fm_fail(error, FM_BAD_INPUT, "unknown kind of scheme file: %d", (int)kind);
}
