/* Scheme files of any content: they are read or refused with a message, and what is read reads back
   as the same scheme from every kind in which it can be written. */
#include "archive.h"
#include "memory.h"
#include "property.h"
#include "random.h"
#include "scheme.h"

#include <string.h>

/* Of a scheme that is written in all kinds, numbers in its factor matrices. */
enum { NUMBERS_MAX = 5000 };

/* ---------------------------------------------------------------- reading back */

static bool holds(const fm_scheme *scheme)
{
    fm_verdict verdict;
    fm_status status = fm_verify(scheme, scheme->tensor, scheme->ring, &verdict, NULL);
    fm_verdict_clear(&verdict);
    return status == FM_OK;
}

/* Whether text, written from a scheme with this hash, reads back as it. */
static bool reads_back(const char *text, size_t length, const fm_read_options *options,
                       const char *hash)
{
    fm_error error;
    fm_scheme_list list;
    char back[FM_HASH_SIZE];
    fm_status status = fm_scheme_parse_as(text, length, "again", options, &list, &error);
    require(status == FM_OK, "%s\n%.*s", error.message, (int)length, text);
    require(list.count == 1, "%zu schemes\n%.*s", list.count, (int)length, text);
    fm_scheme_hash(list.schemes[0], back);
    fm_scheme_list_free(&list);
    return strcmp(back, hash) == 0;
}

/* What does not hold may hold, or not, with W in either order; of which the file says nothing. */
static bool reads_back_in_some_order(const char *text, size_t length, const fm_scheme *scheme,
                                     const char *hash)
{
    bool found = false;
    for (int order = FM_W_OF_C; order <= FM_W_OF_TRANSPOSE && !found; order++) {
        fm_read_options options = {.w_order = (fm_w_order)order, .ring = &scheme->ring};
        fm_scheme_list list;
        if (fm_scheme_parse_as(text, length, "again", &options, &list, NULL) != FM_OK)
            continue;
        fm_scheme_list_free(&list);
        found = reads_back(text, length, &options, hash);
    }
    return found;
}

static void check_kind(const fm_scheme *scheme, fm_file_kind kind)
{
    fm_error error = {""};
    char hash[FM_HASH_SIZE], *text;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    fm_status status = fm_scheme_write(scheme, kind, file, &error);
    fclose(file);
    fm_scheme_hash(scheme, hash);
    require(status == FM_OK || error.message[0] != '\0', "%s", fm_file_kind_name(kind));
    bool same = status != FM_OK || reads_back(text, length, NULL, hash) ||
                (!holds(scheme) && reads_back_in_some_order(text, length, scheme, hash));
    require(same, "%s gives another scheme:\n%.*s", fm_file_kind_name(kind), (int)length, text);
    free(text);
}

static void check_scheme(const fm_scheme *scheme)
{
    static const fm_file_kind kinds[] = {
        FM_FILE_JSON,  FM_FILE_TEXT, FM_FILE_EXP,          FM_FILE_EQUATIONS, FM_FILE_MATHEMATICA,
        FM_FILE_MAPLE, FM_FILE_SMS,  FM_FILE_COEFFICIENTS, FM_FILE_NPZ,
    };
    uint64_t numbers = 0;
    for (int axis = 0; axis < 3; axis++)
        numbers += (uint64_t)scheme->tensor->extent[axis] * scheme->rank;
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0] && numbers <= NUMBERS_MAX; k++)
        check_kind(scheme, kinds[k]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
    fm_error error = {""};
    fm_scheme_list list;
    fm_status status = fm_scheme_parse((const char *)bytes, length, "fuzz", &list, &error);
    require(status == FM_OK || status == FM_BAD_INPUT, "status %d", (int)status);
    require((status == FM_OK) == (error.message[0] == '\0'), "'%s'", error.message);
    require((status == FM_OK) == (list.count > 0), "%zu schemes", list.count);
    for (size_t s = 0; s < list.count && s < 2; s++)
        check_scheme(list.schemes[s]);
    fm_scheme_list_free(&list);
    return 0;
}

/* ---------------------------------------------------------------- archives */

/* libFuzzer's: its own mutations, and the hook by which it calls ours instead. */
size_t LLVMFuzzerMutate(uint8_t *bytes, size_t length, size_t capacity);
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t capacity, unsigned seed);

enum { MEMBERS_MAX = 16 };

/* Room for mutations. */
static void copy_member(fm_archive_member *member, const char *name, uint8_t *bytes, size_t length,
                        size_t room)
{
    member->name = fm_strdup(name);
    member->bytes = (char *)fm_realloc(bytes, length + room, 1);
    member->length = length;
}

static size_t unpack(const uint8_t *bytes, size_t length, size_t room,
                     fm_archive_member members[MEMBERS_MAX])
{
    fm_archive *archive;
    size_t count = 0;
    if (fm_archive_open(bytes, length, &archive, NULL) != FM_OK)
        return 0;
    for (size_t m = 0; m < fm_archive_count(archive) && count < MEMBERS_MAX; m++) {
        uint8_t *content;
        size_t size;
        if (fm_archive_read(archive, m, &content, &size, NULL) != FM_OK)
            continue;
        copy_member(&members[count++], fm_archive_name(archive, m), content, size, room);
    }
    fm_archive_close(archive);
    return count;
}

/* A name, or the content, becomes another. */
static void mutate_member(fm_archive_member *member, size_t room, fm_random *random)
{
    if (fm_random_below(random, 8) > 0) {
        member->length =
            LLVMFuzzerMutate((uint8_t *)member->bytes, member->length, member->length + room);
        return;
    }
    char name[64] = "";
    snprintf(name, sizeof name - 1, "%s", member->name);
    size_t length = LLVMFuzzerMutate((uint8_t *)name, strlen(name), sizeof name - 1);
    name[length] = '\0';
    free(member->name);
    member->name = fm_strdup(name);
}

/* 0 when there is no archive of them, as with names that are no UTF-8, or it is too large. */
static size_t pack(const fm_archive_member *members, size_t count, uint8_t *bytes, size_t capacity)
{
    char *text;
    size_t length;
    FILE *file = open_memstream(&text, &length);
    fm_status status = fm_archive_write(members, count, file, NULL);
    fclose(file);
    bool good = status == FM_OK && length <= capacity;
    if (good)
        memcpy(bytes, text, length);
    free(text);
    return good ? length : 0;
}

/* A change to the bytes of an archive mostly breaks a checksum, so members are changed and packed
   again. */
size_t LLVMFuzzerCustomMutator(uint8_t *bytes, size_t length, size_t capacity, unsigned seed)
{
    enum { ROOM = 64 };
    fm_archive_member members[MEMBERS_MAX];
    fm_random random;
    size_t packed = 0;
    fm_random_seed(&random, seed, 0);
    if (!fm_archive_is_zip(bytes, length) || fm_random_below(&random, 8) == 0)
        return LLVMFuzzerMutate(bytes, length, capacity);
    size_t count = unpack(bytes, length, ROOM, members);
    if (count > 0) {
        mutate_member(&members[fm_random_below(&random, (uint32_t)count)], ROOM, &random);
        packed = pack(members, count, bytes, capacity);
    }
    for (size_t m = 0; m < count; m++) {
        free(members[m].name);
        free(members[m].bytes);
    }
    return packed > 0 ? packed : LLVMFuzzerMutate(bytes, length, capacity);
}
