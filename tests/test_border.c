/* Schemes with polynomials in a parameter and with complex coefficients: how they are written, that
   the right ones hold, and that a changed sign is found. */
#include "support.h"

#include "border.h"
#include "random.h"
#include "scheme_file.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- coefficients */

/* What a coefficient is, written out; "none" for what is refused. The caller frees it. */
static char *rewrite(const char *text)
{
    fm_laurents *list = fm_laurents_new();
    fmpq_t number;
    fmpq_init(number);
    char *out = fm_laurents_parse(list, text, number)
                    ? fm_laurent_text(fm_laurents_at(list, number), 10000, list->parameter)
                    : strdup("none");
    fmpq_clear(number);
    fm_laurents_free(list);
    return out;
}

static void spellings_of_coefficients(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"0", "0"},
        {"-1", "-1"},
        {"6/4", "3/2"},
        {"x", "x"},
        {"-x", "-x"},
        {"xi", "x^-1"},
        {"-x2i", "-x^-2"},
        {"x2", "x^2"},
        {"eps", "eps"},
        {"2*eps^2/4", "1/2*eps^2"},
        {"x^-1", "x^-1"},
        {"x^(-2)", "x^-2"},
        {"x**3", "x^3"},
        {"1/x", "x^-1"},
        {"(1+-x3)", "1 - x^3"},
        {"e+-2e4", "e - 2*e^4"},
        {"-(x-1)*(x+1)", "1 - x^2"},
        {"(x+1)^3-x^3", "1 + 3*x + 3*x^2"},
        {"x-x", "0"},
        {"I", "i"},
        {"-i", "-i"},
        {"2j", "2*i"},
        {"1/2+I/2", "(1/2 + 1/2*i)"},
        {"1/2-1/2*I", "(1/2 - 1/2*i)"},
        {"(1+I)^2", "2*i"},
        {"(1+I)/(1-I)", "i"},
        {"I*x-x^2", "i*x - x^2"},
        {"1/(2*I*x)", "-1/2*i*x^-1"},
        {"lambda", "lambda"},
        {"", "none"},
        {"x*y", "none"},
        {"1/(1+x)", "none"},
        {"1/0", "none"},
        {"1/(x-x)", "none"},
        {"0^-1", "none"},
        {"x^", "none"},
        {"x^99999", "none"},
        {"x^5000", "none"},
        {"(x+1)^4000", "none"},
        {"(x", "none"},
        {"x)", "none"},
        {"0.5", "1/2"},
        {"-0.5+.25j", "(-1/2 + 1/4*i)"},
        {"1.5.2", "none"},
        {"1.x", "x"},
        {"0x1", "none"},
        {"1e3", "none"},
        {"1e-3", "none"},
        {"x 1", "none"},
        {"x_1", "none"},
        {"nan", "none"},
        {"inf", "none"},
        {"averyveryverylongname", "none"},
        {"1+", "none"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        char *out = rewrite(cases[c][0]);
        if (strcmp(out, cases[c][1]) != 0)
            fail_msg("'%s' is '%s', not '%s'", cases[c][0], out, cases[c][1]);
        free(out);
    }
}

static void deep_parentheses_are_refused(void **state)
{
    (void)state;
    enum { DEPTH = 100000 };
    char *text = malloc(DEPTH + 1);
    memset(text, '(', DEPTH);
    text[DEPTH] = '\0';
    char *out = rewrite(text);
    assert_string_equal(out, "none");
    free(out);
    free(text);
}

/* ---------------------------------------------------------------- verification */

/* Reads and verifies the only scheme of a text. */
static fm_status verify(const char *text, fm_border_verdict *verdict)
{
    fm_error error;
    fm_reading_list readings;
    fm_scheme_list list;
    fm_input input = {.text = text, .length = strlen(text), .name = "FILE"};
    assert_ok(fm_readings_parse(&input, &readings, &error), error);
    assert_non_null(readings.laurents);
    assert_ok(fm_border_infer(&readings, NULL, &list, &error), error);
    assert_int_equal(list.count, 1);
    fm_status status;
    fm_verdict rational = {0};
    if (list.schemes[0]->laurents != NULL) {
        status = fm_border_verify(list.schemes[0], readings.laurents, verdict);
    } else { /* I*I */
        status =
            fm_verify(list.schemes[0], list.schemes[0]->tensor, FM_RING_Q_VALUE, &rational, &error);
        *verdict = (fm_border_verdict){.valid = rational.valid, .is_exact = rational.valid};
        fm_verdict_clear(&rational);
    }
    fm_scheme_list_free(&list);
    fm_reading_list_free(&readings);
    return status;
}

