#include "schedule.h"

#include "memory.h"
#include "slp.h"

#include <assert.h>
#include <flint/fmpq_mat.h>
#include <stdlib.h>

enum { NO_SLOT = UINT32_MAX };

/* Slots of one kind: the lowest free one is taken. */
typedef struct slot_set {
    bool *taken;
    uint32_t count;
    size_t capacity;
} slot_set;

/* One side of the scheme: its program, and for each temporary the slot where it lives and how often
   it is still to be used (U, V) or added to (W). */
typedef struct axis_side {
    fm_slp slp;
    slot_set slots;
    uint32_t *slot;
    uint32_t *remaining;
} axis_side;

typedef struct builder {
    const fm_scheme *scheme;
    fm_schedule *schedule;
    axis_side side[3];
    bool *touched; /* blocks of C */
} builder;

/* ---------------------------------------------------------------- slots and steps */

static uint32_t take_slot(slot_set *s)
{
    uint32_t slot = 0;
    while (slot < s->count && s->taken[slot])
        slot++;
    if (slot == s->count) {
        s->taken = fm_grow(s->taken, s->count, &s->capacity, sizeof *s->taken);
        s->count++;
    }
    s->taken[slot] = true;
    return slot;
}

static void give_slot(slot_set *s, uint32_t slot)
{
    assert(slot < s->count && s->taken[slot]);
    s->taken[slot] = false;
}

static fm_step *add_step(builder *b, fm_step_kind kind, uint32_t product, fm_block block,
                         uint32_t term_count)
{
    fm_schedule *s = b->schedule;
    s->steps = fm_grow(s->steps, s->count, &s->capacity, sizeof *s->steps);
    fm_step *step = &s->steps[s->count++];
    *step = (fm_step){.kind = kind, .product = product, .block = block, .term_count = term_count};
    fmpq_init(&step->coefficient);
    fmpq_one(&step->coefficient);
    step->terms = fm_alloc_zero(term_count, sizeof *step->terms);
    for (uint32_t t = 0; t < term_count; t++)
        fmpq_init(&step->terms[t].coefficient);
    return step;
}

/* The block of a node of an axis' program. */
static fm_block node_block(const builder *b, int axis, uint32_t node)
{
    const axis_side *s = &b->side[axis];
    if (node < s->slp.inputs)
        return (fm_block){FM_PLACE_A + (fm_place)axis, node};
    assert(s->slot[node - s->slp.inputs] != NO_SLOT);
    return (fm_block){FM_PLACE_S + (fm_place)axis, s->slot[node - s->slp.inputs]};
}

static uint32_t row_length(const fm_factors *rows, uint32_t r)
{
    return (uint32_t)(rows->start[r + 1] - rows->start[r]);
}

/* ---------------------------------------------------------------- sums of A and of B */

static void compute_row(builder *b, int axis, const fm_factors *rows, uint32_t r, uint32_t product,
                        fm_block to);

static void compute_temp(builder *b, int axis, uint32_t temp, uint32_t product)
{
    axis_side *s = &b->side[axis];
    if (s->slot[temp] != NO_SLOT)
        return;
    uint32_t slot = take_slot(&s->slots);
    compute_row(b, axis, &s->slp.temps, temp, product,
                (fm_block){FM_PLACE_S + (fm_place)axis, slot});
    s->slot[temp] = slot;
}

static void compute_temps_of_row(builder *b, int axis, const fm_factors *rows, uint32_t r,
                                 uint32_t product)
{
    for (size_t e = rows->start[r]; e < rows->start[r + 1]; e++)
        if (rows->index[e] >= b->side[axis].slp.inputs)
            compute_temp(b, axis, rows->index[e] - b->side[axis].slp.inputs, product);
}

