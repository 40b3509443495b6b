/* The parts of a generated C file that differ from one scheme to the next. Each returns a string to
   be freed with free. */
#ifndef FM_EMIT_H
#define FM_EMIT_H

#include "schedule.h"

/* The calls that carry out the steps, a line or more each, products with their formula. */
char *fm_emit_steps(const fm_schedule *schedule, const fm_scheme *scheme, fm_scalar_type type);

/* What scheme it is and where it comes from, for the head comment. */
char *fm_emit_about(const fm_schedule *schedule, const fm_scheme *scheme);

/* The classical kernel's code for each kind of processor. */
char *fm_emit_isas(fm_scalar_type type);
/* Entries of the largest of their tiles. */
unsigned fm_emit_tile_max(fm_scalar_type type);

/* A template with each @KEY@ replaced. Keys and values by turns, NULL at the end. */
char *fm_emit_template(const char *text, const char *const *replacements);

#endif
