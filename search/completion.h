/* Completions: products that sum to what a position of the game (game.h) leaves. */
#ifndef FM_COMPLETION_H
#define FM_COMPLETION_H

#include "game.h"
#include "products.h"

/* Makes the completion of a position that of the one after a normalized move: it goes without the
   move where it has it, else the negative of the move is added, for which there is room. Only the
   extents and the ring of the game are looked at; products become normalized. */
void fm_completion_after(const fm_game *game, const int8_t *move, fm_products *completion);

#endif
