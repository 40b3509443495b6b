#include "matching.h"

#include "memory.h"
#include "random.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* How many products are asked for traces from which an unknown scalar follows. */
#define WITNESSES 8
/* Random solutions that are tried when matches of all products leave several dimensions. */
#define SAMPLES 64

/* A state of the search: some products are matched. */
typedef struct node {
    uint32_t dimension; /* of the solutions of the linear equations so far */
    ulong *basis;       /* dimension rows, X_0, X_1 and X_2 one after another */
    uint32_t count;     /* matches: product from[i] of a with to[i] of b */
    uint32_t *from, *to;
    ulong *scalar; /* l_k of match i at [3 i + k], 0: not known */
    uint64_t *colour_a, *colour_b;
} node;

/* Products of a class and their candidates, equal in colour. */
typedef struct choice {
    uint32_t r;
    uint32_t count;
    uint32_t *candidate;
} choice;

typedef struct coloured {
    uint64_t colour;
    uint32_t product;
} coloured;

static uint32_t unknowns(const fm_matching *m)
{
    uint32_t sum = 0;
    for (int k = 0; k < 3; k++)
        sum += m->b.size[k] * m->b.size[k];
    return sum;
}

/* Where X_k begins in a row of a basis. */
static uint32_t offset(const fm_matching *m, int k)
{
    uint32_t sum = 0;
    for (int i = 0; i < k; i++)
        sum += m->b.size[i] * m->b.size[i];
    return sum;
}

/* ---------------------------------------------------------------- nodes */

static void node_init(node *n, const fm_matching *m, uint32_t dimension, uint32_t count)
{
    uint32_t rank = m->a.rank;
    *n = (node){.dimension = dimension, .count = count};
    n->basis = fm_alloc_zero((size_t)dimension * unknowns(m), sizeof *n->basis);
    n->from = fm_alloc(count, sizeof *n->from);
    n->to = fm_alloc(count, sizeof *n->to);
    n->scalar = fm_alloc_zero(3 * (size_t)count, sizeof *n->scalar);
    n->colour_a = fm_alloc(rank, sizeof *n->colour_a);
    n->colour_b = fm_alloc(rank, sizeof *n->colour_b);
}

static void node_clear(node *n)
{
    free(n->basis);
    free(n->from);
    free(n->to);
    free(n->scalar);
    free(n->colour_a);
    free(n->colour_b);
}

static void root_init(node *n, const fm_matching *m)
{
    uint32_t all = unknowns(m);
    node_init(n, m, all, 0);
    for (uint32_t i = 0; i < all; i++)
        n->basis[(size_t)i * all + i] = 1;
    fm_invariants_colours(m->of_a, m->orientation, FM_LEVEL_REFINED, n->colour_a);
    fm_invariants_colours(m->of_b, 0, FM_LEVEL_REFINED, n->colour_b);
}

/* The same with one more match. */
static void node_extend(node *child, const node *n, const fm_matching *m, uint32_t r, uint32_t s)
{
    uint32_t rank = m->a.rank;
    node_init(child, m, n->dimension, n->count + 1);
    memcpy(child->basis, n->basis, (size_t)n->dimension * unknowns(m) * sizeof *n->basis);
    memcpy(child->from, n->from, n->count * sizeof *n->from);
    memcpy(child->to, n->to, n->count * sizeof *n->to);
    memcpy(child->scalar, n->scalar, 3 * (size_t)n->count * sizeof *n->scalar);
    child->from[n->count] = r;
    child->to[n->count] = s;
    uint64_t *colours = fm_alloc(rank, sizeof *colours);
    memcpy(colours, n->colour_a, rank * sizeof *colours);
    colours[r] = fm_mix(colours[r] + n->count + 1);
    fm_invariants_refine(m->of_a, m->orientation, colours, child->colour_a);
    memcpy(colours, n->colour_b, rank * sizeof *colours);
    colours[s] = fm_mix(colours[s] + n->count + 1);
    fm_invariants_refine(m->of_b, 0, colours, child->colour_b);
    free(colours);
}

/* ---------------------------------------------------------------- linear equations */

/* Restricts the basis to combinations for which the residuals, a row of width numbers for each
   vector of the basis, add up to 0. */
