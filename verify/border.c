#include "border.h"

#include "equations.h"
#include "error.h"
#include "infer.h"
#include "memory.h"
#include "scheme_file.h"

#include <stdlib.h>

/* ---------------------------------------------------------------- rows of equations */

/* A row (i, j, *) of equations with what the products add up to. */
typedef struct sums {
    const fm_laurents *laurents;
    fm_equations equations;
    fm_laurent *sum;       /* of each k */
    const fmpz **expected; /* of each k; NULL: 0 */
    bool *is_listed;
    uint32_t *listed; /* the k with anything in them, ascending */
    size_t count;
    fm_laurent pair, product;
} sums;

static void sums_init(sums *s, const fm_scheme *scheme, const fm_laurents *laurents)
{
    uint32_t extent = scheme->tensor->extent[2];
    *s = (sums){.laurents = laurents};
    fm_equations_init(&s->equations, scheme, scheme->tensor);
    s->sum = fm_alloc(extent, sizeof *s->sum);
    s->expected = fm_alloc_zero(extent, sizeof *s->expected);
    s->is_listed = fm_alloc_zero(extent, sizeof *s->is_listed);
    s->listed = fm_alloc(extent, sizeof *s->listed);
    for (uint32_t k = 0; k < extent; k++)
        fm_laurent_init(&s->sum[k]);
    fm_laurent_init(&s->pair);
    fm_laurent_init(&s->product);
}

static void sums_clear(sums *s)
{
    for (uint32_t k = 0; k < s->equations.tensor->extent[2]; k++)
        fm_laurent_clear(&s->sum[k]);
    fm_laurent_clear(&s->pair);
    fm_laurent_clear(&s->product);
    fm_equations_clear(&s->equations);
    free(s->sum);
    free(s->expected);
    free(s->is_listed);
    free(s->listed);
}

static void list(sums *s, uint32_t k)
{
    if (!s->is_listed[k])
        s->listed[s->count++] = k;
    s->is_listed[k] = true;
}

static int compare_indices(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void add_term(sums *s, const fm_term *term)
{
    const fm_factors *factors = s->equations.scheme->factors, *w = &factors[2];
    fm_laurent_mul(&s->pair, fm_laurents_at(s->laurents, &factors[0].value[term->u]),
                   fm_laurents_at(s->laurents, &factors[1].value[term->v]));
    for (size_t e = w->start[term->r]; e < w->start[term->r + 1]; e++) {
        fm_laurent_mul(&s->product, &s->pair, fm_laurents_at(s->laurents, &w->value[e]));
        fm_laurent_add(&s->sum[w->index[e]], &s->sum[w->index[e]], &s->product);
        list(s, w->index[e]);
    }
}

/* Steps to the next row; false after the last. */
static bool sums_next(sums *s)
{
    for (size_t n = 0; n < s->count; n++) {
        uint32_t k = s->listed[n];
        fm_laurent_clear(&s->sum[k]);
        fm_laurent_init(&s->sum[k]);
        s->expected[k] = NULL;
        s->is_listed[k] = false;
    }
    s->count = 0;
    if (!fm_equations_next(&s->equations))
        return false;
    for (size_t t = 0; t < s->equations.term_count; t++)
        add_term(s, &s->equations.terms[t]);
    for (size_t e = 0; e < s->equations.entry_count; e++) {
        const fm_tensor_entry *entry = &s->equations.entries[e];
        s->expected[entry->k] = &entry->value;
        list(s, entry->k);
    }
    qsort(s->listed, s->count, sizeof *s->listed, compare_indices);
    return true;
}

/* ---------------------------------------------------------------- the verdict */

static long find_order(const fm_scheme *scheme, const fm_laurents *laurents)
{
    sums s;
    long order = 0;
    bool is_found = false;
    for (sums_init(&s, scheme, laurents); sums_next(&s);)
        for (size_t n = 0; n < s.count; n++) {
            const fm_laurent *sum = &s.sum[s.listed[n]];
            if (s.expected[s.listed[n]] == NULL || fm_laurent_is_zero(sum))
                continue;
            order = !is_found || sum->low < order ? sum->low : order;
            is_found = true;
        }
    sums_clear(&s);
    return order;
}

static void refuse(const sums *s, uint32_t k, fm_border_verdict *verdict)
{
    fm_laurent expected;
    fm_laurent_init(&expected);
    if (s->expected[k] != NULL)
        fm_laurent_add_monomial(&expected, s->expected[k], verdict->order, 1);
    verdict->valid = false;
    verdict->i = s->equations.i;
    verdict->j = s->equations.j;
    verdict->k = k;
    verdict->expected = fm_laurent_text(&expected, verdict->order, s->laurents->parameter);
    verdict->actual = fm_laurent_text(&s->sum[k], verdict->order, s->laurents->parameter);
    fm_laurent_clear(&expected);
}

/* Takes the error at k into the verdict. */
static void check(sums *s, uint32_t k, fm_border_verdict *verdict)
{
    fm_laurent *error = &s->product;
    fm_laurent_clear(error);
    fm_laurent_init(error);
    fm_laurent_add(error, error, &s->sum[k]);
    if (s->expected[k] != NULL)
        fm_laurent_add_monomial(error, s->expected[k], verdict->order, -1);
    if (fm_laurent_is_zero(error))
        return;
    long low = error->low - verdict->order, high = fm_laurent_degree(error) - verdict->order;
    if (low <= 0) {
        refuse(s, k, verdict);
        return;
    }
    if (verdict->is_exact || low < verdict->error_low)
        verdict->error_low = low;
    if (verdict->is_exact || high > verdict->error_high)
        verdict->error_high = high;
    verdict->is_exact = false;
}

/* Which coefficients there are. */
static void find_kinds(const fm_scheme *scheme, const fm_laurents *laurents,
                       fm_border_verdict *verdict)
{
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < scheme->factors[axis].count; e++) {
            const fm_laurent *a = fm_laurents_at(laurents, &scheme->factors[axis].value[e]);
            verdict->has_i = verdict->has_i || !fm_laurent_is_real(a);
            verdict->has_parameter =
                verdict->has_parameter || a->low != 0 || fm_laurent_degree(a) != 0;
        }
}

