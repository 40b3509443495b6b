/* Whether two schemes are the same up to de Groote's group, and the stabilizer of one. */
#include "error.h"
#include "matching.h"
#include "memory.h"
#include "transformation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define STEPS 1000000

/* ---------------------------------------------------------------- preconditions */

static fm_status check_holds(const fm_scheme *scheme, const char *which, fm_error *error)
{
    fm_verdict verdict;
    fm_error reason;
    fm_status status = fm_verify(scheme, scheme->tensor, scheme->ring, &verdict, &reason);
    fm_verdict_clear(&verdict);
    return status == FM_OK ? FM_OK : fm_fail(error, FM_BAD_INPUT, "%s: %s", which, reason.message);
}

static fm_status check_pair(const fm_scheme *a, const fm_scheme *b, fm_error *error)
{
    char one[FM_RING_NAME_SIZE], two[FM_RING_NAME_SIZE];
    if (a->ring.p != b->ring.p)
        return fm_fail(error, FM_BAD_INPUT, "one scheme is over %s, the other over %s",
                       fm_ring_name(a->ring, one), fm_ring_name(b->ring, two));
    fm_status status = check_holds(a, "the first scheme", error);
    return status == FM_OK ? check_holds(b, "the second scheme", error) : status;
}

/* ---------------------------------------------------------------- solutions */

/* The hash of the canonical form, the same over zt, z and q. */
static void field_hash(const fm_scheme *scheme, char hash[FM_HASH_SIZE])
{
    fm_scheme *rational = NULL;
    if (scheme->ring.kind != FM_RING_ZP)
        fm_scheme_to_ring(scheme, FM_RING_Q_VALUE, &rational, NULL);
    fm_scheme_hash(rational != NULL ? rational : scheme, hash);
    fm_scheme_free(rational);
}

/* Applies the transformation to a and compares with b, exactly. */
static bool is_right(const fm_transformation *t, const fm_scheme *a, const fm_scheme *b)
{
    char of_image[FM_HASH_SIZE], of_b[FM_HASH_SIZE];
    fm_scheme *image;
    if (fm_scheme_transform(a, t, &image, NULL) != FM_OK)
        return false;
    field_hash(image, of_image);
    field_hash(b, of_b);
    fm_scheme_free(image);
    return strcmp(of_image, of_b) == 0;
}

/* The transformation of a solution modulo p, NULL when over q there is none with its residues, or
   its numbers are too large. */
static fm_transformation *from_solution(const fm_matching *m, const fm_scheme *a,
                                        const fm_scheme *b)
{
    fm_transformation *t = fm_transformation_new(a->ring, m->orientation, a->rank, m->b.size);
    memcpy(t->product, m->image, a->rank * sizeof *t->product);
    const ulong *const matrix[3] = {m->matrix[0], m->matrix[1], m->matrix[2]};
    if (fm_transformation_set(t, matrix, m->a.field) && is_right(t, a, b))
        return t;
    fm_transformation_free(t);
    return NULL;
}

/* ---------------------------------------------------------------- comparison */

void fm_comparison_clear(fm_comparison *comparison)
{
    fm_transformation_free(comparison->transformation);
    *comparison = (fm_comparison){0};
}

static void decide(fm_comparison *c, bool decided, const char *reason)
{
    c->decided = decided;
    snprintf(c->reason, sizeof c->reason, "%s", reason);
}

/* True when invariants tell the schemes apart. */
static bool invariants_differ(fm_invariants *a, fm_invariants *b, fm_comparison *c)
{
    static const char *const names[FM_LEVELS] = {
        [FM_LEVEL_RANKS] = "the ranks of the factors differ",
        [FM_LEVEL_SHARED] = "the numbers of products that share a factor differ",
        [FM_LEVEL_PAIRS] = "ranks and traces of factors in pairs of products differ",
        [FM_LEVEL_REFINED] = "ranks and traces of factors in pairs of products differ, refined",
    };
    uint64_t *of_a = fm_invariants_profile(a), *of_b = fm_invariants_profile(b);
    int level = 0;
    size_t size = a->rank * sizeof *of_a;
    while (level < FM_LEVELS &&
           memcmp(of_a + (size_t)level * a->rank, of_b + (size_t)level * a->rank, size) == 0)
        level++;
    free(of_a);
    free(of_b);
    if (level < FM_LEVELS)
        decide(c, true, names[level]);
    return level < FM_LEVELS;
}

