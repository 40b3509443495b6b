/* make_seeds FOLDER SCHEME...: what the fuzz targets start from. Schemes from files, and a few made
   here, as files of every kind, FOLDER/KIND/NUMBER; and what this program reads but does not write. */
#include "property.h"
#include "scheme.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static const char *folder;
static unsigned number; /* of the next seed */

static void make_folder(const char *path)
{
    require(mkdir(path, 0777) == 0 || errno == EEXIST, "%s: %s", path, strerror(errno));
}

static void save(const char *kind, const char *bytes, size_t length)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, kind);
    make_folder(path);
    snprintf(path, sizeof path, "%s/%s/%u", folder, kind, number++);
    FILE *file = fopen(path, "wb");
    require(file != NULL, "%s: %s", path, strerror(errno));
    fwrite(bytes, 1, length, file);
    require(fclose(file) == 0, "%s", path);
}

/* In every kind that has a place for it. */
static void save_scheme(const fm_scheme *scheme)
{
    for (int k = 0; k < FM_FILE_KIND_COUNT; k++) {
        fm_file_kind kind = (fm_file_kind)k;
        char *text;
        size_t length;
        FILE *file = open_memstream(&text, &length);
        fm_status status =
            kind == FM_FILE_LATEX ? FM_BAD_INPUT : fm_scheme_write(scheme, kind, file, NULL);
        fclose(file);
        if (status == FM_OK)
            save(fm_file_kind_name(kind), text, length);
        free(text);
    }
}

static void save_schemes_of(const char *path)
{
    fm_error error;
    fm_scheme_list list;
    fm_status status = fm_scheme_read(path, &list, &error);
    require(status == FM_OK, "%s", error.message);
    for (size_t s = 0; s < list.count; s++)
        save_scheme(list.schemes[s]);
    fm_scheme_list_free(&list);
}

static void save_standard(const char *tensor_name, const char *ring_name)
{
    fm_error error;
    fm_ring ring;
    fm_tensor *tensor;
    fm_scheme *scheme;
    fm_status status = fm_ring_parse(ring_name, &ring, &error);
    require(status == FM_OK, "%s", error.message);
    status = fm_tensor_parse_name(tensor_name, &tensor, &error);
    require(status == FM_OK, "%s", error.message);
    status = fm_scheme_standard(tensor, ring, &scheme, &error);
    require(status == FM_OK, "%s", error.message);
    save_scheme(scheme);
    fm_scheme_free(scheme);
    fm_tensor_free(tensor);
}

static void save_tensor(const char *name)
{
    fm_error error;
    fm_tensor *tensor;
    char *text;
    size_t length;
    fm_status status = fm_tensor_parse_name(name, &tensor, &error);
    require(status == FM_OK, "%s", error.message);
    FILE *file = open_memstream(&text, &length);
    status = fm_tensor_write(tensor, file, &error);
    fclose(file);
    require(status == FM_OK, "%s", error.message);
    save("tensor", text, length);
    save("tensor", name, strlen(name));
    fm_tensor_free(tensor);
    free(text);
}

#define SAVE(kind, text) save(kind, text, sizeof text - 1)

