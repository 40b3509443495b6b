/* Schemes as JSON: the shape that the field exchanges (n, m, z2, u, v, w, multiplications,
   elements), with ring, provenance and tensor added. See docs/scheme-file.md. */
#include "error.h"
#include "memory.h"
#include "scheme_file.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- reading */

typedef struct json_reader {
    const char *name; /* of the file, for messages */
    fm_error *error;
} json_reader;

static bool recognize_json(const char *text, size_t length)
{
    size_t i = strspn(text, " \t\r\n");
    bool object = i < length && text[i] == '{', array = i < length && text[i] == '[';
    size_t next = i + 1 + (object || array ? strspn(text + i + 1, " \t\r\n") : 0);
    if (object)
        return next >= length || text[next] == '"' || text[next] == '}';
    return array && (next >= length || text[next] == '{' || text[next] == ']');
}

static fm_status fail_at(const json_reader *in, const char *place, const char *what)
{
    return fm_fail(in->error, FM_BAD_INPUT, "%s: %s: %s", in->name, place, what);
}

/* An integer that fits an index or a size; false otherwise. */
static bool read_size(const json_t *value, uint32_t limit, uint32_t *out)
{
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > (json_int_t)limit)
        return false;
    *out = (uint32_t)json_integer_value(value);
    return true;
}

static bool read_number(const json_t *value, fmpq_t out)
{
    if (json_is_string(value))
        return fm_parse_fraction(json_string_value(value), json_string_length(value), out);
    if (!json_is_integer(value))
        return false;
    fmpq_set_si(out, json_integer_value(value), 1);
    return true;
}

static fm_status read_format(const json_reader *in, const json_t *n, fm_tensor **out)
{
    uint32_t size[3];
    fm_error inner;
    if (!json_is_array(n) || json_array_size(n) != 3)
        return fail_at(in, "n", "expected the format, three sizes");
    for (size_t i = 0; i < 3; i++)
        if (!read_size(json_array_get(n, i), FM_FORMAT_MAX, &size[i]))
            return fail_at(in, "n", "expected the format, three sizes from 1 to 64");
    if (fm_tensor_matmul(size[0], size[1], size[2], out, &inner) != FM_OK)
        return fail_at(in, "n", inner.message);
    return FM_OK;
}

static fm_status read_entry(const json_reader *in, const json_t *value, size_t e,
                            const uint32_t shape[3], fm_tensor_entry *out)
{
    char place[64];
    uint32_t index[3];
    fmpq_t number;
    snprintf(place, sizeof place, "tensor.entries[%zu]", e);
    if (!json_is_array(value) || json_array_size(value) != 4)
        return fail_at(in, place, "expected [i, j, k, value]");
    for (size_t axis = 0; axis < 3; axis++)
        if (!read_size(json_array_get(value, axis), shape[axis], &index[axis]) || index[axis] == 0)
            return fail_at(in, place, "an index is outside the shape");
    fmpq_init(number);
    bool integer =
        read_number(json_array_get(value, 3), number) && fmpz_is_one(fmpq_denref(number));
    if (integer) {
        *out = (fm_tensor_entry){index[0] - 1, index[1] - 1, index[2] - 1, 0};
        fmpz_set(&out->value, fmpq_numref(number));
    }
    fmpq_clear(number);
    return integer ? FM_OK : fail_at(in, place, "the value is not an integer");
}

