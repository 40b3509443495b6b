/* Reductions: products that share a factor and whose second factors are linearly dependent become
   fewer; fm_scheme_reduce is declared in fewmul.h. */
#include "derive.h"
#include "memory.h"

#include <assert.h>
#include <flint/fmpz_lll.h>
#include <flint/fmpz_mat.h>
#include <flint/nmod_mat.h>
#include <stdlib.h>
#include <string.h>

/* Any prime will do: vectors that are independent modulo it are so over the integers. */
static const ulong FILTER_PRIME = 2305843009213693951;

/* Each factor is a matrix of one row. */
typedef struct product {
    fm_factors factor[3];
} product;

typedef struct reducer {
    fm_ring ring;
    product *products;
    uint32_t rank;
    uint32_t *touched; /* by coefficient: how many of a group are not 0 there */
    /* Of the pass: products that share the factor on axis a, with dependent ones on b, become fewer
       by changing those on c. */
    unsigned a, b, c;
} reducer;

/* The products of a group that a dependence may have; at most as many as the group. */
typedef struct group {
    product **member;
    uint32_t count;
} group;

/* ---------------------------------------------------------------- factors of one row */

static void scale(fm_factors *factor, const fmpq_t by, fm_ring ring)
{
    fm_factors scaled;
    fm_factors_init(&scaled, factor->extent);
    fm_factors_scale_row(&scaled, factor, 0, by, ring);
    fm_factors_clear(factor);
    *factor = scaled;
}

/* Sets sum, not initialized, to x + k y. */
static void add_scaled(fm_factors *sum, const fm_factors *x, const fmpq_t k, const fm_factors *y,
                       fm_ring ring)
{
    fmpq_t value;
    fmpq_init(value);
    fm_factors_init(sum, x->extent);
    for (size_t i = 0, j = 0; i < x->count || j < y->count;) {
        bool from_x = j == y->count || (i < x->count && x->index[i] <= y->index[j]);
        bool from_y = i == x->count || (j < y->count && y->index[j] <= x->index[i]);
        uint32_t index = from_x ? x->index[i] : y->index[j];
        fmpq_zero(value);
        if (from_y)
            fmpq_mul(value, k, &y->value[j++]);
        if (from_x)
            fmpq_add(value, value, &x->value[i++]);
        if (ring.kind == FM_RING_ZP)
            fm_ring_map(ring, value, value);
        fm_factors_push(sum, index, value);
    }
    fm_factors_end_row(sum);
    fmpq_clear(value);
}

static bool in_ring(const fm_factors *factor, fm_ring ring)
{
    for (size_t e = 0; e < factor->count; e++)
        if (!fm_ring_has(ring, &factor->value[e]))
            return false;
    return true;
}

/* ---------------------------------------------------------------- products */

static void product_clear(product *p)
{
    for (unsigned axis = 0; axis < 3; axis++)
        fm_factors_clear(&p->factor[axis]);
}

static bool is_zero(const product *p)
{
    return p->factor[0].count == 0 || p->factor[1].count == 0 || p->factor[2].count == 0;
}

static void drop_zeros(reducer *r)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < r->rank; i++) {
        if (is_zero(&r->products[i]))
            product_clear(&r->products[i]);
        else
            r->products[left++] = r->products[i];
    }
    r->rank = left;
}

static void reducer_init(reducer *r, const fm_scheme *scheme)
{
    uint32_t longest = 0;
    *r = (reducer){.ring = scheme->ring, .rank = scheme->rank};
    r->products = fm_alloc(scheme->rank, sizeof *r->products);
    for (unsigned axis = 0; axis < 3; axis++) {
        const fm_factors *f = &scheme->factors[axis];
        longest = f->extent > longest ? f->extent : longest;
        for (uint32_t i = 0; i < scheme->rank; i++) {
            fm_factors_init(&r->products[i].factor[axis], f->extent);
            fm_factors_copy_row(&r->products[i].factor[axis], f, i);
        }
    }
    r->touched = fm_alloc_zero(longest, sizeof *r->touched);
    drop_zeros(r);
}

static void reducer_clear(reducer *r)
{
    for (uint32_t i = 0; i < r->rank; i++)
        product_clear(&r->products[i]);
    free(r->products);
    free(r->touched);
}

