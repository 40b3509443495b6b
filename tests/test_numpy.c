/* NumPy files: every element is read exactly, no pickle runs, and what is damaged is refused. */
#include "support.h"

#include "archive.h"
#include "dense.h"
#include "numpy.h"
#include "random.h"
#include "scheme.h"
#include "scheme_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- files, byte by byte */

typedef struct bytes {
    char *at;
    size_t length;
    FILE *file;
} bytes;

static void start(bytes *b)
{
    b->file = open_memstream(&b->at, &b->length);
}

static void finish(bytes *b)
{
    fclose(b->file);
}

/* Number in size bytes. */
static void put(bytes *b, uint64_t number, unsigned size, bool is_big_endian)
{
    for (unsigned i = 0; i < size; i++)
        fputc((int)(number >> 8 * (is_big_endian ? size - 1 - i : i) & 255), b->file);
}

static void put_header(bytes *b, unsigned version, const char *header)
{
    size_t length = strlen(header);
    fwrite("\x93NUMPY", 1, 6, b->file);
    put(b, version, 2, false);
    put(b, length, version == 1 ? 2 : 4, false);
    fwrite(header, 1, length, b->file);
}

static uint64_t half_bits(double value)
{
    int exponent;
    double fraction = frexp(fabs(value), &exponent);
    uint64_t sign = signbit(value) ? 1u << 15 : 0;
    if (value == 0)
        return sign;
    if (exponent < -13) /* subnormal */
        return sign | (uint64_t)ldexp(fabs(value), 24);
    return sign | (uint64_t)(exponent + 14) << 10 | ((uint64_t)ldexp(fraction, 11) & 1023);
}

static uint64_t element_bits(const char *type, double value)
{
    float single = (float)value;
    uint32_t word32;
    uint64_t word64;
    if (type[0] != 'f')
        return (uint64_t)(int64_t)value;
    if (type[1] == '2')
        return half_bits(value);
    memcpy(&word32, &single, sizeof single);
    memcpy(&word64, &value, sizeof value);
    return type[1] == '4' ? word32 : word64;
}

/* A .npy file of numbers. */
static void put_array(bytes *b, const char *order, const char *type, const char *shape,
                      const double *values, size_t count)
{
    char header[160];
    start(b);
    snprintf(header, sizeof header, "{'descr': '%s%s', 'fortran_order': False, 'shape': %s, }\n",
             order, type, shape);
    put_header(b, 1, header);
    for (size_t i = 0; i < count; i++)
        put(b, element_bits(type, values[i]), (unsigned)(type[1] - '0'), order[0] == '>');
    finish(b);
}

static void assert_number(const fm_array *array, size_t place, double expected)
{
    fmpq_t value;
    fmpq_init(value);
    assert_true(fm_array_number(array, place, value));
    assert_true(fmpz_get_d(fmpq_numref(value)) / fmpz_get_d(fmpq_denref(value)) == expected);
    fmpq_clear(value);
}

static void assert_array_refused(const bytes *b, const char *reason)
{
    fm_error error;
    fm_array array;
    assert_int_equal(fm_array_read((const uint8_t *)b->at, b->length, &array, &error),
                     FM_BAD_INPUT);
    assert_null(array.items);
    if (strstr(error.message, reason) == NULL)
        fail_msg("'%s' lacks '%s'", error.message, reason);
}

/* ---------------------------------------------------------------- elements */

static void elements_of_every_type_are_exact(void **state)
{
    (void)state;
    static const char *const types[] = {"i1", "i2", "i4", "i8", "u1", "u2",
                                        "u4", "u8", "f2", "f4", "f8", "b1"};
    static const char *const orders[] = {"<", ">"};
    for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
        for (size_t o = 0; o < 2; o++) {
            bytes b;
            fm_array array;
            fm_error error;
            const char *type = types[t];
            double sign = type[0] == 'u' || type[0] == 'b' ? 1 : -1;
            double values[6] = {0, 1, sign, sign * 100, 0, 5};
            if (type[0] == 'f')
                values[0] = -0.375;
            if (type[0] == 'b')
                values[3] = values[5] = 1;
            put_array(&b, orders[o], type, "(2, 3)", values, 6);
            assert_ok(fm_array_read((const uint8_t *)b.at, b.length, &array, &error), error);
            assert_int_equal(array.dimension_count, 2);
            assert_int_equal(array.count, 6);
            for (size_t i = 0; i < 6; i++)
                assert_number(&array, i / 3 * array.stride[0] + i % 3 * array.stride[1], values[i]);
            fm_array_clear(&array);
            free(b.at);
        }
}

/* Row 1, column 2 of a 2 x 3 array is element 5 in C order and 2 * 2 + 1 in Fortran order. */
static void fortran_order_has_the_first_index_fastest(void **state)
{
    (void)state;
    bytes b;
    fm_array array;
    fm_error error;
    start(&b);
    put_header(&b, 1, "{'descr': '|i1', 'fortran_order': True, 'shape': (2, 3), }");
    for (unsigned i = 0; i < 6; i++)
        put(&b, 10 + i, 1, false);
    finish(&b);
    assert_ok(fm_array_read((const uint8_t *)b.at, b.length, &array, &error), error);
    assert_number(&array, 1 * array.stride[0] + 2 * array.stride[1], 15);
    assert_number(&array, 1 * array.stride[0] + 0 * array.stride[1], 11);
    assert_number(&array, 0 * array.stride[0] + 2 * array.stride[1], 14);
    fm_array_clear(&array);
    free(b.at);
}

