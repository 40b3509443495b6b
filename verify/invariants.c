#include "invariants.h"

#include "memory.h"

#include <assert.h>
#include <endian.h>
#include <flint/ulong_extras.h>
#include <nettle/sha2.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- pairs of products */

/* What is known of a pair (r, s): a byte for each k in each field. */
enum {
    COLUMNS = 0,  /* dimension of the sum of the column spaces of factors k */
    ROWS = 3,     /* and of the row spaces */
    ONWARD = 6,   /* rank of factor k of r times factor k + 1 of s */
    BACKWARD = 9, /* the same of s and r */
    APART = 12,   /* 1: factors k are not equal up to a scalar */
    ONE = 15,     /* 1: the trace of three factors is not 0, the k-th from s, the others from r */
    TWO = 18,     /* the same of s and r */
    PAIR_SIZE = 24,
};

typedef struct pair {
    uint8_t field[PAIR_SIZE];
} pair;

/* Subspaces of one space, each once, by their reduced echelon forms. */
typedef struct spaces {
    uint32_t size, count;
    uint32_t *of;        /* of product r */
    uint32_t *dimension; /* of subspace i */
    ulong *basis;        /* size x size each */
} spaces;

typedef struct tables {
    const fm_factor_matrices *m;
    spaces columns[3], rows[3]; /* of factors k */
    uint8_t *column_sum[3];     /* between columns[k] */
    uint8_t *row_sum[3];        /* between rows[k] */
    uint8_t *through[3];        /* rank of the pairing of rows[k] and columns[k + 1] */
    uint32_t *line[3];          /* a number for each factor up to scalars */
    ulong *rest[3]; /* the product of the other two, transposed, as long as the factor */
    uint32_t *start[3], *index[3]; /* where factors are not 0 */
} tables;

static ulong *space_basis(const spaces *s, uint32_t i)
{
    return s->basis + (size_t)i * s->size * s->size;
}

/* Numbers equal rows of length words from 0 on, in the order in which they first appear. */
static uint32_t number_rows(const ulong *rows, uint32_t count, uint32_t length, uint32_t *number,
                            uint32_t *first)
{
    uint32_t slots = 4, distinct = 0;
    while (slots < 2 * count)
        slots *= 2;
    uint32_t *slot = fm_alloc(slots, sizeof *slot);
    memset(slot, 0xff, slots * sizeof *slot);
    for (uint32_t r = 0; r < count; r++) {
        const ulong *row = rows + (size_t)r * length;
        uint64_t hash = 0;
        for (uint32_t i = 0; i < length; i++)
            hash = (hash ^ row[i]) * 0x9e3779b97f4a7c15u + (hash >> 29);
        uint32_t at = (uint32_t)fm_mix(hash) & (slots - 1);
        while (slot[at] != UINT32_MAX &&
               memcmp(rows + (size_t)first[slot[at]] * length, row, length * sizeof *row) != 0)
            at = (at + 1) & (slots - 1);
        if (slot[at] == UINT32_MAX) {
            first[distinct] = r;
            slot[at] = distinct++;
        }
        number[r] = slot[at];
    }
    free(slot);
    return distinct;
}

/* The row spaces of factors k, or their column spaces. */
static void spaces_init(spaces *s, const fm_factor_matrices *m, int k, bool of_columns)
{
    uint32_t rows = fm_matrix_rows(m, k), columns = fm_matrix_columns(m, k);
    uint32_t count = of_columns ? columns : rows, size = of_columns ? rows : columns;
    size_t entries = (size_t)size * (count > size ? count : size), kept = (size_t)size * size;
    ulong *work = fm_alloc(entries, sizeof *work);
    ulong *bases = fm_alloc_zero(m->rank * kept, sizeof *bases);
    uint32_t *dimension = fm_alloc(m->rank, sizeof *dimension);
    uint32_t *first = fm_alloc(m->rank, sizeof *first);
    for (uint32_t r = 0; r < m->rank; r++) {
        if (of_columns)
            fm_small_transpose(work, fm_matrix(m, k, r), rows, columns);
        else
            memcpy(work, fm_matrix(m, k, r), (size_t)rows * columns * sizeof *work);
        dimension[r] = fm_small_echelon(work, count, size, m->field);
        memcpy(bases + r * kept, work, (size_t)dimension[r] * size * sizeof *work);
    }
    *s = (spaces){.size = size, .of = fm_alloc(m->rank, sizeof *s->of)};
    s->count = number_rows(bases, m->rank, (uint32_t)kept, s->of, first);
    s->dimension = fm_alloc(s->count, sizeof *s->dimension);
    s->basis = fm_alloc(s->count * kept, sizeof *s->basis);
    for (uint32_t i = 0; i < s->count; i++) {
        s->dimension[i] = dimension[first[i]];
        memcpy(space_basis(s, i), bases + first[i] * kept, kept * sizeof *bases);
    }
    free(first);
    free(dimension);
    free(bases);
    free(work);
}

