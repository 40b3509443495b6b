/* The engine mcts: the TensorGame (game.h) played by Monte Carlo tree search (tree.h) whose
   playouts finish by walks on the flip graph (playout.h). docs/tree-search.md says why it is built
   so. */
#include "basis.h"
#include "engine.h"
#include "error.h"
#include "luby.h"
#include "memory.h"
#include "playout.h"
#include "proposals.h"
#include "scheme.h"
#include "tree.h"

#include <assert.h>
#include <omp.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Strategy. All walkers of a search play one game at a time, in one tree. A game is played in a
   basis of the tensor; its first position has a completion, the plain decomposition or a scheme
   that an earlier game has found. A simulation goes down the tree, adds a position, completes it by
   what is left of its parent's completion, and polishes that. When the root has had so many
   simulations, its most visited move is committed, and the game goes on from there, until a third
   of the products is committed or what is left cannot be completed to less than what is known. The
   first games are for parts of the tensor, from small to whole: from the standard scheme of the
   whole, walks do not come as far. The best schemes go to a pool, from which later games start and
   take moves; when the pool has led nowhere for a number of games that follows Luby's sequence, it
   is emptied and the parts come again. */
enum {
    TREE_BYTES = 1 << 27,
    SIMULATIONS = 8,                /* at the root, for a move to be committed, or for a part */
    ATTEMPTS_IN_PART = 1 << 12,     /* of a walk without a lower rank, times its products */
    POOL_MAX = 32,                  /* schemes */
    KNOWN_MAX = 8,                  /* of these, whose products a game has as moves */
    ATTEMPTS_PER_PRODUCT = 1 << 14, /* the same of the whole, times Luby's number */
    STALE_MAX = 1,                  /* commits of a game without a lower rank: then it ends */
    GAMES = 2,                      /* of a generation, times Luby's number, without a lower rank */
    PART_SIZE = 2,                  /* the smallest n, m, p of a part; */
    PARTS = 4,                      /* so many parts of a tensor that is no matrix product */
    COMMITTED_SHARE = 3,            /* a game ends when one product in so many is committed */
    REST_MIN = 4,                   /* products: with fewer left a game is over */
    OWN_BASIS_SHARE = 2,            /* one game in so many is in the tensor's own basis, */
    PLAIN_SHARE = 4,                /* starts from the plain decomposition, */
    PLAIN_LEAF_SHARE = 16,          /* one new position in so many is completed by it */
    PROPOSAL_TRIES = 8,
    RANK_ROOM = FM_GAME_COEFFICIENT_MAX * FM_GAME_COEFFICIENT_MAX * FM_GAME_COEFFICIENT_MAX + 8,
};
/* Of the kinds of proposals: most positions are to be such as walks can be at. */
static const double KIND_WEIGHTS[FM_PROPOSAL_KINDS] = {16, 1, 1, 4, 0.25};

typedef struct shared {
    const fm_engine_task *task;
    uint32_t extent[3];
    uint32_t moves_max, completion_max, rank_max; /* of committed and other moves; of both */
    int least, most;                              /* coefficients */
    fm_ring walk_ring;                            /* zt for z */
    fm_tree *tree;
    fm_playout *plain; /* for decompositions */

    /* Of the game, changed only with the tree locked. */
    fm_random random;
    uint64_t game;
    _Atomic uint64_t generation_games; /* since the generation's last success */
    uint32_t stale;                    /* moves committed since the rank fell */
    _Atomic uint32_t best_rank;        /* of this generation */
    uint32_t stale_rank;               /* the same, when last looked at */
    uint32_t part, part_count;         /* of the tensor that the game is for */
    fm_basis basis;
    fm_game *origin, *root;            /* the tensor, and what is left of it at the root */
    fm_products moves, known, scratch; /* committed moves; products of schemes, in this basis */
    _Atomic uint32_t quota;            /* visits of the root for the next move */
    _Atomic uint64_t generation;       /* of the pool */
    _Atomic uint64_t simulations;      /* begun in the game */
    uint64_t luby;                     /* of the game */

    omp_lock_t pool_lock; /* guards what follows */
    fm_products pool[POOL_MAX];
    uint32_t pool_size, pool_rank; /* of the schemes in it */
} shared;

typedef struct walker {
    shared *shared;
    fm_random random;
    fm_playout *playout;
    fm_game *game;
    fm_tree_path path;
    fm_basis basis; /* of the game that its simulation belongs to */
    fm_products aside, moves, completion, best;
    uint64_t generation; /* of the pool, when its simulation began */
    bool plays;          /* a playout is under way */
} walker;

