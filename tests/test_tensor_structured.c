/* Named tensors: each computes what its name says, against the product written out; names that are
   wrong are refused. */
#include "support.h"

#include "known_ranks.h"
#include "random.h"
#include "structure.h"
#include "tensor.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_HERE = 64 }; /* variables of one operand */

typedef struct operands {
    int64_t a[SIZE_MAX_HERE], b[SIZE_MAX_HERE], c[SIZE_MAX_HERE];
} operands;

static fm_random stream;

static void draw(int64_t *values)
{
    for (int v = 0; v < SIZE_MAX_HERE; v++)
        values[v] = (int64_t)(fm_random_next(&stream) % 201) - 100;
}

static fm_tensor *named(const char *name)
{
    fm_error error;
    fm_tensor *tensor;
    assert_ok(fm_tensor_parse_name(name, &tensor, &error), error);
    return tensor;
}

/* c, by the entries of the tensor. */
static void evaluate(const fm_tensor *tensor, operands *o)
{
    for (unsigned axis = 0; axis < 3; axis++)
        assert_in_range(fm_tensor_extent(tensor, axis), 1, SIZE_MAX_HERE);
    memset(o->c, 0, sizeof o->c);
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        assert_true(fmpz_is_pm1(&entry->value));
        o->c[entry->k] += fmpz_get_si(&entry->value) * o->a[entry->i] * o->b[entry->j];
    }
}

/* ---------------------------------------------------------------- structured matrices */

/* The entry of a matrix whose variables are v, in closed form. */
static int64_t entry_of(const char *structure, const int64_t *v, int i, int j, int rows,
                        int columns)
{
    int low = i < j ? i : j, high = i < j ? j : i, n = rows;
    int64_t packed =
        strcmp(structure, "general") == 0 ? 0 : v[low * n - low * (low - 1) / 2 + high - low];
    if (strcmp(structure, "general") == 0)
        return v[i * columns + j];
    if (strcmp(structure, "upper") == 0)
        return i <= j ? packed : 0;
    if (strcmp(structure, "lower") == 0)
        return i >= j ? packed : 0;
    if (strcmp(structure, "symmetric") == 0)
        return packed;
    if (strcmp(structure, "skew+diagonal") == 0)
        return i <= j ? packed : -packed;
    if (strcmp(structure, "skew") == 0)
        return i == j ? 0 : (i < j ? 1 : -1) * v[low * (2 * n - low - 1) / 2 + high - low - 1];
    if (strcmp(structure, "diagonal") == 0)
        return i == j ? v[i] : 0;
    if (strcmp(structure, "circulant") == 0)
        return v[(j - i + n) % n];
    if (strcmp(structure, "toeplitz") == 0)
        return j >= i ? v[j - i] : v[columns - 1 + i - j];
    if (strcmp(structure, "hankel") == 0)
        return v[i + j];
    fail_msg("no closed form of '%s' here", structure);
    return 0;
}

static int64_t right_entry(const char *left, const char *right, const operands *o, int j, int k,
                           const int *format)
{
    if (strcmp(right, "transpose") == 0)
        return entry_of(left, o->b, k, j, format[0], format[1]);
    return entry_of(right, o->b, j, k, format[1], format[2]);
}

/* What is computed of C: for a product of two lower triangular matrices it is numbered by columns,
   for a product of circulants it is the first row. */
static bool is_computed(const char *left, const char *right, int i, int k)
{
    if (strcmp(right, "transpose") == 0)
        return i <= k;
    if (strcmp(left, right) != 0)
        return true;
    return (strcmp(left, "upper") != 0 || i <= k) && (strcmp(left, "lower") != 0 || i >= k) &&
           (strcmp(left, "diagonal") != 0 || i == k) && (strcmp(left, "circulant") != 0 || i == 0);
}

static void check_product(const char *left, const char *right, const int format[3])
{
    char name[64];
    operands o;
    int n = format[0], m = format[1], p = format[2], count = 0;
    bool by_columns = strcmp(left, "lower") == 0 && strcmp(right, "lower") == 0;
    snprintf(name, sizeof name, "%dx%dx%d:%s*%s", n, m, p, left, right);
    fm_tensor *tensor = named(name);
    draw(o.a);
    draw(o.b);
    evaluate(tensor, &o);
    for (int at = 0; at < n * p; at++) {
        int i = by_columns ? at % n : at / p, k = by_columns ? at / n : at % p;
        int64_t sum = 0;
        for (int j = 0; j < m; j++)
            sum += entry_of(left, o.a, i, j, n, m) * right_entry(left, right, &o, j, k, format);
        if (is_computed(left, right, i, k) && o.c[count++] != sum)
            fail_msg("%s: c%d%d is %ld, expected %ld", name, i + 1, k + 1, (long)o.c[count - 1],
                     (long)sum);
    }
    assert_int_equal(fm_tensor_extent(tensor, 2), count);
    fm_tensor_free(tensor);
}

