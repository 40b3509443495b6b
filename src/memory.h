/* Allocation that ends the process with a message when memory runs out, as GMP and FLINT do. */
#ifndef FM_MEMORY_H
#define FM_MEMORY_H

#include <stddef.h>

/* All sizes are counts of elements times the size of one; an overflow counts as out of memory.
   A count of 0 gives a pointer that can be freed. */
void *fm_alloc(size_t count, size_t size);
void *fm_alloc_zero(size_t count, size_t size);
void *fm_realloc(void *pointer, size_t count, size_t size);
/* Zeroed and aligned to a cache line (64 bytes); freed with free. */
void *fm_alloc_aligned(size_t count, size_t size);
char *fm_strdup(const char *text);
/* The first length bytes of text and a final zero. */
char *fm_strndup(const char *text, size_t length);
/* A formatted string, to be freed with free. */
char *fm_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Room for one more element in an array that doubles: returns the array, grown when count has
   reached *capacity. */
void *fm_grow(void *array, size_t count, size_t *capacity, size_t size);

#endif
