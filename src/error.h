/* Errors as values: a status and a message. */
#ifndef FM_ERROR_H
#define FM_ERROR_H

#include "fewmul.h"

/* Puts the formatted message into *error, unless error is NULL, and returns status. */
fm_status fm_fail(fm_error *error, fm_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
