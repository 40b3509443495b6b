#include "triple.h"

#include "memory.h"
#include "sparse_array.h"

/* Rows without entries take no text where matrices are sparse, so that a short file could claim any
   number of products. */
enum { SPARE_MAX = 1 << 16 };

void fm_triple_clear(fm_triple *triple)
{
    for (int matrix = 0; matrix < 3; matrix++)
        fm_cells_clear(&triple->cells[matrix]);
    *triple = (fm_triple){0};
}

void fm_triple_transpose(fm_triple *triple, int matrix)
{
    uint32_t rows = triple->rows[matrix];
    triple->rows[matrix] = triple->columns[matrix];
    triple->columns[matrix] = rows;
    for (size_t c = 0; c < triple->cells[matrix].count; c++) {
        fm_cell *cell = &triple->cells[matrix].cells[c];
        uint32_t row = cell->row;
        cell->row = cell->column;
        cell->column = row;
    }
}

/* ---------------------------------------------------------------- lists of rows */

/* Whether another element follows; Python lets lists end in a comma. */
static bool goes_on(fm_scanner *scanner, char close)
{
    if (!fm_scan_char(scanner, ','))
        return false;
    fm_scan_blanks(scanner);
    return close != ']' || *scanner->at != close;
}

static fm_status read_row(fm_triple *t, int matrix, fm_scanner *scanner, char open, char close)
{
    fmpq_t value;
    uint32_t column = 0, row = t->rows[matrix];
    fm_status status = fm_scan_expect(scanner, open);
    fmpq_init(value);
    do {
        if (status == FM_OK)
            status = fm_scan_coefficient(scanner, value);
        if (status == FM_OK && !fmpq_is_zero(value))
            fm_cells_add(&t->cells[matrix], row, column, value);
        column++;
    } while (status == FM_OK && goes_on(scanner, close));
    fmpq_clear(value);
    if (status == FM_OK)
        status = fm_scan_expect(scanner, close);
    if (status == FM_OK && row > 0 && column != t->columns[matrix])
        status = fm_scan_refuse(scanner, "a row of %u numbers behind one of %u", column,
                                t->columns[matrix]);
    t->columns[matrix] = column;
    t->rows[matrix]++;
    return status;
}

fm_status fm_triple_read(fm_triple *triple, int matrix, fm_scanner *scanner, char open, char close)
{
    triple->line[matrix] = scanner->line;
    if (open == '{' && fm_sparse_array_is_next(scanner))
        return fm_sparse_array_read(scanner, &triple->cells[matrix], &triple->rows[matrix],
                                    &triple->columns[matrix]);
    fm_status status = fm_scan_expect(scanner, open);
    do {
        if (status == FM_OK)
            status = read_row(triple, matrix, scanner, open, close);
    } while (status == FM_OK && goes_on(scanner, close));
    return status == FM_OK ? fm_scan_expect(scanner, close) : status;
}

/* ---------------------------------------------------------------- what they can mean */

/* Which of the matrices have a product a column. */
typedef bool orientation[3];

static const orientation orientations[] = {
    {false, false, true}, {false, false, false}, {true, true, true}};

enum { ORIENTATIONS = sizeof orientations / sizeof *orientations };

static uint32_t rank_of(const fm_triple *t, const orientation by_column, int matrix)
{
    return by_column[matrix] ? t->columns[matrix] : t->rows[matrix];
}

static uint32_t extent_of(const fm_triple *t, const orientation by_column, int matrix)
{
    return by_column[matrix] ? t->rows[matrix] : t->columns[matrix];
}

static bool fits(const fm_triple *t, const orientation by_column)
{
    for (int matrix = 0; matrix < 3; matrix++)
        if (rank_of(t, by_column, matrix) != rank_of(t, by_column, 0) ||
            extent_of(t, by_column, matrix) > FM_EXTENT_MAX)
            return false;
    return rank_of(t, by_column, 0) <= t->cells[0].count + SPARE_MAX;
}

/* The cells of a matrix with a product a row. format not NULL: the other index counts column by
   column, and is to count row by row. */
static fm_cells turned_cells(const fm_triple *t, const orientation by_column, int matrix,
                             const uint32_t *format)
{
    fm_cells cells = {0};
    for (size_t c = 0; c < t->cells[matrix].count; c++) {
        const fm_cell *cell = &t->cells[matrix].cells[c];
        uint32_t r = by_column[matrix] ? cell->column : cell->row;
        uint32_t e = by_column[matrix] ? cell->row : cell->column;
        if (format != NULL && matrix < 2) {
            uint32_t rows = format[matrix], columns = format[matrix + 1];
            e = e % rows * columns + e / rows;
        }
        fm_cells_add(&cells, r, e, &cell->value);
    }
    return cells;
}

static void add_reading(const fm_triple *t, const fm_scanner *scanner, const orientation by_column,
                        const uint32_t *format, bool is_alternative, fm_reading_list *list)
{
    fm_reading *reading = fm_reading_list_add(list);
    fm_scan_state(scanner, reading);
    reading->line = t->line[0];
    reading->is_alternative = is_alternative;
    reading->usual = FM_W_OF_C;
    for (int matrix = 0; matrix < 3; matrix++) {
        fm_cells cells = turned_cells(t, by_column, matrix, format);
        fm_cells_to_factors(&cells, rank_of(t, by_column, 0), extent_of(t, by_column, matrix),
                            scanner->laurents, NULL, &reading->factors[matrix]);
        fm_cells_clear(&cells);
    }
}

fm_status fm_triple_state(fm_triple *triple, const fm_scanner *scanner, bool by_columns,
                          fm_reading_list *list)
{
    bool found = false;
    for (int o = 0; o < ORIENTATIONS; o++) {
        uint32_t extents[3], format[3];
        if (!fits(triple, orientations[o]))
            continue;
        for (int matrix = 0; matrix < 3; matrix++)
            extents[matrix] = extent_of(triple, orientations[o], matrix);
        /* Vectors are numbered alike in both ways. */
        bool two_ways = fm_format_of_extents(extents, format) && format[1] > 1 &&
                        (format[0] > 1 || format[2] > 1);
        for (int way = 0; way < (two_ways ? 2 : 1); way++) {
            bool columns_first = two_ways && (way == 0) == by_columns;
            add_reading(triple, scanner, orientations[o], columns_first ? format : NULL, found,
                        list);
            found = true;
        }
    }
    if (found)
        return FM_OK;
    return fm_scan_refuse(scanner,
                          "three matrices of %u x %u, %u x %u and %u x %u, whose rows or columns "
                          "are not the products of one scheme",
                          triple->rows[0], triple->columns[0], triple->rows[1], triple->columns[1],
                          triple->rows[2], triple->columns[2]);
}
