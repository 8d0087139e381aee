// SPDX-License-Identifier: Apache-2.0

// Pages are named by the offset of their directory, so that a page deep in a long stack is reached in one step, and no state is kept
// between calls: any number of threads may read.

#include "ctiff_page.h"

#include "ctiff_internal.h"

#include <stdlib.h>
#include <string.h>

CTIFFPageList ctiff_page_offsets(const char *path, uint64_t *__counted_by(capacity) offsets __noescape, size_t capacity) {
  CTIFFPageList list;
  memset(&list, 0, sizeof(list));
  CTIFFReader reader;
  ctiff_open(&reader, path);
  if (reader.tiff) {
    while (list.count < capacity && TIFFReadDirectory(reader.tiff)) {
      offsets[list.count] = TIFFCurrentDirOffset(reader.tiff);
      list.count += 1;
    }
    if (list.count == 0) ctiff_fail(&reader.status, "has no page");
    // A later directory that cannot be read ends the stack silently in libtiff; here it is an error, as voxels would be missing.
    if (reader.status.message[0] != 0) reader.status.isSuccess = false;
  }
  list.status = reader.status;
  ctiff_close(&reader);
  return list;
}

CTIFFPageList ctiff_page_copies(const char *path, uint64_t offset, uint64_t *__counted_by(capacity) offsets __noescape, size_t capacity) {
  CTIFFPageList list;
  memset(&list, 0, sizeof(list));
  CTIFFReader reader;
  ctiff_open(&reader, path);
  if (reader.tiff) {
    uint16_t count = 0;
    const uint64_t *copies = NULL;
    if (!TIFFSetSubDirectory(reader.tiff, offset)) {
      ctiff_fail(&reader.status, "has a damaged directory");
    } else if (TIFFGetField(reader.tiff, TIFFTAG_SUBIFD, &count, &copies) && copies) {
      while (list.count < capacity && list.count < count) {
        offsets[list.count] = copies[list.count];
        list.count += 1;
      }
    }
  }
  list.status = reader.status;
  ctiff_close(&reader);
  return list;
}

static CTIFFSampleFormat sample_format(uint16_t format) {
  switch (format) {
    case SAMPLEFORMAT_VOID:
    case SAMPLEFORMAT_UINT:
      return CTIFFSampleFormatUnsigned;
    case SAMPLEFORMAT_INT:
      return CTIFFSampleFormatSigned;
    case SAMPLEFORMAT_IEEEFP:
      return CTIFFSampleFormatReal;
    default:
      return CTIFFSampleFormatUnknown;
  }
}

/// Whether the strips of an uncompressed page follow one another.
static bool is_plain(TIFF *tiff, uint16_t compression, uint16_t planar, uint16_t samples) {
  if (compression != COMPRESSION_NONE || TIFFIsTiled(tiff) || (planar == PLANARCONFIG_SEPARATE && samples > 1)) return false;
  const uint32_t strips = TIFFNumberOfStrips(tiff);
  for (uint32_t strip = 1; strip < strips; ++strip) {
    if (TIFFGetStrileOffset(tiff, strip) != TIFFGetStrileOffset(tiff, strip - 1) + TIFFGetStrileByteCount(tiff, strip - 1)) return false;
  }
  return true;
}

static void describe(TIFF *tiff, CTIFFPage *page) {
  uint16_t bits = 1, samples = 1, format = SAMPLEFORMAT_UINT, photometric = PHOTOMETRIC_MINISBLACK, planar = PLANARCONFIG_CONTIG;
  uint16_t compression = COMPRESSION_NONE, unit = RESUNIT_INCH;
  uint32_t kind = 0, rows = 0;
  float x = 0, y = 0;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &page->width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &page->height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  TIFFGetField(tiff, TIFFTAG_COMPRESSION, &compression);
  TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &kind);
  if (TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &x)) page->xResolution = x;
  if (TIFFGetField(tiff, TIFFTAG_YRESOLUTION, &y)) page->yResolution = y;
  page->bitsPerSample = bits;
  page->samplesPerPixel = samples;
  page->sampleFormat = sample_format(format);
  page->isColour = samples >= 3 && (photometric == PHOTOMETRIC_RGB || photometric == PHOTOMETRIC_YCBCR);
  page->isReduced = (kind & FILETYPE_REDUCEDIMAGE) != 0;
  page->isSwapped = TIFFIsByteSwapped(tiff) != 0;
  page->resolutionUnit = unit;
  if (TIFFIsTiled(tiff)) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &page->chunkWidth);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &page->chunkHeight);
  } else {
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &rows);
    page->chunkWidth = page->width;
    page->chunkHeight = rows == 0 || rows > page->height ? page->height : rows;
  }
  page->dataOffset = TIFFGetStrileOffset(tiff, 0);
  page->isPlain = is_plain(tiff, compression, planar, samples);
  const char *text = NULL;
  if (TIFFGetField(tiff, TIFFTAG_IMAGEDESCRIPTION, &text) && text) page->descriptionLength = strlen(text);
}

CTIFFPage ctiff_page(const char *path, uint64_t offset) {
  CTIFFPage page;
  memset(&page, 0, sizeof(page));
  page.offset = offset;
  CTIFFReader reader;
  ctiff_open(&reader, path);
  if (reader.tiff) {
    if (TIFFSetSubDirectory(reader.tiff, offset)) {
      describe(reader.tiff, &page);
    } else {
      ctiff_fail(&reader.status, "has a damaged directory");
    }
  }
  page.status = reader.status;
  ctiff_close(&reader);
  return page;
}

size_t ctiff_page_description(const char *path, uint64_t offset, char *__counted_by(capacity) description __noescape, size_t capacity) {
  size_t length = 0;
  const char *text = NULL;
  CTIFFReader reader;
  ctiff_open(&reader, path);
  if (reader.tiff && TIFFSetSubDirectory(reader.tiff, offset) && TIFFGetField(reader.tiff, TIFFTAG_IMAGEDESCRIPTION, &text) && text) {
    length = strlen(text);
    if (length > capacity) length = capacity;
    memcpy(description, text, length);
  }
  ctiff_close(&reader);
  return length;
}
