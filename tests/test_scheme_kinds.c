/* The kinds of scheme files: what is written in one reads back as the same scheme, in whatever
   spelling; what a file does not say is what holds; what is wrong is refused with its place. */
#include "support.h"

#include "dense.h"
#include "memory.h"
#include "scheme.h"

#include <stdlib.h>
#include <string.h>

static const fm_file_kind kinds[] = {
    FM_FILE_JSON,        FM_FILE_TEXT,  FM_FILE_EXP, FM_FILE_EQUATIONS,
    FM_FILE_MATHEMATICA, FM_FILE_MAPLE, FM_FILE_SMS, FM_FILE_COEFFICIENTS,
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static char *written(const fm_scheme *scheme, fm_file_kind kind, size_t *length)
{
    fm_error error;
    char *text;
    FILE *file = open_memstream(&text, length);
    assert_ok(fm_scheme_write(scheme, kind, file, &error), error);
    fclose(file);
    return text;
}

static fm_scheme *read_as(const char *text, size_t length, const fm_read_options *options)
{
    fm_error error;
    fm_scheme_list list;
    assert_ok(fm_scheme_parse_as(text, length, "test", options, &list, &error), error);
    assert_int_equal(list.count, 1);
    fm_scheme *scheme = list.schemes[0];
    free(list.schemes);
    return scheme;
}

static fm_scheme *read_one(const char *text)
{
    return read_as(text, strlen(text), NULL);
}

static void assert_same(const fm_scheme *a, const fm_scheme *b, const char *what)
{
    char x[FM_HASH_SIZE], y[FM_HASH_SIZE];
    fm_scheme_hash(a, x);
    fm_scheme_hash(b, y);
    if (strcmp(x, y) != 0)
        fail_msg("%s: another scheme", what);
}

static fm_status verified(const fm_scheme *scheme)
{
    fm_verdict verdict;
    fm_status status = fm_verify(scheme, scheme->tensor, scheme->ring, &verdict, NULL);
    fm_verdict_clear(&verdict);
    return status;
}

/* ---------------------------------------------------------------- round trips */

/* Any coefficients; a factor of 0 and entries of A, B and C that do not occur among them. */
static fm_scheme *random_scheme(const unsigned format[3], const char *ring, long size,
                                uint64_t seed)
{
    dense d;
    fm_random random;
    fmpq_t third;
    fm_tensor *tensor = test_matmul(format[0], format[1], format[2]);
    fm_random_seed(&random, seed, 0);
    dense_init(&d, tensor->extent, 6);
    d.rank = 6;
    dense_fill(&d, &random, size, seed % 2 == 0 ? 40 : 5);
    fmpq_init(third);
    fmpq_set_si(third, -5, 3);
    if (strcmp(ring, "q") == 0)
        dense_scale(&d, 4, third);
    fm_scheme *scheme = dense_to_scheme(&d, tensor, test_ring(ring));
    assert_non_null(scheme);
    fmpq_clear(third);
    dense_clear(&d);
    fm_tensor_free(tensor);
    return scheme;
}

static void what_is_written_reads_back_in_every_kind(void **state)
{
    (void)state;
    static const unsigned formats[][3] = {{2, 3, 4}, {1, 1, 1}, {3, 2, 11}, {2, 2, 2}, {1, 12, 1}};
    static const struct {
        const char *ring;
        long size;
    } rings[] = {{"f2", 1}, {"f3", 2}, {"zt", 1}, {"z", 5000}, {"q", 7}, {"f101", 100}};
    for (uint64_t seed = 0; seed < 6; seed++)
        for (size_t f = 0; f < sizeof formats / sizeof formats[0]; f++)
            for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++)
                for (int k = 0; k < KINDS; k++) {
                    size_t length;
                    fm_scheme *scheme =
                        random_scheme(formats[f], rings[r].ring, rings[r].size, seed);
                    char *text = written(scheme, kinds[k], &length);
                    fm_scheme *back = read_as(text, length, NULL);
                    assert_same(scheme, back, text);
                    assert_int_equal(fm_scheme_origin(back)->kind, kinds[k]);
                    fm_scheme_free(back);
                    fm_scheme_free(scheme);
                    free(text);
                }
}

static void kinds_have_names_that_are_understood(void **state)
{
    (void)state;
    for (int kind = 0; kind < FM_FILE_KIND_COUNT; kind++) {
        fm_file_kind parsed;
        assert_true(fm_file_kind_parse(fm_file_kind_name((fm_file_kind)kind), &parsed));
        assert_int_equal(parsed, kind);
    }
    fm_file_kind parsed;
    assert_false(fm_file_kind_parse("xml", &parsed));
}

static void a_latex_table_has_a_row_a_product(void **state)
{
    (void)state;
    size_t length;
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    char *text = written(strassen, FM_FILE_LATEX, &length);
    assert_non_null(strstr(text, "\n1 & $a_{1,1} + a_{2,2}$ & $b_{1,1} + b_{2,2}$ & $c_{1,1} + "
                                 "c_{2,2}$ \\\\\n"));
    assert_non_null(strstr(text, "\n7 & "));
    assert_null(strstr(text, "\n8 & "));
    free(text);
    fm_scheme_free(strassen);
}

/* ---------------------------------------------------------------- spellings */

