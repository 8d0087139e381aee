// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CKernelsDefines.h"
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// A sum over the centres that count, and their number.
typedef struct {
  double sum, count;
} CKernelsScore;

/// First half of the local correlation: per cell, the coefficients that the window about it hands to the derivative of each of its voxels.
///
/// Cells are `gz`, `gy`, `gx` voxels (1 or 2), windows `2 r + 1` cells an axis. A window counts where the first voxel of its middle cell is
/// valid in both images. The score is the sum of squared local correlation over the windows, negative correlation counting as none unless
/// `anySign`. `floor` is added to the variances of a window. `coefficients` are four lattices of cells, or seven: with those of the fixed
/// image's derivative.
CKernelsScore ckernels_correlation_coefficients(const float *__counted_by(nz *ny *nx) fixed __noescape,
    const float *__counted_by(nz *ny *nx) warped __noescape, const uint8_t *__counted_by(nz *ny *nx) fixedValid __noescape,
    const uint8_t *__counted_by(nz *ny *nx) warpedValid __noescape, size_t nz, size_t ny, size_t nx, size_t mz, size_t my, size_t mx,
    int gz, int gy, int gx, int rz, int ry, int rx, float floor, int anySign, float *__counted_by(coefficientCount) coefficients __noescape,
    size_t coefficientCount, int threads);

/// Second half: normal equations of the score's derivative by the position of each voxel of `warped`, in `equations` (nine lattices of
/// cells); with seven lattices of coefficients the mean of that and of what the fixed image's gradient says.
void ckernels_correlation_equations(const float *__counted_by(nz *ny *nx) fixed __noescape,
    const float *__counted_by(nz *ny *nx) warped __noescape, const uint8_t *__counted_by(nz *ny *nx) fixedValid __noescape,
    const uint8_t *__counted_by(nz *ny *nx) warpedValid __noescape, size_t nz, size_t ny, size_t nx, size_t mz, size_t my, size_t mx,
    int gz, int gy, int gx, int rz, int ry, int rx, const float *__counted_by(coefficientCount) coefficients __noescape,
    size_t coefficientCount, float *__counted_by(9 * mz * my * mx) equations __noescape, float sz, float sy, float sx, int threads);

/// The local correlation about each voxel, 0 where it is undefined, in `map` unless that is empty; the score sums it, or its
/// square, over the centres in `mask` that have a variance.
CKernelsScore ckernels_local_correlation(const float *__counted_by(nz *ny *nx) fixed __noescape,
    const float *__counted_by(nz *ny *nx) moving __noescape, const uint8_t *__counted_by(nz *ny *nx) valid __noescape,
    const uint8_t *__counted_by(nz *ny *nx) mask __noescape, size_t nz, size_t ny, size_t nx, int rz, int ry, int rx, double floor,
    int squared, float *__counted_by(mapCount) map __noescape, size_t mapCount, int threads);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
