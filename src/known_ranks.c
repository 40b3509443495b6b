#include "known_ranks.h"

#include <stdlib.h>
#include <string.h>

/* The texts of data/known-ranks.csv and data/structured-ranks.csv. */
extern const char fm_known_ranks_csv[], fm_structured_ranks_csv[];

static void sort_format(const unsigned format[3], unsigned sorted[3])
{
    memcpy(sorted, format, 3 * sizeof *sorted);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < 2; i++)
            if (sorted[i] > sorted[i + 1]) {
                unsigned larger = sorted[i];
                sorted[i] = sorted[i + 1];
                sorted[i + 1] = larger;
            }
}

/* The numbers n, m, p and one for each column at the start of a line; false for a comment and for
   the header. */
static bool parse_line(const char *line, uint32_t numbers[7])
{
    for (int i = 0; i < 7; i++) {
        char *end;
        numbers[i] = (uint32_t)strtoul(line, &end, 10);
        if (end == line || *end != ',')
            return false;
        line = end + 1;
    }
    return true;
}

uint32_t fm_known_rank(const unsigned format[3], fm_known_column column)
{
    unsigned sorted[3];
    uint32_t numbers[7];
    sort_format(format, sorted);
    for (const char *line = fm_known_ranks_csv; *line != '\0'; line += strcspn(line, "\n")) {
        line += *line == '\n';
        if (parse_line(line, numbers) && memcmp(numbers, sorted, sizeof sorted) == 0)
            return numbers[3 + column];
    }
    return 0;
}

/* Reads "name,ZT,Z,Q,F2", where a number may be missing; false for a comment and for the header. */
static bool parse_row(const char *line, fm_known_row *row)
{
    size_t length = strcspn(line, ",\n");
    if (line[0] == '#' || line[length] != ',' || length >= sizeof row->name ||
        strncmp(line, "name,", length + 1) == 0)
        return false;
    *row = (fm_known_row){0};
    memcpy(row->name, line, length);
    line += length;
    for (size_t c = 0; c < 4 && *line == ','; c++) {
        line++;
        if (*line != ',' && *line != '\n')
            row->ranks[c] = (uint32_t)strtoul(line, NULL, 10);
        line += strcspn(line, ",\n");
    }
    return true;
}

bool fm_known_row_at(size_t index, fm_known_row *row)
{
    for (const char *line = fm_structured_ranks_csv; *line != '\0';) {
        if (parse_row(line, row) && index-- == 0)
            return true;
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return false;
}

uint32_t fm_known_tensor_rank(const fm_tensor *tensor, fm_known_column column)
{
    unsigned format[3];
    fm_known_row row;
    if (fm_tensor_is_matmul(tensor, format))
        return fm_known_rank(format, column);
    for (size_t index = 0; fm_known_row_at(index, &row); index++)
        if (strcmp(row.name, fm_tensor_name(tensor)) == 0)
            return row.ranks[column];
    return 0;
}
