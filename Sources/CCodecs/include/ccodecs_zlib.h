// SPDX-License-Identifier: Apache-2.0
//
// Deflate streams with a zlib (RFC 1950) or a gzip (RFC 1952) header.
#pragma once

#include "ccodecs_base.h"

#pragma clang assume_nonnull begin

/// Decodes a zlib stream or one or more gzip members, whichever the header says.
int64_t ccodecs_zlib_decode(
    const void *__sized_by(count) stream __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity);

/// The largest stream that `count` bytes can give.
size_t ccodecs_zlib_bound(size_t count);

/// Encodes a zlib stream, or a gzip member without a time or a name where `gzip` is not zero.
int64_t ccodecs_zlib_encode(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, int level, int gzip);

#pragma clang assume_nonnull end
