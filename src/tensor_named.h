/* Tensors that have a name: structured matrix products, polynomials, algebras. See docs/tensors.md.
   fm_tensor_parse_name in fewmul.h reads the names. */
#ifndef FM_TENSOR_NAMED_H
#define FM_TENSOR_NAMED_H

#include "fewmul.h"

/* A kind of name, for lists and help. */
typedef struct fm_tensor_family {
    const char *pattern; /* "poly:MxN" */
    const char *meaning;
} fm_tensor_family;

extern const fm_tensor_family fm_tensor_families[];
extern const size_t fm_tensor_family_count;

#endif
