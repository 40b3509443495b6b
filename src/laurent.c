#include "laurent.h"

#include "memory.h"
#include "number.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { EXPONENT_MAX = 4096, DEPTH_MAX = 64, ROOM = 1 << 26, MINUS_ONE = 2 };

/* ---------------------------------------------------------------- polynomials */

void fm_laurent_init(fm_laurent *a)
{
    a->low = 0;
    for (int i = 0; i < 2; i++)
        fmpq_poly_init(&a->part[i]);
}

void fm_laurent_clear(fm_laurent *a)
{
    for (int i = 0; i < 2; i++)
        fmpq_poly_clear(&a->part[i]);
}

bool fm_laurent_is_zero(const fm_laurent *a)
{
    return fmpq_poly_is_zero(&a->part[0]) && fmpq_poly_is_zero(&a->part[1]);
}

bool fm_laurent_is_real(const fm_laurent *a)
{
    return fmpq_poly_is_zero(&a->part[1]);
}

bool fm_laurent_is_rational(const fm_laurent *a, fmpq_t value)
{
    fmpq_poly_get_coeff_fmpq(value, &a->part[0], 0);
    return fm_laurent_is_real(a) && a->low == 0 && fm_laurent_degree(a) == 0;
}

/* One above the highest power of x in the parts. */
static slong length(const fm_laurent *a)
{
    slong real = fmpq_poly_length(&a->part[0]), imaginary = fmpq_poly_length(&a->part[1]);
    return real > imaginary ? real : imaginary;
}

slong fm_laurent_degree(const fm_laurent *a)
{
    return fm_laurent_is_zero(a) ? a->low : a->low + length(a) - 1;
}

/* How many of the lowest coefficients are 0. */
static slong valuation(const fmpq_poly_struct *part)
{
    slong n = 0;
    while (n < part->length && fmpz_is_zero(&part->coeffs[n]))
        n++;
    return n;
}

static void normalize(fm_laurent *a)
{
    slong shift = WORD_MAX;
    for (int i = 0; i < 2; i++)
        if (!fmpq_poly_is_zero(&a->part[i]) && valuation(&a->part[i]) < shift)
            shift = valuation(&a->part[i]);
    if (shift == WORD_MAX) {
        a->low = 0;
        return;
    }
    for (int i = 0; i < 2 && shift > 0; i++)
        fmpq_poly_shift_right(&a->part[i], &a->part[i], shift);
    a->low += shift;
}

void fm_laurent_add(fm_laurent *sum, const fm_laurent *a, const fm_laurent *b)
{
    fmpq_poly_t shifted;
    if (fm_laurent_is_zero(a) || fm_laurent_is_zero(b)) {
        const fm_laurent *other = fm_laurent_is_zero(a) ? b : a;
        for (int i = 0; i < 2; i++)
            fmpq_poly_set(&sum->part[i], &other->part[i]);
        sum->low = other->low;
        return;
    }
    const fm_laurent *lower = a->low <= b->low ? a : b, *higher = lower == a ? b : a;
    slong low = lower->low, shift = higher->low - low;
    fmpq_poly_init(shifted);
    for (int i = 0; i < 2; i++) {
        fmpq_poly_shift_left(shifted, &higher->part[i], shift);
        fmpq_poly_add(&sum->part[i], &lower->part[i], shifted);
    }
    fmpq_poly_clear(shifted);
    sum->low = low;
    normalize(sum);
}

void fm_laurent_mul(fm_laurent *product, const fm_laurent *a, const fm_laurent *b)
{
    fmpq_poly_t real, imaginary, cross;
    slong low = a->low + b->low;
    fmpq_poly_init(real);
    fmpq_poly_init(imaginary);
    fmpq_poly_init(cross);
    fmpq_poly_mul(real, &a->part[0], &b->part[0]);
    fmpq_poly_mul(cross, &a->part[1], &b->part[1]);
    fmpq_poly_sub(real, real, cross);
    fmpq_poly_mul(imaginary, &a->part[0], &b->part[1]);
    fmpq_poly_mul(cross, &a->part[1], &b->part[0]);
    fmpq_poly_add(imaginary, imaginary, cross);
    fmpq_poly_swap(&product->part[0], real);
    fmpq_poly_swap(&product->part[1], imaginary);
    fmpq_poly_clear(real);
    fmpq_poly_clear(imaginary);
    fmpq_poly_clear(cross);
    product->low = low;
    normalize(product);
}

