/* Part of walk_template.c: equal factors found through a table of bit sets.
   For each side (u, v, w) a hash table has a set of products in each bucket: those whose factor
   falls there. One load tells with whom a factor may be equal, two stores move a product, and a bit
   set for each side says which products share their bucket with another; flips are drawn from it.
   Nothing here branches on data: what remains is the latency of memory, which walks that take turns
   in one thread hide from each other.
   One bucket is not proof of equality: flips and reductions compare the factors themselves. */

struct walk_t {
    uint32_t extent[3];
    uint32_t rank, capacity;
    bool holds;                      /* see walk.h, hold */
    vec held[3];                     /* which coefficients of each factor are of the part */
    uint32_t words;                  /* of a set: 1 or 2, as the rank wants */
    uint64_t *table[3];              /* TABLE_BUCKETS sets of so many words each */
    uint64_t active[3][TABLE_WORDS]; /* products whose bucket has another one */
    vec *factor;                     /* by node */
    uint8_t *sign;                   /* by product: 1 when its sign is minus */
    uint16_t *bucket;                /* by node: the hash of its factor */
};

/* The set of a node's bucket, for sets of so many words. */
static inline uint64_t *NAME(bucket)(const walk_t *w, uint32_t node, uint32_t words)
{
    return w->table[node % 4] + w->bucket[node] * words;
}

/* ---------------------------------------------------------------- one product at a time */

static inline void NAME(link)(walk_t *w, node_t node)
{
    uint32_t side = node % 4, r = node / 4;
    w->bucket[node] = (uint16_t)(NAME(hash)(&w->factor[node]) >> (64 - TABLE_BITS));
    uint64_t *set = NAME(bucket)(w, node, w->words), any = 0;
    for (uint32_t i = 0; i < w->words; i++) {
        any |= set[i];
        w->active[side][i] |= set[i];
    }
    set[r / 64] |= (uint64_t)1 << r % 64;
    w->active[side][r / 64] |= (uint64_t)(any != 0) << r % 64;
}

static inline void NAME(unlink)(walk_t *w, node_t node)
{
    uint32_t side = node % 4, r = node / 4, count = 0;
    uint64_t *set = NAME(bucket)(w, node, w->words);
    set[r / 64] &= ~((uint64_t)1 << r % 64);
    w->active[side][r / 64] &= ~((uint64_t)1 << r % 64);
    for (uint32_t i = 0; i < w->words; i++)
        count += (uint32_t)__builtin_popcountll(set[i]);
    for (uint32_t i = 0; i < w->words && count == 1; i++)
        w->active[side][i] &= ~set[i];
}

/* Fills the index with the first products, sets of w->words words. */
static void NAME(relink)(walk_t *w, uint32_t count)
{
    memset(w->active, 0, sizeof w->active);
    for (uint32_t side = 0; side < 3; side++) {
        memset(w->table[side], 0, sizeof(uint64_t) * w->words << TABLE_BITS);
        for (uint32_t r = 0; r < count; r++)
            NAME(link)(w, (node_t)(4 * r + side));
    }
}

/* Makes the sets as wide as the rank wants. Narrower only when it is well below, so that a rank
   that goes up and down by one does not cost a new table each time. */
static void NAME(rank_changed)(walk_t *w)
{
    enum { SLACK = 4 };
    uint32_t words = w->words, linked = w->rank;
    if (w->rank > 64 || w->rank + SLACK <= 64)
        words = w->rank > 64 ? 2 : 1;
    if (words == w->words)
        return;
    linked -= words > w->words; /* the last one comes now */
    w->words = words;
    NAME(relink)(w, linked);
}

static inline bool NAME(is_shared)(const walk_t *w, node_t node)
{
    return w->active[node % 4][node / 256] >> (node / 4 % 64) & 1;
}

/* The next product after `other`, going around, whose factor equals that of node; at last node. */
static node_t NAME(next_sharing)(const walk_t *w, node_t node, node_t other)
{
    uint32_t side = node % 4, r = other / 4;
    const uint64_t *set = NAME(bucket)(w, node, w->words);
    for (uint32_t step = 0; step <= w->words; step++) {
        uint32_t i = (r / 64 + step) % w->words;
        uint64_t rest = step == 0 ? set[i] & ~(uint64_t)0 << r % 64 << 1 : set[i];
        for (; rest != 0; rest &= rest - 1) {
            node_t found = (node_t)(4 * (64 * i + (uint32_t)__builtin_ctzll(rest)) + side);
            if (found == node || NAME(equal)(&w->factor[found], &w->factor[node]))
                return found;
        }
    }
    return node;
}

static uint32_t NAME(active_count)(const walk_t *w)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < 3 * w->words; i++)
        count += (uint32_t)__builtin_popcountll(w->active[i / w->words][i % w->words]);
    return count;
}

/* ---------------------------------------------------------------- flips */

/* Product r's factor on a side becomes *factor; sharing[] receives the other products in its
   bucket. */
static ALWAYS_INLINE void NAME(replace)(walk_t *w, uint32_t side, uint32_t r, const vec *factor,
                                        uint64_t *sharing, uint32_t words)
{
    uint64_t *old = NAME(bucket)(w, 4 * r + side, words);
    w->bucket[4 * r + side] = (uint16_t)(NAME(hash)(factor) >> (64 - TABLE_BITS));
    uint64_t *new = NAME(bucket)(w, 4 * r + side, words);
    uint64_t *active = w->active[side], bit = (uint64_t)1 << r % 64, left[TABLE_WORDS], any = 0;
    uint32_t count = 0;
    w->factor[4 * r + side] = *factor;
    old[r / 64] &= ~bit;
    for (uint32_t i = 0; i < words; i++) {
        left[i] = old[i];
        sharing[i] = new[i];
        count += (uint32_t)__builtin_popcountll(left[i]);
        any |= sharing[i];
    }
    new[r / 64] |= bit;
    active[r / 64] &= ~bit;
    uint64_t alone = count == 1 ? ~(uint64_t)0 : 0;
    for (uint32_t i = 0; i < words; i++)
        active[i] = (active[i] & ~(left[i] & alone)) | sharing[i];
    active[r / 64] |= any != 0 ? bit : 0;
}

