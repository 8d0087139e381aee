// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
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

// Each thread keeps its context between chunks: a new one takes megabytes from the system, which clears them page by page.
static pthread_key_t kept_context;
static int has_key = 0;
static const size_t largest_kept = 8 << 20;

static void free_context(void *context) { ZSTD_freeCCtx(context); }

static void make_key(void) { has_key = pthread_key_create(&kept_context, free_context) == 0; }

static ZSTD_CCtx *take_context(void) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_key);
  ZSTD_CCtx *context = has_key ? pthread_getspecific(kept_context) : NULL;
  if (context == NULL) return ZSTD_createCCtx();
  pthread_setspecific(kept_context, NULL);
  ZSTD_CCtx_reset(context, ZSTD_reset_session_and_parameters);
  return context;
}

static void keep_context(ZSTD_CCtx *context) {
  if (has_key && ZSTD_sizeof_CCtx(context) <= largest_kept && pthread_setspecific(kept_context, context) == 0) return;
  ZSTD_freeCCtx(context);
}

size_t ccodecs_zstd_bound(size_t count) { return ZSTD_compressBound(count); }

int64_t ccodecs_zstd_encode(const void *__sized_by(count) source __noescape, size_t count, void *__sized_by(capacity) target __noescape,
    size_t capacity, int level, int checksum, int fast) {
  ZSTD_CCtx *context = take_context();
  if (context == NULL) return CCODECS_FAILED;
  ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, level);
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 1);
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum != 0);
  if (fast != 0) ZSTD_CCtx_setParameter(context, ZSTD_c_strategy, ZSTD_fast);
  size_t written = ZSTD_compress2(context, target, capacity, source, count);
  keep_context(context);
  return ZSTD_isError(written) ? CCODECS_FAILED : (int64_t)written;
}
