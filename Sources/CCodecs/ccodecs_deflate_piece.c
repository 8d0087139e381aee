// SPDX-License-Identifier: Apache-2.0

#include "ccodecs_deflate_piece.h"

#include <string.h>
#include <zlib.h>

size_t ccodecs_deflate_bound(size_t byteCount) {
  // compressBound, and what a full flush adds.
  return compressBound(byteCount) + 16;
}

size_t ccodecs_deflate_piece(const uint8_t *__counted_by(byteCount) source __noescape, size_t byteCount, bool isLast, int level,
    uint8_t *__counted_by(capacity) target __noescape, size_t capacity) {
  z_stream stream;
  memset(&stream, 0, sizeof(stream));
  if (byteCount > UINT32_MAX || capacity > UINT32_MAX) return 0;
  if (deflateInit2(&stream, level, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) return 0;
  stream.next_in = (Bytef *)source;
  stream.avail_in = (uInt)byteCount;
  stream.next_out = target;
  stream.avail_out = (uInt)capacity;
  const int result = deflate(&stream, isLast ? Z_FINISH : Z_FULL_FLUSH);
  const size_t written = capacity - stream.avail_out;
  const bool isComplete = stream.avail_in == 0 && stream.avail_out > 0 && result == (isLast ? Z_STREAM_END : Z_OK);
  deflateEnd(&stream);
  return isComplete ? written : 0;
}

uint32_t ccodecs_crc32_continued(uint32_t before, const uint8_t *__counted_by(byteCount) bytes __noescape, size_t byteCount) {
  return (uint32_t)crc32_z(before, bytes, byteCount);
}
