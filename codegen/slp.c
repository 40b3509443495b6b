#include "slp.h"

#include "memory.h"
#include "random.h"

#include <assert.h>
#include <flint/fmpq_mat.h>
#include <stdlib.h>
#include <string.h>

enum {
    NODE_BITS = 20,
    NODES_MAX = 1 << NODE_BITS,
    RATIOS_MAX = 1 << 24,
    TRIES = 32,
    TERMS_FOR_TRIES = 4000, /* above that, one try: seconds instead of minutes */
};

typedef struct term {
    uint32_t node;
    uint32_t coefficient; /* in the table of values */
} term;

typedef struct row {
    term *terms; /* by ascending node */
    uint32_t count;
} row;

/* How many rows contain x_i + ratio x_j, i < j, up to a scalar. */
typedef struct pair_count {
    uint64_t key; /* i, j and the ratio, packed */
    uint32_t count;
    bool used;
} pair_count;

typedef struct builder {
    fmpq *values; /* coefficients and ratios, each once */
    uint32_t value_count;
    size_t value_capacity;
    row *rows; /* the outputs, then the temporaries */
    uint32_t output_count, row_count, inputs;
    size_t row_capacity;
    pair_count *pairs; /* open addressing, a power of two */
    size_t pair_count, pair_capacity;
} builder;

/* ---------------------------------------------------------------- values */

static uint32_t value_id(builder *b, const fmpq_t value)
{
    for (uint32_t v = 0; v < b->value_count; v++)
        if (fmpq_equal(&b->values[v], value))
            return v;
    b->values = fm_grow(b->values, b->value_count, &b->value_capacity, sizeof *b->values);
    fmpq_init(&b->values[b->value_count]);
    fmpq_set(&b->values[b->value_count], value);
    return b->value_count++;
}

static uint32_t ratio_id(builder *b, uint32_t numerator, uint32_t denominator)
{
    fmpq_t ratio;
    fmpq_init(ratio);
    fmpq_div(ratio, &b->values[numerator], &b->values[denominator]);
    uint32_t id = value_id(b, ratio);
    fmpq_clear(ratio);
    return id;
}

/* ---------------------------------------------------------------- counts of pairs */

static uint64_t mix(uint64_t key, uint64_t seed)
{
    uint64_t state = key ^ seed;
    return fm_random_splitmix(&state);
}

static pair_count *find_pair(const builder *b, uint64_t key)
{
    size_t mask = b->pair_capacity - 1, slot = mix(key, 0) & mask;
    while (b->pairs[slot].used && b->pairs[slot].key != key)
        slot = (slot + 1) & mask;
    return &b->pairs[slot];
}

static void grow_pairs(builder *b)
{
    pair_count *old = b->pairs;
    size_t old_capacity = b->pair_capacity;
    b->pair_capacity = old_capacity > 0 ? 2 * old_capacity : 256;
    b->pairs = fm_alloc_zero(b->pair_capacity, sizeof *b->pairs);
    for (size_t p = 0; p < old_capacity; p++)
        if (old[p].used)
            *find_pair(b, old[p].key) = old[p];
    free(old);
}

static void count_pair(builder *b, term x, term y, int change)
{
    if (x.node > y.node) {
        term swap = x;
        x = y;
        y = swap;
    }
    uint64_t ratio = ratio_id(b, y.coefficient, x.coefficient);
    if (ratio >= RATIOS_MAX)
        return;
    if (2 * b->pair_count >= b->pair_capacity)
        grow_pairs(b);
    uint64_t key = ratio << (2 * NODE_BITS) | (uint64_t)x.node << NODE_BITS | y.node;
    pair_count *pair = find_pair(b, key);
    if (!pair->used) {
        *pair = (pair_count){.key = key, .used = true};
        b->pair_count++;
    }
    pair->count += (uint32_t)change;
}

/* All pairs of a row that contain its term at position. */
static void count_pairs_with(builder *b, const row *r, uint32_t position, int change)
{
    for (uint32_t t = 0; t < r->count; t++)
        if (t != position)
            count_pair(b, r->terms[t], r->terms[position], change);
}

/* The pair of most rows; NULL when no two rows share one. */
static const pair_count *best_pair(const builder *b, uint64_t seed)
{
    const pair_count *best = NULL;
    uint64_t best_order = 0;
    for (size_t p = 0; p < b->pair_capacity; p++) {
        const pair_count *pair = &b->pairs[p];
        if (!pair->used || pair->count < 2 || (best != NULL && pair->count < best->count))
            continue;
        uint64_t order = mix(pair->key, seed);
        if (best == NULL || pair->count > best->count || order < best_order) {
            best = pair;
            best_order = order;
        }
    }
    return best;
}

/* ---------------------------------------------------------------- rows */