static void floats_are_the_fractions_that_they_are(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        double value;
        const char *expected; /* NULL: refused */
    } cases[] = {
        {"f8", 0.125, "1/8"},
        {"f8", -0.0, "0"},
        {"f8", 0.1, "3602879701896397/36028797018963968"},
        {"f8", 0x1p80, "1208925819614629174706176"},
        {"f4", -0.6875, "-11/16"},
        {"f2", 0.75, "3/4"},
        {"f2", 0x1p-24, "1/16777216"},
        {"f2", 65504, "65504"},
        {"f8", (double)INFINITY, NULL},
        {"f8", (double)-INFINITY, NULL},
        {"f8", (double)NAN, NULL},
        {"f4", (double)INFINITY, NULL},
        {"f4", (double)NAN, NULL},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        bytes b;
        fm_array array;
        fm_error error;
        fmpq_t value;
        fmpq_init(value);
        put_array(&b, "<", cases[c].type, "(1,)", &cases[c].value, 1);
        assert_ok(fm_array_read((const uint8_t *)b.at, b.length, &array, &error), error);
        assert_int_equal(fm_array_number(&array, 0, value), cases[c].expected != NULL);
        if (cases[c].expected != NULL) {
            char *text = fmpq_get_str(NULL, 10, value);
            assert_string_equal(text, cases[c].expected);
            flint_free(text);
        }
        fmpq_clear(value);
        fm_array_clear(&array);
        free(b.at);
    }
    /* Half precision has its own infinity and not-a-number. */
    for (uint64_t word = 0x7c00; word <= 0x7c01; word++) {
        bytes b;
        fm_array array;
        fm_error error;
        fmpq_t value;
        fmpq_init(value);
        start(&b);
        put_header(&b, 1, "{'descr': '<f2', 'fortran_order': False, 'shape': (), }");
        put(&b, word, 2, false);
        finish(&b);
        assert_ok(fm_array_read((const uint8_t *)b.at, b.length, &array, &error), error);
        assert_false(fm_array_number(&array, 0, value));
        fmpq_clear(value);
        free(b.at);
    }
    /* The smallest double is 2^-1074. */
    bytes b;
    fm_array array;
    fm_error error;
    fmpq_t value;
    double least = 0x1p-1074;
    fmpq_init(value);
    put_array(&b, ">", "f8", "(1,)", &least, 1);
    assert_ok(fm_array_read((const uint8_t *)b.at, b.length, &array, &error), error);
    assert_true(fm_array_number(&array, 0, value));
    assert_true(fmpz_is_one(fmpq_numref(value)));
    assert_int_equal(fmpz_bits(fmpq_denref(value)), 1075);
    assert_int_equal(fmpz_val2(fmpq_denref(value)), 1074);
    fmpq_clear(value);
    free(b.at);
}

/* Integers have all their bits: 2^63 and above in u8, the least in i8. */
static void integers_of_64_bits_are_exact(void **state)
{
    (void)state;
    static const char *const types[] = {"<u8", "<i8"};
    static const char *const expected[] = {"9223372036854775809", "-9223372036854775807"};
    for (int t = 0; t < 2; t++) {
        bytes b;
        fm_array array;
        fm_error error;
        fmpq_t value;
        char header[80];
        fmpq_init(value);
        start(&b);
        snprintf(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (1,), }",
                 types[t]);
        put_header(&b, 1, header);
        put(&b, 0x8000000000000001u, 8, false);
        finish(&b);
        assert_ok(fm_array_read((const uint8_t *)b.at, b.length, &array, &error), error);
        assert_true(fm_array_number(&array, 0, value));
        char *text = fmpq_get_str(NULL, 10, value);
        assert_string_equal(text, expected[t]);
        flint_free(text);
        fmpq_clear(value);
        free(b.at);
    }
}

/* ---------------------------------------------------------------- headers */

static void headers_of_every_version_are_read(void **state)
{
    (void)state;
    static const char *const headers[] = {
        "{'descr': '|i1', 'fortran_order': False, 'shape': (2, 1), }      \n",
        "{\"shape\": (2L, 1L), \"fortran_order\": False, \"descr\": \"i1\"}",
        "{ 'fortran_order':True,'shape':(2,1,),'descr':'=i1' }",
    };
    for (unsigned version = 1; version <= 3; version++)
        for (size_t h = 0; h < sizeof headers / sizeof headers[0]; h++) {
            bytes b;
            fm_array array;
            fm_error error;
            start(&b);
            put_header(&b, version, headers[h]);
            put(&b, 0x0702, 2, false);
            finish(&b);
            assert_ok(fm_array_read((const uint8_t *)b.at, b.length, &array, &error), error);
            assert_int_equal(array.shape[0], 2);
            assert_number(&array, array.stride[0], 7);
            free(b.at);
        }
}

static void bad_headers_are_refused(void **state)
{
    (void)state;
    static const struct {
        unsigned version;
        const char *header, *reason;
    } cases[] = {
        {4, "{'descr': '|i1', 'fortran_order': False, 'shape': (2,), }", "version 4"},
        {0, "", "version 0"},
        {1, "", "header"},
        {1, "{}", "header"},
        {1, "{'descr': '|i1', 'fortran_order': False}", "header"},
        {1, "{'descr': '|i1', 'descr': '|i1', 'fortran_order': False, 'shape': (2,)}", "header"},
        {1, "{'descr': '|i1', 'fortran_order': 0, 'shape': (2,)}", "header"},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': (2,)} x", "header"},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': (-2,)}", "header"},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': 2}", "header"},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': (2", "header"},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': (1,1,1,1,1,2)}", "header"},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': (99999999999999999999,)}", "header"},
        {1, "{'descr': [('a', '<i4')], 'fortran_order': False, 'shape': (2,)}", "header"},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': __import__('os'), }", "header"},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': (1,1,1,1,2)}", "4 dimensions"},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': (0,)}", "without elements"},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': (4294967296, 4294967296)}",
         "impossible"},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': (3,)}", "2 bytes follow"},
        {1, "{'descr': '|i1', 'fortran_order': False, 'shape': (1,)}", "expected 1"},
        {1, "{'descr': '<c32', 'fortran_order': False, 'shape': (2,)}", "type 'c32'"},
        {1, "{'descr': '<f16', 'fortran_order': False, 'shape': (2,)}", "type 'f16'"},
        {1, "{'descr': '<M8[ns]', 'fortran_order': False, 'shape': (2,)}", "type 'M8[ns]'"},
        {1, "{'descr': '', 'fortran_order': False, 'shape': (2,)}", "type ''"},
        {1, "{'descr': '<U99999999', 'fortran_order': False, 'shape': (2,)}", "type 'U99999999'"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        bytes b;
        start(&b);
        put_header(&b, cases[c].version, cases[c].header);
        put(&b, 0x0101, 2, false);
        finish(&b);
        assert_array_refused(&b, cases[c].reason);
        free(b.at);
    }
}

