/* Part of walk_template.c: equal factors found through sets of products with equal hashes.
   The hash of a factor is the number of its bucket, and a bucket is the set, as bits of a word, of
   the products whose factor on that side (u, v or w) falls there. Another word for each side says
   which products share their bucket with another; flips are drawn from it. Included with
     SWEEP  0: the buckets are in a table. One load tells with whom a factor may be equal, two
               stores move a product
            1: a bucket is what a comparison of its number with those of all products says: some
               vector instructions, and no memory but the numbers themselves
   Both make the same walks. Nothing here branches on data; walks that take turns in one thread hide
   latencies from each other. One bucket is not proof of equality: flips and reductions compare the
   factors themselves. */

/* One of the three factors of all products. */
typedef struct NAME(side) {
    _Alignas(64) uint16_t bucket[TABLE_RANK_MAX]; /* by product, NO_BUCKET beyond the rank */
    uint64_t active;                              /* products whose bucket has another one */
    vec factor[TABLE_RANK_MAX];
#if !SWEEP
    uint64_t table[1 << TABLE_BITS]; /* the buckets */
#endif
} side_t;

struct walk_t {
    uint32_t extent[3];
    uint32_t rank, capacity;
    bool holds;  /* see walk.h, hold */
    vec held[3]; /* which coefficients of each factor are of the part */
    side_t side[3];
    uint8_t sign[TABLE_RANK_MAX]; /* by product: 1 when its sign is minus */
};

/* The factor of a node. */
static inline vec *NAME(at)(const walk_t *w, uint32_t node)
{
    return (vec *)&w->side[node % 4].factor[node / 4];
}

/* The bucket of a factor. */
static inline uint16_t NAME(bucket_of)(const vec *factor)
{
    return (uint16_t)(NAME(hash)(factor) >> (64 - TABLE_BITS));
}

/* The products in a bucket. */
static ALWAYS_INLINE uint64_t NAME(bucket)(const side_t *s, uint16_t bucket)
{
#if SWEEP
    return equal_set(s->bucket, bucket);
#else
    return s->table[bucket];
#endif
}

/* ---------------------------------------------------------------- one product at a time */

/* Product r comes into a bucket, where the others are, or leaves it. */
static ALWAYS_INLINE void NAME(put)(side_t *s, uint32_t r, uint16_t bucket, uint64_t others,
                                    bool comes)
{
#if SWEEP
    (void)others;
#else
    s->table[bucket] = others | (uint64_t)comes << r;
#endif
    s->bucket[r] = comes ? bucket : NO_BUCKET;
}

static inline void NAME(link)(walk_t *w, node_t node)
{
    side_t *s = &w->side[node % 4];
    uint32_t r = node / 4;
    uint16_t bucket = NAME(bucket_of)(&s->factor[r]);
    uint64_t others = NAME(bucket)(s, bucket);
    NAME(put)(s, r, bucket, others, true);
    s->active |= others | (uint64_t)(others != 0) << r;
}

static inline void NAME(unlink)(walk_t *w, node_t node)
{
    side_t *s = &w->side[node % 4];
    uint32_t r = node / 4;
    uint64_t bit = (uint64_t)1 << r, others = NAME(bucket)(s, s->bucket[r]) & ~bit;
    NAME(put)(s, r, s->bucket[r], others, false);
    s->active &= ~(bit | (__builtin_popcountll(others) == 1 ? others : 0));
}

static inline void NAME(rank_changed)(walk_t *w)
{
    (void)w;
}

static inline bool NAME(is_shared)(const walk_t *w, node_t node)
{
    return w->side[node % 4].active >> node / 4 & 1;
}

/* The next product after `other`, going around, whose factor equals that of node; at last node. */
static node_t NAME(next_sharing)(const walk_t *w, node_t node, node_t other)
{
    const side_t *s = &w->side[node % 4];
    uint32_t r = node / 4, from = other / 4;
    uint64_t set = NAME(bucket)(s, s->bucket[r]), beyond = ~(uint64_t)1 << from;
    for (uint64_t part = set & beyond, turn = 0; turn < 2; part = set & ~beyond, turn++)
        for (; part != 0; part &= part - 1) {
            uint32_t found = (uint32_t)__builtin_ctzll(part);
            if (found == r || NAME(equal)(&s->factor[found], &s->factor[r]))
                return (node_t)(4 * found + node % 4);
        }
    return node;
}

static uint32_t NAME(active_count)(const walk_t *w)
{
    return (uint32_t)(__builtin_popcountll(w->side[0].active) +
                      __builtin_popcountll(w->side[1].active) +
                      __builtin_popcountll(w->side[2].active));
}

/* ---------------------------------------------------------------- flips */

/* The number of the k-th active node: side times 64, plus the product. */
static ALWAYS_INLINE uint32_t NAME(select)(const walk_t *w, uint32_t k)
{
    uint32_t side = 0, before = 0, passed = 0;
    for (uint32_t i = 0; i < 2; i++) {
        passed += (uint32_t)__builtin_popcountll(w->side[i].active);
        side += k >= passed;
        before = k >= passed ? passed : before;
    }
    return 64 * side + select_bit(w->side[side].active, k - before);
}

/* Product r's factor on a side becomes *factor; returns the other products in its bucket. */
static ALWAYS_INLINE uint64_t NAME(replace)(side_t *s, uint32_t r, const vec *factor)
{
    uint64_t bit = (uint64_t)1 << r;
    uint16_t old = s->bucket[r], new = NAME(bucket_of)(factor);
    uint64_t left = NAME(bucket)(s, old) & ~bit, met;
#if !SWEEP
    s->table[old] = left;
#endif
    met = NAME(bucket)(s, new) & ~bit;
    NAME(put)(s, r, new, met, true);
    s->factor[r] = *factor;
    uint64_t alone = __builtin_popcountll(left) == 1 ? left : 0;
    s->active = (s->active & ~(bit | alone)) | met | (met != 0 ? bit : 0);
    return met;
}

