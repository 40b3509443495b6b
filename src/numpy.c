#include "numpy.h"

#include "error.h"
#include "memory.h"
#include "number.h"
#include "pickle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t magic[] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

/* Behind the magic: two bytes of version, then the length of the header. */
enum { VERSION_AT = sizeof magic, LENGTH_AT = sizeof magic + 2 };

bool fm_array_is_npy(const uint8_t *bytes, size_t length)
{
    return length >= sizeof magic && memcmp(bytes, magic, sizeof magic) == 0;
}

/* ---------------------------------------------------------------- types and shapes */

fm_status fm_array_set_type(fm_array *array, const char *type, fm_error *error)
{
    static const struct {
        const char *name;
        char kind;
        uint32_t size;
    } types[] = {
        {"b1", 'b', 1}, {"i1", 'i', 1}, {"i2", 'i', 2}, {"i4", 'i', 4},   {"i8", 'i', 8},
        {"u1", 'u', 1}, {"u2", 'u', 2}, {"u4", 'u', 4}, {"u8", 'u', 8},   {"f2", 'f', 2},
        {"f4", 'f', 4}, {"f8", 'f', 8}, {"c8", 'c', 8}, {"c16", 'c', 16}, {"O", 'O', 0},
        {"O8", 'O', 0}, {"O4", 'O', 0},
    };
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
        if (strcmp(type, types[t].name) == 0) {
            array->kind = types[t].kind;
            array->item_size = types[t].size;
            return FM_OK;
        }
    char *end;
    unsigned long letters =
        type[0] == 'U' && type[1] >= '1' && type[1] <= '9' ? strtoul(type + 1, &end, 10) : 0;
    if (letters == 0 || letters > 1000 || *end != '\0')
        return fm_fail(
            error, FM_BAD_INPUT,
            "elements of the type '%.40s'; read are integers of 1 to 8 bytes, floats of "
            "2, 4 and 8, complex numbers of 8 and 16, and objects that are arrays of these",
            type);
    array->kind = 'U';
    array->item_size = 4 * (uint32_t)letters;
    return FM_OK;
}

fm_status fm_array_set_shape(fm_array *array, const size_t *shape, size_t dimension_count,
                             bool is_fortran, fm_error *error)
{
    if (dimension_count > FM_ARRAY_DIMENSIONS_MAX)
        return fm_fail(error, FM_BAD_INPUT, "an array with more than %d dimensions",
                       FM_ARRAY_DIMENSIONS_MAX);
    size_t count = 1;
    for (size_t i = 0; i < dimension_count; i++) {
        size_t d = is_fortran ? i : dimension_count - 1 - i;
        array->shape[d] = shape[d];
        array->stride[d] = count;
        if (shape[d] == 0)
            return fm_fail(error, FM_BAD_INPUT, "an array without elements");
        if (__builtin_mul_overflow(count, shape[d], &count) || count > SIZE_MAX / 4096)
            return fm_fail(error, FM_BAD_INPUT, "an array of an impossible size");
    }
    array->dimension_count = (uint32_t)dimension_count;
    array->count = count;
    return FM_OK;
}

/* ---------------------------------------------------------------- the header */

/* The header is a Python dictionary, of which one form is written and this is read:
   {'descr': '<i8', 'fortran_order': False, 'shape': (3, 4, 7), }, keys in any order. */
typedef struct header {
    const char *at, *end;
    char type[48]; /* with the byte order */
    bool is_fortran;
    size_t shape[FM_ARRAY_DIMENSIONS_MAX + 1]; /* one more tells that there are too many */
    size_t dimension_count;
    bool has_type, has_order, has_shape;
} header;

static void skip_blanks(header *in)
{
    while (in->at < in->end && (*in->at == ' ' || *in->at == '\n' || *in->at == '\t'))
        in->at++;
}

static bool take(header *in, const char *token)
{
    skip_blanks(in);
    size_t length = strlen(token);
    if ((size_t)(in->end - in->at) < length || memcmp(in->at, token, length) != 0)
        return false;
    in->at += length;
    return true;
}

static bool take_string(header *in, char *text, size_t size)
{
    skip_blanks(in);
    if (in->at == in->end || (*in->at != '\'' && *in->at != '"'))
        return false;
    const char *close = memchr(in->at + 1, *in->at, (size_t)(in->end - in->at - 1));
    if (close == NULL || (size_t)(close - in->at) > size ||
        memchr(in->at, '\0', (size_t)(close - in->at)) != NULL)
        return false;
    size_t length = (size_t)(close - in->at) - 1;
    memcpy(text, in->at + 1, length);
    text[length] = '\0';
    in->at = close + 1;
    return true;
}