static void restrict_basis(node *n, const fm_matching *m, const ulong *residual, uint32_t width)
{
    uint32_t all = unknowns(m);
    ulong *kernel = fm_alloc((size_t)n->dimension * n->dimension, sizeof *kernel);
    uint32_t left = fm_small_left_kernel(kernel, residual, n->dimension, width, m->a.field);
    if (left < n->dimension) {
        ulong *basis = fm_alloc((size_t)left * all, sizeof *basis);
        fm_small_multiply(basis, kernel, n->basis, left, n->dimension, all, m->a.field);
        free(n->basis);
        n->basis = basis;
        n->dimension = left;
    }
    free(kernel);
}

/* left X right for a vector's X_k, into out; left has rows rows, right columns columns. */
static void sandwich(const fm_matching *m, const ulong *left, uint32_t rows, const ulong *x,
                     uint32_t size, const ulong *right, uint32_t columns, ulong *work, ulong *out)
{
    fm_small_multiply(work, left, x, rows, size, size, m->a.field);
    fm_small_multiply(out, work, right, rows, size, columns, m->a.field);
}

/* X_k M_k(r) = scalar N_k(s) X_(k+1). */
static void demand_equal(node *n, const fm_matching *m, int k, uint32_t r, uint32_t s, ulong scalar)
{
    int next = (k + 1) % 3;
    uint32_t rows = fm_matrix_rows(&m->a, k), columns = fm_matrix_columns(&m->a, k);
    uint32_t entries = rows * columns, all = unknowns(m);
    ulong *residual = fm_alloc((size_t)n->dimension * entries, sizeof *residual);
    ulong *other = fm_alloc(entries, sizeof *other);
    for (uint32_t i = 0; i < n->dimension; i++) {
        const ulong *vector = n->basis + (size_t)i * all;
        ulong *row = residual + (size_t)i * entries;
        fm_small_multiply(row, vector + offset(m, k), fm_matrix(&m->a, k, r), rows, rows, columns,
                          m->a.field);
        fm_small_multiply(other, fm_matrix(&m->b, k, s), vector + offset(m, next), rows, columns,
                          columns, m->a.field);
        _nmod_vec_scalar_addmul_nmod(row, other, entries, nmod_neg(scalar, m->a.field), m->a.field);
    }
    restrict_basis(n, m, residual, entries);
    free(other);
    free(residual);
}

/* What of that does not depend on the scalar: X_k takes the column space of M_k(r) into that of
   N_k(s), and X_(k+1) the kernel into the kernel. */
static void demand_spaces(node *n, const fm_matching *m, int k, uint32_t r, uint32_t s)
{
    int next = (k + 1) % 3;
    uint32_t rows = fm_matrix_rows(&m->a, k), columns = fm_matrix_columns(&m->a, k);
    uint32_t size = rows > columns ? rows : columns, all = unknowns(m);
    size_t square = (size_t)size * size;
    ulong *killer = fm_alloc(square, sizeof *killer), *turned = fm_alloc(square, sizeof *turned);
    ulong *work = fm_alloc(square, sizeof *work);
    ulong *residual = fm_alloc(n->dimension * square, sizeof *residual);
    uint32_t killers =
        fm_small_left_kernel(killer, fm_matrix(&m->b, k, s), rows, columns, m->a.field);
    for (uint32_t i = 0; i < n->dimension; i++)
        sandwich(m, killer, killers, n->basis + (size_t)i * all + offset(m, k), rows,
                 fm_matrix(&m->a, k, r), columns, work, residual + (size_t)i * killers * columns);
    restrict_basis(n, m, residual, killers * columns);
    fm_small_transpose(turned, fm_matrix(&m->a, k, r), rows, columns);
    killers = fm_small_left_kernel(killer, turned, columns, rows, m->a.field);
    fm_small_transpose(turned, killer, killers, columns);
    for (uint32_t i = 0; i < n->dimension; i++) {
        ulong *row = residual + (size_t)i * rows * killers;
        fm_small_multiply(work, fm_matrix(&m->b, k, s),
                          n->basis + (size_t)i * all + offset(m, next), rows, columns, columns,
                          m->a.field);
        fm_small_multiply(row, work, turned, rows, columns, killers, m->a.field);
    }
    restrict_basis(n, m, residual, rows * killers);
    free(residual);
    free(work);
    free(turned);
    free(killer);
}

