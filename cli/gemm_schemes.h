/* The schemes of files, as subcommands about products take them: as they are, and ready for plans. */
#ifndef FM_CLI_GEMM_SCHEMES_H
#define FM_CLI_GEMM_SCHEMES_H

#include "command.h"
#include "gemm_kernel.h"
#include "gemm_scheme.h"

typedef struct cli_gemm_schemes {
    const fm_scheme **schemes;
    size_t count;
    fm_gemm_pool pool; /* these, then those that are built in */
} cli_gemm_schemes;

/* All schemes of the files, verified. FM_NO when one does not hold, with an error that says which.
   Freed with cli_gemm_schemes_free, whatever this returns. */
fm_status cli_gemm_schemes_read(const cli_list *files, fm_gemm_type type, cli_gemm_schemes *out,
                                fm_error *error);
void cli_gemm_schemes_free(cli_gemm_schemes *schemes);

#endif