static void the_spellings_of_expressions_mean_the_same(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        /* as is */
        "(a11+a22)*(b11+b22)*(c11+c22)\n(a21+a22)*(b11)*(c12-c22)\na11*(b12-b22)*(c21+c22)\n"
        "a22*(-b11+b21)*(c11+c12)\n(a11+a12)*b22*(-c11+c21)\n(-a11+a21)*(b11+b12)*c22\n"
        "(a12-a22)*(b21+b22)*c11\n",
        /* blanks between factors, blank lines, CRLF, no end of the last line */
        "\r\n(a11 + a22) (b11 + b22) (c11 + c22)\r\n\r\n(a21 + a22) (b11) (c12 - c22)\r\n"
        "(a11) (b12 - b22) (c21 + c22)\r\n(a22) (-b11 + b21) (c11 + c12)\r\n"
        "(a11 + a12) b22 (-c11 + c21)\r\n(-a11 + a21) (b11 + b12) c22\r\n"
        "(a12 - a22) (b21 + b22) c11",
        /* nothing between factors, signs before groups, products in parentheses, a division */
        "(a11+a22)(b11+b22)(c11+c22)\n-(a21+a22)b11(-c12+c22)\n-(a11(-b12+b22)(c21+c22))\n"
        "((a22)(-b11+b21)(c11+c12))\n(2*a11+2*a12)(3*b22)(-c11+c21)/6\n"
        "1/3(-3*a11+3a21)(b11+b12)c22\n(a12/2-a22/2)*2(b21+b22)*c11\n",
        /* upper case, other names, a sum of products over lines, comments, any order of factors */
        "# Strassen\n(A1,1+A2,2)*(B1,1+B2,2)*(C1,1+C2,2) +\n"
        "(B_1_1)*(A_2_1+A_2_2)*(C_1_2-C_2_2) # the second\n"
        "+ a[1,1]*(b[1][2]-b[2,2])*(c[2,1]+c[2,2])\n+ a_{2,2}*(-b_{1,1}+b_{2,1})*(c_{1,1}+c_{1,2})"
        "\n- (a(1,1)+a(1,2))*b22*(c11-c21);\n(a21-a11)*((b11)+b12)*+c22\n"
        "(c11)*(a12-(a22))*--(b21+b22)\n",
        /* terms that are given twice, or cancel */
        "(a11+a22+a12-a12)*(b11+b22)*(c11+c22)\n(a21+a22)*(b11)*(c12-c22)\n"
        "a11*(b12-2*b22+b22)*(c21+c22)\na22*(-b11+b21)*(c11+c12)\n(a11+a12)*b22*(-c11+c21)\n"
        "(-a11+a21)*(b11+b12)*c22\n(a12-a22)*(b21+b22)*c11\n",
    };
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    for (size_t s = 0; s < sizeof spellings / sizeof spellings[0]; s++) {
        fm_scheme *read = read_one(spellings[s]), *ternary;
        fm_error error;
        assert_int_equal(fm_scheme_origin(read)->kind, FM_FILE_EXP);
        assert_int_equal(fm_scheme_origin(read)->w_order, FM_W_OF_TRANSPOSE);
        assert_true(fm_scheme_origin(read)->tensor_inferred);
        assert_int_equal(verified(read), FM_OK);
        fm_scheme *canonical = fm_scheme_canonical(read);
        assert_ok(fm_scheme_to_ring(canonical, test_ring("zt"), &ternary, &error), error);
        assert_same(ternary, strassen, spellings[s]);
        fm_scheme_free(ternary);
        fm_scheme_free(canonical);
        fm_scheme_free(read);
    }
    fm_scheme_free(strassen);
}

static void entries_above_nine_have_their_names(void **state)
{
    (void)state;
    char text[2048] = "";
    /* 1x1x12: a11 b1,k c_k_1 */
    for (int k = 1; k <= 12; k++)
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 k < 5 ? "a11*b1%d*c%d1\n" : "a11*b1,%d*c_%d_1\n", k, k);
    fm_scheme *scheme = read_one(text);
    assert_string_equal(fm_tensor_name(scheme->tensor), "1x1x12");
    assert_int_equal(verified(scheme), FM_OK);
    fm_scheme_free(scheme);
}

static void equations_name_products_and_entries(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "m1 = (a11 + a22) * (b11 + b22)\nm2 = (a21 + a22) * b11\nm3 = a11 (b12 - b22)\n"
        "m4 = a22 * (-b11 + b21)\nm5 = (a11 + a12)(b22)\nm6 = (-a11 + a21) * (b11 + b12)\n"
        "m7 = (a12 - a22) * (b21 + b22)\n\nc11 = m1 + m4 - m5 + m7\nc12 = m3 + m5\n"
        "c21 = m2 + m4\nc22 = m1 - m2 + m3 + m6\n",
        /* entries by one number, other letters and order */
        "P2 := (A3 + A4) B1;\r\nP1 := (A1 + A4) (B1 + B4);\r\nC3 := P2 + P4;\r\n"
        "P3 := A1 (B2 - B4);\r\nP4 := A4 (B3 - B1);\r\nP5 := (A1 + A2) B4;\r\n"
        "P6 := (A3 - A1) (B1 + B2);\r\nP7 := (A2 - A4) (B3 + B4);\r\n"
        "C1 := P1 + P4 - P5 + P7;\r\nC2 := P3 + P5;\r\nC4 := P1 - P2 + P3 + P6;\r\n",
        /* a script for computer algebra, which checks itself behind the equations */
        "P01 := (a11 + a22) * (b11 + b22);\nP02 := (a21 + a22) * b11;\nP03 := a11 * (b12 - b22);\n"
        "P04 := a22 * (- b11 + b21);\nP05 := (a11 + a12) * b22;\n"
        "P06 := (- a11 + a21) * (b11 + b12);\nP07 := (a12 - a22) * (b21 + b22);\n"
        "c11 := P01 + P04 - P05 + P07;\nc12 := P03 + P05;\nc21 := P02 + P04;\n"
        "c22 := P01 - P02 + P03 + P06;\n\nSimplify(c11 - (a11*b11 + a12*b21));\n"
        "Simplify(c22 - (a21*b12 + a22*b22));\n",
    };
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    for (size_t s = 0; s < sizeof spellings / sizeof spellings[0]; s++) {
        fm_scheme *read = read_one(spellings[s]);
        assert_int_equal(fm_scheme_origin(read)->kind, FM_FILE_EQUATIONS);
        assert_same(read, strassen, spellings[s]);
        fm_scheme_free(read);
    }
    fm_scheme_free(strassen);
}

/* Decimals are the fractions that they say, in every kind that is text. */
static void decimals_are_exact(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "(0.5*a11)*(-.25*b11)*(-8.*c11)\n",
        "m1 = 0.5 a11 * (-0.25 b11)\nc11 = -8.0 m1\n",
        "1 1 1 1\n0.50\n-2.5e-01\n-8.000e+00\n",
        "{{{{0.5}}, {{-.25}}, {{-8.}}}}",
        "T:=TriadSet([Triad([Matrix([[0.5]]), Matrix([[-0.25]]), Matrix([[-8.0]])])]):",
        "1 1 R\n1 1 0.5\n0 0 0\n1 1 R\n1 1 -0.25\n0 0 0\n1 1 R\n1 1 -8.0\n0 0 0\n",
        "0.5\n#\n-.25\n#\n-8.\n",
        "{\"n\": [1, 1, 1], \"m\": 1, \"u\": [[0.5]], \"v\": [[\"-0.25\"]], \"w\": [[-8.0]]}",
    };
    fm_scheme *fractions = read_one("(1/2*a11)*(-1/4*b11)*(-8*c11)\n");
    for (size_t s = 0; s < sizeof spellings / sizeof spellings[0]; s++) {
        fm_scheme *read = read_one(spellings[s]);
        assert_same(read, fractions, spellings[s]);
        fm_scheme_free(read);
    }
    fm_scheme_free(fractions);
    /* 0.1 is a tenth, and a tenth of ten is one; 0.3333 is no third. */
    fm_scheme *tenth = read_one("0.1*a11*b11*10*c11\n"),
              *third = read_one("0.3333*a11*b11*3*c11\n");
    assert_int_equal(verified(tenth), FM_OK);
    assert_int_equal(verified(third), FM_NO);
    fm_scheme_free(tenth);
    fm_scheme_free(third);
}

