#include "playout.h"

#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
    INTERVAL_BITS_MIN = 9, /* of climbs, in attempts: powers of two from here ... */
    INTERVAL_BITS = 8,     /* ... so many */
    MARGIN_MIN = 2,
    MARGIN_MAX = 4,
    HEADROOM = MARGIN_MAX + 1,
    REDUCE_INTERVAL = 1 << 14, /* linear dependence is not looked for more often */
    SPLIT_SHARE = 8,           /* one plus transition in so many is a split only */
};

struct fm_playout {
    uint32_t extent[3], rank_max;
    int coefficient_max;
    fm_random *random;
    fm_walk *walks[2]; /* for few products and for any number */
    const fm_walk_kernel *kernels[2];
    uint32_t in_use; /* of the two */
    fm_lane lane;
    bool in_whole; /* the moves walk, too */
    fm_products aside, moves, residual, whole;
    uint32_t found_rank; /* of the walk, the lowest of this part */
    uint32_t margin;
    uint64_t interval, due, end, reduce_at, patience, whole_attempts; /* in attempts */
};

/* ---------------------------------------------------------------- walks and products */

static void append_products(fm_products *to, const fm_products *from)
{
    memcpy(fm_products_row(to, to->rank), from->coefficients,
           from->rank * fm_products_row_length(from));
    to->rank += from->rank;
}

fm_playout *fm_playout_new(const uint32_t extent[3], fm_ring ring, int coefficient_max,
                           uint32_t rank_max, fm_random *random)
{
    fm_playout *playout = fm_alloc_zero(1, sizeof *playout);
    uint32_t length = 1;
    for (int axis = 0; axis < 3; axis++)
        length = extent[axis] > length ? extent[axis] : length;
    memcpy(playout->extent, extent, sizeof playout->extent);
    playout->coefficient_max = coefficient_max;
    playout->rank_max = rank_max;
    playout->random = playout->lane.random = random;
    for (int any = 0; any < 2; any++) {
        uint32_t capacity = any ? rank_max + HEADROOM : FM_WALK_FEW;
        playout->kernels[any] =
            ring.kind == FM_RING_Z
                ? fm_walk_kernel_over_z((uint32_t)coefficient_max, length, capacity)
                : fm_walk_kernel_for(ring, length, capacity);
        playout->walks[any] = playout->kernels[any]->new (extent, capacity);
    }
    playout->lane.walk = playout->walks[0];
    playout->aside = fm_products_new(extent, rank_max);
    playout->moves = fm_products_new(extent, rank_max);
    playout->residual = fm_products_new(extent, rank_max);
    playout->whole = fm_products_new(extent, rank_max);
    return playout;
}

void fm_playout_free(fm_playout *playout)
{
    if (playout == NULL)
        return;
    for (int any = 0; any < 2; any++)
        playout->kernels[any]->free(playout->walks[any]);
    fm_products_clear(&playout->aside);
    fm_products_clear(&playout->moves);
    fm_products_clear(&playout->residual);
    fm_products_clear(&playout->whole);
    free(playout);
}

const fm_walk_kernel *fm_playout_kernel(const fm_playout *playout)
{
    return playout->kernels[playout->in_use];
}

fm_lane *fm_playout_lane(fm_playout *playout)
{
    return &playout->lane;
}

static uint32_t walk_rank(const fm_playout *playout)
{
    return fm_playout_kernel(playout)->rank(playout->lane.walk);
}

static void load(fm_playout *playout, const fm_products *first, const fm_products *second)
{
    const uint32_t *extent = playout->extent;
    uint32_t rank = first->rank + (second != NULL ? second->rank : 0);
    playout->in_use = rank + HEADROOM > FM_WALK_FEW;
    playout->lane.walk = playout->walks[playout->in_use];
    fm_playout_kernel(playout)->clear(playout->lane.walk, extent);
    for (uint32_t r = 0; r < rank; r++) {
        const int8_t *row =
            r < first->rank ? fm_products_row(first, r) : fm_products_row(second, r - first->rank);
        fm_playout_kernel(playout)->append(playout->lane.walk, row, row + extent[0],
                                           row + extent[0] + extent[1]);
    }
    fm_playout_kernel(playout)->reduce(playout->lane.walk);
}