/* ---------------------------------------------------------------- Strassen's scheme as numbers */

/* What W is numbered by, and whether the products are the last axis. */
typedef struct layout {
    bool is_transposed, products_last;
} layout;

/* Numbers of one factor matrix; returns their count, 28. */
static size_t factor_numbers(const fm_scheme *scheme, int axis, layout how, double numbers[28])
{
    const fm_factors *f = &scheme->factors[axis];
    memset(numbers, 0, 28 * sizeof *numbers);
    for (uint32_t r = 0; r < f->rank; r++)
        for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
            uint32_t at = f->index[e];
            if (how.is_transposed)
                at = fm_transposed_index(scheme->tensor->format, axis, at);
            numbers[how.products_last ? at * f->rank + r : r * f->extent + at] =
                (double)fmpz_get_si(&f->value[e].num);
        }
    return 28;
}

static void all_numbers(const fm_scheme *scheme, layout how, double numbers[84])
{
    for (int axis = 0; axis < 3; axis++)
        factor_numbers(scheme, axis, how, numbers + 28 * axis);
}

/* ---------------------------------------------------------------- pickles */

static void put_text(bytes *b, const char *text)
{
    put(b, 'X', 1, false);
    put(b, strlen(text), 4, false);
    fputs(text, b->file);
}

static void put_name(bytes *b, const char *module, const char *name, bool is_new)
{
    if (!is_new) {
        fprintf(b->file, "c%s\n%s\n", module, name);
        return;
    }
    put(b, 0x8c, 1, false);
    put(b, strlen(module), 1, false);
    fputs(module, b->file);
    fputs("\x94\x8c", b->file);
    put(b, strlen(name), 1, false);
    fputs(name, b->file);
    fputs("\x94\x93", b->file);
}

/* An array before its state is set: _reconstruct(ndarray, (0,), b"b"). */
static void put_empty(bytes *b, bool is_new)
{
    put_name(b, is_new ? "numpy._core.multiarray" : "numpy.core.multiarray", "_reconstruct",
             is_new);
    put_name(b, "numpy", "ndarray", is_new);
    fwrite("K\0\x85"
           "C\1b\x87R",
           1, 8, b->file);
}

static void put_type(bytes *b, const char *type, const char *order, bool is_new)
{
    put_name(b, "numpy", "dtype", is_new);
    put_text(b, type);
    fputs("\x89\x88\x87R(K\3", b->file);
    put_text(b, order);
    fwrite("NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb", 1, 17, b->file);
}

/* One array of bytes, 4 x 7. */
static void put_object(bytes *b, const double numbers[28], bool is_new)
{
    put_empty(b, is_new);
    fputs("(K\1K\4K\7\x86", b->file);
    put_type(b, "i1", "|", is_new);
    fputs("\x89"
          "C\x1c",
          b->file);
    for (int i = 0; i < 28; i++)
        put(b, (uint64_t)(int64_t)numbers[i], 1, false);
    fputs("tb", b->file);
}

/* What NumPy saves for three arrays of 4 x 7: as protocol 3, or with the names of NumPy 2 and
   operations of protocol 4. */
static void put_objects(bytes *b, const double numbers[84], bool is_new)
{
    start(b);
    put_header(b, 1, "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }");
    fputs(is_new ? "\x80\4\x95" : "\x80\3", b->file);
    if (is_new)
        put(b, 1000, 8, false);
    put_empty(b, is_new);
    fputs("(K\1K\3\x85", b->file);
    put_type(b, "O8", "|", is_new);
    fputs("\x89](", b->file);
    for (int axis = 0; axis < 3; axis++)
        put_object(b, numbers + 28 * axis, is_new);
    fputs("etb.", b->file);
    finish(b);
}

static void object_arrays_are_read(void **state)
{
    (void)state;
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    double numbers[84];
    all_numbers(strassen, (layout){true, true}, numbers);
    for (int is_new = 0; is_new < 2; is_new++) {
        bytes b;
        fm_array array;
        fm_error error;
        put_objects(&b, numbers, is_new);
        assert_ok(fm_array_read((const uint8_t *)b.at, b.length, &array, &error), error);
        assert_int_equal(array.kind, 'O');
        assert_int_equal(array.count, 3);
        for (size_t axis = 0; axis < 3; axis++)
            for (size_t i = 0; i < 28; i++)
                assert_number(&array.items[axis], i, numbers[28 * axis + i]);
        fm_array_clear(&array);
        free(b.at);
    }
    fm_scheme_free(strassen);
}

#define PICKLE(text) text, sizeof(text) - 1

