/* What a file says of a scheme, before it is known of which tensor it is and how W is numbered:
   what readers hand out. verify/infer makes schemes of it, by verifying what could be meant. */
#ifndef FM_READING_H
#define FM_READING_H

#include "laurent.h"
#include "scheme.h"

typedef struct fm_reading {
    unsigned line; /* where the scheme begins; 0: no lines, or no others in the file */
    char *entry;   /* of an archive, NULL outside */
    /* Another understanding of the same part of the file as the reading before: of such readings
       the first that holds is meant, or the first. */
    bool is_alternative;

    /* Factor matrices, a row a product, columns numbered as in the file, W too: fm_w_order. */
    fm_factors factors[3];
    /* Where the file shows factors as matrices, their length of a row: entry (i, j) is number
       i * columns + j, and the extent is a multiple. 0: numbers only. */
    uint32_t columns[3];
    /* Entries are named and zeros left out: the matrices may be larger than extent and columns. */
    bool is_open;

    uint32_t format[3]; /* n, m, p where the file says so, else 0 */
    fm_tensor *tensor;  /* where the file says so and it is no matrix product, else NULL */
    fm_w_order w_order; /* FM_W_UNKNOWN where the kind of file does not fix it */
    fm_w_order usual;   /* what to try first then */
    bool has_ring;
    fm_ring ring; /* where the file says so */
    fm_provenance provenance;
} fm_reading;

/* The readings of one file, in order. */
typedef struct fm_reading_list {
    fm_file_kind kind;
    char *name; /* of the file, for messages */
    size_t count, capacity;
    fm_reading *readings;
    /* NULL, or the coefficients, for which numbers stand in the factor matrices, of a file that has
       others than rationals. Its schemes are for verify/border only. */
    fm_laurents *laurents;
} fm_reading_list;

/* A new reading at the end of the list, all zero. Its factor matrices and what else it owns belong
   to the list; it moves when the next one comes. */
fm_reading *fm_reading_list_add(fm_reading_list *list);
void fm_reading_list_free(fm_reading_list *list);

/* Coefficients of a factor matrix in any order. */
typedef struct fm_cell {
    uint32_t row, column;
    fmpq value;
} fm_cell;

typedef struct fm_cells {
    size_t count, capacity;
    fm_cell *cells;
} fm_cells;

void fm_cells_add(fm_cells *cells, uint32_t row, uint32_t column, const fmpq_t value);
void fm_cells_clear(fm_cells *cells);
/* Sorts the cells and makes them a matrix of rank rows, adding up those at one place; *most (may be
   NULL) is how many there are at the fullest place. Rows and columns are in range. laurents is what
   the values are numbers of, or NULL for rationals, and what makes this false is that its room is
   used up. */
bool fm_cells_to_factors(fm_cells *cells, uint32_t rank, uint32_t extent, fm_laurents *laurents,
                         size_t *most, fm_factors *out);

/* The format of which nm, mp and np are these: n^2 = nm np / mp. False when there is none. */
bool fm_format_of_extents(const uint32_t extents[3], uint32_t format[3]);

/* Something that a reading can mean. */
typedef struct fm_meaning {
    uint32_t format[3];      /* of the matrices that the factors are; 0: numbers only */
    const fm_tensor *tensor; /* the reading's or that of the options; NULL: that of the format */
    fm_w_order w_order;
} fm_meaning;

enum { FM_MEANINGS_MAX = 2 };

/* What a reading can mean under options (may be NULL), best guess first. FM_BAD_INPUT, with the
   reason but not the place, when it is nothing. */
fm_status fm_reading_meanings(const fm_reading *reading, const fm_read_options *options,
                              fm_meaning meanings[FM_MEANINGS_MAX], size_t *count, fm_error *error);

/* The scheme that reading is under a meaning of it, over a ring, or, when that is NULL, over the
   file's, else the smallest of zt, z, q that has the coefficients. Over zp integers and fractions
   stand for their residues: published schemes have -1 modulo 2 and 3. The tensor is shared with
   those of schemes where they have it: a file of many schemes takes no more memory than they do.
   FM_BAD_INPUT, with the reason but not the place, when the ring does not have a coefficient. */
fm_status fm_reading_to_scheme(const fm_reading *reading, const fm_meaning *meaning,
                               const fm_ring *ring, const fm_scheme_list *schemes, fm_scheme **out,
                               fm_error *error);

/* Room for the entries of the tensors of one file's schemes: a format is a few bytes of a file, and
   64x64x64 has 2^18 entries, 24 bytes each. */
enum { FM_TENSORS_ROOM = 1 << 24 };

/* Takes the entries of a scheme's tensor, unless it is shared, out of *room. FM_BAD_INPUT, with the
   reason but not the place, when they do not fit. */
fm_status fm_reading_charge(const fm_scheme *scheme, size_t *room, fm_error *error);

/* FM_BAD_INPUT when schemes of the list are only for verify/border. */
fm_status fm_reading_list_check(const fm_reading_list *list, fm_error *error);

/* "FILE: ", "FILE:LINE: " or "FILE: scheme 3: ", then the reason; returns FM_BAD_INPUT. */
fm_status fm_reading_refuse(const fm_reading_list *list, const fm_reading *reading, fm_error *error,
                            const char *format, ...) __attribute__((format(printf, 4, 5)));

#endif
