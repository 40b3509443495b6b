/* The search for a change of basis that takes the products of one scheme to those of another. With
   factor k of product r as a matrix M_k(r) between spaces k and k + 1, and N_k(s) of the other
   scheme, and X_0, X_1, X_2 the changes of basis, a match of r with s says that
   X_k M_k(r) = l_k N_k(s) X_(k+1) with scalars whose product is 1. The first match may have scalars 1;
   for others they follow from traces of three factors, l_k m_(k+1) n_(k+2) = tr(M M M) / tr(N N N),
   where these are not 0. What is then known is linear in the three matrices together; where a scalar is
   not known, what kills the term with it is left. A few matches usually leave one solution, which is
   tried on all products. */
#ifndef FM_VERIFY_MATCHING_H
#define FM_VERIFY_MATCHING_H

#include "invariants.h"

typedef struct fm_matching {
    fm_factor_matrices a, b; /* modulo one prime; a in the orientation */
    fm_invariants *of_a, *of_b;
    unsigned orientation;
    bool rational; /* the field is q */
    bool exact;    /* the traces are 0 modulo p only when they are 0 */
    uint64_t steps, limit;
    bool stopped;      /* at the limit */
    bool inconclusive; /* somewhere neither a solution was found nor a proof that there is none */

    /* The last solution. */
    uint32_t *image;  /* product r of a goes to image[r] of b */
    ulong *matrix[3]; /* X_0, X_1, X_2 */
} fm_matching;

/* The formats fit. p is good for both schemes. */
void fm_matching_init(fm_matching *m, const fm_scheme *a, const fm_scheme *b, fm_invariants *of_a,
                      fm_invariants *of_b, unsigned orientation, ulong p);
void fm_matching_clear(fm_matching *m);

/* Looks for a solution; true when there is one. Otherwise there is none, unless stopped or
   inconclusive. */
bool fm_matching_find(fm_matching *m);

typedef struct fm_matching_group {
    bool finite, complete;
    uint64_t order; /* 0: above 2^64 */
    void (*on_generator)(void *context, const fm_matching *m);
    void *context;
} fm_matching_group;

/* The solutions when b is a in orientation 0: how many, up to scalars, and generators, by orbits of
   the stabilizers of one product after another (Sims 1970). */
void fm_matching_stabilizer(fm_matching *m, fm_matching_group *group);

#endif
