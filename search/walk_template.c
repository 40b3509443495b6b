/* One kernel of walk.h. Included with
     KERNEL   the name of the kernel, a prefix for every name here
     MODULUS  2 for f2, 3 for f3, 0 for zt
     WORDS    64-bit words of a bit plane
   Layout: factor s of product r is node 4 r + s, so that a product's factors are neighbours and
   the two others are found from one by arithmetic. A factor over f3 and zt is two planes, plus and
   minus, normalized so that its highest nonzero coefficient is +1; the sign is kept with the
   product. Equal up to a scalar then means equal.

   The index of equal factors: nodes with equal factors form a ring (doubly linked); one node of
   each ring stands in a chain of a hash table; nodes whose ring has a second member are listed in
   active[], from which flips are drawn. Every change is a few writes, whatever the rank. */

#define PASTE2(a, b) a##b
#define PASTE(a, b)  PASTE2(a, b)
#define NAME(x)      PASTE(PASTE(KERNEL, _), x)

#if MODULUS == 2
#define PLANES 1
#else
#define PLANES 2
#endif

#define vec  NAME(vec)
#define walk NAME(walk)

typedef struct vec {
    uint64_t plane[PLANES][WORDS]; /* over f3 and zt: where it is +1, where it is -1 */
} vec;

typedef struct walk {
    uint32_t extent[3];
    uint32_t rank, capacity;
    uint32_t bucket_shift; /* a hash is the top 64 - bucket_shift bits */
    uint32_t active_count;
    vec *factor;        /* by node */
    uint8_t *sign;      /* by product: 1 when its sign is minus */
    node_t *ring_next;  /* by node */
    node_t *ring_prev;  /* by node */
    node_t *chain_next; /* by node, for those that stand for their ring */
    uint32_t *bucket;   /* by node: its bucket */
    node_t *head;       /* by bucket */
    node_t *active;     /* nodes whose factor another product shares */
    node_t *position;   /* by node: where it stands in active */
} walk;

/* ---------------------------------------------------------------- vectors */

static inline bool NAME(equal)(const vec *a, const vec *b)
{
    uint64_t difference = 0;
    for (int p = 0; p < PLANES; p++)
        for (int i = 0; i < WORDS; i++)
            difference |= a->plane[p][i] ^ b->plane[p][i];
    return difference == 0;
}

static inline bool NAME(is_zero)(const vec *a)
{
    uint64_t any = 0;
    for (int p = 0; p < PLANES; p++)
        for (int i = 0; i < WORDS; i++)
            any |= a->plane[p][i];
    return any == 0;
}

static inline uint64_t NAME(hash)(const vec *a)
{
    uint64_t h = 0;
    for (int p = 0; p < PLANES; p++)
        for (int i = 0; i < WORDS; i++)
            h = (h ^ a->plane[p][i]) * 0x9e3779b97f4a7c15u + (h >> 32);
    return h;
}

/* *out = a + b, or a - b when negative; false when that is not in the ring (zt). */
static inline bool NAME(add)(const vec *a, const vec *b, bool negative, vec *out)
{
#if MODULUS == 2
    (void)negative;
    for (int i = 0; i < WORDS; i++)
        out->plane[0][i] = a->plane[0][i] ^ b->plane[0][i];
    return true;
#else
    uint64_t overflow = 0;
    for (int i = 0; i < WORDS; i++) {
        uint64_t swap = -(uint64_t)negative & (b->plane[0][i] ^ b->plane[1][i]);
        uint64_t ap = a->plane[0][i], am = a->plane[1][i];
        uint64_t bp = b->plane[0][i] ^ swap, bm = b->plane[1][i] ^ swap;
        uint64_t plus = (ap & ~bm) | (bp & ~am), minus = (am & ~bp) | (bm & ~ap);
        uint64_t two = ap & bp, minus_two = am & bm;
#if MODULUS == 3
        /* 1 + 1 = -1 */
        plus = (plus & ~two) | minus_two;
        minus = (minus & ~minus_two) | two;
#else
        overflow |= two | minus_two;
#endif
        out->plane[0][i] = plus;
        out->plane[1][i] = minus;
    }
    return overflow == 0;
#endif
}

