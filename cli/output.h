/* Output files that appear whole or not at all. */
#ifndef FM_CLI_OUTPUT_H
#define FM_CLI_OUTPUT_H

#include "fewmul.h"

typedef struct cli_output {
    FILE *file;
    char *path;      /* where it will be; NULL for stdout */
    char *temporary; /* where it is written, beside; NULL for stdout and for devices and pipes */
} cli_output;

/* Opens a file to be written to path, or stdout when path is NULL. */
fm_status cli_output_open(const char *path, cli_output *output, fm_error *error);

/* Ends the output: puts the file in its place, on disk, when status is FM_OK, otherwise leaves
   what was there. Returns status, or FM_IO when writing failed. */
fm_status cli_output_close(cli_output *output, fm_status status, fm_error *error);

/* Writes schemes, several as a JSON array or one after another where the kind of file allows it, to path, or to stdout when
   it is NULL. An SMS triple goes to three files when path is named like one, X_L.sms. input is the file they come from, for messages. */
fm_status cli_write_schemes(const char *input, const fm_scheme_list *list, fm_file_kind kind,
                            const char *path, fm_error *error);

#endif
