/* Generated kernels, compiled and run against the classical product. */
#include "cpu.h"
#include "dense.h"
#include "execute.h"
#include "memory.h"
#include "ready.h"
#include "support.h"

#include <dlfcn.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---------------------------------------------------------------- compiling */

static char folder[] = "/tmp/fewmul-test-XXXXXX";

typedef struct build {
    const char *compiler, *flags;
} build;

/* What the next sources are for; 0: all. */
static unsigned targets;

static const char warnings[] = "-O2 -Wall -Wextra -Wpedantic -Wshadow -Wmissing-prototypes -Werror";

static bool is_sanitized(void)
{
    return FEWMUL_SANITIZE[0] != '\0';
}

/* As this program is: a library with sanitizers cannot be loaded into one without. */
static const char *sanitizers(void)
{
    return is_sanitized() ? "-O1 -fsanitize=" FEWMUL_SANITIZE " -fno-sanitize-recover=all" : "";
}

/* With sanitizers compilers are slow, and what this machine cannot run is left out. */
static unsigned default_targets(void)
{
    return is_sanitized() ? (2u << (unsigned)fm_cpu_vectors_here()) - 1 : 0;
}

static char *write_source(const fm_scheme *scheme, fm_scalar_type type, unsigned crossover)
{
    fm_error error;
    fm_codegen_options options = {.name = "gemm",
                                  .type = type,
                                  .targets = targets != 0 ? targets : default_targets(),
                                  .crossover = crossover,
                                  .header = "kernel.h"};
    char *path = fm_format("%s/kernel.c", folder), *header = fm_format("%s/kernel.h", folder);
    FILE *file = fopen(path, "w"), *header_file = fopen(header, "w");
    assert_non_null(file);
    assert_non_null(header_file);
    assert_ok(fm_codegen_c(scheme, &options, file, &error), error);
    assert_ok(fm_codegen_header(scheme, &options, header_file, &error), error);
    assert_int_equal(fclose(file) + fclose(header_file), 0);
    free(header);
    return path;
}

/* Compiles the sources into a library, which must go without a warning, and loads it. */
static void *compile(const build *how, const char *sources)
{
    static int number;
    char *path = fm_format("%s/%d.so", folder, number++);
    char *command = fm_format("%s -std=gnu17 %s %s %s -shared -fPIC -o %s %s", how->compiler,
                              warnings, how->flags, sanitizers(), path, sources);
    if (system(command) != 0)
        fail_msg("failed: %s", command);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        fail_msg("%s", dlerror());
    unlink(path);
    free(command);
    free(path);
    return library;
}

/* ---------------------------------------------------------------- matrices */

typedef void gemm_f32(size_t, size_t, size_t, float, const float *, size_t, const float *, size_t,
                      float, float *, size_t);
typedef void gemm_f64(size_t, size_t, size_t, double, const double *, size_t, const double *,
                      size_t, double, double *, size_t);

/* The last element of the last row ends the allocation, so that reading further is seen. */
typedef struct matrix {
    size_t rows, columns, stride, size;
    fm_scalar_type type;
    void *data;
} matrix;

static matrix new_matrix(size_t rows, size_t columns, size_t padding, fm_scalar_type type)
{
    matrix m = {.rows = rows, .columns = columns, .stride = columns + padding, .type = type};
    m.size = rows > 0 && columns > 0 ? (rows - 1) * m.stride + columns : 0;
    m.data = fm_alloc(m.size, type == FM_F32 ? sizeof(float) : sizeof(double));
    return m;
}

static double get(const matrix *m, size_t position)
{
    return m->type == FM_F32 ? (double)((float *)m->data)[position] : ((double *)m->data)[position];
}

static void set(matrix *m, size_t position, double value)
{
    if (m->type == FM_F32)
        ((float *)m->data)[position] = (float)value;
    else
        ((double *)m->data)[position] = value;
}

/* Small integers, and outside of the matrix what must not be used or changed. */
static void fill(matrix *m, fm_random *random, double outside)
{
    for (size_t p = 0; p < m->size; p++)
        set(m, p, p % m->stride < m->columns ? (double)fm_random_below(random, 9) - 4 : outside);
}

static void fill_with(matrix *m, double value)
{
    for (size_t p = 0; p < m->size; p++)
        if (p % m->stride < m->columns)
            set(m, p, value);
}

/* ---------------------------------------------------------------- one call */

typedef struct call {
    size_t m, n, k, padding;
    double alpha, beta;
} call;