/* ---------------------------------------------------------------- products */

static size_t row_length(const uint32_t extent[3])
{
    return (size_t)extent[0] + extent[1] + extent[2];
}

static fm_products new_products(const uint32_t extent[3], uint32_t capacity)
{
    fm_products products = {.extent = {extent[0], extent[1], extent[2]}};
    products.coefficients = fm_alloc(capacity, row_length(extent));
    return products;
}

static void append_row(fm_products *products, const int8_t *row)
{
    memcpy(fm_products_row(products, products->rank++), row, row_length(products->extent));
}

static void copy_products(fm_products *to, const fm_products *from)
{
    to->rank = from->rank;
    memcpy(to->coefficients, from->coefficients, from->rank * row_length(from->extent));
}

/* ---------------------------------------------------------------- the pool */

/* Keeps a scheme, in the tensor's own basis, when it is among the best of its generation. */
static void put(shared *s, uint64_t generation, fm_random *random, const fm_products *products)
{
    omp_set_lock(&s->pool_lock);
    /* Later games complete by what is in the pool, and walks are over zt. */
    bool is_wanted = generation == s->generation && products->rank <= s->pool_rank &&
                     fm_products_are_ternary(products);
    if (is_wanted && products->rank < s->pool_rank) {
        s->best_rank = s->pool_rank = products->rank;
        s->pool_size = 0;
        s->generation_games = 0;
    }
    uint64_t hash = is_wanted ? fm_products_hash(products) : 0;
    for (uint32_t i = 0; i < s->pool_size && is_wanted; i++)
        is_wanted = fm_products_hash(&s->pool[i]) != hash;
    if (is_wanted) {
        bool is_full = s->pool_size == POOL_MAX;
        copy_products(&s->pool[is_full ? fm_random_below(random, POOL_MAX) : s->pool_size],
                      products);
        s->pool_size += !is_full;
    }
    omp_unset_lock(&s->pool_lock);
}

void fm_mcts_put(void *opaque, fm_random *random, const fm_products *products)
{
    shared *s = opaque;
    if (products->rank <= s->completion_max)
        put(s, s->generation, random, products);
}

/* Offers what a playout found, in its game's basis, to the pool; true when it is the walker's
   best. */
static bool offer(walker *w, const fm_products *found)
{
    shared *s = w->shared;
    uint32_t rank = w->aside.rank + found->rank;
    if (rank > s->best_rank && rank >= w->best.rank)
        return false;
    fm_products *own = &w->completion;
    copy_products(own, found);
    for (uint32_t r = 0; r < w->aside.rank; r++)
        append_row(own, fm_products_row(&w->aside, r));
    if (!fm_basis_take_products(&w->basis, true, s->least, s->most, own))
        return false;
    put(s, w->generation, &w->random, own);
    if (own->rank >= w->best.rank)
        return false;
    copy_products(&w->best, own);
    return true;
}

/* A scheme of the pool in the game's basis; false when there is none. */
static bool draw_from_pool(shared *s, fm_products *out)
{
    omp_set_lock(&s->pool_lock);
    bool found = s->pool_size > 0;
    if (found)
        copy_products(out, &s->pool[fm_random_below(&s->random, s->pool_size)]);
    omp_unset_lock(&s->pool_lock);
    return found && fm_basis_take_products(&s->basis, false, s->least, s->most, out);
}

static void empty_pool(shared *s)
{
    omp_set_lock(&s->pool_lock);
    s->pool_size = 0;
    s->pool_rank = UINT32_MAX;
    s->best_rank = UINT32_MAX;
    omp_unset_lock(&s->pool_lock);
}

/* ---------------------------------------------------------------- games */

static void choose_basis(shared *s)
{
    uint32_t steps = 0;
    if (s->generation_games > 0 && fm_random_below(&s->random, OWN_BASIS_SHARE) != 0)
        steps = 1 + fm_random_below(&s->random, s->extent[0] + s->extent[1] + s->extent[2]);
    fm_basis_draw(&s->basis, s->task->ring, s->extent, steps, &s->random);
    fm_game_copy(s->root, s->origin);
    if (!fm_basis_take_game(&s->basis, s->root)) {
        s->basis.count = 0;
        fm_game_copy(s->root, s->origin);
    }
}

