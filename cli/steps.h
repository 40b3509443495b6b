/* How far long work is, on a terminal: a line on standard error that is written over. */
#ifndef FM_CLI_STEPS_H
#define FM_CLI_STEPS_H

#include <stddef.h>

typedef struct cli_steps {
    const char *what; /* "files read" */
    size_t done, count;
    double shown; /* when last, or the start; negative: there is no terminal */
} cli_steps;

/* Shows nothing before a second has gone by, or where standard error is no terminal. */
cli_steps cli_steps_begin(const char *what, size_t count);
/* One more is done; any thread may say so. */
void cli_steps_add(cli_steps *steps);
/* Takes the line away. */
void cli_steps_end(cli_steps *steps);

#endif
