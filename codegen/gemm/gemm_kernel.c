#include "gemm_kernel.h"

const fm_gemm_kernel *fm_gemm_kernel_of(fm_cpu_vectors vectors, fm_scalar_type type)
{
    bool f32 = type == FM_F32;
    switch (vectors) {
#ifdef FEWMUL_X86
    case FM_VECTORS_AVX512:
        return f32 ? &fm_gemm_avx512_f32 : &fm_gemm_avx512_f64;
    case FM_VECTORS_AVX2:
        return f32 ? &fm_gemm_avx2_f32 : &fm_gemm_avx2_f64;
#endif
    case FM_VECTORS_PORTABLE:
        return f32 ? &fm_gemm_portable_f32 : &fm_gemm_portable_f64;
    default:
        return NULL;
    }
}
