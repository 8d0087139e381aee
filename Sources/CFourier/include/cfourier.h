// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stdbool.h>
#include <stddef.h>

#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// The discrete Fourier transform of real values, unnormalised (FFTW 3, single precision, one thread).
///
/// `values` has `nz * ny * nx` elements in C order; `spectrum` has `nz * ny * (nx / 2 + 1)` complex numbers, real and imaginary part
/// interleaved. Plans are estimated, never measured, so that the same machine always takes the same way. False where the counts do not fit
/// the shape.
bool cfourier_forward(const float *__counted_by(valueCount) values __noescape, size_t valueCount,
    float *__counted_by(spectrumCount) spectrum __noescape, size_t spectrumCount, size_t nz, size_t ny, size_t nx);

/// The inverse of `cfourier_forward`, times `nz * ny * nx`; overwrites `spectrum`.
bool cfourier_inverse(float *__counted_by(spectrumCount) spectrum __noescape, size_t spectrumCount,
    float *__counted_by(valueCount) values __noescape, size_t valueCount, size_t nz, size_t ny, size_t nx);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