static void every_pair_of_structures_is_its_product(void **state)
{
    (void)state;
    for (int n = 2; n <= 4; n++)
        for (size_t l = 0; l < fm_structure_count; l++) {
            for (size_t r = 0; r < fm_structure_count; r++)
                check_product(fm_structures[l].name, fm_structures[r].name, (int[]){n, n, n});
            check_product(fm_structures[l].name, "transpose", (int[]){n, n, n});
        }
}

static void rectangular_products(void **state)
{
    (void)state;
    check_product("skew", "general", (int[]){5, 5, 1});
    check_product("upper", "general", (int[]){3, 3, 4});
    check_product("general", "symmetric", (int[]){2, 3, 3});
    check_product("general", "transpose", (int[]){3, 2, 3});
    check_product("toeplitz", "hankel", (int[]){2, 3, 5});
    check_product("toeplitz", "transpose", (int[]){4, 2, 4});
    check_product("hankel", "general", (int[]){4, 3, 2});
}

/* ---------------------------------------------------------------- polynomials and algebras */

static void polynomials_are_their_product(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int m, n, modulus, wrap; /* x^modulus = wrap */
    } cases[] = {{"poly:1x1", 1, 1, 100, 0},
                 {"poly:3x5", 3, 5, 100, 0},
                 {"cyclic:4", 4, 4, 4, 1},
                 {"cyclic:1", 1, 1, 1, 1},
                 {"negacyclic:5", 5, 5, 5, -1}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        operands o;
        int64_t expected[SIZE_MAX_HERE] = {0};
        fm_tensor *tensor = named(cases[c].name);
        draw(o.a);
        draw(o.b);
        evaluate(tensor, &o);
        for (int i = 0; i < cases[c].m; i++)
            for (int j = 0; j < cases[c].n; j++) {
                bool wraps = i + j >= cases[c].modulus;
                expected[wraps ? i + j - cases[c].modulus : i + j] +=
                    (wraps ? cases[c].wrap : 1) * o.a[i] * o.b[j];
            }
        assert_memory_equal(o.c, expected, sizeof expected);
        fm_tensor_free(tensor);
    }
}

/* (2x3 times 3x2) complex matrices: real parts first. */
static void complex_matrices_are_their_product(void **state)
{
    (void)state;
    operands o;
    fm_tensor *tensor = named("complex:2x3x2");
    draw(o.a);
    draw(o.b);
    evaluate(tensor, &o);
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < 2; k++) {
            int64_t re = 0, im = 0;
            for (int j = 0; j < 3; j++) {
                int64_t ar = o.a[i * 3 + j], ai = o.a[6 + i * 3 + j], br = o.b[j * 2 + k],
                        bi = o.b[6 + j * 2 + k];
                re += ar * br - ai * bi;
                im += ar * bi + ai * br;
            }
            assert_true(o.c[i * 2 + k] == re && o.c[4 + i * 2 + k] == im);
        }
    fm_tensor_free(tensor);
}

static void quaternions_are_hamiltons(void **state)
{
    (void)state;
    operands o;
    fm_tensor *tensor = named("quaternion");
    draw(o.a);
    draw(o.b);
    evaluate(tensor, &o);
    const int64_t *a = o.a, *b = o.b;
    assert_true(o.c[0] == a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3]);
    assert_true(o.c[1] == a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2]);
    assert_true(o.c[2] == a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1]);
    assert_true(o.c[3] == a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]);
    fm_tensor_free(tensor);
}

/* ---------------------------------------------------------------- names */