static void pickles_run_nothing(void **state)
{
    (void)state;
    static const struct {
        const char *pickle;
        size_t length;
        const char *reason;
    } cases[] = {
        {PICKLE("\x80\3cos\nsystem\nX\4\0\0\0true\x85R."), "os.system"},
        {PICKLE("\x80\3cposix\nsystem\nX\4\0\0\0true\x85R."), "posix.system"},
        {PICKLE("\x80\4\x8c\2os\x94\x8c\6system\x94\x93\x8c\4true\x85R."), "os.system"},
        {PICKLE("\x80\3cbuiltins\neval\nX\1\0\0\0"
                "1\x85R."),
         "builtins.eval"},
        {PICKLE("\x80\3c__builtin__\nexec\n."), "__builtin__.exec"},
        {PICKLE("\x80\3cnumpy.core.multiarray\nscalar\n."), "numpy.core.multiarray.scalar"},
        {PICKLE("\x80\3cnumpy\nload\nX\1\0\0\0x\x85R."), "numpy.load"},
        {PICKLE("\x80\3cnumpy\nndarray.tofile\n."), "ndarray.tofile"},
        {PICKLE("\x80\3cnumpy\ndtype\n\x93."), "byte"},
        {PICKLE("(S'true'\nios\nsystem\n."), "operation 0x53"},
        {PICKLE("\x80\3(X\4\0\0\0trueios\nsystem\n."), "operation 0x69"},
        {PICKLE("\x80\3(cnumpy\nndarray\no."), "operation 0x6f"},
        {PICKLE("\x80\4cnumpy\nndarray\n)\x81."), "operation 0x81"},
        {PICKLE("\x80\3\x82\1."), "operation 0x82"},
        {PICKLE("\x80\3P0\n."), "operation 0x50"},
        {PICKLE("\x80\3}."), "operation 0x7d"},
        {PICKLE("\x80\3cnumpy\nndarray\nK\0\x85R."), "byte"},
        {PICKLE("\x80\3cnumpy\ndtype\nX\2\0\0\0i4K\0K\1\x87R."), "byte"},
        {PICKLE("\x80\3cnumpy\ndtype\nX\2\0\0\0V8\x89\x88\x87R."), "type 'V8'"},
        {PICKLE("\x80\3cnumpy.core.multiarray\n_reconstruct\n)R."), "byte"},
        {PICKLE("\x80\3N."), "byte"},
        {PICKLE("\x80\3K\1K\2."), "byte"},
        {PICKLE("\x80\3."), "byte"},
        {PICKLE("R"), "byte"},
        {PICKLE("b"), "byte"},
        {PICKLE("t"), "byte"},
        {PICKLE("e"), "byte"},
        {PICKLE("(e"), "byte"},
        {PICKLE("(a"), "byte"},
        {PICKLE("](b"), "byte"},
        {PICKLE("]h\0."), "byte"},
        {PICKLE("]j\xff\xff\xff\xff."), "byte"},
        {PICKLE("]r\xff\xff\xff\xff."), "byte"},
        {PICKLE("]q\0h\0a."), "byte"},
        {PICKLE("B\xff\xff\xff\xff"), "ends too early"},
        {PICKLE("\x8e\xff\xff\xff\xff\xff\xff\xff\xff"
                "a."),
         "ends too early"},
        {PICKLE("cnumpy\nndarray"), "ends too early"},
        {PICKLE(""), "ends too early"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        bytes b;
        start(&b);
        put_header(&b, 1, "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }");
        fwrite(cases[c].pickle, 1, cases[c].length, b.file);
        finish(&b);
        assert_array_refused(&b, cases[c].reason);
        free(b.at);
    }
}

/* A pickle cannot make more values than the machine has room for. */
static void endless_pickles_are_refused(void **state)
{
    (void)state;
    static const char *const loops[] = {"N", "(", "]", ")", "Nq\1h\1"};
    for (size_t l = 0; l < sizeof loops / sizeof loops[0]; l++) {
        bytes b;
        start(&b);
        put_header(&b, 1, "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }");
        for (int i = 0; i < 5000; i++)
            fputs(loops[l], b.file);
        finish(&b);
        assert_array_refused(&b, "more values than");
        free(b.at);
    }
}

/* What follows the pickle, an array inside an array, text inside one, four arrays. */
static void other_objects_are_refused(void **state)
{
    (void)state;
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    double numbers[84];
    bytes b;
    all_numbers(strassen, (layout){true, true}, numbers);
    put_objects(&b, numbers, false);
    char *longer = malloc(b.length + 1);
    memcpy(longer, b.at, b.length);
    longer[b.length] = 'N';
    assert_array_refused(&(bytes){longer, b.length + 1, NULL}, "1 bytes follow the pickle");
    /* The last of the arrays says that it has 5 rows. */
    char *shape = longer;
    for (size_t i = 0; i + 7 < b.length; i++)
        if (memcmp(longer + i, "(K\1K\4K\7\x86", 8) == 0)
            shape = longer + i;
    assert_true(shape > longer);
    shape[4] = 5;
    assert_array_refused(&(bytes){longer, b.length, NULL}, "byte");
    free(longer);
    free(b.at);

    start(&b);
    put_header(&b, 1, "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }");
    put_empty(&b, false);
    fputs("q\1(K\1K\3\x85", b.file);
    put_type(&b, "O8", "|", false);
    fputs("\x89](h\1h\1h\1etb.", b.file);
    finish(&b);
    assert_array_refused(&b, "object 0 is no array of numbers");
    free(b.at);
    fm_scheme_free(strassen);
}

/* ---------------------------------------------------------------- damage */

/* Reads everything that a file says, whatever it says. */
static fm_status read_whole(const char *text, size_t length)
{
    fm_error error;
    fm_scheme_list list;
    fm_status status = fm_scheme_parse(text, length, "FILE", &list, &error);
    if (status == FM_OK) {
        fm_scheme_list_free(&list);
        return status;
    }
    assert_int_equal(status, FM_BAD_INPUT);
    assert_true(error.message[0] != '\0');
    return status;
}

/* Cut at every byte, in memory that ends there, and with any bytes changed. */
static void assert_survives_damage(const bytes *b, uint64_t seed)
{
    fm_random random;
    fm_random_seed(&random, seed, 0);
    for (size_t length = 0; length < b->length; length++)
        assert_int_equal(read_whole(b->at, length), FM_BAD_INPUT);
    char *copy = malloc(b->length);
    for (int round = 0; round < 5000; round++) {
        memcpy(copy, b->at, b->length);
        for (uint32_t n = fm_random_below(&random, 4) + 1; n > 0; n--)
            copy[fm_random_below(&random, (uint32_t)b->length)] =
                (char)fm_random_below(&random, 256);
        read_whole(copy, b->length);
    }
    free(copy);
}

static void damaged_files_are_survived(void **state)
{
    (void)state;
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    double numbers[84];
    bytes b;
    fm_error error;
    all_numbers(strassen, (layout){true, true}, numbers);
    for (int is_new = 0; is_new < 2; is_new++) {
        put_objects(&b, numbers, is_new);
        assert_int_equal(read_whole(b.at, b.length), FM_OK);
        assert_survives_damage(&b, 1 + (uint64_t)is_new);
        free(b.at);
    }
    put_array(&b, ">", "i2", "(3, 4, 7)", numbers, 84);
    assert_int_equal(read_whole(b.at, b.length), FM_OK);
    assert_survives_damage(&b, 3);
    free(b.at);
    start(&b);
    assert_ok(fm_scheme_write(strassen, FM_FILE_NPZ, b.file, &error), error);
    finish(&b);
    assert_int_equal(read_whole(b.at, b.length), FM_OK);
    assert_survives_damage(&b, 4);
    free(b.at);
    fm_scheme_free(strassen);
}

/* ---------------------------------------------------------------- archives */

static void zip_two(bytes *b)
{
    fm_error error;
    char zeros[1000] = {0};
    fm_archive_member members[] = {{(char *)"a", zeros, sizeof zeros}, {(char *)"b/c", zeros, 1}};
    start(b);
    assert_ok(fm_archive_write(members, 2, b->file, &error), error);
    finish(b);
}

static void archives_read_back(void **state)
{
    (void)state;
    bytes b, again;
    fm_archive *archive;
    fm_error error;
    uint8_t *content;
    size_t length;
    zip_two(&b);
    zip_two(&again);
    assert_int_equal(b.length, again.length);
    assert_memory_equal(b.at, again.at, b.length);
    assert_true(fm_archive_is_zip(b.at, b.length));
    assert_ok(fm_archive_open(b.at, b.length, &archive, &error), error);
    assert_int_equal(fm_archive_count(archive), 2);
    assert_string_equal(fm_archive_name(archive, 1), "b/c");
    assert_ok(fm_archive_read(archive, 0, &content, &length, &error), error);
    assert_int_equal(length, 1000);
    for (size_t i = 0; i < length; i++)
        assert_int_equal(content[i], 0);
    free(content);
    fm_archive_close(archive);
    free(b.at);
    free(again.at);
}

/* Changes a number in the central entry of the first member, and says what comes of reading it. */
static void assert_entry_refused(size_t offset, uint64_t number, unsigned size, const char *reason)
{
    bytes b;
    fm_archive *archive;
    fm_error error;
    uint8_t *content = NULL;
    size_t length;
    zip_two(&b);
    char *entry = memmem(b.at, b.length, "PK\1\2", 4);
    assert_non_null(entry);
    for (unsigned i = 0; i < size; i++)
        entry[offset + i] = (char)(number >> 8 * i);
    fm_status status = fm_archive_open(b.at, b.length, &archive, &error);
    if (status == FM_OK)
        status = fm_archive_read(archive, 0, &content, &length, &error);
    assert_int_equal(status, FM_BAD_INPUT);
    assert_null(content);
    if (strstr(error.message, reason) == NULL)
        fail_msg("'%s' lacks '%s'", error.message, reason);
    fm_archive_close(archive);
    free(b.at);
}

static void bombs_and_lies_are_refused(void **state)
{
    (void)state;
    enum { METHOD = 10, CHECKSUM = 16, SIZE = 24 };
    assert_entry_refused(SIZE, ((uint64_t)512 << 20) + 1, 4, "more than 512 MiB");
    assert_entry_refused(SIZE, 0xfffffffe, 4, "more than 512 MiB");
    assert_entry_refused(SIZE, 999, 4, "damaged");
    assert_entry_refused(SIZE, 1001, 4, "damaged");
    assert_entry_refused(CHECKSUM, 1, 4, "damaged");
    assert_entry_refused(METHOD, 12, 2, "");
}

/* ---------------------------------------------------------------- schemes */

static void assert_reads_as(const bytes *b, const fm_scheme *expected)
{
    fm_error error;
    fm_scheme_list list;
    char hash[FM_HASH_SIZE], expected_hash[FM_HASH_SIZE];
    assert_ok(fm_scheme_parse(b->at, b->length, "FILE", &list, &error), error);
    assert_int_equal(list.count, 1);
    fm_scheme_hash(list.schemes[0], hash);
    fm_scheme_hash(expected, expected_hash);
    assert_string_equal(hash, expected_hash);
    fm_scheme_list_free(&list);
}

static void every_layout_is_the_same_scheme(void **state)
{
    (void)state;
    static const struct {
        layout how;
        const char *shape;
    } cases[] = {
        {{true, true}, "(3, 4, 7)"},      {{true, false}, "(3, 7, 4)"},
        {{false, true}, "(3, 4, 7)"},     {{false, false}, "(3, 7, 4)"},
        {{true, false}, "(3, 7, 2, 2)"},  {{true, true}, "(3, 2, 2, 7)"},
        {{false, false}, "(3, 7, 2, 2)"}, {{true, false}, "(84,)"},
        {{false, false}, "(84,)"},        {{true, false}, "(1, 84)"},
    };
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    double numbers[84], pairs[168];
    bytes b;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        all_numbers(strassen, cases[c].how, numbers);
        put_array(&b, "<", "f4", cases[c].shape, numbers, 84);
        assert_reads_as(&b, strassen);
        free(b.at);
    }
    for (size_t i = 0; i < 84; i++) {
        pairs[2 * i] = 3 * numbers[i];
        pairs[2 * i + 1] = 3;
    }
    put_array(&b, "<", "i8", "(1, 168)", pairs, 168);
    assert_reads_as(&b, strassen);
    free(b.at);
    fm_scheme_free(strassen);
}

