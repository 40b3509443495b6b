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

/* ring is NULL for none. */
static json_t *verdict_json(const char *path, size_t index, const fm_scheme *scheme, bool valid,
                            const char *ring)
{
    json_t *object = json_object();
    const fm_origin *origin = fm_scheme_origin(scheme);
    json_object_set_new(object, "file", fm_json_string(path));
    json_object_set_new(object, "index", json_integer((json_int_t)index));
    if (origin != NULL && origin->entry != NULL)
        json_object_set_new(object, "entry", fm_json_string(origin->entry));
    json_object_set_new(object, "valid", json_boolean(valid));
    json_object_set_new(object, "ring", ring != NULL ? json_string(ring) : json_null());
    json_object_set_new(object, "format", fm_json_string(fm_tensor_name(scheme->tensor)));
    json_object_set_new(object, "rank", json_integer(fm_scheme_rank(scheme)));
    json_object_set_new(object, "additions", json_integer((json_int_t)fm_scheme_additions(scheme)));
    json_object_set_new(object, "exponent", cli_json_real(fm_scheme_exponent(scheme)));
    json_object_set_new(object, "kind", json_string(fm_file_kind_name(origin->kind)));
    json_object_set_new(object, "transposed", json_boolean(origin->w_order == FM_W_OF_TRANSPOSE));
    json_object_set_new(object, "inferred", inferred_json(origin));
    return object;
}

/* The ring in which a scheme holds that does not hold in its own, into name; NULL when there is
   none. */
static const char *ring_elsewhere(const fm_scheme *scheme, char name[FM_RING_NAME_SIZE])
{
    fm_verdict verdict;
    if (scheme->ring.kind == FM_RING_ZP)
        return NULL;
    bool holds = fm_verify_smallest_ring(scheme, &verdict, NULL) == FM_OK;
    fm_ring ring = verdict.ring;
    fm_verdict_clear(&verdict);
    return holds ? fm_ring_name(ring, name) : NULL;
}

void cli_verdict_json(FILE *out, const char *path, size_t index, const fm_scheme *scheme,
                      const fm_verdict *verdict)
{
    char name[FM_RING_NAME_SIZE];
    const char *ring =
        verdict->valid ? fm_ring_name(verdict->ring, name) : ring_elsewhere(scheme, name);
    json_t *object = verdict_json(path, index, scheme, verdict->valid, ring);
    json_object_set_new(object, "coefficients", coefficients_json(scheme));
    cli_print_json_to(out, object);
}

static const char *border_field(const fm_border_verdict *verdict)
{
    return verdict->has_i ? "qi" : "q";
}

void cli_border_json(FILE *out, const char *path, size_t index, const fm_scheme *scheme,
                     const fm_laurents *laurents, const fm_border_verdict *verdict)
{
    const char *field = border_field(verdict);
    bool has_parameter = verdict->has_parameter;
    json_t *object = verdict_json(path, index, scheme, verdict->valid,
                                  verdict->is_exact && verdict->order == 0 ? field : NULL);
    json_object_set_new(object, "border", json_boolean(has_parameter && !verdict->is_exact));
    if (has_parameter) {
        json_object_set_new(object, "parameter", json_string(laurents->parameter));
        json_object_set_new(object, "field", json_string(field));
    }
    if (has_parameter && verdict->valid) {
        json_object_set_new(object, "order", json_integer(verdict->order));
        json_object_set_new(object, "error_powers",
                            verdict->is_exact ? json_null()
                                              : json_pack("[I, I]", (json_int_t)verdict->error_low,
                                                          (json_int_t)verdict->error_high));
    }
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

/* What the file does not say and how it was understood: "; inferred from exp: format, W for the
   transpose of C, ring f2". Of a scheme that does not hold, something else may have been meant. */
static void print_inferred(FILE *out, const fm_scheme *scheme, bool valid)
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
    if (!valid && origin->tensor_inferred)
        fputs(" (--format or --tensor fixes it)", out);
}

static void print_head(FILE *out, const char *label, const fm_scheme *scheme)
{
    fprintf(out, "%s: %s, rank %u, ", label, fm_tensor_name(scheme->tensor),
            fm_scheme_rank(scheme));
}

