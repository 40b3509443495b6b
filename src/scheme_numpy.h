/* What .npy files and the members of .npz archives share: arrays as readings. */
#ifndef FM_SCHEME_NUMPY_H
#define FM_SCHEME_NUMPY_H

#include "numpy.h"
#include "scheme_file.h"

/* Room for coefficients that are not 0, in units of one word; rows count as one. What an archive
   unpacks to is mostly zeros: the scheme of 64x64x64 from six of Strassen has 9 million others. */
enum { FM_NUMPY_ROOM = 1 << 24 };

typedef struct fm_numpy_reader {
    const fm_input *input;
    fm_reading_list *list;
    const char *entry; /* of an archive, NULL outside */
    size_t room;       /* what is left */
    fm_error *error;
} fm_numpy_reader;

/* Appends the schemes that an array is: U, V and W in one. */
fm_status fm_numpy_read_array(fm_numpy_reader *in, const fm_array *array);

/* Appends the scheme that U, V and W are; are_rows: a row is a product, whatever the shapes say. */
fm_status fm_numpy_read_three(fm_numpy_reader *in, const fm_array arrays[3], bool are_rows);

/* "FILE: ENTRY: ", then the formatted reason; returns FM_BAD_INPUT. */
fm_status fm_numpy_refuse(const fm_numpy_reader *in, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
