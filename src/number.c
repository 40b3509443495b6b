#include "number.h"

#include "memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 64,
    EXPRESSION_MAX = 1 << 16, /* characters */
    EXPONENT_MAX = 64,
    POWER_BITS_MAX = 1 << 16,
};

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

/* e-05 behind a number with a point: the exponent, and its length in *length, which is 0 for none. A
   sign is asked for: 2.5e3 could have a parameter e. */
static slong scan_exponent(const char *text, size_t *length)
{
    *length = 0;
    if ((*text != 'e' && *text != 'E') || (text[1] != '+' && text[1] != '-'))
        return 0;
    size_t digits = count_digits(text + 2);
    if (digits == 0 || digits > 3)
        return 0;
    *length = 2 + digits;
    return strtol(text + 1, NULL, 10);
}

/* 0.5, .5, 1., 2.5e-01: the fraction that the decimal digits say. */
static const char *scan_decimal(const char *text, size_t above, fmpq_t value)
{
    size_t below = count_digits(text + above + 1), exponent_length;
    const char *end = text + above + 1 + below;
    if (above + below == 0)
        return NULL;
    slong exponent = scan_exponent(end, &exponent_length) - (slong)below;
    char *digits = fm_format("%.*s%.*s", (int)above, text, (int)below, text + above + 1);
    set_digits(fmpq_numref(value), digits, above + below);
    free(digits);
    fmpz_set_ui(fmpq_denref(value), 10);
    fmpz_pow_ui(fmpq_denref(value), fmpq_denref(value),
                (ulong)(exponent < 0 ? -exponent : exponent));
    if (exponent > 0) {
        fmpz_mul(fmpq_numref(value), fmpq_numref(value), fmpq_denref(value));
        fmpz_one(fmpq_denref(value));
    }
    fmpq_canonicalise(value);
    return end + exponent_length;
}

const char *fm_number_scan(const char *text, fmpq_t value)
{
    size_t above = count_digits(text);
    if (text[above] == '.')
        return scan_decimal(text, above, value);
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

/* A float is an integer of 53 bits times a power of 2. */
bool fm_number_set_double(fmpq_t value, double number)
{
    int exponent;
    if (!isfinite(number))
        return false;
    int64_t integer = (int64_t)ldexp(frexp(number, &exponent), 53);
    exponent -= 53;
    fmpq_set_si(value, integer, 1);
    if (exponent > 0)
        fmpq_mul_2exp(value, value, (mp_bitcnt_t)exponent);
    else
        fmpq_div_2exp(value, value, (mp_bitcnt_t)-exponent);
    return true;
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

/* ---------------------------------------------------------------- expressions */

typedef struct evaluation {
    const char *at, *end; /* end: none goes on behind it */
    unsigned depth;
} evaluation;

static char next(evaluation *e)
{
    e->at += strspn(e->at, " \t\r\n");
    return e->at < e->end ? *e->at : '\0';
}

static bool evaluate_sum(evaluation *e, fmpq_t value);

static bool evaluate_atom(evaluation *e, fmpq_t value)
{
    if (next(e) != '(') {
        const char *start = e->at;
        e->at = fm_number_scan(start, value);
        return e->at != NULL && !fm_number_goes_on(start, e->at);
    }
    if (e->depth == DEPTH_MAX)
        return false;
    e->at++;
    e->depth++;
    bool good = evaluate_sum(e, value) && next(e) == ')';
    e->depth--;
    if (good)
        e->at++;
    return good;
}

/* A small exponent behind ** or ^. */
static bool evaluate_power(evaluation *e, fmpq_t base)
{
    bool found = next(e) == '^' || (next(e) == '*' && e->at[1] == '*');
    if (!found)
        return true;
    e->at += *e->at == '*' ? 2 : 1;
    next(e);
    size_t digits = count_digits(e->at), bits = fmpz_bits(fmpq_numref(base));
    unsigned long exponent = digits > 0 && digits < 4 ? strtoul(e->at, NULL, 10) : EXPONENT_MAX + 1;
    bits = bits > fmpz_bits(fmpq_denref(base)) ? bits : fmpz_bits(fmpq_denref(base));
    if (exponent > EXPONENT_MAX || (exponent > 1 && bits * exponent > POWER_BITS_MAX))
        return false;
    e->at += digits;
    fmpq_pow_si(base, base, (slong)exponent);
    return true;
}

/* Signs, which may be several, and what they stand before. */
static bool evaluate_signed(evaluation *e, fmpq_t value)
{
    bool negative = false;
    for (; next(e) == '-' || next(e) == '+'; e->at++)
        negative ^= *e->at == '-';
    bool good = evaluate_atom(e, value) && evaluate_power(e, value);
    if (good && negative)
        fmpq_neg(value, value);
    return good;
}

static bool evaluate_product(evaluation *e, fmpq_t value)
{
    fmpq_t factor;
    bool good = evaluate_signed(e, value);
    fmpq_init(factor);
    while (good && (next(e) == '*' || next(e) == '/')) {
        bool divided = *e->at++ == '/';
        good = evaluate_signed(e, factor) && !(divided && fmpq_is_zero(factor));
        if (good && divided)
            fmpq_div(value, value, factor);
        else if (good)
            fmpq_mul(value, value, factor);
    }
    fmpq_clear(factor);
    return good;
}

static bool evaluate_sum(evaluation *e, fmpq_t value)
{
    fmpq_t term;
    bool good = evaluate_product(e, value);
    fmpq_init(term);
    while (good && (next(e) == '-' || next(e) == '+')) {
        good = evaluate_product(e, term); /* its sign is a factor's */
        if (good)
            fmpq_add(value, value, term);
    }
    fmpq_clear(term);
    return good;
}

const char *fm_number_evaluate(const char *text, fmpq_t value)
{
    evaluation e = {.at = text, .end = text + strnlen(text, EXPRESSION_MAX)};
    return evaluate_sum(&e, value) && e.at <= e.end ? e.at : NULL;
}

/* ---------------------------------------------------------------- messages and output */

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
