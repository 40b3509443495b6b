#include "print.h"

#include "memory.h"
#include "plain.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- JSON */

/* The text with every byte that is not ASCII replaced. */
static json_t *ascii_string(const char *text)
{
    static const char replacement[] = "\xef\xbf\xbd";
    char *copy = fm_alloc(3 * strlen(text) + 1, 1), *to = copy;
    for (const char *c = text; *c != '\0'; c++) {
        bool ascii = (unsigned char)*c < 0x80;
        memcpy(to, ascii ? c : replacement, ascii ? 1 : 3);
        to += ascii ? 1 : 3;
    }
    *to = '\0';
    json_t *string = json_string(copy);
    free(copy);
    return string;
}

json_t *cli_json_string(const char *text)
{
    json_t *string = json_string(text);
    return string != NULL ? string : ascii_string(text);
}

json_t *cli_json_real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

json_t *cli_json_seed(uint64_t seed)
{
    char digits[24];
    if (seed >> 53 == 0)
        return json_integer((json_int_t)seed);
    snprintf(digits, sizeof digits, "%" PRIu64, seed);
    return json_string(digits);
}

void cli_print_json(json_t *object)
{
    json_dumpf(object, stdout, JSON_REAL_PRECISION(12));
    putchar('\n');
    json_decref(object);
}

/* ---------------------------------------------------------------- names */

char *cli_scheme_label(const char *path, size_t index, size_t count)
{
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    char *label = count > 1 ? fm_format("%s[%zu]", name, index) : fm_strdup(name);
    fm_make_plain(label);
    return label;
}
