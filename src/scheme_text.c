/* Schemes as plain text: "n m p rank", then the rows of U, V and W, W for the transpose of C; a row
   a line, '#' comments, many schemes one after another. See docs/scheme-file.md. */
#include "error.h"
#include "scheme_file.h"

#include <stdlib.h>
#include <string.h>

typedef struct text_reader {
    const char *name; /* of the file, for messages */
    const char *at;   /* the rest of the text */
    const char *end;
    unsigned long line; /* of the words */
    fm_error *error;
} text_reader;

/* A line without its comment and the blanks around. */
typedef struct text_line {
    const char *at, *end;
} text_line;

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static bool recognize_text(const char *text, size_t length)
{
    size_t i = 0;
    while (i < length && (is_blank(text[i]) || text[i] == '\n'))
        i++;
    return i < length && (text[i] == '#' || (text[i] >= '0' && text[i] <= '9'));
}

/* The next line with anything in it; false at the end. */
static bool next_line(text_reader *in, text_line *line)
{
    while (in->at < in->end) {
        const char *newline = memchr(in->at, '\n', (size_t)(in->end - in->at));
        const char *stop = newline != NULL ? newline : in->end;
        const char *comment = memchr(in->at, '#', (size_t)(stop - in->at));
        line->at = in->at;
        line->end = comment != NULL ? comment : stop;
        in->at = newline != NULL ? newline + 1 : in->end;
        in->line++;
        while (line->at < line->end && is_blank(*line->at))
            line->at++;
        while (line->at < line->end && is_blank(line->end[-1]))
            line->end--;
        if (line->at < line->end)
            return true;
    }
    return false;
}

/* The next word of a line; false when there is none. */
static bool next_word(text_line *line, const char **word, size_t *length)
{
    while (line->at < line->end && is_blank(*line->at))
        line->at++;
    *word = line->at;
    while (line->at < line->end && !is_blank(*line->at))
        line->at++;
    *length = (size_t)(line->at - *word);
    return *length > 0;
}

static fm_status read_header(text_reader *in, text_line line, unsigned long header[4])
{
    const char *word;
    size_t length;
    unsigned count = 0;
    while (next_word(&line, &word, &length)) {
        char *end;
        if (count == 4 || *word < '0' || *word > '9' || length > 9 ||
            (header[count] = strtoul(word, &end, 10), end != word + length))
            return fm_fail(in->error, FM_BAD_INPUT,
                           "%s:%lu: expected a scheme's first line, 'n m p rank', found '%.*s'",
                           in->name, in->line, (int)(length < 40 ? length : 40), word);
        count++;
    }
    if (count != 4)
        return fm_fail(in->error, FM_BAD_INPUT,
                       "%s:%lu: expected a scheme's first line, 'n m p rank': four numbers, "
                       "found %u",
                       in->name, in->line, count);
    return FM_OK;
}

static fm_status read_row(text_reader *in, fm_scheme_builder *builder, unsigned axis,
                          unsigned long row)
{
    uint32_t extent = builder->tensor->extent[axis], count = 0;
    text_line line;
    const char *word;
    size_t length;
    if (!next_line(in, &line))
        return fm_fail(in->error, FM_BAD_INPUT, "%s:%lu: the file ends where row %lu of %c is due",
                       in->name, in->line, row + 1, "UVW"[axis]);
    while (next_word(&line, &word, &length)) {
        if (count == extent)
            return fm_fail(in->error, FM_BAD_INPUT,
                           "%s:%lu: row %lu of %c has more than %u coefficients", in->name,
                           in->line, row + 1, "UVW"[axis], extent);
        if (!fm_parse_fraction(word, length, fm_scheme_builder_entry(builder, count)))
            return fm_fail(in->error, FM_BAD_INPUT,
                           "%s:%lu: '%.*s' is not an integer or a fraction", in->name, in->line,
                           (int)(length < 40 ? length : 40), word);
        count++;
    }
    if (count < extent)
        return fm_fail(in->error, FM_BAD_INPUT,
                       "%s:%lu: row %lu of %c has %u coefficients, expected %u", in->name, in->line,
                       row + 1, "UVW"[axis], count, extent);
    fm_scheme_builder_end_row(builder, axis);
    return FM_OK;
}

static fm_status read_scheme(text_reader *in, text_line line, fm_scheme **out)
{
    unsigned long header[4], first = in->line;
    fm_tensor *tensor;
    fm_scheme_builder builder;
    fm_error inner;
    fm_status status = read_header(in, line, header);
    if (status != FM_OK)
        return status;
    if (fm_tensor_matmul((unsigned)header[0], (unsigned)header[1], (unsigned)header[2], &tensor,
                         &inner) != FM_OK)
        return fm_fail(in->error, FM_BAD_INPUT, "%s:%lu: %s", in->name, first, inner.message);
    fm_scheme_builder_init(&builder, tensor);
    for (unsigned axis = 0; axis < 3; axis++)
        for (unsigned long r = 0; r < header[3] && status == FM_OK; r++)
            status = read_row(in, &builder, axis, r);
    if (status == FM_OK && fm_scheme_builder_finish(&builder, NULL, out, &inner) != FM_OK)
        status = fm_fail(in->error, FM_BAD_INPUT, "%s:%lu: %s", in->name, first, inner.message);
    fm_scheme_builder_clear(&builder);
    fm_tensor_free(tensor);
    return status;
}

static fm_status read_text(const char *text, size_t length, const char *name, fm_scheme_list *list,
                           fm_error *error)
{
    text_reader in = {.name = name, .at = text, .end = text + length, .error = error};
    text_line line;
    while (next_line(&in, &line)) {
        fm_scheme *scheme;
        fm_status status = read_scheme(&in, line, &scheme);
        if (status != FM_OK)
            return status;
        fm_scheme_list_append(list, scheme);
    }
    return FM_OK;
}

static fm_status write_text(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    unsigned format[3];
    if (!fm_tensor_is_matmul(scheme->tensor, format))
        return fm_fail(error, FM_BAD_INPUT,
                       "%s is no matrix product: the text format has no place for its tensor",
                       scheme->tensor->name);
    fprintf(file, "%u %u %u %u\n", format[0], format[1], format[2], scheme->rank);
    for (unsigned axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < scheme->rank; r++) {
            fm_scheme_write_row(scheme, axis, r, " ", false, file);
            fputc('\n', file);
        }
    return FM_OK;
}

const fm_scheme_format fm_scheme_format_text = {recognize_text, read_text, write_text};
