// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stdbool.h>
#include <stddef.h>

#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// Bytes that hold any message, with its final zero.
#define CITK_MESSAGE_CAPACITY 1024

/// Whether a call worked, and what went wrong where it did not. Returned by value, so that nothing has to be freed.
typedef struct CITKStatus {
  /// Whether the call did what it was asked to do.
  bool isSuccess;
  /// What went wrong, in UTF-8, ended by zero.
  char message[CITK_MESSAGE_CAPACITY];
} CITKStatus;

/// Copies the message without its final zero to `buffer`, as much as fits, and returns how many bytes were copied.
size_t citk_status_message(CITKStatus status, char *__counted_by(capacity) buffer __noescape, size_t capacity);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