static void run_kernel(void *library, const call *c, const matrix *a, const matrix *b, matrix *out)
{
    void *symbol = dlsym(library, "gemm");
    assert_non_null(symbol);
    if (a->type == FM_F32)
        ((gemm_f32 *)symbol)(c->m, c->n, c->k, (float)c->alpha, a->data, a->stride, b->data,
                             b->stride, (float)c->beta, out->data, out->stride);
    else
        ((gemm_f64 *)symbol)(c->m, c->n, c->k, c->alpha, a->data, a->stride, b->data, b->stride,
                             c->beta, out->data, out->stride);
}

/* The classical product of small integers, exact. */
static double expected_entry(const call *c, const matrix *a, const matrix *b, const matrix *before,
                             size_t i, size_t j)
{
    double sum = 0;
    for (size_t p = 0; p < c->k && c->alpha != 0; p++)
        sum += get(a, i * a->stride + p) * get(b, p * b->stride + j);
    return c->alpha * sum + (c->beta != 0 ? c->beta * get(before, i * before->stride + j) : 0);
}

/* tolerance 0: exactly equal. */
static void check_call(void *library, fm_scalar_type type, const call *c, fm_random *random,
                       double tolerance)
{
    static const double guard = 12345;
    matrix a = new_matrix(c->m, c->k, c->padding, type);
    matrix b = new_matrix(c->k, c->n, c->padding, type);
    matrix before = new_matrix(c->m, c->n, 2 * c->padding, type);
    matrix after = new_matrix(c->m, c->n, 2 * c->padding, type);
    fill(&a, random, NAN);
    fill(&b, random, NAN);
    fill(&before, random, guard);
    if (c->beta == 0)
        fill_with(&before, NAN);
    if (c->alpha == 0)
        fill_with(&a, NAN);
    for (size_t p = 0; p < before.size; p++)
        set(&after, p, get(&before, p));
    run_kernel(library, c, &a, &b, &after);
    for (size_t p = 0; p < after.size; p++) {
        size_t i = p / after.stride, j = p % after.stride;
        double expected = j < c->n ? expected_entry(c, &a, &b, &before, i, j) : guard;
        double found = get(&after, p);
        if (!(fabs(found - expected) <= (j < c->n ? tolerance : 0)))
            fail_msg("%zux%zux%zu, alpha %g, beta %g, padding %zu: C[%zu][%zu] is %.17g, not %.17g",
                     c->m, c->n, c->k, c->alpha, c->beta, c->padding, i, j, found, expected);
    }
    free(a.data);
    free(b.data);
    free(before.data);
    free(after.data);
}

static size_t pick(fm_random *random, const size_t *from, uint32_t count)
{
    return from[fm_random_below(random, count)];
}

static void check_kernel(void *library, fm_scalar_type type, double tolerance, int calls)
{
    static const size_t sizes[] = {0, 1, 2, 3, 4, 5, 7, 8, 13, 16, 17, 31, 32, 33, 48, 61, 72, 97};
    static const double alphas[] = {1, 1, -1, 0.5, 2, 0}, betas[] = {0, 1, -0.5};
    fm_random random;
    fm_random_seed(&random, 3, 0);
    for (int i = 0; i < calls; i++) {
        call c = {.m = pick(&random, sizes, 18),
                  .n = pick(&random, sizes, 18),
                  .k = pick(&random, sizes, 18),
                  .padding = fm_random_below(&random, 2) * fm_random_below(&random, 9),
                  .alpha = alphas[fm_random_below(&random, 6)],
                  .beta = betas[i % 3]};
        check_call(library, type, &c, &random, tolerance);
    }
    /* Larger than the blocks of the classical product. */
    call wide = {.m = 5, .n = 4300, .k = 300, .alpha = 1, .beta = 1};
    call tall = {.m = 700, .n = 9, .k = 600, .alpha = 1, .beta = 0};
    check_call(library, type, &wide, &random, 64 * tolerance);
    check_call(library, type, &tall, &random, 64 * tolerance);
}

/* ---------------------------------------------------------------- schemes */

static fm_scheme *standard(unsigned n, unsigned m, unsigned p)
{
    fm_error error;
    fm_scheme *scheme;
    fm_tensor *tensor = test_matmul(n, m, p);
    assert_ok(fm_scheme_standard(tensor, FM_RING_ZT_VALUE, &scheme, &error), error);
    fm_tensor_free(tensor);
    return scheme;
}

