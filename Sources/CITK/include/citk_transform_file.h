// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "citk_status.h"

#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// Doubles that hold a matrix and an offset of three axes.
#define CITK_AFFINE_COUNT 12

/// What a transform file holds; valid where the status is a success.
typedef struct CITKTransformFile {
  CITKStatus status;
  /// 2 or 3.
  size_t rank;
} CITKTransformFile;

/// Reads an affine map of world points from a file of ITK or ANTs: MATLAB's format where the name ends in `.mat`, else ITK's text.
///
/// `numbers` gets `rank × rank` rows of the matrix and `rank` offsets, the centre folded in, slowest axis first (z, y, x). Several
/// transforms in one file have to be a composite one: they are multiplied, the last one applied first, as ITK does.
CITKTransformFile citk_transform_file_read(const char *path, double *__counted_by(capacity) numbers __noescape, size_t capacity);

/// Writes an affine map with its centre at zero as ITK's AffineTransform: MATLAB's format if `isMatlab`, else ITK's text.
///
/// `count` is 6 (2D) or 12 (3D); `numbers` as above.
CITKStatus citk_transform_file_write(const char *path, const double *__counted_by(count) numbers __noescape, size_t count, bool isMatlab);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
