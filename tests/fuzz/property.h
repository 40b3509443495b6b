/* What the fuzz targets share. */
#ifndef FM_TESTS_FUZZ_PROPERTY_H
#define FM_TESTS_FUZZ_PROPERTY_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's entry point: 0 whatever the bytes are. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* Ends the program with a message, so that libFuzzer keeps the input, unless the property holds. */
#define require(property, ...)                                                                     \
    do {                                                                                           \
        if (!(property)) {                                                                         \
            fprintf(stderr, "%s:%d: not so: %s: ", __FILE__, __LINE__, #property);                 \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fputc('\n', stderr);                                                                   \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