/* Moves the scalar of the factor on an axis into the one on axis c. */
static void normalize(reducer *r, product *p, unsigned axis)
{
    fmpq_t scalar;
    fmpq_init(scalar);
    fm_factors_row_scalar(&p->factor[axis], 0, r->ring, scalar);
    if (!fmpq_is_one(scalar)) {
        scale(&p->factor[r->c], scalar, r->ring);
        fmpq_inv(scalar, scalar);
        scale(&p->factor[axis], scalar, r->ring);
    }
    fmpq_clear(scalar);
}

/* ---------------------------------------------------------------- dependences */

/* Leaves out members that have a coefficient where no other one has: no dependence has them. */
static void peel(reducer *r, group *g)
{
    for (uint32_t before = 0; before != g->count;) {
        before = g->count;
        for (uint32_t i = 0; i < g->count; i++)
            for (size_t e = 0; e < g->member[i]->factor[r->b].count; e++)
                r->touched[g->member[i]->factor[r->b].index[e]]++;
        uint32_t left = 0;
        for (uint32_t i = 0; i < before; i++) {
            bool alone = false;
            for (size_t e = 0; e < g->member[i]->factor[r->b].count; e++)
                alone |= r->touched[g->member[i]->factor[r->b].index[e]] == 1;
            product *other = g->member[i];
            g->member[i] = g->member[left];
            g->member[left] = other;
            left += !alone;
        }
        for (uint32_t i = 0; i < before; i++)
            for (size_t e = 0; e < g->member[i]->factor[r->b].count; e++)
                r->touched[g->member[i]->factor[r->b].index[e]] = 0;
        g->count = left;
    }
}

/* The factors on axis b, a column a member; coefficients that all do not have are left out. */
static void fill_columns(reducer *r, const group *g, fmpz_mat_t columns)
{
    slong rows = 0;
    for (int pass = 0; pass < 2; pass++) {
        for (uint32_t i = 0; i < g->count; i++) {
            const fm_factors *f = &g->member[i]->factor[r->b];
            for (size_t e = 0; e < f->count; e++) {
                uint32_t *row = &r->touched[f->index[e]];
                if (pass == 0 && *row == 0)
                    *row = (uint32_t)++rows;
                if (pass == 1)
                    fmpz_set(fmpz_mat_entry(columns, *row - 1, i), fmpq_numref(&f->value[e]));
            }
        }
        if (pass == 0)
            fmpz_mat_init(columns, rows, g->count);
    }
    for (uint32_t i = 0; i < g->count; i++)
        for (size_t e = 0; e < g->member[i]->factor[r->b].count; e++)
            r->touched[g->member[i]->factor[r->b].index[e]] = 0;
}

/* Sets relations, not initialized, to a basis of those among the columns modulo p, one a row. */
static void relations_modulo(const fmpz_mat_t columns, ulong p, fmpz_mat_t relations)
{
    nmod_mat_t reduced, kernel;
    slong n = fmpz_mat_ncols(columns);
    nmod_mat_init(reduced, fmpz_mat_nrows(columns), n, p);
    nmod_mat_init(kernel, n, n, p);
    fmpz_mat_get_nmod_mat(reduced, columns);
    slong count = nmod_mat_nullspace(kernel, reduced);
    fmpz_mat_init(relations, count, n);
    for (slong k = 0; k < count; k++)
        for (slong i = 0; i < n; i++)
            fmpz_set_ui(fmpz_mat_entry(relations, k, i), nmod_mat_entry(kernel, i, k));
    nmod_mat_clear(kernel);
    nmod_mat_clear(reduced);
}

/* The same over the integers: short ones, by lattice reduction (Lenstra, Lenstra, Lovasz 1982). */
static void relations_integral(const fmpz_mat_t columns, fmpz_mat_t relations)
{
    fmpz_mat_t kernel;
    fmpz_t content;
    fmpz_lll_t lattice;
    slong n = fmpz_mat_ncols(columns);
    fmpz_init(content);
    fmpz_mat_init(kernel, n, n);
    slong count = fmpz_mat_nullspace(kernel, columns);
    fmpz_mat_init(relations, count, n);
    for (slong k = 0; k < count; k++) {
        fmpz_zero(content);
        for (slong i = 0; i < n; i++)
            fmpz_gcd(content, content, fmpz_mat_entry(kernel, i, k));
        for (slong i = 0; i < n; i++)
            fmpz_divexact(fmpz_mat_entry(relations, k, i), fmpz_mat_entry(kernel, i, k), content);
    }
    fmpz_lll_context_init_default(lattice);
    fmpz_lll(relations, NULL, lattice);
    fmpz_mat_clear(kernel);
    fmpz_clear(content);
}