static bool take_size(header *in, size_t *out)
{
    skip_blanks(in);
    const char *start = in->at;
    for (*out = 0; in->at < in->end && *in->at >= '0' && *in->at <= '9'; in->at++)
        if (__builtin_mul_overflow(*out, 10, out) ||
            __builtin_add_overflow(*out, (size_t)(*in->at - '0'), out))
            return false;
    bool is_digit = in->at > start;
    take(in, "L"); /* Python 2 wrote long integers so */
    return is_digit;
}

static bool take_shape(header *in)
{
    if (!take(in, "("))
        return false;
    for (bool more = true; !take(in, ")"); more = take(in, ",")) {
        if (!more || in->dimension_count > FM_ARRAY_DIMENSIONS_MAX ||
            !take_size(in, &in->shape[in->dimension_count]))
            return false;
        in->dimension_count++;
    }
    return true;
}

static bool take_value(header *in, const char *key)
{
    bool *seen = strcmp(key, "descr") == 0           ? &in->has_type
                 : strcmp(key, "fortran_order") == 0 ? &in->has_order
                 : strcmp(key, "shape") == 0         ? &in->has_shape
                                                     : NULL;
    if (seen == NULL || *seen)
        return false;
    *seen = true;
    if (seen == &in->has_type)
        return take_string(in, in->type, sizeof in->type);
    if (seen == &in->has_shape)
        return take_shape(in);
    in->is_fortran = take(in, "True");
    return in->is_fortran || take(in, "False");
}

static bool take_dictionary(header *in)
{
    char key[16];
    if (!take(in, "{"))
        return false;
    for (bool more = true; !take(in, "}"); more = take(in, ","))
        if (!more || !take_string(in, key, sizeof key) || !take(in, ":") || !take_value(in, key))
            return false;
    skip_blanks(in);
    return in->at == in->end && in->has_type && in->has_order && in->has_shape;
}

