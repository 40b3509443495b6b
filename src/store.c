/* The results store: a file a scheme, named by what is in it. docs/results-store.md says what it
   promises and why that holds. */
#include "store.h"
#include "error.h"
#include "memory.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_FOLDER ".writing"

struct fm_store {
    char *folder;
};

static fm_status fail_io(fm_error *error, const char *path)
{
    return fm_fail(error, FM_IO, "%s: %s", path, strerror(errno));
}

/* ---------------------------------------------------------------- folders */

/* Makes a folder if it is not there. */
static fm_status make_folder(const char *path, fm_error *error)
{
    return mkdir(path, 0777) == 0 || errno == EEXIST ? FM_OK : fail_io(error, path);
}

/* Makes what was renamed or linked into a folder survive a crash of the machine. */
static fm_status sync_folder(const char *path, fm_error *error)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return fail_io(error, path);
    /* Some file systems cannot, and keep their folders by themselves. */
    bool synced = fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP;
    fm_status status = synced ? FM_OK : fail_io(error, path);
    close(fd);
    return status;
}

/* ---------------------------------------------------------------- temporary files */

/* A writer keeps its temporary file locked. One that can be locked by another has lost its writer:
   the kernel gives the lock back when a process ends, however it ends. */
static void remove_abandoned(const char *folder)
{
    DIR *directory = opendir(folder);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        int fd = openat(dirfd(directory), entry->d_name, O_RDWR | O_CLOEXEC);
        if (fd < 0)
            continue;
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            unlinkat(dirfd(directory), entry->d_name, 0);
        close(fd);
    }
    closedir(directory);
}

/* A new temporary file, locked; NULL, errno set, and *path untouched when there can be none. */
static FILE *open_temporary(const char *folder, char **path)
{
    for (;;) {
        struct stat status;
        char *name = fm_format("%s/XXXXXX", folder);
        int fd = mkostemp(name, O_CLOEXEC);
        FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
        if (file == NULL) {
            int reason = errno;
            if (fd >= 0) {
                close(fd);
                unlink(name);
            }
            free(name);
            errno = reason;
            return NULL;
        }
        /* Where locks are not to be had, nobody else gets one either, and nothing is removed. */
        flock(fd, LOCK_EX);
        /* Between its making and the lock another writer may have taken it for abandoned. */
        if (fstat(fd, &status) == 0 && status.st_nlink > 0) {
            fchmod(fd, 0644);
            *path = name;
            return file;
        }
        fclose(file);
        free(name);
    }
}

/* ---------------------------------------------------------------- opening */

fm_status fm_store_open(const char *folder, bool create, fm_store **out, fm_error *error)
{
    struct stat info;
    fm_status status = FM_OK;
    *out = NULL;
    if (create) {
        char *temporary = fm_format("%s/" TEMPORARY_FOLDER, folder);
        status = make_folder(folder, error);
        if (status == FM_OK)
            status = make_folder(temporary, error);
        if (status == FM_OK)
            remove_abandoned(temporary);
        free(temporary);
    }
    if (status == FM_OK && stat(folder, &info) != 0)
        status = fail_io(error, folder);
    else if (status == FM_OK && !S_ISDIR(info.st_mode))
        status = fm_fail(error, FM_IO, "%s: not a folder", folder);
    if (status != FM_OK)
        return status;
    *out = fm_alloc(1, sizeof **out);
    (*out)->folder = fm_strdup(folder);
    return FM_OK;
}

void fm_store_close(fm_store *store)
{
    if (store == NULL)
        return;
    free(store->folder);
    free(store);
}

/* ---------------------------------------------------------------- putting */

