#include "structure.h"

#include <assert.h>
#include <string.h>

static void swap(uint32_t *i, uint32_t *j)
{
    uint32_t kept = *i;
    *i = *j;
    *j = kept;
}

static int fold_general(uint32_t *i, uint32_t *j, uint32_t rows, uint32_t columns)
{
    (void)i, (void)j, (void)rows, (void)columns;
    return 1;
}

static int fold_upper(uint32_t *i, uint32_t *j, uint32_t rows, uint32_t columns)
{
    (void)rows, (void)columns;
    return *i <= *j;
}

static int fold_lower(uint32_t *i, uint32_t *j, uint32_t rows, uint32_t columns)
{
    (void)rows, (void)columns;
    return *i >= *j;
}

static int fold_diagonal(uint32_t *i, uint32_t *j, uint32_t rows, uint32_t columns)
{
    (void)rows, (void)columns;
    return *i == *j;
}

static int fold_symmetric(uint32_t *i, uint32_t *j, uint32_t rows, uint32_t columns)
{
    (void)rows, (void)columns;
    if (*i > *j)
        swap(i, j);
    return 1;
}

static int fold_skew_diagonal(uint32_t *i, uint32_t *j, uint32_t rows, uint32_t columns)
{
    (void)rows, (void)columns;
    if (*i <= *j)
        return 1;
    swap(i, j);
    return -1;
}

static int fold_skew(uint32_t *i, uint32_t *j, uint32_t rows, uint32_t columns)
{
    return *i == *j ? 0 : fold_skew_diagonal(i, j, rows, columns);
}

/* Back along the diagonal to the first row or column. */
static int fold_toeplitz(uint32_t *i, uint32_t *j, uint32_t rows, uint32_t columns)
{
    (void)rows, (void)columns;
    uint32_t steps = *i < *j ? *i : *j;
    *i -= steps;
    *j -= steps;
    return 1;
}

/* Along the antidiagonal to the first row or the last column. */
static int fold_hankel(uint32_t *i, uint32_t *j, uint32_t rows, uint32_t columns)
{
    (void)rows;
    uint32_t steps = *i < columns - 1 - *j ? *i : columns - 1 - *j;
    *i -= steps;
    *j += steps;
    return 1;
}

/* Each row is the one above it, moved to the right by one. */
static int fold_circulant(uint32_t *i, uint32_t *j, uint32_t rows, uint32_t columns)
{
    (void)rows;
    *j = (*j + columns - *i) % columns;
    *i = 0;
    return 1;
}

/* The first is what a product has of which nothing more is known. */
const fm_structure fm_structures[] = {
    {"general", "every entry is free", false, fold_general},
    {"upper", "upper triangular, with the diagonal", true, fold_upper},
    {"lower", "lower triangular, with the diagonal", true, fold_lower},
    {"symmetric", "a_ji = a_ij", true, fold_symmetric},
    {"skew", "skew-symmetric: a_ji = -a_ij, zero on the diagonal", true, fold_skew},
    {"skew+diagonal", "a_ji = -a_ij off the diagonal, which is free", true, fold_skew_diagonal},
    {"diagonal", "zero off the diagonal", true, fold_diagonal},
    {"circulant", "a_ij depends on j - i modulo the size", true, fold_circulant},
    {"toeplitz", "a_ij depends on j - i", false, fold_toeplitz},
    {"hankel", "a_ij depends on i + j", false, fold_hankel},
};
const size_t fm_structure_count = sizeof fm_structures / sizeof *fm_structures;

/* These structures are kept by products of two matrices that have them. */
static const char *const kept[] = {"upper", "lower", "diagonal", "circulant"};

const fm_structure *fm_structure_find(const char *name, size_t length)
{
    for (size_t s = 0; s < fm_structure_count; s++)
        if (strlen(fm_structures[s].name) == length &&
            memcmp(fm_structures[s].name, name, length) == 0)
            return &fm_structures[s];
    return NULL;
}

const fm_structure *fm_structure_of_product(const fm_structure *a, const fm_structure *b)
{
    for (size_t s = 0; a == b && s < sizeof kept / sizeof *kept; s++)
        if (strcmp(a->name, kept[s]) == 0)
            return a;
    return &fm_structures[0];
}

uint32_t fm_structure_places(const fm_structure *structure, uint32_t rows, uint32_t columns,
                             fm_place *places)
{
    assert(rows == columns || !structure->square);
    uint32_t variables = 0;
    for (uint32_t pass = 0; pass < 2; pass++) /* the free entries, then their copies */
        for (uint32_t i = 0; i < rows; i++)
            for (uint32_t j = 0; j < columns; j++) {
                uint32_t to_i = i, to_j = j;
                fm_place *place = &places[i * columns + j];
                int sign = structure->fold(&to_i, &to_j, rows, columns);
                bool is_free = sign != 0 && to_i == i && to_j == j;
                if (pass == 0)
                    *place = (fm_place){is_free ? variables++ : 0, sign, is_free};
                else if (sign != 0)
                    place->variable = places[to_i * columns + to_j].variable;
            }
    return variables;
}
