/* Benchmark of verification: how long it takes to read scheme files and to check what is in them. */
#ifndef FM_BENCH_VERIFY_H
#define FM_BENCH_VERIFY_H

#include "fewmul.h"

/* A file, or a scheme in memory, which is written as the native kind and read from that. */
typedef struct fm_verify_item {
    char *name; /* the path of a file */
    char *text; /* what a file would have; NULL: it is one */
    size_t length;
} fm_verify_item;

typedef struct fm_verify_options {
    const fm_verify_item *items;
    size_t count;
    unsigned threads; /* 0: all */
    unsigned rounds;  /* all items once a round, as 'fewmul verify' takes many files */
    const volatile int *stop;
} fm_verify_options;

/* Of one item. The times are the medians of the rounds. */
typedef struct fm_verify_measure {
    double read_seconds;  /* reading and, where the file leaves something open, inferring it */
    double check_seconds; /* finding the smallest ring in which it holds */
    uint32_t schemes, valid;
    char format[40]; /* of the first scheme */
    uint32_t rank;
    fm_ring ring;
} fm_verify_measure;

/* Fills in measures, one for each item, and the median time of a round. The error of an item that
   cannot be read, or FM_INTERRUPTED when *stop becomes nonzero. */
fm_status fm_bench_verify(const fm_verify_options *options, fm_verify_measure *measures,
                          double *seconds, fm_error *error);

/* A derived scheme as an item: the lowest rank for a format that schemes over zt, z and q lead to
   (fm_scheme_derive). Freed with fm_verify_item_clear. */
fm_status fm_verify_item_derive(const unsigned format[3], const fm_scheme *const *from,
                                size_t from_count, fm_verify_item *item, fm_error *error);
void fm_verify_item_clear(fm_verify_item *item);

#endif
