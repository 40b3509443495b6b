#include "plan.h"

#include "sizes.h"

#include <assert.h>
#include <string.h>

enum { LINE = 64 };

/* ---------------------------------------------------------------- shapes */

fm_gemm_shape fm_plan_block(const fm_gemm_scheme *scheme, fm_gemm_shape s)
{
    return (fm_gemm_shape){quotient_up(s.m, scheme->format[0]), quotient_up(s.n, scheme->format[2]),
                           quotient_up(s.k, scheme->format[1])};
}

fm_gemm_shape fm_plan_core(const fm_plan *plan, fm_gemm_shape s)
{
    size_t cut[3] = {1, 1, 1};
    for (unsigned l = 0; l < plan->level_count; l++)
        for (int i = 0; i < 3; i++)
            cut[i] *= plan->levels[l].scheme->format[i];
    if (!plan->peeled)
        return s;
    return (fm_gemm_shape){s.m / cut[0] * cut[0], s.n / cut[2] * cut[2], s.k / cut[1] * cut[1]};
}

fm_gemm_shape fm_plan_bottom(const fm_plan *plan, fm_gemm_shape shape)
{
    fm_gemm_shape s = fm_plan_core(plan, shape);
    for (unsigned l = 0; l < plan->level_count; l++)
        s = fm_plan_block(plan->levels[l].scheme, s);
    return s;
}

/* ---------------------------------------------------------------- temporaries */

/* Lines of a slot begin on cache lines, and not all of them in the same set of a cache. */
static size_t slot_stride(size_t length, size_t size)
{
    return (quotient_up(length * size, LINE) | 1) * LINE / size;
}

/* One slot of rows x columns, by lines of rows or of columns. */
static size_t slot_bytes(size_t rows, size_t columns, size_t size, bool by_rows)
{
    return by_rows ? rows * slot_stride(columns, size) * size
                   : columns * slot_stride(rows, size) * size;
}

static size_t level_bytes(const fm_gemm_scheme *scheme, fm_gemm_shape s, size_t size,
                          const bool by_rows[3])
{
    return scheme->slots[0] * slot_bytes(s.m, s.k, size, by_rows[0]) +
           scheme->slots[1] * slot_bytes(s.k, s.n, size, by_rows[1]) +
           scheme->slots[2] * slot_bytes(s.m, s.n, size, by_rows[2]);
}

/* Whatever the order of the entries in A and B. */
size_t fm_plan_bytes(const fm_plan *plan, fm_gemm_shape shape, size_t size)
{
    static const bool by_rows[3] = {true, true, true}, by_columns[3] = {false, false, true};
    fm_gemm_shape s = fm_plan_core(plan, shape);
    size_t total = 0;
    for (unsigned l = 0; l < plan->level_count; l++) {
        s = fm_plan_block(plan->levels[l].scheme, s);
        if (plan->levels[l].way != FM_LEVEL_SLOTS)
            continue;
        size_t a = level_bytes(plan->levels[l].scheme, s, size, by_rows);
        size_t b = level_bytes(plan->levels[l].scheme, s, size, by_columns);
        total += a > b ? a : b;
    }
    return total;
}

/* ---------------------------------------------------------------- running */

/* What was last done to blocks that other workers may read or write. */
enum last { NOTHING, ADDED, MULTIPLIED };

typedef struct runner {
    const fm_plan *plan;
    fm_gemm_worker *worker;
    enum last last;
} runner;

/* A product of sums, one level. */
typedef struct node {
    unsigned level;
    fm_gemm_shape shape; /* of the whole; blocks may be smaller */
    const fm_gemm_operand *a, *b;
    const fm_gemm_targets *c;
    bool turned; /* rows of blocks of A and C in the opposite order */
    char *work;
} node;

/* Sums of a level, which all workers divide alike, need not wait for each other, nor products, which
   wait inside; products wait for sums, and sums for products. */
static void begin(runner *r, enum last next)
{
    if (r->last != NOTHING && r->last != next)
        fm_gemm_wait(r->worker);
    r->last = next;
}

static size_t rest(size_t total, size_t from, size_t most)
{
    return total > from ? least(total - from, most) : 0;
}

