#include "infer.h"

#include "error.h"
#include "scheme_file.h"
#include "tensor_guess.h"

#include <string.h>

/* ---------------------------------------------------------------- what is meant */

static bool holds(const fm_scheme *scheme)
{
    fm_verdict verdict;
    fm_status status = fm_verify(scheme, scheme->tensor, scheme->ring, &verdict, NULL);
    fm_verdict_clear(&verdict);
    return status == FM_OK;
}

static bool holds_somewhere(const fm_scheme *scheme)
{
    fm_verdict verdict;
    fm_status status = fm_verify_smallest_ring(scheme, &verdict, NULL);
    fm_verdict_clear(&verdict);
    return status == FM_OK;
}

/* The first of the schemes that holds, over its own ring before others, or the first of all. */
static size_t choose(fm_scheme *const *schemes, size_t count)
{
    for (size_t s = 0; s < count && count > 1; s++)
        if (holds(schemes[s]))
            return s;
    for (size_t s = 0; s < count && count > 1; s++)
        if (holds_somewhere(schemes[s]))
            return s;
    return 0;
}

/* Whether every coefficient is from 0 to p - 1. */
static bool are_residues(const fm_scheme *scheme, fm_ring ring)
{
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < scheme->factors[axis].count; e++)
            if (!fm_ring_has(ring, &scheme->factors[axis].value[e]))
                return false;
    return true;
}

/* Takes a scheme whose file names no ring modulo p, if it holds there only and loses nothing. */
static void infer_ring(fm_scheme **scheme)
{
    fm_verdict verdict;
    fm_scheme *image;
    if (!are_residues(*scheme, fm_ring_modulo(97)))
        return;
    fm_status status = fm_verify_smallest_ring(*scheme, &verdict, NULL);
    fm_ring ring = verdict.ring;
    fm_verdict_clear(&verdict);
    if (status != FM_OK || ring.kind != FM_RING_ZP || !are_residues(*scheme, ring) ||
        fm_scheme_to_ring(*scheme, ring, &image, NULL) != FM_OK)
        return;
    fm_scheme_set_provenance(image, &(*scheme)->provenance);
    image->was_read = true;
    image->origin = (*scheme)->origin;
    image->origin.ring_inferred = true;
    (*scheme)->origin.entry = NULL; /* it moves along */
    fm_scheme_free(*scheme);
    *scheme = image;
}

static fm_status infer_scheme(const fm_reading *reading, const fm_read_options *options,
                              const fm_scheme_list *before, fm_scheme **out, fm_error *error)
{
    fm_meaning meanings[FM_MEANINGS_MAX];
    fm_scheme *schemes[FM_MEANINGS_MAX] = {NULL};
    const fm_ring *ring = options != NULL ? options->ring : NULL;
    size_t count, made = 0;
    fm_status status = fm_reading_meanings(reading, options, meanings, &count, error);
    while (status == FM_OK && made < count) {
        status =
            fm_reading_to_scheme(reading, &meanings[made], ring, before, &schemes[made], error);
        made += status == FM_OK;
    }
    if (status == FM_OK) {
        size_t chosen = choose(schemes, count);
        *out = schemes[chosen];
        schemes[chosen] = NULL;
        if (!reading->has_ring && ring == NULL)
            infer_ring(out);
    }
    for (size_t s = 0; s < made; s++)
        fm_scheme_free(schemes[s]);
    return status;
}

void fm_infer_origin(fm_scheme *scheme, fm_file_kind kind, const fm_read_options *options)
{
    scheme->origin.kind = kind;
    if (options == NULL)
        return;
    if (options->tensor != NULL)
        scheme->origin.tensor_inferred = false;
    if (options->w_order != FM_W_UNKNOWN)
        scheme->origin.w_order_inferred = false;
}

/* The alternatives first to end - 1, of which those that cannot be meant do not count. */
static fm_status infer_alternatives(const fm_reading_list *readings, size_t first, size_t end,
                                    const fm_read_options *options, const fm_scheme_list *before,
                                    fm_scheme **out, fm_error *error)
{
    fm_status status = FM_BAD_INPUT;
    *out = NULL;
    for (size_t i = first; i < end; i++) {
        fm_scheme *scheme;
        bool is_first = *out == NULL;
        fm_status outcome = infer_scheme(&readings->readings[i], options, before, &scheme,
                                         i == first ? error : NULL);
        if (outcome != FM_OK)
            continue;
        status = FM_OK;
        bool is_meant = end - first == 1 || holds_somewhere(scheme);
        if (is_first || is_meant) {
            fm_scheme_free(*out);
            *out = scheme;
        } else {
            fm_scheme_free(scheme);
        }
        if (is_meant)
            break;
    }
    return status;
}

/* The lengths of factors, where they are shown: by the largest index where entries have one. */
static bool shows_extents(const fm_reading *reading, uint32_t extent[3])
{
    if (reading->format[0] != 0 || reading->tensor != NULL)
        return false;
    for (int axis = 0; axis < 3; axis++) {
        const fm_factors *f = &reading->factors[axis];
        extent[axis] = reading->is_open ? 0 : f->extent;
        for (size_t e = 0; e < f->count && reading->is_open; e++)
            extent[axis] = f->index[e] >= extent[axis] ? f->index[e] + 1 : extent[axis];
        if (extent[axis] == 0 || (reading->is_open && reading->columns[axis] > 0))
            return false;
    }
    return true;
}

/* Named tensors of a shape. */
typedef size_t guess_function(const uint32_t extent[3], fm_tensor *guesses[FM_TENSOR_GUESSES_MAX]);

