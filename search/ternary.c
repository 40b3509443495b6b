/* fm_scheme_ternary is declared in fewmul.h.

   A lift from f2 often has a few coefficients of 2 or more, which no choice of signs avoids: the
   scheme over f2 is the wrong one among those of its rank. Others are near on the flip graph over z,
   or the same in another basis. So simulated annealing (Kirkpatrick, Gelatt and Vecchi 1983) goes by flips
   and by transvections of the bases of A, B and C, and minimizes how far coefficients are beyond 1,
   and a little how many there are. */
#include "ternary.h"

#include "derive.h"
#include "error.h"
#include "memory.h"
#include "scheme.h"

#include <flint/fmpz.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    LARGEST_ON_THE_WAY = 2 * FM_TERNARY_LARGEST + 1,
    EXCESS_COST =
        64, /* of a coefficient of 2, where one of 1 costs 1; of c, (c - 1)^2 times that */
    TRANSVECTION_SHARE = 8,  /* one step in so many */
    COOLING_STEPS = 1 << 18, /* from the highest temperature to 0, then again */
    TEMPERATURE = 32,        /* the highest, in units of cost */
    STEPS = 1 << 22,
    STEPS_OF_A_LIFT = 1 << 18, /* fewer, since there are more lifts */
    LIFT_STEPS = 20,
    LIFT_TRIES = 4,
    LIFT_WORK_PER_FLIP = 64,
};

/* Lifts that take longer, some tenths of a second, are only looked for among signs. */
static const double LIFT_WORK_MAX = 2e9;

typedef struct annealer {
    fm_products *products;
    uint32_t format[3];
    fm_random *random;
    uint32_t offset[3]; /* of the factors in a row */
    int8_t *changed[2]; /* what a step makes of two factors, or of all on two axes */
    uint64_t excess;    /* 0: all coefficients are in {-1, 0, 1} */
    double temperature;
} annealer;

/* Of some coefficients: how far they are beyond 1, and their sum. */
typedef struct cost {
    int64_t excess, weight;
} cost;

static void add_cost(cost *sum, const int8_t *factor, uint32_t length, int sign)
{
    for (uint32_t c = 0; c < length; c++) {
        int size = factor[c] < 0 ? -factor[c] : factor[c];
        sum->weight += sign * size;
        sum->excess += size > 1 ? sign * (size - 1) * (size - 1) : 0;
    }
}

/* Metropolis's rule. */
static bool accepts(const annealer *a, const cost *change)
{
    double dearer = (double)(EXCESS_COST * change->excess + change->weight);
    if (dearer <= 0)
        return true;
    double uniform = (double)(fm_random_next(a->random) >> 11) * 0x1p-53;
    return uniform < exp(-dearer / a->temperature);
}

/* to = x + t y; false when a coefficient grows too large. */
static bool combine(int8_t *to, const int8_t *x, const int8_t *y, int t, uint32_t length)
{
    int largest = 0;
    for (uint32_t c = 0; c < length; c++) {
        int sum = x[c] + t * y[c], size = sum < 0 ? -sum : sum;
        largest = size > largest ? size : largest;
        to[c] = (int8_t)sum;
    }
    return largest <= LARGEST_ON_THE_WAY;
}

/* 1 when the factors are equal, -1 when one is the negative of the other, else 0. */
static int relation(const int8_t *x, const int8_t *y, uint32_t length)
{
    uint32_t c = 0;
    while (c < length && x[c] == 0 && y[c] == 0)
        c++;
    if (c == length || (x[c] != y[c] && x[c] != -y[c]))
        return 0;
    int sign = x[c] == y[c] ? 1 : -1;
    while (c < length && x[c] == sign * y[c])
        c++;
    return c == length ? sign : 0;
}

/* u v w + s u v' w' = u (v + t s v') w + s u v' (w' - t w). */
static void try_flip(annealer *a)
{
    fm_products *p = a->products;
    uint32_t i = fm_random_below(a->random, p->rank), j = fm_random_below(a->random, p->rank);
    uint32_t axis = fm_random_below(a->random, 3);
    int8_t *first = fm_products_row(p, i), *second = fm_products_row(p, j);
    int s =
        i == j ? 0 : relation(first + a->offset[axis], second + a->offset[axis], p->extent[axis]);
    if (s == 0)
        return;
    uint32_t dice = fm_random_below(a->random, 4);
    uint32_t x = (axis + 1 + dice % 2) % 3, y = 3 - axis - x;
    int t = dice < 2 ? 1 : -1;
    int8_t *v = first + a->offset[x], *w = second + a->offset[y];
    cost change = {0};
    if (!combine(a->changed[0], v, second + a->offset[x], t * s, p->extent[x]) ||
        !combine(a->changed[1], w, first + a->offset[y], -t, p->extent[y]))
        return;
    add_cost(&change, v, p->extent[x], -1);
    add_cost(&change, w, p->extent[y], -1);
    add_cost(&change, a->changed[0], p->extent[x], 1);
    add_cost(&change, a->changed[1], p->extent[y], 1);
    if (!accepts(a, &change))
        return;
    memcpy(v, a->changed[0], p->extent[x]);
    memcpy(w, a->changed[1], p->extent[y]);
    a->excess += (uint64_t)change.excess;
}

