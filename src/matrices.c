#include "matrices.h"

#include "memory.h"
#include "scheme_file.h"
#include "scheme_print.h"
#include "sparse_array.h"

#include <stdlib.h>

enum { ENTRIES_MAX = FM_FORMAT_MAX * FM_FORMAT_MAX };

void fm_matrices_init(fm_matrices *in, fm_scanner *scanner, char open, char close)
{
    *in = (fm_matrices){.scanner = scanner, .open = open, .close = close};
    in->entry = fm_alloc(ENTRIES_MAX, sizeof *in->entry);
    for (int i = 0; i < ENTRIES_MAX; i++)
        fmpq_init(&in->entry[i]);
}

void fm_matrices_clear(fm_matrices *in)
{
    for (int i = 0; i < ENTRIES_MAX; i++)
        fmpq_clear(&in->entry[i]);
    free(in->entry);
}

static fm_status read_row(fm_matrices *in, fmpq *row, uint32_t *count)
{
    fm_status status = fm_scan_expect(in->scanner, in->open);
    *count = 0;
    do {
        if (status == FM_OK && *count == FM_FORMAT_MAX)
            status = fm_scan_refuse(in->scanner, "a row of more than %d numbers", FM_FORMAT_MAX);
        if (status == FM_OK)
            status = fm_scan_coefficient(in->scanner, &row[*count]);
        if (status != FM_OK)
            return status;
        ++*count;
    } while (fm_scan_char(in->scanner, ','));
    return fm_scan_expect(in->scanner, in->close);
}

/* A matrix as a SparseArray. */
static fm_status read_sparse_matrix(fm_matrices *in, uint32_t *rows, uint32_t *columns)
{
    fm_cells cells = {0};
    fm_status status = fm_sparse_array_read(in->scanner, &cells, rows, columns);
    if (status == FM_OK && (*rows > FM_FORMAT_MAX || *columns > FM_FORMAT_MAX))
        status = fm_scan_refuse(in->scanner, "a matrix of %u x %u, above %d", *rows, *columns,
                                FM_FORMAT_MAX);
    for (uint32_t i = 0; status == FM_OK && i < *rows * *columns; i++)
        fmpq_zero(&in->entry[i]);
    for (size_t c = 0; status == FM_OK && c < cells.count; c++)
        fmpq_set(&in->entry[cells.cells[c].row * *columns + cells.cells[c].column],
                 &cells.cells[c].value);
    fm_cells_clear(&cells);
    return status;
}

/* The matrix, its rows one behind the other without gaps. */
static fm_status read_matrix(fm_matrices *in, uint32_t *rows, uint32_t *columns)
{
    uint32_t count;
    if (in->open == '{' && fm_sparse_array_is_next(in->scanner))
        return read_sparse_matrix(in, rows, columns);
    fm_status status = fm_scan_expect(in->scanner, in->open);
    *rows = *columns = 0;
    do {
        if (status == FM_OK && *rows == FM_FORMAT_MAX)
            status = fm_scan_refuse(in->scanner, "a matrix of more than %d rows", FM_FORMAT_MAX);
        if (status == FM_OK)
            status = read_row(in, &in->entry[*rows * *columns], &count);
        if (status == FM_OK && *rows > 0 && count != *columns)
            status = fm_scan_refuse(in->scanner, "a row of %u numbers behind one of %u", count,
                                    *columns);
        if (status != FM_OK)
            return status;
        *columns = count;
        ++*rows;
    } while (fm_scan_char(in->scanner, ','));
    return fm_scan_expect(in->scanner, in->close);
}

fm_status fm_matrices_read(fm_matrices *in, int axis, fm_factors *factors)
{
    uint32_t rows, columns;
    fm_status status = read_matrix(in, &rows, &columns);
    if (status != FM_OK)
        return status;
    if (in->rows[axis] == 0) {
        in->rows[axis] = rows;
        in->columns[axis] = columns;
        fm_factors_init(factors, rows * columns);
    }
    if (rows != in->rows[axis] || columns != in->columns[axis])
        return fm_scan_refuse(in->scanner,
                              "product %u has a matrix of %u x %u in place %d, the first one has "
                              "%u x %u",
                              factors->rank + 1, rows, columns, axis + 1, in->rows[axis],
                              in->columns[axis]);
    for (uint32_t i = 0; i < rows * columns; i++)
        fm_factors_push(factors, i, &in->entry[i]);
    fm_factors_end_row(factors);
    return FM_OK;
}

void fm_matrices_state(const fm_matrices *in, fm_reading *reading)
{
    fm_scan_state(in->scanner, reading);
    for (int axis = 0; axis < 3; axis++)
        reading->columns[axis] = in->columns[axis];
    reading->usual = FM_W_OF_TRANSPOSE;
}

void fm_matrices_write(const fm_scheme *scheme, int axis, uint32_t r, char open, char close,
                       FILE *file)
{
    const fmpq *row[FM_EXTENT_MAX];
    const uint32_t *format = scheme->tensor->format;
    uint32_t columns = format[axis == 0 ? 1 : axis == 1 ? 2 : 0];
    fm_transposed_row(scheme, axis, r, row);
    fputc(open, file);
    for (uint32_t i = 0; i < scheme->tensor->extent[axis]; i++) {
        if (i % columns == 0)
            fprintf(file, "%s%c", i > 0 ? ", " : "", open);
        else
            fputs(", ", file);
        fm_scheme_print_number(file, scheme, row[i]);
        if (i % columns == columns - 1)
            fputc(close, file);
    }
    fputc(close, file);
}