static void spaces_clear(spaces *s)
{
    free(s->of);
    free(s->dimension);
    free(s->basis);
}

/* Dimensions of the sums of any two. */
static uint8_t *sum_table(const spaces *s, nmod_t field)
{
    uint8_t *table = fm_alloc((size_t)s->count * s->count, 1);
    ulong *work = fm_alloc((size_t)2 * s->size * s->size, sizeof *work);
    for (uint32_t i = 0; i < s->count; i++)
        for (uint32_t j = 0; j <= i; j++) {
            size_t one = (size_t)s->dimension[i] * s->size;
            size_t two = (size_t)s->dimension[j] * s->size;
            memcpy(work, space_basis(s, i), one * sizeof *work);
            memcpy(work + one, space_basis(s, j), two * sizeof *work);
            uint32_t rank =
                i == j ? s->dimension[i]
                       : fm_small_rank(work, s->dimension[i] + s->dimension[j], s->size, field);
            table[(size_t)i * s->count + j] = table[(size_t)j * s->count + i] = (uint8_t)rank;
        }
    free(work);
    return table;
}

/* The rank of a matrix with row space i times one with column space j. */
static uint8_t *through_table(const spaces *rows, const spaces *columns, nmod_t field)
{
    uint32_t size = rows->size;
    uint8_t *table = fm_alloc((size_t)rows->count * columns->count, 1);
    ulong *work = fm_alloc((size_t)size * size, sizeof *work);
    for (uint32_t i = 0; i < rows->count; i++)
        for (uint32_t j = 0; j < columns->count; j++) {
            uint32_t a = rows->dimension[i], b = columns->dimension[j];
            memset(work, 0, (size_t)a * b * sizeof *work);
            for (uint32_t x = 0; x < a; x++)
                for (uint32_t y = 0; y < b; y++)
                    for (uint32_t e = 0; e < size; e++) {
                        ulong u = space_basis(rows, i)[(size_t)x * size + e];
                        ulong v = space_basis(columns, j)[(size_t)y * size + e];
                        if (u != 0 && v != 0)
                            NMOD_ADDMUL(work[(size_t)x * b + y], u, v, field);
                    }
            table[(size_t)i * columns->count + j] = (uint8_t)fm_small_rank(work, a, b, field);
        }
    free(work);
    return table;
}

/* Numbers the factors k, equal ones up to scalars alike. */
static uint32_t *line_numbers(const fm_factor_matrices *m, int k)
{
    uint32_t entries = fm_matrix_entries(m, k);
    uint32_t *number = fm_alloc(m->rank, sizeof *number);
    uint32_t *first = fm_alloc(m->rank, sizeof *first);
    ulong *scaled = fm_alloc((size_t)m->rank * entries, sizeof *scaled);
    memcpy(scaled, m->factor[k], (size_t)m->rank * entries * sizeof *scaled);
    for (uint32_t r = 0; r < m->rank; r++)
        fm_small_echelon(scaled + (size_t)r * entries, 1, entries, m->field);
    number_rows(scaled, m->rank, entries, number, first);
    free(scaled);
    free(first);
    return number;
}

static void find_rest(tables *t, int k)
{
    const fm_factor_matrices *m = t->m;
    int next = (k + 1) % 3, last = (k + 2) % 3;
    uint32_t entries = fm_matrix_entries(m, k);
    ulong *product = fm_alloc(entries, sizeof *product);
    t->rest[k] = fm_alloc((size_t)m->rank * entries, sizeof *t->rest[k]);
    t->start[k] = fm_alloc((size_t)m->rank + 1, sizeof *t->start[k]);
    t->index[k] = fm_alloc((size_t)m->rank * entries, sizeof *t->index[k]);
    t->start[k][0] = 0;
    for (uint32_t r = 0; r < m->rank; r++) {
        fm_small_multiply(product, fm_matrix(m, next, r), fm_matrix(m, last, r),
                          fm_matrix_rows(m, next), fm_matrix_rows(m, last), fm_matrix_rows(m, k),
                          m->field);
        fm_small_transpose(t->rest[k] + (size_t)r * entries, product, fm_matrix_rows(m, next),
                           fm_matrix_rows(m, k));
        uint32_t count = t->start[k][r];
        for (uint32_t e = 0; e < entries; e++)
            if (fm_matrix(m, k, r)[e] != 0)
                t->index[k][count++] = e;
        t->start[k][r + 1] = count;
    }
    free(product);
}

