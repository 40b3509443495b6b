#include "tensor_guess.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 64 };

/* Tensors in the order in which they are found. */
typedef struct guess_list {
    const uint32_t *extent;
    fm_tensor **tensors;
    size_t count;
} guess_list;

/* Takes the tensor of a name, if there is one and it has the shape. */
static void try_name(guess_list *list, const char *name)
{
    fm_tensor *tensor;
    if (list->count == FM_TENSOR_GUESSES_MAX || fm_tensor_parse_name(name, &tensor, NULL) != FM_OK)
        return;
    bool fits = !fm_tensor_is_matmul(tensor, NULL) &&
                memcmp(tensor->extent, list->extent, sizeof tensor->extent) == 0;
    if (fits)
        list->tensors[list->count++] = tensor;
    else
        fm_tensor_free(tensor);
}

/* An n x m matrix times its transpose: nm, nm and n (n + 1) / 2. */
static void try_transpose(guess_list *list)
{
    char name[NAME_SIZE];
    for (uint32_t n = 1; n <= FM_FORMAT_MAX; n++) {
        uint32_t m = list->extent[0] / n;
        if (n * (n + 1) / 2 != list->extent[2] || m * n != list->extent[1])
            continue;
        snprintf(name, sizeof name, "%ux%ux%u:general*transpose", n, m, n);
        try_name(list, name);
    }
}

size_t fm_tensor_guess(const uint32_t extent[3], fm_tensor *guesses[FM_TENSOR_GUESSES_MAX])
{
    guess_list list = {.extent = extent, .tensors = guesses};
    char name[NAME_SIZE];
    try_transpose(&list);
    snprintf(name, sizeof name, "poly:%ux%u", extent[0], extent[1]);
    try_name(&list, name);
    snprintf(name, sizeof name, "cyclic:%u", extent[0]);
    try_name(&list, name);
    snprintf(name, sizeof name, "negacyclic:%u", extent[0]);
    try_name(&list, name);
    try_name(&list, "complex");
    try_name(&list, "quaternion");
    return list.count;
}