/* Tries one orientation; true when the search is over. */
static bool search_orientation(fm_matching *m, const fm_scheme *a, const fm_scheme *b,
                               fm_comparison *c)
{
    if (fm_matching_find(m)) {
        c->transformation = from_solution(m, a, b);
        c->equivalent = c->transformation != NULL;
        if (!c->equivalent)
            decide(c, false, "equivalent modulo a prime, but no transformation over q was found");
    } else if (m->stopped) {
        decide(c, false, "no transformation was found in the given number of steps");
    } else if (m->inconclusive) {
        decide(c, false, "no transformation was found, but the search was not exhaustive");
    }
    c->decided = c->decided || c->equivalent;
    return c->equivalent || m->stopped;
}

static void search_all(const fm_scheme *a, const fm_scheme *b, fm_invariants *of_a,
                       fm_invariants *of_b, uint64_t steps, fm_comparison *c)
{
    ulong p = fm_good_prime(a, b, 0);
    bool open = false;
    for (unsigned o = 0; o < FM_ORIENTATIONS; o++) {
        fm_matching m;
        if (!fm_orientation_fits(of_a->format, o, of_b->format))
            continue;
        fm_matching_init(&m, a, b, of_a, of_b, o, p);
        m.steps = c->steps;
        m.limit = steps;
        decide(c, true, "the invariants are equal, but there is no transformation");
        bool over = search_orientation(&m, a, b, c);
        c->steps = m.steps;
        open = open || !c->decided;
        fm_matching_clear(&m);
        if (over)
            return;
    }
    if (open)
        decide(c, false, "no transformation was found, but the search was not exhaustive");
}

static void compare_products(const fm_scheme *a, const fm_scheme *b, uint64_t steps,
                             fm_comparison *c)
{
    fm_invariants of_a, of_b;
    fm_invariants_init(&of_a, a);
    fm_invariants_init(&of_b, b);
    if (!invariants_differ(&of_a, &of_b, c))
        search_all(a, b, &of_a, &of_b, steps, c);
    fm_invariants_clear(&of_a);
    fm_invariants_clear(&of_b);
}

/* Formats may differ in order. */
static bool formats_fit(const fm_scheme *a, const fm_scheme *b)
{
    for (unsigned o = 0; o < FM_ORIENTATIONS; o++)
        if (fm_orientation_fits(a->tensor->format, o, b->tensor->format))
            return true;
    return false;
}

/* Of a tensor without known symmetries: order and scaling. */
static void compare_canonical(const fm_scheme *a, const fm_scheme *b, fm_comparison *c)
{
    char one[FM_HASH_SIZE], two[FM_HASH_SIZE];
    field_hash(a, one);
    field_hash(b, two);
    c->equivalent = strcmp(one, two) == 0;
    if (!c->equivalent)
        decide(c, false, "not equal up to order and scaling; other symmetries are not known");
    c->decided = c->equivalent;
}

