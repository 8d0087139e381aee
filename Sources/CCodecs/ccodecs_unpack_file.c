// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE

#include "ccodecs_unpack_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

enum { kPiece = 1 << 20 };

static int write_all(int target, const uint8_t *bytes, size_t count) {
  while (count > 0) {
    const ssize_t part = write(target, bytes, count);
    if (part < 0 && errno == EINTR) continue;
    if (part <= 0) return 0;
    bytes += part;
    count -= (size_t)part;
  }
  return 1;
}

static ssize_t read_piece(int source, uint8_t *bytes, int64_t offset) {
  ssize_t count;
  do count = pread(source, bytes, kPiece, offset);
  while (count < 0 && errno == EINTR);
  return count;
}

static int64_t unpack(int source, int64_t offset, int64_t limit, int target, z_stream *stream, uint8_t *in, uint8_t *out) {
  int64_t total = 0;
  // Whether a stream has begun that has not ended.
  int open = 0;
  for (;;) {
    const ssize_t count = read_piece(source, in, offset);
    if (count < 0) return CCODECS_UNREADABLE;
    if (count == 0) return open || total == 0 ? CCODECS_DAMAGED : total;
    offset += count;
    stream->next_in = in;
    stream->avail_in = (unsigned)count;
    do {
      // What follows the last member and begins no other is padding.
      if (!open && total > 0 && stream->next_in[0] != 0x1F) return total;
      open = 1;
      stream->next_out = out;
      stream->avail_out = kPiece;
      const int status = inflate(stream, Z_NO_FLUSH);
      if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return CCODECS_DAMAGED;
      const size_t made = kPiece - stream->avail_out;
      const int64_t left = total < limit ? limit - total : 0;
      if (!write_all(target, out, (int64_t)made < left ? made : (size_t)left)) return CCODECS_FAILED;
      total += (int64_t)made;
      if (status == Z_STREAM_END) {
        open = 0;
        if (inflateReset(stream) != Z_OK) return CCODECS_DAMAGED;
      }
    } while (stream->avail_in > 0 || (open && stream->avail_out == 0));
  }
}

int64_t ccodecs_unpack_file(const char *path, int64_t offset, int64_t limit, int target) {
  const int source = open(path, O_RDONLY | O_CLOEXEC);
  if (source < 0) return CCODECS_UNREADABLE;
  z_stream stream = {0};
  uint8_t *buffers = malloc(2 * kPiece);
  int64_t total = CCODECS_UNREADABLE;
  // 32: gzip or zlib, as the stream says.
  if (buffers && inflateInit2(&stream, 15 + 32) == Z_OK) {
    total = unpack(source, offset, limit, target, &stream, buffers, buffers + kPiece);
    inflateEnd(&stream);
  } else {
    errno = ENOMEM;
  }
  const int reason = errno;
  free(buffers);
  close(source);
  errno = reason;
  return total;
}

int ccodecs_memory_file(void) { return memfd_create("weft-unpacked", MFD_CLOEXEC); }