static void a_row_a_scheme(void **state)
{
    (void)state;
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    fm_error error;
    fm_scheme_list list;
    double numbers[168];
    bytes b;
    all_numbers(strassen, (layout){true, false}, numbers);
    all_numbers(strassen, (layout){true, false}, numbers + 84);
    numbers[84] = -numbers[84];
    put_array(&b, "<", "i1", "(2, 84)", numbers, 168);
    assert_ok(fm_scheme_parse(b.at, b.length, "FILE", &list, &error), error);
    assert_int_equal(list.count, 2);
    for (size_t s = 0; s < 2; s++) {
        fm_verdict verdict;
        assert_int_equal(fm_verify(list.schemes[s], fm_scheme_tensor(list.schemes[s]),
                                   test_ring("zt"), &verdict, &error),
                         s == 0 ? FM_OK : FM_NO);
        fm_verdict_clear(&verdict);
    }
    fm_scheme_list_free(&list);
    free(b.at);
    fm_scheme_free(strassen);
}

/* In every layout, each sign flipped, and each product dropped, is a scheme that does not hold. */
static void wrong_schemes_do_not_hold(void **state)
{
    (void)state;
    static const char *const shapes[] = {"(3, 4, 7)", "(84,)"};
    fm_scheme *strassen = test_strassen(test_ring("zt"));
    for (size_t s = 0; s < 2; s++)
        for (size_t i = 0; i < 84; i++) {
            double numbers[84];
            bytes b;
            fm_error error;
            fm_scheme_list list;
            fm_verdict verdict;
            all_numbers(strassen, (layout){true, s == 0}, numbers);
            numbers[i] = numbers[i] == 0 ? 1 : -numbers[i];
            put_array(&b, "<", "i8", shapes[s], numbers, 84);
            assert_ok(fm_scheme_parse(b.at, b.length, "FILE", &list, &error), error);
            assert_int_equal(fm_verify(list.schemes[0], fm_scheme_tensor(list.schemes[0]),
                                       test_ring("z"), &verdict, &error),
                             FM_NO);
            fm_verdict_clear(&verdict);
            fm_scheme_list_free(&list);
            free(b.at);
        }
    fm_scheme_free(strassen);
}