static void release_temps_of_row(builder *b, int axis, const fm_factors *rows, uint32_t r)
{
    axis_side *s = &b->side[axis];
    for (size_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
        if (rows->index[e] < s->slp.inputs)
            continue;
        uint32_t temp = rows->index[e] - s->slp.inputs;
        if (--s->remaining[temp] == 0)
            give_slot(&s->slots, s->slot[temp]);
    }
}

static void compute_row(builder *b, int axis, const fm_factors *rows, uint32_t r, uint32_t product,
                        fm_block to)
{
    compute_temps_of_row(b, axis, rows, r, product);
    fm_step *step = add_step(b, FM_STEP_SUM, product, to, row_length(rows, r));
    for (uint32_t t = 0; t < step->term_count; t++) {
        size_t e = rows->start[r] + t;
        step->terms[t].block = node_block(b, axis, rows->index[e]);
        fmpq_set(&step->terms[t].coefficient, &rows->value[e]);
    }
    release_temps_of_row(b, axis, rows, r);
}

/* A factor of a product: a block as it stands with a scalar, or a sum in a slot of its own. */
typedef struct operand {
    fm_block block;
    const fmpq *scale; /* NULL: 1 */
    bool own_slot;
} operand;

static operand compute_factor(builder *b, int axis, uint32_t product)
{
    const fm_factors *rows = &b->side[axis].slp.outputs;
    if (row_length(rows, product) == 1) {
        size_t e = rows->start[product];
        compute_temps_of_row(b, axis, rows, product, product);
        return (operand){node_block(b, axis, rows->index[e]), &rows->value[e], false};
    }
    fm_block slot = {FM_PLACE_S + (fm_place)axis, take_slot(&b->side[axis].slots)};
    compute_row(b, axis, rows, product, product, slot);
    return (operand){slot, NULL, true};
}

static void release_factor(builder *b, int axis, uint32_t product, const operand *factor)
{
    if (factor->own_slot)
        give_slot(&b->side[axis].slots, factor->block.index);
    else
        release_temps_of_row(b, axis, &b->side[axis].slp.outputs, product);
}

/* ---------------------------------------------------------------- sums of products */

/* The block that a node of W's program collects in; *first tells whether anything stands there. */
static fm_block collecting_block(builder *b, uint32_t node, bool *first)
{
    axis_side *s = &b->side[2];
    bool *touched = &b->touched[node];
    if (node >= s->slp.inputs && !*touched)
        s->slot[node - s->slp.inputs] = take_slot(&s->slots);
    *first = !*touched;
    *touched = true;
    return node_block(b, 2, node);
}

static void spread(builder *b, const fm_factors *rows, uint32_t r, uint32_t product, fm_block from)
{
    fm_step *step = add_step(b, FM_STEP_SPREAD, product, from, row_length(rows, r));
    for (uint32_t t = 0; t < step->term_count; t++) {
        size_t e = rows->start[r] + t;
        fm_step_term *term = &step->terms[t];
        term->block = collecting_block(b, rows->index[e], &term->first);
        fmpq_set(&term->coefficient, &rows->value[e]);
    }
}

/* One row has been added to its nodes: temporaries that are now complete are added to theirs. */
static void finish_row(builder *b, const fm_factors *rows, uint32_t r, uint32_t product)
{
    axis_side *s = &b->side[2];
    for (size_t e = rows->start[r]; e < rows->start[r + 1]; e++) {
        if (rows->index[e] < s->slp.inputs)
            continue;
        uint32_t temp = rows->index[e] - s->slp.inputs;
        if (--s->remaining[temp] > 0)
            continue;
        spread(b, &s->slp.temps, temp, product, node_block(b, 2, rows->index[e]));
        give_slot(&s->slots, s->slot[temp]);
        finish_row(b, &s->slp.temps, temp, product);
    }
}

