#include "gemm.h"

#include "sizes.h"

#include <assert.h>
#include <string.h>

/* Steps of B that are packed for all panels before the next: lanes of one row are a cache line of a
   page, and so few pages stay within reach. On a virtual EPYC (Zen 4), ns for an entry of a sum of two
   blocks with rows 32 KiB apart: 1.8 for 8, 16 and 32, 2.9 for 64, 3.2 for 512; of one block 1.0 for 16, 1.4
   for 8 and 32, 1.8 for 512. */
enum { PAGE = 4096, STEPS_AT_ONCE = 16 };

/* Parts of equal size, multiples of unit, at most largest (a multiple of unit too). */
static size_t part_size(size_t total, size_t largest, size_t unit)
{
    return round_up(quotient_up(total, quotient_up(total, largest)), unit);
}

/* ---------------------------------------------------------------- blocks and buffers */

/* A panel of B as large as the level 1 cache, a block of A half of the level 2 cache, one of B a
   quarter of what a core has of level 3. Half of level 1 (T. M. Low et al., Analytical modeling is
   enough for high-performance BLIS, ACM TOMS 43, 2016) is as fast, but a product then goes through C
   twice as often, which fused levels pay for several times. On a virtual EPYC (Zen 4, AVX2, f64,
   n = 4096), GF/s for mc, kc, nc: 51 for 120, 512, 1024; 48 for 120, 512, 2048; 43 for 60, 512, 2048; 46
   for 120, 256, 4096. */
fm_gemm_blocks fm_gemm_choose_blocks(const fm_gemm_kernel *kernel, fm_cpu_caches caches)
{
    size_t kc = caches.l1 / (kernel->nr * kernel->packed) / 8 * 8;
    kc = kc < 64 ? 64 : kc > 1024 ? 1024 : kc;
    size_t mc = caches.l2 / 2 / (kc * kernel->packed * kernel->planes_a) / kernel->mr * kernel->mr;
    mc = mc < kernel->mr ? kernel->mr : mc;
    size_t nc = caches.l3 / 4 / (kc * kernel->packed * kernel->planes_b) / kernel->nr * kernel->nr;
    const size_t nc_max = 4096 / kernel->nr * kernel->nr;
    nc = nc < 8 * kernel->nr ? 8 * kernel->nr : nc > nc_max ? nc_max : nc;
    return (fm_gemm_blocks){mc, kc, nc};
}

static size_t block_rows(const fm_gemm_team *team, fm_gemm_shape s)
{
    return least(team->blocks.mc, round_up(s.m, team->kernel->mr));
}

static size_t packed_a_bytes(const fm_gemm_team *team, fm_gemm_shape s)
{
    const fm_gemm_kernel *kernel = team->kernel;
    return round_up(block_rows(team, s) * least(team->blocks.kc, s.k) * kernel->packed *
                        kernel->planes_a,
                    PAGE);
}

static size_t packed_b_bytes(const fm_gemm_team *team, fm_gemm_shape s)
{
    const fm_gemm_kernel *kernel = team->kernel;
    size_t columns = least(team->blocks.nc, round_up(s.n, kernel->nr));
    return round_up(columns * least(team->blocks.kc, s.k) * kernel->packed * kernel->planes_b,
                    PAGE);
}

#ifndef FM_GENERATED
/* Of the planes of a panel of C, for kernels that have more than tiles in registers. */
static size_t sums_bytes(const fm_gemm_team *team, fm_gemm_shape s)
{
    const fm_gemm_kernel *kernel = team->kernel;
    if (kernel->plane == NULL)
        return 0;
    return round_up(block_rows(team, s) * kernel->nr * kernel->packed * kernel->planes, PAGE);
}
#endif

/* One thread never packs while another reads. */
static size_t buffers_of(unsigned threads)
{
    return threads > 1 ? 2 : 1;
}

size_t fm_gemm_team_bytes(const fm_gemm_team *team, fm_gemm_shape shape, unsigned threads)
{
    size_t bytes = packed_a_bytes(team, shape);
#ifndef FM_GENERATED
    bytes += sums_bytes(team, shape);
#endif
    return buffers_of(threads) * packed_b_bytes(team, shape) + threads * bytes;
}

