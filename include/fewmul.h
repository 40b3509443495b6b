/* Fewmul: find, prove and run matrix multiplication algorithms that use fewer multiplications.

   The public C API. Conventions that hold throughout:
   - Objects are opaque; a function that hands one out says who frees it. Every *_free accepts NULL.
   - A function that can fail returns fm_status; when it is not FM_OK, out parameters are NULL or
     untouched, and the message in *error (which may be NULL) says what is wrong and where.
   - Indices are from 0. A matrix is numbered row by row. Sizes are in bytes, times in seconds.
   - Running out of memory ends the process with a message, as in GMP and FLINT. */
#ifndef FEWMUL_H
#define FEWMUL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default)
#endif

#define FEWMUL_VERSION_MAJOR 0
#define FEWMUL_VERSION_MINOR 1
#define FEWMUL_VERSION_PATCH 0
#define FEWMUL_VERSION       "0.1.0"

/* The version of the library at run time, "major.minor.patch". */
const char *fm_version(void);

/* ---------------------------------------------------------------- errors */

typedef enum fm_status {
    FM_OK = 0,
    FM_NO,          /* the answer is no: the scheme does not hold, the target was not reached */
    FM_BAD_INPUT,   /* the input or the call is wrong */
    FM_IO,          /* the operating system refused; the message has its reason */
    FM_INTERRUPTED, /* asked to stop before the work was done; what was found is saved */
    FM_INTERNAL,    /* a check of the library on itself failed: a bug; nothing was saved */
} fm_status;

typedef struct fm_error {
    char message[1024]; /* "FILE:LINE: what is wrong", no trailing newline; "" when there is none */
} fm_error;

/* ---------------------------------------------------------------- rings */

typedef enum fm_ring_kind {
    FM_RING_ZT, /* coefficients in {-1, 0, 1}, equalities over the integers */
    FM_RING_Z,  /* integers */
    FM_RING_Q,  /* rationals */
    FM_RING_ZP, /* integers modulo a prime p; p = 2 is f2, p = 3 is f3 */
} fm_ring_kind;

typedef struct fm_ring {
    fm_ring_kind kind;
    uint64_t p; /* the prime for FM_RING_ZP, otherwise 0 */
} fm_ring;

#define FM_RING_NAME_SIZE 24

/* Reads "zt", "z", "q", "f2", "f3" or "f" and a prime below 2^63 ("f101"; "zp:101" is the same). */
fm_status fm_ring_parse(const char *name, fm_ring *out, fm_error *error);

/* Writes the name that fm_ring_parse reads into buffer and returns buffer. */
const char *fm_ring_name(fm_ring ring, char buffer[FM_RING_NAME_SIZE]);

bool fm_ring_equal(fm_ring a, fm_ring b);

/* ---------------------------------------------------------------- tensors */

/* A three-way array with integer entries, sparse. The matrix multiplication tensor of format
   n x m x p has shape (nm, mp, np) and a one at (a_ij, b_jk, c_ik) for all i, j, k: A is n x m,
   B is m x p, C = AB is n x p, and the third index numbers C itself. Immutable and shared. */
typedef struct fm_tensor fm_tensor;

/* The largest n, m or p of a format, and the largest extent of a tensor read from a file. */
#define FM_FORMAT_MAX 64
#define FM_EXTENT_MAX 4096

fm_status fm_tensor_matmul(unsigned n, unsigned m, unsigned p, fm_tensor **out, fm_error *error);

/* Reads "4x4x5" as the matrix multiplication tensor of that format. */
fm_status fm_tensor_parse_format(const char *text, fm_tensor **out, fm_error *error);

/* Reads the name of a format or of another bilinear map: products of structured matrices
   ("3:upper*general", "3x4x3:general*transpose"; a dot may stand for the star), of polynomials
   ("poly:3x3", "cyclic:4", "negacyclic:4") and over the complex numbers and quaternions ("complex",
   "complex:2x2x2"); docs/tensors.md has all. Entries are 1 and -1. A name has one full form, which
   becomes the tensor's: "3x3x3:upper*general" gives "3:upper*general", and "3:general*general"
   gives the format 3x3x3. */
fm_status fm_tensor_parse_name(const char *name, fm_tensor **out, fm_error *error);

/* Reads sparse coordinate text: '#' comments, a header "shape D1 D2 D3", then lines "i j k value"
   with indices from 1 and integer values of any size. Repeated positions and zeros are refused.
   The caller frees *out with fm_tensor_free. */
fm_status fm_tensor_read(const char *path, fm_tensor **out, fm_error *error);

/* The same from memory; name stands for the file in messages and becomes the tensor's name. */
fm_status fm_tensor_parse(const char *text, size_t length, const char *name, fm_tensor **out,
                          fm_error *error);

