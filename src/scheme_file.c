#include "scheme_file.h"

#include "error.h"
#include "file.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* In the order of fm_file_kind, and of recognition. */
static const fm_scheme_format *const formats[] = {&fm_scheme_format_json, &fm_scheme_format_text};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

void fm_scheme_list_append(fm_scheme_list *list, fm_scheme *scheme)
{
    list->schemes = fm_realloc(list->schemes, list->count + 1, sizeof *list->schemes);
    list->schemes[list->count++] = scheme;
}

void fm_scheme_list_free(fm_scheme_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        fm_scheme_free(list->schemes[i]);
    free(list->schemes);
    *list = (fm_scheme_list){0};
}

/* ---------------------------------------------------------------- reading */

fm_status fm_scheme_parse(const char *text, size_t length, const char *name, fm_scheme_list *out,
                          fm_error *error)
{
    *out = (fm_scheme_list){0};
    for (int f = 0; f < FORMAT_COUNT; f++) {
        if (!formats[f]->recognize(text, length))
            continue;
        char *copy = fm_alloc(length + 1, 1); /* a reader may rely on the zero byte */
        memcpy(copy, text, length);
        copy[length] = '\0';
        fm_status status = formats[f]->read(copy, length, name, out, error);
        free(copy);
        if (status == FM_OK && out->count == 0)
            status = fm_fail(error, FM_BAD_INPUT, "%s: no scheme in it", name);
        if (status != FM_OK)
            fm_scheme_list_free(out);
        return status;
    }
    return fm_fail(error, FM_BAD_INPUT,
                   "%s: no scheme file: expected JSON, or text that begins with 'n m p rank'",
                   name);
}

fm_status fm_scheme_read(const char *path, fm_scheme_list *out, fm_error *error)
{
    char *text;
    size_t length;
    *out = (fm_scheme_list){0};
    fm_status status = fm_file_read(path, &text, &length, error);
    if (status != FM_OK)
        return status;
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    status = fm_scheme_parse(text, length, name, out, error);
    free(text);
    return status;
}

fm_status fm_scheme_write(const fm_scheme *scheme, fm_file_kind kind, FILE *file, fm_error *error)
{
    fm_status status = formats[kind]->write(scheme, file, error);
    if (status == FM_OK && ferror(file))
        return fm_fail(error, FM_IO, "the scheme could not be written");
    return status;
}

/* ---------------------------------------------------------------- numbers */

static size_t count_digits(const char *text, size_t length)
{
    size_t digits = 0;
    while (digits < length && text[digits] >= '0' && text[digits] <= '9')
        digits++;
    return digits;
}

