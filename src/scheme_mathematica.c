/* Schemes as nested lists of Mathematica: {{{{1, 0}, {0, 1}}, {...}, {...}}, ...}, three matrices a
   product, the third usually for the transpose of C, or as three large matrices, {L, R, P};
   docs/scheme-file.md. */
#include "error.h"
#include "matrices.h"
#include "scheme_file.h"
#include "sparse_array.h"
#include "triple.h"

#include <ctype.h>
#include <string.h>

/* Passes over blanks and comments (* ... *). */
static fm_status skip(fm_scanner *scanner)
{
    for (fm_scan_blanks(scanner); strncmp(scanner->at, "(*", 2) == 0; fm_scan_blanks(scanner)) {
        const char *end = strstr(scanner->at, "*)");
        if (end == NULL)
            return fm_scan_refuse(scanner, "a comment without an end");
        size_t length = (size_t)(end - scanner->at) - 2;
        fm_status status = fm_scan_directive(scanner, scanner->at + 2, length);
        if (status != FM_OK)
            return status;
        for (; scanner->at < end; scanner->at++)
            scanner->line += *scanner->at == '\n';
        scanner->at += 2;
    }
    return FM_OK;
}

/* NAME = */
static void skip_assignment(fm_scanner *scanner)
{
    fm_scanner ahead = *scanner;
    while (isalnum((unsigned char)*ahead.at))
        ahead.at++;
    if (ahead.at > scanner->at && fm_scan_char(&ahead, '='))
        *scanner = ahead;
}

static fm_status read_product(fm_matrices *in, fm_factors factors[3])
{
    fm_status status = fm_scan_expect(in->scanner, '{');
    for (int axis = 0; axis < 3 && status == FM_OK; axis++) {
        status = fm_matrices_read(in, axis, &factors[axis]);
        if (status == FM_OK)
            status = fm_scan_expect(in->scanner, ",,}"[axis]);
    }
    return status;
}

static fm_status read_products(fm_matrices *in, fm_reading *reading)
{
    fm_status status = fm_scan_expect(in->scanner, '{');
    do {
        if (status == FM_OK)
            status = read_product(in, reading->factors);
        if (status != FM_OK)
            return status;
    } while (fm_scan_char(in->scanner, ','));
    return fm_scan_expect(in->scanner, '}');
}

static fm_status read_list(fm_scanner *scanner, fm_reading *reading)
{
    fm_matrices in;
    fm_matrices_init(&in, scanner, '{', '}');
    fm_status status = read_products(&in, reading);
    fm_matrices_state(&in, reading);
    fm_matrices_clear(&in);
    return status;
}

/* Whether the list that comes next is one of three matrices, and not of products. */
static bool is_triple(const fm_scanner *scanner)
{
    fm_scanner ahead = *scanner;
    if (!fm_scan_char(&ahead, '{'))
        return false;
    if (fm_sparse_array_is_next(&ahead))
        return true;
    if (!fm_scan_char(&ahead, '{') || fm_sparse_array_is_next(&ahead) || !fm_scan_char(&ahead, '{'))
        return false;
    fm_scan_blanks(&ahead);
    return *ahead.at != '{';
}

/* {L, R, P}. */
static fm_status read_triple(fm_scanner *scanner, fm_reading_list *list)
{
    fm_triple t = {0};
    fm_status status = fm_scan_expect(scanner, '{');
    for (int matrix = 0; matrix < 3 && status == FM_OK; matrix++) {
        status = fm_triple_read(&t, matrix, scanner, '{', '}');
        if (status == FM_OK)
            status = fm_scan_expect(scanner, ",,}"[matrix]);
    }
    if (status == FM_OK)
        status = fm_triple_state(&t, scanner, false, list);
    fm_triple_clear(&t);
    return status;
}

static fm_status end_file(fm_scanner *scanner)
{
    char buffer[32];
    fm_scan_char(scanner, ';');
    fm_status status = skip(scanner);
    if (status == FM_OK && *scanner->at != '\0')
        status = fm_scan_refuse(scanner, "expected the end of the file, found %s",
                                fm_scan_show(scanner, buffer));
    return status;
}

static fm_status read_mathematica(const fm_input *input, fm_reading_list *list, fm_error *error)
{
    fm_scanner scanner;
    fm_status status = fm_scanner_init(&scanner, input->text, input->length, input->name, error);
    scanner.laurents = list->laurents;
    if (status == FM_OK)
        status = skip(&scanner);
    if (status != FM_OK)
        return status;
    skip_assignment(&scanner);
    if (is_triple(&scanner))
        status = read_triple(&scanner, list);
    else
        status = read_list(&scanner, fm_reading_list_add(list));
    return status == FM_OK ? end_file(&scanner) : status;
}

/* Two opening braces, or one and a SparseArray: JSON has a key behind the first. */
static bool recognize_mathematica(const fm_input *input)
{
    fm_scanner scanner = {.at = fm_scan_start(input->text)};
    while (strncmp(scanner.at, "(*", 2) == 0) {
        const char *end = strstr(scanner.at, "*)");
        if (end == NULL)
            return false;
        scanner.at = end + 2;
        fm_scan_blanks(&scanner);
    }
    skip_assignment(&scanner);
    return fm_scan_char(&scanner, '{') &&
           (fm_scan_char(&scanner, '{') || fm_sparse_array_is_next(&scanner));
}

static fm_status write_mathematica(const fm_scheme *scheme, FILE *file, fm_error *error)
{
    if (!fm_tensor_is_matmul(scheme->tensor, NULL))
        return fm_fail(error, FM_BAD_INPUT,
                       "%s is no matrix product, and Mathematica's lists "
                       "have no other",
                       scheme->tensor->name);
    fm_write_directives(scheme, false, "(* ", " *)\n", file);
    for (uint32_t r = 0; r < scheme->rank; r++) {
        fputs(r == 0 ? "{{" : ",\n {", file);
        for (int axis = 0; axis < 3; axis++) {
            fputs(axis > 0 ? ", " : "", file);
            fm_matrices_write(scheme, axis, r, '{', '}', file);
        }
        fputc('}', file);
    }
    fputs("}\n", file);
    return FM_OK;
}

const fm_scheme_format fm_scheme_format_mathematica = {
    .kind = FM_FILE_MATHEMATICA,
    .name = "mathematica",
    .has_laurents = true,
    .recognize = recognize_mathematica,
    .read = read_mathematica,
    .write = write_mathematica,
};