void fm_gemm_team_place(fm_gemm_team *team, fm_gemm_shape shape, unsigned threads, char *memory)
{
    size_t b = packed_b_bytes(team, shape);
    team->packed_b[0] = memory;
    team->packed_b[1] = memory + (buffers_of(threads) - 1) * b;
    team->packed_a = memory + buffers_of(threads) * b;
    team->packed_a_size = packed_a_bytes(team, shape);
#ifndef FM_GENERATED
    team->sums_size = sums_bytes(team, shape);
    team->packed_a_size += team->sums_size;
#endif
}

/* ---------------------------------------------------------------- threads */

void fm_gemm_wait(const fm_gemm_worker *worker)
{
#ifdef _OPENMP
    if (worker->count > 1) {
#pragma omp barrier
    }
#else
    (void)worker;
#endif
}

fm_gemm_range fm_gemm_share(size_t total, size_t unit, size_t index, size_t count)
{
    size_t units = quotient_up(total, unit);
    size_t begin = units * index / count * unit, end = units * (index + 1) / count * unit;
    return (fm_gemm_range){least(begin, total), least(end, total)};
}

/* How many parts to divide the rows into, the columns by the rest of the threads: so that the
   largest part of a tile's work is smallest, and then that little of A is packed twice. */
static size_t row_parts(const fm_gemm_kernel *kernel, fm_gemm_shape s, size_t threads)
{
    size_t best = threads, best_cost = SIZE_MAX;
    for (size_t rows = threads; rows >= 1; rows--) {
        if (threads % rows != 0)
            continue;
        size_t panels_a = quotient_up(quotient_up(s.m, kernel->mr), rows);
        size_t panels_b = quotient_up(quotient_up(s.n, kernel->nr), threads / rows);
        size_t cost = panels_a * (panels_b + 2);
        if (cost < best_cost) {
            best = rows;
            best_cost = cost;
        }
    }
    return best;
}

/* ---------------------------------------------------------------- the loops */

/* One call, from the view of one thread. */
typedef struct product {
    fm_gemm_worker *worker;
    const fm_gemm_kernel *kernel;
    const fm_gemm_operand *a, *b;
    const fm_gemm_targets *c;
    fm_gemm_shape shape, whole; /* whole: where all terms and targets are there */
    size_t row_parts;
    char *packed_a, *packed_b;
#ifndef FM_GENERATED
    double *sums; /* planes of a panel of C */
#endif
} product;

/* What is multiplied between two waits: all rows of A, columns from j on and steps from p on. */
typedef struct slice {
    size_t j, columns, p, depth;
} slice;

/* What packing must know of a side: A, whose lanes are rows, or B, whose lanes are columns. */
typedef struct side {
    const fm_gemm_kernel *kernel;
    const fm_gemm_operand *operand;
    bool lanes_are_rows;
    size_t width, planes;
    fm_gemm_packing how;
    fm_gemm_pack *pack;
} side;

/* With so many lanes in a plane, each of depth steps. */
static side side_a(const product *q, size_t lanes, size_t depth)
{
    const fm_gemm_kernel *kernel = q->kernel;
    return (side){kernel,
                  q->a,
                  true,
                  kernel->mr,
                  kernel->planes_a,
                  {q->a->row_stride, q->a->column_stride, round_up(lanes, kernel->mr) * depth,
                   q->worker->team->modulus},
                  kernel->pack_a};
}

static side side_b(const product *q, size_t lanes, size_t depth)
{
    const fm_gemm_kernel *kernel = q->kernel;
    return (side){kernel,
                  q->b,
                  false,
                  kernel->nr,
                  kernel->planes_b,
                  {q->b->column_stride, q->b->row_stride, round_up(lanes, kernel->nr) * depth,
                   q->worker->team->modulus},
                  kernel->pack_b};
}

/* The terms that have lanes from lane on and steps from step on; *end is where the next of them
   ends. */
static size_t gather(const side *s, size_t lane, size_t step, size_t *end,
                     fm_gemm_source sources[FM_GEMM_TERMS_MAX])
{
    size_t count = 0;
    const ptrdiff_t size = (ptrdiff_t)s->kernel->size;
    const ptrdiff_t offset =
        (ptrdiff_t)lane * s->how.lane_stride + (ptrdiff_t)step * s->how.step_stride;
    for (size_t t = 0; t < s->operand->count; t++) {
        const fm_gemm_term *term = &s->operand->terms[t];
        size_t lanes = s->lanes_are_rows ? term->rows : term->columns;
        size_t steps = s->lanes_are_rows ? term->columns : term->rows;
        if (lanes <= lane || steps <= step)
            continue;
        sources[count++] =
            (fm_gemm_source){term->coefficient, (const char *)term->at + offset * size,
                             least(lanes - lane, s->width)};
        *end = least(*end, steps);
    }
    return count;
}

