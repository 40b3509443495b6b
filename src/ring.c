#include "ring.h"

#include "error.h"

#include <errno.h>
#include <flint/ulong_extras.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static fm_status parse_prime(const char *name, const char *digits, fm_ring *out, fm_error *error)
{
    char *end;
    errno = 0;
    unsigned long long p = strtoull(digits, &end, 10);
    if (digits[0] < '0' || digits[0] > '9' || *end != '\0')
        return fm_fail(error, FM_BAD_INPUT, "unknown ring '%s': expected zt, z, q, f2, f3 or f<p>",
                       name);
    if (errno == ERANGE || p >= UINT64_C(1) << 63)
        return fm_fail(error, FM_BAD_INPUT, "ring '%s': the prime must be below 2^63", name);
    if (!n_is_prime(p))
        return fm_fail(error, FM_BAD_INPUT, "ring '%s': %llu is not a prime", name, p);
    *out = (fm_ring){FM_RING_ZP, p};
    return FM_OK;
}

fm_status fm_ring_parse(const char *name, fm_ring *out, fm_error *error)
{
    if (strcmp(name, "zt") == 0)
        *out = (fm_ring){FM_RING_ZT, 0};
    else if (strcmp(name, "z") == 0)
        *out = (fm_ring){FM_RING_Z, 0};
    else if (strcmp(name, "q") == 0)
        *out = (fm_ring){FM_RING_Q, 0};
    else
        return parse_prime(name, name + (strncmp(name, "zp:", 3) == 0 ? 3 : name[0] == 'f'), out,
                           error);
    return FM_OK;
}

const char *fm_ring_name(fm_ring ring, char buffer[FM_RING_NAME_SIZE])
{
    static const char *const names[] = {"zt", "z", "q"};
    if (ring.kind == FM_RING_ZP)
        snprintf(buffer, FM_RING_NAME_SIZE, "f%" PRIu64, ring.p);
    else
        snprintf(buffer, FM_RING_NAME_SIZE, "%s", names[ring.kind]);
    return buffer;
}

bool fm_ring_equal(fm_ring a, fm_ring b)
{
    return a.kind == b.kind && a.p == b.p;
}

bool fm_ring_has(fm_ring ring, const fmpq_t value)
{
    if (ring.kind == FM_RING_Q)
        return true;
    if (!fmpz_is_one(fmpq_denref(value)))
        return false;
    if (ring.kind == FM_RING_Z)
        return true;
    if (ring.kind == FM_RING_ZT)
        return fmpz_cmpabs(fmpq_numref(value), fmpq_denref(value)) <= 0;
    return fmpz_sgn(fmpq_numref(value)) >= 0 && fmpz_cmp_ui(fmpq_numref(value), ring.p) < 0;
}

bool fm_ring_map(fm_ring ring, const fmpq_t value, fmpq_t image)
{
    if (ring.kind != FM_RING_ZP) {
        fmpq_set(image, value);
        return fm_ring_has(ring, value);
    }
    fmpz_t p, inverse;
    fmpz_init_set_ui(p, ring.p);
    fmpz_init(inverse);
    bool exists = fmpz_invmod(inverse, fmpq_denref(value), p) != 0;
    if (exists) {
        fmpz_mul(inverse, inverse, fmpq_numref(value));
        fmpz_mod(fmpq_numref(image), inverse, p);
        fmpz_one(fmpq_denref(image));
    }
    fmpz_clear(inverse);
    fmpz_clear(p);
    return exists;
}
