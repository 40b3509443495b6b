#include "archive.h"

#include "error.h"
#include "memory.h"

#include <stdlib.h>
#include <string.h>
#include <zip.h>

struct fm_archive {
    zip_t *zip;
    size_t count;
    size_t unpacked; /* bytes of the members read so far */
};

static fm_status fail_zip(fm_error *error, fm_status status, const char *what, zip_error_t *reason)
{
    fm_fail(error, status, "%s: %s", what, zip_error_strerror(reason));
    zip_error_fini(reason);
    return status;
}

bool fm_archive_is_zip(const void *bytes, size_t length)
{
    return length >= 4 &&
           (memcmp(bytes, "PK\003\004", 4) == 0 || memcmp(bytes, "PK\005\006", 4) == 0);
}

fm_status fm_archive_open(const void *bytes, size_t length, fm_archive **out, fm_error *error)
{
    zip_error_t reason;
    zip_error_init(&reason);
    *out = NULL;
    zip_source_t *source = zip_source_buffer_create(bytes, length, 0, &reason);
    zip_t *zip = source != NULL ? zip_open_from_source(source, ZIP_RDONLY, &reason) : NULL;
    if (zip == NULL) {
        zip_source_free(source);
        return fail_zip(error, FM_BAD_INPUT, "damaged zip archive", &reason);
    }
    zip_error_fini(&reason);
    zip_int64_t count = zip_get_num_entries(zip, 0);
    if (count < 1 || count > FM_ARCHIVE_MEMBERS_MAX) {
        zip_discard(zip);
        return fm_fail(error, FM_BAD_INPUT,
                       count < 1 ? "an archive without members" : "more than %d members",
                       FM_ARCHIVE_MEMBERS_MAX);
    }
    *out = fm_alloc_zero(1, sizeof **out);
    (*out)->zip = zip;
    (*out)->count = (size_t)count;
    return FM_OK;
}

void fm_archive_close(fm_archive *archive)
{
    if (archive != NULL)
        zip_discard(archive->zip);
    free(archive);
}

size_t fm_archive_count(const fm_archive *archive)
{
    return archive->count;
}

const char *fm_archive_name(const fm_archive *archive, size_t member)
{
    const char *name = zip_get_name(archive->zip, member, 0);
    return name != NULL ? name : "";
}

/* Whether the member is of a kind that is read, and its size. */
static fm_status inspect(fm_archive *archive, size_t member, size_t *length, fm_error *error)
{
    zip_stat_t stat;
    const zip_uint64_t wanted = ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD;
    if (zip_stat_index(archive->zip, member, 0, &stat) != 0 || (stat.valid & wanted) != wanted)
        return fm_fail(error, FM_BAD_INPUT, "a damaged member of a zip archive");
    if (stat.encryption_method != ZIP_EM_NONE)
        return fm_fail(error, FM_BAD_INPUT, "an encrypted member of a zip archive");
    if (stat.comp_method != ZIP_CM_STORE && stat.comp_method != ZIP_CM_DEFLATE)
        return fm_fail(error, FM_BAD_INPUT,
                       "a member packed by method %u; read are those stored or deflated",
                       stat.comp_method);
    if (stat.size > FM_ARCHIVE_SIZE_MAX - archive->unpacked)
        return fm_fail(error, FM_BAD_INPUT, "the archive unpacks to more than %zu MiB",
                       FM_ARCHIVE_SIZE_MAX >> 20);
    *length = (size_t)stat.size;
    return FM_OK;
}

fm_status fm_archive_read(fm_archive *archive, size_t member, uint8_t **bytes, size_t *length,
                          fm_error *error)
{
    *bytes = NULL;
    fm_status status = inspect(archive, member, length, error);
    if (status != FM_OK)
        return status;
    zip_file_t *file = zip_fopen_index(archive->zip, member, 0);
    if (file == NULL)
        return fm_fail(error, FM_BAD_INPUT, "a damaged member of a zip archive: %s",
                       zip_strerror(archive->zip));
    archive->unpacked += *length;
    *bytes = fm_alloc(*length + 1, 1);
    /* One byte more than there should be: the checksum is looked at when the end is read. */
    zip_int64_t size = zip_fread(file, *bytes, *length + 1);
    char past;
    bool good = size == (zip_int64_t)*length && zip_fread(file, &past, 1) == 0;
    good = zip_fclose(file) == 0 && good;
    if (good)
        return FM_OK;
    free(*bytes);
    *bytes = NULL;
    return fm_fail(error, FM_BAD_INPUT, "a damaged member of a zip archive");
}

/* ---------------------------------------------------------------- writing */

static bool add_member(zip_t *zip, const fm_archive_member *member)
{
    zip_source_t *source = zip_source_buffer(zip, member->bytes, member->length, 0);
    zip_int64_t index = zip_file_add(zip, member->name, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return false;
    }
    return zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_DEFLATE, 0) == 0 &&
           zip_file_set_dostime(zip, (zip_uint64_t)index, 0, 1 << 5 | 1, 0) == 0; /* 1980-01-01 */
}

static bool copy_source(zip_source_t *source, FILE *file)
{
    char buffer[1 << 16];
    zip_int64_t size;
    if (zip_source_open(source) != 0)
        return false;
    while ((size = zip_source_read(source, buffer, sizeof buffer)) > 0)
        fwrite(buffer, 1, (size_t)size, file);
    zip_source_close(source);
    return size == 0;
}

fm_status fm_archive_write(const fm_archive_member *members, size_t count, FILE *file,
                           fm_error *error)
{
    zip_error_t reason;
    zip_error_init(&reason);
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &reason);
    zip_t *zip = source != NULL ? zip_open_from_source(source, ZIP_TRUNCATE, &reason) : NULL;
    if (zip == NULL) {
        zip_source_free(source);
        return fail_zip(error, FM_IO, "writing a zip archive", &reason);
    }
    zip_error_fini(&reason);
    zip_source_keep(source); /* closing the archive gives its own hold back */
    bool good = true;
    for (size_t m = 0; m < count && good; m++)
        good = add_member(zip, &members[m]);
    if (good)
        good = zip_close(zip) == 0;
    else
        zip_discard(zip);
    good = good && copy_source(source, file);
    zip_source_free(source);
    return good ? FM_OK : fm_fail(error, FM_IO, "a zip archive could not be made");
}
