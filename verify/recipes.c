/* The lowest rank for a format that derivations from given schemes lead to, by dynamic programming;
   fm_scheme_derive is declared in fewmul.h.

   The rank does not change when the sizes of a format are permuted, so that a recipe stands for the
   formats of the same sizes a <= b <= c. The parts of a merge or product come before the whole in the
   order of (a, b, c), and what is projected comes after: passes up and down are made until nothing
   gets better. A recipe is replaced only by one of lower rank, and no rank is below those of its
   parts, so that no recipe can need itself. */
#include "derive.h"
#include "error.h"
#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* A given scheme over the wanted ring, or one projected from it. */
typedef struct leaf {
    fm_scheme *scheme;
    size_t source; /* which of those given */
    size_t parent; /* the leaf it was projected from, itself when it was given */
    unsigned dimension;
    uint32_t index;
} leaf;

typedef enum recipe_kind { STANDARD, LEAF, MERGE, PRODUCT, PROJECT } recipe_kind;

typedef struct recipe {
    uint64_t rank;
    recipe_kind kind;
    uint8_t dimension;           /* of a merge or projection */
    uint8_t first[3], second[3]; /* formats of the parts, as they are put together */
    size_t leaf;
    fm_scheme *built;
} recipe;

typedef struct cookbook {
    fm_ring ring;
    uint32_t limit[3]; /* the largest a, b and c */
    recipe *recipes;
    leaf *leaves;
    size_t leaf_count, leaf_capacity;
    bool *used; /* by source */
    bool better;
    FILE *steps;
} cookbook;

/* ---------------------------------------------------------------- formats */

static void swap_if_descending(uint32_t *x, uint32_t *y)
{
    if (*x > *y) {
        uint32_t z = *x;
        *x = *y;
        *y = z;
    }
}

static void sort_format(uint32_t f[3])
{
    swap_if_descending(&f[0], &f[1]);
    swap_if_descending(&f[1], &f[2]);
    swap_if_descending(&f[0], &f[1]);
}

/* The recipe for a format with its sizes in any order. */
static recipe *recipe_of(const cookbook *c, uint32_t x, uint32_t y, uint32_t z)
{
    uint32_t f[3] = {x, y, z};
    sort_format(f);
    assert(f[0] <= c->limit[0] && f[1] <= c->limit[1] && f[2] <= c->limit[2]);
    return &c->recipes[((size_t)f[0] * (c->limit[1] + 1) + f[1]) * (c->limit[2] + 1) + f[2]];
}

static void put_format(uint8_t to[3], const uint32_t from[3])
{
    for (int d = 0; d < 3; d++)
        to[d] = (uint8_t)from[d];
}

/* ---------------------------------------------------------------- looking for lower ranks */

static void improve(cookbook *c, recipe *old, const recipe *new)
{
    if (new->rank >= old->rank)
        return;
    *old = *new;
    c->better = true;
}

static void try_merges(cookbook *c, const uint32_t f[3], recipe *whole)
{
    for (unsigned d = 0; d < 3; d++)
        for (uint32_t size = 1; 2 * size <= f[d]; size++) {
            uint32_t first[3] = {f[0], f[1], f[2]}, second[3] = {f[0], f[1], f[2]};
            first[d] = f[d] - size;
            second[d] = size;
            uint64_t rank = recipe_of(c, first[0], first[1], first[2])->rank +
                            recipe_of(c, second[0], second[1], second[2])->rank;
            if (rank >= whole->rank)
                continue;
            recipe new = {.rank = rank, .kind = MERGE, .dimension = (uint8_t)d};
            put_format(new.first, first);
            put_format(new.second, second);
            improve(c, whole, &new);
        }
}

