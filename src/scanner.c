#include "scanner.h"

#include "error.h"
#include "number.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const char byte_order_mark[] = "\xef\xbb\xbf";

fm_status fm_scanner_init(fm_scanner *scanner, const char *text, size_t length, const char *name,
                          fm_error *error)
{
    bool marked = strncmp(text, byte_order_mark, 3) == 0;
    *scanner =
        (fm_scanner){.at = marked ? text + 3 : text, .line = 1, .name = name, .error = error};
    if (memchr(text, '\0', length) != NULL)
        return fm_fail(error, FM_BAD_INPUT, "%s: a zero byte: not a text file", name);
    return FM_OK;
}

const char *fm_scan_start(const char *text)
{
    fm_scanner scanner = {.at = text};
    if (strncmp(text, byte_order_mark, 3) == 0)
        scanner.at += 3;
    for (fm_scan_blanks(&scanner); *scanner.at == '#'; fm_scan_blanks(&scanner))
        scanner.at += strcspn(scanner.at, "\n");
    return scanner.at;
}

fm_status fm_scan_refuse(const fm_scanner *scanner, const char *format, ...)
{
    char reason[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return fm_fail(scanner->error, FM_BAD_INPUT, "%s:%u: %s", scanner->name, scanner->line, reason);
}

void fm_scan_spaces(fm_scanner *scanner)
{
    scanner->at += strspn(scanner->at, " \t\r");
}

void fm_scan_blanks(fm_scanner *scanner)
{
    for (fm_scan_spaces(scanner); *scanner->at == '\n'; fm_scan_spaces(scanner)) {
        scanner->at++;
        scanner->line++;
    }
}

/* ---------------------------------------------------------------- comments */

fm_status fm_scan_directive(fm_scanner *scanner, const char *text, size_t length)
{
    char line[64], key[16], value[32], rest[2];
    fm_error reason;
    unsigned n, m, p;
    snprintf(line, sizeof line, "%.*s", (int)(length < sizeof line ? length : sizeof line), text);
    if (length >= sizeof line || sscanf(line, "%15s %31s %1s", key, value, rest) != 2)
        return FM_OK;
    if (strcmp(key, "ring") == 0) {
        if (fm_ring_parse(value, &scanner->ring, &reason) != FM_OK)
            return fm_scan_refuse(scanner, "%s", reason.message);
        scanner->has_ring = true;
    } else if (strcmp(key, "format") == 0) {
        if (sscanf(value, "%3ux%3ux%3u%1s", &n, &m, &p, rest) != 3 || n < 1 || m < 1 || p < 1 ||
            n > FM_FORMAT_MAX || m > FM_FORMAT_MAX || p > FM_FORMAT_MAX)
            return fm_scan_refuse(scanner, "'%s' is not a format such as 4x4x5", value);
        scanner->format[0] = n;
        scanner->format[1] = m;
        scanner->format[2] = p;
    }
    return FM_OK;
}

fm_status fm_scan_comments(fm_scanner *scanner)
{
    for (fm_scan_blanks(scanner); *scanner->at == '#'; fm_scan_blanks(scanner)) {
        size_t length = strcspn(++scanner->at, "\n");
        fm_status status = fm_scan_directive(scanner, scanner->at, length);
        if (status != FM_OK)
            return status;
        scanner->at += length;
    }
    return FM_OK;
}

fm_status fm_scan_pass_over(fm_scanner *scanner, const char *to)
{
    for (; scanner->at < to; scanner->at++) {
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

void fm_scan_state(const fm_scanner *scanner, fm_reading *reading)
{
    reading->has_ring = scanner->has_ring;
    reading->ring = scanner->ring;
    memcpy(reading->format, scanner->format, sizeof reading->format);
}

/* Whether every row and column of A, B and C has a coefficient somewhere. */
static bool shows_format(const fm_scheme *scheme)
{
    const uint32_t *format = scheme->tensor->format;
    uint32_t seen[3] = {0}; /* the largest i, j and k with a coefficient */
    static const int row_of[3] = {0, 1, 0}, column_of[3] = {1, 2, 2};
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < scheme->factors[axis].count; e++) {
            uint32_t columns = format[column_of[axis]];
            uint32_t i = scheme->factors[axis].index[e] / columns + 1;
            uint32_t j = scheme->factors[axis].index[e] % columns + 1;
            if (i > seen[row_of[axis]])
                seen[row_of[axis]] = i;
            if (j > seen[column_of[axis]])
                seen[column_of[axis]] = j;
        }
    return memcmp(seen, format, sizeof seen) == 0;
}

/* Without a negative coefficient the scheme might be one modulo p. */
static bool has_negative(const fm_scheme *scheme)
{
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < scheme->factors[axis].count; e++)
            if (fmpq_sgn(&scheme->factors[axis].value[e]) < 0)
                return true;
    return false;
}

void fm_write_directives(const fm_scheme *scheme, bool is_open, const char *before,
                         const char *after, FILE *file)
{
    char ring[FM_RING_NAME_SIZE];
    bool is_shown = scheme->laurents != NULL ||
                    (fm_ring_equal(scheme->ring, fm_factors_smallest_ring(scheme->factors)) &&
                     has_negative(scheme));
    if (!is_shown)
        fprintf(file, "%sring %s%s", before, fm_ring_name(scheme->ring, ring), after);
    if (is_open && !shows_format(scheme))
        fprintf(file, "%sformat %s%s", before, scheme->tensor->name, after);
}

/* ---------------------------------------------------------------- tokens */

bool fm_scan_char(fm_scanner *scanner, char c)
{
    fm_scan_blanks(scanner);
    if (*scanner->at != c)
        return false;
    scanner->at++;
    return true;
}

fm_status fm_scan_expect(fm_scanner *scanner, char c)
{
    char buffer[32];
    if (fm_scan_char(scanner, c))
        return FM_OK;
    return fm_scan_refuse(scanner, "expected '%c', found %s", c, fm_scan_show(scanner, buffer));
}

const char *fm_scan_show(const fm_scanner *scanner, char buffer[32])
{
    size_t length = strcspn(scanner->at, "\r\n");
    if (*scanner->at == '\0')
        return "the end of the file";
    if (length == 0)
        return "the end of the line";
    snprintf(buffer, 32, "'%.*s'", length < 20 ? (int)length : 20, scanner->at);
    return buffer;
}

static fm_status refuse_number(const fm_scanner *scanner)
{
    char word[48], buffer[32];
    size_t length = strcspn(scanner->at, " \t\r\n,;{}[]");
    snprintf(word, sizeof word, "%.*s", length < 40 ? (int)length : 40, scanner->at);
    return fm_scan_refuse(scanner, "%s is %s", fm_scan_show(scanner, buffer),
                          fm_number_complaint(word));
}

/* Passes over what was read as a coefficient up to end, if nothing else runs on there. */
static fm_status end_coefficient(fm_scanner *scanner, const char *end)
{
    if (end == NULL || strchr(" \t\r\n,;)]}", *end) == NULL)
        return refuse_number(scanner);
    for (; scanner->at < end; scanner->at++)
        scanner->line += *scanner->at == '\n';
    return FM_OK;
}

fm_status fm_scan_coefficient(fm_scanner *scanner, fmpq_t value)
{
    fm_scan_blanks(scanner);
    if (scanner->laurents != NULL)
        return end_coefficient(scanner,
                               fm_laurents_scan(scanner->laurents, scanner->at, true, value));
    bool has_sign = *scanner->at == '-' || *scanner->at == '+';
    bool negative = *scanner->at == '-';
    const char *end = fm_number_scan(scanner->at + has_sign, value);
    if (end == NULL || strchr(",;]}", end[strspn(end, " \t\r\n")]) == NULL)
        return end_coefficient(scanner, fm_number_evaluate(scanner->at, value));
    scanner->at = end;
    if (negative)
        fmpq_neg(value, value);
    return FM_OK;
}

fm_status fm_scan_number(fm_scanner *scanner, fmpq_t value)
{
    bool negative = false;
    fm_scan_blanks(scanner);
    fm_scanner start = *scanner;
    while (*scanner->at == '-' || *scanner->at == '+') {
        negative ^= *scanner->at++ == '-';
        fm_scan_blanks(scanner);
    }
    bool inside = fm_scan_char(scanner, '(');
    if (inside && fm_scan_char(scanner, '-'))
        negative = !negative;
    fm_scan_blanks(scanner);
    scanner->at = fm_number_scan(scanner->at, value);
    if (scanner->at == NULL || (inside && !fm_scan_char(scanner, ')')) ||
        strchr(" \t\r\n,;)]}", *scanner->at) == NULL) {
        *scanner = start;
        return refuse_number(scanner);
    }
    if (negative)
        fmpq_neg(value, value);
    return FM_OK;
}