/* ---------------------------------------------------------------- scalars */

/* The trace of factor k of product x, k + 1 of y and k + 2 of z. */
static ulong trace(const fm_factor_matrices *m, int k, uint32_t x, uint32_t y, uint32_t z)
{
    int next = (k + 1) % 3, last = (k + 2) % 3;
    uint32_t rows = m->size[k], middle = m->size[next], columns = m->size[last];
    const ulong *u = fm_matrix(m, k, x), *v = fm_matrix(m, next, y), *w = fm_matrix(m, last, z);
    ulong sum = 0;
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < middle; j++) {
            ulong inner = 0;
            if (u[i * middle + j] == 0)
                continue;
            for (uint32_t l = 0; l < columns; l++)
                if (v[j * columns + l] != 0 && w[l * rows + i] != 0)
                    NMOD_ADDMUL(inner, v[j * columns + l], w[l * rows + i], m->field);
            NMOD_ADDMUL(sum, u[i * middle + j], inner, m->field);
        }
    return sum;
}

/* Looks for l_k of match i. False: the traces contradict the matches. */
static bool deduce_scalar(node *n, const fm_matching *m, uint32_t i, int k)
{
    int next = (k + 1) % 3, last = (k + 2) % 3;
    ulong *scalar = n->scalar;
    nmod_t field = m->a.field;
    if (scalar[3 * i + (uint32_t)next] != 0 && scalar[3 * i + (uint32_t)last] != 0) {
        ulong rest =
            nmod_mul(scalar[3 * i + (uint32_t)next], scalar[3 * i + (uint32_t)last], field);
        scalar[3 * i + (uint32_t)k] = nmod_inv(rest, field);
        return true;
    }
    uint32_t witnesses = n->count < WITNESSES ? n->count : WITNESSES;
    for (uint32_t x = 0; x < witnesses; x++)
        for (uint32_t y = 0; y < witnesses; y++) {
            ulong known =
                nmod_mul(scalar[3 * x + (uint32_t)next], scalar[3 * y + (uint32_t)last], field);
            if (known == 0)
                continue;
            ulong in_a = trace(&m->a, k, n->from[i], n->from[x], n->from[y]);
            ulong in_b = trace(&m->b, k, n->to[i], n->to[x], n->to[y]);
            if ((in_a == 0) != (in_b == 0))
                return false;
            if (in_a != 0) {
                scalar[3 * i + (uint32_t)k] = nmod_div(in_a, nmod_mul(known, in_b, field), field);
                return true;
            }
        }
    return true;
}

static bool deduce_scalars(node *n, const fm_matching *m)
{
    bool more = true;
    while (more && n->dimension > 0) {
        more = false;
        for (uint32_t i = 0; i < n->count; i++)
            for (int k = 0; k < 3; k++) {
                ulong *scalar = &n->scalar[3 * i + (uint32_t)k];
                if (*scalar != 0)
                    continue;
                if (!deduce_scalar(n, m, i, k))
                    return false;
                if (*scalar == 0)
                    continue;
                demand_equal(n, m, k, n->from[i], n->to[i], *scalar);
                more = true;
            }
    }
    return true;
}

/* Makes child of n by a match. False when it contradicts the others; child is to be cleared in any
   case. */
static bool match(node *child, const node *n, fm_matching *m, uint32_t r, uint32_t s)
{
    m->steps++;
    node_extend(child, n, m, r, s);
    bool first = n->count == 0, only_one = m->a.field.n == 2;
    for (int k = 0; k < 3 && child->dimension > 0; k++) {
        if (first || only_one) {
            child->scalar[3 * n->count + (uint32_t)k] = 1;
            demand_equal(child, m, k, r, s, 1);
        } else {
            demand_spaces(child, m, k, r, s);
        }
    }
    return (only_one || deduce_scalars(child, m)) && child->dimension > 0;
}

/* ---------------------------------------------------------------- solutions */

static bool is_invertible(const fm_matching *m, const ulong *vector)
{
    bool invertible = true;
    ulong *work = fm_alloc(unknowns(m), sizeof *work);
    memcpy(work, vector, unknowns(m) * sizeof *work);
    for (int k = 0; k < 3 && invertible; k++) {
        uint32_t size = m->b.size[k];
        invertible = fm_small_rank(work + offset(m, k), size, size, m->a.field) == size;
    }
    free(work);
    return invertible;
}

