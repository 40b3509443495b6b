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

/* The first is what a product has of which nothing more is known. A lower triangular matrix is
   numbered as the transpose of an upper one, as the published schemes have it. */
const fm_structure fm_structures[] = {
    {"general", "every entry is free", false, false, fold_general},
    {"upper", "upper triangular, with the diagonal", true, false, fold_upper},
    {"lower", "lower triangular, with the diagonal", true, true, fold_lower},
    {"symmetric", "a_ji = a_ij", true, false, fold_symmetric},
    {"skew", "skew-symmetric: a_ji = -a_ij, zero on the diagonal", true, false, fold_skew},
    {"skew+diagonal", "a_ji = -a_ij off the diagonal, which is free", true, false,
     fold_skew_diagonal},
    {"diagonal", "zero off the diagonal", true, false, fold_diagonal},
    {"circulant", "a_ij depends on j - i modulo the size", true, false, fold_circulant},
    {"toeplitz", "a_ij depends on j - i", false, false, fold_toeplitz},
    {"hankel", "a_ij depends on i + j", false, false, fold_hankel},
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

/* Numbers the free entries; returns how many there are. */
static uint32_t number_variables(const fm_structure *structure, uint32_t rows, uint32_t columns,
                                 fm_place *places)
{
    uint32_t variables = 0, inner = structure->by_columns ? rows : columns;
    for (uint32_t at = 0; at < rows * columns; at++) {
        uint32_t i = structure->by_columns ? at % inner : at / inner,
                 j = structure->by_columns ? at / inner : at % inner, to_i = i, to_j = j;
        int sign = structure->fold(&to_i, &to_j, rows, columns);
        bool is_free = sign != 0 && to_i == i && to_j == j;
        places[i * columns + j] = (fm_place){is_free ? variables++ : 0, sign, is_free};
    }
    return variables;
}

uint32_t fm_structure_places(const fm_structure *structure, uint32_t rows, uint32_t columns,
                             fm_place *places)
{
    assert(rows == columns || !structure->square);
    uint32_t variables = number_variables(structure, rows, columns, places);
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < columns; j++) {
            uint32_t to_i = i, to_j = j;
            if (structure->fold(&to_i, &to_j, rows, columns) != 0)
                places[i * columns + j].variable = places[to_i * columns + to_j].variable;
        }
    return variables;
}
