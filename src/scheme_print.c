#include "scheme_print.h"

#include "laurent.h"
#include "memory.h"
#include "number.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

const char *fm_entry_name(const fm_tensor *tensor, unsigned axis, uint32_t index,
                          char buffer[FM_ENTRY_NAME_SIZE])
{
    const uint32_t *format = tensor->format;
    uint32_t columns = axis == 0 ? format[1] : format[2];
    bool wide = format[0] > 9 || format[1] > 9 || format[2] > 9;
    if (columns == 0)
        snprintf(buffer, FM_ENTRY_NAME_SIZE, "%c%u", "abc"[axis], index + 1);
    else
        snprintf(buffer, FM_ENTRY_NAME_SIZE, "%c%u%s%u", "abc"[axis], index / columns + 1,
                 wide ? "_" : "", index % columns + 1);
    return buffer;
}

/* What fm_laurent_text writes, without blanks, and I for the imaginary unit, as Mathematica and Maple
   have it; to be freed with free. */
static char *laurent_text(const fm_scheme *scheme, const fmpq_t value)
{
    const fm_laurents *laurents = scheme->laurents;
    char *text = fm_laurent_text(fm_laurents_at(laurents, value), LONG_MAX, laurents->parameter);
    char *to = text, before = ' ';
    for (const char *c = text; *c != '\0'; before = *c++) {
        bool alone = *c == 'i' && !isalpha((unsigned char)before) && !isalpha((unsigned char)c[1]);
        if (*c != ' ')
            *to++ = alone ? 'I' : *c;
    }
    *to = '\0';
    return text;
}

/* Sets plain to a coefficient that is rational; false for others. */
static bool is_rational(const fm_scheme *scheme, const fmpq_t value, fmpq_t plain)
{
    if (scheme->laurents != NULL)
        return fm_laurent_is_rational(fm_laurents_at(scheme->laurents, value), plain);
    fmpq_set(plain, value);
    return true;
}

void fm_scheme_print_number(FILE *file, const fm_scheme *scheme, const fmpq_t value)
{
    fmpq_t plain;
    fmpq_init(plain);
    if (is_rational(scheme, value, plain))
        fm_number_print(file, plain);
    else {
        char *text = laurent_text(scheme, value);
        fputs(text, file);
        free(text);
    }
    fmpq_clear(plain);
}

void fm_scheme_print_coefficient(FILE *file, const fm_scheme *scheme, const fmpq_t value,
                                 bool first, bool spaced, const char *times)
{
    fmpq_t plain;
    fmpq_init(plain);
    bool rational = is_rational(scheme, value, plain);
    bool negative = rational && fmpq_sgn(plain) < 0;
    if (first)
        fputs(negative ? "-" : "", file);
    else
        fprintf(file, spaced ? " %c " : "%c", negative ? '-' : '+');
    fmpq_abs(plain, plain);
    if (!rational) {
        char *text = laurent_text(scheme, value);
        bool enclosed = text[0] == '(' && text[strcspn(text, ")") + 1] == '\0';
        fprintf(file, enclosed ? "%s%s" : "(%s)%s", text, times);
        free(text);
    } else if (!fmpq_is_one(plain)) {
        fm_number_print(file, plain);
        fputs(times, file);
    }
    fmpq_clear(plain);
}

static void print_factor(FILE *file, const fm_scheme *scheme, int axis, uint32_t r)
{
    char name[FM_ENTRY_NAME_SIZE];
    const fm_factors *f = &scheme->factors[axis];
    fputc('(', file);
    if (f->start[r] == f->start[r + 1])
        fputc('0', file);
    for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
        fm_scheme_print_coefficient(file, scheme, &f->value[e], e == f->start[r], true, "");
        fputs(fm_entry_name(scheme->tensor, (unsigned)axis, f->index[e], name), file);
    }
    fputc(')', file);
}

void fm_scheme_print_product(FILE *file, const fm_scheme *scheme, uint32_t r)
{
    fprintf(file, "m%u = ", r + 1);
    print_factor(file, scheme, 0, r);
    fputs(" * ", file);
    print_factor(file, scheme, 1, r);
}

typedef struct term {
    uint32_t product;
    const fmpq *value;
} term;

/* The terms of entry k are from start[k] to start[k + 1]. */
static term *sort_terms(const fm_factors *w, size_t *start)
{
    term *terms = fm_alloc(w->count, sizeof *terms);
    size_t *next = fm_alloc(w->extent, sizeof *next);
    memset(start, 0, (w->extent + 1) * sizeof *start);
    for (size_t e = 0; e < w->count; e++)
        start[w->index[e] + 1]++;
    for (uint32_t k = 0; k < w->extent; k++)
        start[k + 1] += start[k];
    memcpy(next, start, w->extent * sizeof *next);
    for (uint32_t r = 0; r < w->rank; r++)
        for (size_t e = w->start[r]; e < w->start[r + 1]; e++)
            terms[next[w->index[e]]++] = (term){r, &w->value[e]};
    free(next);
    return terms;
}

void fm_scheme_print_elements(FILE *file, const fm_scheme *scheme, const char *before,
                              const char *between, const char *after)
{
    char name[FM_ENTRY_NAME_SIZE];
    const fm_factors *w = &scheme->factors[2];
    size_t *start = fm_alloc(w->extent + 1, sizeof *start);
    term *terms = sort_terms(w, start);
    for (uint32_t k = 0; k < w->extent; k++) {
        fputs(k == 0 ? before : between, file);
        fputs(fm_entry_name(scheme->tensor, 2, k, name), file);
        fputs(start[k] == start[k + 1] ? " = 0" : " = ", file);
        for (size_t t = start[k]; t < start[k + 1]; t++) {
            fm_scheme_print_coefficient(file, scheme, terms[t].value, t == start[k], true, "");
            fprintf(file, "m%u", terms[t].product + 1);
        }
    }
    fputs(after, file);
    free(terms);
    free(start);
}
