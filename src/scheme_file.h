/* Scheme files: the table of formats and what their readers and writers share. A format is one
   scheme_*.c; docs/scheme-file.md says what each looks like. */
#ifndef FM_SCHEME_FILE_H
#define FM_SCHEME_FILE_H

#include "scheme.h"

typedef struct fm_scheme_format {
    fm_file_kind kind;
    /* Whether the content, length bytes and a final zero, is meant to be of this format. */
    bool (*recognize)(const char *text, size_t length);
    /* Appends the schemes in text to list; name stands for the file in messages. Whatever the
       outcome, the list is the caller's to free. */
    fm_status (*read)(const char *text, size_t length, const char *name, fm_scheme_list *list,
                      fm_error *error);
    /* Write errors are the caller's to find, by ferror. */
    fm_status (*write)(const fm_scheme *scheme, FILE *file, fm_error *error);
} fm_scheme_format;

extern const fm_scheme_format fm_scheme_format_json, fm_scheme_format_text;

/* Takes over scheme. */
void fm_scheme_list_push(fm_scheme_list *list, fm_scheme *scheme);

/* The tensor of a format, shared with a scheme of the list where there is one: a file of many
   schemes takes no more memory than they do. Freed with fm_tensor_free. */
fm_status fm_scheme_list_matmul(const fm_scheme_list *list, const uint32_t format[3],
                                fm_tensor **out, fm_error *error);

/* As fm_scheme_new, but over zp integers and fractions are taken as their residues: published
   schemes have -1 modulo 2 and 3. FM_BAD_INPUT also when a denominator has no inverse. */
fm_status fm_scheme_from_rows(const fm_tensor *tensor, fm_ring ring, fm_factors factors[3],
                              fm_scheme **out, fm_error *error);

/* Where coefficient index of an axis stands in a row of a file in which W is for the transpose of
   C: elsewhere only on axis 2 of a matrix product. */
uint32_t fm_transposed_index(const uint32_t format[3], int axis, uint32_t index);

/* Points dense[fm_transposed_index(...)] to the coefficients of row r, and to a zero elsewhere;
   dense has as many pointers as a row has coefficients. */
void fm_transposed_row(const fm_scheme *scheme, int axis, uint32_t r, const fmpq **dense);

#endif
