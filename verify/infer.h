/* From readings to schemes: what a file does not say is what verifies. fm_scheme_read, _parse and
   their kin are in infer.c. */
#ifndef FM_VERIFY_INFER_H
#define FM_VERIFY_INFER_H

#include "reading.h"

/* Takes a list of readings for what the options (may be NULL), the file and the verifier say, in
   this order (see fm_origin). *out is freed with fm_scheme_list_free, and empty on failure. */
fm_status fm_infer(const fm_reading_list *readings, const fm_read_options *options,
                   fm_scheme_list *out, fm_error *error);

/* Completes the origin of a scheme made of a reading: what was told was not inferred. */
void fm_infer_origin(fm_scheme *scheme, fm_file_kind kind, const fm_read_options *options);

#endif