static void save_spellings(void)
{
    SAVE("json", "{\"n\": [1, 1, 1], \"m\": 1, \"ring\": \"q\", \"u\": [[\"1/2\"]],\n"
                 "\"v\": [[{\"index\": 0, \"value\": 2}]], \"w\": [[1]]}");
    SAVE("json", "[{\"n\": [1, 1, 2], \"m\": 2, \"z2\": true, \"u\": [[{\"index\": 0, \"value\": "
                 "1}], [{\"index\": 0, \"value\": 1}]],\n\"u_fresh\": [],\n\"v\": [[{\"index\": 2, "
                 "\"value\": 1}], [{\"index\": 1, \"value\": 1}]],\n\"v_fresh\": [[{\"index\": 0, "
                 "\"value\": 1}]],\n\"w\": [[{\"index\": 2, \"value\": 1}], [{\"index\": 1, "
                 "\"value\": 1}]],\n\"w_fresh\": [[{\"index\": 0, \"value\": 1}]]}]");
    SAVE("text", "2\n1 1 1 1\n1 2\n2 1\n1 1\n1 1 2 2\n1 1\n1 0 0 1\n1 0 0 1\n");
    SAVE("exp", "# ring q\n-(a_1_1 + 2*a[1,2]/3)(b1,1+b{2,1}) c11/5;\n+((a_{1,12})*(b12,1)*(c11))");
    SAVE("exp", "(a1+a4)(b1+b4)(c1+c4)\r\n");
    SAVE("equations", "h1 := a11 b11\nh2 := (a12)(b21)\nc11 := h1 + h2/1\n");
    SAVE("mathematica", "x = {{{{1/2}}, {{2}}, {{1}}}}; (* ring q *)");
    SAVE("maple", "with(LinearAlgebra):\nT:=TriadSet([Triad([Matrix([[1,0]]),Matrix(2,1,[[1],[0]]),"
                  "Matrix(1,1,[[1]])])]):\n");
    SAVE("maple", "LRP:=[Matrix(2, 2, [[1,0],[0,1]]),\nMatrix([[1,0],[0,1]]), "
                  "Matrix(1, 2, [[-(1*1-2),1**2]])]:\n");
    SAVE("mathematica", "{{{1, 0}, {0, 1}}, {{2, 0}, {0, 1}}, {{1/2, 1}}}");
    SAVE("mathematica", "{SparseArray[{{1, 1} -> 1, {2, 2} -> 1}, {2, 2}], {{1, 0}, {0, 1}}, "
                        "SparseArray[Automatic, {1, 2}, 0, {1, {{0, 2}, {{1}, {2}}}, {1, 1}}]}");
    SAVE("mathematica", "{{SparseArray[{{1, 1} -> (1+1)/2}], {{+-1*-1}}, {{2^3-7}}}}");
    SAVE("sms", "1 1 R\n1 1 1\n0 0 0\n1 1 M\n1 1 1/2\n0 0 0\n# P\n1 1 R\n1 1 2\n0 0 0\n");
    SAVE("python",
         "d = (np.array([[0.5+0.5j, -0. ],\n [1, 0]], dtype=int), np.array([[1, 0], [0, 1],]"
         ").T,\nnp.array([[1., 0.]]))");
    SAVE("python", "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\"U = array([[1]])\\n\","
                   " \"V = array([[1]])\\nW = array([[1]])\"]}]}");
    SAVE("coefficients", "# ring q\n1/2 1\n#\n2 0\n0 1\n#\n1 0\n0 1\n");
}

/* ---------------------------------------------------------------- NumPy arrays */

#define HEADER(d, s) "{'descr': '" d "', 'fortran_order': False, 'shape': " s ", }"
#define NAMED(m, n)  "c" m "\n" n "\n"
#define EMPTY                                                                                      \
    NAMED("numpy.core.multiarray", "_reconstruct")                                                 \
    NAMED("numpy", "ndarray")                                                                      \
    "K\0\x85"                                                                                      \
    "C\1b\x87R"
#define TYPE(type, order)                                                                          \
    NAMED("numpy", "dtype")                                                                        \
    "X\2\0\0\0" type "\x89\x88\x87R(K\3X\1\0\0\0" order "NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0" \
    "tb"
#define OBJECT                                                                                     \
    EMPTY "(K\1K\1K\1\x86" TYPE("i1", "|") "\x89"                                                  \
                                           "C\1\1tb"

static void save_array(const char *header, const char *data, size_t length)
{
    char bytes[1024];
    size_t size = strlen(header);
    memcpy(bytes, "\x93NUMPY\1\0", 8);
    bytes[8] = (char)size;
    bytes[9] = 0;
    memcpy(bytes + 10, header, size);
    memcpy(bytes + 10 + size, data, length);
    save("npy", bytes, 10 + size + length);
}

#define SAVE_ARRAY(descr, shape, data) save_array(HEADER(descr, shape), data, sizeof data - 1)

static void save_arrays(void)
{
    SAVE_ARRAY("|i1", "(3, 1, 1)", "\1\1\1");
    SAVE_ARRAY("<i4", "(3, 1, 1, 1)", "\1\0\0\0\377\377\377\377\377\377\377\377");
    SAVE_ARRAY("<f2", "(3,)", "\0\x3c\0\x38\0\x40"); /* 1, 1/2, 2 */
    SAVE_ARRAY(">f8", "(1, 3)", "\x3f\xf0\0\0\0\0\0\0\x3f\xf0\0\0\0\0\0\0\x3f\xf0\0\0\0\0\0\0");
    SAVE_ARRAY("|u1", "(6,)", "\1\1\1\2\2\1"); /* each with its denominator */
    SAVE_ARRAY("|O", "(3,)",
               "\x80\3" EMPTY "(K\1K\3\x85" TYPE("O8", "|") "\x89](" OBJECT OBJECT OBJECT "etb.");
}

int main(int count, char **arguments)
{
    require(count > 2, "usage: make_seeds FOLDER SCHEME...");
    folder = arguments[1];
    make_folder(folder);
    for (int a = 2; a < count; a++)
        save_schemes_of(arguments[a]);
    save_standard("1x2x1", "zt");
    save_standard("2x1x2", "f3");
    save_standard("1x1x1", "f9223372036854775783");
    save_standard("poly:2x2", "z");
    save_standard("complex", "q");
    save_tensor("complex:1x2x1");
    save_tensor("2:upper*general");
    save_tensor("2x1x2:general*transpose");
    save_spellings();
    save_arrays();
    return 0;
}
