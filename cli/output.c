#include "output.h"

#include "error.h"
#include "memory.h"
#include "scheme_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The file itself when path is a link to one, so that the link stays. */
static char *real_path(const char *path)
{
    char *real = realpath(path, NULL);
    return real != NULL ? real : fm_strdup(path);
}

static fm_status open_temporary(cli_output *output, fm_error *error)
{
    output->temporary = fm_format("%s.tmp.%ld", output->path, (long)getpid());
    int file = open(output->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0)
        return fm_fail(error, FM_IO, "%s: %s", output->temporary, strerror(errno));
    output->file = fdopen(file, "wb");
    return FM_OK;
}

static void free_paths(cli_output *output)
{
    free(output->temporary);
    free(output->path);
    *output = (cli_output){0};
}

fm_status cli_output_open(const char *path, cli_output *output, fm_error *error)
{
    struct stat present;
    *output = (cli_output){0};
    if (path == NULL) {
        output->file = stdout;
        return FM_OK;
    }
    fm_status status = FM_OK;
    output->path = real_path(path);
    if (stat(output->path, &present) == 0 && !S_ISREG(present.st_mode)) {
        output->file = fopen(output->path, "wb");
        if (output->file == NULL)
            status = fm_fail(error, FM_IO, "%s: %s", path, strerror(errno));
    } else {
        status = open_temporary(output, error);
    }
    if (status != FM_OK)
        free_paths(output);
    return status;
}

/* Flushes to disk and renames; false with errno when the system refuses. */
static bool commit(cli_output *output)
{
    if (output->path == NULL) /* the end of the process flushes stdout and reports */
        return true;
    bool written = fflush(output->file) == 0 && !ferror(output->file);
    if (output->temporary == NULL)
        return written;
    return written && fsync(fileno(output->file)) == 0 &&
           rename(output->temporary, output->path) == 0;
}

fm_status cli_output_close(cli_output *output, fm_status status, fm_error *error)
{
    if (status == FM_OK && !commit(output))
        status = fm_fail(error, FM_IO, "%s: %s", output->path, strerror(errno));
    if (status != FM_OK && output->temporary != NULL)
        unlink(output->temporary);
    if (output->path != NULL)
        fclose(output->file);
    free_paths(output);
    return status;
}

/* Several schemes are a JSON array, or members of an archive, or follow one another in text. */
static fm_status write_list(const fm_scheme_list *list, fm_file_kind kind, FILE *file,
                            fm_error *error)
{
    if (kind == FM_FILE_NPZ)
        return fm_npz_write(list, file, error);
    bool array = kind == FM_FILE_JSON && list->count != 1;
    fm_status status = FM_OK;
    if (list->count > 1 && !fm_file_kind_holds_many(kind))
        return fm_fail(error, FM_BAD_INPUT, "%zu schemes, and a file of kind %s has one",
                       list->count, fm_file_kind_name(kind));
    fputs(array ? "[\n" : "", file);
    for (size_t s = 0; s < list->count && status == FM_OK; s++) {
        fputs(array && s > 0 ? ",\n" : "", file);
        status = fm_scheme_write(list->schemes[s], kind, file, error);
    }
    fputs(array && status == FM_OK ? "]\n" : "", file);
    return status;
}

/* A matrix of an SMS triple to its file. */
static fm_status write_matrix(const fm_scheme *scheme, const char *path, int axis, fm_error *error)
{
    cli_output output;
    char *beside = fm_sms_beside(path, axis);
    fm_status status = cli_output_open(beside, &output, error);
    if (status == FM_OK) {
        fm_sms_write_matrix(scheme, axis, output.file);
        status = cli_output_close(&output, FM_OK, error);
    }
    free(beside);
    return status;
}

static fm_status write_triple(const char *input, const fm_scheme *scheme, const char *path,
                              fm_error *error)
{
    fm_error reason;
    fm_status status = fm_sms_can_write(scheme, &reason);
    if (status != FM_OK)
        return fm_fail(error, status, "%s: %s", input, reason.message);
    for (int axis = 0; axis < 3 && status == FM_OK; axis++)
        status = write_matrix(scheme, path, axis, error);
    return status;
}

fm_status cli_write_schemes(const char *input, const fm_scheme_list *list, fm_file_kind kind,
                            const char *path, fm_error *error)
{
    cli_output output;
    fm_error reason;
    if (kind == FM_FILE_SMS && list->count == 1 && path != NULL && fm_sms_axis(path) >= 0)
        return write_triple(input, list->schemes[0], path, error);
    fm_status status = cli_output_open(path, &output, error);
    if (status != FM_OK)
        return status;
    status = write_list(list, kind, output.file, &reason);
    if (status != FM_OK) {
        const char *name = path != NULL ? path : "standard output";
        fm_fail(error, status, "%s: %s", status == FM_IO ? name : input, reason.message);
    }
    return cli_output_close(&output, status, error);
}
