#include "completion.h"

#include <string.h>

/* What of a coefficient is in a layer of ternary vectors. */
static int8_t layer_of(int8_t coefficient, int layer)
{
    return (int8_t)(coefficient > layer ? 1 : coefficient < -layer ? -1 : 0);
}

static bool has_layer(const int8_t *vector, uint32_t length, int layer)
{
    for (uint32_t e = 0; e < length; e++)
        if (layer_of(vector[e], layer) != 0)
            return true;
    return false;
}

static int8_t *put_layer(const int8_t *vector, uint32_t length, int layer, int sign, int8_t *to)
{
    for (uint32_t e = 0; e < length; e++)
        *to++ = (int8_t)(sign * layer_of(vector[e], layer));
    return to;
}

/* Appends the negative of a move: the layers of its factors in all combinations. */
static void append_negative(const uint32_t extent[3], const int8_t *move, fm_products *completion)
{
    const int8_t *u = move, *v = u + extent[0], *w = v + extent[1];
    for (int a = 0; has_layer(u, extent[0], a); a++)
        for (int b = 0; has_layer(v, extent[1], b); b++)
            for (int c = 0; has_layer(w, extent[2], c); c++) {
                int8_t *row = fm_products_row(completion, completion->rank++);
                row = put_layer(u, extent[0], a, -1, row);
                row = put_layer(v, extent[1], b, 1, row);
                put_layer(w, extent[2], c, 1, row);
            }
}

void fm_completion_after(const fm_game *game, const int8_t *move, fm_products *completion)
{
    size_t row = fm_products_row_length(completion);
    for (uint32_t r = 0; r < completion->rank; r++) {
        int8_t *other = fm_products_row(completion, r);
        fm_game_normalize(game, other);
        if (memcmp(other, move, row) == 0) {
            memmove(other, fm_products_row(completion, --completion->rank), row);
            return;
        }
    }
    uint32_t first = completion->rank;
    append_negative(fm_game_extent(game), move, completion);
    for (uint32_t r = first; r < completion->rank; r++)
        fm_game_normalize(game, fm_products_row(completion, r));
}