/* Appends the block at row, column, of rows x columns, of each term of a sum, times coefficient. */
static size_t add_block(const fm_gemm_operand *sum, size_t size, double coefficient, size_t row,
                        size_t column, size_t rows, size_t columns, fm_gemm_term *list,
                        size_t count)
{
    ptrdiff_t offset = (ptrdiff_t)row * sum->row_stride + (ptrdiff_t)column * sum->column_stride;
    for (size_t t = 0; t < sum->count; t++) {
        const fm_gemm_term *term = &sum->terms[t];
        fm_gemm_term part = {coefficient * term->coefficient,
                             (const char *)term->at + offset * (ptrdiff_t)size,
                             rest(term->rows, row, rows), rest(term->columns, column, columns)};
        if (part.rows > 0 && part.columns > 0)
            list[count++] = part;
    }
    return count;
}

static size_t add_target(const fm_gemm_targets *c, const fm_gemm_kernel *kernel, double coefficient,
                         bool first, size_t row, size_t column, size_t rows, size_t columns,
                         fm_gemm_target *list, size_t count)
{
    ptrdiff_t offset = (ptrdiff_t)row * c->row_stride + (ptrdiff_t)column * c->column_stride;
    for (size_t t = 0; t < c->count; t++) {
        const fm_gemm_target *target = &c->targets[t];
        fm_gemm_target part = {fm_gemm_scalar_times(kernel, coefficient, target->coefficient),
                               first ? target->beta : fm_gemm_scalar_of(kernel, 1),
                               (char *)target->at + offset * (ptrdiff_t)kernel->size,
                               rest(target->rows, row, rows),
                               rest(target->columns, column, columns)};
        if (part.rows > 0 && part.columns > 0)
            list[count++] = part;
    }
    return count;
}

static void multiply(runner *r, const node *n);

/* The row of blocks of A (side 0), B or C where the scheme has this one. */
static size_t block_row(const fm_gemm_scheme *scheme, const node *n, int side, size_t row)
{
    return n->turned && side != 1 ? scheme->format[0] - 1 - row : row;
}

/* ---------------------------------------------------------------- fused levels */

/* The sum of blocks that row r of U (side 0) or V (side 1) is. */
static fm_gemm_operand fuse(const fm_gemm_scheme *scheme, const node *n, int side, uint32_t row,
                            size_t rows, size_t columns, size_t size,
                            fm_gemm_term list[FM_GEMM_TERMS_MAX])
{
    const fm_gemm_operand *sum = side == 0 ? n->a : n->b;
    const uint32_t width = scheme->format[side + 1];
    size_t count = 0;
    for (uint32_t e = scheme->rows[side][row]; e < scheme->rows[side][row + 1]; e++) {
        const fm_gemm_entry *entry = &scheme->entries[side][e];
        count = add_block(sum, size, entry->coefficient,
                          block_row(scheme, n, side, entry->block / width) * rows,
                          entry->block % width * columns, rows, columns, list, count);
    }
    return (fm_gemm_operand){list, count, sum->row_stride, sum->column_stride};
}

static fm_gemm_targets fuse_result(const fm_gemm_scheme *scheme, const node *n, uint32_t row,
                                   size_t rows, size_t columns, const fm_gemm_kernel *kernel,
                                   fm_gemm_target list[FM_GEMM_TERMS_MAX])
{
    const fm_gemm_targets *c = n->c;
    const uint32_t width = scheme->format[2];
    size_t count = 0;
    for (uint32_t e = scheme->rows[2][row]; e < scheme->rows[2][row + 1]; e++) {
        const fm_gemm_entry *entry = &scheme->entries[2][e];
        count = add_target(c, kernel, entry->coefficient, entry->first,
                           block_row(scheme, n, 2, entry->block / width) * rows,
                           entry->block % width * columns, rows, columns, list, count);
    }
    return (fm_gemm_targets){list, count, c->row_stride, c->column_stride};
}

static void run_fused(runner *r, const node *n)
{
    const fm_gemm_scheme *scheme = r->plan->levels[n->level].scheme;
    const fm_gemm_shape s = fm_plan_block(scheme, n->shape);
    const fm_gemm_kernel *kernel = r->worker->team->kernel;
    const size_t size = kernel->size;
    fm_gemm_term a_terms[FM_GEMM_TERMS_MAX], b_terms[FM_GEMM_TERMS_MAX];
    fm_gemm_target targets[FM_GEMM_TERMS_MAX];
    for (uint32_t row = 0; row < scheme->rank; row++) {
        fm_gemm_operand a = fuse(scheme, n, 0, row, s.m, s.k, size, a_terms);
        fm_gemm_operand b = fuse(scheme, n, 1, row, s.k, s.n, size, b_terms);
        fm_gemm_targets c = fuse_result(scheme, n, row, s.m, s.n, kernel, targets);
        multiply(r, &(node){n->level + 1, s, &a, &b, &c, scheme->turned[row], n->work});
    }
}

