/* Schemes as JSON, in the shape that the field exchanges; docs/scheme-file.md. */
#include "error.h"
#include "json.h"
#include "json_sparse.h"
#include "memory.h"
#include "number.h"
#include "scheme_file.h"
#include "scheme_print.h"
#include "triple.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Of a reduced w, whose rows do not show it. */
enum { RANK_MAX = 1 << 22 };

typedef struct reader {
    const char *name; /* of the file, for messages */
    size_t index;     /* of the scheme in the file */
    bool many;        /* the file is an array of schemes */
    size_t *room;     /* for what fresh variables come to */
    fm_error *error;
    fm_laurents *laurents; /* of the list, or NULL */
} reader;

/* Jansson keeps no line numbers behind the syntax, so messages name the key. */
__attribute__((format(printf, 2, 3))) static fm_status refuse(const reader *in, const char *format,
                                                              ...)
{
    char reason[512], place[32] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    if (in->many)
        snprintf(place, sizeof place, "scheme %zu: ", in->index);
    return fm_fail(in->error, FM_BAD_INPUT, "%s: %s%s", in->name, place, reason);
}

/* ---------------------------------------------------------------- values */

/* An integer from low to high. */
static bool is_integer(const json_t *value, json_int_t low, json_int_t high)
{
    return json_is_integer(value) && json_integer_value(value) >= low &&
           json_integer_value(value) <= high;
}

/* What a refused value looks like, shortened. */
static const char *show(const json_t *value, char buffer[48])
{
    char text[44];
    size_t size = json_dumpb(value, text, sizeof text,
                             JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(15));
    bool cut = size > sizeof text;
    snprintf(buffer, 48, "%.*s%s", (int)(cut ? 0 : size), text, cut ? "a long value" : "");
    return buffer;
}

/* ---------------------------------------------------------------- tensor */

static fm_status read_format(const reader *in, const json_t *value, uint32_t format[3])
{
    char buffer[48];
    if (is_integer(value, 1, FM_FORMAT_MAX)) { /* of square matrices */
        format[0] = format[1] = format[2] = (uint32_t)json_integer_value(value);
        return FM_OK;
    }
    if (json_array_size(value) != 3)
        return refuse(in, "n must be the three sizes of the format, not %s", show(value, buffer));
    for (size_t i = 0; i < 3; i++) {
        const json_t *size = json_array_get(value, i);
        if (!is_integer(size, 1, FM_FORMAT_MAX))
            return refuse(in, "n[%zu] is %s, not an integer from 1 to %d", i, show(size, buffer),
                          FM_FORMAT_MAX);
        format[i] = (uint32_t)json_integer_value(size);
    }
    return FM_OK;
}

static fm_status read_shape(const reader *in, const json_t *value, uint32_t extent[3])
{
    char buffer[48];
    if (json_array_size(value) != 3)
        return refuse(in, "tensor.shape must be three extents");
    for (size_t axis = 0; axis < 3; axis++) {
        const json_t *size = json_array_get(value, axis);
        if (!is_integer(size, 1, FM_EXTENT_MAX))
            return refuse(in, "tensor.shape[%zu] is %s, not an integer from 1 to %d", axis,
                          show(size, buffer), FM_EXTENT_MAX);
        extent[axis] = (uint32_t)json_integer_value(size);
    }
    return FM_OK;
}

/* [i, j, k, value] with indices from 1, as in a tensor file. */
static fm_status read_entry(const reader *in, const json_t *value, size_t number,
                            const uint32_t extent[3], fm_tensor_entry *entry)
{
    char buffer[48];
    fmpq_t coefficient;
    fmpq_init(coefficient);
    bool good = json_array_size(value) == 4;
    for (size_t axis = 0; axis < 3 && good; axis++)
        good = is_integer(json_array_get(value, axis), 1, extent[axis]);
    good = good && fm_json_number(json_array_get(value, 3), coefficient) &&
           fmpz_is_one(fmpq_denref(coefficient)) && !fmpq_is_zero(coefficient);
    if (good) {
        *entry = (fm_tensor_entry){
            .i = (uint32_t)json_integer_value(json_array_get(value, 0)) - 1,
            .j = (uint32_t)json_integer_value(json_array_get(value, 1)) - 1,
            .k = (uint32_t)json_integer_value(json_array_get(value, 2)) - 1,
        };
        fmpz_init_set(&entry->value, fmpq_numref(coefficient));
    }
    fmpq_clear(coefficient);
    return good ? FM_OK
                : refuse(in,
                         "tensor.entries[%zu] is %s, not [i, j, k, value] with indices from 1 to "
                         "%u, %u, %u and an integer that is not 0",
                         number, show(value, buffer), extent[0], extent[1], extent[2]);
}

