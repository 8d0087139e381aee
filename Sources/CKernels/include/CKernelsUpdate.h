// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CKernelsDefines.h"
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// A sum over cells and the sum of squares.
typedef struct {
  double sum, squares;
} CKernelsTrace;

/// The sum over cells of the traces H_zz + H_yy + H_xx and that of their squares, in that order in `sums`.
void ckernels_trace(
    const float *__counted_by(9 * count) equations __noescape, size_t count, double *__counted_by(2) sums __noescape, int threads);

/// Solves `(H + damping I) v = g` in each cell; `v` no longer than `limit`, then multiplied per component by `sz`, `sy`, `sx`.
///
/// Returns the sum and sum of squares of the lengths of `v` before the last multiplication.
CKernelsTrace ckernels_solve(const float *__counted_by(9 * count) equations __noescape, float *__counted_by(3 * count) step __noescape,
    size_t count, float damping, float limit, float sz, float sy, float sx, int threads);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
