#include "checkpoint.h"

#include "error.h"
#include "memory.h"
#include "state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WALKERS_MAX = 1 << 16 }; /* that a file alone may ask for */

/* All that a search must agree with. Freed with free. */
static char *full_identity(const char *identity)
{
    return fm_format("version %s, state %d\n%s", FEWMUL_VERSION, FM_CHECKPOINT_VERSION, identity);
}

fm_status fm_checkpoint_write(const char *path, const char *identity, const fm_state *state,
                              fm_error *error)
{
    char *full = full_identity(identity);
    fm_status status = fm_state_file_write(path, "checkpoint", full, state, error);
    free(full);
    return status;
}

fm_status fm_checkpoint_read(const char *path, const char *identity, fm_state *state,
                             fm_error *error)
{
    char *full = full_identity(identity);
    fm_status status = fm_state_file_read(path, "checkpoint", full, state, error);
    free(full);
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
