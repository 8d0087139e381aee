// SPDX-License-Identifier: Apache-2.0
#include <limits.h>
#include <lz4.h>
#include <string.h>

#include "CCodecs.h"

int64_t ccodecs_lz4_decoded_count(const void *__sized_by(count) block __noescape, size_t count) {
  const unsigned char *at = block;
  if (count < 4) return CCODECS_DAMAGED;
  return (int64_t)at[0] | (int64_t)at[1] << 8 | (int64_t)at[2] << 16 | (int64_t)at[3] << 24;
}

int64_t ccodecs_lz4_decode(
    const void *__sized_by(count) block __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity) {
  int64_t decoded = ccodecs_lz4_decoded_count(block, count);
  if (decoded < 0 || decoded > INT_MAX || count - 4 > INT_MAX) return CCODECS_DAMAGED;
  if ((size_t)decoded > capacity) return CCODECS_TARGET_TOO_SMALL;
  int written = LZ4_decompress_safe((const char *)block + 4, target, (int)(count - 4), (int)decoded);
  return written == decoded ? decoded : CCODECS_DAMAGED;
}

size_t ccodecs_lz4_bound(size_t count) { return count + count / 255 + 16 + 4; }

int64_t ccodecs_lz4_encode(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, int acceleration) {
  if (count > LZ4_MAX_INPUT_SIZE || capacity < 4) return CCODECS_FAILED;
  unsigned char *header = target;
  for (int i = 0; i < 4; i++) header[i] = (unsigned char)(count >> (8 * i));
  size_t room = capacity - 4 < INT_MAX ? capacity - 4 : INT_MAX;
  int written = LZ4_compress_fast(source, (char *)target + 4, (int)count, (int)room, acceleration);
  return written > 0 ? written + 4 : CCODECS_FAILED;
}

// The block stream of lz4-java: https://github.com/lz4/lz4-java, LZ4BlockOutputStream.
static uint32_t little(const unsigned char *at) {
  return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

int64_t ccodecs_lz4_blocks_decode(
    const void *__sized_by(count) stream __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity) {
  static const char magic[8] = {'L', 'Z', '4', 'B', 'l', 'o', 'c', 'k'};
  const size_t header = 8 + 1 + 4 + 4 + 4;
  const unsigned char *at = stream;
  size_t left = count, filled = 0;
  while (left > 0) {
    if (left < header || memcmp(at, magic, sizeof magic) != 0) return CCODECS_DAMAGED;
    int method = at[8] & 0xF0;
    size_t packed = little(at + 9), plain = little(at + 13);
    at += header;
    left -= header;
    if (packed > left || plain > INT_MAX || packed > INT_MAX) return CCODECS_DAMAGED;
    if (plain == 0) return left == packed ? (int64_t)filled : CCODECS_DAMAGED;
    if (plain > capacity - filled) return CCODECS_TARGET_TOO_SMALL;
    char *to = (char *)target + filled;
    if (method == 0x10) {
      if (packed != plain) return CCODECS_DAMAGED;
      memcpy(to, at, plain);
    } else if (method == 0x20) {
      if (LZ4_decompress_safe((const char *)at, to, (int)packed, (int)plain) != (int)plain) return CCODECS_DAMAGED;
    } else {
      return CCODECS_DAMAGED;
    }
    filled += plain;
    at += packed;
    left -= packed;
  }
  return (int64_t)filled;
}
