#include "error.h"

#include "plain.h"

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
        fm_make_plain(error->message); /* words of files and their names are in it */
    }
    return status;
}
