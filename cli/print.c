#include "print.h"

#include "memory.h"
#include "plain.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- JSON */

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
    cli_print_json_to(stdout, object);
}

void cli_print_json_to(FILE *file, json_t *object)
{
    json_dumpf(object, file, JSON_REAL_PRECISION(12));
    fputc('\n', file);
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

static bool has_entry(const fm_scheme_list *list, size_t index, const char *entry)
{
    const fm_origin *origin = fm_scheme_origin(list->schemes[index]);
    return origin != NULL && origin->entry != NULL && strcmp(origin->entry, entry) == 0;
}

char *cli_list_label(const char *path, const fm_scheme_list *list, size_t index)
{
    const fm_origin *origin = fm_scheme_origin(list->schemes[index]);
    const char *name = strcmp(path, "-") == 0 ? "standard input" : path;
    if (origin == NULL || origin->entry == NULL)
        return cli_scheme_label(path, index, list->count);
    size_t first = index;
    while (first > 0 && has_entry(list, first - 1, origin->entry))
        first--;
    bool follows = index + 1 < list->count && has_entry(list, index + 1, origin->entry);
    char *label = first < index || follows
                      ? fm_format("%s[%s][%zu]", name, origin->entry, index - first)
                      : fm_format("%s[%s]", name, origin->entry);
    fm_make_plain(label);
    return label;
}
