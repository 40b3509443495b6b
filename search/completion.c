#include "completion.h"

#include <string.h>

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
    fm_products_append(completion, move);
    int8_t *negative = fm_products_row(completion, completion->rank - 1);
    for (uint32_t e = 0; e < completion->extent[0]; e++)
        negative[e] = (int8_t)-negative[e];
    fm_game_normalize(game, negative);
}
