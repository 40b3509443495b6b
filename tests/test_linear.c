/* Sparse linear systems modulo p: solutions solve, ranks are FLINT's, what has no solution is not
   solved. */
#include "support.h"

#include "linear.h"
#include "memory.h"
#include "random.h"

#include <flint/nmod_mat.h>
#include <stdlib.h>

static const ulong primes[] = {2, 3, 101, UINT64_C(2305843009213693951)};
enum { PRIME_COUNT = sizeof primes / sizeof primes[0] };

/* About density of 100 of the entries not 0; every third unknown is the sum of the two before it,
   so that ranks are not full. Also as a dense matrix, a row an unknown. */
static void random_matrix(fm_random *random, unsigned density, fm_linear *linear, nmod_mat_t dense)
{
    ulong p = dense->mod.n;
    size_t unknowns = (size_t)dense->r, equations = (size_t)dense->c;
    for (size_t x = 0; x < unknowns; x++) {
        for (size_t e = 0; e < equations; e++) {
            ulong *entry = &nmod_mat_entry(dense, x, e);
            if (x % 3 == 2)
                *entry = nmod_add(nmod_mat_entry(dense, x - 1, e), nmod_mat_entry(dense, x - 2, e),
                                  dense->mod);
            else if (fm_random_below(random, 100) < density)
                *entry = fm_random_next(random) % p;
            if (*entry != 0)
                fm_linear_add(linear, x, e, *entry);
        }
    }
}

static void multiply(const nmod_mat_t dense, const ulong *x, ulong *product)
{
    for (slong e = 0; e < dense->c; e++) {
        product[e] = 0;
        for (slong u = 0; u < dense->r; u++)
            product[e] = nmod_addmul(product[e], x[u], nmod_mat_entry(dense, u, e), dense->mod);
    }
}

static bool solves(const nmod_mat_t dense, const ulong *x, const ulong *right)
{
    ulong *product = fm_alloc((size_t)dense->c, sizeof *product);
    multiply(dense, x, product);
    bool same = true;
    for (slong e = 0; e < dense->c; e++)
        same = same && product[e] == right[e];
    free(product);
    return same;
}

static void check_system(fm_random *random, const fm_linear *linear, const nmod_mat_t dense)
{
    ulong p = dense->mod.n;
    size_t unknowns = (size_t)dense->r, equations = (size_t)dense->c;
    ulong *x = fm_alloc(unknowns, sizeof *x);
    ulong *right = fm_alloc(equations, sizeof *right);
    size_t rank = (size_t)nmod_mat_rank(dense), bound = 0;
    assert_int_equal(fm_linear_rank(linear), rank);
    for (size_t u = 0; u < unknowns; u++) {
        x[u] = fm_random_next(random) % p;
        bound += !fm_linear_is_free(linear, u);
    }
    assert_int_equal(bound, rank);
    multiply(dense, x, right);
    assert_true(fm_linear_solve(linear, right, x));
    assert_true(solves(dense, x, right));
    for (size_t u = 0; u < unknowns; u++)
        assert_true(x[u] == 0 || !fm_linear_is_free(linear, u));
    if (rank + 32 < equations) { /* a random right side is one of p^-32 that is solvable */
        for (size_t e = 0; e < equations; e++)
            right[e] = fm_random_next(random) % p;
        assert_false(fm_linear_solve(linear, right, x));
    }
    free(x);
    free(right);
}

static void test_random_systems(void **state)
{
    static const size_t shapes[][2] = {{1, 1},    {5, 3},     {30, 64},  {70, 65},
                                       {65, 300}, {150, 700}, {300, 90}, {200, 2000}};
    (void)state;
    fm_random random;
    fm_random_seed(&random, 1, 0);
    for (int i = 0; i < PRIME_COUNT; i++)
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            for (unsigned density = 2; density <= 50; density *= 5) {
                nmod_mat_t dense;
                fm_linear *linear = fm_linear_new(shapes[s][0], shapes[s][1], primes[i]);
                nmod_mat_init(dense, (slong)shapes[s][0], (slong)shapes[s][1], primes[i]);
                random_matrix(&random, density, linear, dense);
                fm_linear_factor(linear);
                check_system(&random, linear, dense);
                fm_linear_free(linear);
                nmod_mat_clear(dense);
            }
}

static void test_no_unknowns(void **state)
{
    (void)state;
    for (int i = 0; i < PRIME_COUNT; i++) {
        ulong right[2] = {0, 0}, x[1];
        fm_linear *linear = fm_linear_new(0, 2, primes[i]);
        fm_linear_factor(linear);
        assert_int_equal(fm_linear_rank(linear), 0);
        assert_true(fm_linear_solve(linear, right, x));
        fm_linear_free(linear);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_random_systems),
        cmocka_unit_test(test_no_unknowns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
