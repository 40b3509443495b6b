/* Schemes as Maple's tensors: TriadSet([Triad([Matrix(2, 2, [[1,0],[0,1]]), ...]), ...]), the third
   matrix usually for the transpose of C; docs/scheme-file.md. */
#include "error.h"
#include "matrices.h"
#include "number.h"
#include "scheme_file.h"

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

/* A size of a matrix and the comma behind it. */
static fm_status read_size(fm_scanner *scanner, uint32_t *size)
{
    fmpq_t value;
    fmpq_init(value);
    fm_status status = fm_scan_number(scanner, value);
    bool good = fmpz_is_one(fmpq_denref(value)) && fmpz_cmp_si(fmpq_numref(value), 1) >= 0 &&
                fmpz_cmp_si(fmpq_numref(value), FM_FORMAT_MAX) <= 0;
    *size = good ? (uint32_t)fmpz_get_ui(fmpq_numref(value)) : 0;
    fmpq_clear(value);
    if (status == FM_OK && !good)
        status = fm_scan_refuse(scanner, "a size of a matrix is not from 1 to %d", FM_FORMAT_MAX);
    return status == FM_OK ? fm_scan_expect(scanner, ',') : status;
}

/* Matrix(2, 2, [[1,0],[0,1]]), or without the sizes. */
static fm_status read_matrix(fm_matrices *in, int axis, fm_factors *factors)
{
    uint32_t rows = 0, columns = 0;
    fm_scanner *scanner = in->scanner;
    fm_status status = expect_word(scanner, "Matrix");
    if (status == FM_OK)
        status = fm_scan_expect(scanner, '(');
    fm_scan_blanks(scanner);
    if (status == FM_OK && *scanner->at != '[') {
        status = read_size(scanner, &rows);
        if (status == FM_OK)
            status = read_size(scanner, &columns);
    }
    if (status == FM_OK)
        status = fm_matrices_read(in, axis, factors);
    if (status == FM_OK && rows > 0 && (rows != in->rows[axis] || columns != in->columns[axis]))
        status = fm_scan_refuse(scanner, "a matrix of %u x %u that says %u x %u", in->rows[axis],
                                in->columns[axis], rows, columns);
    return status == FM_OK ? fm_scan_expect(scanner, ')') : status;
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

/* Goes on to the first "Triad(" of the text; other statements are left alone. */
static fm_status find_triads(fm_scanner *scanner)
{
    const char *found = strstr(scanner->at, "Triad(");
    for (; scanner->at < found; scanner->at++) {
        if (*scanner->at == '#') {
            size_t length = strcspn(scanner->at, "\n");
            fm_status status = fm_scan_directive(scanner, scanner->at + 1, length - 1);
            if (status != FM_OK)
                return status;
        }
        scanner->line += *scanner->at == '\n';
    }
    return FM_OK;
}

static fm_status read_triads(fm_matrices *in, fm_reading *reading)
{
    fm_scanner *scanner = in->scanner;
    fm_status status = find_triads(scanner);
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

static fm_status read_maple(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    fm_scanner scanner;
    fm_matrices in;
    fm_reading *reading = fm_reading_list_add(list);
    fm_status status = fm_scanner_init(&scanner, input->text, input->length, input->name, error);
    scanner.laurents = list->laurents;
    fm_matrices_init(&in, &scanner, '[', ']');
    if (status == FM_OK)
        status = read_triads(&in, reading);
    fm_matrices_state(&in, reading);
    fm_matrices_clear(&in);
    return status;
}

static bool recognize_maple(const fm_input *input)
{
    const char *found = strstr(input->text, "Triad(");
    fm_scanner scanner = {.at = found != NULL ? found + strlen("Triad(") : ""};
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
