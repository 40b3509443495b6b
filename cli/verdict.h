/* Verdicts, for people and for machines. */
#ifndef FM_CLI_VERDICT_H
#define FM_CLI_VERDICT_H

#include "border.h"

/* All print a line to out; label is what to call the scheme, path and index what machines are told.
 */
void cli_verdict_text(FILE *out, const char *label, const fm_scheme *scheme,
                      const fm_verdict *verdict);
void cli_verdict_json(FILE *out, const char *path, size_t index, const fm_scheme *scheme,
                      const fm_verdict *verdict);
/* Of a scheme with the coefficients laurents. */
void cli_border_text(FILE *out, const char *label, const fm_scheme *scheme,
                     const fm_laurents *laurents, const fm_border_verdict *verdict);
void cli_border_json(FILE *out, const char *path, size_t index, const fm_scheme *scheme,
                     const fm_laurents *laurents, const fm_border_verdict *verdict);
/* Of a scheme, or a file, that could not be read. */
void cli_verdict_error_json(FILE *out, const char *path, size_t index, const fm_error *error);

#endif
