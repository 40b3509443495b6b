#include "ladder.h"

#include "luby.h"
#include "memory.h"
#include "scheme.h"
#include "tensor.h"
#include "ternary.h"

#include <assert.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEMBERS_MIN = 2, /* schemes in a pool ... */
    MEMBERS_MAX = 16,
    POOL_BYTES = 1 << 23, /* ... as this allows */
    SHARES = 6,           /* stages of a tensor that is no matrix product */
    SANDWICH_MOVES = 3,
    IDLE_MAX = 8,   /* times Luby's number: schemes of the whole without progress in a generation */
    BEST_SHARE = 4, /* one in so many flips goes on from the best of all generations */
};

typedef struct stage {
    uint32_t extent[3]; /* its coordinates come first on each axis */
    uint32_t end;       /* the standard products up to here are its own */
    uint32_t size[3];   /* n, m, p of a matrix product */

    uint32_t rank; /* of the pool, UINT32_MAX when there is none */
    uint32_t hint;
    uint32_t count;
    int8_t *member[MEMBERS_MAX];
    uint64_t hash[MEMBERS_MAX];
} stage;

struct fm_ladder {
    fm_tensor *tensor; /* of the last stage */
    fm_ring ring;
    uint32_t extent[3];
    uint32_t *place[3]; /* of the tensor's coordinates, in the order of the stages */
    uint32_t format[3]; /* of the last stage; zeros when the tensor is no matrix product */
    stage *stages;
    uint32_t stage_count, goal;
    fm_products *starts; /* the first are the standard products in the order of the stages */
    size_t start_count;
    uint32_t rank_max;
    omp_lock_t lock; /* guards the pools and what follows */
    uint64_t generation;
    uint64_t idle;                 /* schemes of the whole since a pool last had a lower rank */
    stage best;                    /* a pool of the whole that all generations share */
    uint64_t spent, spent_on_best; /* attempted flips */
};

static uint32_t row_length(const uint32_t extent[3])
{
    return extent[0] + extent[1] + extent[2];
}

/* ---------------------------------------------------------------- stages */

/* The first stage that has this row and column, or share. */
static uint32_t stage_of_coordinate(const fm_ladder *l, int axis, uint32_t coordinate)
{
    static const int rows[3] = {0, 1, 0}, columns[3] = {1, 2, 2};
    uint32_t s = 0;
    if (l->format[0] == 0) {
        while (l->stages[s].extent[axis] <= coordinate)
            s++;
        return s;
    }
    uint32_t width = l->format[columns[axis]];
    while (l->stages[s].size[rows[axis]] <= coordinate / width ||
           l->stages[s].size[columns[axis]] <= coordinate % width)
        s++;
    return s;
}

/* Orders the coordinates by the stage to which they belong. */
static void place_coordinates(fm_ladder *l)
{
    for (int axis = 0; axis < 3; axis++) {
        uint32_t next = 0;
        l->place[axis] = fm_alloc(l->extent[axis], sizeof **l->place);
        for (uint32_t s = 0; s < l->stage_count; s++) {
            for (uint32_t c = 0; c < l->extent[axis]; c++)
                if (stage_of_coordinate(l, axis, c) == s)
                    l->place[axis][c] = next++;
            l->stages[s].extent[axis] = next;
        }
    }
}

/* The smallest of n, m and p that is below that of the format grows by one; false when none is. */
static bool grow(uint32_t size[3], const uint32_t format[3])
{
    int smallest = -1;
    for (int i = 0; i < 3; i++)
        if (size[i] < format[i] && (smallest < 0 || size[i] < size[smallest]))
            smallest = i;
    if (smallest >= 0)
        size[smallest]++;
    return smallest >= 0;
}

/* From 2x2x2, or less where the format is smaller, to the format, and on to that of the ladder. */
static void make_format_stages(fm_ladder *l, const uint32_t format[3])
{
    uint32_t size[3], count = 1;
    for (int i = 0; i < 3; i++) {
        size[i] = format[i] < 2 ? format[i] : 2;
        count += l->format[i] - size[i];
    }
    l->stages = fm_alloc_zero(count, sizeof *l->stages);
    do
        memcpy(l->stages[l->stage_count++].size, size, sizeof size);
    while (grow(size, format) || grow(size, l->format));
    assert(l->stage_count == count);
}

