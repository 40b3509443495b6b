#include "json_sparse.h"

#include "error.h"
#include "number.h"
#include "reading.h"

/* Of the power of two below a number in floating point: 0.5 is 1/2, but 0.1 only nearly 1/10. */
enum { REAL_BITS_MAX = 33 };

typedef struct reader {
    uint32_t base;
    fm_factors fresh; /* written out */
    size_t *room;
    const char *key;
    fm_error *error;
} reader;

bool fm_json_rows_are_sparse(const json_t *rows)
{
    for (size_t r = 0; r < json_array_size(rows); r++)
        if (json_is_object(json_array_get(json_array_get(rows, r), 0)))
            return true;
    return false;
}

bool fm_json_number(const json_t *value, fmpq_t out)
{
    if (json_is_integer(value)) {
        fmpq_set_si(out, json_integer_value(value), 1);
        return true;
    }
    if (json_is_real(value))
        return fm_number_set_double(out, json_real_value(value)) &&
               fmpz_bits(fmpq_denref(out)) <= REAL_BITS_MAX;
    return json_is_string(value) && fm_number_parse(json_string_value(value), out);
}

/* Adds value times entry index of the base, or times a fresh variable. */
static fm_status add_term(reader *in, fm_cells *cells, uint64_t index, const fmpq_t value)
{
    const fm_factors *fresh = &in->fresh;
    fmpq_t product;
    if (index < in->base) {
        fm_cells_add(cells, 0, (uint32_t)index, value);
        return FM_OK;
    }
    uint32_t r = (uint32_t)(index - in->base);
    fmpq_init(product);
    bool fits = true;
    for (size_t e = fresh->start[r]; e < fresh->start[r + 1] && fits; e++) {
        fmpq_mul(product, value, &fresh->value[e]);
        size_t words = 1 + (fmpz_bits(fmpq_numref(product)) + fmpz_bits(fmpq_denref(product))) / 64;
        fits = words <= *in->room;
        *in->room -= fits ? words : 0;
        if (fits)
            fm_cells_add(cells, 0, fresh->index[e], product);
    }
    fmpq_clear(product);
    return fits ? FM_OK : fm_fail(in->error, FM_BAD_INPUT, "%s is too large written out", in->key);
}

/* The terms of a row. Those of a fresh variable may refer to the ones before it. */
static fm_status read_terms(reader *in, const json_t *row, const char *what, size_t number,
                            fm_cells *cells)
{
    fmpq_t value;
    fm_status status = FM_OK;
    uint64_t limit = (uint64_t)in->base + in->fresh.rank;
    if (!json_is_array(row))
        return fm_fail(in->error, FM_BAD_INPUT, "%s%s[%zu] is not an array", in->key, what, number);
    fmpq_init(value);
    for (size_t t = 0; t < json_array_size(row) && status == FM_OK; t++) {
        const json_t *term = json_array_get(row, t), *index = json_object_get(term, "index");
        bool good = json_is_integer(index) && json_integer_value(index) >= 0 &&
                    (uint64_t)json_integer_value(index) < limit &&
                    fm_json_number(json_object_get(term, "value"), value);
        status = good ? add_term(in, cells, (uint64_t)json_integer_value(index), value)
                      : fm_fail(in->error, FM_BAD_INPUT,
                                "%s%s[%zu][%zu] is not {\"index\": i, \"value\": c} with i below "
                                "%llu and c an integer or a fraction",
                                in->key, what, number, t, (unsigned long long)limit);
    }
    fmpq_clear(value);
    return status;
}

static fm_status read_rows(reader *in, const json_t *rows, const char *what, fm_factors *out)
{
    fm_status status = FM_OK;
    for (size_t r = 0; r < json_array_size(rows) && status == FM_OK; r++) {
        fm_cells cells = {0};
        fm_factors row;
        status = read_terms(in, json_array_get(rows, r), what, r, &cells);
        if (status == FM_OK) {
            fm_cells_to_factors(&cells, 1, in->base, NULL, NULL, &row);
            fm_factors_copy_row(out, &row, 0);
            fm_factors_clear(&row);
        }
        fm_cells_clear(&cells);
    }
    return status;
}

fm_status fm_json_sparse_rows(const json_t *rows, const json_t *fresh, uint32_t base,
                              const char *key, size_t *room, fm_factors *out, fm_error *error)
{
    reader in = {.base = base, .room = room, .key = key, .error = error};
    fm_status status = FM_OK;
    fm_factors_init(out, base);
    fm_factors_init(&in.fresh, base);
    if (fresh != NULL && !json_is_array(fresh))
        status = fm_fail(error, FM_BAD_INPUT, "%s_fresh must be an array of rows", key);
    if (status == FM_OK)
        status = read_rows(&in, fresh, "_fresh", &in.fresh);
    if (status == FM_OK)
        status = read_rows(&in, rows, "", out);
    fm_factors_clear(&in.fresh);
    return status;
}