/* Writes what fm_tensor_read reads. */
fm_status fm_tensor_write(const fm_tensor *tensor, FILE *file, fm_error *error);

/* Another reference to the same tensor; each is given back with fm_tensor_free. */
fm_tensor *fm_tensor_share(const fm_tensor *tensor);
void fm_tensor_free(fm_tensor *tensor);

/* "4x4x5" for a matrix product, otherwise its name, or that of its file. Belongs to the tensor. */
const char *fm_tensor_name(const fm_tensor *tensor);
/* The extent along axis 0, 1 or 2. */
uint32_t fm_tensor_extent(const fm_tensor *tensor, unsigned axis);
size_t fm_tensor_entry_count(const fm_tensor *tensor);
/* True for a matrix product; format then receives n, m, p (format may be NULL). */
bool fm_tensor_is_matmul(const fm_tensor *tensor, unsigned format[3]);
bool fm_tensor_equal(const fm_tensor *a, const fm_tensor *b);

/* ---------------------------------------------------------------- schemes */

/* A decomposition of a tensor into rank products u x v x w with coefficients in a ring: factor
   matrices U (rank x nm), V (rank x mp), W (rank x np), W indexed by C itself. Nothing says that
   it holds: that is fm_verify's to find out. Immutable but for its provenance. */
typedef struct fm_scheme fm_scheme;

/* One product for each entry of the tensor. Refused over zt when an entry is not 1 or -1. */
fm_status fm_scheme_standard(const fm_tensor *tensor, fm_ring ring, fm_scheme **out,
                             fm_error *error);

void fm_scheme_free(fm_scheme *scheme);

uint32_t fm_scheme_rank(const fm_scheme *scheme);
fm_ring fm_scheme_ring(const fm_scheme *scheme);
/* Belongs to the scheme. */
const fm_tensor *fm_scheme_tensor(const fm_scheme *scheme);

/* Naive additions, nothing shared: for each row of U and V, and each entry of C, one less than its
   number of terms. */
uint64_t fm_scheme_additions(const fm_scheme *scheme);
/* log of rank: 3 ln(rank) / ln(nmp); not a number when the tensor is no matrix product. */
double fm_scheme_exponent(const fm_scheme *scheme);

/* The same scheme with its coefficients taken in another ring: modulo p, or from zt to z to q.
   FM_BAD_INPUT when a coefficient has no image there (1/2 in z or f2, 2 in zt). */
fm_status fm_scheme_to_ring(const fm_scheme *scheme, fm_ring ring, fm_scheme **out,
                            fm_error *error);

/* Canonical form: u and v of each product normalized (first nonzero entry one over zp; primitive
   integer vectors with a positive first entry otherwise) with the scalar moved into w, products
   sorted. Schemes that differ only in order, signs and scalings have the same form. */
fm_scheme *fm_scheme_canonical(const fm_scheme *scheme);

#define FM_HASH_SIZE 65 /* 64 hexadecimal digits and the final zero */

/* SHA-256 of the canonical form (tensor, ring and coefficients; not the provenance). */
void fm_scheme_hash(const fm_scheme *scheme, char hash[FM_HASH_SIZE]);

/* ---------------------------------------------------------------- same or different */

/* A number that equivalent schemes have in common, as 64 hexadecimal digits: those that differ only
   by the order of their products, scaling, changes of basis, and the permutations of the three
   factors that the format allows (cyclic shift, transposition; de Groote 1978). Schemes of formats
   that are equal up to order are compared too; so are zt, z and q, which are one field. Different
   numbers mean different schemes; equal numbers do not mean equivalent ones, see
   fm_scheme_equivalent. Of a tensor that is no matrix product only order and scaling are known as
   symmetries. About 1.1 ms for 5x5x5 and rank 93. */
void fm_scheme_invariant(const fm_scheme *scheme, char hash[FM_HASH_SIZE]);

/* An element of de Groote's group for matrix products. First the three factors change places:
   shift times (U, V, W) -> (V, W^T, U^T), where a row of each is a matrix, n x m, m x p and n x p;
   then, when transposed, (U, V, W) -> (W, V^T, U). Of what is then a scheme of format n x m x p,
   the bases change: U -> X U Y^-1, V -> Y V Z^-1, W -> X^-T W Z^T, with X, Y, Z of sizes n, m, p. At
   last the products get another order and other scalings. Opaque; freed with
   fm_transformation_free. */
typedef struct fm_transformation fm_transformation;

void fm_transformation_free(fm_transformation *transformation);
unsigned fm_transformation_shift(const fm_transformation *transformation); /* 0, 1 or 2 */
bool fm_transformation_transposed(const fm_transformation *transformation);
/* Where product r goes. */
uint32_t fm_transformation_product(const fm_transformation *transformation, uint32_t r);
/* The number of rows of X, Y or Z (which: 0, 1 or 2). */
uint32_t fm_transformation_size(const fm_transformation *transformation, unsigned which);
/* An entry, an integer or a fraction as text, to be freed with free. */
char *fm_transformation_entry(const fm_transformation *transformation, unsigned which, uint32_t row,
                              uint32_t column);

