/* Part of walk_template.c: a factor as a bit vector, and arithmetic on it.
   Over f2 a word holds 64 coefficients. Over f3 and zt it holds 32: the low half says where they
   are +1, the high half where they are -1, so that one operation works on both, and negation
   exchanges the halves. Over z it holds 8, a byte each. */

/* With an involution (INVOLUTION) the image of the factor under it follows the factor, so that sums
   are made of both at once and the image is never computed again. */
#define VEC_WORDS (INVOLUTION ? 2 * WORDS : WORDS)

typedef struct vec {
    uint64_t word[VEC_WORDS];
} vec;

/* What a flip does to one factor of each of its two products. */
typedef struct NAME(change) {
    node_t ax, by;
    vec new_ax, new_by;
    bool sign_a, sign_b; /* the product's sign changes */
} NAME(change);

static inline bool NAME(equal)(const vec *a, const vec *b)
{
    uint64_t difference = 0;
    for (int i = 0; i < WORDS; i++)
        difference |= a->word[i] ^ b->word[i];
    return difference == 0;
}

/* 0 when they are equal, else 1: for arithmetic, without a branch. */
static inline uint64_t NAME(differ)(const vec *a, const vec *b)
{
    uint64_t difference = 0;
    for (int i = 0; i < WORDS; i++)
        difference |= a->word[i] ^ b->word[i];
    return (difference | -difference) >> 63;
}

#if INVOLUTION

/* Whether a is the image of b. */
static inline bool NAME(is_image)(const vec *a, const vec *b)
{
    uint64_t difference = 0;
    for (int i = 0; i < WORDS; i++)
        difference |= a->word[i] ^ b->word[WORDS + i];
    return difference == 0;
}

#else

static inline bool NAME(is_image)(const vec *a, const vec *b)
{
    (void)a, (void)b;
    return false;
}

#endif

/* Whether a factor is another one or its image: those that the index takes for equal. */
static inline bool NAME(matches)(const vec *a, const vec *b)
{
    return NAME(equal)(a, b) || NAME(is_image)(a, b);
}

/* The factor, or its image. */
static inline vec NAME(turned)(const vec *a, bool turn)
{
    vec out = *a;
    for (int i = 0; INVOLUTION && i < VEC_WORDS; i++)
        out.word[i] = a->word[turn ? (i + WORDS) % VEC_WORDS : i];
    return out;
}

static inline bool NAME(is_zero)(const vec *a)
{
    uint64_t any = 0;
    for (int i = 0; i < WORDS; i++)
        any |= a->word[i];
    return any == 0;
}

static inline uint64_t NAME(hash_words)(const uint64_t *word)
{
    /* Odd numbers, one a word; the top bits of the sum are good (Dietzfelbinger 1996). */
    static const uint64_t factor[8] = {0x9e3779b97f4a7c15, 0xbf58476d1ce4e5b9, 0x94d049bb133111eb,
                                       0xd6e8feb86659fd93, 0xff51afd7ed558ccd, 0xc4ceb9fe1a85ec53,
                                       0xa0761d6478bd642f, 0xe7037ed1a0b428db};
    uint64_t h = 0;
    for (int i = 0; i < WORDS; i++) {
        if (i > 0 && i % 8 == 0) /* another word with the same number */
            h ^= h >> 32;
        h += word[i] * factor[i % 8];
    }
    return h;
}

/* The same for all that match. */
static inline uint64_t NAME(hash)(const vec *a)
{
    uint64_t h = NAME(hash_words)(a->word);
    return INVOLUTION ? h + NAME(hash_words)(a->word + VEC_WORDS - WORDS) : h;
}

#if WIDE

static inline int8_t *NAME(bytes)(const vec *a)
{
    return (int8_t *)a->word;
}

static inline int NAME(coefficient)(const vec *a, uint32_t column)
{
    return NAME(bytes)(a)[column];
}

/* The first column with a nonzero coefficient, UINT32_MAX when there is none. */
static inline uint32_t NAME(first_column)(const vec *a)
{
    for (uint32_t e = 0; e < PER_WORD * WORDS; e++)
        if (NAME(coefficient)(a, e) != 0)
            return e;
    return UINT32_MAX;
}

/* The bits of a coefficient in its word. */
static inline uint64_t NAME(mask)(uint32_t column)
{
    return (uint64_t)0xff << 8 * (column % PER_WORD);
}

