/* Schemes as NumPy arrays: one array in a .npy file, or the members of an .npz archive;
   docs/scheme-file.md. */
#include "archive.h"
#include "error.h"
#include "memory.h"
#include "numpy.h"
#include "scheme_file.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Room for coefficients that are not 0, in units of one word; rows count as one. What an archive
   unpacks to is mostly zeros. */
enum { ROOM = 1 << 26 };

/* A flat array of some numbers may be U, V and W of several formats, which are all tried. */
enum { GUESSES_MAX = 64 };

typedef struct reader {
    const fm_input *input;
    fm_reading_list *list;
    const char *entry; /* of an archive, NULL outside */
    size_t room;       /* what is left */
    fm_error *error;
} reader;

__attribute__((format(printf, 2, 3))) static fm_status refuse(const reader *in, const char *format,
                                                              ...)
{
    char reason[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    if (in->entry == NULL)
        return fm_fail(in->error, FM_BAD_INPUT, "%.300s: %s", in->input->name, reason);
    return fm_fail(in->error, FM_BAD_INPUT, "%.300s: %.80s: %s", in->input->name, in->entry,
                   reason);
}

/* ---------------------------------------------------------------- factor matrices in arrays */

/* A factor matrix inside an array: entry e of product r is at
   start + r * product_stride + e / columns * row_stride + e % columns * column_stride. */
typedef struct view {
    const fm_array *array;
    size_t start, product_stride, row_stride, column_stride;
    uint32_t rank, extent, columns;
    bool has_pairs; /* numerator and denominator */
} view;

static bool take_number(const view *v, size_t place, fmpq_t value)
{
    if (!v->has_pairs)
        return fm_array_number(v->array, place, value);
    fmpq_t below;
    fmpq_init(below);
    bool good = fm_array_number(v->array, 2 * place, value) &&
                fm_array_number(v->array, 2 * place + 1, below) && !fmpq_is_zero(below);
    if (good && !fmpq_is_one(below))
        fmpq_div(value, value, below);
    fmpq_clear(below);
    return good;
}

/* False when the room is used up. */
static bool charge(reader *in, const fmpq_t value)
{
    size_t words = 1 + (fmpz_bits(fmpq_numref(value)) + fmpz_bits(fmpq_denref(value))) / 64;
    if (words > in->room)
        return false;
    in->room -= words;
    return true;
}

static fm_status read_row(reader *in, const view *v, int axis, fm_factors *factors, fmpq_t value)
{
    uint32_t r = factors->rank;
    for (uint32_t e = 0; e < v->extent; e++) {
        size_t place = v->start + r * v->product_stride + e / v->columns * v->row_stride +
                       e % v->columns * v->column_stride;
        if (!take_number(v, place, value))
            return refuse(in, "coefficient %u of product %u in %c is no finite number", e, r,
                          "UVW"[axis]);
        if (!fmpq_is_zero(value) && !charge(in, value))
            return refuse(in, "more than %d coefficients that are not 0", ROOM);
        fm_factors_push(factors, e, value);
    }
    fm_factors_end_row(factors);
    return FM_OK;
}

static fm_status read_view(reader *in, const view *v, int axis, fm_factors *factors)
{
    fmpq_t value;
    fm_status status = FM_OK;
    fm_factors_init(factors, v->extent);
    if (v->rank > in->room)
        return refuse(in, "more than %d products", ROOM);
    in->room -= v->rank;
    fmpq_init(value);
    for (uint32_t r = 0; r < v->rank && status == FM_OK; r++)
        status = read_row(in, v, axis, factors, value);
    fmpq_clear(value);
    return status;
}

static fm_reading *add_reading(reader *in)
{
    fm_reading *reading = fm_reading_list_add(in->list);
    reading->entry = in->entry != NULL ? fm_strdup(in->entry) : NULL;
    reading->usual = FM_W_OF_TRANSPOSE;
    return reading;
}

static fm_status read_views(reader *in, const view views[3])
{
    fm_status status = FM_OK;
    fm_reading *reading = add_reading(in);
    for (int axis = 0; axis < 3 && status == FM_OK; axis++) {
        status = read_view(in, &views[axis], axis, &reading->factors[axis]);
        reading->columns[axis] = views[axis].columns > 1 ? views[axis].columns : 0;
    }
    return status;
}

/* ---------------------------------------------------------------- U, V and W apart */

/* An array, or a part of one at an index of its first axis. */
typedef struct slice {
    const fm_array *array;
    size_t start;
    uint32_t dimension_count; /* 2, or 3 when factors are matrices */
    const size_t *shape, *stride;
} slice;

static slice slice_whole(const fm_array *array)
{
    return (slice){array, 0, array->dimension_count, array->shape, array->stride};
}

static slice slice_at(const fm_array *array, size_t index)
{
    return (slice){array, index * array->stride[0], array->dimension_count - 1, array->shape + 1,
                   array->stride + 1};
}

static bool agree_on(const slice slices[3], uint32_t axis)
{
    return slices[0].shape[axis] == slices[1].shape[axis] &&
           slices[0].shape[axis] == slices[2].shape[axis];
}

/* The axis that runs over the products, the first or the last. The rank is the same in all three,
   and no smaller than the length of any factor, or the scheme does not hold. */
static fm_status find_products(const reader *in, const slice slices[3], uint32_t *axis)
{
    uint32_t last = slices[0].dimension_count - 1;
    bool first_fits = agree_on(slices, 0), last_fits = agree_on(slices, last);
    if (!first_fits && !last_fits)
        return refuse(in, "U, V and W do not agree in how many products there are");
    bool is_last = last_fits && (!first_fits || slices[0].shape[last] >= slices[0].shape[0]);
    *axis = is_last ? last : 0;
    return FM_OK;
}

static fm_status make_view(const reader *in, const slice *s, uint32_t products, view *out)
{
    bool is_matrix = s->dimension_count == 3;
    uint32_t row = products == 0 ? 1 : 0;
    size_t rows = s->shape[row], columns = is_matrix ? s->shape[row + 1] : 1;
    if (rows > FM_EXTENT_MAX || columns > FM_EXTENT_MAX || rows * columns > FM_EXTENT_MAX)
        return refuse(in, "a factor of more than %d coefficients", FM_EXTENT_MAX);
    if (s->shape[products] > UINT32_MAX)
        return refuse(in, "too many products");
    *out = (view){.array = s->array,
                  .start = s->start,
                  .product_stride = s->stride[products],
                  .row_stride = s->stride[row],
                  .column_stride = is_matrix ? s->stride[row + 1] : 0,
                  .rank = (uint32_t)s->shape[products],
                  .extent = (uint32_t)(rows * columns),
                  .columns = (uint32_t)columns};
    return FM_OK;
}

static fm_status read_slices(reader *in, const slice slices[3])
{
    view views[3];
    uint32_t products = 0, dimensions = slices[0].dimension_count;
    for (int axis = 0; axis < 3; axis++)
        if (!fm_array_has_numbers(slices[axis].array) || dimensions < 2 || dimensions > 3 ||
            slices[axis].dimension_count != dimensions)
            return refuse(in, "U, V and W are not three arrays of numbers with two axes each, or "
                              "three where factors are matrices");
    fm_status status = find_products(in, slices, &products);
    for (int axis = 0; axis < 3 && status == FM_OK; axis++)
        status = make_view(in, &slices[axis], products, &views[axis]);
    return status == FM_OK ? read_views(in, views) : status;
}

/* ---------------------------------------------------------------- U, V and W in one row */

/* Whether every second number of the array is a positive integer: the denominators of the first.
   A scheme without them has zeros there. */
static bool looks_like_pairs(const fm_array *array)
{
    size_t last = array->dimension_count - 1, length = array->shape[last];
    bool are_pairs = length % 2 == 0 && array->kind != 'f';
    fmpq_t value;
    fmpq_init(value);
    for (size_t i = 0; i < array->count / length && are_pairs; i++)
        for (size_t j = 1; j < length && are_pairs; j += 2) {
            fm_array_number(array, (last > 0 ? i * array->stride[0] : 0) + j * array->stride[last],
                            value);
            are_pairs = fmpq_sgn(value) > 0;
        }
    fmpq_clear(value);
    return are_pairs;
}

static size_t rank_of(size_t count, const uint32_t extent[3])
{
    size_t sum = (size_t)extent[0] + extent[1] + extent[2];
    return sum > 0 && count % sum == 0 ? count / sum : 0;
}

static void extents_of(const uint32_t format[3], uint32_t extent[3])
{
    extent[0] = format[0] * format[1];
    extent[1] = format[1] * format[2];
    extent[2] = format[0] * format[2];
}

/* U, then V, then W, a row a product, as one row of numbers from start. */
static fm_status read_blocks(reader *in, const fm_array *array, size_t start, bool has_pairs,
                             const uint32_t extent[3], size_t rank)
{
    view views[3];
    size_t stride = array->stride[array->dimension_count - 1];
    for (int axis = 0; axis < 3; axis++) {
        views[axis] = (view){.array = array,
                             .start = start,
                             .product_stride = extent[axis] * stride,
                             .row_stride = stride,
                             .rank = (uint32_t)rank,
                             .extent = extent[axis],
                             .columns = 1,
                             .has_pairs = has_pairs};
        start += rank * extent[axis] * stride;
    }
    return read_views(in, views);
}

/* A rank below that of the standard scheme, but no smaller than the length of a factor. */
static bool is_likely(const uint32_t format[3], const uint32_t extent[3], size_t rank)
{
    return rank > 0 && rank <= (size_t)extent[0] * format[2] && rank >= extent[0] &&
           rank >= extent[1] && rank >= extent[2];
}

/* The formats for which count numbers can be U, V and W; the square one, if there is one, first.
   Their number, or GUESSES_MAX + 1 when there are more. */
static size_t guess_formats(size_t count, uint32_t guesses[GUESSES_MAX][3])
{
    size_t found = 0;
    for (uint32_t f = 0; f < FM_FORMAT_MAX * FM_FORMAT_MAX * FM_FORMAT_MAX; f++) {
        uint32_t format[3] = {f / (FM_FORMAT_MAX * FM_FORMAT_MAX) + 1,
                              f / FM_FORMAT_MAX % FM_FORMAT_MAX + 1, f % FM_FORMAT_MAX + 1};
        uint32_t extent[3];
        extents_of(format, extent);
        if (!is_likely(format, extent, rank_of(count, extent)))
            continue;
        if (found == GUESSES_MAX)
            return GUESSES_MAX + 1;
        bool is_square = format[0] == format[1] && format[1] == format[2];
        if (is_square && found > 0)
            memcpy(guesses[found], guesses[0], sizeof format);
        memcpy(guesses[is_square ? 0 : found], format, sizeof format);
        found++;
    }
    return found;
}

static fm_status read_guesses(reader *in, const fm_array *array, size_t start, bool has_pairs,
                              size_t count)
{
    uint32_t guesses[GUESSES_MAX][3], extent[3];
    size_t found = guess_formats(count, guesses);
    if (found == 0 || found > GUESSES_MAX)
        return refuse(in, "%zu numbers in a row can be U, V and W of %s; the tensor must be given",
                      count, found == 0 ? "no format" : "too many formats");
    fm_status status = FM_OK;
    for (size_t g = 0; g < found && status == FM_OK; g++) {
        extents_of(guesses[g], extent);
        status = read_blocks(in, array, start, has_pairs, extent, rank_of(count, extent));
        in->list->readings[in->list->count - 1].is_alternative = g > 0;
    }
    return status;
}

/* One scheme, or one in each row. */
static fm_status read_flat(reader *in, const fm_array *array)
{
    const fm_tensor *tensor = in->input->tensor;
    bool has_pairs = looks_like_pairs(array);
    size_t last = array->dimension_count - 1, length = array->shape[last];
    size_t count = has_pairs ? length / 2 : length;
    fm_status status = FM_OK;
    for (size_t i = 0; i < array->count / length && status == FM_OK; i++) {
        size_t start = last > 0 ? i * array->stride[0] : 0;
        start = has_pairs ? start / 2 : start;
        if (tensor == NULL)
            status = read_guesses(in, array, start, has_pairs, count);
        else if (rank_of(count, tensor->extent) > 0)
            status = read_blocks(in, array, start, has_pairs, tensor->extent,
                                 rank_of(count, tensor->extent));
        else
            status =
                refuse(in, "%zu numbers in a row are no U, V and W of %s", count, tensor->name);
    }
    return status;
}

/* ---------------------------------------------------------------- one array */

static fm_status read_array(reader *in, const fm_array *array)
{
    bool has_numbers = fm_array_has_numbers(array);
    slice slices[3];
    if (array->kind == 'O' && array->count == 3) {
        for (size_t axis = 0; axis < 3; axis++)
            slices[axis] = slice_whole(&array->items[axis]);
        return read_slices(in, slices);
    }
    if (has_numbers && array->dimension_count >= 3 && array->shape[0] == 3) {
        for (size_t axis = 0; axis < 3; axis++)
            slices[axis] = slice_at(array, axis);
        return read_slices(in, slices);
    }
    if (has_numbers && (array->dimension_count == 1 || array->dimension_count == 2))
        return read_flat(in, array);
    return refuse(in, "neither three arrays, nor one of shape (3, ...), nor numbers in a row");
}

static fm_status read_npy(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    fm_array array;
    fm_error reason;
    reader in = {.input = input, .list = list, .room = ROOM, .error = error};
    if (fm_array_read((const uint8_t *)input->text, input->length, &array, &reason) != FM_OK)
        return refuse(&in, "%s", reason.message);
    fm_status status = read_array(&in, &array);
    fm_array_clear(&array);
    return status;
}

static bool recognize_npy(const fm_input *input)
{
    return fm_array_is_npy((const uint8_t *)input->text, input->length);
}

/* ---------------------------------------------------------------- archives */

/* A scheme whose parts are members of their own: U.npy, or 3/U.npy for the fourth of several.
   U, V and W suffice; the rest is what this program writes, so that nothing is left to infer. */
typedef enum part {
    PART_U,
    PART_V,
    PART_W,
    PART_RING,
    PART_W_ORDER,
    PART_FORMAT,
    PART_TENSOR,
    PART_SHAPE,
    PART_ENTRIES,
    PART_COUNT
} part;

static const char *const part_names[PART_COUNT] = {"U",      "V",      "W",     "ring",   "w_order",
                                                   "format", "tensor", "shape", "entries"};

typedef struct parts {
    char *prefix; /* of the names; NULL: there is nothing */
    fm_array arrays[PART_COUNT];
    uint8_t *bytes[PART_COUNT]; /* what the arrays are views of; NULL: not there */
} parts;

static void clear_parts(parts *scheme)
{
    for (int p = 0; p < PART_COUNT; p++) {
        fm_array_clear(&scheme->arrays[p]);
        free(scheme->bytes[p]);
    }
    free(scheme->prefix);
    *scheme = (parts){0};
}

/* Integers from a part, count of them in a row or in a matrix. */
static bool take_integers(const parts *scheme, part p, size_t count, int64_t *out)
{
    const fm_array *array = &scheme->arrays[p];
    bool good = scheme->bytes[p] != NULL && array->count == count && array->kind == 'i' &&
                array->item_size == 8 && array->dimension_count <= 2;
    fmpq_t value;
    fmpq_init(value);
    for (size_t i = 0; i < count && good; i++) {
        size_t columns = array->shape[array->dimension_count - 1];
        size_t place = array->dimension_count == 2
                           ? i / columns * array->stride[0] + i % columns * array->stride[1]
                           : i;
        good = fm_array_number(array, place, value);
        out[i] = fmpz_get_si(fmpq_numref(value));
    }
    fmpq_clear(value);
    return good;
}

static fm_status take_ring(const reader *in, const parts *scheme, fm_reading *reading)
{
    char name[FM_RING_NAME_SIZE];
    if (scheme->bytes[PART_RING] == NULL)
        return FM_OK;
    if (!fm_array_text(&scheme->arrays[PART_RING], name, sizeof name) ||
        fm_ring_parse(name, &reading->ring, NULL) != FM_OK)
        return refuse(in, "ring is not the name of a ring");
    reading->has_ring = true;
    return FM_OK;
}

static fm_status take_w_order(const reader *in, const parts *scheme, fm_reading *reading)
{
    char name[16];
    if (scheme->bytes[PART_W_ORDER] == NULL)
        return FM_OK;
    bool good = fm_array_text(&scheme->arrays[PART_W_ORDER], name, sizeof name);
    if (good && strcmp(name, "transposed") == 0)
        reading->w_order = FM_W_OF_TRANSPOSE;
    else if (good && strcmp(name, "C") == 0)
        reading->w_order = FM_W_OF_C;
    else
        return refuse(in, "w_order is neither 'transposed' nor 'C'");
    return FM_OK;
}

static fm_status take_format(const reader *in, const parts *scheme, fm_reading *reading)
{
    int64_t format[3];
    if (scheme->bytes[PART_FORMAT] == NULL)
        return FM_OK;
    if (!take_integers(scheme, PART_FORMAT, 3, format))
        return refuse(in, "format is not three integers");
    for (int i = 0; i < 3; i++) {
        if (format[i] < 1 || format[i] > FM_FORMAT_MAX)
            return refuse(in, "format: %c is not from 1 to %d", "nmp"[i], FM_FORMAT_MAX);
        reading->format[i] = (uint32_t)format[i];
    }
    return FM_OK;
}

/* entries: i, j, k from 1 and a value, a row each. */
static bool take_entries(const parts *scheme, const int64_t shape[3], fm_tensor_entry **out,
                         size_t *count)
{
    *count = scheme->arrays[PART_ENTRIES].count / 4;
    int64_t *numbers = fm_alloc(4 * *count, sizeof *numbers);
    fm_tensor_entry *entries = fm_alloc(*count, sizeof *entries);
    bool good = take_integers(scheme, PART_ENTRIES, 4 * *count, numbers);
    for (size_t e = 0; e < *count; e++) {
        const int64_t *row = numbers + 4 * e;
        for (int axis = 0; axis < 3 && good; axis++)
            good = row[axis] >= 1 && row[axis] <= shape[axis];
        entries[e] = (fm_tensor_entry){0};
        if (!good)
            continue;
        entries[e].i = (uint32_t)row[0] - 1;
        entries[e].j = (uint32_t)row[1] - 1;
        entries[e].k = (uint32_t)row[2] - 1;
        fmpz_init_set_si(&entries[e].value, row[3]);
    }
    free(numbers);
    if (!good)
        for (size_t e = 0; e < *count; e++)
            fmpz_clear(&entries[e].value);
    if (!good) {
        free(entries);
        return false;
    }
    *out = entries;
    return true;
}

static fm_status take_tensor(const reader *in, const parts *scheme, fm_reading *reading)
{
    char name[64];
    int64_t shape[3];
    fm_tensor_entry *entries;
    fm_error reason;
    size_t count;
    if (scheme->bytes[PART_TENSOR] == NULL)
        return FM_OK;
    bool good = fm_array_text(&scheme->arrays[PART_TENSOR], name, sizeof name) &&
                take_integers(scheme, PART_SHAPE, 3, shape);
    for (int axis = 0; axis < 3 && good; axis++)
        good = shape[axis] >= 1 && shape[axis] <= FM_EXTENT_MAX;
    if (!good || !take_entries(scheme, shape, &entries, &count))
        return refuse(in, "tensor, shape and entries are no tensor");
    uint32_t extent[3] = {(uint32_t)shape[0], (uint32_t)shape[1], (uint32_t)shape[2]};
    if (fm_tensor_new(extent, fm_strdup(name), entries, count, &reading->tensor, &reason) != FM_OK)
        return refuse(in, "%s", reason.message);
    return FM_OK;
}

static fm_status read_parts(reader *in, const parts *scheme)
{
    slice slices[3];
    for (int p = PART_U; p <= PART_W; p++) {
        if (scheme->bytes[p] == NULL)
            return refuse(in, "%s%s.npy is missing in the archive", scheme->prefix, part_names[p]);
        slices[p] = slice_whole(&scheme->arrays[p]);
    }
    fm_status status = read_slices(in, slices);
    if (status != FM_OK)
        return status;
    fm_reading *reading = &in->list->readings[in->list->count - 1];
    status = take_ring(in, scheme, reading);
    if (status == FM_OK)
        status = take_w_order(in, scheme, reading);
    if (status == FM_OK)
        status = take_format(in, scheme, reading);
    return status == FM_OK ? take_tensor(in, scheme, reading) : status;
}

/* Reads and forgets the parts that are there. */
static fm_status end_parts(reader *in, parts *scheme)
{
    char label[80];
    if (scheme->prefix == NULL)
        return FM_OK;
    snprintf(label, sizeof label, "%.*s", (int)strcspn(scheme->prefix, "/"), scheme->prefix);
    in->entry = label[0] != '\0' ? label : NULL;
    fm_status status = read_parts(in, scheme);
    in->entry = NULL;
    clear_parts(scheme);
    return status;
}

/* The part that a member is by its name, or PART_COUNT: U of "3/U", whose prefix is "3/". */
static part part_of(const char *name)
{
    const char *slash = strrchr(name, '/');
    const char *field = slash != NULL ? slash + 1 : name;
    for (int p = 0; p < PART_COUNT; p++)
        if (strcasecmp(field, part_names[p]) == 0)
            return (part)p;
    return PART_COUNT;
}

/* An entry whose name is "3,4,5" or "3x4x5" says so. */
static void take_format_of_name(const char *name, uint32_t format[3])
{
    unsigned size[3];
    int end = 0;
    if (sscanf(name, "%2u%*1[,x]%2u%*1[,x]%2u%n", &size[0], &size[1], &size[2], &end) != 3 ||
        end == 0 || name[end] != '\0')
        return;
    for (int i = 0; i < 3; i++)
        if (size[i] < 1 || size[i] > FM_FORMAT_MAX)
            return;
    for (int i = 0; i < 3; i++)
        format[i] = size[i];
}

/* A member that is a scheme, or several, by itself. */
static fm_status read_entry(reader *in, const char *name, const fm_array *array)
{
    size_t before = in->list->count;
    in->entry = name;
    fm_status status = read_array(in, array);
    in->entry = NULL;
    for (size_t i = before; i < in->list->count && status == FM_OK; i++)
        take_format_of_name(name, in->list->readings[i].format);
    return status;
}

/* Takes over bytes. The members of one scheme stand together. */
static fm_status read_member(reader *in, const char *name, uint8_t *bytes, size_t length,
                             parts *scheme)
{
    fm_array array;
    fm_error reason;
    fm_status status = FM_OK;
    part p = part_of(name);
    const char *slash = strrchr(name, '/');
    char *prefix = fm_strndup(name, slash != NULL ? (size_t)(slash - name) + 1 : 0);
    bool joins = p < PART_COUNT && scheme->prefix != NULL && strcmp(scheme->prefix, prefix) == 0 &&
                 scheme->bytes[p] == NULL;
    if (!joins)
        status = end_parts(in, scheme);
    if (status == FM_OK && fm_array_read(bytes, length, &array, &reason) != FM_OK) {
        in->entry = name;
        status = refuse(in, "%s", reason.message);
        in->entry = NULL;
    } else if (status == FM_OK && p < PART_COUNT) {
        if (!joins)
            scheme->prefix = fm_strdup(prefix);
        scheme->arrays[p] = array;
        scheme->bytes[p] = bytes;
        bytes = NULL;
    } else if (status == FM_OK) {
        status = read_entry(in, name, &array);
        fm_array_clear(&array);
    }
    free(prefix);
    free(bytes);
    return status;
}

static fm_status read_members(reader *in, fm_archive *archive)
{
    fm_status status = FM_OK;
    fm_error reason;
    parts scheme = {0};
    for (size_t m = 0; m < fm_archive_count(archive) && status == FM_OK; m++) {
        uint8_t *bytes;
        size_t length;
        const char *full = fm_archive_name(archive, m);
        size_t size = strlen(full);
        if (size < 5 || strcmp(full + size - 4, ".npy") != 0)
            status = refuse(in, "'%.80s' in the archive is no .npy file", full);
        else if (fm_archive_read(archive, m, &bytes, &length, &reason) != FM_OK)
            status = refuse(in, "%.80s: %s", full, reason.message);
        if (status != FM_OK)
            break;
        char *name = fm_strndup(full, size - 4);
        status = read_member(in, name, bytes, length, &scheme);
        free(name);
    }
    if (status == FM_OK)
        status = end_parts(in, &scheme);
    clear_parts(&scheme);
    return status;
}

static fm_status read_npz(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    fm_archive *archive;
    fm_error reason;
    reader in = {.input = input, .list = list, .room = ROOM, .error = error};
    if (fm_archive_open(input->text, input->length, &archive, &reason) != FM_OK)
        return refuse(&in, "%s", reason.message);
    fm_status status = read_members(&in, archive);
    fm_archive_close(archive);
    return status;
}

static bool recognize_npz(const fm_input *input)
{
    return fm_archive_is_zip(input->text, input->length);
}

/* ---------------------------------------------------------------- writing */

typedef struct writer {
    fm_archive_member *members;
    size_t count, capacity;
    char prefix[24];
    size_t size; /* of all members */
    fm_error *error;
} writer;

static const char *native(const char *type, char text[32])
{
    snprintf(text, 32, "%c%s", __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? '>' : '<', type);
    return text;
}

static void add_part(writer *out, part p, const char *type, size_t item_size, const size_t *shape,
                     size_t dimension_count, const void *data)
{
    char descr[32];
    out->members = fm_grow(out->members, out->count, &out->capacity, sizeof *out->members);
    fm_archive_member *member = &out->members[out->count++];
    member->name = fm_format("%s%s.npy", out->prefix, part_names[p]);
    FILE *file = open_memstream(&member->bytes, &member->length);
    fm_array_write(file, native(type, descr), item_size, shape, dimension_count, data);
    fclose(file);
    out->size += member->length;
}

static void add_text(writer *out, part p, const char *text)
{
    uint32_t letters[64];
    char type[24];
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        letters[i] = (unsigned char)text[i];
    snprintf(type, sizeof type, "U%zu", length);
    add_part(out, p, type, 4 * length, NULL, 0, letters);
}

/* The exact double of a fraction; false when there is none. */
static bool to_double(const fmpq *value, double *out)
{
    const fmpz *num = &value->num, *den = &value->den;
    slong twos = fmpz_is_zero(num) ? 0 : (slong)fmpz_val2(num);
    slong halves = (slong)fmpz_val2(den);
    slong digits = (slong)fmpz_bits(num) - twos;
    slong exponent = twos - halves;
    if ((slong)fmpz_bits(den) != halves + 1 || digits > 53 || exponent < -1074 ||
        exponent + digits > 1024)
        return false;
    fmpz_t odd;
    fmpz_init(odd);
    fmpz_tdiv_q_2exp(odd, num, (ulong)twos);
    *out = ldexp(fmpz_get_d(odd), (int)exponent);
    fmpz_clear(odd);
    return true;
}

static bool are_integers(const fm_factors *factors)
{
    for (size_t e = 0; e < factors->count; e++)
        if (!fmpz_is_one(&factors->value[e].den) || !fmpz_fits_si(&factors->value[e].num))
            return false;
    return true;
}

/* A row a product, W for the transpose of C: integers where they do, else floats where they are
   exact. */
static fm_status add_factors(writer *out, const fm_scheme *scheme, int axis)
{
    const fm_factors *f = &scheme->factors[axis];
    bool integers = are_integers(f);
    size_t count = (size_t)f->rank * f->extent;
    if (count > (FM_ARCHIVE_SIZE_MAX - out->size) / 8)
        return fm_fail(out->error, FM_BAD_INPUT,
                       "a NumPy archive would unpack to more than %zu MiB",
                       FM_ARCHIVE_SIZE_MAX >> 20);
    union {
        int64_t integer;
        double real;
    } *data = fm_alloc_zero(count, sizeof *data);
    for (uint32_t r = 0; r < f->rank; r++)
        for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
            uint32_t column = fm_transposed_index(scheme->tensor->format, axis, f->index[e]);
            size_t place = (size_t)r * f->extent + column;
            if (integers) {
                data[place].integer = fmpz_get_si(&f->value[e].num);
            } else if (!to_double(&f->value[e], &data[place].real)) {
                free(data);
                return fm_fail(out->error, FM_BAD_INPUT,
                               "a coefficient of product %u in %c is no number that NumPy's "
                               "integers and floats hold exactly",
                               r, "UVW"[axis]);
            }
        }
    add_part(out, (part)(PART_U + axis), integers ? "i8" : "f8", 8, (size_t[]){f->rank, f->extent},
             2, data);
    free(data);
    return FM_OK;
}