static row *add_row(builder *b, uint32_t capacity)
{
    b->rows = fm_grow(b->rows, b->row_count, &b->row_capacity, sizeof *b->rows);
    row *r = &b->rows[b->row_count++];
    *r = (row){.terms = fm_alloc(capacity, sizeof(term))};
    return r;
}

static uint32_t find_term(const row *r, uint32_t node)
{
    uint32_t t = 0;
    while (t < r->count && r->terms[t].node != node)
        t++;
    return t;
}

static void remove_term(builder *b, row *r, uint32_t position)
{
    count_pairs_with(b, r, position, -1);
    r->count--;
    memmove(&r->terms[position], &r->terms[position + 1], (r->count - position) * sizeof *r->terms);
}

/* Replaces c x_i + c ratio x_j by c x_node where the row has it. */
static void replace_pair(builder *b, row *r, uint32_t i, uint32_t j, uint32_t ratio, uint32_t node)
{
    uint32_t at_i = find_term(r, i), at_j = find_term(r, j);
    if (at_i == r->count || at_j == r->count ||
        ratio_id(b, r->terms[at_j].coefficient, r->terms[at_i].coefficient) != ratio)
        return;
    term replacement = {node, r->terms[at_i].coefficient};
    remove_term(b, r, at_j);
    remove_term(b, r, find_term(r, i));
    r->terms[r->count++] = replacement; /* node is the largest: still ascending */
    count_pairs_with(b, r, r->count - 1, 1);
}

static void eliminate_pairs(builder *b, uint64_t seed)
{
    fmpq_t one;
    fmpq_init(one);
    fmpq_one(one);
    uint32_t one_id = value_id(b, one);
    for (;;) {
        const pair_count *pair = best_pair(b, seed);
        uint32_t node = b->inputs + b->row_count - b->output_count;
        if (pair == NULL || node == NODES_MAX)
            break;
        uint32_t i = (uint32_t)(pair->key >> NODE_BITS) % NODES_MAX;
        uint32_t j = (uint32_t)pair->key % NODES_MAX;
        uint32_t ratio = (uint32_t)(pair->key >> (2 * NODE_BITS));
        for (uint32_t r = 0; r < b->output_count; r++)
            replace_pair(b, &b->rows[r], i, j, ratio, node);
        row *definition = add_row(b, 2);
        definition->terms[0] = (term){i, one_id};
        definition->terms[1] = (term){j, ratio};
        definition->count = 2;
    }
    fmpq_clear(one);
}

/* A temporary that is used once is put in the place where it is used. */
static void inline_single_uses(builder *b)
{
    uint32_t temps = b->row_count - b->output_count;
    for (uint32_t t = 0; t < temps; t++) {
        row *definition = &b->rows[b->output_count + t], *user = NULL;
        uint32_t uses = 0, position = 0;
        for (uint32_t r = 0; r < b->row_count; r++) {
            uint32_t at = find_term(&b->rows[r], b->inputs + t);
            if (at == b->rows[r].count)
                continue;
            uses++;
            user = &b->rows[r];
            position = at;
        }
        if (uses != 1)
            continue;
        fmpq_t product;
        fmpq_init(product);
        uint32_t scale = user->terms[position].coefficient, count = user->count;
        term *terms = fm_alloc(count + definition->count, sizeof *terms);
        memcpy(terms, user->terms, count * sizeof *terms);
        terms[position] = terms[--count];
        for (uint32_t d = 0; d < definition->count; d++) {
            term added = definition->terms[d];
            fmpq_mul(product, &b->values[added.coefficient], &b->values[scale]);
            terms[count++] = (term){added.node, value_id(b, product)};
        }
        fmpq_clear(product);
        free(user->terms);
        *user = (row){terms, count};
        definition->count = 0;
    }
}

/* ---------------------------------------------------------------- in and out */

static void load_rows(builder *b, const fm_factors *factors)
{
    b->inputs = factors->extent;
    for (uint32_t r = 0; r < factors->rank; r++) {
        uint32_t count = (uint32_t)(factors->start[r + 1] - factors->start[r]);
        row *out = add_row(b, count + 1);
        for (size_t e = factors->start[r]; e < factors->start[r + 1]; e++) {
            out->terms[out->count++] = (term){factors->index[e], value_id(b, &factors->value[e])};
            for (uint32_t t = 0; t + 1 < out->count; t++)
                count_pair(b, out->terms[t], out->terms[out->count - 1], 1);
        }
    }
    b->output_count = b->row_count;
}

static int compare_terms(const void *a, const void *b)
{
    uint32_t x = ((const term *)a)->node, y = ((const term *)b)->node;
    return (x > y) - (x < y);
}

static void store_row(const builder *b, row *r, const uint32_t *names, fm_factors *out)
{
    for (uint32_t t = 0; t < r->count; t++)
        r->terms[t].node = names[r->terms[t].node];
    qsort(r->terms, r->count, sizeof *r->terms, compare_terms);
    for (uint32_t t = 0; t < r->count; t++)
        fm_factors_push(out, r->terms[t].node, &b->values[r->terms[t].coefficient]);
    fm_factors_end_row(out);
}

