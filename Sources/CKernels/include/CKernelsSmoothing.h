// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CKernelsDefines.h"
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// How a smoothing continues beyond the border: by the border voxel, along the line through it (straight lines stay), or as in a mirror
/// on the outer face of the border voxel.
enum { CKernelsBorderClamp = 0, CKernelsBorderLinear = 1, CKernelsBorderMirror = 2 };

/// Correlates `components` lattices in `values` with a symmetric kernel along `axis` (0 is z), in place.
///
/// `taps[0]` is the centre, `taps[k]` the weight at distance k.
void ckernels_smooth_axis(float *__counted_by(components *nz *ny *nx) values __noescape, size_t components, size_t nz, size_t ny, size_t nx,
    int axis, const float *__counted_by(tapCount) taps __noescape, size_t tapCount, int border, int threads);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
