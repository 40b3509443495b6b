#include "cpu.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool has_fast_bmi2(void)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    return __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi") &&
           __builtin_cpu_supports("bmi2") && !__builtin_cpu_is("amdfam17h");
#else
    return false;
#endif
}

fm_cpu_level fm_cpu_level_here(void)
{
    const char *wanted = getenv("FEWMUL_CPU");
    bool portable = wanted != NULL && strcmp(wanted, "portable") == 0;
    return !portable && has_fast_bmi2() ? FM_CPU_BMI2 : FM_CPU_PORTABLE;
}