/* One panel, from lane on, steps from p to end, in pieces in which the same terms are there. */
static void pack_panel(const side *s, size_t lane, size_t p, size_t end, char *to)
{
    const size_t packed = s->kernel->packed;
    fm_gemm_source sources[FM_GEMM_TERMS_MAX];
    while (p < end) {
        size_t piece_end = end;
        size_t count = gather(s, lane, p, &piece_end, sources);
        size_t bytes = (piece_end - p) * s->width * packed;
        if (count > 0)
            s->pack(piece_end - p, sources, count, &s->how, to);
        for (size_t l = 0; l < s->planes && count == 0; l++)
            memset(to + l * s->how.plane * packed, 0, bytes);
        to += bytes;
        p = piece_end;
    }
}

static void pack_b(const product *q, slice s)
{
    const side b = side_b(q, s.columns, s.depth);
    const size_t nr = b.width, size = q->kernel->packed;
    fm_gemm_range mine = fm_gemm_share(s.columns, nr, q->worker->index, q->worker->count);
    const size_t chunk = b.how.lane_stride == 1 ? STEPS_AT_ONCE : s.depth;
    for (size_t p = 0; p < s.depth; p += chunk)
        for (size_t j = mine.begin; j < mine.end; j += nr)
            pack_panel(&b, s.j + j, s.p + p, s.p + least(p + chunk, s.depth),
                       q->packed_b + (j * s.depth + p * nr) * size);
}

static void pack_a(const product *q, size_t row, size_t rows, slice s)
{
    const side a = side_a(q, rows, s.depth);
    const size_t size = q->kernel->packed;
    for (size_t i = 0; i < rows; i += a.width)
        pack_panel(&a, row + i, s.p, s.p + s.depth, q->packed_a + i * s.depth * size);
}

/* Where the targets have the tile that begins at row, column. */
static void place_updates(const product *q, size_t p, size_t row, size_t column,
                          fm_gemm_update updates[FM_GEMM_TERMS_MAX])
{
    const ptrdiff_t offset =
        (ptrdiff_t)row * q->c->row_stride + (ptrdiff_t)column * q->c->column_stride;
    for (size_t t = 0; t < q->c->count; t++) {
        const fm_gemm_target *target = &q->c->targets[t];
        updates[t] = (fm_gemm_update){target->coefficient,
                                      p == 0 ? target->beta : fm_gemm_scalar_of(q->kernel, 1),
                                      (char *)target->at + offset * (ptrdiff_t)q->kernel->size};
    }
}

/* What each target has of a tile. */
static void update_edge(const product *q, const double *tile, size_t row, size_t column,
                        const fm_gemm_update *updates)
{
    for (size_t t = 0; t < q->c->count; t++) {
        const fm_gemm_target *target = &q->c->targets[t];
        if (target->rows > row && target->columns > column)
            q->kernel->edge(least(q->kernel->mr, target->rows - row),
                            least(q->kernel->nr, target->columns - column), tile, &updates[t],
                            q->c->row_stride, q->c->column_stride, q->worker->team->modulus);
    }
}

/* A tile that not all targets have whole, or of a C whose rows are not contiguous. */
static void multiply_edge(const product *q, size_t depth, const char *a, const char *b, size_t row,
                          size_t column, const fm_gemm_update *updates)
{
    _Alignas(64) double tile[FM_GEMM_TILE_MAX];
    const fm_gemm_update whole = {fm_gemm_scalar_of(q->kernel, 1), fm_gemm_scalar_of(q->kernel, 0),
                                  tile};
    q->kernel->tile(depth, a, b, &whole, 1, (ptrdiff_t)q->kernel->nr);
    update_edge(q, tile, row, column, updates);
}

#ifndef FM_GENERATED
/* Fetches what each target has of a tile: the first and the last entry of its rows, which are no longer than
   a cache line or two. */
