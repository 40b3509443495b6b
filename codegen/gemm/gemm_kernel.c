#include "gemm_kernel.h"

const char *fm_gemm_type_name(fm_gemm_type type)
{
    static const char *const names[FM_GEMM_TYPES] = {"f64",  "f32",  "i32", "i64",
                                                     "zp26", "zp34", "zp63"};
    return names[type];
}

const fm_gemm_kernel *fm_gemm_kernel_of(fm_cpu_vectors vectors, fm_gemm_type type)
{
    switch (vectors) {
#ifdef FEWMUL_X86
    case FM_VECTORS_AVX512:
        return fm_gemm_avx512[type];
    case FM_VECTORS_AVX2:
        return fm_gemm_avx2[type];
#endif
    case FM_VECTORS_PORTABLE:
        return fm_gemm_portable[type];
    default:
        return NULL;
    }
}
