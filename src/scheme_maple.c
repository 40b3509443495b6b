/* Schemes as Maple's tensors: TriadSet([Triad([Matrix(2, 2, [[1,0],[0,1]]), ...]), ...]), the third
   matrix usually for the transpose of C, or as three large matrices, LRP := [Matrix(7, 4, ...),
   Matrix(7, 4, ...), Matrix(4, 7, ...)]; docs/scheme-file.md. */
#include "error.h"
#include "matrices.h"
#include "number.h"
#include "scheme_file.h"
#include "triple.h"

#include <string.h>

/* Passes over a word, which must come next. */
static fm_status expect_word(fm_scanner *scanner, const char *word)
{
    char buffer[32];
    fm_scan_blanks(scanner);
    if (strncmp(scanner->at, word, strlen(word)) != 0)
        return fm_scan_refuse(scanner, "expected %s, found %s", word,
                              fm_scan_show(scanner, buffer));
    scanner->at += strlen(word);
    return FM_OK;
}

/* A size of a matrix up to limit and the comma behind it. */
static fm_status read_size(fm_scanner *scanner, uint32_t limit, uint32_t *size)
{
    fmpq_t value;
    fmpq_init(value);
    fm_status status = fm_scan_number(scanner, value);
    bool good = fmpz_is_one(fmpq_denref(value)) && fmpz_cmp_si(fmpq_numref(value), 1) >= 0 &&
                fmpz_cmp_ui(fmpq_numref(value), limit) <= 0;
    *size = good ? (uint32_t)fmpz_get_ui(fmpq_numref(value)) : 0;
    fmpq_clear(value);
    if (status == FM_OK && !good)
        status = fm_scan_refuse(scanner, "a size of a matrix is not from 1 to %u", limit);
    return status == FM_OK ? fm_scan_expect(scanner, ',') : status;
}

/* "Matrix(2, 2," or "Matrix("; sizes that are not given are 0. */
static fm_status begin_matrix(fm_scanner *scanner, uint32_t limit, uint32_t *rows,
                              uint32_t *columns)
{
    *rows = *columns = 0;
    fm_status status = expect_word(scanner, "Matrix");
    if (status == FM_OK)
        status = fm_scan_expect(scanner, '(');
    fm_scan_blanks(scanner);
    if (status != FM_OK || *scanner->at == '[')
        return status;
    status = read_size(scanner, limit, rows);
    return status == FM_OK ? read_size(scanner, limit, columns) : status;
}

/* The end of a matrix that is of these sizes and says those. */
static fm_status end_matrix(fm_scanner *scanner, uint32_t rows, uint32_t columns,
                            uint32_t told_rows, uint32_t told_columns)
{
    if (told_rows > 0 && (told_rows != rows || told_columns != columns))
        return fm_scan_refuse(scanner, "a matrix of %u x %u that says %u x %u", rows, columns,
                              told_rows, told_columns);
    return fm_scan_expect(scanner, ')');
}

/* Matrix(2, 2, [[1,0],[0,1]]), or without the sizes. */
static fm_status read_matrix(fm_matrices *in, int axis, fm_factors *factors)
{
    uint32_t rows, columns;
    fm_status status = begin_matrix(in->scanner, FM_FORMAT_MAX, &rows, &columns);
    if (status == FM_OK)
        status = fm_matrices_read(in, axis, factors);
    return status == FM_OK
               ? end_matrix(in->scanner, in->rows[axis], in->columns[axis], rows, columns)
               : status;
}

/* What stands behind the word Triad. */
static fm_status read_triad(fm_matrices *in, fm_factors factors[3])
{
    fm_status status = fm_scan_expect(in->scanner, '(');
    if (status == FM_OK)
        status = fm_scan_expect(in->scanner, '[');
    for (int axis = 0; axis < 3 && status == FM_OK; axis++) {
        status = read_matrix(in, axis, &factors[axis]);
        if (status == FM_OK)
            status = fm_scan_expect(in->scanner, ",,]"[axis]);
    }
    return status == FM_OK ? fm_scan_expect(in->scanner, ')') : status;
}

static fm_status read_triads(fm_matrices *in, fm_reading *reading)
{
    fm_scanner *scanner = in->scanner;
    fm_status status = fm_scan_pass_over(scanner, strstr(scanner->at, "Triad("));
    do {
        if (status == FM_OK)
            status = expect_word(scanner, "Triad");
        if (status == FM_OK)
            status = read_triad(in, reading->factors);
        if (status != FM_OK)
            return status;
    } while (fm_scan_char(scanner, ','));
    status = fm_scan_expect(scanner, ']');
    if (status == FM_OK && strstr(scanner->at, "Triad(") != NULL)
        status = fm_scan_refuse(scanner, "a second list of Triads follows");
    return status;
}

