/* Schemes as three blocks of coefficients divided by lines '#', a row an entry of A, B or C and a
   column a product; docs/scheme-file.md. */
#include "error.h"
#include "memory.h"
#include "number.h"
#include "scanner.h"
#include "scheme_file.h"
#include "scheme_print.h"

#include <stdlib.h>

#include <string.h>

typedef struct reader {
    fm_scanner scanner;
    uint32_t rank; /* 0: not yet known */
    fm_cells cells[3];
    uint32_t rows[3];
} reader;

/* ---------------------------------------------------------------- reading */

/* A word of the line, at most size - 1 characters of it; false at its end. */
static const char *next_word(fm_scanner *scanner, size_t *length)
{
    fm_scan_spaces(scanner);
    const char *word = scanner->at;
    *length = strcspn(word, " \t\r\n#");
    scanner->at += *length;
    return word;
}

static fm_status read_number(fm_scanner *scanner, fmpq_t value, bool *found)
{
    size_t length;
    const char *word = next_word(scanner, &length);
    *found = length > 0;
    if (length == 0)
        return FM_OK;
    if (scanner->laurents != NULL &&
        fm_laurents_scan(scanner->laurents, word, false, value) == scanner->at)
        return FM_OK;
    const char *end = fm_number_scan(word + (*word == '-' || *word == '+'), value);
    if (end != word + length || scanner->laurents != NULL) {
        char shown[48];
        snprintf(shown, sizeof shown, "%.*s", length < 40 ? (int)length : 40, word);
        return fm_scan_refuse(scanner, "'%s' is %s", shown, fm_number_complaint(shown));
    }
    if (*word == '-')
        fmpq_neg(value, value);
    return FM_OK;
}

/* A row of a block, as many numbers as all others have. */
static fm_status read_row(reader *in, int axis)
{
    fmpq_t value;
    uint32_t count = 0;
    bool found = true;
    fm_status status = FM_OK;
    if (in->rows[axis] == FM_EXTENT_MAX)
        return fm_scan_refuse(&in->scanner, "a block of more than %d rows", FM_EXTENT_MAX);
    fmpq_init(value);
    while (found && status == FM_OK) {
        status = read_number(&in->scanner, value, &found);
        if (found && status == FM_OK) {
            if (!fmpq_is_zero(value))
                fm_cells_add(&in->cells[axis], count, in->rows[axis], value);
            count++;
        }
    }
    fmpq_clear(value);
    if (status != FM_OK)
        return status;
    in->rank = in->rank > 0 ? in->rank : count;
    in->rows[axis]++;
    return count == in->rank
               ? FM_OK
               : fm_scan_refuse(&in->scanner, "%u numbers behind rows of %u", count, in->rank);
}

/* A '#' with nothing behind it goes on to the next block; with something, it is a comment. */
static fm_status read_comment(reader *in, int *axis)
{
    fm_scanner *scanner = &in->scanner;
    size_t length = strcspn(++scanner->at, "\n");
    bool bare = strspn(scanner->at, " \t\r") >= length;
    fm_status status = fm_scan_directive(scanner, scanner->at, length);
    scanner->at += length;
    if (status != FM_OK || !bare || in->rows[*axis] == 0)
        return status;
    if (*axis == 2)
        return fm_scan_refuse(scanner, "a fourth block");
    ++*axis;
    return FM_OK;
}

static fm_status read_blocks(reader *in)
{
    int axis = 0;
    fm_status status = FM_OK;
    for (fm_scan_blanks(&in->scanner); *in->scanner.at != '\0' && status == FM_OK;
         fm_scan_blanks(&in->scanner))
        status = *in->scanner.at == '#' ? read_comment(in, &axis) : read_row(in, axis);
    if (status == FM_OK && in->rows[2] == 0)
        status = fm_scan_refuse(&in->scanner, "the file ends in block %d of 3", axis + 1);
    return status;
}

static fm_status read_coefficients(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    reader in = {.rank = 0};
    fm_reading *reading = fm_reading_list_add(list);
    fm_status status = fm_scanner_init(&in.scanner, input->text, input->length, input->name, error);
    in.scanner.laurents = list->laurents;
    if (status == FM_OK)
        status = read_blocks(&in);
    fm_scan_state(&in.scanner, reading);
    reading->usual = FM_W_OF_C;
    for (int axis = 0; axis < 3; axis++) {
        if (status == FM_OK)
            fm_cells_to_factors(&in.cells[axis], in.rank, in.rows[axis], NULL, NULL,
                                &reading->factors[axis]);
        fm_cells_clear(&in.cells[axis]);
    }
    return status;
}

static size_t count_words(const char *line)
{
    size_t count = 0, length;
    fm_scanner scanner = {.at = line};
    while (next_word(&scanner, &length), length > 0)
        count++;
    return count;
}

/* Behind the first row of numbers there are two lines '#', and it is no header of plain text. */
static bool recognize_coefficients(const fm_input *input)
{
    size_t separators = 0, rows = 0, first = 0, second = 0;
    for (const char *line = input->text; *line != '\0';) {
        size_t length = strcspn(line, "\n"), blanks = strspn(line, " \t\r");
        if (line[blanks] == '#') {
            bool bare = blanks + 1 + strspn(line + blanks + 1, " \t\r") >= length;
            separators += bare && rows > 0;
        } else if (blanks < length) {
            if (strchr("+-(0123456789xetI", line[blanks]) == NULL)
                return false;
            size_t *words = rows == 0 ? &first : &second;
            if (rows < 2)
                *words = count_words(line);
            rows++;
        }
        line += length + (line[length] == '\n');
    }
    return separators >= 2 && (first == second || first != 4);
}

/* ---------------------------------------------------------------- writing */

static void write_block(const fm_scheme *scheme, int axis, FILE *file)
{
    const fm_factors *f = &scheme->factors[axis];
    static const fmpq zero = {0, 1};
    size_t *next = fm_alloc(f->rank, sizeof *next); /* of each row, by ascending index */
    memcpy(next, f->start, f->rank * sizeof *next);
    for (uint32_t i = 0; i < f->extent; i++)
        for (uint32_t r = 0; r < f->rank; r++) {
            bool here = next[r] < f->start[r + 1] && f->index[next[r]] == i;
            fm_scheme_print_number(file, scheme, here ? &f->value[next[r]++] : &zero);
            fputc(r + 1 < f->rank ? ' ' : '\n', file);
        }
    free(next);
}

static fm_status write_coefficients(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    if (!fm_tensor_is_matmul(scheme->tensor, NULL))
        return fm_fail(error, FM_BAD_INPUT,
                       "%s is no matrix product, which blocks of coefficients do not show",
                       scheme->tensor->name);
    fm_write_directives(scheme, false, "# ", "\n", file);
    for (int axis = 0; axis < 3; axis++) {
        fputs(axis > 0 ? "#\n" : "", file);
        write_block(scheme, axis, file);
    }
    return FM_OK;
}

const fm_scheme_format fm_scheme_format_coefficients = {
    .kind = FM_FILE_COEFFICIENTS,
    .name = "coefficients",
    .has_laurents = true,
    .recognize = recognize_coefficients,
    .read = read_coefficients,
    .write = write_coefficients,
};
