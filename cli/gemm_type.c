#include "gemm_type.h"

#include "command.h"

#include <string.h>

static bool modulus_type(uint64_t modulus, fm_gemm_type *type)
{
    if (modulus < 1 || modulus > FM_GEMM_MODULUS_MAX) {
        cli_error("--type zp: needs --modulus from 1 to 2^63");
        return false;
    }
    *type = fm_gemm_type_of_modulus(modulus);
    return true;
}

bool cli_gemm_type(const char *name, uint64_t modulus, fm_gemm_type *type)
{
    if (strcmp(name, "zp") == 0)
        return modulus_type(modulus, type);
    for (int t = 0; t < FM_GEMM_ZP26; t++)
        if (strcmp(name, fm_gemm_type_name((fm_gemm_type)t)) == 0) {
            *type = (fm_gemm_type)t;
            if (modulus != 0)
                cli_error("--modulus: only with --type zp");
            return modulus == 0;
        }
    cli_error("--type: there is no '%s'; there are: f64, f32, i32, i64, zp", name);
    return false;
}
