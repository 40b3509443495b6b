/* The linear systems of a lift, where one factor matrix is eliminated beforehand and where not: their
   solutions solve the linearized equations, and what has a solution is solved. */
#include "support.h"

#include "dense.h"
#include "lift_system.h"
#include "memory.h"

#include <flint/nmod_mat.h>
#include <flint/nmod_vec.h>
#include <stdlib.h>
#include <string.h>

typedef struct point {
    fm_lift_point at;
    ulong *x;
    size_t equations;
} point;

/* A scheme of a format in a random basis, some products split in two, so that there are several with the
   same two factors, modulo p. */
static point random_point(const unsigned format[3], ulong p, fm_random *random)
{
    fm_error error;
    fm_tensor *tensor;
    fm_scheme *standard;
    dense d;
    point at = {{.p = p}, NULL, 1};
    assert_ok(fm_tensor_matmul(format[0], format[1], format[2], &tensor, &error), error);
    assert_ok(fm_scheme_standard(tensor, test_ring("q"), &standard, &error), error);
    dense_from_scheme(&d, standard, standard->rank + 3);
    for (int move = 0; move < 6; move++)
        dense_change_basis(&d, format, random, 1);
    for (int move = 0; move < 3; move++)
        dense_split(&d, random);
    at.at.tensor = tensor;
    at.at.rank = d.rank;
    for (int axis = 0; axis < 3; axis++) {
        at.at.offset[axis + 1] = at.at.offset[axis] + (size_t)d.rank * d.extent[axis];
        at.equations *= d.extent[axis];
    }
    at.x = fm_alloc(at.at.offset[3], sizeof *at.x);
    for (int axis = 0; axis < 3; axis++)
        for (uint32_t r = 0; r < d.rank; r++)
            for (uint32_t e = 0; e < d.extent[axis]; e++)
                at.x[at.at.offset[axis] + r * d.extent[axis] + e] =
                    fmpz_fdiv_ui(fmpq_numref(dense_at(&d, axis, r, e)), p);
    at.at.x = at.x;
    fm_scheme_free(standard);
    dense_clear(&d);
    return at;
}

static void free_point(point *at)
{
    fm_tensor_free((fm_tensor *)at->at.tensor);
    free(at->x);
}

/* The derivative of what the products add up to, in the direction of change. */
static void derive(const point *at, const ulong *change, ulong *derivative)
{
    nmod_t modulus;
    const uint32_t *extent = at->at.tensor->extent;
    nmod_init(&modulus, at->at.p);
    _nmod_vec_zero(derivative, (slong)at->equations);
    for (uint32_t r = 0; r < at->at.rank; r++)
        for (size_t e = 0; e < at->equations; e++) {
            size_t index[3] = {e / extent[2] / extent[1], e / extent[2] % extent[1], e % extent[2]};
            for (int axis = 0; axis < 3; axis++) {
                ulong product = 1;
                for (int other = 0; other < 3; other++) {
                    size_t place = at->at.offset[other] + (size_t)r * extent[other] + index[other];
                    product =
                        nmod_mul(product, other == axis ? change[place] : at->x[place], modulus);
                }
                derivative[e] = nmod_add(derivative[e], product, modulus);
            }
        }
}

/* Makes a right side by a random change of some coefficients, and looks for such a one. */
static void check_solvable(const point *at, const fm_lift_system *system, bool all,
                           fm_random *random)
{
    ulong *change = fm_alloc_zero(at->at.offset[3], sizeof *change);
    ulong *right = fm_alloc(at->equations, sizeof *right);
    ulong *made = fm_alloc(at->equations, sizeof *made);
    for (size_t place = 0; place < at->at.offset[3]; place++)
        if (all || at->x[place] != 0)
            change[place] = fm_random_next(random) % at->at.p;
    derive(at, change, right);
    assert_true(fm_lift_system_solve(system, right, change));
    derive(at, change, made);
    assert_memory_equal(made, right, at->equations * sizeof *made);
    for (size_t place = 0; place < at->at.offset[3]; place++) {
        assert_true(change[place] == 0 || !fm_lift_system_is_free(system, place));
        assert_true(all || change[place] == 0 || at->x[place] != 0);
    }
    free(change);
    free(right);
    free(made);
}

/* Whatever is said to solve a random right side must solve it; a change in one equation that is not
   solvable must be seen. */
static unsigned check_others(const point *at, const fm_lift_system *system, fm_random *random)
{
    unsigned refused = 0;
    ulong *change = fm_alloc(at->at.offset[3], sizeof *change);
    ulong *right = fm_alloc_zero(at->equations, sizeof *right);
    ulong *made = fm_alloc(at->equations, sizeof *made);
    for (int i = 0; i < 20; i++) {
        size_t e = fm_random_below(random, (uint32_t)at->equations);
        right[e] = 1;
        if (fm_lift_system_solve(system, right, change)) {
            derive(at, change, made);
            assert_memory_equal(made, right, at->equations * sizeof *made);
        } else {
            refused++;
        }
        right[e] = 0;
    }
    free(change);
    free(right);
    free(made);
    return refused;
}

static void solutions_solve_the_equations(void **state)
{
    static const unsigned formats[][3] = {{1, 1, 1}, {2, 2, 2}, {2, 3, 4}, {4, 2, 3}, {3, 4, 2}};
    static const ulong primes[] = {2, 3, 101};
    unsigned refused = 0;
    (void)state;
    fm_random random;
    fm_random_seed(&random, 3, 0);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        for (int p = 0; p < 3; p++)
            for (int shuffled = 0; shuffled < 2; shuffled++) {
                point at = random_point(formats[f], primes[p], &random);
                size_t zeros[] = {0, at.at.offset[3]};
                for (int z = 0; z < 2; z++) {
                    fm_lift_system *system =
                        fm_lift_system_new(&at.at, zeros[z], &random, shuffled == 1);
                    assert_non_null(system);
                    check_solvable(&at, system, z == 1, &random);
                    refused += check_others(&at, system, &random);
                    fm_lift_system_free(system);
                }
                free_point(&at);
            }
    assert_true(refused > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(solutions_solve_the_equations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
