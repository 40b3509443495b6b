/* Scheme files: what is written reads back, and what is wrong is refused with its place. */
#include "support.h"

#include "dense.h"
#include "memory.h"
#include "scheme.h"

#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- round trips */

static char *written(const fm_scheme *scheme, fm_file_kind kind, size_t *length)
{
    fm_error error;
    char *text;
    FILE *file = open_memstream(&text, length);
    assert_ok(fm_scheme_write(scheme, kind, file, &error), error);
    fclose(file);
    return text;
}

static void assert_same_factors(const fm_scheme *a, const fm_scheme *b)
{
    assert_true(fm_tensor_equal(a->tensor, b->tensor));
    assert_int_equal(a->rank, b->rank);
    for (int axis = 0; axis < 3; axis++) {
        const fm_factors *x = &a->factors[axis], *y = &b->factors[axis];
        assert_int_equal(x->count, y->count);
        for (size_t e = 0; e < x->count; e++) {
            assert_int_equal(x->index[e], y->index[e]);
            assert_true(fmpq_equal(&x->value[e], &y->value[e]));
        }
        assert_memory_equal(x->start, y->start, (x->rank + 1) * sizeof *x->start);
    }
}

static fm_scheme *read_one(const char *text, size_t length)
{
    fm_error error;
    fm_scheme_list list;
    assert_ok(fm_scheme_parse(text, length, "test", &list, &error), error);
    assert_int_equal(list.count, 1);
    fm_scheme *scheme = list.schemes[0];
    free(list.schemes);
    return scheme;
}

/* Not a scheme of its tensor, which does not matter here: any coefficients. */
static fm_scheme *random_scheme(const unsigned format[3], const char *ring, long size,
                                uint64_t seed)
{
    dense d;
    fm_random random;
    fmpq_t third;
    fm_tensor *tensor = test_matmul(format[0], format[1], format[2]);
    fm_random_seed(&random, seed, 0);
    dense_init(&d, tensor->extent, 9);
    d.rank = 9;
    dense_fill(&d, &random, size, 40);
    fmpq_init(third);
    fmpq_set_si(third, -1, 3);
    if (strcmp(ring, "q") == 0)
        dense_scale(&d, 4, third);
    fm_scheme *scheme = dense_to_scheme(&d, tensor, test_ring(ring));
    assert_non_null(scheme);
    fmpq_clear(third);
    dense_clear(&d);
    fm_tensor_free(tensor);
    return scheme;
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    static const unsigned formats[][3] = {{2, 3, 4}, {1, 1, 1}, {3, 2, 11}};
    static const struct {
        const char *ring;
        long size;
    } rings[] = {{"f2", 1}, {"f3", 2}, {"zt", 1}, {"z", 5000}, {"q", 7}, {"f101", 100}};
    for (size_t f = 0; f < 3; f++)
        for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++)
            for (int kind = FM_FILE_JSON; kind <= FM_FILE_TEXT; kind++) {
                size_t length;
                fm_scheme *scheme = random_scheme(formats[f], rings[r].ring, rings[r].size, f + r);
                char *text = written(scheme, (fm_file_kind)kind, &length);
                fm_scheme *back = read_one(text, length);
                assert_same_factors(scheme, back);
                if (kind == FM_FILE_JSON)
                    assert_true(fm_ring_equal(scheme->ring, back->ring));
                fm_scheme_free(back);
                fm_scheme_free(scheme);
                free(text);
            }
}

static void coefficients_of_any_size_read_back(void **state)
{
    (void)state;
    fm_scheme *scheme = random_scheme((const unsigned[3]){2, 2, 2}, "z", 3, 1);
    fm_scheme *big;
    fm_error error;
    assert_ok(fm_scheme_to_ring(scheme, test_ring("q"), &big, &error), error);
    fmpq *value = &big->factors[1].value[0];
    fmpz_one_2exp(fmpq_numref(value), 4000);
    fmpz_set_str(fmpq_denref(value), "123456789012345678901234567890123456789", 10);
    for (int kind = FM_FILE_JSON; kind <= FM_FILE_TEXT; kind++) {
        size_t length;
        char *text = written(big, (fm_file_kind)kind, &length);
        fm_scheme *back = read_one(text, length);
        assert_same_factors(big, back);
        fm_scheme_free(back);
        free(text);
    }
    fm_scheme_free(big);
    fm_scheme_free(scheme);
}

