#include "support.h"

#include "scheme.h"

#include <stdio.h>
#include <unistd.h>

fm_tensor *test_matmul(unsigned n, unsigned m, unsigned p)
{
    fm_error error;
    fm_tensor *tensor;
    assert_ok(fm_tensor_matmul(n, m, p, &tensor, &error), error);
    return tensor;
}

fm_ring test_ring(const char *name)
{
    fm_error error;
    fm_ring ring;
    assert_ok(fm_ring_parse(name, &ring, &error), error);
    return ring;
}

fm_scheme *test_strassen(fm_ring ring)
{
    /* Rows of U, V and W; C is indexed row by row, not transposed. */
    static const int strassen[3][7][4] = {
        {{1, 0, 0, 1},
         {0, 0, 1, 1},
         {1, 0, 0, 0},
         {0, 0, 0, 1},
         {1, 1, 0, 0},
         {-1, 0, 1, 0},
         {0, 1, 0, -1}},
        {{1, 0, 0, 1},
         {1, 0, 0, 0},
         {0, 1, 0, -1},
         {-1, 0, 1, 0},
         {0, 0, 0, 1},
         {1, 1, 0, 0},
         {0, 0, 1, 1}},
        {{1, 0, 0, 1},
         {0, 0, 1, -1},
         {0, 1, 0, 1},
         {1, 0, 1, 0},
         {-1, 1, 0, 0},
         {0, 0, 0, 1},
         {1, 0, 0, 0}},
    };
    fm_error error;
    fm_scheme *integer, *scheme;
    fm_factors factors[3];
    fm_tensor *tensor = test_matmul(2, 2, 2);
    for (int axis = 0; axis < 3; axis++) {
        fm_factors_init(&factors[axis], 4);
        for (int r = 0; r < 7; r++) {
            for (uint32_t e = 0; e < 4; e++)
                fm_factors_push_si(&factors[axis], e, strassen[axis][r][e]);
            fm_factors_end_row(&factors[axis]);
        }
    }
    assert_ok(fm_scheme_new(tensor, FM_RING_ZT_VALUE, factors, &integer, &error), error);
    assert_ok(fm_scheme_to_ring(integer, ring, &scheme, &error), error);
    fm_scheme_free(integer);
    fm_tensor_free(tensor);
    return scheme;
}

bool test_no_more_memory(struct rlimit *before)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL)
        return false;
    bool read = fscanf(file, "%lu", &pages) == 1;
    fclose(file);
    if (!read || getrlimit(RLIMIT_AS, before) != 0)
        return false;
    const rlim_t bytes = pages * (rlim_t)sysconf(_SC_PAGESIZE);
    return setrlimit(RLIMIT_AS, &(struct rlimit){bytes, before->rlim_max}) == 0;
}

void test_memory_again(const struct rlimit *before)
{
    setrlimit(RLIMIT_AS, before);
}