void fm_laurent_add_monomial(fm_laurent *a, const fmpz_t b, slong shift, int sign)
{
    fm_laurent monomial;
    fm_laurent_init(&monomial);
    fmpq_poly_set_fmpz(&monomial.part[0], b);
    if (sign < 0)
        fmpq_poly_neg(&monomial.part[0], &monomial.part[0]);
    monomial.low = fmpz_is_zero(b) ? 0 : shift;
    fm_laurent_add(a, a, &monomial);
    fm_laurent_clear(&monomial);
}

/* inverse = 1 / a; false unless a is a monomial. */
static bool invert(fm_laurent *inverse, const fm_laurent *a)
{
    fmpq_t part[2], norm, square;
    if (length(a) != 1)
        return false;
    slong low = -a->low;
    fmpq_init(norm);
    fmpq_init(square);
    for (int i = 0; i < 2; i++) {
        fmpq_init(part[i]);
        fmpq_poly_get_coeff_fmpq(part[i], &a->part[i], 0);
        fmpq_mul(square, part[i], part[i]);
        fmpq_add(norm, norm, square);
    }
    for (int i = 0; i < 2; i++) {
        fmpq_div(part[i], part[i], norm);
        if (i == 1)
            fmpq_neg(part[i], part[i]);
        fmpq_poly_set_fmpq(&inverse->part[i], part[i]);
        fmpq_clear(part[i]);
    }
    fmpq_clear(square);
    fmpq_clear(norm);
    inverse->low = low;
    return true;
}

/* ---------------------------------------------------------------- text */

static void print_power(FILE *file, const char *parameter, slong exponent)
{
    if (exponent != 0)
        fputs(parameter, file);
    if (exponent != 0 && exponent != 1)
        fprintf(file, "^%ld", (long)exponent);
}

static void print_imaginary(FILE *file, const fmpq_t value)
{
    if (!fmpq_is_one(value)) {
        fm_number_print(file, value);
        fputc('*', file);
    }
    fputc('i', file);
}

/* The term of an exponent behind others or not; part[i] is its coefficient. */
static void print_term(FILE *file, fmpq_t part[2], slong exponent, const char *parameter,
                       bool is_first)
{
    int only = fmpq_is_zero(part[1]) ? 0 : fmpq_is_zero(part[0]) ? 1 : -1;
    bool negative = only >= 0 && fmpq_sgn(part[only]) < 0;
    fputs(is_first ? (negative ? "-" : "") : negative ? " - " : " + ", file);
    if (only >= 0)
        fmpq_abs(part[only], part[only]);
    if (only < 0) {
        fputc('(', file);
        fm_number_print(file, part[0]);
        fputs(fmpq_sgn(part[1]) < 0 ? " - " : " + ", file);
        fmpq_abs(part[1], part[1]);
        print_imaginary(file, part[1]);
        fputc(')', file);
    } else if (only == 1) {
        print_imaginary(file, part[1]);
    } else if (!fmpq_is_one(part[0]) || exponent == 0) {
        fm_number_print(file, part[0]);
    } else {
        print_power(file, parameter, exponent);
        return;
    }
    fputs(exponent != 0 ? "*" : "", file);
    print_power(file, parameter, exponent);
}

char *fm_laurent_text(const fm_laurent *a, slong high, const char *parameter)
{
    char *text;
    size_t size;
    fmpq_t part[2];
    bool is_first = true;
    FILE *file = open_memstream(&text, &size);
    fmpq_init(part[0]);
    fmpq_init(part[1]);
    for (slong n = 0; n < length(a) && a->low + n <= high; n++) {
        for (int i = 0; i < 2; i++)
            fmpq_poly_get_coeff_fmpq(part[i], &a->part[i], n);
        if (fmpq_is_zero(part[0]) && fmpq_is_zero(part[1]))
            continue;
        print_term(file, part, a->low + n, parameter, is_first);
        is_first = false;
    }
    if (is_first)
        fputc('0', file);
    fmpq_clear(part[0]);
    fmpq_clear(part[1]);
    fclose(file);
    return text;
}

/* ---------------------------------------------------------------- lists */

