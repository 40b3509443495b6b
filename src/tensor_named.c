#include "tensor_named.h"

#include "error.h"
#include "memory.h"
#include "structure.h"
#include "tensor.h"

#include <stdlib.h>
#include <string.h>

const fm_tensor_family fm_tensor_families[] = {
    {"NxMxP", "the matrix product: A is N x M, B is M x P, C = AB"},
    {"N:LEFT*RIGHT", "the product of two structured N x N matrices"},
    {"NxMxP:LEFT*RIGHT", "the same for other sizes; NxNx1:LEFT*general is matrix times vector"},
    {"N:LEFT*transpose", "A times its own transpose; of C, which is symmetric, the upper triangle"},
    {"NxMxN:LEFT*transpose", "the same for A that is N x M"},
    {"poly:MxN", "the product of two polynomials with M and N coefficients"},
    {"cyclic:N", "cyclic convolution: polynomials modulo x^N - 1"},
    {"negacyclic:N", "negacyclic convolution: polynomials modulo x^N + 1"},
    {"complex", "the product of two complex numbers, by real ones; complex:1x1x1 in full"},
    {"complex:NAME", "any of the above over the complex numbers: complex:2x2x2"},
    {"quaternion", "the product of two quaternions; quaternion:1x1x1 in full"},
    {"quaternion:NAME", "any of the above over the quaternions"},
};
const size_t fm_tensor_family_count = sizeof fm_tensor_families / sizeof *fm_tensor_families;

/* An algebra over the reals with basis e_0 = 1, e_1, ... */
typedef struct algebra {
    const char *name;
    int dimension;
    int8_t product[16]; /* e_i e_j at i * dimension + j: k + 1 for e_k, -(k + 1) for -e_k */
} algebra;

static const algebra algebras[] = {
    {"complex", 2, {1, 2, 2, -1}},
    {"quaternion", 4, {1, 2, 3, 4, 2, -1, 4, -3, 3, -4, -1, 2, 4, 3, -2, -1}},
};

/* ---------------------------------------------------------------- names */

static bool is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && memcmp(text, word, length) == 0;
}

/* Reads one to three sizes with an x between them, "3x4", which fill length bytes of text. Returns
   how many, 0 when it is something else; a size beyond the limit is FM_FORMAT_MAX + 1. */
static unsigned parse_sizes(const char *text, size_t length, uint32_t sizes[3])
{
    const char *at = text, *end = text + length;
    for (unsigned count = 0; count < 3; count++) {
        const char *digits = at;
        sizes[count] = 0;
        for (; at < end && *at >= '0' && *at <= '9'; at++)
            if (sizes[count] <= FM_FORMAT_MAX)
                sizes[count] = sizes[count] * 10 + (uint32_t)(*at - '0');
        if (sizes[count] > FM_FORMAT_MAX)
            sizes[count] = FM_FORMAT_MAX + 1;
        if (at == digits)
            return 0;
        if (at == end)
            return count + 1;
        if (*at++ != 'x')
            return 0;
    }
    return 0;
}

static fm_status check_sizes(const char *name, const uint32_t *sizes, unsigned count,
                             fm_error *error)
{
    for (unsigned s = 0; s < count; s++)
        if (sizes[s] < 1 || sizes[s] > FM_FORMAT_MAX)
            return fm_fail(error, FM_BAD_INPUT, "'%s': each size must be from 1 to %d", name,
                           FM_FORMAT_MAX);
    return FM_OK;
}

/* ---------------------------------------------------------------- structured products */

typedef struct structured {
    uint32_t n, m, p;
    const fm_structure *left;
    const fm_structure *right; /* NULL: the transpose of the left matrix */
} structured;

