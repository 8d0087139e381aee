// SPDX-License-Identifier: Apache-2.0
#include <bzlib.h>
#include <limits.h>

#include "CCodecs.h"

int64_t ccodecs_bz2_decode(
    const void *__sized_by(count) stream __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity) {
  if (count > UINT_MAX || capacity > UINT_MAX) return CCODECS_FAILED;
  unsigned int written = (unsigned int)capacity;
  int status = BZ2_bzBuffToBuffDecompress(target, &written, (char *)stream, (unsigned int)count, 0, 0);
  if (status == BZ_OK) return written;
  return status == BZ_OUTBUFF_FULL ? CCODECS_TARGET_TOO_SMALL : CCODECS_DAMAGED;
}

size_t ccodecs_bz2_bound(size_t count) { return count + count / 100 + 600; }

int64_t ccodecs_bz2_encode(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, int level) {
  if (count > UINT_MAX || capacity > UINT_MAX) return CCODECS_FAILED;
  unsigned int written = (unsigned int)capacity;
  int status = BZ2_bzBuffToBuffCompress(target, &written, (char *)source, (unsigned int)count, level, 0, 0);
  return status == BZ_OK ? (int64_t)written : CCODECS_FAILED;
}
