/* The results store: a folder of verified schemes, each in a file whose path is fixed by its
   content; docs/results-store.md says why this is safe for many writers. */
#include "store.h"
#include "error.h"
#include "file.h"
#include "memory.h"
#include "scheme_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A temporary file of another host, whose locks may not be seen here, is stale at this age. */
#define STALE_SECONDS 3600

#define TEMPORARY_PREFIX ".tmp@"

struct fm_store {
    char *folder;
    char *own_host;    /* ".tmp@HOST@": how the temporary files of this host start */
    char *own_process; /* ".tmp@HOST@PID@" */
};

static fm_status system_error(fm_error *error, const char *path)
{
    return fm_fail(error, FM_IO, "%s: %s", path, strerror(errno));
}

/* ---------------------------------------------------------------- names */

/* text with everything but letters, digits, '.', '_' and '-' replaced, no more than limit
   characters: a file name everywhere, not hidden. */
static char *sanitize(const char *text, size_t limit)
{
    char *name = fm_strdup(text[0] != '\0' ? text : "_");
    if (strlen(name) > limit)
        name[limit] = '\0';
    for (char *c = name; *c != '\0'; c++)
        if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9') &&
            strchr("._-", *c) == NULL)
            *c = '_';
    if (name[0] == '.' || name[0] == '-')
        name[0] = '_';
    return name;
}

/* "4x4x5" for a matrix product; otherwise its name and a part of its hash, so that two tensors of
   one name, and a tensor that is called like a format, stay apart. */
static char *tensor_folder(const fm_tensor *tensor)
{
    char hash[FM_HASH_SIZE];
    if (fm_tensor_is_matmul(tensor, NULL))
        return fm_strdup(tensor->name);
    char *name = sanitize(tensor->name, 100);
    fm_tensor_hash(tensor, hash);
    char *folder = fm_format("%s-%.8s", name, hash);
    free(name);
    return folder;
}

/* The three folders above a scheme, from the outermost: of its tensor, its ring and its rank. */
static void scheme_folders(const fm_store *store, const fm_scheme *scheme, char *folders[3])
{
    char ring[FM_RING_NAME_SIZE];
    char *tensor = tensor_folder(scheme->tensor);
    folders[0] = fm_format("%s/%s", store->folder, tensor);
    folders[1] = fm_format("%s/%s", folders[0], fm_ring_name(scheme->ring, ring));
    folders[2] = fm_format("%s/rank%u", folders[1], scheme->rank);
    free(tensor);
}

/* ---------------------------------------------------------------- opening */

/* What was made is on disk when its name is: flushes the folder above. */
static fm_status sync_parent(const char *folder, fm_error *error)
{
    char *parent = fm_format("%s/..", folder);
    fm_status status = fm_file_sync_folder(parent, error);
    free(parent);
    return status;
}

/* Makes the folder and those above it. */
static fm_status make_folder(const char *folder, fm_error *error)
{
    char *path = fm_strdup(folder);
    fm_status status = FM_OK;
    for (char *at = path; at != NULL && status == FM_OK;) {
        at = strchr(at + 1, '/');
        if (at != NULL)
            *at = '\0';
        if (mkdir(path, 0777) == 0)
            status = sync_parent(path, error);
        else if (errno != EEXIST)
            status = system_error(error, path);
        if (at != NULL)
            *at = '/';
    }
    free(path);
    return status;
}

fm_status fm_store_open(const char *folder, bool create, fm_store **out, fm_error *error)
{
    struct stat status;
    char host[256] = "";
    *out = NULL;
    if (folder[0] == '\0')
        return fm_fail(error, FM_BAD_INPUT, "the name of the store is empty");
    if (create && stat(folder, &status) != 0) {
        fm_status made = make_folder(folder, error);
        if (made != FM_OK)
            return made;
    }
    if (stat(folder, &status) != 0)
        return system_error(error, folder);
    if (!S_ISDIR(status.st_mode))
        return fm_fail(error, FM_IO, "%s: not a folder", folder);
    gethostname(host, sizeof host - 1);
    char *name = sanitize(host, 64);
    fm_store *store = fm_alloc(1, sizeof *store);
    store->folder = fm_strdup(folder);
    store->own_host = fm_format(TEMPORARY_PREFIX "%s@", name);
    store->own_process = fm_format("%s%ld@", store->own_host, (long)getpid());
    free(name);
    *out = store;
    return FM_OK;
}

