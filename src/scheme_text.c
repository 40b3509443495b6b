/* Schemes as plain text: a line "n m p rank", then U, V, and W for the transpose of C, a line a row
   or a line a matrix; docs/scheme-file.md. */
#include "error.h"
#include "memory.h"
#include "number.h"
#include "scanner.h"
#include "scheme_file.h"
#include "scheme_print.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const char *name; /* of the file, for messages */
    char *rest;       /* the lines that are still to come */
    unsigned line;
    char *words;       /* of the line, from the next one on */
    size_t word_count; /* of the whole line */
    uint32_t rank;
    bool inside; /* a scheme, behind its header */
    bool has_ring;
    fm_ring ring; /* by a line "# ring R" before the header */
    fm_error *error;
    fm_laurents *laurents; /* of the list, or NULL */
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

/* ---------------------------------------------------------------- lines and words */

static size_t count_words(const char *line)
{
    size_t count = 0;
    for (line += strspn(line, " \t\r"); *line != '\0'; line += strspn(line, " \t\r")) {
        line += strcspn(line, " \t\r");
        count++;
    }
    return count;
}

/* The next word of the line, of which there is one. */
static const char *next_word(reader *in)
{
    char *word = in->words + strspn(in->words, " \t\r"), *end = word + strcspn(word, " \t\r");
    in->words = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return word;
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
        in->words = line;
        in->word_count = count_words(line);
    }
    return FM_OK;
}

/* ---------------------------------------------------------------- schemes */

/* A decimal number from 1 to limit, or 0. */
static uint32_t parse_size(const char *word, uint32_t limit)
{
    char *end;
    unsigned long value = word[0] >= '0' && word[0] <= '9' ? strtoul(word, &end, 10) : 0;
    return value > 0 && value <= limit && *end == '\0' ? (uint32_t)value : 0;
}

static fm_status read_header(reader *in, uint32_t format[3])
{
    if (in->word_count != 4)
        return refuse(in, "expected a header 'n m p rank'");
    for (int i = 0; i < 3; i++) {
        const char *word = next_word(in);
        format[i] = parse_size(word, FM_FORMAT_MAX);
        if (format[i] == 0)
            return refuse(in, "%c is '%.40s', not from 1 to %d", "nmp"[i], word, FM_FORMAT_MAX);
    }
    const char *word = next_word(in);
    in->rank = parse_size(word, UINT32_MAX);
    return in->rank > 0 ? FM_OK : refuse(in, "the rank is '%.40s', not a positive number", word);
}

/* How a line has its coefficients: a row, or all rows, of numbers, or of pairs for fractions. */
typedef enum layout { LAYOUT_ROW, LAYOUT_MATRIX, LAYOUT_PAIRS } layout;

static fm_status read_layout(const reader *in, int axis, const fm_factors *factors, layout *out)
{
    size_t all = (size_t)in->rank * factors->extent;
    if (in->word_count == 0)
        return refuse(in, "the file ends before row %u of %c; the rank is %u", factors->rank + 1,
                      "UVW"[axis], in -> rank);
    *out = in->word_count == factors->extent ? LAYOUT_ROW
           : in->word_count == all           ? LAYOUT_MATRIX
                                             : LAYOUT_PAIRS;
    if (*out == LAYOUT_PAIRS && (in->word_count != 2 * all || factors->rank > 0))
        return refuse(in, "row %u of %c has %zu coefficients, expected %u", factors->rank + 1,
                      "UVW"[axis], in -> word_count, factors -> extent);
    return FM_OK;
}

static bool read_coefficient(reader *in, layout how, fmpq_t value, const char **word)
{
    fmpq_t below;
    *word = next_word(in);
    if (in->laurents != NULL)
        return how != LAYOUT_PAIRS && fm_laurents_parse(in->laurents, *word, value);
    if (!fm_number_parse(*word, value))
        return false;
    if (how != LAYOUT_PAIRS)
        return true;
    *word = next_word(in);
    fmpq_init(below);
    bool good = fm_number_parse(*word, below) && !fmpq_is_zero(below);
    if (good)
        fmpq_div(value, value, below);
    fmpq_clear(below);
    return good;
}