static fm_status find_structure(const char *name, const char *word, size_t length,
                                const fm_structure **out, fm_error *error)
{
    char list[256] = "";
    *out = fm_structure_find(word, length);
    if (*out != NULL)
        return FM_OK;
    for (size_t s = 0; s < fm_structure_count; s++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", s > 0 ? ", " : "",
                 fm_structures[s].name);
    return fm_fail(error, FM_BAD_INPUT, "'%s': '%.*s' is no structure; there are %s%s", name,
                   (int)length, word, list, ", and transpose on the right");
}

static fm_status check_square(const char *name, const fm_structure *structure, char matrix,
                              uint32_t rows, uint32_t columns, fm_error *error)
{
    if (!structure->square || rows == columns)
        return FM_OK;
    return fm_fail(error, FM_BAD_INPUT, "'%s': '%s' is for square matrices, and %c is %ux%u", name,
                   structure->name, matrix, rows, columns);
}

/* Reads LEFT*RIGHT behind the sizes. */
static fm_status parse_structures(const char *name, const char *text, structured *out,
                                  fm_error *error)
{
    size_t left = strcspn(text, "*.");
    const char *right = text + left + 1;
    if (text[left] == '\0')
        return fm_fail(error, FM_BAD_INPUT,
                       "'%s': expected two structures behind the colon, as in 3:upper*general",
                       name);
    out->right = NULL;
    fm_status status = find_structure(name, text, left, &out->left, error);
    if (status == FM_OK && strcmp(right, "transpose") != 0)
        status = find_structure(name, right, strlen(right), &out->right, error);
    if (status == FM_OK)
        status = check_square(name, out->left, 'A', out->n, out->m, error);
    if (status == FM_OK && out->right != NULL)
        status = check_square(name, out->right, 'B', out->m, out->p, error);
    if (status == FM_OK && out->right == NULL && out->n != out->p)
        status = fm_fail(error, FM_BAD_INPUT,
                         "'%s': a %ux%u matrix times its transpose is %ux%u: write %ux%ux%u", name,
                         out->n, out->m, out->n, out->n, out->n, out->m, out->n);
    return status;
}

static char *structured_name(const structured *s)
{
    const char *right = s->right != NULL ? s->right->name : "transpose";
    if (s->n == s->m && s->m == s->p)
        return fm_format("%u:%s*%s", s->n, s->left->name, right);
    return fm_format("%ux%ux%u:%s*%s", s->n, s->m, s->p, s->left->name, right);
}

/* The places of B; returns the number of its variables. */
static uint32_t right_places(const structured *s, const fm_place *a, uint32_t a_variables,
                             fm_place *b)
{
    if (s->right != NULL)
        return fm_structure_places(s->right, s->m, s->p, b);
    for (uint32_t j = 0; j < s->m; j++)
        for (uint32_t k = 0; k < s->p; k++)
            b[j * s->p + k] = a[k * s->m + j];
    return a_variables;
}

/* C = AB in the variables of A, B and C. Two terms of one entry of C never have the same variables,
   since no structure repeats a variable in a row. */
static size_t multiply(const structured *s, const fm_place *a, const fm_place *b, const fm_place *c,
                       fm_tensor_entry *entries)
{
    size_t count = 0;
    for (uint32_t i = 0; i < s->n; i++)
        for (uint32_t k = 0; k < s->p; k++)
            for (uint32_t j = 0; c[i * s->p + k].free && j < s->m; j++) {
                const fm_place *x = &a[i * s->m + j], *y = &b[j * s->p + k];
                if (x->sign * y->sign != 0)
                    entries[count++] = (fm_tensor_entry){
                        x->variable, y->variable, c[i * s->p + k].variable, x->sign * y->sign};
            }
    return count;
}

