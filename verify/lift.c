/* Hensel lifting of schemes; fm_lift is declared in fewmul.h. */
#include "error.h"
#include "lift_system.h"
#include "memory.h"
#include "random.h"
#include "scheme.h"
#include "sparsify.h"

#include <assert.h>
#include <flint/fmpq.h>
#include <flint/fmpz_vec.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEFAULT_TRIES = 32,
    DEFAULT_BITS = 96,
    BITS_FOR_INTEGERS = 20, /* a lift over z is better than any over q: how large it may be */
    MORE_TRIES = 8,         /* after a lift was found, for one with smaller coefficients */
};

/* What may go into looking for smaller coefficients, in multiplications modulo p: about two seconds
   (measured on a Zen 4 core at 2.75 GHz, 3x3x3 over f3 and 4x5x5 over f2). */
static const double ORDERS_WORK = 4e9;

typedef struct lift {
    const fm_scheme *scheme;
    const fm_tensor *tensor;
    ulong p;
    fm_ring wanted;
    unsigned steps, tries;
    fm_random random;

    size_t offset[4]; /* coefficient e of row r on an axis is x[offset[axis] + r * extent + e] */
    fmpz *start;      /* residues modulo p nearest to 0 */
    fmpz *guess;      /* what those may stand for, modulo a high power of p */
    fmpz *y;          /* guess with the corrections of the steps up to now */
    fmpz *x;          /* y modulo p^(step + 1), nearest to 0 */
    ulong *residue;   /* start, from 0 to p - 1 */
    fmpz *residual;   /* what the products add up to less the tensor, equation by equation */
    ulong *right, *correction; /* of the current step */
    size_t equations;
    fmpz_t modulus; /* p^step: y is a solution modulo this */
    fmpz_t next;    /* p^(step + 1) */
    unsigned step;

    uint32_t *index[3]; /* where a row is not 0 */
    fm_scheme *found;
    unsigned last_failed; /* the step that had no solution, 0: none */
    fm_ring refused;      /* found, but larger than wanted */
    bool is_refused;
    const volatile int *stop; /* may be NULL */
} lift;

/* ---------------------------------------------------------------- state */

static void load_coefficients(lift *l)
{
    fmpz_t p;
    fmpz_init_set_ui(p, l->p);
    for (int axis = 0; axis < 3; axis++) {
        const fm_factors *f = &l->scheme->factors[axis];
        for (uint32_t r = 0; r < f->rank; r++)
            for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
                fmpz *to = &l->start[l->offset[axis] + (size_t)r * f->extent + f->index[e]];
                fmpz_smod(to, fmpq_numref(&f->value[e]), p);
                l->residue[to - l->start] = fmpz_fdiv_ui(to, l->p);
            }
    }
    fmpz_clear(p);
}

/* Guesses the small fractions that residues modulo a larger p stand for: a coefficient that no step
   changes, since it is free, is to be 1/2 and not (p + 1) / 2. */
static void guess_coefficients(lift *l)
{
    fmpz_t p, high;
    fmpq_t value;
    fmpq_init(value);
    fmpz_init_set_ui(p, l->p);
    fmpz_init(high);
    fmpz_pow_ui(high, p, l->steps + 1);
    for (size_t i = 0; i < l->offset[3]; i++) {
        fmpz_set(&l->guess[i], &l->start[i]);
        if (l->p <= 3 || l->wanted.kind != FM_RING_Q || fmpz_is_zero(&l->start[i]) ||
            !fmpq_reconstruct_fmpz(value, &l->start[i], p))
            continue;
        fmpz_invmod(&l->guess[i], fmpq_denref(value), high);
        fmpz_mul(&l->guess[i], &l->guess[i], fmpq_numref(value));
    }
    fmpq_clear(value);
    fmpz_clear(p);
    fmpz_clear(high);
}

