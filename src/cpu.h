/* What the CPU can do, at run time. */
#ifndef FM_CPU_H
#define FM_CPU_H

#include <stddef.h>

typedef enum fm_cpu_level {
    FM_CPU_PORTABLE, /* what the compiler was told to assume */
    FM_CPU_AVX2,   /* x86-64 with popcnt, AVX2, and BMI2 with a fast pdep: not AMD's before Zen 3 */
    FM_CPU_AVX512, /* and with AVX-512 F and BW */
} fm_cpu_level;

/* The highest level that this CPU has and this library was built for. The environment variable
   FEWMUL_CPU=portable or FEWMUL_CPU=avx2 lowers it. */
fm_cpu_level fm_cpu_level_here(void);

/* Vectors of floating-point numbers. */
typedef enum fm_cpu_vectors {
    FM_VECTORS_PORTABLE, /* 16 bytes, what the compiler was told to assume */
    FM_VECTORS_AVX2,     /* 32 bytes, with FMA */
    FM_VECTORS_AVX512,   /* 64 bytes: AVX-512 F, DQ and VL */
} fm_cpu_vectors;

/* The widest that this CPU and operating system have. FEWMUL_CPU=portable and FEWMUL_CPU=avx2 lower
   it. */
fm_cpu_vectors fm_cpu_vectors_here(void);

/* Bytes of data in the caches that a core reaches: of its own first two levels, and its part of the
   third when as many threads as cores share it. */
typedef struct fm_cpu_caches {
    size_t l1, l2, l3;
} fm_cpu_caches;

/* Read once, from Linux's sysfs, else from sysconf; what neither says is 32 KiB, 512 KiB, 4 MiB. */
fm_cpu_caches fm_cpu_caches_here(void);

#endif
