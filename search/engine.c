#include "engine.h"

#include "error.h"

#include <string.h>

static const fm_engine *const engines[] = {&fm_engine_flips, &fm_engine_symmetric, &fm_engine_mcts,
                                           &fm_engine_auto};

const fm_engine *fm_engine_named(const char *name)
{
    for (size_t e = 0; e < sizeof engines / sizeof engines[0]; e++)
        if (strcmp(engines[e]->name, name) == 0)
            return engines[e];
    return NULL;
}
