/* The one pickle that published archives have: NumPy's object array of arrays of numbers, as
   numpy.save writes it. A machine that knows the operations which build it and three names of
   NumPy, calls nothing, and refuses everything else. */
#ifndef FM_PICKLE_H
#define FM_PICKLE_H

#include "numpy.h"

/* Reads the objects of array, of kind 'O' and with its shape set; its items are views of bytes. */
fm_status fm_pickle_read(const uint8_t *bytes, size_t length, fm_array *array, fm_error *error);

#endif