static fm_status keep_find(void *context, const fm_scheme *find, double seconds, fm_error *error)
{
    (void)seconds;
    fm_scheme **kept = context;
    fm_scheme_free(*kept);
    return fm_scheme_to_ring(find, fm_scheme_ring(find), kept, error);
}

static fm_scheme *search(unsigned n, unsigned m, unsigned p, uint32_t rank)
{
    fm_error error;
    fm_search_result result;
    fm_scheme *found = NULL;
    fm_tensor *tensor = test_matmul(n, m, p);
    fm_search_options options = {.ring = FM_RING_ZT_VALUE,
                                 .threads = 1,
                                 .seed = 1,
                                 .target_rank = rank,
                                 .on_find = keep_find,
                                 .context = &found};
    assert_ok(fm_search(tensor, &options, &result, &error), error);
    assert_int_equal(fm_scheme_rank(found), rank);
    fm_tensor_free(tensor);
    return found;
}

/* Strassen's scheme in another basis, with thirds. */
static fm_scheme *rational_scheme(void)
{
    static const uint32_t format[3] = {2, 2, 2};
    fm_random random;
    fm_scheme *strassen = test_strassen(FM_RING_ZT_VALUE);
    dense d;
    fmpq_t scale;
    fmpq_init(scale);
    fm_random_seed(&random, 5, 0);
    dense_from_scheme(&d, strassen, 8);
    for (int i = 0; i < 4; i++)
        dense_change_basis(&d, format, &random, 2);
    for (uint32_t r = 0; r < 3; r++) {
        fmpq_set_si(scale, 2 + (long)r, 3);
        dense_scale(&d, r, scale);
    }
    dense_split(&d, &random);
    fm_scheme *scheme = dense_to_scheme(&d, strassen->tensor, FM_RING_Q_VALUE);
    fmpq_clear(scale);
    dense_clear(&d);
    fm_scheme_free(strassen);
    return scheme;
}

/* ---------------------------------------------------------------- tests */

static const build builds[] = {
    {FEWMUL_C_COMPILER, ""},
    {FEWMUL_C_COMPILER, "-fopenmp"},
};

/* Both types, one with threads (which cost much where a level is this small) and one without. Exact for integer coefficients: nothing is rounded
   while the numbers are small. */
static void check_scheme(fm_scheme *scheme, unsigned crossover, bool exact)
{
    static const double tolerances[] = {0.5, 1e-8};
    for (int type = FM_F32; type <= FM_F64; type++) {
        char *source = write_source(scheme, (fm_scalar_type)type, crossover);
        void *library = compile(&builds[type == FM_F64], source);
        check_kernel(library, (fm_scalar_type)type, exact ? 0 : tolerances[type],
                     type == FM_F64 ? 50 : 200);
        dlclose(library);
        free(source);
    }
    fm_scheme_free(scheme);
}

static void found_schemes_multiply(void **state)
{
    (void)state;
    check_scheme(search(2, 2, 2, 7), 8, true);
    check_scheme(search(2, 2, 3, 11), 8, true);
}

static void standard_schemes_multiply(void **state)
{
    (void)state;
    check_scheme(standard(2, 3, 4), 6, true);
    check_scheme(standard(1, 2, 3), 8, true);
    check_scheme(standard(3, 3, 3), 5, true);
    check_scheme(standard(1, 1, 1), 1, true);
}

static void rational_schemes_multiply(void **state)
{
    (void)state;
    check_scheme(rational_scheme(), 20, false);
}

static void default_crossover_multiplies(void **state)
{
    (void)state;
    check_scheme(test_strassen(FM_RING_ZT_VALUE), 0, true);
}

/* The kernels for processors that this one is not chosen for, as far as it can run them, and the
   other compiler. */
static void other_builds_multiply(void **state)
{
    (void)state;
    static const build others[] = {
        {FEWMUL_C_COMPILER, "-fopenmp '-D__builtin_cpu_supports(x)=0'"},
        {FEWMUL_C_COMPILER,
         "'-D__builtin_cpu_supports(x)=(sizeof(x)<8&&__builtin_cpu_supports(x))'"},
        {"gcc", "-O3"},
        {"clang", "-O3"},
    };
    fm_scheme *scheme = test_strassen(FM_RING_ZT_VALUE);
    for (size_t b = 0; b < sizeof others / sizeof others[0]; b++) {
        char *probe = fm_format("command -v %s >/dev/null", others[b].compiler);
        bool there = system(probe) == 0;
        free(probe);
        if (!there || (is_sanitized() && b >= 2))
            continue;
        for (int type = FM_F32; type <= FM_F64; type++) {
            char *source = write_source(scheme, (fm_scalar_type)type, 8);
            void *library = compile(&others[b], source);
            check_kernel(library, (fm_scalar_type)type, 0, 60);
            dlclose(library);
            free(source);
        }
    }
    fm_scheme_free(scheme);
}