static void arrays_that_are_no_scheme_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *type, *shape;
        size_t count;
        double value;
        const char *reason;
    } cases[] = {
        {"f8", "(3, 4, 7)", 84, (double)NAN, "FILE: coefficient 0 of product 0 in U is no finite"},
        {"i1", "(2, 6, 7)", 84, 1, "neither three arrays, nor"},
        {"i1", "(3, 1, 4, 7)", 84, 1, ""},
        {"i1", "()", 1, 1, "neither three arrays, nor"},
        {"i1", "(13,)", 13, 1, "13 numbers in a row can be U, V and W of no format"},
        {"i1", "(3, 5, 7)", 105, 1, "FILE"},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        double numbers[105];
        bytes b;
        fm_error error;
        fm_scheme_list list;
        for (size_t i = 0; i < cases[c].count; i++)
            numbers[i] = cases[c].value;
        put_array(&b, "<", cases[c].type, cases[c].shape, numbers, cases[c].count);
        assert_int_equal(fm_scheme_parse(b.at, b.length, "FILE", &list, &error), FM_BAD_INPUT);
        assert_int_equal(list.count, 0);
        if (strstr(error.message, cases[c].reason) == NULL)
            fail_msg("'%s' lacks '%s'", error.message, cases[c].reason);
        free(b.at);
    }
}

/* ---------------------------------------------------------------- writing */

static void written_archives_read_back(void **state)
{
    (void)state;
    static const char *const rings[] = {"zt", "z", "q", "f2", "f3", "f7"};
    for (size_t r = 0; r < sizeof rings / sizeof rings[0]; r++) {
        fm_scheme *strassen = test_strassen(test_ring(rings[r]));
        bytes b;
        fm_error error;
        start(&b);
        assert_ok(fm_scheme_write(strassen, FM_FILE_NPZ, b.file, &error), error);
        finish(&b);
        assert_reads_as(&b, strassen);
        free(b.at);
        fm_scheme_free(strassen);
    }
}

/* A scheme of 1x1x1, value * b * c. */
static fm_scheme *single(const char *value, const fm_tensor *tensor)
{
    fm_factors factors[3];
    fm_scheme *scheme;
    fm_error error;
    fmpq_t u;
    fmpq_init(u);
    assert_int_equal(fmpq_set_str(u, value, 10), 0);
    for (int axis = 0; axis < 3; axis++) {
        fm_factors_init(&factors[axis], tensor->extent[axis]);
        if (axis == 0)
            fm_factors_push(&factors[axis], 0, u);
        else
            fm_factors_push_si(&factors[axis], 0, 1);
        fm_factors_end_row(&factors[axis]);
    }
    fmpq_clear(u);
    assert_ok(fm_scheme_new(tensor, test_ring("q"), factors, &scheme, &error), error);
    return scheme;
}