static fm_status add_tensor(writer *out, const fm_tensor *tensor)
{
    int64_t *rows = fm_alloc(4 * tensor->entry_count, sizeof *rows);
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        if (!fmpz_fits_si(&entry->value) || strlen(tensor->name) > 63) {
            free(rows);
            return fm_fail(out->error, FM_BAD_INPUT,
                           "the tensor has too long a name or values for a NumPy archive");
        }
        rows[4 * e] = (int64_t)entry->i + 1;
        rows[4 * e + 1] = (int64_t)entry->j + 1;
        rows[4 * e + 2] = (int64_t)entry->k + 1;
        rows[4 * e + 3] = fmpz_get_si(&entry->value);
    }
    add_text(out, PART_TENSOR, tensor->name);
    int64_t shape[3] = {tensor->extent[0], tensor->extent[1], tensor->extent[2]};
    add_part(out, PART_SHAPE, "i8", 8, (size_t[]){3}, 1, shape);
    add_part(out, PART_ENTRIES, "i8", 8, (size_t[]){tensor->entry_count, 4}, 2, rows);
    free(rows);
    return FM_OK;
}

static fm_status add_scheme(writer *out, const fm_scheme *scheme)
{
    char ring[FM_RING_NAME_SIZE];
    const uint32_t *sizes = scheme->tensor->format;
    fm_status status = FM_OK;
    for (int axis = 0; axis < 3 && status == FM_OK; axis++)
        status = add_factors(out, scheme, axis);
    if (status != FM_OK)
        return status;
    add_text(out, PART_RING, fm_ring_name(scheme->ring, ring));
    if (!fm_tensor_is_matmul(scheme->tensor, NULL))
        return add_tensor(out, scheme->tensor);
    add_text(out, PART_W_ORDER, "transposed");
    int64_t format[3] = {sizes[0], sizes[1], sizes[2]};
    add_part(out, PART_FORMAT, "i8", 8, (size_t[]){3}, 1, format);
    return FM_OK;
}

fm_status fm_npz_write(const fm_scheme_list *list, FILE *file, fm_error *error)
{
    writer out = {.error = error};
    fm_status status = FM_OK;
    for (size_t s = 0; s < list->count && status == FM_OK; s++) {
        if (list->count > 1)
            snprintf(out.prefix, sizeof out.prefix, "%zu/", s);
        status = add_scheme(&out, list->schemes[s]);
    }
    if (status == FM_OK)
        status = fm_archive_write(out.members, out.count, file, error);
    for (size_t m = 0; m < out.count; m++) {
        free(out.members[m].name);
        free(out.members[m].bytes);
    }
    free(out.members);
    return status;
}

static fm_status write_npz(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    fm_scheme *schemes[] = {(fm_scheme *)scheme};
    return fm_npz_write(&(fm_scheme_list){1, schemes}, file, error);
}

const fm_scheme_format fm_scheme_format_npy = {
    .kind = FM_FILE_NPY,
    .name = "npy",
    .recognize = recognize_npy,
    .read = read_npy,
};

const fm_scheme_format fm_scheme_format_npz = {
    .kind = FM_FILE_NPZ,
    .name = "npz",
    .recognize = recognize_npz,
    .read = read_npz,
    .write = write_npz,
};
