// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CKernelsDefines.h"
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// Cubic B-splines along one axis: place i is the sum of the four control points from `first[i]` on, times `weights[4 i]`...
///
/// `controls` has `outer` by `length` by `inner` values, `values` `outer` by `places` by `inner`.
void ckernels_spline_expand(const float *__counted_by(outer *length *inner) controls __noescape,
    float *__counted_by(outer *places *inner) values __noescape, size_t outer, size_t length, size_t inner,
    const int32_t *__counted_by(places) first __noescape, const float *__counted_by(4 * places) weights __noescape, size_t places,
    int threads);

/// The control points along one axis nearest to values at places in the least-squares sense.
///
/// `factor` holds the Cholesky factor L of the normal equations by rows: `factor[4 i + b]` is `L[i][i - b]`, 4 `length` numbers. Sums are
/// of double precision.
void ckernels_spline_fit(const float *__counted_by(outer *places *inner) values __noescape,
    float *__counted_by(outer *length *inner) controls __noescape, size_t outer, size_t length, size_t inner,
    const int32_t *__counted_by(places) first __noescape, const float *__counted_by(4 * places) weights __noescape, size_t places,
    const double *__counted_by(factors) factor __noescape, size_t factors, int threads);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
