/* The lowest rank for a format that derivations from given schemes lead to, by dynamic programming;
   fm_scheme_derive is declared in fewmul.h.

   The rank does not change when the sizes of a format are permuted, so that a recipe stands for the
   formats of the same sizes a <= b <= c. The parts of a merge or product come before the whole in the
   order of (a, b, c), and what is projected comes after: passes up and down are made until nothing
   gets better. A recipe never changes and names others that were there before it, so that none can
   need itself. */
#include "derive.h"
#include "error.h"
#include "memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Projections of higher rank are not built on trial: up to 16x16x16 from 2x2x2 takes half a second with
   this (AMD EPYC, Zen 4). */
enum { BUILT_RANK_MAX = 512 };

/* A given scheme over the wanted ring, or one projected from it. */
typedef struct leaf {
    fm_scheme *scheme;
    size_t source; /* which of those given */
    size_t parent; /* the leaf it was projected from, itself when it was given */
    unsigned dimension;
    uint32_t index;
} leaf;

/* How many products have a factor that is 0 but for an index of a dimension, and vanish without it.
   Two factors have the dimension: by the other dimension of theirs, the lower one first; and both. */
typedef struct line {
    uint64_t factor[2], both;
} line;

typedef enum recipe_kind { STANDARD, LEAF, MERGE, PRODUCT, PROJECT } recipe_kind;

typedef struct recipe {
    uint32_t format[3]; /* ascending */
    uint64_t rank;      /* or less: projections are also reduced */
    recipe_kind kind;
    unsigned dimension; /* of a merge or projection */
    struct recipe *part[2];
    uint32_t part_format[2][3]; /* as they are put together */
    size_t leaf;
    uint32_t index; /* of a projection that was built */
    bool explained;
    line *lines; /* by dimension and index; NULL: not known. Freed when there is a better recipe */
    fm_scheme *built;
} recipe;

typedef struct cookbook {
    fm_ring ring;
    uint32_t limit[3]; /* the largest a, b and c */
    recipe **best;     /* by format */
    recipe **recipes;
    size_t recipe_count, recipe_capacity;
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

/* Where the best recipe for a format is, its sizes in any order. */
static recipe **best_of(const cookbook *c, uint32_t x, uint32_t y, uint32_t z)
{
    uint32_t f[3] = {x, y, z};
    sort_format(f);
    assert(f[0] <= c->limit[0] && f[1] <= c->limit[1] && f[2] <= c->limit[2]);
    return &c->best[((size_t)f[0] * (c->limit[1] + 1) + f[1]) * (c->limit[2] + 1) + f[2]];
}

/* ---------------------------------------------------------------- what a projection saves */

static size_t line_at(const uint32_t format[3], unsigned dimension, uint32_t index)
{
    for (unsigned d = 0; d < dimension; d++)
        index += format[d];
    return index;
}

static line *new_lines(const uint32_t format[3])
{
    return fm_alloc_zero(format[0] + format[1] + format[2], sizeof(line));
}

/* Where line.factor has the factor with two dimensions, among those of the first one. */
static unsigned factor_with(unsigned dimension, unsigned other)
{
    return other > (dimension == 0 ? 1 : 0) ? 1 : 0;
}

/* The only index of a dimension where row r of a factor is not 0; UINT32_MAX when there are more. */
static uint32_t only_index(const fm_scheme *scheme, unsigned axis, uint32_t r, unsigned dimension)
{
    const fm_factors *f = &scheme->factors[axis];
    uint32_t columns = scheme->tensor->format[fm_derive_sides[axis][1]], only = UINT32_MAX;
    bool is_row = fm_derive_sides[axis][0] == dimension;
    for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
        uint32_t index = is_row ? f->index[e] / columns : f->index[e] % columns;
        if (e > f->start[r] && index != only)
            return UINT32_MAX;
        only = index;
    }
    return only;
}

static void count_product(const fm_scheme *scheme, uint32_t r, unsigned dimension, line *lines)
{
    const uint32_t *format = scheme->tensor->format;
    uint32_t only[2] = {UINT32_MAX, UINT32_MAX};
    for (unsigned axis = 0; axis < 3; axis++) {
        const unsigned *side = fm_derive_sides[axis];
        if (side[0] != dimension && side[1] != dimension)
            continue;
        unsigned which = factor_with(dimension, side[0] == dimension ? side[1] : side[0]);
        only[which] = only_index(scheme, axis, r, dimension);
        if (only[which] != UINT32_MAX)
            lines[line_at(format, dimension, only[which])].factor[which]++;
    }
    if (only[0] == only[1] && only[0] != UINT32_MAX)
        lines[line_at(format, dimension, only[0])].both++;
}