/* Equal shares of all axes. */
static void make_share_stages(fm_ladder *l, uint32_t shares)
{
    l->stages = fm_alloc_zero(shares, sizeof *l->stages);
    l->stage_count = shares;
    for (uint32_t s = 0; s < shares; s++)
        for (int axis = 0; axis < 3; axis++)
            l->stages[s].extent[axis] = (l->extent[axis] * (s + 1) + shares - 1) / shares;
}

static bool in_stage(const fm_ladder *l, uint32_t s, const int8_t *row)
{
    for (int axis = 0; axis < 3; row += l->extent[axis++])
        for (uint32_t c = l->stages[s].extent[axis]; c < l->extent[axis]; c++)
            if (row[c] != 0)
                return false;
    return true;
}

/* Copies rows with their coordinates placed. */
static fm_products place_rows(const fm_ladder *l, const fm_products *from)
{
    uint32_t length = row_length(l->extent);
    fm_products placed = *from;
    placed.coefficients = fm_alloc(from->rank, length);
    for (uint32_t r = 0; r < from->rank; r++) {
        const int8_t *row = fm_products_row(from, r);
        int8_t *to = fm_products_row(&placed, r);
        for (int axis = 0; axis < 3; axis++) {
            for (uint32_t c = 0; c < l->extent[axis]; c++)
                to[l->place[axis][c]] = row[c];
            row += l->extent[axis];
            to += l->extent[axis];
        }
    }
    return placed;
}

/* Sorts the standard products by stage; stages that begin with none are left out. */
static void sort_products(fm_ladder *l)
{
    uint32_t length = row_length(l->extent), done = 0, kept = 0;
    fm_products *standard = &l->starts[0];
    int8_t *swap = fm_alloc(length, 1);
    for (uint32_t s = 0; s < l->stage_count; s++) {
        for (uint32_t r = done; r < standard->rank; r++) {
            int8_t *row = fm_products_row(standard, r), *to = fm_products_row(standard, done);
            if (!in_stage(l, s, row))
                continue;
            memcpy(swap, row, length);
            memmove(to + length, to, (size_t)(r - done) * length);
            memcpy(to, swap, length);
            done++;
        }
        l->stages[s].end = done;
        if (done > (kept > 0 ? l->stages[kept - 1].end : 0))
            l->stages[kept++] = l->stages[s];
    }
    l->stage_count = kept;
    memcpy(l->stages[kept - 1].extent, l->extent, sizeof l->extent); /* also what has no entries */
    free(swap);
}

static fm_ladder *new_ladder(const fm_tensor *last, fm_ring ring)
{
    fm_ladder *l = fm_alloc_zero(1, sizeof *l);
    unsigned format[3];
    l->tensor = fm_tensor_share(last);
    l->ring = ring;
    memcpy(l->extent, last->extent, sizeof l->extent);
    if (fm_tensor_is_matmul(last, format))
        memcpy(l->format, format, sizeof l->format);
    return l;
}

/* Takes the starts, in the order of the stages, which are made. */
static void finish(fm_ladder *l, const fm_products *starts, size_t count)
{
    place_coordinates(l);
    l->starts = fm_alloc(count, sizeof *l->starts);
    l->start_count = count;
    for (size_t s = 0; s < count; s++) {
        l->starts[s] = place_rows(l, &starts[s]);
        if (starts[s].rank > l->rank_max)
            l->rank_max = starts[s].rank;
    }
    if (l->stage_count > 1)
        sort_products(l);
    else
        l->stages[0].end = starts[0].rank;
    for (uint32_t s = 0; s < l->stage_count; s++)
        l->stages[s].rank = UINT32_MAX;
    l->goal = l->stage_count - 1;
    l->generation = 1;
    l->best.rank = UINT32_MAX;
    omp_init_lock(&l->lock);
}

fm_ladder *fm_ladder_new(const fm_tensor *tensor, fm_ring ring, const fm_products *starts,
                         size_t count, bool growth)
{
    fm_ladder *l = new_ladder(tensor, ring);
    assert(count > 0);
    if (growth && l->format[0] > 0) {
        make_format_stages(l, l->format);
    } else {
        make_share_stages(l, growth ? SHARES : 1);
        memcpy(l->stages[0].size, l->format, sizeof l->format);
    }
    finish(l, starts, count);
    return l;
}