static void save(const fm_playout *playout, fm_products *products)
{
    const uint32_t *extent = playout->extent;
    products->rank = walk_rank(playout);
    assert(products->rank <= playout->rank_max);
    for (uint32_t r = 0; r < products->rank; r++) {
        int8_t *row = fm_products_row(products, r);
        fm_playout_kernel(playout)->get(playout->lane.walk, r, row, row + extent[0],
                                        row + extent[0] + extent[1]);
    }
}

/* ---------------------------------------------------------------- the plain decomposition */

/* The axes of a fibre: its own, and those where it is a unit. */
static const uint32_t fibre_axes[3][3] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}};

/* Takes what a factor can of a fibre, of which so many have taken before; false when nothing was
   left. */
static bool take_layer(const fm_playout *playout, const fm_game *game, const uint32_t *axes,
                       uint32_t a, uint32_t b, int layer, int8_t *factor)
{
    bool any = false;
    uint32_t at[3];
    int most = playout->coefficient_max;
    at[axes[1]] = a, at[axes[2]] = b;
    for (uint32_t e = 0; e < fm_game_extent(game)[axes[0]]; e++) {
        at[axes[0]] = e;
        int value = fm_game_entry(game, at[0], at[1], at[2]);
        int left = value < 0 ? -value - layer * most : value - layer * most;
        left = left < 0 ? 0 : left > most ? most : left;
        factor[e] = (int8_t)(value < 0 ? -left : left);
        any |= factor[e] != 0;
    }
    return any;
}

/* Appends the fibres along one axis to the walk as products; false when there are more than it has
   room for. */
static bool append_fibres(fm_playout *playout, const fm_game *game, const uint32_t *axes)
{
    const uint32_t *extent = playout->extent;
    const size_t offset[3] = {0, extent[0], (size_t)extent[0] + extent[1]};
    size_t length = offset[2] + extent[2];
    const fm_walk_kernel *kernel = fm_playout_kernel(playout);
    int8_t *row = fm_alloc(length, 1);
    uint32_t count = 0;
    for (uint32_t a = 0; a < extent[axes[1]]; a++)
        for (uint32_t b = 0; b < extent[axes[2]]; b++)
            for (int layer = 0; count <= playout->rank_max; layer++) {
                memset(row, 0, length);
                if (!take_layer(playout, game, axes, a, b, layer, row + offset[axes[0]]))
                    break;
                row[offset[axes[1]] + a] = row[offset[axes[2]] + b] = 1;
                if (count++ < playout->rank_max)
                    kernel->append(playout->lane.walk, row, row + extent[0],
                                   row + extent[0] + extent[1]);
            }
    free(row);
    return count <= playout->rank_max;
}

bool fm_playout_decompose(fm_playout *playout, const fm_game *game, uint32_t rank_max,
                          fm_products *out)
{
    bool found = false;
    playout->in_use = 1;
    playout->lane.walk = playout->walks[1];
    for (uint32_t axis = 0; axis < 3; axis++) {
        fm_playout_kernel(playout)->clear(playout->lane.walk, playout->extent);
        if (!append_fibres(playout, game, fibre_axes[axis]))
            continue;
        fm_playout_kernel(playout)->reduce(playout->lane.walk);
        if (walk_rank(playout) <= rank_max && (!found || walk_rank(playout) < out->rank)) {
            save(playout, out);
            found = true;
        }
    }
    return found;
}

/* ---------------------------------------------------------------- the two parts */

static void begin_climb(fm_playout *playout, uint64_t attempts)
{
    playout->found_rank = UINT32_MAX;
    playout->interval = (uint64_t)1
                        << (INTERVAL_BITS_MIN + fm_random_below(playout->random, INTERVAL_BITS));
    playout->margin = MARGIN_MIN + fm_random_below(playout->random, MARGIN_MAX - MARGIN_MIN + 1);
    playout->reduce_at = playout->lane.attempts;
    playout->due = playout->lane.attempts + playout->interval;
    playout->patience = attempts;
    playout->end = playout->lane.attempts + attempts;
}

/* Takes note of a lower rank. */
static void note_progress(fm_playout *playout)
{
    if (walk_rank(playout) >= playout->found_rank)
        return;
    playout->found_rank = walk_rank(playout);
    playout->end = playout->lane.attempts + playout->patience;
    save(playout, playout->in_whole ? &playout->whole : &playout->residual);
}

