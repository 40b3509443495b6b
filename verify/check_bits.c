/* The bit-parallel check over f2, f3 and zt: 64 equations (i, j, k), k = 64 word + bit, at once.
   A row of residuals is kept in bit planes: over f2 one, over f3 the ones and the twos, over zt the
   bits of two's complement counters wide enough for every partial sum. */
#include "equations.h"
#include "memory.h"
#include "verify.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Entries of the tensor below 2^62 and fewer than 2^32 terms keep a counter within 64 planes. */
#define COUNTER_ENTRY_BITS 62

/* The nonzero words of a row of W: where it is 1, and where it is -1. */
typedef struct packed_word {
    uint32_t word;
    uint64_t plus, minus;
} packed_word;

typedef struct packed_rows {
    size_t *start; /* row r is from start[r] to start[r + 1] */
    packed_word *words;
} packed_rows;

typedef struct residuals {
    fm_ring ring;
    unsigned planes;
    uint32_t words;
    uint64_t *row; /* the planes of word 0, those of word 1, ... */
} residuals;

static bool is_modulo(fm_ring ring, uint64_t p)
{
    return ring.kind == FM_RING_ZP && ring.p == p;
}

static mp_bitcnt_t entry_bits(const fm_tensor *tensor)
{
    mp_bitcnt_t bits = 0;
    for (size_t e = 0; e < tensor->entry_count; e++) {
        mp_bitcnt_t own = fmpz_bits(&tensor->entries[e].value);
        bits = own > bits ? own : bits;
    }
    return bits;
}

bool fm_check_bits_can(fm_ring ring, const fm_tensor *tensor)
{
    if (ring.kind == FM_RING_ZT)
        return entry_bits(tensor) <= COUNTER_ENTRY_BITS;
    return is_modulo(ring, 2) || is_modulo(ring, 3);
}

/* The coefficients are -1, 0, 1 over zt and 0, 1, 2 over f3, where 2 is -1. */
static bool is_minus(const fmpq_t value)
{
    return !fmpz_is_one(fmpq_numref(value));
}

static packed_rows pack_rows(const fm_factors *w)
{
    packed_rows rows;
    size_t count = 0;
    rows.start = fm_alloc((size_t)w->rank + 1, sizeof *rows.start);
    rows.words = fm_alloc(w->count, sizeof *rows.words);
    for (uint32_t r = 0; r < w->rank; r++) {
        rows.start[r] = count;
        for (size_t e = w->start[r]; e < w->start[r + 1]; e++) {
            uint32_t word = w->index[e] / 64;
            uint64_t bit = UINT64_C(1) << (w->index[e] % 64);
            if (count == rows.start[r] || rows.words[count - 1].word != word)
                rows.words[count++] = (packed_word){.word = word};
            if (is_minus(&w->value[e]))
                rows.words[count - 1].minus |= bit;
            else
                rows.words[count - 1].plus |= bit;
        }
    }
    rows.start[w->rank] = count;
    return rows;
}

static void add_modulo_3(uint64_t planes[2], uint64_t plus, uint64_t minus)
{
    uint64_t ones = planes[0], twos = planes[1];
    uint64_t here = ones | twos, there = plus | minus;
    planes[0] = (ones & ~there) | (plus & ~here) | (twos & minus);
    planes[1] = (twos & ~there) | (minus & ~here) | (ones & plus);
}

/* Ripples a carry and a borrow through the counters, for as long as there is any. */
static void count_up_down(uint64_t *planes, unsigned count, uint64_t plus, uint64_t minus)
{
    for (unsigned l = 0; l < count && plus != 0; l++) {
        uint64_t carry = planes[l] & plus;
        planes[l] ^= plus;
        plus = carry;
    }
    for (unsigned l = 0; l < count && minus != 0; l++) {
        uint64_t borrow = ~planes[l] & minus;
        planes[l] ^= minus;
        minus = borrow;
    }
}