/* Some schemes of the pool give their products as moves. */
static void choose_known(shared *s)
{
    s->known.rank = 0;
    for (int i = 0; i < KNOWN_MAX && draw_from_pool(s, &s->scratch); i++)
        for (uint32_t r = 0; r < s->scratch.rank; r++)
            append_row(&s->known, fm_products_row(&s->scratch, r));
}

/* The completion of the first position, in s->scratch. */
static void choose_completion(shared *s)
{
    bool plain = s->generation_games > 0 && fm_random_below(&s->random, PLAIN_SHARE) == 0;
    if (!plain && draw_from_pool(s, &s->scratch))
        return;
    if (s->basis.count == 0) {
        uint64_t start = s->game % s->task->start_count;
        copy_products(&s->scratch, &s->task->starts[start]);
    } else if (!fm_playout_decompose(s->plain, s->root, s->completion_max, &s->scratch)) {
        s->basis.count = 0;
        fm_game_copy(s->root, s->origin);
        copy_products(&s->scratch, &s->task->starts[0]);
    }
}

/* Whether the game is for a part of the tensor. */
static bool plays_part(const shared *s)
{
    return s->part + 1 < s->part_count;
}

/* How many coordinates of each axis, or, of a format, how large n, m and p are in a part. */
static void part_sizes(const shared *s, uint32_t part, uint32_t sizes[3])
{
    const uint32_t *format = s->task->tensor->format;
    if (format[0] == 0) {
        for (int axis = 0; axis < 3; axis++)
            sizes[axis] = (s->extent[axis] * (part + 1) + PARTS - 1) / PARTS;
        return;
    }
    for (int l = 0; l < 3; l++)
        sizes[l] = format[l] < PART_SIZE ? format[l] : PART_SIZE;
    for (; part > 0; part--) {
        int smallest = -1;
        for (int l = 0; l < 3; l++)
            if (sizes[l] < format[l] && (smallest < 0 || sizes[l] < sizes[smallest]))
                smallest = l;
        sizes[smallest]++;
    }
}

static uint32_t count_parts(const fm_engine_task *task)
{
    uint32_t count = 1;
    if (!task->standard || task->tensor->format[0] == 0)
        return task->standard ? PARTS : 1;
    for (int l = 0; l < 3; l++)
        count += task->tensor->format[l] > PART_SIZE ? task->tensor->format[l] - PART_SIZE : 0;
    return count;
}

/* Whether a product is one of units, as in the standard scheme, and not in the part. */
static bool is_beyond(const shared *s, const uint32_t sizes[3], const int8_t *row)
{
    const uint32_t *format = s->task->tensor->format;
    uint32_t at[3] = {0};
    for (int axis = 0; axis < 3; row += s->extent[axis++]) {
        uint32_t count = 0;
        for (uint32_t e = 0; e < s->extent[axis]; e++)
            if (row[e] != 0) {
                at[axis] = e;
                count++;
            }
        if (count != 1)
            return false;
    }
    if (format[0] == 0)
        return at[0] >= sizes[0] || at[1] >= sizes[1] || at[2] >= sizes[2];
    return at[0] / format[1] >= sizes[0] || at[0] % format[1] >= sizes[1] ||
           at[1] % format[2] >= sizes[2];
}

/* Begins a game whose first moves are the standard products beyond a part of the tensor: what is
   left to play for is the part. */
static void begin_part(shared *s)
{
    uint32_t sizes[3], kept = 0;
    s->basis.count = 0;
    s->known.rank = 0;
    fm_game_copy(s->root, s->origin);
    if (!draw_from_pool(s, &s->scratch))
        copy_products(&s->scratch, &s->task->starts[0]);
    part_sizes(s, s->part, sizes);
    for (uint32_t r = 0; r < s->scratch.rank; r++) {
        int8_t *row = fm_products_row(&s->scratch, r);
        if (!is_beyond(s, sizes, row))
            memmove(fm_products_row(&s->scratch, kept++), row, row_length(s->extent));
        else if (fm_game_play(s->root, row))
            append_row(&s->moves, row);
    }
    s->scratch.rank = kept;
}

