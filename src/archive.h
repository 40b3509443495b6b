/* Zip archives, in memory: the members of one, in order, and writing one. */
#ifndef FM_ARCHIVE_H
#define FM_ARCHIVE_H

#include "fewmul.h"

/* An archive may unpack to no more than this, 512 MiB, and to no more members: what is small as a
   file must not fill the memory. */
#define FM_ARCHIVE_SIZE_MAX ((size_t)512 << 20)
enum { FM_ARCHIVE_MEMBERS_MAX = 10000 };

typedef struct fm_archive fm_archive;

bool fm_archive_is_zip(const void *bytes, size_t length);

/* bytes must outlive the archive. Messages are reasons without a place. */
fm_status fm_archive_open(const void *bytes, size_t length, fm_archive **out, fm_error *error);
void fm_archive_close(fm_archive *archive);
size_t fm_archive_count(const fm_archive *archive);
/* Belongs to the archive. */
const char *fm_archive_name(const fm_archive *archive, size_t member);

/* Unpacks a member into *bytes, to be freed with free; its checksum is right. FM_BAD_INPUT when it
   is damaged, encrypted, packed otherwise than by Deflate, or when the members read so far together
   exceed FM_ARCHIVE_SIZE_MAX. */
fm_status fm_archive_read(fm_archive *archive, size_t member, uint8_t **bytes, size_t *length,
                          fm_error *error);

typedef struct fm_archive_member {
    char *name;
    char *bytes;
    size_t length;
} fm_archive_member;

/* The same members give the same file: there are no times in it. */
fm_status fm_archive_write(const fm_archive_member *members, size_t count, FILE *file,
                           fm_error *error);

#endif