static fm_status read_tensor(const json_reader *in, const json_t *tensor, fm_tensor **out)
{
    const json_t *name = json_object_get(tensor, "name"), *shape = json_object_get(tensor, "shape");
    const json_t *list = json_object_get(tensor, "entries");
    uint32_t extent[3];
    fm_error inner;
    if (!json_is_string(name) || !json_is_array(shape) || json_array_size(shape) != 3 ||
        !json_is_array(list))
        return fail_at(in, "tensor", "expected name, shape (three extents) and entries");
    for (size_t axis = 0; axis < 3; axis++)
        if (!read_size(json_array_get(shape, axis), FM_EXTENT_MAX, &extent[axis]) ||
            extent[axis] == 0)
            return fail_at(in, "tensor.shape", "an extent is not from 1 to 4096");
    size_t count = json_array_size(list), read = 0;
    fm_tensor_entry *entries = fm_alloc(count, sizeof *entries);
    fm_status status = FM_OK;
    for (; read < count && status == FM_OK; read += status == FM_OK)
        status = read_entry(in, json_array_get(list, read), read, extent, &entries[read]);
    if (status != FM_OK) {
        for (size_t e = 0; e < read; e++)
            fmpz_clear(&entries[e].value);
        free(entries);
        return status;
    }
    if (fm_tensor_new(extent, fm_strdup(json_string_value(name)), entries, count, out, &inner) !=
        FM_OK)
        return fail_at(in, "tensor", inner.message);
    return FM_OK;
}

static fm_status read_any_tensor(const json_reader *in, const json_t *object, fm_tensor **out)
{
    const json_t *n = json_object_get(object, "n"), *tensor = json_object_get(object, "tensor");
    if ((n == NULL) == (tensor == NULL))
        return fail_at(in, "n", "expected either n, the format, or tensor");
    return n != NULL ? read_format(in, n, out) : read_tensor(in, tensor, out);
}

/* The ring that the file says; *given is false when it does not. */
static fm_status read_ring(const json_reader *in, const json_t *object, fm_ring *out, bool *given)
{
    const json_t *ring = json_object_get(object, "ring"), *z2 = json_object_get(object, "z2");
    fm_error inner;
    *given = ring != NULL;
    if (z2 != NULL && !json_is_boolean(z2))
        return fail_at(in, "z2", "expected true or false");
    if (ring != NULL && !json_is_string(ring))
        return fail_at(in, "ring", "expected the name of a ring");
    if (ring != NULL && fm_ring_parse(json_string_value(ring), out, &inner) != FM_OK)
        return fail_at(in, "ring", inner.message);
    fm_ring f2 = fm_ring_modulo(2);
    if (ring != NULL && z2 != NULL && json_is_true(z2) != fm_ring_equal(*out, f2))
        return fail_at(in, "z2", "contradicts the ring");
    if (ring == NULL && json_is_true(z2)) {
        *out = f2;
        *given = true;
    }
    return FM_OK;
}

static fm_status read_row(const json_reader *in, const json_t *row, unsigned axis, size_t r,
                          fm_scheme_builder *builder)
{
    char place[64], what[96];
    uint32_t extent = builder->tensor->extent[axis];
    snprintf(place, sizeof place, "%c[%zu]", "uvw"[axis], r);
    if (!json_is_array(row) || json_array_size(row) != extent) {
        snprintf(what, sizeof what, "expected a row of %u coefficients, found %zu", extent,
                 json_array_size(row));
        return fail_at(in, place, what);
    }
    for (uint32_t e = 0; e < extent; e++)
        if (!read_number(json_array_get(row, e), fm_scheme_builder_entry(builder, e))) {
            snprintf(place, sizeof place, "%c[%zu][%u]", "uvw"[axis], r, e);
            return fail_at(in, place, "not an integer or a fraction");
        }
    fm_scheme_builder_end_row(builder, axis);
    return FM_OK;
}

static fm_status read_factors(const json_reader *in, const json_t *object,
                              fm_scheme_builder *builder)
{
    static const char *const keys[3] = {"u", "v", "w"};
    const json_t *m = json_object_get(object, "m");
    uint32_t rank;
    if (!read_size(m, UINT32_MAX, &rank))
        return fail_at(in, "m", "expected the rank, a number of products");
    for (unsigned axis = 0; axis < 3; axis++) {
        const json_t *rows = json_object_get(object, keys[axis]);
        if (!json_is_array(rows) || json_array_size(rows) != rank)
            return fm_fail(in->error, FM_BAD_INPUT,
                           "%s: %s: expected as many rows as m says, %u, found %zu", in->name,
                           keys[axis], rank, json_array_size(rows));
        for (uint32_t r = 0; r < rank; r++) {
            fm_status status = read_row(in, json_array_get(rows, r), axis, r, builder);
            if (status != FM_OK)
                return status;
        }
    }
    return FM_OK;
}

