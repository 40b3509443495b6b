/* Schemes as NumPy arrays in Python source and in notebooks: read in every layout that programs print,
   refused with their place, and never executed. */
#include "support.h"

#include "scheme.h"
#include "scheme_file.h"

#include <stdlib.h>
#include <string.h>

/* Strassen's scheme, a product a column, W for the transpose of C. */
#define U_ARRAY                                                                                    \
    "np.array([[ 1., 0., 1., 0., 1., -1., 0.],\n"                                                  \
    "       [0., -0., 0., 0., 1., 0., 1.],\n"                                                      \
    "       [0., 1., 0., 0., 0., 1., 0.],\n"                                                       \
    "       [1., 1., 0., 1., 0., 0., -1.]], dtype=np.float32)"
#define V_ARRAY                                                                                    \
    "np.array([[1, 1, 0, -1, 0, 1, 0], [0, 0, 1, 0, 0, 1, 0],\n"                                   \
    "[0, 0, 0, 1, 0, 0, 1], [1, 0, -1, 0, 1, 0, 1]])"
#define W_ARRAY                                                                                    \
    "np.array([[1, 0, 0, 1, -1, 0, 1], [0, 0, 1, 0, 1, 0, 0],\n"                                   \
    "[0, 1, 0, 1, 0, 0, 0], [1, -1, 1, 0, 0, 1, 0]],\n dtype=np.int8)"

static fm_status parse(const char *text, fm_scheme_list *list, fm_error *error)
{
    return fm_scheme_parse(text, strlen(text), "FILE", list, error);
}

static void assert_strassen(const fm_scheme *read, const char *what)
{
    char a[FM_HASH_SIZE], b[FM_HASH_SIZE];
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    fm_scheme_hash(read, a);
    fm_scheme_hash(strassen, b);
    if (strcmp(a, b) != 0)
        fail_msg("%s: another scheme", what);
    assert_int_equal(fm_scheme_origin(read)->kind, FM_FILE_PYTHON);
    fm_scheme_free(strassen);
}

static void the_spellings_mean_the_same(void **state)
{
    (void)state;
    static const char *const spellings[] = {
        "decomposition_222 = (" U_ARRAY ", " V_ARRAY ",\n" W_ARRAY ")\n",
        "import numpy as np\n# A comment.\nU = " U_ARRAY "\nV = " V_ARRAY "\nW = " W_ARRAY "\n",
        "from numpy import array\nfactors = [array([[1, 0, 1, 0, 1, -1, 0], [0, 0, 0, 0, 1, 0, 1,],"
        "[0, 1, 0, 0, 0, 1, 0], [1, 1, 0, 1, 0, 0, -1],]), " V_ARRAY ", " W_ARRAY "]\n",
        /* a product a row, once transposed */
        "U, V, W = " U_ARRAY ".T, np.array([[1, 0, 0, 1], [1, 0, 0, 0], [0, 1, 0, -1],"
        "[-1, 0, 1, 0], [0, 0, 0, 1], [1, 1, 0, 0], [0, 0, 1, 1]]), " W_ARRAY ".T\n",
        /* other arrays of the program */
        "def f():\n    return np.array([[1, 2], [3, 4]])\n\nS = (" U_ARRAY "," V_ARRAY "," W_ARRAY
        ")\nassert f(np.array([[0, 1]])) == 1\n",
    };
    for (size_t s = 0; s < sizeof spellings / sizeof spellings[0]; s++) {
        fm_error error;
        fm_scheme_list list;
        assert_ok(parse(spellings[s], &list, &error), error);
        assert_int_equal(list.count, 1);
        assert_strassen(list.schemes[0], spellings[s]);
        fm_scheme_list_free(&list);
    }
}

static void a_file_has_many_under_their_names(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme_list list;
    assert_ok(parse("one_222 = (" U_ARRAY ", " V_ARRAY ", " W_ARRAY ")\n\n"
                    "two = (" U_ARRAY ", " V_ARRAY ", " W_ARRAY ")\n",
                    &list, &error),
              error);
    assert_int_equal(list.count, 2);
    assert_string_equal(fm_scheme_origin(list.schemes[0])->entry, "one_222");
    assert_string_equal(fm_scheme_origin(list.schemes[1])->entry, "two");
    fm_scheme_list_free(&list);
}

