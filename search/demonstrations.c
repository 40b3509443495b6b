#include "demonstrations.h"

#include "memory.h"
#include "proposals.h"
#include "scheme.h"

#include <stdlib.h>

enum { CANDIDATES = 6 }; /* of a choice, with the right one */
/* Of the kinds of proposals. */
static const double WEIGHTS[FM_PROPOSAL_KINDS] = {2, 2, 1, 0.25, 1};

struct fm_demonstrator {
    fm_ring ring;
    int coefficient_max;
    uint32_t rank_max, completion_max;
    fm_random random;
    fm_game *game;
    fm_playout *playout; /* for decompositions */
    fm_products products, completion, none;
};

fm_demonstrator *fm_demonstrator_new(const uint32_t extent[3], fm_ring ring, int coefficient_max,
                                     uint32_t rank_max, uint64_t seed)
{
    fm_demonstrator *d = fm_alloc_zero(1, sizeof *d);
    d->ring = ring;
    d->coefficient_max = coefficient_max;
    d->rank_max = rank_max;
    d->completion_max = extent[0] * extent[1] + rank_max;
    fm_random_seed(&d->random, seed, UINT64_MAX - 2);
    d->game = fm_game_new(extent, ring);
    d->playout = fm_playout_new(extent, ring, coefficient_max, d->completion_max, &d->random);
    d->products = fm_products_new(extent, rank_max + 1);
    d->completion = fm_products_new(extent, d->completion_max);
    d->none = fm_products_new(extent, 1);
    return d;
}

void fm_demonstrator_free(fm_demonstrator *d)
{
    if (d == NULL)
        return;
    fm_game_free(d->game);
    fm_playout_free(d->playout);
    fm_products_clear(&d->products);
    fm_products_clear(&d->completion);
    fm_products_clear(&d->none);
    free(d);
}

static void negate_first_factor(const fm_products *products, int8_t *row)
{
    for (uint32_t e = 0; e < products->extent[0]; e++)
        row[e] = (int8_t)-row[e];
}

/* Draws products that sum to the residual. */
static void draw_products(fm_demonstrator *d, const fm_proposal_source *source)
{
    uint32_t wanted = 1 + fm_random_below(&d->random, d->rank_max);
    for (; d->products.rank > 0; d->products.rank--)
        fm_game_play(d->game, fm_products_row(&d->products, d->products.rank - 1));
    while (d->products.rank < wanted) {
        int8_t *row = fm_products_row(&d->products, d->products.rank);
        fm_propose_random(source, row);
        negate_first_factor(&d->products, row);
        bool fits = fm_game_play(d->game, row);
        negate_first_factor(&d->products, row);
        fm_game_normalize(d->game, row);
        d->products.rank += fits;
    }
}

/* Adds a candidate to a choice. Its kind would tell which one is right, and is left out. */
static void add_candidate(const fm_demonstrator *d, const fm_measures *before,
                          const fm_proposal *proposal, float share, fm_choice *choice)
{
    choice->share[choice->count] = share;
    fm_features_of_move(proposal->move, FM_FEATURE_KINDS, before, &proposal->after, &d->completion,
                        &d->none, choice->features[choice->count++]);
}

static void propose_right_move(fm_demonstrator *d, fm_proposal *proposal)
{
    proposal->move = fm_products_row(&d->products, fm_random_below(&d->random, d->products.rank));
    fm_game_play(d->game, proposal->move);
    fm_measure(d->game, &proposal->after);
    fm_game_take_back(d->game, proposal->move);
}

void fm_demonstrate(fm_demonstrator *d, fm_choice *choice, float position[FM_POSITION_FEATURES],
                    uint32_t *rank)
{
    fm_measures measures;
    fm_proposal right, other = {.move = fm_products_row(&d->products, d->rank_max)};
    fm_proposal_source source = {.game = d->game,
                                 .measures = &measures,
                                 .ring = d->ring,
                                 .coefficient_max = d->coefficient_max,
                                 .completion = &d->completion,
                                 .known = &d->none,
                                 .weights = WEIGHTS,
                                 .random = &d->random};
    draw_products(d, &source);
    fm_measure(d->game, &measures);
    d->completion.rank = 0;
    if (!fm_playout_decompose(d->playout, d->game, d->completion_max, &d->completion))
        d->completion.rank = 0;
    choice->count = 0;
    propose_right_move(d, &right);
    add_candidate(d, &measures, &right, 1, choice);
    for (int tries = 1; tries < CANDIDATES; tries++)
        if (fm_propose(&source, &other))
            add_candidate(d, &measures, &other, 0, choice);
    fm_features_of_position(&measures, &d->completion, position);
    *rank = d->products.rank;
}

/* A position is drawn anew each time. */
void fm_demonstrator_state(fm_demonstrator *d, fm_state *state)
{
    FM_STATE_VALUE(state, d->random);
}
