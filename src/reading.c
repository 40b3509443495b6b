#include "reading.h"

#include "error.h"
#include "memory.h"
#include "scheme_file.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------- lists */

fm_reading *fm_reading_list_add(fm_reading_list *list)
{
    list->readings = fm_grow(list->readings, list->count, &list->capacity, sizeof *list->readings);
    list->readings[list->count] = (fm_reading){0};
    return &list->readings[list->count++];
}

void fm_reading_list_free(fm_reading_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        for (int axis = 0; axis < 3; axis++)
            fm_factors_clear(&list->readings[i].factors[axis]);
        fm_tensor_free(list->readings[i].tensor);
        fm_provenance_clear(&list->readings[i].provenance);
        free(list->readings[i].entry);
    }
    free(list->readings);
    free(list->name);
    fm_laurents_free(list->laurents);
    *list = (fm_reading_list){0};
}

/* What coefficients a reading has beside rationals; NULL: none. */
static const char *other_coefficients(const fm_reading *reading, const fm_laurents *laurents)
{
    const char *found = NULL;
    for (int axis = 0; axis < 3; axis++)
        for (size_t e = 0; e < reading->factors[axis].count; e++) {
            const fm_laurent *a = fm_laurents_at(laurents, &reading->factors[axis].value[e]);
            if (a->low != 0 || fm_laurent_degree(a) != 0)
                return "polynomials in a parameter";
            if (!fm_laurent_is_real(a))
                found = "complex coefficients";
        }
    return found;
}

fm_status fm_reading_list_check(const fm_reading_list *list, fm_error *error)
{
    const char *what = NULL;
    if (list->laurents == NULL)
        return FM_OK;
    for (size_t i = 0; i < list->count; i++) {
        what = other_coefficients(&list->readings[i], list->laurents);
        if (what != NULL && list->count > 1)
            return fm_reading_refuse(list, &list->readings[i], error,
                                     "%s, which only verify and convert take", what);
    }
    if (what == NULL) /* I - I: written so, and rational in the end */
        what = list->laurents->has_i ? "complex coefficients" : "polynomials in a parameter";
    return fm_fail(error, FM_BAD_INPUT, "%.300s: %s, which only verify and convert take",
                   list->name, what);
}

fm_status fm_reading_refuse(const fm_reading_list *list, const fm_reading *reading, fm_error *error,
                            const char *format, ...)
{
    char reason[sizeof error->message], place[96] = "";
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    if (reading->entry != NULL)
        snprintf(place, sizeof place, ": %.80s", reading->entry);
    else if (reading->line > 0)
        snprintf(place, sizeof place, ":%u", reading->line);
    else if (list->count > 1)
        snprintf(place, sizeof place, ": scheme %zu", (size_t)(reading - list->readings));
    return fm_fail(error, FM_BAD_INPUT, "%.300s%s: %s", list->name, place, reason);
}

/* ---------------------------------------------------------------- cells */

void fm_cells_add(fm_cells *cells, uint32_t row, uint32_t column, const fmpq_t value)
{
    cells->cells = fm_grow(cells->cells, cells->count, &cells->capacity, sizeof *cells->cells);
    fm_cell *cell = &cells->cells[cells->count++];
    cell->row = row;
    cell->column = column;
    fmpq_init(&cell->value);
    fmpq_set(&cell->value, value);
}

void fm_cells_clear(fm_cells *cells)
{
    for (size_t c = 0; c < cells->count; c++)
        fmpq_clear(&cells->cells[c].value);
    free(cells->cells);
    *cells = (fm_cells){0};
}

static int compare_cells(const void *a, const void *b)
{
    const fm_cell *x = a, *y = b;
    if (x->row != y->row)
        return x->row < y->row ? -1 : 1;
    return (x->column > y->column) - (x->column < y->column);
}

static bool add_value(fm_laurents *laurents, fmpq_t sum, const fmpq_t value)
{
    if (laurents != NULL)
        return fm_laurents_add(laurents, sum, sum, value);
    fmpq_add(sum, sum, value);
    return true;
}

