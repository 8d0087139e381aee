// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "CCodecs.h"

void ccodecs_swap_bytes(void *__sized_by(count) bytes __noescape, size_t count, size_t item_size) {
  unsigned char *at = bytes;
  size_t items = item_size == 0 ? 0 : count / item_size;
  switch (item_size) {
    case 2:
      for (size_t i = 0; i < items; i++) {
        uint16_t item;
        memcpy(&item, at + 2 * i, 2);
        item = __builtin_bswap16(item);
        memcpy(at + 2 * i, &item, 2);
      }
      break;
    case 4:
      for (size_t i = 0; i < items; i++) {
        uint32_t item;
        memcpy(&item, at + 4 * i, 4);
        item = __builtin_bswap32(item);
        memcpy(at + 4 * i, &item, 4);
      }
      break;
    case 8:
      for (size_t i = 0; i < items; i++) {
        uint64_t item;
        memcpy(&item, at + 8 * i, 8);
        item = __builtin_bswap64(item);
        memcpy(at + 8 * i, &item, 8);
      }
      break;
    default:
      break;
  }
}

void ccodecs_copy_bytes(
    const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity) {
  memcpy(target, source, count < capacity ? count : capacity);
}

void ccodecs_copy_rows(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, size_t from, size_t from_step, size_t to, size_t to_step, size_t row, size_t rows) {
  if (rows == 0 || from + (rows - 1) * from_step + row > count || to + (rows - 1) * to_step + row > capacity) return;
  const char *read = (const char *)source + from;
  char *written = (char *)target + to;
  // Rows of chunks are short, and of few lengths: a call for each takes as long as the bytes.
  switch (row) {
    case 128:
      for (size_t i = 0; i < rows; i++) memcpy(written + i * to_step, read + i * from_step, 128);
      break;
    case 256:
      for (size_t i = 0; i < rows; i++) memcpy(written + i * to_step, read + i * from_step, 256);
      break;
    default:
      for (size_t i = 0; i < rows; i++) memcpy(written + i * to_step, read + i * from_step, row);
  }
}

int ccodecs_all_equal(
    const void *__sized_by(count) bytes __noescape, size_t count, const void *__sized_by(item_size) item __noescape, size_t item_size) {
  if (item_size == 0 || count % item_size != 0) return 0;
  // Each item is the one before it.
  return count == 0 || (memcmp(bytes, item, item_size) == 0 && memcmp(bytes, (const char *)bytes + item_size, count - item_size) == 0);
}
