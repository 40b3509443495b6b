/* Schemes as NumPy arrays, which are .npy files; docs/scheme-file.md. */
#include "error.h"
#include "memory.h"
#include "scheme_numpy.h"

#include <stdarg.h>
#include <string.h>

/* A flat array of some numbers may be U, V and W of several formats, which are all tried. */
enum { GUESSES_MAX = 64, TRANSPOSED_MAX = 16 };

fm_status fm_numpy_refuse(const fm_numpy_reader *in, const char *format, ...)
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

/* As a number of laurents. */
static bool take_complex(const view *v, size_t place, fm_laurents *laurents, fmpq_t number)
{
    fmpq_t imaginary;
    fmpq_init(imaginary);
    bool good = !v->has_pairs && fm_array_complex(v->array, place, number, imaginary) &&
                fm_laurents_complex(laurents, number, imaginary, number);
    fmpq_clear(imaginary);
    return good;
}

static bool take_number(const view *v, size_t place, fm_laurents *laurents, fmpq_t value)
{
    if (laurents != NULL)
        return take_complex(v, place, laurents, value);
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
static bool charge(fm_numpy_reader *in, const fmpq_t value)
{
    size_t words = 1 + (fmpz_bits(fmpq_numref(value)) + fmpz_bits(fmpq_denref(value))) / 64;
    if (words > in->room)
        return false;
    in->room -= words;
    return true;
}

static fm_status read_row(fm_numpy_reader *in, const view *v, int axis, fm_factors *factors,
                          fmpq_t value)
{
    uint32_t r = factors->rank;
    for (uint32_t e = 0; e < v->extent; e++) {
        size_t place = v->start + r * v->product_stride + e / v->columns * v->row_stride +
                       e % v->columns * v->column_stride;
        if (!take_number(v, place, in->list->laurents, value))
            return fm_numpy_refuse(in, "coefficient %u of product %u in %c is no finite number", e,
                                   r, "UVW"[axis]);
        if (!fmpq_is_zero(value) && !charge(in, value))
            return fm_numpy_refuse(in, "more than %d coefficients that are not 0", FM_NUMPY_ROOM);
        fm_factors_push(factors, e, value);
    }
    fm_factors_end_row(factors);
    return FM_OK;
}

static fm_status read_view(fm_numpy_reader *in, const view *v, int axis, fm_factors *factors)
{
    fmpq_t value;
    fm_status status = FM_OK;
    fm_factors_init(factors, v->extent);
    if (v->rank > in->room)
        return fm_numpy_refuse(in, "more than %d products", FM_NUMPY_ROOM);
    in->room -= v->rank;
    fmpq_init(value);
    for (uint32_t r = 0; r < v->rank && status == FM_OK; r++)
        status = read_row(in, v, axis, factors, value);
    fmpq_clear(value);
    return status;
}

static fm_reading *add_reading(fm_numpy_reader *in)
{
    fm_reading *reading = fm_reading_list_add(in->list);
    reading->entry = in->entry != NULL ? fm_strdup(in->entry) : NULL;
    reading->usual = FM_W_OF_TRANSPOSE;
    return reading;
}

static fm_status read_views(fm_numpy_reader *in, const view views[3])
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
static fm_status find_products(const fm_numpy_reader *in, const slice slices[3], bool are_rows,
                               uint32_t *axis)
{
    uint32_t last = slices[0].dimension_count - 1;
    bool first_fits = agree_on(slices, 0), last_fits = !are_rows && agree_on(slices, last);
    if (!first_fits && !last_fits)
        return fm_numpy_refuse(in, "U, V and W do not agree in how many products there are");
    bool is_last = last_fits && (!first_fits || slices[0].shape[last] >= slices[0].shape[0]);
    *axis = is_last ? last : 0;
    return FM_OK;
}

static fm_status make_view(const fm_numpy_reader *in, const slice *s, uint32_t products, view *out)
{
    bool is_matrix = s->dimension_count == 3;
    uint32_t row = products == 0 ? 1 : 0;
    size_t rows = s->shape[row], columns = is_matrix ? s->shape[row + 1] : 1;
    if (rows > FM_EXTENT_MAX || columns > FM_EXTENT_MAX || rows * columns > FM_EXTENT_MAX)
        return fm_numpy_refuse(in, "a factor of more than %d coefficients", FM_EXTENT_MAX);
    if (s->shape[products] > UINT32_MAX)
        return fm_numpy_refuse(in, "too many products");
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

static fm_status read_slices(fm_numpy_reader *in, const slice slices[3], bool are_rows)
{
    view views[3];
    uint32_t products = 0, dimensions = slices[0].dimension_count;
    for (int axis = 0; axis < 3; axis++)
        if (!fm_array_has_numbers(slices[axis].array) || dimensions < 2 || dimensions > 3 ||
            slices[axis].dimension_count != dimensions)
            return fm_numpy_refuse(
                in, "U, V and W are not three arrays of numbers with two axes each, or "
                    "three where factors are matrices");
    fm_status status = find_products(in, slices, are_rows, &products);
    for (int axis = 0; axis < 3 && status == FM_OK; axis++)
        status = make_view(in, &slices[axis], products, &views[axis]);
    return status == FM_OK ? read_views(in, views) : status;
}

fm_status fm_numpy_read_three(fm_numpy_reader *in, const fm_array arrays[3], bool are_rows)
{
    slice slices[3];
    for (size_t axis = 0; axis < 3; axis++)
        slices[axis] = slice_whole(&arrays[axis]);
    return read_slices(in, slices, are_rows);
}

/* ---------------------------------------------------------------- U, V and W in one row */

/* Whether every second number of the array is a positive integer: the denominators of the first.
   A scheme without them has zeros there. */
static bool looks_like_pairs(const fm_array *array)
{
    size_t last = array->dimension_count - 1, length = array->shape[last];
    bool are_pairs = length % 2 == 0 && array->kind != 'f' && array->kind != 'c';
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
static fm_status read_blocks(fm_numpy_reader *in, const fm_array *array, size_t start,
                             bool has_pairs, const uint32_t extent[3], size_t rank)
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

/* Readings as an n x n matrix times its transpose, n up to TRANSPOSED_MAX; *found counts those of
   this scheme. */
static fm_status read_transposed(fm_numpy_reader *in, const fm_array *array, bool has_pairs,
                                 size_t count, size_t *found)
{
    fm_status status = FM_OK;
    for (uint32_t n = 2; n <= TRANSPOSED_MAX && status == FM_OK; n++) {
        uint32_t extent[3] = {n * n, n * n, n * (n + 1) / 2};
        size_t rank = rank_of(count, extent);
        if (rank < extent[0] || rank > (size_t)extent[2] * n)
            continue;
        status = read_blocks(in, array, 0, has_pairs, extent, rank);
        in->list->readings[in->list->count - 1].is_alternative = (*found)++ > 0;
    }
    return status;
}

static fm_status read_guesses(fm_numpy_reader *in, const fm_array *array, size_t start,
                              bool has_pairs, size_t count, uint32_t (*guesses)[3], size_t found)
{
    uint32_t extent[3];
    fm_status status = FM_OK;
    for (size_t g = 0; g < found && status == FM_OK; g++) {
        extents_of(guesses[g], extent);
        status = read_blocks(in, array, start, has_pairs, extent, rank_of(count, extent));
        in->list->readings[in->list->count - 1].is_alternative = g > 0;
    }
    return status;
}

/* Without a tensor: every format that it can be; of a scheme alone also other tensors. */
static fm_status guess_flat(fm_numpy_reader *in, const fm_array *array, size_t rows,
                            size_t row_stride, bool has_pairs, size_t count)
{
    uint32_t guesses[GUESSES_MAX][3];
    size_t found = guess_formats(count, guesses), all = found;
    fm_status status = FM_OK;
    for (size_t i = 0; i < rows && status == FM_OK && found <= GUESSES_MAX; i++)
        status = read_guesses(in, array, i * row_stride, has_pairs, count, guesses, found);
    if (rows == 1 && status == FM_OK && found <= GUESSES_MAX)
        status = read_transposed(in, array, has_pairs, count, &all);
    if (status != FM_OK || (all > 0 && found <= GUESSES_MAX))
        return status;
    return fm_numpy_refuse(
        in, "%zu numbers in a row can be U, V and W of %s; give --format or --tensor", count,
        all == 0 ? "no format" : "too many formats");
}

/* One scheme, or one in each row. */
static fm_status read_flat(fm_numpy_reader *in, const fm_array *array)
{
    const fm_tensor *tensor = in->input->tensor;
    bool has_pairs = looks_like_pairs(array);
    size_t last = array->dimension_count - 1, length = array->shape[last];
    size_t count = has_pairs ? length / 2 : length, rows = array->count / length;
    size_t row_stride = last > 0 ? array->stride[0] / (has_pairs ? 2 : 1) : 0;
    fm_status status = FM_OK;
    if (tensor == NULL)
        return guess_flat(in, array, rows, row_stride, has_pairs, count);
    if (rank_of(count, tensor->extent) == 0)
        return fm_numpy_refuse(in, "%zu numbers in a row are no U, V and W of %s", count,
                               tensor->name);
    for (size_t i = 0; i < rows && status == FM_OK; i++)
        status = read_blocks(in, array, i * row_stride, has_pairs, tensor->extent,
                             rank_of(count, tensor->extent));
    return status;
}

/* ---------------------------------------------------------------- one array */

fm_status fm_numpy_read_array(fm_numpy_reader *in, const fm_array *array)
{
    bool has_numbers = fm_array_has_numbers(array);
    slice slices[3];
    if (array->kind == 'O' && array->count == 3)
        return fm_numpy_read_three(in, array->items, false);
    if (has_numbers && array->dimension_count >= 3 && array->shape[0] == 3) {
        for (size_t axis = 0; axis < 3; axis++)
            slices[axis] = slice_at(array, axis);
        return read_slices(in, slices, false);
    }
    if (has_numbers && (array->dimension_count == 1 || array->dimension_count == 2))
        return read_flat(in, array);
    return fm_numpy_refuse(in,
                           "neither three arrays, nor one of shape (3, ...), nor numbers in a row");
}

/* ---------------------------------------------------------------- files */

static fm_status read_npy(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    fm_array array;
    fm_error reason;
    fm_numpy_reader in = {.input = input, .list = list, .room = FM_NUMPY_ROOM, .error = error};
    if (fm_array_read((const uint8_t *)input->text, input->length, &array, &reason) != FM_OK)
        return fm_numpy_refuse(&in, "%s", reason.message);
    fm_status status = fm_numpy_read_array(&in, &array);
    fm_array_clear(&array);
    return status;
}

static bool recognize_npy(const fm_input *input)
{
    return fm_array_is_npy((const uint8_t *)input->text, input->length);
}

const fm_scheme_format fm_scheme_format_npy = {
    .kind = FM_FILE_NPY,
    .name = "npy",
    .has_laurents = true,
    .many = true,
    .recognize = recognize_npy,
    .read = read_npy,
};
