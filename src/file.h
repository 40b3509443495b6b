/* Whole files: reading them into memory, getting them to disk. */
#ifndef FM_FILE_H
#define FM_FILE_H

#include "fewmul.h"

/* No input file may be larger: 4 GiB. */
#define FM_FILE_SIZE_MAX ((size_t)4 << 30)

/* Reads a file, or stdin for "-", into *text, which ends in a zero byte that *length does not
   count and is freed with free. FM_IO with the reason, FM_BAD_INPUT when it is too large. */
fm_status fm_file_read(const char *path, char **text, size_t *length, fm_error *error);

/* Flushes the entries of a folder to disk: what was made or renamed there survives a crash. */
fm_status fm_file_sync_folder(const char *folder, fm_error *error);

#endif