/* The equation that fails: "a11 b12 in c12 should be ". */
static void print_place(FILE *out, const fm_scheme *scheme, const uint32_t at[3])
{
    char name[3][FM_ENTRY_NAME_SIZE];
    for (unsigned axis = 0; axis < 3; axis++)
        fm_entry_name(scheme->tensor, axis, at[axis], name[axis]);
    fprintf(out, ": %s %s in %s should be ", name[0], name[1], name[2]);
}

static void print_costs(FILE *out, const fm_scheme *scheme)
{
    fprintf(out, "; %" PRIu64 " additions", fm_scheme_additions(scheme));
    if (isfinite(fm_scheme_exponent(scheme)))
        fprintf(out, ", exponent %.3f", fm_scheme_exponent(scheme));
}

/* "x^2", and "x" for the first power. */
static void print_power(FILE *out, const char *parameter, long exponent)
{
    fputs(parameter, out);
    if (exponent != 1)
        fprintf(out, "^%ld", exponent);
}

/* "approximate (border rank) over q: the products are the tensor + O(x), error of degree 2". */
static void print_border(FILE *out, const fm_laurents *laurents, const fm_border_verdict *verdict)
{
    const char *x = laurents->parameter, *field = border_field(verdict);
    if (verdict->is_exact && !verdict->has_parameter) {
        fprintf(out, "holds over %s", field);
        return;
    }
    if (verdict->is_exact)
        fprintf(out, "holds over %s identically in %s", field, x);
    else
        fprintf(out, "approximate (border rank) over %s", field);
    fputs(": the products are ", out);
    if (verdict->order != 0) {
        print_power(out, x, verdict->order);
        fputs(" times ", out);
    }
    fputs("the tensor", out);
    if (verdict->is_exact)
        return;
    fputs(" + O(", out);
    print_power(out, x, verdict->order + verdict->error_low);
    fprintf(out, "), error of degree %ld", verdict->order + verdict->error_high);
}

void cli_border_text(FILE *out, const char *label, const fm_scheme *scheme,
                     const fm_laurents *laurents, const fm_border_verdict *verdict)
{
    print_head(out, label, scheme);
    if (!verdict->valid) {
        bool has_parameter = verdict->has_parameter;
        fprintf(out, "does not hold over %s%s%s", border_field(verdict),
                has_parameter ? ", nor approximately in " : "",
                has_parameter ? laurents->parameter : "");
        print_place(out, scheme, (const uint32_t[]){verdict->i, verdict->j, verdict->k});
        fprintf(out, has_parameter ? "%s + ... and is %s + ..." : "%s and is %s", verdict->expected,
                verdict->actual);
    } else {
        print_border(out, laurents, verdict);
        print_costs(out, scheme);
    }
    print_inferred(out, scheme, verdict->valid);
    fputc('\n', out);
}

/* Of a scheme with coefficients in zt, z or q that holds modulo p only: where it fails there. */
static void print_failure_elsewhere(FILE *out, const fm_scheme *scheme)
{
    char ring[FM_RING_NAME_SIZE];
    fm_verdict verdict;
    if (fm_verify(scheme, scheme->tensor, scheme->ring, &verdict, NULL) == FM_NO) {
        fprintf(out, " only, not over %s", fm_ring_name(scheme->ring, ring));
        print_place(out, scheme, (const uint32_t[]){verdict.i, verdict.j, verdict.k});
        fprintf(out, "%s and is %s", verdict.expected, verdict.actual);
    }
    fm_verdict_clear(&verdict);
}

void cli_verdict_text(FILE *out, const char *label, const fm_scheme *scheme,
                      const fm_verdict *verdict)
{
    char ring[FM_RING_NAME_SIZE];
    print_head(out, label, scheme);
    fm_ring_name(verdict->ring, ring);
    if (!verdict->valid) {
        fprintf(out, "does not hold over %s", ring);
        print_place(out, scheme, (const uint32_t[]){verdict->i, verdict->j, verdict->k});
        fprintf(out, "%s and is %s", verdict->expected, verdict->actual);
        if (ring_elsewhere(scheme, ring) != NULL)
            fprintf(out, "; it holds over %s", ring);
    } else {
        fprintf(out, "holds over %s", ring);
        if (verdict->ring.kind == FM_RING_ZP && scheme->ring.kind != FM_RING_ZP)
            print_failure_elsewhere(out, scheme);
        print_costs(out, scheme);
        fputs(", ", out);
        print_coefficients(out, scheme);
    }
    print_inferred(out, scheme, verdict->valid);
    fputc('\n', out);
}
