// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ctiff_status.h"

#pragma clang assume_nonnull begin

/// How the bits of a sample are read.
typedef enum CTIFFSampleFormat : int32_t {
  CTIFFSampleFormatUnknown = 0,
  CTIFFSampleFormatUnsigned = 1,
  CTIFFSampleFormatSigned = 2,
  CTIFFSampleFormatReal = 3,
} CTIFFSampleFormat;

/// What one page says of itself; valid where the status is a success.
typedef struct CTIFFPage {
  CTIFFStatus status;
  /// Where its directory lies in the file: names the page in later calls.
  uint64_t offset;
  /// Where its first strip or tile lies.
  uint64_t dataOffset;
  /// Whether all its voxels follow one another from `dataOffset` on, as they are.
  bool isPlain;
  uint32_t width;
  uint32_t height;
  uint32_t bitsPerSample;
  uint32_t samplesPerPixel;
  CTIFFSampleFormat sampleFormat;
  /// Whether samples are colours: red, green, blue (YCbCr in JPEG is read as such).
  bool isColour;
  /// Whether it is a small copy of another page.
  bool isReduced;
  /// Whether bytes of a plain page are in the other order than this machine's.
  bool isSwapped;
  /// Pixels of a tile; of a strip the whole width and its rows.
  uint32_t chunkWidth;
  uint32_t chunkHeight;
  /// Pixels per resolution unit; 0 where it is not given.
  double xResolution;
  double yResolution;
  /// 1 none, 2 inch, 3 centimetre.
  uint32_t resolutionUnit;
  /// Bytes of the description, without a final zero.
  size_t descriptionLength;
} CTIFFPage;

/// How many pages a file has, and where.
typedef struct CTIFFPageList {
  CTIFFStatus status;
  /// Pages found, at most the capacity; equal to it where there may be more.
  size_t count;
} CTIFFPageList;

/// Finds the pages of the TIFF file at `path`: their directories' offsets, in file order.
CTIFFPageList ctiff_page_offsets(const char *path, uint64_t *__counted_by(capacity) offsets __noescape, size_t capacity);

/// Finds the smaller copies that the page at `offset` lists (its SubIFDs): their directories' offsets, as it lists them.
CTIFFPageList ctiff_page_copies(const char *path, uint64_t offset, uint64_t *__counted_by(capacity) offsets __noescape, size_t capacity);

/// Reads what the page at `offset` says of itself.
CTIFFPage ctiff_page(const char *path, uint64_t offset);

/// Copies the description of the page at `offset`, as much as fits, and returns how many bytes were copied.
size_t ctiff_page_description(const char *path, uint64_t offset, char *__counted_by(capacity) description __noescape, size_t capacity);

/// Reads the pixels x0 ..< x1, y0 ..< y1 of the page at `offset`, samples interleaved, in the machine's byte order: only the strips or
/// tiles that meet them are decoded.
///
/// `byteCount` must be what the region holds.
CTIFFStatus ctiff_page_read(const char *path, uint64_t offset, uint32_t y0, uint32_t y1, uint32_t x0, uint32_t x1,
    void *__sized_by(byteCount) pixels __noescape, size_t byteCount);

#pragma clang assume_nonnull end
