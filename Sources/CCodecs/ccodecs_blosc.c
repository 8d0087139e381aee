// SPDX-License-Identifier: Apache-2.0
#include <blosc.h>

#include "CCodecs.h"

int64_t ccodecs_blosc_decoded_count(const void *__sized_by(count) frame __noescape, size_t count) {
  size_t decoded = 0;
  if (count < BLOSC_MIN_HEADER_LENGTH || blosc_cbuffer_validate(frame, count, &decoded) != 0) return CCODECS_DAMAGED;
  return (int64_t)decoded;
}

int64_t ccodecs_blosc_decode(
    const void *__sized_by(count) frame __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity) {
  int64_t decoded = ccodecs_blosc_decoded_count(frame, count);
  if (decoded < 0) return decoded;
  if ((size_t)decoded > capacity) return CCODECS_TARGET_TOO_SMALL;
  if (decoded == 0) return 0;
  int written = blosc_decompress_ctx(frame, target, capacity, 1);
  return written == decoded ? decoded : CCODECS_DAMAGED;
}

size_t ccodecs_blosc_bound(size_t count) { return count + BLOSC_MAX_OVERHEAD; }

int64_t ccodecs_blosc_encode(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, int compressor, int level, int shuffle, size_t item_size, size_t block_size) {
  const char *name = NULL;
  if (count > BLOSC_MAX_BUFFERSIZE || blosc_compcode_to_compname(compressor, &name) < 0 || name == NULL) return CCODECS_FAILED;
  int written = blosc_compress_ctx(level, shuffle, item_size, count, source, target, capacity, name, block_size, 1);
  return written > 0 ? written : CCODECS_FAILED;
}