/* Begins the next game: of the next part until there is the whole. */
static void begin_game(shared *s)
{
    bool is_whole = s->game > 0 && !plays_part(s);
    s->moves.rank = 0;
    if (s->game > 0 && !is_whole)
        s->part++;
    if (is_whole && ++s->generation_games > GAMES * fm_luby(s->generation)) {
        s->generation++;
        s->generation_games = 0;
        s->part = s->generation % 2 == 0 ? s->part_count - 1 : 0;
        empty_pool(s);
    }
    s->game++;
    s->simulations = 0;
    s->stale = 0;
    s->stale_rank = s->best_rank;
    s->luby = fm_luby(s->generation_games + 1);
    if (plays_part(s)) {
        begin_part(s);
    } else {
        choose_basis(s);
        choose_known(s);
        choose_completion(s);
    }
    fm_tree_clear(s->tree, &s->scratch);
    s->quota = SIMULATIONS;
}

/* Whether the game goes on: what is left can be completed to less than what is known, and is not
   yet so little that walks alone are done with it. */
static bool is_promising(shared *s)
{
    uint32_t ranks[3], least = 0;
    fm_game_flattening_ranks(s->root, ranks);
    for (int axis = 0; axis < 3; axis++)
        least = ranks[axis] > least ? ranks[axis] : least;
    return least >= REST_MIN && s->moves.rank + least < s->best_rank &&
           COMMITTED_SHARE * s->moves.rank < s->best_rank;
}

/* ---------------------------------------------------------------- completions */

/* What of a coefficient is in a layer of ternary vectors. */
static int8_t layer_of(int8_t coefficient, int layer)
{
    return (int8_t)(coefficient > layer ? 1 : coefficient < -layer ? -1 : 0);
}

static bool has_layer(const int8_t *vector, uint32_t length, int layer)
{
    for (uint32_t e = 0; e < length; e++)
        if (layer_of(vector[e], layer) != 0)
            return true;
    return false;
}

/* Appends the negative of a move, as ternary products: the layers of its factors in all
   combinations. */
static void append_negative(const shared *s, const int8_t *move, fm_products *completion)
{
    const uint32_t *extent = s->extent;
    const int8_t *u = move, *v = u + extent[0], *w = v + extent[1];
    for (int a = 0; has_layer(u, extent[0], a); a++)
        for (int b = 0; has_layer(v, extent[1], b); b++)
            for (int c = 0; has_layer(w, extent[2], c); c++) {
                int8_t *row = fm_products_row(completion, completion->rank++);
                for (uint32_t e = 0; e < extent[0]; e++)
                    *row++ = (int8_t)(s->task->ring.p == 2 ? u[e] : -layer_of(u[e], a));
                for (uint32_t e = 0; e < extent[1]; e++)
                    *row++ = layer_of(v[e], b);
                for (uint32_t e = 0; e < extent[2]; e++)
                    *row++ = layer_of(w[e], c);
            }
}

/* The completion of a position from that of the one before the move: without it, or with its
   negative. */
static void complete(const shared *s, const int8_t *move, fm_products *completion)
{
    size_t row = row_length(s->extent);
    for (uint32_t r = 0; r < completion->rank; r++) {
        int8_t *other = fm_products_row(completion, r);
        fm_game_normalize(s->origin, other);
        if (memcmp(other, move, row) == 0) {
            memmove(other, fm_products_row(completion, --completion->rank), row);
            return;
        }
    }
    append_negative(s, move, completion);
}

/* ---------------------------------------------------------------- the game goes on */

/* Plays a move at the root; false when the game ends with it. */
static bool commit(shared *s, uint32_t child)
{
    const int8_t *move = fm_tree_move(s->tree, child);
    if (s->moves.rank + 1 >= s->moves_max || !fm_game_play(s->root, move))
        return false;
    append_row(&s->moves, move);
    if (!fm_tree_completion(s->tree, child, &s->scratch)) {
        fm_tree_completion(s->tree, fm_tree_root(s->tree), &s->scratch);
        complete(s, move, &s->scratch);
    }
    if (s->scratch.rank > s->completion_max)
        return false;
    fm_tree_commit(s->tree, child);
    fm_tree_complete(s->tree, &s->scratch);
    s->quota = fm_tree_root_visits(s->tree) + SIMULATIONS;
    s->stale = s->best_rank < s->stale_rank ? 0 : s->stale + 1;
    s->stale_rank = s->best_rank;
    return s->stale <= STALE_MAX;
}

/* Makes room, commits a move, ends a game, as it is due. */
static void go_on(shared *s)
{
    fm_tree_lock(s->tree);
    if (fm_tree_root_visits(s->tree) >= s->quota) {
        uint32_t child = fm_tree_best_move(s->tree);
        if (child == FM_TREE_NONE || plays_part(s) || !commit(s, child) || !is_promising(s))
            begin_game(s);
    }
    if (fm_tree_is_full(s->tree))
        fm_tree_recycle(s->tree);
    fm_tree_unlock(s->tree);
}