static void multiply(builder *b, uint32_t product, const operand *u, const operand *v)
{
    axis_side *s = &b->side[2];
    const fm_factors *w = &s->slp.outputs;
    bool direct = row_length(w, product) == 1, first = true;
    fm_block to = {FM_PLACE_P, 0};
    if (direct)
        to = collecting_block(b, w->index[w->start[product]], &first);
    else
        to.index = take_slot(&s->slots);
    fm_step *step = add_step(b, FM_STEP_MULTIPLY, product, to, 2);
    step->first = first;
    step->terms[0].block = u->block;
    step->terms[1].block = v->block;
    if (u->scale != NULL)
        fmpq_mul(&step->coefficient, &step->coefficient, u->scale);
    if (v->scale != NULL)
        fmpq_mul(&step->coefficient, &step->coefficient, v->scale);
    if (direct) {
        fmpq_mul(&step->coefficient, &step->coefficient, &w->value[w->start[product]]);
    } else {
        spread(b, w, product, product, to);
        give_slot(&s->slots, to.index);
    }
    finish_row(b, w, product, product);
}

/* ---------------------------------------------------------------- the order of the products */

/* How many more temporaries are alive after the product than before, an estimate: those of its rows
   that begin, less those that end. */
static int growth(const builder *b, uint32_t product)
{
    int change = 0;
    for (int axis = 0; axis < 3; axis++) {
        const axis_side *s = &b->side[axis];
        const fm_factors *rows = &s->slp.outputs;
        for (size_t e = rows->start[product]; e < rows->start[product + 1]; e++) {
            if (rows->index[e] < s->slp.inputs)
                continue;
            uint32_t temp = rows->index[e] - s->slp.inputs;
            change += (s->slot[temp] == NO_SLOT) - (s->remaining[temp] == 1);
        }
    }
    return change;
}

static uint32_t next_product(const builder *b, const bool *done)
{
    uint32_t best = 0;
    int best_growth = INT32_MAX;
    for (uint32_t r = 0; r < b->scheme->rank; r++) {
        int change = done[r] ? INT32_MAX : growth(b, r);
        if (change < best_growth) {
            best = r;
            best_growth = change;
        }
    }
    return best;
}

/* ---------------------------------------------------------------- the whole */

static bool product_is_zero(const fm_scheme *scheme, uint32_t r)
{
    for (int axis = 0; axis < 3; axis++)
        if (row_length(&scheme->factors[axis], r) == 0)
            return true;
    return false;
}

/* The factor matrix of one axis with the rows of zero products emptied, so that nothing is computed
   for them. */
static void factors_in_use(const fm_scheme *scheme, int axis, fm_factors *out)
{
    fm_factors_init(out, scheme->factors[axis].extent);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        if (product_is_zero(scheme, r))
            fm_factors_end_row(out);
        else
            fm_factors_copy_row(out, &scheme->factors[axis], r);
    }
}

static void count_uses(axis_side *s, const fm_factors *rows)
{
    for (size_t e = 0; e < rows->count; e++)
        if (rows->index[e] >= s->slp.inputs)
            s->remaining[rows->index[e] - s->slp.inputs]++;
}

static void init_side(axis_side *s, const fm_scheme *scheme, int axis)
{
    fm_factors factors;
    factors_in_use(scheme, axis, &factors);
    fm_slp_build(&factors, &s->slp);
    assert(fm_slp_computes(&s->slp, &factors));
    fm_factors_clear(&factors);
    uint32_t temps = s->slp.temps.rank;
    s->slot = fm_alloc(temps, sizeof *s->slot);
    s->remaining = fm_alloc_zero(temps, sizeof *s->remaining);
    for (uint32_t t = 0; t < temps; t++)
        s->slot[t] = NO_SLOT;
    count_uses(s, &s->slp.temps);
    count_uses(s, &s->slp.outputs);
}

