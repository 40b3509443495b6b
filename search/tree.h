/* The tree of a game's positions, one for all threads: which position is looked at next, and what
   came of it.

   A node is a position: the moves from the root to it have been played. A simulation goes down from
   the root, adds a node, plays it out elsewhere, and backs up the rank that was reached, the moves
   of the whole scheme. Among the children that there are the choice is by PUCT (Rosin 2011,
   Multi-armed bandits with episode context; Silver et al. 2017, Mastering the game of Go without
   human knowledge), with ranks scaled to what this game has seen (MuZero: Schrittwieser et al.
   2020); there are the more children the more visits a node has (progressive widening: Coulom 2007,
   Computing "Elo ratings" of move patterns in the game of Go). While a simulation is under way, the
   nodes on its path count as visited with a bad outcome, so that other threads go elsewhere
   (virtual loss: Chaslot, Winands and van den Herik 2008, Parallel Monte-Carlo tree search).

   Threads go down and back up side by side between fm_tree_enter and fm_tree_leave; counters are
   atomic, and nobody waits for anybody. What changes the shape for all (a committed move, a new
   game, recycling, saving) is done alone, between fm_tree_lock and fm_tree_unlock, while those who
   want to enter wait; it takes moments, between simulations. Nodes that went meanwhile are known by
   their serial number, and what comes back for them is dropped. */
#ifndef FM_TREE_H
#define FM_TREE_H

#include "products.h"
#include "state.h"

typedef struct fm_tree fm_tree;

#define FM_TREE_NONE UINT32_MAX

/* For moves of these extents and completions of up to rank_max products, in up to about so many
   bytes. There is a root, without children or completion. */
fm_tree *fm_tree_new(const uint32_t extent[3], uint32_t rank_max, size_t bytes);
void fm_tree_free(fm_tree *tree);
/* The most nodes there can be, and how many there are. */
uint32_t fm_tree_capacity(const fm_tree *tree);
uint32_t fm_tree_size(const fm_tree *tree);
bool fm_tree_is_full(const fm_tree *tree);

void fm_tree_enter(fm_tree *tree);
void fm_tree_leave(fm_tree *tree);
/* At any time. */
uint32_t fm_tree_root_visits(const fm_tree *tree);
/* To be alone; not between enter and leave. */
void fm_tree_lock(fm_tree *tree);
void fm_tree_unlock(fm_tree *tree);

/* ---------------------------------------------------------------- between enter and leave */

/* The way of a simulation, from the root. */
typedef struct fm_tree_path {
    uint32_t length, capacity;
    uint32_t *nodes, *serials;
} fm_tree_path;

void fm_tree_path_clear(fm_tree_path *path);

/* Begins a path at the root, or goes on to a child: both count as visited until backed up. */
void fm_tree_start(fm_tree *tree, fm_tree_path *path);
void fm_tree_descend(fm_tree *tree, fm_tree_path *path, uint32_t child);
/* The last node of a path. */
uint32_t fm_tree_end(const fm_tree_path *path);

/* The child to look at, FM_TREE_NONE when there is none. */
uint32_t fm_tree_select(fm_tree *tree, uint32_t node);
/* Whether the node should have another child; if so, only the caller may add one, and must, or say
   that there is none. */
bool fm_tree_claim(fm_tree *tree, uint32_t node);
/* Adds a child: its move, prior (above 0) and the hash of its position. FM_TREE_NONE when
   there is no room, then the tree is to be recycled. Both release the claim. */
uint32_t fm_tree_add(fm_tree *tree, uint32_t node, const int8_t *move, float prior, uint64_t hash);
void fm_tree_add_none(fm_tree *tree, uint32_t node);
/* Whether the tree has a node of this position, as far as it remembers. */
bool fm_tree_has_seen(const fm_tree *tree, uint64_t hash);

const int8_t *fm_tree_move(const fm_tree *tree, uint32_t node);
uint32_t fm_tree_visits(const fm_tree *tree, uint32_t node);
/* The mean of the ranks that were backed up there; there are visits. */
double fm_tree_mean(const fm_tree *tree, uint32_t node);
/* What rank is expected of a new node, above 0: it counts as that of a visit. */
void fm_tree_expect(fm_tree *tree, uint32_t node, float rank);

/* The simulation has come to a scheme of so many products. */
void fm_tree_backup(fm_tree *tree, fm_tree_path *path, uint32_t rank);

/* The best completion of a node: products that sum to its residual. Stores one of the same or a
   lower rank at the at-th node of a path, where there is room for it; reads one, false when there
   is none. */
void fm_tree_store(fm_tree *tree, const fm_tree_path *path, uint32_t at,
                   const fm_products *completion);
bool fm_tree_completion(fm_tree *tree, uint32_t node, fm_products *completion);

/* ---------------------------------------------------------------- alone */

/* Forgets all but the root, which is as new, with the hash of its position and this completion (NULL:
   none). */
void fm_tree_clear(fm_tree *tree, uint64_t hash, const fm_products *completion);
/* Gives the root a completion that it has not. */
void fm_tree_complete(fm_tree *tree, const fm_products *completion);
/* The root, and its most visited child, FM_TREE_NONE when there is none. */
uint32_t fm_tree_root(const fm_tree *tree);
uint32_t fm_tree_best_move(const fm_tree *tree);
/* Makes a child of the root the root. What is below it stays, all else goes. */
void fm_tree_commit(fm_tree *tree, uint32_t child);
/* Frees the least visited nodes, half of all if that is possible. The visits to what goes count as
   ended at its parent. */
void fm_tree_recycle(fm_tree *tree);
/* Whether the counts add up: a node's visits are those that ended there and those of its children;
   none is under way. For tests. */
bool fm_tree_adds_up(const fm_tree *tree);

/* Saves or restores it; it is made alike. In what is restored only those paths are under way that
   are restored afterwards. */
void fm_tree_state(fm_tree *tree, fm_state *state);
void fm_tree_path_state(fm_tree *tree, fm_tree_path *path, fm_state *state);

#endif
