// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CKernelsDefines.h"
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// `positions(x) = A p + a + warp(B p + b)` with `p = x + u(x)`, for each voxel x of a lattice: `warp` has `mz` by `my` by `mx` nodes,
/// linear and clamped at its border.
///
/// `maps` holds A, a, B, b: rows of matrices, then offsets, 24 numbers. Where `displaced` is 0 there is no u, where `nodeCount` is 0 no
/// warp; else they are n and 3 m.
void ckernels_map_box(size_t nz, size_t ny, size_t nx, const float *__counted_by(displaced) displacementZ __noescape,
    const float *__counted_by(displaced) displacementY __noescape, const float *__counted_by(displaced) displacementX __noescape,
    size_t displaced, const float *__counted_by(nodeCount) nodes __noescape, size_t nodeCount, size_t mz, size_t my, size_t mx,
    const double *__counted_by(24) maps __noescape, float *__counted_by(nz *ny *nx) positionZ __noescape,
    float *__counted_by(nz *ny *nx) positionY __noescape, float *__counted_by(nz *ny *nx) positionX __noescape, int threads);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