/* Makes a flip that cannot be made one that changes nothing. */
static ALWAYS_INLINE void NAME(keep_unless)(bool can, const vec *ax, const vec *by,
                                            NAME(change) * c)
{
    uint64_t mask = can ? ~(uint64_t)0 : 0;
    for (int i = 0; i < WORDS; i++) {
        c->new_ax.word[i] = ax->word[i] ^ ((ax->word[i] ^ c->new_ax.word[i]) & mask);
        c->new_by.word[i] = by->word[i] ^ ((by->word[i] ^ c->new_by.word[i]) & mask);
    }
    c->sign_a = c->sign_a & can;
    c->sign_b = c->sign_b & can;
}

/* Whether a flip is kept from the held part. */
static bool NAME(is_held)(const walk_t *w, node_t ax, node_t by, NAME(change) c)
{
    c.ax = ax;
    c.by = by;
    return NAME(adds_to_part)(w, &c);
}

/* One attempt. False when the rank fell or there is nothing to flip. */
static ALWAYS_INLINE bool NAME(step)(walk_t *w, uint64_t bits, uint64_t *flips)
{
    uint32_t total = NAME(active_count)(w);
    if (total == 0)
        return false;
    uint32_t number = NAME(select)(w, (uint32_t)((bits >> 32) * total >> 32));
    uint32_t side = number / 64, a = number % 64;
    const side_t *s = &w->side[side];
    uint64_t bit_a = (uint64_t)1 << a, others = NAME(bucket)(s, s->bucket[a]) & ~bit_a;
    uint32_t count = (uint32_t)__builtin_popcountll(others);
    uint32_t b = select_bit(others, ((uint32_t)bits >> PARTNER_SHIFT & 0xffff) * count >> 16);
    uint32_t x = third_side[side][bits & ORDER_BIT], y = 3 - side - x;
    side_t *sx = &w->side[x], *sy = &w->side[y];
    const vec *ax = &sx->factor[a], *by = &sy->factor[b];
    node_t node_ax = (node_t)(4 * a + x), node_by = (node_t)(4 * b + y);
    NAME(change) c;
    /* What cannot be flipped stays as it is, but goes the same way. */
    bool can = NAME(flip_factors)(ax, &sx->factor[b], by, &sy->factor[a], w->sign[a] == w->sign[b],
                                  (uint32_t)bits, &c);
    can = both(can, NAME(equal)(&s->factor[a], &s->factor[b]));
    if (w->holds)
        can = can && !NAME(is_held)(w, node_ax, node_by, c);
    NAME(keep_unless)(can, ax, by, &c);
    *flips += can;
    uint64_t with_ay = NAME(bucket)(sy, sy->bucket[a]), with_bx = NAME(bucket)(sx, sx->bucket[b]);
    uint64_t meets_a = NAME(replace)(sx, a, &c.new_ax), meets_b = NAME(replace)(sy, b, &c.new_by);
    w->sign[a] ^= c.sign_a;
    w->sign[b] ^= c.sign_b;
    /* Products that now share two factors with a, or with b; a is not among the others. */
    uint64_t reducible = (meets_a & (others | with_ay)) | (meets_b & (others | with_bx | bit_a));
    return reducible == 0 || !NAME(reduce_changed)(w, node_ax, node_by);
}

/* The walks take turns, an attempt each, so that one works while another waits for memory. */
static void NAME(run)(fm_lane *lanes, unsigned count, uint64_t attempts)
{
    walk_t *walk[FM_LANES_MAX];
    uint64_t flips[FM_LANES_MAX] = {0}, bits[FM_LANES_MAX], done = 0;
    random_bundle random;
    bool go_on = true;
    assert(count <= FM_LANES_MAX);
    bundle_randoms(lanes, count, &random);
    for (unsigned l = 0; l < count; l++)
        walk[l] = (walk_t *)lanes[l].walk;
    for (; done < attempts && go_on; done++) {
        next_of_bundle(&random, bits);
        for (unsigned l = 0; l < count; l++)
            go_on &= NAME(step)(walk[l], bits[l], &flips[l]);
    }
    unbundle_randoms(&random, lanes, count);
    for (unsigned l = 0; l < count; l++) {
        lanes[l].attempts += done;
        lanes[l].flips += flips[l];
    }
}

/* ---------------------------------------------------------------- in and out */

static void NAME(clear_index)(walk_t *w)
{
    for (side_t *s = w->side; s < w->side + 3; s++) {
        s->active = 0;
        memset(s->bucket, 0xff, sizeof s->bucket);
#if !SWEEP
        memset(s->table, 0, sizeof s->table);
#endif
    }
}

static walk_t *NAME(new_index)(uint32_t capacity)
{
    assert(capacity <= TABLE_RANK_MAX);
    (void)capacity;
    return fm_alloc_aligned(1, sizeof(walk_t));
}

static void NAME(free_index)(walk_t *w)
{
    free(w);
}

/* Sets have no order: the factors say all. */
static void NAME(index_state)(walk_t *w, fm_state *state)
{
    if (!state->restoring)
        return;
    NAME(clear_index)(w);
    for (uint32_t node = 0; node < 4 * w->rank; node++)
        if (node % 4 != 3)
            NAME(link)(w, (node_t)node);
}
