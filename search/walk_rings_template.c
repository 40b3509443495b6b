/* Part of walk_template.c: equal factors found through a hash table, whatever the rank.
   Nodes with equal factors form a ring (doubly linked); one node of each ring stands in a chain of
   the hash table; nodes whose ring has a second member are listed in active[], from which flips are
   drawn. Every change is a few writes. */

struct walk_t {
    uint32_t extent[3];
    uint32_t rank, capacity;
    bool holds;            /* see walk.h, hold */
    vec held[3];           /* which coefficients of each factor are of the part */
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
};

/* The factor of a node. */
static inline vec *NAME(at)(const walk_t *w, uint32_t node)
{
    return &w->factor[node];
}

static inline void NAME(activate)(walk_t *w, node_t node)
{
    w->position[node] = (node_t)w->active_count;
    w->active[w->active_count++] = node;
}

static inline void NAME(deactivate)(walk_t *w, node_t node)
{
    node_t hole = w->position[node], last = w->active[--w->active_count];
    w->active[hole] = last;
    w->position[last] = hole;
}

/* Puts a node with its factor set into the index. */
static inline void NAME(link)(walk_t *w, node_t node)
{
    const vec *factor = &w->factor[node];
    uint32_t bucket =
        (uint32_t)(NAME(hash)(factor) >> w->bucket_shift) * 4 + (ORBITS ? 0 : node % 4);
    w->bucket[node] = bucket;
    for (node_t other = w->head[bucket]; other != NO_NODE; other = w->chain_next[other]) {
        if (!NAME(matches)(&w->factor[other], factor))
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
static inline void NAME(unlink)(walk_t *w, node_t node)
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

static inline void NAME(rank_changed)(walk_t *w)
{
    (void)w;
}

static inline bool NAME(is_shared)(const walk_t *w, node_t node)
{
    return w->ring_next[node] != node;
}

/* The next product after `other`, going around, whose factor equals that of node; at last node. */
static inline node_t NAME(next_sharing)(const walk_t *w, node_t node, node_t other)
{
    (void)node;
    return w->ring_next[other];
}

static uint32_t NAME(active_count)(const walk_t *w)
{
    return w->active_count;
}

/* ---------------------------------------------------------------- flips */

enum { NAME(RING_STEPS) = 7 };

/* A random other member of the node's ring: exactly uniform in rings of two, nearly so in longer
   ones, as a walk of up to RING_STEPS steps. */
static inline node_t NAME(partner)(const walk_t *w, node_t node, uint32_t bits)
{
    node_t other = w->ring_next[node];
    if (other == w->ring_prev[node])
        return other;
    for (uint32_t steps = bits >> PARTNER_SHIFT & NAME(RING_STEPS); steps > 0; steps--)
        other = w->ring_next[other];
    return other != node ? other : w->ring_next[other];
}

/* The change that a flip makes of two nodes with equal factors; false when there is none. */
static inline bool NAME(flipped)(const walk_t *w, node_t node, node_t other, uint32_t bits,
                                 NAME(change) * c)
{
    bool same = NAME(equal)(&w->factor[node], &w->factor[other]);
    bool image = NAME(is_image)(&w->factor[node], &w->factor[other]);
    if ((!same && !image) || (ORBITS && node / 4 == other / 4))
        return false;
    bool turn = image && (!same || (bits & SIGN_BIT) != 0); /* the image of the other product */
    /* Orders are cyclic; where sides are apart, the other node's side is known. */
    uint32_t side = node % 4, other_side = ORBITS ? other % 4u : side;
    uint32_t x = third_side[side][bits & ORDER_BIT], y = 3 - side - x;
    uint32_t order = (bits & ORDER_BIT) ^ (INVOLUTION == TRANSPOSITION && turn);
    uint32_t other_x = third_side[other_side][order], other_y = 3 - other_side - other_x;
    uint32_t a = node & ~3u, b = other & ~3u;
    vec bx = NAME(turned)(&w->factor[b + other_x], turn);
    vec ay = NAME(turned)(&w->factor[a + y], turn);
    c->ax = (node_t)(a + x);
    c->by = (node_t)(b + other_y);
    return NAME(flip_factors)(&w->factor[c->ax], &bx, &w->factor[c->by], &ay,
                              w->sign[node / 4] == w->sign[other / 4], bits, c);
}

static inline bool NAME(step)(walk_t *w, fm_lane *lane)
{
    if (w->active_count == 0)
        return false;
    uint64_t bits = fm_random_next(lane->random);
    node_t node = w->active[(bits >> 32) * w->active_count >> 32];
    node_t other = NAME(partner)(w, node, (uint32_t)bits);
    NAME(change) c;
    if (!NAME(flipped)(w, node, other, (uint32_t)bits, &c))
        return true;
    if (w->holds && NAME(adds_to_part)(w, &c))
        return true;
    lane->flips++;
    NAME(set)(w, c.ax, &c.new_ax);
    NAME(set)(w, c.by, &c.new_by);
    w->sign[c.ax / 4] ^= c.sign_a;
    w->sign[c.by / 4] ^= c.sign_b;
    if (!INVOLUTION && w->ring_next[c.ax] == c.ax && w->ring_next[c.by] == c.by)
        return true;
    return !NAME(reduce_changed)(w, c.ax, c.by);
}

/* One walk after the other: side by side they would only push each other out of the cache (8x8x8
   over f2: 18 million flips a second for four in turn, 21.5 for one). */
static void NAME(run)(fm_lane *lanes, unsigned count, uint64_t attempts)
{
    for (unsigned l = 0; l < count; l++) {
        bool go_on = true;
        for (uint64_t done = 0; done < attempts && go_on; done++) {
            go_on = NAME(step)((walk_t *)lanes[l].walk, &lanes[l]);
            lanes[l].attempts++;
        }
    }
}

/* ---------------------------------------------------------------- in and out */

static void NAME(clear_index)(walk_t *w)
{
    size_t buckets = (size_t)4 << (64 - w->bucket_shift);
    w->active_count = 0;
    memset(w->head, 0xff, buckets * sizeof *w->head);
}

static walk_t *NAME(new_index)(uint32_t capacity)
{
    walk_t *w = fm_alloc_zero(1, sizeof *w);
    size_t nodes = (size_t)4 * capacity;
    uint32_t bits = 4;
    while (((uint32_t)1 << bits) < 4 * capacity)
        bits++;
    w->bucket_shift = 64 - bits;
    w->ring_next = fm_alloc_aligned(nodes, sizeof *w->ring_next);
    w->ring_prev = fm_alloc_aligned(nodes, sizeof *w->ring_prev);
    w->chain_next = fm_alloc_aligned(nodes, sizeof *w->chain_next);
    w->bucket = fm_alloc_aligned(nodes, sizeof *w->bucket);
    w->head = fm_alloc_aligned((size_t)4 << bits, sizeof *w->head);
    w->active = fm_alloc_aligned(nodes, sizeof *w->active);
    w->position = fm_alloc_aligned(nodes, sizeof *w->position);
    w->factor = fm_alloc_aligned(nodes, sizeof *w->factor);
    w->sign = fm_alloc_zero(capacity, sizeof *w->sign);
    return w;
}

static void NAME(free_index)(walk_t *w)
{
    free(w->ring_next);
    free(w->ring_prev);
    free(w->chain_next);
    free(w->bucket);
    free(w->head);
    free(w->active);
    free(w->position);
    free(w->factor);
    free(w->sign);
    free(w);
}

/* The order of rings, chains and active[] is the walk's history, and decides which flips its random
   numbers choose. */
static void NAME(index_state)(walk_t *w, fm_state *state)
{
    size_t nodes = (size_t)4 * w->rank;
    uint32_t bucket_count = (uint32_t)4 << (64 - w->bucket_shift);
    FM_STATE_VALUE(state, w->active_count);
    fm_state_require(state, w->active_count <= nodes);
    if (state->bad)
        w->active_count = 0;
    fm_state_bytes(state, w->ring_next, nodes * sizeof *w->ring_next);
    fm_state_bytes(state, w->ring_prev, nodes * sizeof *w->ring_prev);
    fm_state_bytes(state, w->chain_next, nodes * sizeof *w->chain_next);
    fm_state_bytes(state, w->bucket, nodes * sizeof *w->bucket);
    fm_state_bytes(state, w->head, bucket_count * sizeof *w->head);
    fm_state_bytes(state, w->active, w->active_count * sizeof *w->active);
    fm_state_bytes(state, w->position, nodes * sizeof *w->position);
}