/* The type with its byte order: '<', '>', '|' (bytes) or '=' (the machine's). */
static fm_status set_descr(fm_array *array, const char *descr, fm_error *error)
{
    bool has_order = descr[0] != '\0' && strchr("<>|=", descr[0]) != NULL;
    array->is_big_endian =
        descr[0] == '>' || (descr[0] != '<' && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
    return fm_array_set_type(array, has_order ? descr + 1 : descr, error);
}

/* Finds the header and what is behind it. */
static fm_status find_header(const uint8_t *bytes, size_t length, header *out, fm_error *error)
{
    size_t size = 0, size_bytes = 4;
    if (!fm_array_is_npy(bytes, length))
        return fm_fail(error, FM_BAD_INPUT, "no NumPy array: it does not begin with \\x93NUMPY");
    if (length > VERSION_AT) {
        if (bytes[VERSION_AT] < 1 || bytes[VERSION_AT] > 3)
            return fm_fail(error, FM_BAD_INPUT, "version %u of the .npy format; known are 1 to 3",
                           bytes[VERSION_AT]);
        size_bytes = bytes[VERSION_AT] == 1 ? 2 : 4;
    }
    if (length < LENGTH_AT + size_bytes)
        return fm_fail(error, FM_BAD_INPUT, "the array ends in its header");
    for (size_t i = size_bytes; i > 0; i--)
        size = size << 8 | bytes[LENGTH_AT + i - 1];
    if (size > length - LENGTH_AT - size_bytes)
        return fm_fail(error, FM_BAD_INPUT, "the array ends in its header");
    const char *start = (const char *)bytes + LENGTH_AT + size_bytes;
    *out = (header){.at = start, .end = start + size};
    if (!take_dictionary(out))
        return fm_fail(error, FM_BAD_INPUT,
                       "the header of the array is not {'descr': TYPE, 'fortran_order': BOOL, "
                       "'shape': (SIZES)} with a plain type");
    return FM_OK;
}

fm_status fm_array_read(const uint8_t *bytes, size_t length, fm_array *out, fm_error *error)
{
    header in;
    *out = (fm_array){0};
    fm_status status = find_header(bytes, length, &in, error);
    if (status == FM_OK)
        status = set_descr(out, in.type, error);
    if (status == FM_OK)
        status = fm_array_set_shape(out, in.shape, in.dimension_count, in.is_fortran, error);
    if (status != FM_OK)
        return status;
    out->data = (const uint8_t *)in.end;
    size_t rest = length - (size_t)(out->data - bytes);
    if (out->kind == 'O')
        status = fm_pickle_read(out->data, rest, out, error);
    else if (rest != out->count * out->item_size)
        status =
            fm_fail(error, FM_BAD_INPUT, "%zu bytes follow the header of the array, expected %zu",
                    rest, out->count * out->item_size);
    if (status != FM_OK)
        fm_array_clear(out);
    return status;
}

void fm_array_clear(fm_array *array)
{
    free(array->items);
    *array = (fm_array){0};
}

/* ---------------------------------------------------------------- elements */

bool fm_array_has_numbers(const fm_array *array)
{
    return array->kind != 'O' && array->kind != 'U';
}

static uint64_t load(const uint8_t *bytes, uint32_t size, bool is_big_endian)
{
    uint64_t word = 0;
    for (uint32_t i = 0; i < size; i++)
        word = word << 8 | bytes[is_big_endian ? i : size - 1 - i];
    return word;
}

static double half_to_double(uint64_t word)
{
    int exponent = (int)(word >> 10 & 31);
    double fraction = (double)(word & 1023);
    double magnitude = exponent == 0    ? ldexp(fraction, -24)
                       : exponent == 31 ? (fraction > 0 ? (double)NAN : (double)INFINITY)
                                        : ldexp(fraction + 1024, exponent - 25);
    return word >> 15 != 0 ? -magnitude : magnitude;
}

static double word_to_double(uint64_t word, uint32_t size)
{
    float single;
    double value;
    uint32_t half = (uint32_t)word;
    if (size == 2)
        return half_to_double(word);
    if (size == 8) {
        memcpy(&value, &word, sizeof value);
        return value;
    }
    memcpy(&single, &half, sizeof single);
    return (double)single;
}

/* A part of a complex number; part 0 is the real one. */
static bool complex_part(const fm_array *array, size_t place, uint32_t part, fmpq_t value)
{
    uint32_t size = array->item_size / 2;
    const uint8_t *at = array->data + place * array->item_size + part * size;
    return fm_number_set_double(value, word_to_double(load(at, size, array->is_big_endian), size));
}

bool fm_array_complex(const fm_array *array, size_t place, fmpq_t real, fmpq_t imaginary)
{
    fmpq_zero(imaginary);
    if (array->kind != 'c')
        return fm_array_number(array, place, real);
    return complex_part(array, place, 0, real) && complex_part(array, place, 1, imaginary);
}

bool fm_array_number(const fm_array *array, size_t place, fmpq_t value)
{
    uint32_t size = array->item_size;
    if (array->kind == 'c')
        return complex_part(array, place, 1, value) && fmpq_is_zero(value) &&
               complex_part(array, place, 0, value);
    uint64_t word = load(array->data + place * size, size, array->is_big_endian);
    if (word == 0) {
        fmpq_zero(value);
        return true;
    }
    switch (array->kind) {
    case 'b':
        fmpq_one(value);
        return true;
    case 'u':
        fmpq_set_ui(value, word, 1);
        return true;
    case 'i':
        fmpq_set_si(value, (slong)(word << (64 - 8 * size)) >> (64 - 8 * size), 1);
        return true;
    default:
        return fm_number_set_double(value, word_to_double(word, size));
    }
}

bool fm_array_text(const fm_array *array, char *text, size_t size)
{
    uint32_t letters = array->item_size / 4;
    if (array->kind != 'U' || array->count != 1 || letters >= size)
        return false;
    for (uint32_t i = 0; i < letters; i++) {
        uint64_t letter = load(array->data + 4 * (size_t)i, 4, array->is_big_endian);
        if (letter > 126 || (letter < 32 && letter != 0))
            return false;
        text[i] = (char)letter;
    }
    text[letters] = '\0';
    return true;
}

/* ---------------------------------------------------------------- writing */

void fm_array_write(FILE *file, const char *type, size_t item_size, const size_t *shape,
                    size_t dimension_count, const void *data)
{
    enum { PREFIX = LENGTH_AT + 2, ALIGNMENT = 64 };
    char text[256];
    size_t count = 1;
    int length =
        snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (", type);
    for (size_t d = 0; d < dimension_count; d++) {
        length += snprintf(text + length, sizeof text - (size_t)length, "%zu, ", shape[d]);
        count *= shape[d];
    }
    length += snprintf(text + length, sizeof text - (size_t)length, "), }");
    /* Blanks, so that the data begin at a multiple of the alignment, and a line end. */
    while ((PREFIX + length + 1) % ALIGNMENT != 0)
        text[length++] = ' ';
    text[length++] = '\n';
    fwrite(magic, 1, sizeof magic, file);
    fwrite((uint8_t[]){1, 0, (uint8_t)length, (uint8_t)(length >> 8)}, 1, 4, file);
    fwrite(text, 1, (size_t)length, file);
    fwrite(data, item_size, count, file);
}
