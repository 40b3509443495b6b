/* What the parallel driver knows of a search engine: how to make walkers and let them walk. */
#ifndef FM_ENGINE_H
#define FM_ENGINE_H

#include "products.h"
#include "random.h"
#include "state.h"

/* What every walker of a search is made for. */
typedef struct fm_engine_task {
    const fm_tensor *tensor;
    const fm_tensor *through; /* a larger format by whose way the search goes, or NULL */
    fm_ring ring;
    fm_strategy strategy;
    fm_objective objective;
    uint32_t collect; /* schemes of this rank or less are all better than what there was; 0: none */
    const fm_products *starts; /* they outlive the walkers */
    size_t start_count;
    bool standard; /* the start is the standard scheme, and an engine may choose others instead */
    uint32_t target_rank; /* 0: none */
    uint64_t seed;
    const char *symmetry;   /* for the symmetric engine, or NULL */
    bool tree;              /* the engine mcts takes part in auto */
    int coefficient_max;    /* over z: coefficients are from its negative to it; elsewhere 1 */
    struct fm_model *model; /* for the engine mcts, which teaches it on; NULL: none */
} fm_engine_task;

/* The most walkers that run takes: as many hide each other's latency. */
#define FM_ENGINE_TOGETHER 4

/* A walker of an engine is behind a pointer that only the engine can read, and so is what the
   walkers of a search share. What a walker does depends only on its task and number, and on what it
   shares. */
typedef struct fm_engine {
    const char *name;
    /* Whether it can search this tensor from these starts; the message says why not. */
    fm_status (*check)(const fm_tensor *tensor, const fm_engine_task *task, fm_error *error);
    /* What all walkers share; NULL where they share nothing. */
    void *(*new_shared)(const fm_engine_task *task);
    void (*free_shared)(void *shared);
    void *(*new)(const fm_engine_task *task, void *shared, uint64_t number);
    void (*free)(void *walker);
    /* Walks on with up to FM_ENGINE_TOGETHER walkers of one search, each for a number of attempted
       flips, or until it has made flip_limit flips since it was made (0: no limit), or it has a
       better scheme; better[i] says whether it has. */
    void (*run)(void *const *walkers, unsigned count, uint64_t attempts, uint64_t flip_limit,
                bool *better);
    uint64_t (*flips)(const void *walker);
    uint32_t (*rank)(const void *walker);
    /* Of the best scheme so far: its rank in the high 32 bits, what the objective makes of it in
       the low ones; less is better. */
    uint64_t (*best_score)(const void *walker);
    /* The best scheme so far, freed with fm_products_clear. */
    fm_products (*best)(const void *walker);
    /* What the shared pools hold, *count of them, to be freed with free; NULL when there are
       none. */
    fm_search_pool *(*pools)(void *shared, size_t *count);
    /* Save or restore; what is restored was made for the same task. */
    void (*shared_state)(void *shared, fm_state *state);
    void (*state)(void *walker, fm_state *state);
} fm_engine;

/* The engine of a name; NULL when there is none. */
const fm_engine *fm_engine_named(const char *name);

extern const fm_engine fm_engine_flips, fm_engine_symmetric, fm_engine_mcts, fm_engine_auto;

/* Offers a scheme that another engine found to what the walkers of fm_engine_mcts share. */
void fm_mcts_put(void *shared, fm_random *random, const fm_products *products);

/* The walker of one of its engines that a walker of fm_engine_auto has, and what those share; NULL
   where that one takes no part. For tests. */
const void *fm_engine_auto_walker(const void *walker, const char *name);
void *fm_engine_auto_shared(void *shared, const char *name);

/* Whether the engine symmetric takes part in auto, when the standard scheme is the start. */
bool fm_engine_auto_is_symmetric(const fm_tensor *tensor);

/* The ladder of what the walkers of fm_engine_flips share. */
struct fm_ladder *fm_engine_flips_ladder(void *shared);

#endif
