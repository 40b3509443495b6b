/* The state of a search as bytes: what a checkpoint holds.

   One function of a type says what its state is, by a call of fm_state_bytes for each part; the
   same function saves and restores, so that the two cannot differ. The bytes are this machine's
   own; search/checkpoint.h says on a file for whom they are. */
#ifndef FM_STATE_H
#define FM_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fm_state {
    uint8_t *data;
    size_t length, capacity;
    size_t at;      /* where restoring is */
    bool restoring; /* else saving */
    bool bad;       /* what was restored is not what such a search saves */
} fm_state;

/* Appends the part when saving; fills it when restoring, with zeros once the state is bad. */
void fm_state_bytes(fm_state *state, void *part, size_t size);

/* Says while restoring that something must hold; the state is bad where it does not. */
void fm_state_require(fm_state *state, bool condition);

void fm_state_clear(fm_state *state);

#define FM_STATE_VALUE(state, value) fm_state_bytes((state), &(value), sizeof(value))

#endif