/* X_k M_k(r), or N_k(s) X_(k+1), for all products. */
static void one_side(const fm_matching *m, const ulong *vector, bool of_b, ulong *side[3])
{
    const fm_factor_matrices *f = of_b ? &m->b : &m->a;
    for (int k = 0; k < 3; k++) {
        uint32_t rows = fm_matrix_rows(f, k), columns = fm_matrix_columns(f, k);
        const ulong *x = vector + offset(m, of_b ? (k + 1) % 3 : k);
        side[k] = fm_alloc((size_t)f->rank * rows * columns, sizeof *side[k]);
        for (uint32_t r = 0; r < f->rank; r++) {
            ulong *out = side[k] + (size_t)r * rows * columns;
            if (of_b)
                fm_small_multiply(out, fm_matrix(f, k, r), x, rows, columns, columns, f->field);
            else
                fm_small_multiply(out, x, fm_matrix(f, k, r), rows, rows, columns, f->field);
        }
    }
}

static bool same_product(const fm_matching *m, ulong *const a[3], uint32_t r, ulong *const b[3],
                         uint32_t s)
{
    ulong all = 1;
    for (int k = 0; k < 3; k++) {
        uint32_t entries = fm_matrix_entries(&m->a, k);
        ulong ratio;
        if (!fm_small_ratio(b[k] + (size_t)s * entries, a[k] + (size_t)r * entries, entries,
                            m->a.field, &ratio))
            return false;
        all = nmod_mul(all, ratio, m->a.field);
    }
    return all == 1;
}

/* Whether the vector takes all products of a to products of b; m->image says which. */
static bool takes_all(fm_matching *m, const node *n, const ulong *vector)
{
    uint32_t rank = m->a.rank, matched = 0;
    ulong *a[3], *b[3];
    bool *used = fm_alloc_zero(rank, sizeof *used);
    one_side(m, vector, false, a);
    one_side(m, vector, true, b);
    for (uint32_t r = 0; r < rank && matched == r; r++)
        for (uint32_t s = 0; s < rank; s++)
            if (!used[s] && n->colour_a[r] == n->colour_b[s] && same_product(m, a, r, b, s)) {
                used[s] = true;
                m->image[r] = s;
                matched++;
                break;
            }
    for (int k = 0; k < 3; k++) {
        free(a[k]);
        free(b[k]);
    }
    free(used);
    return matched == rank;
}

static bool try_vector(fm_matching *m, const node *n, const ulong *vector)
{
    if (!is_invertible(m, vector) || !takes_all(m, n, vector))
        return false;
    for (int k = 0; k < 3; k++)
        memcpy(m->matrix[k], vector + offset(m, k),
               (size_t)m->b.size[k] * m->b.size[k] * sizeof(ulong));
    return true;
}

/* Tries combinations of a basis of several vectors with random coefficients below bound; 1 when
   bound is 1. */
static bool try_combination(fm_matching *m, const node *n, fm_random *random, ulong bound)
{
    uint32_t all = unknowns(m);
    ulong *vector = fm_alloc_zero(all, sizeof *vector);
    for (uint32_t i = 0; i < n->dimension; i++) {
        ulong c = bound == 1 ? 1 : fm_random_next(random) % bound;
        _nmod_vec_scalar_addmul_nmod(vector, n->basis + (size_t)i * all, all, c % m->a.field.n,
                                     m->a.field);
    }
    bool found = try_vector(m, n, vector);
    free(vector);
    return found;
}

/* The sum of all, then combinations with small coefficients, so that over q fractions stay small. */
static bool try_samples(fm_matching *m, const node *n)
{
    fm_random random;
    bool found = false;
    fm_random_seed(&random, n->count, 0);
    for (ulong bound = 1; bound <= SAMPLES && !found; bound++)
        found = try_combination(m, n, &random, bound);
    return found;
}

/* Whether a combination of the basis with coefficients from the whole field is a solution: then, but
   for a chance of about 1 in p, so are all but those on a surface. */
