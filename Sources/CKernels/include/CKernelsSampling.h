// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CKernelsDefines.h"
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// `target(x) = image(x + u(x))`, linear; the field's lattice is coarser by `gz`, `gy`, `gx` (1 or 2), its values are multiplied by
/// `sz`, `sy`, `sx` to give voxels of the image. Points more than half a voxel outside, or beside voxels that are not numbers, become 0
/// with validity 0.
void ckernels_warp(const float *__counted_by(nz *ny *nx) image __noescape, size_t nz, size_t ny, size_t nx,
    const float *__counted_by(3 * mz * my * mx) field __noescape, size_t mz, size_t my, size_t mx, int gz, int gy, int gx, float sz,
    float sy, float sx, float *__counted_by(nz *ny *nx) target __noescape, uint8_t *__counted_by(nz *ny *nx) valid __noescape, int threads);

/// Interpolations of `ckernels_resample`.
enum { CKernelsNearest = 0, CKernelsLinear = 1, CKernelsCubic = 2 };

/// `target[i] = image(p(i))`, or `outside` with validity 0 where p lies more than `reach` voxels beyond the outermost centres.
///
/// Where `relative` is not 0, `p` are displacements of a lattice of `py` by `px` rows whose first voxel is (0, 0, 0).
void ckernels_resample(const float *__counted_by(nz *ny *nx) image __noescape, size_t nz, size_t ny, size_t nx,
    const float *__counted_by(mz *my *mx) pointZ __noescape, const float *__counted_by(mz *my *mx) pointY __noescape,
    const float *__counted_by(mz *my *mx) pointX __noescape, size_t mz, size_t my, size_t mx, int relative, int interpolation, float reach,
    float outside, float *__counted_by(mz *my *mx) target __noescape, uint8_t *__counted_by(mz *my *mx) valid __noescape, int threads);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
