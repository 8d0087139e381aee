// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "CCodecs.h"

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t crc32c_by_instruction(const unsigned char *bytes, size_t count) {
  uint64_t checksum = 0xFFFFFFFFu;
  for (; count >= 8; count -= 8, bytes += 8) {
    uint64_t word;
    memcpy(&word, bytes, 8);
    checksum = _mm_crc32_u64(checksum, word);
  }
  for (; count > 0; count--, bytes++) checksum = _mm_crc32_u8((uint32_t)checksum, *bytes);
  return (uint32_t)checksum ^ 0xFFFFFFFFu;
}
#endif

static uint32_t crc32c(const unsigned char *bytes, size_t count) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("sse4.2")) return crc32c_by_instruction(bytes, count);
#endif
  uint32_t table[256];
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t remainder = i;
    for (int bit = 0; bit < 8; bit++) remainder = (remainder >> 1) ^ (remainder & 1 ? 0x82F63B78u : 0);
    table[i] = remainder;
  }
  uint32_t checksum = 0xFFFFFFFFu;
  for (size_t i = 0; i < count; i++) checksum = (checksum >> 8) ^ table[(checksum ^ bytes[i]) & 0xFF];
  return checksum ^ 0xFFFFFFFFu;
}

int64_t ccodecs_crc32c_decode(
    const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity) {
  if (count < 4) return CCODECS_DAMAGED;
  size_t content = count - 4;
  if (content > capacity) return CCODECS_TARGET_TOO_SMALL;
  const unsigned char *stored = (const unsigned char *)source + content;
  uint32_t checksum = crc32c(source, content);
  for (int i = 0; i < 4; i++)
    if (stored[i] != (unsigned char)(checksum >> (8 * i))) return CCODECS_DAMAGED;
  memcpy(target, source, content);
  return (int64_t)content;
}

int64_t ccodecs_crc32c_encode(
    const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity) {
  if (capacity < 4 || count > capacity - 4) return CCODECS_TARGET_TOO_SMALL;
  uint32_t checksum = crc32c(source, count);
  memcpy(target, source, count);
  for (int i = 0; i < 4; i++) ((unsigned char *)target)[count + i] = (unsigned char)(checksum >> (8 * i));
  return (int64_t)count + 4;
}