/* ---------------------------------------------------------------- simulations */

/* Adds a child to the node at the end of the path, whose claim the walker has; FM_TREE_NONE when
   none was found. */
static uint32_t add_child(walker *w)
{
    shared *s = w->shared;
    uint32_t node = fm_tree_end(&w->path), added = FM_TREE_NONE;
    int8_t *move = fm_alloc(row_length(s->extent), 1);
    fm_proposal proposal = {.move = move};
    fm_proposal_source source = {.game = w->game,
                                 .ring = s->task->ring,
                                 .least = s->least,
                                 .most = s->most,
                                 .completion = &w->completion,
                                 .known = &s->known,
                                 .weights = KIND_WEIGHTS,
                                 .random = &w->random};
    bool symmetric = w->basis.count == 0 && s->task->tensor->format[0] != 0, found = false;
    uint64_t hash = 0;
    for (int tries = 0; tries < PROPOSAL_TRIES && !found; tries++) {
        if (!fm_propose(&source, &proposal) || !fm_game_play(w->game, move))
            continue;
        hash = fm_game_hash(w->game, symmetric, s->task->tensor->format);
        found = !fm_tree_has_seen(s->tree, hash);
        fm_game_take_back(w->game, move);
    }
    if (found)
        added = fm_tree_add(s->tree, node, move, proposal.prior, hash);
    else
        fm_tree_add_none(s->tree, node);
    free(move);
    return added;
}

/* Goes on to a child, and to its completion. */
static void descend(walker *w, uint32_t child)
{
    shared *s = w->shared;
    const int8_t *move = fm_tree_move(s->tree, child);
    bool played = fm_game_play(w->game, move);
    assert(played);
    (void)played;
    append_row(&w->moves, move);
    fm_tree_descend(s->tree, &w->path, child);
    if (!fm_tree_completion(s->tree, child, &w->completion))
        complete(s, move, &w->completion);
}

/* Down the tree to a position to be played out. */
static void go_down(walker *w)
{
    shared *s = w->shared;
    uint32_t child = FM_TREE_NONE;
    bool is_new = false;
    w->basis = s->basis;
    w->generation = s->generation;
    copy_products(&w->aside, &s->moves);
    w->moves.rank = 0;
    fm_game_copy(w->game, s->root);
    fm_tree_start(s->tree, &w->path);
    fm_tree_completion(s->tree, fm_tree_end(&w->path), &w->completion);
    while (!is_new && w->aside.rank + w->moves.rank < s->moves_max &&
           w->completion.rank < s->completion_max) {
        uint32_t node = fm_tree_end(&w->path);
        child = fm_tree_claim(s->tree, node) ? add_child(w) : FM_TREE_NONE;
        is_new = child != FM_TREE_NONE;
        if (!is_new)
            child = fm_tree_select(s->tree, node);
        if (child == FM_TREE_NONE)
            return;
        descend(w, child);
    }
    if (is_new && fm_random_below(&w->random, PLAIN_LEAF_SHARE) == 0) {
        fm_products plain = new_products(s->extent, s->completion_max);
        if (fm_playout_decompose(w->playout, w->game, s->completion_max, &plain))
            copy_products(&w->completion, &plain);
        fm_products_clear(&plain);
    }
}

static void begin_simulation(walker *w)
{
    shared *s = w->shared;
    if (fm_tree_root_visits(s->tree) >= s->quota || fm_tree_is_full(s->tree))
        go_on(s);
    fm_tree_enter(s->tree);
    go_down(w);
    uint64_t attempts = plays_part(s) ? ATTEMPTS_IN_PART : ATTEMPTS_PER_PRODUCT * s->luby;
    attempts *= fm_luby(++s->simulations);
    fm_tree_leave(s->tree);
    fm_playout_begin(w->playout, &w->aside, &w->moves, &w->completion,
                     attempts * w->completion.rank,
                     attempts * (w->moves.rank + w->completion.rank));
    w->plays = true;
}

