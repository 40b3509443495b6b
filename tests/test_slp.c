/* Straight-line programs and schedules: they compute exactly what they were made from, with no more
   additions. */
#include "dense.h"
#include "schedule.h"
#include "slp.h"
#include "support.h"

#include <stdlib.h>

static void push_row(fm_factors *factors, const long *row)
{
    for (uint32_t e = 0; e < factors->extent; e++)
        fm_factors_push_si(factors, e, row[e]);
    fm_factors_end_row(factors);
}

static uint64_t naive_additions(const fm_factors *factors)
{
    uint64_t additions = 0;
    for (uint32_t r = 0; r < factors->rank; r++) {
        size_t terms = factors->start[r + 1] - factors->start[r];
        additions += terms > 0 ? terms - 1 : 0;
    }
    return additions;
}

static void assert_uses(const fm_slp *slp)
{
    for (uint32_t t = 0; t < slp->temps.rank; t++) {
        uint32_t uses = 0;
        for (size_t e = 0; e < slp->temps.count; e++)
            uses += slp->temps.index[e] == slp->inputs + t;
        for (size_t e = 0; e < slp->outputs.count; e++)
            uses += slp->outputs.index[e] == slp->inputs + t;
        assert_true(uses >= 2);
    }
}

static void random_factors(fm_factors *factors, fm_random *random, uint32_t rank, uint32_t extent,
                           uint32_t size)
{
    fmpq_t value;
    fmpq_init(value);
    fm_factors_init(factors, extent);
    for (uint32_t r = 0; r < rank; r++) {
        for (uint32_t e = 0; e < extent; e++) {
            fmpq_set_si(value, (long)fm_random_below(random, 2 * size + 1) - (long)size,
                        1 + fm_random_below(random, size));
            if (fm_random_below(random, 2) == 0)
                fm_factors_push(factors, e, value);
        }
        fm_factors_end_row(factors);
    }
    fmpq_clear(value);
}

static void random_matrices_are_computed_exactly(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 7, 0);
    for (int i = 0; i < 200; i++) {
        fm_factors factors;
        fm_slp slp;
        random_factors(&factors, &random, fm_random_below(&random, 12),
                       1 + fm_random_below(&random, 10), 1 + fm_random_below(&random, 3));
        fm_slp_build(&factors, &slp);
        assert_true(fm_slp_computes(&slp, &factors));
        assert_true(fm_slp_additions(&slp) <= naive_additions(&factors));
        assert_uses(&slp);
        fm_slp_clear(&slp);
        fm_factors_clear(&factors);
    }
}

static void a_wrong_program_is_seen(void **state)
{
    (void)state;
    static const long rows[][4] = {{1, 1, 1, 0}, {1, 1, 0, 1}, {0, 0, 0, 0}};
    fm_factors factors;
    fm_slp slp;
    fm_factors_init(&factors, 4);
    for (int r = 0; r < 3; r++)
        push_row(&factors, rows[r]);
    fm_slp_build(&factors, &slp);
    assert_int_equal(slp.temps.rank, 1);
    assert_true(fm_slp_computes(&slp, &factors));
    fmpq_set_si(&slp.temps.value[1], -1, 1);
    assert_false(fm_slp_computes(&slp, &factors));
    fmpq_set_si(&slp.temps.value[1], 1, 1);
    fmpq_set_si(&slp.outputs.value[0], 1, 2);
    assert_false(fm_slp_computes(&slp, &factors));
    fm_slp_clear(&slp);
    fm_factors_clear(&factors);
}

/* x + y, 2 (x + y) + z, -(x + y) / 3 + z, and a row that is one temporary: with scalars, one sum. */
static void pairs_are_shared_up_to_scalars(void **state)
{
    (void)state;
    static const long rows[][3] = {{1, 1, 0}, {6, 6, 1}, {-3, -3, 1}, {-5, -5, 0}};
    fm_factors factors;
    fm_slp slp;
    fm_factors_init(&factors, 3);
    for (int r = 0; r < 4; r++)
        push_row(&factors, rows[r]);
    fm_slp_build(&factors, &slp);
    assert_true(fm_slp_computes(&slp, &factors));
    assert_int_equal(fm_slp_additions(&slp), 3);
    fm_slp_clear(&slp);
    fm_factors_clear(&factors);
}

/* Winograd's form of Strassen's scheme: 15 additions, 4 + 4 + 7, the fewest there can be in this
   form (R. L. Probert, On the additive complexity of matrix multiplication, SIAM J. Comput. 5,
   1976). */
