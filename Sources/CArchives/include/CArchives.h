// SPDX-License-Identifier: Apache-2.0
//
// Files inside zip archives, read through libzip. An archive is used by one thread at a time.
#pragma once
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

typedef struct CArchive CArchive;

/// Opens an archive to read it; NULL where it is none, or cannot be read.
CArchive *_Nullable carchives_open(const char *path);
void carchives_close(CArchive *archive);

/// How many files and folders it holds.
int64_t carchives_count(CArchive *archive);

/// The name of an entry, valid as long as the archive is open; NULL where there is none.
const char *_Nullable carchives_name(CArchive *archive, int64_t index);

/// Bytes of a file as it is read; negative where that is not known, or it cannot be read (encrypted, packed by another method than
/// deflate), or claims more than its packed bytes can hold.
int64_t carchives_size(CArchive *archive, int64_t index);

/// Reads `count` bytes from `offset` on. What lies before is read, too, where the file is packed.
///
/// Returns the number of bytes read; negative where they are damaged (where a file is read whole, its checksum is compared).
int64_t carchives_read(CArchive *archive, int64_t index, int64_t offset, uint8_t *target, int64_t count);

#pragma clang assume_nonnull end