static line *lines_of_scheme(const fm_scheme *scheme)
{
    line *lines = new_lines(scheme->tensor->format);
    for (uint32_t r = 0; r < scheme->rank; r++)
        for (unsigned d = 0; d < 3; d++)
            count_product(scheme, r, d, lines);
    return lines;
}

static line *lines_of_standard(const uint32_t format[3])
{
    line *lines = new_lines(format);
    for (unsigned d = 0; d < 3; d++)
        for (uint32_t i = 0; i < format[d]; i++) {
            uint64_t there = (uint64_t)format[0] * format[1] * format[2] / format[d];
            lines[line_at(format, d, i)] = (line){{there, there}, there};
        }
    return lines;
}

/* Those of a recipe for its format with the sizes in another order. */
static line *lines_in_order(const recipe *r, const uint32_t format[3])
{
    unsigned to[3];
    line *lines = new_lines(format);
    fm_derive_order(r->format, format, to);
    for (unsigned d = 0; d < 3 && r->lines != NULL; d++)
        for (uint32_t i = 0; i < r->format[d]; i++) {
            const line *from = &r->lines[line_at(r->format, d, i)];
            line *l = &lines[line_at(format, to[d], i)];
            l->both = from->both;
            for (unsigned other = 0; other < 3; other++)
                if (other != d)
                    l->factor[factor_with(to[d], to[other])] = from->factor[factor_with(d, other)];
        }
    return lines;
}

static line add_lines(line x, line y)
{
    return (line){{x.factor[0] + y.factor[0], x.factor[1] + y.factor[1]}, x.both + y.both};
}

static line multiply_lines(line x, line y)
{
    return (line){{x.factor[0] * y.factor[0], x.factor[1] * y.factor[1]}, x.both * y.both};
}

/* Of a merge or product, from those of its parts; where theirs are not known, they count as 0. */
static line *lines_of_pair(const recipe *r)
{
    const uint32_t *f = r->part_format[0], *g = r->part_format[1];
    line *first = lines_in_order(r->part[0], f), *second = lines_in_order(r->part[1], g);
    line *lines = new_lines(r->format);
    for (unsigned d = 0; d < 3; d++)
        for (uint32_t i = 0; i < r->format[d]; i++) {
            line *l = &lines[line_at(r->format, d, i)];
            if (r->kind == PRODUCT)
                *l =
                    multiply_lines(first[line_at(f, d, i / g[d])], second[line_at(g, d, i % g[d])]);
            else if (d != r->dimension)
                *l = add_lines(first[line_at(f, d, i)], second[line_at(g, d, i)]);
            else
                *l = i < f[d] ? first[line_at(f, d, i)] : second[line_at(g, d, i - f[d])];
        }
    free(first);
    free(second);
    return lines;
}

/* At least so many products vanish without the best index of a dimension. */
static uint64_t most_saved(const recipe *r, unsigned dimension)
{
    uint64_t most = 0;
    for (uint32_t i = 0; i < r->format[dimension] && r->lines != NULL; i++) {
        const line *l = &r->lines[line_at(r->format, dimension, i)];
        uint64_t saved = l->factor[0] + l->factor[1] - l->both;
        most = saved > most ? saved : most;
    }
    return most;
}

/* ---------------------------------------------------------------- following recipes */

/* The scheme of a recipe in the order of a format; *out is the caller's to free. */
static fm_status build(const cookbook *c, recipe *r, const uint32_t format[3], fm_scheme **out,
                       fm_error *error);

static fm_status build_pair(const cookbook *c, recipe *r, fm_error *error)
{
    fm_scheme *first = NULL, *second = NULL;
    fm_status status = build(c, r->part[0], r->part_format[0], &first, error);
    if (status == FM_OK)
        status = build(c, r->part[1], r->part_format[1], &second, error);
    if (status == FM_OK && r->kind == MERGE)
        r->built = fm_derive_merge(first, second, r->dimension);
    else if (status == FM_OK)
        status = fm_derive_product(first, second, &r->built, error);
    fm_scheme_free(first);
    fm_scheme_free(second);
    return status;
}

static fm_status build_projection(const cookbook *c, recipe *r, fm_error *error)
{
    fm_scheme *larger;
    fm_status status = build(c, r->part[0], r->part_format[0], &larger, error);
    if (status != FM_OK)
        return status;
    fm_derive_fewest(larger, r->dimension, &r->index);
    fm_scheme *smaller = fm_derive_project(larger, r->dimension, r->index);
    r->built = fm_derive_permute(smaller, r->format);
    fm_scheme_free(smaller);
    fm_scheme_free(larger);
    return FM_OK;
}

