// SPDX-License-Identifier: Apache-2.0

#include "ccodecs_gzip_file.h"

#include <zlib.h>

int64_t ccodecs_gzip_file_beginning(const char *path, uint8_t *__counted_by(capacity) target __noescape, size_t capacity) {
  gzFile file = gzopen(path, "rb");
  if (!file) return CCODECS_DAMAGED;
  // zlib counts in int.
  const size_t most = 1 << 30;
  size_t total = 0;
  int count = 1;
  while (count > 0 && total < capacity) {
    count = gzread(file, target + total, (unsigned)(capacity - total < most ? capacity - total : most));
    if (count > 0) total += (size_t)count;
  }
  gzclose(file);
  return count < 0 ? CCODECS_DAMAGED : (int64_t)total;
}