/* The image of a scheme, its products in their new order; over zp or q as the transformation. The
   caller frees *out. FM_BAD_INPUT when format, rank or field do not fit. */
fm_status fm_scheme_transform(const fm_scheme *scheme, const fm_transformation *transformation,
                              fm_scheme **out, fm_error *error);

/* What fm_scheme_equivalent found. */
typedef struct fm_comparison {
    bool equivalent;
    bool decided; /* false: neither a transformation nor a proof that there is none */
    fm_transformation *transformation; /* from a to b, or NULL; freed with the comparison */
    uint64_t steps;                    /* matches of two products that were tried */
    char reason[128];                  /* why not equivalent, or why not decided */
} fm_comparison;

void fm_comparison_clear(fm_comparison *comparison);

/* Looks for a transformation of a into b: first by invariants, then by backtracking over matches of
   products, each of which gives linear equations for X, Y and Z, at most steps of them (0: one
   million). Both must hold (else FM_BAD_INPUT) over one field: zp, or zt, z and q, which are one;
   X, Y and Z are over it. FM_OK: *comparison has a transformation that was applied to a and gave
   exactly b; FM_NO: none was found, and comparison->decided says whether there is none. Of a tensor
   that is no matrix product, only order and scaling are tried, and X, Y, Z are of size 0. */
fm_status fm_scheme_equivalent(const fm_scheme *a, const fm_scheme *b, uint64_t steps,
                               fm_comparison *comparison, fm_error *error);

/* The transformations of a scheme into itself, up to scalars in X, Y and Z. */
typedef struct fm_stabilizer {
    bool finite;    /* false: there are infinitely many, as over q for the standard schemes */
    bool complete;  /* false: order is a lower bound, and generators may be missing */
    uint64_t order; /* how many there are; 0 when not finite or above 2^64 */
    size_t generator_count;
    fm_transformation **generators;
    uint64_t steps;
} fm_stabilizer;

/* Computes the stabilizer of a scheme of a matrix product that holds (else FM_BAD_INPUT), by the
   search of fm_scheme_equivalent. Freed with fm_stabilizer_clear. */
fm_status fm_scheme_stabilizer(const fm_scheme *scheme, uint64_t steps, fm_stabilizer *stabilizer,
                               fm_error *error);
void fm_stabilizer_clear(fm_stabilizer *stabilizer);

/* ---------------------------------------------------------------- scheme files */

typedef enum fm_file_kind {
    FM_FILE_JSON,         /* the native kind; docs/scheme-file.md says what each looks like */
    FM_FILE_TEXT,         /* "n m p rank", then U, V, and W for the transpose of C */
    FM_FILE_EXP,          /* (a11+a22)*(b11+b22)*(c11+c22), a line a product */
    FM_FILE_EQUATIONS,    /* m1 = (a11 + a22) * (b11 + b22), ..., c11 = m1 + m4 - m5 + m7 */
    FM_FILE_MATHEMATICA,  /* {{{{1, 0}, {0, 1}}, ...}, ...}: three matrices a product */
    FM_FILE_MAPLE,        /* Triad([Matrix(2, 2, [[1,0],[0,1]]), ...]) */
    FM_FILE_SMS,          /* sparse matrices L, R, P, in one file or in three */
    FM_FILE_COEFFICIENTS, /* three blocks divided by "#", a column a product */
    FM_FILE_NPY,          /* NumPy array with U, V and W; read, not written */
    FM_FILE_NPZ,          /* archive of NumPy arrays */
    FM_FILE_PYTHON,       /* np.array([[1., 0.], ...]), three of them; read, not written */
    FM_FILE_LATEX,        /* a table for people; written, not read */
    FM_FILE_KIND_COUNT
} fm_file_kind;

/* "json", "text", "exp", ... */
const char *fm_file_kind_name(fm_file_kind kind);
/* False when there is none of this name. */
bool fm_file_kind_parse(const char *name, fm_file_kind *out);

/* What the rows of W in a file are numbered by. */
typedef enum fm_w_order {
    FM_W_UNKNOWN,
    FM_W_OF_C,         /* C, n x p, row by row */
    FM_W_OF_TRANSPOSE, /* the transpose of C, p x n, row by row */
} fm_w_order;

/* What a reader is told; all zero: nothing. It goes before what the file says, and then before what
   is inferred. */
typedef struct fm_read_options {
    const fm_tensor *tensor; /* what the schemes are of */
    fm_w_order w_order;
    const fm_ring *ring; /* the coefficients are taken in it */
} fm_read_options;

