// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "CKernelsDefines.h"
#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// The mean of the valid voxels of blocks of `fz` by `fy` by `fx` (each 1 or 2); a block with under half valid is not valid.
void ckernels_shrink(const float *__counted_by(nz *ny *nx) source __noescape,
    const uint8_t *__counted_by(nz *ny *nx) sourceValid __noescape, size_t nz, size_t ny, size_t nx,
    float *__counted_by(mz *my *mx) target __noescape, uint8_t *__counted_by(mz *my *mx) targetValid __noescape, size_t mz, size_t my,
    size_t mx, int fz, int fy, int fx, int threads);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