/* One attempt, for sets of so many words: a constant where this is inlined, so that the loops over
   words are unrolled. False when the rank fell or there is nothing to flip. */
static ALWAYS_INLINE bool NAME(step)(walk_t *w, fm_lane *lane, uint32_t words)
{
    uint64_t bits = fm_random_next(lane->random), others[TABLE_WORDS];
    uint32_t total = 0, count = 0, word = 0, before = 0, passed = 0;
    for (uint32_t i = 0; i < 3 * words; i++)
        total += (uint32_t)__builtin_popcountll(w->active[i / words][i % words]);
    if (total == 0)
        return false;
    uint32_t k = (uint32_t)((bits >> 32) * total >> 32);
    for (uint32_t i = 0; i < 3 * words - 1; i++) {
        passed += (uint32_t)__builtin_popcountll(w->active[i / words][i % words]);
        word += k >= passed;
        before = k >= passed ? passed : before;
    }
    uint32_t side = word / words;
    uint32_t a = 64 * (word % words) + select_bit(w->active[side][word % words], k - before);

    const uint64_t *set = NAME(bucket)(w, 4 * a + side, words);
    for (uint32_t i = 0; i < words; i++)
        others[i] = set[i];
    others[a / 64] &= ~((uint64_t)1 << a % 64);
    for (uint32_t i = 0; i < words; i++)
        count += (uint32_t)__builtin_popcountll(others[i]);
    k = ((uint32_t)bits >> PARTNER_SHIFT & 0xffff) * count >> 16;
    word = before = passed = 0;
    for (uint32_t i = 0; i < words - 1; i++) {
        passed += (uint32_t)__builtin_popcountll(others[i]);
        word += k >= passed;
        before = k >= passed ? passed : before;
    }
    uint32_t b = 64 * word + select_bit(others[word], k - before);

    NAME(change) c;
    if (!NAME(flipped)(w, (node_t)(4 * a + side), (node_t)(4 * b + side), (uint32_t)bits, &c))
        return true;
    if (w->holds && NAME(adds_to_part)(w, &c))
        return true;
    lane->flips++;
    uint32_t x = c.ax % 4, y = c.by % 4;
    uint64_t meets_a[TABLE_WORDS], meets_b[TABLE_WORDS], reducible = 0;
    NAME(replace)(w, x, a, &c.new_ax, meets_a, words);
    NAME(replace)(w, y, b, &c.new_by, meets_b, words);
    w->sign[a] ^= c.sign_a;
    w->sign[b] ^= c.sign_b;
    /* Products that now share two factors with a, or with b. */
    const uint64_t *with_bx = NAME(bucket)(w, 4 * b + x, words);
    const uint64_t *with_ay = NAME(bucket)(w, 4 * a + y, words);
    for (uint32_t i = 0; i < words; i++)
        reducible |=
            (meets_a[i] & (others[i] | with_ay[i])) | (meets_b[i] & (others[i] | with_bx[i]));
    reducible |= meets_b[a / 64] >> a % 64 & 1; /* a is not among the others */
    return reducible == 0 || !NAME(reduce_changed)(w, &c);
}

/* The walks take turns, an attempt each, so that one works while another waits for memory. */
static void NAME(run)(fm_lane *lanes, unsigned count, uint64_t attempts)
{
    uint64_t done = 0;
    bool go_on = true;
    for (; done < attempts && go_on; done++)
        for (unsigned l = 0; l < count; l++) {
            walk_t *w = (walk_t *)lanes[l].walk;
            bool ok = w->words == 1 ? NAME(step)(w, &lanes[l], 1) : NAME(step)(w, &lanes[l], 2);
            go_on = go_on && ok;
        }
    for (unsigned l = 0; l < count; l++)
        lanes[l].attempts += done;
}

/* ---------------------------------------------------------------- in and out */

static void NAME(clear_index)(walk_t *w)
{
    w->words = 1;
    memset(w->active, 0, sizeof w->active);
    for (uint32_t side = 0; side < 3; side++)
        memset(w->table[side], 0, sizeof(uint64_t) << TABLE_BITS);
}

static walk_t *NAME(new_index)(uint32_t capacity)
{
    walk_t *w = fm_alloc_zero(1, sizeof *w);
    assert(capacity <= TABLE_RANK_MAX);
    for (uint32_t side = 0; side < 3; side++)
        w->table[side] = fm_alloc_aligned((size_t)TABLE_WORDS << TABLE_BITS, sizeof(uint64_t));
    w->bucket = fm_alloc_zero((size_t)4 * capacity, sizeof *w->bucket);
    return w;
}

static void NAME(free_index)(walk_t *w)
{
    for (uint32_t side = 0; side < 3; side++)
        free(w->table[side]);
    free(w->bucket);
}

/* Sets have no order, so only the width of theirs is history. */
static void NAME(index_state)(walk_t *w, fm_state *state)
{
    FM_STATE_VALUE(state, w->words);
    fm_state_require(state, w->words == 2 || (w->words == 1 && w->rank <= 64));
    if (!state->restoring)
        return;
    if (state->bad)
        w->words = TABLE_WORDS;
    NAME(relink)(w, w->rank);
}
