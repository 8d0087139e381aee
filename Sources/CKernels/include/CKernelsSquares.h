// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CKernelsCorrelation.h"
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// Normal equations of the squared difference, on cells of `gz`, `gy`, `gx` voxels; with `both` the mean of what both images' gradients
/// say. The score is the sum of squares.
CKernelsScore ckernels_squares_equations(const float *__counted_by(nz *ny *nx) fixed __noescape,
    const float *__counted_by(nz *ny *nx) warped __noescape, const uint8_t *__counted_by(nz *ny *nx) fixedValid __noescape,
    const uint8_t *__counted_by(nz *ny *nx) warpedValid __noescape, size_t nz, size_t ny, size_t nx, size_t mz, size_t my, size_t mx,
    int gz, int gy, int gx, int both, float *__counted_by(9 * mz * my * mx) equations __noescape, float sz, float sy, float sx,
    int threads);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