/* Makes the highest nonzero coefficient +1; true when that changed the sign. */
static inline bool NAME(normalize)(vec *a)
{
#if MODULUS == 2
    (void)a;
    return false;
#else
    bool negative = false, decided = false;
    for (int i = WORDS - 1; i >= 0; i--) {
        negative |= !decided & (a->plane[1][i] > a->plane[0][i]);
        decided |= a->plane[0][i] != a->plane[1][i];
    }
    for (int i = 0; i < WORDS; i++) {
        uint64_t swap = -(uint64_t)negative & (a->plane[0][i] ^ a->plane[1][i]);
        a->plane[0][i] ^= swap;
        a->plane[1][i] ^= swap;
    }
    return negative;
#endif
}

static vec NAME(pack)(const int8_t *coefficients, uint32_t extent)
{
    vec a = {0};
    for (uint32_t e = 0; e < extent; e++) {
        if (coefficients[e] == 0)
            continue;
        assert(coefficients[e] == 1 || (coefficients[e] == -1 && PLANES == 2));
        a.plane[coefficients[e] < 0][e / 64] |= (uint64_t)1 << e % 64;
    }
    return a;
}

static void NAME(unpack)(const vec *a, uint32_t extent, bool negative, int8_t *coefficients)
{
    for (uint32_t e = 0; e < extent; e++) {
        int plus = a->plane[0][e / 64] >> e % 64 & 1;
        int minus = PLANES == 2 ? a->plane[PLANES - 1][e / 64] >> e % 64 & 1 : 0;
        coefficients[e] = (int8_t)(negative ? minus - plus : plus - minus);
    }
}

/* ---------------------------------------------------------------- the index */

static inline void NAME(activate)(walk *w, node_t node)
{
    w->position[node] = (node_t)w->active_count;
    w->active[w->active_count++] = node;
}

static inline void NAME(deactivate)(walk *w, node_t node)
{
    node_t hole = w->position[node], last = w->active[--w->active_count];
    w->active[hole] = last;
    w->position[last] = hole;
}

/* Puts a node with its factor set into the index. */
static inline void NAME(link)(walk *w, node_t node)
{
    const vec *factor = &w->factor[node];
    uint32_t bucket = (uint32_t)(NAME(hash)(factor) >> w->bucket_shift) * 4 + node % 4;
    w->bucket[node] = bucket;
    for (node_t other = w->head[bucket]; other != NO_NODE; other = w->chain_next[other]) {
        if (!NAME(equal)(&w->factor[other], factor))
            continue;
        node_t next = w->ring_next[other];
        if (next == other)
            NAME(activate)(w, other);
        w->ring_next[other] = w->ring_prev[next] = node;
        w->ring_next[node] = next;
        w->ring_prev[node] = other;
        NAME(activate)(w, node);
        return;
    }
    w->ring_next[node] = w->ring_prev[node] = node;
    w->chain_next[node] = w->head[bucket];
    w->head[bucket] = node;
}

/* Takes a node out of the index, its factor still as when it was put in. */
static inline void NAME(unlink)(walk *w, node_t node)
{
    node_t next = w->ring_next[node], prev = w->ring_prev[node];
    node_t *at = &w->head[w->bucket[node]];
    while (*at != node && *at != NO_NODE)
        at = &w->chain_next[*at];
    if (next == node) {
        *at = w->chain_next[node];
        return;
    }
    if (*at == node) { /* it stood for its ring; now the next one does */
        *at = next;
        w->chain_next[next] = w->chain_next[node];
    }
    w->ring_next[prev] = next;
    w->ring_prev[next] = prev;
    NAME(deactivate)(w, node);
    if (next == prev)
        NAME(deactivate)(w, next);
}

/* Replaces a factor by another that is normalized and not zero. */
static inline void NAME(set)(walk *w, node_t node, const vec *factor)
{
    NAME(unlink)(w, node);
    w->factor[node] = *factor;
    NAME(link)(w, node);
}