static void text_has_rows_matrices_or_pairs(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "1 1 2 2\n1\n1\n1 0\n0 1\n1 0\n0 1\n",
        "1 1 2 2\n1 1\n1 0 0 1\n1 0 0 1\n",
        "1 1 2 2\n2 2 3 3\n1 1 0 1 0 1 1 1\n1 1 0 5 0 5 -1 -1\n",
        "1\n1 1 2 2\n1 1\n1 0 0 1\n1 0\n0 1\n",
    };
    fm_scheme *first = read_one(spellings[0]);
    for (size_t s = 0; s < 4; s++) {
        fm_scheme *read = read_one(spellings[s]);
        assert_same(read, first, spellings[s]);
        fm_scheme_free(read);
    }
    fm_scheme_free(first);
}

static void json_has_other_spellings(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "{\"n\": [2, 2, 2], \"m\": 8, %s}",
        "{\"n\": 2, \"m\": 8, \"z2\": false, %s}",
        "[%s]",
    };
    fm_error error;
    fm_tensor *tensor;
    fm_scheme *standard;
    assert_ok(fm_tensor_matmul(2, 2, 2, &tensor, &error), error);
    assert_ok(fm_scheme_standard(tensor, test_ring("zt"), &standard, &error), error);
    for (size_t s = 0; s < 3; s++) {
        size_t length;
        char *text, *rows;
        FILE *file = open_memstream(&rows, &length);
        for (int axis = 0; axis < 3; axis++) {
            fprintf(file, s == 2 ? "%s[" : "%s\"%c\": [", axis > 0 ? ", " : "", "uvw"[axis]);
            for (int r = 0; r < 8; r++) {
                int i = r / 4, j = r / 2 % 2, k = r % 2;
                int one = axis == 0 ? 2 * i + j : axis == 1 ? 2 * j + k : 2 * k + i;
                fprintf(file, "%s[%d, %d, %d, %d]", r > 0 ? ", " : "", one == 0, one == 1, one == 2,
                        one == 3);
            }
            fputc(']', file);
        }
        fclose(file);
        text = malloc(length + 100);
        snprintf(text, length + 100, spellings[s], rows);
        fm_scheme *read = read_as(text, strlen(text), NULL), *ternary;
        assert_ok(fm_scheme_to_ring(read, test_ring("zt"), &ternary, &error), error);
        assert_int_equal(verified(ternary), FM_OK);
        assert_same(ternary, standard, text);
        fm_scheme_free(ternary);
        fm_scheme_free(read);
        free(text);
        free(rows);
    }
    fm_scheme_free(standard);
    fm_tensor_free(tensor);
}

static void reduced_json_is_written_out(void **state)
{
    (void)state;
    /* 1x1x2: u = a, v = (b1 + b2) - b2, b2 by fresh variables, w in products. */
    static const char text[] =
        "{\"n\": [1, 1, 2], \"m\": 2, \"u_ones\": 2, \"u\": [[1], [1]],"
        "\"v_fresh\": [[{\"index\": 0, \"value\": 1}, {\"index\": 1, \"value\": 1}],"
        "              [{\"index\": 2, \"value\": 2}]],"
        "\"v\": [[{\"index\": 3, \"value\": \"1/2\"}, {\"index\": 1, \"value\": -1}],"
        "        [{\"index\": 1, \"value\": 1}]],"
        "\"w_fresh\": [[{\"index\": 0, \"value\": -1}]],"
        "\"w\": [[{\"index\": 2, \"value\": -1}], [{\"index\": 1, \"value\": 1}]]}";
    fm_error error;
    fm_scheme_list list;
    fm_scheme *scheme = read_one(text);
    assert_int_equal(verified(scheme), FM_OK);
    assert_int_equal(fm_scheme_additions(scheme), 0);
    fm_scheme_free(scheme);
    static const char circle[] =
        "{\"n\": [1, 1, 1], \"m\": 1, \"u_fresh\": [[{\"index\": 1, \"value\": 1}]],"
        "\"u\": [[{\"index\": 1, \"value\": 1}]], \"v\": [[1]], \"w\": [[1]]}";
    assert_int_equal(fm_scheme_parse(circle, strlen(circle), "FILE", &list, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "FILE: u_fresh[0][0] is not {\"index\": i"));
}

static void write_sevens(FILE *file, int count)
{
    for (int digit = 0; digit < count; digit++)
        fputc('7', file);
}

/* Sizes that multiply: a megabyte of text that stands for gigabytes of digits. */
static void what_would_be_too_large_is_refused(void **state)
{
    (void)state;
    char *text;
    size_t length;
    fm_error error;
    fm_scheme_list list;
    FILE *file = open_memstream(&text, &length);
    fputs("{\"n\": [1, 1, 1], \"m\": 1, \"u_fresh\": [", file);
    for (int fresh = 0; fresh < 4000; fresh++) {
        fprintf(file, "%s[{\"index\": %d, \"value\": \"", fresh > 0 ? "," : "", fresh);
        write_sevens(file, 300);
        fputs("\"}]", file);
    }
    fputs("], \"u\": [[{\"index\": 4000, \"value\": 1}]], \"v\": [[1]], \"w\": [[1]]}", file);
    fclose(file);
    fm_status status = fm_scheme_parse(text, length, "FILE", &list, &error);
    assert_int_equal(status, FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "u is too large written out"));
    free(text);
    file = open_memstream(&text, &length);
    fputs("(a11", file);
    for (int term = 0; term < 30000; term++)
        fputs("+a12", file);
    fputs(")*b11*(", file);
    for (int term = 0; term < 30000; term++)
        fputs("c12+", file);
    fputs("c11)*", file);
    write_sevens(file, 300000);
    fclose(file);
    status = fm_scheme_parse(text, length, "FILE", &list, &error);
    assert_int_equal(status, FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "FILE:1: the coefficients become too large"));
    free(text);
}

/* ---------------------------------------------------------------- inference */

