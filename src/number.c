#include "number.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

static size_t count_digits(const char *text)
{
    return strspn(text, "0123456789");
}

/* Sets value to the first count characters of text, all digits. */
static void set_digits(fmpz_t value, const char *text, size_t count)
{
    if (count < 10) {
        fmpz_set_ui(value, strtoul(text, NULL, 10));
        return;
    }
    char *digits = fm_strndup(text, count);
    fmpz_set_str(value, digits, 10);
    free(digits);
}

const char *fm_number_scan(const char *text, fmpq_t value)
{
    size_t above = count_digits(text);
    const char *below = text + above + 1;
    size_t below_count = above > 0 && below[-1] == '/' ? count_digits(below) : 0;
    if (above == 0 || (below_count > 0 && strspn(below, "0") == below_count))
        return NULL;
    set_digits(fmpq_numref(value), text, above);
    if (below_count > 0)
        set_digits(fmpq_denref(value), below, below_count);
    else
        fmpz_one(fmpq_denref(value));
    fmpq_canonicalise(value);
    return below_count > 0 ? below + below_count : text + above;
}

bool fm_number_goes_on(const char *start, const char *end)
{
    if (*end == '.')
        return true;
    if (*end == 'x' || *end == 'X')
        return end == start + 1 && *start == '0';
    return (*end == 'e' || *end == 'E') && (end[1] == '+' || end[1] == '-') && end[2] >= '0' &&
           end[2] <= '9';
}

bool fm_number_parse(const char *text, fmpq_t value)
{
    bool negative = text[0] == '-';
    const char *end = fm_number_scan(text + (text[0] == '-' || text[0] == '+'), value);
    if (end == NULL || *end != '\0')
        return false;
    if (negative)
        fmpq_neg(value, value);
    return true;
}

const char *fm_number_complaint(const char *text)
{
    bool hexadecimal = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (strpbrk(text, "IJij") != NULL && strspn(text, "0123456789+-*/.()IJij") == strlen(text))
        return "no complex number with rational parts, such as 1/2+I/2";
    if (!hexadecimal && (strpbrk(text, "xX") != NULL || strcasestr(text, "eps") != NULL))
        return "no polynomial with rational coefficients in one parameter, such as 1+2*x^-1";
    return "neither an integer nor a fraction";
}

void fm_number_print(FILE *file, const fmpq_t value)
{
    char *text = fmpq_get_str(NULL, 10, value);
    fputs(text, file);
    flint_free(text);
}
