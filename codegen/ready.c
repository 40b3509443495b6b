#include "ready.h"

#include "codegen.h"
#include "error.h"
#include "memory.h"
#include "schedule.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- in memory */

static bool is_zero_product(const fm_scheme *scheme, uint32_t r)
{
    for (int side = 0; side < 3; side++)
        if (scheme->factors[side].start[r] == scheme->factors[side].start[r + 1])
            return true;
    return false;
}

/* The rows of one factor matrix; touched is for W, a flag for each block. */
static void take_rows(const fm_scheme *scheme, int side, fm_gemm_scheme *out)
{
    const fm_factors *f = &scheme->factors[side];
    uint32_t *rows = fm_alloc_zero(scheme->rank + 1, sizeof *rows), count = 0, r = 0;
    fm_gemm_entry *entries = fm_alloc(f->count, sizeof *entries);
    bool *touched = fm_alloc_zero(f->extent, sizeof *touched);
    for (uint32_t product = 0; product < scheme->rank; product++) {
        if (is_zero_product(scheme, product))
            continue;
        for (size_t e = f->start[product]; e < f->start[product + 1]; e++) {
            uint32_t block = f->index[e];
            entries[count++] =
                (fm_gemm_entry){fmpq_get_d(&f->value[e]), block, side == 2 && !touched[block]};
            touched[block] = true;
        }
        rows[++r] = count;
    }
    free(touched);
    out->rank = r;
    out->rows[side] = rows;
    out->entries[side] = entries;
}

static void take_steps(const fm_schedule *schedule, fm_gemm_scheme *out)
{
    uint32_t term_count = 0;
    for (size_t i = 0; i < schedule->count; i++)
        term_count += schedule->steps[i].term_count;
    fm_gemm_step *steps = fm_alloc(schedule->count, sizeof *steps);
    fm_gemm_step_term *terms = fm_alloc(term_count, sizeof *terms);
    term_count = 0;
    for (size_t i = 0; i < schedule->count; i++) {
        const fm_step *step = &schedule->steps[i];
        steps[i] = (fm_gemm_step){step->kind,  step->block, fmpq_get_d(&step->coefficient),
                                  step->first, term_count,  step->term_count};
        for (uint32_t t = 0; t < step->term_count; t++)
            terms[term_count++] = (fm_gemm_step_term){fmpq_get_d(&step->terms[t].coefficient),
                                                      step->terms[t].block, step->terms[t].first};
    }
    out->step_count = (uint32_t)schedule->count;
    out->steps = steps;
    out->terms = terms;
    for (int place = 0; place < 3; place++)
        out->slots[place] = schedule->slots[place];
}

static fm_gemm_scheme *make_ready(const fm_scheme *scheme, const fm_schedule *schedule)
{
    char hash[FM_HASH_SIZE];
    fm_gemm_scheme *ready = fm_alloc_zero(1, sizeof *ready);
    fm_scheme_hash(scheme, hash);
    for (int i = 0; i < 3; i++) {
        ready->format[i] = scheme->tensor->format[i];
        take_rows(scheme, i, ready);
    }
    ready->name = fm_format("%s:%u/%.4s", fm_tensor_name(scheme->tensor), ready->rank, hash);
    take_steps(schedule, ready);
    return ready;
}

fm_status fm_gemm_scheme_new(const fm_scheme *scheme, fm_gemm_scheme **out, fm_error *error)
{
    fm_status status = fm_codegen_check_scheme(scheme, error);
    if (status != FM_OK)
        return status;
    fm_schedule schedule;
    fm_scheme *canonical = fm_scheme_canonical(scheme);
    fm_schedule_build(canonical, &schedule);
    if (!fm_schedule_computes(&schedule, canonical))
        status = fm_fail(error, FM_INTERNAL, "the steps made from the scheme do not compute it");
    else
        status = fm_codegen_check_coefficients(&schedule, FM_F32, error);
    if (status == FM_OK)
        *out = make_ready(canonical, &schedule);
    fm_schedule_clear(&schedule);
    fm_scheme_free(canonical);
    return status;
}

void fm_gemm_scheme_free(fm_gemm_scheme *scheme)
{
    if (scheme == NULL)
        return;
    for (int side = 0; side < 3; side++) {
        free((void *)scheme->rows[side]);
        free((void *)scheme->entries[side]);
    }
    free((void *)scheme->steps);
    free((void *)scheme->terms);
    free((void *)scheme->name);
    free(scheme);
}

/* ---------------------------------------------------------------- as C source */

static void write_rows(const fm_gemm_scheme *s, const char *name, FILE *file)
{
    for (int side = 0; side < 3; side++) {
        fprintf(file, "static const uint32_t %s_rows%d[] = {", name, side);
        for (uint32_t r = 0; r <= s->rank; r++)
            fprintf(file, "%u,", s->rows[side][r]);
        fprintf(file, "};\nstatic const fm_gemm_entry %s_entries%d[] = {", name, side);
        for (uint32_t e = 0; e < s->rows[side][s->rank]; e++) {
            const fm_gemm_entry *entry = &s->entries[side][e];
            fprintf(file, "{%a,%u,%d},", entry->coefficient, entry->block, entry->first);
        }
        fprintf(file, "};\n");
    }
}

static void write_steps(const fm_gemm_scheme *s, const char *name, FILE *file)
{
    uint32_t term_count = 0;
    fprintf(file, "static const fm_gemm_step %s_steps[] = {", name);
    for (uint32_t i = 0; i < s->step_count; i++) {
        const fm_gemm_step *step = &s->steps[i];
        fprintf(file, "{%d,{%d,%u},%a,%d,%u,%u},", step->kind, step->block.place, step->block.index,
                step->coefficient, step->first, step->term, step->term_count);
        term_count += step->term_count;
    }
    fprintf(file, "};\nstatic const fm_gemm_step_term %s_terms[] = {", name);
    for (uint32_t t = 0; t < term_count; t++) {
        const fm_gemm_step_term *term = &s->terms[t];
        fprintf(file, "{%a,{%d,%u},%d},", term->coefficient, term->block.place, term->block.index,
                term->first);
    }
    fprintf(file, "};\n");
}

fm_status fm_gemm_scheme_write(const fm_gemm_scheme *s, const char *name, FILE *file,
                               fm_error *error)
{
    write_rows(s, name, file);
    write_steps(s, name, file);
    fprintf(file,
            "static const fm_gemm_scheme %s = {\"%s\", {%u,%u,%u}, %u, "
            "{%s_rows0,%s_rows1,%s_rows2}, {%s_entries0,%s_entries1,%s_entries2}, "
            "%u, %s_steps, %s_terms, {%u,%u,%u}};\n",
            name, s->name, s->format[0], s->format[1], s->format[2], s->rank, name, name, name,
            name, name, name, s->step_count, name, name, s->slots[0], s->slots[1], s->slots[2]);
    if (ferror(file))
        return fm_fail(error, FM_IO, "writing a scheme as C: %s", strerror(errno));
    return FM_OK;
}