static fm_laurent *push(fm_laurents *list)
{
    list->items = fm_grow(list->items, list->count, &list->capacity, sizeof *list->items);
    fm_laurent_init(&list->items[list->count]);
    return &list->items[list->count++];
}

fm_laurents *fm_laurents_new(void)
{
    fm_laurents *list = fm_alloc_zero(1, sizeof *list);
    list->room = ROOM;
    for (slong value = 0; value <= 2; value++)
        fmpq_poly_set_si(&push(list)->part[0], value < 2 ? value : -1);
    return list;
}

void fm_laurents_free(fm_laurents *list)
{
    if (list == NULL)
        return;
    for (size_t i = 0; i < list->count; i++)
        fm_laurent_clear(&list->items[i]);
    free(list->items);
    free(list);
}

const fm_laurent *fm_laurents_at(const fm_laurents *list, const fmpq_t number)
{
    return &list->items[fmpz_get_ui(fmpq_numref(number))];
}

/* About the words that a takes. */
static size_t words(const fm_laurent *a)
{
    size_t sum = 4;
    for (int i = 0; i < 2; i++) {
        slong bits = fmpz_bits(fmpq_poly_denref(&a->part[i]));
        slong above = _fmpz_vec_max_bits(a->part[i].coeffs, a->part[i].length);
        bits += above < 0 ? -above : above;
        sum += (size_t)a->part[i].length * (size_t)(1 + bits / 64);
    }
    return sum;
}

static bool charge(fm_laurents *list, size_t steps)
{
    bool fits = steps <= list->room;
    list->room -= fits ? steps : list->room;
    return fits;
}

/* Ends the operation whose result was pushed last; results that are known by themselves are not
   kept. */
static bool finish(fm_laurents *list, fmpq_t number)
{
    fm_laurent *last = &list->items[list->count - 1];
    size_t at = list->count - 1;
    for (size_t known = 0; known <= MINUS_ONE && known < at; known++)
        if (last->low == 0 && fmpq_poly_equal(&last->part[0], &list->items[known].part[0]) &&
            fmpq_poly_is_zero(&last->part[1])) {
            fm_laurent_clear(last);
            list->count--;
            at = known;
            break;
        }
    fmpq_set_si(number, (slong)at, 1);
    slong high = at > MINUS_ONE ? fm_laurent_degree(last) : 0;
    slong low = at > MINUS_ONE ? last->low : 0;
    return low >= -EXPONENT_MAX && high <= EXPONENT_MAX &&
           (at <= MINUS_ONE || charge(list, words(last)));
}

bool fm_laurents_rational(fm_laurents *list, const fmpq_t value, fmpq_t number)
{
    fmpq_poly_set_fmpq(&push(list)->part[0], value);
    return finish(list, number);
}

bool fm_laurents_complex(fm_laurents *list, const fmpq_t real, const fmpq_t imaginary,
                         fmpq_t number)
{
    fm_laurent *item = push(list);
    fmpq_poly_set_fmpq(&item->part[0], real);
    fmpq_poly_set_fmpq(&item->part[1], imaginary);
    list->has_i = list->has_i || !fmpq_is_zero(imaginary);
    return finish(list, number);
}

bool fm_laurents_add(fm_laurents *list, fmpq_t sum, const fmpq_t a, const fmpq_t b)
{
    if (fmpq_is_zero(a) || fmpq_is_zero(b)) {
        fmpq_set(sum, fmpq_is_zero(a) ? b : a);
        return true;
    }
    fm_laurent *result = push(list);
    fm_laurent_add(result, fm_laurents_at(list, a), fm_laurents_at(list, b));
    return finish(list, sum);
}

bool fm_laurents_mul(fm_laurents *list, fmpq_t product, const fmpq_t a, const fmpq_t b)
{
    if (fmpq_is_one(a) || fmpq_is_one(b) || fmpq_is_zero(a) || fmpq_is_zero(b)) {
        fmpq_set(product, fmpq_is_zero(a) || fmpq_is_one(b) ? a : b);
        return true;
    }
    if (!charge(list, words(fm_laurents_at(list, a)) * words(fm_laurents_at(list, b))))
        return false;
    fm_laurent *result = push(list);
    fm_laurent_mul(result, fm_laurents_at(list, a), fm_laurents_at(list, b));
    return finish(list, product);
}

