// SPDX-License-Identifier: Apache-2.0
//
// LZ4 as numcodecs stores it: the decoded length as 4 bytes, little-endian, then one raw block.
#pragma once

#include "ccodecs_base.h"

#pragma clang assume_nonnull begin

/// The decoded length that the header states; CCODECS_DAMAGED where there is none.
int64_t ccodecs_lz4_decoded_count(const void *__sized_by(count) block __noescape, size_t count);

/// Decodes header and block.
int64_t ccodecs_lz4_decode(
    const void *__sized_by(count) block __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity);

/// The largest block, with its header, that `count` bytes can give.
size_t ccodecs_lz4_bound(size_t count);

/// Encodes header and block.
int64_t ccodecs_lz4_encode(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, int acceleration);

/// Decodes the blocks of lz4-java, as N5 stores them; their checksums are not looked at.
int64_t ccodecs_lz4_blocks_decode(
    const void *__sized_by(count) stream __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity);

#pragma clang assume_nonnull end