/* The name of a tensor as that of a folder: "4x4x5" for a matrix product and for nothing else. */
static char *folder_name(const fm_tensor *tensor)
{
    enum { LENGTH_MAX = 100 };
    fm_tensor *format;
    bool matmul = fm_tensor_is_matmul(tensor, NULL);
    bool misleading = !matmul && fm_tensor_parse_format(tensor->name, &format, NULL) == FM_OK;
    if (misleading)
        fm_tensor_free(format);
    bool hidden = tensor->name[0] == '.' || tensor->name[0] == '\0';
    char *name =
        fm_format("%s%.*s", misleading || hidden ? "tensor-" : "", LENGTH_MAX, tensor->name);
    for (char *c = name; *c != '\0'; c++)
        if (strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-", *c) == NULL)
            *c = '_';
    return name;
}

/* A scheme's folders, each in the one before, and its file. */
typedef struct place {
    char *folder[3]; /* of its tensor, ring and rank */
    char *file;
} place;

static place place_of(const fm_store *store, const fm_scheme *scheme)
{
    char ring[FM_RING_NAME_SIZE], hash[FM_HASH_SIZE];
    char *tensor = folder_name(scheme->tensor);
    place p;
    fm_scheme_hash(scheme, hash);
    p.folder[0] = fm_format("%s/%s", store->folder, tensor);
    p.folder[1] = fm_format("%s/%s", p.folder[0], fm_ring_name(scheme->ring, ring));
    p.folder[2] = fm_format("%s/%u", p.folder[1], scheme->rank);
    p.file = fm_format("%s/%s.json", p.folder[2], hash);
    free(tensor);
    return p;
}

static void place_clear(place *p)
{
    for (int i = 0; i < 3; i++)
        free(p->folder[i]);
    free(p->file);
}

/* True when the file is what its name says. */
static bool is_whole(const char *path, const fm_scheme *scheme)
{
    fm_scheme_list list;
    char wanted[FM_HASH_SIZE], found[FM_HASH_SIZE];
    if (fm_scheme_read(path, &list, NULL) != FM_OK)
        return false;
    fm_scheme_hash(scheme, wanted);
    fm_scheme_hash(list.schemes[0], found);
    bool same = list.count == 1 && strcmp(wanted, found) == 0;
    fm_scheme_list_free(&list);
    return same;
}

/* Writes a scheme to a locked temporary file and flushes it to the disk. The file stays open, and
   so locked, until it has its place. */
static fm_status write_temporary(const fm_store *store, const fm_scheme *scheme, FILE **file,
                                 char **path, fm_error *error)
{
    char *folder = fm_format("%s/" TEMPORARY_FOLDER, store->folder);
    fm_status status = make_folder(folder, error);
    *file = status == FM_OK ? open_temporary(folder, path) : NULL;
    if (status == FM_OK && *file == NULL)
        status = fail_io(error, folder);
    free(folder);
    if (status != FM_OK)
        return status;
    status = fm_scheme_write(scheme, FM_FILE_JSON, *file, error);
    if (status == FM_OK && (fflush(*file) != 0 || fsync(fileno(*file)) != 0))
        status = fail_io(error, *path);
    if (status != FM_OK) {
        unlink(*path);
        fclose(*file);
        free(*path);
    }
    return status;
}

/* Gives the temporary file its place. A file that is there already stays, unless it is damaged. */
static fm_status publish(const char *temporary, const char *path, const fm_scheme *scheme,
                         bool *is_new, fm_error *error)
{
    *is_new = link(temporary, path) == 0;
    if (*is_new)
        return FM_OK;
    if (errno == EEXIST && is_whole(path, scheme))
        return FM_OK;
    *is_new = true; /* damaged, or a file system without links */
    return rename(temporary, path) == 0 ? FM_OK : fail_io(error, path);
}

static fm_status save(const fm_store *store, const fm_scheme *scheme, const place *p, bool *is_new,
                      fm_error *error)
{
    FILE *file = NULL;
    char *temporary = NULL;
    fm_status status = FM_OK;
    for (int i = 0; i < 3 && status == FM_OK; i++)
        status = make_folder(p->folder[i], error);
    if (status == FM_OK)
        status = write_temporary(store, scheme, &file, &temporary, error);
    if (status != FM_OK)
        return status;
    status = publish(temporary, p->file, scheme, is_new, error);
    unlink(temporary);
    fclose(file);
    free(temporary);
    for (int i = 2; i >= 0 && status == FM_OK; i--)
        status = sync_folder(p->folder[i], error);
    return status == FM_OK ? sync_folder(store->folder, error) : status;
}

fm_status fm_store_save(fm_store *store, const fm_scheme *scheme, char **path, bool *is_new,
                        fm_error *error)
{
    bool fresh = false;
    fm_scheme *canonical = fm_scheme_canonical(scheme);
    place p = place_of(store, canonical);
    fm_status status = save(store, canonical, &p, &fresh, error);
    if (is_new != NULL)
        *is_new = status == FM_OK && fresh;
    if (path != NULL)
        *path = status == FM_OK ? fm_strdup(p.file) : NULL;
    place_clear(&p);
    fm_scheme_free(canonical);
    return status;
}

/* ---------------------------------------------------------------- listing */

typedef struct item_list {
    fm_store_item *items;
    size_t count, capacity;
} item_list;

static bool parse_rank(const char *name, uint32_t *rank)
{
    char *end;
    unsigned long value = strtoul(name, &end, 10);
    *rank = (uint32_t)value;
    return name[0] >= '0' && name[0] <= '9' && *end == '\0' && value <= UINT32_MAX;
}

static bool parse_hash(const char *name, char hash[FM_HASH_SIZE])
{
    size_t digits = strspn(name, "0123456789abcdef");
    if (digits != FM_HASH_SIZE - 1 || strcmp(name + digits, ".json") != 0)
        return false;
    memcpy(hash, name, digits);
    hash[digits] = '\0';
    return true;
}

/* Takes in what is in a folder of depth 0 (the store), 1 (a tensor), 2 (a ring) or 3 (a rank);
   what has another name than a store gives is not a part of it. */
static fm_status list_folder(item_list *list, const char *path, int depth,
                             const fm_store_item *above, fm_error *error)
{
    DIR *directory = opendir(path);
    fm_status status = FM_OK;
    if (directory == NULL && (errno == ENOTDIR || errno == ENOENT) && depth > 0)
        return FM_OK;
    if (directory == NULL)
        return fail_io(error, path);
    for (struct dirent *entry; status == FM_OK && (entry = readdir(directory)) != NULL;) {
        fm_store_item item = *above;
        if (entry->d_name[0] == '.' ||
            (depth == 1 && fm_ring_parse(entry->d_name, &item.ring, NULL) != FM_OK) ||
            (depth == 2 && !parse_rank(entry->d_name, &item.rank)) ||
            (depth == 3 && !parse_hash(entry->d_name, item.hash)))
            continue;
        char *inner = fm_format("%s/%s", path, entry->d_name);
        if (depth == 0)
            item.tensor = entry->d_name;
        if (depth < 3) {
            status = list_folder(list, inner, depth + 1, &item, error);
            free(inner);
            continue;
        }
        item.path = inner;
        item.tensor = fm_strdup(item.tensor);
        list->items = fm_grow(list->items, list->count, &list->capacity, sizeof *list->items);
        list->items[list->count++] = item;
    }
    closedir(directory);
    return status;
}

/* Names with numbers in them in the order of the numbers: 2x2x10 after 2x2x9. */
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
    item_list list = {0};
    fm_store_item above = {0};
    fm_status status = list_folder(&list, store->folder, 0, &above, error);
    if (status != FM_OK) {
        fm_store_list_free(list.items, list.count);
        *items = NULL;
        *count = 0;
        return status;
    }
    if (list.count > 0)
        qsort(list.items, list.count, sizeof *list.items, compare_items);
    *items = list.items;
    *count = list.count;
    return FM_OK;
}

void fm_store_list_free(fm_store_item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(items[i].path);
        free(items[i].tensor);
    }
    free(items);
}
