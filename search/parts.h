/* The parts of a tensor for which the tree search plays first, from small to whole (after the growth
   of Arai, Ichikawa and Hukushima 2024): of a format, those of smaller formats, a row or column more
   each time; of another tensor, those of its first coordinates. */
#ifndef FM_PARTS_H
#define FM_PARTS_H

#include "fewmul.h"

/* How many there are, with the whole, the last one. */
uint32_t fm_parts_count(const fm_tensor *tensor);
/* Whether a row of products is one of units, as in the standard scheme, and beyond a part. */
bool fm_parts_is_beyond(const fm_tensor *tensor, uint32_t part, const int8_t *row);

#endif
