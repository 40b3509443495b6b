/* Sparse rows in JSON, [{"index": 3, "value": -1}, ...], with the fresh variables of schemes whose
   additions are reduced: rows that other rows may refer to. */
#ifndef FM_JSON_SPARSE_H
#define FM_JSON_SPARSE_H

#include "scheme.h"

#include <jansson.h>

/* Whether rows, of a factor matrix, are sparse: one of them has an object. */
bool fm_json_rows_are_sparse(const json_t *rows);

/* A number: an integer, a string that fm_number_parse takes, or one in floating point that is exact:
   a multiple of 2^-32, as 0.5 is. */
bool fm_json_number(const json_t *value, fmpq_t out);

/* What the fresh variables of one file may come to written out, in coefficients of 64 bits. */
enum { FM_JSON_FRESH_ROOM = 1 << 24 };

/* Makes rows, an array, a matrix with base columns. Indices from base on are fresh variables: row
   i - base of fresh (may be NULL), which refers to earlier ones only. key names rows in messages.
   FM_BAD_INPUT with the reason, also when what is written out for them exceeds *room, from which it
   is taken. */
fm_status fm_json_sparse_rows(const json_t *rows, const json_t *fresh, uint32_t base,
                              const char *key, size_t *room, fm_factors *out, fm_error *error);

#endif