static fm_status build_structured(const structured *s, fm_tensor **out, fm_error *error)
{
    const fm_structure *product = s->right != NULL ? fm_structure_of_product(s->left, s->right)
                                                   : fm_structure_find("symmetric", 9);
    fm_place *a = fm_alloc((size_t)s->n * s->m, sizeof *a),
             *b = fm_alloc((size_t)s->m * s->p, sizeof *b),
             *c = fm_alloc((size_t)s->n * s->p, sizeof *c);
    fm_tensor_entry *entries = fm_alloc((size_t)s->n * s->m * s->p, sizeof *entries);
    uint32_t extent[3];
    extent[0] = fm_structure_places(s->left, s->n, s->m, a);
    extent[1] = right_places(s, a, extent[0], b);
    extent[2] = fm_structure_places(product, s->n, s->p, c);
    size_t count = multiply(s, a, b, c, entries);
    free(a);
    free(b);
    free(c);
    char *name = structured_name(s);
    if (extent[0] > 0 && extent[1] > 0)
        return fm_tensor_make(extent, name, entries, count, out, error);
    fm_fail(error, FM_BAD_INPUT, "'%s': a matrix without a free entry", name);
    free(name);
    free(entries);
    return FM_BAD_INPUT;
}

static fm_status parse_structured(const char *name, const char *colon, fm_tensor **out,
                                  fm_error *error)
{
    structured s;
    uint32_t sizes[3];
    unsigned count = parse_sizes(name, (size_t)(colon - name), sizes);
    if (count != 1 && count != 3)
        return fm_fail(error, FM_BAD_INPUT,
                       "'%s': expected a size or a format before the colon, as in 3:upper*general "
                       "and 3x3x4:upper*general",
                       name);
    fm_status status = check_sizes(name, sizes, count, error);
    if (status != FM_OK)
        return status;
    s.n = sizes[0];
    s.m = count == 1 ? s.n : sizes[1];
    s.p = count == 1 ? s.n : sizes[2];
    status = parse_structures(name, colon + 1, &s, error);
    if (status != FM_OK)
        return status;
    const fm_structure *general = &fm_structures[0];
    if (s.left == general && s.right == general)
        return fm_tensor_matmul(s.n, s.m, s.p, out, error);
    return build_structured(&s, out, error);
}

/* ---------------------------------------------------------------- polynomials */

static fm_status parse_poly(const char *name, const char *text, fm_tensor **out, fm_error *error)
{
    uint32_t sizes[3];
    if (parse_sizes(text, strlen(text), sizes) != 2)
        return fm_fail(error, FM_BAD_INPUT,
                       "'%s': expected two numbers of coefficients, as in poly:3x3", name);
    fm_status status = check_sizes(name, sizes, 2, error);
    if (status != FM_OK)
        return status;
    uint32_t m = sizes[0], n = sizes[1];
    fm_tensor_entry *entries = fm_alloc((size_t)m * n, sizeof *entries);
    for (uint32_t i = 0; i < m; i++)
        for (uint32_t j = 0; j < n; j++)
            entries[i * n + j] = (fm_tensor_entry){i, j, i + j, 1};
    return fm_tensor_make((uint32_t[3]){m, n, m + n - 1}, fm_format("poly:%ux%u", m, n), entries,
                          (size_t)m * n, out, error);
}

/* Polynomials modulo x^N - wrap, wrap 1 or -1. */
static fm_status parse_convolution(const char *name, const char *text, int wrap, fm_tensor **out,
                                   fm_error *error)
{
    uint32_t sizes[3];
    if (parse_sizes(text, strlen(text), sizes) != 1)
        return fm_fail(error, FM_BAD_INPUT, "'%s': expected one number of coefficients, as in %s:4",
                       name, wrap > 0 ? "cyclic" : "negacyclic");
    fm_status status = check_sizes(name, sizes, 1, error);
    if (status != FM_OK)
        return status;
    uint32_t n = sizes[0];
    fm_tensor_entry *entries = fm_alloc((size_t)n * n, sizeof *entries);
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++)
            entries[i * n + j] = (fm_tensor_entry){i, j, (i + j) % n, i + j < n ? 1 : wrap};
    return fm_tensor_make((uint32_t[3]){n, n, n},
                          fm_format("%s:%u", wrap > 0 ? "cyclic" : "negacyclic", n), entries,
                          (size_t)n * n, out, error);
}

