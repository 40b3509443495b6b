/* To {-1, 0, 1}, from small integers or from f2. */
#ifndef FM_TERNARY_H
#define FM_TERNARY_H

#include "products.h"
#include "random.h"

/* Walks from products that hold over z, with coefficients up to FM_TERNARY_LARGEST, to some with all
   coefficients in {-1, 0, 1}. True when it gets there; it gives up after so many steps, and the
   products hold still. format is that of a matrix product whose coordinates are in the usual order,
   row by row; zeros, for any other tensor, leave out changes of basis. Products that vanish on the
   way are taken out. A step takes some ten nanoseconds. */
bool fm_products_make_ternary(fm_products *products, const uint32_t format[3], fm_random *random,
                              uint64_t steps);

enum { FM_TERNARY_LARGEST = 31 };

/* Makes a scheme over f2 of a tensor one over zt, of the same rank or less: a lift by fm_lift, or what
   is made of one over z. False, and nothing is done, where none was found. */
bool fm_products_lift(fm_products *products, const fm_tensor *tensor, fm_random *random);
/* How many attempted flips of a walk take some times as long as that. */
uint64_t fm_products_lift_pause(const fm_products *products);

#endif
