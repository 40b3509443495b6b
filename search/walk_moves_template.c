/* Part of walk_template.c: the moves, whatever the index, and what the kernel shows. */

/* The factor of the same product that stands offset positions after a node's, cyclically. */
static inline node_t NAME(beside)(node_t node, uint32_t offset)
{
    static const uint8_t position[5] = {0, 1, 2, 0, 1};
    return (node_t)((node & ~3u) + position[node % 4 + offset]);
}

/* What a flip makes of the factors ax and by of products a and b that share their third ones: ax + t
   bx and by - t ay; bx and ay are the others. Over f3, zt and z the sign is drawn; over the last two it is the
   other one when only that stays in the ring. False when it leaves the ring or a product would
   vanish: what shares two factors is reduced, not flipped. No branch depends on data. */
static ALWAYS_INLINE bool NAME(flip_factors)(const vec *ax, const vec *bx, const vec *by,
                                             const vec *ay, bool same_sign, uint32_t bits,
                                             NAME(change) * c)
{
    bool negative = TERNARY && (bits & SIGN_BIT) != 0, can = true;
    bool opposite = TERNARY && same_sign; /* of w1 to t in new w2 */
#if MODULUS == 0
    bool can_add = both(NAME(can_add)(ax, bx, false), NAME(can_add)(by, ay, opposite));
    bool can_subtract = both(NAME(can_add)(ax, bx, true), NAME(can_add)(by, ay, !opposite));
    can = can_add | can_subtract;
    negative = (negative & can_subtract) | !can_add;
#endif
    NAME(add_modular)(ax, bx, negative, &c->new_ax);
    NAME(add_modular)(by, ay, negative != opposite, &c->new_by);
    can = both(can, both(!NAME(is_zero)(&c->new_ax), !NAME(is_zero)(&c->new_by)));
    c->sign_a = NAME(normalize)(&c->new_ax);
    c->sign_b = NAME(normalize)(&c->new_by);
    return can;
}

/* Whether a product, with a factor of it replaced, is one of the held part: none of its factors is
   zero there. */
static bool NAME(is_of_part)(const walk_t *w, node_t node, const vec *factor)
{
    for (uint32_t s = 0; s < 3; s++) {
        const vec *own = s == node % 4u ? factor : NAME(at)(w, (node & ~3u) + s);
        uint64_t any = 0;
        for (int i = 0; i < WORDS; i++)
            any |= own->word[i] & w->held[s].word[i];
        if (any == 0)
            return false;
    }
    return true;
}

/* Whether a flip would make a product one of the held part that is not. */
static bool NAME(adds_to_part)(const walk_t *w, const NAME(change) * c)
{
    return (NAME(is_of_part)(w, c->ax, &c->new_ax) &&
            !NAME(is_of_part)(w, c->ax, NAME(at)(w, c->ax))) ||
           (NAME(is_of_part)(w, c->by, &c->new_by) &&
            !NAME(is_of_part)(w, c->by, NAME(at)(w, c->by)));
}

/* ---------------------------------------------------------------- products */

/* Replaces a factor by another that is normalized and not zero. */
static inline void NAME(set)(walk_t *w, node_t node, const vec *factor)
{
    NAME(unlink)(w, node);
    *NAME(at)(w, node) = *factor;
    NAME(link)(w, node);
}

static void NAME(append_vectors)(walk_t *w, const vec factor[3], bool negative)
{
    assert(w->rank < w->capacity);
    uint32_t r = w->rank++;
    NAME(rank_changed)(w);
    w->sign[r] = negative;
    for (uint32_t s = 0; s < 3; s++) {
        vec normal = factor[s];
        assert(!NAME(is_zero)(&normal));
        w->sign[r] ^= NAME(normalize)(&normal);
        *NAME(at)(w, 4 * r + s) = normal;
        NAME(link)(w, (node_t)(4 * r + s));
    }
}

