/* Schemes in .npz archives of NumPy arrays; docs/scheme-file.md. */
#include "archive.h"
#include "error.h"
#include "memory.h"
#include "scheme_numpy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

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

static fm_status take_ring(const fm_numpy_reader *in, const parts *scheme, fm_reading *reading)
{
    char name[FM_RING_NAME_SIZE];
    if (scheme->bytes[PART_RING] == NULL)
        return FM_OK;
    if (!fm_array_text(&scheme->arrays[PART_RING], name, sizeof name) ||
        fm_ring_parse(name, &reading->ring, NULL) != FM_OK)
        return fm_numpy_refuse(in, "ring is not the name of a ring");
    reading->has_ring = true;
    return FM_OK;
}

static fm_status take_w_order(const fm_numpy_reader *in, const parts *scheme, fm_reading *reading)
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
        return fm_numpy_refuse(in, "w_order is neither 'transposed' nor 'C'");
    return FM_OK;
}

static fm_status take_format(const fm_numpy_reader *in, const parts *scheme, fm_reading *reading)
{
    int64_t format[3];
    if (scheme->bytes[PART_FORMAT] == NULL)
        return FM_OK;
    if (!take_integers(scheme, PART_FORMAT, 3, format))
        return fm_numpy_refuse(in, "format is not three integers");
    for (int i = 0; i < 3; i++) {
        if (format[i] < 1 || format[i] > FM_FORMAT_MAX)
            return fm_numpy_refuse(in, "format: %c is not from 1 to %d", "nmp"[i], FM_FORMAT_MAX);
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

static fm_status take_tensor(const fm_numpy_reader *in, const parts *scheme, fm_reading *reading)
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
        return fm_numpy_refuse(in, "tensor, shape and entries are no tensor");
    uint32_t extent[3] = {(uint32_t)shape[0], (uint32_t)shape[1], (uint32_t)shape[2]};
    if (fm_tensor_new(extent, fm_strdup(name), entries, count, &reading->tensor, &reason) != FM_OK)
        return fm_numpy_refuse(in, "%s", reason.message);
    return FM_OK;
}

static fm_status read_parts(fm_numpy_reader *in, const parts *scheme)
{
    for (int p = PART_U; p <= PART_W; p++)
        if (scheme->bytes[p] == NULL)
            return fm_numpy_refuse(in, "%s%s.npy is missing in the archive", scheme->prefix,
                                   part_names[p]);
    /* With what this program writes beside them they are as it writes them. */
    bool are_rows = scheme->bytes[PART_FORMAT] != NULL || scheme->bytes[PART_TENSOR] != NULL;
    fm_status status = fm_numpy_read_three(in, &scheme->arrays[PART_U], are_rows);
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
static fm_status end_parts(fm_numpy_reader *in, parts *scheme)
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
static fm_status read_entry(fm_numpy_reader *in, const char *name, const fm_array *array)
{
    size_t before = in->list->count;
    in->entry = name;
    fm_status status = fm_numpy_read_array(in, array);
    in->entry = NULL;
    for (size_t i = before; i < in->list->count && status == FM_OK; i++)
        take_format_of_name(name, in->list->readings[i].format);
    return status;
}

/* Takes over bytes. The members of one scheme stand together. */
static fm_status read_member(fm_numpy_reader *in, const char *name, uint8_t *bytes, size_t length,
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
        status = fm_numpy_refuse(in, "%s", reason.message);
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

static fm_status read_members(fm_numpy_reader *in, fm_archive *archive)
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
            status = fm_numpy_refuse(in, "'%.80s' in the archive is no .npy file", full);
        else if (fm_archive_read(archive, m, &bytes, &length, &reason) != FM_OK)
            status = fm_numpy_refuse(in, "%.80s: %s", full, reason.message);
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
    fm_numpy_reader in = {.input = input, .list = list, .room = FM_NUMPY_ROOM, .error = error};
    if (fm_archive_open(input->text, input->length, &archive, &reason) != FM_OK)
        return fm_numpy_refuse(&in, "%s", reason.message);
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

/* A name of at most 63 letters that fm_array_text reads. */
static bool is_short_text(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++)
        if (text[i] < 32 || text[i] > 126)
            return false;
    return length < 64;
}

static fm_status add_tensor(writer *out, const fm_tensor *tensor)
{
    if (!is_short_text(tensor->name))
        return fm_fail(out->error, FM_BAD_INPUT,
                       "the tensor's name is not one of at most 63 letters of ASCII, as a NumPy "
                       "archive has them");
    int64_t *rows = fm_alloc(4 * tensor->entry_count, sizeof *rows);
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        if (!fmpz_fits_si(&entry->value)) {
            free(rows);
            return fm_fail(out->error, FM_BAD_INPUT,
                           "the tensor has values too long for a NumPy archive");
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
        if (list->schemes[s]->laurents != NULL)
            status = fm_fail(error, FM_BAD_INPUT, "an archive has rational coefficients only");
        if (list->count > 1)
            snprintf(out.prefix, sizeof out.prefix, "%zu/", s);
        if (status == FM_OK)
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

const fm_scheme_format fm_scheme_format_npz = {
    .kind = FM_FILE_NPZ,
    .name = "npz",
    .has_laurents = true,
    .many = true,
    .recognize = recognize_npz,
    .read = read_npz,
    .write = write_npz,
};