static bool is_general(fm_matching *m, const node *n)
{
    fm_random random;
    fm_random_seed(&random, n->count, 1);
    return try_combination(m, n, &random, m->a.field.n);
}

/* ---------------------------------------------------------------- backtracking */

static int compare_coloured(const void *a, const void *b)
{
    const coloured *x = a, *y = b;
    if (x->colour != y->colour)
        return x->colour < y->colour ? -1 : 1;
    return (x->product > y->product) - (x->product < y->product);
}

static coloured *sort_colours(const uint64_t *colour, uint32_t rank)
{
    coloured *list = fm_alloc(rank, sizeof *list);
    for (uint32_t r = 0; r < rank; r++)
        list[r] = (coloured){colour[r], r};
    qsort(list, rank, sizeof *list, compare_coloured);
    return list;
}

static bool is_matched(const node *n, uint32_t r)
{
    for (uint32_t i = 0; i < n->count; i++)
        if (n->from[i] == r)
            return true;
    return false;
}

static bool is_taken(const node *n, uint32_t s)
{
    for (uint32_t i = 0; i < n->count; i++)
        if (n->to[i] == s)
            return true;
    return false;
}

/* Puts an unmatched product with fewest candidates into *next, whose candidates are freed with
   free. False when the colours of the two schemes differ. */
static bool choose(const fm_matching *m, const node *n, choice *next)
{
    uint32_t rank = m->a.rank, best = UINT32_MAX, best_size = UINT32_MAX;
    coloured *a = sort_colours(n->colour_a, rank), *b = sort_colours(n->colour_b, rank);
    bool same = true;
    for (uint32_t i = 0; i < rank && same; i++)
        same = a[i].colour == b[i].colour;
    for (uint32_t i = 0, end; i < rank && same; i = end) {
        for (end = i + 1; end < rank && a[end].colour == a[i].colour;)
            end++;
        if (end - i < best_size && !is_matched(n, a[i].product)) {
            best = i;
            best_size = end - i;
        }
    }
    *next = (choice){0};
    if (same && best != UINT32_MAX) {
        next->r = a[best].product;
        next->candidate = fm_alloc(best_size, sizeof *next->candidate);
        for (uint32_t i = best; i < best + best_size; i++)
            if (!is_taken(n, b[i].product))
                next->candidate[next->count++] = b[i].product;
    }
    free(a);
    free(b);
    return same;
}

/* A node whose search is over: sets *found. */
static bool is_leaf(fm_matching *m, const node *n, bool *found)
{
    bool full = n->count == m->a.rank;
    *found = false;
    if (n->dimension == 1 && is_invertible(m, n->basis)) {
        *found = try_vector(m, n, n->basis);
        return true;
    }
    if (full) {
        *found = n->dimension > 1 && try_samples(m, n);
        m->inconclusive = m->inconclusive || !*found;
    }
    return full;
}

static bool is_stopped(fm_matching *m)
{
    m->stopped = m->stopped || m->steps >= m->limit;
    return m->stopped;
}

static bool search_from(fm_matching *m, const node *n)
{
    bool found;
    choice next;
    if (is_leaf(m, n, &found) || !choose(m, n, &next))
        return found;
    for (uint32_t c = 0; c < next.count && !found && !is_stopped(m); c++) {
        node child;
        if (match(&child, n, m, next.r, next.candidate[c]))
            found = search_from(m, &child);
        node_clear(&child);
    }
    free(next.candidate);
    return found;
}

bool fm_matching_find(fm_matching *m)
{
    node root;
    root_init(&root, m);
    bool found = search_from(m, &root);
    node_clear(&root);
    m->inconclusive = m->inconclusive || !m->exact;
    return found;
}

/* ---------------------------------------------------------------- the stabilizer */

typedef struct stabilizer {
    fm_matching *m;
    fm_matching_group *group;
    size_t count, capacity; /* generators so far: how they permute the products */
    uint32_t **image;
} stabilizer;

static void add_generator(stabilizer *t)
{
    uint32_t rank = t->m->a.rank;
    t->image = fm_grow(t->image, t->count, &t->capacity, sizeof *t->image);
    t->image[t->count] = fm_alloc(rank, sizeof **t->image);
    memcpy(t->image[t->count++], t->m->image, rank * sizeof **t->image);
    t->group->on_generator(t->group->context, t->m);
}

