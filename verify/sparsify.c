#include "sparsify.h"

#include "memory.h"

#include <assert.h>
#include <flint/fmpq_vec.h>
#include <flint/nmod_vec.h>
#include <stdlib.h>
#include <string.h>

enum { SWEEPS_MAX = 8 };

/* Index a of a dimension becomes a + c b, on the sides where it is such; 1 + c E_ab. */
typedef struct step {
    unsigned dimension;
    uint32_t a, b;
    ulong c; /* modulo p */
} step;

struct fm_basis_change {
    ulong p;
    step *steps;
    size_t count, capacity;
};

/* With X = 1 + c E_ab and so on, U -> X U Y^-1, V -> Y V Z^-1, W -> X^-T W Z^T: each dimension is that of
   the rows or columns of two factors, in one of which a becomes a + c b, and in the other b becomes
   b - c a. */
typedef struct side {
    int axis;
    bool is_column;
} side;

static const side forward[3] = {{0, false}, {1, false}, {2, true}};
static const side backward[3] = {{2, false}, {0, true}, {1, true}};

/* Factor matrices without gaps, modulo p. */
typedef struct grid {
    const fm_scheme *scheme;
    nmod_t modulus;
    uint32_t rows[3], columns[3]; /* of the factors of each axis */
    ulong *entry[3];
} grid;

/* ---------------------------------------------------------------- grids */

static void set_shapes(const fm_scheme *scheme, uint32_t rows[3], uint32_t columns[3])
{
    const uint32_t *format = scheme->tensor->format;
    for (int axis = 0; axis < 3; axis++) {
        rows[axis] = format[axis % 2];
        columns[axis] = format[axis == 0 ? 1 : 2];
    }
}

static grid make_grid(const fm_scheme *scheme)
{
    grid g = {.scheme = scheme};
    nmod_init(&g.modulus, scheme->ring.p);
    set_shapes(scheme, g.rows, g.columns);
    for (int axis = 0; axis < 3; axis++) {
        const fm_factors *f = &scheme->factors[axis];
        g.entry[axis] = fm_alloc_zero((size_t)f->rank * f->extent, sizeof *g.entry[axis]);
        for (uint32_t r = 0; r < f->rank; r++)
            for (size_t e = f->start[r]; e < f->start[r + 1]; e++)
                g.entry[axis][(size_t)r * f->extent + f->index[e]] =
                    fmpz_fdiv_ui(fmpq_numref(&f->value[e]), scheme->ring.p);
    }
    return g;
}

static void free_grid(grid *g)
{
    for (int axis = 0; axis < 3; axis++)
        free(g->entry[axis]);
}

static ulong *matrix_of(const grid *g, int axis, uint32_t r)
{
    return g->entry[axis] + (size_t)r * g->rows[axis] * g->columns[axis];
}

static fm_scheme *scheme_of(const grid *g)
{
    fm_factors factors[3];
    fm_scheme *scheme = NULL;
    fmpq_t value;
    fmpq_init(value);
    for (int axis = 0; axis < 3; axis++) {
        uint32_t extent = g->rows[axis] * g->columns[axis];
        fm_factors_init(&factors[axis], extent);
        for (uint32_t r = 0; r < g->scheme->rank; r++) {
            for (uint32_t e = 0; e < extent; e++) {
                fmpz_set_ui(fmpq_numref(value), matrix_of(g, axis, r)[e]);
                fm_factors_push(&factors[axis], e, value);
            }
            fm_factors_end_row(&factors[axis]);
        }
    }
    fmpq_clear(value);
    fm_scheme_new(g->scheme->tensor, g->scheme->ring, factors, &scheme, NULL);
    return scheme;
}

static size_t weight(const grid *g)
{
    size_t count = 0;
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < (size_t)g->scheme->rank * g->rows[axis] * g->columns[axis]; e++)
            count += g->entry[axis][e] != 0;
    return count;
}

/* ---------------------------------------------------------------- steps */

/* Where line number index of a factor begins, how long it is, and how far apart its entries are. */
typedef struct line {
    size_t start, count, stride;
} line;

static line line_at(side s, uint32_t rows, uint32_t columns, uint32_t index)
{
    if (s.is_column)
        return (line){index, rows, columns};
    return (line){(size_t)index * columns, columns, 1};
}

/* Line a of the factors of a side becomes a + c b. */
static void add_lines(grid *g, side s, uint32_t a, uint32_t b, ulong c)
{
    line to = line_at(s, g->rows[s.axis], g->columns[s.axis], a);
    line from = line_at(s, g->rows[s.axis], g->columns[s.axis], b);
    for (uint32_t r = 0; r < g->scheme->rank; r++) {
        ulong *m = matrix_of(g, s.axis, r);
        for (size_t i = 0; i < to.count; i++) {
            ulong *x = &m[to.start + i * to.stride];
            *x = nmod_addmul(*x, c, m[from.start + i * from.stride], g->modulus);
        }
    }
}

