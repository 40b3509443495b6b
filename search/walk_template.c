/* One kernel of walk.h. Included with
     KERNEL   the name of the kernel, a prefix for every name here
     MODULUS  2 for f2, 3 for f3, 0 for zt and z
     COEFFICIENT_MAX  over z: coefficients are from its negative to it, 2 or more; elsewhere not given
     WORDS    64-bit words of a factor: for 64 coefficients each over f2, for 32 over f3 and zt, for 8
              over z
     ORBITS   0, or 1 for walks whose products stand for their orbits under cyclic shifts
              (orbits.h): then factors on different sides can be equal, those of one product are
              not flipped with each other, and INDEX is walk_rings_template.c
     INVOLUTION  0, or for walks on orbits over f2 REVERSAL or TRANSPOSITION: then products also
              stand for their images under it, and factors that are images of each other count as
              equal (walk.h)
     INDEX    the file with the index of equal factors: walk_rings_template.c or
              walk_sets_template.c, which define struct walk, link and unlink, is_shared,
              next_sharing, active_count, rank_changed, run, new_index, clear_index, index_state
              and free_index
   Factor s of product r is node 4 r + s, so that a product's factors are neighbours and the two
   others are found from one by arithmetic. Over f3, zt and z a factor is normalized so that its highest
   nonzero coefficient is positive; the sign is kept with the product. Equal up to a sign then means
   equal; over z, factors that are multiples of each other are not. */

#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)
#define NAME(x)      PASTE(PASTE(KERNEL, _), x)

#ifndef COEFFICIENT_MAX
#define COEFFICIENT_MAX 1
#endif
#define TERNARY  (MODULUS != 2)
#define WIDE     (COEFFICIENT_MAX > 1)
#define PER_WORD (WIDE ? 8 : TERNARY ? 32 : 64)

#define vec       NAME(vec)
#define walk_t    NAME(walk)
#define attempt_t NAME(attempt)

#include "walk_vector_template.c"

typedef struct walk_t walk_t;
static ALWAYS_INLINE bool NAME(flip_factors)(const vec *ax, const vec *bx, const vec *by,
                                             const vec *ay, bool same_sign, uint32_t bits,
                                             NAME(change) * c);
static bool NAME(adds_to_part)(const walk_t *w, const NAME(change) * c);
static inline void NAME(set)(walk_t *w, node_t node, const vec *factor);
static bool NAME(reduce_changed)(walk_t *w, node_t ax, node_t by);

#include INDEX

#include "walk_moves_template.c"

#undef PASTE2
#undef PASTE
#undef NAME
#undef TERNARY
#undef WIDE
#undef PER_WORD
#undef VEC_WORDS
#undef vec
#undef walk_t
#undef attempt_t
#undef KERNEL
#undef MODULUS
#undef COEFFICIENT_MAX
#undef WORDS