static void try_products(cookbook *c, const uint32_t f[3], recipe *whole)
{
    for (uint32_t x = 1; x <= f[0]; x++)
        for (uint32_t y = 1; y <= f[1] && f[0] % x == 0; y++)
            for (uint32_t z = 1; z <= f[2] && f[1] % y == 0; z++) {
                uint32_t first[3] = {x, y, z}, second[3] = {f[0] / x, f[1] / y, f[2] / z};
                if (f[2] % z != 0 || x * y * z == 1 || x * y * z == f[0] * f[1] * f[2])
                    continue;
                uint64_t rank = recipe_of(c, x, y, z)->rank *
                                recipe_of(c, second[0], second[1], second[2])->rank;
                if (rank >= whole->rank)
                    continue;
                recipe new = {.rank = rank, .kind = PRODUCT};
                put_format(new.first, first);
                put_format(new.second, second);
                improve(c, whole, &new);
            }
}

static void try_projections(cookbook *c, const uint32_t f[3], recipe *smaller)
{
    for (unsigned d = 0; d < 3; d++) {
        uint32_t larger[3] = {f[0], f[1], f[2]};
        larger[d]++;
        uint32_t sorted[3] = {larger[0], larger[1], larger[2]};
        sort_format(sorted);
        if (sorted[0] > c->limit[0] || sorted[1] > c->limit[1] || sorted[2] > c->limit[2])
            continue;
        recipe new = {.rank = recipe_of(c, larger[0], larger[1], larger[2])->rank,
                      .kind = PROJECT,
                      .dimension = (uint8_t)d};
        put_format(new.first, larger);
        improve(c, smaller, &new);
    }
}

static void pass_up(cookbook *c)
{
    for (uint32_t x = 1; x <= c->limit[0]; x++)
        for (uint32_t y = x; y <= c->limit[1]; y++)
            for (uint32_t z = y; z <= c->limit[2]; z++) {
                recipe *whole = recipe_of(c, x, y, z);
                try_merges(c, (uint32_t[]){x, y, z}, whole);
                try_products(c, (uint32_t[]){x, y, z}, whole);
            }
}

static void pass_down(cookbook *c)
{
    for (uint32_t x = c->limit[0]; x > 0; x--)
        for (uint32_t y = c->limit[1]; y >= x; y--)
            for (uint32_t z = c->limit[2]; z >= y; z--)
                try_projections(c, (uint32_t[]){x, y, z}, recipe_of(c, x, y, z));
}

static void improve_all(cookbook *c)
{
    do {
        c->better = false;
        pass_up(c);
        pass_down(c);
    } while (c->better);
}

/* ---------------------------------------------------------------- given schemes */

/* Takes over scheme. */
static void add_leaf(cookbook *c, leaf l)
{
    const uint32_t *f = l.scheme->tensor->format;
    recipe new = {.rank = l.scheme->rank, .kind = LEAF, .leaf = c->leaf_count};
    c->leaves = fm_grow(c->leaves, c->leaf_count, &c->leaf_capacity, sizeof *c->leaves);
    c->leaves[c->leaf_count++] = l;
    improve(c, recipe_of(c, f[0], f[1], f[2]), &new);
}

/* Projects leaves, and what comes of them, as long as that beats what is known. */
static void project_leaves(cookbook *c)
{
    for (size_t i = 0; i < c->leaf_count; i++)
        for (unsigned d = 0; d < 3; d++) {
            const fm_scheme *scheme = c->leaves[i].scheme;
            uint32_t index = 0, f[3];
            memcpy(f, scheme->tensor->format, sizeof f);
            if (f[d]-- == 1)
                continue;
            if (fm_derive_fewest(scheme, d, &index) >= recipe_of(c, f[0], f[1], f[2])->rank)
                continue;
            add_leaf(c,
                     (leaf){fm_derive_project(scheme, d, index), c->leaves[i].source, i, d, index});
        }
}

static void add_given(cookbook *c, const fm_scheme *const *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fm_scheme *image;
        if (fm_tensor_is_matmul(from[i]->tensor, NULL) &&
            fm_scheme_to_ring(from[i], c->ring, &image, NULL) == FM_OK)
            add_leaf(c, (leaf){image, i, c->leaf_count, 0, 0});
    }
}

/* ---------------------------------------------------------------- the book */

