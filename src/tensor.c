#include "tensor.h"

#include "error.h"
#include "memory.h"
#include "plain.h"

#include <stdlib.h>
#include <string.h>

static int compare_entries(const void *a, const void *b)
{
    const fm_tensor_entry *x = a, *y = b;
    if (x->i != y->i)
        return x->i < y->i ? -1 : 1;
    if (x->j != y->j)
        return x->j < y->j ? -1 : 1;
    return (x->k > y->k) - (x->k < y->k);
}

static fm_status check_entries(const fm_tensor *tensor, fm_error *error)
{
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        if (entry->i >= tensor->extent[0] || entry->j >= tensor->extent[1] ||
            entry->k >= tensor->extent[2])
            return fm_fail(error, FM_BAD_INPUT,
                           "%s: entry (%u, %u, %u) is outside the shape %u %u %u", tensor->name,
                           entry->i + 1, entry->j + 1, entry->k + 1, tensor->extent[0],
                           tensor->extent[1], tensor->extent[2]);
        if (fmpz_is_zero(&entry->value))
            return fm_fail(error, FM_BAD_INPUT, "%s: entry (%u, %u, %u) is zero", tensor->name,
                           entry->i + 1, entry->j + 1, entry->k + 1);
        if (e > 0 && compare_entries(entry - 1, entry) == 0)
            return fm_fail(error, FM_BAD_INPUT, "%s: entry (%u, %u, %u) is given twice",
                           tensor->name, entry->i + 1, entry->j + 1, entry->k + 1);
    }
    return FM_OK;
}

fm_status fm_tensor_make(const uint32_t extent[3], char *name, fm_tensor_entry *entries,
                         size_t count, fm_tensor **out, fm_error *error)
{
    fm_tensor *tensor = fm_alloc_zero(1, sizeof *tensor);
    tensor->references = 1;
    memcpy(tensor->extent, extent, sizeof tensor->extent);
    tensor->name = name;
    fm_make_plain(tensor->name);
    tensor->entries = entries != NULL ? entries : fm_alloc(0, sizeof *entries);
    tensor->entry_count = count;
    qsort(tensor->entries, count, sizeof *entries, compare_entries);
    fm_status status = check_entries(tensor, error);
    if (status != FM_OK) {
        fm_tensor_free(tensor);
        tensor = NULL;
    }
    *out = tensor;
    return status;
}

/* Nothing passes for a matrix product, or for another tensor that the library names, by its name:
   what is called like one must be it. */
static fm_status settle_name(fm_tensor **tensor, fm_error *error)
{
    fm_tensor *named, *given = *tensor;
    if (fm_tensor_parse_name(given->name, &named, NULL) != FM_OK)
        return FM_OK;
    bool format = fm_tensor_is_matmul(named, NULL);
    if (!format && strcmp(named->name, given->name) != 0) {
        fm_tensor_free(named); /* "complex", say, in short: a file may be called so */
        return FM_OK;
    }
    fm_status status = FM_OK;
    *tensor = named;
    if (!fm_tensor_equal(given, named)) {
        status = fm_fail(error, FM_BAD_INPUT, "%s: called like a %s, but not its %s", given->name,
                         format ? "format" : "tensor of the library",
                         format ? "matrix product" : "entries");
        fm_tensor_free(named);
        *tensor = NULL;
    }
    fm_tensor_free(given);
    return status;
}

fm_status fm_tensor_new(const uint32_t extent[3], char *name, fm_tensor_entry *entries,
                        size_t count, fm_tensor **out, fm_error *error)
{
    fm_status status = fm_tensor_make(extent, name, entries, count, out, error);
    return status == FM_OK ? settle_name(out, error) : status;
}

fm_status fm_tensor_matmul(unsigned n, unsigned m, unsigned p, fm_tensor **out, fm_error *error)
{
    *out = NULL;
    if (n < 1 || m < 1 || p < 1 || n > FM_FORMAT_MAX || m > FM_FORMAT_MAX || p > FM_FORMAT_MAX)
        return fm_fail(error, FM_BAD_INPUT, "format %ux%ux%u: each size must be from 1 to %d", n, m,
                       p, FM_FORMAT_MAX);
    fm_tensor_entry *entries = fm_alloc((size_t)n * m * p, sizeof *entries);
    size_t count = 0;
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = 0; j < m; j++)
            for (unsigned k = 0; k < p; k++)
                entries[count++] = (fm_tensor_entry){i * m + j, j * p + k, i * p + k, 1};
    fm_status status = fm_tensor_make((uint32_t[3]){n * m, m * p, n * p},
                                      fm_format("%ux%ux%u", n, m, p), entries, count, out, error);
    if (status == FM_OK)
        memcpy((*out)->format, (uint32_t[3]){n, m, p}, sizeof(*out)->format);
    return status;
}

fm_status fm_tensor_parse_format(const char *text, fm_tensor **out, fm_error *error)
{
    unsigned size[3];
    const char *at = text;
    *out = NULL;
    for (int axis = 0; axis < 3; axis++) {
        char *end = (char *)at;
        unsigned long value = *at >= '0' && *at <= '9' ? strtoul(at, &end, 10) : 0;
        if (end == at || *end != (axis < 2 ? 'x' : '\0'))
            return fm_fail(error, FM_BAD_INPUT, "'%s' is not a format such as 4x4x5", text);
        size[axis] = value > FM_FORMAT_MAX ? FM_FORMAT_MAX + 1 : (unsigned)value;
        at = end + 1;
    }
    return fm_tensor_matmul(size[0], size[1], size[2], out, error);
}

fm_tensor *fm_tensor_share(const fm_tensor *tensor)
{
    fm_tensor *shared = (fm_tensor *)tensor;
    shared->references++;
    return shared;
}

void fm_tensor_free(fm_tensor *tensor)
{
    if (tensor == NULL || --tensor->references > 0)
        return;
    for (size_t e = 0; e < tensor->entry_count; e++)
        fmpz_clear(&tensor->entries[e].value);
    free(tensor->entries);
    free(tensor->name);
    free(tensor);
}

const char *fm_tensor_name(const fm_tensor *tensor)
{
    return tensor->name;
}

uint32_t fm_tensor_extent(const fm_tensor *tensor, unsigned axis)
{
    return tensor->extent[axis];
}

size_t fm_tensor_entry_count(const fm_tensor *tensor)
{
    return tensor->entry_count;
}

bool fm_tensor_is_matmul(const fm_tensor *tensor, unsigned format[3])
{
    if (format != NULL)
        memcpy(format, tensor->format, sizeof tensor->format);
    return tensor->format[0] > 0;
}

bool fm_tensor_equal(const fm_tensor *a, const fm_tensor *b)
{
    if (memcmp(a->extent, b->extent, sizeof a->extent) != 0 || a->entry_count != b->entry_count)
        return false;
    for (size_t e = 0; e < a->entry_count; e++)
        if (compare_entries(&a->entries[e], &b->entries[e]) != 0 ||
            !fmpz_equal(&a->entries[e].value, &b->entries[e].value))
            return false;
    return true;
}