static void apply_step(grid *g, step s, fm_basis_change *change)
{
    add_lines(g, forward[s.dimension], s.a, s.b, s.c);
    add_lines(g, backward[s.dimension], s.b, s.a, nmod_neg(s.c, g->modulus));
    change->steps = fm_grow(change->steps, change->count, &change->capacity, sizeof *change->steps);
    change->steps[change->count++] = s;
}

/* How many more of the entries become 0 than cease to be. */
static long gain_of_lines(const grid *g, side s, uint32_t a, uint32_t b, ulong c)
{
    line to = line_at(s, g->rows[s.axis], g->columns[s.axis], a);
    line from = line_at(s, g->rows[s.axis], g->columns[s.axis], b);
    long gain = 0;
    for (uint32_t r = 0; r < g->scheme->rank; r++) {
        const ulong *m = matrix_of(g, s.axis, r);
        for (size_t i = 0; i < to.count; i++) {
            ulong x = m[to.start + i * to.stride], y = m[from.start + i * from.stride];
            if (y != 0)
                gain += (x != 0) - (nmod_addmul(x, c, y, g->modulus) != 0);
        }
    }
    return gain;
}

static long gain_of(const grid *g, step s)
{
    return gain_of_lines(g, forward[s.dimension], s.a, s.b, s.c) +
           gain_of_lines(g, backward[s.dimension], s.b, s.a, nmod_neg(s.c, g->modulus));
}

/* ---------------------------------------------------------------- downhill */

/* The step that makes most entries 0; false when none makes more 0 than not. */
static bool best_step(const grid *g, step *best)
{
    const uint32_t *format = g->scheme->tensor->format;
    ulong limit = g->modulus.n < 4 ? g->modulus.n : 4; /* 1 to 3, or -1, 1 and 2 */
    long most = 0;
    for (unsigned d = 0; d < 3; d++)
        for (uint32_t a = 0; a < format[d]; a++)
            for (uint32_t b = 0; b < format[d]; b++)
                for (ulong c = 1; c < limit && a != b; c++) {
                    step s = {d, a, b, c == 3 ? g->modulus.n - 1 : c};
                    long gain = gain_of(g, s);
                    if (gain > most) {
                        most = gain;
                        *best = s;
                    }
                }
    return most > 0;
}

static void go_downhill(grid *g, fm_basis_change *change)
{
    step s;
    while (best_step(g, &s))
        apply_step(g, s, change);
}

/* ---------------------------------------------------------------- frequent directions */

/* A vector that lines of factors of rank 1 are multiples of, first entry 1, and how often. */
typedef struct direction {
    ulong *vector;
    uint32_t length, count;
} direction;

static int compare_directions(const void *a, const void *b)
{
    const direction *x = a, *y = b;
    for (uint32_t i = 0; i < x->length; i++)
        if (x->vector[i] != y->vector[i])
            return x->vector[i] < y->vector[i] ? -1 : 1;
    return 0;
}

static int compare_counts(const void *a, const void *b)
{
    const direction *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return compare_directions(a, b);
}

static ulong at(const grid *g, side s, uint32_t r, uint32_t index, uint32_t other)
{
    uint32_t columns = g->columns[s.axis];
    const ulong *m = matrix_of(g, s.axis, r);
    return s.is_column ? m[(size_t)other * columns + index] : m[(size_t)index * columns + other];
}

/* The direction of a factor of rank 1 along a side: index runs over the dimension. False for other
   ranks. */
static bool find_direction(const grid *g, side s, uint32_t r, direction *d)
{
    uint32_t others = s.is_column ? g->rows[s.axis] : g->columns[s.axis], first = 0, lead = 0;
    for (uint32_t o = 0; o < others; o++) {
        uint32_t i = 0;
        while (i < d->length && at(g, s, r, i, o) == 0)
            i++;
        if (i == d->length)
            continue;
        ulong scale = at(g, s, r, i, o);
        if (first == 0) {
            first = 1;
            lead = i;
            for (uint32_t k = 0; k < d->length; k++)
                d->vector[k] = nmod_div(at(g, s, r, k, o), scale, g->modulus);
        } else if (i != lead) {
            return false;
        }
        for (uint32_t k = 0; k < d->length; k++)
            if (at(g, s, r, k, o) != nmod_mul(d->vector[k], scale, g->modulus))
                return false;
    }
    return first > 0;
}