static fm_status read_provenance(const json_reader *in, const json_t *object, fm_scheme *scheme)
{
    const json_t *from = json_object_get(object, "provenance");
    if (from == NULL)
        return FM_OK;
    const json_t *parents = json_object_get(from, "parents"), *seed = json_object_get(from, "seed");
    static const char *const keys[3] = {"engine", "version", "time"};
    const char *text[3];
    if (!json_is_object(from))
        return fail_at(in, "provenance", "expected an object");
    for (int i = 0; i < 3; i++) {
        const json_t *value = json_object_get(from, keys[i]);
        if (value != NULL && !json_is_string(value))
            return fail_at(in, "provenance", "engine, version and time are strings");
        text[i] = json_string_value(value);
    }
    fm_provenance provenance = {.engine = (char *)text[0],
                                .version = (char *)text[1],
                                .time = (char *)text[2],
                                .has_seed = seed != NULL};
    if (json_is_integer(seed))
        provenance.seed = (uint64_t)json_integer_value(seed);
    else if (json_is_string(seed))
        provenance.seed = strtoull(json_string_value(seed), NULL, 10);
    else if (seed != NULL)
        return fail_at(in, "provenance.seed", "expected a number");
    size_t count = json_array_size(parents);
    provenance.parents = fm_alloc(count, sizeof *provenance.parents);
    for (; provenance.parent_count < count; provenance.parent_count++) {
        const char *hash = json_string_value(json_array_get(parents, provenance.parent_count));
        if (hash == NULL)
            break;
        provenance.parents[provenance.parent_count] = (char *)hash;
    }
    bool good = provenance.parent_count == count && (parents == NULL || json_is_array(parents));
    if (good)
        fm_scheme_set_provenance(scheme, &provenance);
    free(provenance.parents);
    return good ? FM_OK : fail_at(in, "provenance.parents", "expected hashes");
}

/* Other projects add keys at will; those that would change what u, v and w mean are refused. */
static fm_status check_keys(const json_reader *in, json_t *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        (void)value;
        if (strncmp(key, "u_", 2) == 0 || strncmp(key, "v_", 2) == 0 || strncmp(key, "w_", 2) == 0)
            return fail_at(in, key, "a scheme with fresh variables is not read");
    }
    return FM_OK;
}

static fm_status read_scheme(const json_reader *in, json_t *object, fm_scheme **out)
{
    fm_tensor *tensor = NULL;
    fm_ring ring;
    bool ring_given;
    fm_error inner;
    *out = NULL;
    if (!json_is_object(object))
        return fm_fail(in->error, FM_BAD_INPUT, "%s: expected a scheme, an object", in->name);
    fm_status status = check_keys(in, object);
    if (status == FM_OK)
        status = read_ring(in, object, &ring, &ring_given);
    if (status == FM_OK)
        status = read_any_tensor(in, object, &tensor);
    if (status != FM_OK)
        return status;
    fm_scheme_builder builder;
    fm_scheme_builder_init(&builder, tensor);
    status = read_factors(in, object, &builder);
    if (status == FM_OK &&
        fm_scheme_builder_finish(&builder, ring_given ? &ring : NULL, out, &inner) != FM_OK)
        status = fm_fail(in->error, FM_BAD_INPUT, "%s: %s", in->name, inner.message);
    if (status == FM_OK)
        status = read_provenance(in, object, *out);
    if (status != FM_OK) {
        fm_scheme_free(*out);
        *out = NULL;
    }
    fm_scheme_builder_clear(&builder);
    fm_tensor_free(tensor);
    return status;
}

