/* Schemes as equations: m1 = (a11 + a22) * (b11 + b22), then c11 = m1 + m4 - m5 + m7;
   docs/scheme-file.md. */
#include "error.h"
#include "expression.h"
#include "memory.h"
#include "scheme_file.h"
#include "scheme_print.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    fm_expressions in;
    fm_cells cells[3];  /* rows of the third are products by their numbers */
    uint32_t *products; /* their numbers, in the order of the file */
    size_t count, capacity;
} reader;

/* ---------------------------------------------------------------- reading */

static fm_status read_product(reader *r, uint32_t name)
{
    fm_value value;
    fm_expressions *in = &r->in;
    fm_status status = fm_expression_factors(in, &value);
    if (status != FM_OK)
        return status;
    bool zero = fmpq_is_zero(&value.scale) && value.axes < 3; /* (0) * (b11) */
    if (value.axes != 3 && !zero)
        status = fm_scan_refuse(&in->scanner, "%c%u is not a factor of a times a factor of b",
                                in->product, name + 1);
    for (unsigned axis = 0; axis < 2 && status == FM_OK; axis++)
        status = fm_expression_row(in, &value, axis, axis == 1 && !zero, name, &r->cells[axis]);
    fm_value_clear(&value);
    r->products = fm_grow(r->products, r->count, &r->capacity, sizeof *r->products);
    r->products[r->count++] = name;
    return status;
}

/* An entry of C: a sum of products, or 0. */
static fm_status read_element(reader *r, uint32_t name)
{
    fm_value value;
    fm_expressions *in = &r->in;
    fm_cells row = {0};
    fm_status status = fm_expression_sum(in, &value);
    if (status != FM_OK)
        return status;
    if (value.axes != 1u << FM_AXIS_PRODUCT && (value.axes != 0 || !fmpq_is_zero(&value.scale)))
        status = fm_scan_refuse(&in->scanner, "an entry of c is not a sum of products");
    if (status == FM_OK)
        status = fm_expression_row(in, &value, FM_AXIS_PRODUCT, true, 0, &row);
    for (size_t c = 0; c < row.count && status == FM_OK; c++)
        fm_cells_add(&r->cells[2], row.cells[c].column, name, &row.cells[c].value);
    fm_cells_clear(&row);
    fm_value_clear(&value);
    return status;
}

static fm_status read_equation(reader *r)
{
    fm_expressions *in = &r->in;
    unsigned axis;
    uint32_t name;
    char letter = (char)tolower((unsigned char)*in->scanner.at);
    if (in->product == 0 && letter > 'c' && letter <= 'z')
        in->product = letter;
    fm_status status = fm_expression_name(in, &axis, &name);
    if (status == FM_OK && axis < 2)
        status = fm_scan_refuse(&in->scanner, "an entry of %c cannot be set", "ab"[axis]);
    if (status == FM_OK) {
        fm_scan_spaces(&in->scanner);
        in->scanner.at += *in->scanner.at == ':';
        status = fm_scan_expect(&in->scanner, '=');
    }
    if (status != FM_OK)
        return status;
    return axis == 2 ? read_element(r, name) : read_product(r, name);
}

/* Passes over a statement that calls a function, Simplify(...), as scripts for computer algebra have
   them behind the equations; it sets nothing. False when something else comes next. */
static bool skip_call(fm_scanner *scanner)
{
    const char *at = scanner->at;
    size_t letters = strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    size_t length = strcspn(at, "=;\n");
    if (letters < 2 || at[letters] != '(' || at[length] == '=')
        return false;
    scanner->at += length;
    return true;
}

static fm_status read_equations(reader *r)
{
    char buffer[32];
    fm_scanner *scanner = &r->in.scanner;
    fm_status status = fm_scan_comments(scanner);
    while (status == FM_OK && *scanner->at != '\0') {
        if (!skip_call(scanner))
            status = read_equation(r);
        if (status == FM_OK && strchr("\n;,", *scanner->at) == NULL)
            status = fm_scan_refuse(scanner, "expected the end of an equation, found %s",
                                    fm_scan_show(scanner, buffer));
        if (status != FM_OK)
            return status;
        scanner->at += *scanner->at == ';' || *scanner->at == ',';
        status = fm_scan_comments(scanner);
    }
    return status;
}

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Every product from the first to the last has one equation. */
static fm_status check_products(reader *r)
{
    const fm_scanner *scanner = &r->in.scanner;
    if (r->count == 0)
        return fm_scan_refuse(scanner, "no product has an equation");
    qsort(r->products, r->count, sizeof *r->products, compare_numbers);
    for (size_t i = 0; i < r->count; i++)
        if (r->products[i] != i)
            return fm_scan_refuse(scanner, "%c%zu has no equation, or another has two",
                                  r->in.product, i + 1);
    for (size_t c = 0; c < r->cells[2].count; c++)
        if (r->cells[2].cells[c].row >= r->count)
            return fm_scan_refuse(scanner, "%c%u has no equation", r->in.product,
                                  r->cells[2].cells[c].row + 1);
    return FM_OK;
}

static fm_status read_file(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    fm_scanner scanner;
    reader r = {.products = NULL};
    fm_reading *reading = fm_reading_list_add(list);
    fm_status status = fm_scanner_init(&scanner, input->text, input->length, input->name, error);
    scanner.laurents = list->laurents;
    fm_expressions_init(&r.in, &scanner, input->length);
    if (status == FM_OK)
        status = read_equations(&r);
    if (status == FM_OK)
        status = check_products(&r);
    fm_scan_state(&r.in.scanner, reading);
    reading->usual = FM_W_OF_C;
    if (status == FM_OK)
        status = fm_expression_factors_of(&r.in, r.cells, (uint32_t)r.count, reading);
    for (int axis = 0; axis < 3; axis++)
        fm_cells_clear(&r.cells[axis]);
    free(r.products);
    return status;
}

/* The first line that is no comment is NAME = ... or NAME := ... of a product or an entry of C. */
static bool recognize_equations(const fm_input *input)
{
    const char *start = fm_scan_start(input->text);
    if (!isalpha((unsigned char)*start))
        return false;
    const char *at = start + 1 + strspn(start + 1, "0123456789_,[]{}");
    bool numbered = at > start + 1;
    at += strspn(at, " \t");
    at += *at == ':';
    return numbered && *at == '=';
}

/* ---------------------------------------------------------------- writing */

static fm_status write_equations(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    if (!fm_tensor_is_matmul(scheme->tensor, NULL))
        return fm_fail(error, FM_BAD_INPUT, "%s is no matrix product, and equations have no other",
                       scheme->tensor->name);
    fm_write_directives(scheme, true, "# ", "\n", file);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fm_scheme_print_product(file, scheme, r);
        fputc('\n', file);
    }
    fputc('\n', file);
    fm_scheme_print_elements(file, scheme, "", "\n", "\n");
    return FM_OK;
}

const fm_scheme_format fm_scheme_format_equations = {
    .kind = FM_FILE_EQUATIONS,
    .name = "equations",
    .has_laurents = true,
    .recognize = recognize_equations,
    .read = read_file,
    .write = write_equations,
};
