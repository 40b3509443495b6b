/* Tensor files: what is written reads back; what is wrong is refused with its place. */
#include "support.h"

#include "tensor.h"

#include <stdlib.h>
#include <string.h>

static void written_tensor_reads_back(void **state)
{
    (void)state;
    fm_error error;
    char *text;
    size_t length;
    fm_tensor *tensor = test_matmul(3, 2, 4), *back;
    FILE *file = open_memstream(&text, &length);
    assert_ok(fm_tensor_write(tensor, file, &error), error);
    fclose(file);
    assert_ok(fm_tensor_parse(text, length, "folder/t.tns", &back, &error), error);
    assert_string_equal(fm_tensor_name(back), "t");
    assert_true(fm_tensor_equal(tensor, back));
    assert_false(fm_tensor_is_matmul(back, NULL));
    fm_tensor_free(back);
    fm_tensor_free(tensor);
    free(text);
}

static void comments_signs_and_large_values(void **state)
{
    (void)state;
    static const char text[] = "# polynomial product\r\n\nshape 2 2 3 # extents\n"
                               "2 1 3 -123456789012345678901234567890\n 1 1 1 +1\r\n";
    fm_error error;
    fm_tensor *tensor;
    assert_ok(fm_tensor_parse(text, strlen(text), "t", &tensor, &error), error);
    assert_int_equal(fm_tensor_entry_count(tensor), 2);
    assert_int_equal(tensor->entries[0].i, 0); /* sorted */
    assert_true(fmpz_is_one(&tensor->entries[0].value));
    char *value = fmpz_get_str(NULL, 10, &tensor->entries[1].value);
    assert_string_equal(value, "-123456789012345678901234567890");
    flint_free(value);
    fm_tensor_free(tensor);
}

/* Memory need not end in a zero byte, and nothing behind the length is read. */
static void length_alone_ends_the_text(void **state)
{
    (void)state;
    static const char text[] = "shape 2 2 2\n1 1 1 12";
    fm_error error;
    fm_tensor *tensor;
    size_t length = strlen(text) - 1;
    char *part = malloc(length);
    memcpy(part, text, length);
    assert_ok(fm_tensor_parse(part, length, "t", &tensor, &error), error);
    assert_int_equal(fmpz_get_si(&tensor->entries[0].value), 1);
    fm_tensor_free(tensor);
    free(part);
}

/* A name cannot make of three entries the product of two matrices. */
static void formats_are_no_names_for_other_tensors(void **state)
{
    (void)state;
    static const char other[] = "shape 4 4 4\n1 1 1 1\n",
                      product[] = "shape 1 2 2\n1 1 1 1\n1 2 2 1\n";
    fm_error error;
    fm_tensor *tensor;
    assert_int_equal(fm_tensor_parse(other, strlen(other), "2x2x2.tns", &tensor, &error),
                     FM_BAD_INPUT);
    assert_null(tensor);
    assert_string_equal(error.message, "2x2x2: called like a format, but not its matrix product");
    assert_ok(fm_tensor_parse(product, strlen(product), "1x1x2.tns", &tensor, &error), error);
    assert_true(fm_tensor_is_matmul(tensor, NULL));
    fm_tensor_free(tensor);
}

static void control_characters_stay_out_of_names_and_messages(void **state)
{
    (void)state;
    static const char text[] = "shape 1 1 1\n1 1 1 1\n", wrong[] = "shape 1 1 \033[2J\n";
    fm_error error;
    fm_tensor *tensor;
    assert_ok(fm_tensor_parse(text, strlen(text), "a\033[1m\n\xc2\x9b\xc3\x9b", &tensor, &error),
              error);
    assert_string_equal(fm_tensor_name(tensor), "a?[1m???\xc3\x9b");
    fm_tensor_free(tensor);
    assert_int_equal(fm_tensor_parse(wrong, strlen(wrong), "t", &tensor, &error), FM_BAD_INPUT);
    assert_string_equal(error.message, "t:1: extent '?[2J' is not from 1 to 4096");
}

static void bad_tensor_files_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "t: empty"},
        {"1 1 1 1\n", "t:1: expected the header"},
        {"shape 2 2\n", "t:1: expected the header"},
        {"shape 2 2 0\n", "t:1: extent '0'"},
        {"shape 2 2 5000\n", "t:1: extent '5000'"},
        {"shape 2 2 99999999999999999999999\n", "t:1: extent"},
        {"shape 2 2 2\n1 1 1\n", "t:2: expected 'i j k value'"},
        {"shape 2 2 2\n1 1 1 1 1\n", "t:2: expected 'i j k value'"},
        {"shape 2 2 2\n\n1 3 1 1\n", "t:3: index '3'"},
        {"shape 2 2 2\n0 1 1 1\n", "t:2: index '0'"},
        {"shape 2 2 2\n-1 1 1 1\n", "t:2: index '-1'"},
        {"shape 2 2 2\n1 1 1 0\n", "t:2: value '0'"},
        {"shape 2 2 2\n1 1 1 1.5\n", "t:2: value '1.5'"},
        {"shape 2 2 2\n1 1 1 2/2\n", "t:2: value '2/2'"},
        {"shape 2 2 2\n1 1 1 +-2\n", "t:2: value '+-2'"},
        {"shape 2 2 2\n1 1 1 1\f2\n", "t:2: value '1"},
        {"shape 2 2 2\n1 1 1 1\n2 2 2 1\n1 1 1 -1\n", "t: entry (1, 1, 1) is given twice"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        fm_error error;
        fm_tensor *tensor;
        fm_status status =
            fm_tensor_parse(cases[c].text, strlen(cases[c].text), "t", &tensor, &error);
        assert_int_equal(status, FM_BAD_INPUT);
        assert_null(tensor);
        if (strstr(error.message, cases[c].message) != error.message)
            fail_msg("'%s', expected '%s'", error.message, cases[c].message);
    }
    fm_error error;
    fm_tensor *tensor;
    assert_int_equal(fm_tensor_parse("shape 1 1 1\n1 1 1 1\0", 21, "t", &tensor, &error),
                     FM_BAD_INPUT);
    assert_int_equal(fm_tensor_read("/nonexistent/t.tns", &tensor, &error), FM_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_tensor_reads_back),
        cmocka_unit_test(comments_signs_and_large_values),
        cmocka_unit_test(length_alone_ends_the_text),
        cmocka_unit_test(formats_are_no_names_for_other_tensors),
        cmocka_unit_test(control_characters_stay_out_of_names_and_messages),
        cmocka_unit_test(bad_tensor_files_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
