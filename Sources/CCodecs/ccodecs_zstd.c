// SPDX-License-Identifier: Apache-2.0
#include <zstd.h>
#include <zstd_errors.h>

#include "CCodecs.h"

int64_t ccodecs_zstd_decoded_count(const void *__sized_by(count) frames __noescape, size_t count) {
  const unsigned char *at = frames;
  size_t left = count;
  unsigned long long sum = 0;
  while (left > 0) {
    unsigned long long content = ZSTD_getFrameContentSize(at, left);
    if (content == ZSTD_CONTENTSIZE_ERROR) return CCODECS_DAMAGED;
    if (content == ZSTD_CONTENTSIZE_UNKNOWN) return CCODECS_UNKNOWN;
    size_t frame = ZSTD_findFrameCompressedSize(at, left);
    if (ZSTD_isError(frame) || content > INT64_MAX - sum) return CCODECS_DAMAGED;
    sum += content;
    at += frame;
    left -= frame;
  }
  return count == 0 ? CCODECS_DAMAGED : (int64_t)sum;
}

int64_t ccodecs_zstd_decode(
    const void *__sized_by(count) frames __noescape, size_t count, void *__sized_by(capacity) target __noescape, size_t capacity) {
  if (count == 0) return CCODECS_DAMAGED;
  size_t written = ZSTD_decompress(target, capacity, frames, count);
  if (!ZSTD_isError(written)) return (int64_t)written;
  return ZSTD_getErrorCode(written) == ZSTD_error_dstSize_tooSmall ? CCODECS_TARGET_TOO_SMALL : CCODECS_DAMAGED;
}

size_t ccodecs_zstd_bound(size_t count) { return ZSTD_compressBound(count); }

int64_t ccodecs_zstd_encode(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, int level, int checksum) {
  ZSTD_CCtx *context = ZSTD_createCCtx();
  if (context == NULL) return CCODECS_FAILED;
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum != 0);
  size_t written = ZSTD_compress2(context, target, capacity, source, count);
  ZSTD_freeCCtx(context);
  return ZSTD_isError(written) ? CCODECS_FAILED : (int64_t)written;
}
