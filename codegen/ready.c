#include "ready.h"

#include "codegen.h"
#include "error.h"
#include "memory.h"
#include "schedule.h"

#include <stdlib.h>

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

/* What errors of a product weigh in each block that it is added to, before its coefficient there. */
static double weight_of(const fm_gemm_scheme *s, uint32_t product)
{
    double weight = 1;
    for (int side = 0; side < 2; side++) {
        double sum = 0;
        for (uint32_t e = s->rows[side][product]; e < s->rows[side][product + 1]; e++)
            sum += s->entries[side][e].coefficient * s->entries[side][e].coefficient;
        weight *= sum;
    }
    return weight;
}

/* Takes the products by their weight, heaviest first, and turns those that leave less of a difference
   between what is turned and what is not in the blocks. */
static void take_turned(fm_gemm_scheme *out)
{
    const uint32_t blocks = out->format[0] * out->format[2];
    bool *turned = fm_alloc_zero(out->rank, sizeof *turned);
    bool *taken = fm_alloc_zero(out->rank, sizeof *taken);
    double *difference = fm_alloc_zero(blocks, sizeof *difference);
    for (uint32_t n = 0; n < out->rank; n++) {
        uint32_t next = out->rank;
        for (uint32_t r = 0; r < out->rank; r++)
            if (!taken[r] && (next == out->rank || weight_of(out, r) > weight_of(out, next)))
                next = r;
        const double weight = weight_of(out, next);
        double lean = 0;
        for (uint32_t e = out->rows[2][next]; e < out->rows[2][next + 1]; e++) {
            const fm_gemm_entry *entry = &out->entries[2][e];
            lean += entry->coefficient * entry->coefficient * difference[entry->block];
        }
        taken[next] = true;
        turned[next] = lean > 0;
        for (uint32_t e = out->rows[2][next]; e < out->rows[2][next + 1]; e++) {
            const fm_gemm_entry *entry = &out->entries[2][e];
            difference[entry->block] +=
                (lean > 0 ? -1 : 1) * weight * entry->coefficient * entry->coefficient;
        }
    }
    free(taken);
    free(difference);
    out->turned = turned;
}

/* The number of a product when those that are zero are left out. */
static uint32_t product_number(const fm_scheme *scheme, uint32_t product)
{
    uint32_t number = product;
    for (uint32_t r = 0; r < product; r++)
        number -= is_zero_product(scheme, r);
    return number;
}

static void take_steps(const fm_scheme *scheme, const fm_schedule *schedule, fm_gemm_scheme *out)
{
    uint32_t term_count = 0;
    for (size_t i = 0; i < schedule->count; i++)
        term_count += schedule->steps[i].term_count;
    fm_gemm_step *steps = fm_alloc(schedule->count, sizeof *steps);
    fm_gemm_step_term *terms = fm_alloc(term_count, sizeof *terms);
    term_count = 0;
    for (size_t i = 0; i < schedule->count; i++) {
        const fm_step *step = &schedule->steps[i];
        steps[i] = (fm_gemm_step){step->kind,        product_number(scheme, step->product),
                                  step->block,       fmpq_get_d(&step->coefficient),
                                  step->first,       step->term_count,
                                  &terms[term_count]};
        for (uint32_t t = 0; t < step->term_count; t++)
            terms[term_count++] = (fm_gemm_step_term){fmpq_get_d(&step->terms[t].coefficient),
                                                      step->terms[t].block, step->terms[t].first};
    }
    out->additions = (uint32_t)fm_schedule_additions(schedule);
    out->step_count = (uint32_t)schedule->count;
    out->steps = steps;
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
    take_turned(ready);
    ready->name = fm_format("%s:%u/%.4s", fm_tensor_name(scheme->tensor), ready->rank, hash);
    take_steps(scheme, schedule, ready);
    return ready;
}

fm_status fm_gemm_scheme_new(const fm_scheme *scheme, fm_scalar_type type, fm_gemm_scheme **out,
                             fm_error *error)
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
        status = fm_codegen_check_coefficients(&schedule, type, error);
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
    free((void *)scheme->turned);
    if (scheme->step_count > 0)
        free((void *)scheme->steps[0].terms); /* those of all steps */
    free((void *)scheme->steps);
    free((void *)scheme->name);
    free(scheme);
}