static void fill_with_reals(matrix *m, fm_random *random)
{
    for (size_t p = 0; p < m->size; p++)
        set(m, p, (double)(fm_random_next(random) >> 11) * 0x1p-53 - 0.5);
}

/* A source for one instruction set compiles without flags for it, by both compilers, and runs where there
   is such a processor. */
static void each_target_stands_alone(void **state)
{
    (void)state;
    static const char *const compilers[] = {"gcc", "clang"};
    const unsigned last = 1u << (unsigned)fm_cpu_vectors_here();
    fm_scheme *scheme = test_strassen(FM_RING_ZT_VALUE);
    for (size_t c = 0; c < 2 && !is_sanitized(); c++) {
        char *probe = fm_format("command -v %s >/dev/null", compilers[c]);
        const bool there = system(probe) == 0;
        free(probe);
        for (targets = FM_TARGET_C; there && targets <= FM_TARGET_AVX512; targets *= 2) {
            const fm_scalar_type type = targets == FM_TARGET_AVX2 ? FM_F64 : FM_F32;
            char *source = write_source(scheme, type, 8);
            void *library = compile(&(build){compilers[c], ""}, source);
            if (targets <= last)
                check_kernel(library, type, 0, 20);
            dlclose(library);
            free(source);
        }
    }
    targets = 0;
    fm_scheme_free(scheme);
}

/* What the library runs, compiled by the same compiler: the same plan gives the same bits. Scalars of 1
   round nothing, whichever sums the compiler makes one operation; where it does not optimize, it makes
   none of them one. */
static void kernels_are_the_library_s(void **state)
{
    (void)state;
    enum { N = 150 };
    fm_error error;
    fm_random random;
    fm_gemm_scheme *ready;
    fm_random_seed(&random, 4, 0);
    fm_scheme *scheme = test_strassen(FM_RING_ZT_VALUE);
    assert_ok(fm_gemm_scheme_new(scheme, FM_F64, &ready, &error), error);
    char *source = write_source(scheme, FM_F64, 50);
    void *library = compile(&builds[0], source);
    matrix a = new_matrix(N, N, 0, FM_F64), b = new_matrix(N, N, 0, FM_F64);
    matrix ours = new_matrix(N, N, 0, FM_F64), other = new_matrix(N, N, 0, FM_F64);
    fill_with_reals(&a, &random);
    fill_with_reals(&b, &random);
    run_kernel(library, &(call){N, N, N, 0, 1, 0}, &a, &b, &other);
    const fm_plan plan = {.levels = {{ready, FM_LEVEL_FUSED}}, .level_count = 1};
    const fm_plan_call c = {.shape = {N, N, N},
                            .alpha = {.real = 1},
                            .a = a.data,
                            .b = b.data,
                            .c = ours.data,
                            .a_strides = {N, 1},
                            .b_strides = {N, 1},
                            .c_stride = N};
    fm_gemm_execute(fm_gemm_kernel_of(fm_cpu_vectors_here(), FM_GEMM_F64), &plan, 1, &c);
#ifdef __OPTIMIZE__
    if (!is_sanitized()) /* they may keep a product and a sum from being one operation */
        assert_memory_equal(ours.data, other.data, N * N * sizeof(double));
#endif
    free(a.data);
    free(b.data);
    free(ours.data);
    free(other.data);
    dlclose(library);
    free(source);
    fm_gemm_scheme_free(ready);
    fm_scheme_free(scheme);
}

