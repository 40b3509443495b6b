#include "scheme.h"

#include "error.h"
#include "memory.h"
#include "plain.h"

#include <assert.h>
#include <math.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---------------------------------------------------------------- factor matrices */

void fm_factors_init(fm_factors *factors, uint32_t extent)
{
    *factors = (fm_factors){.extent = extent, .row_capacity = 16};
    factors->start = fm_alloc(factors->row_capacity, sizeof *factors->start);
    factors->start[0] = 0;
}

void fm_factors_clear(fm_factors *factors)
{
    for (size_t e = 0; e < factors->count; e++)
        fmpq_clear(&factors->value[e]);
    free(factors->value);
    free(factors->index);
    free(factors->start);
    *factors = (fm_factors){0};
}

void fm_factors_push(fm_factors *factors, uint32_t index, const fmpq_t value)
{
    assert(index < factors->extent);
    assert(factors->count == factors->start[factors->rank] ||
           factors->index[factors->count - 1] < index);
    if (fmpq_is_zero(value))
        return;
    if (factors->count == factors->capacity) {
        size_t capacity = factors->capacity;
        factors->index = fm_grow(factors->index, factors->count, &capacity, sizeof(uint32_t));
        factors->value = fm_realloc(factors->value, capacity, sizeof(fmpq));
        factors->capacity = capacity;
    }
    factors->index[factors->count] = index;
    fmpq_init(&factors->value[factors->count]);
    fmpq_set(&factors->value[factors->count], value);
    factors->count++;
}

void fm_factors_push_si(fm_factors *factors, uint32_t index, long value)
{
    fmpq_t fraction;
    fmpq_init(fraction);
    fmpq_set_si(fraction, value, 1);
    fm_factors_push(factors, index, fraction);
    fmpq_clear(fraction);
}

void fm_factors_end_row(fm_factors *factors)
{
    factors->rank++;
    factors->start = fm_grow(factors->start, factors->rank, &factors->row_capacity, sizeof(size_t));
    factors->start[factors->rank] = factors->count;
}

void fm_factors_copy_row(fm_factors *factors, const fm_factors *from, uint32_t r)
{
    assert(r < from->rank && from->extent == factors->extent);
    for (size_t e = from->start[r]; e < from->start[r + 1]; e++)
        fm_factors_push(factors, from->index[e], &from->value[e]);
    fm_factors_end_row(factors);
}

fm_ring fm_factors_smallest_ring(const fm_factors factors[3])
{
    fm_ring ring = FM_RING_ZT_VALUE;
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < factors[axis].count; e++)
            while (!fm_ring_has(ring, &factors[axis].value[e]))
                ring = ring.kind == FM_RING_ZT ? FM_RING_Z_VALUE : FM_RING_Q_VALUE;
    return ring;
}

/* ---------------------------------------------------------------- provenance */

void fm_provenance_clear(fm_provenance *provenance)
{
    free(provenance->engine);
    free(provenance->version);
    free(provenance->time);
    for (size_t i = 0; i < provenance->parent_count; i++)
        free(provenance->parents[i]);
    free(provenance->parents);
    *provenance = (fm_provenance){0};
}

static char *copy_plain(const char *text)
{
    if (text == NULL)
        return NULL;
    char *copy = fm_strdup(text);
    fm_make_plain(copy);
    return copy;
}

void fm_scheme_set_provenance(fm_scheme *scheme, const fm_provenance *provenance)
{
    fm_provenance copy = *provenance;
    copy.engine = copy_plain(provenance->engine);
    copy.version = copy_plain(provenance->version);
    copy.time = copy_plain(provenance->time);
    copy.parents = fm_alloc(provenance->parent_count, sizeof *copy.parents);
    for (size_t i = 0; i < provenance->parent_count; i++)
        copy.parents[i] = fm_strdup(provenance->parents[i]);
    fm_provenance_clear(&scheme->provenance);
    scheme->provenance = copy;
}

