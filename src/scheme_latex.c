/* Schemes as a LaTeX table, a row a product: what a paper prints. Written, not read. */
#include "error.h"
#include "number.h"
#include "scheme_file.h"

static void write_size(const fmpq_t value, FILE *file)
{
    if (fmpz_is_one(fmpq_denref(value))) {
        if (!fmpz_is_one(fmpq_numref(value)))
            fm_number_print(file, value);
        return;
    }
    fputs("\\tfrac{", file);
    fmpz_fprint(file, fmpq_numref(value));
    fputs("}{", file);
    fmpz_fprint(file, fmpq_denref(value));
    fputs("}", file);
}

static void write_factor(const fm_scheme *scheme, int axis, uint32_t r, FILE *file)
{
    const fm_factors *f = &scheme->factors[axis];
    uint32_t columns = scheme->tensor->format[axis == 0 ? 1 : 2];
    fmpq_t size;
    fmpq_init(size);
    fputs(f->start[r] == f->start[r + 1] ? "$0" : "$", file);
    for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
        bool negative = fmpq_sgn(&f->value[e]) < 0, first = e == f->start[r];
        fputs(negative ? (first ? "-" : " - ") : (first ? "" : " + "), file);
        fmpq_abs(size, &f->value[e]);
        write_size(size, file);
        fprintf(file, "%c_{%u,%u}", "abc"[axis], f -> index[e] / columns + 1,
                f -> index[e] % columns + 1);
    }
    fputc('$', file);
    fmpq_clear(size);
}

static fm_status write_latex(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    if (scheme->laurents != NULL)
        return fm_fail(error, FM_BAD_INPUT, "a table has rational coefficients only");
    char ring[FM_RING_NAME_SIZE];
    const uint32_t *format = scheme->tensor->format;
    if (!fm_tensor_is_matmul(scheme->tensor, NULL))
        return fm_fail(error, FM_BAD_INPUT, "%s is no matrix product, and the table has no other",
                       scheme->tensor->name);
    fprintf(file,
            "%% A scheme of rank %u for the format %s over %s; needs the package longtable.\n"
            "%% The product of the factors in A and B is added to the entries of C as they stand.\n"
            "\\begin{longtable}{rp{0.3\\textwidth}p{0.3\\textwidth}p{0.3\\textwidth}}\n"
            "\\hline\n & $A$ (%u $\\times$ %u) & $B$ (%u $\\times$ %u) & $C$ (%u $\\times$ %u) "
            "\\\\\n\\hline\n\\endhead\n\\hline\n\\endfoot\n",
            scheme->rank, scheme->tensor->name, fm_ring_name(scheme->ring, ring), format[0],
            format[1], format[1], format[2], format[0], format[2]);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fprintf(file, "%u", r + 1);
        for (int axis = 0; axis < 3; axis++) {
            fputs(" & ", file);
            write_factor(scheme, axis, r, file);
        }
        fputs(" \\\\\n", file);
    }
    fputs("\\end{longtable}\n", file);
    return FM_OK;
}

const fm_scheme_format fm_scheme_format_latex = {
    .kind = FM_FILE_LATEX,
    .name = "latex",
    .write = write_latex,
};
