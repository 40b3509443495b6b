#include "verdict.h"

#include "memory.h"
#include "print.h"
#include "scheme.h"
#include "scheme_print.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VALUES_MAX = 16, VALUES_SHOWN = 6, DIGITS_SHOWN = 24 };

static json_t *coefficients_json(const fm_scheme *scheme)
{
    size_t count;
    const fmpq **list = fm_scheme_coefficients(scheme, &count);
    json_t *object = json_object(), *values = json_array();
    json_object_set_new(object, "count", json_integer((json_int_t)count));
    json_object_set_new(object, "values", values);
    for (size_t i = 0; i < count && i < VALUES_MAX; i++) {
        char *text = fmpq_get_str(NULL, 10, list[i]);
        json_array_append_new(values, json_string(text));
        flint_free(text);
    }
    free(list);
    return object;
}

/* "coefficients -1, 1", or "9 distinct coefficients: -2, -1, ..., 2". */
static void print_coefficients(FILE *out, const fm_scheme *scheme)
{
    size_t count;
    const fmpq **list = fm_scheme_coefficients(scheme, &count);
    if (count > VALUES_SHOWN)
        fprintf(out, "%zu distinct ", count);
    fputs(count == 1 ? "coefficient " : "coefficients ", out);
    for (size_t i = 0; i < count; i++) {
        if (count > VALUES_SHOWN && i >= VALUES_SHOWN / 2 && i + VALUES_SHOWN / 2 < count)
            continue;
        char *text = fmpq_get_str(NULL, 10, list[i]);
        bool skipped = count > VALUES_SHOWN && i + VALUES_SHOWN / 2 == count;
        fprintf(out, "%s%s%.*s%s", i > 0 ? ", " : "", skipped ? "..., " : "", DIGITS_SHOWN, text,
                strlen(text) > DIGITS_SHOWN ? "..." : "");
        flint_free(text);
    }
    free(list);
}

static json_t *inferred_json(const fm_origin *origin)
{
    json_t *array = json_array();
    if (origin->tensor_inferred)
        json_array_append_new(array, json_string("format"));
    if (origin->w_order_inferred)
        json_array_append_new(array, json_string("transposed"));
    if (origin->ring_inferred)
        json_array_append_new(array, json_string("ring"));
    return array;
}

void cli_verdict_json(FILE *out, const char *path, size_t index, const fm_scheme *scheme,
                      const fm_verdict *verdict)
{
    char name[FM_RING_NAME_SIZE];
    json_t *object = json_object();
    const fm_origin *origin = fm_scheme_origin(scheme);
    json_object_set_new(object, "file", fm_json_string(path));
    json_object_set_new(object, "index", json_integer((json_int_t)index));
    if (origin != NULL && origin->entry != NULL)
        json_object_set_new(object, "entry", fm_json_string(origin->entry));
    json_object_set_new(object, "valid", json_boolean(verdict->valid));
    json_object_set_new(object, "ring",
                        verdict->valid ? json_string(fm_ring_name(verdict->ring, name))
                                       : json_null());
    json_object_set_new(object, "format", fm_json_string(fm_tensor_name(scheme->tensor)));
    json_object_set_new(object, "rank", json_integer(fm_scheme_rank(scheme)));
    json_object_set_new(object, "additions", json_integer((json_int_t)fm_scheme_additions(scheme)));
    json_object_set_new(object, "exponent", cli_json_real(fm_scheme_exponent(scheme)));
    json_object_set_new(object, "coefficients", coefficients_json(scheme));
    json_object_set_new(object, "kind", json_string(fm_file_kind_name(origin->kind)));
    json_object_set_new(object, "transposed", json_boolean(origin->w_order == FM_W_OF_TRANSPOSE));
    json_object_set_new(object, "inferred", inferred_json(origin));
    cli_print_json_to(out, object);
}

void cli_verdict_error_json(FILE *out, const char *path, size_t index, const fm_error *error)
{
    json_t *object = json_object();
    json_object_set_new(object, "file", fm_json_string(path));
    json_object_set_new(object, "index", json_integer((json_int_t)index));
    json_object_set_new(object, "valid", json_false());
    json_object_set_new(object, "ring", json_null());
    json_object_set_new(object, "format", json_null());
    json_object_set_new(object, "rank", json_null());
    json_object_set_new(object, "additions", json_null());
    json_object_set_new(object, "error", fm_json_string(error->message));
    cli_print_json_to(out, object);
}

/* What the file does not say and how it was understood: "; from exp: format, W for the transpose of
   C, ring f2". */
static void print_inferred(FILE *out, const fm_scheme *scheme)
{
    char ring[FM_RING_NAME_SIZE];
    const char *separator = "";
    const fm_origin *origin = fm_scheme_origin(scheme);
    if (!origin->tensor_inferred && !origin->w_order_inferred && !origin->ring_inferred)
        return;
    fprintf(out, "; inferred from %s: ", fm_file_kind_name(origin->kind));
    if (origin->tensor_inferred) {
        fputs("format", out);
        separator = ", ";
    }
    if (origin->w_order_inferred) {
        fprintf(out, "%sW for %s", separator,
                origin->w_order == FM_W_OF_TRANSPOSE ? "the transpose of C" : "C itself");
        separator = ", ";
    }
    if (origin->ring_inferred)
        fprintf(out, "%sring %s", separator, fm_ring_name(scheme->ring, ring));
}

void cli_verdict_text(FILE *out, const char *label, const fm_scheme *scheme,
                      const fm_verdict *verdict)
{
    char ring[FM_RING_NAME_SIZE], a[FM_ENTRY_NAME_SIZE], b[FM_ENTRY_NAME_SIZE],
        c[FM_ENTRY_NAME_SIZE];
    const fm_tensor *tensor = scheme->tensor;
    fprintf(out, "%s: %s, rank %u, ", label, fm_tensor_name(tensor), fm_scheme_rank(scheme));
    fm_ring_name(verdict->ring, ring);
    if (!verdict->valid) {
        fprintf(out, "does not hold over %s: %s %s in %s should be %s and is %s", ring,
                fm_entry_name(tensor, 0, verdict->i, a), fm_entry_name(tensor, 1, verdict->j, b),
                fm_entry_name(tensor, 2, verdict->k, c), verdict->expected, verdict->actual);
    } else {
        fprintf(out, "holds over %s; %" PRIu64 " additions", ring, fm_scheme_additions(scheme));
        if (isfinite(fm_scheme_exponent(scheme)))
            fprintf(out, ", exponent %.3f", fm_scheme_exponent(scheme));
        fputs(", ", out);
        print_coefficients(out, scheme);
    }
    print_inferred(out, scheme);
    fputc('\n', out);
}
