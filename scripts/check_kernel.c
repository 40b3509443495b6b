/* Checks a generated f64 kernel against the classical product. Compiled with the kernel:

       cc -I. -DKERNEL=NAME -DHEADER='"NAME.h"' check_kernel.c NAME.c

   The matrices hold small integers, so a kernel whose scheme has integer coefficients must give the
   classical result to the last bit. */
#include HEADER

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state = 1;

static double small_integer(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX generator */
    return (double)(int)(state >> 61) - 4;
}

static double *random_matrix(size_t rows, size_t stride)
{
    double *matrix = malloc(rows * stride * sizeof *matrix);
    if (matrix == NULL) {
        fprintf(stderr, "check_kernel: out of memory\n");
        exit(2);
    }
    for (size_t i = 0; i < rows * stride; i++)
        matrix[i] = small_integer();
    return matrix;
}

static void classical(size_t m, size_t n, size_t k, double alpha, const double *a, size_t lda,
                      const double *b, size_t ldb, double beta, double *c, size_t ldc)
{
    for (size_t i = 0; i < m; i++) {
        for (size_t j = 0; j < n; j++)
            c[i * ldc + j] *= beta;
        for (size_t l = 0; l < k; l++)
            for (size_t j = 0; j < n; j++)
                c[i * ldc + j] += alpha * a[i * lda + l] * b[l * ldb + j];
    }
}

/* How many entries of C differ; what lies between the rows must not be touched either. */
static size_t differences(size_t m, size_t n, size_t k)
{
    size_t lda = k + 3, ldb = n + 1, ldc = n + 2, count = 0;
    double *a = random_matrix(m, lda), *b = random_matrix(k, ldb);
    double *expected = random_matrix(m, ldc), *actual = malloc(m * ldc * sizeof *actual);
    if (actual == NULL) {
        fprintf(stderr, "check_kernel: out of memory\n");
        exit(2);
    }
    for (size_t i = 0; i < m * ldc; i++)
        actual[i] = expected[i];
    classical(m, n, k, 2, a, lda, b, ldb, -1, expected, ldc);
    KERNEL(m, n, k, 2, a, lda, b, ldb, -1, actual, ldc);
    for (size_t i = 0; i < m * ldc; i++)
        count += actual[i] != expected[i];
    free(a);
    free(b);
    free(expected);
    free(actual);
    return count;
}

int main(void)
{
    static const size_t shapes[][3] = {
        {1, 1, 1},       {2, 2, 2},       {3, 3, 3},       {7, 5, 11},       {64, 64, 64},
        {100, 130, 170}, {255, 256, 257}, {512, 512, 512}, {1000, 600, 800}, {1027, 1025, 1031},
    };
    size_t count = sizeof shapes / sizeof *shapes, wrong = 0;
    for (size_t s = 0; s < count; s++) {
        size_t found = differences(shapes[s][0], shapes[s][1], shapes[s][2]);
        if (found > 0)
            printf("%zu x %zu by %zu x %zu: %zu entries differ\n", shapes[s][0], shapes[s][2],
                   shapes[s][2], shapes[s][1], found);
        wrong += found > 0;
    }
    if (wrong > 0) {
        printf("differs from the classical product in %zu of %zu shapes\n", wrong, count);
        return 1;
    }
    printf("equals the classical product, to the last bit, in %zu shapes\n", count);
    return 0;
}
