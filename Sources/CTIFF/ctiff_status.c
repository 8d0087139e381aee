// SPDX-License-Identifier: Apache-2.0

#include "ctiff_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Strips and tiles larger than this are taken for lies of a damaged header.
static const tmsize_t largestAllocation = (tmsize_t)4 << 30;

size_t ctiff_status_message(CTIFFStatus status, char *__counted_by(capacity) buffer __noescape, size_t capacity) {
  size_t length = strnlen(status.message, sizeof(status.message));
  if (length > capacity) length = capacity;
  memcpy(buffer, status.message, length);
  return length;
}

void ctiff_fail(CTIFFStatus *status, const char *text) {
  status->isSuccess = false;
  if (status->message[0] == 0) snprintf(status->message, sizeof(status->message), "%s", text);
}

static int remember_error(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff;
  (void)module;
  CTIFFStatus *status = user;
  if (status->message[0] == 0) vsnprintf(status->message, sizeof(status->message), format, arguments);
  return 1;
}

static int ignore_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list arguments) {
  (void)tiff;
  (void)user;
  (void)module;
  (void)format;
  (void)arguments;
  return 1;
}

void ctiff_open(CTIFFReader *reader, const char *path) {
  memset(reader, 0, sizeof(*reader));
  reader->status.isSuccess = true;
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (options) {
    TIFFOpenOptionsSetErrorHandlerExtR(options, remember_error, &reader->status);
    TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, NULL);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, largestAllocation);
    // h: no directory yet; m: no memory map, so that a file cut short gives an error and no signal.
    reader->tiff = TIFFOpenExt(path, "rhm", options);
  }
  if (!reader->tiff) ctiff_fail(&reader->status, "is not a TIFF file");
  if (options) TIFFOpenOptionsFree(options);
}

void ctiff_close(CTIFFReader *reader) {
  if (reader->tiff) TIFFClose(reader->tiff);
  reader->tiff = NULL;
}