/* The standard scheme with W for C or its transpose, in a kind whose shapes do not tell. */
static void the_order_of_w_is_the_one_that_holds(void **state)
{
    (void)state;
    static const unsigned formats[][3] = {{2, 2, 2}, {2, 3, 2}, {2, 3, 4}, {3, 1, 2}};
    for (size_t f = 0; f < 4; f++)
        for (int transposed = 0; transposed < 2; transposed++) {
            const unsigned *n = formats[f];
            char text[4096] = "";
            for (unsigned i = 1; i <= n[0]; i++)
                for (unsigned j = 1; j <= n[1]; j++)
                    for (unsigned k = 1; k <= n[2]; k++)
                        snprintf(text + strlen(text), sizeof text - strlen(text),
                                 "a%u%u*b%u%u*c%u%u\n", i, j, j, k, transposed ? k : i,
                                 transposed ? i : k);
            fm_scheme *scheme = read_one(text);
            fm_tensor *tensor = test_matmul(n[0], n[1], n[2]);
            assert_true(fm_tensor_equal(scheme->tensor, tensor));
            assert_int_equal(verified(scheme), FM_OK);
            assert_int_equal(fm_scheme_origin(scheme)->w_order,
                             transposed ? FM_W_OF_TRANSPOSE : FM_W_OF_C);
            assert_true(fm_scheme_origin(scheme)->w_order_inferred);
            fm_scheme_free(scheme);
            fm_tensor_free(tensor);
        }
}

static void options_go_before_what_holds(void **state)
{
    (void)state;
    static const char text[] = "a11*b11*c11\na11*b12*c21\na21*b11*c12\na21*b12*c22\n";
    fm_error error;
    fm_scheme_list list;
    fm_ring f5 = test_ring("f5");
    fm_tensor *larger = test_matmul(2, 2, 2), *smaller = test_matmul(1, 1, 2);
    fm_read_options options = {.w_order = FM_W_OF_C, .ring = &f5};
    fm_scheme *scheme = read_as(text, strlen(text), &options);
    assert_int_equal(verified(scheme), FM_NO);
    assert_true(fm_ring_equal(scheme->ring, f5));
    assert_false(fm_scheme_origin(scheme)->w_order_inferred);
    fm_scheme_free(scheme);
    options = (fm_read_options){.tensor = larger};
    scheme = read_as(text, strlen(text), &options);
    assert_string_equal(fm_tensor_name(scheme->tensor), "2x2x2");
    fm_scheme_free(scheme);
    options.tensor = smaller;
    assert_int_equal(fm_scheme_parse_as(text, strlen(text), "FILE", &options, &list, &error),
                     FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "FILE: the factors are of sizes 2 x 1, 1 x 2 and 2 x 2, "
                                          "which are not those of 1x1x2"));
    fm_tensor_free(larger);
    fm_tensor_free(smaller);
}

static void a_ring_is_inferred_when_nothing_is_lost(void **state)
{
    (void)state;
    size_t length;
    fm_scheme *f2 = test_strassen(test_ring("f2"));
    char *text = written(f2, FM_FILE_EXP, &length);
    char *without_ring = strchr(text, '\n') + 1;
    assert_memory_equal(text, "# ring f2\n", 10);
    fm_scheme *scheme = read_one(without_ring);
    assert_same(scheme, f2, text);
    assert_true(fm_scheme_origin(scheme)->ring_inferred);
    fm_scheme_free(scheme);
    /* A sign that would be lost: left over zt, where it does not hold. */
    *strchr(without_ring, '+') = '-';
    scheme = read_one(without_ring);
    assert_true(fm_ring_equal(scheme->ring, test_ring("zt")));
    assert_int_equal(verified(scheme), FM_NO);
    fm_scheme_free(scheme);
    free(text);
    fm_scheme_free(f2);
}

/* ---------------------------------------------------------------- wrong schemes */

/* Strassen's scheme in another basis, with integers of some size. */
static fm_scheme *right_scheme(dense *d, uint64_t seed)
{
    static const uint32_t format[3] = {2, 2, 2};
    fm_random random;
    fm_scheme *strassen = test_strassen(test_ring("z"));
    fm_random_seed(&random, seed, 0);
    dense_from_scheme(d, strassen, 8);
    for (int move = 0; move < 3; move++)
        dense_change_basis(d, format, &random, 2);
    fm_scheme *scheme = dense_to_scheme(d, strassen->tensor, strassen->ring);
    fm_scheme_free(strassen);
    return scheme;
}

static void assert_wrong(const dense *d, const fm_scheme *right, const char *what)
{
    fm_scheme *wrong = dense_to_scheme(d, right->tensor, right->ring);
    for (int k = 0; k < KINDS; k++) {
        size_t length;
        char *text = written(wrong, kinds[k], &length);
        fm_scheme *read = read_as(text, length, NULL);
        if (verified(read) != FM_NO)
            fail_msg("%s: passes in %s", what, fm_file_kind_name(kinds[k]));
        fm_scheme_free(read);
        free(text);
    }
    fm_scheme_free(wrong);
}

/* A coefficient of row r that is not 0. */
static fmpq *some_entry(const dense *d, int axis, uint32_t r)
{
    for (uint32_t i = 0; i < d->extent[axis]; i++)
        if (!fmpq_is_zero(dense_at(d, axis, r, i)))
            return dense_at(d, axis, r, i);
    return NULL;
}

static void wrong_schemes_do_not_pass_in_any_kind(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 5; seed++)
        for (int axis = 0; axis < 3; axis++)
            for (uint32_t r = 0; r < 7; r++) {
                dense d;
                fm_scheme *right = right_scheme(&d, seed);
                assert_int_equal(verified(right), FM_OK);
                fmpq *entry = some_entry(&d, axis, r);
                fmpq_neg(entry, entry);
                assert_wrong(&d, right, "a sign");
                fmpq_neg(entry, entry);
                fmpq *first = dense_at(&d, axis, r, 0), *last = dense_at(&d, axis, r, 3);
                if (!fmpq_equal(first, last)) {
                    fmpq_swap(first, last);
                    assert_wrong(&d, right, "two entries exchanged");
                    fmpq_swap(first, last);
                }
                dense_swap_products(&d, r, 6);
                d.rank = 6;
                assert_wrong(&d, right, "a product dropped");
                d.rank = 7;
                fm_scheme_free(right);
                dense_clear(&d);
            }
}

