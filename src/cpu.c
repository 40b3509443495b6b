#include "cpu.h"

#include <stdlib.h>
#include <string.h>

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
    const char *wanted = getenv("FEWMUL_CPU");
    fm_cpu_level level = level_of_cpu(), most = FM_CPU_AVX512;
    if (wanted != NULL && strcmp(wanted, "portable") == 0)
        most = FM_CPU_PORTABLE;
    else if (wanted != NULL && strcmp(wanted, "avx2") == 0)
        most = FM_CPU_AVX2;
    return level < most ? level : most;
}
