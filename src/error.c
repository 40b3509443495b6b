#include "error.h"

#include <stdarg.h>

const char *fm_version(void)
{
    return FEWMUL_VERSION;
}

fm_status fm_fail(fm_error *error, fm_status status, const char *format, ...)
{
    if (error != NULL) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(error->message, sizeof error->message, format, arguments);
        va_end(arguments);
    }
    return status;
}
