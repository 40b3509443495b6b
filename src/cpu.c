#include "cpu.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* True when FEWMUL_CPU is the name of this level. */
static bool lowered_to(const char *name)
{
    const char *wanted = getenv("FEWMUL_CPU");
    return wanted != NULL && strcmp(wanted, name) == 0;
}

static fm_cpu_level level_of_cpu(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("popcnt") || !__builtin_cpu_supports("bmi") ||
        !__builtin_cpu_supports("bmi2") || !__builtin_cpu_supports("avx2") ||
        __builtin_cpu_is("amdfam17h"))
        return FM_CPU_PORTABLE;
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") ? FM_CPU_AVX512
                                                                                   : FM_CPU_AVX2;
#else
    return FM_CPU_PORTABLE;
#endif
}

fm_cpu_level fm_cpu_level_here(void)
{
    fm_cpu_level level = level_of_cpu(), most = FM_CPU_AVX512;
    if (lowered_to("portable"))
        most = FM_CPU_PORTABLE;
    else if (lowered_to("avx2"))
        most = FM_CPU_AVX2;
    return level < most ? level : most;
}

fm_cpu_vectors fm_cpu_vectors_here(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (lowered_to("portable") || !__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma"))
        return FM_VECTORS_PORTABLE;
    if (lowered_to("avx2") || !__builtin_cpu_supports("avx512f") ||
        !__builtin_cpu_supports("avx512dq") || !__builtin_cpu_supports("avx512vl"))
        return FM_VECTORS_AVX2;
    return FM_VECTORS_AVX512;
#else
    return FM_VECTORS_PORTABLE;
#endif
}

/* ---------------------------------------------------------------- caches */

/* The first line of a file of the first CPU's folder for a cache; false when there is none. */
static bool read_cache_line(int index, const char *name, char *line, int size)
{
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, name);
    FILE *file = fopen(path, "r");
    bool read = file != NULL && fgets(line, size, file) != NULL;
    if (file != NULL)
        fclose(file);
    return read;
}

/* How many CPUs a list such as "0-3,8" has; at least 1. */
static size_t count_listed(const char *list)
{
    size_t count = 0;
    while (*list >= '0' && *list <= '9') {
        char *end;
        unsigned long first = strtoul(list, &end, 10), last = first;
        if (*end == '-')
            last = strtoul(end + 1, &end, 10);
        count += last >= first ? last - first + 1 : 1;
        list = *end == ',' ? end + 1 : end;
    }
    return count > 0 ? count : 1;
}

/* Bytes of each level of cache for one of the CPUs that share it, 0 where it does not say. */
static void read_sysfs(size_t bytes[4], size_t threads_a_core)
{
    char line[256];
    for (int index = 0; index < 8; index++) {
        if (!read_cache_line(index, "type", line, sizeof line) || line[0] == 'I')
            continue;
        if (!read_cache_line(index, "level", line, sizeof line))
            continue;
        unsigned long level = strtoul(line, NULL, 10);
        if (level < 1 || level > 3 || !read_cache_line(index, "size", line, sizeof line))
            continue;
        char *unit;
        size_t size = strtoul(line, &unit, 10);
        size <<= *unit == 'K' ? 10 : *unit == 'M' ? 20 : 0;
        size_t sharing = 1;
        if (level == 3 && read_cache_line(index, "shared_cpu_list", line, sizeof line))
            sharing = count_listed(line) / threads_a_core;
        bytes[level] = size / (sharing > 0 ? sharing : 1);
    }
}

static size_t threads_of_a_core(void)
{
    static const char path[] = "/sys/devices/system/cpu/cpu0/topology/thread_siblings_list";
    char line[256] = "";
    FILE *file = fopen(path, "r");
    bool read = file != NULL && fgets(line, sizeof line, file) != NULL;
    if (file != NULL)
        fclose(file);
    return read ? count_listed(line) : 1;
}

static size_t ask_system(int level)
{
    long size = 0;
#ifdef _SC_LEVEL1_DCACHE_SIZE
    static const int names[4] = {0, _SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE,
                                 _SC_LEVEL3_CACHE_SIZE};
    size = sysconf(names[level]);
#endif
    return size > 0 ? (size_t)size : 0;
}

static fm_cpu_caches caches;

static void read_caches(void)
{
    static const size_t usual[4] = {0, 32 << 10, 512 << 10, 4 << 20};
    size_t bytes[4] = {0};
    read_sysfs(bytes, threads_of_a_core());
    for (int level = 1; level <= 3; level++) {
        if (bytes[level] == 0)
            bytes[level] = ask_system(level);
        if (bytes[level] == 0)
            bytes[level] = usual[level];
    }
    caches = (fm_cpu_caches){bytes[1], bytes[2], bytes[3]};
}

fm_cpu_caches fm_cpu_caches_here(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_caches);
    return caches;
}
