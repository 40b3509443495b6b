#include "plan_facts.h"

#include "memory.h"
#include "sizes.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- terms of sums */

static size_t longest_row(const fm_gemm_scheme *scheme, int side)
{
    size_t longest = 0;
    for (uint32_t r = 0; r < scheme->rank; r++) {
        size_t length = scheme->rows[side][r + 1] - scheme->rows[side][r];
        longest = length > longest ? length : longest;
    }
    return longest;
}

/* In steps, a sum may have more terms than its row: none has more than all blocks. */
static size_t longest_sum(const fm_gemm_scheme *scheme)
{
    size_t longest = 1;
    for (uint32_t i = 0; i < scheme->step_count; i++)
        if (scheme->steps[i].term_count > longest)
            longest = scheme->steps[i].term_count;
    return longest;
}

bool fm_plan_fits(const fm_plan *plan)
{
    size_t terms[3] = {1, 1, 1};
    for (unsigned l = 0; l < plan->level_count; l++) {
        const fm_gemm_scheme *scheme = plan->levels[l].scheme;
        for (int side = 0; side < 3; side++) {
            bool fused = plan->levels[l].way == FM_LEVEL_FUSED;
            terms[side] *= fused ? longest_row(scheme, side) : longest_sum(scheme);
            if (terms[side] > FM_GEMM_TERMS_MAX)
                return false;
        }
    }
    return true;
}

/* ---------------------------------------------------------------- coefficients */

static bool is_unit(double coefficient)
{
    return coefficient == 1 || coefficient == -1;
}

static bool scheme_is_unit(const fm_gemm_scheme *scheme)
{
    bool unit = true;
    for (int side = 0; side < 3; side++)
        for (uint32_t e = 0; e < scheme->rows[side][scheme->rank]; e++)
            unit = unit && is_unit(scheme->entries[side][e].coefficient);
    for (uint32_t i = 0; i < scheme->step_count; i++) {
        const fm_gemm_step *step = &scheme->steps[i];
        const bool factors = step->kind == FM_STEP_MULTIPLY; /* their coefficient is the step's */
        unit = unit && (!factors || is_unit(step->coefficient));
        for (uint32_t t = 0; t < step->term_count && !factors; t++)
            unit = unit && is_unit(step->terms[t].coefficient);
    }
    return unit;
}

bool fm_plan_is_unit(const fm_plan *plan)
{
    bool unit = true;
    for (unsigned l = 0; l < plan->level_count; l++)
        unit = unit && scheme_is_unit(plan->levels[l].scheme);
    return unit;
}

/* ---------------------------------------------------------------- errors */

static double square_sum(const fm_gemm_scheme *scheme, int side, uint32_t row)
{
    double sum = 0;
    for (uint32_t e = scheme->rows[side][row]; e < scheme->rows[side][row + 1]; e++)
        sum += scheme->entries[side][e].coefficient * scheme->entries[side][e].coefficient;
    return sum;
}

enum { BLOCKS_MAX = FM_FORMAT_MAX * FM_FORMAT_MAX };

/* What the errors of the products of a level grow by in the blocks of C, squared; and in the worst of
   them the part that comes from products that turn the level below. */
typedef struct level_errors {
    double blocks[BLOCKS_MAX], turned;
} level_errors;

static level_errors errors_of(const fm_gemm_scheme *scheme)
{
    level_errors errors = {{0}, 0};
    double turned[BLOCKS_MAX] = {0};
    for (uint32_t r = 0; r < scheme->rank; r++) {
        const double product = square_sum(scheme, 0, r) * square_sum(scheme, 1, r);
        for (uint32_t e = scheme->rows[2][r]; e < scheme->rows[2][r + 1]; e++) {
            const fm_gemm_entry *entry = &scheme->entries[2][e];
            const double error =
                entry->coefficient * entry->coefficient * product / scheme->format[1];
            errors.blocks[entry->block] += error;
            turned[entry->block] += scheme->turned[r] ? error : 0;
        }
    }
    double largest = 0;
    for (uint32_t i = 0; i < scheme->format[0] * scheme->format[2]; i++)
        if (errors.blocks[i] > largest) {
            largest = errors.blocks[i];
            errors.turned = turned[i] / largest;
        }
    return errors;
}

/* The largest growth, squared, when this part of the products is turned. */
static double largest_growth(const fm_gemm_scheme *scheme, const level_errors *errors,
                             double turned)
{
    const uint32_t rows = scheme->format[0], columns = scheme->format[2];
    double largest = 0;
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < columns; j++)
            largest = fmax(largest, (1 - turned) * errors->blocks[i * columns + j] +
                                        turned * errors->blocks[(rows - 1 - i) * columns + j]);
    return largest;
}

/* The steps that are added up in a tile. */
static double chain_length(size_t k, size_t kc)
{
    return (double)quotient_up(k, quotient_up(k, kc));
}

double fm_plan_growth(const fm_plan *plan, size_t k, size_t kc)
{
    double square = 1, turned = 0;
    size_t bottom = k;
    for (unsigned l = 0; l < plan->level_count; l++) {
        const fm_gemm_scheme *scheme = plan->levels[l].scheme;
        const level_errors errors = errors_of(scheme);
        square *= largest_growth(scheme, &errors, turned);
        turned = errors.turned;
        bottom = quotient_up(bottom, scheme->format[1]);
    }
    return sqrt(square * chain_length(bottom, kc) / chain_length(k, kc));
}

/* ---------------------------------------------------------------- names */

char *fm_plan_name(const fm_plan *plan)
{
    char *name = NULL;
    if (plan->level_count == 0)
        return fm_strdup("classical");
    for (unsigned l = 0; l < plan->level_count; l++) {
        const fm_plan_level *level = &plan->levels[l];
        char *longer =
            fm_format("%s%s%s %s", name != NULL ? name : "", l > 0 ? ", " : "", level->scheme->name,
                      level->way == FM_LEVEL_FUSED ? "fused" : "slots");
        free(name);
        name = longer;
    }
    return name;
}

/* One level; *text moves behind it. */
static bool parse_level(const char **text, fm_gemm_pool pool, fm_plan_level *level)
{
    static const char *const ways[] = {[FM_LEVEL_FUSED] = " fused", [FM_LEVEL_SLOTS] = " slots"};
    const size_t length = strcspn(*text, " ");
    level->scheme = NULL;
    for (size_t i = 0; i < pool.count && level->scheme == NULL; i++)
        if (length > 0 && strncmp(*text, pool.schemes[i]->name, length) == 0)
            level->scheme = pool.schemes[i];
    *text += length;
    for (int way = 0; way < 2; way++)
        if (strncmp(*text, ways[way], strlen(ways[way])) == 0) {
            level->way = (fm_level_way)way;
            *text += strlen(ways[way]);
            return level->scheme != NULL;
        }
    return false;
}

bool fm_plan_of_name(const char *name, fm_gemm_pool pool, fm_plan *plan)
{
    *plan = (fm_plan){.level_count = 0};
    if (strcmp(name, "classical") == 0)
        return true;
    while (plan->level_count < FM_PLAN_LEVELS_MAX &&
           parse_level(&name, pool, &plan->levels[plan->level_count])) {
        plan->level_count++;
        if (*name == '\0')
            return fm_plan_fits(plan);
        if (strncmp(name, ", ", 2) != 0)
            return false;
        name += 2;
    }
    return false;
}
