#include "expression.h"

#include "error.h"
#include "memory.h"
#include "number.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 64,
    TERMS_MAX = 4096, /* at one place: each may double the size of their common denominator */
};

/* Names of entries: a number of at most four digits as it stands, or SEPARATED plus 64 i + j. */
enum { SEPARATED = 1 << 16, NUMBER_MAX = 9999 };

void fm_expressions_init(fm_expressions *in, const fm_scanner *scanner, size_t length)
{
    *in = (fm_expressions){.scanner = *scanner, .budget = ((size_t)1 << 30) + 64 * length};
}

void fm_value_clear(fm_value *value)
{
    fmpq_clear(&value->scale);
    for (int axis = 0; axis < FM_AXES; axis++)
        fm_cells_clear(&value->form[axis]);
}

static void value_init(fm_value *value)
{
    *value = (fm_value){0};
    fmpq_init(&value->scale);
    fmpq_one(&value->scale);
}

/* Takes count steps with a number of this size from the budget: a short text can ask for numbers
   whose sizes multiply. */
static fm_status charge(fm_expressions *in, const fmpq_t value, size_t count)
{
    size_t bits = fmpz_bits(fmpq_numref(value)) + fmpz_bits(fmpq_denref(value)), cost;
    if (bits <= 64)
        return FM_OK;
    if (__builtin_mul_overflow(bits, count, &cost) || cost > in->budget)
        return fm_scan_refuse(&in->scanner, "the coefficients become too large");
    in->budget -= cost;
    return FM_OK;
}

/* ---------------------------------------------------------------- numbers */

/* FM_OK when an operation on numbers of laurents was done. */
static fm_status done(fm_expressions *in, bool good)
{
    return good ? FM_OK : fm_scan_refuse(&in->scanner, "the coefficients become too large");
}

static fm_status add_number(fm_expressions *in, fmpq_t sum, const fmpq_t term)
{
    if (in->scanner.laurents != NULL)
        return done(in, fm_laurents_add(in->scanner.laurents, sum, sum, term));
    fmpq_add(sum, sum, term);
    return charge(in, sum, 1);
}

static fm_status multiply_number(fm_expressions *in, fmpq_t product, const fmpq_t factor)
{
    if (in->scanner.laurents != NULL)
        return done(in, fm_laurents_mul(in->scanner.laurents, product, product, factor));
    fmpq_mul(product, product, factor);
    return charge(in, product, 1);
}

static fm_status divide_number(fm_expressions *in, fmpq_t quotient, const fmpq_t divisor)
{
    if (in->scanner.laurents != NULL) {
        bool good = fm_laurents_div(in->scanner.laurents, quotient, quotient, divisor);
        return good ? FM_OK
                    : fm_scan_refuse(&in->scanner, "divided by something other than one power");
    }
    fmpq_div(quotient, quotient, divisor);
    return charge(in, quotient, 1);
}

static fm_status negate_number(fm_expressions *in, fmpq_t number)
{
    if (in->scanner.laurents != NULL)
        return done(in, fm_laurents_neg(in->scanner.laurents, number, number));
    fmpq_neg(number, number);
    return FM_OK;
}

/* ---------------------------------------------------------------- values */

static fm_status scale_form(fm_expressions *in, fm_cells *form, const fmpq_t scale)
{
    fm_status status = charge(in, scale, form->count);
    if (fmpq_is_one(scale))
        return status;
    for (size_t c = 0; c < form->count && status == FM_OK; c++)
        status = multiply_number(in, &form->cells[c].value, scale);
    return status;
}

/* The axis of a value that is a linear form; FM_AXES for others. */
static unsigned single_axis(const fm_value *value)
{
    for (unsigned axis = 0; axis < FM_AXES; axis++)
        if (value->axes == 1u << axis)
            return axis;
    return FM_AXES;
}

static fm_status normalize(fm_expressions *in, fm_value *value, unsigned axis)
{
    fm_status status = scale_form(in, &value->form[axis], &value->scale);
    fmpq_one(&value->scale);
    return status;
}

static bool is_zero(const fm_value *value)
{
    return value->axes == 0 && fmpq_is_zero(&value->scale);
}