static void lift_init(lift *l, const fm_scheme *scheme, const fm_lift_options *options)
{
    *l = (lift){.scheme = scheme, .tensor = scheme->tensor, .p = scheme->ring.p};
    l->wanted = options != NULL ? options->ring : FM_RING_Q_VALUE;
    l->steps = options != NULL ? options->steps : 0;
    l->stop = options != NULL ? options->stop : NULL;
    l->tries = options != NULL && options->tries > 0 ? options->tries : DEFAULT_TRIES;
    if (l->steps == 0)
        l->steps = 1 + (unsigned)(DEFAULT_BITS / log2((double)l->p));
    if (l->wanted.kind == FM_RING_ZT) /* the rest is larger than 1, or 0 */
        l->steps = 1;
    fm_random_seed(&l->random, options != NULL ? options->seed : 0, 0);
    l->equations = 1;
    for (int axis = 0; axis < 3; axis++) {
        uint32_t extent = l->tensor->extent[axis];
        l->equations *= extent;
        l->offset[axis + 1] = l->offset[axis] + (size_t)extent * scheme->rank;
        l->index[axis] = fm_alloc(extent, sizeof *l->index[axis]);
    }
    l->start = _fmpz_vec_init((slong)l->offset[3]);
    l->guess = _fmpz_vec_init((slong)l->offset[3]);
    l->y = _fmpz_vec_init((slong)l->offset[3]);
    l->x = _fmpz_vec_init((slong)l->offset[3]);
    l->residual = _fmpz_vec_init((slong)l->equations);
    l->right = fm_alloc(l->equations, sizeof *l->right);
    l->correction = fm_alloc(l->offset[3], sizeof *l->correction);
    l->residue = fm_alloc_zero(l->offset[3], sizeof *l->residue);
    fmpz_init(l->modulus);
    fmpz_init(l->next);
    load_coefficients(l);
    guess_coefficients(l);
}

static void lift_clear(lift *l)
{
    _fmpz_vec_clear(l->start, (slong)l->offset[3]);
    _fmpz_vec_clear(l->guess, (slong)l->offset[3]);
    _fmpz_vec_clear(l->y, (slong)l->offset[3]);
    _fmpz_vec_clear(l->x, (slong)l->offset[3]);
    _fmpz_vec_clear(l->residual, (slong)l->equations);
    free(l->right);
    free(l->correction);
    free(l->residue);
    fmpz_clear(l->modulus);
    fmpz_clear(l->next);
    for (int axis = 0; axis < 3; axis++)
        free(l->index[axis]);
}

static const fmpz *row_of(const lift *l, const fmpz *x, int axis, uint32_t r)
{
    return x + l->offset[axis] + (size_t)r * l->tensor->extent[axis];
}

/* Lists where row r of each factor matrix is not 0. */
static void list_row(lift *l, const fmpz *x, uint32_t r, uint32_t count[3])
{
    for (int axis = 0; axis < 3; axis++) {
        const fmpz *row = row_of(l, x, axis, r);
        count[axis] = 0;
        for (uint32_t e = 0; e < l->tensor->extent[axis]; e++)
            if (!fmpz_is_zero(&row[e]))
                l->index[axis][count[axis]++] = e;
    }
}

static size_t equation_at(const lift *l, uint32_t i, uint32_t j, uint32_t k)
{
    return ((size_t)i * l->tensor->extent[1] + j) * l->tensor->extent[2] + k;
}

/* ---------------------------------------------------------------- the equations */

static void add_product(lift *l, uint32_t r)
{
    uint32_t count[3];
    const fmpz *u = row_of(l, l->x, 0, r), *v = row_of(l, l->x, 1, r), *w = row_of(l, l->x, 2, r);
    fmpz_t uv;
    fmpz_init(uv);
    list_row(l, l->x, r, count);
    for (uint32_t a = 0; a < count[0]; a++)
        for (uint32_t b = 0; b < count[1]; b++) {
            uint32_t i = l->index[0][a], j = l->index[1][b];
            fmpz *sums = l->residual + equation_at(l, i, j, 0);
            fmpz_mul(uv, &u[i], &v[j]);
            for (uint32_t c = 0; c < count[2]; c++)
                fmpz_addmul(&sums[l->index[2][c]], uv, &w[l->index[2][c]]);
        }
    fmpz_clear(uv);
}

static void compute_residual(lift *l)
{
    _fmpz_vec_zero(l->residual, (slong)l->equations);
    for (size_t e = 0; e < l->tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &l->tensor->entries[e];
        fmpz_neg(&l->residual[equation_at(l, entry->i, entry->j, entry->k)], &entry->value);
    }
    for (uint32_t r = 0; r < l->scheme->rank; r++)
        add_product(l, r);
}