static void threads_do_not_change_a_bit(void **state)
{
    (void)state;
    static const call calls[] = {{301, 203, 405, 0, 0.7, 0},
                                 {2, 999, 999, 3, 1, 1},
                                 {97, 1, 830, 1, 1, 0.3},
                                 {64, 64, 64, 0, 1, 0}};
    fm_random random;
    fm_random_seed(&random, 9, 0);
    fm_scheme *scheme = search(2, 2, 2, 7);
    char *source = write_source(scheme, FM_F64, 20);
    void *library = compile(&builds[1], source);
    int threads = omp_get_max_threads();
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        const call *c = &calls[i];
        matrix a = new_matrix(c->m, c->k, c->padding, FM_F64);
        matrix b = new_matrix(c->k, c->n, c->padding, FM_F64);
        matrix one = new_matrix(c->m, c->n, 0, FM_F64), many = new_matrix(c->m, c->n, 0, FM_F64);
        fill_with_reals(&a, &random);
        fill_with_reals(&b, &random);
        for (int count = 1; count <= 5; count++) {
            matrix *out = count == 1 ? &one : &many;
            fill_with(out, 1);
            omp_set_num_threads(count);
            run_kernel(library, c, &a, &b, out);
            assert_memory_equal(out->data, one.data, one.size * sizeof(double));
        }
        free(a.data);
        free(b.data);
        free(one.data);
        free(many.data);
    }
    omp_set_num_threads(threads);
    dlclose(library);
    free(source);
    fm_scheme_free(scheme);
}