fm_ladder *fm_ladder_new_through(const fm_tensor *tensor, const fm_tensor *through, fm_ring ring)
{
    fm_ladder *l = new_ladder(through, ring);
    fm_scheme *standard;
    fm_products products;
    fm_status status = fm_scheme_standard(through, ring, &standard, NULL);
    assert(status == FM_OK);
    (void)status;
    fm_products_from_scheme(&products, standard);
    make_format_stages(l, tensor->format);
    finish(l, &products, 1);
    while (memcmp(l->stages[l->goal].size, tensor->format, sizeof tensor->format) != 0)
        l->goal--;
    fm_products_clear(&products);
    fm_scheme_free(standard);
    return l;
}

static void empty_pool(stage *s)
{
    for (uint32_t i = 0; i < s->count; i++)
        free(s->member[i]);
    s->count = 0;
}

void fm_ladder_free(fm_ladder *ladder)
{
    if (ladder == NULL)
        return;
    for (uint32_t s = 0; s < ladder->stage_count; s++)
        empty_pool(&ladder->stages[s]);
    empty_pool(&ladder->best);
    for (size_t s = 0; s < ladder->start_count; s++)
        fm_products_clear(&ladder->starts[s]);
    for (int axis = 0; axis < 3; axis++)
        free(ladder->place[axis]);
    omp_destroy_lock(&ladder->lock);
    fm_tensor_free(ladder->tensor);
    free(ladder->starts);
    free(ladder->stages);
    free(ladder);
}

uint32_t fm_ladder_stages(const fm_ladder *ladder)
{
    return ladder->stage_count;
}

uint32_t fm_ladder_goal(const fm_ladder *ladder)
{
    return ladder->goal;
}

int32_t fm_ladder_missing(const fm_ladder *ladder, uint32_t number)
{
    return (int32_t)ladder->stages[ladder->goal].end - (int32_t)ladder->stages[number].end;
}

uint32_t fm_ladder_rank_max(const fm_ladder *ladder)
{
    return ladder->rank_max;
}

/* ---------------------------------------------------------------- schemes */

const uint32_t *fm_ladder_extent(const fm_ladder *ladder, uint32_t number)
{
    return ladder->stages[number].extent;
}

bool fm_ladder_fits(const fm_ladder *ladder, const fm_products *products)
{
    for (uint32_t s = 0; s < ladder->stage_count; s++)
        if (memcmp(products->extent, ladder->stages[s].extent, sizeof products->extent) == 0)
            return true;
    return false;
}

fm_products fm_ladder_products(const fm_ladder *ladder, uint32_t capacity)
{
    fm_products products = {.rank = 0};
    memcpy(products.extent, ladder->extent, sizeof products.extent);
    products.coefficients = fm_alloc_zero(capacity, row_length(ladder->extent));
    return products;
}

/* Writes the row for other extents; what lies outside is cut off or zero. */
static void reshape_row(const int8_t *from, const uint32_t from_extent[3], int8_t *to,
                        const uint32_t to_extent[3])
{
    for (int axis = 0; axis < 3; axis++) {
        uint32_t shorter =
            from_extent[axis] < to_extent[axis] ? from_extent[axis] : to_extent[axis];
        memmove(to, from, shorter);
        memset(to + shorter, 0, to_extent[axis] - shorter);
        from += from_extent[axis];
        to += to_extent[axis];
    }
}

void fm_ladder_start(const fm_ladder *ladder, uint32_t number, uint64_t index, fm_products *out)
{
    const fm_products *start = &ladder->starts[index % ladder->start_count];
    const stage *s = &ladder->stages[number];
    out->rank = ladder->stage_count > 1 ? s->end : start->rank;
    memcpy(out->extent, s->extent, sizeof out->extent);
    for (uint32_t r = 0; r < out->rank; r++)
        reshape_row(fm_products_row(start, r), start->extent, fm_products_row(out, r), out->extent);
}

