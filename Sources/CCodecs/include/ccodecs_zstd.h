// SPDX-License-Identifier: Apache-2.0
//
// Zstandard frames: RFC 8878.
#pragma once

#include "ccodecs_base.h"

#pragma clang assume_nonnull begin

/// The decoded length that the frames state; CCODECS_UNKNOWN where one does not say, CCODECS_DAMAGED where it is no frame.
int64_t ccodecs_zstd_decoded_count(const void *__sized_by(count) frames __noescape, size_t count);

/// Decodes one or more frames, with or without a stated length.
int64_t ccodecs_zstd_decode(
    const void *__sized_by(count) frames __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity);

/// The largest frame that `count` bytes can give.
size_t ccodecs_zstd_bound(size_t count);

/// Encodes one frame that states its length; with a checksum of the content where `checksum` is not zero, and by the
/// strategy `fast` whatever the level's own where `fast` is not.
int64_t ccodecs_zstd_encode(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, int level, int checksum, int fast);

#pragma clang assume_nonnull end