/* Whatever is done to a file, it is refused, does not hold, or is still the same scheme. */
static void damaged_files_never_pass_in_any_kind(void **state)
{
    (void)state;
    static const char bytes[] = "0123456789-+/*.,;[](){}\"#= \n\r\tabcmR\0\xff";
    fm_random random;
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    char hash[FM_HASH_SIZE], found[FM_HASH_SIZE];
    fm_scheme_hash(strassen, hash);
    fm_random_seed(&random, 7, 0);
    for (int k = 0; k < KINDS; k++) {
        size_t length, refused = 0;
        char *text = written(strassen, kinds[k], &length);
        char *copy = malloc(length + 1);
        for (int round = 0; round < 4000; round++) {
            size_t size =
                fm_random_below(&random, 4) == 0 ? fm_random_below(&random, length + 1) : length;
            memcpy(copy, text, size);
            for (uint32_t n = fm_random_below(&random, 3); n > 0 && size > 0; n--)
                copy[fm_random_below(&random, size)] =
                    bytes[fm_random_below(&random, sizeof bytes)];
            fm_error error;
            fm_scheme_list list;
            fm_status status = fm_scheme_parse(copy, size, "FILE", &list, &error);
            refused += status != FM_OK;
            if (status != FM_OK)
                assert_memory_equal(error.message, "FILE", 4);
            for (size_t i = 0; i < list.count; i++) {
                const fm_scheme *scheme = list.schemes[i];
                fm_scheme_hash(scheme, found);
                if (strcmp(hash, found) != 0 && scheme->ring.kind != FM_RING_ZP &&
                    scheme->rank >= 7 && verified(scheme) == FM_OK)
                    fail_msg("passes: %.*s", (int)size, copy);
            }
            fm_scheme_list_free(&list);
        }
        assert_true(refused > 300);
        free(copy);
        free(text);
    }
    fm_scheme_free(strassen);
}

/* ---------------------------------------------------------------- three large matrices */

/* How a scheme is laid out as three matrices, and in which language. */
typedef struct layout {
    bool by_columns; /* A and B are numbered column by column */
    bool product_column[3];
    enum { MAPLE, LISTS, RULES, AUTOMATIC } language;
} layout;

static const fmpq *laid_out(const dense *d, const unsigned *format, const layout *how, int axis,
                            uint32_t r, uint32_t e)
{
    uint32_t rows = format[axis % 2], columns = format[axis == 0 ? 1 : 2];
    if (how->by_columns && axis < 2)
        e = e % rows * columns + e / rows;
    return dense_at(d, axis, r, e);
}

static void write_list(const dense *d, const unsigned *format, const layout *how, int axis,
                       FILE *file)
{
    bool turned = how->product_column[axis], maple = how->language == MAPLE;
    uint32_t rows = turned ? d->extent[axis] : d->rank,
             columns = turned ? d->rank : d->extent[axis];
    if (maple)
        fprintf(file, "Matrix(%u, %u, ", rows, columns);
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t j = 0; j < columns; j++) {
            fputs(j > 0 ? "," : maple ? (i > 0 ? "],[" : "[[") : i > 0 ? "},{" : "{{", file);
            fmpq_fprint(file, laid_out(d, format, how, axis, turned ? j : i, turned ? i : j));
        }
    fputs(maple ? "]])" : "}}", file);
}

static void write_rules(const dense *d, const unsigned *format, const layout *how, int axis,
                        FILE *file)
{
    const char *comma = "";
    fputs("SparseArray[{", file);
    for (uint32_t r = 0; r < d->rank; r++)
        for (uint32_t e = 0; e < d->extent[axis]; e++) {
            const fmpq *value = laid_out(d, format, how, axis, r, e);
            bool turned = how->product_column[axis];
            if (fmpq_is_zero(value))
                continue;
            fprintf(file, "%s{%u, %u} -> ", comma, (turned ? e : r) + 1, (turned ? r : e) + 1);
            fmpq_fprint(file, value);
            comma = ", ";
        }
    fprintf(file, "}, {%u, %u}]", how->product_column[axis] ? d->extent[axis] : d->rank,
            how->product_column[axis] ? d->rank : d->extent[axis]);
}

static void write_automatic(const dense *d, const unsigned *format, const layout *how, int axis,
                            FILE *file)
{
    bool turned = how->product_column[axis];
    uint32_t rows = turned ? d->extent[axis] : d->rank,
             columns = turned ? d->rank : d->extent[axis];
    fprintf(file, "SparseArray[Automatic, {%u, %u}, 0, {1, {{0", rows, columns);
    for (int part = 0; part < 3; part++) {
        unsigned count = 0;
        fputs((const char *[]){"", "}, {", "}}, {"}[part], file);
        for (uint32_t i = 0; i < rows; i++) {
            for (uint32_t j = 0; j < columns; j++) {
                const fmpq *value = laid_out(d, format, how, axis, turned ? j : i, turned ? i : j);
                if (fmpq_is_zero(value))
                    continue;
                if (part > 0 && count > 0)
                    fputs(", ", file);
                count++;
                if (part == 1)
                    fprintf(file, "{%u}", j + 1);
                else if (part == 2)
                    fmpq_fprint(file, value);
            }
            if (part == 0)
                fprintf(file, ", %u", count);
        }
    }
    fputs("}}]", file);
}

static char *write_large(const dense *d, const unsigned *format, const layout *how, size_t *length)
{
    static void (*const write[])(const dense *, const unsigned *, const layout *, int,
                                 FILE *) = {write_list, write_list, write_rules, write_automatic};
    char *text;
    FILE *file = open_memstream(&text, length);
    fputs(how->language == MAPLE ? "# a comment\nLRP := [" : "(* a comment *) lrp = {", file);
    for (int axis = 0; axis < 3; axis++) {
        fputs(axis > 0 ? ",\n" : "", file);
        write[how->language](d, format, how, axis, file);
    }
    fputs(how->language == MAPLE ? "]:\n" : "};\n", file);
    fclose(file);
    return text;
}

static void assert_large(const dense *d, const unsigned *format, const layout *how,
                         const fm_scheme *right)
{
    size_t length;
    char *text = write_large(d, format, how, &length);
    fm_scheme *read = read_as(text, length, NULL);
    assert_int_equal(fm_scheme_origin(read)->kind,
                     how->language == MAPLE ? FM_FILE_MAPLE : FM_FILE_MATHEMATICA);
    if (right != NULL)
        assert_same(read, right, text);
    else if (verified(read) != FM_NO)
        fail_msg("passes: %s", text);
    fm_scheme_free(read);
    free(text);
}

static void three_large_matrices_are_read_in_every_layout(void **state)
{
    (void)state;
    static const bool product_columns[][3] = {
        {false, false, true}, {false, false, false}, {true, true, true}};
    static const unsigned format[3] = {2, 3, 4};
    fm_error error;
    fm_random random;
    fm_tensor *tensor;
    fm_scheme *standard;
    dense d;
    fm_random_seed(&random, 5, 0);
    assert_ok(fm_tensor_matmul(2, 3, 4, &tensor, &error), error);
    assert_ok(fm_scheme_standard(tensor, test_ring("q"), &standard, &error), error);
    dense_from_scheme(&d, standard, 32);
    for (int move = 0; move < 4; move++)
        dense_change_basis(&d, format, &random, 2);
    fm_scheme *right = dense_to_scheme(&d, tensor, test_ring("z"));
    fmpq *entry = some_entry(&d, 1, 7);
    for (layout how = {0}; how.language <= AUTOMATIC; how.language++)
        for (int o = 0; o < 6; o++) {
            how.by_columns = o % 2 == 1;
            memcpy(how.product_column, product_columns[o / 2], sizeof how.product_column);
            assert_large(&d, format, &how, right);
            fmpq_mul_si(entry, entry, -2);
            assert_large(&d, format, &how, NULL);
            fmpq_div(entry, entry, (fmpq_t){{-2, 1}});
        }
    fm_scheme_free(right);
    fm_scheme_free(standard);
    fm_tensor_free(tensor);
    dense_clear(&d);
}