void fm_playout_begin(fm_playout *playout, const fm_products *aside, const fm_products *moves,
                      const fm_products *completion, uint64_t residual_attempts,
                      uint64_t whole_attempts)
{
    assert(aside->rank + moves->rank + completion->rank <= playout->rank_max);
    playout->aside.rank = playout->moves.rank = 0;
    playout->whole.rank = playout->residual.rank = 0;
    append_products(&playout->aside, aside);
    append_products(&playout->moves, moves);
    playout->in_whole = false;
    playout->whole_attempts = moves->rank > 0 ? whole_attempts : 0;
    load(playout, completion, NULL);
    begin_climb(playout, residual_attempts);
    note_progress(playout);
}

/* The residual's walk is over: the moves come back. */
static void begin_whole(fm_playout *playout)
{
    if (walk_rank(playout) == playout->residual.rank) /* as it is now, further from the start */
        save(playout, &playout->residual);
    playout->whole.rank = 0;
    append_products(&playout->whole, &playout->moves);
    append_products(&playout->whole, &playout->residual);
    playout->in_whole = true;
    load(playout, &playout->moves, &playout->residual);
    begin_climb(playout, playout->whole_attempts);
    note_progress(playout);
}

uint64_t fm_playout_due(const fm_playout *playout)
{
    uint64_t due = playout->due < playout->end ? playout->due : playout->end;
    return due - playout->lane.attempts;
}

/* A climb has gone for an interval: looks for a reduction that flips do not see, else goes up. */
static void stir(fm_playout *playout)
{
    const fm_walk_kernel *kernel = fm_playout_kernel(playout);
    fm_walk *walk = playout->lane.walk;
    playout->due = playout->lane.attempts + playout->interval;
    if (playout->lane.attempts - playout->reduce_at >= REDUCE_INTERVAL) {
        playout->reduce_at = playout->lane.attempts;
        if (kernel->reduce(walk))
            return;
    }
    if (kernel->rank(walk) >= playout->found_rank + playout->margin)
        return;
    if (fm_random_below(playout->random, SPLIT_SHARE) == 0)
        kernel->split(walk, playout->random);
    else
        kernel->plus(walk, playout->random);
}

bool fm_playout_decide(fm_playout *playout)
{
    note_progress(playout);
    if (playout->lane.attempts >= playout->due) {
        stir(playout);
        note_progress(playout);
    }
    if (playout->lane.attempts < playout->end)
        return true;
    if (playout->in_whole) {
        if (walk_rank(playout) == playout->whole.rank)
            save(playout, &playout->whole);
        return false;
    }
    if (playout->whole_attempts == 0) {
        append_products(&playout->whole, &playout->moves);
        append_products(&playout->whole, &playout->residual);
        return false;
    }
    begin_whole(playout);
    return true;
}

uint32_t fm_playout_rank_now(const fm_playout *playout)
{
    return playout->aside.rank + walk_rank(playout) + (playout->in_whole ? 0 : playout->moves.rank);
}

const fm_products *fm_playout_residual(const fm_playout *playout)
{
    return &playout->residual;
}

const fm_products *fm_playout_whole(const fm_playout *playout)
{
    return &playout->whole;
}

/* ---------------------------------------------------------------- state */

void fm_playout_state(fm_playout *playout, fm_state *state)
{
    FM_STATE_VALUE(state, playout->in_use);
    FM_STATE_VALUE(state, playout->lane.attempts);
    FM_STATE_VALUE(state, playout->lane.flips);
    FM_STATE_VALUE(state, playout->in_whole);
    FM_STATE_VALUE(state, playout->found_rank);
    FM_STATE_VALUE(state, playout->margin);
    FM_STATE_VALUE(state, playout->interval);
    FM_STATE_VALUE(state, playout->due);
    FM_STATE_VALUE(state, playout->end);
    FM_STATE_VALUE(state, playout->patience);
    FM_STATE_VALUE(state, playout->reduce_at);
    FM_STATE_VALUE(state, playout->whole_attempts);
    fm_products_state(&playout->aside, playout->rank_max, state);
    fm_products_state(&playout->moves, playout->rank_max, state);
    fm_products_state(&playout->residual, playout->rank_max, state);
    fm_products_state(&playout->whole, playout->rank_max, state);
    fm_state_require(state, playout->in_use < 2);
    if (state->bad)
        return;
    playout->lane.walk = playout->walks[playout->in_use];
    fm_playout_kernel(playout)->state(playout->lane.walk, state);
}
