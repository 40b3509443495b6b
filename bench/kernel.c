#include "kernel.h"

#include "cpu.h"
#include "error.h"
#include "memory.h"

#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* For this machine alone. */
static unsigned target_here(void)
{
    static const unsigned targets[] = {[FM_VECTORS_PORTABLE] = FM_TARGET_C,
                                       [FM_VECTORS_AVX2] = FM_TARGET_AVX2,
                                       [FM_VECTORS_AVX512] = FM_TARGET_AVX512};
    return targets[fm_cpu_vectors_here()];
}

static fm_status write_source(const char *path, const fm_scheme *scheme, fm_scalar_type type,
                              unsigned crossover, fm_error *error)
{
    fm_codegen_options options = {
        .name = "gemm", .type = type, .targets = target_here(), .crossover = crossover};
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return fm_fail(error, FM_IO, "%s: %s", path, strerror(errno));
    fm_status status = fm_codegen_c(scheme, &options, file, error);
    if (fclose(file) != 0 && status == FM_OK)
        status = fm_fail(error, FM_IO, "%s: %s", path, strerror(errno));
    return status;
}

/* $CC may be a command with arguments, "ccache gcc". Returns its exit status, or -1. */
static int run_compiler(char *compiler, const char *source, const char *library)
{
    enum { WORDS_MAX = 32 };
    const char *const tail[] = {"-O3", "-fopenmp", "-shared", "-fPIC", "-o", library, source, NULL};
    char *words[WORDS_MAX + sizeof tail / sizeof tail[0]], *rest;
    size_t count = 0;
    for (char *word = strtok_r(compiler, " ", &rest); word != NULL && count < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest))
        words[count++] = word;
    for (size_t t = 0; t < sizeof tail / sizeof tail[0]; t++)
        words[count++] = (char *)tail[t];
    pid_t child;
    int status;
    if (posix_spawnp(&child, words[0], NULL, NULL, words, environ) != 0)
        return -1;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static fm_status compile(const char *source, const char *library, fm_error *error)
{
    const char *chosen = getenv("CC");
    char *compiler = fm_strdup(chosen != NULL && chosen[0] != '\0' ? chosen : "cc");
    fm_status status = FM_OK;
    if (run_compiler(compiler, source, library) != 0)
        status =
            fm_fail(error, FM_IO,
                    "the C compiler '%s' failed on a generated kernel; set CC to one that works",
                    chosen != NULL && chosen[0] != '\0' ? chosen : "cc");
    free(compiler);
    return status;
}

static fm_status open_library(const char *path, fm_scalar_type type, fm_kernel *out,
                              fm_error *error)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return fm_fail(error, FM_IO, "%s", dlerror());
    void *symbol = dlsym(library, "gemm"), *levels = dlsym(library, "gemm_levels");
    if (symbol == NULL || levels == NULL) {
        dlclose(library);
        return fm_fail(error, FM_INTERNAL, "a compiled kernel lacks its functions");
    }
    *out = (fm_kernel){.handle = library};
    if (type == FM_F32)
        out->f32 = (fm_kernel_f32 *)symbol;
    else
        out->f64 = (fm_kernel_f64 *)symbol;
    out->levels = (unsigned (*)(size_t, size_t, size_t))levels;
    return FM_OK;
}

fm_status fm_kernel_load(const fm_scheme *scheme, fm_scalar_type type, unsigned crossover,
                         fm_kernel *out, fm_error *error)
{
    const char *parent = getenv("TMPDIR");
    char *folder = fm_format("%s/fewmul-XXXXXX", parent != NULL && parent[0] ? parent : "/tmp");
    if (mkdtemp(folder) == NULL) {
        fm_fail(error, FM_IO, "%s: %s", folder, strerror(errno));
        free(folder);
        return FM_IO;
    }
    char *source = fm_format("%s/gemm.c", folder), *library = fm_format("%s/gemm.so", folder);
    fm_status status = write_source(source, scheme, type, crossover, error);
    if (status == FM_OK)
        status = compile(source, library, error);
    if (status == FM_OK)
        status = open_library(library, type, out, error);
    unlink(source);
    unlink(library);
    rmdir(folder);
    free(source);
    free(library);
    free(folder);
    return status;
}

void fm_kernel_unload(fm_kernel *kernel)
{
    if (kernel->handle != NULL)
        dlclose(kernel->handle);
    *kernel = (fm_kernel){0};
}