/* Backs up what the playout came to; true when the walker has a better scheme. */
static bool end_simulation(walker *w)
{
    shared *s = w->shared;
    const fm_products *whole = fm_playout_whole(w->playout);
    w->plays = false;
    fm_tree_enter(s->tree);
    fm_tree_store(s->tree, &w->path, w->path.length - 1, fm_playout_residual(w->playout));
    fm_tree_store(s->tree, &w->path, 0, whole);
    fm_tree_backup(s->tree, &w->path, w->aside.rank + whole->rank);
    fm_tree_leave(s->tree);
    return offer(w, whole);
}

/* ---------------------------------------------------------------- the engine */

static fm_status check(const fm_tensor *tensor, const fm_engine_task *task, fm_error *error)
{
    if (task->least < -FM_GAME_COEFFICIENT_MAX || task->most > FM_GAME_COEFFICIENT_MAX ||
        task->least > 0 || task->most < 0)
        return fm_fail(error, FM_BAD_INPUT, "coefficients of moves are from -%d to %d",
                       FM_GAME_COEFFICIENT_MAX, FM_GAME_COEFFICIENT_MAX);
    if (task->objective != FM_OBJECTIVE_RANK || task->collect != 0)
        return fm_fail(error, FM_BAD_INPUT, "the engine mcts looks for low ranks only");
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fmpz *value = &tensor->entries[e].value;
        if (task->ring.kind != FM_RING_ZP && fmpz_cmpabs(value, (const fmpz[1]){32}) > 0)
            return fm_fail(error, FM_BAD_INPUT, "the engine mcts takes entries from -32 to 32");
    }
    return FM_OK;
}

static void set_up_game(shared *s)
{
    const fm_tensor *tensor = s->task->tensor;
    s->origin = fm_game_new(s->extent, s->task->ring);
    s->root = fm_game_new(s->extent, s->task->ring);
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        int value = s->task->ring.kind == FM_RING_ZP
                        ? (int)fmpz_fdiv_ui(&entry->value, s->task->ring.p)
                        : (int)fmpz_get_si(&entry->value);
        fm_game_add(s->origin, entry->i, entry->j, entry->k, value);
    }
}

static void *new_shared(const fm_engine_task *task)
{
    shared *s = fm_alloc_zero(1, sizeof *s);
    uint32_t start = 0;
    for (size_t i = 0; i < task->start_count; i++)
        start = task->starts[i].rank > start ? task->starts[i].rank : start;
    s->task = task;
    memcpy(s->extent, task->tensor->extent, sizeof s->extent);
    s->least = task->least != 0 ? task->least : -1;
    s->most = task->most != 0 ? task->most : 1;
    s->walk_ring = task->ring.kind == FM_RING_Z ? FM_RING_ZT_VALUE : task->ring;
    s->completion_max = 2 * start + RANK_ROOM;
    s->moves_max = start;
    s->rank_max = s->completion_max + s->moves_max + RANK_ROOM;
    s->tree = fm_tree_new(s->extent, s->completion_max, TREE_BYTES);
    fm_random_seed(&s->random, task->seed, UINT64_MAX);
    s->plain = fm_playout_new(s->extent, s->walk_ring, s->rank_max, &s->random);
    s->moves = new_products(s->extent, s->rank_max);
    s->scratch = new_products(s->extent, s->rank_max);
    s->known = new_products(s->extent, KNOWN_MAX * s->rank_max);
    for (int i = 0; i < POOL_MAX; i++)
        s->pool[i] = new_products(s->extent, s->rank_max);
    omp_init_lock(&s->pool_lock);
    empty_pool(s);
    s->generation = 1;
    s->part_count = count_parts(task);
    set_up_game(s);
    begin_game(s);
    return s;
}

static void free_shared(void *opaque)
{
    shared *s = opaque;
    if (s == NULL)
        return;
    fm_tree_free(s->tree);
    fm_playout_free(s->plain);
    fm_game_free(s->origin);
    fm_game_free(s->root);
    fm_products_clear(&s->moves);
    fm_products_clear(&s->scratch);
    fm_products_clear(&s->known);
    for (int i = 0; i < POOL_MAX; i++)
        fm_products_clear(&s->pool[i]);
    omp_destroy_lock(&s->pool_lock);
    free(s);
}

