/* A state (state.h) as a file: a few lines of text say what it is a state of, how long it is and what
   its SHA-256 is; the state follows. */
#ifndef FM_STATE_FILE_H
#define FM_STATE_FILE_H

#include "fewmul.h"
#include "state.h"

/* Writes a state; it is written beside, flushed and renamed into its place, so that there is always
   one whole file, whenever the process is killed. kind is a word, such as "checkpoint"; identity is
   what a reader must have in common with it, lines "KEY VALUE". FM_IO with the reason; what was there
   before is then still there. */
fm_status fm_state_file_write(const char *path, const char *kind, const char *identity,
                              const fm_state *state, fm_error *error);

/* Reads one of this kind and identity into *state, set to restoring, which the caller frees with
   fm_state_clear. FM_NO when there is no such file. FM_BAD_INPUT when it is damaged, or of another
   kind of machine or another identity: the message says which. */
fm_status fm_state_file_read(const char *path, const char *kind, const char *identity,
                             fm_state *state, fm_error *error);

#endif