static fm_status read_json(const char *text, size_t length, const char *name, fm_scheme_list *list,
                           fm_error *error)
{
    json_reader in = {name, error};
    json_error_t problem;
    fm_scheme *scheme;
    fm_status status = FM_OK;
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
    if (root == NULL)
        return fm_fail(error, FM_BAD_INPUT, "%s:%d: %s", name, problem.line, problem.text);
    size_t count = json_is_array(root) ? json_array_size(root) : 1;
    for (size_t i = 0; i < count && status == FM_OK; i++) {
        status = read_scheme(&in, json_is_array(root) ? json_array_get(root, i) : root, &scheme);
        if (status == FM_OK)
            fm_scheme_list_append(list, scheme);
    }
    json_decref(root);
    return status;
}

/* ---------------------------------------------------------------- writing */

static void write_string(const char *text, FILE *file)
{
    json_t *string = json_string(text); /* NULL when text is not UTF-8 */
    if (string == NULL)
        string = json_string("?");
    json_dumpf(string, file, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    json_decref(string);
}

static void write_tensor(const fm_tensor *tensor, FILE *file)
{
    fputs("  \"tensor\": {\"name\": ", file);
    write_string(tensor->name, file);
    fprintf(file, ", \"shape\": [%u, %u, %u], \"entries\": [", tensor->extent[0], tensor->extent[1],
            tensor->extent[2]);
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        fprintf(file, "%s[%u, %u, %u, \"", e > 0 ? ", " : "", entry->i + 1, entry->j + 1,
                entry->k + 1);
        fmpz_fprint(file, &entry->value);
        fputs("\"]", file);
    }
    fputs("]},\n", file);
}

static void write_provenance(const fm_provenance *from, FILE *file)
{
    const char *separator = "";
    if (from->engine == NULL && from->version == NULL && from->time == NULL && !from->has_seed &&
        from->parent_count == 0)
        return;
    fputs("  \"provenance\": {", file);
    const char *const keys[3] = {"engine", "version", "time"};
    const char *const text[3] = {from->engine, from->version, from->time};
    for (int i = 0; i < 3; i++) {
        if (text[i] == NULL)
            continue;
        fprintf(file, "%s\"%s\": ", separator, keys[i]);
        write_string(text[i], file);
        separator = ", ";
    }
    if (from->has_seed) { /* as a string where JSON's numbers may lose digits */
        const char *quote = from->seed >> 53 != 0 ? "\"" : "";
        fprintf(file, "%s\"seed\": %s%" PRIu64 "%s", separator, quote, from->seed, quote);
        separator = ", ";
    }
    if (from->parent_count > 0) {
        fprintf(file, "%s\"parents\": [", separator);
        for (size_t i = 0; i < from->parent_count; i++) {
            fputs(i > 0 ? ", " : "", file);
            write_string(from->parents[i], file);
        }
        fputc(']', file);
    }
    fputs("},\n", file);
}

static void write_variable(char letter, uint32_t index, const uint32_t *columns, FILE *file)
{
    if (*columns == 0) {
        fprintf(file, "%c%u", letter, index + 1);
        return;
    }
    uint32_t row = index / *columns + 1, column = index % *columns + 1;
    fprintf(file, row > 9 || column > 9 ? "%c%u,%u" : "%c%u%u", letter, row, column);
}

/* One term of a sum, "-1/2" before its name; first says whether a leading plus is left out. */
static void write_coefficient(const fmpq *value, bool first, FILE *file)
{
    bool negative = fmpq_sgn(value) < 0;
    fmpq_t size;
    fmpq_init(size);
    fmpq_abs(size, value);
    fputs(first ? (negative ? "-" : "") : (negative ? " - " : " + "), file);
    if (!fmpq_is_one(size))
        fmpq_fprint(file, size);
    fmpq_clear(size);
}

