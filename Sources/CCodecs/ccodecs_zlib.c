// SPDX-License-Identifier: Apache-2.0
#include <string.h>
#include <zlib.h>

#include "CCodecs.h"

// zlib counts in 32 bits: buffers are handed over in pieces of at most this many bytes.
static const size_t piece = (size_t)1 << 30;

static uInt take(size_t *left) {
  size_t taken = *left < piece ? *left : piece;
  *left -= taken;
  return (uInt)taken;
}

int64_t ccodecs_zlib_decode(
    const void *__sized_by(count) stream __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity) {
  z_stream state;
  memset(&state, 0, sizeof state);
  if (inflateInit2(&state, 15 + 32) != Z_OK) return CCODECS_FAILED;
  size_t unread = count, unwritten = capacity;
  unsigned char spare;  // Takes the byte that does not fit, so that a full target is told from a truncated stream.
  state.next_in = (Bytef *)stream;
  state.next_out = target;
  int64_t result = CCODECS_DAMAGED;
  for (;;) {
    if (state.avail_in == 0) state.avail_in = take(&unread);
    if (state.avail_out == 0 && unwritten > 0) state.avail_out = take(&unwritten);
    int full = state.avail_out == 0;
    if (full) {
      state.next_out = &spare;
      state.avail_out = 1;
    }
    int status = inflate(&state, Z_NO_FLUSH);
    if (full) {
      if (state.avail_out == 0) {
        result = CCODECS_TARGET_TOO_SMALL;
        break;
      }
      state.avail_out = 0;
      state.next_out = (Bytef *)target + capacity;
    }
    if (status == Z_STREAM_END) {
      if (state.avail_in == 0 && unread == 0) {
        result = (int64_t)(capacity - unwritten - state.avail_out);
        break;
      }
      if (inflateReset(&state) != Z_OK) break;  // Another gzip member follows.
    } else if (status != Z_OK || (state.avail_in == 0 && unread == 0 && state.avail_out > 0)) {
      break;
    }
  }
  inflateEnd(&state);
  return result;
}

size_t ccodecs_zlib_bound(size_t count) { return count + count / 1000 + 128; }

int64_t ccodecs_zlib_encode(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, int level, int gzip) {
  z_stream state;
  memset(&state, 0, sizeof state);
  if (deflateInit2(&state, level, Z_DEFLATED, gzip ? 15 + 16 : 15, 8, Z_DEFAULT_STRATEGY) != Z_OK) return CCODECS_FAILED;
  size_t unread = count, unwritten = capacity;
  state.next_in = (Bytef *)source;
  state.next_out = target;
  int status = Z_OK;
  while (status == Z_OK) {
    if (state.avail_in == 0) state.avail_in = take(&unread);
    if (state.avail_out == 0) state.avail_out = take(&unwritten);
    status = deflate(&state, unread == 0 ? Z_FINISH : Z_NO_FLUSH);
  }
  size_t written = capacity - unwritten - state.avail_out;
  deflateEnd(&state);
  return status == Z_STREAM_END ? (int64_t)written : CCODECS_FAILED;
}