void fm_store_close(fm_store *store)
{
    if (store == NULL)
        return;
    free(store->folder);
    free(store->own_host);
    free(store->own_process);
    free(store);
}

/* ---------------------------------------------------------------- temporary files */

typedef struct temporary {
    char *path;
    FILE *file; /* locked by flock, until it is closed */
    time_t now; /* by the clock of the file server */
} temporary;

static bool starts_with(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A writer holds a lock on its temporary file until it is done; one whose lock can be had belongs
   to nobody any more. Removing the file of a living writer by mistake costs it an error and a
   second attempt, never a find. */
static void remove_if_stale(const fm_store *store, int folder, const char *name, time_t now)
{
    struct stat status;
    int descriptor = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0)
        return;
    bool old = fstat(descriptor, &status) == 0 && now - status.st_mtime > STALE_SECONDS;
    if (old || starts_with(name, store->own_host)) {
        bool locked = flock(descriptor, LOCK_EX | LOCK_NB) == 0;
        if (locked || (old && errno != EWOULDBLOCK)) /* old, on a file system without locks */
            unlinkat(folder, name, 0);
    }
    close(descriptor);
}

static void remove_stale_files(const fm_store *store, time_t now)
{
    DIR *folder = opendir(store->folder);
    if (folder == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
        /* Not those of this process: over NFS, closing a file drops its own locks on it. */
        if (starts_with(entry->d_name, TEMPORARY_PREFIX) &&
            !starts_with(entry->d_name, store->own_process))
            remove_if_stale(store, dirfd(folder), entry->d_name, now);
    closedir(folder);
}

/* Makes, locks and opens a file in the store's folder that nobody else has. */
static fm_status temporary_open(const fm_store *store, temporary *out, fm_error *error)
{
    static _Atomic unsigned counter;
    struct stat status;
    for (;;) {
        struct timespec time;
        clock_gettime(CLOCK_REALTIME, &time);
        out->path =
            fm_format("%s/%s%" PRIx64 "@%u", store->folder, store->own_process,
                      (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec, counter++);
        int descriptor = open(out->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor < 0) {
            system_error(error, out->path);
            free(out->path);
            return FM_IO;
        }
        flock(descriptor, LOCK_EX); /* where there are no locks, age decides */
        bool known = fstat(descriptor, &status) == 0;
        if (known && status.st_nlink > 0) {
            out->file = fdopen(descriptor, "w");
            out->now = status.st_mtime;
            if (out->file != NULL)
                return FM_OK;
        }
        /* Another writer took the file for a stale one before it was locked, or it is no use. */
        fm_status failed = known && status.st_nlink == 0 ? FM_OK : system_error(error, out->path);
        unlink(out->path);
        free(out->path);
        close(descriptor);
        if (failed != FM_OK)
            return failed;
    }
}

static void temporary_close(temporary *file)
{
    unlink(file->path);
    fclose(file->file);
    free(file->path);
}

static fm_status temporary_write(temporary *file, const fm_scheme *scheme, fm_error *error)
{
    fm_status status = fm_scheme_write(scheme, FM_FILE_JSON, file->file, error);
    if (status == FM_OK && (fflush(file->file) != 0 || fsync(fileno(file->file)) != 0))
        return system_error(error, file->path);
    return status;
}

/* *whole is true when the file at path is the scheme of this hash, as its name says. FM_IO when it
   cannot be read, which does not make it damaged. */
static fm_status check_existing(const char *path, const char *hash, bool *whole, fm_error *error)
{
    fm_scheme_list list;
    char found[FM_HASH_SIZE] = "";
    fm_status status = fm_scheme_read_stated(path, &list, error);
    if (status == FM_OK && list.count == 1)
        fm_scheme_hash(list.schemes[0], found);
    fm_scheme_list_free(&list);
    *whole = strcmp(found, hash) == 0;
    return status == FM_IO ? FM_IO : FM_OK;
}

/* Gives the file its name. One that is there already stays, *is_new is false then, unless it is
   damaged: a link cannot replace a file, a rename does. */
static fm_status temporary_place(const temporary *file, const char *path, const char *hash,
                                 bool *is_new, fm_error *error)
{
    struct stat status;
    bool whole = false;
    *is_new = link(file->path, path) == 0;
    int reason = errno;
    /* NFS may lose the answer to a request that was carried out. */
    if (!*is_new)
        *is_new = fstat(fileno(file->file), &status) == 0 && status.st_nlink > 1;
    if (*is_new)
        return FM_OK;
    if (reason == EEXIST && check_existing(path, hash, &whole, error) != FM_OK)
        return FM_IO;
    if (whole)
        return FM_OK;
    if (reason == EEXIST || reason == EPERM || reason == ENOSYS || reason == EOPNOTSUPP ||
        reason == EXDEV) {
        /* Damaged, or no links here: at worst this replaces a file of the same scheme. */
        *is_new = rename(file->path, path) == 0;
        reason = errno;
    }
    return *is_new ? FM_OK : fm_fail(error, FM_IO, "%s: %s", path, strerror(reason));
}

/* ---------------------------------------------------------------- saving */

static fm_status write_new(const fm_store *store, const fm_scheme *scheme, char *folders[3],
                           const char *path, const char *hash, bool *is_new, fm_error *error)
{
    temporary file;
    fm_status status = temporary_open(store, &file, error);
    if (status != FM_OK)
        return status;
    remove_stale_files(store, file.now);
    status = temporary_write(&file, scheme, error);
    for (int f = 0; f < 3 && status == FM_OK; f++)
        if (mkdir(folders[f], 0777) != 0 && errno != EEXIST)
            status = system_error(error, folders[f]);
    if (status == FM_OK)
        status = temporary_place(&file, path, hash, is_new, error);
    temporary_close(&file);
    return status;
}

/* Also what another writer has just made must be on disk before it is reported as saved. */
static fm_status sync_folders(const fm_store *store, char *folders[3], fm_error *error)
{
    fm_status status = fm_file_sync_folder(store->folder, error);
    for (int f = 0; f < 3 && status == FM_OK; f++)
        status = fm_file_sync_folder(folders[f], error);
    return status;
}

static fm_status save(const fm_store *store, const fm_scheme *scheme, char *folders[3],
                      const char *path, const char *hash, bool *is_new, fm_error *error)
{
    struct stat existing;
    bool whole = false;
    fm_status status = FM_OK;
    *is_new = false;
    if (stat(path, &existing) == 0)
        status = check_existing(path, hash, &whole, error);
    if (status == FM_OK && !whole)
        status = write_new(store, scheme, folders, path, hash, is_new, error);
    return status == FM_OK ? sync_folders(store, folders, error) : status;
}

fm_status fm_store_save(fm_store *store, const fm_scheme *scheme, char **path, bool *is_new,
                        fm_error *error)
{
    char hash[FM_HASH_SIZE], *folders[3];
    bool added;
    if (path != NULL)
        *path = NULL;
    fm_scheme *canonical = fm_scheme_canonical(scheme);
    fm_scheme_hash(canonical, hash);
    scheme_folders(store, canonical, folders);
    char *file = fm_format("%s/%s.json", folders[2], hash);
    fm_status status = save(store, canonical, folders, file, hash, &added, error);
    if (status == FM_OK && is_new != NULL)
        *is_new = added;
    if (status == FM_OK && path != NULL)
        *path = file;
    else
        free(file);
    for (int f = 0; f < 3; f++)
        free(folders[f]);
    fm_scheme_free(canonical);
    return status;
}

/* ---------------------------------------------------------------- reading */

/* Where the store has, or would have, a canonical scheme; to be freed with free. */
static char *scheme_path(const fm_store *store, const fm_scheme *scheme)
{
    char hash[FM_HASH_SIZE], *folders[3];
    scheme_folders(store, scheme, folders);
    fm_scheme_hash(scheme, hash);
    char *path = fm_format("%s/%s.json", folders[2], hash);
    for (int f = 0; f < 3; f++)
        free(folders[f]);
    return path;
}

fm_status fm_store_load(const fm_store *store, const fm_store_item *item, fm_scheme **out,
                        fm_error *error)
{
    fm_scheme_list list;
    *out = NULL;
    fm_status status = fm_scheme_read_stated(item->path, &list, error);
    if (status != FM_OK)
        return status;
    char *path = list.count == 1 ? scheme_path(store, list.schemes[0]) : NULL;
    if (path != NULL && strcmp(path, item->path) == 0) {
        *out = list.schemes[0];
        list.schemes[0] = NULL;
    } else {
        status = fm_fail(error, FM_BAD_INPUT, "%s: not the scheme that its path says", item->path);
    }
    free(path);
    fm_scheme_list_free(&list);
    return status;
}

/* ---------------------------------------------------------------- listing */

typedef struct lister {
    fm_store_item *items;
    size_t count, capacity;
    fm_store_item current; /* what the folders above say */
    fm_error *error;
} lister;

/* The number in "rank23", UINT32_MAX for other names. */
static uint32_t parse_rank(const char *name)
{
    char *end;
    if (!starts_with(name, "rank") || name[4] < '0' || name[4] > '9')
        return UINT32_MAX;
    unsigned long rank = strtoul(name + 4, &end, 10);
    return *end == '\0' && rank < UINT32_MAX ? (uint32_t)rank : UINT32_MAX;
}

static void add_item(lister *l, const char *path, const char *name)
{
    enum { DIGITS = FM_HASH_SIZE - 1 };
    if (strspn(name, "0123456789abcdef") != DIGITS || strcmp(name + DIGITS, ".json") != 0)
        return;
    l->items = fm_grow(l->items, l->count, &l->capacity, sizeof *l->items);
    fm_store_item *item = &l->items[l->count++];
    *item = l->current;
    item->path = fm_strdup(path);
    item->tensor = fm_strdup(l->current.tensor);
    memcpy(item->hash, name, DIGITS);
    item->hash[DIGITS] = '\0';
}

/* True when name is what stands at this depth of a store; other files are none of its business. */
static bool enter(lister *l, unsigned depth, char *name)
{
    if (name[0] == '.')
        return false;
    if (depth == 0)
        l->current.tensor = name;
    if (depth == 1)
        return fm_ring_parse(name, &l->current.ring, NULL) == FM_OK;
    if (depth == 2)
        l->current.rank = parse_rank(name);
    return depth != 2 || l->current.rank != UINT32_MAX;
}

static fm_status list_folder(lister *l, const char *folder, unsigned depth)
{
    DIR *stream = opendir(folder);
    if (stream == NULL)
        return depth > 0 && (errno == ENOTDIR || errno == ENOENT) ? FM_OK
                                                                  : system_error(l->error, folder);
    fm_status status = FM_OK;
    struct dirent *entry;
    while (status == FM_OK && (errno = 0, entry = readdir(stream)) != NULL) {
        if (!enter(l, depth, entry->d_name))
            continue;
        char *path = fm_format("%s/%s", folder, entry->d_name);
        if (depth < 3)
            status = list_folder(l, path, depth + 1);
        else
            add_item(l, path, entry->d_name);
        free(path);
    }
    if (status == FM_OK && errno != 0)
        status = system_error(l->error, folder);
    closedir(stream);
    return status;
}

static int compare_items(const void *a, const void *b)
{
    const fm_store_item *x = a, *y = b;
    int order = strverscmp(x->tensor, y->tensor);
    if (order == 0)
        order = (x->ring.kind > y->ring.kind) - (x->ring.kind < y->ring.kind);
    if (order == 0)
        order = (x->ring.p > y->ring.p) - (x->ring.p < y->ring.p);
    if (order == 0)
        order = (x->rank > y->rank) - (x->rank < y->rank);
    return order != 0 ? order : strcmp(x->hash, y->hash);
}

fm_status fm_store_list(const fm_store *store, fm_store_item **items, size_t *count,
                        fm_error *error)
{
    lister l = {.error = error};
    fm_status status = list_folder(&l, store->folder, 0);
    if (status != FM_OK) {
        fm_store_list_free(l.items, l.count);
        l = (lister){0};
    }
    if (l.count > 0)
        qsort(l.items, l.count, sizeof *l.items, compare_items);
    *items = l.items;
    *count = l.count;
    return status;
}

void fm_store_list_free(fm_store_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(items[i].path);
        free(items[i].tensor);
    }
    free(items);
}