/* Whatever memory there is, from none to enough, the result is the same. */
static void little_memory_is_enough(void **state)
{
    (void)state;
    static const char limited[] =
        "#include <stdlib.h>\n"
        "extern size_t memory_limit;\nvoid *limited_alloc(size_t unit, size_t size);\n"
        "size_t memory_limit;\n"
        "void *limited_alloc(size_t unit, size_t size)\n"
        "{\n    return size > memory_limit ? NULL : aligned_alloc(unit, size);\n}\n";
    char *path = fm_format("%s/limited.c", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(limited, file);
    fclose(file);
    fm_scheme *scheme = test_strassen(FM_RING_ZT_VALUE);
    char *source = write_source(scheme, FM_F64, 8);
    char *object = fm_format("%s/limited.o", folder);
    char *command =
        fm_format("%s -fPIC %s -c %s -o %s", FEWMUL_C_COMPILER, sanitizers(), path, object);
    assert_int_equal(system(command), 0);
    char *sources = fm_format("-Daligned_alloc=limited_alloc %s %s", source, object);
    void *library = compile(&builds[1], sources);
    size_t *limit = dlsym(library, "memory_limit");
    assert_non_null(limit);
    for (*limit = 0; *limit < 1 << 20; *limit = 4 * *limit + 1000)
        check_kernel(library, FM_F64, 0, 20);
    dlclose(library);
    free(sources);
    free(command);
    free(object);
    free(source);
    free(path);
    fm_scheme_free(scheme);
}

/* A workspace that no size_t can hold: with k = 0 or alpha = 0 sizes may be absurd. */
static void nothing_is_done_for_nothing(void **state)
{
    (void)state;
    fm_scheme *scheme = test_strassen(FM_RING_ZT_VALUE);
    char *source = write_source(scheme, FM_F64, 4);
    void *library = compile(&builds[0], source);
    gemm_f64 *kernel = (gemm_f64 *)dlsym(library, "gemm");
    double c[2] = {NAN, 7};
    kernel(0, SIZE_MAX, SIZE_MAX, 1, NULL, 1, NULL, 1, 0, NULL, 1);
    kernel(SIZE_MAX, 0, SIZE_MAX, 1, NULL, 1, NULL, 1, 0, NULL, 1);
    kernel(1, 1, SIZE_MAX, 0, NULL, 1, NULL, 1, 0, c, 1);
    assert_true(c[0] == 0);
    kernel(1, 1, 0, 1, NULL, 1, NULL, 1, 2, c + 1, 1);
    assert_true(c[1] == 14);
    dlclose(library);
    free(source);
    fm_scheme_free(scheme);
}

/* Provenance is foreign text. */
static void provenance_cannot_leave_its_comment(void **state)
{
    (void)state;
    char engine[] = "a */ #error b /* \n?\?/ \\", time[] = "*/";
    fm_provenance provenance = {.engine = engine, .time = time};
    fm_scheme *scheme = test_strassen(FM_RING_ZT_VALUE);
    fm_scheme_set_provenance(scheme, &provenance);
    check_scheme(scheme, 1000, true);
}

static fm_status generate(const fm_scheme *scheme, const char *name, fm_scalar_type type,
                          fm_error *error)
{
    char *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    fm_codegen_options options = {.name = name, .type = type};
    fm_status status = fm_codegen_c(scheme, &options, file, error);
    fclose(file);
    assert_true(status == FM_OK || size == 0);
    free(text);
    return status;
}

static void names_are_checked(void **state)
{
    (void)state;
    static const char *const bad[] = {"",     "1a",         "a b",    "a-b",   "for",
                                      "main", "NULL",       "sum",    "least", "pack_a_avx2_f64",
                                      "A",    "the_scheme", "double", "a;b",   "fm_plan_run"};
    fm_error error;
    fm_scheme *scheme = test_strassen(FM_RING_ZT_VALUE);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(generate(scheme, bad[i], FM_F64, &error), FM_BAD_INPUT);
    assert_int_equal(generate(scheme, NULL, FM_F64, &error), FM_BAD_INPUT);
    assert_ok(generate(scheme, "dgemm_222", FM_F64, &error), error);
    fm_scheme_free(scheme);
}

static void only_real_matrix_products_that_hold(void **state)
{
    (void)state;
    fm_error error;
    fm_scheme *strassen = test_strassen(test_ring("f2"));
    assert_int_equal(generate(strassen, "f", FM_F64, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "lift"));
    fm_scheme_free(strassen);

    fm_tensor *tensor;
    fm_scheme *scheme;
    static const char text[] = "shape 2 2 2\n1 1 1 1\n";
    assert_ok(fm_tensor_parse(text, strlen(text), "corner", &tensor, &error), error);
    assert_ok(fm_scheme_standard(tensor, FM_RING_ZT_VALUE, &scheme, &error), error);
    assert_int_equal(generate(scheme, "f", FM_F64, &error), FM_BAD_INPUT);
    assert_non_null(strstr(error.message, "corner"));
    fm_scheme_free(scheme);
    fm_tensor_free(tensor);

    dense d;
    strassen = test_strassen(FM_RING_ZT_VALUE);
    dense_from_scheme(&d, strassen, 7);
    fmpq_neg(dense_at(&d, 2, 6, 0), dense_at(&d, 2, 6, 0));
    scheme = dense_to_scheme(&d, strassen->tensor, FM_RING_ZT_VALUE);
    assert_int_equal(generate(scheme, "f", FM_F64, &error), FM_NO);
    fm_scheme_free(scheme);
    fm_scheme_free(strassen);
    dense_clear(&d);
}

/* 10^100 is a double and no float; 10^400 is neither. Two more products that cancel. */
static void coefficients_must_fit_the_type(void **state)
{
    (void)state;
    static const ulong exponents[] = {30, 100, 400};
    fm_scheme *strassen = test_strassen(FM_RING_ZT_VALUE);
    for (int i = 0; i < 3; i++) {
        fm_error error;
        dense d;
        dense_from_scheme(&d, strassen, 9);
        d.rank = 9;
        for (uint32_t r = 7; r < 9; r++) {
            fmpq *large = dense_at(&d, 0, r, 1);
            for (int axis = 0; axis < 3; axis++)
                fmpq_one(dense_at(&d, axis, r, 0));
            fmpz_set_ui(fmpq_numref(large), 10);
            fmpz_pow_ui(fmpq_numref(large), fmpq_numref(large), exponents[i]);
        }
        fmpq_set_si(dense_at(&d, 2, 8, 0), -1, 1);
        fm_scheme *scheme = dense_to_scheme(&d, strassen->tensor, FM_RING_Z_VALUE);
        assert_int_equal(generate(scheme, "f", FM_F32, &error), i < 1 ? FM_OK : FM_BAD_INPUT);
        assert_int_equal(generate(scheme, "f", FM_F64, &error), i < 2 ? FM_OK : FM_BAD_INPUT);
        fm_scheme_free(scheme);
        dense_clear(&d);
    }
    fm_scheme_free(strassen);
}

static int make_folder(void **state)
{
    (void)state;
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    static const char *const names[] = {"kernel.c", "kernel.h", "limited.c", "limited.o"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = fm_format("%s/%s", folder, names[i]);
        unlink(path);
        free(path);
    }
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_schemes_multiply),
        cmocka_unit_test(standard_schemes_multiply),
        cmocka_unit_test(rational_schemes_multiply),
        cmocka_unit_test(default_crossover_multiplies),
        cmocka_unit_test(other_builds_multiply),
        cmocka_unit_test(each_target_stands_alone),
        cmocka_unit_test(kernels_are_the_library_s),
        cmocka_unit_test(threads_do_not_change_a_bit),
        cmocka_unit_test(little_memory_is_enough),
        cmocka_unit_test(nothing_is_done_for_nothing),
        cmocka_unit_test(provenance_cannot_leave_its_comment),
        cmocka_unit_test(names_are_checked),
        cmocka_unit_test(only_real_matrix_products_that_hold),
        cmocka_unit_test(coefficients_must_fit_the_type),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
