/* Schemes made from bytes, right ones and ones with a coefficient changed: fm_verify and the judge,
   which share no code, give the same verdict over every ring, and a right one is never refused. */
#include "dense.h"
#include "judge.h"
#include "property.h"
#include "ring.h"

#include <string.h>

static const char *const rings[] = {
    "zt", "z", "q", "f2", "f3", "f5", "f101", "f2305843009213693951", "f9223372036854775783"};
enum { RING_COUNT = sizeof rings / sizeof rings[0] };

/* What is left of the bytes; zeros behind their end. */
typedef struct source {
    const uint8_t *at, *end;
} source;

static uint32_t draw(source *from, uint32_t bound)
{
    return from->at < from->end ? *from->at++ % bound : 0;
}

/* Mostly 0, 1 and -1; others at the limits of words. */
static void draw_number(source *from, fmpq_t value)
{
    static const long others[] = {2, 3, -2, 5, 7, -96, 1L << 31, 1L << 32, 1L << 62, -(1L << 62)};
    uint32_t choice = draw(from, 64);
    fmpq_zero(value);
    if (choice >= 32 && choice < 32 + 16)
        fmpq_one(value);
    else if (choice >= 32 && choice < 64 - 10)
        fmpq_set_si(value, -1, 1);
    else if (choice >= 32)
        fmpz_set_si(fmpq_numref(value), others[choice - 54]);
    if (choice == 63 && draw(from, 2) == 1)
        fmpz_mul_2exp(fmpq_numref(value), fmpq_numref(value), 70);
}

static void draw_scheme(source *from, dense *d)
{
    static const uint32_t wide[] = {63, 64, 65, 130};
    uint32_t extent[3];
    for (int axis = 0; axis < 3; axis++)
        extent[axis] = 1 + draw(from, 4);
    if (draw(from, 8) == 1)
        extent[draw(from, 3)] = wide[draw(from, 4)];
    uint32_t rank = draw(from, 7);
    dense_init(d, extent, rank + 4);
    d->rank = rank;
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < rank; r++)
            for (uint32_t e = 0; e < extent[axis]; e++)
                draw_number(from, dense_at(d, axis, r, e));
}

/* Keeps the sum of the products; over q also with fractions. */
static void move(source *from, dense *d)
{
    fm_random random;
    fmpq_t s;
    fm_random_seed(&random, draw(from, 256), 0);
    fmpq_init(s);
    for (uint32_t moves = draw(from, 4); moves > 0 && d->rank > 0; moves--) {
        if (d->rank < d->capacity && draw(from, 2) == 1)
            dense_split(d, &random);
        dense_flip(d, &random);
        fmpq_set_si(s, (long)draw(from, 2) == 0 ? -1 : 3, 1 + draw(from, 3));
        if (draw(from, 2) == 1)
            dense_scale(d, draw(from, d->rank), s);
    }
    fmpq_clear(s);
}

static fm_status verify_and_judge(const fm_scheme *scheme, const fm_tensor *tensor, fm_ring ring)
{
    fm_error error;
    fm_verdict a, b;
    char name[FM_RING_NAME_SIZE];
    fm_status status = fm_verify(scheme, tensor, ring, &a, &error);
    require(status == fm_judge(scheme, tensor, ring, &b), "over %s", fm_ring_name(ring, name));
    bool same = a.valid == b.valid && a.i == b.i && a.j == b.j && a.k == b.k &&
                (a.expected == NULL) == (b.expected == NULL) &&
                (a.expected == NULL ||
                 (strcmp(a.expected, b.expected) == 0 && strcmp(a.actual, b.actual) == 0));
    require(same, "over %s: another first equation", fm_ring_name(ring, name));
    fm_verdict_clear(&a);
    fm_verdict_clear(&b);
    return status;
}

static fm_ring ring_of(const char *name)
{
    fm_ring ring = {0};
    require(fm_ring_parse(name, &ring, NULL) == FM_OK, "%s", name);
    return ring;
}

/* Over all rings, as a scheme over each that has the coefficients. */
static void check(const dense *d, const fm_tensor *tensor, bool is_right)
{
    for (int r = 0; r < RING_COUNT; r++) {
        fm_ring ring = ring_of(rings[r]);
        fm_scheme *scheme = dense_to_scheme(d, tensor, ring);
        if (scheme == NULL)
            continue;
        fm_status own = verify_and_judge(scheme, tensor, ring);
        require(own == FM_OK || !is_right, "a right scheme is refused over %s", rings[r]);
        for (int other = 0; other < RING_COUNT; other++)
            verify_and_judge(scheme, tensor, ring_of(rings[other]));
        fm_scheme_free(scheme);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    source from = {bytes, bytes + length};
    dense d;
    fmpq_t value;
    draw_scheme(&from, &d);
    fm_tensor *tensor = dense_tensor(&d);
    move(&from, &d);
    check(&d, tensor, true);
    if (d.rank > 0) {
        int axis = (int)draw(&from, 3);
        uint32_t r = draw(&from, d.rank), e = draw(&from, d.extent[axis]);
        fmpq_init(value);
        draw_number(&from, value);
        fmpq_swap(dense_at(&d, axis, r, e), value);
        fmpq_clear(value);
        check(&d, tensor, false);
    }
    dense_clear(&d);
    fm_tensor_free(tensor);
    return 0;
}
