/* Structured matrices: which entries are free, and what the others are in terms of those. */
#ifndef FM_STRUCTURE_H
#define FM_STRUCTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct fm_structure {
    const char *name; /* "upper" */
    const char *meaning;
    bool square;     /* whether only a square matrix can have it */
    bool by_columns; /* free entries are numbered column by column, not row by row */
    /* Moves (i, j) in a rows x columns matrix to the free entry that it is a copy of. Returns 1,
       or -1 for its negative, or 0 when the entry is always 0. */
    int (*fold)(uint32_t *i, uint32_t *j, uint32_t rows, uint32_t columns);
} fm_structure;

extern const fm_structure fm_structures[];
extern const size_t fm_structure_count;

/* The structure of that name, length bytes of it, or NULL. */
const fm_structure *fm_structure_find(const char *name, size_t length);

/* The structure that the product of two matrices has, general where nothing more is known. */
const fm_structure *fm_structure_of_product(const fm_structure *a, const fm_structure *b);

/* What stands at one place of a structured matrix. */
typedef struct fm_place {
    uint32_t variable; /* from 0, in the order of the free entries */
    int sign;          /* of the variable; 0: the entry is always 0 */
    bool free;         /* this is the variable itself, not a copy */
} fm_place;

/* Fills rows x columns places, row by row; returns the number of variables. */
uint32_t fm_structure_places(const fm_structure *structure, uint32_t rows, uint32_t columns,
                             fm_place *places);

#endif
