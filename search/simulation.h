/* A simulation of the tree search (games.h): goes down the tree, adds a position, completes it by
   what is left of its parent's completion, and polishes that by a playout (playout.h), whose rank is
   backed up. One walker makes one after the other. */
#ifndef FM_SIMULATION_H
#define FM_SIMULATION_H

#include "games.h"

typedef struct fm_simulation {
    fm_games *games;
    fm_random random;
    fm_playout *playout;
    fm_game *game;
    fm_tree_path path;
    fm_basis basis; /* of the game that it belongs to */
    fm_products aside, moves, completion, best;
    bool offers;         /* completion is the last one's scheme, in the tensor's own basis */
    uint64_t generation; /* of the pool, when it began */
    bool plays;          /* a playout is under way */
    float position[FM_POSITION_FEATURES]; /* for the model, of what is played out */
} fm_simulation;

/* Draws from random stream number of the task's seed. */
fm_simulation *fm_simulation_new(fm_games *games, uint64_t number);
void fm_simulation_free(fm_simulation *simulation);

/* Goes down the tree and begins a playout. */
void fm_simulation_begin(fm_simulation *simulation);
/* Backs up what the playout came to; true when there is a better scheme than all before. */
bool fm_simulation_end(fm_simulation *simulation);

/* After the end: the scheme that it came to, in the tensor's own basis, when that is among the best
   of its generation, else NULL; until the next begins. */
const fm_products *fm_simulation_offered(const fm_simulation *simulation);

void fm_simulation_state(fm_simulation *simulation, fm_state *state);

#endif