/* ---------------------------------------------------------------- levels with temporaries */

/* Slots of one kind in memory. */
typedef struct slots {
    char *at;
    size_t bytes; /* of one */
    size_t rows, columns;
    bool by_rows;
    ptrdiff_t row_stride, column_stride;
} slots;

typedef struct stage {
    runner *r;
    const node *n;
    const fm_gemm_scheme *scheme;
    fm_gemm_shape s; /* of a block */
    size_t size;
    slots slots[3];
} stage;

static slots place_slots(char *at, size_t rows, size_t columns, size_t size, bool by_rows)
{
    ptrdiff_t stride = (ptrdiff_t)slot_stride(by_rows ? columns : rows, size);
    return (slots){at,
                   slot_bytes(rows, columns, size, by_rows),
                   rows,
                   columns,
                   by_rows,
                   by_rows ? stride : 1,
                   by_rows ? 1 : stride};
}

/* Blocks in a row of the matrix. */
static size_t block_width(const stage *l, fm_place place)
{
    return place == FM_PLACE_A ? l->scheme->format[1] : l->scheme->format[2];
}

/* What stands in a block of A or B or in a slot, times coefficient. */
static fm_gemm_operand find_operand(const stage *l, fm_block block, double coefficient,
                                    fm_gemm_term list[FM_GEMM_TERMS_MAX])
{
    if (block.place >= FM_PLACE_S) {
        const slots *s = &l->slots[block.place - FM_PLACE_S];
        list[0] = (fm_gemm_term){coefficient, s->at + block.index * s->bytes, s->rows, s->columns};
        return (fm_gemm_operand){list, 1, s->row_stride, s->column_stride};
    }
    const bool is_a = block.place == FM_PLACE_A;
    const fm_gemm_operand *whole = is_a ? l->n->a : l->n->b;
    const size_t rows = is_a ? l->s.m : l->s.k, columns = is_a ? l->s.k : l->s.n;
    const size_t width = block_width(l, block.place);
    const size_t row = block_row(l->scheme, l->n, is_a ? 0 : 1, block.index / width);
    size_t count = add_block(whole, l->size, coefficient, row * rows, block.index % width * columns,
                             rows, columns, list, 0);
    return (fm_gemm_operand){list, count, whole->row_stride, whole->column_stride};
}

static fm_gemm_targets find_result(const stage *l, fm_block block, double coefficient, bool first,
                                   fm_gemm_target list[FM_GEMM_TERMS_MAX])
{
    const fm_gemm_kernel *kernel = l->r->worker->team->kernel;
    const fm_gemm_scalar one = fm_gemm_scalar_of(kernel, 1);
    if (block.place == FM_PLACE_C) {
        const size_t width = block_width(l, block.place);
        const size_t row = block_row(l->scheme, l->n, 2, block.index / width);
        size_t count = add_target(l->n->c, kernel, coefficient, first, row * l->s.m,
                                  block.index % width * l->s.n, l->s.m, l->s.n, list, 0);
        return (fm_gemm_targets){list, count, l->n->c->row_stride, 1};
    }
    const slots *s = &l->slots[block.place - FM_PLACE_S];
    list[0] = (fm_gemm_target){fm_gemm_scalar_times(kernel, coefficient, one),
                               fm_gemm_scalar_of(kernel, first ? 0 : 1),
                               s->at + block.index * s->bytes, s->rows, s->columns};
    return (fm_gemm_targets){list, 1, s->row_stride, 1};
}

/* A term of a sum by its lines, which are rows or columns as in the slot that it goes to. */
typedef struct line_term {
    double coefficient;
    const char *at;
    size_t lines, length;
    ptrdiff_t stride;
} line_term;

static size_t collect_lines(const stage *l, const fm_gemm_step *step, bool by_rows,
                            line_term lines[FM_GEMM_TERMS_MAX])
{
    fm_gemm_term list[FM_GEMM_TERMS_MAX];
    size_t count = 0;
    for (uint32_t t = 0; t < step->term_count; t++) {
        const fm_gemm_step_term *term = &step->terms[t];
        fm_gemm_operand o = find_operand(l, term->block, term->coefficient, list);
        for (size_t i = 0; i < o.count; i++)
            lines[count++] = (line_term){
                list[i].coefficient, list[i].at, by_rows ? list[i].rows : list[i].columns,
                by_rows ? list[i].columns : list[i].rows, by_rows ? o.row_stride : o.column_stride};
    }
    return count;
}

