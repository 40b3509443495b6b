#include "state.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

static void append(fm_state *state, const void *part, size_t size)
{
    if (size > state->capacity - state->length) {
        state->capacity = 2 * state->capacity + size;
        state->data = fm_realloc(state->data, state->capacity, 1);
    }
    memcpy(state->data + state->length, part, size);
    state->length += size;
}

void fm_state_bytes(fm_state *state, void *part, size_t size)
{
    if (size == 0)
        return;
    if (!state->restoring) {
        append(state, part, size);
        return;
    }
    fm_state_require(state, size <= state->length - state->at);
    if (state->bad) {
        memset(part, 0, size);
        return;
    }
    memcpy(part, state->data + state->at, size);
    state->at += size;
}

void fm_state_require(fm_state *state, bool condition)
{
    if (state->restoring && !condition)
        state->bad = true;
}

void fm_state_clear(fm_state *state)
{
    free(state->data);
    *state = (fm_state){0};
}
