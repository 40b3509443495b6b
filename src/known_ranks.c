#include "known_ranks.h"

#include <stdlib.h>
#include <string.h>

/* The text of data/known-ranks.csv. */
extern const char fm_known_ranks_csv[];

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