static void winograds_form_has_15_additions(void **state)
{
    (void)state;
    static const long winograd[3][7][4] = {
        {{1, 0, 0, 0},
         {0, 1, 0, 0},
         {1, 1, -1, -1},
         {0, 0, 0, 1},
         {0, 0, 1, 1},
         {-1, 0, 1, 1},
         {1, 0, -1, 0}},
        {{1, 0, 0, 0},
         {0, 0, 1, 0},
         {0, 0, 0, 1},
         {1, -1, -1, 1},
         {-1, 1, 0, 0},
         {1, -1, 0, 1},
         {0, -1, 0, 1}},
        {{1, 1, 1, 1},
         {1, 0, 0, 0},
         {0, 1, 0, 0},
         {0, 0, -1, 0},
         {0, 1, 0, 1},
         {0, 1, 1, 1},
         {0, 0, 1, 1}},
    };
    fm_error error;
    fm_scheme *scheme;
    fm_factors factors[3];
    fm_schedule schedule;
    fm_verdict verdict;
    fm_tensor *tensor = test_matmul(2, 2, 2);
    for (int axis = 0; axis < 3; axis++) {
        fm_factors_init(&factors[axis], 4);
        for (int r = 0; r < 7; r++)
            push_row(&factors[axis], winograd[axis][r]);
    }
    assert_ok(fm_scheme_new(tensor, FM_RING_ZT_VALUE, factors, &scheme, &error), error);
    assert_ok(fm_verify(scheme, tensor, FM_RING_ZT_VALUE, &verdict, &error), error);
    fm_schedule_build(scheme, &schedule);
    assert_true(fm_schedule_computes(&schedule, scheme));
    assert_int_equal(fm_schedule_additions(&schedule), 15);
    fm_schedule_clear(&schedule);
    fm_scheme_free(scheme);
    fm_tensor_free(tensor);
}

static void assert_schedule(const fm_scheme *scheme)
{
    fm_schedule schedule;
    fm_schedule_build(scheme, &schedule);
    assert_true(fm_schedule_computes(&schedule, scheme));
    assert_true(fm_schedule_additions(&schedule) <= fm_scheme_additions(scheme));
    for (size_t i = 0; i < schedule.count; i++) { /* every step matters */
        fm_step *step = &schedule.steps[i];
        for (uint32_t t = 0; step->kind != FM_STEP_MULTIPLY && t < step->term_count; t++) {
            fmpq_neg(&step->terms[t].coefficient, &step->terms[t].coefficient);
            assert_false(fm_schedule_computes(&schedule, scheme));
            fmpq_neg(&step->terms[t].coefficient, &step->terms[t].coefficient);
            if (step->kind == FM_STEP_SPREAD) {
                step->terms[t].first = !step->terms[t].first;
                assert_false(fm_schedule_computes(&schedule, scheme));
                step->terms[t].first = !step->terms[t].first;
            }
        }
    }
    fm_schedule_clear(&schedule);
}

static void standard_schemes_need_no_workspace(void **state)
{
    (void)state;
    static const unsigned formats[][3] = {{1, 1, 1}, {1, 2, 3}, {3, 3, 3}, {5, 2, 4}};
    for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++) {
        fm_error error;
        fm_scheme *scheme;
        fm_schedule schedule;
        fm_tensor *tensor = test_matmul(formats[f][0], formats[f][1], formats[f][2]);
        assert_ok(fm_scheme_standard(tensor, FM_RING_ZT_VALUE, &scheme, &error), error);
        fm_schedule_build(scheme, &schedule);
        assert_true(fm_schedule_computes(&schedule, scheme));
        for (int kind = 0; kind < 3; kind++)
            assert_int_equal(schedule.slots[kind], 0);
        fm_schedule_clear(&schedule);
        fm_scheme_free(scheme);
        fm_tensor_free(tensor);
    }
}

/* Strassen's scheme in other bases, split and scaled: many and odd coefficients, sums that coincide,
   zero products. */
static void schedules_of_changed_schemes_are_exact(void **state)
{
    (void)state;
    static const uint32_t format[3] = {2, 2, 2};
    fm_random random;
    fm_random_seed(&random, 11, 0);
    fm_scheme *strassen = test_strassen(FM_RING_ZT_VALUE);
    for (int i = 0; i < 20; i++) {
        dense d;
        fmpq_t scale;
        dense_from_scheme(&d, strassen, 12);
        fmpq_init(scale);
        for (int change = 0; change < i % 5; change++)
            dense_change_basis(&d, format, &random, 1 + (long)fm_random_below(&random, 3));
        for (int split = 0; split < i % 4; split++)
            dense_split(&d, &random);
        fmpq_set_si(scale, 1 + (long)fm_random_below(&random, 5), 3);
        dense_scale(&d, fm_random_below(&random, d.rank), scale);
        for (uint32_t e = 0; i % 3 == 0 && e < 4; e++) { /* a product that is zero */
            d.rank += e == 0;
            fmpq_zero(dense_at(&d, 0, d.rank - 1, e));
            fmpq_one(dense_at(&d, 1, d.rank - 1, e));
            fmpq_one(dense_at(&d, 2, d.rank - 1, e));
        }
        fm_scheme *scheme = dense_to_scheme(&d, strassen->tensor, FM_RING_Q_VALUE);
        assert_schedule(scheme);
        fm_scheme_free(scheme);
        fmpq_clear(scale);
        dense_clear(&d);
    }
    fm_scheme_free(strassen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_matrices_are_computed_exactly),
        cmocka_unit_test(a_wrong_program_is_seen),
        cmocka_unit_test(pairs_are_shared_up_to_scalars),
        cmocka_unit_test(winograds_form_has_15_additions),
        cmocka_unit_test(standard_schemes_need_no_workspace),
        cmocka_unit_test(schedules_of_changed_schemes_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