/* One line of a sum, in pieces in which the same terms are there. */
static void sum_line(const stage *l, const line_term *terms, size_t count, size_t line,
                     size_t length, char *to)
{
    const fm_gemm_team *team = l->r->worker->team;
    fm_gemm_source sources[FM_GEMM_TERMS_MAX];
    for (size_t p = 0, end; p < length; p = end) {
        size_t found = 0;
        end = length;
        for (size_t t = 0; t < count; t++) {
            if (terms[t].lines <= line || terms[t].length <= p)
                continue;
            ptrdiff_t at = (ptrdiff_t)line * terms[t].stride + (ptrdiff_t)p;
            sources[found++] =
                (fm_gemm_source){terms[t].coefficient, terms[t].at + at * (ptrdiff_t)l->size, 0};
            end = least(end, terms[t].length);
        }
        if (found > 0)
            team->kernel->sum(end - p, sources, found, team->modulus, to + p * l->size);
        else
            memset(to + p * l->size, 0, (end - p) * l->size);
    }
}

static void run_sum(const stage *l, const fm_gemm_step *step)
{
    const slots *to = &l->slots[step->block.place - FM_PLACE_S];
    const fm_gemm_worker *w = l->r->worker;
    line_term terms[FM_GEMM_TERMS_MAX];
    begin(l->r, ADDED);
    size_t count = collect_lines(l, step, to->by_rows, terms);
    size_t lines = to->by_rows ? to->rows : to->columns;
    size_t length = to->by_rows ? to->columns : to->rows;
    size_t stride = (size_t)(to->by_rows ? to->row_stride : to->column_stride) * l->size;
    char *slot = to->at + step->block.index * to->bytes;
    fm_gemm_range mine = fm_gemm_share(lines, 1, w->index, w->count);
    for (size_t line = mine.begin; line < mine.end; line++)
        sum_line(l, terms, count, line, length, slot + line * stride);
}

/* Multiples of row i to that of each target, to those at once that have as many columns. */
static void spread_row(const fm_gemm_team *team, size_t columns, const char *row, size_t i,
                       const fm_gemm_target *targets, const ptrdiff_t *strides, size_t count)
{
    fm_gemm_update updates[FM_GEMM_TERMS_MAX];
    for (size_t t = 0, found = 0; t < count; t++) {
        if (i < targets[t].rows)
            updates[found++] = (fm_gemm_update){targets[t].coefficient, targets[t].beta,
                                                (char *)targets[t].at + (ptrdiff_t)i * strides[t]};
        if (t + 1 < count && targets[t + 1].columns == targets[t].columns)
            continue;
        if (found > 0)
            team->kernel->add(least(columns, targets[t].columns), row, updates, found,
                              team->modulus);
        found = 0;
    }
}

/* Multiples of a slot to other blocks, a row to all of them while it is in the cache. */
static void run_spread(const stage *l, const fm_gemm_step *step)
{
    const slots *from = &l->slots[2];
    const fm_gemm_worker *w = l->r->worker;
    fm_gemm_target targets[FM_GEMM_TERMS_MAX];
    ptrdiff_t strides[FM_GEMM_TERMS_MAX];
    size_t count = 0;
    begin(l->r, ADDED);
    for (uint32_t t = 0; t < step->term_count; t++) {
        const fm_gemm_step_term *term = &step->terms[t];
        fm_gemm_targets c =
            find_result(l, term->block, term->coefficient, term->first, targets + count);
        for (size_t i = 0; i < c.count; i++)
            strides[count++] = c.row_stride * (ptrdiff_t)l->size;
    }
    const char *slot = from->at + step->block.index * from->bytes;
    const size_t stride = (size_t)from->row_stride * l->size;
    fm_gemm_range mine = fm_gemm_share(from->rows, 1, w->index, w->count);
    for (size_t i = mine.begin; i < mine.end; i++)
        spread_row(w->team, from->columns, slot + i * stride, i, targets, strides, count);
}