/* NULL when it would be too large. */
static fm_lift_system *new_system(lift *l, size_t zeros, bool is_shuffled)
{
    fm_lift_point at = {.tensor = l->tensor, .rank = l->scheme->rank, .p = l->p, .x = l->residue};
    memcpy(at.offset, l->offset, sizeof at.offset);
    return fm_lift_system_new(&at, zeros, &l->random, is_shuffled);
}

/* ---------------------------------------------------------------- candidates */

/* The scheme with x as its coefficients, or with the fractions that they stand for modulo p^step
   (Wang 1981); NULL when one stands for none. */
static fm_scheme *make_scheme(const lift *l, bool fractions)
{
    fm_factors factors[3];
    fm_scheme *scheme = NULL;
    fmpz_t residue;
    fmpq_t value;
    bool exists = true;
    fmpz_init(residue);
    fmpq_init(value);
    for (int axis = 0; axis < 3; axis++) {
        fm_factors_init(&factors[axis], l->tensor->extent[axis]);
        for (uint32_t r = 0; r < l->scheme->rank && exists; r++) {
            const fmpz *row = row_of(l, l->x, axis, r);
            for (uint32_t e = 0; e < l->tensor->extent[axis] && exists; e++) {
                fmpq_set_fmpz(value, &row[e]);
                if (fractions && !fmpz_is_zero(&row[e])) {
                    fmpz_mod(residue, &row[e], l->modulus);
                    exists = fmpq_reconstruct_fmpz(value, residue, l->modulus) != 0;
                }
                fm_factors_push(&factors[axis], e, value);
            }
            fm_factors_end_row(&factors[axis]);
        }
    }
    fmpq_clear(value);
    fmpz_clear(residue);
    if (exists)
        fm_scheme_new(l->tensor, fm_factors_smallest_ring(factors), factors, &scheme, NULL);
    for (int axis = 0; axis < 3; axis++)
        fm_factors_clear(&factors[axis]);
    return scheme;
}

/* The largest numerator times the least common multiple of the denominators. */
static void height(const fm_scheme *scheme, fmpz_t product)
{
    fmpz_t denominator;
    fmpz_zero(product);
    fmpz_init_set_ui(denominator, 1);
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < scheme->factors[axis].count; e++) {
            const fmpq *value = &scheme->factors[axis].value[e];
            if (fmpz_cmpabs(fmpq_numref(value), product) > 0)
                fmpz_abs(product, fmpq_numref(value));
            fmpz_lcm(denominator, denominator, fmpq_denref(value));
        }
    fmpz_mul(product, product, denominator);
    fmpz_clear(denominator);
}

static int compare_heights(const fm_scheme *a, const fm_scheme *b)
{
    fmpz_t x, y;
    fmpz_init(x);
    fmpz_init(y);
    height(a, x);
    height(b, y);
    int order = fmpz_cmp(x, y);
    fmpz_clear(x);
    fmpz_clear(y);
    return order;
}

/* Whether a lift is over a smaller ring than another, or has smaller coefficients. */
static bool is_better(const fm_scheme *a, const fm_scheme *b)
{
    if (b == NULL || a->ring.kind != b->ring.kind)
        return b == NULL || a->ring.kind < b->ring.kind;
    return compare_heights(a, b) < 0;
}

/* Keeps the candidate if it holds over the wanted ring and is better than what was found before. */
static bool accept(lift *l, fm_scheme *candidate)
{
    fm_verdict verdict;
    if (candidate == NULL)
        return false;
    bool holds = fm_verify(candidate, l->tensor, candidate->ring, &verdict, NULL) == FM_OK;
    fm_verdict_clear(&verdict);
    bool wanted = holds && candidate->ring.kind <= l->wanted.kind;
    if (wanted && is_better(candidate, l->found)) {
        fm_scheme_free(l->found);
        l->found = candidate;
        return true;
    }
    if (holds && !wanted) {
        l->is_refused = true;
        l->refused = candidate->ring;
    }
    fm_scheme_free(candidate);
    return wanted;
}

/* ---------------------------------------------------------------- steps */

static void set_residues(lift *l)
{
    for (size_t i = 0; i < l->offset[3]; i++)
        fmpz_smod(&l->x[i], &l->y[i], l->next);
}

/* The right side of the next step. False when the residual is not 0 modulo p^step: the last system
   had no solution. */