/* How a file was understood. What it does not say is inferred: of the tensors and the orders of W
   that its shapes admit, the first for which the scheme holds over the smallest of zt, z, q with
   its coefficients, else modulo a prime below 100, else the first. The ring f<p> is inferred where
   the scheme holds there and not over the integers, and its coefficients are from 0 to p - 1. */
typedef struct fm_origin {
    fm_file_kind kind;
    fm_w_order w_order;
    bool tensor_inferred, w_order_inferred, ring_inferred;
    const char *entry; /* of an archive, without ".npy"; NULL outside */
} fm_origin;

/* NULL for a scheme that was not read from a file. Belongs to the scheme. */
const fm_origin *fm_scheme_origin(const fm_scheme *scheme);

/* The schemes of one file, in order. The caller frees them with fm_scheme_list_free. */
typedef struct fm_scheme_list {
    size_t count;
    fm_scheme **schemes;
} fm_scheme_list;

/* Reads every scheme of a file; "-" is stdin. The kind is recognized by content; of a matrix of an
   SMS triple the two others are read from the files beside it: X_L.sms, X_R.sms, X_P.sms. Nothing
   is handed out unless the whole file is right. The ring is the file's, else the smallest of zt, z,
   q that holds the coefficients, or f2 where the file says so ("z2"), or an inferred one. */
fm_status fm_scheme_read(const char *path, fm_scheme_list *out, fm_error *error);
/* The same with options, which may be NULL. */
fm_status fm_scheme_read_as(const char *path, const fm_read_options *options, fm_scheme_list *out,
                            fm_error *error);
/* The same from memory; name stands for the file in messages. */
fm_status fm_scheme_parse(const char *text, size_t length, const char *name, fm_scheme_list *out,
                          fm_error *error);
fm_status fm_scheme_parse_as(const char *text, size_t length, const char *name,
                             const fm_read_options *options, fm_scheme_list *out, fm_error *error);
void fm_scheme_list_free(fm_scheme_list *list);

fm_status fm_scheme_write(const fm_scheme *scheme, fm_file_kind kind, FILE *file, fm_error *error);

/* ---------------------------------------------------------------- verification */

/* What fm_verify found. When the scheme does not hold, (i, j, k) is the first equation that fails,
   in lexicographic order, with what the tensor has there and what the products add up to, as
   decimal integers or fractions (residues from 0 to p-1 over zp); the strings are freed with
   fm_verdict_clear. */
typedef struct fm_verdict {
    bool valid;
    fm_ring ring; /* in which it was checked */
    uint32_t i, j, k;
    char *expected;
    char *actual;
} fm_verdict;

/* Exact check, without floating point, that the products of the scheme add up to tensor over ring.
   FM_OK and verdict->valid when they do, FM_NO when they do not, FM_BAD_INPUT when the question
   makes no sense: shapes that differ, coefficients that the ring does not have. */
fm_status fm_verify(const fm_scheme *scheme, const fm_tensor *tensor, fm_ring ring,
                    fm_verdict *verdict, fm_error *error);

/* The smallest ring in which the scheme holds for its own tensor: zt, z, q, else the first of f2,
   f3, f5, ... below 100. When none, the verdict is that over the scheme's own ring. */
fm_status fm_verify_smallest_ring(const fm_scheme *scheme, fm_verdict *verdict, fm_error *error);

void fm_verdict_clear(fm_verdict *verdict);

/* Writes what fm_verify found as a certificate, a line of JSON with the tensor, the ring, the scheme
   in canonical form, its hash and the verdict, that others can check without this library
   (docs/certificate.md). The same scheme and verdict always give the same line. */
fm_status fm_certificate_write(const fm_scheme *scheme, const fm_verdict *verdict, FILE *file,
                               fm_error *error);

/* ---------------------------------------------------------------- lifting */

typedef struct fm_lift_options {
    fm_ring ring;   /* the largest ring that will do: zt, z or q */
    unsigned steps; /* Hensel steps at most; 0: until the modulus passes 2^96 */
    unsigned tries; /* other solutions of the first step that are tried: other values of the free
                       coefficients, and other coefficients free; 0: 32 */
    uint64_t seed;  /* of the choice of those */
    const volatile int *stop; /* ends soon with FM_INTERRUPTED once *stop is not 0; may be NULL */
} fm_lift_options;

/* Lifts a scheme over zp to zt, z or q: Hensel steps, each of which solves the Brent equations
   linearized at the scheme, modulo p, for a correction by a power of p (Kauers and Moosbauer, Flip
   graphs for matrix multiplication, 2022, section on Hensel lifting). First only the coefficients
   that are not 0 change, which over f2 begins with a choice of signs; then the same for a matrix
   product in a sparse basis of A, B and C, from which the lift is taken back; then all. After each
   step the residues nearest to 0 and the fractions that they stand for are checked by fm_verify, so
   that *out, which the caller frees with fm_scheme_free, always holds over its own ring, the
   smallest of zt, z, q with its coefficients; its provenance names the scheme as its parent. options
   may be NULL: to q. FM_NO, with *out NULL, when the scheme does not hold or no lift was found; the
   message says which step had no solution. The first means that there is no lift (but for the small
   chance that the random sums of equations that stand for all had a smaller rank), a later one only
   that the solutions taken before do not go on. FM_BAD_INPUT when the scheme is not over zp or when
   it is so large that the linear system would take over 8 GiB. */