/* ---------------------------------------------------------------- algebras */

static const algebra *find_algebra(const char *text, size_t length)
{
    for (size_t a = 0; a < sizeof algebras / sizeof *algebras; a++)
        if (is_word(text, length, algebras[a].name))
            return &algebras[a];
    return NULL;
}

/* The Kronecker product of the algebra and a tensor: all variables for e_0 first, then for e_1. */
static fm_status extend(const algebra *scalars, const fm_tensor *base, fm_tensor **out,
                        fm_error *error)
{
    uint32_t d = (uint32_t)scalars->dimension, extent[3];
    for (int axis = 0; axis < 3; axis++) {
        extent[axis] = d * base->extent[axis];
        if (extent[axis] > FM_EXTENT_MAX)
            return fm_fail(error, FM_BAD_INPUT, "'%s:%s': an extent of %u; at most %d",
                           scalars->name, base->name, extent[axis], FM_EXTENT_MAX);
    }
    fm_tensor_entry *entries = fm_alloc(base->entry_count * d * d, sizeof *entries);
    size_t count = 0;
    for (size_t e = 0; e < base->entry_count; e++)
        for (uint32_t part = 0; part < d * d; part++) {
            const fm_tensor_entry *entry = &base->entries[e];
            fm_tensor_entry *to = &entries[count++];
            int product = scalars->product[part];
            *to = (fm_tensor_entry){.i = part / d * base->extent[0] + entry->i,
                                    .j = part % d * base->extent[1] + entry->j,
                                    .k = (uint32_t)(abs(product) - 1) * base->extent[2] + entry->k};
            fmpz_init(&to->value);
            fmpz_mul_si(&to->value, &entry->value, product > 0 ? 1 : -1);
        }
    return fm_tensor_make(extent, fm_format("%s:%s", scalars->name, base->name), entries, count,
                          out, error);
}

static fm_status parse_algebra(const char *name, const algebra *scalars, const char *rest,
                               fm_tensor **out, fm_error *error)
{
    fm_tensor *base;
    /* One algebra over another would make the cost of reading a name exponential in its length. */
    if (find_algebra(rest, strcspn(rest, ":")) != NULL)
        return fm_fail(error, FM_BAD_INPUT, "'%s': one algebra at most", name);
    fm_status status = fm_tensor_parse_name(rest, &base, error);
    if (status != FM_OK)
        return status;
    status = extend(scalars, base, out, error);
    fm_tensor_free(base);
    return status;
}

/* ---------------------------------------------------------------- the entry */

fm_status fm_tensor_parse_name(const char *name, fm_tensor **out, fm_error *error)
{
    const char *colon = strchr(name, ':');
    size_t head = colon != NULL ? (size_t)(colon - name) : strlen(name);
    const algebra *scalars = find_algebra(name, head);
    uint32_t sizes[3];
    *out = NULL;
    if (scalars != NULL)
        return parse_algebra(name, scalars, colon != NULL ? colon + 1 : "1x1x1", out, error);
    if (colon == NULL && parse_sizes(name, head, sizes) == 3)
        return fm_tensor_parse_format(name, out, error);
    if (colon == NULL)
        return fm_fail(error, FM_BAD_INPUT,
                       "'%s' is not a format such as 4x4x5, nor a tensor's name such as "
                       "3:upper*general, poly:3x3 or complex:2x2x2",
                       name);
    if (is_word(name, head, "poly"))
        return parse_poly(name, colon + 1, out, error);
    if (is_word(name, head, "cyclic"))
        return parse_convolution(name, colon + 1, 1, out, error);
    if (is_word(name, head, "negacyclic"))
        return parse_convolution(name, colon + 1, -1, out, error);
    return parse_structured(name, colon, out, error);
}
