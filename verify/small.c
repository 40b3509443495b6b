#include "small.h"

#include "memory.h"

#include <flint/nmod_vec.h>
#include <stdlib.h>
#include <string.h>

void fm_small_multiply(ulong *out, const ulong *a, const ulong *b, uint32_t n, uint32_t m,
                       uint32_t p, nmod_t field)
{
    memset(out, 0, (size_t)n * p * sizeof *out);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < m; j++) {
            ulong x = a[(size_t)i * m + j];
            for (uint32_t k = 0; x != 0 && k < p; k++)
                if (b[(size_t)j * p + k] != 0)
                    NMOD_ADDMUL(out[(size_t)i * p + k], x, b[(size_t)j * p + k], field);
        }
}

void fm_small_transpose(ulong *out, const ulong *a, uint32_t rows, uint32_t columns)
{
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < columns; j++)
            out[(size_t)j * rows + i] = a[(size_t)i * columns + j];
}

/* row -= factor * pivot from column first on. */
static void subtract(ulong *row, const ulong *pivot, ulong factor, uint32_t first, uint32_t columns,
                     nmod_t field)
{
    ulong minus = nmod_neg(factor, field);
    for (uint32_t j = first; j < columns; j++)
        if (pivot[j] != 0)
            NMOD_ADDMUL(row[j], minus, pivot[j], field);
}

static void swap_rows(ulong *a, ulong *b, uint32_t columns)
{
    for (uint32_t j = 0; a != b && j < columns; j++) {
        ulong x = a[j];
        a[j] = b[j];
        b[j] = x;
    }
}

/* Pivots are looked for in the first search columns. Rows above a pivot are cleared when reduced is
   true. */
static uint32_t eliminate(ulong *a, uint32_t rows, uint32_t columns, uint32_t search, bool reduced,
                          nmod_t field)
{
    uint32_t rank = 0;
    for (uint32_t c = 0; c < search && rank < rows; c++) {
        uint32_t r = rank;
        while (r < rows && a[(size_t)r * columns + c] == 0)
            r++;
        if (r == rows)
            continue;
        ulong *pivot = a + (size_t)rank * columns;
        swap_rows(pivot, a + (size_t)r * columns, columns);
        if (pivot[c] != 1)
            _nmod_vec_scalar_mul_nmod(pivot + c, pivot + c, columns - c, nmod_inv(pivot[c], field),
                                      field);
        for (uint32_t i = reduced ? 0 : rank + 1; i < rows; i++) {
            ulong *row = a + (size_t)i * columns;
            if (i != rank && row[c] != 0)
                subtract(row, pivot, row[c], c, columns, field);
        }
        rank++;
    }
    return rank;
}

uint32_t fm_small_echelon(ulong *a, uint32_t rows, uint32_t columns, nmod_t field)
{
    return eliminate(a, rows, columns, columns, true, field);
}

uint32_t fm_small_rank(ulong *a, uint32_t rows, uint32_t columns, nmod_t field)
{
    return eliminate(a, rows, columns, columns, false, field);
}

uint32_t fm_small_left_kernel(ulong *kernel, const ulong *a, uint32_t rows, uint32_t columns,
                              nmod_t field)
{
    uint32_t width = columns + rows;
    ulong *work = fm_alloc_zero((size_t)rows * width, sizeof *work);
    for (uint32_t i = 0; i < rows; i++) {
        memcpy(work + (size_t)i * width, a + (size_t)i * columns, columns * sizeof *work);
        work[(size_t)i * width + columns + i] = 1;
    }
    uint32_t rank = eliminate(work, rows, width, columns, false, field);
    for (uint32_t i = rank; i < rows; i++)
        memcpy(kernel + (size_t)(i - rank) * rows, work + (size_t)i * width + columns,
               rows * sizeof *work);
    free(work);
    return rows - rank;
}

bool fm_small_ratio(const ulong *a, const ulong *b, uint32_t count, nmod_t field, ulong *scalar)
{
    uint32_t first = 0;
    while (first < count && a[first] == 0 && b[first] == 0)
        first++;
    if (first == count || a[first] == 0 || b[first] == 0)
        return false;
    *scalar = nmod_div(b[first], a[first], field);
    for (uint32_t i = first; i < count; i++)
        if ((a[i] == 0) != (b[i] == 0) || nmod_mul(a[i], *scalar, field) != b[i])
            return false;
    return true;
}