static bool compute_right(lift *l)
{
    fmpz_t quotient, rest;
    fmpz_init(quotient);
    fmpz_init(rest);
    bool divisible = true;
    for (size_t e = 0; e < l->equations && divisible; e++) {
        l->right[e] = 0;
        if (fmpz_is_zero(&l->residual[e]))
            continue;
        fmpz_fdiv_qr(quotient, rest, &l->residual[e], l->modulus);
        fmpz_neg(quotient, quotient);
        l->right[e] = fmpz_fdiv_ui(quotient, l->p);
        divisible = fmpz_is_zero(rest);
    }
    fmpz_clear(quotient);
    fmpz_clear(rest);
    return divisible;
}

/* Adds a multiple of p^step to a coefficient and takes the residue nearest to 0. */
static void correct(lift *l, size_t place, ulong digit)
{
    if (digit == 0)
        return;
    fmpz_addmul_ui(&l->y[place], l->modulus, digit);
    fmpz_smod(&l->y[place], &l->y[place], l->next);
}

static void set_step(lift *l, unsigned step)
{
    l->step = step;
    fmpz_set_ui(l->next, l->p);
    fmpz_pow_ui(l->modulus, l->next, step);
    fmpz_mul(l->next, l->next, l->modulus);
}

/* From a solution modulo p^step, with its residual, to one modulo p^(step + 1). */
static bool hensel_step(lift *l, fm_lift_system *s)
{
    l->last_failed = 0;
    if (!compute_right(l))
        l->last_failed = l->step - 1;
    else if (!fm_lift_system_solve(s, l->right, l->correction))
        l->last_failed = l->step;
    if (l->last_failed > 0)
        return false;
    for (size_t place = 0; place < l->offset[3]; place++)
        correct(l, place, l->correction[place]);
    set_step(l, l->step + 1);
    return true;
}

/* Over z where fractions are only those of scalings: 1/2 u and 2 w. Takes over scheme. */
static fm_scheme *without_scalings(fm_scheme *scheme)
{
    fm_scheme *integral = NULL;
    if (scheme == NULL || scheme->ring.kind != FM_RING_Q)
        return scheme;
    fm_scheme *canonical = fm_scheme_canonical(scheme);
    fm_status status = fm_scheme_to_ring(canonical, FM_RING_Z_VALUE, &integral, NULL);
    fm_scheme_free(canonical);
    fm_scheme_free(status == FM_OK ? scheme : NULL);
    return status == FM_OK ? integral : scheme;
}

/* Whether x, with its residual, is a lift, or the fractions that it stands for. */
static bool try_candidates(lift *l)
{
    if (_fmpz_vec_is_zero(l->residual, (slong)l->equations))
        return accept(l, make_scheme(l, false));
    return l->wanted.kind == FM_RING_Q && accept(l, without_scalings(make_scheme(l, true)));
}

/* Starts again from the scheme itself. */
static void restart(lift *l)
{
    _fmpz_vec_set(l->y, l->guess, (slong)l->offset[3]);
    set_step(l, 1);
}

/* How many steps show whether there is something better than what was found: beyond that, residues
   stand for larger numbers. */
static unsigned steps_for_better(const lift *l)
{
    fmpz_t largest;
    if (l->found == NULL)
        return l->steps;
    fmpz_init(largest);
    height(l->found, largest);
    double bits = 1 + (double)fmpz_bits(largest);
    fmpz_clear(largest);
    if (l->found->ring.kind == FM_RING_Q && bits < BITS_FOR_INTEGERS)
        bits = BITS_FOR_INTEGERS;
    unsigned steps = (unsigned)ceil(bits / log2((double)l->p));
    return steps < l->steps ? steps : l->steps;
}

/* Steps from y modulo p until it is a lift; false when they end before. */
static bool lift_from_here(lift *l, fm_lift_system *s)
{
    unsigned steps = steps_for_better(l);
    for (;;) {
        set_residues(l);
        compute_residual(l);
        if (try_candidates(l))
            return true;
        if (_fmpz_vec_is_zero(l->residual, (slong)l->equations) || l->step > steps ||
            !hensel_step(l, s))
            return false;
    }
}

/* Adds p to free unknowns, or takes it from those that are positive, since -2 is better than 4; of
   some tries to half of them, of others to few: another solution of the first step follows. */