/* sum += term, which is cleared in any case. */
static fm_status add(fm_expressions *in, fm_value *sum, fm_value *term)
{
    unsigned axis = single_axis(sum);
    fm_status status = FM_OK;
    if (is_zero(sum)) {
        fm_value swap = *sum;
        *sum = *term;
        *term = swap;
    } else if (sum->axes == 0 && term->axes == 0) {
        status = add_number(in, &sum->scale, &term->scale);
    } else if (!is_zero(term) && (axis == FM_AXES || term->axes != sum->axes)) {
        status = fm_scan_refuse(&in->scanner, "a sum of unlike things: entries of one matrix, or "
                                              "products, can be added");
    } else if (!is_zero(term)) {
        fm_cells *from = &term->form[axis];
        status = normalize(in, sum, axis);
        if (status == FM_OK)
            status = normalize(in, term, axis);
        for (size_t c = 0; c < from->count && status == FM_OK; c++)
            fm_cells_add(&sum->form[axis], 0, from->cells[c].column, &from->cells[c].value);
    }
    fm_value_clear(term);
    return status;
}

/* product *= factor, which is cleared in any case. */
static fm_status multiply(fm_expressions *in, fm_value *product, fm_value *factor)
{
    fm_status status = FM_OK;
    if ((product->axes & factor->axes) != 0)
        status = fm_scan_refuse(&in->scanner, "a product of two factors of the same matrix");
    if (status == FM_OK)
        status = multiply_number(in, &product->scale, &factor->scale);
    for (unsigned axis = 0; axis < FM_AXES && status == FM_OK; axis++)
        if ((factor->axes >> axis & 1) != 0) {
            product->form[axis] = factor->form[axis];
            factor->form[axis] = (fm_cells){0};
        }
    product->axes |= factor->axes;
    fm_value_clear(factor);
    return status;
}

/* ---------------------------------------------------------------- names */