static fm_status read_row(reader *in, layout how, int axis, fm_factors *factors)
{
    const char *word;
    fm_status status = FM_OK;
    fmpq_t value;
    fmpq_init(value);
    for (uint32_t i = 0; i < factors->extent && status == FM_OK; i++) {
        if (read_coefficient(in, how, value, &word))
            fm_factors_push(factors, i, value);
        else
            status = refuse(in, "'%.40s' in row %u of %c is %s", word, factors->rank + 1,
                            "UVW"[axis], fm_number_complaint(word));
    }
    fmpq_clear(value);
    fm_factors_end_row(factors);
    return status;
}

static fm_status read_matrix(reader *in, int axis, fm_factors *factors)
{
    layout how = LAYOUT_ROW;
    fm_status status = FM_OK;
    while (factors->rank < in->rank && status == FM_OK) {
        if (how == LAYOUT_ROW) {
            status = next_line(in);
            if (status == FM_OK)
                status = read_layout(in, axis, factors, &how);
        }
        if (status == FM_OK)
            status = read_row(in, how, axis, factors);
    }
    return status;
}

/* The scheme whose header is the current line. */
static fm_status read_scheme(reader *in, fm_reading *reading)
{
    uint32_t *format = reading->format;
    reading->line = in->line;
    fm_status status = read_header(in, format);
    if (status != FM_OK)
        return status;
    reading->w_order = FM_W_OF_TRANSPOSE;
    reading->has_ring = in->has_ring;
    reading->ring = in->ring;
    in->has_ring = false;
    in->inside = true;
    fm_factors_init(&reading->factors[0], format[0] * format[1]);
    fm_factors_init(&reading->factors[1], format[1] * format[2]);
    fm_factors_init(&reading->factors[2], format[0] * format[2]);
    for (int axis = 0; axis < 3 && status == FM_OK; axis++)
        status = read_matrix(in, axis, &reading->factors[axis]);
    in->inside = false;
    return status;
}

static fm_status read_schemes(reader *in, fm_reading_list *list)
{
    uint32_t claimed = 0;
    fm_status status = next_line(in);
    if (status == FM_OK && in->word_count == 1) {
        const char *word = next_word(in);
        claimed = parse_size(word, UINT32_MAX);
        if (claimed == 0)
            return refuse(in, "'%.40s' is neither a header 'n m p rank' nor a number of schemes",
                          word);
        status = next_line(in);
    }
    while (status == FM_OK && in->word_count > 0) {
        status = read_scheme(in, fm_reading_list_add(list));
        if (status == FM_OK)
            status = next_line(in);
    }
    if (status == FM_OK && claimed > 0 && list->count != claimed)
        return refuse(in, "the first line says %u schemes, and there are %zu", claimed,
                      list->count);
    return status;
}

static fm_status read_text(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    if (memchr(input->text, '\0', input->length) != NULL)
        return fm_fail(error, FM_BAD_INPUT, "%s: a zero byte: not a text file", input->name);
    char *copy = fm_strdup(input->text);
    reader in = {.name = input->name, .rest = copy, .error = error, .laurents = list->laurents};
    fm_status status = read_schemes(&in, list);
    free(copy);
    return status;
}

/* The first line that is no comment starts with a digit. */
static bool recognize_text(const fm_input *input)
{
    char first = *fm_scan_start(input->text);
    return first >= '0' && first <= '9';
}

static fm_status write_text(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    const fm_tensor *tensor = scheme->tensor;
    const fmpq *row[FM_EXTENT_MAX];
    if (!fm_tensor_is_matmul(tensor, NULL))
        return fm_fail(error, FM_BAD_INPUT,
                       "%s is no matrix product, and the text format has no other", tensor->name);
    fm_write_directives(scheme, false, "# ", "\n", file);
    fprintf(file, "%u %u %u %u\n", tensor->format[0], tensor->format[1], tensor->format[2],
            scheme->rank);
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < scheme->rank; r++) {
            fm_transposed_row(scheme, axis, r, row);
            for (uint32_t i = 0; i < tensor->extent[axis]; i++) {
                fm_scheme_print_number(file, scheme, row[i]);
                fputc(i + 1 < tensor->extent[axis] ? ' ' : '\n', file);
            }
        }
    return FM_OK;
}

const fm_scheme_format fm_scheme_format_text = {
    .kind = FM_FILE_TEXT,
    .name = "text",
    .has_laurents = true,
    .many = true,
    .recognize = recognize_text,
    .read = read_text,
    .write = write_text,
};
