/* NumPy arrays: the .npy file and its elements as exact numbers. What NumPy would unpickle is read
   by src/pickle.h. Messages are reasons without a place. */
#ifndef FM_NUMPY_H
#define FM_NUMPY_H

#include "fewmul.h"

#include <flint/fmpq.h>

enum { FM_ARRAY_DIMENSIONS_MAX = 4, FM_ARRAY_OBJECTS_MAX = 3 };

/* A view into the bytes that it was read from, which must outlive it. */
typedef struct fm_array {
    char kind;          /* 'b', 'i', 'u', 'f', 'c': numbers; 'U': text; 'O': arrays */
    uint32_t item_size; /* bytes */
    bool is_big_endian;
    uint32_t dimension_count;
    size_t shape[FM_ARRAY_DIMENSIONS_MAX];
    size_t stride[FM_ARRAY_DIMENSIONS_MAX]; /* elements */
    size_t count;                           /* of elements, at least 1 */
    const uint8_t *data;
    struct fm_array *items; /* kind 'O': count arrays of numbers */
} fm_array;

/* Reads a .npy file, version 1, 2 or 3. *out is freed with fm_array_clear, and empty on failure. */
fm_status fm_array_read(const uint8_t *bytes, size_t length, fm_array *out, fm_error *error);
void fm_array_clear(fm_array *array);

bool fm_array_is_npy(const uint8_t *bytes, size_t length);
bool fm_array_has_numbers(const fm_array *array);

/* The element at a place, the sum of index times stride; the array has numbers. False, and value is
   undefined, when it is infinite, not a number, or complex. */
bool fm_array_number(const fm_array *array, size_t place, fmpq_t value);
/* The same with its real and its imaginary part. */
bool fm_array_complex(const fm_array *array, size_t place, fmpq_t real, fmpq_t imaginary);

/* The only element of an array of text, in ASCII; false when it is not that or does not fit. */
bool fm_array_text(const fm_array *array, char *text, size_t size);

/* For src/pickle.c: sets kind and item_size from the letter and digits of a type ("i4"), and the
   shape with its strides; FM_BAD_INPUT when it is not one that is read, or too large. */
fm_status fm_array_set_type(fm_array *array, const char *type, fm_error *error);
fm_status fm_array_set_shape(fm_array *array, const size_t *shape, size_t dimension_count,
                             bool is_fortran, fm_error *error);

/* Writes a .npy file of version 1.0 around data, native numbers or text, last index fastest;
   type as in "<i8". */
void fm_array_write(FILE *file, const char *type, size_t item_size, const size_t *shape,
                    size_t dimension_count, const void *data);

#endif
