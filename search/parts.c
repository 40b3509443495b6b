#include "parts.h"

#include "tensor.h"

enum {
    SIZE_MIN = 2, /* the smallest n, m, p of a part; */
    COUNT = 4,    /* so many parts of a tensor that is no matrix product */
};

/* How many coordinates of each axis, or, of a format, how large n, m and p are in a part. */
static void part_sizes(const fm_tensor *tensor, uint32_t part, uint32_t sizes[3])
{
    const uint32_t *format = tensor->format;
    if (format[0] == 0) {
        for (int axis = 0; axis < 3; axis++)
            sizes[axis] = (tensor->extent[axis] * (part + 1) + COUNT - 1) / COUNT;
        return;
    }
    for (int l = 0; l < 3; l++)
        sizes[l] = format[l] < SIZE_MIN ? format[l] : SIZE_MIN;
    for (; part > 0; part--) {
        int smallest = -1;
        for (int l = 0; l < 3; l++)
            if (sizes[l] < format[l] && (smallest < 0 || sizes[l] < sizes[smallest]))
                smallest = l;
        sizes[smallest]++;
    }
}

uint32_t fm_parts_count(const fm_tensor *tensor)
{
    uint32_t count = 1;
    if (tensor->format[0] == 0)
        return COUNT;
    for (int l = 0; l < 3; l++)
        count += tensor->format[l] > SIZE_MIN ? tensor->format[l] - SIZE_MIN : 0;
    return count;
}

/* Where the only coefficient of a vector is; false when there is not one. */
static bool is_unit(const int8_t *vector, uint32_t length, uint32_t *at)
{
    uint32_t count = 0;
    for (uint32_t e = 0; e < length; e++)
        if (vector[e] != 0) {
            *at = e;
            count++;
        }
    return count == 1;
}

bool fm_parts_is_beyond(const fm_tensor *tensor, uint32_t part, const int8_t *row)
{
    const uint32_t *format = tensor->format;
    uint32_t at[3] = {0}, sizes[3];
    for (int axis = 0; axis < 3; row += tensor->extent[axis++])
        if (!is_unit(row, tensor->extent[axis], &at[axis]))
            return false;
    part_sizes(tensor, part, sizes);
    if (format[0] == 0)
        return at[0] >= sizes[0] || at[1] >= sizes[1] || at[2] >= sizes[2];
    return at[0] / format[1] >= sizes[0] || at[0] % format[1] >= sizes[1] ||
           at[1] % format[2] >= sizes[2];
}