static void fetch_tile(const product *q, size_t row, size_t column)
{
    const ptrdiff_t size = (ptrdiff_t)q->kernel->size;
    for (size_t t = 0; t < q->c->count; t++) {
        const fm_gemm_target *target = &q->c->targets[t];
        if (target->columns <= column)
            continue;
        const ptrdiff_t last = (ptrdiff_t)least(q->kernel->nr, target->columns - column) - 1;
        for (size_t i = row; i < least(row + q->kernel->mr, target->rows); i++) {
            const char *at =
                (const char *)target->at +
                ((ptrdiff_t)i * q->c->row_stride + (ptrdiff_t)column * q->c->column_stride) * size;
            __builtin_prefetch(at, 1, 2);
            __builtin_prefetch(at + last * q->c->column_stride * size, 1, 2);
        }
    }
}

/* The tiles of residues in packed rows of A times a panel of B: their sums plane by plane, so that a
   plane of the panel stays in the level 1 cache; from the last plane on they are entries. */
static void multiply_planes(const product *q, size_t row, size_t rows, size_t column, slice s)
{
    const fm_gemm_kernel *kernel = q->kernel;
    const fm_gemm_modulus *modulus = q->worker->team->modulus;
    const size_t mr = kernel->mr, tile_size = mr * kernel->nr, tiles = quotient_up(rows, mr);
    const size_t plane_a = tiles * mr * s.depth,
                 plane_b = round_up(s.columns, kernel->nr) * s.depth;
    const double *a = (const double *)q->packed_a;
    const double *b = (const double *)q->packed_b + (column - s.j) * s.depth;
    fm_gemm_update updates[FM_GEMM_TERMS_MAX];
    _Alignas(64) double tile[FM_GEMM_TILE_MAX];
    for (size_t l = 0; l < kernel->planes; l++)
        for (size_t i = 0; i < tiles; i++) {
            const bool last = l + 1 == kernel->planes;
            if (last)
                fetch_tile(q, row + i * mr, column);
            kernel->plane(s.depth, a + (kernel->planes_a > 1 ? l : 0) * plane_a + i * mr * s.depth,
                          b + (kernel->planes_b > 1 ? l : 0) * plane_b, modulus,
                          q->sums + (l * tiles + i) * tile_size);
            if (!last)
                continue;
            kernel->residues(q->sums + i * tile_size, tiles * tile_size, modulus, tile);
            place_updates(q, s.p, row + i * mr, column, updates);
            update_edge(q, tile, row + i * mr, column, updates);
        }
}
#endif

/* Packed rows of A times columns of packed B. */
static void multiply_packed(const product *q, size_t row, size_t rows, fm_gemm_range columns,
                            slice s)
{
    const size_t mr = q->kernel->mr, nr = q->kernel->nr, size = q->kernel->packed;
    const bool contiguous = q->c->column_stride == 1;
    fm_gemm_update updates[FM_GEMM_TERMS_MAX];
    for (size_t j = columns.begin; j < columns.end; j += nr) {
#ifndef FM_GENERATED
        if (q->kernel->plane != NULL) {
            multiply_planes(q, row, rows, s.j + j, s);
            continue;
        }
#endif
        for (size_t i = 0; i < rows; i += mr) {
            const char *a = q->packed_a + i * s.depth * size;
            const char *b = q->packed_b + j * s.depth * size;
            place_updates(q, s.p, row + i, s.j + j, updates);
            if (contiguous && row + i + mr <= q->whole.m && s.j + j + nr <= q->whole.n)
                q->kernel->tile(s.depth, a, b, updates, q->c->count, q->c->row_stride);
            else
                multiply_edge(q, s.depth, a, b, row + i, s.j + j, updates);
        }
    }
}

/* The threads take blocks of rows, times a part of the columns, as they come: as many for each, and a
   thread that is held up takes fewer. */
static void multiply_slice(const product *q, slice s, atomic_size_t *next)
{
    const size_t mr = q->kernel->mr, column_parts = q->worker->count / q->row_parts;
    const size_t blocks =
        round_up(quotient_up(q->shape.m, q->worker->team->blocks.mc), q->row_parts);
    const size_t rows = round_up(quotient_up(q->shape.m, blocks), mr);
    for (;;) {
        size_t part = atomic_fetch_add_explicit(next, 1, memory_order_relaxed);
        size_t i = part / column_parts * rows;
        if (i >= q->shape.m)
            break;
        fm_gemm_range columns =
            fm_gemm_share(s.columns, q->kernel->nr, part % column_parts, column_parts);
        if (columns.begin == columns.end)
            continue;
        const size_t most = least(rows, q->shape.m - i);
        pack_a(q, i, most, s);
        multiply_packed(q, i, most, columns, s);
    }
}