static void *new_walker(const fm_engine_task *task, void *opaque, uint64_t number)
{
    shared *s = opaque;
    walker *w = fm_alloc_zero(1, sizeof *w);
    w->shared = s;
    fm_random_seed(&w->random, task->seed, number);
    w->playout = fm_playout_new(s->extent, s->walk_ring, s->rank_max, &w->random);
    w->game = fm_game_new(s->extent, task->ring);
    w->aside = new_products(s->extent, s->rank_max);
    w->moves = new_products(s->extent, s->rank_max);
    w->completion = new_products(s->extent, s->rank_max);
    w->best = new_products(s->extent, s->rank_max);
    for (size_t i = 0; i < task->start_count; i++)
        if (i == 0 || task->starts[i].rank < w->best.rank)
            copy_products(&w->best, &task->starts[i]);
    return w;
}

static void free_walker(void *opaque)
{
    walker *w = opaque;
    fm_playout_free(w->playout);
    fm_game_free(w->game);
    fm_tree_path_clear(&w->path);
    fm_products_clear(&w->aside);
    fm_products_clear(&w->moves);
    fm_products_clear(&w->completion);
    fm_products_clear(&w->best);
    free(w);
}

/* ---------------------------------------------------------------- walks side by side */

/* What a walker has before it in this call. */
typedef struct turn {
    walker *w;
    uint64_t end, flip_limit;
    bool *better;
} turn;

/* Attempts until the walker's next decision, no more than to its end. */
static uint64_t until_decision(const turn *t)
{
    const fm_lane *lane = fm_playout_lane(t->w->playout);
    uint64_t goal = t->end - lane->attempts, due = fm_playout_due(t->w->playout);
    goal = due < goal ? due : goal;
    if (t->flip_limit != 0 && t->flip_limit - lane->flips < goal)
        goal = t->flip_limit - lane->flips;
    return goal;
}

static void decide(turn *t)
{
    if (!fm_playout_decide(t->w->playout))
        *t->better = end_simulation(t->w);
}

/* Brings a walker to where its walk can go on: false when its turn is over. */
static bool get_ready(turn *t)
{
    fm_lane *lane = fm_playout_lane(t->w->playout);
    while (!*t->better && lane->attempts < t->end &&
           (t->flip_limit == 0 || lane->flips < t->flip_limit)) {
        if (!t->w->plays)
            begin_simulation(t->w);
        if (fm_playout_kernel(t->w->playout)->can_flip(lane->walk))
            return true;
        lane->attempts += until_decision(t);
        decide(t);
    }
    return false;
}

/* Runs those that have the same kernel as the first, up to the first one's decision. */
static void run_lanes(turn *turns, unsigned count, bool *ready)
{
    fm_lane lanes[FM_ENGINE_TOGETHER];
    turn *group[FM_ENGINE_TOGETHER];
    unsigned size = 0;
    uint64_t goal = UINT64_MAX;
    const fm_walk_kernel *kernel = NULL;
    for (unsigned i = 0; i < count; i++) {
        const fm_walk_kernel *own = fm_playout_kernel(turns[i].w->playout);
        if (!ready[i] || (kernel != NULL && own != kernel))
            continue;
        uint64_t due = until_decision(&turns[i]);
        kernel = own;
        ready[i] = false;
        goal = due < goal ? due : goal;
        lanes[size] = *fm_playout_lane(turns[i].w->playout);
        group[size++] = &turns[i];
    }
    kernel->run(lanes, size, goal);
    for (unsigned i = 0; i < size; i++) {
        *fm_playout_lane(group[i]->w->playout) = lanes[i];
        decide(group[i]);
    }
}

static void run(void *const *walkers, unsigned count, uint64_t attempts, uint64_t flip_limit,
                bool *better)
{
    turn turns[FM_ENGINE_TOGETHER];
    bool ready[FM_ENGINE_TOGETHER], any = true;
    for (unsigned i = 0; i < count; i++) {
        walker *w = walkers[i];
        better[i] = false;
        turns[i] =
            (turn){w, fm_playout_lane(w->playout)->attempts + attempts, flip_limit, &better[i]};
    }
    while (any) {
        any = false;
        for (unsigned i = 0; i < count; i++)
            any |= ready[i] = get_ready(&turns[i]);
        for (unsigned i = 0; i < count; i++)
            if (ready[i])
                run_lanes(turns, count, ready);
    }
}

static uint64_t flips(const void *opaque)
{
    return fm_playout_lane(((const walker *)opaque)->playout)->flips;
}

static uint32_t rank(const void *opaque)
{
    const walker *w = opaque;
    return w->plays ? fm_playout_rank_now(w->playout) : w->best.rank;
}

static uint64_t best_score(const void *opaque)
{
    return (uint64_t)((const walker *)opaque)->best.rank << 32;
}

