// SPDX-License-Identifier: Apache-2.0
//
// Bytes followed by their CRC-32C (Castagnoli) checksum, 4 bytes little-endian: RFC 3720 appendix B.4.
#pragma once

#include "ccodecs_base.h"

#pragma clang assume_nonnull begin

/// Copies the bytes before a checksum that agrees with them; CCODECS_DAMAGED where it does not.
int64_t ccodecs_crc32c_decode(
    const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity);

/// Copies bytes and appends their checksum.
int64_t ccodecs_crc32c_encode(
    const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity);

#pragma clang assume_nonnull end
