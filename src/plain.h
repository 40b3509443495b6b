/* Text from files and file names on its way to a terminal. */
#ifndef FM_PLAIN_H
#define FM_PLAIN_H

/* Replaces the control characters in text by question marks: ASCII's, newlines too, and those of
   ISO 6429 in UTF-8 (U+0080 to U+009F), which move cursors, clear screens and fake lines. */
void fm_make_plain(char *text);

#endif