fm_status fm_border_verify(const fm_scheme *scheme, const fm_laurents *laurents,
                           fm_border_verdict *verdict)
{
    sums s;
    *verdict =
        (fm_border_verdict){.valid = true, .is_exact = true, .order = find_order(scheme, laurents)};
    find_kinds(scheme, laurents, verdict);
    for (sums_init(&s, scheme, laurents); verdict->valid && sums_next(&s);)
        for (size_t n = 0; n < s.count && verdict->valid; n++)
            check(&s, s.listed[n], verdict);
    sums_clear(&s);
    verdict->is_exact = verdict->is_exact && verdict->valid;
    return verdict->valid ? FM_OK : FM_NO;
}

void fm_border_verdict_clear(fm_border_verdict *verdict)
{
    free(verdict->expected);
    free(verdict->actual);
    *verdict = (fm_border_verdict){0};
}

/* False when there is a coefficient that is not rational. */
static bool to_rational(const fm_factors *from, const fm_laurents *laurents, fm_factors *to)
{
    fmpq_t value;
    bool good = true;
    fmpq_init(value);
    fm_factors_init(to, from->extent);
    for (uint32_t r = 0; r < from->rank; r++) {
        for (size_t e = from->start[r]; e < from->start[r + 1]; e++) {
            good = fm_laurent_is_rational(fm_laurents_at(laurents, &from->value[e]), value) && good;
            fm_factors_push(to, from->index[e], value);
        }
        fm_factors_end_row(to);
    }
    fmpq_clear(value);
    return good;
}

/* Replaces the coefficients of readings by rationals if all of them are, as some in a file with others
   may be. */
static bool make_rational(fm_reading *readings, size_t count, const fm_laurents *laurents)
{
    bool good = true;
    fm_factors(*factors)[3] = fm_alloc(count, sizeof *factors);
    for (size_t i = 0; i < count; i++)
        for (int axis = 0; axis < 3; axis++)
            good = to_rational(&readings[i].factors[axis], laurents, &factors[i][axis]) && good;
    for (size_t i = 0; i < count; i++)
        for (int axis = 0; axis < 3; axis++) {
            fm_factors_clear(good ? &readings[i].factors[axis] : &factors[i][axis]);
            if (good)
                readings[i].factors[axis] = factors[i][axis];
        }
    free(factors);
    return good;
}

/* ---------------------------------------------------------------- what is meant */

static bool holds(const fm_scheme *scheme, const fm_laurents *laurents)
{
    fm_border_verdict verdict;
    fm_status status = fm_border_verify(scheme, laurents, &verdict);
    fm_border_verdict_clear(&verdict);
    return status == FM_OK;
}

