/* Input files of subcommands: what the user says of them, and which they are. */
#ifndef FM_CLI_INPUT_H
#define FM_CLI_INPUT_H

#include "command.h"

/* What options say of the schemes in a file. */
typedef struct cli_reading {
    const char *format, *transposed;
    fm_tensor *tensor; /* of --format, or one of the subcommand's own; freed by cli_reading_end */
    fm_ring ring;
    fm_read_options options;
} cli_reading;

/* Rows for a table of options. */
#define CLI_FORMAT_OPTION(reading)                                                                 \
    {                                                                                              \
        "format", "NxMxP", CLI_STRING, &(reading).format,                                          \
            "read as schemes of this format "                                                      \
            "[the file's, or what holds]"                                                          \
    }
#define CLI_TRANSPOSED_OPTION(reading)                                                             \
    {                                                                                              \
        "transposed", "yes|no", CLI_STRING, &(reading).transposed,                                 \
            "W is for the transpose of C [the file's, or what holds]"                              \
    }
#define CLI_READ_RING_OPTION(reading)                                                              \
    {                                                                                              \
        "ring", "R", CLI_RING, &(reading).ring, "take the coefficients in this ring [the file's]"  \
    }

/* Makes reading->options of the arguments. Returns CLI_DONE, or CLI_WRONG after a message. */
int cli_reading_begin(cli_reading *reading);
void cli_reading_end(cli_reading *reading);

/* The files that operands stand for, in order: of a folder all files below it, by name, whose
   content is of a kind that is read; of the three files of an SMS triple the first. Freed with
   cli_files_free. FM_IO when a folder cannot be listed. */
typedef struct cli_files {
    size_t count, capacity;
    char **paths;
    bool is_many; /* a folder was named, or several files */
} cli_files;

fm_status cli_files_find(size_t count, char **operands, cli_files *out, fm_error *error);
void cli_files_free(cli_files *files);

#endif
