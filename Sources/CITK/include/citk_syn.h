// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "citk_affine.h"
#include "citk_lattice.h"
#include "citk_status.h"

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// Levels that one call can have.
#define CITK_SYN_LEVEL_CAPACITY 8

/// How one level runs.
typedef struct CITKSyNLevelOptions {
  /// At most so many iterations.
  size_t iterations;
  /// Fixed voxels along each axis (slowest first) that make one voxel of this level.
  size_t shrinkFactors[3];
  /// Gaussian smoothing of both images, in world units.
  double smoothing;
} CITKSyNLevelOptions;

/// How a symmetric diffeomorphic registration runs.
typedef struct CITKSyNOptions {
  CITKImageMetric metric;
  /// Neighbourhood radius of the correlation, in voxels of the level.
  size_t radius;
  /// The longest step of an iteration, in voxels of the level.
  double step;
  /// Variance of the smoothing of each update, in voxels of the level squared.
  double updateVariance;
  /// Variance of the smoothing of the whole field, in voxels of the level squared; 0 for none.
  double totalVariance;
  /// A level ends where the metric's slope over the window falls below this.
  double convergenceThreshold;
  /// Iterations in the window.
  size_t convergenceWindow;
  /// Levels in use, coarsest first.
  size_t levelCount;
  CITKSyNLevelOptions levels[CITK_SYN_LEVEL_CAPACITY];
} CITKSyNOptions;

/// How one level went.
typedef struct CITKSyNLevel {
  size_t iterations;
  /// ITK's metric at the last iteration, lower is better.
  double metricValue;
  /// The slope at the last iteration.
  double convergenceValue;
} CITKSyNLevel;

/// How a symmetric diffeomorphic registration went.
typedef struct CITKSyNResult {
  CITKStatus status;
  CITKSyNLevel levels[CITK_SYN_LEVEL_CAPACITY];
} CITKSyNResult;

/// Registers two images with `itk::SyNImageRegistrationMethod`.
///
/// Voxels in C order. Masks have the lattices of their images, zero where an image is not to be looked at. `forward` and `inverse` take
/// the fields on the fixed lattice, in world units: all of the slowest world axis, then the next. A fixed point x goes to the moving
/// point initial(x + forward(x)); x + inverse(x) undoes x + forward(x).
CITKSyNResult citk_syn_register(CITKLattice fixedLattice, const float *__counted_by(fixedCount) fixed __noescape,
    const uint8_t *__counted_by(fixedCount) fixedMask __noescape, size_t fixedCount, CITKLattice movingLattice,
    const float *__counted_by(movingCount) moving __noescape, const uint8_t *__counted_by(movingCount) movingMask __noescape,
    size_t movingCount, CITKAffineMap initial, CITKSyNOptions options, float *__counted_by(fieldCount) forward __noescape,
    float *__counted_by(fieldCount) inverse __noescape, size_t fieldCount);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