bool fm_laurents_neg(fm_laurents *list, fmpq_t negative, const fmpq_t a)
{
    fmpq_t minus_one;
    fmpq_init(minus_one);
    fmpq_set_si(minus_one, MINUS_ONE, 1);
    bool good = fm_laurents_mul(list, negative, a, minus_one);
    fmpq_clear(minus_one);
    return good;
}

bool fm_laurents_div(fm_laurents *list, fmpq_t quotient, const fmpq_t a, const fmpq_t b)
{
    fmpq_t inverse;
    fmpq_init(inverse);
    fm_laurent *result = push(list);
    bool good = invert(result, fm_laurents_at(list, b)) && finish(list, inverse) &&
                fm_laurents_mul(list, quotient, a, inverse);
    fmpq_clear(inverse);
    return good;
}

/* ---------------------------------------------------------------- scanning */

typedef struct scan {
    fm_laurents *list;
    const char *at;
    bool has_blanks;
    bool has_runs; /* x2, xi, x2i */
    unsigned depth;
} scan;

static void skip(scan *s)
{
    if (s->has_blanks)
        s->at += strspn(s->at, " \t\r\n");
}

/* An integer of at most four digits, with a sign, perhaps in parentheses or braces. */
static bool scan_exponent(scan *s, slong *exponent)
{
    char open = *s->at == '(' || *s->at == '{' ? *s->at++ : '\0';
    bool negative = *s->at == '-';
    s->at += negative;
    size_t digits = strspn(s->at, "0123456789");
    *exponent = strtol(s->at, NULL, 10) * (negative ? -1 : 1);
    s->at += digits;
    if (open != '\0' && *s->at++ != (open == '(' ? ')' : '}'))
        return false;
    return digits > 0 && digits <= 4;
}

/* x^2, x**2, (1+x)^2: what stands behind the base. */
static bool scan_power(scan *s, fmpq_t base)
{
    slong exponent;
    size_t sign = *s->at == '^' ? 1 : s->at[0] == '*' && s->at[1] == '*' ? 2 : 0;
    if (sign == 0)
        return true;
    s->at += sign;
    if (!scan_exponent(s, &exponent))
        return false;
    fmpq_t power, one;
    fmpq_init(power);
    fmpq_init(one);
    fmpq_one(power);
    fmpq_one(one);
    bool good = true;
    for (slong n = exponent < 0 ? -exponent : exponent; n > 0 && good; n--)
        good = fm_laurents_mul(s->list, power, power, base);
    if (good && exponent < 0)
        good = !fmpq_is_zero(power) && fm_laurents_div(s->list, power, one, power);
    fmpq_set(base, power);
    fmpq_clear(power);
    fmpq_clear(one);
    return good;
}

/* A letter, or the name of a Greek one. */
static bool can_be_parameter(const char *word, size_t letters)
{
    static const char *const names[] = {"eps",   "epsilon", "varepsilon", "lambda", "delta",
                                        "zeta",  "alpha",   "beta",       "gamma",  "mu",
                                        "sigma", "tau",     "theta",      "omega",  "rho"};
    for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
        if (strlen(names[n]) == letters && strncasecmp(word, names[n], letters) == 0)
            return true;
    return letters == 1;
}

/* Whether a word of so many letters is the parameter, which the first one becomes. */
static bool is_parameter(fm_laurents *list, const char *word, size_t letters)
{
    if (!can_be_parameter(word, letters))
        return false;
    if (list->parameter[0] == '\0')
        memcpy(list->parameter, word, letters);
    return strlen(list->parameter) == letters && memcmp(list->parameter, word, letters) == 0;
}

/* The parameter with what is run together with it: x2, xi, x2i. */
static bool scan_parameter(scan *s, fmpq_t number)
{
    const char *word = s->at;
    slong exponent = 1;
    size_t letters = 0;
    while (isalpha((unsigned char)word[letters]))
        letters++;
    s->at += letters;
    size_t digits = s->has_runs ? strspn(s->at, "0123456789") : 0;
    bool inverse =
        digits > 0 ? s->at[digits] == 'i' : s->has_runs && letters > 1 && word[letters - 1] == 'i';
    if (digits == 0 && inverse)
        letters--;
    if (digits > 4 || !is_parameter(s->list, word, letters))
        return false;
    if (digits > 0) {
        exponent = strtol(s->at, NULL, 10);
        s->at += digits + inverse;
    }
    if (isalnum((unsigned char)*s->at) || *s->at == '_')
        return false;
    fm_laurent *item = push(s->list);
    fmpq_poly_one(&item->part[0]);
    item->low = inverse ? -exponent : exponent;
    return finish(s->list, number);
}