/* What Mathematica and Maple leave of matrices that they computed with. */
static void entries_of_matrices_may_be_expressions(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "{{{{2, -1/4}, {3, 0}}, {{1, 0}, {0, 1}}, {{1, 0}, {0, 1}}}}",
        "{{{{1*1+1, -(1/2)*1/2}, {2**2 -\n1, 1*1-0*0-1^2}}, {{--1, -0*0}, {0, (0+1)}}, "
        "{{1,0},{0,1}}}}",
        "{{SparseArray[{{1, 1} -> 2, {1, 2} -> -(1/4), {2, 1} -> 3}, {2, 2}], "
        "SparseArray[{{1, 1} -> 1, {2, 2} -> 1}], "
        "SparseArray[Automatic, {2, 2}, 0, {1, {{0, 1, 2}, {{1}, {2}}}, {1, +1}}]}}",
        "Triad([Matrix(2, 2, [[(1+1)*(2-1), +-1/8*0-1/4], [6/2, 0]]), Matrix([[1,0],[0,1]]), "
        "Matrix([[1,0],[0,2/2]])])",
    };
    fm_scheme *first = read_one(spellings[0]);
    for (size_t s = 1; s < sizeof spellings / sizeof spellings[0]; s++) {
        char *text = fm_strdup(spellings[s]);
        if (strncmp(text, "Triad", 5) == 0) {
            free(text);
            text = fm_format("Tensor:=TriadSet([%s]):", spellings[s]);
        }
        fm_scheme *read = read_one(text);
        assert_same(read, first, text);
        fm_scheme_free(read);
        free(text);
    }
    fm_scheme_free(first);
}

/* ---------------------------------------------------------------- bad input */

