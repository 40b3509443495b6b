#include "workspace.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

/* Alignment that lets all of a large piece be in large pages. What is kept is the process's own up to
   kept_own; of more than that the system may take back what it needs. Pages that it has not are there
   again at once, where new ones are zeroed first: 361 MiB in 5 ms, 36 ms, or a second in a virtual
   machine that has to ask its host for them. */
static const size_t large_page = (size_t)2 << 20, page = 4096, kept_own = (size_t)64 << 20;
#ifdef MADV_FREE
static const size_t kept_max = (size_t)1 << 30;
#else
static const size_t kept_max = (size_t)64 << 20;
#endif

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static fm_workspace kept;

static fm_workspace allocate(size_t bytes)
{
    const size_t unit = bytes >= large_page ? large_page : page;
    if (bytes > PTRDIFF_MAX - unit)
        return (fm_workspace){NULL, 0, 0};
    bytes = (bytes + unit - 1) / unit * unit;
    fm_workspace workspace = {aligned_alloc(unit, bytes), bytes, 0};
#ifdef MADV_HUGEPAGE
    if (workspace.at != NULL && unit == large_page)
        madvise(workspace.at, bytes, MADV_HUGEPAGE); /* no harm when refused */
#endif
    return workspace;
}

fm_workspace fm_workspace_take(size_t bytes)
{
    fm_workspace found = {NULL, 0, 0};
    pthread_mutex_lock(&lock);
    if (kept.bytes >= bytes) {
        found = kept;
        kept = (fm_workspace){NULL, 0, 0};
    }
    pthread_mutex_unlock(&lock);
    if (found.at == NULL)
        found = allocate(bytes > 0 ? bytes : 1);
    found.wanted = bytes;
    return found;
}

void fm_workspace_give(fm_workspace workspace)
{
#ifdef MADV_FREE
    if (workspace.wanted > kept_own && workspace.bytes <= kept_max)
        madvise(workspace.at, workspace.bytes, MADV_FREE); /* no harm when refused */
#endif
    pthread_mutex_lock(&lock);
    if (workspace.bytes > kept.bytes && workspace.bytes <= kept_max) {
        fm_workspace smaller = kept;
        kept = workspace;
        workspace = smaller;
    }
    pthread_mutex_unlock(&lock);
    free(workspace.at);
}

/* A library that is unloaded leaves nothing behind. */
static __attribute__((destructor)) void free_kept(void)
{
    pthread_mutex_lock(&lock);
    free(kept.at);
    kept = (fm_workspace){NULL, 0, 0};
    pthread_mutex_unlock(&lock);
}
