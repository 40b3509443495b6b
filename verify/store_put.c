/* The only way into a results store: through the verifier. */
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