static void store_program(builder *b, fm_slp *slp)
{
    uint32_t temps = b->row_count - b->output_count, node = b->inputs;
    uint32_t *names = fm_alloc(b->inputs + temps, sizeof *names);
    for (uint32_t i = 0; i < b->inputs; i++)
        names[i] = i;
    for (uint32_t t = 0; t < temps; t++)
        if (b->rows[b->output_count + t].count > 0)
            names[b->inputs + t] = node++;
    slp->inputs = b->inputs;
    fm_factors_init(&slp->temps, node);
    fm_factors_init(&slp->outputs, node);
    for (uint32_t r = b->output_count; r < b->row_count; r++)
        if (b->rows[r].count > 0)
            store_row(b, &b->rows[r], names, &slp->temps);
    for (uint32_t r = 0; r < b->output_count; r++)
        store_row(b, &b->rows[r], names, &slp->outputs);
    free(names);
}

static void clear_builder(builder *b)
{
    for (uint32_t v = 0; v < b->value_count; v++)
        fmpq_clear(&b->values[v]);
    for (uint32_t r = 0; r < b->row_count; r++)
        free(b->rows[r].terms);
    free(b->values);
    free(b->rows);
    free(b->pairs);
}

static void build_once(const fm_factors *factors, uint64_t seed, fm_slp *slp)
{
    builder b = {0};
    grow_pairs(&b);
    load_rows(&b, factors);
    eliminate_pairs(&b, seed);
    inline_single_uses(&b);
    store_program(&b, slp);
    clear_builder(&b);
}

void fm_slp_build(const fm_factors *factors, fm_slp *slp)
{
    build_once(factors, 1, slp);
    for (uint64_t seed = 2; seed <= TRIES && factors->count <= TERMS_FOR_TRIES; seed++) {
        fm_slp other;
        build_once(factors, seed, &other);
        bool better = fm_slp_additions(&other) < fm_slp_additions(slp);
        fm_slp_clear(better ? slp : &other);
        if (better)
            *slp = other;
    }
}

void fm_slp_clear(fm_slp *slp)
{
    fm_factors_clear(&slp->temps);
    fm_factors_clear(&slp->outputs);
}

static uint64_t row_additions(const fm_factors *factors)
{
    uint64_t additions = 0;
    for (uint32_t r = 0; r < factors->rank; r++) {
        size_t terms = factors->start[r + 1] - factors->start[r];
        additions += terms > 0 ? terms - 1 : 0;
    }
    return additions;
}

uint64_t fm_slp_additions(const fm_slp *slp)
{
    return row_additions(&slp->temps) + row_additions(&slp->outputs);
}

/* ---------------------------------------------------------------- proof */

/* Row of the product of a row of coefficients with the nodes' values. */
static void expand_row(const fm_factors *rows, uint32_t r, const fmpq_mat_t nodes, fmpq *out)
{
    for (slong i = 0; i < nodes->c; i++)
        fmpq_zero(&out[i]);
    for (size_t e = rows->start[r]; e < rows->start[r + 1]; e++)
        for (slong i = 0; i < nodes->c; i++) {
            const fmpq *value = fmpq_mat_entry(nodes, rows->index[e], i);
            if (!fmpq_is_zero(value))
                fmpq_addmul(&out[i], &rows->value[e], value);
        }
}

static bool row_equals(const fm_factors *factors, uint32_t r, const fmpq *found)
{
    size_t e = factors->start[r];
    for (uint32_t i = 0; i < factors->extent; i++) {
        bool stored = e < factors->start[r + 1] && factors->index[e] == i;
        if (stored ? !fmpq_equal(&found[i], &factors->value[e]) : !fmpq_is_zero(&found[i]))
            return false;
        e += stored;
    }
    return true;
}

bool fm_slp_computes(const fm_slp *slp, const fm_factors *factors)
{
    fmpq_mat_t nodes, out;
    bool equal = slp->inputs == factors->extent && slp->outputs.rank == factors->rank;
    fmpq_mat_init(nodes, slp->inputs + slp->temps.rank, slp->inputs);
    fmpq_mat_init(out, 1, slp->inputs);
    for (uint32_t i = 0; i < slp->inputs; i++)
        fmpq_one(fmpq_mat_entry(nodes, i, i));
    for (uint32_t t = 0; t < slp->temps.rank; t++)
        expand_row(&slp->temps, t, nodes, fmpq_mat_entry(nodes, slp->inputs + t, 0));
    for (uint32_t r = 0; equal && r < factors->rank; r++) {
        expand_row(&slp->outputs, r, nodes, fmpq_mat_entry(out, 0, 0));
        equal = row_equals(factors, r, fmpq_mat_entry(out, 0, 0));
    }
    fmpq_mat_clear(nodes);
    fmpq_mat_clear(out);
    return equal;
}
