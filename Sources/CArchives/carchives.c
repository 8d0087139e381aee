// SPDX-License-Identifier: Apache-2.0
#include "CArchives.h"

#include <zip.h>

CArchive *carchives_open(const char *path) { return (CArchive *)zip_open(path, ZIP_RDONLY, NULL); }

void carchives_close(CArchive *archive) { zip_discard((zip_t *)archive); }

int64_t carchives_count(CArchive *archive) { return zip_get_num_entries((zip_t *)archive, 0); }

const char *carchives_name(CArchive *archive, int64_t index) { return zip_get_name((zip_t *)archive, (zip_uint64_t)index, 0); }

static int describe(CArchive *archive, int64_t index, zip_stat_t *entry) {
  zip_uint64_t needed = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;
  return zip_stat_index((zip_t *)archive, (zip_uint64_t)index, 0, entry) == 0 && (entry->valid & needed) == needed;
}

int64_t carchives_size(CArchive *archive, int64_t index) {
  zip_stat_t entry;
  if (!describe(archive, index, &entry) || entry.size > INT64_MAX / 2 || entry.comp_size > INT64_MAX / 2048) return -1;
  if ((entry.valid & ZIP_STAT_ENCRYPTION_METHOD) && entry.encryption_method != ZIP_EM_NONE) return -1;
  // Deflate makes at most 1032 bytes of one.
  if (entry.comp_method != ZIP_CM_STORE && entry.comp_method != ZIP_CM_DEFLATE) return -1;
  if (entry.comp_method == ZIP_CM_DEFLATE && entry.size > 1032 * entry.comp_size + 64) return -1;
  if (entry.comp_method == ZIP_CM_STORE && entry.size != entry.comp_size) return -1;
  return (int64_t)entry.size;
}

static int64_t read_bytes(zip_file_t *file, uint8_t *target, int64_t count) {
  int64_t filled = 0;
  while (filled < count) {
    zip_int64_t part = zip_fread(file, target + filled, (zip_uint64_t)(count - filled));
    if (part < 0) return -1;
    if (part == 0) break;
    filled += part;
  }
  return filled;
}

static int skip(zip_file_t *file, int64_t count) {
  uint8_t rest[1 << 14];
  while (count > 0) {
    int64_t part = read_bytes(file, rest, count < (int64_t)sizeof rest ? count : (int64_t)sizeof rest);
    if (part <= 0) return 0;
    count -= part;
  }
  return 1;
}

int64_t carchives_read(CArchive *archive, int64_t index, int64_t offset, uint8_t *target, int64_t count) {
  zip_file_t *file = zip_fopen_index((zip_t *)archive, (zip_uint64_t)index, 0);
  if (file == NULL) return -1;
  zip_stat_t entry;
  int is_stored = describe(archive, index, &entry) && entry.comp_method == ZIP_CM_STORE;
  int is_there = offset == 0 || (is_stored ? zip_fseek(file, offset, SEEK_SET) == 0 : skip(file, offset));
  int64_t filled = is_there ? read_bytes(file, target, count) : -1;
  // The end is what a checksum is compared at.
  uint8_t more;
  if (filled == count && offset == 0 && count == carchives_size(archive, index) && zip_fread(file, &more, 1) < 0) filled = -1;
  if (zip_fclose(file) != 0) filled = -1;
  return filled;
}
