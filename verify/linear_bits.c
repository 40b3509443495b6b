#include "linear_bits.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* A row is an unknown: its equations as bits, then, from word equation_words on, the unknowns that
   were added up to make it. Rows are only ever added to rows below, so that the pivots are the
   first independent unknowns, in their order. Rows are stored in chunks, first chunk 0 of all
   rows, then chunk 1, and so on: a window is eliminated chunk by chunk, which reads memory in
   order. */

enum {
    WINDOW = 64, /* columns that are eliminated together: the bits of a word */
    GROUP = 8,   /* pivots to a table of their sums (the method of the four Russians) */
    TABLE = 1 << GROUP,
    CHUNK = 32, /* words; all tables of a chunk, 512 KiB, stay in the cache */
};

typedef struct pivot {
    uint32_t row, column;
} pivot;

struct fm_linear_bits {
    size_t unknowns, equations, equation_words, chunks;
    uint64_t (*chunk)[CHUNK];
    pivot *pivots; /* in the order of their columns */
    size_t rank;
    bool *used; /* by unknown: whether it is a pivot's row */
};

/* The elimination of one window. */
typedef struct window {
    uint64_t *value; /* the word of each row not used */
    uint64_t *added; /* to each row: which pivots of this window */
    pivot pivots[WINDOW];
    size_t count;
    uint64_t (*table)[TABLE][CHUNK];
} window;

static size_t words_for(size_t bits)
{
    return (bits + 63) / 64;
}

static uint64_t *chunk_of(const fm_linear_bits *bits, size_t r, size_t chunk)
{
    return bits->chunk[chunk * bits->unknowns + r];
}

static uint64_t *word_of(const fm_linear_bits *bits, size_t r, size_t word)
{
    return chunk_of(bits, r, word / CHUNK) + word % CHUNK;
}

static fm_linear_bits *load(const fm_sparse *matrix)
{
    fm_linear_bits *bits = fm_alloc_zero(1, sizeof *bits);
    bits->unknowns = matrix->unknowns;
    bits->equations = matrix->equations;
    bits->equation_words = words_for(matrix->equations);
    bits->chunks = (bits->equation_words + words_for(matrix->unknowns) + CHUNK - 1) / CHUNK;
    bits->chunk = fm_alloc_aligned(bits->unknowns * bits->chunks, sizeof *bits->chunk);
    bits->pivots = fm_alloc(bits->unknowns, sizeof *bits->pivots);
    bits->used = fm_alloc_zero(bits->unknowns, sizeof *bits->used);
    for (size_t x = 0; x < matrix->unknowns; x++) {
        for (size_t e = matrix->start[x]; e < matrix->start[x + 1]; e++)
            *word_of(bits, x, matrix->equation[e] / 64) ^= UINT64_C(1) << matrix->equation[e] % 64;
        *word_of(bits, x, bits->equation_words + x / 64) = UINT64_C(1) << x % 64;
    }
    return bits;
}

/* Finds the pivots of a window in its words alone. */
static void find_pivots(fm_linear_bits *bits, size_t word, window *w)
{
    uint64_t present = 0;
    w->count = 0;
    for (size_t r = 0; r < bits->unknowns; r++) {
        w->value[r] = bits->used[r] ? 0 : *word_of(bits, r, word);
        w->added[r] = 0;
        present |= w->value[r];
    }
    for (unsigned c = 0; c < WINDOW; c++) {
        uint64_t bit = UINT64_C(1) << c;
        size_t r = 0;
        if ((present & bit) == 0)
            continue;
        while (r < bits->unknowns && (w->value[r] & bit) == 0)
            r++;
        if (r == bits->unknowns)
            continue;
        uint64_t value = w->value[r], number = UINT64_C(1) << w->count;
        w->pivots[w->count++] = (pivot){(uint32_t)r, (uint32_t)(word * 64 + c)};
        bits->used[r] = true;
        w->value[r] = 0;
        for (size_t s = r + 1; s < bits->unknowns; s++) {
            uint64_t mask = (w->value[s] & bit) != 0 ? ~UINT64_C(0) : 0;
            w->value[s] ^= value & mask;
            w->added[s] ^= number & mask;
        }
    }
}

static void add_chunk(uint64_t *restrict to, const uint64_t *restrict from)
{
    for (size_t i = 0; i < CHUNK; i++)
        to[i] ^= from[i];
}