void fm_scheme_set_parents(fm_scheme *scheme, const char *engine, const uint64_t *seed,
                           const fm_scheme *const *parents, size_t count)
{
    char when[32];
    time_t now = time(NULL);
    struct tm utc;
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
    char(*hashes)[FM_HASH_SIZE] = fm_alloc(count, sizeof *hashes);
    char **names = fm_alloc(count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        fm_scheme_hash(parents[i], hashes[i]);
        names[i] = hashes[i];
    }
    fm_scheme_set_provenance(scheme, &(fm_provenance){.engine = (char *)engine,
                                                      .version = FEWMUL_VERSION,
                                                      .time = when,
                                                      .seed = seed != NULL ? *seed : 0,
                                                      .has_seed = seed != NULL,
                                                      .parents = names,
                                                      .parent_count = count});
    free(names);
    free(hashes);
}

/* ---------------------------------------------------------------- schemes */

static fm_status check_factors(const fm_tensor *tensor, fm_ring ring, const fm_factors factors[3],
                               fm_error *error)
{
    char name[FM_RING_NAME_SIZE];
    for (int axis = 0; axis < 3; axis++) {
        const fm_factors *f = &factors[axis];
        if (f->rank != factors[0].rank)
            return fm_fail(error, FM_BAD_INPUT, "%c has %u rows and U has %u", "UVW"[axis],
                           f -> rank, factors[0].rank);
        if (f->extent != tensor->extent[axis])
            return fm_fail(error, FM_BAD_INPUT, "%c has rows of %u coefficients, expected %u",
                           "UVW"[axis], f -> extent, tensor -> extent[axis]);
        for (uint32_t r = 0; r < f->rank; r++)
            for (size_t e = f->start[r]; e < f->start[r + 1]; e++)
                if (!fm_ring_has(ring, &f->value[e])) {
                    char *text = fmpq_get_str(NULL, 10, &f->value[e]);
                    fm_fail(error, FM_BAD_INPUT, "%c[%u][%u] is %.60s, which is not in %s",
                            "UVW"[axis], r, f -> index[e], text, fm_ring_name(ring, name));
                    flint_free(text);
                    return FM_BAD_INPUT;
                }
    }
    return FM_OK;
}

fm_status fm_scheme_new(const fm_tensor *tensor, fm_ring ring, fm_factors factors[3],
                        fm_scheme **out, fm_error *error)
{
    *out = NULL;
    fm_status status = check_factors(tensor, ring, factors, error);
    if (status != FM_OK) {
        for (int axis = 0; axis < 3; axis++)
            fm_factors_clear(&factors[axis]);
        return status;
    }
    fm_scheme *scheme = fm_alloc_zero(1, sizeof *scheme);
    scheme->tensor = fm_tensor_share(tensor);
    scheme->ring = ring;
    scheme->rank = factors[0].rank;
    for (int axis = 0; axis < 3; axis++) {
        scheme->factors[axis] = factors[axis];
        factors[axis] = (fm_factors){0};
    }
    *out = scheme;
    return FM_OK;
}

void fm_scheme_free(fm_scheme *scheme)
{
    if (scheme == NULL)
        return;
    for (int axis = 0; axis < 3; axis++)
        fm_factors_clear(&scheme->factors[axis]);
    fm_provenance_clear(&scheme->provenance);
    fm_tensor_free(scheme->tensor);
    free((char *)scheme->origin.entry);
    free(scheme);
}

fm_status fm_scheme_standard(const fm_tensor *tensor, fm_ring ring, fm_scheme **out,
                             fm_error *error)
{
    fm_factors factors[3];
    fmpq_t value;
    fmpq_init(value);
    for (int axis = 0; axis < 3; axis++)
        fm_factors_init(&factors[axis], tensor->extent[axis]);
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        fmpz_set(fmpq_numref(value), &entry->value);
        fmpz_one(fmpq_denref(value));
        if (ring.kind == FM_RING_ZP)
            fm_ring_map(ring, value, value);
        if (fmpq_is_zero(value))
            continue;
        fm_factors_push_si(&factors[0], entry->i, 1);
        fm_factors_push_si(&factors[1], entry->j, 1);
        fm_factors_push(&factors[2], entry->k, value);
        for (int axis = 0; axis < 3; axis++)
            fm_factors_end_row(&factors[axis]);
    }
    fmpq_clear(value);
    return fm_scheme_new(tensor, ring, factors, out, error);
}