fm_status fm_lift(const fm_scheme *scheme, const fm_lift_options *options, fm_scheme **out,
                  fm_error *error);

/* ---------------------------------------------------------------- derivation */

/* Schemes from schemes (the moves between formats of Arai, Ichikawa and Hukushima, Adaptive flip
   graph algorithm for matrix multiplication, 2024, and of Perminov, Fast matrix multiplication via
   ternary meta flip graphs, arXiv 2511.20317). All leave the schemes that they get as they are and
   hand out a new one, to be freed with fm_scheme_free, that fm_verify has proved and whose
   provenance names its parents. Products with a zero factor are left out, but by fm_scheme_product
   and fm_scheme_sandwich. Dimension 0, 1 or 2 of a format n x m x p is n, m or p. The result
   is over the scheme's own ring; where there are two, over the larger one of zt, z, q, and over zp
   if one of them is over zp. FM_NO when a scheme that was given does not hold and therefore the
   result does not; FM_BAD_INPUT when the tensor is no matrix product, a size of the result is above
   FM_FORMAT_MAX, or the rings do not meet (f2 and f3). *out is NULL then. */

/* n x m x p and n' x m' x p', which differ only in the dimension, to the format with the sum there:
   C = A1 B1 + A2 B2, (C1, C2) = A (B1, B2), or rows the same way. The ranks add. */
fm_status fm_scheme_merge(const fm_scheme *first, const fm_scheme *second, unsigned dimension,
                          fm_scheme **out, fm_error *error);

/* count more in the dimension by the standard products of the missing block: merged with
   fm_scheme_standard. The rank grows by count times the other two sizes. */
fm_status fm_scheme_extend(const fm_scheme *scheme, unsigned dimension, unsigned count,
                           fm_scheme **out, fm_error *error);

/* One less in the dimension: what stands at index there is set to zero in A, B and C. Products that
   lose a factor vanish, the rest is reduced as by fm_scheme_reduce. */
fm_status fm_scheme_project(const fm_scheme *scheme, unsigned dimension, unsigned index,
                            fm_scheme **out, fm_error *error);
/* The same with the index of lowest rank; the first one of several. */
fm_status fm_scheme_project_best(const fm_scheme *scheme, unsigned dimension, fm_scheme **out,
                                 fm_error *error);

/* Kronecker product: (n n') x (m m') x (p p'), the second scheme applied to the blocks of the
   first. The ranks multiply. FM_BAD_INPUT also when a factor matrix would have more than 2^28
   coefficients. */
fm_status fm_scheme_product(const fm_scheme *first, const fm_scheme *second, fm_scheme **out,
                            fm_error *error);

/* To a format with the same three sizes in another order, of the same rank: the cyclic shift
   (u, v, w) to (v, w, u), the transposition C' = B' A', and what they generate. */
fm_status fm_scheme_permute(const fm_scheme *scheme, const unsigned format[3], fm_scheme **out,
                            fm_error *error);

/* A random change of basis A to X A Y^-1, B to Y B Z^-1, C to X C Z^-1, of the same rank: X, Y, Z
   invertible over zp and q, unimodular over z, and over zt signed permutations and then elementary
   matrices as long as the coefficients stay in {-1, 0, 1}. The seed fixes it on every machine. */
fm_status fm_scheme_sandwich(const fm_scheme *scheme, uint64_t seed, fm_scheme **out,
                             fm_error *error);

/* Fewer products where some share a factor up to a scalar and their second factors are linearly
   dependent (two equal ones, for instance): sum of l_s v_s = 0 removes one v_t, and adds its third
   factor to the others' (reductions of Kauers and Moosbauer, 2022, section 2). Every dependence is
   used, over zt only those that keep the coefficients in {-1, 0, 1}. For any tensor. Of the same
   rank, and the same scheme, when there are none. */
fm_status fm_scheme_reduce(const fm_scheme *scheme, fm_scheme **out, fm_error *error);

/* From z to zt: a scheme of the same rank, or less, with all coefficients in {-1, 0, 1}, found by
   simulated annealing on the flip graph over z and, for matrix products, in the bases of A, B and C; it
   minimizes how far coefficients are beyond 1. For any tensor. Lifts from f2 with some coefficients
   of 2 mostly lead to one in milliseconds. The seed fixes it. FM_NO when none was found after some
   seconds, or when coefficients are fractions or above 31; FM_BAD_INPUT over zp. */
