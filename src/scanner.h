/* Text read from left to right with its lines counted: what the readers of text formats share. */
#ifndef FM_SCANNER_H
#define FM_SCANNER_H

#include "reading.h"

typedef struct fm_scanner {
    const char *at; /* ends in a zero byte */
    unsigned line;
    const char *name; /* of the file, for messages */
    fm_error *error;
    fm_laurents *laurents; /* what coefficients are numbers of; NULL: they are rationals */

    /* What comments say that were passed over: "# ring f2", "# format 2x3x4". */
    bool has_ring;
    fm_ring ring;
    uint32_t format[3];
} fm_scanner;

/* FM_BAD_INPUT for text with a zero byte inside. */
fm_status fm_scanner_init(fm_scanner *scanner, const char *text, size_t length, const char *name,
                          fm_error *error);

/* "FILE:LINE: ", then the formatted reason; returns FM_BAD_INPUT. */
fm_status fm_scan_refuse(const fm_scanner *scanner, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Where text begins behind blanks, line ends and comments: what recognizers look at. */
const char *fm_scan_start(const char *text);

/* Passes over blanks and line ends. */
void fm_scan_blanks(fm_scanner *scanner);
/* Passes over blanks, not over a line end. */
void fm_scan_spaces(fm_scanner *scanner);
/* Passes over blanks, line ends and comments, from '#' to the end of the line. Comments that fix
   something are remembered; FM_BAD_INPUT when what they fix does not exist. */
fm_status fm_scan_comments(fm_scanner *scanner);
/* What such a comment says, its '#' and the end of its line left off. */
fm_status fm_scan_directive(fm_scanner *scanner, const char *text, size_t length);

/* Goes on to a later place of the text; what is between is left alone but for such comments. */
fm_status fm_scan_pass_over(fm_scanner *scanner, const char *to);

/* Passes over blanks and line ends, and over c if it comes next. */
bool fm_scan_char(fm_scanner *scanner, char c);
/* FM_BAD_INPUT when c does not come next. */
fm_status fm_scan_expect(fm_scanner *scanner, char c);

/* An integer or a fraction with its sign, perhaps in parentheses, behind blanks and line ends. */
fm_status fm_scan_number(fm_scanner *scanner, fmpq_t value);

/* A coefficient of a list, behind blanks and line ends: what fm_number_evaluate reads, or what the
   file's laurents take. */
fm_status fm_scan_coefficient(fm_scanner *scanner, fmpq_t value);

/* What comes next, for messages: at most 20 characters of the line, or "the end of the file". */
const char *fm_scan_show(const fm_scanner *scanner, char buffer[32]);

/* Gives a reading what comments said. */
void fm_scan_state(const fm_scanner *scanner, fm_reading *reading);

/* Writes the comments without which a scheme would not be read as what it is: the ring, where the
   coefficients do not show it, and the format where is_open, entries that are named, does not; put
   between before and after. */
void fm_write_directives(const fm_scheme *scheme, bool is_open, const char *before,
                         const char *after, FILE *file);

#endif