static void bad_files_are_refused_with_their_line(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"(a11)*(b11)\n", "FILE:1: product 1 has no factor of c"},
        {"a11*b11*c11\n\na11*b11*c11*c12\n", "FILE:3: a product of two factors of the same matrix"},
        {"(a11+b11)*b11*c11\n", "FILE:1: a sum of unlike things"},
        {"(a11+1)*b11*c11\n", "FILE:1: a sum of unlike things"},
        {"(a11*b11*c11\n", "FILE:2: expected ')', found the end of the file"},
        {"a11*b11*c11)\n", "FILE:1: expected the end of a product, found ')'"},
        {"a11*b11*c11/0\n", "FILE:1: divided by something other than a number, or by 0"},
        {"a11*b11*c11/a11\n", "FILE:1: divided by something other than a number"},
        {"a11*b11*\n", "FILE:2: expected a number, an entry or '(', found the end of the file"},
        {"a11*b11*c1x\n", "FILE: polynomials in a parameter, which only verify and convert take"},
        {"a11*q11*c11\n", "FILE:1: 'q11' is no entry such as a11, b1,12 or c_1_12"},
        {"a11*(b11+x*b12)*c11\n",
         "FILE: polynomials in a parameter, which only verify and convert take"},
        {"a11*(x*b11+y*b12)*c11\n", "FILE:1: 'y' is no entry"},
        {"a11*b11*c11/(1+x)\n", "FILE:1: divided by something other than one power"},
        {"a11*b11*c11*x^\n", "FILE:1: 'x^' is no polynomial with rational coefficients"},
        {"a11*(b11+I*b12)*c11\n", "FILE: complex coefficients, which only verify and convert take"},
        {"1.5.2*a11*b11*c11\n", "FILE:1: '1.5.2*a11*b11*c11' is neither an integer nor a fraction"},
        {"a11*b112*c11\n", "FILE:1: an entry of one index, or with its indices run together"},
        {"a11*b11*c11\na1,1*b1*c11\n", "FILE:2: an entry of one index"},
        {"a11*b1,65*c11\n", "FILE:1: 'b1,65': indices are from 1 to 64"},
        {"a0*b1*c1\n", "FILE:1: 'a0': entries are numbered from 1"},
        {"# ring f4\na11*b11*c11\n", "FILE:1: ring 'f4': 4 is not a prime"},
        {"m1 = a11*b11\nc11 = m2\n", "FILE:3: m2 has no equation"},
        {"m1 = a11*b11\nm1 = a11*b11\nc11 = m1\n", "has no equation, or another has two"},
        {"m1 = a11\nc11 = m1\n", "FILE:1: m1 is not a factor of a times a factor of b"},
        {"m1 = a11*b11\nc11 = a11\n", "FILE:2: an entry of c is not a sum of products"},
        {"c11 = m1\n", "FILE:1: 'm1' is no entry"},
        {"m1 = a11*b11\na11 = m1\n", "FILE:2: an entry of a cannot be set"},
        {"{{{{1}}, {{1}}, {{1}}}", "FILE:1: expected '}', found the end of the file"},
        {"{{{{1}},\n{{1}}}}", "FILE:2: expected ',', found '}}'"},
        {"{{{{1}}, {{1}}, {{1}}},\n{{{1, 2}}, {{1}}, {{1}}}}",
         "FILE:2: product 2 has a matrix of 1 x 2 in place 1, the first one has 1 x 1"},
        {"{{{{1, 2}, {1}}, {{1}}, {{1}}}}", "FILE:1: a row of 1 numbers behind one of 2"},
        {"{{{{1/2 + I/2}}, {{1}}, {{1}}}}",
         "FILE: complex coefficients, which only verify and convert take"},
        {"{{{{1.5.2}}, {{1}}, {{1}}}}", "FILE:1: '1.5.2}}, {{1}}, {{1}' is neither an integer"},
        {"{{{{1}}, {{1}}, {{1}}}} x", "FILE:1: expected the end of the file, found 'x'"},
        {"{{{{1,2}}, {{1}}, {{1}}}}", "FILE: the factors are of sizes 1 x 2, 1 x 1 and 1 x 1, "
                                      "which are not those of a matrix product"},
        {"T:=TriadSet([Triad([Matrix(1, 1, [[1]]),\nMatrix(1, 2, [[1]]), Matrix(1, 1, [[1]])])]):",
         "FILE:2: a matrix of 1 x 1 that says 1 x 2"},
        {"Triad([Matrix(1, 1, [[1]]), Matrix(1, 1, [[1]])])", "FILE:1: expected ',', found ']"},
        {"Triad([Matrix(65, 1, [[1]]), Matrix(1, 1, [[1]])])",
         "FILE:1: a size of a matrix is not from 1 to 64"},
        {"[[[1]], [[1]], [[1, 1], [1]]]", "FILE: matrix 3: row 1 is not one of 2 numbers"},
        {"[[[1]], [[1.3]], [[1]]]", "FILE: matrix 2, row 0: 1.3 is neither an integer nor a"},
        {"[[[1]], [[1]], 5]", "three matrices of 1 x 1, 1 x 1 and 0 x 0"},
        {"{{{{1/(1-1)}}, {{1}}, {{1}}}}", "is neither an integer nor a fraction"},
        {"{{{{2^65}}, {{1}}, {{1}}}}", "is neither an integer nor a fraction"},
        {"{{{{(1}}, {{1}}, {{1}}}}", "is neither an integer nor a fraction"},
        {"{{{{(-}}, {{1}}, {{1}}}}", "is neither an integer nor a fraction"},
        {"{{{{1 2}}, {{1}}, {{1}}}}", "is neither an integer nor a fraction"},
        {"{{{1, 0}}, {{1}},\n{{1}}}", "FILE:1: the factors are of sizes 2, 1 and 1"},
        {"{{{1, 0}, {0, 1}}, {{1}},\n{{1}}}", "FILE:2: three matrices of 2 x 2, 1 x 1 and 1 x 1"},
        {"{{{1}}, {{1}}, {{1}}, {{1}}}", "FILE:1: expected '}', found ', {{1}}}'"},
        {"{SparseArray[{{1, 2} -> 1}, {1, 1}], {{1}}, {{1}}}",
         "FILE:1: an array of 1 x 1 with an entry (1, 2)"},
        {"{SparseArray[{{1, 1} -> 1}, {4000000, 1}], {{1}}, {{1}}}",
         "three matrices of 4000000 x 1"},
        {"{SparseArray[{{0, 1} -> 1}], {{1}}, {{1}}}", "FILE:1: '0, 1} -> 1}], {{1}},' is not"},
        {"{SparseArray[{{1, 1} -> 1}, {1, 1}, 1], {{1}}, {{1}}}", "FILE:1: expected '0'"},
        {"{SparseArray[Automatic, {2, 2}, 0, {1, {{0, 1}, {{1}}}, {1}}], {{1}}, {{1}}}",
         "FILE:1: the ends of 1 rows in an array of 2"},
        {"{SparseArray[Automatic, {1, 1}, 0, {1, {{0, 2}, {{1}}}, {1}}], {{1}}, {{1}}}",
         "FILE:1: expected ','"},
        {"{SparseArray[Automatic, {1, 1}, 0, {1, {{0, 1}, {{2}}}, {1}}], {{1}}, {{1}}}",
         "FILE:1: '2}}}, {1}}], {{1}}, ' is not an integer from 1 to 1"},
        {"{{{{1}}, {{1}}, SparseArray[{}, {65, 1}]}}", "FILE:1: a matrix of 65 x 1, above 64"},
        {"LRP:=[Matrix(1, 1, [[1]]),\nMatrix(1, 1, [[1]])]:", "FILE:2: 2 matrices; a scheme is"},
        {"T:=[Matrix([[1]]), Matrix([[1]]), Matrix([[1]]), Matrix([[1]])]:",
         "FILE:1: a fourth matrix follows"},
        {"T:=[Matrix([[1]]), Matrix(2, 1, [[1]]), Matrix([[1]])]:",
         "FILE:1: a matrix of 1 x 1 that says 2 x 1"},
        {"1 1 R\n1 1 1\n0 0 0\n", "FILE:4: one matrix; a scheme is three"},
        {"1 1 R\n1 1 1\n0 0 0\n1 1 R\n1 2 1\n0 0 0\n", "FILE:5: '2 1' is not an index"},
        {"1 1 R\n1 1 1\n0 0 0\n1 1 R\n1 1 1\n", "FILE:6: matrix 2 ends without '0 0 0'"},
        {"1 1 R\n1 1 1\n1 1 1\n0 0 0\n1 1 R\n0 0 0\n1 1 R\n0 0 0\n",
         "L has two entries at one place"},
        {"2 1 R\n0 0 0\n1 1 R\n0 0 0\n1 1 R\n0 0 0\n",
         "the matrices are of 2 x 1, 1 x 1 and 1 x 1"},
        {"4194305 1 R\n0 0 0\n", "FILE:1: '4194305 1 R' is not an index or a size"},
        {"1 0\n#\n1 0\n0 1\n#\n1 0 1\n0 1\n", "FILE:6: 3 numbers behind rows of 2"},
        {"1 0\n#\n1 x\n#\n1 0\n", "FILE: polynomials in a parameter, which only verify"},
        {"1 0\n#\n1 x\n#\n1 1e-3\n", "FILE:5: '1e-3' is"},
        {"1 0\n#\n1 x\n#\n1 1e3\n", "FILE:5: '1e3' is"},
        {"1 0\n#\n1 1\n#\n", "FILE:5: the file ends in block 3 of 3"},
        {"1 0\n#\n1 1\n#\n1 0\n#\n1 0\n", "a fourth block"},
        {"1 1\n#\n1 1\n1 1\n#\n1 1\n", "FILE: the factors are of sizes 1, 2 and 1, which are not"},
        {"2\n1 1 1 1\n1\n1\n1\n", "the first line says 2 schemes, and there are 1"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        fm_error error = {""};
        fm_scheme_list list;
        const char *text = cases[c][0];
        fm_status status = fm_scheme_parse(text, strlen(text), "FILE", &list, &error);
        if (status != FM_BAD_INPUT || strstr(error.message, cases[c][1]) == NULL)
            fail_msg("%s: expected '%s', got status %d, '%s'", text, cases[c][1], status,
                     error.message);
        assert_true(list.count == 0 && list.schemes == NULL);
    }
}

static void parentheses_without_end_are_refused(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme_list list;
    char *text = malloc(1000001);
    memset(text, '(', 1000000);
    memcpy(text + 999990, "a11*b1*c1", 10);
    memcpy(text, "a11*", 4);
    assert_int_equal(fm_scheme_parse(text, strlen(text), "FILE", &list, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "FILE:1: more than 64 open parentheses"));
    free(text);
}

/* ---------------------------------------------------------------- published files */

static const char *expected_ring(const char *ring)
{
    return strcmp(ring, "ZT") == 0   ? "zt"
           : strcmp(ring, "Z") == 0  ? "z"
           : strcmp(ring, "Q") == 0  ? "q"
           : strcmp(ring, "F2") == 0 ? "f2"
                                     : NULL;
}