static bool scan_unit(scan *s, fmpq_t number)
{
    s->at++;
    s->list->has_i = true;
    fmpq_poly_one(&push(s->list)->part[1]);
    return finish(s->list, number);
}

static bool scan_word(scan *s, fmpq_t number)
{
    bool is_unit = strchr("IiJj", *s->at) != NULL && !isalnum((unsigned char)s->at[1]);
    return (is_unit ? scan_unit(s, number) : scan_parameter(s, number)) && scan_power(s, number);
}

static bool scan_sum(scan *s, fmpq_t number);

static bool scan_parentheses(scan *s, fmpq_t number)
{
    if (s->depth == DEPTH_MAX)
        return false;
    s->depth++;
    s->at++;
    if (!scan_sum(s, number))
        return false;
    skip(s);
    s->depth--;
    return *s->at++ == ')' && scan_power(s, number);
}

/* A number; before e it needs a parameter of that name, or it would be one in floating point. */
static bool scan_rational(scan *s, fmpq_t number)
{
    const char *end = fm_number_scan(s->at, number);
    if (end == NULL || fm_number_goes_on(s->at, end))
        return false;
    bool exponent = (*end == 'e' || *end == 'E') && isdigit((unsigned char)end[1]);
    if (exponent && s->list->parameter[0] != *end)
        return false;
    s->at = end;
    return fm_laurents_rational(s->list, number, number) && scan_power(s, number);
}

static bool scan_atom(scan *s, fmpq_t number)
{
    skip(s);
    if (*s->at == '(')
        return scan_parentheses(s, number);
    return isalpha((unsigned char)*s->at) ? scan_word(s, number) : scan_rational(s, number);
}

/* Signs and factors; 2x and 2(1+x) have none between. */
static bool scan_product(scan *s, fmpq_t number)
{
    bool negative = false, good;
    fmpq_t factor;
    for (skip(s); *s->at == '-' || *s->at == '+'; skip(s))
        negative ^= *s->at++ == '-';
    good = scan_atom(s, number);
    fmpq_init(factor);
    while (good) {
        bool together = *s->at == '(' || isalpha((unsigned char)*s->at);
        const char *before = s->at;
        skip(s);
        if (!together && *s->at != '*' && *s->at != '/') {
            s->at = before;
            break;
        }
        char sign = together ? '*' : *s->at++;
        good = scan_atom(s, factor);
        if (good)
            good = sign == '*' ? fm_laurents_mul(s->list, number, number, factor)
                               : fm_laurents_div(s->list, number, number, factor);
    }
    if (good && negative)
        good = fm_laurents_neg(s->list, number, number);
    fmpq_clear(factor);
    return good;
}

static bool scan_sum(scan *s, fmpq_t number)
{
    fmpq_t term;
    fmpq_init(term);
    bool good = scan_product(s, number);
    while (good) {
        const char *before = s->at;
        skip(s);
        if (*s->at != '+' && *s->at != '-') {
            s->at = before;
            break;
        }
        good = scan_product(s, term) && fm_laurents_add(s->list, number, number, term);
    }
    fmpq_clear(term);
    return good;
}

const char *fm_laurents_scan(fm_laurents *list, const char *text, bool has_blanks, fmpq_t number)
{
    scan s = {.list = list, .at = text, .has_blanks = has_blanks, .has_runs = true};
    return scan_sum(&s, number) ? s.at : NULL;
}

const char *fm_laurents_scan_word(fm_laurents *list, const char *text, fmpq_t number)
{
    scan s = {.list = list, .at = text};
    return scan_word(&s, number) ? s.at : NULL;
}

bool fm_laurents_parse(fm_laurents *list, const char *text, fmpq_t number)
{
    const char *end = fm_laurents_scan(list, text, false, number);
    return end != NULL && *end == '\0';
}
