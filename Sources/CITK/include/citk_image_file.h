// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "citk_status.h"
#include <stdint.h>

#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// The most axes an image file may have here, components not counted.
#define CITK_MAXIMUM_RANK 8
/// Doubles that hold extent (8), spacing (8), origin (8) and direction (8 × 8).
#define CITK_GEOMETRY_COUNT 88

/// The file formats that are read through ITK.
typedef enum CITKImageFormat : int32_t {
  CITKImageFormatNone = 0,
  CITKImageFormatNIfTI = 1,
  CITKImageFormatNRRD = 2,
  CITKImageFormatMetaImage = 3,
  CITKImageFormatPNG = 4,
  CITKImageFormatJPEG = 5,
} CITKImageFormat;

/// The number formats of components.
typedef enum CITKComponentType : int32_t {
  CITKComponentTypeUnknown = 0,
  CITKComponentTypeUInt8 = 1,
  CITKComponentTypeInt8 = 2,
  CITKComponentTypeUInt16 = 3,
  CITKComponentTypeInt16 = 4,
  CITKComponentTypeUInt32 = 5,
  CITKComponentTypeInt32 = 6,
  CITKComponentTypeUInt64 = 7,
  CITKComponentTypeInt64 = 8,
  CITKComponentTypeFloat32 = 9,
  CITKComponentTypeFloat64 = 10,
} CITKComponentType;

/// What a voxel's components stand for.
typedef enum CITKPixelKind : int32_t {
  CITKPixelKindScalar = 0,
  CITKPixelKindColour = 1,
  CITKPixelKindVector = 2,
  CITKPixelKindOther = 3,
} CITKPixelKind;

/// What the header of an image file says; valid where the status is a success.
typedef struct CITKImageHeader {
  CITKStatus status;
  CITKImageFormat format;
  CITKComponentType componentType;
  CITKPixelKind pixelKind;
  /// Axes, components not counted.
  size_t rank;
  /// Components a voxel, at least 1, interleaved.
  size_t components;
  /// Whether a region can be read without reading the whole file.
  bool canStream;
} CITKImageHeader;

/// Reads the header of the image file at `path`.
///
/// `geometry` gets `rank` lengths in voxels, `rank` spacings, `rank` origins, and `rank × rank` rows of the direction matrix. Axes are
/// listed slowest first, world axes too (z, y, x); world coordinates are LPS.
CITKImageHeader citk_image_file_header(const char *path, double *__counted_by(capacity) geometry __noescape, size_t capacity);

/// Reads the voxels of a region, components interleaved, in the type that the header names.
///
/// `region` is the first voxel along each axis, then the number of voxels along each, slowest axis first: `regionCount` is twice the rank.
/// `byteCount` must be what the region holds. Calls are serial: the libraries below ITK share state.
CITKStatus citk_image_file_read(const char *path, const int64_t *__counted_by(regionCount) region __noescape, size_t regionCount,
    void *__sized_by(byteCount) voxels __noescape, size_t byteCount);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