static const int rows_of[3] = {0, 1, 0}, columns_of[3] = {1, 2, 2}; /* sizes n, m, p by axis */

/* Writes to changed what the factors of an axis become when t times line `from` is added to line
   `to`: lines are rows, or columns. False when a coefficient grows too large. */
static bool add_line(const annealer *a, int8_t *changed, int axis, bool columns, uint32_t to,
                     uint32_t from, int t, cost *change)
{
    const fm_products *p = a->products;
    uint32_t width = a->format[columns_of[axis]], extent = p->extent[axis];
    uint32_t length = columns ? a->format[rows_of[axis]] : width, step = columns ? width : 1;
    to *= columns ? 1 : width;
    from *= columns ? 1 : width;
    for (uint32_t r = 0; r < p->rank; r++, changed += extent) {
        const int8_t *factor = fm_products_row(p, r) + a->offset[axis];
        memcpy(changed, factor, extent);
        for (uint32_t c = 0; c < length * step; c += step) {
            int sum = factor[to + c] + t * factor[from + c];
            if (sum < -LARGEST_ON_THE_WAY || sum > LARGEST_ON_THE_WAY)
                return false;
            changed[to + c] = (int8_t)sum;
        }
        add_cost(change, factor, extent, -1);
        add_cost(change, changed, extent, 1);
    }
    return true;
}

/* Index i of a_ij b_jk c_ik is rows of A and of C, j columns of A and rows of B, k columns of B and of
   C. A transvection there and its inverse transpose here cancel. */
static void try_transvection(annealer *a)
{
    static const struct {
        int axis[2];
        bool columns[2];
    } where[3] = {{{0, 2}, {false, false}}, {{0, 1}, {true, false}}, {{1, 2}, {true, true}}};
    fm_products *p = a->products;
    uint32_t index = fm_random_below(a->random, 3), size = a->format[index];
    uint32_t to = fm_random_below(a->random, size), from = fm_random_below(a->random, size);
    int t = fm_random_below(a->random, 2) == 0 ? 1 : -1;
    cost change = {0};
    if (to == from ||
        !add_line(a, a->changed[0], where[index].axis[0], where[index].columns[0], to, from, t,
                  &change) ||
        !add_line(a, a->changed[1], where[index].axis[1], where[index].columns[1], from, to, -t,
                  &change) ||
        !accepts(a, &change))
        return;
    for (int side = 0; side < 2; side++) {
        int axis = where[index].axis[side];
        for (uint32_t r = 0; r < p->rank; r++)
            memcpy(fm_products_row(p, r) + a->offset[axis],
                   a->changed[side] + (size_t)r * p->extent[axis], p->extent[axis]);
    }
    a->excess += (uint64_t)change.excess;
}

static void drop_zeros(fm_products *products)
{
    uint32_t kept = 0;
    size_t length = fm_products_row_length(products);
    for (uint32_t r = 0; r < products->rank; r++) {
        const int8_t *row = fm_products_row(products, r), *factor = row;
        bool is_zero = false;
        for (int axis = 0; axis < 3; factor += products->extent[axis++]) {
            cost of_factor = {0};
            add_cost(&of_factor, factor, products->extent[axis], 1);
            is_zero |= of_factor.weight == 0;
        }
        if (!is_zero)
            memmove(fm_products_row(products, kept++), row, length);
    }
    products->rank = kept;
}

