// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "citk_status.h"

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// Writes a picture of red, green and blue bytes, row by row, as PNG.
CITKStatus citk_png_write(
    const char *path, const uint8_t *__counted_by(count) pixels __noescape, size_t count, size_t height, size_t width);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