bool fm_parse_fraction(const char *text, size_t length, fmpq_t value)
{
    size_t sign = length > 0 && (text[0] == '-' || text[0] == '+');
    size_t numerator = count_digits(text + sign, length - sign), end = sign + numerator;
    if (numerator == 0 || (end < length && text[end] != '/'))
        return false;
    if (end < length &&
        (count_digits(text + end + 1, length - end - 1) != length - end - 1 || end + 1 == length))
        return false;
    char *copy = fm_alloc(length + 1, 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    copy[end] = '\0';
    bool read = fmpz_set_str(fmpq_numref(value), copy + (copy[0] == '+'), 10) == 0;
    fmpz_one(fmpq_denref(value));
    if (end < length)
        read = fmpz_set_str(fmpq_denref(value), copy + end + 1, 10) == 0 && read;
    free(copy);
    if (!read || fmpz_is_zero(fmpq_denref(value)))
        return false;
    fmpq_canonicalise(value);
    return true;
}

/* ---------------------------------------------------------------- rows */

/* Where entry `index` of a row stands in the published order: W is for the transpose of C. */
static uint32_t published_index(const fm_tensor *tensor, unsigned axis, uint32_t index)
{
    const uint32_t *format = tensor->format;
    if (axis != 2 || format[0] == 0)
        return index;
    return index % format[2] * format[0] + index / format[2];
}

void fm_scheme_write_row(const fm_scheme *scheme, unsigned axis, uint32_t r, const char *separator,
                         bool quoted, FILE *file)
{
    const fm_factors *f = &scheme->factors[axis];
    const fmpq **row = fm_alloc_zero(f->extent, sizeof *row);
    for (size_t e = f->start[r]; e < f->start[r + 1]; e++)
        row[published_index(scheme->tensor, axis, f->index[e])] = &f->value[e];
    for (uint32_t e = 0; e < f->extent; e++) {
        if (e > 0)
            fputs(separator, file);
        bool quote = quoted && row[e] != NULL &&
                     !(fmpz_is_one(fmpq_denref(row[e])) && fmpz_fits_si(fmpq_numref(row[e])));
        if (quote)
            fputc('"', file);
        if (row[e] != NULL)
            fmpq_fprint(file, row[e]);
        else
            fputc('0', file);
        if (quote)
            fputc('"', file);
    }
    free(row);
}

void fm_scheme_builder_init(fm_scheme_builder *builder, const fm_tensor *tensor)
{
    *builder = (fm_scheme_builder){.tensor = tensor};
    for (unsigned axis = 0; axis < 3; axis++) {
        fm_factors_init(&builder->factors[axis], tensor->extent[axis]);
        if (tensor->extent[axis] > builder->row_length)
            builder->row_length = tensor->extent[axis];
    }
    builder->row = fm_alloc(builder->row_length, sizeof *builder->row);
    for (size_t e = 0; e < builder->row_length; e++)
        fmpq_init(&builder->row[e]);
}

void fm_scheme_builder_clear(fm_scheme_builder *builder)
{
    for (unsigned axis = 0; axis < 3; axis++)
        fm_factors_clear(&builder->factors[axis]);
    for (size_t e = 0; e < builder->row_length; e++)
        fmpq_clear(&builder->row[e]);
    free(builder->row);
    *builder = (fm_scheme_builder){0};
}

fmpq *fm_scheme_builder_entry(fm_scheme_builder *builder, uint32_t index)
{
    return &builder->row[index];
}

void fm_scheme_builder_end_row(fm_scheme_builder *builder, unsigned axis)
{
    uint32_t extent = builder->tensor->extent[axis];
    for (uint32_t e = 0; e < extent; e++)
        fm_factors_push(&builder->factors[axis], e,
                        &builder->row[published_index(builder->tensor, axis, e)]);
    fm_factors_end_row(&builder->factors[axis]);
    for (uint32_t e = 0; e < extent; e++)
        fmpq_zero(&builder->row[e]);
}

/* Residues of the coefficients; false when there is one without (a denominator divisible by p). */
static bool reduce_coefficients(fm_factors factors[3], fm_ring ring)
{
    fm_factors reduced[3];
    fmpq_t image;
    bool exist = true;
    fmpq_init(image);
    for (unsigned axis = 0; axis < 3; axis++) {
        fm_factors *f = &factors[axis];
        fm_factors_init(&reduced[axis], f->extent);
        for (uint32_t r = 0; r < f->rank; r++) {
            for (size_t e = f->start[r]; e < f->start[r + 1] && exist; e++) {
                exist = fm_ring_map(ring, &f->value[e], image);
                if (exist)
                    fm_factors_push(&reduced[axis], f->index[e], image);
            }
            fm_factors_end_row(&reduced[axis]);
        }
        fm_factors_clear(f);
        *f = reduced[axis];
    }
    fmpq_clear(image);
    return exist;
}

fm_status fm_scheme_builder_finish(fm_scheme_builder *builder, const fm_ring *ring, fm_scheme **out,
                                   fm_error *error)
{
    char name[FM_RING_NAME_SIZE];
    fm_ring own = ring != NULL ? *ring : fm_factors_smallest_ring(builder->factors);
    *out = NULL;
    if (own.kind == FM_RING_ZP && !reduce_coefficients(builder->factors, own))
        return fm_fail(error, FM_BAD_INPUT, "a coefficient has no residue in %s",
                       fm_ring_name(own, name));
    return fm_scheme_new(builder->tensor, own, builder->factors, out, error);
}
