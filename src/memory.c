#include "memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(size_t count, size_t size)
{
    fprintf(stderr, "fewmul: out of memory (%zu elements of %zu bytes)\n", count, size);
    abort();
}

static size_t total(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > PTRDIFF_MAX - 64)
        out_of_memory(count, size);
    return bytes > 0 ? bytes : 1;
}

void *fm_alloc(size_t count, size_t size)
{
    return fm_realloc(NULL, count, size);
}

void *fm_alloc_zero(size_t count, size_t size)
{
    void *pointer = calloc(1, total(count, size));
    if (pointer == NULL)
        out_of_memory(count, size);
    return pointer;
}

void *fm_realloc(void *pointer, size_t count, size_t size)
{
    pointer = realloc(pointer, total(count, size));
    if (pointer == NULL)
        out_of_memory(count, size);
    return pointer;
}

void *fm_alloc_aligned(size_t count, size_t size)
{
    size_t bytes = (total(count, size) + 63) / 64 * 64;
    void *pointer = aligned_alloc(64, bytes);
    if (pointer == NULL)
        out_of_memory(count, size);
    memset(pointer, 0, bytes);
    return pointer;
}

char *fm_strdup(const char *text)
{
    return fm_strndup(text, strlen(text));
}

char *fm_strndup(const char *text, size_t length)
{
    char *copy = fm_alloc(length + 1, 1);
    if (length > 0)
        memcpy(copy, text, length);
    copy[length] = '\0';
    return copy;
}

char *fm_format(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        out_of_memory(1, strlen(format));
    va_end(arguments);
    return text;
}

void *fm_grow(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    *capacity = *capacity > 0 ? 2 * *capacity : 16;
    return fm_realloc(array, *capacity, size);
}