fm_status fm_scheme_ternary(const fm_scheme *scheme, uint64_t seed, fm_scheme **out,
                            fm_error *error);

/* The scheme of lowest rank for n x m x p that merges, extensions, products, permutations and
   projections of the given schemes and of standard ones lead to, found by dynamic programming over
   all formats up to one more than the format or the largest given; see docs/derive.md for what it
   knows of projections. ring is that of the result, q meaning the smallest of zt, z, q that has its
   coefficients; schemes without an image there are passed over, and those of other tensors. *steps
   (may be NULL) says how it is made, a line a step, to be freed with free. The parents are the given
   schemes that were used. */
fm_status fm_scheme_derive(const unsigned format[3], fm_ring ring, const fm_scheme *const *from,
                           size_t from_count, fm_scheme **out, char **steps, fm_error *error);

/* ---------------------------------------------------------------- results store */

/* A folder of verified schemes for many writers and no server; see docs/results-store.md. */
typedef struct fm_store fm_store;

/* Opens the store in a folder, which is made when create is true. */
fm_status fm_store_open(const char *folder, bool create, fm_store **out, fm_error *error);
void fm_store_close(fm_store *store);

/* Verifies the scheme over its own ring and saves it; safe against other writers and against being
   killed at any moment. When it returns FM_OK the find is on disk. *path (may be NULL) is where,
   to be freed with free; *is_new (may be NULL) is false when the store had it already. FM_NO when
   the scheme does not hold. */
fm_status fm_store_put(fm_store *store, const fm_scheme *scheme, char **path, bool *is_new,
                       fm_error *error);

/* One file of a store, as its path says, which is fixed by what is in it. */
typedef struct fm_store_item {
    char *path;
    char *tensor; /* the name of the tensor */
    fm_ring ring;
    uint32_t rank;
    char hash[FM_HASH_SIZE];
} fm_store_item;

/* Lists a store, sorted by tensor, ring, rank and hash. Freed with fm_store_list_free. */
fm_status fm_store_list(const fm_store *store, fm_store_item **items, size_t *count,
                        fm_error *error);
void fm_store_list_free(fm_store_item *items, size_t count);

/* Reads the scheme of an item and proves it again: FM_BAD_INPUT when the file is not a scheme of
   the tensor, ring, rank and hash that its path says, or does not hold. The caller frees *out. */
fm_status fm_store_get(const fm_store *store, const fm_store_item *item, fm_scheme **out,
                       fm_error *error);

/* ---------------------------------------------------------------- search */

/* The pool of the best schemes of a part of the tensor. */
typedef struct fm_search_pool {
    char stage[36];      /* "2x3x3", or "1 of 6" where the tensor is no matrix product */
    uint32_t rank, size; /* size 0: there is none yet */
} fm_search_pool;

typedef struct fm_search_progress {
    double seconds;          /* since the start, of all runs that a checkpoint joins */
    uint64_t flips;          /* moves that changed a scheme, all walkers */
    uint32_t best_rank;      /* of all walkers so far */
    uint64_t finds_saved;    /* calls of on_find that returned FM_OK */
    size_t walker_count;     /* one entry a walker in the two arrays below */
    const uint32_t *current; /* rank of each walker now */
    const uint32_t *best;    /* best rank of each walker */
    size_t pool_count;       /* 0 for an engine or a strategy without pools */
    const fm_search_pool *pools;
    double checkpoint_seconds; /* when the last checkpoint was begun; 0: none */
} fm_search_progress;

/* How the walkers of the engine "flips" go about it. */
typedef enum fm_strategy {
    /* From small parts of the tensor to the whole (Arai, Ichikawa and Hukushima 2024), with pools of
       the best schemes of each part that all walkers share. From given schemes: as FM_STRATEGY_POOLS. */
    FM_STRATEGY_GROWTH,
    FM_STRATEGY_POOLS, /* the same with the whole tensor only */
    FM_STRATEGY_WALKS, /* each walker for itself: what it does depends on nothing but its stream */
} fm_strategy;

/* What makes one scheme better than another of the same rank. Once a walker of the engine "flips"
   has schemes of the whole tensor, it gives most of its time to improving that one of lowest rank. */
typedef enum fm_objective {
    FM_OBJECTIVE_RANK,      /* nothing */
    FM_OBJECTIVE_ADDITIONS, /* fewer naive additions */
    FM_OBJECTIVE_FLIPS,     /* more flips that it admits */
} fm_objective;