/* Fewer products than coefficients in a row, as many, and more: a matrix of rows and one of columns
   look alike, but an archive that says the format or the tensor has rows. */
static void any_rank_reads_back(void **state)
{
    (void)state;
    fm_random random;
    fm_random_seed(&random, 1, 0);
    fm_tensor *tensors[2] = {test_matmul(2, 2, 2)};
    fm_error error;
    assert_ok(fm_tensor_parse_name("complex:1x2x2", &tensors[1], &error), error);
    for (uint32_t rank = 1; rank <= 9; rank++)
        for (int t = 0; t < 2; t++) {
            dense d;
            bytes b;
            dense_init(&d, tensors[t]->extent, rank);
            dense_fill(&d, &random, 3, 60);
            fm_scheme *scheme = dense_to_scheme(&d, tensors[t], test_ring("z"));
            start(&b);
            assert_ok(fm_scheme_write(scheme, FM_FILE_NPZ, b.file, &error), error);
            finish(&b);
            assert_reads_as(&b, scheme);
            free(b.at);
            fm_scheme_free(scheme);
            dense_clear(&d);
        }
    fm_tensor_free(tensors[0]);
    fm_tensor_free(tensors[1]);
}

static void what_numpy_cannot_hold_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *value;
        bool is_exact;
    } cases[] = {
        {"-9223372036854775808", true},
        {"9223372036854775808", true}, /* as a float */
        {"9223372036854775809", false},
        {"-5/8", true},
        {"1/3", false},
        {"9007199254740993/2", false},
        {"9007199254740991/1024", true},
    };
    fm_tensor *tensor = test_matmul(1, 1, 1);
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        bytes b;
        fm_error error;
        fm_scheme *scheme = single(cases[c].value, tensor);
        start(&b);
        fm_status status = fm_scheme_write(scheme, FM_FILE_NPZ, b.file, &error);
        finish(&b);
        assert_int_equal(status, cases[c].is_exact ? FM_OK : FM_BAD_INPUT);
        if (cases[c].is_exact)
            assert_reads_as(&b, scheme);
        else
            assert_non_null(strstr(error.message, "product 0 in U"));
        free(b.at);
        fm_scheme_free(scheme);
    }
    fm_tensor_free(tensor);
}

/* Its text would read back as another name, or as none. */
static void names_that_are_not_short_and_ascii_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        fm_status expected;
    } cases[] = {
        {"a name of 63 letters, which is how long it may be: 123456789 12", FM_OK},
        {"a name of 64 letters, which is how long it is not: 123456789 123", FM_BAD_INPUT},
        {"caf\xc3\xa9", FM_BAD_INPUT},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        fm_tensor_entry *entries = calloc(1, sizeof *entries);
        fm_tensor *tensor;
        fm_error error;
        bytes b;
        entries[0].value = 5;
        assert_ok(fm_tensor_new((uint32_t[]){1, 1, 1}, strdup(cases[c].name), entries, 1, &tensor,
                                &error),
                  error);
        fm_scheme *scheme = single("5", tensor);
        start(&b);
        assert_int_equal(fm_scheme_write(scheme, FM_FILE_NPZ, b.file, &error), cases[c].expected);
        finish(&b);
        if (cases[c].expected == FM_OK)
            assert_reads_as(&b, scheme);
        else
            assert_non_null(strstr(error.message, "name"));
        free(b.at);
        fm_scheme_free(scheme);
        fm_tensor_free(tensor);
    }
}

static void other_tensors_and_many_schemes_read_back(void **state)
{
    (void)state;
    fm_tensor_entry *entries = calloc(2, sizeof *entries);
    entries[0] = (fm_tensor_entry){0, 0, 0, 5};
    entries[1] = (fm_tensor_entry){1, 0, 2, -7};
    fm_tensor *tensor;
    fm_error error;
    fm_scheme_list list;
    bytes b;
    assert_ok(fm_tensor_new((uint32_t[]){2, 1, 3}, strdup("odd one"), entries, 2, &tensor, &error),
              error);
    fm_scheme *schemes[3] = {single("5", tensor), test_strassen(test_ring("f2")),
                             test_strassen(test_ring("zt"))};
    start(&b);
    assert_ok(fm_npz_write(&(fm_scheme_list){3, schemes}, b.file, &error), error);
    finish(&b);
    assert_ok(fm_scheme_parse(b.at, b.length, "FILE", &list, &error), error);
    assert_int_equal(list.count, 3);
    for (size_t s = 0; s < 3; s++) {
        char hash[FM_HASH_SIZE], expected[FM_HASH_SIZE], entry[2] = {(char)('0' + s), '\0'};
        fm_scheme_hash(list.schemes[s], hash);
        fm_scheme_hash(schemes[s], expected);
        assert_string_equal(hash, expected);
        assert_string_equal(fm_scheme_origin(list.schemes[s])->entry, entry);
        fm_scheme_free(schemes[s]);
    }
    assert_string_equal(fm_tensor_name(fm_scheme_tensor(list.schemes[0])), "odd one");
    fm_scheme_list_free(&list);
    fm_tensor_free(tensor);
    free(b.at);
}

/* ---------------------------------------------------------------- what others published */

#define CORPUS FEWMUL_SOURCE_DIR "/../shared/corpus/"

static void skip_unless_there(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        skip();
    fclose(file);
}

