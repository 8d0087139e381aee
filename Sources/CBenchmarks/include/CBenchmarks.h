// SPDX-License-Identifier: Apache-2.0
// What this machine can do, to hold Weft's kernels against. Rates are by CPU seconds of a thread, so that other programs at work do not
// lower them.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// Bytes a second of `a[i] = b[i] + s c[i]` on three arrays of `count` floats, each element counted as 12 bytes (what the cache reads of a
/// line before it is written is not counted), over `rounds` rounds after one that is not counted.
double cbenchmarks_bandwidth(size_t count, int rounds, int threads);

/// Single-precision operations a second of multiplications and additions in registers, a pair of which counts as two: `fused` where the
/// machine has that, or each rounded by itself.
double cbenchmarks_flops(long rounds, int threads, bool fused);

/// Wall seconds until each of `threads` threads has smoothed a row of 4096 floats of its own, which stays in the cache, `rounds` times by
/// nine taps.
double cbenchmarks_in_cache(long rounds, int threads);

/// Wall seconds until all files of a list, a path a line, are read, each by one of `threads` threads, and decoded into memory that is used
/// again: from Blosc (`codec` 1), from Zstandard (2), or not at all (0). Negative where one is no file of `capacity` decoded bytes.
double cbenchmarks_read_files(const char *list, int codec, size_t capacity, int threads);

/// Wall seconds until the chunks of the same files, decoded before the clock starts, are encoded again at a level by the library, each by
/// one of `threads` threads, into memory that is used again; nothing is written. Items of `item` bytes are shuffled by Blosc.
double cbenchmarks_encode_files(const char *list, int codec, size_t capacity, int level, size_t item, int threads);

/// Has the system forget what it holds of the files of a list, a path a line, so that they are read from the disk again.
void cbenchmarks_forget_files(const char *list);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