void fm_ladder_extend(const fm_ladder *ladder, uint32_t number, fm_products *products)
{
    const fm_products *standard = &ladder->starts[0];
    const uint32_t *extent = ladder->stages[number].extent;
    uint32_t begin = ladder->stages[number - 1].end, end = ladder->stages[number].end;
    uint32_t length = row_length(products->extent), new_length = row_length(extent);
    int8_t *narrow = fm_alloc(length, 1);
    for (uint32_t r = products->rank; r-- > 0;) {
        memcpy(narrow, products->coefficients + (size_t)r * length, length);
        reshape_row(narrow, products->extent, products->coefficients + (size_t)r * new_length,
                    extent);
    }
    free(narrow);
    memcpy(products->extent, extent, sizeof products->extent);
    for (uint32_t r = begin; r < end; r++)
        reshape_row(fm_products_row(standard, r), standard->extent,
                    fm_products_row(products, products->rank++), extent);
}

static bool has_zero_factor(const int8_t *row, const uint32_t extent[3])
{
    for (int axis = 0; axis < 3; row += extent[axis++]) {
        uint32_t c = 0;
        while (c < extent[axis] && row[c] == 0)
            c++;
        if (c == extent[axis])
            return true;
    }
    return false;
}

void fm_ladder_project(const fm_ladder *ladder, uint32_t number, fm_products *products)
{
    const uint32_t *extent = ladder->stages[number].extent;
    uint32_t length = row_length(products->extent), new_length = row_length(extent), kept = 0;
    for (uint32_t r = 0; r < products->rank; r++) {
        int8_t *to = products->coefficients + (size_t)kept * new_length;
        reshape_row(products->coefficients + (size_t)r * length, products->extent, to, extent);
        kept += !has_zero_factor(to, extent);
    }
    products->rank = kept;
    memcpy(products->extent, extent, sizeof products->extent);
}

/* Where coordinate c of the whole stands, which the last stage may number otherwise. */
static uint32_t place_of(const fm_ladder *l, int axis, uint32_t c)
{
    static const int columns[3] = {1, 2, 2};
    const uint32_t *size = l->stages[l->goal].size;
    if (l->format[0] > 0)
        c = c / size[columns[axis]] * l->format[columns[axis]] + c % size[columns[axis]];
    return l->place[axis][c];
}

fm_products fm_ladder_whole(const fm_ladder *ladder, const fm_products *products)
{
    fm_products whole = *products;
    assert(memcmp(products->extent, ladder->stages[ladder->goal].extent, sizeof whole.extent) == 0);
    whole.coefficients = fm_alloc(products->rank, row_length(products->extent));
    for (uint32_t r = 0; r < products->rank; r++) {
        const int8_t *row = fm_products_row(products, r);
        int8_t *to = fm_products_row(&whole, r);
        for (int axis = 0; axis < 3; axis++) {
            for (uint32_t c = 0; c < products->extent[axis]; c++)
                to[c] = row[place_of(ladder, axis, c)];
            row += products->extent[axis];
            to += products->extent[axis];
        }
    }
    return whole;
}

/* ---------------------------------------------------------------- change of basis */

/* a + t b in the ring; outside {-1, 0, 1} only over zt. */
static int combine(fm_ring ring, int a, int b, int t)
{
    int sum = a + t * b;
    if (ring.kind == FM_RING_ZP && ring.p == 2)
        return sum & 1;
    if (ring.kind == FM_RING_ZP)
        return (sum + 4) % 3 - 1;
    return sum;
}

/* In each factor of an axis, seen as a matrix, adds t times line `from` to line `to`: lines are rows,
   or columns. False when a coefficient would leave the ring. */
static bool add_line(const fm_ladder *l, const stage *s, fm_products *products, int axis,
                     bool columns, uint32_t to, uint32_t from, int t)
{
    static const int rows_of[3] = {0, 1, 0}, columns_of[3] = {1, 2, 2};
    uint32_t width = l->format[columns_of[axis]];
    uint32_t length = s->size[columns ? rows_of[axis] : columns_of[axis]];
    uint32_t offset = 0;
    for (int i = 0; i < axis; i++)
        offset += products->extent[i];
    for (uint32_t r = 0; r < products->rank; r++) {
        int8_t *factor = fm_products_row(products, r) + offset;
        for (uint32_t i = 0; i < length; i++) {
            uint32_t a = l->place[axis][columns ? i * width + to : to * width + i];
            uint32_t b = l->place[axis][columns ? i * width + from : from * width + i];
            int sum = combine(l->ring, factor[a], factor[b], t);
            if (sum < -1 || sum > 1)
                return false;
            factor[a] = (int8_t)sum;
        }
    }
    return true;
}

