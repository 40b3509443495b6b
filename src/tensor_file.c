/* Tensors as sparse coordinate text, as in the FROSTT collection (.tns, indices from 1), with a
   header that gives the shape. */
#include "error.h"
#include "file.h"
#include "memory.h"
#include "number.h"
#include "tensor.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct reader {
    const char *name; /* of the file, for messages */
    uint32_t extent[3];
    fm_tensor_entry *entries;
    size_t count, capacity;
    unsigned line;
    fm_error *error;
} reader;

/* Splits a line into at most limit words at blanks; returns their number, limit + 1 for more. */
static unsigned split(char *line, char **words, unsigned limit)
{
    unsigned count = 0;
    for (char *at = strtok_r(line, " \t\r", &line); at != NULL;
         at = strtok_r(NULL, " \t\r", &line)) {
        if (count == limit)
            return limit + 1;
        words[count++] = at;
    }
    return count;
}

/* A decimal number from 1 to limit, or 0. */
static uint32_t parse_index(const char *text, uint32_t limit)
{
    char *end;
    if (text[0] < '0' || text[0] > '9')
        return 0;
    unsigned long value = strtoul(text, &end, 10);
    return *end == '\0' && value <= limit ? (uint32_t)value : 0;
}

static fm_status read_header(reader *in, char **words, unsigned count)
{
    if (count != 4 || strcmp(words[0], "shape") != 0)
        return fm_fail(in->error, FM_BAD_INPUT, "%s:%u: expected the header 'shape D1 D2 D3'",
                       in->name, in->line);
    for (int axis = 0; axis < 3; axis++) {
        in->extent[axis] = parse_index(words[axis + 1], FM_EXTENT_MAX);
        if (in->extent[axis] == 0)
            return fm_fail(in->error, FM_BAD_INPUT, "%s:%u: extent '%.40s' is not from 1 to %d",
                           in->name, in->line, words[axis + 1], FM_EXTENT_MAX);
    }
    return FM_OK;
}

static fm_status read_entry(reader *in, char **words, unsigned count)
{
    uint32_t index[3];
    fmpq_t value;
    if (count != 4)
        return fm_fail(in->error, FM_BAD_INPUT, "%s:%u: expected 'i j k value'", in->name,
                       in->line);
    for (int axis = 0; axis < 3; axis++) {
        index[axis] = parse_index(words[axis], in->extent[axis]);
        if (index[axis] == 0)
            return fm_fail(in->error, FM_BAD_INPUT, "%s:%u: index '%.40s' is not from 1 to %u",
                           in->name, in->line, words[axis], in->extent[axis]);
    }
    fmpq_init(value);
    bool good =
        strpbrk(words[3], "/.") == NULL && fm_number_parse(words[3], value) && !fmpq_is_zero(value);
    if (good) {
        in->entries = fm_grow(in->entries, in->count, &in->capacity, sizeof *in->entries);
        fm_tensor_entry *entry = &in->entries[in->count++];
        *entry = (fm_tensor_entry){.i = index[0] - 1, .j = index[1] - 1, .k = index[2] - 1};
        fmpz_init_set(&entry->value, fmpq_numref(value));
    }
    fmpq_clear(value);
    return good ? FM_OK
                : fm_fail(in->error, FM_BAD_INPUT, "%s:%u: value '%.40s' is not a nonzero integer",
                          in->name, in->line, words[3]);
}

static fm_status read_line(reader *in, char *line)
{
    char *words[4], *comment = strchr(line, '#');
    if (comment != NULL)
        *comment = '\0';
    unsigned count = split(line, words, 4);
    if (count == 0)
        return FM_OK;
    return in->extent[0] == 0 ? read_header(in, words, count) : read_entry(in, words, count);
}

static fm_status read_lines(reader *in, const char *text, size_t length)
{
    if (memchr(text, '\0', length) != NULL)
        return fm_fail(in->error, FM_BAD_INPUT, "%s: a zero byte: not a text file", in->name);
    char *copy = fm_strndup(text, length);
    fm_status status = FM_OK;
    for (char *line = copy, *next; line != NULL && status == FM_OK; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        in->line++;
        status = read_line(in, line);
    }
    free(copy);
    if (status == FM_OK && in->extent[0] == 0)
        status = fm_fail(in->error, FM_BAD_INPUT, "%s: empty; expected the header 'shape D1 D2 D3'",
                         in->name);
    return status;
}

/* The name of the tensor in a file: without its folders and its extension. */
static char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *name = fm_strdup(slash != NULL ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name)
        *dot = '\0';
    return name;
}

fm_status fm_tensor_parse(const char *text, size_t length, const char *name, fm_tensor **out,
                          fm_error *error)
{
    reader in = {.name = name, .error = error};
    *out = NULL;
    fm_status status = read_lines(&in, text, length);
    if (status == FM_OK)
        return fm_tensor_new(in.extent, base_name(name), in.entries, in.count, out, error);
    for (size_t e = 0; e < in.count; e++)
        fmpz_clear(&in.entries[e].value);
    free(in.entries);
    return status;
}

fm_status fm_tensor_read(const char *path, fm_tensor **out, fm_error *error)
{
    char *text;
    size_t length;
    *out = NULL;
    fm_status status = fm_file_read(path, &text, &length, error);
    if (status != FM_OK)
        return status;
    status = fm_tensor_parse(text, length, path, out, error);
    free(text);
    return status;
}

fm_status fm_tensor_write(const fm_tensor *tensor, FILE *file, fm_error *error)
{
    fprintf(file, "# %s\nshape %u %u %u\n", tensor->name, tensor->extent[0], tensor->extent[1],
            tensor->extent[2]);
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        fprintf(file, "%u %u %u ", entry->i + 1, entry->j + 1, entry->k + 1);
        fmpz_fprint(file, &entry->value);
        fputc('\n', file);
    }
    if (ferror(file))
        return fm_fail(error, FM_IO, "%s: could not be written", tensor->name);
    return FM_OK;
}