bool fm_products_make_ternary(fm_products *products, const uint32_t format[3], fm_random *random,
                              uint64_t steps)
{
    annealer a = {.products = products, .random = random};
    size_t bytes = products->rank * fm_products_row_length(products);
    cost start = {0};
    memcpy(a.format, format, sizeof a.format);
    a.offset[1] = products->extent[0];
    a.offset[2] = products->extent[0] + products->extent[1];
    add_cost(&start, products->coefficients, (uint32_t)bytes, 1);
    a.excess = (uint64_t)start.excess;
    a.changed[0] = fm_alloc(bytes, 1);
    a.changed[1] = fm_alloc(bytes, 1);
    for (uint64_t s = 0; s < steps && a.excess > 0; s++) {
        a.temperature = TEMPERATURE * (1 - (double)(s % COOLING_STEPS) / COOLING_STEPS);
        if (format[0] > 0 && fm_random_below(random, TRANSVECTION_SHARE) == 0)
            try_transvection(&a);
        else
            try_flip(&a);
    }
    free(a.changed[0]);
    free(a.changed[1]);
    drop_zeros(products);
    return a.excess == 0;
}

/* ---------------------------------------------------------------- lifts */

/* Whether all coefficients are integers up to FM_TERNARY_LARGEST. */
static bool is_small(const fm_scheme *scheme)
{
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < scheme->factors[axis].count; e++) {
            const fmpq *value = &scheme->factors[axis].value[e];
            if (!fmpz_is_one(fmpq_denref(value)) ||
                fmpz_cmpabs(fmpq_numref(value), &(fmpz){FM_TERNARY_LARGEST}) > 0)
                return false;
        }
    return true;
}

/* Of the linear system of all coefficients, in operations on words (verify/lift_system.h). */
static double lift_work(const fm_products *products)
{
    double unknowns = 2.0 / 3 * (double)products->rank * (double)fm_products_row_length(products);
    return unknowns * unknowns * unknowns / 64;
}

uint64_t fm_products_lift_pause(const fm_products *products)
{
    return (uint64_t)(lift_work(products) / LIFT_WORK_PER_FLIP);
}

bool fm_products_lift(fm_products *products, const fm_tensor *tensor, fm_random *random)
{
    /* Over zt a second step is only there to choose among the solutions of the first. */
    bool to_z = lift_work(products) < LIFT_WORK_MAX;
    const fm_lift_options options = {.ring = {to_z ? FM_RING_Z : FM_RING_ZT, 0},
                                     .steps = to_z ? LIFT_STEPS : 2,
                                     .tries = LIFT_TRIES,
                                     .seed = fm_random_next(random)};
    fm_products lifted;
    fm_scheme *lift = NULL;
    unsigned sizes[3] = {0};
    fm_scheme *scheme = fm_products_to_scheme(products, tensor, (fm_ring){FM_RING_ZP, 2});
    bool found = fm_lift(scheme, &options, &lift, NULL) == FM_OK && is_small(lift);
    if (found) {
        fm_tensor_is_matmul(tensor, sizes);
        const uint32_t format[3] = {sizes[0], sizes[1], sizes[2]};
        fm_products_from_scheme(&lifted, lift);
        found = fm_products_make_ternary(&lifted, format, random, STEPS_OF_A_LIFT);
        if (found)
            fm_products_assign(products, &lifted);
        fm_products_clear(&lifted);
    }
    fm_scheme_free(lift);
    fm_scheme_free(scheme);
    return found;
}

/* ---------------------------------------------------------------- schemes */

fm_status fm_scheme_ternary(const fm_scheme *scheme, uint64_t seed, fm_scheme **out,
                            fm_error *error)
{
    char name[FM_RING_NAME_SIZE];
    fm_products products;
    fm_random random;
    fm_verdict verdict;
    unsigned sizes[3] = {0};
    *out = NULL;
    if (scheme->ring.kind == FM_RING_ZP)
        return fm_fail(error, FM_BAD_INPUT, "the scheme is over %s: lift it first",
                       fm_ring_name(scheme->ring, name));
    fm_status status = fm_verify(scheme, scheme->tensor, scheme->ring, &verdict, error);
    fm_verdict_clear(&verdict);
    if (status != FM_OK)
        return status;
    if (!is_small(scheme))
        return fm_fail(error, FM_NO,
                       "no scheme over zt found: it has coefficients that are "
                       "fractions or above %d",
                       FM_TERNARY_LARGEST);
    fm_tensor_is_matmul(scheme->tensor, sizes);
    const uint32_t format[3] = {sizes[0], sizes[1], sizes[2]};
    fm_products_from_scheme(&products, scheme);
    fm_random_seed(&random, seed, 0);
    if (fm_products_make_ternary(&products, format, &random, STEPS))
        status = fm_derive_finish(
            fm_products_to_scheme(&products, scheme->tensor, (fm_ring){FM_RING_ZT, 0}), "ternary",
            &seed, &scheme, 1, out, error);
    else
        status = fm_fail(error, FM_NO,
                         "no scheme over zt found in %d steps; another seed may find one", STEPS);
    fm_products_clear(&products);
    return status;
}
