/* The parts of a generated C file that differ from one scheme to the next. */
#ifndef FM_EMIT_H
#define FM_EMIT_H

#include "fewmul.h"
#include "gemm_scheme.h"

#include <stdio.h>

/* A scheme as the definition of a constant, static const fm_gemm_scheme NAME, with the formula of each
   product. */
void fm_emit_scheme(const fm_gemm_scheme *scheme, const char *name, FILE *file);

/* What scheme it is and where it comes from, for the head comment; to be freed with free. */
char *fm_emit_about(const fm_gemm_scheme *ready, const fm_scheme *scheme);

/* A template with each @KEY@ replaced. Keys and values by turns, NULL at the end. To be freed with
   free. */
char *fm_emit_template(const char *text, const char *const *replacements);

#endif