static fm_status read_tensor(const reader *in, const json_t *value, fm_tensor **out)
{
    uint32_t extent[3];
    fm_error reason;
    const json_t *name = json_object_get(value, "name"), *list = json_object_get(value, "entries");
    if (!json_is_string(name) || json_string_length(name) == 0)
        return refuse(in, "tensor.name must be a string that is not empty");
    if (!json_is_array(list))
        return refuse(in, "tensor.entries must be an array");
    fm_status status = read_shape(in, json_object_get(value, "shape"), extent);
    if (status != FM_OK)
        return status;
    fm_tensor_entry *entries = fm_alloc(json_array_size(list), sizeof *entries);
    size_t count = 0;
    while (count < json_array_size(list) && status == FM_OK) {
        status = read_entry(in, json_array_get(list, count), count, extent, &entries[count]);
        count += status == FM_OK;
    }
    if (status != FM_OK) {
        for (size_t e = 0; e < count; e++)
            fmpz_clear(&entries[e].value);
        free(entries);
        return status;
    }
    if (fm_tensor_new(extent, fm_strdup(json_string_value(name)), entries, count, out, &reason) ==
        FM_OK)
        return FM_OK;
    return refuse(in, "tensor: %s", reason.message);
}

/* The format, or the tensor; extent receives the lengths of rows. */
static fm_status read_any_tensor(const reader *in, const json_t *object, fm_reading *reading,
                                 uint32_t extent[3])
{
    const json_t *n = json_object_get(object, "n"), *tensor = json_object_get(object, "tensor");
    const uint32_t *format = reading->format;
    fm_status status;
    if ((n == NULL) == (tensor == NULL))
        return refuse(in, n == NULL ? "the key n, the format, is missing"
                                    : "n and tensor exclude each other");
    if (n != NULL) {
        status = read_format(in, n, reading->format);
        extent[0] = format[0] * format[1];
        extent[1] = format[1] * format[2];
        extent[2] = format[0] * format[2];
        reading->w_order = FM_W_OF_TRANSPOSE;
        return status;
    }
    status = read_tensor(in, tensor, &reading->tensor);
    if (status == FM_OK) {
        memcpy(extent, reading->tensor->extent, sizeof reading->tensor->extent);
        memcpy(reading->format, reading->tensor->format, sizeof reading->format);
        reading->w_order = FM_W_OF_C;
    }
    return status;
}

/* ---------------------------------------------------------------- ring */

/* *given is false when the file does not say. */
static fm_status read_ring(const reader *in, const json_t *object, fm_ring *ring, bool *given)
{
    const json_t *name = json_object_get(object, "ring"), *z2 = json_object_get(object, "z2");
    fm_error reason;
    *given = name != NULL || json_is_true(z2);
    *ring = fm_ring_modulo(2);
    if (z2 != NULL && !json_is_boolean(z2))
        return refuse(in, "z2 must be true or false");
    if (name == NULL)
        return FM_OK;
    if (!json_is_string(name))
        return refuse(in, "ring must be a string");
    if (fm_ring_parse(json_string_value(name), ring, &reason) != FM_OK)
        return refuse(in, "%s", reason.message);
    bool is_f2 = ring->kind == FM_RING_ZP && ring->p == 2;
    if (z2 != NULL && json_is_true(z2) != is_f2)
        return refuse(in, "z2 is %s and ring is %s: they contradict each other",
                      json_is_true(z2) ? "true" : "false", json_string_value(name));
    return FM_OK;
}

/* ---------------------------------------------------------------- factors */