static void NAME(append_vectors)(walk *w, const vec factor[3], bool negative)
{
    assert(w->rank < w->capacity);
    uint32_t r = w->rank++;
    w->sign[r] = negative;
    for (uint32_t s = 0; s < 3; s++) {
        vec normal = factor[s];
        assert(!NAME(is_zero)(&normal));
        w->sign[r] ^= NAME(normalize)(&normal);
        w->factor[4 * r + s] = normal;
        NAME(link)(w, (node_t)(4 * r + s));
    }
}

/* Removes product r; the last one takes its number. */
static void NAME(remove)(walk *w, uint32_t r)
{
    uint32_t last = --w->rank;
    for (uint32_t s = 0; s < 3; s++) {
        NAME(unlink)(w, (node_t)(4 * r + s));
        if (r == last)
            continue;
        NAME(unlink)(w, (node_t)(4 * last + s));
        w->factor[4 * r + s] = w->factor[4 * last + s];
        NAME(link)(w, (node_t)(4 * r + s));
    }
    w->sign[r] = w->sign[last];
}

/* ---------------------------------------------------------------- moves */

/* Merges product b into a, with which it shares the factors other than side; false when the sum is
   not in the ring. Afterwards b is gone, and a too when the sum is zero. */
static bool NAME(merge)(walk *w, uint32_t a, uint32_t b, uint32_t side)
{
    vec sum;
    node_t node = (node_t)(4 * a + side);
    if (!NAME(add)(&w->factor[node], &w->factor[4 * b + side], w->sign[a] != w->sign[b], &sum))
        return false;
    if (NAME(is_zero)(&sum)) {
        NAME(remove)(w, a > b ? a : b);
        NAME(remove)(w, a > b ? b : a);
        return true;
    }
    w->sign[a] ^= NAME(normalize)(&sum);
    NAME(set)(w, node, &sum);
    NAME(remove)(w, b);
    return true;
}

/* Looks among the products that share the factor of node for one that shares a second factor, and
   merges the two. */
static bool NAME(reduce_node)(walk *w, node_t node)
{
    uint32_t a = node / 4, side = node % 4, x = (side + 1) % 3, y = (side + 2) % 3;
    for (node_t other = w->ring_next[node]; other != node; other = w->ring_next[other]) {
        uint32_t b = other / 4;
        if (NAME(equal)(&w->factor[4 * a + x], &w->factor[4 * b + x])) {
            if (NAME(merge)(w, a, b, y))
                return true;
        } else if (NAME(equal)(&w->factor[4 * a + y], &w->factor[4 * b + y])) {
            if (NAME(merge)(w, a, b, x))
                return true;
        }
    }
    return false;
}

/* All reductions by equal factors. */
static bool NAME(reduce_equal)(walk *w)
{
    bool reduced = false;
    for (uint32_t i = 0; i < w->active_count; i++)
        if (NAME(reduce_node)(w, w->active[i])) {
            reduced = true;
            i = UINT32_MAX; /* the list has changed: from the beginning */
        }
    return reduced;
}

static inline node_t NAME(partner)(const walk *w, node_t node, uint32_t bits)
{
    node_t other = w->ring_next[node];
    if (other == w->ring_prev[node])
        return other;
    for (uint32_t steps = bits >> RING_SHIFT & RING_BITS; steps > 0; steps--)
        other = w->ring_next[other];
    return other != node ? other : w->ring_next[other];
}

/* The flip of the products of two nodes with equal factors; false when it leaves the ring. Over zt
   a product can vanish here that could not be merged before. */