/* Marks the orbit of product r under the generators; returns its size. */
static uint32_t mark_orbit(const stabilizer *t, uint32_t r, bool *in_orbit)
{
    uint32_t rank = t->m->a.rank, size = 1;
    uint32_t *orbit = fm_alloc(rank, sizeof *orbit);
    memset(in_orbit, 0, rank * sizeof *in_orbit);
    in_orbit[r] = true;
    orbit[0] = r;
    for (uint32_t i = 0; i < size; i++)
        for (size_t g = 0; g < t->count; g++) {
            uint32_t s = t->image[g][orbit[i]];
            if (!in_orbit[s])
                orbit[size++] = s;
            in_orbit[s] = true;
        }
    free(orbit);
    return size;
}

static void multiply_order(fm_matching_group *group, uint64_t factor)
{
    if (__builtin_mul_overflow(group->order, factor, &group->order))
        group->order = 0;
}

static void stabilize(stabilizer *t, const node *n);

/* The stabilizer of the products that n matches with themselves: its subgroup that leaves next->r
   too, then whatever takes that one elsewhere. All generators so far leave the products of n. */
static void stabilize_choice(stabilizer *t, const node *n, const choice *next)
{
    fm_matching *m = t->m;
    node child;
    bool fits = match(&child, n, m, next->r, next->r);
    assert(fits);
    if (fits)
        stabilize(t, &child);
    node_clear(&child);
    bool *in_orbit = fm_alloc(m->a.rank, sizeof *in_orbit);
    uint32_t size = mark_orbit(t, next->r, in_orbit);
    for (uint32_t c = 0; c < next->count && !is_stopped(m); c++) {
        if (in_orbit[next->candidate[c]])
            continue;
        if (match(&child, n, m, next->r, next->candidate[c]) && search_from(m, &child)) {
            add_generator(t);
            size = mark_orbit(t, next->r, in_orbit);
        }
        node_clear(&child);
    }
    multiply_order(t->group, size);
    free(in_orbit);
}

static void stabilize(stabilizer *t, const node *n)
{
    choice next;
    if (n->dimension == 1)
        return; /* the identity alone leaves the products so far */
    if (n->count < t->m->a.rank) {
        choose(t->m, n, &next);
        stabilize_choice(t, n, &next);
        free(next.candidate);
        return;
    }
    /* There are several dimensions of candidates that leave all products. */
    t->group->finite = !(t->m->rational && is_general(t->m, n));
    t->group->complete = false;
}

void fm_matching_stabilizer(fm_matching *m, fm_matching_group *group)
{
    stabilizer t = {.m = m, .group = group};
    node root;
    group->finite = group->complete = true;
    group->order = 1;
    root_init(&root, m);
    stabilize(&t, &root);
    node_clear(&root);
    group->complete = group->complete && !m->stopped && !m->inconclusive && m->exact;
    for (size_t g = 0; g < t.count; g++)
        free(t.image[g]);
    free(t.image);
}

/* ---------------------------------------------------------------- setting up */

void fm_matching_init(fm_matching *m, const fm_scheme *a, const fm_scheme *b, fm_invariants *of_a,
                      fm_invariants *of_b, unsigned orientation, ulong p)
{
    assert(a->rank == b->rank);
    *m = (fm_matching){.of_a = of_a, .of_b = of_b, .orientation = orientation};
    fm_factor_matrices_init(&m->a, a, p, orientation);
    fm_factor_matrices_init(&m->b, b, p, 0);
    assert(memcmp(m->a.size, m->b.size, sizeof m->a.size) == 0);
    m->rational = a->ring.kind != FM_RING_ZP;
    m->exact = fm_prime_count(a) == 1 && fm_prime_count(b) == 1;
    m->image = fm_alloc(a->rank, sizeof *m->image);
    for (int k = 0; k < 3; k++)
        m->matrix[k] = fm_alloc((size_t)m->b.size[k] * m->b.size[k], sizeof(ulong));
}

void fm_matching_clear(fm_matching *m)
{
    fm_factor_matrices_clear(&m->a);
    fm_factor_matrices_clear(&m->b);
    free(m->image);
    for (int k = 0; k < 3; k++)
        free(m->matrix[k]);
    *m = (fm_matching){0};
}
