#include "state_file.h"

#include "error.h"
#include "file.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void digest_hex(const uint8_t *data, size_t length, char hex[2 * SHA256_DIGEST_SIZE + 1])
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    sha256_update(&context, length, data);
    sha256_digest(&context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

static const char *byte_order(void)
{
    const uint16_t one = 1;
    return *(const uint8_t *)&one == 1 ? "little-endian" : "big-endian";
}

/* ---------------------------------------------------------------- writing */

static fm_status write_whole(int file, const void *data, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t count = write(file, (const char *)data + done, length - done);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return FM_IO;
        done += (size_t)count;
    }
    return FM_OK;
}

static fm_status write_file(const char *path, const char *head, const fm_state *state,
                            fm_error *error)
{
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    fm_status status = file < 0 ? FM_IO : write_whole(file, head, strlen(head));
    if (status == FM_OK)
        status = write_whole(file, state->data, state->length);
    if (status == FM_OK && fsync(file) != 0)
        status = FM_IO;
    int reason = errno;
    if (file >= 0 && close(file) != 0 && status == FM_OK) {
        status = FM_IO;
        reason = errno;
    }
    return status == FM_OK ? FM_OK : fm_fail(error, FM_IO, "%s: %s", path, strerror(reason));
}

static fm_status sync_folder_of(const char *path, fm_error *error)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash == NULL   ? fm_strdup(".")
                   : slash == path ? fm_strdup("/")
                                   : fm_strndup(path, (size_t)(slash - path));
    fm_status status = fm_file_sync_folder(folder, error);
    free(folder);
    return status;
}

fm_status fm_state_file_write(const char *path, const char *kind, const char *identity,
                              const fm_state *state, fm_error *error)
{
    char sum[2 * SHA256_DIGEST_SIZE + 1];
    digest_hex(state->data, state->length, sum);
    char *head = fm_format("fewmul %s\n%smachine %s\nlength %zu\nsha256 %s\n\n", kind, identity,
                           byte_order(), state->length, sum);
    char *temporary = fm_format("%s.new", path);
    fm_status status = write_file(temporary, head, state, error);
    if (status == FM_OK && rename(temporary, path) != 0)
        status = fm_fail(error, FM_IO, "%s: %s", path, strerror(errno));
    if (status == FM_OK)
        status = sync_folder_of(path, error);
    else
        unlink(temporary);
    free(temporary);
    free(head);
    return status;
}

/* ---------------------------------------------------------------- reading */

/* The next line of *text without its end, which is cut off; NULL when there is no whole one. */
static char *next_line(char **text, const char *end)
{
    char *line = *text, *stop = memchr(line, '\n', (size_t)(end - line));
    if (stop == NULL)
        return NULL;
    *stop = '\0';
    *text = stop + 1;
    return line;
}

static size_t key_length(const char *line)
{
    return strcspn(line, " ");
}

/* Holds the lines of the file, from *text on, against those that are wanted. */
static fm_status compare_identity(const char *path, const char *kind, char **text, const char *end,
                                  const char *wanted, fm_error *error)
{
    char *copy = fm_strdup(wanted), *rest = copy;
    const char *line, *found, *copy_end = copy + strlen(copy);
    fm_status status = FM_OK;
    while (status == FM_OK && (line = next_line(&rest, copy_end)) != NULL) {
        size_t key = key_length(line);
        found = next_line(text, end);
        if (found == NULL || key_length(found) != key || strncmp(found, line, key) != 0)
            status = fm_fail(error, FM_BAD_INPUT, "%s: a %s without its %.*s", path, kind, (int)key,
                             line);
        else if (strcmp(found, line) != 0)
            status = fm_fail(error, FM_BAD_INPUT, "%s: a %s of %s; this search has %s", path, kind,
                             found, line);
    }
    free(copy);
    return status;
}

static fm_status parse(const char *path, const char *kind, const char *identity, char *text,
                       size_t length, fm_state *state, fm_error *error)
{
    const char *end = text + length;
    char sum[2 * SHA256_DIGEST_SIZE + 1], *at = text;
    char *magic = fm_format("fewmul %s", kind);
    char *first = next_line(&at, end);
    bool is_kind = first != NULL && strcmp(first, magic) == 0;
    free(magic);
    if (!is_kind)
        return fm_fail(error, FM_BAD_INPUT, "%s: not a %s", path, kind);
    char *full = fm_format("%smachine %s\n", identity, byte_order());
    fm_status status = compare_identity(path, kind, &at, end, full, error);
    free(full);
    if (status != FM_OK)
        return status;
    const char *size = next_line(&at, end), *hash = size == NULL ? NULL : next_line(&at, end);
    const char *blank = hash == NULL ? NULL : next_line(&at, end);
    char *expected_size = fm_format("length %zu", (size_t)(end - at));
    digest_hex((const uint8_t *)at, (size_t)(end - at), sum);
    bool whole = blank != NULL && *blank == '\0' && strcmp(size, expected_size) == 0 &&
                 strncmp(hash, "sha256 ", 7) == 0 && strcmp(hash + 7, sum) == 0;
    free(expected_size);
    if (!whole)
        return fm_fail(error, FM_BAD_INPUT, "%s: a damaged %s: its checksum is wrong", path, kind);
    fm_state_bytes(state, at, (size_t)(end - at));
    state->restoring = true;
    return FM_OK;
}

fm_status fm_state_file_read(const char *path, const char *kind, const char *identity,
                             fm_state *state, fm_error *error)
{
    char *text;
    size_t length;
    *state = (fm_state){0};
    struct stat about;
    if (stat(path, &about) != 0 && errno == ENOENT)
        return FM_NO;
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return fm_fail(error, FM_BAD_INPUT, "%s: not a %s", path, kind);
    fm_status status = fm_file_read(path, &text, &length, error);
    if (status != FM_OK)
        return status;
    status = parse(path, kind, identity, text, length, state, error);
    free(text);
    return status;
}
