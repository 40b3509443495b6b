/* One kernel of walk.h. Included with
     KERNEL   the name of the kernel, a prefix for every name here
     MODULUS  2 for f2, 3 for f3, 0 for zt
     WORDS    64-bit words of a factor: for 64 coefficients each over f2, for 32 over f3 and zt
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
   others are found from one by arithmetic. Over f3 and zt a factor is normalized so that its highest
   nonzero coefficient is +1; the sign is kept with the product. Equal up to a scalar then means
   equal. */

#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)
#define NAME(x)      PASTE(PASTE(KERNEL, _), x)

#define TERNARY  (MODULUS != 2)
#define PER_WORD (TERNARY ? 32 : 64)

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
#undef PER_WORD
#undef VEC_WORDS
#undef vec
#undef walk_t
#undef attempt_t
#undef KERNEL
#undef MODULUS
#undef WORDS
