#include "equations.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

/* Turns counts, shifted by one place, into where each bucket starts. */
static void accumulate(size_t *start, size_t buckets)
{
    for (size_t b = 0; b < buckets; b++)
        start[b + 1] += start[b];
}

/* After filling the buckets start[b] is where bucket b ends; shifts that back. */
static void rewind_starts(size_t *start, size_t buckets)
{
    memmove(start + 1, start, buckets * sizeof *start);
    start[0] = 0;
}

static void index_columns(fm_equations *equations)
{
    const fm_factors *u = &equations->scheme->factors[0];
    size_t *start = fm_alloc_zero((size_t)u->extent + 1, sizeof *start);
    equations->column = fm_alloc(u->count, sizeof *equations->column);
    for (size_t e = 0; e < u->count; e++)
        start[u->index[e] + 1]++;
    accumulate(start, u->extent);
    for (uint32_t r = 0; r < u->rank; r++)
        for (size_t e = u->start[r]; e < u->start[r + 1]; e++)
            equations->column[start[u->index[e]]++] = (fm_column_entry){e, r};
    rewind_starts(start, u->extent);
    equations->column_start = start;
}

/* Collects the terms of slice i, sorted by j. */
static void load_slice(fm_equations *equations)
{
    const fm_factors *v = &equations->scheme->factors[1];
    const fm_column_entry *first = &equations->column[equations->column_start[equations->i]];
    const fm_column_entry *end = &equations->column[equations->column_start[equations->i + 1]];
    size_t *start = equations->slice_start;
    memset(start, 0, ((size_t)v->extent + 1) * sizeof *start);
    for (const fm_column_entry *c = first; c < end; c++)
        for (size_t e = v->start[c->r]; e < v->start[c->r + 1]; e++)
            start[v->index[e] + 1]++;
    accumulate(start, v->extent);
    if (start[v->extent] > equations->slice_capacity) {
        equations->slice_capacity = start[v->extent];
        free(equations->slice);
        equations->slice = fm_alloc(equations->slice_capacity, sizeof *equations->slice);
    }
    for (const fm_column_entry *c = first; c < end; c++)
        for (size_t e = v->start[c->r]; e < v->start[c->r + 1]; e++)
            equations->slice[start[v->index[e]]++] = (fm_term){c->entry, e, c->r};
    rewind_starts(start, v->extent);
}

void fm_equations_init(fm_equations *equations, const fm_scheme *scheme, const fm_tensor *tensor)
{
    *equations = (fm_equations){.scheme = scheme, .tensor = tensor};
    index_columns(equations);
    equations->slice = fm_alloc(0, sizeof *equations->slice);
    equations->slice_start = fm_alloc((size_t)tensor->extent[1] + 1, sizeof(size_t));
    equations->next_entry = tensor->entries;
    /* One before the first row: the first step wraps around to (0, 0). */
    equations->i = UINT32_MAX;
    equations->j = tensor->extent[1] - 1;
}

void fm_equations_clear(fm_equations *equations)
{
    free(equations->column_start);
    free(equations->column);
    free(equations->slice);
    free(equations->slice_start);
}

static void load_row(fm_equations *equations)
{
    const size_t *start = &equations->slice_start[equations->j];
    const fm_tensor_entry *end = equations->tensor->entries + equations->tensor->entry_count;
    equations->terms = equations->slice + start[0];
    equations->term_count = start[1] - start[0];
    equations->entries = equations->next_entry;
    while (equations->next_entry < end && equations->next_entry->i == equations->i &&
           equations->next_entry->j == equations->j)
        equations->next_entry++;
    equations->entry_count = (size_t)(equations->next_entry - equations->entries);
}

bool fm_equations_next(fm_equations *equations)
{
    do {
        if (++equations->j == equations->tensor->extent[1]) {
            equations->j = 0;
            if (++equations->i == equations->tensor->extent[0])
                return false;
            load_slice(equations);
        }
        load_row(equations);
    } while (equations->term_count == 0 && equations->entry_count == 0);
    return true;
}

size_t fm_equations_term_limit(const fm_equations *equations)
{
    size_t limit = 0;
    for (uint32_t i = 0; i < equations->tensor->extent[0]; i++) {
        size_t terms = equations->column_start[i + 1] - equations->column_start[i];
        limit = terms > limit ? terms : limit;
    }
    return limit;
}