uint32_t fm_scheme_rank(const fm_scheme *scheme)
{
    return scheme->rank;
}

fm_ring fm_scheme_ring(const fm_scheme *scheme)
{
    return scheme->ring;
}

const fm_tensor *fm_scheme_tensor(const fm_scheme *scheme)
{
    return scheme->tensor;
}

const fm_origin *fm_scheme_origin(const fm_scheme *scheme)
{
    return scheme->was_read ? &scheme->origin : NULL;
}

uint64_t fm_scheme_additions(const fm_scheme *scheme)
{
    uint64_t additions = 0;
    for (int axis = 0; axis < 2; axis++)
        for (uint32_t r = 0; r < scheme->rank; r++) {
            size_t terms = scheme->factors[axis].start[r + 1] - scheme->factors[axis].start[r];
            additions += terms > 0 ? terms - 1 : 0;
        }
    const fm_factors *w = &scheme->factors[2];
    uint32_t *terms = fm_alloc_zero(w->extent, sizeof *terms);
    for (size_t e = 0; e < w->count; e++)
        terms[w->index[e]]++;
    for (uint32_t k = 0; k < w->extent; k++)
        additions += terms[k] > 0 ? terms[k] - 1 : 0;
    free(terms);
    return additions;
}

double fm_scheme_exponent(const fm_scheme *scheme)
{
    const uint32_t *format = scheme->tensor->format;
    double volume = (double)format[0] * format[1] * format[2];
    return volume > 1 ? 3 * log(scheme->rank) / log(volume) : NAN;
}

fm_status fm_scheme_to_ring(const fm_scheme *scheme, fm_ring ring, fm_scheme **out, fm_error *error)
{
    fm_factors factors[3];
    fmpq_t image;
    char from[FM_RING_NAME_SIZE], to[FM_RING_NAME_SIZE];
    *out = NULL;
    if (scheme->ring.kind == FM_RING_ZP && !fm_ring_equal(ring, scheme->ring))
        return fm_fail(error, FM_BAD_INPUT, "no map from %s to %s: that takes a lift",
                       fm_ring_name(scheme->ring, from), fm_ring_name(ring, to));
    fmpq_init(image);
    for (int axis = 0; axis < 3; axis++)
        fm_factors_init(&factors[axis], scheme->factors[axis].extent);
    fm_status status = FM_OK;
    for (int axis = 0; axis < 3; axis++) {
        const fm_factors *f = &scheme->factors[axis];
        for (uint32_t r = 0; r < f->rank; r++) {
            for (size_t e = f->start[r]; e < f->start[r + 1] && status == FM_OK; e++) {
                if (fm_ring_map(ring, &f->value[e], image))
                    fm_factors_push(&factors[axis], f->index[e], image);
                else
                    status = fm_fail(error, FM_BAD_INPUT, "%c[%u][%u] has no image in %s",
                                     "UVW"[axis], r, f -> index[e], fm_ring_name(ring, to));
            }
            fm_factors_end_row(&factors[axis]);
        }
    }
    fmpq_clear(image);
    if (status == FM_OK)
        return fm_scheme_new(scheme->tensor, ring, factors, out, error);
    for (int axis = 0; axis < 3; axis++)
        fm_factors_clear(&factors[axis]);
    return status;
}

/* ---------------------------------------------------------------- canonical form */

