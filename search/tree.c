#include "tree.h"

#include "memory.h"

#include <assert.h>
#include <math.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* How much the prior and few visits count against the outcomes; of them, how much the best one
   counts against the mean. */
static const double EXPLORATION = 1.0;
static const double BEST_SHARE = 0.5;
/* A node with n visits has up to WIDTH n^WIDTH_POWER children. */
static const double WIDTH = 2.0;
static const double WIDTH_POWER = 0.5;

enum {
    NODES_MIN = 64,
    SPAN_MAX = 8, /* ranks so far above the lowest of the game are all alike */
    ROUNDS = 64,  /* of looking whether the others have left, before others get the processor */
};

/* A node; behind it are its move and its completion, see node_at. */
typedef struct node {
    _Atomic uint32_t first_child, visits, under_way, ends, children, best;
    _Atomic uint64_t rank_sum;
    _Atomic float expected;     /* a rank, 0: none */
    _Atomic bool claimed, busy; /* busy: somebody reads or writes the completion */
    bool used, has_completion;
    uint32_t parent, next_sibling, serial, completion_rank;
    float prior;
    uint64_t hash;
} node;

struct fm_tree {
    uint32_t extent[3], rank_max, capacity;
    size_t row, stride; /* bytes of a move, of a node with all it has */
    uint8_t *nodes;
    uint32_t *free;                     /* those that are free again */
    _Atomic uint32_t free_count, fresh; /* from fresh on nodes have not been in use yet */
    uint32_t root;
    _Atomic uint32_t root_visits; /* the root's, to be read at any time */
    /* The hashes of positions in the tree, by their low bits, the last one of several. */
    _Atomic uint64_t *seen;
    uint32_t seen_mask;
    _Atomic uint32_t lowest, highest; /* ranks of this game */
    _Atomic uint32_t inside;
    _Atomic bool locked;
};

static node *node_at(const fm_tree *tree, uint32_t number)
{
    assert(number < tree->capacity);
    return (node *)(tree->nodes + number * tree->stride);
}

static int8_t *move_at(const fm_tree *tree, uint32_t number)
{
    return (int8_t *)(node_at(tree, number) + 1);
}

static int8_t *completion_at(const fm_tree *tree, uint32_t number)
{
    return move_at(tree, number) + tree->row;
}

/* Makes a node one without anything. */
static void reset(const fm_tree *tree, uint32_t number)
{
    node *n = node_at(tree, number);
    uint32_t serial = n->serial + 1;
    memset(n, 0, sizeof *n);
    n->serial = serial;
    n->best = UINT32_MAX;
    n->first_child = n->parent = n->next_sibling = FM_TREE_NONE;
}

/* Remembers a position, or forgets it. */
static void note_seen(fm_tree *tree, uint64_t hash)
{
    tree->seen[hash & tree->seen_mask] = hash | 1;
}

static void forget_seen(fm_tree *tree, uint64_t hash)
{
    if (fm_tree_has_seen(tree, hash))
        tree->seen[hash & tree->seen_mask] = 0;
}

static void release(fm_tree *tree, uint32_t number)
{
    forget_seen(tree, node_at(tree, number)->hash);
    reset(tree, number);
    tree->free[tree->free_count++] = number;
}

/* Frees a node and all below, without recursion: leaves first, by the links to parents. */
static void release_subtree(fm_tree *tree, uint32_t top)
{
    uint32_t at = top;
    for (;;) {
        node *n = node_at(tree, at);
        if (n->first_child != FM_TREE_NONE) {
            uint32_t child = n->first_child;
            n->first_child = node_at(tree, child)->next_sibling;
            at = child;
            continue;
        }
        uint32_t parent = n->parent;
        release(tree, at);
        if (at == top)
            return;
        at = parent;
    }
}

fm_tree *fm_tree_new(const uint32_t extent[3], uint32_t rank_max, size_t bytes)
{
    fm_tree *tree = fm_alloc_zero(1, sizeof *tree);
    memcpy(tree->extent, extent, sizeof tree->extent);
    tree->rank_max = rank_max;
    tree->row = (size_t)extent[0] + extent[1] + extent[2];
    tree->stride = (sizeof(node) + tree->row * (rank_max + 1) + 63) / 64 * 64;
    size_t capacity = bytes / tree->stride;
    tree->capacity = capacity < NODES_MIN ? NODES_MIN : (uint32_t)capacity;
    tree->nodes = fm_alloc_zero(tree->capacity, tree->stride);
    tree->free = fm_alloc(tree->capacity, sizeof *tree->free);
    tree->seen_mask = 1;
    while (tree->seen_mask < 2 * tree->capacity)
        tree->seen_mask = 2 * tree->seen_mask + 1;
    tree->seen = fm_alloc_zero((size_t)tree->seen_mask + 1, sizeof *tree->seen);
    fm_tree_clear(tree, 0, NULL);
    return tree;
}

