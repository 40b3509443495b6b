/* Scheme files: the table of formats and what their readers and writers share. A format is one
   scheme_*.c; docs/scheme-file.md says what each looks like. */
#ifndef FM_SCHEME_FILE_H
#define FM_SCHEME_FILE_H

#include "reading.h"

/* What a reader reads. */
typedef struct fm_input {
    const char *text; /* length bytes, of any values, and a final zero */
    size_t length;
    const char *name; /* stands for the file in messages */
    const char *path; /* where a scheme that is in several files looks for the others; NULL: memory
                         or standard input */
    const fm_tensor *tensor; /* what the schemes are of, where the reader is told; NULL */
} fm_input;

typedef struct fm_scheme_format {
    fm_file_kind kind;
    const char *name; /* for --to and in verdicts */
    bool
        has_laurents; /* read takes the numbers of list->laurents for coefficients if there are any */
    bool many;        /* a file may have several schemes, one behind the other (JSON: an array) */
    /* Whether the content is meant to be of this format; the first in the table that says so reads
       it. NULL: not read. */
    bool (*recognize)(const fm_input *input);
    /* Appends what the file says to list, which is the caller's to free whatever the outcome. */
    fm_status (*read)(const fm_input *input, fm_reading_list *list, fm_error *error);
    /* Write errors are the caller's to find, by ferror. NULL: not written. */
    fm_status (*write)(const fm_scheme *scheme, FILE *file, fm_error *error);
} fm_scheme_format;

extern const fm_scheme_format fm_scheme_format_json, fm_scheme_format_text, fm_scheme_format_exp,
    fm_scheme_format_equations, fm_scheme_format_mathematica, fm_scheme_format_maple,
    fm_scheme_format_sms, fm_scheme_format_coefficients, fm_scheme_format_npy, fm_scheme_format_npz,
    fm_scheme_format_python, fm_scheme_format_latex;

/* Writes any number of schemes as one archive. */
fm_status fm_npz_write(const fm_scheme_list *list, FILE *file, fm_error *error);

/* Whether source text assigns a tuple or list that begins with an array: a program may have arrays of
   other things. */
bool fm_python_has_scheme(const char *text);

/* Which matrix of a triple a file name stands for, X_L.sms, X_R.sms or X_P.sms: 0, 1, 2; -1. */
int fm_sms_axis(const char *path);
/* The path of another matrix of the triple, to be freed with free. path stands for one. */
char *fm_sms_beside(const char *path, int axis);
/* One matrix of a triple, for a file of its own, of a scheme that can be written so. */
fm_status fm_sms_can_write(const fm_scheme *scheme, fm_error *error);
void fm_sms_write_matrix(const fm_scheme *scheme, int axis, FILE *file);

/* What a file says, read by the format that recognizes it. *out is freed with fm_reading_list_free,
   and empty on failure. */
fm_status fm_readings_read(const char *path, const fm_read_options *options, fm_reading_list *out,
                           fm_error *error);
fm_status fm_readings_parse(const fm_input *input, fm_reading_list *out, fm_error *error);

/* Reads the schemes of a file that leaves nothing to infer, as those are that this program writes
   as JSON. FM_BAD_INPUT for others. */
fm_status fm_scheme_read_stated(const char *path, fm_scheme_list *out, fm_error *error);

/* Whether a file of a folder is meant to be a scheme file: its content is of a kind that is read,
   and it is no program, page or other JSON. One that is damaged further on still is. */
bool fm_scheme_file_recognize(const char *path);

/* Whether a file of a kind may have several schemes. */
bool fm_file_kind_holds_many(fm_file_kind kind);
bool fm_file_kind_is_written(fm_file_kind kind);

/* Takes over scheme. */
void fm_scheme_list_push(fm_scheme_list *list, fm_scheme *scheme);

/* Where coefficient index of an axis stands in a row of a file in which W is for the transpose of
   C: elsewhere only on axis 2 of a matrix product. */
uint32_t fm_transposed_index(const uint32_t format[3], int axis, uint32_t index);

/* Points dense[fm_transposed_index(...)] to the coefficients of row r, and to a zero elsewhere;
   dense has as many pointers as a row has coefficients. */
void fm_transposed_row(const fm_scheme *scheme, int axis, uint32_t r, const fmpq **dense);

#endif