void fm_schedule_build(const fm_scheme *scheme, fm_schedule *schedule)
{
    *schedule = (fm_schedule){0};
    builder b = {.scheme = scheme, .schedule = schedule};
    for (int axis = 0; axis < 3; axis++)
        init_side(&b.side[axis], scheme, axis);
    b.touched = fm_alloc_zero(b.side[2].slp.outputs.extent, sizeof *b.touched);
    bool *done = fm_alloc_zero(scheme->rank, sizeof *done);
    for (uint32_t step = 0; step < scheme->rank; step++) {
        uint32_t r = next_product(&b, done);
        done[r] = true;
        if (product_is_zero(scheme, r))
            continue;
        operand u = compute_factor(&b, 0, r), v = compute_factor(&b, 1, r);
        multiply(&b, r, &u, &v);
        release_factor(&b, 0, r, &u);
        release_factor(&b, 1, r, &v);
    }
    free(done);
    free(b.touched);
    for (int axis = 0; axis < 3; axis++) {
        axis_side *s = &b.side[axis];
        schedule->slots[axis] = s->slots.count;
        free(s->slots.taken);
        free(s->slot);
        free(s->remaining);
        fm_slp_clear(&s->slp);
    }
}

void fm_schedule_clear(fm_schedule *schedule)
{
    for (size_t i = 0; i < schedule->count; i++) {
        fm_step *step = &schedule->steps[i];
        for (uint32_t t = 0; t < step->term_count; t++)
            fmpq_clear(&step->terms[t].coefficient);
        fmpq_clear(&step->coefficient);
        free(step->terms);
    }
    free(schedule->steps);
    *schedule = (fm_schedule){0};
}

uint64_t fm_schedule_additions(const fm_schedule *schedule)
{
    uint64_t additions = 0;
    for (size_t i = 0; i < schedule->count; i++) {
        const fm_step *step = &schedule->steps[i];
        if (step->kind == FM_STEP_SUM)
            additions += step->term_count - 1;
        if (step->kind == FM_STEP_MULTIPLY)
            additions += !step->first;
        for (uint32_t t = 0; step->kind == FM_STEP_SPREAD && t < step->term_count; t++)
            additions += !step->terms[t].first;
    }
    return additions;
}

/* ---------------------------------------------------------------- proof */

/* What stands in each block and slot: rows over the entries of A (for A and S) or of B (B and T),
   or over the products (C and P), with a last column for what was there before the first step, so
   that a step that reads it is seen. */
typedef struct symbols {
    fmpq_mat_t place[6];
} symbols;

static fmpq *contents(symbols *s, fm_block block)
{
    return fmpq_mat_entry(s->place[block.place], block.index, 0);
}

static void add_scaled(fmpq *to, const fmpq *from, const fmpq *scale, slong length)
{
    for (slong i = 0; i < length; i++)
        if (!fmpq_is_zero(&from[i]))
            fmpq_addmul(&to[i], &from[i], scale);
}

static void clear_row(fmpq *row, slong length)
{
    for (slong i = 0; i < length; i++)
        fmpq_zero(&row[i]);
}

static void run_sum(symbols *s, const fm_step *step)
{
    slong length = s->place[step->block.place]->c;
    fmpq_mat_t sum;
    fmpq_mat_init(sum, 1, length);
    fmpq *row = fmpq_mat_entry(sum, 0, 0);
    for (uint32_t t = 0; t < step->term_count; t++)
        add_scaled(row, contents(s, step->terms[t].block), &step->terms[t].coefficient, length);
    for (slong i = 0; i < length; i++)
        fmpq_set(&contents(s, step->block)[i], &row[i]);
    fmpq_mat_clear(sum);
}

static void run_spread(symbols *s, const fm_step *step)
{
    slong length = s->place[FM_PLACE_C]->c;
    for (uint32_t t = 0; t < step->term_count; t++) {
        fmpq *to = contents(s, step->terms[t].block);
        if (step->terms[t].first)
            clear_row(to, length);
        add_scaled(to, contents(s, step->block), &step->terms[t].coefficient, length);
    }
}

