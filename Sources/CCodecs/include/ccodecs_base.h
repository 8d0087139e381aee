// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stddef.h>
#include <stdint.h>

/// The bytes are not what the format says: truncated, damaged, or of another format.
#define CCODECS_DAMAGED (-1)
/// The target is too small for the result.
#define CCODECS_TARGET_TOO_SMALL (-2)
/// The compressor failed, or the library was built without it.
#define CCODECS_FAILED (-3)
/// The frame does not say how long its content is.
#define CCODECS_UNKNOWN (-4)
/// A file cannot be read.
#define CCODECS_UNREADABLE (-5)