/* Builds what the recipe is for, its sizes ascending. */
static fm_status follow(const cookbook *c, recipe *r, fm_error *error)
{
    switch (r->kind) {
    case STANDARD:
        r->built = fm_derive_standard(r->format, c->ring);
        return FM_OK;
    case LEAF:
        r->built = fm_derive_permute(c->leaves[r->leaf].scheme, r->format);
        return FM_OK;
    case MERGE:
    case PRODUCT:
        return build_pair(c, r, error);
    case PROJECT:
        return build_projection(c, r, error);
    }
    return FM_OK;
}

static fm_status build(const cookbook *c, recipe *r, const uint32_t format[3], fm_scheme **out,
                       fm_error *error)
{
    *out = NULL;
    fm_status status = r->built == NULL ? follow(c, r, error) : FM_OK;
    if (status == FM_OK)
        *out = fm_derive_permute(r->built, format);
    return status;
}

/* ---------------------------------------------------------------- looking for lower ranks */

/* Those of a scheme that is built for it. */
static line *lines_by_building(const cookbook *c, recipe *r)
{
    fm_scheme *scheme;
    if (build(c, r, r->format, &scheme, NULL) != FM_OK)
        return NULL;
    line *lines = lines_of_scheme(scheme);
    r->rank = scheme->rank;
    fm_scheme_free(scheme);
    return lines;
}

/* Of what is projected, some products may have vanished already that its larger scheme counts: small
   ones are built. */
static line *find_lines(const cookbook *c, recipe *r)
{
    switch (r->kind) {
    case STANDARD:
        return lines_of_standard(r->format);
    case LEAF:
        return lines_by_building(c, r);
    case MERGE:
    case PRODUCT:
        return lines_of_pair(r);
    case PROJECT:
        return r->rank <= BUILT_RANK_MAX ? lines_by_building(c, r) : NULL;
    }
    return NULL;
}

/* Makes the recipe the best one for its format if it is. */
static void offer(cookbook *c, const recipe *offered)
{
    recipe **best = best_of(c, offered->format[0], offered->format[1], offered->format[2]);
    if (*best != NULL && offered->rank >= (*best)->rank)
        return;
    recipe *new = fm_alloc(1, sizeof *new);
    *new = *offered;
    new->lines = find_lines(c, new);
    if (*best != NULL) {
        free((*best)->lines);
        (*best)->lines = NULL;
    }
    c->recipes = fm_grow(c->recipes, c->recipe_count, &c->recipe_capacity, sizeof *c->recipes);
    c->recipes[c->recipe_count++] = new;
    *best = new;
    c->better = true;
}

/* Sets whole to what two parts make if that is better. */
static void try_pair(const cookbook *c, recipe_kind kind, unsigned dimension, const uint32_t f[3],
                     const uint32_t g[3], recipe *whole)
{
    recipe *first = *best_of(c, f[0], f[1], f[2]), *second = *best_of(c, g[0], g[1], g[2]);
    uint64_t rank = kind == MERGE ? first->rank + second->rank : first->rank * second->rank;
    if (rank >= whole->rank)
        return;
    whole->rank = rank;
    whole->kind = kind;
    whole->dimension = dimension;
    whole->part[0] = first;
    whole->part[1] = second;
    memcpy(whole->part_format[0], f, sizeof whole->part_format[0]);
    memcpy(whole->part_format[1], g, sizeof whole->part_format[1]);
}

static void try_merges(const cookbook *c, recipe *whole)
{
    const uint32_t *f = whole->format;
    for (unsigned d = 0; d < 3; d++)
        for (uint32_t size = 1; 2 * size <= f[d]; size++) {
            uint32_t first[3] = {f[0], f[1], f[2]}, second[3] = {f[0], f[1], f[2]};
            first[d] = f[d] - size;
            second[d] = size;
            try_pair(c, MERGE, d, first, second, whole);
        }
}

static void try_products(const cookbook *c, recipe *whole)
{
    const uint32_t *f = whole->format;
    for (uint32_t x = 1; x <= f[0]; x++)
        for (uint32_t y = 1; y <= f[1] && f[0] % x == 0; y++)
            for (uint32_t z = 1; z <= f[2] && f[1] % y == 0; z++)
                if (f[2] % z == 0 && x * y * z > 1 && x * y * z < f[0] * f[1] * f[2])
                    try_pair(c, PRODUCT, 0, (uint32_t[]){x, y, z},
                             (uint32_t[]){f[0] / x, f[1] / y, f[2] / z}, whole);
}