void fm_tree_free(fm_tree *tree)
{
    if (tree == NULL)
        return;
    free((void *)tree->seen);
    free(tree->free);
    free(tree->nodes);
    free(tree);
}

uint32_t fm_tree_capacity(const fm_tree *tree)
{
    return tree->capacity;
}

uint32_t fm_tree_size(const fm_tree *tree)
{
    return tree->fresh - tree->free_count;
}

bool fm_tree_is_full(const fm_tree *tree)
{
    return tree->free_count == 0 && tree->fresh == tree->capacity;
}

/* ---------------------------------------------------------------- who is in the tree */

void fm_tree_enter(fm_tree *tree)
{
    for (;;) {
        tree->inside++;
        if (!tree->locked)
            return;
        tree->inside--;
        while (tree->locked)
            sched_yield();
    }
}

void fm_tree_leave(fm_tree *tree)
{
    tree->inside--;
}

void fm_tree_lock(fm_tree *tree)
{
    bool expected = false;
    while (!atomic_compare_exchange_weak(&tree->locked, &expected, true)) {
        expected = false;
        sched_yield();
    }
    for (int round = 0; tree->inside != 0; round++)
        if (round >= ROUNDS)
            sched_yield();
}

void fm_tree_unlock(fm_tree *tree)
{
    tree->locked = false;
}

uint32_t fm_tree_root_visits(const fm_tree *tree)
{
    return tree->root_visits;
}

/* ---------------------------------------------------------------- paths */

static void extend_path(fm_tree *tree, fm_tree_path *path, uint32_t number)
{
    if (path->length == path->capacity) {
        path->capacity = 2 * path->capacity + 16;
        path->nodes = fm_realloc(path->nodes, path->capacity, sizeof *path->nodes);
        path->serials = fm_realloc(path->serials, path->capacity, sizeof *path->serials);
    }
    node *n = node_at(tree, number);
    path->nodes[path->length] = number;
    path->serials[path->length++] = n->serial;
    n->under_way++;
}

void fm_tree_path_clear(fm_tree_path *path)
{
    free(path->nodes);
    free(path->serials);
    *path = (fm_tree_path){0};
}

void fm_tree_start(fm_tree *tree, fm_tree_path *path)
{
    path->length = 0;
    extend_path(tree, path, tree->root);
}

void fm_tree_descend(fm_tree *tree, fm_tree_path *path, uint32_t child)
{
    assert(node_at(tree, child)->parent == fm_tree_end(path));
    extend_path(tree, path, child);
}

uint32_t fm_tree_end(const fm_tree_path *path)
{
    return path->nodes[path->length - 1];
}

/* ---------------------------------------------------------------- selection */

/* What is known of a node, from 0, the highest rank of the game, to 1, the lowest. */
static double value_of(const fm_tree *tree, const node *n)
{
    uint32_t lowest = tree->lowest, highest = tree->highest;
    uint32_t visits = n->visits, under_way = n->under_way, best = n->best;
    if (visits == 0 || highest <= lowest)
        return visits == 0 ? 0 : 0.5;
    if (highest > lowest + SPAN_MAX)
        highest = lowest + SPAN_MAX;
    double sum = (double)n->rank_sum + (double)under_way * highest, expected = n->expected;
    double mean = (sum + expected) / (visits + under_way + (expected > 0));
    double rank = BEST_SHARE * best + (1 - BEST_SHARE) * mean;
    return rank >= highest ? 0 : (highest - rank) / (highest - lowest);
}

uint32_t fm_tree_select(fm_tree *tree, uint32_t number)
{
    const node *parent = node_at(tree, number);
    uint32_t first = parent->first_child, selected = FM_TREE_NONE;
    double priors = 0, highest = -1;
    for (uint32_t c = first; c != FM_TREE_NONE; c = node_at(tree, c)->next_sibling)
        priors += node_at(tree, c)->prior;
    double scale = EXPLORATION * sqrt(parent->visits + parent->under_way) / priors;
    for (uint32_t c = first; c != FM_TREE_NONE; c = node_at(tree, c)->next_sibling) {
        const node *child = node_at(tree, c);
        double score =
            value_of(tree, child) + scale * child->prior / (1 + child->visits + child->under_way);
        if (score > highest) {
            highest = score;
            selected = c;
        }
    }
    return selected;
}

