#include "steps.h"

#include "clock.h"

#include <stdio.h>
#include <unistd.h>

cli_steps cli_steps_begin(const char *what, size_t count)
{
    return (cli_steps){
        .what = what, .count = count, .shown = isatty(STDERR_FILENO) ? fm_now() : -1};
}

void cli_steps_add(cli_steps *steps)
{
#pragma omp critical(cli_steps)
    {
        steps->done++;
        if (steps->shown >= 0 && fm_now() - steps->shown > 1) {
            fprintf(stderr, "\r%zu of %zu %s", steps->done, steps->count, steps->what);
            fflush(stderr);
            steps->shown = fm_now();
        }
    }
}

void cli_steps_end(cli_steps *steps)
{
    if (steps->shown >= 0)
        fputs("\r\033[K", stderr);
}