bool fm_cells_to_factors(fm_cells *cells, uint32_t rank, uint32_t extent, fm_laurents *laurents,
                         size_t *most, fm_factors *out)
{
    bool good = true;
    fm_cell *cell = cells->cells;
    size_t next = 0, fullest = 0;
    fmpq_t sum;
    fmpq_init(sum);
    fm_factors_init(out, extent);
    if (cells->count > 0)
        qsort(cell, cells->count, sizeof *cell, compare_cells);
    for (uint32_t r = 0; r < rank; r++) {
        while (next < cells->count && cell[next].row == r) {
            size_t first = next;
            fmpq_set(sum, &cell[next++].value);
            while (next < cells->count && compare_cells(&cell[first], &cell[next]) == 0)
                good = add_value(laurents, sum, &cell[next++].value) && good;
            fullest = next - first > fullest ? next - first : fullest;
            fm_factors_push(out, cell[first].column, sum);
        }
        fm_factors_end_row(out);
    }
    fmpq_clear(sum);
    if (most != NULL)
        *most = fullest;
    return good;
}

/* ---------------------------------------------------------------- shapes */

/* The matrix that a factor is, or its smallest when the reading is open; columns is 0 and rows the
   extent when the file shows no matrix. */
typedef struct shape {
    uint32_t rows, columns;
} shape;

static shape shape_of(const fm_reading *reading, int axis)
{
    const fm_factors *f = &reading->factors[axis];
    uint32_t columns = reading->columns[axis];
    if (!reading->is_open)
        return (shape){columns > 0 ? f->extent / columns : f->extent, columns};
    shape seen = {1, columns > 0 ? 1 : 0};
    for (size_t e = 0; e < f->count; e++) {
        uint32_t row = columns > 0 ? f->index[e] / columns : f->index[e];
        uint32_t column = columns > 0 ? f->index[e] % columns : 0;
        seen.rows = row >= seen.rows ? row + 1 : seen.rows;
        seen.columns = columns > 0 && column >= seen.columns ? column + 1 : seen.columns;
    }
    return seen;
}

/* The rows and columns of A, B and C or its transpose, for a format. */
static shape shape_in(const uint32_t format[3], int axis, fm_w_order order)
{
    if (axis < 2)
        return (shape){format[axis], format[axis + 1]};
    bool transposed = order == FM_W_OF_TRANSPOSE;
    return (shape){format[transposed ? 2 : 0], format[transposed ? 0 : 2]};
}

static bool fits(const fm_reading *reading, const shape seen[3], const uint32_t format[3],
                 fm_w_order order)
{
    for (int axis = 0; axis < 3; axis++) {
        shape wanted = shape_in(format, axis, order);
        bool flat = seen[axis].columns == 0;
        uint32_t rows = flat ? wanted.rows * wanted.columns : wanted.rows;
        uint32_t columns = flat ? 0 : wanted.columns;
        if (seen[axis].rows > rows || seen[axis].columns > columns)
            return false;
        if (!reading->is_open && (seen[axis].rows != rows || seen[axis].columns != columns))
            return false;
    }
    return true;
}

/* ---------------------------------------------------------------- formats from shapes */

static uint32_t exact_root(uint64_t square)
{
    uint32_t root = 0;
    while ((uint64_t)root * root < square)
        root++;
    return (uint64_t)root * root == square ? root : 0;
}

bool fm_format_of_extents(const uint32_t extents[3], uint32_t format[3])
{
    static const int above[3][2] = {{0, 2}, {0, 1}, {1, 2}}, below[3] = {1, 2, 0};
    for (int i = 0; i < 3; i++) {
        uint64_t product = (uint64_t)extents[above[i][0]] * extents[above[i][1]];
        uint32_t divisor = extents[below[i]];
        if (divisor == 0 || product % divisor != 0)
            return false;
        format[i] = exact_root(product / divisor);
        if (format[i] == 0 || format[i] > FM_FORMAT_MAX)
            return false;
    }
    return true;
}