static inline bool NAME(flip)(walk *w, node_t node, node_t other, uint32_t bits)
{
    uint32_t side = node % 4, a = node / 4, b = other / 4;
    uint32_t x = (side + 1 + (bits & ORDER_BIT)) % 3, y = 3 - side - x;
    bool negative = PLANES == 2 && (bits & SIGN_BIT) != 0;
    bool opposite = PLANES == 2 && w->sign[a] == w->sign[b]; /* of w1 to t in the new w2 */
    node_t ax = (node_t)(4 * a + x), by = (node_t)(4 * b + y);
    const vec *bx = &w->factor[4 * b + x], *ay = &w->factor[4 * a + y];
    vec new_ax, new_by;
    bool valid = NAME(add)(&w->factor[ax], bx, negative, &new_ax);
    valid &= NAME(add)(&w->factor[by], ay, negative != opposite, &new_by);
    if (!valid)
        return false;
    if (PLANES == 2 && (NAME(is_zero)(&new_ax) || NAME(is_zero)(&new_by)))
        return false;
    if (PLANES == 2) {
        w->sign[a] ^= NAME(normalize)(&new_ax);
        w->sign[b] ^= NAME(normalize)(&new_by);
    }
    NAME(set)(w, ax, &new_ax);
    NAME(set)(w, by, &new_by);
    return true;
}

static uint64_t NAME(run)(fm_walk *opaque, fm_random *random, uint64_t attempts, uint64_t *flips)
{
    walk *w = (walk *)opaque;
    fm_random stream = *random; /* in registers */
    uint64_t done = 0, made = 0;
    uint32_t rank = w->rank;
    while (done < attempts && w->active_count > 0) {
        uint64_t bits = fm_random_next(&stream);
        node_t node = w->active[(bits >> 32) * w->active_count >> 32];
        node_t other = NAME(partner)(w, node, (uint32_t)bits);
        done++;
        if (!NAME(flip)(w, node, other, (uint32_t)bits))
            continue;
        made++;
        uint32_t side = node % 4, x = (side + 1 + (bits & ORDER_BIT)) % 3, y = 3 - side - x;
        node_t ax = (node_t)(node - side + x), by = (node_t)(other - side + y);
        if ((w->ring_next[ax] != ax && NAME(reduce_node)(w, ax)) ||
            (w->ring_next[by] != by && NAME(reduce_node)(w, by))) {
            NAME(reduce_equal)(w);
            break;
        }
    }
    assert(w->rank <= rank);
    (void)rank;
    *random = stream;
    *flips += made;
    return done;
}

/* a1 b1 c1 + a2 b2 c2 = a1 (b1 + b2) c1 + a1 b2 (c2 - c1) + (a2 - a1) b2 c2, for products 1 and 2,
   a being factor side and b factor x; with signs s1, s2: c2 s2 - c1 s1 in the second. */
static bool NAME(plus_pair)(walk *w, uint32_t one, uint32_t two, uint32_t side, uint32_t x)
{
    uint32_t y = 3 - side - x;
    const vec *f1 = &w->factor[4 * one], *f2 = &w->factor[4 * two];
    bool opposite = w->sign[one] != w->sign[two];
    vec second[3], third[3], sum;
    if (NAME(equal)(&f1[side], &f2[side]) || NAME(equal)(&f1[x], &f2[x]) ||
        NAME(equal)(&f1[y], &f2[y]))
        return false;
    second[side] = f1[side];
    second[x] = third[x] = f2[x];
    third[y] = f2[y];
    if (!NAME(add)(&f1[x], &f2[x], false, &sum) ||
        !NAME(add)(&f2[y], &f1[y], !opposite, &second[y]) ||
        !NAME(add)(&f2[side], &f1[side], true, &third[side]))
        return false;
    bool sign = w->sign[two];
    w->sign[one] ^= NAME(normalize)(&sum);
    NAME(set)(w, (node_t)(4 * one + x), &sum);
    NAME(remove)(w, two);
    NAME(append_vectors)(w, second, sign);
    NAME(append_vectors)(w, third, sign);
    NAME(reduce_equal)(w);
    return true;
}