static fm_status refuse_name(const fm_expressions *in, const char *start)
{
    char word[24];
    size_t length =
        strspn(start, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_^");
    snprintf(word, sizeof word, "%.*s", length < 20 ? (int)length : 20, start);
    if (strchr("xX", word[0]) != NULL || strncasecmp(word, "eps", 3) == 0)
        return fm_scan_refuse(&in->scanner, "'%s' is %s", word, fm_number_complaint("x"));
    if (strcmp(word, "I") == 0 || strcmp(word, "i") == 0)
        return fm_scan_refuse(&in->scanner, "'%s' is %s", word, fm_number_complaint("I"));
    return fm_scan_refuse(&in->scanner, "'%s' is no entry such as a11, b1,12 or c_1_12", word);
}

/* At most four digits; the number of digits is handed out. */
static unsigned digits(const char **at, unsigned *value)
{
    unsigned count = 0;
    *value = 0;
    for (; **at >= '0' && **at <= '9' && count < 5; ++*at, count++)
        *value = 10 * *value + (unsigned)(**at - '0');
    return count;
}

/* The second index of a1,12, a_1_12, a[1][12], a{1,12}; *at is behind the first. */
static bool second_index(const char **at, unsigned *value)
{
    const char *text = *at;
    if (text[0] == ']' && text[1] == '[')
        text += 2;
    else if (*text == ',' || *text == '_')
        text += 1 + strspn(text + 1, " ");
    else
        return false;
    if (digits(&text, value) == 0)
        return false;
    *at = text;
    return true;
}

static fm_status entry_name(fm_expressions *in, const char *start, const char *at, uint32_t *name)
{
    const char *closing = *at == '{' ? "}" : *at == '[' ? "]" : *at == '(' ? ")" : "";
    unsigned i, j;
    at += *closing != '\0';
    unsigned count = digits(&at, &i);
    bool separated = second_index(&at, &j);
    if (count == 0 || count > 4 || (*closing != '\0' && *at != *closing))
        return refuse_name(in, start);
    at += *closing != '\0';
    in->scanner.at = at;
    if (separated && (i < 1 || i > FM_FORMAT_MAX || j < 1 || j > FM_FORMAT_MAX))
        return fm_scan_refuse(&in->scanner, "'%.*s': indices are from 1 to %d", (int)(at - start),
                              start, FM_FORMAT_MAX);
    if (separated) {
        in->separated_line = in->separated_line > 0 ? in->separated_line : in->scanner.line;
        *name = SEPARATED + 64 * (i - 1) + j - 1;
        return FM_OK;
    }
    if (i == 0)
        return fm_scan_refuse(&in->scanner, "'%.*s': entries are numbered from 1",
                              (int)(at - start), start);
    *name = i;
    if (count == 1 && in->number_line == 0)
        in->number_line = in->scanner.line;
    if ((count > 2 || i % 10 == 0) && in->long_line == 0)
        in->long_line = in->scanner.line;
    return FM_OK;
}

fm_status fm_expression_name(fm_expressions *in, unsigned *axis, uint32_t *name)
{
    const char *start = in->scanner.at, *at = start + 1;
    char letter = (char)tolower((unsigned char)*start);
    at += *at == '_';
    if (letter >= 'a' && letter <= 'c') {
        *axis = (unsigned)(letter - 'a');
        return entry_name(in, start, at, name);
    }
    unsigned long number = isdigit((unsigned char)*at) ? strtoul(at, NULL, 10) : 0; /* m1, m01 */
    if (in->product == 0 || letter != in->product || number == 0 || number > UINT32_MAX)
        return refuse_name(in, start);
    in->scanner.at = at + strspn(at, "0123456789");
    *axis = FM_AXIS_PRODUCT;
    *name = (uint32_t)(number - 1);
    return FM_OK;
}

/* ---------------------------------------------------------------- grammar */

fm_status fm_expression_skip(fm_expressions *in)
{
    if (in->depth > 0)
        return fm_scan_comments(&in->scanner);
    fm_scan_spaces(&in->scanner);
    if (*in->scanner.at != '#')
        return FM_OK;
    size_t length = strcspn(in->scanner.at, "\n");
    fm_status status = fm_scan_directive(&in->scanner, in->scanner.at + 1, length - 1);
    in->scanner.at += length;
    return status;
}

/* Passes over a sign for multiplication. */
static bool times(fm_expressions *in)
{
    static const char *const signs[] = {"*", "\xc2\xb7", "\xc3\x97", "\xe2\x8a\x97"};
    for (size_t s = 0; s < sizeof signs / sizeof *signs; s++)
        if (strncmp(in->scanner.at, signs[s], strlen(signs[s])) == 0) {
            in->scanner.at += strlen(signs[s]);
            return true;
        }
    return false;
}

static fm_status number(fm_expressions *in, fm_value *out)
{
    const char *end = fm_number_scan(in->scanner.at, &out->scale);
    if (end == NULL || fm_number_goes_on(in->scanner.at, end)) {
        char buffer[32];
        return fm_scan_refuse(&in->scanner, "%s is neither an integer nor a fraction",
                              fm_scan_show(&in->scanner, buffer));
    }
    in->scanner.at = end;
    fm_laurents *laurents = in->scanner.laurents;
    return laurents != NULL ? done(in, fm_laurents_rational(laurents, &out->scale, &out->scale))
                            : FM_OK;
}

/* Whether what comes next is the name of an entry or a product, and not a parameter or I. */
static bool is_name(const fm_expressions *in)
{
    const char *at = in->scanner.at;
    char letter = (char)tolower((unsigned char)*at);
    bool has_entries = (letter >= 'a' && letter <= 'c') || letter == in->product;
    return has_entries && strchr("0123456789_[{(", at[1]) != NULL;
}

/* The parameter or I. */
static fm_status symbol(fm_expressions *in, fm_value *out)
{
    const char *end = fm_laurents_scan_word(in->scanner.laurents, in->scanner.at, &out->scale);
    if (end == NULL)
        return refuse_name(in, in->scanner.at);
    in->scanner.at = end;
    return FM_OK;
}

static fm_status parentheses(fm_expressions *in, fm_value *out)
{
    if (in->depth == DEPTH_MAX)
        return fm_scan_refuse(&in->scanner, "more than %d open parentheses", DEPTH_MAX);
    in->scanner.at++;
    in->depth++;
    fm_value inside;
    fm_status status = fm_expression_sum(in, &inside);
    if (status != FM_OK)
        return status;
    status = fm_scan_expect(&in->scanner, ')');
    in->depth--;
    /* (2*b11) is a factor, also of a product that is 0 because another one is. */
    unsigned axis = single_axis(&inside);
    if (status == FM_OK && axis != FM_AXES)
        status = normalize(in, &inside, axis);
    if (status == FM_OK) {
        fm_value_clear(out);
        *out = inside;
    } else {
        fm_value_clear(&inside);
    }
    return status;
}

static fm_status entry(fm_expressions *in, fm_value *out)
{
    unsigned axis;
    uint32_t name;
    fmpq_t one;
    fm_status status = fm_expression_name(in, &axis, &name);
    if (status != FM_OK)
        return status;
    fmpq_init(one);
    fmpq_one(one);
    fm_cells_add(&out->form[axis], 0, name, one);
    out->axes = 1u << axis;
    fmpq_clear(one);
    return FM_OK;
}

static bool starts_atom(char c)
{
    return c == '(' || isalnum((unsigned char)c);
}

/* Signs, which may be several, and what they stand before. */
static fm_status signed_atom(fm_expressions *in, fm_value *out)
{
    char buffer[32];
    bool negative = false;
    fm_status status = fm_scan_comments(&in->scanner);
    while (status == FM_OK && (*in->scanner.at == '-' || *in->scanner.at == '+')) {
        negative ^= *in->scanner.at++ == '-';
        status = fm_scan_comments(&in->scanner);
    }
    if (status != FM_OK)
        return status;
    value_init(out);
    if (*in->scanner.at == '(')
        status = parentheses(in, out);
    else if (isdigit((unsigned char)*in->scanner.at) || *in->scanner.at == '.')
        status = number(in, out);
    else if (isalpha((unsigned char)*in->scanner.at) && in->scanner.laurents != NULL &&
             !is_name(in))
        status = symbol(in, out);
    else if (isalpha((unsigned char)*in->scanner.at))
        status = entry(in, out);
    else
        status = fm_scan_refuse(&in->scanner, "expected a number, an entry or '(', found %s",
                                fm_scan_show(&in->scanner, buffer));
    if (status == FM_OK && negative)
        status = negate_number(in, &out->scale);
    if (status != FM_OK)
        fm_value_clear(out);
    return status;
}

/* Divides by the number behind '/'. */
static fm_status divide(fm_expressions *in, fm_value *value)
{
    fm_value divisor;
    fm_status status = signed_atom(in, &divisor);
    if (status != FM_OK)
        return status;
    if (divisor.axes != 0 || fmpq_is_zero(&divisor.scale))
        status = fm_scan_refuse(&in->scanner, "divided by something other than a number, or by 0");
    else
        status = divide_number(in, &value->scale, &divisor.scale);
    fm_value_clear(&divisor);
    return status;
}

fm_status fm_expression_factors(fm_expressions *in, fm_value *out)
{
    fm_value factor;
    fm_status status = signed_atom(in, out);
    if (status != FM_OK)
        return status;
    for (;;) {
        status = fm_expression_skip(in);
        if (status != FM_OK)
            break;
        if (*in->scanner.at == '/') {
            in->scanner.at++;
            status = divide(in, out);
        } else if (times(in) || starts_atom(*in->scanner.at)) {
            status = signed_atom(in, &factor);
            if (status == FM_OK)
                status = multiply(in, out, &factor);
        } else {
            break;
        }
        if (status != FM_OK)
            break;
    }
    if (status != FM_OK)
        fm_value_clear(out);
    return status;
}

fm_status fm_expression_sum(fm_expressions *in, fm_value *out)
{
    fm_value term;
    fm_status status = fm_expression_factors(in, out);
    if (status != FM_OK)
        return status;
    while (status == FM_OK && (*in->scanner.at == '+' || *in->scanner.at == '-')) {
        status = fm_expression_factors(in, &term);
        if (status == FM_OK)
            status = add(in, out, &term);
    }
    if (status != FM_OK)
        fm_value_clear(out);
    return status;
}

/* ---------------------------------------------------------------- rows */

fm_status fm_expression_row(fm_expressions *in, fm_value *value, unsigned axis, bool scaled,
                            uint32_t row, fm_cells *cells)
{
    fm_cells *form = &value->form[axis];
    fm_status status = scaled ? normalize(in, value, axis) : FM_OK;
    for (size_t c = 0; c < form->count && status == FM_OK; c++)
        fm_cells_add(cells, row, form->cells[c].column, &form->cells[c].value);
    return status;
}

fm_status fm_expression_factors_of(fm_expressions *in, fm_cells cells[3], uint32_t rank,
                                   fm_reading *reading)
{
    fm_status status;
    bool numbers = in->number_line > 0 && in->separated_line == 0;
    fm_scanner at = in->scanner;
    at.line = in->number_line > 0 ? in->number_line : in->long_line;
    if (!numbers && at.line > 0)
        return fm_scan_refuse(&at, "an entry of one index, or with its indices run together: write "
                                   "a1,12 or a_1_12");
    for (int axis = 0; axis < 3; axis++) {
        size_t most;
        for (size_t c = 0; c < cells[axis].count; c++) {
            uint32_t *name = &cells[axis].cells[c].column;
            if (*name >= SEPARATED)
                *name -= SEPARATED;
            else
                *name = numbers ? *name - 1 : 64 * (*name / 10 - 1) + *name % 10 - 1;
            if (*name >= FM_EXTENT_MAX)
                return fm_scan_refuse(&at, "an entry is numbered %u, above %d", *name + 1,
                                      FM_EXTENT_MAX);
        }
        status =
            done(in, fm_cells_to_factors(&cells[axis], rank, FM_EXTENT_MAX, in->scanner.laurents,
                                         &most, &reading->factors[axis]));
        if (status != FM_OK)
            return status;
        if (most > TERMS_MAX)
            return fm_scan_refuse(&in->scanner, "an entry occurs %zu times in one factor", most);
        reading->columns[axis] = numbers ? 0 : 64;
    }
    reading->is_open = true;
    return FM_OK;
}