static void read_published(const char *path, const fm_tensor *tensor, fm_scheme_list *list)
{
    fm_error error;
    assert_ok(fm_scheme_read_as(path, &(fm_read_options){.tensor = tensor}, list, &error), error);
}

static void assert_smallest_ring(const fm_scheme *scheme, const char *ring)
{
    fm_verdict verdict;
    fm_error error;
    assert_int_equal(fm_verify_smallest_ring(scheme, &verdict, &error), FM_OK);
    if (ring != NULL)
        assert_true(fm_ring_equal(verdict.ring, test_ring(ring)));
    else
        assert_int_not_equal(verdict.ring.kind, FM_RING_ZP);
    fm_verdict_clear(&verdict);
}

static void published_archives_hold(void **state)
{
    (void)state;
    static const struct {
        const char *path, *ring;
        size_t count;
    } archives[] = {{CORPUS "npz/alphatensor_factorizations_f2.npz", "f2", 20},
                    {CORPUS "npz/alphatensor_factorizations_r.npz", NULL, 93}};
    for (size_t a = 0; a < 2; a++) {
        fm_scheme_list list;
        skip_unless_there(archives[a].path);
        read_published(archives[a].path, NULL, &list);
        assert_int_equal(list.count, archives[a].count);
        for (size_t s = 0; s < list.count; s++) {
            unsigned n, m, p, format[3];
            const char *entry = fm_scheme_origin(list.schemes[s])->entry;
            assert_int_equal(sscanf(entry, "%u,%u,%u", &n, &m, &p), 3);
            assert_true(fm_tensor_is_matmul(fm_scheme_tensor(list.schemes[s]), format));
            assert_true(format[0] == n && format[1] == m && format[2] == p);
            if (s == 0 || n * m * p <= 200)
                assert_smallest_ring(list.schemes[s], archives[a].ring);
        }
        fm_scheme_list_free(&list);
    }
}

static void published_arrays_hold(void **state)
{
    (void)state;
    static const struct {
        const char *path, *tensor, *ring;
        uint32_t rank;
    } arrays[] = {
        {CORPUS "npy/gg-222-rank7-rec-0-0-0-z.npy", "2x2x2", "zt", 7},
        {CORPUS "npy/gg-444-rank49-rec-0-0-0-z.npy", "4x4x4", "zt", 49},
        {CORPUS "npy/gg-555-rank97-rec-0-0-0-z.npy", "5x5x5", "z", 97},
    };
    for (size_t a = 0; a < sizeof arrays / sizeof arrays[0]; a++) {
        fm_scheme_list list;
        skip_unless_there(arrays[a].path);
        read_published(arrays[a].path, NULL, &list);
        assert_int_equal(list.count, 1);
        const fm_scheme *scheme = list.schemes[0];
        assert_string_equal(fm_tensor_name(fm_scheme_tensor(scheme)), arrays[a].tensor);
        assert_int_equal(fm_scheme_rank(scheme), arrays[a].rank);
        assert_smallest_ring(scheme, arrays[a].ring);
        fm_scheme_list_free(&list);
    }
}

/* C = A B with B the transpose of A, of which the upper triangle counts: c_ij is the sum of
   a_ik b_jk, B numbered as A is. */
static void published_structured_products_hold(void **state)
{
    (void)state;
    static const char path[] = CORPUS "npy/gt-333-rank17-rec-0-0-0-z.npy";
    skip_unless_there(path);
    fm_tensor_entry *entries = calloc(18, sizeof *entries);
    fm_tensor *tensor;
    fm_error error;
    fm_scheme_list list;
    size_t count = 0;
    uint32_t c = 0;
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t j = i; j < 3; j++, c++)
            for (uint32_t k = 0; k < 3; k++)
                entries[count++] = (fm_tensor_entry){3 * i + k, 3 * j + k, c, 1};
    assert_ok(fm_tensor_new((uint32_t[]){9, 9, 6}, strdup("gram"), entries, count, &tensor, &error),
              error);
    read_published(path, tensor, &list);
    assert_int_equal(list.count, 1);
    assert_int_equal(fm_scheme_rank(list.schemes[0]), 17);
    assert_smallest_ring(list.schemes[0], "z");
    fm_scheme_list_free(&list);
    fm_tensor_free(tensor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(elements_of_every_type_are_exact),
        cmocka_unit_test(fortran_order_has_the_first_index_fastest),
        cmocka_unit_test(floats_are_the_fractions_that_they_are),
        cmocka_unit_test(integers_of_64_bits_are_exact),
        cmocka_unit_test(headers_of_every_version_are_read),
        cmocka_unit_test(bad_headers_are_refused),
        cmocka_unit_test(object_arrays_are_read),
        cmocka_unit_test(pickles_run_nothing),
        cmocka_unit_test(endless_pickles_are_refused),
        cmocka_unit_test(other_objects_are_refused),
        cmocka_unit_test(damaged_files_are_survived),
        cmocka_unit_test(archives_read_back),
        cmocka_unit_test(bombs_and_lies_are_refused),
        cmocka_unit_test(every_layout_is_the_same_scheme),
        cmocka_unit_test(a_row_a_scheme),
        cmocka_unit_test(wrong_schemes_do_not_hold),
        cmocka_unit_test(arrays_that_are_no_scheme_are_refused),
        cmocka_unit_test(written_archives_read_back),
        cmocka_unit_test(any_rank_reads_back),
        cmocka_unit_test(what_numpy_cannot_hold_is_refused),
        cmocka_unit_test(names_that_are_not_short_and_ascii_are_refused),
        cmocka_unit_test(other_tensors_and_many_schemes_read_back),
        cmocka_unit_test(published_archives_hold),
        cmocka_unit_test(published_arrays_hold),
        cmocka_unit_test(published_structured_products_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
