/* What several test programs share. */
#ifndef FM_TESTS_SUPPORT_H
#define FM_TESTS_SUPPORT_H

#include "fewmul.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/resource.h>

/* The tensor of a format, or the test fails. */
fm_tensor *test_matmul(unsigned n, unsigned m, unsigned p);
/* Strassen's scheme for 2x2x2 over a ring (V. Strassen, Gaussian elimination is not optimal, Numer.
   Math. 13, 1969), or the test fails. */
fm_scheme *test_strassen(fm_ring ring);
fm_ring test_ring(const char *name);

/* Limits the memory of this process to what it has, until it has what was there before again; false when
   that cannot be. */
bool test_no_more_memory(struct rlimit *before);
void test_memory_again(const struct rlimit *before);

/* Fails the test with the error's message unless status is FM_OK. */
#define assert_ok(status, error)                                                                   \
    do {                                                                                           \
        if ((status) != FM_OK)                                                                     \
            fail_msg("%s", (error).message);                                                       \
    } while (0)

#endif