/* Brings the rows of the pivots up to date, in order: each needs those before it. Words before the
   window are 0 in all of them. */
static void update_pivots(const fm_linear_bits *bits, const window *w, size_t chunk)
{
    for (size_t t = 0; t < w->count; t++)
        for (uint64_t left = w->added[w->pivots[t].row]; left != 0; left &= left - 1) {
            size_t s = (size_t)__builtin_ctzll(left);
            add_chunk(chunk_of(bits, w->pivots[t].row, chunk),
                      chunk_of(bits, w->pivots[s].row, chunk));
        }
}

/* All sums of each group of pivots. */
static void fill_tables(const fm_linear_bits *bits, const window *w, size_t chunk)
{
    for (size_t t = 0; t < w->count; t++) {
        uint64_t(*sums)[CHUNK] = w->table[t / GROUP];
        size_t half = (size_t)1 << t % GROUP;
        if (half == 1)
            memset(sums[0], 0, sizeof sums[0]);
        for (size_t s = 0; s < half; s++) {
            memcpy(sums[half + s], sums[s], sizeof sums[s]);
            add_chunk(sums[half + s], chunk_of(bits, w->pivots[t].row, chunk));
        }
    }
}

static void update_rows(const fm_linear_bits *bits, const window *w, size_t chunk)
{
    for (size_t r = 0; r < bits->unknowns; r++) {
        uint64_t added = bits->used[r] ? 0 : w->added[r];
        uint64_t *row = chunk_of(bits, r, chunk);
        for (size_t g = 0; added != 0; g++, added >>= GROUP)
            if (added % TABLE != 0)
                add_chunk(row, w->table[g][added % TABLE]);
    }
}

static void eliminate_window(fm_linear_bits *bits, size_t word, window *w)
{
    find_pivots(bits, word, w);
    if (w->count == 0)
        return;
    for (size_t chunk = word / CHUNK; chunk < bits->chunks; chunk++) {
        update_pivots(bits, w, chunk);
        fill_tables(bits, w, chunk);
        update_rows(bits, w, chunk);
    }
    memcpy(bits->pivots + bits->rank, w->pivots, w->count * sizeof *w->pivots);
    bits->rank += w->count;
}

fm_linear_bits *fm_linear_bits_factor(const fm_sparse *matrix)
{
    fm_linear_bits *bits = load(matrix);
    window w = {
        .value = fm_alloc(bits->unknowns, sizeof *w.value),
        .added = fm_alloc(bits->unknowns, sizeof *w.added),
        .table = fm_alloc_aligned(WINDOW / GROUP, sizeof *w.table),
    };
    for (size_t word = 0; word < bits->equation_words && bits->rank < bits->unknowns; word++)
        eliminate_window(bits, word, &w);
    free(w.value);
    free(w.added);
    free(w.table);
    return bits;
}

void fm_linear_bits_free(fm_linear_bits *bits)
{
    if (bits == NULL)
        return;
    free(bits->chunk);
    free(bits->pivots);
    free(bits->used);
    free(bits);
}

size_t fm_linear_bits_rank(const fm_linear_bits *bits)
{
    return bits->rank;
}

bool fm_linear_bits_is_free(const fm_linear_bits *bits, size_t unknown)
{
    return !bits->used[unknown];
}

bool fm_linear_bits_solve(const fm_linear_bits *bits, const ulong *right, ulong *solution)
{
    uint64_t *rest = fm_alloc_zero(bits->chunks, CHUNK * sizeof *rest);
    const uint64_t *sum = rest + bits->equation_words;
    for (size_t e = 0; e < bits->equations; e++)
        rest[e / 64] |= (uint64_t)right[e] << e % 64;
    for (size_t t = 0; t < bits->rank; t++) {
        size_t word = bits->pivots[t].column / 64;
        if ((rest[word] >> bits->pivots[t].column % 64 & 1) == 0)
            continue;
        for (size_t chunk = word / CHUNK; chunk < bits->chunks; chunk++)
            add_chunk(rest + chunk * CHUNK, chunk_of(bits, bits->pivots[t].row, chunk));
    }
    bool solved = true;
    for (size_t i = 0; i < bits->equation_words; i++)
        solved = solved && rest[i] == 0;
    for (size_t x = 0; x < bits->unknowns; x++)
        solution[x] = sum[x / 64] >> x % 64 & 1;
    free(rest);
    return solved;
}
