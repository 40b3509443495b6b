#include "sparse_array.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE_LIMIT = 1 << 22 };

static const char *const head = "SparseArray[";

bool fm_sparse_array_is_next(fm_scanner *scanner)
{
    fm_scan_blanks(scanner);
    return strncmp(scanner->at, head, strlen(head)) == 0;
}

static fm_status expect_all(fm_scanner *scanner, const char *signs)
{
    fm_status status = FM_OK;
    for (; *signs != '\0' && status == FM_OK; signs++)
        status = fm_scan_expect(scanner, *signs);
    return status;
}

/* An integer from low to limit. */
static fm_status read_integer(fm_scanner *scanner, uint32_t low, uint32_t limit, uint32_t *out)
{
    char buffer[32];
    fm_scan_blanks(scanner);
    size_t digits = strspn(scanner->at, "0123456789");
    unsigned long value = digits > 0 && digits < 10 ? strtoul(scanner->at, NULL, 10) : 0;
    if (digits == 0 || digits > 9 || value < low || value > limit)
        return fm_scan_refuse(scanner, "%s is not an integer from %u to %u",
                              fm_scan_show(scanner, buffer), low, limit);
    scanner->at += digits;
    *out = (uint32_t)value;
    return FM_OK;
}

/* {i, j}, both from 1. */
static fm_status read_pair(fm_scanner *scanner, uint32_t pair[2])
{
    fm_status status = fm_scan_expect(scanner, '{');
    for (int i = 0; i < 2 && status == FM_OK; i++) {
        status = read_integer(scanner, 1, SIZE_LIMIT, &pair[i]);
        if (status == FM_OK)
            status = fm_scan_expect(scanner, ",}"[i]);
    }
    return status;
}

static fm_status add_cell(fm_scanner *scanner, fm_cells *cells, uint32_t row, uint32_t column)
{
    fmpq_t value;
    fmpq_init(value);
    fm_status status = fm_scan_coefficient(scanner, value);
    if (status == FM_OK && !fmpq_is_zero(value))
        fm_cells_add(cells, row, column, value);
    fmpq_clear(value);
    return status;
}

/* ---------------------------------------------------------------- rules */

/* {i, j} -> value, ...: up to the closing brace; size[0] and size[1] are the largest indices. */
static fm_status read_rules(fm_scanner *scanner, fm_cells *cells, uint32_t size[2])
{
    if (fm_scan_char(scanner, '}'))
        return FM_OK;
    do {
        uint32_t place[2];
        fm_status status = read_pair(scanner, place);
        if (status == FM_OK)
            status = expect_all(scanner, "->");
        if (status == FM_OK)
            status = add_cell(scanner, cells, place[0] - 1, place[1] - 1);
        if (status != FM_OK)
            return status;
        for (int i = 0; i < 2; i++)
            size[i] = place[i] > size[i] ? place[i] : size[i];
    } while (fm_scan_char(scanner, ','));
    return fm_scan_expect(scanner, '}');
}

/* The rules, and perhaps the sizes and the 0 that all other entries are. */
static fm_status read_by_rules(fm_scanner *scanner, fm_cells *cells, uint32_t size[2])
{
    uint32_t seen[2] = {0};
    fm_status status = read_rules(scanner, cells, seen);
    memcpy(size, seen, sizeof seen);
    if (status == FM_OK && fm_scan_char(scanner, ','))
        status = read_pair(scanner, size);
    if (status == FM_OK && fm_scan_char(scanner, ','))
        status = fm_scan_expect(scanner, '0');
    if (status == FM_OK && (seen[0] > size[0] || seen[1] > size[1] || size[0] == 0))
        status = fm_scan_refuse(scanner, "an array of %u x %u with an entry (%u, %u)", size[0],
                                size[1], seen[0], seen[1]);
    return status;
}

/* ---------------------------------------------------------------- as Mathematica prints them */

