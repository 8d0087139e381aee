// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>

#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// Where the voxels of an image lie. Axes are listed slowest first (z, y, x; in 2D y, x, the third entry unused), world axes too.
typedef struct CITKLattice {
  /// 2 or 3.
  size_t rank;
  /// Voxels along each axis.
  size_t extent[3];
  /// Distance between voxel centres.
  double spacing[3];
  /// World position of voxel 0.
  double origin[3];
  /// Rows of the direction matrix, three entries a row whatever the rank.
  double direction[9];
} CITKLattice;

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
