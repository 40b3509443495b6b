/* What the CPU can do, at run time. */
#ifndef FM_CPU_H
#define FM_CPU_H

typedef enum fm_cpu_level {
    FM_CPU_PORTABLE, /* what the compiler was told to assume */
    FM_CPU_AVX2,   /* x86-64 with popcnt, AVX2, and BMI2 with a fast pdep: not AMD's before Zen 3 */
    FM_CPU_AVX512, /* and with AVX-512 F and BW */
} fm_cpu_level;

/* The highest level that this CPU has and this library was built for. The environment variable
   FEWMUL_CPU=portable or FEWMUL_CPU=avx2 lowers it. */
fm_cpu_level fm_cpu_level_here(void);

#endif
