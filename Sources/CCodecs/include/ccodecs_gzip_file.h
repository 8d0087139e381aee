// SPDX-License-Identifier: Apache-2.0
//
// Files with a gzip (RFC 1952) header, or none: those are read as they are.
#pragma once

#include "ccodecs_base.h"

#pragma clang assume_nonnull begin

/// Reads the first bytes of what the file at `path` holds, and returns how many there were, or `CCODECS_DAMAGED`.
int64_t ccodecs_gzip_file_beginning(const char *path, uint8_t *__counted_by(capacity) target __noescape, size_t capacity);

#pragma clang assume_nonnull end
