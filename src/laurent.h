/* Coefficients beyond the rationals, for schemes that are only verified: Laurent polynomials in a
   parameter over the Gaussian rationals, x^low (part[0] + i part[1]). */
#ifndef FM_LAURENT_H
#define FM_LAURENT_H

#include "fewmul.h"

#include <flint/fmpq_poly.h>

typedef struct fm_laurent {
    fmpq_poly_struct part[2];
    slong low; /* the lowest exponent with a coefficient that is not 0; 0 for the polynomial 0 */
} fm_laurent;

void fm_laurent_init(fm_laurent *a);
void fm_laurent_clear(fm_laurent *a);
bool fm_laurent_is_zero(const fm_laurent *a);
/* Whether a has no parameter and no imaginary part; value receives it then. */
bool fm_laurent_is_rational(const fm_laurent *a, fmpq_t value);
bool fm_laurent_is_real(const fm_laurent *a);
/* The highest exponent; low for the polynomial 0. */
slong fm_laurent_degree(const fm_laurent *a);
/* Results may be arguments. */
void fm_laurent_add(fm_laurent *sum, const fm_laurent *a, const fm_laurent *b);
void fm_laurent_mul(fm_laurent *product, const fm_laurent *a, const fm_laurent *b);
/* a += sign b x^shift, sign 1 or -1. */
void fm_laurent_add_monomial(fm_laurent *a, const fmpz_t b, slong shift, int sign);
/* The terms of a up to x^high, as "1/2*x^-1 + (1 - i)*x", to be freed with free. */
char *fm_laurent_text(const fm_laurent *a, slong high, const char *parameter);

enum { FM_PARAMETER_SIZE = 16 };

/* The coefficients of one file. A coefficient is known by its number, which stands as an integer
   where a rational coefficient would stand: 0 and 1 for themselves, from 2 on others. */
typedef struct fm_laurents {
    char parameter[FM_PARAMETER_SIZE]; /* "": none so far */
    bool has_i;
    size_t count, capacity;
    fm_laurent *items;
    size_t room; /* words that they may still take, and steps that products may */
} fm_laurents;

fm_laurents *fm_laurents_new(void);
void fm_laurents_free(fm_laurents *list);
/* The coefficient of a number. */
const fm_laurent *fm_laurents_at(const fm_laurents *list, const fmpq_t number);

/* The number of a rational. False when the room is used up. */
bool fm_laurents_rational(fm_laurents *list, const fmpq_t value, fmpq_t number);
/* The number of real + i imaginary. */
bool fm_laurents_complex(fm_laurents *list, const fmpq_t real, const fmpq_t imaginary,
                         fmpq_t number);
/* Numbers of sums and so on; results may be arguments. False when the room is used up or exponents
   get too large; only monomials divide. */
bool fm_laurents_add(fm_laurents *list, fmpq_t sum, const fmpq_t a, const fmpq_t b);
bool fm_laurents_mul(fm_laurents *list, fmpq_t product, const fmpq_t a, const fmpq_t b);
bool fm_laurents_neg(fm_laurents *list, fmpq_t negative, const fmpq_t a);
bool fm_laurents_div(fm_laurents *list, fmpq_t quotient, const fmpq_t a, const fmpq_t b);

/* The coefficient that text begins with: numbers, the parameter (a letter or the name of a Greek
   one, the same throughout the file: x, e, eps), I, i, J or j for the imaginary unit, sums, products, quotients by monomials, powers, parentheses; x2, xi and
   x2i are x^2, x^-1 and x^-2, as files of coefficients have them. With blanks it may have blanks
   and line ends inside. Returns what is behind it; NULL when there is none. */
const char *fm_laurents_scan(fm_laurents *list, const char *text, bool has_blanks, fmpq_t number);
/* The same for the parameter or the unit alone, with its power, but not x2, xi and x2i. */
const char *fm_laurents_scan_word(fm_laurents *list, const char *text, fmpq_t number);
/* All of text is one coefficient. */
bool fm_laurents_parse(fm_laurents *list, const char *text, fmpq_t number);

#endif