static bool read_coefficient(const reader *in, const json_t *value, fmpq_t out)
{
    if (in->laurents == NULL)
        return fm_json_number(value, out);
    if (json_is_string(value))
        return fm_laurents_parse(in->laurents, json_string_value(value), out);
    return fm_json_number(value, out) && fm_laurents_rational(in->laurents, out, out);
}

static fm_status read_row(const reader *in, const json_t *row, int axis, fm_factors *factors)
{
    char buffer[48];
    fmpq_t value;
    fm_status status = FM_OK;
    uint32_t r = factors->rank;
    if (!json_is_array(row) || json_array_size(row) != factors->extent)
        return refuse(in, "%c[%u] has %zu coefficients, expected %u", "uvw"[axis], r,
                      json_array_size(row), factors -> extent);
    fmpq_init(value);
    for (uint32_t i = 0; i < factors->extent && status == FM_OK; i++) {
        if (read_coefficient(in, json_array_get(row, i), value))
            fm_factors_push(factors, i, value);
        else
            status = refuse(in, "%c[%u][%u] is %s, neither an integer nor a fraction", "uvw"[axis],
                            r, i, show(json_array_get(row, i), buffer));
    }
    fmpq_clear(value);
    fm_factors_end_row(factors);
    return status;
}

static const char *const keys[] = {"u", "v", "w"};
static const char *const fresh_keys[] = {"u_fresh", "v_fresh", "w_fresh"};

static fm_status read_dense(const reader *in, const json_t *rows, int axis, fm_factors *factors)
{
    fm_status status = FM_OK;
    for (size_t r = 0; r < json_array_size(rows) && status == FM_OK; r++)
        status = read_row(in, json_array_get(rows, r), axis, factors);
    return status;
}

/* Rows that refer to fresh variables, and those of a reduced w, which are entries of C in products
   instead of products in entries. */
static fm_status read_sparse(const reader *in, const json_t *rows, const json_t *fresh, int axis,
                             bool by_entry, uint32_t rank, fm_factors *factors)
{
    uint32_t extent = factors->extent;
    fm_error reason;
    fm_factors read;
    fm_status status = fm_json_sparse_rows(rows, fresh, by_entry ? rank : extent, keys[axis],
                                           in->room, &read, &reason);
    if (status != FM_OK)
        refuse(in, "%s", reason.message);
    if (status != FM_OK || !by_entry) {
        fm_factors_clear(factors);
        *factors = read;
        return status;
    }
    fm_cells cells = {0};
    for (uint32_t k = 0; k < read.rank; k++)
        for (size_t e = read.start[k]; e < read.start[k + 1]; e++)
            fm_cells_add(&cells, read.index[e], k, &read.value[e]);
    fm_factors_clear(&read);
    fm_factors_clear(factors);
    fm_cells_to_factors(&cells, rank, extent, NULL, NULL, factors);
    fm_cells_clear(&cells);
    return FM_OK;
}

static fm_status read_axis(const reader *in, const json_t *object, int axis, size_t rank,
                           fm_factors *factors)
{
    const json_t *rows = json_object_get(object, keys[axis]);
    const json_t *fresh = json_object_get(object, fresh_keys[axis]);
    if (!json_is_array(rows))
        return refuse(in, "the key %s, an array of rows, is missing", keys[axis]);
    bool sparse = fresh != NULL || fm_json_rows_are_sparse(rows);
    size_t size = json_array_size(rows);
    if (sparse && in->laurents != NULL)
        return refuse(in, "%s has sparse rows, in which coefficients are integers and fractions",
                      keys[axis]);
    bool by_entry = axis == 2 && sparse && (fresh != NULL || size != rank);
    if (by_entry && size != factors->extent)
        return refuse(in, "w has %zu rows; C has %u entries", size, factors->extent);
    if (!by_entry && size != rank)
        return refuse(in, "%s has %zu rows; m, the rank, is %zu", keys[axis], size, rank);
    if (by_entry && rank > RANK_MAX)
        return refuse(in, "m is %zu, above %d", rank, RANK_MAX);
    return sparse ? read_sparse(in, rows, fresh, axis, by_entry, (uint32_t)rank, factors)
                  : read_dense(in, rows, axis, factors);
}