static inline uint32_t NAME(count_nonzero)(const vec *a)
{
    uint32_t count = 0;
    for (uint32_t e = 0; e < PER_WORD * WORDS; e++)
        count += NAME(bytes)(a)[e] != 0;
    return count;
}

/* The sums of the bytes of two words, or their differences: the highest bits apart, so that no carry
   goes from byte to byte. */
static inline uint64_t NAME(add_bytes)(uint64_t a, uint64_t b, bool negative)
{
    const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
    uint64_t turn = -(uint64_t)negative, c = b ^ turn;
    uint64_t sum = ((a & ~high) + (c & ~high)) ^ ((a ^ c) & high), one = ones & turn;
    return ((sum & ~high) + one) ^ (sum & high);
}

/* True when the coefficients of a + b, or a - b when negative, are no larger than those of the walk:
   raised by the largest one, a byte is then from 0 to twice that. */
static inline bool NAME(can_add)(const vec *a, const vec *b, bool negative)
{
    const uint64_t ones = 0x0101010101010101, high = 0x8080808080808080;
    uint64_t beyond = 0;
    for (int i = 0; i < WORDS; i++) {
        uint64_t sum = NAME(add_bytes)(a->word[i], b->word[i], negative);
        uint64_t raised = NAME(add_bytes)(sum, COEFFICIENT_MAX * ones, false);
        beyond |= raised | NAME(add_bytes)(raised, (127 - 2 * COEFFICIENT_MAX) * ones, false);
    }
    return (beyond & high) == 0;
}

/* *out = a + b, or a - b when negative, whatever comes out. */
static inline void NAME(add_modular)(const vec *a, const vec *b, bool negative, vec *out)
{
    for (int i = 0; i < WORDS; i++)
        out->word[i] = NAME(add_bytes)(a->word[i], b->word[i], negative);
}

/* Makes the highest nonzero coefficient positive; true when that changed the sign. */
static inline bool NAME(normalize)(vec *a)
{
    uint64_t highest = 0;
    for (int i = 0; i < WORDS; i++)
        highest = a->word[i] != 0 ? a->word[i] : highest;
    bool negative = highest != 0 && (highest >> ((63 - __builtin_clzll(highest)) | 7) & 1) != 0;
    for (int i = 0; i < WORDS; i++)
        a->word[i] = NAME(add_bytes)(0, a->word[i], negative);
    return negative;
}

/* The coefficients modulo 3, in {-1, 0, 1}. */
static inline void NAME(take_residues)(vec *a)
{
    for (uint32_t e = 0; e < PER_WORD * WORDS; e++)
        NAME(bytes)(a)[e] = (int8_t)((NAME(bytes)(a)[e] + 3 * COEFFICIENT_MAX + 1) % 3 - 1);
}

static vec NAME(pack)(const int8_t *coefficients, uint32_t extent)
{
    vec a = {0};
    for (uint32_t e = 0; e < extent; e++)
        assert(coefficients[e] >= -COEFFICIENT_MAX && coefficients[e] <= COEFFICIENT_MAX);
    memcpy(NAME(bytes)(&a), coefficients, extent);
    return a;
}

#else

/* The coefficient at a column: 0, 1 or -1. */
static inline int NAME(coefficient)(const vec *a, uint32_t column)
{
    uint64_t word = a->word[column / PER_WORD] >> column % PER_WORD;
    return (int)(word & 1) - (TERNARY ? (int)(word >> 32 & 1) : 0);
}

/* The first column with a nonzero coefficient, UINT32_MAX when there is none. */
static inline uint32_t NAME(first_column)(const vec *a)
{
    for (uint32_t i = 0; i < WORDS; i++)
        if (a->word[i] != 0)
            return PER_WORD * i +
                   (uint32_t)__builtin_ctzll(TERNARY ? a->word[i] | a->word[i] >> 32 : a->word[i]);
    return UINT32_MAX;
}

/* The bits of a coefficient in its word. */
static inline uint64_t NAME(mask)(uint32_t column)
{
    return ((uint64_t)1 << column % PER_WORD) * (TERNARY ? 0x100000001 : 1);
}