static void write_sum(const fm_factors *f, uint32_t r, char letter, const uint32_t *columns,
                      FILE *file)
{
    for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
        write_coefficient(&f->value[e], e == f->start[r], file);
        write_variable(letter, f->index[e], columns, file);
    }
    if (f->start[r] == f->start[r + 1])
        fputc('0', file);
}

/* For people; nothing reads it. */
static void write_products(const fm_scheme *scheme, FILE *file)
{
    const uint32_t *format = scheme->tensor->format;
    fputs("  \"multiplications\": [\n", file);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fprintf(file, "    \"m%u = (", r + 1);
        write_sum(&scheme->factors[0], r, 'a', &format[1], file);
        fputs(") * (", file);
        write_sum(&scheme->factors[1], r, 'b', &format[2], file);
        fprintf(file, ")\"%s\n", r + 1 < scheme->rank ? "," : "");
    }
    fputs("  ],\n", file);
}

/* The products that each entry of C is the sum of: W by columns. */
static void write_elements(const fm_scheme *scheme, FILE *file)
{
    const fm_factors *w = &scheme->factors[2];
    size_t *start = fm_alloc_zero((size_t)w->extent + 2, sizeof *start);
    struct {
        uint32_t r;
        size_t entry;
    } *term = fm_alloc(w->count, sizeof *term);
    for (size_t e = 0; e < w->count; e++)
        start[w->index[e] + 2]++;
    for (uint32_t k = 0; k <= w->extent; k++)
        start[k + 1] += start[k];
    for (uint32_t r = 0; r < w->rank; r++)
        for (size_t e = w->start[r]; e < w->start[r + 1]; e++) {
            size_t at = start[w->index[e] + 1]++;
            term[at].r = r;
            term[at].entry = e;
        }
    fputs("  \"elements\": [\n", file);
    for (uint32_t k = 0; k < w->extent; k++) {
        fputs("    \"", file);
        write_variable('c', k, &scheme->tensor->format[2], file);
        fputs(start[k] == start[k + 1] ? " = 0" : " = ", file);
        for (size_t t = start[k]; t < start[k + 1]; t++) {
            write_coefficient(&w->value[term[t].entry], t == start[k], file);
            fprintf(file, "m%u", term[t].r + 1);
        }
        fprintf(file, "\"%s\n", k + 1 < w->extent ? "," : "");
    }
    fputs("  ],\n", file);
    free(term);
    free(start);
}

static void write_matrix(const fm_scheme *scheme, unsigned axis, FILE *file)
{
    fprintf(file, "  \"%c\": [\n", "uvw"[axis]);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fputs("    [", file);
        fm_scheme_write_row(scheme, axis, r, ", ", true, file);
        fprintf(file, "]%s\n", r + 1 < scheme->rank ? "," : "");
    }
    fprintf(file, "  ]%s\n", axis < 2 ? "," : "");
}

static fm_status write_json(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    char ring[FM_RING_NAME_SIZE];
    unsigned format[3];
    (void)error;
    fputs("{\n", file);
    if (fm_tensor_is_matmul(scheme->tensor, format))
        fprintf(file, "  \"n\": [%u, %u, %u],\n", format[0], format[1], format[2]);
    else
        write_tensor(scheme->tensor, file);
    fprintf(file, "  \"m\": %u,\n  \"z2\": %s,\n  \"ring\": \"%s\",\n", scheme->rank,
            fm_ring_equal(scheme->ring, fm_ring_modulo(2)) ? "true" : "false",
            fm_ring_name(scheme->ring, ring));
    write_provenance(&scheme->provenance, file);
    write_products(scheme, file);
    write_elements(scheme, file);
    for (unsigned axis = 0; axis < 3; axis++)
        write_matrix(scheme, axis, file);
    fputs("}\n", file);
    return FM_OK;
}

const fm_scheme_format fm_scheme_format_json = {recognize_json, read_json, write_json};
