/* The only way into a results store, and the way out that trusts no file: through the verifier. */
#include "error.h"
#include "store.h"

fm_status fm_store_put(fm_store *store, const fm_scheme *scheme, char **path, bool *is_new,
                       fm_error *error)
{
    fm_verdict verdict;
    fm_status status = fm_verify(scheme, scheme->tensor, scheme->ring, &verdict, error);
    fm_verdict_clear(&verdict);
    if (path != NULL)
        *path = NULL;
    return status == FM_OK ? fm_store_save(store, scheme, path, is_new, error) : status;
}

fm_status fm_store_get(const fm_store *store, const fm_store_item *item, fm_scheme **out,
                       fm_error *error)
{
    fm_verdict verdict;
    fm_error reason;
    fm_status status = fm_store_load(store, item, out, error);
    if (status != FM_OK)
        return status;
    status = fm_verify(*out, (*out)->tensor, (*out)->ring, &verdict, &reason);
    fm_verdict_clear(&verdict);
    if (status == FM_OK)
        return FM_OK;
    fm_scheme_free(*out);
    *out = NULL;
    return fm_fail(error, FM_BAD_INPUT, "%s: %s", item->path, reason.message);
}
