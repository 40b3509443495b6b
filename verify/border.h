/* Schemes with coefficients beyond the rationals, which are verified and written: polynomials
   in a parameter x, which bound the border rank (Bini, Capovani, Lotti and Romani, 1979), and
   Gaussian rationals. */
#ifndef FM_VERIFY_BORDER_H
#define FM_VERIFY_BORDER_H

#include "reading.h"

/* What a list with laurents means: as fm_infer, but schemes that have other coefficients than
   rationals have those of readings->laurents, and are for fm_border_verify and the writers of files
   only. Readings that have none become rational. */
fm_status fm_border_infer(fm_reading_list *readings, const fm_read_options *options,
                          fm_scheme_list *out, fm_error *error);

/* Reads a file of any coefficients so. *laurents, NULL where all are rational, is freed with
   fm_laurents_free after the schemes. */
fm_status fm_border_read(const char *path, const fm_read_options *options, fm_scheme_list *out,
                         fm_laurents **laurents, fm_error *error);

/* The products add up to x^order times the tensor and an error with powers of x from
   x^(order + error_low) to x^(order + error_high), error_low > 0, or with no error at all. */
typedef struct fm_border_verdict {
    bool valid;
    bool has_parameter, has_i; /* of the coefficients */
    bool is_exact;             /* no error, for any x but perhaps 0 */
    long order, error_low, error_high;
    /* When not: the first equation that fails, as in fm_verdict. */
    uint32_t i, j, k;
    char *expected, *actual;
} fm_border_verdict;

/* FM_OK when it is so, FM_NO when not. order is the lowest power where the tensor is not 0. */
fm_status fm_border_verify(const fm_scheme *scheme, const fm_laurents *laurents,
                           fm_border_verdict *verdict);
void fm_border_verdict_clear(fm_border_verdict *verdict);

#endif
