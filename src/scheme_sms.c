/* Schemes as three sparse matrices L, R, P: "rows columns R", then lines "i j value" up to "0 0 0";
   A's entries times L, B's times R, and P times the products; docs/scheme-file.md. */
#include "error.h"
#include "file.h"
#include "memory.h"
#include "number.h"
#include "scheme_file.h"
#include "scheme_print.h"
#include "triple.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* Zero rows take no text, so that a short file could claim any number of them: of the ranks in a file
   as many may exceed the entries of L. */
enum { RANK_MAX = 1 << 22, SPARE_MAX = 1 << 16 };

/* The matrices of a triple are in the order of the file: L, then R and P or P and R, which their
   sizes tell apart. */

/* ---------------------------------------------------------------- matrices */

static fm_status read_index(fm_scanner *scanner, uint32_t limit, uint32_t *out)
{
    char buffer[32];
    fm_scan_spaces(scanner);
    const char *start = scanner->at;
    unsigned long value = isdigit((unsigned char)*start) ? strtoul(start, NULL, 10) : ULONG_MAX;
    if (value > limit)
        return fm_scan_refuse(scanner, "%s is not an index or a size from 1 to %u",
                              fm_scan_show(scanner, buffer), limit);
    scanner->at += strspn(start, "0123456789");
    *out = (uint32_t)value;
    return FM_OK;
}

static fm_status read_header(fm_scanner *scanner, fm_triple *t, int axis)
{
    char buffer[32];
    t->line[axis] = scanner->line;
    fm_status status = read_index(scanner, RANK_MAX, &t->rows[axis]);
    if (status == FM_OK)
        status = read_index(scanner, RANK_MAX, &t->columns[axis]);
    if (status != FM_OK)
        return status;
    fm_scan_spaces(scanner);
    if (!isalpha((unsigned char)*scanner->at) || t->rows[axis] == 0 || t->columns[axis] == 0)
        return fm_scan_refuse(scanner, "expected a header 'rows columns R', found %s",
                              fm_scan_show(scanner, buffer));
    scanner->at += strcspn(scanner->at, "\n");
    return FM_OK;
}

/* A line "i j value"; *last is true for "0 0 0". */
static fm_status read_entry(fm_scanner *scanner, fm_triple *t, int axis, bool *last)
{
    uint32_t i, j;
    fmpq_t value;
    fm_status status = read_index(scanner, t->rows[axis], &i);
    if (status == FM_OK)
        status = read_index(scanner, t->columns[axis], &j);
    if (status != FM_OK)
        return status;
    fmpq_init(value);
    status = scanner->laurents != NULL ? fm_scan_coefficient(scanner, value)
                                       : fm_scan_number(scanner, value);
    *last = i == 0 && j == 0;
    if (status == FM_OK && !*last && (i == 0 || j == 0))
        status = fm_scan_refuse(scanner, "entry (%u, %u): indices are from 1", i, j);
    if (status == FM_OK && !*last)
        fm_cells_add(&t->cells[axis], i - 1, j - 1, value);
    fmpq_clear(value);
    return status;
}

static fm_status read_matrix(fm_scanner *scanner, fm_triple *t, int axis)
{
    bool last = false;
    fm_status status = fm_scan_comments(scanner);
    if (status == FM_OK)
        status = read_header(scanner, t, axis);
    while (status == FM_OK && !last) {
        status = fm_scan_comments(scanner);
        if (status == FM_OK && *scanner->at == '\0')
            status = fm_scan_refuse(scanner, "matrix %d ends without '0 0 0'", axis + 1);
        if (status == FM_OK)
            status = read_entry(scanner, t, axis, &last);
    }
    return status;
}

/* ---------------------------------------------------------------- triples */

