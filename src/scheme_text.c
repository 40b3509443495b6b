/* Schemes as plain text: a line "n m p rank", then the rows of U, of V, and of W for the transpose
   of C, a line a row; docs/scheme-file.md. */
#include "error.h"
#include "memory.h"
#include "number.h"
#include "scheme_file.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const char *name; /* of the file, for messages */
    char *rest;       /* the lines that are still to come */
    unsigned line;
    char *words[FM_EXTENT_MAX]; /* of the line */
    uint32_t word_count;        /* may be one more than there is room for */
    fm_tensor *tensor;
    uint32_t rank;
    bool inside; /* a scheme, behind its header */
    bool has_ring;
    fm_ring ring; /* by a line "# ring R" before the header */
    fm_error *error;
} reader;

__attribute__((format(printf, 2, 3))) static fm_status refuse(const reader *in, const char *format,
                                                              ...)
{
    char reason[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return fm_fail(in->error, FM_BAD_INPUT, "%s:%u: %s", in->name, in->line, reason);
}

static void split(reader *in, char *line)
{
    in->word_count = 0;
    for (char *at = strtok_r(line, " \t\r", &line); at != NULL;
         at = strtok_r(NULL, " \t\r", &line)) {
        if (in->word_count == FM_EXTENT_MAX) {
            in->word_count++;
            return;
        }
        in->words[in->word_count++] = at;
    }
}

/* "# ring f2": the ring of the next scheme, for those whose coefficients do not show it. */
static fm_status read_comment(reader *in, char *comment)
{
    char *rest = comment;
    const char *first = strtok_r(comment, " \t\r", &rest);
    const char *ring = strtok_r(NULL, " \t\r", &rest);
    if (first == NULL || ring == NULL || strcmp(first, "ring") != 0 ||
        strtok_r(NULL, " \t\r", &rest) != NULL)
        return FM_OK;
    fm_error reason;
    if (in->inside)
        return refuse(in, "'# ring' belongs before the header of a scheme");
    if (fm_ring_parse(ring, &in->ring, &reason) != FM_OK)
        return refuse(in, "%s", reason.message);
    in->has_ring = true;
    return FM_OK;
}

/* Goes on to the next line that has words; none are left at the end of the text. */
static fm_status next_line(reader *in)
{
    in->word_count = 0;
    while (in->rest != NULL && in->word_count == 0) {
        char *line = in->rest, *end = strchr(line, '\n');
        in->rest = end != NULL ? end + 1 : NULL;
        if (end != NULL)
            *end = '\0';
        in->line++;
        char *comment = strchr(line, '#');
        if (comment != NULL) {
            *comment = '\0';
            fm_status status = read_comment(in, comment + 1);
            if (status != FM_OK)
                return status;
        }
        split(in, line);
    }
    return FM_OK;
}

/* A decimal number from 1 to limit, or 0. */
static uint32_t parse_size(const char *text, uint32_t limit)
{
    char *end;
    unsigned long value = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    return value > 0 && value <= limit && *end == '\0' ? (uint32_t)value : 0;
}

static fm_status read_header(reader *in, const fm_scheme_list *list)
{
    uint32_t format[3];
    if (in->word_count != 4)
        return refuse(in, "expected a header 'n m p rank'");
    for (int i = 0; i < 3; i++) {
        format[i] = parse_size(in->words[i], FM_FORMAT_MAX);
        if (format[i] == 0)
            return refuse(in, "%c is '%.40s', not from 1 to %d", "nmp"[i], in -> words[i],
                          FM_FORMAT_MAX);
    }
    in->rank = parse_size(in->words[3], UINT32_MAX);
    if (in->rank == 0)
        return refuse(in, "the rank is '%.40s', not a positive number", in->words[3]);
    return fm_scheme_list_matmul(list, format, &in->tensor, in->error);
}

static fm_status read_row(reader *in, int axis, fm_factors *factors)
{
    fm_status status = FM_OK;
    fmpq_t value;
    if (in->word_count == 0)
        return refuse(in, "the file ends before row %u of %c; the rank is %u", factors->rank + 1,
                      "UVW"[axis], in -> rank);
    if (in->word_count != factors->extent)
        return refuse(in, "row %u of %c has %s%u coefficients, expected %u", factors->rank + 1,
                      "UVW"[axis], in -> word_count > FM_EXTENT_MAX ? "more than " : "",
                      in->word_count > FM_EXTENT_MAX ? FM_EXTENT_MAX : in->word_count,
                      factors->extent);
    fmpq_init(value);
    for (uint32_t i = 0; i < factors->extent && status == FM_OK; i++) {
        const char *word = in->words[fm_transposed_index(in->tensor->format, axis, i)];
        if (fm_number_parse(word, value))
            fm_factors_push(factors, i, value);
        else
            status = refuse(in, "'%.40s' in row %u of %c is neither an integer nor a fraction",
                            word, factors->rank + 1, "UVW"[axis]);
    }
    fmpq_clear(value);
    fm_factors_end_row(factors);
    return status;
}

static fm_status read_factors(reader *in, fm_factors factors[3])
{
    fm_status status = FM_OK;
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < in->rank && status == FM_OK; r++) {
            status = next_line(in);
            if (status == FM_OK)
                status = read_row(in, axis, &factors[axis]);
        }
    return status;
}