void fm_ladder_sandwich(const fm_ladder *ladder, uint32_t number, fm_random *random,
                        fm_products *products)
{
    /* Index i of a_ij b_jk c_ik is rows of A and of C, j columns of A and rows of B, k columns of B
       and of C. A transvection there and its inverse transpose here cancel. */
    static const struct {
        int axis[2];
        bool columns[2];
    } where[3] = {{{0, 2}, {false, false}}, {{0, 1}, {true, false}}, {{1, 2}, {true, true}}};
    const stage *s = &ladder->stages[number];
    if (ladder->format[0] == 0)
        return;
    size_t bytes = (size_t)products->rank * row_length(products->extent);
    int8_t *before = fm_alloc(bytes, 1);
    for (uint32_t moves = 1 + fm_random_below(random, SANDWICH_MOVES); moves > 0; moves--) {
        uint32_t index = fm_random_below(random, 3), size = s->size[index];
        uint32_t p = fm_random_below(random, size), q = fm_random_below(random, size);
        int t = fm_random_below(random, 2) == 0 ? 1 : -1;
        if (p == q)
            continue;
        memcpy(before, products->coefficients, bytes);
        if (!add_line(ladder, s, products, where[index].axis[0], where[index].columns[0], p, q,
                      t) ||
            !add_line(ladder, s, products, where[index].axis[1], where[index].columns[1], q, p, -t))
            memcpy(products->coefficients, before, bytes);
    }
    free(before);
}

/* ---------------------------------------------------------------- lifting */

/* The tensor of a stage, in the order of its coordinates: the one there is where there is one stage,
   else what the standard products of the stage say. */
static fm_tensor *tensor_of(const fm_ladder *l, const stage *s)
{
    if (l->stage_count == 1)
        return fm_tensor_share(l->tensor);
    const fm_products *standard = &l->starts[0];
    fm_tensor_entry *entries = fm_alloc(s->end, sizeof *entries);
    fm_tensor *tensor;
    size_t count = 0;
    for (uint32_t r = 0; r < s->end; r++) {
        const int8_t *row = fm_products_row(standard, r);
        uint32_t at[3];
        int value = 1;
        for (int axis = 0; axis < 3; row += standard->extent[axis++]) {
            for (at[axis] = 0; row[at[axis]] == 0;)
                at[axis]++;
            value *= row[at[axis]];
        }
        fm_tensor_entry *last = count > 0 ? &entries[count - 1] : NULL;
        if (last != NULL && last->i == at[0] && last->j == at[1] && last->k == at[2])
            last->value += value; /* an entry of several products */
        else
            entries[count++] = (fm_tensor_entry){at[0], at[1], at[2], value};
    }
    fm_status status = fm_tensor_make(s->extent, fm_strdup("stage"), entries, count, &tensor, NULL);
    assert(status == FM_OK);
    (void)status;
    return tensor;
}

/* Copies the coefficients of a stage that is a matrix product to the usual order, row by row, or from
   it back to that of the ladder. */
static void reorder(const fm_ladder *l, const stage *s, bool back, const fm_products *from,
                    fm_products *to)
{
    static const int columns[3] = {1, 2, 2};
    to->rank = from->rank;
    for (uint32_t r = 0; r < from->rank; r++) {
        const int8_t *row = fm_products_row(from, r);
        int8_t *out = fm_products_row(to, r);
        for (int axis = 0; axis < 3; axis++) {
            uint32_t own = s->size[columns[axis]], width = l->format[columns[axis]];
            for (uint32_t c = 0; c < s->extent[axis]; c++) {
                uint32_t place = l->place[axis][c / own * width + c % own];
                out[back ? place : c] = row[back ? c : place];
            }
            row += s->extent[axis];
            out += s->extent[axis];
        }
    }
}