/* {0, ends of rows...}: how many entries there are up to each row. */
static fm_status read_row_ends(fm_scanner *scanner, uint32_t rows, uint32_t **ends)
{
    size_t count = 0, capacity = 0;
    fm_status status = fm_scan_expect(scanner, '{');
    do {
        *ends = fm_grow(*ends, count, &capacity, sizeof **ends);
        if (status == FM_OK)
            status =
                read_integer(scanner, count > 0 ? (*ends)[count - 1] : 0, 999999999, *ends + count);
        count++;
    } while (status == FM_OK && fm_scan_char(scanner, ','));
    if (status == FM_OK)
        status = fm_scan_expect(scanner, '}');
    if (status == FM_OK && (count != (size_t)rows + 1 || (*ends)[0] != 0))
        status = fm_scan_refuse(scanner, "the ends of %zu rows in an array of %u", count - 1, rows);
    return status;
}

/* {{c}, {c}, ...}: as many as the rows have, behind the others. */
static fm_status read_columns(fm_scanner *scanner, uint32_t columns, uint32_t count,
                              uint32_t **places)
{
    size_t read = 0, capacity = 0;
    *places = fm_alloc(0, sizeof **places);
    fm_status status = fm_scan_expect(scanner, '{');
    for (; read < count && status == FM_OK; read++) {
        *places = fm_grow(*places, read, &capacity, sizeof **places);
        status = expect_all(scanner, read > 0 ? ",{" : "{");
        if (status == FM_OK)
            status = read_integer(scanner, 1, columns, *places + read);
        if (status == FM_OK)
            status = fm_scan_expect(scanner, '}');
    }
    return status == FM_OK ? fm_scan_expect(scanner, '}') : status;
}

static fm_status read_values(fm_scanner *scanner, uint32_t rows, const uint32_t *ends,
                             const uint32_t *places, fm_cells *cells)
{
    fm_status status = fm_scan_expect(scanner, '{');
    for (uint32_t row = 0; row < rows; row++)
        for (uint32_t e = ends[row]; e < ends[row + 1] && status == FM_OK; e++) {
            if (e > 0)
                status = fm_scan_expect(scanner, ',');
            if (status == FM_OK)
                status = add_cell(scanner, cells, row, places[e] - 1);
        }
    return status == FM_OK ? fm_scan_expect(scanner, '}') : status;
}

/* What stands behind "Automatic": ", {rows, columns}, 0, {1, {ends, places}, values}". */
static fm_status read_automatic(fm_scanner *scanner, fm_cells *cells, uint32_t size[2])
{
    uint32_t *ends = NULL, *places = NULL;
    fm_status status = fm_scan_expect(scanner, ',');
    if (status == FM_OK)
        status = read_pair(scanner, size);
    if (status == FM_OK)
        status = expect_all(scanner, ",0,{1,{");
    if (status == FM_OK)
        status = read_row_ends(scanner, size[0], &ends);
    if (status == FM_OK)
        status = fm_scan_expect(scanner, ',');
    if (status == FM_OK)
        status = read_columns(scanner, size[1], ends[size[0]], &places);
    if (status == FM_OK)
        status = expect_all(scanner, "},");
    if (status == FM_OK)
        status = read_values(scanner, size[0], ends, places, cells);
    free(ends);
    free(places);
    return status == FM_OK ? fm_scan_expect(scanner, '}') : status;
}

fm_status fm_sparse_array_read(fm_scanner *scanner, fm_cells *cells, uint32_t *rows,
                               uint32_t *columns)
{
    char buffer[32];
    uint32_t size[2] = {0};
    static const char automatic[] = "Automatic";
    fm_status status;
    if (!fm_sparse_array_is_next(scanner))
        return fm_scan_refuse(scanner, "expected %s, found %s", head,
                              fm_scan_show(scanner, buffer));
    scanner->at += strlen(head);
    fm_scan_blanks(scanner);
    if (strncmp(scanner->at, automatic, strlen(automatic)) == 0) {
        scanner->at += strlen(automatic);
        status = read_automatic(scanner, cells, size);
    } else {
        status = fm_scan_expect(scanner, '{');
        if (status == FM_OK)
            status = read_by_rules(scanner, cells, size);
    }
    if (status == FM_OK)
        status = fm_scan_expect(scanner, ']');
    *rows = size[0];
    *columns = size[1];
    return status;
}