static bool NAME(plus)(fm_walk *opaque, fm_random *random)
{
    enum { TRIES = 64 };
    walk *w = (walk *)opaque;
    if (w->rank < 2 || w->rank + 1 > w->capacity)
        return false;
    for (int i = 0; i < TRIES; i++) {
        uint32_t one = fm_random_below(random, w->rank);
        uint32_t two = fm_random_below(random, w->rank - 1);
        uint32_t side = fm_random_below(random, 3), order = fm_random_below(random, 2);
        two += two >= one;
        if (NAME(plus_pair)(w, one, two, side, (side + 1 + order) % 3))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- linear dependence */

/* Given products members[0..count-1], ascending, that share factor side, and a dependence among their factors
   x with coefficients in {-1, 0, 1}, removes member `out`: its factor x is a combination of the
   others', so its factor y moves into theirs. False when that leaves the ring. */
static bool NAME(eliminate)(walk *w, const uint32_t *members, const int8_t *coefficient,
                            uint32_t count, uint32_t out, uint32_t y)
{
    vec changed[DEPENDENCE_MAX];
    const vec *moved = &w->factor[4 * members[out] + y];
    for (uint32_t i = 0; i < count; i++) {
        if (i == out || coefficient[i] == 0)
            continue;
        bool opposite = w->sign[members[i]] != w->sign[members[out]];
        bool same = coefficient[i] == coefficient[out]; /* x_out = -x_i - ... */
        if (!NAME(add)(&w->factor[4 * members[i] + y], moved, same != opposite, &changed[i]))
            return false;
    }
    /* From the highest number down, as a removed product's number goes to the last one. A product
       whose factor has become zero goes too. */
    for (uint32_t i = count; i-- > 0;) {
        if (coefficient[i] == 0)
            continue;
        if (i == out || NAME(is_zero)(&changed[i])) {
            NAME(remove)(w, members[i]);
            continue;
        }
        w->sign[members[i]] ^= NAME(normalize)(&changed[i]);
        NAME(set)(w, (node_t)(4 * members[i] + y), &changed[i]);
    }
    return true;
}

/* A dependence that is exact over the integers and leaves no factor zero. */
static bool NAME(is_dependence)(const int8_t *rows, const int8_t *coefficient, uint32_t count,
                                uint32_t extent)
{
    for (uint32_t e = 0; e < extent; e++) {
        int sum = 0;
        for (uint32_t i = 0; i < count; i++)
            sum += coefficient[i] * rows[i * FM_WALK_EXTENT_MAX + e];
        if (MODULUS == 0 ? sum != 0 : sum % (MODULUS | !MODULUS) != 0)
            return false;
    }
    return true;
}

static bool NAME(reduce_ring)(walk *w, node_t node, dependence_space *space)
{
    uint32_t members[DEPENDENCE_MAX], count = 0, side = node % 4;
    node_t other = node;
    do {
        members[count++] = other / 4;
        other = w->ring_next[other];
    } while (other != node && count < DEPENDENCE_MAX);
    qsort(members, count, sizeof *members, compare_numbers);
    for (uint32_t order = 0; order < 2; order++) {
        uint32_t x = (side + 1 + order) % 3, y = 3 - side - x, extent = w->extent[x];
        for (uint32_t i = 0; i < count; i++)
            NAME(unpack)
        (&w->factor[4 * members[i] + x], extent, false, &space->rows[i * FM_WALK_EXTENT_MAX]);
        uint32_t found = find_dependences(space, count, extent, MODULUS == 2 ? 2 : 3);
        for (uint32_t d = 0; d < found; d++) {
            const int8_t *coefficient = &space->kernel[d * DEPENDENCE_MAX];
            if (!NAME(is_dependence)(space->rows, coefficient, count, extent))
                continue;
            for (uint32_t out = 0; out < count; out++)
                if (coefficient[out] != 0 &&
                    NAME(eliminate)(w, members, coefficient, count, out, y))
                    return true;
        }
    }
    return false;
}

/* One reduction by linear dependence, in rings of three or more. */
static bool NAME(reduce_dependent)(walk *w)
{
    dependence_space space;
    for (uint32_t i = 0; i < w->active_count; i++) {
        node_t node = w->active[i];
        if (w->ring_next[node] != w->ring_prev[node] && NAME(reduce_ring)(w, node, &space))
            return true;
    }
    return false;
}

static bool NAME(reduce)(fm_walk *opaque)
{
    walk *w = (walk *)opaque;
    uint32_t rank = w->rank;
    do
        NAME(reduce_equal)(w);
    while (NAME(reduce_dependent)(w));
    return w->rank < rank;
}

/* ---------------------------------------------------------------- in and out */

static void NAME(clear)(fm_walk *opaque)
{
    walk *w = (walk *)opaque;
    size_t buckets = (size_t)4 << (64 - w->bucket_shift);
    w->rank = w->active_count = 0;
    memset(w->head, 0xff, buckets * sizeof *w->head);
}

static fm_walk *NAME(new)(const uint32_t extent[3], uint32_t capacity)
{
    assert(capacity <= FM_WALK_RANK_MAX);
    walk *w = fm_alloc_zero(1, sizeof *w);
    size_t nodes = (size_t)4 * capacity;
    uint32_t bits = 4;
    while (((uint32_t)1 << bits) < 4 * capacity)
        bits++;
    memcpy(w->extent, extent, sizeof w->extent);
    w->capacity = capacity;
    w->bucket_shift = 64 - bits;
    w->factor = fm_alloc_aligned(nodes, sizeof *w->factor);
    w->sign = fm_alloc_zero(capacity, sizeof *w->sign);
    w->ring_next = fm_alloc_aligned(nodes, sizeof *w->ring_next);
    w->ring_prev = fm_alloc_aligned(nodes, sizeof *w->ring_prev);
    w->chain_next = fm_alloc_aligned(nodes, sizeof *w->chain_next);
    w->bucket = fm_alloc_aligned(nodes, sizeof *w->bucket);
    w->head = fm_alloc_aligned((size_t)4 << bits, sizeof *w->head);
    w->active = fm_alloc_aligned(nodes, sizeof *w->active);
    w->position = fm_alloc_aligned(nodes, sizeof *w->position);
    NAME(clear)((fm_walk *)w);
    return (fm_walk *)w;
}

static void NAME(free)(fm_walk *opaque)
{
    walk *w = (walk *)opaque;
    free(w->factor);
    free(w->sign);
    free(w->ring_next);
    free(w->ring_prev);
    free(w->chain_next);
    free(w->bucket);
    free(w->head);
    free(w->active);
    free(w->position);
    free(w);
}

static void NAME(append)(fm_walk *opaque, const int8_t *u, const int8_t *v, const int8_t *w_factor)
{
    walk *w = (walk *)opaque;
    const int8_t *const coefficients[3] = {u, v, w_factor};
    vec factor[3];
    for (int s = 0; s < 3; s++)
        factor[s] = NAME(pack)(coefficients[s], w->extent[s]);
    NAME(append_vectors)(w, factor, false);
}

static void NAME(get)(const fm_walk *opaque, uint32_t r, int8_t *u, int8_t *v, int8_t *w_factor)
{
    const walk *w = (const walk *)opaque;
    assert(r < w->rank);
    NAME(unpack)(&w->factor[4 * r], w->extent[0], false, u);
    NAME(unpack)(&w->factor[4 * r + 1], w->extent[1], false, v);
    NAME(unpack)(&w->factor[4 * r + 2], w->extent[2], w->sign[r], w_factor);
}

static uint32_t NAME(rank)(const fm_walk *opaque)
{
    return ((const walk *)opaque)->rank;
}

static uint64_t NAME(flip_count)(const fm_walk *opaque)
{
    const walk *w = (const walk *)opaque;
    uint64_t pairs = 0;
    for (uint32_t i = 0; i < w->active_count; i++) {
        node_t node = w->active[i];
        for (node_t other = w->ring_next[node]; other != node; other = w->ring_next[other])
            pairs++;
    }
    return pairs;
}

static const fm_walk_kernel KERNEL = {
    .new = NAME(new),
    .free = NAME(free),
    .clear = NAME(clear),
    .append = NAME(append),
    .get = NAME(get),
    .rank = NAME(rank),
    .run = NAME(run),
    .reduce = NAME(reduce),
    .plus = NAME(plus),
    .flip_count = NAME(flip_count),
};

#undef PASTE2
#undef PASTE
#undef NAME
#undef PLANES
#undef vec
#undef walk
#undef KERNEL
#undef MODULUS
#undef WORDS
