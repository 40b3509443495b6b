#include "json.h"

#include "memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

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

json_t *fm_json_string(const char *text)
{
    json_t *string = json_string(text);
    return string != NULL ? string : ascii_string(text);
}

void fm_json_print_string(FILE *file, const char *text)
{
    json_t *string = fm_json_string(text);
    json_dumpf(string, file, JSON_ENCODE_ANY);
    json_decref(string);
}
