/* Tensors: sparse three-way arrays of integers, immutable and reference counted. */
#ifndef FM_TENSOR_H
#define FM_TENSOR_H

#include "fewmul.h"

#include <flint/fmpz.h>

typedef struct fm_tensor_entry {
    uint32_t i, j, k;
    fmpz value; /* not 0 */
} fm_tensor_entry;

struct fm_tensor {
    _Atomic unsigned references;
    uint32_t extent[3];
    uint32_t format[3]; /* n, m, p; all 0 when it is no matrix product */
    char *name;
    size_t entry_count;
    fm_tensor_entry *entries; /* sorted by (i, j, k), no two at one place */
};

/* Takes over name (from fm_strdup) and the entries (from fm_alloc) with their values; sorts them.
   FM_BAD_INPUT when two stand at one place, an index is out of range, a value is 0, or the name is
   one that fm_tensor_parse_name knows and the entries are not those; when they are, *out is that
   tensor. */
fm_status fm_tensor_new(const uint32_t extent[3], char *name, fm_tensor_entry *entries,
                        size_t count, fm_tensor **out, fm_error *error);
/* The same for what bears its name by right: the name is not looked at. */
fm_status fm_tensor_make(const uint32_t extent[3], char *name, fm_tensor_entry *entries,
                         size_t count, fm_tensor **out, fm_error *error);

#endif
