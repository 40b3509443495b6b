#include "blas.h"

#include "memory.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- OpenBLAS */

/* OpenBLAS 0.3.21 and older do not know Zen 4 and 5 and run their Haswell kernels there, at 60 % of
   the speed; newer versions choose SkylakeX by themselves. */
static void choose_openblas_core(void)
{
#if defined(__x86_64__)
    if (__builtin_cpu_is("amd") && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl"))
        setenv("OPENBLAS_CORETYPE", "SkylakeX", 0);
#endif
}

static char *setup_openblas(void *library, unsigned threads)
{
    void (*set_threads)(int) = (void (*)(int))dlsym(library, "openblas_set_num_threads");
    char *(*config)(void) = (char *(*)(void))dlsym(library, "openblas_get_config");
    char *(*core)(void) = (char *(*)(void))dlsym(library, "openblas_get_corename");
    if (set_threads != NULL)
        set_threads((int)threads);
    const char *text = config != NULL ? config() : "OpenBLAS";
    const char *version = strncmp(text, "OpenBLAS ", 9) == 0 ? text + 9 : "";
    return fm_format("OpenBLAS %.*s %s", (int)strcspn(version, " "), version,
                     core != NULL ? core() : "");
}

/* ---------------------------------------------------------------- BLIS */

static char *setup_blis(void *library, unsigned threads)
{
    void (*set_threads)(int64_t) = (void (*)(int64_t))dlsym(library, "bli_thread_set_num_threads");
    const char *(*version)(void) =
        (const char *(*)(void))dlsym(library, "bli_info_get_version_str");
    int (*arch)(void) = (int (*)(void))dlsym(library, "bli_arch_query_id");
    const char *(*arch_name)(int) = (const char *(*)(int))dlsym(library, "bli_arch_string");
    if (set_threads != NULL)
        set_threads((int64_t)threads);
    return fm_format("BLIS %s %s", version != NULL ? version() : "",
                     arch != NULL && arch_name != NULL ? arch_name(arch()) : "");
}

/* ---------------------------------------------------------------- MKL */

static char *setup_mkl(void *library, unsigned threads)
{
    void (*set_threads)(int) = (void (*)(int))dlsym(library, "MKL_Set_Num_Threads");
    void (*version)(char *, int) = (void (*)(char *, int))dlsym(library, "mkl_get_version_string");
    char text[200] = "MKL";
    if (set_threads != NULL)
        set_threads((int)threads);
    if (version != NULL)
        version(text, sizeof text - 1);
    return fm_strdup(text);
}

/* ---------------------------------------------------------------- all of them */

typedef struct candidate {
    const char *files[4];
    char *(*setup)(void *library, unsigned threads); /* sets the threads, returns the name */
} candidate;

static const candidate candidates[FM_BLAS_MAX] = {
    {{"libopenblas.so.0", "libopenblas.so"}, setup_openblas},
    {{"libblis.so.5", "libblis.so.4", "libblis.so.3", "libblis.so"}, setup_blis},
    {{"libmkl_rt.so.2", "libmkl_rt.so.1", "libmkl_rt.so"}, setup_mkl},
};

static bool load(const candidate *c, unsigned threads, fm_blas *out)
{
    void *library = NULL;
    for (int f = 0; f < 4 && library == NULL && c->files[f] != NULL; f++)
        library = dlopen(c->files[f], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return false;
    *out = (fm_blas){.dgemm = (fm_blas_dgemm *)dlsym(library, "cblas_dgemm"),
                     .sgemm = (fm_blas_sgemm *)dlsym(library, "cblas_sgemm")};
    if (out->dgemm == NULL || out->sgemm == NULL) {
        dlclose(library);
        return false;
    }
    out->name = c->setup(library, threads);
    return true;
}

int fm_blas_load(unsigned threads, fm_blas found[FM_BLAS_MAX])
{
    int count = 0;
    choose_openblas_core();
    for (int c = 0; c < FM_BLAS_MAX; c++)
        count += load(&candidates[c], threads, &found[count]);
    return count;
}

void fm_blas_clear(fm_blas *found, int count)
{
    for (int i = 0; i < count; i++)
        free(found[i].name);
}
