#include "basis.h"

#include "memory.h"

#include <stdlib.h>
#include <string.h>

void fm_basis_draw(fm_basis *basis, fm_ring ring, const uint32_t extent[3], uint32_t count,
                   fm_random *random)
{
    *basis = (fm_basis){.ring = ring};
    for (; count > 0 && basis->count < FM_BASIS_STEPS_MAX; count--) {
        uint32_t axis = fm_random_below(random, 3);
        uint32_t to = fm_random_below(random, extent[axis]);
        uint32_t from = fm_random_below(random, extent[axis]);
        int factor = fm_random_below(random, 2) == 0 ? 1 : -1;
        if (to != from)
            basis->steps[basis->count++] =
                (fm_basis_step){(uint16_t)axis, (uint16_t)to, (uint16_t)from, (int16_t)factor};
    }
}

static bool step_game(const fm_basis_step *step, fm_game *game)
{
    const uint32_t *extent = fm_game_extent(game);
    uint32_t axis = step->axis, at[3], from[3], limit[3] = {extent[0], extent[1], extent[2]};
    limit[axis] = 1;
    for (uint32_t i = 0; i < limit[0]; i++)
        for (uint32_t j = 0; j < limit[1]; j++)
            for (uint32_t k = 0; k < limit[2]; k++) {
                memcpy(at, (uint32_t[3]){i, j, k}, sizeof at);
                memcpy(from, at, sizeof from);
                at[axis] = step->to;
                from[axis] = step->from;
                int value = step->factor * fm_game_entry(game, from[0], from[1], from[2]);
                if (value != 0 && !fm_game_add(game, at[0], at[1], at[2], value))
                    return false;
            }
    return true;
}

bool fm_basis_take_game(const fm_basis *basis, fm_game *game)
{
    for (uint32_t s = 0; s < basis->count; s++)
        if (!step_game(&basis->steps[s], game))
            return false;
    return true;
}

/* The sum in the ring, if its coefficient is not too large. */
static bool add(fm_ring ring, int value, int coefficient_max, int8_t *to)
{
    int sum = *to + value;
    if (ring.kind == FM_RING_ZP) {
        sum = ((sum % (int)ring.p) + (int)ring.p) % (int)ring.p;
        sum = sum == 2 ? -1 : sum;
    }
    *to = (int8_t)sum;
    return sum >= -coefficient_max && sum <= coefficient_max;
}

bool fm_basis_take_products(const fm_basis *basis, bool back, int coefficient_max,
                            fm_products *products)
{
    const uint32_t *extent = products->extent;
    size_t bytes = (size_t)products->rank * (extent[0] + extent[1] + extent[2]);
    int8_t *before = fm_alloc(bytes, 1);
    const size_t offset[3] = {0, extent[0], (size_t)extent[0] + extent[1]};
    bool fits = true;
    memcpy(before, products->coefficients, bytes);
    for (uint32_t s = 0; s < basis->count && fits; s++) {
        const fm_basis_step *step = &basis->steps[back ? basis->count - 1 - s : s];
        int factor = back ? -step->factor : step->factor;
        for (uint32_t r = 0; r < products->rank; r++) {
            int8_t *row = fm_products_row(products, r) + offset[step->axis];
            fits &= add(basis->ring, factor * row[step->from], coefficient_max, &row[step->to]);
        }
    }
    if (!fits)
        memcpy(products->coefficients, before, bytes);
    free(before);
    return fits;
}

void fm_basis_state(fm_basis *basis, const uint32_t extent[3], fm_state *state)
{
    FM_STATE_VALUE(state, basis->count);
    fm_state_require(state, basis->count <= FM_BASIS_STEPS_MAX);
    if (state->bad)
        return;
    fm_state_bytes(state, basis->steps, basis->count * sizeof *basis->steps);
    for (uint32_t s = 0; s < basis->count; s++) {
        const fm_basis_step *step = &basis->steps[s];
        fm_state_require(state, step->axis < 3 && step->to < extent[step->axis % 3] &&
                                    step->from < extent[step->axis % 3]);
    }
}
