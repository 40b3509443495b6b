/* Moves worth trying: the moves of 3x3x3 over f2 alone are 511^3, so few good ones are proposed,
   each with a prior.

   completion  a product of the scheme that completes the residual: the rank stays what it is, and
               what is left is searched without it
   counting    random or given u and v, and the w that makes most entries zero, by counting
   slice       a combination of slices of an axis that has rank one, v x w, and a fibre u that makes
               it vanish: the flattening's rank falls by one (Wedderburn 1934, Lectures on
               Matrices, rank reduction)
   known       a product of a scheme that was found
   random      any

   A prior is the weight of the kind times what the move does to the ranks of flattenings and
   slices. */
#ifndef FM_PROPOSALS_H
#define FM_PROPOSALS_H

#include "game.h"
#include "model_features.h"
#include "products.h"
#include "random.h"

enum {
    FM_PROPOSAL_COMPLETION,
    FM_PROPOSAL_COUNTING,
    FM_PROPOSAL_SLICE,
    FM_PROPOSAL_KNOWN,
    FM_PROPOSAL_RANDOM,
    FM_PROPOSAL_KINDS
};

typedef struct fm_proposal {
    uint8_t kind;
    float prior;
    int8_t *move;      /* as a row of fm_products, normalized; the caller's room */
    fm_measures after; /* of the residual that it leaves */
} fm_proposal;

/* From what is proposed. */
typedef struct fm_proposal_source {
    fm_game *game;               /* the residual; as it was afterwards */
    const fm_measures *measures; /* of it */
    fm_ring ring;
    int coefficient_max;           /* of a move: from its negative to it; 1 over f2 and f3 */
    const fm_products *completion; /* of the residual; may be empty */
    const fm_products *known;      /* products of schemes that were found; may be empty */
    const double *weights;         /* of the kinds, above 0 */
    fm_random *random;
} fm_proposal_source;

/* Draws a kind by weight and a move of it; false when it found none. The move can be played. */
bool fm_propose(const fm_proposal_source *source, fm_proposal *proposal);

/* A move of any factors, up to three coefficients each. */
void fm_propose_random(const fm_proposal_source *source, int8_t *move);
/* The w for given u and v: for each k the coefficient that leaves the fewest entries (i, j, k) with
   u_i v_j not 0 different from zero, 0 where none is better than 0. False when w is zero. */
bool fm_propose_counting(const fm_proposal_source *source, int8_t *move);
/* A move that lowers the rank of a flattening by one; false when none was met. */
bool fm_propose_slice(const fm_proposal_source *source, int8_t *move);

#endif
