/* --type and --modulus of the subcommands about products. */
#ifndef FM_CLI_GEMM_TYPE_H
#define FM_CLI_GEMM_TYPE_H

#include "gemm_kernel.h"

/* What --type says; of 'zp', the kind that the modulus (0: not given) needs. False after a message. */
bool cli_gemm_type(const char *name, uint64_t modulus, fm_gemm_type *type);

#endif
