/* Memory for one call: on a page, in large pages where the system gives them to those who ask. One
   piece is kept from call to call; a large one's pages the system may take back. */
#ifndef FM_WORKSPACE_H
#define FM_WORKSPACE_H

#include <stddef.h>

typedef struct fm_workspace {
    char *at; /* NULL: there is not so much */
    size_t bytes;
    size_t wanted; /* of these by this call */
} fm_workspace;

fm_workspace fm_workspace_take(size_t bytes);
void fm_workspace_give(fm_workspace workspace);

#endif