static void set_limits(cookbook *c, const uint32_t format[3], const fm_scheme *const *from,
                       size_t count)
{
    memcpy(c->limit, format, sizeof c->limit);
    sort_format(c->limit);
    for (int d = 0; d < 3; d++)
        c->limit[d] += c->limit[d] < FM_FORMAT_MAX;
    for (size_t i = 0; i < count; i++) {
        uint32_t f[3];
        memcpy(f, from[i]->tensor->format, sizeof f);
        sort_format(f);
        for (int d = 0; d < 3; d++)
            c->limit[d] = f[d] > c->limit[d] ? f[d] : c->limit[d];
    }
}

static void cookbook_init(cookbook *c, const uint32_t format[3], fm_ring ring,
                          const fm_scheme *const *from, size_t count, FILE *steps)
{
    *c = (cookbook){.ring = ring, .steps = steps, .used = fm_alloc_zero(count, sizeof *c->used)};
    set_limits(c, format, from, count);
    size_t formats = (size_t)(c->limit[0] + 1) * (c->limit[1] + 1) * (c->limit[2] + 1);
    c->recipes = fm_alloc_zero(formats, sizeof *c->recipes);
    for (uint32_t x = 1; x <= c->limit[0]; x++)
        for (uint32_t y = x; y <= c->limit[1]; y++)
            for (uint32_t z = y; z <= c->limit[2]; z++)
                *recipe_of(c, x, y, z) = (recipe){.rank = (uint64_t)x * y * z, .kind = STANDARD};
    add_given(c, from, count);
    improve_all(c);
    project_leaves(c);
    improve_all(c);
}

static void cookbook_clear(cookbook *c)
{
    size_t formats = (size_t)(c->limit[0] + 1) * (c->limit[1] + 1) * (c->limit[2] + 1);
    for (size_t i = 0; i < formats; i++)
        fm_scheme_free(c->recipes[i].built);
    for (size_t i = 0; i < c->leaf_count; i++)
        fm_scheme_free(c->leaves[i].scheme);
    free(c->recipes);
    free(c->leaves);
    free(c->used);
}

/* ---------------------------------------------------------------- following recipes */

static void print_scheme(FILE *file, const fm_scheme *scheme)
{
    fprintf(file, "%s:%u", scheme->tensor->name, scheme->rank);
}

static void print_projection(FILE *file, const fm_scheme *from, unsigned dimension, uint32_t index,
                             const fm_scheme *to)
{
    print_scheme(file, to);
    fputs(" = ", file);
    print_scheme(file, from);
    fprintf(file, " without %c = %u\n", "nmp"[dimension], index);
}

static void print_leaf(cookbook *c, const leaf *l)
{
    char hash[FM_HASH_SIZE];
    const leaf *parent = &c->leaves[l->parent];
    if (parent == l) {
        fm_scheme_hash(l->scheme, hash);
        print_scheme(c->steps, l->scheme);
        fprintf(c->steps, " given, %.12s\n", hash);
        return;
    }
    print_leaf(c, parent);
    print_projection(c->steps, parent->scheme, l->dimension, l->index, l->scheme);
}

static fm_status build(cookbook *c, const uint32_t format[3], fm_scheme **out, fm_error *error);

static fm_status build_part(cookbook *c, const uint8_t part[3], fm_scheme **out, fm_error *error)
{
    return build(c, (uint32_t[]){part[0], part[1], part[2]}, out, error);
}

static fm_status build_pair(cookbook *c, recipe *r, fm_error *error)
{
    fm_scheme *first = NULL, *second = NULL;
    fm_status status = build_part(c, r->first, &first, error);
    if (status == FM_OK)
        status = build_part(c, r->second, &second, error);
    if (status == FM_OK && r->kind == MERGE)
        r->built = fm_derive_merge(first, second, r->dimension);
    else if (status == FM_OK)
        status = fm_derive_product(first, second, &r->built, error);
    if (status == FM_OK) {
        print_scheme(c->steps, r->built);
        fputs(" = ", c->steps);
        print_scheme(c->steps, first);
        fputs(r->kind == MERGE ? " + " : " x ", c->steps);
        print_scheme(c->steps, second);
        if (r->kind == MERGE)
            fprintf(c->steps, " along %c", "nmp"[r->dimension]);
        fputc('\n', c->steps);
    }
    fm_scheme_free(first);
    fm_scheme_free(second);
    return status;
}

