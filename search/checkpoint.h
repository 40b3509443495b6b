/* Checkpoint files: the state of a search (state.h) on disk.

   A few lines of text say for what search and for what program the state is, how long it is and what
   its SHA-256 is; the state follows. A file is written beside, flushed and renamed into its place, so
   that there is always one whole checkpoint, whenever the process is killed. */
#ifndef FM_CHECKPOINT_H
#define FM_CHECKPOINT_H

#include "fewmul.h"
#include "state.h"

/* Raised whenever what a state holds changes. */
#define FM_CHECKPOINT_VERSION 6

/* Writes a checkpoint. identity is what a search that goes on from it must be like: lines "KEY
   VALUE". FM_IO with the reason; what was there before is then still there. */
fm_status fm_checkpoint_write(const char *path, const char *identity, const fm_state *state,
                              fm_error *error);

/* Reads a checkpoint into *state, set to restoring, which the caller frees with fm_state_clear.
   FM_NO when there is no such file. FM_BAD_INPUT when it is damaged, or of another version of the
   program, another kind of machine, or a search with another identity: the message says which. */
fm_status fm_checkpoint_read(const char *path, const char *identity, fm_state *state,
                             fm_error *error);

/* Takes the checkpoint at path for this process, by a lock on PATH.lock, until fm_checkpoint_unlock
   or the end of the process; NULL when another process has it (FM_BAD_INPUT) or the lock file cannot
   be made (FM_IO). Where the file system has no locks, it is granted. */
typedef struct fm_checkpoint_lock fm_checkpoint_lock;
fm_checkpoint_lock *fm_checkpoint_lock_new(const char *path, fm_status *status, fm_error *error);
/* Also removes the lock file. NULL is nothing. */
void fm_checkpoint_unlock(fm_checkpoint_lock *lock);

/* The number in the line "walkers N" of a checkpoint's identity; 0 when there is none. */
unsigned fm_checkpoint_walkers(const char *path);

/* Writes checkpoints of one search in the background, one at a time. */
typedef struct fm_saver fm_saver;

fm_saver *fm_saver_new(const char *path, const char *identity);
/* Waits for what is being written. */
void fm_saver_free(fm_saver *saver);
/* Begins to write a state, which it takes over. Nothing may be in progress. */
void fm_saver_begin(fm_saver *saver, fm_state *state);
/* Whether something is being written. */
bool fm_saver_busy(const fm_saver *saver);
/* Waits for what is being written; how the last one ended. */
fm_status fm_saver_end(fm_saver *saver, fm_error *error);

#endif