static void find_relations(reducer *r, const group *g, fmpz_mat_t relations)
{
    fmpz_mat_t columns;
    fill_columns(r, g, columns);
    relations_modulo(columns, r->ring.kind == FM_RING_ZP ? r->ring.p : FILTER_PRIME, relations);
    if (r->ring.kind != FM_RING_ZP && fmpz_mat_nrows(relations) > 0) {
        fmpz_mat_clear(relations);
        relations_integral(columns, relations);
    }
    fmpz_mat_clear(columns);
}

/* ---------------------------------------------------------------- reductions */

static bool divides_all(const fmpz_mat_t relations, slong k, slong t)
{
    for (slong s = 0; s < fmpz_mat_ncols(relations); s++)
        if (!fmpz_divisible(fmpz_mat_entry(relations, k, s), fmpz_mat_entry(relations, k, t)))
            return false;
    return true;
}

/* Removes member t by relation k: its factor on b is the sum of -l_s / l_t times the others'. False,
   and nothing is changed, when a coefficient would leave the ring. */
static bool eliminate(reducer *r, group *g, const fmpz_mat_t relations, slong k, slong t)
{
    bool stays = true;
    fmpq_t ratio;
    fm_factors *sums = fm_alloc_zero(g->count, sizeof *sums);
    fmpq_init(ratio);
    for (slong s = 0; s < g->count && stays; s++) {
        const fmpz *l = fmpz_mat_entry(relations, k, s);
        if (s == t || fmpz_is_zero(l))
            continue;
        fmpq_set_fmpz_frac(ratio, l, fmpz_mat_entry(relations, k, t));
        fmpq_neg(ratio, ratio);
        if (r->ring.kind == FM_RING_ZP)
            fm_ring_map(r->ring, ratio, ratio);
        add_scaled(&sums[s], &g->member[s]->factor[r->c], ratio, &g->member[t]->factor[r->c],
                   r->ring);
        stays = in_ring(&sums[s], r->ring);
    }
    for (slong s = 0; s < g->count; s++) {
        bool changed = sums[s].start != NULL;
        if (changed && stays) {
            fm_factors old = g->member[s]->factor[r->c];
            g->member[s]->factor[r->c] = sums[s];
            sums[s] = old;
        }
        fm_factors_clear(&sums[s]);
    }
    if (stays) {
        fm_factors_clear(&g->member[t]->factor[r->c]);
        fm_factors_init(&g->member[t]->factor[r->c], sums->extent);
    }
    fmpq_clear(ratio);
    free(sums);
    return stays;
}

/* Sets x to x + q y in the ring. */
static void add_multiple(fm_factors *x, const fmpz_t q, const fm_factors *y, fm_ring ring)
{
    fmpq_t fraction;
    fm_factors sum;
    fmpq_init(fraction);
    fmpq_set_fmpz(fraction, q);
    add_scaled(&sum, x, fraction, y, ring);
    fm_factors_clear(x);
    *x = sum;
    fmpq_clear(fraction);
}

/* Over z: flips, v_s w_s + v_t w_t = v_s (w_s - q w_t) + (v_t + q v_s) w_t, which turn l_s into
   l_s - q l_t, until a coefficient of relation k divides all, as in Euclid's algorithm. */
static void flip_until_one_divides(reducer *r, group *g, fmpz_mat_t relations, slong k)
{
    fmpz_t q;
    fmpz_init(q);
    for (slong s = 0; s < g->count;) {
        fmpz *l = fmpz_mat_entry(relations, k, 0);
        slong least = -1;
        for (slong t = 0; t < g->count; t++)
            if (!fmpz_is_zero(&l[t]) && (least < 0 || fmpz_cmpabs(&l[t], &l[least]) < 0))
                least = t;
        for (s = 0; s < g->count && fmpz_divisible(&l[s], &l[least]); s++)
            ;
        if (s == g->count)
            break;
        fmpz_fdiv_q(q, &l[s], &l[least]);
        fmpz_submul(&l[s], q, &l[least]);
        add_multiple(&g->member[least]->factor[r->b], q, &g->member[s]->factor[r->b], r->ring);
        fmpz_neg(q, q);
        add_multiple(&g->member[s]->factor[r->c], q, &g->member[least]->factor[r->c], r->ring);
    }
    fmpz_clear(q);
}

