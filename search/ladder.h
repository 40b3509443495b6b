/* The ladder: the parts of a tensor from small to whole, and for each the best schemes so far.

   A part, a stage, is the tensor restricted to some coordinates of each axis: for a matrix product
   the formats from 2x2x2 up to its own, one more row or column at a time; for another tensor growing
   shares of its coordinates, in their order. A scheme of a stage and the standard products of what
   is new make a scheme of the next (extend); a scheme of a stage with what it has elsewhere left out
   is one of the stage before (project). Small formats are done in moments, and what they save is
   kept on the way up: starting from the standard scheme of the whole, walks do not come as far
   (docs/search.md). After Arai, Ichikawa and Hukushima 2024, Adaptive flip graph algorithm for
   matrix multiplication, who search formats one after the other.

   The pool of a stage holds distinct schemes of the lowest rank that was reached there; walkers
   draw from it and fill it, so that a pool of rank r leads to one of rank r - 1 (Kauers and Moosbauer
   2022 go on from such pools). Whether pools lead to the lowest rank is settled early, by what is in
   them: after a number of schemes of the whole tensor without a new lowest rank anywhere, which follows
   Luby's sequence, all pools are emptied and another generation begins. Safe for many threads. With one thread all is reproducible. */
#ifndef FM_LADDER_H
#define FM_LADDER_H

#include "products.h"
#include "random.h"
#include "state.h"

typedef struct fm_ladder fm_ladder;

/* A ladder for schemes of a tensor over f2, f3 or zt. starts[0] is the standard scheme and the
   ladder has several stages when growth is true; otherwise it has one, for the whole tensor, and
   walks start from starts in turn. The starts are copied. */
fm_ladder *fm_ladder_new(const fm_tensor *tensor, fm_ring ring, const fm_products *starts,
                         size_t count, bool growth);
/* A ladder that goes on beyond a format to a larger one, through (no smaller in n, m or p), and back:
   the whole is then not its last stage. */
fm_ladder *fm_ladder_new_through(const fm_tensor *tensor, const fm_tensor *through, fm_ring ring);
void fm_ladder_free(fm_ladder *ladder);

uint32_t fm_ladder_stages(const fm_ladder *ladder);
/* The stage that is the whole tensor. */
uint32_t fm_ladder_goal(const fm_ladder *ladder);
/* Products of the standard scheme of the whole that are not in a stage; less than 0 beyond it. */
int32_t fm_ladder_missing(const fm_ladder *ladder, uint32_t stage);
/* The most products that a scheme from here can have: room for more is the caller's to add. */
uint32_t fm_ladder_rank_max(const fm_ladder *ladder);
/* The best rank of a stage, UINT32_MAX when its pool is empty. */
uint32_t fm_ladder_rank(fm_ladder *ladder, uint32_t stage);

/* How many coordinates of each axis a stage has; they come first. */
const uint32_t *fm_ladder_extent(const fm_ladder *ladder, uint32_t stage);
/* Whether the extents of the products are those of a stage. */
bool fm_ladder_fits(const fm_ladder *ladder, const fm_products *products);
/* Room for any scheme of the ladder of up to capacity products. Freed with fm_products_clear. */
fm_products fm_ladder_products(const fm_ladder *ladder, uint32_t capacity);

/* The index-th starting scheme, around; with several stages, the standard one of a stage. */
void fm_ladder_start(const fm_ladder *ladder, uint32_t stage, uint64_t index, fm_products *out);
/* A random scheme of a pool; false when it is empty. */
bool fm_ladder_draw(fm_ladder *ladder, uint32_t stage, fm_random *random, fm_products *out);
/* Makes a scheme of the stage before one of this stage, or one of the stage after. */
void fm_ladder_extend(const fm_ladder *ladder, uint32_t stage, fm_products *products);
void fm_ladder_project(const fm_ladder *ladder, uint32_t stage, fm_products *products);
/* A random change of basis of A, B and C that preserves the tensor of the stage; the scheme stays as
   it is where that would leave {-1, 0, 1} or the tensor is no matrix product. */
void fm_ladder_sandwich(const fm_ladder *ladder, uint32_t stage, fm_random *random,
                        fm_products *products);

/* Makes a scheme over f2 of a stage one over zt, by fm_products_lift; false where none was found. */
bool fm_ladder_lift(const fm_ladder *ladder, uint32_t stage, fm_products *products,
                    fm_random *random);

/* Which generation of pools there is, from 1. */
uint64_t fm_ladder_generation(fm_ladder *ladder);
/* Offers a scheme to the pool of a stage, which keeps it when it has none of lower rank and not this
   one; when it is full, in the place of a random one. What comes from an earlier generation is left
   out. hint is what the walk wants to remember of how it got there; counts, whether it counts towards
   the end of the generation. */
void fm_ladder_put(fm_ladder *ladder, uint64_t generation, uint32_t stage, fm_random *random,
                   uint32_t hint, bool counts, const fm_products *products);
/* A random one of the best schemes of all generations; false where this generation has come as far or
   they have had their share of the flips. */
bool fm_ladder_draw_best(fm_ladder *ladder, fm_random *random, fm_products *out);
/* Offers what came of it to their pool; to that of the whole only where the rank is lower. */
void fm_ladder_put_best(fm_ladder *ladder, fm_random *random, uint32_t hint,
                        const fm_products *products);
/* Counts the attempted flips of an episode. */
void fm_ladder_spend(fm_ladder *ladder, uint64_t attempts, bool on_best);
/* The hint of the first scheme of the best rank, and how many schemes there are. */
uint32_t fm_ladder_hint(fm_ladder *ladder, uint32_t stage);
uint32_t fm_ladder_size(fm_ladder *ladder, uint32_t stage);

/* What the pool of a stage holds. */
void fm_ladder_pool(fm_ladder *ladder, uint32_t stage, fm_search_pool *pool);

/* A scheme of the whole with the tensor's own order of coordinates. Freed with
   fm_products_clear. */
fm_products fm_ladder_whole(const fm_ladder *ladder, const fm_products *products);

/* Saves or restores the pools; the ladder is made alike. */
void fm_ladder_state(fm_ladder *ladder, fm_state *state);

#endif
