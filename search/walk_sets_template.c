/* Part of walk_template.c: equal factors found through sets of products with equal hashes.
   The hash of a factor is the number of its bucket, and a bucket is the set, as bits of a word, of
   the products whose factor on that side (u, v or w) falls there. Another word for each side says
   which products share their factor with another (with hardly a wrong one, and none missing); flips are
   drawn from it. Included with
     SWEEP  0: the buckets are in a table. One load tells with whom a factor may be equal, two
               stores move a product
            1: a bucket is what a comparison of its number with those of all products says: some
               vector instructions, and no memory but the numbers themselves
   Both make the same walks. Nothing here branches on data; walks that take turns in one thread hide
   latencies from each other. One bucket is not proof of equality: flips and reductions compare the
   factors themselves. */

struct walk_t {
    uint32_t extent[3];
    uint32_t rank, capacity;
    bool holds;                   /* see walk.h, hold */
    vec held[3];                  /* which coefficients of each factor are of the part */
    uint64_t active[3];           /* by side: products that share it with another */
    uint8_t sign[TABLE_RANK_MAX]; /* by product: 1 when its sign is minus */
    /* Factor s of product r is at s TABLE_RANK_MAX + r. */
    _Alignas(64) uint16_t bucket[3 * TABLE_RANK_MAX]; /* NO_BUCKET beyond the rank */
    vec factor[3 * TABLE_RANK_MAX];
#if !SWEEP
    uint64_t table[3 << TABLE_BITS]; /* the buckets, those of one side after those of the other */
#endif
};

/* Where the factor of a node is. */
static inline uint32_t NAME(place)(uint32_t node)
{
    return node % 4 * TABLE_RANK_MAX + node / 4;
}

static inline vec *NAME(at)(const walk_t *w, uint32_t node)
{
    return (vec *)&w->factor[NAME(place)(node)];
}

/* The bucket of a factor on a side. */
static ALWAYS_INLINE uint16_t NAME(bucket_of)(const vec *factor, uint32_t side)
{
    return (uint16_t)(NAME(hash)(factor) >> (64 - TABLE_BITS) | side << TABLE_BITS);
}

/* The products in a bucket of a side. */
static ALWAYS_INLINE uint64_t NAME(bucket)(const walk_t *w, uint32_t side, uint16_t bucket)
{
#if SWEEP
    return equal_set(&w->bucket[side * TABLE_RANK_MAX], bucket);
#else
    (void)side;
    return w->table[bucket];
#endif
}

/* A bucket has these products now. */
static ALWAYS_INLINE void NAME(set_bucket)(walk_t *w, uint16_t bucket, uint64_t products)
{
#if SWEEP
    (void)w, (void)bucket, (void)products;
#else
    w->table[bucket] = products;
#endif
}

/* ---------------------------------------------------------------- one product at a time */

static inline void NAME(link)(walk_t *w, node_t node)
{
    uint32_t side = node % 4, place = NAME(place)(node);
    uint16_t bucket = NAME(bucket_of)(&w->factor[place], side);
    uint64_t bit = (uint64_t)1 << node / 4, others = NAME(bucket)(w, side, bucket);
    NAME(set_bucket)(w, bucket, others | bit);
    w->bucket[place] = bucket;
    w->active[side] |= others | (others != 0 ? bit : 0);
}

static inline void NAME(unlink)(walk_t *w, node_t node)
{
    uint32_t side = node % 4, place = NAME(place)(node);
    uint64_t bit = (uint64_t)1 << node / 4;
    uint64_t others = NAME(bucket)(w, side, w->bucket[place]) & ~bit;
    NAME(set_bucket)(w, w->bucket[place], others);
    w->bucket[place] = NO_BUCKET;
    w->active[side] &= ~(bit | (__builtin_popcountll(others) == 1 ? others : 0));
}

static inline void NAME(rank_changed)(walk_t *w)
{
    (void)w;
}

static inline bool NAME(is_shared)(const walk_t *w, node_t node)
{
    return w->active[node % 4] >> node / 4 & 1;
}

/* The next product after `other`, going around, whose factor equals that of node; at last node. */
static node_t NAME(next_sharing)(const walk_t *w, node_t node, node_t other)
{
    uint32_t r = node / 4, from = other / 4, side = node % 4;
    const vec *factor = &w->factor[side * TABLE_RANK_MAX];
    uint64_t set = NAME(bucket)(w, side, w->bucket[NAME(place)(node)]);
    uint64_t beyond = ~(uint64_t)1 << from;
    for (uint64_t part = set & beyond, turn = 0; turn < 2; part = set & ~beyond, turn++)
        for (; part != 0; part &= part - 1) {
            uint32_t found = (uint32_t)__builtin_ctzll(part);
            if (found == r || NAME(equal)(&factor[found], &factor[r]))
                return (node_t)(4 * found + side);
        }
    return node;
}

static uint32_t NAME(active_count)(const walk_t *w)
{
    return (uint32_t)(__builtin_popcountll(w->active[0]) + __builtin_popcountll(w->active[1]) +
                      __builtin_popcountll(w->active[2]));
}

/* ---------------------------------------------------------------- flips */