static void tables_init(tables *t, const fm_factor_matrices *m)
{
    t->m = m;
    for (int k = 0; k < 3; k++) {
        spaces_init(&t->columns[k], m, k, true);
        spaces_init(&t->rows[k], m, k, false);
    }
    for (int k = 0; k < 3; k++) {
        t->column_sum[k] = sum_table(&t->columns[k], m->field);
        t->row_sum[k] = sum_table(&t->rows[k], m->field);
        t->through[k] = through_table(&t->rows[k], &t->columns[(k + 1) % 3], m->field);
        t->line[k] = line_numbers(m, k);
        find_rest(t, k);
    }
}

static void tables_clear(tables *t)
{
    for (int k = 0; k < 3; k++) {
        spaces_clear(&t->columns[k]);
        spaces_clear(&t->rows[k]);
        free(t->column_sum[k]);
        free(t->row_sum[k]);
        free(t->through[k]);
        free(t->line[k]);
        free(t->rest[k]);
        free(t->start[k]);
        free(t->index[k]);
    }
}

/* Whether the trace of three factors is not 0, factor k from s, the others multiplied to rest. */
static bool has_trace(const tables *t, int k, const ulong *rest, uint32_t s)
{
    const ulong *factor = fm_matrix(t->m, k, s);
    unsigned __int128 sum = 0;
    nmod_t field = t->m->field;
    for (uint32_t i = t->start[k][s]; i < t->start[k][s + 1]; i++) {
        uint32_t e = t->index[k][i];
        sum += (unsigned __int128)factor[e] * rest[e];
        if (sum >> 127 != 0) /* p < 2^63: the next product still fits */
            sum %= field.n;
    }
    return n_ll_mod_preinv((ulong)(sum >> 64), (ulong)sum, field.n, field.ninv) != 0;
}

static void raise_to(uint8_t *field, uint8_t value)
{
    *field = value > *field ? value : *field;
}

/* Puts into the pairs of r, by fields k, what this prime shows: ranks modulo p are at most those over
   the rationals. */
static void pairs_add(pair *pairs, const tables *t, int k, uint32_t r)
{
    const spaces *columns = &t->columns[k], *rows = &t->rows[k], *next = &t->columns[(k + 1) % 3];
    const uint8_t *column_sum = t->column_sum[k] + (size_t)columns->of[r] * columns->count;
    const uint8_t *row_sum = t->row_sum[k] + (size_t)rows->of[r] * rows->count;
    const uint8_t *onward = t->through[k] + (size_t)rows->of[r] * next->count;
    const uint8_t *backward = t->through[k] + next->of[r];
    uint32_t entries = fm_matrix_entries(t->m, k);
    const ulong *rest = t->rest[k] + (size_t)r * entries;
    bool is_zero = _nmod_vec_is_zero(rest, entries);
    /* Bytes may alias everything: what the loop reads is read into locals first. */
    const uint32_t *of_columns = columns->of, *of_rows = rows->of, *of_next = next->of;
    const uint32_t *line = t->line[k], rank = t->m->rank, own_line = line[r];
    size_t stride = next->count;
    for (uint32_t s = 0; s < rank; s++) {
        uint8_t *field = pairs[s].field + k;
        uint8_t one = !is_zero && has_trace(t, k, rest, s);
        uint8_t forth = onward[of_next[s]], back = backward[of_rows[s] * stride];
        uint8_t sum = column_sum[of_columns[s]], sum_rows = row_sum[of_rows[s]];
        uint8_t apart = line[s] != own_line;
        raise_to(field + COLUMNS, sum);
        raise_to(field + ROWS, sum_rows);
        raise_to(field + ONWARD, forth);
        raise_to(field + BACKWARD, back);
        raise_to(field + APART, apart);
        raise_to(field + ONE, one);
    }
}

