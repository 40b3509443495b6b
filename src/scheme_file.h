/* What the readers and writers of scheme files share. A file format is one scheme_NAME.c with an
   fm_scheme_format, listed in scheme_file.c. */
#ifndef FM_SCHEME_FILE_H
#define FM_SCHEME_FILE_H

#include "scheme.h"

typedef struct fm_scheme_format {
    /* True when a file that begins so can be of this format. */
    bool (*recognize)(const char *text, size_t length);
    /* Appends the schemes to the list. text ends in a zero byte that length does not count. */
    fm_status (*read)(const char *text, size_t length, const char *name, fm_scheme_list *list,
                      fm_error *error);
    fm_status (*write)(const fm_scheme *scheme, FILE *file, fm_error *error);
} fm_scheme_format;

extern const fm_scheme_format fm_scheme_format_json, fm_scheme_format_text;

void fm_scheme_list_append(fm_scheme_list *list, fm_scheme *scheme);

/* An integer or a fraction in decimal, "-3" or "5/7", and nothing else; false, and value is
   undefined, when text is no such number or its denominator is 0. */
bool fm_parse_fraction(const char *text, size_t length, fmpq_t value);

/* A scheme that is read row by row, as published: W for the transpose of C where the tensor is a
   matrix product. */
typedef struct fm_scheme_builder {
    const fm_tensor *tensor;
    fm_factors factors[3];
    fmpq *row; /* the current one, of any axis */
    size_t row_length;
} fm_scheme_builder;

/* tensor stays the caller's and must outlive the builder. */
void fm_scheme_builder_init(fm_scheme_builder *builder, const fm_tensor *tensor);
void fm_scheme_builder_clear(fm_scheme_builder *builder);
/* Entry `index` of the current row, which belongs to the builder. */
fmpq *fm_scheme_builder_entry(fm_scheme_builder *builder, uint32_t index);
/* Ends the current row; the next one starts as zeros. */
void fm_scheme_builder_end_row(fm_scheme_builder *builder, unsigned axis);
/* The scheme of the rows so far, taken into ring, or, when ring is NULL, over the smallest of zt, z
   and q that has the coefficients. FM_BAD_INPUT when the ring does not have one. */
fm_status fm_scheme_builder_finish(fm_scheme_builder *builder, const fm_ring *ring, fm_scheme **out,
                                   fm_error *error);

/* Writes row r of a factor matrix in the published order, zeros too; when quoted, fractions and
   integers beyond 64 bits in quotes. */
void fm_scheme_write_row(const fm_scheme *scheme, unsigned axis, uint32_t r, const char *separator,
                         bool quoted, FILE *file);

#endif