/* When all have packed a slice, all are done with the one before: its counter is set back, for the next
   but one. */
static void multiply_slices(product *q)
{
    fm_gemm_worker *w = q->worker;
    const fm_gemm_blocks *blocks = &w->team->blocks;
    const fm_gemm_shape shape = q->shape;
    const size_t most_columns = part_size(shape.n, blocks->nc, q->kernel->nr);
    const size_t most_depth = part_size(shape.k, blocks->kc, 1);
    for (size_t j = 0; j < shape.n; j += most_columns)
        for (size_t p = 0; p < shape.k; p += most_depth) {
            const slice s = {j, least(most_columns, shape.n - j), p,
                             least(most_depth, shape.k - p)};
            const unsigned step = w->step++;
            q->packed_b = w->team->packed_b[step % 2];
            pack_b(q, s);
            fm_gemm_wait(w);
            if (w->index == 0)
                atomic_store_explicit(&w->team->next[(step + 2) % 3], 0, memory_order_relaxed);
            multiply_slice(q, s, &w->team->next[step % 3]);
        }
}

/* Multiplies the targets by their betas. */
static void scale_targets(const fm_gemm_worker *w, const fm_gemm_targets *c)
{
    const fm_gemm_kernel *kernel = w->team->kernel;
    for (size_t t = 0; t < c->count; t++) {
        const fm_gemm_target *target = &c->targets[t];
        fm_gemm_range mine = fm_gemm_share(target->rows, 1, w->index, w->count);
        for (size_t i = mine.begin; i < mine.end && !fm_gemm_scalar_is(kernel, target->beta, 1);
             i++) {
            char *row = (char *)target->at + (ptrdiff_t)i * c->row_stride * (ptrdiff_t)kernel->size;
            for (size_t j = 0; j < target->columns && c->column_stride != 1; j++)
                kernel->scale(1, target->beta, w->team->modulus,
                              row + (ptrdiff_t)j * c->column_stride * (ptrdiff_t)kernel->size);
            if (c->column_stride == 1)
                kernel->scale(target->columns, target->beta, w->team->modulus, row);
        }
    }
    fm_gemm_wait(w); /* the next product may divide the rows in another way */
}

/* Sizes that the targets have at most and at least, and those of k that both operands have. */
static void find_shapes(product *q)
{
    size_t a_columns = 0, b_rows = 0;
    q->whole = (fm_gemm_shape){SIZE_MAX, SIZE_MAX, SIZE_MAX};
    for (size_t t = 0; t < q->c->count; t++) {
        const fm_gemm_target *target = &q->c->targets[t];
        q->shape.m = target->rows > q->shape.m ? target->rows : q->shape.m;
        q->shape.n = target->columns > q->shape.n ? target->columns : q->shape.n;
        q->whole.m = least(q->whole.m, target->rows);
        q->whole.n = least(q->whole.n, target->columns);
    }
    for (size_t t = 0; t < q->a->count; t++)
        if (q->a->terms[t].rows > 0 && q->a->terms[t].columns > a_columns)
            a_columns = q->a->terms[t].columns;
    for (size_t t = 0; t < q->b->count; t++)
        if (q->b->terms[t].columns > 0 && q->b->terms[t].rows > b_rows)
            b_rows = q->b->terms[t].rows;
    q->shape.k = least(a_columns, b_rows);
}

void fm_gemm_terms(fm_gemm_worker *worker, const fm_gemm_operand *a, const fm_gemm_operand *b,
                   const fm_gemm_targets *c)
{
    assert(a->count <= FM_GEMM_TERMS_MAX && b->count <= FM_GEMM_TERMS_MAX);
    assert(c->count <= FM_GEMM_TERMS_MAX);
    const fm_gemm_team *team = worker->team;
    product q = {.worker = worker,
                 .kernel = team->kernel,
                 .a = a,
                 .b = b,
                 .c = c,
                 .packed_a = team->packed_a + worker->index * team->packed_a_size};
#ifndef FM_GENERATED
    q.sums = (double *)(q.packed_a + team->packed_a_size - team->sums_size);
#endif
    find_shapes(&q);
    if (q.shape.m == 0 || q.shape.n == 0)
        return;
    if (q.shape.k == 0) {
        scale_targets(worker, c);
        return;
    }
    q.row_parts = row_parts(team->kernel, q.shape, worker->count);
    multiply_slices(&q);
}
