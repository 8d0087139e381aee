// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ccodecs_base.h"

#pragma clang assume_nonnull begin

/// Decodes a bzip2 stream.
int64_t ccodecs_bz2_decode(
    const void *__sized_by(count) stream __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity);

/// The largest stream that `count` bytes can give.
size_t ccodecs_bz2_bound(size_t count);

/// Encodes a bzip2 stream; level 1 to 9.
int64_t ccodecs_bz2_encode(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, int level);

#pragma clang assume_nonnull end
