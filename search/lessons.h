/* What the model (model.h) learns while a tree search goes on: of the moves at a root, those that led
   to low ranks; of positions, the ranks that playouts came to; and the same of demonstrations
   (demonstrations.h). */
#ifndef FM_LESSONS_H
#define FM_LESSONS_H

#include "engine.h"
#include "model.h"
#include "tree.h"

typedef struct fm_lessons fm_lessons;

/* For the model of a task, with demonstrations of up to rank_max products. */
fm_lessons *fm_lessons_new(const fm_engine_task *task, uint32_t rank_max);
void fm_lessons_free(fm_lessons *lessons);

/* Inside of the tree, by any thread: a node was added as a child of the root; a residual was
   completed to a rank. */
void fm_lessons_note_move(fm_lessons *lessons, uint32_t node,
                          const float features[FM_MOVE_FEATURES]);
void fm_lessons_note_rank(fm_lessons *lessons, const float features[FM_POSITION_FEATURES],
                          uint32_t rank);

/* Alone in the tree. Before the root changes: learns what was noted, and some demonstrations. When
   nodes have gone: forgets the children of the root. */
void fm_lessons_learn(fm_lessons *lessons, const fm_tree *tree);
void fm_lessons_forget(fm_lessons *lessons);

/* With the model; the tree is restored before. */
void fm_lessons_state(fm_lessons *lessons, const fm_tree *tree, fm_state *state);

#endif