static void perturb(lift *l, const fm_lift_system *s, unsigned try)
{
    uint32_t one_of = UINT32_C(2) << 2 * (try % 4);
    for (size_t place = 0; place < l->offset[3]; place++)
        if (fm_lift_system_is_free(s, place) && fm_random_below(&l->random, one_of) == 0) {
            bool positive = fmpz_sgn(&l->start[place]) > 0;
            correct(l, place, positive ? l->p - 1 : 1);
        }
}

static bool is_stopped(const lift *l)
{
    return l->stop != NULL && __atomic_load_n(l->stop, __ATOMIC_RELAXED) != 0;
}

/* What is over z and not over zt has a coefficient of 2 at least. */
static bool is_satisfied(const lift *l)
{
    if (l->found == NULL || l->found->ring.kind == FM_RING_Q)
        return false;
    fmpz_t largest;
    fmpz_init(largest);
    height(l->found, largest);
    bool satisfied = fmpz_cmp_ui(largest, 2) <= 0;
    fmpz_clear(largest);
    return satisfied;
}

/* A first step without a solution has none from other starts either: free unknowns change the right
   side by what the system can undo. */
static void lift_with(lift *l, fm_lift_system *s, unsigned tries)
{
    unsigned more = MORE_TRIES;
    for (unsigned t = 0; t <= tries && more > 0 && !is_stopped(l); t++) {
        restart(l);
        if (t > 0)
            perturb(l, s, t);
        lift_from_here(l, s);
        if (l->last_failed == 1 || is_satisfied(l))
            return;
        more -= l->found != NULL;
    }
}

/* ---------------------------------------------------------------- the whole */

static fm_status refuse(const lift *l, fm_error *error)
{
    char wanted[FM_RING_NAME_SIZE], refused[FM_RING_NAME_SIZE];
    fm_ring_name(l->wanted, wanted);
    if (l->is_refused)
        return fm_fail(error, FM_NO, "no lift to %s found, but one over %s", wanted,
                       fm_ring_name(l->refused, refused));
    /* The last system had all unknowns that a lift could change: its first step proves something. */
    if (l->last_failed > 0)
        return fm_fail(error, FM_NO,
                       "no lift to %s found: the linear system of step %u, to modulo %lu^%u, has "
                       "no solution%s%s",
                       wanted, l->last_failed, l->p, l->last_failed + 1,
                       l->last_failed == 1 ? ", which proves that there is no lift to " : "",
                       l->last_failed == 1 ? wanted : "");
    return fm_fail(
        error, FM_NO,
        "no lift to %s found: the scheme lifts to modulo %lu^%u, but its coefficients are "
        "not seen to be in %s",
        wanted, l->p, l->steps + 1, wanted);
}

static bool holds_at_once(lift *l)
{
    restart(l);
    set_residues(l);
    compute_residual(l);
    return try_candidates(l);
}

/* How many orders of the unknowns are tried: fewer where factoring the system takes long. */
static unsigned order_count(const lift *l, const fm_lift_system *s)
{
    double orders = 1 + ORDERS_WORK / (fm_lift_system_work(s) + 1);
    return orders < l->tries ? (unsigned)orders : l->tries;
}

/* Lifts with the coefficients that are not 0 and about zeros of the others as unknowns, in several
   orders: which of them are free, and so keep their values, decides how large the others become.
   Over f2 signs are all that free unknowns have to choose from, and other orders choose enough. */
static bool lift_orders(lift *l, size_t zeros)
{
    bool fits = true;
    unsigned orders = 1;
    for (unsigned o = 0; o < orders && fits && !is_satisfied(l) && !is_stopped(l); o++) {
        fm_lift_system *s = new_system(l, zeros, o > 0);
        fits = s != NULL;
        if (!fits)
            break;
        lift_with(l, s, o == 0 ? l->tries : l->p == 2 ? 0 : MORE_TRIES);
        orders = l->last_failed == 1 ? 1 : order_count(l, s);
        fm_lift_system_free(s);
    }
    return fits;
}

static bool can_sparsify(const lift *l)
{
    return fm_tensor_is_matmul(l->tensor, NULL) && l->p < UINT32_MAX / 2;
}

