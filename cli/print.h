/* What several subcommands print alike: JSON lines and the names of matrix entries. */
#ifndef FM_CLI_PRINT_H
#define FM_CLI_PRINT_H

#include "fewmul.h"

#include <jansson.h>

/* A JSON string; bytes that are not UTF-8, which a file name may have, become U+FFFD. */
json_t *cli_json_string(const char *text);
/* A JSON number, null when value is not a number. */
json_t *cli_json_real(double value);
/* Prints the object on a line of its own and gives it back. */
void cli_print_json(json_t *object);

/* What to call scheme number index of the count in a file: "FILE", or "FILE[1]" when there are
   several. To be freed with free. */
char *cli_scheme_label(const char *path, size_t index, size_t count);

#define CLI_ENTRY_NAME_SIZE 32

/* An entry of A, B or C (axis 0, 1, 2) for people: a21 of a matrix product, a2_11 when a size of
   its format is above 9, a7 of any other tensor; all from 1. Returns buffer. */
const char *cli_entry_name(const fm_tensor *tensor, unsigned axis, uint32_t index,
                           char buffer[CLI_ENTRY_NAME_SIZE]);

#endif