typedef struct fm_search_options {
    fm_strategy strategy;
    /* A larger format by whose way FM_STRATEGY_GROWTH goes: schemes of it, and what projections make of
       them, are starts too. NULL: none. */
    const fm_tensor *through;
    /* Other than FM_OBJECTIVE_RANK: reaching target_rank does not end the search. */
    fm_objective objective;
    const char *engine; /* "flips"; "symmetric": square formats only, walks that keep a symmetry
                             (Moosbauer and Poole 2025); "mcts": Monte Carlo tree search in the
                             TensorGame (Fawzi et al. 2022), completed by walks; "auto": all that
                             suit the tensor, in turn. NULL: flips, and symmetric in turn with it
                             for square formats from 5x5x5 on */
    unsigned coefficient_max; /* of the engine mcts over z: coefficients are from its negative to
                             it, up to 4; 0: 1 */
    bool learn; /* the engine mcts, or mcts in auto, learns priors and values of the moves of
                             its games while it plays them */
    const char *model_from; /* with learn: what it has learnt before, a file that model_to has left;
                               NULL, or no such file: nothing. FM_BAD_INPUT when it is damaged, or of
                               another tensor, ring or version */
    const char *model_to; /* with learn: where it leaves that at the end; NULL: nowhere. May be the
                             same file */
    const char *symmetry; /* of the symmetric engine: "cyclic", "cyclic+reversal",
                             "cyclic+transposition"; NULL: the engine chooses */
    fm_ring ring;         /* f2, f3 or zt; of the engine mcts also z */
    unsigned threads;     /* 0: as many as OpenMP would use */
    unsigned walkers;     /* 0: four a thread, which hide each other's latency */
    uint64_t seed;        /* walker i draws from stream (seed, i), whatever the thread count */
    uint32_t target_rank; /* stop when reached; 0: never */
    unsigned distinct; /* stop when so many schemes of target_rank or less were found, no two with
                             the same invariant (fm_scheme_invariant), which are all handed over;
                             needs target_rank and on_find */
    double seconds;    /* stop after; 0: never */
    uint64_t flips;    /* each walker stops after so many; 0: never */
    const fm_scheme *const *from; /* start from these in turn instead of the standard scheme */
    size_t from_count;
    const char *const *from_labels; /* what messages call them; NULL: by their numbers from 1 */
    const volatile int *stop; /* the search ends soon after *stop becomes nonzero; may be NULL */

    /* Where the state of the search is saved, every checkpoint_seconds (0: every 5 minutes), when
       *save has changed, and at the end; NULL: nowhere. A search that finds its own checkpoint there
       goes on from it: one walker on one thread exactly as if it had not stopped, many with at most
       what they did since. FM_BAD_INPUT when the file is another search's, another version's or
       damaged; it is then left as it is. Whenever the process is killed, a whole checkpoint is there.
       Where saving fails later, on_message is told, and it is tried again. */
    const char *checkpoint;
    double checkpoint_seconds;
    const volatile int *save; /* may be NULL */

    /* Called by one thread at a time for each best scheme, already verified. Not FM_OK: could not
       be saved; it is offered again later. */
    fm_status (*on_find)(void *context, const fm_scheme *find, double seconds, fm_error *error);
    /* Called with what the user should know: a search goes on from a checkpoint, could not save. */
    void (*on_message)(void *context, const char *message);
    /* Called about every progress_seconds (0: never). */
    void (*on_progress)(void *context, const fm_search_progress *progress);
    double progress_seconds;
    void *context;
} fm_search_options;

typedef struct fm_search_result {
    uint32_t best_rank;
    double seconds;      /* the whole search */
    double best_seconds; /* until best_rank was first reached */
    uint64_t flips;
    uint64_t finds_saved; /* calls of on_find that returned FM_OK */
    unsigned distinct;    /* schemes found, where options.distinct is not 0 */
} fm_search_result;

/* Walks on the flip graph (Kauers and Moosbauer 2022; plus transitions: Arai, Ichikawa and
   Hukushima 2024) of tensor until a limit of the options is reached. Finds go to on_find. FM_OK:
   the target was reached, or there was none and the time was up; FM_NO: the target was not
   reached; FM_INTERRUPTED: *stop. *result is filled in all three cases. */
fm_status fm_search(const fm_tensor *tensor, const fm_search_options *options,
                    fm_search_result *result, fm_error *error);
/* The name of the engine that such a search takes; NULL when options->engine names none. */
const char *fm_search_engine(const fm_tensor *tensor, const fm_search_options *options);

/* ---------------------------------------------------------------- code generation */

typedef enum fm_scalar_type { FM_F32, FM_F64 } fm_scalar_type;

/* Instruction sets of generated code: vectors of 16 bytes, which compilers know for every processor; 32
   bytes with FMA; 64 bytes, AVX-512 F, DQ and VL. */
enum { FM_TARGET_C = 1, FM_TARGET_AVX2 = 2, FM_TARGET_AVX512 = 4, FM_TARGETS_ALL = 7 };