void fm_factors_row_scalar(const fm_factors *factors, uint32_t r, fm_ring ring, fmpq_t scalar)
{
    size_t first = factors->start[r], end = factors->start[r + 1];
    fmpq_one(scalar);
    if (first == end)
        return;
    if (ring.kind == FM_RING_ZP) {
        fmpq_set(scalar, &factors->value[first]);
        return;
    }
    fmpz_zero(fmpq_numref(scalar));
    for (size_t e = first; e < end; e++) {
        fmpz_gcd(fmpq_numref(scalar), fmpq_numref(scalar), fmpq_numref(&factors->value[e]));
        fmpz_lcm(fmpq_denref(scalar), fmpq_denref(scalar), fmpq_denref(&factors->value[e]));
    }
    if (fmpq_sgn(&factors->value[first]) < 0)
        fmpq_neg(scalar, scalar);
}

void fm_factors_scale_row(fm_factors *to, const fm_factors *from, uint32_t r, const fmpq_t scale,
                          fm_ring ring)
{
    fmpq_t value;
    fmpq_init(value);
    for (size_t e = from->start[r]; e < from->start[r + 1]; e++) {
        fmpq_mul(value, &from->value[e], scale);
        if (ring.kind == FM_RING_ZP)
            fm_ring_map(ring, value, value);
        fm_factors_push(to, from->index[e], value);
    }
    fm_factors_end_row(to);
    fmpq_clear(value);
}

int fm_factors_compare_rows(const fm_factors *f, uint32_t a, const fm_factors *g, uint32_t b)
{
    size_t x = f->start[a], y = g->start[b];
    for (; x < f->start[a + 1] && y < g->start[b + 1]; x++, y++) {
        if (f->index[x] != g->index[y])
            return f->index[x] < g->index[y] ? -1 : 1;
        int order = fmpq_cmp(&f->value[x], &g->value[y]);
        if (order != 0)
            return order;
    }
    return (x < f->start[a + 1]) - (y < g->start[b + 1]);
}

static int compare_products(const void *a, const void *b, void *context)
{
    const fm_factors *factors = context;
    for (int axis = 0; axis < 3; axis++) {
        int order = fm_factors_compare_rows(&factors[axis], *(const uint32_t *)a, &factors[axis],
                                            *(const uint32_t *)b);
        if (order != 0)
            return order;
    }
    return 0;
}

static void normalize_scalars(const fm_scheme *scheme, fm_factors factors[3])
{
    fmpq_t scalar, inverse, product;
    fmpq_init(scalar);
    fmpq_init(inverse);
    fmpq_init(product);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fmpq_one(product);
        for (int axis = 0; axis < 2; axis++) {
            fm_factors_row_scalar(&scheme->factors[axis], r, scheme->ring, scalar);
            fmpq_mul(product, product, scalar);
            fmpq_inv(inverse, scalar);
            fm_factors_scale_row(&factors[axis], &scheme->factors[axis], r, inverse, scheme->ring);
        }
        fm_factors_scale_row(&factors[2], &scheme->factors[2], r, product, scheme->ring);
    }
    fmpq_clear(product);
    fmpq_clear(inverse);
    fmpq_clear(scalar);
}

fm_scheme *fm_scheme_canonical(const fm_scheme *scheme)
{
    fm_factors scaled[3], sorted[3];
    uint32_t *order = fm_alloc(scheme->rank, sizeof *order);
    for (int axis = 0; axis < 3; axis++) {
        fm_factors_init(&scaled[axis], scheme->factors[axis].extent);
        fm_factors_init(&sorted[axis], scheme->factors[axis].extent);
    }
    normalize_scalars(scheme, scaled);
    for (uint32_t r = 0; r < scheme->rank; r++)
        order[r] = r;
    qsort_r(order, scheme->rank, sizeof *order, compare_products, scaled);
    for (int axis = 0; axis < 3; axis++) {
        for (uint32_t r = 0; r < scheme->rank; r++)
            fm_factors_copy_row(&sorted[axis], &scaled[axis], order[r]);
        fm_factors_clear(&scaled[axis]);
    }
    free(order);
    fm_scheme *canonical;
    fm_status status = fm_scheme_new(scheme->tensor, scheme->ring, sorted, &canonical, NULL);
    assert(status == FM_OK); /* scaling by the content stays in the ring */
    (void)status;
    fm_scheme_set_provenance(canonical, &scheme->provenance);
    return canonical;
}