static fm_products best(const void *opaque)
{
    const fm_products *own = &((const walker *)opaque)->best;
    fm_products copy = new_products(own->extent, own->rank);
    copy_products(&copy, own);
    return copy;
}

static fm_search_pool *pools(void *opaque, size_t *count)
{
    shared *s = opaque;
    fm_search_pool *pool = fm_alloc_zero(1, sizeof *pool);
    *count = 1;
    snprintf(pool->stage, sizeof pool->stage, "%.35s", s->task->tensor->name);
    omp_set_lock(&s->pool_lock);
    pool->rank = s->pool_rank;
    pool->size = s->pool_size;
    omp_unset_lock(&s->pool_lock);
    return pool;
}

/* ---------------------------------------------------------------- state */

static void products_state(fm_products *products, uint32_t rank_max, fm_state *state)
{
    FM_STATE_VALUE(state, products->rank);
    fm_state_require(state, products->rank <= rank_max);
    if (!state->bad)
        fm_state_bytes(state, products->coefficients,
                       products->rank * row_length(products->extent));
}

static void pool_state(shared *s, fm_state *state)
{
    uint32_t best_rank;
    omp_set_lock(&s->pool_lock);
    best_rank = s->best_rank;
    FM_STATE_VALUE(state, best_rank);
    FM_STATE_VALUE(state, s->pool_size);
    FM_STATE_VALUE(state, s->pool_rank);
    fm_state_require(state, s->pool_size <= POOL_MAX);
    for (uint32_t i = 0; i < s->pool_size && !state->bad; i++)
        products_state(&s->pool[i], s->rank_max, state);
    s->best_rank = best_rank;
    omp_unset_lock(&s->pool_lock);
}

/* The residual at the root follows from the basis and the committed moves. */
static void restore_root(shared *s, fm_state *state)
{
    fm_game_copy(s->root, s->origin);
    fm_state_require(state, fm_basis_take_game(&s->basis, s->root));
    for (uint32_t r = 0; r < s->moves.rank && !state->bad; r++)
        fm_state_require(state, fm_game_play(s->root, fm_products_row(&s->moves, r)));
}

static void shared_state(void *opaque, fm_state *state)
{
    shared *s = opaque;
    fm_tree_lock(s->tree);
    uint32_t quota = s->quota;
    uint64_t generation = s->generation, games = s->generation_games;
    uint64_t simulations = s->simulations;
    FM_STATE_VALUE(state, s->random);
    FM_STATE_VALUE(state, s->game);
    FM_STATE_VALUE(state, generation);
    FM_STATE_VALUE(state, s->part);
    fm_state_require(state, s->part < s->part_count);
    FM_STATE_VALUE(state, games);
    FM_STATE_VALUE(state, s->stale);
    FM_STATE_VALUE(state, s->stale_rank);
    FM_STATE_VALUE(state, simulations);
    FM_STATE_VALUE(state, quota);
    FM_STATE_VALUE(state, s->luby);
    s->quota = quota;
    s->generation = generation;
    s->generation_games = games;
    s->simulations = simulations;
    fm_basis_state(&s->basis, s->extent, state);
    products_state(&s->moves, s->rank_max, state);
    products_state(&s->known, KNOWN_MAX * s->rank_max, state);
    pool_state(s, state);
    if (state->restoring && !state->bad)
        restore_root(s, state);
    fm_tree_state(s->tree, state);
    fm_tree_unlock(s->tree);
}

static void state(void *opaque, fm_state *state)
{
    walker *w = opaque;
    shared *s = w->shared;
    FM_STATE_VALUE(state, w->random);
    FM_STATE_VALUE(state, w->generation);
    FM_STATE_VALUE(state, w->plays);
    fm_basis_state(&w->basis, s->extent, state);
    products_state(&w->aside, s->rank_max, state);
    products_state(&w->moves, s->rank_max, state);
    products_state(&w->best, s->rank_max, state);
    fm_playout_state(w->playout, state);
    fm_tree_path_state(s->tree, &w->path, state);
}

const fm_engine fm_engine_mcts = {
    .name = "mcts",
    .check = check,
    .new_shared = new_shared,
    .free_shared = free_shared,
    .new = new_walker,
    .free = free_walker,
    .run = run,
    .flips = flips,
    .rank = rank,
    .best_score = best_score,
    .best = best,
    .pools = pools,
    .shared_state = shared_state,
    .state = state,
};
