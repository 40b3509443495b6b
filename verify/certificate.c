/* Certificates: docs/certificate.md says what they look like, and scripts/check_certificate.py is
   the checker that shares no code with this program. */
#include "error.h"
#include "json.h"
#include "number.h"
#include "scheme.h"

/* A value as JSON: an integer that every reader holds exactly as a number, others as a string. */
static void write_value(const fmpq_t value, FILE *file)
{
    bool plain = fmpz_is_one(fmpq_denref(value)) && fmpz_bits(fmpq_numref(value)) <= 53;
    fputs(plain ? "" : "\"", file);
    fm_number_print(file, value);
    fputs(plain ? "" : "\"", file);
}

static void write_tensor(const fm_tensor *tensor, FILE *file)
{
    fmpq_t value;
    json_t *name = fm_json_string(tensor->name);
    fputs("\"tensor\": {\"name\": ", file);
    json_dumpf(name, file, JSON_ENCODE_ANY);
    json_decref(name);
    if (fm_tensor_is_matmul(tensor, NULL)) {
        fprintf(file, ", \"format\": [%u, %u, %u]}", tensor->format[0], tensor->format[1],
                tensor->format[2]);
        return;
    }
    fprintf(file, ", \"shape\": [%u, %u, %u], \"entries\": [", tensor->extent[0], tensor->extent[1],
            tensor->extent[2]);
    fmpq_init(value);
    for (size_t e = 0; e < tensor->entry_count; e++) {
        const fm_tensor_entry *entry = &tensor->entries[e];
        fprintf(file, "%s[%u, %u, %u, ", e > 0 ? ", " : "", entry->i, entry->j, entry->k);
        fmpq_set_fmpz(value, &entry->value);
        write_value(value, file);
        fputc(']', file);
    }
    fmpq_clear(value);
    fputs("]}", file);
}

static void write_factors(const fm_factors *factors, FILE *file)
{
    fputc('[', file);
    for (uint32_t r = 0; r < factors->rank; r++) {
        fputs(r > 0 ? ", [" : "[", file);
        for (size_t e = factors->start[r]; e < factors->start[r + 1]; e++) {
            fprintf(file, "%s[%u, ", e > factors->start[r] ? ", " : "", factors->index[e]);
            write_value(&factors->value[e], file);
            fputc(']', file);
        }
        fputc(']', file);
    }
    fputc(']', file);
}

static void write_certificate(const fm_scheme *canonical, const fm_verdict *verdict, FILE *file)
{
    char hash[FM_HASH_SIZE], ring[FM_RING_NAME_SIZE];
    fm_scheme_hash(canonical, hash);
    fputs("{\"certificate\": 1, ", file);
    write_tensor(canonical->tensor, file);
    fprintf(file, ", \"ring\": \"%s\", \"rank\": %u, \"valid\": %s, ",
            fm_ring_name(canonical->ring, ring), canonical->rank,
            verdict->valid ? "true" : "false");
    if (!verdict->valid)
        fprintf(file,
                "\"fails\": {\"at\": [%u, %u, %u], \"expected\": \"%s\", \"actual\": \"%s\"}, ",
                verdict->i, verdict->j, verdict->k, verdict->expected, verdict->actual);
    fprintf(file, "\"hash\": \"%s\"", hash);
    for (int axis = 0; axis < 3; axis++) {
        fprintf(file, ", \"%c\": ", "uvw"[axis]);
        write_factors(&canonical->factors[axis], file);
    }
    fputs("}\n", file);
}

fm_status fm_certificate_write(const fm_scheme *scheme, const fm_verdict *verdict, FILE *file,
                               fm_error *error)
{
    fm_scheme *image;
    fm_status status = fm_scheme_to_ring(scheme, verdict->ring, &image, error);
    if (status != FM_OK)
        return status;
    fm_scheme *canonical = fm_scheme_canonical(image);
    write_certificate(canonical, verdict, file);
    fm_scheme_free(canonical);
    fm_scheme_free(image);
    return ferror(file) ? fm_fail(error, FM_IO, "the certificate could not be written") : FM_OK;
}