fm_status fm_scheme_equivalent(const fm_scheme *a, const fm_scheme *b, uint64_t steps,
                               fm_comparison *comparison, fm_error *error)
{
    *comparison = (fm_comparison){0};
    fm_status status = check_pair(a, b, error);
    if (status != FM_OK)
        return status;
    bool product = fm_tensor_is_matmul(a->tensor, NULL) && fm_tensor_is_matmul(b->tensor, NULL);
    bool same = product ? formats_fit(a, b) : fm_tensor_equal(a->tensor, b->tensor);
    if (!same)
        decide(comparison, true, "they are schemes of different tensors");
    else if (a->rank != b->rank)
        decide(comparison, true, "the numbers of products differ");
    else if (product)
        compare_products(a, b, steps != 0 ? steps : STEPS, comparison);
    else
        compare_canonical(a, b, comparison);
    if (comparison->equivalent)
        comparison->reason[0] = '\0';
    return comparison->equivalent ? FM_OK
                                  : fm_fail(error, FM_NO, "%s: %s",
                                            comparison->decided ? "not equivalent" : "not decided",
                                            comparison->reason);
}

/* ---------------------------------------------------------------- the stabilizer */

void fm_stabilizer_clear(fm_stabilizer *stabilizer)
{
    for (size_t g = 0; g < stabilizer->generator_count; g++)
        fm_transformation_free(stabilizer->generators[g]);
    free(stabilizer->generators);
    *stabilizer = (fm_stabilizer){0};
}

typedef struct collector {
    const fm_scheme *scheme;
    fm_stabilizer *out;
    size_t capacity;
    bool all_right;
} collector;

static void collect(void *context, const fm_matching *m)
{
    collector *c = context;
    fm_stabilizer *out = c->out;
    fm_transformation *t = from_solution(m, c->scheme, c->scheme);
    c->all_right = c->all_right && t != NULL;
    if (t == NULL)
        return;
    out->generators =
        fm_grow(out->generators, out->generator_count, &c->capacity, sizeof *out->generators);
    out->generators[out->generator_count++] = t;
}

/* Whether the scheme is its own image in another orientation. */
static void add_orientation(collector *c, fm_invariants *v, unsigned o, uint64_t limit,
                            uint64_t *orientations)
{
    fm_matching m;
    fm_matching_init(&m, c->scheme, c->scheme, v, v, o, fm_good_prime(c->scheme, NULL, 0));
    m.steps = c->out->steps;
    m.limit = limit;
    if (fm_matching_find(&m)) {
        collect(c, &m);
        ++*orientations;
    } else {
        c->out->complete = c->out->complete && !m.stopped && !m.inconclusive;
    }
    c->out->steps = m.steps;
    fm_matching_clear(&m);
}

static void find_stabilizer(collector *c, uint64_t limit)
{
    fm_invariants v;
    fm_matching m;
    fm_stabilizer *out = c->out;
    uint64_t orientations = 1;
    fm_matching_group group = {.on_generator = collect, .context = c};
    fm_invariants_init(&v, c->scheme);
    fm_matching_init(&m, c->scheme, c->scheme, &v, &v, 0, fm_good_prime(c->scheme, NULL, 0));
    m.limit = limit;
    fm_matching_stabilizer(&m, &group);
    out->finite = group.finite;
    out->complete = group.complete;
    out->order = group.order;
    out->steps = m.steps;
    fm_matching_clear(&m);
    for (unsigned o = 1; o < FM_ORIENTATIONS; o++)
        if (fm_orientation_fits(v.format, o, v.format))
            add_orientation(c, &v, o, limit, &orientations);
    if (!out->finite || __builtin_mul_overflow(out->order, orientations, &out->order))
        out->order = 0;
    out->complete = out->complete && c->all_right;
    fm_invariants_clear(&v);
}

fm_status fm_scheme_stabilizer(const fm_scheme *scheme, uint64_t steps, fm_stabilizer *stabilizer,
                               fm_error *error)
{
    collector c = {.scheme = scheme, .out = stabilizer, .all_right = true};
    *stabilizer = (fm_stabilizer){0};
    if (!fm_tensor_is_matmul(scheme->tensor, NULL))
        return fm_fail(error, FM_BAD_INPUT, "%s is no matrix product",
                       fm_tensor_name(scheme->tensor));
    fm_status status = check_holds(scheme, "the scheme", error);
    if (status == FM_OK)
        find_stabilizer(&c, steps != 0 ? steps : STEPS);
    return status;
}