static void offer_projections(cookbook *c, recipe *larger)
{
    for (unsigned d = 0; d < 3; d++) {
        recipe smaller = {.rank = larger->rank - most_saved(larger, d),
                          .kind = PROJECT,
                          .dimension = d,
                          .part = {larger}};
        memcpy(smaller.format, larger->format, sizeof smaller.format);
        memcpy(smaller.part_format[0], larger->format, sizeof smaller.format);
        smaller.format[d]--;
        sort_format(smaller.format);
        if (smaller.format[0] > 0)
            offer(c, &smaller);
    }
}

static void pass_up(cookbook *c)
{
    for (uint32_t x = 1; x <= c->limit[0]; x++)
        for (uint32_t y = x; y <= c->limit[1]; y++)
            for (uint32_t z = y; z <= c->limit[2]; z++) {
                recipe whole = {.format = {x, y, z}, .rank = (*best_of(c, x, y, z))->rank};
                try_merges(c, &whole);
                try_products(c, &whole);
                offer(c, &whole);
            }
}

static void pass_down(cookbook *c)
{
    for (uint32_t x = c->limit[0]; x > 0; x--)
        for (uint32_t y = c->limit[1]; y >= x; y--)
            for (uint32_t z = c->limit[2]; z >= y; z--)
                offer_projections(c, *best_of(c, x, y, z));
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

/* Takes over its scheme. */
static void add_leaf(cookbook *c, leaf l)
{
    recipe new = {.rank = l.scheme->rank, .kind = LEAF, .leaf = c->leaf_count};
    memcpy(new.format, l.scheme->tensor->format, sizeof new.format);
    sort_format(new.format);
    c->leaves = fm_grow(c->leaves, c->leaf_count, &c->leaf_capacity, sizeof *c->leaves);
    c->leaves[c->leaf_count++] = l;
    offer(c, &new);
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
            if (fm_derive_fewest(scheme, d, &index) >= (*best_of(c, f[0], f[1], f[2]))->rank)
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
    c->best = fm_alloc_zero(formats, sizeof *c->best);
    for (uint32_t x = 1; x <= c->limit[0]; x++)
        for (uint32_t y = x; y <= c->limit[1]; y++)
            for (uint32_t z = y; z <= c->limit[2]; z++)
                offer(c, &(recipe){.format = {x, y, z}, .rank = (uint64_t)x * y * z});
    add_given(c, from, count);
    improve_all(c);
    project_leaves(c);
    improve_all(c);
}

static void cookbook_clear(cookbook *c)
{
    for (size_t i = 0; i < c->recipe_count; i++) {
        fm_scheme_free(c->recipes[i]->built);
        free(c->recipes[i]->lines);
        free(c->recipes[i]);
    }
    for (size_t i = 0; i < c->leaf_count; i++)
        fm_scheme_free(c->leaves[i].scheme);
    free(c->recipes);
    free(c->best);
    free(c->leaves);
    free(c->used);
}

/* ---------------------------------------------------------------- saying how */

static void print_scheme(FILE *file, const fm_scheme *scheme)
{
    fprintf(file, "%s:%u", scheme->tensor->name, scheme->rank);
}

static void print_part(FILE *file, const recipe *r, int part)
{
    const uint32_t *f = r->part_format[part];
    fprintf(file, "%ux%ux%u:%u", f[0], f[1], f[2], r->part[part]->built->rank);
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

/* Says how the scheme of a recipe was built, and marks what was given for it. */
static void explain(cookbook *c, recipe *r)
{
    if (r->explained)
        return;
    r->explained = true;
    for (int part = 0; part < 2; part++)
        if (r->part[part] != NULL)
            explain(c, r->part[part]);
    if (r->kind == LEAF) {
        c->used[c->leaves[r->leaf].source] = true;
        print_leaf(c, &c->leaves[r->leaf]);
        return;
    }
    if (r->kind == PROJECT) {
        print_projection(c->steps, r->part[0]->built, r->dimension, r->index, r->built);
        return;
    }
    print_scheme(c->steps, r->built);
    if (r->kind == STANDARD) {
        fputs(" standard\n", c->steps);
        return;
    }
    fputs(" = ", c->steps);
    print_part(c->steps, r, 0);
    fputs(r->kind == MERGE ? " + " : " x ", c->steps);
    print_part(c->steps, r, 1);
    if (r->kind == MERGE)
        fprintf(c->steps, " along %c", "nmp"[r->dimension]);
    fputc('\n', c->steps);
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
    recipe *best = *best_of(c, format[0], format[1], format[2]);
    fm_status status = build(c, best, format, &built, error);
    if (status != FM_OK)
        return status;
    explain(c, best);
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