/* The directions along a dimension, most frequent first; returns how many. */
static uint32_t list_directions(const grid *g, unsigned dimension, direction *list)
{
    uint32_t count = 0, kept = 0, length = g->scheme->tensor->format[dimension];
    for (uint32_t r = 0; r < g->scheme->rank; r++) {
        list[count].length = length;
        list[count].count = 1;
        count += find_direction(g, forward[dimension], r, &list[count]);
    }
    qsort(list, count, sizeof *list, compare_directions);
    for (uint32_t i = 0; i < count; i++) {
        if (kept > 0 && compare_directions(&list[kept - 1], &list[i]) == 0) {
            list[kept - 1].count++;
            continue;
        }
        direction other = list[kept];
        list[kept++] = list[i];
        list[i] = other;
    }
    qsort(list, kept, sizeof *list, compare_counts);
    return kept;
}

/* Takes a basis of the most frequent directions, by steps that turn each of them into a multiple of
   a unit vector. */
static void use_directions(grid *g, unsigned dimension, fm_basis_change *change)
{
    uint32_t length = g->scheme->tensor->format[dimension], rank = g->scheme->rank;
    direction *list = fm_alloc(rank + 1, sizeof *list);
    ulong *vectors = fm_alloc(((size_t)rank + 1) * length, sizeof *vectors);
    bool *taken = fm_alloc_zero(length, sizeof *taken);
    for (uint32_t i = 0; i <= rank; i++)
        list[i].vector = vectors + (size_t)i * length;
    uint32_t count = list_directions(g, dimension, list);
    for (uint32_t i = 0; i < count; i++) {
        ulong *x = list[i].vector;
        uint32_t pivot = 0;
        while (pivot < length && (taken[pivot] || x[pivot] == 0))
            pivot++;
        if (pivot == length) /* in the span of those before it */
            continue;
        taken[pivot] = true;
        for (uint32_t a = 0; a < length; a++) {
            if (a == pivot || x[a] == 0)
                continue;
            step s = {dimension, a, pivot,
                      nmod_neg(nmod_div(x[a], x[pivot], g->modulus), g->modulus)};
            for (uint32_t j = i; j < count; j++)
                list[j].vector[a] =
                    nmod_addmul(list[j].vector[a], s.c, list[j].vector[pivot], g->modulus);
            apply_step(g, s, change);
        }
    }
    free(list);
    free(vectors);
    free(taken);
}

/* ---------------------------------------------------------------- the whole */

static fm_basis_change *new_change(const fm_scheme *scheme)
{
    fm_basis_change *change = fm_alloc_zero(1, sizeof *change);
    change->p = scheme->ring.p;
    return change;
}

void fm_basis_change_free(fm_basis_change *change)
{
    if (change != NULL)
        free(change->steps);
    free(change);
}

fm_scheme *fm_sparsify(const fm_scheme *scheme, fm_basis_change **change)
{
    assert(fm_tensor_is_matmul(scheme->tensor, NULL) && scheme->ring.kind == FM_RING_ZP);
    grid best = make_grid(scheme);
    size_t before = weight(&best), lowest;
    *change = new_change(scheme);
    go_downhill(&best, *change);
    lowest = weight(&best);
    grid other = make_grid(scheme);
    fm_basis_change *way = new_change(scheme);
    for (unsigned d = 0; d < 3; d++)
        use_directions(&other, d, way);
    go_downhill(&other, way);
    if (weight(&other) < lowest) {
        grid swap = best;
        fm_basis_change *swap_way = *change;
        best = other;
        other = swap;
        *change = way;
        way = swap_way;
        lowest = weight(&best);
    }
    fm_scheme *sparse = lowest < before ? scheme_of(&best) : NULL;
    free_grid(&best);
    free_grid(&other);
    fm_basis_change_free(way);
    if (sparse == NULL) {
        fm_basis_change_free(*change);
        *change = NULL;
    }
    return sparse;
}

/* ---------------------------------------------------------------- the way back */

/* The same over the rationals. */
typedef struct fractions {
    uint32_t rank, rows[3], columns[3];
    fmpq *entry[3];
} fractions;

static fractions make_fractions(const fm_scheme *scheme)
{
    fractions f = {.rank = scheme->rank};
    set_shapes(scheme, f.rows, f.columns);
    for (int axis = 0; axis < 3; axis++) {
        const fm_factors *from = &scheme->factors[axis];
        f.entry[axis] = _fmpq_vec_init((slong)from->rank * from->extent);
        for (uint32_t r = 0; r < from->rank; r++)
            for (size_t e = from->start[r]; e < from->start[r + 1]; e++)
                fmpq_set(&f.entry[axis][(size_t)r * from->extent + from->index[e]],
                         &from->value[e]);
    }
    return f;
}

