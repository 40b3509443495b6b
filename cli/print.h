/* What several subcommands print alike. */
#ifndef FM_CLI_PRINT_H
#define FM_CLI_PRINT_H

#include "fewmul.h"
#include "json.h"

/* A JSON number, null when value is not a number. */
json_t *cli_json_real(double value);
/* A number, or a string where numbers may lose digits, as in scheme files. */
json_t *cli_json_seed(uint64_t seed);
/* Both print the object on a line of its own and give it back. */
void cli_print_json(json_t *object);
void cli_print_json_to(FILE *file, json_t *object);

/* What to call scheme number index of the count in a file: "FILE", or "FILE[1]" when there are
   several, without control characters. To be freed with free. */
char *cli_scheme_label(const char *path, size_t index, size_t count);
/* The same for a scheme of a list, by the name of its entry if that is in an archive: "FILE[4,4,5]",
   or "FILE[4,4,5][1]" when there are several in one. */
char *cli_list_label(const char *path, const fm_scheme_list *list, size_t index);

#endif
