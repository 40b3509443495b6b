/* A walker of the tree search. Over zt and z, where a flip that would leave the range of coefficients
   is none, walks come down slowly. So there are games over f2 too, and simulations are of either in
   turn: what those over f2 find and has a lift to zt goes to the games over zt or z, and what these
   find goes to those over f2. */
#ifndef FM_PLAYER_H
#define FM_PLAYER_H

#include "simulation.h"

/* The games of a search: of its ring; over f2, for lifts, or NULL. */
typedef struct fm_match {
    fm_games *own, *over_f2;
    fm_engine_task task_over_f2;
} fm_match;

fm_match *fm_match_new(const fm_engine_task *task);
void fm_match_free(fm_match *match);
/* Offers a scheme that another engine has found. */
void fm_match_put(fm_match *match, fm_random *random, const fm_products *products);
void fm_match_state(fm_match *match, fm_state *state);

typedef struct fm_player {
    fm_match *match;
    fm_simulation *simulations[2]; /* of the search's ring; over f2, or NULL */
    uint32_t now;                  /* whose turn it is */
    uint64_t lift_after;           /* attempts: no lift is tried before, ... */
    uint32_t lift_fails;           /* ... because so many failed */
} fm_player;

fm_player *fm_player_new(fm_match *match, uint64_t number);
void fm_player_free(fm_player *player);

/* The simulation whose turn it is; its lane has the attempts and flips of all. */
fm_simulation *fm_player_now(const fm_player *player);
/* Ends it, and gives the turn on; true when there is a better scheme of the search's ring. */
bool fm_player_end(fm_player *player);
/* The best scheme of the search's ring. */
const fm_products *fm_player_best(const fm_player *player);

void fm_player_state(fm_player *player, fm_state *state);

#endif
