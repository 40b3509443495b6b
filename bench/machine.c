#include "machine.h"

#include "clock.h"
#include "memory.h"

#include <stdio.h>
#include <string.h>

/* As many sums as hide the latency of the units: two of them, 4 or 5 cycles each. */
enum { STEPS = 100000, RUNS = 40, PEAK_SUMS = 12 };

#ifdef __x86_64__
#ifdef __clang__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#endif
#define SCALAR double
#define BYTES  32
#define PEAK   peak_avx2_f64
#include "peak_template.c"
#define SCALAR float
#define BYTES  32
#define PEAK   peak_avx2_f32
#include "peak_template.c"
#ifdef __clang__
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#else
#pragma GCC target("avx512f")
#endif
#define SCALAR double
#define BYTES  64
#define PEAK   peak_avx512_f64
#include "peak_template.c"
#define SCALAR float
#define BYTES  64
#define PEAK   peak_avx512_f32
#include "peak_template.c"
#ifdef __clang__
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

#define SCALAR double
#define BYTES  16
#define PEAK   peak_portable_f64
#include "peak_template.c"
#define SCALAR float
#define BYTES  16
#define PEAK   peak_portable_f32
#include "peak_template.c"

typedef double peak_loop(size_t steps);

static peak_loop *choose_loop(fm_cpu_vectors vectors, bool f32)
{
#ifdef __x86_64__
    if (vectors == FM_VECTORS_AVX512)
        return f32 ? peak_avx512_f32 : peak_avx512_f64;
    if (vectors == FM_VECTORS_AVX2)
        return f32 ? peak_avx2_f32 : peak_avx2_f64;
#endif
    (void)vectors;
    return f32 ? peak_portable_f32 : peak_portable_f64;
}

static double seconds_of(peak_loop *loop)
{
    volatile double result;
    double begin = fm_now();
    result = loop(STEPS);
    (void)result;
    return fm_now() - begin;
}

double fm_machine_peak(fm_cpu_vectors vectors, fm_scalar_type type)
{
    static const int bytes[] = {
        [FM_VECTORS_PORTABLE] = 16, [FM_VECTORS_AVX2] = 32, [FM_VECTORS_AVX512] = 64};
    peak_loop *loop = choose_loop(vectors, type == FM_F32);
    const double length = bytes[vectors] / (type == FM_F32 ? 4.0 : 8.0);
    double least = seconds_of(loop);
    for (int run = 1; run < RUNS; run++) {
        double seconds = seconds_of(loop);
        least = seconds < least ? seconds : least;
    }
    return 2e-9 * PEAK_SUMS * length * STEPS / least;
}

char *fm_machine_name(void)
{
    char line[256];
    char *name = NULL;
    FILE *file = fopen("/proc/cpuinfo", "r");
    while (name == NULL && file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *value = strchr(line, ':');
        if (strncmp(line, "model name", strlen("model name")) != 0 || value == NULL)
            continue;
        value += 1 + strspn(value + 1, " \t");
        name = fm_format("%.*s", (int)strcspn(value, "\n"), value);
    }
    if (file != NULL)
        fclose(file);
    return name != NULL ? name : fm_strdup("unknown");
}