static void run_multiply(const stage *l, const fm_gemm_step *step, char *work)
{
    fm_gemm_term a_terms[FM_GEMM_TERMS_MAX], b_terms[FM_GEMM_TERMS_MAX];
    fm_gemm_target targets[FM_GEMM_TERMS_MAX];
    const fm_gemm_step_term *factors = step->terms;
    fm_gemm_operand a = find_operand(l, factors[0].block, 1, a_terms);
    fm_gemm_operand b = find_operand(l, factors[1].block, 1, b_terms);
    fm_gemm_targets c = find_result(l, step->block, step->coefficient, step->first, targets);
    begin(l->r, MULTIPLIED);
    multiply(l->r,
             &(node){l->n->level + 1, l->s, &a, &b, &c, l->scheme->turned[step->product], work});
    l->r->last = MULTIPLIED;
}

static void run_steps(runner *r, const node *n)
{
    const fm_gemm_scheme *scheme = r->plan->levels[n->level].scheme;
    stage l = {r, n, scheme, fm_plan_block(scheme, n->shape), r->worker->team->kernel->size, {{0}}};
    char *work = n->work;
    l.slots[0] = place_slots(work, l.s.m, l.s.k, l.size, n->a->column_stride == 1);
    work += scheme->slots[0] * l.slots[0].bytes;
    l.slots[1] = place_slots(work, l.s.k, l.s.n, l.size, n->b->column_stride == 1);
    work += scheme->slots[1] * l.slots[1].bytes;
    l.slots[2] = place_slots(work, l.s.m, l.s.n, l.size, true);
    work += scheme->slots[2] * l.slots[2].bytes;
    for (uint32_t i = 0; i < scheme->step_count; i++) {
        const fm_gemm_step *step = &scheme->steps[i];
        if (step->kind == FM_STEP_SUM)
            run_sum(&l, step);
        else if (step->kind == FM_STEP_SPREAD)
            run_spread(&l, step);
        else
            run_multiply(&l, step, work);
    }
}

/* ---------------------------------------------------------------- the whole */

static void multiply(runner *r, const node *n)
{
    if (n->level == r->plan->level_count)
        fm_gemm_terms(r->worker, n->a, n->b, n->c);
    else if (r->plan->levels[n->level].way == FM_LEVEL_FUSED)
        run_fused(r, n);
    else
        run_steps(r, n);
}

/* The product of a part of A, from the given row and step on, and a part of B. */
static void multiply_part(runner *r, const fm_plan_call *call, unsigned level, fm_gemm_shape from,
                          fm_gemm_shape s, fm_gemm_scalar beta, char *work)
{
    const ptrdiff_t size = (ptrdiff_t)r->worker->team->kernel->size;
    const ptrdiff_t row = (ptrdiff_t)from.m, column = (ptrdiff_t)from.n, step = (ptrdiff_t)from.k;
    if (s.m == 0 || s.n == 0)
        return;
    fm_gemm_term a = {
        1, (const char *)call->a + (row * call->a_strides[0] + step * call->a_strides[1]) * size,
        s.m, s.k};
    fm_gemm_term b = {
        1, (const char *)call->b + (step * call->b_strides[0] + column * call->b_strides[1]) * size,
        s.k, s.n};
    fm_gemm_target c = {call->alpha, beta, (char *)call->c + (row * call->c_stride + column) * size,
                        s.m, s.n};
    multiply(r, &(node){level, s, &(fm_gemm_operand){&a, 1, call->a_strides[0], call->a_strides[1]},
                        &(fm_gemm_operand){&b, 1, call->b_strides[0], call->b_strides[1]},
                        &(fm_gemm_targets){&c, 1, call->c_stride, 1}, false, work});
}

/* What goes through the levels; then what it lacks of k, the columns right of it and the rows
   below. */
void fm_plan_run(const fm_plan *plan, fm_gemm_worker *worker, const fm_plan_call *call, char *work)
{
    runner r = {plan, worker, NOTHING};
    const unsigned classical = plan->level_count;
    const fm_gemm_shape s = call->shape, core = fm_plan_core(plan, s);
    multiply_part(&r, call, 0, (fm_gemm_shape){0, 0, 0}, core, call->beta, work);
    begin(&r, MULTIPLIED);
    if (core.k < s.k)
        multiply_part(&r, call, classical, (fm_gemm_shape){0, 0, core.k},
                      (fm_gemm_shape){core.m, core.n, s.k - core.k},
                      fm_gemm_scalar_of(worker->team->kernel, 1), work);
    multiply_part(&r, call, classical, (fm_gemm_shape){0, core.n, 0},
                  (fm_gemm_shape){core.m, s.n - core.n, s.k}, call->beta, work);
    multiply_part(&r, call, classical, (fm_gemm_shape){core.m, 0, 0},
                  (fm_gemm_shape){s.m - core.m, s.n, s.k}, call->beta, work);
}
