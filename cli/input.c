#include "input.h"

#include "error.h"
#include "memory.h"
#include "scheme_file.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* ---------------------------------------------------------------- options */

int cli_reading_begin(cli_reading *reading)
{
    fm_error error;
    fm_read_options *options = &reading->options;
    if (reading->format != NULL && reading->tensor != NULL)
        return cli_error("--format and --tensor exclude each other");
    if (reading->format != NULL &&
        fm_tensor_parse_format(reading->format, &reading->tensor, &error) != FM_OK)
        return cli_error("--format: %s", error.message);
    options->tensor = reading->tensor;
    if (cli_ring_given(reading->ring))
        options->ring = &reading->ring;
    if (reading->transposed == NULL)
        return CLI_DONE;
    bool yes = strcmp(reading->transposed, "yes") == 0;
    if (!yes && strcmp(reading->transposed, "no") != 0)
        return cli_error("--transposed: '%s' is neither yes nor no", reading->transposed);
    options->w_order = yes ? FM_W_OF_TRANSPOSE : FM_W_OF_C;
    return CLI_DONE;
}

void cli_reading_end(cli_reading *reading)
{
    fm_tensor_free(reading->tensor);
    reading->tensor = NULL;
}

/* ---------------------------------------------------------------- files */

static void add_file(cli_files *files, const char *path)
{
    files->paths = fm_grow(files->paths, files->count, &files->capacity, sizeof *files->paths);
    files->paths[files->count++] = fm_strdup(path);
}

static int skip_hidden(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static bool is_regular(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

/* Links to folders are not followed: they may lead in a circle. */
static bool is_link(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 && S_ISLNK(status.st_mode);
}

static fm_status add_folder(cli_files *files, const char *folder, fm_error *error)
{
    struct dirent **entries;
    fm_status status = FM_OK;
    int count = scandir(folder, &entries, skip_hidden, alphasort);
    if (count < 0)
        return fm_fail(error, FM_IO, "%s: %s", folder, strerror(errno));
    for (int e = 0; e < count; e++) {
        char *path = fm_format("%s/%s", folder, entries[e]->d_name);
        if (status == FM_OK && is_folder(path) && !is_link(path))
            status = add_folder(files, path, error);
        else if (status == FM_OK && is_regular(path) && fm_scheme_file_recognize(path))
            add_file(files, path);
        free(path);
        free(entries[e]);
    }
    free(entries);
    return status;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Drops the second and third files of triples whose first is there. */
static void drop_rest_of_triples(cli_files *files)
{
    size_t kept = 0;
    char **sorted = fm_alloc(files->count, sizeof *sorted);
    bool *drop = fm_alloc_zero(files->count, sizeof *drop);
    if (files->count > 0)
        memcpy(sorted, files->paths, files->count * sizeof *sorted);
    qsort(sorted, files->count, sizeof *sorted, compare_paths);
    for (size_t f = 0; f < files->count; f++) {
        size_t length = strlen(files->paths[f]);
        bool sms = length > 4 && strcasecmp(files->paths[f] + length - 4, ".sms") == 0;
        if (!sms || fm_sms_axis(files->paths[f]) <= 0)
            continue;
        char *first = fm_sms_beside(files->paths[f], 0);
        drop[f] = bsearch(&first, sorted, files->count, sizeof *sorted, compare_paths) != NULL;
        free(first);
    }
    for (size_t f = 0; f < files->count; f++) {
        if (drop[f])
            free(files->paths[f]);
        else
            files->paths[kept++] = files->paths[f];
    }
    files->count = kept;
    free(drop);
    free(sorted);
}

fm_status cli_files_find(size_t count, char **operands, cli_files *out, fm_error *error)
{
    fm_status status = FM_OK;
    *out = (cli_files){.is_many = count > 1};
    for (size_t o = 0; o < count && status == FM_OK; o++) {
        if (strcmp(operands[o], "-") != 0 && is_folder(operands[o])) {
            size_t length = strlen(operands[o]);
            while (length > 1 && operands[o][length - 1] == '/')
                length--;
            char *folder = fm_strndup(operands[o], length);
            out->is_many = true;
            status = add_folder(out, folder, error);
            free(folder);
        } else {
            add_file(out, operands[o]);
        }
    }
    if (status != FM_OK)
        cli_files_free(out);
    else
        drop_rest_of_triples(out);
    return status;
}

void cli_files_free(cli_files *files)
{
    for (size_t f = 0; f < files->count; f++)
        free(files->paths[f]);
    free(files->paths);
    *files = (cli_files){0};
}