static pair *find_pairs(const fm_scheme *scheme)
{
    size_t rank = scheme->rank;
    pair *pairs = fm_alloc_zero(rank * rank, sizeof *pairs);
    ulong p = 0;
    for (unsigned primes = fm_prime_count(scheme); primes > 0; primes--) {
        fm_factor_matrices m;
        tables t;
        p = fm_good_prime(scheme, NULL, p);
        fm_factor_matrices_init(&m, scheme, p, 0);
        tables_init(&t, &m);
        for (uint32_t r = 0; r < rank; r++)
            for (int k = 0; k < 3; k++)
                pairs_add(pairs + r * rank, &t, k, r);
        tables_clear(&t);
        fm_factor_matrices_clear(&m);
    }
    for (size_t r = 0; r < rank; r++)
        for (size_t s = 0; s < rank; s++)
            memcpy(&pairs[r * rank + s].field[TWO], &pairs[s * rank + r].field[ONE], 3);
    return pairs;
}

/* From which place of a pair each of its image in an orientation comes. In the transposed scheme rows
   are columns, and the product of factors k and k + 1 of r and s was that of factors 1 - k and 2 - k
   of s and r. */
static void oriented_places(unsigned orientation, uint8_t place[PAIR_SIZE])
{
    static const unsigned transposed_field[] = {ROWS, COLUMNS, BACKWARD, ONWARD, APART, ONE, TWO};
    for (unsigned f = 0; f < 7; f++)
        for (unsigned k = 0; k < 3; k++) {
            unsigned from = k, field = 3 * f;
            if (orientation >= 3) {
                from = (field == ONWARD || field == BACKWARD) ? (4 - k) % 3 : 2 - k;
                field = transposed_field[f];
            }
            place[3 * f + k] = (uint8_t)(field + (from + orientation) % 3);
        }
    for (uint8_t i = 21; i < PAIR_SIZE; i++)
        place[i] = i;
}

static uint64_t pair_hash(const pair *p)
{
    uint64_t word[3];
    memcpy(word, p->field, sizeof word);
    return fm_mix(le64toh(word[0]) + fm_mix(le64toh(word[1]) + fm_mix(le64toh(word[2]) + 1)));
}

/* ---------------------------------------------------------------- invariants */

static void number_pairs(fm_invariants *v, const pair *pairs)
{
    size_t rank = v->rank, slots = 1024;
    uint32_t *slot = fm_alloc(slots, sizeof *slot);
    size_t *first = fm_alloc(slots / 2 + 1, sizeof *first);
    memset(slot, 0xff, slots * sizeof *slot);
    v->pair = fm_alloc(rank * rank, sizeof *v->pair);
    for (size_t i = 0; i < rank * rank; i++) {
        size_t at = pair_hash(&pairs[i]) & (slots - 1);
        while (slot[at] != UINT32_MAX &&
               memcmp(&pairs[first[slot[at]]], &pairs[i], sizeof *pairs) != 0)
            at = (at + 1) & (slots - 1);
        if (slot[at] == UINT32_MAX) {
            slot[at] = (uint32_t)v->kind_count;
            first[v->kind_count++] = i;
        }
        v->pair[i] = slot[at];
        if (v->kind_count < slots / 2)
            continue;
        slots *= 2;
        slot = fm_realloc(slot, slots, sizeof *slot);
        first = fm_realloc(first, slots / 2 + 1, sizeof *first);
        memset(slot, 0xff, slots * sizeof *slot);
        for (uint32_t kind = 0; kind < v->kind_count; kind++) {
            at = pair_hash(&pairs[first[kind]]) & (slots - 1);
            while (slot[at] != UINT32_MAX)
                at = (at + 1) & (slots - 1);
            slot[at] = kind;
        }
    }
    pair *kinds = fm_alloc(v->kind_count, sizeof *kinds);
    for (size_t kind = 0; kind < v->kind_count; kind++)
        kinds[kind] = pairs[first[kind]];
    v->kinds = kinds;
    free(first);
    free(slot);
}

static void count_shares(fm_invariants *v, const pair *pairs)
{
    for (size_t r = 0; r < v->rank; r++)
        for (int k = 0; k < 3; k++) {
            for (size_t s = 0; s < v->rank; s++)
                v->share[3 * r + (size_t)k] += !pairs[r * v->rank + s].field[APART + k];
            v->ranks[3 * r + (size_t)k] = pairs[r * v->rank + r].field[COLUMNS + k];
        }
}