/* The block must hold a multiple of the row; the scalar is multiplied to scale. */
static bool is_multiple_of_row(const fmpq *block, const fm_factors *factors, uint32_t r,
                               fmpq_t scale)
{
    size_t e = factors->start[r];
    fmpq_t ratio, product;
    fmpq_init(ratio);
    fmpq_init(product);
    fmpq_div(ratio, &block[factors->index[e]], &factors->value[e]);
    bool multiple = !fmpq_is_zero(ratio) && fmpq_is_zero(&block[factors->extent]);
    for (uint32_t i = 0; i < factors->extent; i++) {
        bool stored = e < factors->start[r + 1] && factors->index[e] == i;
        fmpq_zero(product);
        if (stored)
            fmpq_mul(product, ratio, &factors->value[e++]);
        multiple = multiple && fmpq_equal(product, &block[i]);
    }
    fmpq_mul(scale, scale, ratio);
    fmpq_clear(ratio);
    fmpq_clear(product);
    return multiple;
}

static bool run_multiply(symbols *s, const fm_step *step, const fm_scheme *scheme)
{
    fmpq_t scale;
    fmpq_init(scale);
    fmpq_set(scale, &step->coefficient);
    bool right = true;
    for (int axis = 0; axis < 2; axis++)
        right = right && is_multiple_of_row(contents(s, step->terms[axis].block),
                                            &scheme->factors[axis], step->product, scale);
    fmpq *to = contents(s, step->block);
    if (step->first)
        clear_row(to, s->place[FM_PLACE_C]->c);
    fmpq_add(&to[step->product], &to[step->product], scale);
    fmpq_clear(scale);
    return right;
}

static bool c_is_right(symbols *s, const fm_scheme *scheme)
{
    const fm_factors *w = &scheme->factors[2];
    bool right = true;
    for (uint32_t k = 0; k < w->extent && right; k++)
        right = fmpq_is_zero(&contents(s, (fm_block){FM_PLACE_C, k})[scheme->rank]);
    for (uint32_t r = 0; r < scheme->rank && right; r++) {
        size_t e = w->start[r];
        for (uint32_t k = 0; k < w->extent && right; k++) {
            bool stored = e < w->start[r + 1] && w->index[e] == k;
            const fmpq *found = &contents(s, (fm_block){FM_PLACE_C, k})[r];
            if (product_is_zero(scheme, r) || !stored)
                right = fmpq_is_zero(found);
            else
                right = fmpq_equal(found, &w->value[e]);
            e += stored;
        }
    }
    return right;
}

bool fm_schedule_computes(const fm_schedule *schedule, const fm_scheme *scheme)
{
    symbols s;
    bool right = true;
    for (int axis = 0; axis < 3; axis++) {
        slong extent = scheme->factors[axis].extent;
        slong unknown = axis < 2 ? extent : (slong)scheme->rank;
        fmpq_mat_init(s.place[FM_PLACE_A + axis], extent, unknown + 1);
        fmpq_mat_init(s.place[FM_PLACE_S + axis], schedule->slots[axis], unknown + 1);
        for (slong i = 0; i < extent; i++)
            fmpq_one(fmpq_mat_entry(s.place[FM_PLACE_A + axis], i, axis < 2 ? i : unknown));
        for (uint32_t i = 0; i < schedule->slots[axis]; i++)
            fmpq_one(fmpq_mat_entry(s.place[FM_PLACE_S + axis], i, unknown));
    }
    for (size_t i = 0; right && i < schedule->count; i++) {
        const fm_step *step = &schedule->steps[i];
        if (step->kind == FM_STEP_SUM)
            run_sum(&s, step);
        else if (step->kind == FM_STEP_SPREAD)
            run_spread(&s, step);
        else
            right = run_multiply(&s, step, scheme);
    }
    right = right && c_is_right(&s, scheme);
    for (int place = 0; place < 6; place++)
        fmpq_mat_clear(s.place[place]);
    return right;
}