static inline uint32_t NAME(count_nonzero)(const vec *a)
{
    uint32_t count = 0;
    for (int i = 0; i < WORDS; i++)
        count += (uint32_t)__builtin_popcountll(a->word[i]);
    return count;
}

/* The coefficients modulo 3 where they are others. */
static inline void NAME(take_residues)(vec *a)
{
    (void)a;
}

#if TERNARY

/* The halves of b exchanged when negative. */
static inline uint64_t NAME(signed_word)(uint64_t b, bool negative)
{
    unsigned turn = (unsigned)negative << 5; /* a rotation: no branch */
    return b << turn | b >> (-turn & 63);
}

/* True when a + b, or a - b when negative, has coefficients in {-1, 0, 1} without reduction. */
static inline bool NAME(can_add)(const vec *a, const vec *b, bool negative)
{
    uint64_t twice = 0;
    for (int i = 0; i < WORDS; i++)
        twice |= a->word[i] & NAME(signed_word)(b->word[i], negative);
    return twice == 0;
}

/* *out = a + b, or a - b when negative, modulo 3. */
static inline void NAME(add_modular)(const vec *a, const vec *b, bool negative, vec *out)
{
    for (int i = 0; i < WORDS; i++) {
        uint64_t aw = a->word[i], bw = NAME(signed_word)(b->word[i], negative);
        uint64_t twice = aw & bw; /* 1 + 1 = -1 */
        uint64_t once = (aw & ~NAME(signed_word)(bw, true)) | (bw & ~NAME(signed_word)(aw, true));
        out->word[i] = (once & ~twice) | NAME(signed_word)(twice, true);
    }
}

#else

static inline void NAME(add_modular)(const vec *a, const vec *b, bool negative, vec *out)
{
    (void)negative;
    for (int i = 0; i < VEC_WORDS; i++)
        out->word[i] = a->word[i] ^ b->word[i];
}

#endif

/* Makes the highest nonzero coefficient +1; true when that changed the sign. */
static inline bool NAME(normalize)(vec *a)
{
#if TERNARY
    bool negative = false, decided = false;
    for (int i = WORDS - 1; i >= 0; i--) {
        negative |= !decided & ((uint32_t)(a->word[i] >> 32) > (uint32_t)a->word[i]);
        decided |= a->word[i] != 0;
    }
    for (int i = 0; i < WORDS; i++)
        a->word[i] = NAME(signed_word)(a->word[i], negative);
    return negative;
#else
    (void)a;
    return false;
#endif
}

/* Where the involution takes a coefficient of an n x n matrix. */
static inline uint32_t NAME(image_column)(uint32_t column, uint32_t extent)
{
    uint32_t n = 1;
    while (n * n < extent)
        n++;
    if (INVOLUTION == REVERSAL)
        return extent - 1 - column;
    return (n - 1 - column % n) * n + n - 1 - column / n;
}

static vec NAME(pack)(const int8_t *coefficients, uint32_t extent)
{
    vec a = {0};
    for (uint32_t e = 0; e < extent; e++) {
        assert(coefficients[e] == 1 || coefficients[e] == 0 || (coefficients[e] == -1 && TERNARY));
        a.word[e / PER_WORD] |= (uint64_t)(coefficients[e] == 1) << e % PER_WORD;
        if (TERNARY)
            a.word[e / PER_WORD] |= (uint64_t)(coefficients[e] == -1) << e % PER_WORD << 32;
        uint32_t image = INVOLUTION ? NAME(image_column)(e, extent) : 0;
        if (INVOLUTION)
            a.word[VEC_WORDS - WORDS + image / PER_WORD] |= (uint64_t)coefficients[e]
                                                            << image % PER_WORD;
    }
    return a;
}

#endif

/* *out = a + b, or a - b when negative; false when that is not in the ring (zt, z). */
static inline bool NAME(add)(const vec *a, const vec *b, bool negative, vec *out)
{
#if MODULUS == 0
    if (!NAME(can_add)(a, b, negative))
        return false;
#endif
    NAME(add_modular)(a, b, negative, out);
    return true;
}

static void NAME(unpack)(const vec *a, uint32_t extent, bool negative, int8_t *coefficients)
{
    for (uint32_t e = 0; e < extent; e++) {
        int c = NAME(coefficient)(a, e);
        coefficients[e] = (int8_t)(negative ? -c : c);
    }
}