typedef struct fm_codegen_options {
    const char *name; /* of the function, a C identifier */
    fm_scalar_type type;
    unsigned targets; /* FM_TARGET_..., one or several, of which the widest that there is is chosen
                           at run time; 0: all */
    unsigned crossover; /* one more level while the harmonic mean of the three sizes of its blocks
                           exceeds this; 0: an estimate of where that pays */
    const char *header; /* file name that the source includes; NULL: no separate header */
} fm_codegen_options;

/* Writes one self-contained C file that computes C = alpha A B + beta C, row-major, for any sizes:

       void NAME(size_t m, size_t n, size_t k, T alpha, const T *A, size_t lda, const T *B,
                 size_t ldb, T beta, T *C, size_t ldc);
       unsigned NAME_levels(size_t m, size_t n, size_t k);

   with the scheme applied recursively above the crossover; NAME_levels says how often. A is m x k,
   B is k x n; with beta 0, C is not read, with alpha 0, A and B are not. The scheme is verified
   first (FM_NO when it does not hold); it must be one of a matrix product over zt, z or q, with
   coefficients in the range of T. See docs/codegen.md. */
fm_status fm_codegen_c(const fm_scheme *scheme, const fm_codegen_options *options, FILE *file,
                       fm_error *error);
/* Writes the header of that file. */
fm_status fm_codegen_header(const fm_scheme *scheme, const fm_codegen_options *options, FILE *file,
                            fm_error *error);

/* ---------------------------------------------------------------- matrix products */

/* With the values that CBLAS gives them. */
typedef enum fm_order { FM_ROW_MAJOR = 101, FM_COLUMN_MAJOR = 102 } fm_order;
typedef enum fm_transpose {
    FM_NO_TRANSPOSE = 111,
    FM_TRANSPOSE = 112,
    FM_CONJUGATE_TRANSPOSE = 113, /* of real matrices the same */
} fm_transpose;

/* C = alpha op(A) op(B) + beta C, with the arguments of cblas_dgemm: op(A) is m x k, op(B) is k x n, C
   is m x n; lda, ldb and ldc are the distances of their rows (FM_ROW_MAJOR) or columns as they stand
   in memory. With beta 0, C is not read; with alpha 0, A and B are not. C must not overlap A or B.

   The product runs by the plan that is expected to be fastest on this machine for these sizes: by
   fast algorithms where they win, classically elsewhere (docs/gemm.md). Fast algorithms are stable in
   norm, not entry by entry, and infinities and NaN in A or B may spread to all of C. It runs on as
   many threads as OpenMP would use (OMP_NUM_THREADS), on one inside of a parallel region. Where there
   is no memory for more it runs classically, with small buffers on the stack.

   FM_BAD_INPUT when an argument is wrong; C is then unchanged. */
fm_status fm_dgemm(fm_order order, fm_transpose transpose_a, fm_transpose transpose_b, size_t m,
                   size_t n, size_t k, double alpha, const double *a, size_t lda, const double *b,
                   size_t ldb, double beta, double *c, size_t ldc, fm_error *error);
/* The same in single precision. */
fm_status fm_sgemm(fm_order order, fm_transpose transpose_a, fm_transpose transpose_b, size_t m,
                   size_t n, size_t k, float alpha, const float *a, size_t lda, const float *b,
                   size_t ldb, float beta, float *c, size_t ldc, fm_error *error);

/* The same, exact, modulo 2^32: sums and products wrap around, so that the result is right whenever it
   fits, whatever it takes to get there, and for unsigned entries too. Only schemes with coefficients 1
   and -1 are run. */
fm_status fm_gemm_i32(fm_order order, fm_transpose transpose_a, fm_transpose transpose_b, size_t m,
                      size_t n, size_t k, int32_t alpha, const int32_t *a, size_t lda,
                      const int32_t *b, size_t ldb, int32_t beta, int32_t *c, size_t ldc,
                      fm_error *error);
/* The same modulo 2^64. */
fm_status fm_gemm_i64(fm_order order, fm_transpose transpose_a, fm_transpose transpose_b, size_t m,
                      size_t n, size_t k, int64_t alpha, const int64_t *a, size_t lda,
                      const int64_t *b, size_t ldb, int64_t beta, int64_t *c, size_t ldc,
                      fm_error *error);
/* The same modulo any number from 1 to 2^63, prime or not. Entries must be below the modulus, and those
   of C are; alpha and beta may be any. Up to 2^26 residues are multiplied as doubles, up to 2^34 twice,
   beyond six times, with sums that are exact until they are reduced (docs/gemm.md). */
fm_status fm_gemm_mod(fm_order order, fm_transpose transpose_a, fm_transpose transpose_b, size_t m,
                      size_t n, size_t k, uint64_t alpha, const uint64_t *a, size_t lda,
                      const uint64_t *b, size_t ldb, uint64_t beta, uint64_t *c, size_t ldc,
                      uint64_t modulus, fm_error *error);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif

#endif