/* The scheme that a reading is of the first of the tensors for which it holds; NULL when there is
   none. */
static fm_scheme *find_named(const fm_reading *reading, const fm_read_options *options,
                             const fm_scheme_list *before, guess_function *guess)
{
    uint32_t extent[3];
    fm_tensor *guesses[FM_TENSOR_GUESSES_MAX];
    fm_read_options with = options != NULL ? *options : (fm_read_options){0};
    if (!shows_extents(reading, extent))
        return NULL;
    size_t count = guess(extent, guesses), made = 0;
    fm_scheme *schemes[FM_TENSOR_GUESSES_MAX] = {NULL}, *found = NULL;
    for (size_t g = 0; g < count; g++) {
        with.tensor = guesses[g];
        made += infer_scheme(reading, &with, before, &schemes[made], NULL) == FM_OK;
    }
    size_t chosen = choose(schemes, made);
    if (made > 0 && holds_somewhere(schemes[chosen])) {
        found = schemes[chosen];
        schemes[chosen] = NULL;
    }
    for (size_t s = 0; s < made; s++)
        fm_scheme_free(schemes[s]);
    for (size_t g = 0; g < count; g++)
        fm_tensor_free(guesses[g]);
    return found;
}

/* Takes a reading for a scheme of a named tensor of its shape, if it holds for one. */
static bool infer_named(const fm_reading *reading, const fm_read_options *options,
                        const fm_scheme_list *before, fm_scheme **out)
{
    fm_scheme *found = find_named(reading, options, before, fm_tensor_guess);
    if (found == NULL)
        return false;
    found->origin.tensor_inferred = true;
    fm_scheme_free(*out);
    *out = found;
    return true;
}

/* Adds to the reason why a reading is no scheme of a matrix product what it is one of. */
static fm_status refuse(const fm_reading_list *readings, const fm_reading *reading,
                        const fm_read_options *options, const fm_scheme_list *before,
                        const fm_error *reason, fm_error *error)
{
    bool is_told = options != NULL && options->tensor != NULL;
    fm_scheme *found =
        is_told ? NULL : find_named(reading, options, before, fm_tensor_guess_structured);
    fm_status status =
        found == NULL
            ? fm_reading_refuse(readings, reading, error, "%s", reason->message)
            : fm_reading_refuse(readings, reading, error, "%s; the scheme holds for --tensor %s",
                                reason->message, found->tensor->name);
    fm_scheme_free(found);
    return status;
}

/* What no matrix product is may be another tensor that has a name. */
static fm_status infer_others(const fm_reading_list *readings, size_t first, size_t end,
                              const fm_read_options *options, const fm_scheme_list *before,
                              fm_scheme **out, fm_status status)
{
    bool is_told = options != NULL && (options->tensor != NULL || options->w_order != FM_W_UNKNOWN);
    if (is_told || (status == FM_OK && holds_somewhere(*out)))
        return status;
    for (size_t i = first; i < end; i++)
        if (infer_named(&readings->readings[i], options, before, out))
            return FM_OK;
    return status;
}

fm_status fm_infer(const fm_reading_list *readings, const fm_read_options *options,
                   fm_scheme_list *out, fm_error *error)
{
    size_t end, room = FM_TENSORS_ROOM;
    *out = (fm_scheme_list){0};
    fm_status readable = fm_reading_list_check(readings, error);
    if (readable != FM_OK)
        return readable;
    for (size_t i = 0; i < readings->count; i = end) {
        fm_error reason;
        fm_scheme *scheme;
        for (end = i + 1; end < readings->count && readings->readings[end].is_alternative;)
            end++;
        fm_status status = infer_alternatives(readings, i, end, options, out, &scheme, &reason);
        status = infer_others(readings, i, end, options, out, &scheme, status);
        if (status == FM_OK)
            status = fm_reading_charge(scheme, &room, &reason);
        if (status != FM_OK) {
            fm_scheme_free(scheme);
            status = refuse(readings, &readings->readings[i], options, out, &reason, error);
            fm_scheme_list_free(out);
            return status;
        }
        fm_infer_origin(scheme, readings->kind, options);
        fm_scheme_list_push(out, scheme);
    }
    return FM_OK;
}

/* ---------------------------------------------------------------- files */

fm_status fm_scheme_read_as(const char *path, const fm_read_options *options, fm_scheme_list *out,
                            fm_error *error)
{
    fm_reading_list readings;
    *out = (fm_scheme_list){0};
    fm_status status = fm_readings_read(path, options, &readings, error);
    if (status == FM_OK)
        status = fm_infer(&readings, options, out, error);
    fm_reading_list_free(&readings);
    return status;
}

fm_status fm_scheme_parse_as(const char *text, size_t length, const char *name,
                             const fm_read_options *options, fm_scheme_list *out, fm_error *error)
{
    fm_reading_list readings;
    *out = (fm_scheme_list){0};
    fm_input input = {.text = text,
                      .length = length,
                      .name = name,
                      .tensor = options != NULL ? options->tensor : NULL};
    fm_status status = fm_readings_parse(&input, &readings, error);
    if (status == FM_OK)
        status = fm_infer(&readings, options, out, error);
    fm_reading_list_free(&readings);
    return status;
}

fm_status fm_scheme_read(const char *path, fm_scheme_list *out, fm_error *error)
{
    return fm_scheme_read_as(path, NULL, out, error);
}

fm_status fm_scheme_parse(const char *text, size_t length, const char *name, fm_scheme_list *out,
                          fm_error *error)
{
    return fm_scheme_parse_as(text, length, name, NULL, out, error);
}