/* Lifts the scheme as it is in a basis with fewer coefficients that are not 0, if there is one. */
static void lift_sparse(lift *l)
{
    fm_basis_change *change;
    fm_scheme *lifted, *sparse = fm_sparsify(l->scheme, &change);
    fm_lift_options options = {.ring = l->wanted,
                               .steps = l->steps,
                               .tries = l->tries,
                               .seed = fm_random_next(&l->random),
                               .stop = l->stop};
    if (sparse == NULL)
        return;
    if (fm_lift(sparse, &options, &lifted, NULL) == FM_OK) {
        accept(l, fm_sparsify_undo(lifted, change));
        fm_scheme_free(lifted);
    }
    fm_scheme_free(sparse);
    fm_basis_change_free(change);
}

/* Whether one system in all unknowns takes less than some tenths of a second, and finds something
   better where signs in a sparse basis came to coefficients above 2: over f3 it did not. */
static bool is_worth_more(const lift *l)
{
    double unknowns = 2.0 / 3 * (double)l->offset[3];
    return l->p == 2 && !is_satisfied(l) && pow(unknowns, 3) / 128 < ORDERS_WORK / 4;
}

/* Few unknowns first: small systems, and coefficients that are 0 stay so. */
static fm_status run(lift *l, fm_error *error)
{
    size_t support = 0, all = l->offset[3];
    for (size_t i = 0; i < all; i++)
        support += !fmpz_is_zero(&l->start[i]);
    const size_t zeros[] = {0, support / 2, 2 * support, all};
    for (size_t i = 0; i < sizeof zeros / sizeof *zeros && l->found == NULL && !is_stopped(l);
         i++) {
        if (l->wanted.kind == FM_RING_ZT && i > 0)
            break; /* in zt, what is 0 modulo p is 0 */
        if (i == 1 && can_sparsify(l))
            lift_sparse(l);
        if (l->found != NULL) {
            if (is_worth_more(l))
                lift_orders(l, all);
            break;
        }
        if (l->p == 2 && zeros[i] > 0 && zeros[i] < all)
            continue; /* where signs failed, nothing short of all unknowns ever did (5 schemes) */
        if (!lift_orders(l, zeros[i]))
            return fm_fail(error, FM_BAD_INPUT, "too large to lift: over %.0f bytes of memory",
                           FM_LIFT_MEMORY_MAX);
    }
    if (l->found == NULL && is_stopped(l))
        return fm_fail(error, FM_INTERRUPTED, "stopped before a lift was found");
    return l->found != NULL ? FM_OK : refuse(l, error);
}

static fm_status check_input(const fm_scheme *scheme, const fm_lift_options *options,
                             fm_error *error)
{
    char name[FM_RING_NAME_SIZE];
    fm_verdict verdict;
    const uint32_t *extent = scheme->tensor->extent;
    if (scheme->ring.kind != FM_RING_ZP)
        return fm_fail(error, FM_BAD_INPUT, "the scheme is over %s: only residues can be lifted",
                       fm_ring_name(scheme->ring, name));
    if (options != NULL && options->ring.kind == FM_RING_ZP)
        return fm_fail(error, FM_BAD_INPUT, "a lift goes to zt, z or q, not to %s",
                       fm_ring_name(options->ring, name));
    if ((double)extent[0] * extent[1] * extent[2] > UINT32_MAX / 8)
        return fm_fail(error, FM_BAD_INPUT, "too large to lift: %u x %u x %u equations", extent[0],
                       extent[1], extent[2]);
    fm_status status = fm_verify(scheme, scheme->tensor, scheme->ring, &verdict, error);
    fm_verdict_clear(&verdict);
    return status;
}

fm_status fm_lift(const fm_scheme *scheme, const fm_lift_options *options, fm_scheme **out,
                  fm_error *error)
{
    lift l;
    fm_scheme *canonical = NULL;
    *out = NULL;
    fm_status status = check_input(scheme, options, error);
    if (status != FM_OK)
        return status;
    lift_init(&l, scheme, options);
    if (!holds_at_once(&l)) {
        if (scheme->ring.p > 3) { /* scalings by residues make large numbers: take them out */
            canonical = fm_scheme_canonical(scheme);
            lift_clear(&l);
            lift_init(&l, canonical, options);
        }
        status = run(&l, error);
    }
    if (status == FM_OK)
        fm_scheme_set_parents(l.found, "lift", &(uint64_t){options != NULL ? options->seed : 0},
                              &scheme, 1);
    *out = l.found;
    lift_clear(&l);
    fm_scheme_free(canonical);
    return status;
}