static fm_status make_scheme(reader *in, fm_factors factors[3], fm_scheme_list *list)
{
    fm_scheme *scheme;
    fm_error reason;
    fm_ring ring = in->has_ring ? in->ring : fm_factors_smallest_ring(factors);
    in->has_ring = false;
    if (fm_scheme_from_rows(in->tensor, ring, factors, &scheme, &reason) != FM_OK)
        return refuse(in, "%s", reason.message);
    fm_scheme_list_push(list, scheme);
    return FM_OK;
}

/* The scheme whose header is the current line. */
static fm_status read_scheme(reader *in, fm_scheme_list *list)
{
    fm_factors factors[3];
    fm_status status = read_header(in, list);
    if (status != FM_OK)
        return status;
    in->inside = true;
    for (int axis = 0; axis < 3; axis++)
        fm_factors_init(&factors[axis], in->tensor->extent[axis]);
    status = read_factors(in, factors);
    in->inside = false;
    if (status == FM_OK)
        status = make_scheme(in, factors, list);
    else
        for (int axis = 0; axis < 3; axis++)
            fm_factors_clear(&factors[axis]);
    fm_tensor_free(in->tensor);
    return status;
}

static fm_status read_text(const char *text, size_t length, const char *name, fm_scheme_list *list,
                           fm_error *error)
{
    if (memchr(text, '\0', length) != NULL)
        return fm_fail(error, FM_BAD_INPUT, "%s: a zero byte: not a text file", name);
    reader *in = fm_alloc_zero(1, sizeof *in);
    char *copy = fm_strdup(text);
    in->name = name;
    in->rest = copy;
    in->error = error;
    fm_status status = next_line(in);
    while (status == FM_OK && in->word_count > 0) {
        status = read_scheme(in, list);
        if (status == FM_OK)
            status = next_line(in);
    }
    free(copy);
    free(in);
    return status;
}

/* The first line that is no comment starts with a digit. */
static bool recognize_text(const char *text, size_t length)
{
    (void)length;
    for (;;) {
        text += strspn(text, " \t\r\n");
        if (*text != '#')
            return *text >= '0' && *text <= '9';
        text += strcspn(text, "\n");
    }
}

static fm_status write_text(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    const fm_tensor *tensor = scheme->tensor;
    char ring[FM_RING_NAME_SIZE];
    const fmpq *row[FM_EXTENT_MAX];
    if (!fm_tensor_is_matmul(tensor, NULL))
        return fm_fail(error, FM_BAD_INPUT,
                       "%s is no matrix product, and the text format has no other", tensor->name);
    if (!fm_ring_equal(scheme->ring, fm_factors_smallest_ring(scheme->factors)))
        fprintf(file, "# ring %s\n", fm_ring_name(scheme->ring, ring));
    fprintf(file, "%u %u %u %u\n", tensor->format[0], tensor->format[1], tensor->format[2],
            scheme->rank);
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < scheme->rank; r++) {
            fm_transposed_row(scheme, axis, r, row);
            for (uint32_t i = 0; i < tensor->extent[axis]; i++) {
                fm_number_print(file, row[i]);
                fputc(i + 1 < tensor->extent[axis] ? ' ' : '\n', file);
            }
        }
    return FM_OK;
}

const fm_scheme_format fm_scheme_format_text = {
    .kind = FM_FILE_TEXT,
    .recognize = recognize_text,
    .read = read_text,
    .write = write_text,
};