bool fm_tree_claim(fm_tree *tree, uint32_t number)
{
    node *n = node_at(tree, number);
    bool expected = false;
    if (n->visits == 0 || n->children >= WIDTH * pow(n->visits, WIDTH_POWER))
        return false;
    return atomic_compare_exchange_strong(&n->claimed, &expected, true);
}

/* A node that is not in use, as reset. */
static uint32_t take_free(fm_tree *tree)
{
    uint32_t count = tree->free_count, fresh = tree->fresh;
    while (count > 0)
        if (atomic_compare_exchange_weak(&tree->free_count, &count, count - 1))
            return tree->free[count - 1];
    while (fresh < tree->capacity)
        if (atomic_compare_exchange_weak(&tree->fresh, &fresh, fresh + 1)) {
            reset(tree, fresh);
            return fresh;
        }
    return FM_TREE_NONE;
}

uint32_t fm_tree_add(fm_tree *tree, uint32_t number, const int8_t *move, float prior, uint64_t hash)
{
    node *parent = node_at(tree, number);
    uint32_t added = take_free(tree);
    assert(parent->claimed && prior > 0);
    if (added != FM_TREE_NONE) {
        node *child = node_at(tree, added);
        child->used = true;
        child->parent = number;
        child->prior = prior;
        child->hash = hash;
        memcpy(move_at(tree, added), move, tree->row);
        child->next_sibling = parent->first_child;
        parent->first_child = added; /* from here on others see it */
        parent->children++;
        note_seen(tree, hash);
    }
    parent->claimed = false;
    return added;
}

void fm_tree_add_none(fm_tree *tree, uint32_t number)
{
    node_at(tree, number)->claimed = false;
}

bool fm_tree_has_seen(const fm_tree *tree, uint64_t hash)
{
    return tree->seen[hash & tree->seen_mask] == (hash | 1);
}

const int8_t *fm_tree_move(const fm_tree *tree, uint32_t number)
{
    return move_at(tree, number);
}

uint32_t fm_tree_visits(const fm_tree *tree, uint32_t number)
{
    return node_at(tree, number)->visits;
}

double fm_tree_mean(const fm_tree *tree, uint32_t number)
{
    const node *n = node_at(tree, number);
    return (double)n->rank_sum / n->visits;
}

void fm_tree_expect(fm_tree *tree, uint32_t number, float rank)
{
    node_at(tree, number)->expected = rank;
}

/* ---------------------------------------------------------------- outcomes */

static void lower(_Atomic uint32_t *least, uint32_t value)
{
    uint32_t now = *least;
    while (value < now && !atomic_compare_exchange_weak(least, &now, value))
        ;
}

static void raise(_Atomic uint32_t *most, uint32_t value)
{
    uint32_t now = *most;
    while (value > now && !atomic_compare_exchange_weak(most, &now, value))
        ;
}

/* Whether a node of a path is still the one that it was. */
static bool is_same(const fm_tree *tree, const fm_tree_path *path, uint32_t at)
{
    return node_at(tree, path->nodes[at])->serial == path->serials[at];
}

void fm_tree_backup(fm_tree *tree, fm_tree_path *path, uint32_t rank)
{
    bool ends = true;
    for (uint32_t at = path->length; at-- > 0;) {
        node *n = node_at(tree, path->nodes[at]);
        if (!is_same(tree, path, at))
            continue;
        n->ends += ends; /* at the last one that is still there */
        ends = false;
        n->rank_sum += rank;
        lower(&n->best, rank);
        n->visits++;
        n->under_way--;
    }
    if (!ends) {
        lower(&tree->lowest, rank);
        raise(&tree->highest, rank);
        tree->root_visits = node_at(tree, tree->root)->visits;
    }
    path->length = 0;
}

static void take_completion(node *n)
{
    bool expected = false;
    while (!atomic_compare_exchange_weak(&n->busy, &expected, true))
        expected = false;
}

static void store(fm_tree *tree, uint32_t number, const fm_products *completion)
{
    node *n = node_at(tree, number);
    if (completion->rank > tree->rank_max)
        return;
    take_completion(n);
    if (!n->has_completion || completion->rank <= n->completion_rank) {
        n->has_completion = true;
        n->completion_rank = completion->rank;
        memcpy(completion_at(tree, number), completion->coefficients, completion->rank * tree->row);
    }
    n->busy = false;
}