static void orders_and_errors(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid, is_exact;
        long order, low, high;
    } cases[] = {
        {"(a11+x*a11)*b11*c11\n", true, false, 0, 1, 1},
        {"(x^3*a11+x^5*a11)*b11*c11\n", true, false, 3, 2, 2},
        {"(1+x)*a11*b11*c11/x\n-a11*b11*c11/x\n", true, true, 0, 0, 0},
        {"(1+x^2)*a11*b11*c11/x\n-a11*b11*c11/x\n", true, true, 1, 0, 0},
        {"(1+x-x^4)*a11*b11*c11/x^2\n-a11*b11*c11/x^2\n", true, false, -1, 3, 3},
        {"2*x*a11*b11*c11\n", false, false, 1, 0, 0},
        {"(I+x)*a11*(-I*b11)*c11\n", true, false, 0, 1, 1},
        {"I*a11*I*b11*c11\n", false, false, 0, 0, 0},
        {"I*a11*(-I)*b11*c11\n", true, true, 0, 0, 0},
        {"m1 = (a11 + eps*a11) * b11\nc11 = 1/eps*m1 - m1 + eps*m1\n", true, false, -1, 3, 3},
        {"{{{{1 + I}}, {{1/2 -\n I/2}}, {{1}}}}", true, true, 0, 0, 0},
        {"TriadSet([Triad([Matrix(1, 1, [[1+I]]), Matrix(1, 1, [[1/2-1/2*I]]), Matrix(1, 1, "
         "[[1]])])])",
         true, true, 0, 0, 0},
        {"1 1 1 1\nI\n-I\n1\n", true, true, 0, 0, 0},
        {"{\"n\": [1, 1, 1], \"m\": 1, \"u\": [[\"1+I\"]], \"v\": [[\"1/2-I/2\"]], \"w\": [[1]]}",
         true, true, 0, 0, 0},
        {"x 1\n#\n1 x\n#\nxi 2x\n", true, false, 0, 2, 2},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        fm_border_verdict verdict;
        fm_status status = verify(cases[c].text, &verdict);
        if ((status == FM_OK) != cases[c].valid || verdict.valid != cases[c].valid ||
            verdict.is_exact != cases[c].is_exact || verdict.order != cases[c].order ||
            (verdict.valid &&
             (verdict.error_low != cases[c].low || verdict.error_high != cases[c].high)))
            fail_msg("%s: valid %d, exact %d, order %ld, error %ld to %ld", cases[c].text,
                     verdict.valid, verdict.is_exact, verdict.order, verdict.error_low,
                     verdict.error_high);
        fm_border_verdict_clear(&verdict);
    }
}

/* The standard scheme of 2x2x2, each product scaled by powers of x that cancel, with something of
   higher order in one factor; -1 for the product whose sign is flipped. */
static void write_standard(FILE *file, fm_random *random, int flipped)
{
    for (int r = 0; r < 8; r++) {
        int i = r >> 2 & 1, j = r >> 1 & 1, k = r & 1;
        int a = (int)fm_random_below(random, 5), b = (int)fm_random_below(random, 5);
        fprintf(file, "%s(x^%d*a%d%d + x^%d*a%d%d) * (b%d%d*x^%d) * c%d%d/x^%d\n",
                r == flipped ? "-" : "", a, i + 1, j + 1, a + 1 + (int)fm_random_below(random, 3),
                2 - i, 2 - j, j + 1, k + 1, b, k + 1, i + 1, a + b);
    }
}

static void flipped_signs_are_found(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 1, 0);
    for (int flipped = -1; flipped < 8; flipped++) {
        char *text;
        size_t size;
        fm_border_verdict verdict;
        FILE *file = open_memstream(&text, &size);
        write_standard(file, &random, flipped);
        fclose(file);
        assert_int_equal(verify(text, &verdict), flipped < 0 ? FM_OK : FM_NO);
        if (flipped < 0) {
            assert_true(!verdict.is_exact && verdict.order == 0 && verdict.error_low >= 1);
        } else {
            assert_string_equal(verdict.expected, "1");
            assert_string_equal(verdict.actual, "-1");
        }
        fm_border_verdict_clear(&verdict);
        free(text);
    }
}

/* Of the published scheme of Bini, Capovani, Lotti and Romani each sign counts. */
static void published_schemes(void **state)
{
    (void)state;
    static const char path[] =
        FEWMUL_SOURCE_DIR "/../shared/corpus/coefficients/bini322-10-52-approx";
    fm_error error;
    fm_reading_list readings;
    fm_scheme_list list;
    fm_border_verdict verdict;
    FILE *file = fopen(path, "r");
    if (file == NULL)
        skip();
    fclose(file);
    assert_ok(fm_readings_read(path, NULL, &readings, &error), error);
    assert_ok(fm_border_infer(&readings, NULL, &list, &error), error);
    const fm_scheme *scheme = list.schemes[0];
    assert_string_equal(fm_tensor_name(scheme->tensor), "3x2x2");
    assert_int_equal(fm_border_verify(scheme, readings.laurents, &verdict), FM_OK);
    assert_true(!verdict.is_exact && verdict.order == 0);
    assert_true(verdict.error_low == 1 && verdict.error_high == 2);
    for (size_t e = 0; e < scheme->factors[2].count; e++) {
        fmpq *value = &scheme->factors[2].value[e];
        assert_true(fm_laurents_neg(readings.laurents, value, value));
        assert_int_equal(fm_border_verify(scheme, readings.laurents, &verdict), FM_NO);
        fm_border_verdict_clear(&verdict);
        assert_true(fm_laurents_neg(readings.laurents, value, value));
    }
    fm_scheme_list_free(&list);
    fm_reading_list_free(&readings);
}

static void rings_that_have_them(void **state)
{
    (void)state;
    fm_error error;
    fm_reading_list readings;
    fm_scheme_list list;
    static const char text[] = "# ring f2\n(1+x)*a11*b11*c11\n";
    fm_input input = {.text = text, .length = strlen(text), .name = "FILE"};
    assert_ok(fm_readings_parse(&input, &readings, &error), error);
    assert_int_equal(fm_border_infer(&readings, NULL, &list, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "are not in f2"));
    assert_int_equal(list.count, 0);
    fm_reading_list_free(&readings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(spellings_of_coefficients), cmocka_unit_test(deep_parentheses_are_refused),
        cmocka_unit_test(orders_and_errors),         cmocka_unit_test(flipped_signs_are_found),
        cmocka_unit_test(published_schemes),         cmocka_unit_test(rings_that_have_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