bool fm_ladder_lift(const fm_ladder *ladder, uint32_t number, fm_products *products,
                    fm_random *random)
{
    const stage *s = &ladder->stages[number];
    fm_tensor *tensor;
    if (ladder->format[0] == 0) {
        tensor = tensor_of(ladder, s);
        bool found = fm_products_lift(products, tensor, random);
        fm_tensor_free(tensor);
        return found;
    }
    fm_products usual = fm_products_new(s->extent, products->rank);
    fm_status status = fm_tensor_matmul(s->size[0], s->size[1], s->size[2], &tensor, NULL);
    assert(status == FM_OK);
    (void)status;
    reorder(ladder, s, false, products, &usual);
    bool found = fm_products_lift(&usual, tensor, random);
    if (found)
        reorder(ladder, s, true, &usual, products);
    fm_products_clear(&usual);
    fm_tensor_free(tensor);
    return found;
}

/* ---------------------------------------------------------------- pools */

uint32_t fm_ladder_rank(fm_ladder *ladder, uint32_t number)
{
    omp_set_lock(&ladder->lock);
    uint32_t rank = ladder->stages[number].rank;
    omp_unset_lock(&ladder->lock);
    return rank;
}

uint32_t fm_ladder_hint(fm_ladder *ladder, uint32_t number)
{
    omp_set_lock(&ladder->lock);
    uint32_t hint = ladder->stages[number].hint;
    omp_unset_lock(&ladder->lock);
    return hint;
}

uint32_t fm_ladder_size(fm_ladder *ladder, uint32_t number)
{
    omp_set_lock(&ladder->lock);
    uint32_t count = ladder->stages[number].count;
    omp_unset_lock(&ladder->lock);
    return count;
}

void fm_ladder_pool(fm_ladder *ladder, uint32_t number, fm_search_pool *pool)
{
    const stage *s = &ladder->stages[number];
    *pool = (fm_search_pool){.size = fm_ladder_size(ladder, number)};
    pool->rank = pool->size > 0 ? fm_ladder_rank(ladder, number) : 0;
    if (s->size[0] > 0)
        snprintf(pool->stage, sizeof pool->stage, "%ux%ux%u", s->size[0], s->size[1], s->size[2]);
    else
        snprintf(pool->stage, sizeof pool->stage, "%u of %u", number + 1, ladder->stage_count);
}

static bool draw(const stage *s, const uint32_t extent[3], fm_random *random, fm_products *out)
{
    if (s->count == 0)
        return false;
    const int8_t *member = s->member[fm_random_below(random, s->count)];
    out->rank = s->rank;
    memcpy(out->extent, extent, sizeof out->extent);
    memcpy(out->coefficients, member, (size_t)s->rank * row_length(extent));
    return true;
}

bool fm_ladder_draw(fm_ladder *ladder, uint32_t number, fm_random *random, fm_products *out)
{
    const stage *s = &ladder->stages[number];
    omp_set_lock(&ladder->lock);
    bool found = draw(s, s->extent, random, out);
    omp_unset_lock(&ladder->lock);
    return found;
}

bool fm_ladder_draw_best(fm_ladder *ladder, fm_random *random, fm_products *out)
{
    const stage *goal = &ladder->stages[ladder->goal];
    omp_set_lock(&ladder->lock);
    bool found = ladder->best.rank < goal->rank &&
                 ladder->spent_on_best < ladder->spent / BEST_SHARE &&
                 draw(&ladder->best, goal->extent, random, out);
    omp_unset_lock(&ladder->lock);
    return found;
}

void fm_ladder_spend(fm_ladder *ladder, uint64_t attempts, bool on_best)
{
    omp_set_lock(&ladder->lock);
    ladder->spent += attempts;
    ladder->spent_on_best += on_best ? attempts : 0;
    omp_unset_lock(&ladder->lock);
}

static uint32_t pool_capacity(size_t scheme_bytes)
{
    size_t count = POOL_BYTES / (scheme_bytes + 1);
    return count < MEMBERS_MIN ? MEMBERS_MIN : count > MEMBERS_MAX ? MEMBERS_MAX : (uint32_t)count;
}

