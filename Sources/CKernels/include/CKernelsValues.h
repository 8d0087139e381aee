// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CKernelsDefines.h"
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

// A mask has a value for each voxel, or none where all count.

/// Copies `source` centred and scaled; voxels that are not numbers or not in `mask` become 0 with validity 0.
void ckernels_normalise(const float *__counted_by(count) source __noescape, size_t count,
    const uint8_t *__counted_by(maskCount) mask __noescape, size_t maskCount, float *__counted_by(count) target __noescape,
    uint8_t *__counted_by(count) valid __noescape, float shift, float scale, int threads);

/// 1 in `valid` where both images have a number and `mask` is not 0.
void ckernels_numbers_in_both(const float *__counted_by(count) a __noescape, const float *__counted_by(count) b __noescape, size_t count,
    const uint8_t *__counted_by(maskCount) mask __noescape, size_t maskCount, uint8_t *__counted_by(count) valid __noescape, int threads);

/// Copies `source`, not a number where `valid` is 0.
void ckernels_masked(const float *__counted_by(count) source __noescape, const uint8_t *__counted_by(count) valid __noescape,
    float *__counted_by(count) target __noescape, size_t count, int threads);

/// The least and the greatest of the values that are numbers, in that order in `both`; infinity and its negative where there are none.
void ckernels_extremes(
    const float *__counted_by(count) source __noescape, size_t count, float *__counted_by(2) both __noescape, int threads);

/// The number, mean and variance of the finite voxels in `mask`, in that order in `moments`.
///
/// They come back in an array: Swift 6.3.1 crashes on an imported function that takes spans and none to write to.
void ckernels_moments(const float *__counted_by(count) source __noescape, size_t count,
    const uint8_t *__counted_by(maskCount) mask __noescape, size_t maskCount, double *__counted_by(3) moments __noescape, int threads);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
