#include "steps.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

cli_steps cli_steps_begin(const char *what, size_t count)
{
    return (cli_steps){.what = what, .count = count, .shown = isatty(STDERR_FILENO) ? now() : -1};
}

void cli_steps_add(cli_steps *steps)
{
#pragma omp critical(cli_steps)
    {
        steps->done++;
        if (steps->shown >= 0 && now() - steps->shown > 1) {
            fprintf(stderr, "\r%zu of %zu %s", steps->done, steps->count, steps->what);
            fflush(stderr);
            steps->shown = now();
        }
    }
}

void cli_steps_end(cli_steps *steps)
{
    if (steps->shown >= 0)
        fputs("\r\033[K", stderr);
}
