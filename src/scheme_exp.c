/* Schemes as products, a line each: (a11+a22)*(b11+b22)*(c11+c22), c usually for the transpose of
   C; docs/scheme-file.md. */
#include "error.h"
#include "expression.h"
#include "scheme_file.h"
#include "scheme_print.h"

#include <ctype.h>
#include <string.h>

/* ---------------------------------------------------------------- reading */

static fm_status add_product(fm_expressions *in, fm_value *value, uint32_t r, fm_cells cells[3])
{
    fm_status status = FM_OK;
    for (unsigned axis = 0; axis < 3 && status == FM_OK; axis++)
        if ((value->axes >> axis & 1) == 0)
            status =
                fm_scan_refuse(&in->scanner, "product %u has no factor of %c", r + 1, "abc"[axis]);
    for (unsigned axis = 0; axis < 3 && status == FM_OK; axis++)
        status = fm_expression_row(in, value, axis, axis == 2, r, &cells[axis]);
    return status;
}

/* What may stand between products: line ends, semicolons, or a sign that belongs to the next. */
static fm_status end_product(fm_expressions *in)
{
    char buffer[32];
    const char *at = in->scanner.at;
    if (strchr("\n+-", *at) != NULL) /* also the end of the text */
        return FM_OK;
    if (*at == ';') {
        in->scanner.at++;
        return FM_OK;
    }
    return fm_scan_refuse(&in->scanner, "expected the end of a product, found %s",
                          fm_scan_show(&in->scanner, buffer));
}

static fm_status read_products(fm_expressions *in, fm_cells cells[3], uint32_t *rank)
{
    fm_value value;
    fm_status status = fm_scan_comments(&in->scanner);
    while (status == FM_OK && *in->scanner.at != '\0') {
        status = fm_expression_factors(in, &value);
        if (status != FM_OK)
            return status;
        status = add_product(in, &value, *rank, cells);
        fm_value_clear(&value);
        ++*rank;
        if (status == FM_OK)
            status = end_product(in);
        if (status == FM_OK)
            status = fm_scan_comments(&in->scanner);
    }
    return status;
}

static fm_status read_exp(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    fm_scanner scanner;
    fm_expressions in;
    fm_cells cells[3] = {{0}};
    uint32_t rank = 0;
    fm_reading *reading = fm_reading_list_add(list);
    fm_status status = fm_scanner_init(&scanner, input->text, input->length, input->name, error);
    scanner.laurents = list->laurents;
    fm_expressions_init(&in, &scanner, input->length);
    if (status == FM_OK)
        status = read_products(&in, cells, &rank);
    fm_scan_state(&in.scanner, reading);
    reading->usual = FM_W_OF_TRANSPOSE;
    if (status == FM_OK)
        status = fm_expression_factors_of(&in, cells, rank, reading);
    for (int axis = 0; axis < 3; axis++)
        fm_cells_clear(&cells[axis]);
    return status;
}

/* The first line that is no comment has an entry of A, B or C. */
static bool recognize_exp(const fm_input *input)
{
    const char *start = fm_scan_start(input->text);
    for (const char *at = start; *at != '\0' && *at != '\n'; at++) {
        bool letter = strchr("abcABC", *at) != NULL;
        bool starts = at == start || !isalpha((unsigned char)at[-1]);
        size_t opening = strspn(at + 1, "_[{(");
        if (letter && starts && opening < 3 && isdigit((unsigned char)at[1 + opening]))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- writing */

static void write_entry(const fm_tensor *tensor, int axis, uint32_t index, FILE *file)
{
    const uint32_t *format = tensor->format;
    uint32_t columns = format[axis == 0 ? 1 : 2];
    uint32_t row = index / columns, column = index % columns;
    bool wide = format[0] > 9 || format[1] > 9 || format[2] > 9;
    fprintf(file, wide ? "%c_%u_%u" : "%c%u%u", "abc"[axis], (axis == 2 ? column : row) + 1,
            (axis == 2 ? row : column) + 1);
}

static void write_factor(const fm_scheme *scheme, int axis, uint32_t r, FILE *file)
{
    const fm_factors *f = &scheme->factors[axis];
    fputc('(', file);
    for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
        fm_scheme_print_coefficient(file, scheme, &f->value[e], e == f->start[r], false, "*");
        write_entry(scheme->tensor, axis, f->index[e], file);
    }
    if (f->start[r] == f->start[r + 1]) { /* the expression must show a factor that is 0 */
        write_entry(scheme->tensor, axis, 0, file);
        fputc('-', file);
        write_entry(scheme->tensor, axis, 0, file);
    }
    fputc(')', file);
}

static fm_status write_exp(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    if (!fm_tensor_is_matmul(scheme->tensor, NULL))
        return fm_fail(error, FM_BAD_INPUT, "%s is no matrix product, and exp has no other",
                       scheme->tensor->name);
    fm_write_directives(scheme, true, "# ", "\n", file);
    for (uint32_t r = 0; r < scheme->rank; r++)
        for (int axis = 0; axis < 3; axis++) {
            write_factor(scheme, axis, r, file);
            fputc("**\n"[axis], file);
        }
    return FM_OK;
}

const fm_scheme_format fm_scheme_format_exp = {
    .kind = FM_FILE_EXP,
    .name = "exp",
    .has_laurents = true,
    .recognize = recognize_exp,
    .read = read_exp,
    .write = write_exp,
};