/* *spare is how many products without an entry in L the file may still have. */
static fm_status make_reading(const fm_scanner *scanner, fm_triple *t, uint32_t *spare,
                              fm_reading *reading)
{
    uint32_t rank = t->rows[0];
    size_t given = t->cells[0].count;
    bool lrp = t->rows[1] == rank && t->columns[2] == rank;
    bool lpr = !lrp && t->columns[1] == rank && t->rows[2] == rank;
    if (!lrp && !lpr)
        return fm_scan_refuse(scanner,
                              "the matrices are of %u x %u, %u x %u and %u x %u; the rows of L and "
                              "R and the columns of P are the products",
                              rank, t->columns[0], t->rows[1], t->columns[1], t->rows[2],
                              t->columns[2]);
    if (rank > given && rank - given > *spare)
        return fm_scan_refuse(scanner, "L has %u rows, most of them without an entry", rank);
    *spare -= rank > given ? rank - (uint32_t)given : 0;
    fm_triple_transpose(t, lrp ? 2 : 1);
    for (int matrix = 0; matrix < 3; matrix++) {
        size_t most;
        int axis = lpr && matrix > 0 ? 3 - matrix : matrix;
        if (t->columns[matrix] > FM_EXTENT_MAX)
            return fm_scan_refuse(scanner, "%c has %u entries of its matrix, above %d", "LRP"[axis],
                                  t -> columns[matrix], FM_EXTENT_MAX);
        fm_cells_to_factors(&t->cells[matrix], rank, t->columns[matrix], scanner->laurents, &most,
                            &reading->factors[axis]);
        if (most > 1)
            return fm_scan_refuse(scanner, "%c has two entries at one place", "LRP"[axis]);
    }
    reading->usual = FM_W_OF_C;
    return FM_OK;
}

/* All triples of one text. */
static fm_status read_triples(fm_scanner *scanner, fm_reading_list *list)
{
    fm_triple t = {0};
    uint32_t spare = SPARE_MAX;
    fm_status status = fm_scan_comments(scanner);
    while (status == FM_OK && *scanner->at != '\0') {
        fm_reading *reading = fm_reading_list_add(list);
        reading->line = scanner->line;
        fm_scan_state(scanner, reading);
        for (int axis = 0; axis < 3 && status == FM_OK; axis++)
            status = read_matrix(scanner, &t, axis);
        if (status == FM_OK)
            status = make_reading(scanner, &t, &spare, reading);
        fm_triple_clear(&t);
        if (status == FM_OK) {
            scanner->has_ring = false;
            status = fm_scan_comments(scanner);
        }
    }
    return status;
}

/* ---------------------------------------------------------------- three files */

/* Where in a path the letter stands that says which matrix of the three it is: X_L.sms; NULL. */
static const char *matrix_letter(const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(base, '.'), *end = dot != NULL ? dot : base + strlen(base);
    if (end == base || strchr("LRPlrp", end[-1]) == NULL)
        return NULL;
    return end - 1 == base || strchr("_-.", end[-2]) != NULL ? end - 1 : NULL;
}

int fm_sms_axis(const char *path)
{
    const char *letter = matrix_letter(path);
    if (letter == NULL)
        return -1;
    return (int)(strchr("LRP", toupper((unsigned char)*letter)) - "LRP");
}

char *fm_sms_beside(const char *path, int axis)
{
    const char *letter = matrix_letter(path);
    char *beside = fm_strdup(path);
    char wanted = "LRP"[axis];
    beside[letter - path] =
        islower((unsigned char)*letter) ? (char)tolower((unsigned char)wanted) : wanted;
    return beside;
}

static fm_status read_file(const char *path, fm_triple *t, int axis, fm_laurents *laurents,
                           fm_reading *reading, fm_error *error)
{
    fm_scanner scanner;
    char *text, buffer[32];
    size_t length;
    fm_status status = fm_file_read(path, &text, &length, error);
    if (status != FM_OK)
        return status;
    status = fm_scanner_init(&scanner, text, length, path, error);
    scanner.laurents = laurents;
    if (status == FM_OK)
        status = read_matrix(&scanner, t, axis);
    if (status == FM_OK)
        status = fm_scan_comments(&scanner);
    if (status == FM_OK && *scanner.at != '\0')
        status = fm_scan_refuse(&scanner, "expected the end of the file, found %s",
                                fm_scan_show(&scanner, buffer));
    if (status == FM_OK && axis == 0)
        fm_scan_state(&scanner, reading);
    free(text);
    return status;
}

static fm_status read_files(const char *path, fm_reading_list *list, fm_error *error)
{
    fm_triple t = {0};
    uint32_t spare = SPARE_MAX;
    fm_status status = FM_OK;
    fm_reading *reading = fm_reading_list_add(list);
    for (int axis = 0; axis < 3 && status == FM_OK; axis++) {
        char *beside = fm_sms_beside(path, axis);
        status = read_file(beside, &t, axis, list->laurents, reading, error);
        free(beside);
    }
    fm_scanner scanner = {
        .line = t.line[0], .name = path, .error = error, .laurents = list->laurents};
    if (status == FM_OK)
        status = make_reading(&scanner, &t, &spare, reading);
    fm_triple_clear(&t);
    return status;
}

