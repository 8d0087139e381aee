// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin

/// Bytes that hold any message, with its final zero.
#define CTIFF_MESSAGE_CAPACITY 512

/// Whether a call worked, and what went wrong where it did not. Returned by value, so that nothing has to be freed.
typedef struct CTIFFStatus {
  /// Whether the call did what it was asked to do.
  bool isSuccess;
  /// What went wrong, in UTF-8, ended by zero.
  char message[CTIFF_MESSAGE_CAPACITY];
} CTIFFStatus;

/// Copies the message without its final zero to `buffer`, as much as fits, and returns how many bytes were copied.
size_t ctiff_status_message(CTIFFStatus status, char *__counted_by(capacity) buffer __noescape, size_t capacity);

#pragma clang assume_nonnull end
