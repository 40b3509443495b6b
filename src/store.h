/* The results store: what of it is not in fewmul.h. */
#ifndef FM_STORE_H
#define FM_STORE_H

#include "scheme.h"

/* fm_store_put without the verification: only for a scheme that was verified on the way here. */
fm_status fm_store_save(fm_store *store, const fm_scheme *scheme, char **path, bool *is_new,
                        fm_error *error);

/* fm_store_get without the verification. */
fm_status fm_store_load(const fm_store *store, const fm_store_item *item, fm_scheme **out,
                        fm_error *error);

#endif
