/* Named tensors by their shape, for files that do not say what their schemes are of. */
#ifndef FM_TENSOR_GUESS_H
#define FM_TENSOR_GUESS_H

#include "tensor.h"

enum { FM_TENSOR_GUESSES_MAX = 32 };

/* The tensors of a shape among these: a matrix times its own transpose, polynomials, complex numbers,
   quaternions; docs/tensors.md. No products of triangular matrices and the like: a scheme of a matrix
   product that lost a variable is one of those, and is to be refused. Each is freed with
   fm_tensor_free. Returns how many. */
size_t fm_tensor_guess(const uint32_t extent[3], fm_tensor *guesses[FM_TENSOR_GUESSES_MAX]);

/* The products of structured matrices of a shape, for messages about schemes that are refused. */
size_t fm_tensor_guess_structured(const uint32_t extent[3],
                                  fm_tensor *guesses[FM_TENSOR_GUESSES_MAX]);

#endif
