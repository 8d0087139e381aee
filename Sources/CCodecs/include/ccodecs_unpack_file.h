// SPDX-License-Identifier: Apache-2.0
//
// A gzip (RFC 1952) or zlib (RFC 1950) stream inside a file, unpacked into another.
#pragma once

#include "ccodecs_base.h"

#pragma clang assume_nonnull begin

/// Unpacks what lies in the file at `path` from byte `offset` on, several gzip members as one, into the open file `target`, through 2 MB of
/// memory.
///
/// No more than `limit` bytes are written; what follows is unpacked all the same, so that its checksum is looked at.
///
/// Returns how many bytes it unpacks to; `CCODECS_DAMAGED` where the stream is cut short or its checksum is wrong; for the reason in
/// `errno` `CCODECS_UNREADABLE` where it cannot be read, `CCODECS_FAILED` where `target` cannot be written.
int64_t ccodecs_unpack_file(const char *path, int64_t offset, int64_t limit, int target);

/// Makes a file that lies in memory and has no name; -1 where it cannot be made, for the reason in `errno`.
int ccodecs_memory_file(void);

#pragma clang assume_nonnull end