static void names_have_one_full_form(void **state)
{
    (void)state;
    static const struct {
        const char *name, *full;
        uint32_t shape[3];
        size_t entries;
    } cases[] = {
        {"3:general*transpose", "3:general*transpose", {9, 9, 6}, 18},
        {"3x3x3:upper*general", "3:upper*general", {6, 9, 9}, 18},
        {"3:upper.upper", "3:upper*upper", {6, 6, 6}, 10},
        {"3x4x3:general*transpose", "3x4x3:general*transpose", {12, 12, 6}, 24},
        {"5x5x1:skew*general", "5x5x1:skew*general", {10, 5, 5}, 20},
        {"2:skew*skew", "2:skew*skew", {1, 1, 4}, 2},
        {"3:skew+diagonal.skew", "3:skew+diagonal*skew", {6, 3, 9}, 18},
        {"poly:3x4", "poly:3x4", {3, 4, 6}, 12},
        {"complex", "complex:1x1x1", {2, 2, 2}, 4},
        {"complex:2:symmetric.general", "complex:2:symmetric*general", {6, 8, 8}, 32},
        {"quaternion:poly:2x2", "quaternion:poly:2x2", {8, 8, 12}, 64},
        {"3:general*general", "3x3x3", {9, 9, 9}, 27},
        {"3x4x5", "3x4x5", {12, 20, 15}, 60},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fm_tensor *tensor = named(cases[c].name);
        assert_string_equal(fm_tensor_name(tensor), cases[c].full);
        for (unsigned axis = 0; axis < 3; axis++)
            assert_int_equal(fm_tensor_extent(tensor, axis), cases[c].shape[axis]);
        assert_int_equal(fm_tensor_entry_count(tensor), cases[c].entries);
        assert_int_equal(fm_tensor_is_matmul(tensor, NULL), strchr(cases[c].full, ':') == NULL);
        fm_tensor_free(tensor);
    }
}

static void wrong_names_are_refused(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "is not a format"},
        {"4x4", "'4x4' is not a format"},
        {"4x4x4x4", "is not a format"},
        {"structured", "is not a format"},
        {"0x1x1", "each size must be from 1 to 64"},
        {"3", "is not a format"},
        {"3:", "expected two structures"},
        {"3:upper", "expected two structures"},
        {"3:upper*", "'' is no structure"},
        {"3:*upper", "'' is no structure"},
        {"3:upper*general*general", "'general*general' is no structure"},
        {"3:Upper*general", "'Upper' is no structure"},
        {"3:transpose*general", "'transpose' is no structure"},
        {"x:upper*general", "expected a size or a format"},
        {"3x3:upper*general", "expected a size or a format"},
        {":upper*general", "expected a size or a format"},
        {"3x3x3x:upper*general", "expected a size or a format"},
        {"-3:upper*general", "expected a size or a format"},
        {"0:upper*general", "each size must be from 1 to 64"},
        {"65:upper*general", "each size must be from 1 to 64"},
        {"18446744073709551619:upper*general", "each size must be from 1 to 64"},
        {"3x4x5:upper*general", "'upper' is for square matrices, and A is 3x4"},
        {"3x4x5:general*skew", "'skew' is for square matrices, and B is 4x5"},
        {"3x4x5:general*transpose", "write 3x4x3"},
        {"1:skew*general", "a matrix without a free entry"},
        {"poly:3", "two numbers of coefficients"},
        {"poly:3x3x3", "two numbers of coefficients"},
        {"poly:0x3", "each size must be from 1 to 64"},
        {"cyclic:3x3", "one number of coefficients"},
        {"negacyclic:", "one number of coefficients"},
        {"complex:", "is not a format"},
        {"complex:complex", "one algebra at most"},
        {"quaternion:complex:2x2x2", "one algebra at most"},
        {"complex:64x64x64", "an extent of 8192; at most 4096"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        fm_error error;
        fm_tensor *tensor;
        assert_int_equal(fm_tensor_parse_name(cases[c][0], &tensor, &error), FM_BAD_INPUT);
        assert_null(tensor);
        if (strstr(error.message, cases[c][1]) == NULL)
            fail_msg("'%s': '%s', expected '%s'", cases[c][0], error.message, cases[c][1]);
    }
}

/* A file cannot claim a name for other entries, but may be called "complex" in short. */
static void names_belong_to_their_tensors(void **state)
{
    (void)state;
    static const char one[] = "shape 1 1 1\n1 1 1 1\n", poly[] = "shape 1 2 2\n1 2 2 1\n1 1 1 1\n";
    fm_error error;
    fm_tensor *tensor;
    assert_int_equal(fm_tensor_parse(one, strlen(one), "poly:1x2.tns", &tensor, &error),
                     FM_BAD_INPUT);
    assert_null(tensor);
    assert_string_equal(error.message,
                        "poly:1x2: called like a tensor of the library, but not its entries");
    assert_ok(fm_tensor_parse(poly, strlen(poly), "poly:1x2.tns", &tensor, &error), error);
    fm_tensor_free(tensor);
    assert_ok(fm_tensor_parse(one, strlen(one), "complex.tns", &tensor, &error), error);
    assert_string_equal(fm_tensor_name(tensor), "complex");
    fm_tensor_free(tensor);
}

