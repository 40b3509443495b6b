#include "cost_file.h"

#include "error.h"
#include "memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char head[] = "fewmul costs 1";

enum { LINES_MAX = 1000 };

bool fm_gemm_costs_plausible(const fm_gemm_costs *c)
{
    return c->flop > 1e-15 && c->flop < 1e-6 && c->pack > 1e-13 && c->pack < 1e-5 &&
           c->update > 1e-13 && c->update < 1e-5 && c->update_aliased > 1e-13 &&
           c->update_aliased < 1e-5 && c->move > 1e-13 && c->move < 1e-5;
}

/* ---------------------------------------------------------------- names */

/* The folder, to be freed; NULL when the environment names none. */
static char *cache_folder(void)
{
    const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (cache != NULL && cache[0] == '/')
        return fm_format("%s/fewmul", cache);
    if (home != NULL && home[0] == '/')
        return fm_format("%s/.cache/fewmul", home);
    return NULL;
}

/* A number for the processor, so that a home on many machines has costs of each (FNV-1a of what
   Linux says of the first one; 0 elsewhere). */
static unsigned long processor_number(void)
{
    static const char *const told[] = {"vendor_id", "cpu family", "model", "stepping", "CPU "};
    char line[256];
    unsigned long number = 2166136261UL;
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file == NULL)
        return 0;
    while (fgets(line, sizeof line, file) != NULL && line[0] != '\n')
        for (size_t i = 0; i < sizeof told / sizeof *told; i++)
            if (strncmp(line, told[i], strlen(told[i])) == 0)
                for (const char *c = line; *c != '\0'; c++)
                    number = (number ^ (unsigned char)*c) * 16777619UL & 0xffffffffUL;
    fclose(file);
    return number;
}

/* What a line begins with: kernel, type, threads, processor. */
static char *key_of(const fm_gemm_kernel *kernel, unsigned threads)
{
    return fm_format("%s %s %u %lu ", kernel->name, fm_gemm_type_name(kernel->type), threads,
                     processor_number());
}

/* ---------------------------------------------------------------- reading */

static bool parse_costs(const char *text, fm_gemm_costs *costs)
{
    int end = 0;
    fm_gemm_costs read = {0};
    if (sscanf(text, "%lg %lg %lg %lg %lg %n", &read.flop, &read.pack, &read.update,
               &read.update_aliased, &read.move, &end) != 5 ||
        text[end] != '\0' || !fm_gemm_costs_plausible(&read))
        return false;
    *costs = read;
    return true;
}

static FILE *open_costs(const char *folder)
{
    char line[64], *path = fm_format("%s/costs", folder);
    FILE *file = fopen(path, "r");
    free(path);
    if (file == NULL)
        return NULL;
    if (fgets(line, sizeof line, file) != NULL && strncmp(line, head, strlen(head)) == 0)
        return file;
    fclose(file);
    return NULL;
}

bool fm_cost_file_get(const fm_gemm_kernel *kernel, unsigned threads, fm_gemm_costs *costs)
{
    char line[256], *folder = cache_folder(), *key = key_of(kernel, threads);
    FILE *file = folder != NULL ? open_costs(folder) : NULL;
    bool found = false;
    while (file != NULL && !found && fgets(line, sizeof line, file) != NULL)
        found = strncmp(line, key, strlen(key)) == 0 && parse_costs(line + strlen(key), costs);
    if (file != NULL)
        fclose(file);
    free(folder);
    free(key);
    return found;
}

/* ---------------------------------------------------------------- writing */

/* True for a line of another key that can be read. */
static bool is_other(const char *line, const char *key)
{
    char kernel[16], type[8];
    unsigned threads;
    unsigned long processor;
    int end = 0;
    fm_gemm_costs costs;
    return strncmp(line, key, strlen(key)) != 0 &&
           sscanf(line, "%15s %7s %u %lu %n", kernel, type, &threads, &processor, &end) == 4 &&
           end > 0 && parse_costs(line + end, &costs);
}

static void write_lines(const char *folder, const char *key, const fm_gemm_costs *costs, FILE *out)
{
    char line[256];
    FILE *old = open_costs(folder);
    fprintf(out, "%s\n%s%.6g %.6g %.6g %.6g %.6g\n", head, key, costs->flop, costs->pack,
            costs->update, costs->update_aliased, costs->move);
    for (int i = 0; old != NULL && i < LINES_MAX && fgets(line, sizeof line, old) != NULL; i++)
        if (is_other(line, key))
            fputs(line, out);
    if (old != NULL)
        fclose(old);
}

/* The folder and the one that it is in. */
static void make_folders(char *folder)
{
    char *slash = strrchr(folder, '/');
    *slash = '\0';
    mkdir(folder, 0700);
    *slash = '/';
    mkdir(folder, 0700);
}

static fm_status replace_file(const char *folder, const char *key, const fm_gemm_costs *costs,
                              fm_error *error)
{
    char *path = fm_format("%s/costs", folder), *beside = fm_format("%s/costs.XXXXXX", folder);
    int descriptor = mkstemp(beside);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    bool written = false;
    if (file != NULL) {
        write_lines(folder, key, costs, file);
        written = !ferror(file);
        written = fclose(file) == 0 && written && rename(beside, path) == 0;
    }
    fm_status status = written ? FM_OK : fm_fail(error, FM_IO, "%s: %s", path, strerror(errno));
    if (!written && descriptor >= 0)
        unlink(beside);
    free(path);
    free(beside);
    return status;
}

fm_status fm_cost_file_put(const fm_gemm_kernel *kernel, unsigned threads,
                           const fm_gemm_costs *costs, fm_error *error)
{
    char *folder = cache_folder();
    if (folder == NULL)
        return fm_fail(error, FM_IO, "neither XDG_CACHE_HOME nor HOME is an absolute path");
    char *key = key_of(kernel, threads);
    make_folders(folder);
    fm_status status = replace_file(folder, key, costs, error);
    free(folder);
    free(key);
    return status;
}
