/* A program that knows only the BLAS: products by dgemm_, sgemm_ and cblas_dgemm against triple loops on
   small integers, which are exact, and ddot_, which no part of fewmul has. Prints "right" or what is
   wrong. With the argument "wrong" it passes a wrong leading dimension. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void dgemm_(const char *, const char *, const int *, const int *, const int *, const double *,
            const double *, const int *, const double *, const int *, const double *, double *,
            const int *);
void sgemm_(const char *, const char *, const int *, const int *, const int *, const float *,
            const float *, const int *, const float *, const int *, const float *, float *,
            const int *);
void cblas_dgemm(int, int, int, int, int, int, double, const double *, int, const double *, int,
                 double, double *, int);
double ddot_(const int *, const double *, const int *, const double *, const int *);

enum { M = 210, N = 230, K = 250, LD = 260 };

static double a[LD * LD], b[LD * LD], c[LD * LD];
static float fa[LD * LD], fb[LD * LD], fc[LD * LD];

static void fill(void)
{
    for (int i = 0; i < LD * LD; i++) {
        fa[i] = (float)(a[i] = rand() % 9 - 4);
        fb[i] = (float)(b[i] = rand() % 9 - 4);
        fc[i] = (float)(c[i] = i % 5);
    }
}

/* Entry i, j of C = 2 op(A) op(B) - C, by columns. */
static double expected(int i, int j, int k, int transposed)
{
    double sum = 0;
    for (int p = 0; p < k; p++)
        sum += (transposed ? a[p + i * LD] : a[i + p * LD]) * b[p + j * LD];
    return 2 * sum - (i + j * LD) % 5;
}

static void check(const char *what, int m, int n, int k, int transposed, int single)
{
    for (int i = 0; i < m; i++)
        for (int j = 0; j < n; j++) {
            int at = i + j * LD;
            double value = single ? fc[at] : c[at];
            if (value != expected(i, j, k, transposed)) {
                printf("%s: %d, %d is %g, should be %g\n", what, i, j, value,
                       expected(i, j, k, transposed));
                exit(1);
            }
        }
}

int main(int argc, char **argv)
{
    const int m = M, n = N, k = K, ld = LD, one = 1, small = 7, three = 3;
    const int wrong = argc > 1 && strcmp(argv[1], "wrong") == 0 ? 5 : LD;
    const double alpha = 2, beta = -1;
    const float falpha = 2, fbeta = -1;
    fill();
    dgemm_("N", "N", &m, &n, &k, &alpha, a, &wrong, b, &ld, &beta, c, &ld);
    check("dgemm_ N N", m, n, k, 0, 0);
    fill();
    dgemm_("t", "n", &m, &n, &k, &alpha, a, &ld, b, &ld, &beta, c, &ld);
    check("dgemm_ T N", m, n, k, 1, 0);
    fill();
    dgemm_("N", "N", &small, &three, &k, &alpha, a, &ld, b, &ld, &beta, c, &ld);
    check("dgemm_, small", small, three, k, 0, 0);
    fill();
    sgemm_("C", "N", &m, &n, &k, &falpha, fa, &ld, fb, &ld, &fbeta, fc, &ld);
    check("sgemm_ C N", m, n, k, 1, 1);
    fill();
    cblas_dgemm(102, 111, 111, m, n, k, alpha, a, ld, b, ld, beta, c, ld);
    check("cblas_dgemm, columns", m, n, k, 0, 0);
    fill(); /* by rows, C' = B' A' */
    cblas_dgemm(101, 111, 111, n, m, k, alpha, b, ld, a, ld, beta, c, ld);
    check("cblas_dgemm, rows", m, n, k, 0, 0);
    double dot = ddot_(&k, a, &one, b, &one), sum = 0;
    for (int p = 0; p < k; p++)
        sum += a[p] * b[p];
    puts(dot == sum ? "right" : "ddot_ is wrong");
    return dot == sum ? 0 : 1;
}