/* ---------------------------------------------------------------- ranks */

static void every_published_rank_is_of_a_named_tensor(void **state)
{
    (void)state;
    fm_known_row row;
    size_t rows = 0;
    for (; fm_known_row_at(rows, &row); rows++) {
        fm_tensor *tensor = named(row.name);
        const uint32_t *r = row.ranks;
        assert_string_equal(fm_tensor_name(tensor), row.name);
        for (fm_known_column column = FM_KNOWN_ZT; column <= FM_KNOWN_F2; column++) {
            assert_int_equal(fm_known_tensor_rank(tensor, column), r[column]);
            assert_true(r[column] <= fm_tensor_entry_count(tensor));
        }
        assert_true(r[FM_KNOWN_ZT] == 0 || r[FM_KNOWN_Z] <= r[FM_KNOWN_ZT]);
        assert_true(r[FM_KNOWN_Z] == 0 || r[FM_KNOWN_Q] <= r[FM_KNOWN_Z]);
        assert_true(r[FM_KNOWN_Z] == 0 || r[FM_KNOWN_F2] <= r[FM_KNOWN_Z]);
        fm_tensor_free(tensor);
    }
    assert_true(rows > 80);
    fm_tensor *gram = named("3:general*transpose"), *product = named("4x4x4"),
              *unknown = named("7:general*transpose");
    assert_int_equal(fm_known_tensor_rank(gram, FM_KNOWN_Q), 17);
    assert_int_equal(fm_known_tensor_rank(product, FM_KNOWN_F2), 47);
    assert_int_equal(fm_known_tensor_rank(unknown, FM_KNOWN_Q), 0);
    fm_tensor_free(gram);
    fm_tensor_free(product);
    fm_tensor_free(unknown);
}

static fm_status keep(void *context, const fm_scheme *find, double seconds, fm_error *error)
{
    fm_scheme **kept = context;
    (void)seconds;
    fm_scheme_free(*kept);
    return fm_scheme_to_ring(find, fm_scheme_ring(find), kept, error);
}

/* Two symmetric 2x2 matrices take 6 products over z and 5 where 2 has an inverse: found over f3,
   then lifted (arXiv 2511.10786). */
static void search_and_lift_of_symmetric_matrices(void **state)
{
    (void)state;
    fm_error error;
    fm_search_result result;
    fm_scheme *find = NULL, *lifted = NULL;
    fm_tensor *tensor = named("2:symmetric*symmetric");
    fm_search_options options = {.ring = test_ring("f3"),
                                 .threads = 1,
                                 .target_rank = 5,
                                 .flips = 100000000,
                                 .on_find = keep,
                                 .context = &find};
    assert_ok(fm_search(tensor, &options, &result, &error), error);
    assert_int_equal(result.best_rank, 5);
    assert_ok(fm_lift(find, NULL, &lifted, &error), error);
    assert_int_equal(fm_scheme_rank(lifted), 5);
    assert_int_equal(fm_scheme_ring(lifted).kind, FM_RING_Q);
    fm_verdict verdict;
    assert_int_equal(fm_verify(lifted, tensor, test_ring("q"), &verdict, &error), FM_OK);
    fm_verdict_clear(&verdict);
    fm_scheme_free(lifted);
    fm_scheme_free(find);
    fm_tensor_free(tensor);
}

int main(void)
{
    fm_random_seed(&stream, 3, 6);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_structures_is_its_product),
        cmocka_unit_test(rectangular_products),
        cmocka_unit_test(polynomials_are_their_product),
        cmocka_unit_test(complex_matrices_are_their_product),
        cmocka_unit_test(quaternions_are_hamiltons),
        cmocka_unit_test(names_have_one_full_form),
        cmocka_unit_test(wrong_names_are_refused),
        cmocka_unit_test(names_belong_to_their_tensors),
        cmocka_unit_test(every_published_rank_is_of_a_named_tensor),
        cmocka_unit_test(search_and_lift_of_symmetric_matrices),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