static fm_status read_factors(const reader *in, const json_t *object, size_t rank,
                              fm_factors factors[3])
{
    fm_status status = FM_OK;
    for (int axis = 0; axis < 3 && status == FM_OK; axis++)
        status = read_axis(in, object, axis, rank, &factors[axis]);
    return status;
}

static fm_status read_rank(const reader *in, const json_t *object, const fm_reading *reading,
                           size_t *out)
{
    char buffer[48];
    const json_t *rank = json_object_get(object, "m");
    /* Only the tensor without entries has a scheme of rank 0. */
    bool empty = reading->tensor != NULL && reading->tensor->entry_count == 0;
    if (!is_integer(rank, !empty, UINT32_MAX))
        return rank == NULL ? refuse(in, "the key m, the rank, is missing")
                            : refuse(in, "m is %s, not a rank", show(rank, buffer));
    *out = (size_t)json_integer_value(rank);
    return FM_OK;
}

/* ---------------------------------------------------------------- provenance */

static fm_status read_text(const reader *in, const json_t *object, const char *key, char **out)
{
    const json_t *value = json_object_get(object, key);
    if (value == NULL || json_is_null(value))
        return FM_OK;
    if (!json_is_string(value))
        return refuse(in, "provenance.%s must be a string", key);
    *out = fm_strdup(json_string_value(value));
    return FM_OK;
}

/* A seed is an integer, or a string when it exceeds what JSON integers are sure to hold. */
static fm_status read_seed(const reader *in, const json_t *value, fm_provenance *out)
{
    fmpq_t seed;
    if (value == NULL || json_is_null(value))
        return FM_OK;
    fmpq_init(seed);
    bool good = fm_json_number(value, seed) && fmpz_is_one(fmpq_denref(seed)) &&
                fmpz_sgn(fmpq_numref(seed)) >= 0 && fmpz_bits(fmpq_numref(seed)) <= 64;
    out->has_seed = good;
    out->seed = good ? fmpz_get_ui(fmpq_numref(seed)) : 0;
    fmpq_clear(seed);
    return good ? FM_OK : refuse(in, "provenance.seed must be an integer from 0 to 2^64 - 1");
}

static fm_status read_parents(const reader *in, const json_t *value, fm_provenance *out)
{
    if (value == NULL || json_is_null(value))
        return FM_OK;
    if (!json_is_array(value))
        return refuse(in, "provenance.parents must be an array of hashes");
    out->parents = fm_alloc(json_array_size(value), sizeof *out->parents);
    for (size_t i = 0; i < json_array_size(value); i++) {
        const char *hash = json_string_value(json_array_get(value, i));
        if (hash == NULL || strlen(hash) != FM_HASH_SIZE - 1 ||
            strspn(hash, "0123456789abcdef") != FM_HASH_SIZE - 1)
            return refuse(in, "provenance.parents[%zu] is not a hash of 64 hexadecimal digits", i);
        out->parents[out->parent_count++] = fm_strdup(hash);
    }
    return FM_OK;
}

static fm_status read_provenance(const reader *in, const json_t *value, fm_provenance *out)
{
    if (value == NULL || json_is_null(value))
        return FM_OK;
    if (!json_is_object(value))
        return refuse(in, "provenance must be an object");
    fm_status status = read_text(in, value, "engine", &out->engine);
    if (status == FM_OK)
        status = read_text(in, value, "version", &out->version);
    if (status == FM_OK)
        status = read_text(in, value, "time", &out->time);
    if (status == FM_OK)
        status = read_seed(in, json_object_get(value, "seed"), out);
    if (status == FM_OK)
        status = read_parents(in, json_object_get(value, "parents"), out);
    return status;
}

/* ---------------------------------------------------------------- reading */

static fm_status read_scheme(const reader *in, json_t *object, fm_reading *reading)
{
    uint32_t extent[3];
    size_t rank = 0;
    if (!json_is_object(object))
        return refuse(in, "a scheme must be an object");
    fm_status status = read_any_tensor(in, object, reading, extent);
    if (status == FM_OK)
        status = read_rank(in, object, reading, &rank);
    if (status == FM_OK)
        status = read_ring(in, object, &reading->ring, &reading->has_ring);
    if (status != FM_OK)
        return status;
    for (int axis = 0; axis < 3; axis++)
        fm_factors_init(&reading->factors[axis], extent[axis]);
    status = read_factors(in, object, rank, reading->factors);
    if (status != FM_OK)
        return status;
    return read_provenance(in, json_object_get(object, "provenance"), &reading->provenance);
}