void fm_tree_store(fm_tree *tree, const fm_tree_path *path, uint32_t at,
                   const fm_products *completion)
{
    if (is_same(tree, path, at))
        store(tree, path->nodes[at], completion);
}

bool fm_tree_completion(fm_tree *tree, uint32_t number, fm_products *completion)
{
    node *n = node_at(tree, number);
    take_completion(n);
    bool has = n->has_completion;
    if (has) {
        completion->rank = n->completion_rank;
        memcpy(completion->coefficients, completion_at(tree, number), completion->rank * tree->row);
    }
    n->busy = false;
    return has;
}

/* ---------------------------------------------------------------- the shape */

void fm_tree_clear(fm_tree *tree, uint64_t hash, const fm_products *completion)
{
    if (tree->fresh > 0)
        release_subtree(tree, tree->root);
    tree->root = take_free(tree);
    tree->root_visits = 0;
    node_at(tree, tree->root)->used = true;
    node_at(tree, tree->root)->hash = hash;
    note_seen(tree, hash);
    tree->lowest = UINT32_MAX;
    tree->highest = 0;
    if (completion != NULL)
        fm_tree_complete(tree, completion);
}

void fm_tree_complete(fm_tree *tree, const fm_products *completion)
{
    store(tree, tree->root, completion);
}

uint32_t fm_tree_root(const fm_tree *tree)
{
    return tree->root;
}

uint32_t fm_tree_best_move(const fm_tree *tree)
{
    uint32_t best = FM_TREE_NONE;
    for (uint32_t c = node_at(tree, tree->root)->first_child; c != FM_TREE_NONE;
         c = node_at(tree, c)->next_sibling) {
        const node *n = node_at(tree, c);
        if (best == FM_TREE_NONE || n->visits > node_at(tree, best)->visits ||
            (n->visits == node_at(tree, best)->visits && n->best < node_at(tree, best)->best))
            best = c;
    }
    return best;
}

void fm_tree_commit(fm_tree *tree, uint32_t child)
{
    node *root = node_at(tree, tree->root), *n = node_at(tree, child);
    assert(n->parent == tree->root);
    for (uint32_t c = root->first_child; c != FM_TREE_NONE;) {
        uint32_t next = node_at(tree, c)->next_sibling;
        if (c != child)
            release_subtree(tree, c);
        c = next;
    }
    release(tree, tree->root);
    tree->root = child;
    tree->root_visits = n->visits;
    n->parent = n->next_sibling = FM_TREE_NONE;
}

