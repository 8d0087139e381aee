// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ccodecs_base.h"

#pragma clang assume_nonnull begin

/// Reverses the bytes of every item of `item_size` (1, 2, 4 or 8) bytes; a remainder stays as it is.
void ccodecs_swap_bytes(void *__sized_by(count) bytes __noescape, size_t count, size_t item_size);

/// Copies bytes from one buffer to another of the same length.
///
/// The buffers have one length argument each, so that Swift does not need equal ones: the shorter length counts.
void ccodecs_copy_bytes(
    const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity);

/// Copies `rows` rows of `row` bytes, which lie `from_step` and `to_step` bytes apart, from the byte `from` of one buffer to the byte `to`
/// of another. Nothing is copied where they do not lie inside the buffers.
void ccodecs_copy_rows(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, size_t from, size_t from_step, size_t to, size_t to_step, size_t row, size_t rows);

/// Whether a buffer is one item, bit for bit, again and again: 1 or 0.
int ccodecs_all_equal(
    const void *__sized_by(count) bytes __noescape, size_t count, const void *__sized_by(item_size) item __noescape, size_t item_size);

#pragma clang assume_nonnull end
