/* Invariants of schemes of matrix products under de Groote's group (H. F. de Groote, On varieties of
   optimal algorithms for the computation of bilinear mappings I, 1978): order, scaling, change of
   the bases of three spaces, and those permutations of the factors that the format allows.

   For each pair of products they have: the dimensions of the sums of the column spaces and of the
   row spaces of two factors; the ranks of the products of their factors, one from each; which
   factors are equal up to a scalar; which traces of three factors, one from the first product and
   two from the second or the other way round, are not 0. Colours of products are refined by the
   colours of the others together with that, as in the Weisfeiler-Leman method for graphs. */
#ifndef FM_VERIFY_INVARIANTS_H
#define FM_VERIFY_INVARIANTS_H

#include "factor_matrices.h"

/* Above this rank, pairs of products are not looked at: their table would be too large. */
#define FM_PAIRS_RANK_MAX 4096

/* What is the same for equivalent schemes, coarse to fine. */
typedef enum fm_invariant_level {
    FM_LEVEL_RANKS,   /* of the three factors of each product */
    FM_LEVEL_SHARED,  /* in how many products each factor of a product is, up to scalars */
    FM_LEVEL_PAIRS,   /* the colours after one refinement */
    FM_LEVEL_REFINED, /* and after FM_REFINEMENTS */
    FM_LEVELS,
} fm_invariant_level;

enum { FM_REFINEMENTS = 3 };

typedef struct fm_invariants {
    uint32_t rank;
    uint32_t format[3];
    uint8_t *ranks;  /* of the factors: product r has ranks[3 r + k] */
    uint32_t *share; /* and is one of share[3 r + k] that have its factor k */
    uint32_t *pair;  /* rank x rank kinds of pairs; NULL above FM_PAIRS_RANK_MAX */
    size_t kind_count;
    void *kinds;                     /* what is known of each */
    uint64_t *kind[FM_ORIENTATIONS]; /* what stands for it in an orientation; NULL: not yet */
} fm_invariants;

/* scheme is one of a matrix product. */
void fm_invariants_init(fm_invariants *invariants, const fm_scheme *scheme);
void fm_invariants_clear(fm_invariants *invariants);

/* Sets colour[r] to the colour of product r in an orientation, at a level. */
void fm_invariants_colours(fm_invariants *invariants, unsigned orientation,
                           fm_invariant_level level, uint64_t *colour);

/* Makes ready an orientation, for fm_invariants_refine. */
void fm_invariants_orient(fm_invariants *invariants, unsigned orientation);

/* Refines colours once by pairs. Not in place. */
void fm_invariants_refine(const fm_invariants *invariants, unsigned orientation,
                          const uint64_t *colour, uint64_t *refined);

/* Whether an orientation of the first format is the second. */
bool fm_orientation_fits(const uint32_t from[3], unsigned orientation, const uint32_t to[3]);

/* The sorted colours of all levels, FM_LEVELS times rank, in the smallest of the orientations whose
   format is sorted. The caller frees them with free. */
uint64_t *fm_invariants_profile(fm_invariants *invariants);

/* A mixture of 64 bits from which nothing is lost (the finalizer of splitmix64). */
static inline uint64_t fm_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

int fm_compare_words(const void *a, const void *b);

#endif
