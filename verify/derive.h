/* Schemes from schemes: what the parts of it share. The public functions are in fewmul.h. */
#ifndef FM_VERIFY_DERIVE_H
#define FM_VERIFY_DERIVE_H

#include "scheme.h"

/* By axis: the two dimensions that number the rows and the columns of a factor, taken as a matrix. */
extern const unsigned fm_derive_sides[3][2];

/* Which dimension of a format each one of another with the same sizes becomes. */
void fm_derive_order(const uint32_t from[3], const uint32_t format[3], unsigned to[3]);

/* The functions of fewmul.h of similar names without their proof and provenance, for those who put
   several together; the schemes are of matrix products, the sizes fit, the rings are equal. */
fm_scheme *fm_derive_merge(const fm_scheme *first, const fm_scheme *second, unsigned dimension);
fm_scheme *fm_derive_permute(const fm_scheme *scheme, const uint32_t format[3]);
fm_scheme *fm_derive_project(const fm_scheme *scheme, unsigned dimension, uint32_t index);
fm_status fm_derive_product(const fm_scheme *first, const fm_scheme *second, fm_scheme **out,
                            fm_error *error);
fm_scheme *fm_derive_standard(const uint32_t format[3], fm_ring ring);
/* A copy, or one with fewer products. */
fm_scheme *fm_derive_reduce(const fm_scheme *scheme);

/* The index whose projection leaves the fewest products before any reduction, and their number. */
uint32_t fm_derive_fewest(const fm_scheme *scheme, unsigned dimension, uint32_t *index);

/* How every derivation ends: proves derived, which it takes over, and names its parents. FM_NO when
   a parent does not hold, FM_INTERNAL when all do and derived does not. */
fm_status fm_derive_finish(fm_scheme *derived, const char *engine, const uint64_t *seed,
                           const fm_scheme *const *parents, size_t count, fm_scheme **out,
                           fm_error *error);

/* FM_BAD_INPUT unless the scheme is one of a matrix product. */
fm_status fm_derive_check(const fm_scheme *scheme, fm_error *error);

#endif
