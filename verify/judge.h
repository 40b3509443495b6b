/* The short and obvious check, with GMP's rationals, entry by entry: slow, and independent of
   fm_verify, whose judge it is in the tests. */
#ifndef FM_VERIFY_JUDGE_H
#define FM_VERIFY_JUDGE_H

#include "scheme.h"

/* As fm_verify. */
fm_status fm_judge(const fm_scheme *scheme, const fm_tensor *tensor, fm_ring ring,
                   fm_verdict *verdict);

#endif