/* Removes product r; the last one takes its number. */
static void NAME(remove)(walk_t *w, uint32_t r)
{
    uint32_t last = w->rank - 1;
    for (uint32_t s = 0; s < 3; s++) {
        NAME(unlink)(w, (node_t)(4 * r + s));
        if (r == last)
            continue;
        NAME(unlink)(w, (node_t)(4 * last + s));
        *NAME(at)(w, 4 * r + s) = *NAME(at)(w, 4 * last + s);
        NAME(link)(w, (node_t)(4 * r + s));
    }
    w->sign[r] = w->sign[last];
    w->rank = last;
    NAME(rank_changed)(w);
}

/* ---------------------------------------------------------------- equal factors */

/* Merges the product of other, or its image (turn), into that of node, with which it shares the two
   other factors; false when the sum is not in the ring. Afterwards it is gone, and both are when the
   sum is zero. */
static bool NAME(merge)(walk_t *w, node_t node, node_t other, bool turn)
{
    vec sum, added = NAME(turned)(NAME(at)(w, other), turn);
    uint32_t a = node / 4, b = other / 4;
    if (!NAME(add)(NAME(at)(w, node), &added, w->sign[a] != w->sign[b], &sum))
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

/* Given nodes with equal factors, or images of each other (turn), merges their products when these
   share a second factor. */
static inline bool NAME(reduce_pair)(walk_t *w, node_t node, node_t other, bool turn)
{
    bool backwards = INVOLUTION == TRANSPOSITION && turn;
    node_t ax = NAME(beside)(node, 1), bx = NAME(beside)(other, backwards ? 2 : 1);
    node_t ay = NAME(beside)(node, 2), by = NAME(beside)(other, backwards ? 1 : 2);
    const vec *fax = NAME(at)(w, ax), *fbx = NAME(at)(w, bx);
    const vec *fay = NAME(at)(w, ay), *fby = NAME(at)(w, by);
    if (turn ? NAME(is_image)(fax, fbx) : NAME(equal)(fax, fbx))
        return NAME(merge)(w, ay, by, turn);
    if (turn ? NAME(is_image)(fay, fby) : NAME(equal)(fay, fby))
        return NAME(merge)(w, ax, bx, turn);
    return false;
}

/* Looks among the products that share the factor of node for one that shares a second factor, and
   merges the two. */
static bool NAME(reduce_node)(walk_t *w, node_t node)
{
    for (node_t other = NAME(next_sharing)(w, node, node); other != node;
         other = NAME(next_sharing)(w, node, other)) {
        if (ORBITS && node / 4 == other / 4)
            continue;
        const vec *a = NAME(at)(w, node), *b = NAME(at)(w, other);
        if (NAME(equal)(a, b) && NAME(reduce_pair)(w, node, other, false))
            return true;
        if (NAME(is_image)(a, b) && NAME(reduce_pair)(w, node, other, true))
            return true;
    }
    return false;
}

/* Removes product r when it is its own image: modulo two its orbit is zero. */
static inline bool NAME(cancel)(walk_t *w, uint32_t r)
{
    const vec f[3] = {*NAME(at)(w, 4 * r), *NAME(at)(w, 4 * r + 1), *NAME(at)(w, 4 * r + 2)};
    bool own = false;
    if (INVOLUTION == REVERSAL)
        own = NAME(is_image)(&f[0], &f[0]) && NAME(is_image)(&f[1], &f[1]) &&
              NAME(is_image)(&f[2], &f[2]);
    for (int s = 0; INVOLUTION == TRANSPOSITION && s < 3; s++)
        own |= NAME(is_image)(&f[s], &f[s]) && NAME(is_image)(&f[(s + 1) % 3], &f[(s + 2) % 3]);
    if (own)
        NAME(remove)(w, r);
    return own;
}

/* All reductions by equal factors. */
static void NAME(reduce_equal)(walk_t *w)
{
    for (uint32_t node = 0; node < 4 * w->rank; node++)
        if (node % 4 == 3 ? NAME(cancel)(w, node / 4)
                          : NAME(is_shared)(w, (node_t)node) && NAME(reduce_node)(w, (node_t)node))
            node = UINT32_MAX; /* products have changed places: from the beginning */
}

/* The reductions that a flip leads to; true when the rank fell. */
static bool NAME(reduce_changed)(walk_t *w, node_t ax, node_t by)
{
    if (!NAME(reduce_node)(w, ax) && !NAME(reduce_node)(w, by) && !NAME(cancel)(w, ax / 4) &&
        !NAME(cancel)(w, by / 4))
        return false;
    NAME(reduce_equal)(w);
    return true;
}

/* ---------------------------------------------------------------- plus */

/* a1 b1 c1 + a2 b2 c2 = a1 (b1 + b2) c1 + a1 b2 (c2 - c1) + (a2 - a1) b2 c2, for products 1 and 2,
   a being factor side and b factor x; with signs s1, s2: c2 s2 - c1 s1 in the second. The factors of
   product 2 are f2: its own, or those of an image. */
static bool NAME(plus_pair)(walk_t *w, uint32_t one, uint32_t two, const vec f2[3], uint32_t side,
                            uint32_t x)
{
    uint32_t y = 3 - side - x;
    const vec f1[3] = {*NAME(at)(w, 4 * one), *NAME(at)(w, 4 * one + 1), *NAME(at)(w, 4 * one + 2)};
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

/* The factors of a random image of product r. */
static void NAME(draw_image)(const walk_t *w, uint32_t r, fm_random *random, vec out[3])
{
    uint32_t turn = ORBITS ? fm_random_below(random, 3) : 0;
    bool image = INVOLUTION && fm_random_below(random, 2) == 1;
    for (uint32_t s = 0; s < 3; s++) {
        uint32_t position = turn + (image && INVOLUTION == TRANSPOSITION ? 3 - s : s);
        out[s] = NAME(turned)(NAME(at)(w, 4 * r + position % 3), image);
    }
}

static bool NAME(plus)(fm_walk *opaque, fm_random *random)
{
    enum { TRIES = 64 };
    walk_t *w = (walk_t *)opaque;
    if (w->rank < 2 || w->rank + 1 > w->capacity)
        return false;
    for (int i = 0; i < TRIES; i++) {
        uint32_t one = fm_random_below(random, w->rank);
        uint32_t two = fm_random_below(random, w->rank - 1);
        uint32_t side = fm_random_below(random, 3), order = fm_random_below(random, 2);
        vec image[3];
        two += two >= one;
        NAME(draw_image)(w, two, random, image);
        if (NAME(plus_pair)(w, one, two, image, side, (side + 1 + order) % 3))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- split */

/* Product r becomes two: its factor on a side is first that of node, then what is left of it. */
static bool NAME(split_by)(walk_t *w, uint32_t r, uint32_t side, node_t by)
{
    node_t node = (node_t)(4 * r + side);
    vec part = *NAME(at)(w, by),
        rest[3] = {*NAME(at)(w, 4 * r), *NAME(at)(w, 4 * r + 1), *NAME(at)(w, 4 * r + 2)};
    if (NAME(equal)(NAME(at)(w, node), &part) ||
        !NAME(add)(NAME(at)(w, node), &part, true, &rest[side]))
        return false;
    NAME(set)(w, node, &part);
    NAME(append_vectors)(w, rest, w->sign[r]);
    return true;
}

static bool NAME(split)(fm_walk *opaque, fm_random *random)
{
    enum { TRIES = 64 };
    walk_t *w = (walk_t *)opaque;
    if (w->rank < 2 || w->rank + 1 > w->capacity)
        return false;
    for (int i = 0; i < TRIES; i++) {
        uint32_t r = fm_random_below(random, w->rank), side = fm_random_below(random, 3);
        uint32_t other = fm_random_below(random, w->rank - 1);
        uint32_t other_side = ORBITS ? fm_random_below(random, 3) : side;
        other += other >= r;
        if (NAME(split_by)(w, r, side, (node_t)(4 * other + other_side)))
            return true;
    }
    return false;
}

/* ---------------------------------------------------------------- linear dependence */

/* Products that share a factor, and the elimination among their factors on another side. */
typedef struct NAME(dependence) {
    node_t members[DEPENDENCE_MAX]; /* nodes, ascending, no two of one product */
    uint32_t count;
    vec row[DEPENDENCE_MAX]; /* reduced; row = sum of track[i] times factor i */
    uint64_t track_plus[DEPENDENCE_MAX], track_minus[DEPENDENCE_MAX];
    uint32_t pivot[DEPENDENCE_MAX]; /* the column of the first nonzero coefficient */
} NAME(dependence);

/* Adds t times one bit set to another, modulo 2 or 3. */
static inline void NAME(add_track)(uint64_t *plus, uint64_t *minus, uint64_t p, uint64_t m)
{
#if MODULUS == 2
    (void)minus;
    (void)m;
    *plus ^= p;
#else
    uint64_t ap = *plus, am = *minus;
    *plus = (ap & ~(p | m)) | (p & ~(ap | am)) | (am & m);
    *minus = (am & ~(p | m)) | (m & ~(ap | am)) | (ap & p);
#endif
}

/* Given nodes with equal factors, and a dependence with coefficients +1 and -1 among the factors
   that stand x positions after them, removes the out-th product: that factor of it is a combination
   of the others', so the factor y positions after moves into theirs. False when that leaves the ring. */
static bool NAME(eliminate)(walk_t *w, const NAME(dependence) * d, uint64_t plus, uint64_t minus,
                            uint32_t out, uint32_t y)
{
    vec changed[DEPENDENCE_MAX];
    const vec *moved = NAME(at)(w, NAME(beside)(d->members[out], y));
    uint64_t involved = plus | minus;
    for (uint32_t i = 0; i < d->count; i++) {
        if (i == out || (involved >> i & 1) == 0)
            continue;
        bool opposite = w->sign[d->members[i] / 4] != w->sign[d->members[out] / 4];
        bool same = (plus >> i & 1) == (plus >> out & 1); /* x_out = -x_i - ... */
        if (!NAME(add)(NAME(at)(w, NAME(beside)(d->members[i], y)), moved, same != opposite,
                       &changed[i]))
            return false;
    }
    /* From the highest number down, as a removed product's number goes to the last one. A product
       whose factor has become zero goes too. */
    for (uint32_t i = d->count; i-- > 0;) {
        if ((involved >> i & 1) == 0)
            continue;
        if (i == out || NAME(is_zero)(&changed[i])) {
            NAME(remove)(w, d->members[i] / 4u);
            continue;
        }
        w->sign[d->members[i] / 4] ^= NAME(normalize)(&changed[i]);
        NAME(set)(w, NAME(beside)(d->members[i], y), &changed[i]);
    }
    return true;
}

/* True when the dependence, found modulo 2 or 3, holds in the ring. */
static bool NAME(holds)(const walk_t *w, const NAME(dependence) * d, uint64_t plus, uint64_t minus,
                        uint32_t x)
{
#if MODULUS == 0
    for (uint32_t e = 0; e < w->extent[NAME(beside)(d->members[0], x) % 4]; e++) {
        int sum = 0;
        for (uint32_t i = 0; i < d->count; i++)
            sum += ((int)(plus >> i & 1) - (int)(minus >> i & 1)) *
                   NAME(coefficient)(NAME(at)(w, NAME(beside)(d->members[i], x)), e);
        if (sum != 0)
            return false;
    }
#else
    (void)w, (void)d, (void)plus, (void)minus, (void)x;
#endif
    return true;
}

/* Eliminates among the factors x positions after the members, and uses the first dependence that removes one. */
static bool NAME(reduce_members)(walk_t *w, NAME(dependence) * d, uint32_t x, uint32_t y)
{
    for (uint32_t i = 0; i < d->count; i++) {
        vec *row = &d->row[i];
        *row = *NAME(at)(w, NAME(beside)(d->members[i], x));
        NAME(take_residues)(row);
        d->track_plus[i] = (uint64_t)1 << i;
        d->track_minus[i] = 0;
        for (uint32_t q = 0; q < i; q++) {
            if (d->pivot[q] == UINT32_MAX)
                continue;
            int c = NAME(coefficient)(row, d->pivot[q]);
            if (c == 0)
                continue;
            bool negative = c == NAME(coefficient)(&d->row[q], d->pivot[q]);
            NAME(add_modular)(row, &d->row[q], negative, row);
            NAME(take_residues)(row);
            NAME(add_track)
            (&d->track_plus[i], &d->track_minus[i],
             negative && MODULUS != 2 ? d->track_minus[q] : d->track_plus[q],
             negative ? d->track_plus[q] : d->track_minus[q]);
        }
        d->pivot[i] = NAME(first_column)(row);
        if (d->pivot[i] != UINT32_MAX || !NAME(holds)(w, d, d->track_plus[i], d->track_minus[i], x))
            continue;
        uint64_t involved = d->track_plus[i] | d->track_minus[i];
        for (uint32_t out = 0; out < d->count; out++)
            if ((involved >> out & 1) != 0 &&
                NAME(eliminate)(w, d, d->track_plus[i], d->track_minus[i], out, y))
                return true;
    }
    return false;
}

/* Collects the products that share the factor of node; false when there are fewer than three, or
   another one of them, of lower number, stands for them. */
static bool NAME(collect_members)(const walk_t *w, node_t node, NAME(dependence) * d)
{
    d->count = 0;
    d->members[d->count++] = node;
    for (node_t other = NAME(next_sharing)(w, node, node);
         other != node && d->count < DEPENDENCE_MAX; other = NAME(next_sharing)(w, node, other)) {
        if (other < node)
            return false;
        d->members[d->count++] = other;
    }
    qsort(d->members, d->count, sizeof *d->members, compare_nodes);
    uint32_t kept = 1;
    for (uint32_t i = 1; i < d->count; i++)
        if (!ORBITS || d->members[i] / 4 != d->members[kept - 1] / 4)
            d->members[kept++] = d->members[i];
    d->count = kept;
    return d->count > 2;
}

/* One reduction by linear dependence. */
static bool NAME(reduce_dependent)(walk_t *w)
{
    NAME(dependence) d;
    for (uint32_t node = 0; node < 4 * w->rank; node++) {
        if (node % 4 == 3 || !NAME(is_shared)(w, (node_t)node) ||
            !NAME(collect_members)(w, (node_t)node, &d))
            continue;
        if (NAME(reduce_members)(w, &d, 1, 2) || NAME(reduce_members)(w, &d, 2, 1))
            return true;
    }
    return false;
}

static bool NAME(reduce)(fm_walk *opaque)
{
    walk_t *w = (walk_t *)opaque;
    uint32_t rank = w->rank;
    do
        NAME(reduce_equal)(w);
    while (!INVOLUTION && NAME(reduce_dependent)(w)); /* it knows of no images */
    return w->rank < rank;
}

/* ---------------------------------------------------------------- in and out */

static void NAME(clear)(fm_walk *opaque, const uint32_t extent[3])
{
    walk_t *w = (walk_t *)opaque;
    memcpy(w->extent, extent, sizeof w->extent);
    w->rank = 0;
    w->holds = false;
    NAME(clear_index)(w);
}

static void NAME(hold)(fm_walk *opaque, const uint32_t part[3])
{
    walk_t *w = (walk_t *)opaque;
    w->holds = true;
    memset(w->held, 0, sizeof w->held);
    for (uint32_t s = 0; s < 3; s++)
        for (uint32_t e = 0; e < part[s]; e++)
            w->held[s].word[e / PER_WORD] |= NAME(mask)(e);
}

static fm_walk *NAME(new)(const uint32_t extent[3], uint32_t capacity)
{
    walk_t *w = NAME(new_index)(capacity);
    w->capacity = capacity;
    NAME(clear)((fm_walk *)w, extent);
    return (fm_walk *)w;
}

static void NAME(free)(fm_walk *opaque)
{
    NAME(free_index)((walk_t *)opaque);
}

static void NAME(append)(fm_walk *opaque, const int8_t *u, const int8_t *v, const int8_t *w_factor)
{
    walk_t *w = (walk_t *)opaque;
    const int8_t *const coefficients[3] = {u, v, w_factor};
    vec factor[3];
    for (int s = 0; s < 3; s++)
        factor[s] = NAME(pack)(coefficients[s], w->extent[s]);
    NAME(append_vectors)(w, factor, false);
}

static void NAME(get)(const fm_walk *opaque, uint32_t r, int8_t *u, int8_t *v, int8_t *w_factor)
{
    const walk_t *w = (const walk_t *)opaque;
    assert(r < w->rank);
    NAME(unpack)(NAME(at)(w, 4 * r), w->extent[0], false, u);
    NAME(unpack)(NAME(at)(w, 4 * r + 1), w->extent[1], false, v);
    NAME(unpack)(NAME(at)(w, 4 * r + 2), w->extent[2], w->sign[r], w_factor);
}

static uint32_t NAME(rank)(const fm_walk *opaque)
{
    return ((const walk_t *)opaque)->rank;
}

static bool NAME(can_flip)(const fm_walk *opaque)
{
    return NAME(active_count)((const walk_t *)opaque) > 0;
}

static uint64_t NAME(flip_count)(const fm_walk *opaque)
{
    const walk_t *w = (const walk_t *)opaque;
    uint64_t pairs = 0;
    for (uint32_t node = 0; node < 4 * w->rank; node++) {
        if (node % 4 == 3)
            continue;
        node_t other = NAME(next_sharing)(w, (node_t)node, (node_t)node);
        for (; other != node; other = NAME(next_sharing)(w, (node_t)node, other))
            pairs += !ORBITS || node / 4 != other / 4u;
    }
    return pairs;
}

static uint64_t NAME(weight)(const fm_walk *opaque)
{
    const walk_t *w = (const walk_t *)opaque;
    uint64_t weight = 0;
    for (uint32_t node = 0; node < 4 * w->rank; node++)
        weight += node % 4 != 3 ? NAME(count_nonzero)(NAME(at)(w, node)) : 0;
    return weight;
}

static void NAME(state)(fm_walk *opaque, fm_state *state)
{
    walk_t *w = (walk_t *)opaque;
    FM_STATE_VALUE(state, w->extent);
    FM_STATE_VALUE(state, w->rank);
    for (int axis = 0; axis < 3; axis++)
        fm_state_require(state, w->extent[axis] <= PER_WORD * WORDS);
    fm_state_require(state, w->rank <= w->capacity);
    if (state->bad)
        w->rank = 0;
    for (uint32_t node = 0; node < 4 * w->rank; node++)
        if (node % 4 != 3)
            FM_STATE_VALUE(state, *NAME(at)(w, node));
    fm_state_bytes(state, w->sign, w->rank);
    FM_STATE_VALUE(state, w->holds);
    FM_STATE_VALUE(state, w->held);
    NAME(index_state)(w, state);
}

static const fm_walk_kernel KERNEL = {
    .new = NAME(new),
    .free = NAME(free),
    .clear = NAME(clear),
    .append = NAME(append),
    .hold = NAME(hold),
    .get = NAME(get),
    .rank = NAME(rank),
    .run = NAME(run),
    .can_flip = NAME(can_flip),
    .reduce = NAME(reduce),
    .plus = NAME(plus),
    .split = NAME(split),
    .flip_count = NAME(flip_count),
    .weight = NAME(weight),
    .state = NAME(state),
};