/* Takes over f. */
static fm_scheme *scheme_of_fractions(fractions *f, const fm_tensor *tensor)
{
    fm_factors factors[3];
    fm_scheme *scheme = NULL;
    for (int axis = 0; axis < 3; axis++) {
        uint32_t extent = f->rows[axis] * f->columns[axis];
        fm_factors_init(&factors[axis], extent);
        for (uint32_t r = 0; r < f->rank; r++) {
            for (uint32_t e = 0; e < extent; e++)
                fm_factors_push(&factors[axis], e, &f->entry[axis][(size_t)r * extent + e]);
            fm_factors_end_row(&factors[axis]);
        }
        _fmpq_vec_clear(f->entry[axis], (slong)f->rank * extent);
    }
    fm_scheme_new(tensor, fm_factors_smallest_ring(factors), factors, &scheme, NULL);
    return scheme;
}

/* Line a becomes a + c b; or, with size, only the absolute values of the numerators that it would get
   are added to size. */
static void add_fractions(fractions *f, side s, uint32_t a, uint32_t b, slong c, fmpz *size)
{
    line to = line_at(s, f->rows[s.axis], f->columns[s.axis], a);
    line from = line_at(s, f->rows[s.axis], f->columns[s.axis], b);
    fmpq_t factor, value;
    fmpq_init(factor);
    fmpq_init(value);
    fmpq_set_si(factor, c, 1);
    for (uint32_t r = 0; r < f->rank; r++) {
        fmpq *m = f->entry[s.axis] + (size_t)r * f->rows[s.axis] * f->columns[s.axis];
        for (size_t i = 0; i < to.count; i++) {
            const fmpq *y = &m[from.start + i * from.stride];
            fmpq *x = &m[to.start + i * to.stride];
            fmpq_set(value, x);
            if (!fmpq_is_zero(y))
                fmpq_addmul(value, factor, y);
            if (size == NULL)
                fmpq_swap(x, value);
            else if (fmpz_sgn(fmpq_numref(value)) < 0)
                fmpz_sub(size, size, fmpq_numref(value));
            else
                fmpz_add(size, size, fmpq_numref(value));
        }
    }
    fmpq_clear(factor);
    fmpq_clear(value);
}

static void undo_step(fractions *f, step s, slong c, fmpz *size)
{
    add_fractions(f, forward[s.dimension], s.a, s.b, c, size);
    add_fractions(f, backward[s.dimension], s.b, s.a, -c, size);
}

/* Over f2 both 1 and -1 lead back: the one that leaves smaller entries. */
static slong choose_sign(fractions *f, step s)
{
    fmpz_t plus, minus;
    fmpz_init(plus);
    fmpz_init(minus);
    undo_step(f, s, 1, plus);
    undo_step(f, s, -1, minus);
    slong sign = fmpz_cmp(plus, minus) <= 0 ? 1 : -1;
    fmpz_clear(plus);
    fmpz_clear(minus);
    return sign;
}

/* Steps that are the identity modulo p, a + p b and a - p b, as long as they make the entries smaller. */
static void shrink(fractions *f, const uint32_t format[3], ulong p)
{
    fmpz_t before, after;
    fmpz_init(before);
    fmpz_init(after);
    bool better = p < 100;
    for (int sweep = 0; sweep < SWEEPS_MAX && better; sweep++) {
        better = false;
        for (unsigned d = 0; d < 3; d++)
            for (uint32_t at = 0; at < 2 * format[d] * format[d]; at++) {
                step s = {d, at / 2 / format[d], at / 2 % format[d], 0};
                slong c = at % 2 == 0 ? (slong)p : -(slong)p;
                if (s.a == s.b)
                    continue;
                fmpz_zero(before);
                fmpz_zero(after);
                undo_step(f, s, 0, before);
                undo_step(f, s, c, after);
                if (fmpz_cmp(after, before) >= 0)
                    continue;
                undo_step(f, s, c, NULL);
                better = true;
            }
    }
    fmpz_clear(before);
    fmpz_clear(after);
}

fm_scheme *fm_sparsify_undo(const fm_scheme *sparse, const fm_basis_change *change)
{
    fractions f = make_fractions(sparse);
    for (size_t i = change->count; i-- > 0;) {
        step s = change->steps[i];
        slong c = s.c > change->p / 2 ? (slong)(change->p - s.c) : -(slong)s.c;
        undo_step(&f, s, change->p == 2 ? choose_sign(&f, s) : c, NULL);
    }
    shrink(&f, sparse->tensor->format, change->p);
    return scheme_of_fractions(&f, sparse->tensor);
}