/* Reads a published file and compares; ring NULL: any. */
static void assert_published(const char *file, const char *format, unsigned rank, const char *ring)
{
    char path[2048], name[FM_RING_NAME_SIZE];
    fm_error error;
    fm_scheme_list list;
    fm_verdict verdict;
    snprintf(path, sizeof path, "%s/../shared/corpus/%s", FEWMUL_SOURCE_DIR, file);
    assert_ok(fm_scheme_read(path, &list, &error), error);
    assert_int_equal(list.count, 1);
    assert_string_equal(fm_tensor_name(fm_scheme_tensor(list.schemes[0])), format);
    assert_int_equal(fm_scheme_rank(list.schemes[0]), rank);
    assert_ok(fm_verify_smallest_ring(list.schemes[0], &verdict, &error), error);
    if (ring != NULL)
        assert_string_equal(fm_ring_name(verdict.ring, name), ring);
    fm_verdict_clear(&verdict);
    fm_scheme_list_free(&list);
}

static void published_files_hold_as_their_index_says(void **state)
{
    (void)state;
    char line[1024], file[512], format[64], ring[64];
    unsigned rank, read = 0;
    FILE *index = fopen(FEWMUL_SOURCE_DIR "/../shared/corpus/INDEX.tsv", "r");
    if (index == NULL)
        skip();
    while (fgets(line, sizeof line, index) != NULL) {
        if (sscanf(line, "%511s %63s %u %63s", file, format, &rank, ring) != 4 ||
            strncmp(file, "np", 2) == 0)
            continue;
        assert_published(file, format, rank, expected_ring(ring));
        read++;
    }
    fclose(index);
    assert_true(read >= 52);
    assert_published("coefficients/grey-strassen", "2x2x2", 7, "zt");
    assert_published("coefficients/grey333-23-152", "3x3x3", 23, "zt");
    assert_published("coefficients/grey424-26-257", "4x2x4", 26, "q");
    assert_published("coefficients/smirnov333-23-139", "3x3x3", 23, "zt");
    assert_published("coefficients/smirnov336-40-960", "3x3x6", 40, "q");
    assert_published("npy/gg-222-rank7-rec-0-0-0-z.txt", "2x2x2", 7, "zt");
    assert_published("npy/gg-444-rank49-rec-0-0-0-z.txt", "4x4x4", 49, "zt");
    assert_published("npy/gg-555-rank97-rec-0-0-0-z.txt", "5x5x5", 97, "z");
}

/* ---------------------------------------------------------------- short files of large schemes */

static void assert_too_large(const char *text, const char *reason)
{
    fm_error error;
    fm_scheme_list list;
    assert_int_equal(fm_scheme_parse(text, strlen(text), "FILE", &list, &error), FM_BAD_INPUT);
    assert_int_equal(list.count, 0);
    if (strstr(error.message, reason) == NULL)
        fail_msg("'%s' lacks '%s'", error.message, reason);
}

/* 60 bytes of three empty matrices claim what takes 300 MiB and, checked modulo primes, a minute. */
static void ranks_are_not_claimed_but_shown(void **state)
{
    (void)state;
    static const char empty[] = "%u 1 R\n0 0 0\n%u 1 R\n0 0 0\n1 %u R\n0 0 0\n";
    fm_error error;
    fm_scheme_list list;
    for (uint32_t count = 1; count <= 2; count++) {
        char *text = fm_format(empty, 40000, 40000, 40000), *twice = fm_format("%s%s", text, text);
        if (count == 2)
            assert_too_large(twice, "FILE:12: L has 40000 rows");
        else
            assert_ok(fm_scheme_parse(text, strlen(text), "FILE", &list, &error), error);
        free(twice);
        free(text);
    }
    assert_int_equal(list.schemes[0]->rank, 40000);
    fm_scheme_list_free(&list);
    char *text = fm_format(empty, 4194304, 4194304, 4194304);
    assert_too_large(text, "FILE:6: L has 4194304 rows");
    free(text);
}

/* 110 bytes name a format whose tensor takes 6 MiB; the same format again takes nothing. */
static void many_large_formats_are_too_large(void **state)
{
    (void)state;
    for (unsigned formats = 1; formats <= 100; formats += 99) {
        char *text;
        size_t length;
        FILE *file = open_memstream(&text, &length);
        for (unsigned s = 0; s < 100; s++)
            fprintf(file,
                    "%s{\"n\": [64, %u, %u], \"m\": 1, \"ring\": \"zt\", \"u\": [[{\"index\": 0, "
                    "\"value\": 1}]], \"v\": [[{\"index\": 0, \"value\": 1}]], \"w\": "
                    "[[{\"index\": 0, \"value\": 1}]]}",
                    s == 0 ? "[" : ",", 64 - s % formats % 10, 64 - s % formats / 10);
        fputc(']', file);
        fclose(file);
        if (formats > 1) {
            assert_too_large(text, "the tensors of the file have over 16777216 entries together");
        } else {
            fm_error error;
            fm_scheme_list list;
            assert_ok(fm_scheme_parse(text, length, "FILE", &list, &error), error);
            assert_int_equal(list.count, 100);
            fm_scheme_list_free(&list);
        }
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back_in_every_kind),
        cmocka_unit_test(kinds_have_names_that_are_understood),
        cmocka_unit_test(a_latex_table_has_a_row_a_product),
        cmocka_unit_test(the_spellings_of_expressions_mean_the_same),
        cmocka_unit_test(entries_above_nine_have_their_names),
        cmocka_unit_test(equations_name_products_and_entries),
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(text_has_rows_matrices_or_pairs),
        cmocka_unit_test(json_has_other_spellings),
        cmocka_unit_test(reduced_json_is_written_out),
        cmocka_unit_test(what_would_be_too_large_is_refused),
        cmocka_unit_test(the_order_of_w_is_the_one_that_holds),
        cmocka_unit_test(options_go_before_what_holds),
        cmocka_unit_test(a_ring_is_inferred_when_nothing_is_lost),
        cmocka_unit_test(wrong_schemes_do_not_pass_in_any_kind),
        cmocka_unit_test(damaged_files_never_pass_in_any_kind),
        cmocka_unit_test(three_large_matrices_are_read_in_every_layout),
        cmocka_unit_test(entries_of_matrices_may_be_expressions),
        cmocka_unit_test(bad_files_are_refused_with_their_line),
        cmocka_unit_test(parentheses_without_end_are_refused),
        cmocka_unit_test(published_files_hold_as_their_index_says),
        cmocka_unit_test(ranks_are_not_claimed_but_shown),
        cmocka_unit_test(many_large_formats_are_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
