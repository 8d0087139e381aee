// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// Bytes that hold the deflate stream of any `byteCount` bytes.
size_t ccodecs_deflate_bound(size_t byteCount);

/// Compresses `source` to a piece of a deflate stream (RFC 1951) that ends on a byte: pieces one behind the other, the last one with
/// `isLast`, are one stream. Returns the bytes written to `target`, 0 where they do not fit or memory is short.
///
/// Pieces share no state: the same bytes give the same piece, whoever compresses the others.
size_t ccodecs_deflate_piece(const uint8_t *__counted_by(byteCount) source __noescape, size_t byteCount, bool isLast, int level,
    uint8_t *__counted_by(capacity) target __noescape, size_t capacity);

/// The CRC-32 of what `before` is the CRC-32 of, followed by `bytes`; 0 is the CRC-32 of nothing.
uint32_t ccodecs_crc32_continued(uint32_t before, const uint8_t *__counted_by(byteCount) bytes __noescape, size_t byteCount);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