static uint32_t larger(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

/* The smallest format in which everything has its place. */
static bool format_of_matrices(const shape seen[3], fm_w_order order, uint32_t format[3])
{
    bool transposed = order == FM_W_OF_TRANSPOSE;
    uint32_t rows = transposed ? seen[2].columns : seen[2].rows;
    uint32_t columns = transposed ? seen[2].rows : seen[2].columns;
    format[0] = larger(seen[0].rows, rows);
    format[1] = larger(seen[0].columns, seen[1].rows);
    format[2] = larger(seen[1].columns, columns);
    return larger(format[0], larger(format[1], format[2])) <= FM_FORMAT_MAX;
}

/* How far the matrices are from being those of one format: a row or a column of zeros, which a
   scheme that holds does not have, where an open reading has none named. */
static uint32_t slack(const shape seen[3], const uint32_t format[3], fm_w_order order)
{
    uint32_t sum = 0;
    for (int axis = 0; axis < 3 && seen[axis].columns > 0; axis++) {
        shape wanted = shape_in(format, axis, order);
        sum += wanted.rows - seen[axis].rows + wanted.columns - seen[axis].columns;
    }
    return sum;
}

static bool format_of_shapes(const fm_reading *reading, const shape seen[3], fm_w_order order,
                             uint32_t format[3])
{
    bool matrices = seen[0].columns > 0 && seen[1].columns > 0 && seen[2].columns > 0;
    bool found = matrices
                     ? format_of_matrices(seen, order, format)
                     : fm_format_of_extents(
                           (const uint32_t[]){seen[0].rows, seen[1].rows, seen[2].rows}, format);
    return found && fits(reading, seen, format, order);
}

/* ---------------------------------------------------------------- meanings */

static fm_status no_meaning(const shape seen[3], const uint32_t told[3], fm_w_order order,
                            fm_error *error)
{
    static const char *const orders[] = {"", " with W for C itself",
                                         " with W for the transpose of C"};
    char text[3][32], format[64] = "a matrix product";
    for (int axis = 0; axis < 3; axis++)
        if (seen[axis].columns > 0)
            snprintf(text[axis], sizeof text[axis], "%u x %u", seen[axis].rows, seen[axis].columns);
        else
            snprintf(text[axis], sizeof text[axis], "%u", seen[axis].rows);
    if (told[0] > 0)
        snprintf(format, sizeof format, "%ux%ux%u", told[0], told[1], told[2]);
    return fm_fail(error, FM_BAD_INPUT,
                   "the factors are of sizes %s, %s and %s, which are not "
                   "those of %s%s",
                   text[0], text[1], text[2], format, orders[order]);
}

/* Of a tensor that is no matrix product, whose indices are numbers. */
static fm_status tensor_meaning(const fm_reading *reading, const fm_tensor *tensor,
                                const fm_read_options *options, fm_meaning *meaning,
                                fm_error *error)
{
    for (int axis = 0; axis < 3; axis++) {
        shape seen = shape_of(reading, axis);
        uint32_t extent = seen.columns > 0 ? seen.rows * seen.columns : seen.rows;
        bool numbers = !reading->is_open || seen.columns == 0;
        if (!numbers || extent > tensor->extent[axis] ||
            (!reading->is_open && extent != tensor->extent[axis]))
            return fm_fail(
                error, FM_BAD_INPUT,
                "the scheme has rows of %u coefficients in %c, which does not fit %s, of "
                "shape %u %u %u",
                extent, "UVW"[axis], tensor -> name, tensor -> extent[0], tensor -> extent[1],
                tensor -> extent[2]);
    }
    *meaning = (fm_meaning){.tensor = tensor, .w_order = FM_W_OF_C};
    if (reading->format[0] > 0) {
        memcpy(meaning->format, reading->format, sizeof meaning->format);
        meaning->w_order = reading->w_order;
        return FM_OK;
    }
    if (options != NULL && options->w_order == FM_W_OF_TRANSPOSE)
        return fm_fail(error, FM_BAD_INPUT, "%s is no matrix product and has no transpose of C",
                       tensor->name);
    return FM_OK;
}

/* What is told of the format, by the options before the file; all 0 when nothing is. */
static void told_format(const fm_reading *reading, const fm_read_options *options,
                        uint32_t format[3])
{
    bool told = options != NULL && options->tensor != NULL;
    memcpy(format, told ? options->tensor->format : reading->format, 3 * sizeof *format);
}

/* Adds the meaning with this order of W, if the shapes admit it, before worse guesses. */
static void try_order(const fm_reading *reading, const shape seen[3], const uint32_t told[3],
                      fm_w_order order, fm_meaning *meanings, size_t *count)
{
    fm_meaning meaning = {.w_order = order};
    bool found = told[0] > 0 ? fits(reading, seen, told, order)
                             : format_of_shapes(reading, seen, order, meaning.format);
    if (!found)
        return;
    if (told[0] > 0)
        memcpy(meaning.format, told, sizeof meaning.format);
    size_t place = *count;
    if (place > 0 &&
        slack(seen, meaning.format, order) < slack(seen, meanings[0].format, meanings[0].w_order)) {
        meanings[place] = meanings[0];
        place = 0;
    }
    meanings[place] = meaning;
    ++*count;
}

fm_status fm_reading_meanings(const fm_reading *reading, const fm_read_options *options,
                              fm_meaning meanings[FM_MEANINGS_MAX], size_t *count, fm_error *error)
{
    uint32_t told[3];
    shape seen[3];
    const fm_tensor *tensor =
        options != NULL && options->tensor != NULL ? options->tensor : reading->tensor;
    *count = 0;
    if (tensor != NULL && !fm_tensor_is_matmul(tensor, NULL)) {
        *count = 1;
        return tensor_meaning(reading, tensor, options, meanings, error);
    }
    for (int axis = 0; axis < 3; axis++)
        seen[axis] = shape_of(reading, axis);
    told_format(reading, options, told);
    fm_w_order order =
        options != NULL && options->w_order != FM_W_UNKNOWN ? options->w_order : reading->w_order;
    fm_w_order first = order != FM_W_UNKNOWN ? order : reading->usual;
    try_order(reading, seen, told, first, meanings, count);
    /* With a single row or column C and its transpose are numbered alike. */
    bool alike = *count > 0 && (meanings[0].format[0] == 1 || meanings[0].format[2] == 1) &&
                 seen[2].columns == 0;
    if (order == FM_W_UNKNOWN && !alike)
        try_order(reading, seen, told, first == FM_W_OF_C ? FM_W_OF_TRANSPOSE : FM_W_OF_C, meanings,
                  count);
    return *count > 0 ? FM_OK : no_meaning(seen, told, order, error);
}

/* ---------------------------------------------------------------- schemes */

typedef struct place {
    uint32_t index;
    const fmpq *value;
} place;

static int compare_places(const void *a, const void *b)
{
    const place *x = a, *y = b;
    return (x->index > y->index) - (x->index < y->index);
}

/* Where number index of a factor stands in a row of the scheme. */
static uint32_t place_of(const fm_reading *reading, const fm_meaning *meaning, int axis,
                         uint32_t index)
{
    if (meaning->format[0] == 0)
        return index;
    shape matrix = shape_in(meaning->format, axis, meaning->w_order);
    uint32_t columns = reading->columns[axis] > 0 ? reading->columns[axis] : matrix.columns;
    uint32_t i = index / columns, j = index % columns;
    if (axis == 2 && meaning->w_order == FM_W_OF_TRANSPOSE)
        return j * meaning->format[2] + i;
    return i * matrix.columns + j;
}

static void place_factors(const fm_reading *reading, const fm_meaning *meaning, int axis,
                          uint32_t extent, fm_factors *out)
{
    const fm_factors *f = &reading->factors[axis];
    place *row = fm_alloc(f->extent, sizeof *row);
    fm_factors_init(out, extent);
    for (uint32_t r = 0; r < f->rank; r++) {
        size_t count = 0;
        for (size_t e = f->start[r]; e < f->start[r + 1]; e++)
            row[count++] = (place){place_of(reading, meaning, axis, f->index[e]), &f->value[e]};
        qsort(row, count, sizeof *row, compare_places);
        for (size_t i = 0; i < count; i++)
            fm_factors_push(out, row[i].index, row[i].value);
        fm_factors_end_row(out);
    }
    free(row);
}

/* Residues of the coefficients; false when there is one without. */
static bool reduce_coefficients(fm_factors *factors, fm_ring ring)
{
    fm_factors reduced;
    fmpq_t image;
    bool exist = true;
    fmpq_init(image);
    fm_factors_init(&reduced, factors->extent);
    for (uint32_t r = 0; r < factors->rank; r++) {
        for (size_t e = factors->start[r]; e < factors->start[r + 1] && exist; e++) {
            exist = fm_ring_map(ring, &factors->value[e], image);
            if (exist)
                fm_factors_push(&reduced, factors->index[e], image);
        }
        fm_factors_end_row(&reduced);
    }
    fmpq_clear(image);
    fm_factors_clear(factors);
    *factors = reduced;
    return exist;
}

static fm_status make_scheme(const fm_tensor *tensor, fm_ring ring, fm_factors factors[3],
                             fm_scheme **out, fm_error *error)
{
    char name[FM_RING_NAME_SIZE];
    bool exist = true;
    for (int axis = 0; axis < 3 && ring.kind == FM_RING_ZP; axis++)
        exist = reduce_coefficients(&factors[axis], ring) && exist;
    if (exist)
        return fm_scheme_new(tensor, ring, factors, out, error);
    for (int axis = 0; axis < 3; axis++)
        fm_factors_clear(&factors[axis]);
    return fm_fail(error, FM_BAD_INPUT, "a coefficient has no residue in %s",
                   fm_ring_name(ring, name));
}

static fm_status find_tensor(const fm_meaning *meaning, const fm_scheme_list *schemes,
                             fm_tensor **out, fm_error *error)
{
    const uint32_t *format = meaning->format;
    if (meaning->tensor != NULL) {
        *out = fm_tensor_share(meaning->tensor);
        return FM_OK;
    }
    for (size_t s = schemes->count; s > 0; s--) {
        const fm_tensor *tensor = schemes->schemes[s - 1]->tensor;
        if (memcmp(tensor->format, format, sizeof tensor->format) == 0) {
            *out = fm_tensor_share(tensor);
            return FM_OK;
        }
    }
    return fm_tensor_matmul(format[0], format[1], format[2], out, error);
}

fm_status fm_reading_to_scheme(const fm_reading *reading, const fm_meaning *meaning,
                               const fm_ring *ring, const fm_scheme_list *schemes, fm_scheme **out,
                               fm_error *error)
{
    fm_factors factors[3];
    fm_tensor *tensor;
    *out = NULL;
    fm_status status = find_tensor(meaning, schemes, &tensor, error);
    if (status != FM_OK)
        return status;
    fm_ring own = reading->has_ring ? reading->ring : fm_factors_smallest_ring(reading->factors);
    char from[FM_RING_NAME_SIZE], to[FM_RING_NAME_SIZE];
    if (ring != NULL && own.kind == FM_RING_ZP && !fm_ring_equal(own, *ring)) {
        fm_tensor_free(tensor);
        return fm_fail(error, FM_BAD_INPUT, "no map from %s to %s: that takes a lift",
                       fm_ring_name(own, from), fm_ring_name(*ring, to));
    }
    for (int axis = 0; axis < 3; axis++)
        place_factors(reading, meaning, axis, tensor->extent[axis], &factors[axis]);
    status = make_scheme(tensor, ring != NULL ? *ring : own, factors, out, error);
    fm_tensor_free(tensor);
    if (status != FM_OK)
        return status;
    fm_scheme_set_provenance(*out, &reading->provenance);
    (*out)->was_read = true;
    (*out)->origin = (fm_origin){
        .entry = reading->entry != NULL ? fm_strdup(reading->entry) : NULL,
        .w_order = meaning->w_order,
        .tensor_inferred = reading->format[0] == 0 && reading->tensor == NULL,
        .w_order_inferred = reading->w_order == FM_W_UNKNOWN && meaning->tensor == NULL,
    };
    return FM_OK;
}

fm_status fm_reading_charge(const fm_scheme *scheme, size_t *room, fm_error *error)
{
    size_t count = scheme->tensor->references == 1 ? scheme->tensor->entry_count : 0;
    if (count > *room)
        return fm_fail(error, FM_BAD_INPUT, "the tensors of the file have over %d entries together",
                       FM_TENSORS_ROOM);
    *room -= count;
    return FM_OK;
}