static bool use_relation(reducer *r, group *g, fmpz_mat_t relations, slong k)
{
    bool field = r->ring.kind == FM_RING_Q || r->ring.kind == FM_RING_ZP;
    if (r->ring.kind == FM_RING_Z)
        flip_until_one_divides(r, g, relations, k);
    for (int any = 0; any <= field; any++) /* over q, without new fractions if possible */
        for (slong t = 0; t < g->count; t++)
            if (!fmpz_is_zero(fmpz_mat_entry(relations, k, t)) &&
                (any || divides_all(relations, k, t)) && eliminate(r, g, relations, k, t))
                return true;
    return false;
}

/* Removes a member; false when no dependence does. */
static bool reduce_group_once(reducer *r, group *g)
{
    fmpz_mat_t relations;
    bool removed = false;
    uint32_t left = 0;
    for (uint32_t i = 0; i < g->count; i++)
        if (!is_zero(g->member[i]))
            g->member[left++] = g->member[i];
    g->count = left;
    peel(r, g);
    if (g->count < 2)
        return false;
    find_relations(r, g, relations);
    for (slong k = 0; k < fmpz_mat_nrows(relations) && !removed; k++)
        removed = use_relation(r, g, relations, k);
    fmpz_mat_clear(relations);
    return removed;
}

static int compare_shared(const void *x, const void *y, void *context)
{
    unsigned a = *(const unsigned *)context;
    return fm_factors_compare_rows(&(*(product *const *)x)->factor[a], 0,
                                   &(*(product *const *)y)->factor[a], 0);
}

/* One pass over the groups with an equal factor on axis a. */
static void reduce_pass(reducer *r, unsigned a, unsigned b)
{
    product **order = fm_alloc(r->rank, sizeof *order);
    r->a = a;
    r->b = b;
    r->c = 3 - a - b;
    for (uint32_t i = 0; i < r->rank; i++) {
        order[i] = &r->products[i];
        normalize(r, order[i], a);
        normalize(r, order[i], b);
    }
    qsort_r(order, r->rank, sizeof *order, compare_shared, &r->a);
    for (uint32_t first = 0, end; first < r->rank; first = end) {
        for (end = first + 1; end < r->rank; end++)
            if (compare_shared(&order[first], &order[end], &r->a) != 0)
                break;
        group g = {order + first, end - first};
        while (g.count > 1 && reduce_group_once(r, &g))
            ;
    }
    free(order);
    drop_zeros(r);
}

/* ---------------------------------------------------------------- the whole */

static fm_scheme *make_scheme(const reducer *r, const fm_tensor *tensor)
{
    fm_factors factors[3];
    fm_scheme *scheme;
    for (unsigned axis = 0; axis < 3; axis++) {
        fm_factors_init(&factors[axis], tensor->extent[axis]);
        for (uint32_t i = 0; i < r->rank; i++)
            fm_factors_copy_row(&factors[axis], &r->products[i].factor[axis], 0);
    }
    fm_status status = fm_scheme_new(tensor, r->ring, factors, &scheme, NULL);
    assert(status == FM_OK);
    (void)status;
    return scheme;
}

fm_scheme *fm_derive_reduce(const fm_scheme *scheme)
{
    reducer r;
    fm_scheme *reduced;
    reducer_init(&r, scheme);
    for (uint32_t before = UINT32_MAX; before != r.rank;) {
        before = r.rank;
        for (unsigned a = 0; a < 3; a++)
            for (unsigned b = 0; b < 3; b++)
                if (a != b)
                    reduce_pass(&r, a, b);
    }
    if (r.rank < scheme->rank)
        reduced = make_scheme(&r, scheme->tensor);
    else
        fm_scheme_to_ring(scheme, scheme->ring, &reduced, NULL);
    reducer_clear(&r);
    return reduced;
}

fm_status fm_scheme_reduce(const fm_scheme *scheme, fm_scheme **out, fm_error *error)
{
    return fm_derive_finish(fm_derive_reduce(scheme), "reduce", NULL, &scheme, 1, out, error);
}
