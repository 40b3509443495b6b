/* The metrics of a search as JSON lines; docs/metrics.md says what is in one. */
#ifndef FM_CLI_METRICS_H
#define FM_CLI_METRICS_H

#include "fewmul.h"

#include <stdio.h>

typedef struct cli_metrics {
    FILE *file; /* NULL: none are wanted */
    const char *path;
    const char *tensor, *ring, *engine;
    uint64_t seed;
    double interval, due; /* seconds */
    double seconds;       /* at the last line, and the flips then: for the rate */
    uint64_t flips;
    bool failed; /* a line could not be written, and that was said */
} cli_metrics;

/* Opens a file to append to. */
fm_status cli_metrics_open(cli_metrics *metrics, const char *path, fm_error *error);

/* Appends a line when one is due. What cannot be written is said once on stderr. */
void cli_metrics_note(cli_metrics *metrics, const fm_search_progress *progress);
/* Appends a last line with the outcome. */
void cli_metrics_end(cli_metrics *metrics, const fm_search_result *result);

void cli_metrics_close(cli_metrics *metrics);

#endif