/* A text with one matrix is one of three files. */
static fm_status read_sms(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    fm_scanner scanner;
    fm_triple first = {0};
    fm_status status = fm_scanner_init(&scanner, input->text, input->length, input->name, error);
    scanner.laurents = list->laurents;
    if (status != FM_OK)
        return status;
    fm_scanner ahead = scanner;
    bool beside = input->path != NULL && fm_sms_axis(input->path) >= 0;
    status = read_matrix(&ahead, &first, 0);
    fm_triple_clear(&first);
    if (status == FM_OK)
        status = fm_scan_comments(&ahead);
    if (status != FM_OK)
        return status;
    if (*ahead.at != '\0')
        return read_triples(&scanner, list);
    if (!beside)
        return fm_scan_refuse(&ahead, "one matrix; a scheme is three, in one file or in files "
                                      "X_L.sms, X_R.sms and X_P.sms");
    return read_files(input->path, list, error);
}

/* Two numbers and a word. */
static bool recognize_sms(const fm_input *input)
{
    fm_scanner scanner = {.at = fm_scan_start(input->text)};
    for (int i = 0; i < 2; i++) {
        size_t digits = strspn(scanner.at, "0123456789");
        scanner.at += digits;
        if (digits == 0 || strspn(scanner.at, " \t") == 0)
            return false;
        fm_scan_spaces(&scanner);
    }
    return isalpha((unsigned char)scanner.at[0]) && strchr(" \t\r\n", scanner.at[1]) != NULL;
}

/* ---------------------------------------------------------------- writing */

/* L and R by rows, which are products. */
static void write_rows(const fm_scheme *scheme, int axis, FILE *file)
{
    const fm_factors *f = &scheme->factors[axis];
    fprintf(file, "%u %u R\n", f->rank, f->extent);
    for (uint32_t r = 0; r < f->rank; r++)
        for (size_t e = f->start[r]; e < f->start[r + 1]; e++) {
            fprintf(file, "%u %u ", r + 1, f->index[e] + 1);
            fm_scheme_print_number(file, scheme, &f->value[e]);
            fputc('\n', file);
        }
    fputs("0 0 0\n", file);
}

/* P by rows, which are entries of C. */
static void write_columns(const fm_scheme *scheme, FILE *file)
{
    const fm_factors *f = &scheme->factors[2];
    size_t *next = fm_alloc(f->rank, sizeof *next); /* of each row, by ascending index */
    memcpy(next, f->start, f->rank * sizeof *next);
    fprintf(file, "%u %u R\n", f->extent, f->rank);
    for (uint32_t k = 0; k < f->extent; k++)
        for (uint32_t r = 0; r < f->rank; r++)
            if (next[r] < f->start[r + 1] && f->index[next[r]] == k) {
                fprintf(file, "%u %u ", k + 1, r + 1);
                fm_scheme_print_number(file, scheme, &f->value[next[r]++]);
                fputc('\n', file);
            }
    fputs("0 0 0\n", file);
    free(next);
}

void fm_sms_write_matrix(const fm_scheme *scheme, int axis, FILE *file)
{
    if (axis == 0)
        fm_write_directives(scheme, false, "# ", "\n", file);
    if (axis < 2)
        write_rows(scheme, axis, file);
    else
        write_columns(scheme, file);
}

fm_status fm_sms_can_write(const fm_scheme *scheme, fm_error *error)
{
    if (fm_tensor_is_matmul(scheme->tensor, NULL))
        return FM_OK;
    return fm_fail(error, FM_BAD_INPUT,
                   "%s is no matrix product, which the matrices of a triple do not show",
                   scheme->tensor->name);
}

static fm_status write_sms(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    fm_status status = fm_sms_can_write(scheme, error);
    for (int axis = 0; axis < 3 && status == FM_OK; axis++)
        fm_sms_write_matrix(scheme, axis, file);
    return status;
}

const fm_scheme_format fm_scheme_format_sms = {
    .kind = FM_FILE_SMS,
    .name = "sms",
    .many = true,
    .has_laurents = true,
    .recognize = recognize_sms,
    .read = read_sms,
    .write = write_sms,
};