static int compare_counts(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* So many visits that half of the nodes have no more. */
static uint32_t median_visits(const fm_tree *tree)
{
    uint32_t *visits = fm_alloc(tree->capacity, sizeof *visits), count = 0;
    for (uint32_t number = 0; number < tree->fresh; number++)
        if (number != tree->root && node_at(tree, number)->used)
            visits[count++] = node_at(tree, number)->visits;
    qsort(visits, count, sizeof *visits, compare_counts);
    uint32_t median = count == 0 ? 0 : visits[count / 2];
    free(visits);
    return median;
}

/* A child has no more visits than its parent, so that whole subtrees go. */
void fm_tree_recycle(fm_tree *tree)
{
    uint32_t limit = median_visits(tree);
    for (uint32_t number = 0; number < tree->fresh; number++) {
        node *n = node_at(tree, number);
        if (!n->used || (number != tree->root && n->visits <= limit))
            continue;
        uint32_t kept = FM_TREE_NONE;
        for (uint32_t c = n->first_child; c != FM_TREE_NONE;) {
            node *child = node_at(tree, c);
            uint32_t next = child->next_sibling;
            if (child->visits > limit) {
                child->next_sibling = kept;
                kept = c;
            } else {
                n->ends += child->visits;
                n->children--;
                release_subtree(tree, c);
            }
            c = next;
        }
        n->first_child = kept;
    }
}

bool fm_tree_adds_up(const fm_tree *tree)
{
    uint32_t used = 0;
    for (uint32_t number = 0; number < tree->fresh; number++) {
        const node *n = node_at(tree, number);
        if (!n->used)
            continue;
        uint32_t visits = n->ends, children = 0;
        for (uint32_t c = n->first_child; c != FM_TREE_NONE; c = node_at(tree, c)->next_sibling) {
            visits += node_at(tree, c)->visits;
            children++;
            if (node_at(tree, c)->parent != number)
                return false;
        }
        if (visits != n->visits || n->under_way != 0 || children != n->children)
            return false;
        used++;
    }
    return used == fm_tree_size(tree);
}

/* ---------------------------------------------------------------- state */

static void node_state(fm_tree *tree, uint32_t number, fm_state *state)
{
    node *n = node_at(tree, number);
    uint32_t links[6] = {n->first_child, n->visits, n->ends, n->children, n->best, n->parent};
    uint64_t sum = n->rank_sum;
    float expected = n->expected;
    bool is_seen = fm_tree_has_seen(tree, n->hash);
    fm_state_bytes(state, links, sizeof links);
    FM_STATE_VALUE(state, sum);
    FM_STATE_VALUE(state, expected);
    FM_STATE_VALUE(state, n->next_sibling);
    FM_STATE_VALUE(state, n->prior);
    FM_STATE_VALUE(state, n->hash);
    FM_STATE_VALUE(state, is_seen); /* of several with the same low bits the last one is */
    FM_STATE_VALUE(state, n->has_completion);
    FM_STATE_VALUE(state, n->completion_rank);
    fm_state_require(state, n->completion_rank <= tree->rank_max);
    if (state->bad)
        return;
    fm_state_bytes(state, move_at(tree, number), tree->row);
    fm_state_bytes(state, completion_at(tree, number), n->completion_rank * tree->row);
    if (!state->restoring)
        return;
    n->first_child = links[0];
    n->visits = links[1];
    n->ends = links[2];
    n->children = links[3];
    n->best = links[4];
    n->parent = links[5];
    n->rank_sum = sum;
    n->expected = expected;
    if (is_seen)
        note_seen(tree, n->hash);
}

/* Whether the links of a restored tree lead from the root to each node in use once. */
static bool is_tree(const fm_tree *tree)
{
    uint32_t reached = 0, used = fm_tree_size(tree);
    for (uint32_t number = 0; number < tree->fresh; number++) {
        const node *n = node_at(tree, number);
        if (!n->used)
            continue;
        bool linked = number == tree->root
                          ? n->parent == FM_TREE_NONE
                          : n->parent < tree->fresh && node_at(tree, n->parent)->used;
        if (!linked)
            return false;
        for (uint32_t c = n->first_child; c != FM_TREE_NONE; c = node_at(tree, c)->next_sibling)
            if (++reached >= used || c >= tree->fresh || !node_at(tree, c)->used ||
                node_at(tree, c)->parent != number)
                return false;
    }
    return reached == used - 1;
}

void fm_tree_state(fm_tree *tree, fm_state *state)
{
    uint32_t numbers[5] = {tree->root, tree->fresh, tree->free_count, tree->lowest, tree->highest};
    fm_state_bytes(state, numbers, sizeof numbers);
    fm_state_require(state, numbers[1] <= tree->capacity && numbers[0] < numbers[1] &&
                                numbers[2] < numbers[1]);
    if (state->bad)
        return;
    if (state->restoring)
        release_subtree(tree, tree->root); /* forgets its positions, too */
    tree->root = numbers[0];
    tree->fresh = numbers[1];
    tree->free_count = numbers[2];
    tree->lowest = numbers[3];
    tree->highest = numbers[4];
    fm_state_bytes(state, tree->free, numbers[2] * sizeof *tree->free);
    for (uint32_t number = 0; number < numbers[1] && !state->bad; number++) {
        if (state->restoring)
            reset(tree, number);
        FM_STATE_VALUE(state, node_at(tree, number)->used);
        FM_STATE_VALUE(state, node_at(tree, number)->serial);
        if (node_at(tree, number)->used)
            node_state(tree, number, state);
    }
    fm_state_require(state, !state->bad && is_tree(tree));
    if (state->restoring && !state->bad)
        tree->root_visits = node_at(tree, tree->root)->visits;
}

void fm_tree_path_state(fm_tree *tree, fm_tree_path *path, fm_state *state)
{
    uint32_t length = path->length;
    FM_STATE_VALUE(state, length);
    fm_state_require(state, length <= tree->rank_max + 1);
    if (state->restoring)
        path->length = 0;
    for (uint32_t at = 0; at < length && !state->bad; at++) {
        uint32_t step[2] = {0};
        if (!state->restoring)
            memcpy(step, (uint32_t[2]){path->nodes[at], path->serials[at]}, sizeof step);
        fm_state_bytes(state, step, sizeof step);
        fm_state_require(state, step[0] < tree->fresh);
        if (!state->restoring || state->bad)
            continue;
        extend_path(tree, path, step[0]);
        path->serials[at] = step[1];
        if (!is_same(tree, path, at))
            node_at(tree, step[0])->under_way--;
    }
}