/* Of the meanings the first that holds, or the first. */
static fm_status infer_scheme(const fm_reading_list *readings, const fm_reading *reading,
                              const fm_read_options *options, const fm_scheme_list *before,
                              fm_scheme **out, fm_error *error)
{
    static const fm_ring numbers = {.kind = FM_RING_Z};
    fm_meaning meanings[FM_MEANINGS_MAX];
    size_t count;
    *out = NULL;
    fm_status status = fm_reading_meanings(reading, options, meanings, &count, error);
    for (size_t m = 0; m < count && status == FM_OK; m++) {
        fm_scheme *scheme;
        status = fm_reading_to_scheme(reading, &meanings[m], &numbers, before, &scheme, error);
        if (status != FM_OK)
            break;
        bool is_meant = *out == NULL || holds(scheme, readings->laurents);
        if (is_meant) {
            fm_scheme_free(*out);
            *out = scheme;
        } else {
            fm_scheme_free(scheme);
        }
        if (m == 0 && count > 1 && holds(*out, readings->laurents))
            break;
    }
    return status;
}

/* Of the readings first to end - 1 the first that holds, or the first that can be meant. */
static fm_status infer_alternatives(const fm_reading_list *readings, size_t first, size_t end,
                                    const fm_read_options *options, const fm_scheme_list *before,
                                    fm_scheme **out, fm_error *error)
{
    bool is_meant = false;
    *out = NULL;
    for (size_t i = first; i < end && !is_meant; i++) {
        fm_scheme *scheme;
        fm_status status = infer_scheme(readings, &readings->readings[i], options, before, &scheme,
                                        i == first ? error : NULL);
        is_meant = status == FM_OK && end - first > 1 && holds(scheme, readings->laurents);
        if (status == FM_OK && (*out == NULL || is_meant)) {
            fm_scheme_free(*out);
            *out = scheme;
        } else {
            fm_scheme_free(scheme);
        }
    }
    return *out != NULL ? FM_OK : FM_BAD_INPUT;
}

static fm_status check_ring(const fm_reading *reading, const fm_read_options *options,
                            fm_error *error)
{
    char name[FM_RING_NAME_SIZE];
    const fm_ring *ring = options != NULL && options->ring != NULL ? options->ring
                          : reading->has_ring                      ? &reading->ring
                                                                   : NULL;
    if (ring == NULL || ring->kind == FM_RING_Q)
        return FM_OK;
    return fm_fail(error, FM_BAD_INPUT,
                   "polynomials in a parameter and complex coefficients are not in %s",
                   fm_ring_name(*ring, name));
}

/* One scheme, of the readings first to end - 1. */
static fm_status infer_any(fm_reading_list *readings, size_t first, size_t end,
                           const fm_read_options *options, const fm_scheme_list *before,
                           fm_scheme **out, fm_error *error)
{
    fm_error reason;
    fm_reading *reading = &readings->readings[first];
    if (make_rational(reading, end - first, readings->laurents)) {
        fm_scheme_list one;
        fm_reading_list alone = {.kind = readings->kind,
                                 .name = readings->name,
                                 .count = end - first,
                                 .readings = reading};
        fm_status status = fm_infer(&alone, options, &one, error);
        *out = status == FM_OK ? one.schemes[0] : NULL;
        free(status == FM_OK ? one.schemes : NULL);
        return status;
    }
    fm_status status = check_ring(reading, options, &reason);
    if (status == FM_OK)
        status = infer_alternatives(readings, first, end, options, before, out, &reason);
    if (status != FM_OK)
        return fm_reading_refuse(readings, reading, error, "%s", reason.message);
    (*out)->laurents = readings->laurents;
    fm_infer_origin(*out, readings->kind, options);
    return FM_OK;
}

fm_status fm_border_infer(fm_reading_list *readings, const fm_read_options *options,
                          fm_scheme_list *out, fm_error *error)
{
    size_t end;
    *out = (fm_scheme_list){0};
    for (size_t i = 0; i < readings->count; i = end) {
        fm_scheme *scheme;
        for (end = i + 1; end < readings->count && readings->readings[end].is_alternative;)
            end++;
        fm_status status = infer_any(readings, i, end, options, out, &scheme, error);
        if (status != FM_OK) {
            fm_scheme_list_free(out);
            return status;
        }
        fm_scheme_list_push(out, scheme);
    }
    return FM_OK;
}

/* ---------------------------------------------------------------- files */

fm_status fm_border_read(const char *path, const fm_read_options *options, fm_scheme_list *out,
                         fm_laurents **laurents, fm_error *error)
{
    fm_reading_list readings;
    *out = (fm_scheme_list){0};
    *laurents = NULL;
    fm_status status = fm_readings_read(path, options, &readings, error);
    if (status != FM_OK)
        return status;
    status = readings.laurents != NULL ? fm_border_infer(&readings, options, out, error)
                                       : fm_infer(&readings, options, out, error);
    *laurents = readings.laurents;
    readings.laurents = NULL;
    fm_reading_list_free(&readings);
    return status;
}
