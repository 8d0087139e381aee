// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "citk_lattice.h"
#include "citk_status.h"

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// What of the map is free.
typedef enum CITKAffineModel { CITKAffineModelTranslation = 0, CITKAffineModelRigid = 1, CITKAffineModelAffine = 2 } CITKAffineModel;

/// What is measured between the images.
typedef enum CITKImageMetric {
  /// Squared normalised correlation; of neighbourhoods where the call has a radius.
  CITKImageMetricCorrelation = 0,
  /// Mattes' mutual information, 32 bins.
  CITKImageMetricMutualInformation = 1,
  /// Mean of squared differences.
  CITKImageMetricMeanSquares = 2
} CITKImageMetric;

/// How one step of an affine registration runs.
typedef struct CITKAffineOptions {
  CITKAffineModel model;
  CITKImageMetric metric;
  /// At most so many steps of the optimiser.
  size_t iterations;
  /// Fraction of the fixed voxels looked at, above 0, at most 1.
  double samplingFraction;
  /// Seed of the sampling.
  int32_t seed;
  /// First and longest step, in world units.
  double maximumStep;
  /// The optimiser stops below this step, in world units.
  double minimumStep;
  /// The fixed point that rotation and scaling turn about, slowest axis first.
  double centre[3];
} CITKAffineOptions;

/// An affine map of world points, fixed to moving, slowest axis first: y = matrix x + offset.
typedef struct CITKAffineMap {
  /// Rows, three entries a row whatever the rank.
  double matrix[9];
  double offset[3];
} CITKAffineMap;

/// What one step of an affine registration found.
typedef struct CITKAffineResult {
  CITKStatus status;
  /// The initial map, followed by what was found.
  CITKAffineMap map;
  /// ITK's metric at the result, lower is better.
  double metricValue;
  /// Steps that the optimiser took.
  size_t iterations;
} CITKAffineResult;

/// Improves an affine map between two images at one resolution.
///
/// Voxels in C order. A mask has the lattice of its image, zero where the image is not to be looked at; no elements where there is none.
CITKAffineResult citk_affine_register(CITKLattice fixedLattice, const float *__counted_by(fixedCount) fixed __noescape, size_t fixedCount,
    const uint8_t *__counted_by(fixedMaskCount) fixedMask __noescape, size_t fixedMaskCount, CITKLattice movingLattice,
    const float *__counted_by(movingCount) moving __noescape, size_t movingCount,
    const uint8_t *__counted_by(movingMaskCount) movingMask __noescape, size_t movingMaskCount, CITKAffineMap initial,
    CITKAffineOptions options);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