/* The k-th of all that are active; returns its side. Masks, since compilers make branches of ?: here,
   which nothing predicts. */
static ALWAYS_INLINE uint32_t NAME(select)(const walk_t *w, uint32_t k, uint32_t *product)
{
    uint32_t first = (uint32_t)__builtin_popcountll(w->active[0]);
    uint32_t second = (uint32_t)__builtin_popcountll(w->active[1]);
    uint32_t after_first = k >= first, after_second = k >= first + second;
    uint32_t side = after_first + after_second;
    k -= (first & -after_first) + (second & -after_second);
    *product = select_bit(w->active[side], k);
    return side;
}

/* A product's factor on a side becomes *factor; returns the other products in its bucket that have
   it too. */
static ALWAYS_INLINE uint64_t NAME(replace)(walk_t *w, uint32_t side, uint32_t place, uint64_t bit,
                                            const vec *factor)
{
    uint16_t old = w->bucket[place], new = NAME(bucket_of)(factor, side);
    uint64_t left = NAME(bucket)(w, side, old) & ~bit;
    NAME(set_bucket)(w, old, left);
    uint64_t met = NAME(bucket)(w, side, new) & ~bit;
    NAME(set_bucket)(w, new, met | bit);
    w->bucket[place] = new;
    w->factor[place] = *factor;
    /* Seldom more than one is there, so this leaves hardly any with another factor. */
    const vec *first = &w->factor[side * TABLE_RANK_MAX + (uint32_t)__builtin_ctzll(met | bit)];
    met &= ~(met & -met & -(uint64_t)NAME(differ)(first, factor));
    uint64_t alone = __builtin_popcountll(left) == 1 ? left : 0;
    w->active[side] = (w->active[side] & ~(bit | alone)) | met | (met != 0 ? bit : 0);
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
static __attribute__((noinline)) bool NAME(is_held)(const walk_t *w, node_t ax, node_t by,
                                                    const NAME(change) * change)
{
    NAME(change) c = *change;
    c.ax = ax;
    c.by = by;
    return NAME(adds_to_part)(w, &c);
}

/* One attempt. False when the rank fell or there is nothing to flip. */
static ALWAYS_INLINE bool NAME(step)(walk_t *w, uint64_t bits, uint64_t *flips)
{
    uint32_t total = NAME(active_count)(w), a;
    if (total == 0)
        return false;
    uint32_t side = NAME(select)(w, (uint32_t)((bits >> 32) * total >> 32), &a);
    uint32_t on_side = side * TABLE_RANK_MAX;
    uint64_t bit_a = (uint64_t)1 << a;
    uint64_t others = NAME(bucket)(w, side, w->bucket[on_side + a]) & ~bit_a;
    uint32_t count = (uint32_t)__builtin_popcountll(others);
    uint32_t b = select_bit(others, ((uint32_t)bits >> PARTNER_SHIFT & 0xffff) * count >> 16);
    uint32_t x = third_side[side][bits & ORDER_BIT], y = 3 - side - x;
    uint32_t on_x = x * TABLE_RANK_MAX, on_y = y * TABLE_RANK_MAX;
    const vec *ax = &w->factor[on_x + a], *by = &w->factor[on_y + b];
    NAME(change) c;
    /* What cannot be flipped stays as it is, but goes the same way. */
    bool can = NAME(flip_factors)(ax, &w->factor[on_x + b], by, &w->factor[on_y + a],
                                  w->sign[a] == w->sign[b], (uint32_t)bits, &c);
    can = both(can, NAME(equal)(&w->factor[on_side + a], &w->factor[on_side + b]));
    node_t node_ax = (node_t)(4 * a + x), node_by = (node_t)(4 * b + y);
    if (w->holds)
        can = can && !NAME(is_held)(w, node_ax, node_by, &c);
    NAME(keep_unless)(can, ax, by, &c);
    *flips += can;
    uint64_t with_ay = NAME(bucket)(w, y, w->bucket[on_y + a]);
    uint64_t with_bx = NAME(bucket)(w, x, w->bucket[on_x + b]);
    uint64_t meets_a = NAME(replace)(w, x, on_x + a, bit_a, &c.new_ax);
    uint64_t meets_b = NAME(replace)(w, y, on_y + b, (uint64_t)1 << b, &c.new_by);
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
    memset(w->active, 0, sizeof w->active);
    memset(w->bucket, 0xff, sizeof w->bucket);
#if !SWEEP
    memset(w->table, 0, sizeof w->table);
#endif
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

/* Sets have no order, and the factors say what is in them; which products are active is the walk's
   history. */
static void NAME(index_state)(walk_t *w, fm_state *state)
{
    uint64_t active[3], outside = 0;
    memcpy(active, w->active, sizeof active);
    FM_STATE_VALUE(state, active);
    if (!state->restoring)
        return;
    NAME(clear_index)(w);
    for (uint32_t node = 0; node < 4 * w->rank; node++)
        if (node % 4 != 3)
            NAME(link)(w, (node_t)node);
    for (int side = 0; side < 3; side++)
        outside |= active[side] & ~w->active[side];
    fm_state_require(state, outside == 0);
    if (!state->bad)
        memcpy(w->active, active, sizeof active);
}