static void provenance_and_other_tensors_read_back(void **state)
{
    (void)state;
    static const char tensor_text[] = "shape 2 2 3\n1 1 1 1\n1 2 2 1\n2 1 2 -1\n2 2 3 100\n";
    fm_error error;
    fm_tensor *tensor;
    fm_scheme *scheme;
    size_t length;
    assert_ok(fm_tensor_parse(tensor_text, strlen(tensor_text), "a \"b\".tns", &tensor, &error),
              error);
    assert_ok(fm_scheme_standard(tensor, test_ring("z"), &scheme, &error), error);
    char *parents[] = {"00000000000000000000000000000000000000000000000000000000000abcde",
                       "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
    fm_scheme_set_provenance(scheme, &(fm_provenance){.engine = "flips",
                                                      .version = "1",
                                                      .time = "2026-11-24T01:02:03Z",
                                                      .seed = UINT64_MAX,
                                                      .has_seed = true,
                                                      .parents = parents,
                                                      .parent_count = 2});
    char *text = written(scheme, FM_FILE_JSON, &length);
    fm_scheme *back = read_one(text, length);
    assert_same_factors(scheme, back);
    assert_string_equal(back->tensor->name, "a \"b\"");
    assert_string_equal(back->provenance.engine, "flips");
    assert_string_equal(back->provenance.time, "2026-11-24T01:02:03Z");
    assert_true(back->provenance.has_seed && back->provenance.seed == UINT64_MAX);
    assert_int_equal(back->provenance.parent_count, 2);
    assert_string_equal(back->provenance.parents[1], parents[1]);
    assert_int_equal(fm_scheme_write(scheme, FM_FILE_TEXT, stderr, &error), FM_BAD_INPUT);
    free(text);
    fm_scheme_free(back);
    fm_scheme_free(scheme);
    fm_tensor_free(tensor);
}

/* Under the key tensor W is for the third axis itself, C, n x p, whatever the tensor's name. */
static void a_format_given_as_a_tensor_is_not_transposed(void **state)
{
    (void)state;
    static const char text[] =
        "{\"tensor\": {\"name\": \"2x1x3\", \"shape\": [2, 3, 6], \"entries\": [[1, 1, 1, 1], [1, "
        "2, 2, "
        "1], [1, 3, 3, 1], [2, 1, 4, 1], [2, 2, 5, 1], [2, 3, 6, 1]]}, \"m\": 6, %s"
        "\"u\": [[1, 0], [1, 0], [1, 0], [0, 1], [0, 1], [0, 1]], \"v\": [[1, 0, 0], [0, 1, 0], "
        "[0, 0, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]], \"w\": [[1, 0, 0, 0, 0, 0], [0, 1, 0, 0, 0, "
        "0], [0, 0, 1, 0, 0, 0], [0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1]]}";
    static const char *const keys[] = {"", "\"ring\": \"zt\", "};
    fm_error error;
    fm_scheme *standard;
    fm_tensor *tensor = test_matmul(2, 1, 3);
    assert_ok(fm_scheme_standard(tensor, test_ring("zt"), &standard, &error), error);
    for (int k = 0; k < 2; k++) {
        char *file = fm_format(text, keys[k]);
        fm_scheme *scheme = read_one(file, strlen(file));
        assert_int_equal(fm_scheme_origin(scheme)->w_order, FM_W_OF_C);
        assert_same_factors(scheme, standard);
        fm_scheme_free(scheme);
        free(file);
    }
    fm_scheme_free(standard);
    fm_tensor_free(tensor);
}

/* ---------------------------------------------------------------- known files */

#define STRASSEN_TEXT                                                                              \
    "2 2 2 7\n"                                                                                    \
    "1 0 0 1\n0 0 1 1\n1 0 0 0\n0 0 0 1\n1 1 0 0\n-1 0 1 0\n0 1 0 -1\n"                            \
    "1 0 0 1\n1 0 0 0\n0 1 0 -1\n-1 0 1 0\n0 0 0 1\n1 1 0 0\n0 0 1 1\n"                            \
    "1 0 0 1\n0 1 0 -1\n0 0 1 1\n1 1 0 0\n-1 0 1 0\n0 0 0 1\n1 0 0 0\n"

static void a_text_with_many_schemes_is_read_in_order(void **state)
{
    (void)state;
    static const char text[] = "# two\n\n" STRASSEN_TEXT "  # and\r\n 1 1 1  1\r\n1\n\t1 # b\n1";
    fm_error error;
    fm_scheme_list list;
    assert_ok(fm_scheme_parse(text, strlen(text), "test", &list, &error), error);
    assert_int_equal(list.count, 2);
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    assert_same_factors(list.schemes[0], strassen);
    assert_int_equal(fm_scheme_rank(list.schemes[1]), 1);
    fm_scheme_free(strassen);
    fm_scheme_list_free(&list);
}

static void a_json_array_has_many_schemes(void **state)
{
    (void)state;
    static const char text[] = "[{\"n\":[1,1,1],\"m\":1,\"u\":[[1]],\"v\":[[\"1/2\"]],\"w\":[[2]]},"
                               "{\"n\":[1,1,1],\"m\":1,\"z2\":true,\"u\":[[1]],\"v\":[[-1]],"
                               "\"w\":[[3]],\"complexity\":0}]";
    fm_error error;
    fm_scheme_list list;
    assert_ok(fm_scheme_parse(text, strlen(text), "test", &list, &error), error);
    assert_int_equal(list.count, 2);
    assert_true(fm_ring_equal(fm_scheme_ring(list.schemes[0]), test_ring("q")));
    assert_true(fm_ring_equal(fm_scheme_ring(list.schemes[1]), test_ring("f2")));
    fm_scheme_list_free(&list);
}

static void the_corpus_reads_and_holds(void **state)
{
    (void)state;
    char line[1024], path[2048], format[64], ring[64], expected[64];
    const char *shared = FEWMUL_SOURCE_DIR "/../shared/corpus";
    snprintf(path, sizeof path, "%s/INDEX.tsv", shared);
    FILE *index = fopen(path, "r");
    if (index == NULL)
        skip();
    unsigned rank, read = 0;
    while (fgets(line, sizeof line, index) != NULL) {
        char file[512];
        if (strncmp(line, "json/", 5) != 0 ||
            sscanf(line, "%511s %63s %u %63s", file, format, &rank, ring) != 4)
            continue;
        fm_error error;
        fm_scheme_list list;
        fm_verdict verdict;
        snprintf(path, sizeof path, "%s/%s", shared, file);
        assert_ok(fm_scheme_read(path, &list, &error), error);
        assert_int_equal(list.count, 1);
        assert_string_equal(fm_tensor_name(fm_scheme_tensor(list.schemes[0])), format);
        assert_int_equal(fm_scheme_rank(list.schemes[0]), rank);
        assert_ok(fm_verify_smallest_ring(list.schemes[0], &verdict, &error), error);
        snprintf(expected, sizeof expected, "%s",
                 strcmp(ring, "ZT") == 0  ? "zt"
                 : strcmp(ring, "Z") == 0 ? "z"
                 : strcmp(ring, "Q") == 0 ? "q"
                                          : "f2");
        assert_string_equal(fm_ring_name(verdict.ring, ring), expected);
        fm_verdict_clear(&verdict);
        fm_scheme_list_free(&list);
        read++;
    }
    fclose(index);
    assert_true(read >= 12);
}

/* ---------------------------------------------------------------- bad input */

static void assert_refused(const char *text, size_t length, const char *message)
{
    fm_error error;
    fm_scheme_list list;
    fm_status status = fm_scheme_parse(text, length, "FILE", &list, &error);
    if (status != FM_BAD_INPUT || strstr(error.message, message) == NULL)
        fail_msg("%.80s: expected '%s', got status %d, '%s'", text, message, status,
                 status == FM_OK ? "" : error.message);
    assert_true(list.count == 0 && list.schemes == NULL);
    assert_non_null(strstr(error.message, "FILE"));
}

static void bad_files_are_refused_with_their_place(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", "FILE: empty"},
        {"hello", "no kind of scheme file that is known"},
        {"# nothing\n", "no kind of scheme file that is known"},
        {"2 2 2\n", "FILE:1: expected a header 'n m p rank'"},
        {"2 2 2 x\n", "FILE:1: the rank is 'x', not a positive number"},
        {"2 2 2 7 1\n", "FILE:1: expected a header"},
        {"0 2 2 7\n", "FILE:1: n is '0', not from 1 to 64"},
        {"2 65 2 7\n", "FILE:1: m is '65', not from 1 to 64"},
        {"99999999999999999999 2 2 7\n", "not from 1 to 64"},
        {"2 2 2 999999999\n1 0 0 1\n", "the file ends before row 2 of U; the rank is 999999999"},
        {"2 2 2 1\n1 0 0 1\n1 0 0\n", "FILE:3: row 1 of V has 3 coefficients, expected 4"},
        {"2 2 2 1\n1 0 0 1 1\n", "FILE:2: row 1 of U has 5 coefficients, expected 4"},
        {"2 2 2 1\n1 0 0 1.5.2\n",
         "FILE:2: '1.5.2' in row 1 of U is neither an integer nor a fraction"},
        {"2 2 2 1\n1 0 0 1/0\n", "'1/0' in row 1 of U"},
        {"2 2 2 1\n1 0 0 1/\n", "'1/' in row 1 of U"},
        {"2 2 2 1\n1 0 0 /2\n", "'/2' in row 1 of U"},
        {"2 2 2 1\n1 0 0 --1\n", "'--1' in row 1 of U"},
        {"2 2 2 1\n1 0 0 0x1\n", "'0x1' in row 1 of U"},
        {"2 2 2 1\n1 0 0 nan\n", "'nan' in row 1 of U"},
        {"1 1 1 1\n1\n1\n1\n1\n", "FILE:5: expected a header 'n m p rank'"},
        {"{", "FILE:1:"},
        {"{\"n\": [2, 2, 2], \n\"m\": 7,", "FILE:2:"},
        {"{\"n\": [1,1,1], \"n\": [1,1,1]}", "duplicate"},
        {"{\"m\": 1}", "the key n, the format, is missing"},
        {"{\"n\": [1,1], \"m\": 1}", "n must be the three sizes of the format"},
        {"{\"n\": [1,1,\"1\"], \"m\": 1}", "n[2] is \"1\", not an integer from 1 to 64"},
        {"{\"n\": [1,1,1000], \"m\": 1}", "n[2] is 1000, not an integer from 1 to 64"},
        {"{\"n\": [1,1,0], \"m\": 1}", "from 1 to 64"},
        {"{\"n\": [1,1,1]}", "the key m, the rank, is missing"},
        {"{\"n\": [1,1,1], \"m\": -1}", "m is -1, not a rank"},
        {"{\"n\": [1,1,1], \"m\": 1.0}", "m is 1.0, not a rank"},
        {"{\"n\": [1,1,1], \"m\": 99999999999999999999}", "too big"},
        {"{\"n\": [1,1,1], \"m\": 2, \"u\": [[1]], \"v\": [[1]], \"w\": [[1]]}",
         "u has 1 rows; m, the rank, is 2"},
        {"{\"n\": [1,1,1], \"m\": 1, \"u\": [[1]], \"v\": [[1]]}",
         "the key w, an array of rows, is missing"},
        {"{\"n\": [1,1,1], \"m\": 1, \"u\": [[1,1]], \"v\": [[1]], \"w\": [[1]]}",
         "u[0] has 2 coefficients, expected 1"},
        {"{\"n\": [1,1,1], \"m\": 1, \"u\": [1], \"v\": [[1]], \"w\": [[1]]}",
         "u[0] has 0 coefficients, expected 1"},
        {"{\"n\": [1,1,1], \"m\": 1, \"u\": [[1]], \"v\": [[0.1]], \"w\": [[1]]}",
         "v[0][0] is 0.1, neither an integer nor a fraction"},
        {"{\"n\": [1,1,1], \"m\": 1, \"u\": [[1]], \"v\": [[true]], \"w\": [[1]]}", "v[0][0]"},
        {"{\"n\": [1,1,1], \"m\": 1, \"u\": [[1]], \"v\": [[null]], \"w\": [[1]]}", "v[0][0]"},
        {"{\"n\": [1,1,1], \"m\": 1, \"u\": [[1]], \"v\": [[\"1/0\"]], \"w\": [[1]]}", "v[0][0]"},
        {"{\"n\": [1,1,1], \"m\": 1, \"u\": [[12345678901234567890]], \"v\": [[1]]}", "too big"},
        {"{\"n\": [1,1,1], \"m\": 1, \"ring\": \"f4\", \"u\": [[1]], \"v\": [[1]], \"w\": [[1]]}",
         "ring 'f4': 4 is not a prime"},
        {"{\"n\": [1,1,1], \"m\": 1, \"ring\": \"zt\", \"u\": [[2]], \"v\": [[1]], \"w\": [[1]]}",
         "U[0][0] is 2, which is not in zt"},
        {"{\"n\": [1,1,1], \"m\": 1, \"ring\": \"f2\", \"u\": [[\"1/2\"]], \"v\": [[1]], "
         "\"w\": [[1]]}",
         "no residue in f2"},
        {"{\"n\": [1,1,1], \"m\": 1, \"ring\": \"zt\", \"z2\": true, \"u\": [[1]]}",
         "z2 is true and ring is zt: they contradict each other"},
        {"{\"n\": [1,1,1], \"m\": 1, \"z2\": 1}", "z2 must be true or false"},
        {"{\"tensor\": {\"name\": \"t\", \"shape\": [1, 1, 5000], \"entries\": []}, \"m\": 0}",
         "tensor.shape"},
        {"{\"tensor\": {\"name\": \"t\", \"shape\": [1, 1, 1], \"entries\": [[1, 1, 2, 1]]}}",
         "tensor.entries[0] is [1,1,2,1], not [i, j, k, value] with indices from 1"},
        {"{\"tensor\": {\"name\": \"t\", \"shape\": [1, 1, 1], \"entries\": [[1, 1, 1, 1], "
         "[1, 1, 1, 1]]}}",
         "given twice"},
        {"[{\"n\": [1,1,1], \"m\": 1, \"u\": [[1]], \"v\": [[1]], \"w\": [[1]]}, {}]",
         "scheme 1: the key n, the format, is missing"},
        {"[]", "the array is empty"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++)
        assert_refused(cases[c][0], strlen(cases[c][0]), cases[c][1]);
    assert_refused("2 2\0 2 1\n", 9, "a zero byte");
}

/* Whatever is done to a file, what is read from it, if anything, is a whole scheme of the shape that
   it says, and a damaged coefficient never passes for the right one. */
static void damaged_files_never_pass(void **state)
{
    (void)state;
    fm_random random;
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    fm_random_seed(&random, 5, 0);
    for (int kind = FM_FILE_JSON; kind <= FM_FILE_TEXT; kind++) {
        size_t length, refused = 0;
        char *text = written(strassen, (fm_file_kind)kind, &length);
        char *copy = malloc(length + 1);
        for (int round = 0; round < 20000; round++) {
            static const char bytes[] = "0123456789-/.,[]{}\"# \n\r\tuvwnmz\0\xff";
            size_t size =
                fm_random_below(&random, 4) == 0 ? fm_random_below(&random, length + 1) : length;
            memcpy(copy, text, size);
            for (uint32_t n = fm_random_below(&random, 4); n > 0 && size > 0; n--)
                copy[fm_random_below(&random, size)] =
                    bytes[fm_random_below(&random, sizeof bytes)];
            fm_error error;
            fm_scheme_list list;
            fm_status status = fm_scheme_parse(copy, size, "FILE", &list, &error);
            if (status != FM_OK) {
                assert_int_equal(status, FM_BAD_INPUT);
                assert_true(error.message[0] != '\0');
                refused++;
                continue;
            }
            for (size_t i = 0; i < list.count; i++) {
                fm_verdict verdict;
                const fm_scheme *scheme = list.schemes[i];
                bool same = scheme->rank == 7 && fm_tensor_equal(scheme->tensor, strassen->tensor);
                for (int axis = 0; axis < 3 && same; axis++) {
                    const fm_factors *x = &scheme->factors[axis], *y = &strassen->factors[axis];
                    same = x->count == y->count;
                    for (size_t e = 0; e < x->count && same; e++)
                        same = x->index[e] == y->index[e] && fmpq_equal(&x->value[e], &y->value[e]);
                }
                status = fm_verify(scheme, scheme->tensor, scheme->ring, &verdict, &error);
                fm_verdict_clear(&verdict);
                /* No two entries of Strassen's scheme can change to another scheme that holds. */
                assert_true(status == FM_NO || same || scheme->rank < 7 ||
                            scheme->ring.kind == FM_RING_ZP);
            }
            fm_scheme_list_free(&list);
        }
        assert_true(refused > 1000);
        free(copy);
        free(text);
    }
    fm_scheme_free(strassen);
}

static void a_missing_file_is_an_io_error(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme_list list;
    assert_int_equal(fm_scheme_read("/nonexistent/file.json", &list, &error), FM_IO);
    assert_non_null(strstr(error.message, "/nonexistent/file.json"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(coefficients_of_any_size_read_back),
        cmocka_unit_test(provenance_and_other_tensors_read_back),
        cmocka_unit_test(a_text_with_many_schemes_is_read_in_order),
        cmocka_unit_test(a_json_array_has_many_schemes),
        cmocka_unit_test(a_format_given_as_a_tensor_is_not_transposed),
        cmocka_unit_test(the_corpus_reads_and_holds),
        cmocka_unit_test(bad_files_are_refused_with_their_place),
        cmocka_unit_test(damaged_files_never_pass),
        cmocka_unit_test(a_missing_file_is_an_io_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