/* Text as a JSON string, to be freed with free. */
static char *quoted(const char *text)
{
    char *out;
    size_t size;
    FILE *file = open_memstream(&out, &size);
    fputc('"', file);
    for (; *text != '\0'; text++)
        fprintf(file, *text == '\n' ? "\\n" : "%c", *text);
    fputc('"', file);
    fclose(file);
    return out;
}

static void notebooks_are_read_cell_by_cell(void **state)
{
    (void)state;
    char *code = quoted("data = (" U_ARRAY ", " V_ARRAY ", " W_ARRAY ")\n"), *text;
    size_t size;
    fm_error error;
    fm_scheme_list list;
    FILE *file = open_memstream(&text, &size);
    fprintf(file,
            "{\"nbformat\": 4, \"cells\": [{\"cell_type\": \"markdown\", \"source\": [%s]},\n"
            "{\"cell_type\": \"code\", \"source\": [\"import numpy\\n\", %s]},\n"
            "{\"cell_type\": \"code\", \"source\": \"check(data, 2)\"}]}\n",
            code, code);
    fclose(file);
    assert_ok(parse(text, &list, &error), error);
    assert_int_equal(list.count, 1);
    assert_strassen(list.schemes[0], "a notebook");
    assert_string_equal(fm_scheme_origin(list.schemes[0])->entry, "data");
    fm_scheme_list_free(&list);
    free(text);
    free(code);
}

static void wrong_schemes_do_not_verify(void **state)
{
    (void)state;
    static const char right[] = "S = (" U_ARRAY ", " V_ARRAY ", " W_ARRAY ")\n";
    char *text = strdup(right);
    unsigned wrong = 0;
    for (char *at = text; *at != '\0'; at++) { /* each coefficient that is 0 becomes 1 */
        bool is_zero = *at == '0' && strchr(" [", at[-1]) != NULL && strchr(".,]", at[1]) != NULL;
        fm_scheme_list list;
        fm_error error;
        fm_verdict verdict;
        if (!is_zero)
            continue;
        *at = '1';
        assert_ok(parse(text, &list, &error), error);
        assert_int_equal(fm_verify_smallest_ring(list.schemes[0], &verdict, &error), FM_NO);
        fm_verdict_clear(&verdict);
        fm_scheme_list_free(&list);
        *at = '0';
        wrong++;
    }
    assert_int_equal(wrong, 47); /* and one is -0. */
    free(text);
}

static void bad_arrays_are_refused_with_their_line(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"S = (np.array([[1, 0],\n[nan, 1]]), " V_ARRAY "," W_ARRAY ")", "FILE:2: 'nan, 1"},
        {"S = (np.array([[1, 0],\n[1]]), " V_ARRAY, "FILE:2: a row of 1 numbers behind one of 2"},
        {"S = (np.array([[1, 0], [0, 1]]), np.array([[1]]))", "FILE: no three arrays one behind"},
        {"S = (np.array([[1., 0., ..., 1.]]), 1)", "FILE:1: '...,"},
        {"U = np.array([[1, 0]]).reshape(2, 1)\n", "FILE:1: an array with '.reshape(2, 1)', which"},
        {"U = np.array([[1, 0]", "FILE:1: expected ']', found the end of the file"},
        {"S = (np.array([[1]]), np.array([[1, 2]]), np.array([[1], [2], [3]]))",
         "FILE: S: the factors are of sizes 1, 2 and 3, which are not"},
        {"{\"cells\": [{\"cell_type\": \"code\", \"source\": \"1\\nnp.array([[1, nan]])\"}]}",
         "FILE, cell 1:2: 'nan]])' is"},
        {"{\"cells\": [{\"cell_type\": \"code\", \"source\": \"np.array([[1, y]])\"}", "FILE:1: "},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        fm_error error;
        fm_scheme_list list;
        fm_status status = parse(cases[c][0], &list, &error);
        if (status != FM_BAD_INPUT || strstr(error.message, cases[c][1]) == NULL)
            fail_msg("%s: expected '%s', got status %d, '%s'", cases[c][0], cases[c][1], status,
                     error.message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_spellings_mean_the_same),
        cmocka_unit_test(a_file_has_many_under_their_names),
        cmocka_unit_test(notebooks_are_read_cell_by_cell),
        cmocka_unit_test(wrong_schemes_do_not_verify),
        cmocka_unit_test(bad_arrays_are_refused_with_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
