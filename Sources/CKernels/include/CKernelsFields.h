// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CKernelsDefines.h"
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// `result(x) = inner(x) + outer(x + inner(x))` on one lattice, `outer` linear and clamped at the border; values times
/// `sz`, `sy`, `sx` are voxels of the lattice. `result` may not be one of the others.
void ckernels_compose(const float *__counted_by(3 * nz * ny * nx) outer __noescape,
    const float *__counted_by(3 * nz * ny * nx) inner __noescape, float *__counted_by(3 * nz * ny * nx) result __noescape, size_t nz,
    size_t ny, size_t nx, float sz, float sy, float sx, int threads);

/// The inverse of `field`: at each voxel the fixed point of `w(y) = -field(y + w(y))`, starting from what `inverse` holds.
///
/// Returns the mean and the greatest length of what is left, `field(y + w) + w`, in voxels of the lattice.
typedef struct {
  double mean, greatest;
} CKernelsResidual;
CKernelsResidual ckernels_invert(const float *__counted_by(3 * nz * ny * nx) field __noescape,
    float *__counted_by(3 * nz * ny * nx) inverse __noescape, size_t nz, size_t ny, size_t nx, float sz, float sy, float sx,
    float tolerance, int iterations, int threads);

/// One component on a lattice finer by `gz`, `gy`, `gx` (1 or 2), linear.
void ckernels_upsample(const float *__counted_by(mz *my *mx) coarse __noescape, size_t mz, size_t my, size_t mx,
    float *__counted_by(nz *ny *nx) fine __noescape, size_t nz, size_t ny, size_t nx, int gz, int gy, int gx, int threads);

/// Blends each voxel marked in `marks` half-way to the mean of its neighbours (itself included); `field` and `result` differ.
void ckernels_relax(const float *__counted_by(3 * nz * ny * nx) field __noescape, const uint8_t *__counted_by(nz *ny *nx) marks __noescape,
    float *__counted_by(3 * nz * ny * nx) result __noescape, size_t nz, size_t ny, size_t nx, int threads);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