/* ---------------------------------------------------------------- three matrices */

static fm_status read_plain_matrix(const reader *in, const json_t *rows, int matrix, fm_triple *t)
{
    char buffer[48];
    fmpq_t value;
    fm_status status = FM_OK;
    fmpq_init(value);
    t->rows[matrix] = (uint32_t)json_array_size(rows);
    t->columns[matrix] = (uint32_t)json_array_size(json_array_get(rows, 0));
    for (uint32_t i = 0; i < t->rows[matrix] && status == FM_OK; i++) {
        const json_t *row = json_array_get(rows, i);
        if (!json_is_array(row) || json_array_size(row) != t->columns[matrix])
            status = refuse(in, "matrix %d: row %u is not one of %u numbers", matrix + 1, i,
                            t->columns[matrix]);
        for (uint32_t j = 0; j < t->columns[matrix] && status == FM_OK; j++) {
            const json_t *entry = json_array_get(row, j);
            if (!read_coefficient(in, entry, value))
                status = refuse(in, "matrix %d, row %u: %s is neither an integer nor a fraction",
                                matrix + 1, i, show(entry, buffer));
            else if (!fmpq_is_zero(value))
                fm_cells_add(&t->cells[matrix], i, j, value);
        }
    }
    fmpq_clear(value);
    return status;
}

/* [L, R, P] or [U, V, W]. */
static fm_status read_three(const reader *in, const json_t *root, fm_reading_list *list)
{
    fm_triple t = {0};
    fm_scanner place = {.name = in->name, .line = 1, .error = in->error, .laurents = in->laurents};
    fm_status status = FM_OK;
    for (int matrix = 0; matrix < 3 && status == FM_OK; matrix++)
        status = read_plain_matrix(in, json_array_get(root, (size_t)matrix), matrix, &t);
    if (status == FM_OK)
        status = fm_triple_state(&t, &place, false, list);
    fm_triple_clear(&t);
    return status;
}

static fm_status read_root(json_t *root, const char *name, fm_reading_list *list, fm_error *error)
{
    size_t room = FM_JSON_FRESH_ROOM;
    reader in = {.name = name,
                 .error = error,
                 .laurents = list->laurents,
                 .many = json_is_array(root),
                 .room = &room};
    if (!in.many)
        return read_scheme(&in, root, fm_reading_list_add(list));
    if (json_array_size(root) == 0)
        return refuse(&in, "no schemes: the array is empty");
    if (json_array_size(root) == 3 && json_is_array(json_array_get(root, 0))) {
        in.many = false;
        return read_three(&in, root, list);
    }
    fm_status status = FM_OK;
    for (; in.index < json_array_size(root) && status == FM_OK; in.index++)
        status = read_scheme(&in, json_array_get(root, in.index), fm_reading_list_add(list));
    return status;
}

static fm_status read_json(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    json_error_t reason;
    json_t *root = json_loadb(input->text, input->length, JSON_REJECT_DUPLICATES, &reason);
    if (root == NULL)
        return fm_fail(error, FM_BAD_INPUT, "%s:%d: %s", input->name,
                       reason.line > 0 ? reason.line : 1, reason.text);
    fm_status status = read_root(root, input->name, list, error);
    json_decref(root);
    return status;
}

static bool recognize_json(const fm_input *input)
{
    const char *text = input->text + strspn(input->text, " \t\r\n");
    return *text == '{' || *text == '[';
}

/* ---------------------------------------------------------------- writing */

static void write_tensor(const fm_tensor *tensor, FILE *file)
{
    const uint32_t *format = tensor->format, *extent = tensor->extent;
    if (fm_tensor_is_matmul(tensor, NULL)) {
        fprintf(file, "    \"n\": [%u, %u, %u],\n", format[0], format[1], format[2]);
        return;
    }
    fputs("    \"tensor\": {\n        \"name\": ", file);
    fm_json_print_string(file, tensor->name);
    fprintf(file, ",\n        \"shape\": [%u, %u, %u],\n        \"entries\": [", extent[0],
            extent[1], extent[2]);
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        const char *quote = fmpz_fits_si(&entry->value) ? "" : "\"";
        fprintf(file, "%s\n            [%u, %u, %u, %s", e > 0 ? "," : "", entry->i + 1,
                entry->j + 1, entry->k + 1, quote);
        fmpz_fprint(file, &entry->value);
        fprintf(file, "%s]", quote);
    }
    fputs("\n        ]\n    },\n", file);
}

