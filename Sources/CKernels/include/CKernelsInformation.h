// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CKernelsDefines.h"
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// The joint histogram of voxels valid in both images: rows are fixed bins (one each), columns moving bins (cubic B-spline).
///
/// A value v lies at `(v - low) * scale` bins, clamped to 0 ... bins - 1; the histogram has `bins` rows of `bins + 3` columns,
/// column c standing for bin c - 1.
void ckernels_joint_histogram(const float *__counted_by(count) fixed __noescape, const float *__counted_by(count) warped __noescape,
    const uint8_t *__counted_by(count) fixedValid __noescape, const uint8_t *__counted_by(count) warpedValid __noescape, size_t count,
    size_t bins, float fixedLow, float fixedScale, float movingLow, float movingScale,
    double *__counted_by(bins *(bins + 3)) histogram __noescape, int threads);

/// Normal equations of mutual information, on cells of `gz`, `gy`, `gx` voxels: `table` (as the histogram) is what a moving bin is worth
/// beside a fixed bin; the force is its derivative by the moving intensity times `gain`.
///
/// With `both` the mean of that and of what the fixed image's gradient says; `reverseTable` and `reverseGain` are those of the images
/// exchanged.
void ckernels_information_equations(const float *__counted_by(nz *ny *nx) fixed __noescape,
    const float *__counted_by(nz *ny *nx) warped __noescape, const uint8_t *__counted_by(nz *ny *nx) fixedValid __noescape,
    const uint8_t *__counted_by(nz *ny *nx) warpedValid __noescape, size_t nz, size_t ny, size_t nx, size_t mz, size_t my, size_t mx,
    int gz, int gy, int gx, size_t bins, float fixedLow, float fixedScale, float movingLow, float movingScale,
    const float *__counted_by(bins *(bins + 3)) table __noescape, float gain,
    const float *__counted_by(bins *(bins + 3)) reverseTable __noescape, float reverseGain, int both,
    float *__counted_by(9 * mz * my * mx) equations __noescape, float sz, float sy, float sx, int threads);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
