#include "linear_bits.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* A row is an unknown, its equations are bits. Rows are only ever added to rows below, so that the
   pivots are the first independent unknowns, in their order. Which pivots were added to a row is
   kept beside: the factor L. Rows are stored in chunks, first chunk 0 of all rows, then chunk 1, and
   so on: a window is eliminated chunk by chunk, which reads memory in order. */

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
    size_t unknowns, words, chunks; /* words of equations: windows */
    uint64_t (*chunk)[CHUNK];
    uint64_t *added; /* word w of row r: which pivots of window w were added to it */
    pivot *pivots;   /* in the order of their columns */
    size_t *first;   /* of each window, among the pivots; words + 1 of them */
    size_t rank;
    bool *used; /* by unknown: whether it is a pivot's row */
};

/* The elimination of one window. */
typedef struct window {
    uint32_t *rows; /* that were no pivot's before, ascending */
    size_t row_count;
    uint64_t *value; /* their words; 0 for the pivots of this window */
    uint64_t *added; /* to each of them: which pivots of this window */
    pivot pivots[WINDOW];
    uint64_t pivot_added[WINDOW];
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

fm_linear_bits *fm_linear_bits_new(size_t unknowns, size_t equations)
{
    fm_linear_bits *bits = fm_alloc_zero(1, sizeof *bits);
    bits->unknowns = unknowns;
    bits->words = words_for(equations);
    bits->chunks = (bits->words + CHUNK - 1) / CHUNK;
    bits->chunk = fm_alloc_aligned(bits->unknowns * bits->chunks, sizeof *bits->chunk);
    bits->added = fm_alloc_zero(bits->unknowns * bits->words, sizeof *bits->added);
    bits->pivots = fm_alloc(bits->unknowns, sizeof *bits->pivots);
    bits->first = fm_alloc_zero(bits->words + 1, sizeof *bits->first);
    bits->used = fm_alloc_zero(bits->unknowns, sizeof *bits->used);
    return bits;
}

uint64_t *fm_linear_bits_at(fm_linear_bits *bits, size_t unknown, size_t word)
{
    return word_of(bits, unknown, word);
}

/* Lists the rows of a window; returns which columns are 0 in all of them as bits that are 0. */
static uint64_t list_rows(const fm_linear_bits *bits, size_t word, window *w)
{
    uint64_t present = 0;
    w->row_count = w->count = 0;
    for (size_t r = 0; r < bits->unknowns; r++) {
        if (bits->used[r])
            continue;
        w->rows[w->row_count] = (uint32_t)r;
        w->value[w->row_count] = *word_of(bits, r, word);
        w->added[w->row_count] = 0;
        present |= w->value[w->row_count++];
    }
    return present;
}

/* Finds the pivots of a window in its words alone. */
static void find_pivots(fm_linear_bits *bits, size_t word, window *w)
{
    uint64_t present = list_rows(bits, word, w);
    for (unsigned c = 0; c < WINDOW; c++) {
        uint64_t bit = UINT64_C(1) << c, number = UINT64_C(1) << w->count;
        size_t i = 0;
        while (i < w->row_count && (present & bit) != 0 && (w->value[i] & bit) == 0)
            i++;
        if ((present & bit) == 0 || i == w->row_count)
            continue;
        uint64_t value = w->value[i];
        w->pivot_added[w->count] = w->added[i];
        w->pivots[w->count++] = (pivot){w->rows[i], (uint32_t)(word * 64 + c)};
        bits->used[w->rows[i]] = true;
        w->value[i] = 0;
        for (size_t s = i + 1; s < w->row_count; s++) {
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
        for (uint64_t left = w->pivot_added[t]; left != 0; left &= left - 1) {
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
    for (size_t i = 0; i < w->row_count; i++) {
        uint64_t added = bits->used[w->rows[i]] ? 0 : w->added[i];
        uint64_t *row = chunk_of(bits, w->rows[i], chunk);
        for (size_t g = 0; added != 0; g++, added >>= GROUP)
            if (added % TABLE != 0)
                add_chunk(row, w->table[g][added % TABLE]);
    }
}

static void eliminate_window(fm_linear_bits *bits, size_t word, window *w)
{
    find_pivots(bits, word, w);
    for (size_t chunk = word / CHUNK; chunk < bits->chunks && w->count > 0; chunk++) {
        update_pivots(bits, w, chunk);
        fill_tables(bits, w, chunk);
        update_rows(bits, w, chunk);
    }
    for (size_t i = 0; i < w->row_count; i++)
        bits->added[w->rows[i] * bits->words + word] = w->added[i];
    memcpy(bits->pivots + bits->rank, w->pivots, w->count * sizeof *w->pivots);
    bits->rank += w->count;
}

void fm_linear_bits_factor(fm_linear_bits *bits)
{
    window w = {
        .rows = fm_alloc(bits->unknowns, sizeof *w.rows),
        .value = fm_alloc(bits->unknowns, sizeof *w.value),
        .added = fm_alloc(bits->unknowns, sizeof *w.added),
        .table = fm_alloc_aligned(WINDOW / GROUP, sizeof *w.table),
    };
    for (size_t word = 0; word < bits->words; word++) {
        if (bits->rank < bits->unknowns)
            eliminate_window(bits, word, &w);
        bits->first[word + 1] = bits->rank;
    }
    free(w.rows);
    free(w.value);
    free(w.added);
    free(w.table);
}

void fm_linear_bits_free(fm_linear_bits *bits)
{
    if (bits == NULL)
        return;
    free(bits->chunk);
    free(bits->added);
    free(bits->first);
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

/* Writes rest as a sum of pivots' rows: bit s of sum[w] is pivot s of window w. False when it is
   none. */
static bool reduce(const fm_linear_bits *bits, uint64_t *rest, uint64_t *sum)
{
    for (size_t word = 0; word < bits->words; word++)
        for (size_t t = bits->first[word]; t < bits->first[word + 1]; t++) {
            if ((rest[word] >> bits->pivots[t].column % 64 & 1) == 0)
                continue;
            sum[word] |= UINT64_C(1) << (t - bits->first[word]);
            for (size_t chunk = word / CHUNK; chunk < bits->chunks; chunk++)
                add_chunk(rest + chunk * CHUNK, chunk_of(bits, bits->pivots[t].row, chunk));
        }
    for (size_t i = 0; i < bits->words; i++)
        if (rest[i] != 0)
            return false;
    return true;
}

/* From pivots' rows as they became to the unknowns that they were: the last ones first. */
static void expand(const fm_linear_bits *bits, uint64_t *sum, ulong *solution)
{
    memset(solution, 0, bits->unknowns * sizeof *solution);
    for (size_t word = bits->words; word-- > 0;)
        for (size_t t = bits->first[word + 1]; t-- > bits->first[word];) {
            const uint64_t *added = bits->added + bits->pivots[t].row * bits->words;
            if ((sum[word] >> (t - bits->first[word]) & 1) == 0)
                continue;
            solution[bits->pivots[t].row] = 1;
            for (size_t w = 0; w <= word; w++)
                sum[w] ^= added[w];
        }
}

bool fm_linear_bits_solve(const fm_linear_bits *bits, const uint64_t *right, ulong *solution)
{
    uint64_t *rest = fm_alloc_zero(bits->chunks, CHUNK * sizeof *rest);
    uint64_t *sum = fm_alloc_zero(bits->words, sizeof *sum);
    memcpy(rest, right, bits->words * sizeof *rest);
    bool solved = reduce(bits, rest, sum);
    if (solved)
        expand(bits, sum, solution);
    free(rest);
    free(sum);
    return solved;
}