/* The ranks of the factors alone, where there are too many pairs. */
static void find_ranks(fm_invariants *v, const fm_scheme *scheme)
{
    ulong p = 0;
    for (unsigned primes = fm_prime_count(scheme); primes > 0; primes--) {
        fm_factor_matrices m;
        p = fm_good_prime(scheme, NULL, p);
        fm_factor_matrices_init(&m, scheme, p, 0);
        for (uint32_t r = 0; r < v->rank; r++)
            for (int k = 0; k < 3; k++)
                raise_to(&v->ranks[3 * (size_t)r + (size_t)k],
                         (uint8_t)fm_small_rank(fm_matrix(&m, k, r), fm_matrix_rows(&m, k),
                                                fm_matrix_columns(&m, k), m.field));
        fm_factor_matrices_clear(&m);
    }
}

void fm_invariants_init(fm_invariants *v, const fm_scheme *scheme)
{
    assert(fm_tensor_is_matmul(scheme->tensor, NULL));
    *v = (fm_invariants){.rank = scheme->rank};
    memcpy(v->format, scheme->tensor->format, sizeof v->format);
    v->ranks = fm_alloc_zero(3 * (size_t)v->rank, sizeof *v->ranks);
    v->share = fm_alloc_zero(3 * (size_t)v->rank, sizeof *v->share);
    if (v->rank > FM_PAIRS_RANK_MAX) {
        find_ranks(v, scheme);
        return;
    }
    pair *pairs = find_pairs(scheme);
    count_shares(v, pairs);
    number_pairs(v, pairs);
    free(pairs);
}

void fm_invariants_clear(fm_invariants *v)
{
    free(v->ranks);
    free(v->share);
    free(v->pair);
    free(v->kinds);
    for (unsigned o = 0; o < FM_ORIENTATIONS; o++)
        free(v->kind[o]);
    *v = (fm_invariants){0};
}

/* ---------------------------------------------------------------- colours */

void fm_invariants_orient(fm_invariants *v, unsigned orientation)
{
    uint8_t place[PAIR_SIZE];
    const pair *kinds = v->kinds;
    if (v->kind[orientation] != NULL)
        return;
    oriented_places(orientation, place);
    v->kind[orientation] = fm_alloc(v->kind_count, sizeof *v->kind[orientation]);
    for (size_t i = 0; i < v->kind_count; i++) {
        pair oriented;
        for (int f = 0; f < PAIR_SIZE; f++)
            oriented.field[f] = kinds[i].field[place[f]];
        v->kind[orientation][i] = pair_hash(&oriented);
    }
}

void fm_invariants_refine(const fm_invariants *v, unsigned orientation, const uint64_t *colour,
                          uint64_t *refined)
{
    const uint64_t *kind = v->kind[orientation];
    assert(kind != NULL);
    if (v->pair == NULL) {
        memcpy(refined, colour, v->rank * sizeof *colour);
        return;
    }
    for (size_t r = 0; r < v->rank; r++) {
        const uint32_t *kinds = v->pair + r * v->rank;
        uint64_t sum = 0;
        for (size_t s = 0; s < v->rank; s++)
            sum += fm_mix(kind[kinds[s]] + colour[s]);
        refined[r] = fm_mix(colour[r] + fm_mix(sum));
    }
}

void fm_invariants_colours(fm_invariants *v, unsigned orientation, fm_invariant_level level,
                           uint64_t *colour)
{
    for (size_t r = 0; r < v->rank; r++) {
        uint64_t ranks = 0, share = 0;
        for (unsigned k = 0; k < 3; k++) {
            bool exchanged;
            unsigned axis = fm_oriented_axis(orientation, k, &exchanged);
            ranks = ranks << 8 | v->ranks[3 * r + axis];
            share = share << 16 | v->share[3 * r + axis];
        }
        colour[r] = level == FM_LEVEL_RANKS ? ranks : fm_mix(share + fm_mix(ranks));
    }
    uint64_t *refined = fm_alloc(v->rank, sizeof *refined);
    if (level >= FM_LEVEL_PAIRS)
        fm_invariants_orient(v, orientation);
    int rounds = level == FM_LEVEL_REFINED ? FM_REFINEMENTS : level == FM_LEVEL_PAIRS;
    for (int round = 0; round < rounds; round++) {
        fm_invariants_refine(v, orientation, colour, refined);
        memcpy(colour, refined, v->rank * sizeof *colour);
    }
    free(refined);
}