/* ---------------------------------------------------------------- coefficients */

static int compare_coefficients(const void *a, const void *b)
{
    return fmpq_cmp(*(const fmpq *const *)a, *(const fmpq *const *)b);
}

/* Sorts a list and leaves one of each number; returns how many. */
static size_t sort_unique(const fmpq **list, size_t count)
{
    size_t unique = 0;
    if (count > 0)
        qsort(list, count, sizeof *list, compare_coefficients);
    for (size_t i = 0; i < count; i++)
        if (unique == 0 || !fmpq_equal(list[unique - 1], list[i]))
            list[unique++] = list[i];
    return unique;
}

const fmpq **fm_scheme_coefficients(const fm_scheme *scheme, size_t *count)
{
    size_t used = 0, capacity = 256;
    const fmpq **list = fm_alloc(capacity, sizeof *list);
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < scheme->factors[axis].count; e++) {
            const fmpq *value = &scheme->factors[axis].value[e];
            if (used > 0 && fmpq_equal(list[used - 1], value))
                continue;
            if (used == capacity) { /* often only repetitions, which then make room */
                used = sort_unique(list, used);
                capacity = used > capacity / 2 ? 2 * capacity : capacity;
                list = fm_realloc(list, capacity, sizeof *list);
            }
            list[used++] = value;
        }
    *count = sort_unique(list, used);
    return list;
}

/* ---------------------------------------------------------------- hash */

static void hash_text(struct sha256_ctx *context, const char *text)
{
    sha256_update(context, strlen(text), (const uint8_t *)text);
}

static void hash_tensor(struct sha256_ctx *context, const fm_tensor *tensor)
{
    char line[128];
    snprintf(line, sizeof line, "tensor %u %u %u\n", tensor->extent[0], tensor->extent[1],
             tensor->extent[2]);
    hash_text(context, line);
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        snprintf(line, sizeof line, "%u %u %u ", entry->i, entry->j, entry->k);
        hash_text(context, line);
        char *value = fmpz_get_str(NULL, 10, &entry->value);
        hash_text(context, value);
        hash_text(context, "\n");
        flint_free(value);
    }
}

static void print_digest(struct sha256_ctx *context, char hash[FM_HASH_SIZE])
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_digest(context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}

void fm_tensor_hash(const fm_tensor *tensor, char hash[FM_HASH_SIZE])
{
    struct sha256_ctx context;
    sha256_init(&context);
    hash_tensor(&context, tensor);
    print_digest(&context, hash);
}

static void hash_row(struct sha256_ctx *context, const fm_factors *factors, uint32_t r)
{
    char index[16];
    for (size_t e = factors->start[r]; e < factors->start[r + 1]; e++) {
        char *value = fmpq_get_str(NULL, 10, &factors->value[e]);
        snprintf(index, sizeof index, "%u:", factors->index[e]);
        hash_text(context, index);
        hash_text(context, value);
        hash_text(context, " ");
        flint_free(value);
    }
}

/* The text that is hashed is described in docs/results-store.md; it must never change. */
void fm_scheme_hash(const fm_scheme *scheme, char hash[FM_HASH_SIZE])
{
    struct sha256_ctx context;
    char line[FM_RING_NAME_SIZE + 32], name[FM_RING_NAME_SIZE];
    fm_scheme *canonical = fm_scheme_canonical(scheme);
    sha256_init(&context);
    hash_tensor(&context, scheme->tensor);
    snprintf(line, sizeof line, "ring %s\nrank %u\n", fm_ring_name(scheme->ring, name),
             scheme->rank);
    hash_text(&context, line);
    for (uint32_t r = 0; r < canonical->rank; r++)
        for (int axis = 0; axis < 3; axis++) {
            hash_row(&context, &canonical->factors[axis], r);
            hash_text(&context, axis < 2 ? "; " : "\n");
        }
    print_digest(&context, hash);
    fm_scheme_free(canonical);
}
