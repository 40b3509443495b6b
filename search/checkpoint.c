#include "checkpoint.h"

#include "error.h"
#include "file.h"
#include "memory.h"

#include <errno.h>
#include <fcntl.h>
#include <nettle/sha2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WALKERS_MAX = 1 << 16 }; /* that a file alone may ask for */

static const char magic[] = "fewmul checkpoint\n";

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

/* All that a search must agree with. Freed with free. */
static char *full_identity(const char *identity)
{
    return fm_format("version %s, state %d\nmachine %s\n%s", FEWMUL_VERSION, FM_CHECKPOINT_VERSION,
                     byte_order(), identity);
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

fm_status fm_checkpoint_write(const char *path, const char *identity, const fm_state *state,
                              fm_error *error)
{
    char sum[2 * SHA256_DIGEST_SIZE + 1];
    digest_hex(state->data, state->length, sum);
    char *full = full_identity(identity);
    char *head = fm_format("%s%slength %zu\nsha256 %s\n\n", magic, full, state->length, sum);
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
    free(full);
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
static fm_status compare_identity(const char *path, char **text, const char *end,
                                  const char *wanted, fm_error *error)
{
    char *copy = fm_strdup(wanted), *rest = copy;
    const char *line, *found, *copy_end = copy + strlen(copy);
    fm_status status = FM_OK;
    while (status == FM_OK && (line = next_line(&rest, copy_end)) != NULL) {
        size_t key = key_length(line);
        found = next_line(text, end);
        if (found == NULL || key_length(found) != key || strncmp(found, line, key) != 0)
            status = fm_fail(error, FM_BAD_INPUT, "%s: a checkpoint without its %.*s", path,
                             (int)key, line);
        else if (strcmp(found, line) != 0)
            status = fm_fail(error, FM_BAD_INPUT, "%s: a checkpoint of %s; this search has %s",
                             path, found, line);
    }
    free(copy);
    return status;
}

static fm_status parse(const char *path, const char *identity, char *text, size_t length,
                       fm_state *state, fm_error *error)
{
    const char *end = text + length;
    char sum[2 * SHA256_DIGEST_SIZE + 1], *at = text + sizeof magic - 1;
    if (length < sizeof magic || memcmp(text, magic, sizeof magic - 1) != 0)
        return fm_fail(error, FM_BAD_INPUT, "%s: not a checkpoint", path);
    char *full = full_identity(identity);
    fm_status status = compare_identity(path, &at, end, full, error);
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
        return fm_fail(error, FM_BAD_INPUT, "%s: a damaged checkpoint: its checksum is wrong",
                       path);
    fm_state_bytes(state, at, (size_t)(end - at));
    state->restoring = true;
    return FM_OK;
}

fm_status fm_checkpoint_read(const char *path, const char *identity, fm_state *state,
                             fm_error *error)
{
    char *text;
    size_t length;
    *state = (fm_state){0};
    struct stat about;
    if (stat(path, &about) != 0 && errno == ENOENT)
        return FM_NO;
    if (stat(path, &about) == 0 && !S_ISREG(about.st_mode))
        return fm_fail(error, FM_BAD_INPUT, "%s: not a checkpoint", path);
    fm_status status = fm_file_read(path, &text, &length, error);
    if (status != FM_OK)
        return status;
    status = parse(path, identity, text, length, state, error);
    free(text);
    return status;
}

unsigned fm_checkpoint_walkers(const char *path)
{
    char head[1024];
    unsigned walkers = 0;
    FILE *file = fopen(path, "rb");
    size_t length = file != NULL ? fread(head, 1, sizeof head - 1, file) : 0;
    head[length] = '\0';
    const char *line = strstr(head, "\nwalkers ");
    if (file != NULL)
        fclose(file);
    bool found = line != NULL && sscanf(line, "\nwalkers %9u", &walkers) == 1;
    return found && walkers <= WALKERS_MAX ? walkers : 0;
}

/* ---------------------------------------------------------------- one process */

struct fm_checkpoint_lock {
    char *path;
    int file;
};

/* Opens and locks the file; -1 with errno. Again when another process removed it in between. */
static int open_locked(const char *path)
{
    for (;;) {
        struct stat there;
        int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (file < 0)
            return -1;
        if (flock(file, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
            close(file);
            errno = EWOULDBLOCK;
            return -1;
        }
        if (fstat(file, &there) == 0 && there.st_nlink > 0)
            return file;
        close(file);
    }
}

fm_checkpoint_lock *fm_checkpoint_lock_new(const char *path, fm_status *status, fm_error *error)
{
    char *lock_path = fm_format("%s.lock", path);
    int file = open_locked(lock_path);
    *status = FM_OK;
    if (file < 0 && errno == EWOULDBLOCK)
        *status = fm_fail(error, FM_BAD_INPUT, "%s: another process goes on from it", path);
    else if (file < 0)
        *status = fm_fail(error, FM_IO, "%s: %s", lock_path, strerror(errno));
    if (file < 0) {
        free(lock_path);
        return NULL;
    }
    fm_checkpoint_lock *lock = fm_alloc(1, sizeof *lock);
    *lock = (fm_checkpoint_lock){.path = lock_path, .file = file};
    return lock;
}

void fm_checkpoint_unlock(fm_checkpoint_lock *lock)
{
    if (lock == NULL)
        return;
    unlink(lock->path);
    close(lock->file);
    free(lock->path);
    free(lock);
}

/* ---------------------------------------------------------------- in the background */

struct fm_saver {
    char *path, *identity;
    fm_state state;
    pthread_t thread;
    bool begun; /* there is a thread to wait for */
    _Atomic bool busy;
    fm_status status;
    fm_error error;
};

fm_saver *fm_saver_new(const char *path, const char *identity)
{
    fm_saver *saver = fm_alloc_zero(1, sizeof *saver);
    saver->path = fm_strdup(path);
    saver->identity = fm_strdup(identity);
    saver->status = FM_OK;
    return saver;
}

void fm_saver_free(fm_saver *saver)
{
    if (saver == NULL)
        return;
    fm_saver_end(saver, NULL);
    fm_state_clear(&saver->state);
    free(saver->path);
    free(saver->identity);
    free(saver);
}

static void *write_state(void *argument)
{
    fm_saver *saver = argument;
    saver->status = fm_checkpoint_write(saver->path, saver->identity, &saver->state, &saver->error);
    saver->busy = false;
    return NULL;
}

void fm_saver_begin(fm_saver *saver, fm_state *state)
{
    fm_saver_end(saver, NULL);
    fm_state_clear(&saver->state);
    saver->state = *state;
    *state = (fm_state){0};
    saver->busy = true;
    saver->begun = pthread_create(&saver->thread, NULL, write_state, saver) == 0;
    if (!saver->begun)
        write_state(saver); /* without a thread then */
}

bool fm_saver_busy(const fm_saver *saver)
{
    return saver->busy;
}

fm_status fm_saver_end(fm_saver *saver, fm_error *error)
{
    if (saver->begun)
        pthread_join(saver->thread, NULL);
    saver->begun = false;
    if (saver->status != FM_OK && error != NULL)
        *error = saver->error;
    return saver->status;
}
