#include "blas.h"

#include "clock.h"
#include "memory.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---------------------------------------------------------------- OpenBLAS */

/* The kernels that may be the fastest, by the names of OPENBLAS_CORETYPE; NULL: its own choice.
   OpenBLAS 0.3.21 and older do not know Zen 4 and 5 and run their Haswell kernels there, at 60 % of
   the speed. */
static const char *const openblas_cores[] = {NULL, "Zen", "Haswell", "SkylakeX"};
enum { CORES = sizeof openblas_cores / sizeof *openblas_cores, TRIAL_SIZE = 768, TRIALS = 7 };

static bool runs_here(const char *core)
{
#if defined(__x86_64__)
    if (core == NULL)
        return true;
    if (strcmp(core, "SkylakeX") == 0)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
    return core == NULL;
#endif
}

static void *open_first(const char *const *files)
{
    void *library = NULL;
    for (; library == NULL && *files != NULL; files++)
        library = dlopen(*files, RTLD_NOW | RTLD_LOCAL);
    return library;
}

static const char *const openblas_files[] = {"libopenblas.so.0", "libopenblas.so", NULL};

/* The least time of a few products on one thread; 0 when there is no such library. */
static double time_openblas(fm_scalar_type type)
{
    enum { N = TRIAL_SIZE };
    void *library = open_first(openblas_files);
    if (library == NULL)
        return 0;
    fm_blas_dgemm *dgemm = (fm_blas_dgemm *)dlsym(library, "cblas_dgemm");
    fm_blas_sgemm *sgemm = (fm_blas_sgemm *)dlsym(library, "cblas_sgemm");
    void *a = calloc(2 * N * N, sizeof(double)), *c = calloc(N * N, sizeof(double));
    double least = 0;
    for (int i = 0; i < TRIALS && dgemm != NULL && sgemm != NULL && a != NULL && c != NULL; i++) {
        double start = fm_now();
        if (type == FM_F32)
            sgemm(101, 111, 111, N, N, N, 1, a, N, (float *)a + N * N, N, 0, c, N);
        else
            dgemm(101, 111, 111, N, N, N, 1, a, N, (double *)a + N * N, N, 0, c, N);
        double seconds = fm_now() - start;
        least = i == 0 || seconds < least ? seconds : least;
    }
    free(a);
    free(c);
    return least;
}

/* The same in a process of its own, with this setting; 0 when that fails. */
static double try_core(const char *core, fm_scalar_type type)
{
    int ends[2];
    double seconds = 0;
    if (pipe(ends) != 0)
        return 0;
    pid_t child = fork();
    if (child == 0) {
        setenv("OPENBLAS_NUM_THREADS", "1", 1);
        if (core != NULL)
            setenv("OPENBLAS_CORETYPE", core, 1);
        seconds = time_openblas(type);
        _exit(write(ends[1], &seconds, sizeof seconds) == sizeof seconds ? 0 : 1);
    }
    close(ends[1]);
    if (child < 0 || read(ends[0], &seconds, sizeof seconds) != sizeof seconds)
        seconds = 0;
    close(ends[0]);
    if (child > 0)
        waitpid(child, NULL, 0);
    return seconds;
}

static void choose_openblas_core(fm_scalar_type type)
{
    int best = 0;
    double least = 0;
    for (int c = 0; c < CORES && getenv("OPENBLAS_CORETYPE") == NULL; c++) {
        double seconds = runs_here(openblas_cores[c]) ? try_core(openblas_cores[c], type) : 0;
        if (seconds > 0 && (least == 0 || seconds < least)) {
            best = c;
            least = seconds;
        }
    }
    if (openblas_cores[best] != NULL)
        setenv("OPENBLAS_CORETYPE", openblas_cores[best], 0);
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
    const char *const *files;
    char *(*setup)(void *library, unsigned threads); /* sets the threads, returns the name */
} candidate;

static const char *const blis_files[] = {"libblis.so.5", "libblis.so.4", "libblis.so.3",
                                         "libblis.so", NULL};
static const char *const mkl_files[] = {"libmkl_rt.so.2", "libmkl_rt.so.1", "libmkl_rt.so", NULL};

static const candidate candidates[FM_BLAS_MAX] = {
    {openblas_files, setup_openblas},
    {blis_files, setup_blis},
    {mkl_files, setup_mkl},
};

static bool load(const candidate *c, unsigned threads, fm_blas *out)
{
    void *library = open_first(c->files);
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

int fm_blas_load(fm_scalar_type type, unsigned threads, fm_blas found[FM_BLAS_MAX])
{
    int count = 0;
    choose_openblas_core(type);
    for (int c = 0; c < FM_BLAS_MAX; c++)
        count += load(&candidates[c], threads, &found[count]);
    return count;
}

void fm_blas_clear(fm_blas *found, int count)
{
    for (int i = 0; i < count; i++)
        free(found[i].name);
}
