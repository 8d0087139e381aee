// SPDX-License-Identifier: Apache-2.0
//
// Blosc 1 frames: https://github.com/Blosc/c-blosc/blob/main/README_CHUNK_FORMAT.rst
#pragma once

#include "ccodecs_base.h"

#pragma clang assume_nonnull begin

/// The decoded length of a frame whose header agrees with its length; CCODECS_DAMAGED otherwise.
int64_t ccodecs_blosc_decoded_count(const void *__sized_by(count) frame __noescape, size_t count);

/// Decodes a whole frame.
int64_t ccodecs_blosc_decode(
    const void *__sized_by(count) frame __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity);

/// The largest frame that `count` bytes can give.
size_t ccodecs_blosc_bound(size_t count);

/// Encodes a frame.
///
/// compressor: 0 blosclz, 1 lz4, 2 lz4hc, 3 snappy, 4 zlib, 5 zstd; shuffle: 0 none, 1 bytes, 2 bits; block_size 0: chosen by Blosc.
int64_t ccodecs_blosc_encode(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, int compressor, int level, int shuffle, size_t item_size, size_t block_size);

#pragma clang assume_nonnull end
