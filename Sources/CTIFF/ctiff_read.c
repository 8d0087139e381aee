// SPDX-License-Identifier: Apache-2.0

// Decodes the strips or tiles that meet a region, one at a time.

#include "ctiff_page.h"

#include "ctiff_internal.h"

#include <stdlib.h>
#include <string.h>

/// A region of a page, and how its pixels lie in strips or tiles.
typedef struct Region {
  uint32_t y0, y1, x0, x1;
  /// Pixels of a strip or a tile.
  uint32_t chunkWidth, chunkHeight;
  /// Bytes of a sample, and of a pixel as it is handed out.
  size_t sampleSize, pixelSize;
  /// Samples of one pixel within a strip or a tile: all, or one where planes are apart.
  uint16_t samples, planes;
} Region;

static uint32_t smaller(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t larger(uint32_t a, uint32_t b) { return a > b ? a : b; }

/// Copies what `chunk`, whose first pixel is (top, left) of sample plane `plane`, shares with the region.
static void copy_chunk(const Region *region, const uint8_t *chunk, uint32_t top, uint32_t left, uint16_t plane, uint8_t *pixels) {
  const uint32_t from = larger(region->x0, left), to = smaller(region->x1, left + region->chunkWidth);
  const size_t stored = region->sampleSize * region->samples;
  const size_t rowSize = (size_t)(region->x1 - region->x0) * region->pixelSize;
  for (uint32_t y = larger(region->y0, top); y < region->y1 && y < top + region->chunkHeight; ++y) {
    const uint8_t *source = chunk + ((size_t)(y - top) * region->chunkWidth + (from - left)) * stored;
    uint8_t *target = pixels + (size_t)(y - region->y0) * rowSize + (size_t)(from - region->x0) * region->pixelSize;
    if (region->planes == 1) {
      memcpy(target, source, (size_t)(to - from) * stored);
    } else {
      target += plane * region->sampleSize;
      for (uint32_t x = from; x < to; ++x, source += stored, target += region->pixelSize) memcpy(target, source, stored);
    }
  }
}

static bool read_chunks(TIFF *tiff, const Region *region, uint8_t *chunk, tmsize_t chunkSize, uint8_t *pixels) {
  const bool isTiled = TIFFIsTiled(tiff) != 0;
  for (uint16_t plane = 0; plane < region->planes; ++plane) {
    for (uint32_t top = region->y0 / region->chunkHeight * region->chunkHeight; top < region->y1; top += region->chunkHeight) {
      for (uint32_t left = region->x0 / region->chunkWidth * region->chunkWidth; left < region->x1; left += region->chunkWidth) {
        const tmsize_t read = isTiled ? TIFFReadEncodedTile(tiff, TIFFComputeTile(tiff, left, top, 0, plane), chunk, chunkSize)
                                      : TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, top, plane), chunk, chunkSize);
        if (read < 0) return false;
        if (read < chunkSize) memset(chunk + read, 0, (size_t)(chunkSize - read));
        copy_chunk(region, chunk, top, left, plane, pixels);
        if (left > UINT32_MAX - region->chunkWidth) break;
      }
      if (top > UINT32_MAX - region->chunkHeight) break;
    }
  }
  return true;
}

static void read_region(CTIFFReader *reader, Region region, uint8_t *pixels, size_t byteCount) {
  TIFF *tiff = reader->tiff;
  uint16_t bits = 1, samples = 1, planar = PLANARCONFIG_CONTIG, photometric = PHOTOMETRIC_MINISBLACK, compression = COMPRESSION_NONE;
  uint32_t width = 0, height = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  TIFFGetField(tiff, TIFFTAG_COMPRESSION, &compression);
  if (photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  if (TIFFIsTiled(tiff)) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &region.chunkWidth);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &region.chunkHeight);
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &region.chunkHeight);
    region.chunkWidth = width;
    if (region.chunkHeight == 0 || region.chunkHeight > height) region.chunkHeight = height;
  }
  region.planes = planar == PLANARCONFIG_SEPARATE ? samples : 1;
  region.samples = planar == PLANARCONFIG_SEPARATE ? 1 : samples;
  region.sampleSize = bits / 8;
  region.pixelSize = region.sampleSize * samples;
  const tmsize_t chunkSize = TIFFIsTiled(tiff) ? TIFFTileSize(tiff) : TIFFStripSize(tiff);
  const size_t expected = (size_t)region.chunkWidth * region.chunkHeight * region.samples * region.sampleSize;
  if (region.y1 > height || region.x1 > width || region.y0 > region.y1 || region.x0 > region.x1 ||
      (size_t)(region.y1 - region.y0) * (region.x1 - region.x0) * region.pixelSize != byteCount) {
    ctiff_fail(&reader->status, "changed while it was open");
    return;
  }
  if (chunkSize <= 0 || (size_t)chunkSize != expected || chunkSize > ((tmsize_t)4 << 30)) {
    ctiff_fail(&reader->status, "has strips or tiles of a size that is not read");
    return;
  }
  uint8_t *chunk = malloc((size_t)chunkSize);
  if (!chunk || !read_chunks(tiff, &region, chunk, chunkSize, pixels))
    ctiff_fail(&reader->status, "has a strip or tile that cannot be decoded");
  free(chunk);
}

CTIFFStatus ctiff_page_read(const char *path, uint64_t offset, uint32_t y0, uint32_t y1, uint32_t x0, uint32_t x1,
    void *__sized_by(byteCount) pixels __noescape, size_t byteCount) {
  CTIFFReader reader;
  ctiff_open(&reader, path);
  if (reader.tiff) {
    if (TIFFSetSubDirectory(reader.tiff, offset)) {
      const Region region = {.y0 = y0, .y1 = y1, .x0 = x0, .x1 = x1};
      read_region(&reader, region, pixels, byteCount);
    } else {
      ctiff_fail(&reader.status, "has a damaged directory");
    }
  }
  CTIFFStatus status = reader.status;
  ctiff_close(&reader);
  return status;
}
