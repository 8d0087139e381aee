// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CKernelsDefines.h"
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// Central differences along `axis`, one-sided at the border, zero along an axis of one voxel.
void ckernels_difference(const float *__counted_by(nz *ny *nx) source __noescape, float *__counted_by(nz *ny *nx) target __noescape,
    size_t nz, size_t ny, size_t nx, int axis, int threads);

/// The determinant of the Jacobian of `identity x + u(x)` by central differences, `u` times `sz`, `sy`, `sx` in voxels of the lattice;
/// `identity` is 1, or 0 where `u` is x + u(x) already (an axis of one voxel then counts as 1).
void ckernels_jacobian(const float *__counted_by(nz *ny *nx) fieldZ __noescape, const float *__counted_by(nz *ny *nx) fieldY __noescape,
    const float *__counted_by(nz *ny *nx) fieldX __noescape, float *__counted_by(nz *ny *nx) determinant __noescape, size_t nz, size_t ny,
    size_t nx, float sz, float sy, float sx, float identity, int threads);

/// As `ckernels_jacobian`, but the least of the eight corners' determinants by one-sided differences: positive only where the cell
/// about the voxel does not fold either.
void ckernels_least_jacobian(const float *__counted_by(3 * nz * ny * nx) field __noescape,
    float *__counted_by(nz *ny *nx) determinant __noescape, size_t nz, size_t ny, size_t nx, float sz, float sy, float sx, int threads);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
