/* What all that write JSON share. */
#ifndef FM_JSON_H
#define FM_JSON_H

#include <jansson.h>
#include <stdio.h>

/* A JSON string; in text that is not UTF-8, as a file name may be, each byte that is not ASCII
   becomes U+FFFD. */
json_t *fm_json_string(const char *text);

/* Prints it, with its quotes. */
void fm_json_print_string(FILE *file, const char *text);

#endif
