#include "tensor_guess.h"

#include "structure.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SIZE = 64 };

/* Tensors in the order in which they are found. */
typedef struct guess_list {
    const uint32_t *extent;
    fm_tensor **tensors;
    size_t count, room;
} guess_list;

/* Takes the tensor of a name, if there is one and it has the shape. */
static void try_name(guess_list *list, const char *name)
{
    fm_tensor *tensor;
    if (list->count == list->room || fm_tensor_parse_name(name, &tensor, NULL) != FM_OK)
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
    guess_list list = {.extent = extent, .tensors = guesses, .room = FM_TENSOR_GUESSES_MAX};
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

/* ---------------------------------------------------------------- structured matrices */

static uint32_t variables(const fm_structure *structure, uint32_t rows, uint32_t columns)
{
    fm_place places[FM_FORMAT_MAX * FM_FORMAT_MAX];
    return fm_structure_places(structure, rows, columns, places);
}

/* The other size of a structured matrix of which one is given and the number of variables; 0: none. */
static uint32_t other_size(const fm_structure *structure, uint32_t size, uint32_t count)
{
    if (structure->square)
        return variables(structure, size, size) == count ? size : 0;
    for (uint32_t other = 1; other <= FM_FORMAT_MAX; other++)
        if (variables(structure, size, other) == count)
            return other;
    return 0;
}

/* An n x m matrix of the left structure times others. */
static void try_left(guess_list *list, const fm_structure *left, uint32_t n, uint32_t m)
{
    char name[2 * NAME_SIZE];
    for (size_t b = 0; b < fm_structure_count; b++) {
        uint32_t p = other_size(&fm_structures[b], m, list->extent[1]);
        if (p == 0)
            continue;
        snprintf(name, sizeof name, "%ux%ux%u:%s*%s", n, m, p, left->name, fm_structures[b].name);
        try_name(list, name);
    }
    snprintf(name, sizeof name, "%ux%ux%u:%s*transpose", n, m, n, left->name);
    if (list->extent[0] == list->extent[1])
        try_name(list, name);
}

size_t fm_tensor_guess_structured(const uint32_t extent[3],
                                  fm_tensor *guesses[FM_TENSOR_GUESSES_MAX])
{
    guess_list list = {.extent = extent, .tensors = guesses, .room = FM_TENSOR_GUESSES_MAX};
    for (size_t a = 0; a < fm_structure_count; a++)
        for (uint32_t n = 1; n <= FM_FORMAT_MAX && n <= extent[2]; n++) {
            uint32_t m = other_size(&fm_structures[a], n, extent[0]);
            if (m > 0)
                try_left(&list, &fm_structures[a], n, m);
        }
    return list.count;
}