static void write_text(const char *key, const char *text, const char **comma, FILE *file)
{
    if (text == NULL)
        return;
    fprintf(file, "%s\"%s\": ", *comma, key);
    fm_json_print_string(file, text);
    *comma = ", ";
}

static void write_provenance(const fm_provenance *provenance, FILE *file)
{
    const char *comma = "";
    fputs("    \"provenance\": {", file);
    write_text("engine", provenance->engine, &comma, file);
    write_text("version", provenance->version, &comma, file);
    write_text("time", provenance->time, &comma, file);
    if (provenance->has_seed) {
        const char *quote = provenance->seed > INT64_MAX ? "\"" : "";
        fprintf(file, "%s\"seed\": %s%" PRIu64 "%s", comma, quote, provenance->seed, quote);
        comma = ", ";
    }
    fprintf(file, "%s\"parents\": [", comma);
    for (size_t i = 0; i < provenance->parent_count; i++)
        fprintf(file, "%s\"%s\"", i > 0 ? ", " : "", provenance->parents[i]);
    fputs("]},\n", file);
}

static void write_equations(const fm_scheme *scheme, FILE *file)
{
    fputs("    \"multiplications\": [", file);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fputs(r > 0 ? ",\n        \"" : "\n        \"", file);
        fm_scheme_print_product(file, scheme, r);
        fputc('"', file);
    }
    fputs("\n    ],\n    \"elements\": [", file);
    fm_scheme_print_elements(file, scheme, "\n        \"", "\",\n        \"", "\"\n    ],\n");
}

/* An integer as a number when every reader can hold it, everything else as a string. */
static void write_number(const fm_scheme *scheme, const fmpq_t value, FILE *file)
{
    bool plain = scheme->laurents == NULL && fmpz_is_one(fmpq_denref(value)) &&
                 fmpz_bits(fmpq_numref(value)) <= 53;
    fputs(plain ? "" : "\"", file);
    fm_scheme_print_number(file, scheme, value);
    fputs(plain ? "" : "\"", file);
}

static void write_factors(const fm_scheme *scheme, int axis, FILE *file)
{
    const fmpq *row[FM_EXTENT_MAX];
    uint32_t extent = scheme->tensor->extent[axis];
    fprintf(file, "    \"%c\": [", "uvw"[axis]);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fm_transposed_row(scheme, axis, r, row);
        fputs(r > 0 ? ",\n        [" : "\n        [", file);
        for (uint32_t i = 0; i < extent; i++) {
            fputs(i > 0 ? ", " : "", file);
            write_number(scheme, row[i], file);
        }
        fputc(']', file);
    }
    fputs(axis < 2 ? "\n    ],\n" : "\n    ]\n", file);
}

static fm_status write_json(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    (void)error;
    char ring[FM_RING_NAME_SIZE];
    bool is_f2 = scheme->ring.kind == FM_RING_ZP && scheme->ring.p == 2;
    fputs("{\n", file);
    write_tensor(scheme->tensor, file);
    fprintf(file, "    \"m\": %u,\n    \"z2\": %s,\n", scheme->rank, is_f2 ? "true" : "false");
    if (scheme->laurents == NULL)
        fprintf(file, "    \"ring\": \"%s\",\n", fm_ring_name(scheme->ring, ring));
    write_provenance(&scheme->provenance, file);
    write_equations(scheme, file);
    for (int axis = 0; axis < 3; axis++)
        write_factors(scheme, axis, file);
    fputs("}\n", file);
    return FM_OK;
}

const fm_scheme_format fm_scheme_format_json = {
    .kind = FM_FILE_JSON,
    .name = "json",
    .has_laurents = true,
    .many = true,
    .recognize = recognize_json,
    .read = read_json,
    .write = write_json,
};
