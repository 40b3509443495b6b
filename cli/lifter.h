/* Lifts the finds of a search beside it, on a thread of its own, and saves what comes out. */
#ifndef FM_CLI_LIFTER_H
#define FM_CLI_LIFTER_H

#include "fewmul.h"

typedef struct cli_lifter cli_lifter;

/* What became of a find. Belongs to the lifter. */
typedef struct cli_lift {
    const fm_scheme *find;
    const char *find_path; /* in the store */
    /* The lift, or what fm_scheme_ternary made of one over z; NULL: there is none, or it could not be
       saved. */
    const fm_scheme *scheme;
    const char *path; /* of that, in the same store */
    bool is_new;
    double seconds;
    const char *message; /* why there is none; "" when there is one */
} cli_lift;

/* report is called on the lifter's thread, one lift at a time. */
fm_status cli_lifter_start(fm_store *store, void (*report)(void *context, const cli_lift *lift),
                           void *context, cli_lifter **out, fm_error *error);

/* Queues a copy of a find that stands in the store at path; returns at once. The newest find of the
   lowest rank is lifted first, and of a lower rank than all before it puts these out of the
   queue. */
void cli_lifter_push(cli_lifter *lifter, const fm_scheme *find, const char *path);

/* How many finds are queued or being lifted. */
size_t cli_lifter_pending(cli_lifter *lifter);

/* Waits until all that is queued is lifted, but not much longer than seconds after *stop became
   nonzero. *left says how many were not. FM_IO when some lift could not be saved. Frees the
   lifter. */
fm_status cli_lifter_end(cli_lifter *lifter, const volatile int *stop, double seconds, size_t *left,
                         fm_error *error);

#endif