/* Keeps a scheme in a pool that has none of lower rank; true when its rank is new. */
static bool keep(stage *s, fm_random *random, uint64_t hash, const fm_products *products)
{
    bool lower = products->rank < s->rank;
    if (products->rank > s->rank)
        return false;
    if (lower)
        empty_pool(s);
    s->rank = products->rank;
    size_t bytes = (size_t)products->rank * row_length(products->extent);
    uint32_t at = s->count;
    for (uint32_t i = 0; i < s->count; i++)
        if (s->hash[i] == hash)
            return lower;
    if (at < pool_capacity(bytes))
        s->member[s->count++] = fm_alloc(bytes, 1);
    else
        at = fm_random_below(random, s->count);
    memcpy(s->member[at], products->coefficients, bytes);
    s->hash[at] = hash;
    return lower;
}

uint64_t fm_ladder_generation(fm_ladder *ladder)
{
    omp_set_lock(&ladder->lock);
    uint64_t generation = ladder->generation;
    omp_unset_lock(&ladder->lock);
    return generation;
}

/* Empties the pools when they have led to nothing new for long enough. */
static void renew(fm_ladder *l)
{
    if (l->idle <= IDLE_MAX * fm_luby(l->generation))
        return;
    for (uint32_t s = 0; s < l->stage_count; s++) {
        empty_pool(&l->stages[s]);
        l->stages[s].rank = UINT32_MAX;
    }
    l->generation++;
    l->idle = 0;
}

/* Offers a scheme to the pool of a stage in this generation. */
static void put(fm_ladder *l, stage *s, fm_random *random, uint32_t hint, uint64_t hash,
                const fm_products *products)
{
    if (!keep(s, random, hash, products))
        return;
    s->hint = hint;
    l->idle = 0;
}

void fm_ladder_put(fm_ladder *ladder, uint64_t generation, uint32_t number, fm_random *random,
                   uint32_t hint, bool counts, const fm_products *products)
{
    stage *s = &ladder->stages[number];
    uint64_t hash = fm_products_hash(products);
    assert(memcmp(products->extent, s->extent, sizeof s->extent) == 0);
    omp_set_lock(&ladder->lock);
    if (generation == ladder->generation) {
        ladder->idle += counts && number == ladder->goal;
        put(ladder, s, random, hint, hash, products);
        renew(ladder);
    }
    if (number == ladder->goal)
        keep(&ladder->best, random, hash, products);
    omp_unset_lock(&ladder->lock);
}

void fm_ladder_put_best(fm_ladder *ladder, fm_random *random, uint32_t hint,
                        const fm_products *products)
{
    stage *goal = &ladder->stages[ladder->goal];
    uint64_t hash = fm_products_hash(products);
    omp_set_lock(&ladder->lock);
    if (keep(&ladder->best, random, hash, products))
        put(ladder, goal, random, hint, hash, products);
    omp_unset_lock(&ladder->lock);
}

/* ---------------------------------------------------------------- state */

static void pool_state(const fm_ladder *ladder, stage *s, const uint32_t extent[3], fm_state *state)
{
    uint32_t rank = s->rank, count = s->count;
    FM_STATE_VALUE(state, rank);
    FM_STATE_VALUE(state, s->hint);
    FM_STATE_VALUE(state, count);
    fm_state_require(state, count <= MEMBERS_MAX && (count > 0) == (rank != UINT32_MAX) &&
                                (count == 0 || rank <= ladder->rank_max));
    if (state->restoring) {
        empty_pool(s);
        s->rank = UINT32_MAX;
    }
    if (state->bad)
        return;
    s->rank = rank;
    size_t bytes = count > 0 ? (size_t)rank * row_length(extent) : 0;
    for (uint32_t i = 0; i < count; i++) {
        if (state->restoring)
            s->member[s->count++] = fm_alloc_zero(bytes, 1);
        fm_state_bytes(state, s->member[i], bytes);
        FM_STATE_VALUE(state, s->hash[i]);
    }
}

void fm_ladder_state(fm_ladder *ladder, fm_state *state)
{
    omp_set_lock(&ladder->lock);
    FM_STATE_VALUE(state, ladder->generation);
    FM_STATE_VALUE(state, ladder->idle);
    FM_STATE_VALUE(state, ladder->spent);
    FM_STATE_VALUE(state, ladder->spent_on_best);
    for (uint32_t s = 0; s < ladder->stage_count; s++)
        pool_state(ladder, &ladder->stages[s], ladder->stages[s].extent, state);
    pool_state(ladder, &ladder->best, ladder->stages[ladder->goal].extent, state);
    omp_unset_lock(&ladder->lock);
}