bool fm_orientation_fits(const uint32_t from[3], unsigned orientation, const uint32_t to[3])
{
    uint32_t size[3];
    fm_oriented_sizes(from, orientation, size);
    return memcmp(size, to, sizeof size) == 0;
}

int fm_compare_words(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static int compare_lists(const uint64_t *a, const uint64_t *b, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (a[i] != b[i])
            return a[i] < b[i] ? -1 : 1;
    return 0;
}

static void sort_format(const uint32_t format[3], uint32_t sorted[3])
{
    memcpy(sorted, format, 3 * sizeof *sorted);
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < 2; i++)
            if (sorted[i] > sorted[i + 1]) {
                uint32_t x = sorted[i];
                sorted[i] = sorted[i + 1];
                sorted[i + 1] = x;
            }
}

uint64_t *fm_invariants_profile(fm_invariants *v)
{
    size_t rank = v->rank;
    uint32_t sorted[3];
    uint64_t *best = fm_alloc_zero(FM_LEVELS * rank, sizeof *best);
    uint64_t *colour = fm_alloc(rank, sizeof *colour);
    bool candidate[FM_ORIENTATIONS];
    sort_format(v->format, sorted);
    for (unsigned o = 0; o < FM_ORIENTATIONS; o++)
        candidate[o] = fm_orientation_fits(v->format, o, sorted);
    for (int level = 0; level < FM_LEVELS; level++) {
        uint64_t *least = best + (size_t)level * rank;
        bool any = false;
        for (unsigned o = 0; o < FM_ORIENTATIONS; o++) {
            if (!candidate[o])
                continue;
            fm_invariants_colours(v, o, (fm_invariant_level)level, colour);
            qsort(colour, rank, sizeof *colour, fm_compare_words);
            int order = any ? compare_lists(colour, least, rank) : -1;
            candidate[o] = order <= 0;
            for (unsigned before = 0; order < 0 && before < o; before++)
                candidate[before] = false;
            if (order < 0)
                memcpy(least, colour, rank * sizeof *colour);
            any = true;
        }
    }
    free(colour);
    return best;
}

/* ---------------------------------------------------------------- the hash */

static void hash_words(struct sha256_ctx *context, const uint64_t *word, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[8];
        for (int b = 0; b < 8; b++)
            bytes[b] = (uint8_t)(word[i] >> 8 * b);
        sha256_update(context, sizeof bytes, bytes);
    }
}

static void hash_profile(struct sha256_ctx *context, const fm_scheme *scheme)
{
    fm_invariants v;
    uint32_t sorted[3];
    fm_invariants_init(&v, scheme);
    sort_format(v.format, sorted);
    uint64_t *profile = fm_invariants_profile(&v);
    hash_words(context, (uint64_t[]){sorted[0], sorted[1], sorted[2], v.rank}, 4);
    hash_words(context, profile, FM_LEVELS * (size_t)v.rank);
    free(profile);
    fm_invariants_clear(&v);
}

/* The symmetries of other tensors are not known; order and scaling are, and the hash of the
   canonical form does not change under them. The same over zt, z and q. */
static void hash_canonical(struct sha256_ctx *context, const fm_scheme *scheme)
{
    char hash[FM_HASH_SIZE];
    fm_scheme *rational = NULL;
    if (scheme->ring.kind != FM_RING_ZP)
        fm_scheme_to_ring(scheme, FM_RING_Q_VALUE, &rational, NULL);
    fm_scheme_hash(rational != NULL ? rational : scheme, hash);
    sha256_update(context, FM_HASH_SIZE, (const uint8_t *)hash);
    fm_scheme_free(rational);
}

void fm_scheme_invariant(const fm_scheme *scheme, char hash[FM_HASH_SIZE])
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    sha256_init(&context);
    hash_words(&context, &scheme->ring.p, 1); /* 0 over zt, z and q: one field */
    if (fm_tensor_is_matmul(scheme->tensor, NULL))
        hash_profile(&context, scheme);
    else
        hash_canonical(&context, scheme);
    sha256_digest(&context, sizeof digest, digest);
    for (size_t i = 0; i < sizeof digest; i++)
        snprintf(hash + 2 * i, 3, "%02x", digest[i]);
}