static fm_status build_projection(cookbook *c, recipe *r, fm_error *error)
{
    fm_scheme *larger;
    uint32_t index = 0;
    fm_status status = build_part(c, r->first, &larger, error);
    if (status != FM_OK)
        return status;
    fm_derive_fewest(larger, r->dimension, &index);
    r->built = fm_derive_project(larger, r->dimension, index);
    print_projection(c->steps, larger, r->dimension, index, r->built);
    fm_scheme_free(larger);
    return FM_OK;
}

/* Builds what the recipe is for, its sizes ascending, and says so. */
static fm_status follow(cookbook *c, recipe *r, const uint32_t sorted[3], fm_error *error)
{
    switch (r->kind) {
    case STANDARD:
        r->built = fm_derive_standard(sorted, c->ring);
        print_scheme(c->steps, r->built);
        fputs(" standard\n", c->steps);
        return FM_OK;
    case LEAF:
        r->built = fm_derive_permute(c->leaves[r->leaf].scheme, sorted);
        c->used[c->leaves[r->leaf].source] = true;
        print_leaf(c, &c->leaves[r->leaf]);
        return FM_OK;
    case MERGE:
    case PRODUCT:
        return build_pair(c, r, error);
    case PROJECT:
        return build_projection(c, r, error);
    }
    return FM_OK;
}

/* *out is the caller's to free. */
static fm_status build(cookbook *c, const uint32_t format[3], fm_scheme **out, fm_error *error)
{
    uint32_t sorted[3] = {format[0], format[1], format[2]};
    recipe *r = recipe_of(c, format[0], format[1], format[2]);
    *out = NULL;
    sort_format(sorted);
    fm_status status = r->built == NULL ? follow(c, r, sorted, error) : FM_OK;
    if (status == FM_OK)
        *out = fm_derive_permute(r->built, format);
    return status;
}

/* ---------------------------------------------------------------- the whole */

/* Over q: the same scheme over the smallest ring that has its coefficients. Takes it over. */
static fm_scheme *in_smallest_ring(fm_scheme *scheme)
{
    fm_scheme *image;
    if (scheme->ring.kind != FM_RING_Q)
        return scheme;
    fm_scheme_to_ring(scheme, fm_factors_smallest_ring(scheme->factors), &image, NULL);
    fm_scheme_free(scheme);
    return image;
}

static fm_status derive(cookbook *c, const uint32_t format[3], const fm_scheme *const *from,
                        size_t count, fm_scheme **out, fm_error *error)
{
    fm_scheme *built;
    fm_status status = build(c, format, &built, error);
    if (status != FM_OK)
        return status;
    const fm_scheme **parents = fm_alloc(count, sizeof *parents);
    size_t parent_count = 0;
    for (size_t i = 0; i < count; i++)
        if (c->used[i])
            parents[parent_count++] = from[i];
    status = fm_derive_finish(in_smallest_ring(built), "derive", NULL, parents, parent_count, out,
                              error);
    free(parents);
    return status;
}

fm_status fm_scheme_derive(const unsigned format[3], fm_ring ring, const fm_scheme *const *from,
                           size_t from_count, fm_scheme **out, char **steps, fm_error *error)
{
    cookbook c;
    char *text = NULL;
    size_t length;
    *out = NULL;
    if (steps != NULL)
        *steps = NULL;
    for (int d = 0; d < 3; d++)
        if (format[d] < 1 || format[d] > FM_FORMAT_MAX)
            return fm_fail(error, FM_BAD_INPUT, "format %ux%ux%u: each size must be from 1 to %d",
                           format[0], format[1], format[2], FM_FORMAT_MAX);
    FILE *stream = open_memstream(&text, &length);
    if (stream == NULL)
        return fm_fail(error, FM_IO, "no memory for the steps");
    cookbook_init(&c, format, ring, from, from_count, stream);
    fm_status status = derive(&c, format, from, from_count, out, error);
    cookbook_clear(&c);
    fclose(stream);
    if (status == FM_OK && steps != NULL)
        *steps = text;
    else
        free(text);
    return status;
}
