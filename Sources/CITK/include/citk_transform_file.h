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

/// Reads an affine map of world points from a file of ITK or ANTs: MATLAB's format if `isMatlab`, else ITK's text.
///
/// `numbers` gets `rank × rank` rows of the matrix and `rank` offsets, the centre folded in, slowest axis first (z, y, x). Several
/// transforms in one file have to be a composite one: they are multiplied, the last one applied first, as ITK does.
CITKTransformFile citk_transform_file_read(
    const char *path, bool isMatlab, double *__counted_by(capacity) numbers __noescape, size_t capacity);

/// The affine map of a transform that is given as ITK's files name and list it: the name of its class with number format and dimensions
/// (`Euler3DTransform_double_3_3`); `numbers` holds its `count` parameters and then its `fixedCount` fixed ones, and gets the map as above.
CITKTransformFile citk_transform_affine(
    const char *type, size_t count, size_t fixedCount, double *__counted_by(capacity) numbers __noescape, size_t capacity);

/// Writes an affine map with its centre at zero as ITK's AffineTransform: MATLAB's format if `isMatlab`, else ITK's text.
///
/// `count` is 6 (2D) or 12 (3D); `numbers` as above.
CITKStatus citk_transform_file_write(const char *path, const double *__counted_by(count) numbers __noescape, size_t count, bool isMatlab);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
