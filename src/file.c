#include "file.h"

#include "error.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static fm_status read_stream(FILE *file, const char *path, char **text, size_t *length,
                             fm_error *error)
{
    size_t capacity = 1 << 16, count = 0;
    char *buffer = fm_alloc(capacity, 1);
    for (;;) {
        count += fread(buffer + count, 1, capacity - 1 - count, file);
        if (count < capacity - 1)
            break;
        capacity *= 2;
        if (capacity > FM_FILE_SIZE_MAX) {
            free(buffer);
            return fm_fail(error, FM_BAD_INPUT, "%s: larger than %zu bytes", path,
                           FM_FILE_SIZE_MAX);
        }
        buffer = fm_realloc(buffer, capacity, 1);
    }
    if (ferror(file)) {
        free(buffer);
        return fm_fail(error, FM_IO, "%s: %s", path, strerror(errno));
    }
    buffer[count] = '\0';
    *text = buffer;
    *length = count;
    return FM_OK;
}

fm_status fm_file_read(const char *path, char **text, size_t *length, fm_error *error)
{
    if (strcmp(path, "-") == 0)
        return read_stream(stdin, "standard input", text, length, error);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return fm_fail(error, FM_IO, "%s: %s", path, strerror(errno));
    fm_status status = read_stream(file, path, text, length, error);
    fclose(file);
    return status;
}

fm_status fm_file_sync_folder(const char *folder, fm_error *error)
{
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool synced = descriptor >= 0 && fsync(descriptor) == 0;
    /* Some file systems do not flush folders and say so. */
    fm_status status = synced || (descriptor >= 0 && (errno == EINVAL || errno == ENOTSUP))
                           ? FM_OK
                           : fm_fail(error, FM_IO, "%s: %s", folder, strerror(errno));
    if (descriptor >= 0)
        close(descriptor);
    return status;
}