/* Adds a row of W, negated or not, to the residuals. */
static void add_row(residuals *sum, const packed_word *word, const packed_word *end, bool negated)
{
    for (; word < end; word++) {
        uint64_t *planes = sum->row + (size_t)word->word * sum->planes;
        uint64_t plus = negated ? word->minus : word->plus;
        uint64_t minus = negated ? word->plus : word->minus;
        if (sum->ring.kind == FM_RING_ZT)
            count_up_down(planes, sum->planes, plus, minus);
        else if (sum->ring.p == 3)
            add_modulo_3(planes, plus, minus);
        else
            planes[0] ^= plus | minus;
    }
}

/* Starts at minus the entry of the tensor: what the products add to is to end at zero. */
static void set_entry(residuals *sum, const fm_tensor_entry *entry)
{
    uint64_t *planes = sum->row + (size_t)(entry->k / 64) * sum->planes;
    uint64_t bit = UINT64_C(1) << (entry->k % 64);
    uint64_t value; /* a bit a plane */
    if (sum->ring.kind == FM_RING_ZT)
        value = (uint64_t)-fmpz_get_si(&entry->value);
    else
        value = (sum->ring.p - fmpz_fdiv_ui(&entry->value, sum->ring.p)) % sum->ring.p;
    for (unsigned l = 0; l < sum->planes; l++)
        if (value >> l & 1)
            planes[l] |= bit;
}

/* The first k whose residual is not zero, or false. */
static bool find_nonzero(const residuals *sum, uint32_t *k)
{
    for (uint32_t word = 0; word < sum->words; word++) {
        uint64_t any = 0;
        for (unsigned l = 0; l < sum->planes; l++)
            any |= sum->row[(size_t)word * sum->planes + l];
        if (any != 0) {
            *k = 64 * word + (uint32_t)__builtin_ctzll(any);
            return true;
        }
    }
    return false;
}

/* True when row (i, j, *) of the equations holds. */
static bool check_row(const fm_equations *row, const packed_rows *w, residuals *sum, uint32_t *k)
{
    const fm_factors *factors = row->scheme->factors;
    memset(sum->row, 0, (size_t)sum->words * sum->planes * sizeof *sum->row);
    for (size_t e = 0; e < row->entry_count; e++)
        set_entry(sum, &row->entries[e]);
    for (const fm_term *t = row->terms; t < row->terms + row->term_count; t++)
        add_row(sum, w->words + w->start[t->r], w->words + w->start[t->r + 1],
                is_minus(&factors[0].value[t->u]) != is_minus(&factors[1].value[t->v]));
    return !find_nonzero(sum, k);
}

/* Planes for every partial sum: 2^(planes - 1) exceeds the terms and the entry together. */
static unsigned counter_planes(const fm_equations *equations)
{
    fmpz_t bound;
    fmpz_init(bound);
    fmpz_one_2exp(bound, entry_bits(equations->tensor));
    fmpz_add_ui(bound, bound, fm_equations_term_limit(equations));
    unsigned planes = (unsigned)fmpz_bits(bound) + 1;
    fmpz_clear(bound);
    assert(planes <= 64);
    return planes;
}

bool fm_check_bits(const fm_scheme *scheme, const fm_tensor *tensor, fm_position *failing)
{
    assert(fm_check_bits_can(scheme->ring, tensor));
    fm_equations row;
    fm_equations_init(&row, scheme, tensor);
    packed_rows w = pack_rows(&scheme->factors[2]);
    residuals sum = {.ring = scheme->ring, .words = (tensor->extent[2] + 63) / 64};
    sum.planes =
        scheme->ring.kind == FM_RING_ZT ? counter_planes(&row) : (unsigned)scheme->ring.p - 1;
    sum.row = fm_alloc((size_t)sum.words * sum.planes, sizeof *sum.row);
    bool holds = true;
    while (holds && fm_equations_next(&row)) {
        holds = check_row(&row, &w, &sum, &failing->k);
        failing->i = row.i;
        failing->j = row.j;
    }
    free(sum.row);
    free(w.words);
    free(w.start);
    fm_equations_clear(&row);
    return holds;
}
