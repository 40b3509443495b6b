#include "gemm_schemes.h"

#include "memory.h"
#include "ready.h"

#include <stdlib.h>

/* Makes it ready, before the built-in ones are added. */
static fm_status add(cli_gemm_schemes *all, const fm_scheme *scheme, fm_scalar_type type,
                     fm_error *error)
{
    fm_gemm_scheme *ready;
    fm_scheme *copy;
    fm_status status = fm_gemm_scheme_new(scheme, type, &ready, error);
    if (status != FM_OK)
        return status;
    status = fm_scheme_to_ring(scheme, fm_scheme_ring(scheme), &copy, error);
    if (status != FM_OK) {
        fm_gemm_scheme_free(ready);
        return status;
    }
    all->schemes = fm_realloc(all->schemes, all->count + 1, sizeof *all->schemes);
    all->schemes[all->count] = copy;
    const fm_gemm_scheme **pool = (const fm_gemm_scheme **)all->pool.schemes;
    pool = fm_realloc(pool, all->count + 1, sizeof *pool);
    pool[all->count++] = ready;
    all->pool = (fm_gemm_pool){pool, all->count};
    return FM_OK;
}

static fm_status add_file(cli_gemm_schemes *all, const char *path, fm_scalar_type type,
                          fm_error *error)
{
    fm_scheme_list list;
    fm_status status = fm_scheme_read(path, &list, error);
    if (status != FM_OK)
        return status;
    for (size_t s = 0; s < list.count && status == FM_OK; s++)
        status = add(all, list.schemes[s], type, error);
    fm_scheme_list_free(&list);
    return status;
}

static void add_builtin(cli_gemm_schemes *all)
{
    const fm_gemm_pool builtin = fm_gemm_builtin();
    const fm_gemm_scheme **pool =
        fm_realloc((void *)all->pool.schemes, all->count + builtin.count, sizeof *pool);
    for (size_t i = 0; i < builtin.count; i++)
        pool[all->count + i] = builtin.schemes[i];
    all->pool = (fm_gemm_pool){pool, all->count + builtin.count};
}

fm_status cli_gemm_schemes_read(const cli_list *files, fm_gemm_type type, cli_gemm_schemes *out,
                                fm_error *error)
{
    *out = (cli_gemm_schemes){0};
    for (size_t f = 0; f < files->count; f++) {
        fm_status status =
            add_file(out, files->items[f], type == FM_GEMM_F32 ? FM_F32 : FM_F64, error);
        if (status == FM_NO)
            cli_error("%s: %s", files->items[f], error->message);
        if (status != FM_OK)
            return status;
    }
    add_builtin(out);
    return FM_OK;
}

void cli_gemm_schemes_free(cli_gemm_schemes *all)
{
    for (size_t s = 0; s < all->count; s++) {
        fm_scheme_free((fm_scheme *)all->schemes[s]);
        fm_gemm_scheme_free((fm_gemm_scheme *)all->pool.schemes[s]);
    }
    free(all->schemes);
    free((void *)all->pool.schemes);
    *all = (cli_gemm_schemes){0};
}
