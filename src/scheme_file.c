#include "scheme_file.h"

#include "error.h"
#include "file.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* In the order in which they are tried. */
static const fm_scheme_format *const formats[] = {
    &fm_scheme_format_json,
    &fm_scheme_format_text,
};

enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };

/* ---------------------------------------------------------------- what formats share */

void fm_scheme_list_push(fm_scheme_list *list, fm_scheme *scheme)
{
    bool full = (list->count & (list->count - 1)) == 0; /* the capacity is the next power of 2 */
    if (full)
        list->schemes =
            fm_realloc(list->schemes, list->count > 0 ? 2 * list->count : 1, sizeof *list->schemes);
    list->schemes[list->count++] = scheme;
}

fm_status fm_scheme_list_matmul(const fm_scheme_list *list, const uint32_t format[3],
                                fm_tensor **out, fm_error *error)
{
    for (size_t s = 0; s < list->count; s++) {
        const fm_tensor *tensor = list->schemes[s]->tensor;
        if (memcmp(tensor->format, format, sizeof tensor->format) == 0) {
            *out = fm_tensor_share(tensor);
            return FM_OK;
        }
    }
    return fm_tensor_matmul(format[0], format[1], format[2], out, error);
}

/* Residues of the coefficients; false when there is one without. */
static bool reduce_coefficients(fm_factors *factors, fm_ring ring)
{
    fm_factors reduced;
    fmpq_t image;
    bool exist = true;
    fmpq_init(image);
    fm_factors_init(&reduced, factors->extent);
    for (uint32_t r = 0; r < factors->rank; r++) {
        for (size_t e = factors->start[r]; e < factors->start[r + 1] && exist; e++) {
            exist = fm_ring_map(ring, &factors->value[e], image);
            if (exist)
                fm_factors_push(&reduced, factors->index[e], image);
        }
        fm_factors_end_row(&reduced);
    }
    fmpq_clear(image);
    fm_factors_clear(factors);
    *factors = reduced;
    return exist;
}

fm_status fm_scheme_from_rows(const fm_tensor *tensor, fm_ring ring, fm_factors factors[3],
                              fm_scheme **out, fm_error *error)
{
    char name[FM_RING_NAME_SIZE];
    bool exist = true;
    *out = NULL;
    for (int axis = 0; axis < 3 && ring.kind == FM_RING_ZP; axis++)
        exist = reduce_coefficients(&factors[axis], ring) && exist;
    if (exist)
        return fm_scheme_new(tensor, ring, factors, out, error);
    for (int axis = 0; axis < 3; axis++)
        fm_factors_clear(&factors[axis]);
    return fm_fail(error, FM_BAD_INPUT, "a coefficient has no residue in %s",
                   fm_ring_name(ring, name));
}

uint32_t fm_transposed_index(const uint32_t format[3], int axis, uint32_t index)
{
    uint32_t n = format[0], p = format[2];
    return axis == 2 && n > 0 ? index % p * n + index / p : index;
}

void fm_transposed_row(const fm_scheme *scheme, int axis, uint32_t r, const fmpq **dense)
{
    static const fmpq zero = {0, 1};
    const fm_factors *f = &scheme->factors[axis];
    for (uint32_t i = 0; i < f->extent; i++)
        dense[i] = &zero;
    for (size_t e = f->start[r]; e < f->start[r + 1]; e++)
        dense[fm_transposed_index(scheme->tensor->format, axis, f->index[e])] = &f->value[e];
}

/* ---------------------------------------------------------------- reading and writing */

fm_status fm_scheme_parse(const char *text, size_t length, const char *name, fm_scheme_list *out,
                          fm_error *error)
{
    *out = (fm_scheme_list){0};
    /* Readers may count on a final zero byte, which a part of a larger text does not have. */
    char *copy = fm_strndup(text, length);
    fm_status status =
        length == 0 ? fm_fail(error, FM_BAD_INPUT, "%s: empty", name)
                    : fm_fail(error, FM_BAD_INPUT,
                              "%s: neither JSON nor text that starts with 'n m p rank'", name);
    for (int f = 0; f < FORMAT_COUNT; f++)
        if (formats[f]->recognize(copy, length)) {
            status = formats[f]->read(copy, length, name, out, error);
            break;
        }
    free(copy);
    if (status != FM_OK)
        fm_scheme_list_free(out);
    return status;
}

fm_status fm_scheme_read(const char *path, fm_scheme_list *out, fm_error *error)
{
    char *text;
    size_t length;
    *out = (fm_scheme_list){0};
    fm_status status = fm_file_read(path, &text, &length, error);
    if (status != FM_OK)
        return status;
    status =
        fm_scheme_parse(text, length, strcmp(path, "-") == 0 ? "standard input" : path, out, error);
    free(text);
    return status;
}

void fm_scheme_list_free(fm_scheme_list *list)
{
    for (size_t s = 0; s < list->count; s++)
        fm_scheme_free(list->schemes[s]);
    free(list->schemes);
    *list = (fm_scheme_list){0};
}

fm_status fm_scheme_write(const fm_scheme *scheme, fm_file_kind kind, FILE *file, fm_error *error)
{
    for (int f = 0; f < FORMAT_COUNT; f++) {
        if (formats[f]->kind != kind)
            continue;
        fm_status status = formats[f]->write(scheme, file, error);
        if (status == FM_OK && ferror(file))
            return fm_fail(error, FM_IO, "%s: the scheme could not be written",
                           scheme->tensor->name);
        return status;
    }
    return fm_fail(error, FM_BAD_INPUT, "unknown kind of scheme file: %d", (int)kind);
}