/* The next Matrix of numbers in the text; NULL when there is none. */
static const char *find_matrix(const char *text)
{
    while ((text = strstr(text, "Matrix(")) != NULL) {
        const char *at = text + strlen("Matrix(");
        at += strspn(at, " \t\r\n0123456789,");
        if (*at == '[' && at[1 + strspn(at + 1, " \t\r\n")] == '[')
            return text;
        text = at;
    }
    return NULL;
}

/* The three matrices of LRP, columns of L and R counting A and B column by column. */
static fm_status read_lrp(fm_scanner *scanner, fm_reading_list *list)
{
    fm_triple t = {0};
    fm_status status = FM_OK;
    for (int matrix = 0; matrix < 3 && status == FM_OK; matrix++) {
        uint32_t rows, columns;
        const char *found = find_matrix(scanner->at);
        status = found != NULL ? fm_scan_pass_over(scanner, found)
                               : fm_scan_refuse(scanner, "%d matrices; a scheme is three", matrix);
        if (status == FM_OK)
            status = begin_matrix(scanner, UINT32_MAX, &rows, &columns);
        if (status == FM_OK)
            status = fm_triple_read(&t, matrix, scanner, '[', ']');
        if (status == FM_OK)
            status = end_matrix(scanner, t.rows[matrix], t.columns[matrix], rows, columns);
    }
    if (status == FM_OK && find_matrix(scanner->at) != NULL)
        status = fm_scan_refuse(scanner, "a fourth matrix follows; a scheme is three");
    if (status == FM_OK)
        status = fm_triple_state(&t, scanner, true, list);
    fm_triple_clear(&t);
    return status;
}

static fm_status read_triad_set(fm_scanner *scanner, fm_reading *reading)
{
    fm_matrices in;
    fm_matrices_init(&in, scanner, '[', ']');
    fm_status status = read_triads(&in, reading);
    fm_matrices_state(&in, reading);
    fm_matrices_clear(&in);
    return status;
}

static fm_status read_maple(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    fm_scanner scanner;
    fm_status status = fm_scanner_init(&scanner, input->text, input->length, input->name, error);
    scanner.laurents = list->laurents;
    if (status != FM_OK)
        return status;
    if (strstr(input->text, "Triad(") == NULL)
        return read_lrp(&scanner, list);
    return read_triad_set(&scanner, fm_reading_list_add(list));
}

static bool recognize_maple(const fm_input *input)
{
    const char *found = strstr(input->text, "Triad(");
    if (found == NULL)
        return find_matrix(input->text) != NULL;
    fm_scanner scanner = {.at = found + strlen("Triad(")};
    if (!fm_scan_char(&scanner, '['))
        return false;
    fm_scan_blanks(&scanner);
    if (strncmp(scanner.at, "Matrix", 6) != 0)
        return false;
    scanner.at += 6;
    return fm_scan_char(&scanner, '(');
}

/* ---------------------------------------------------------------- writing */

static void write_triad(const fm_scheme *scheme, uint32_t r, FILE *file)
{
    const uint32_t *format = scheme->tensor->format;
    for (int axis = 0; axis < 3; axis++) {
        uint32_t rows = format[axis == 2 ? 2 : axis], columns = format[axis == 2 ? 0 : axis + 1];
        fprintf(file, "%sMatrix(%u, %u, ", axis > 0 ? ", " : "", rows, columns);
        fm_matrices_write(scheme, axis, r, '[', ']', file);
        fputc(')', file);
    }
}

static fm_status write_maple(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    if (!fm_tensor_is_matmul(scheme->tensor, NULL))
        return fm_fail(error, FM_BAD_INPUT, "%s is no matrix product, and Triads have no other",
                       scheme->tensor->name);
    fm_write_directives(scheme, false, "# ", "\n", file);
    fputs("Tensor:=TriadSet([", file);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fputs(r > 0 ? ",\n Triad([" : "Triad([", file);
        write_triad(scheme, r, file);
        fputs("])", file);
    }
    fputs("]):\n", file);
    return FM_OK;
}

const fm_scheme_format fm_scheme_format_maple = {
    .kind = FM_FILE_MAPLE,
    .name = "maple",
    .has_laurents = true,
    .recognize = recognize_maple,
    .read = read_maple,
    .write = write_maple,
};
