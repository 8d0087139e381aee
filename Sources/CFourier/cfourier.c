// SPDX-License-Identifier: Apache-2.0

#include "cfourier.h"

#include <fftw3.h>
#include <pthread.h>

// FFTW's planner is the one part of it that threads cannot share.
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

static bool run(fftwf_plan plan) {
  if (plan == NULL) return false;
  fftwf_execute(plan);
  pthread_mutex_lock(&planner);
  fftwf_destroy_plan(plan);
  pthread_mutex_unlock(&planner);
  return true;
}

// Without vector instructions: those of other processors round otherwise, and the same bytes are promised everywhere.
static const unsigned plan_flags = FFTW_ESTIMATE | FFTW_UNALIGNED | FFTW_NO_SIMD;

bool cfourier_forward(const float *__counted_by(valueCount) values __noescape, size_t valueCount,
    float *__counted_by(spectrumCount) spectrum __noescape, size_t spectrumCount, size_t nz, size_t ny, size_t nx) {
  if (valueCount != nz * ny * nx || spectrumCount != 2 * nz * ny * (nx / 2 + 1)) return false;
  pthread_mutex_lock(&planner);
  fftwf_plan plan =
      fftwf_plan_dft_r2c_3d((int)nz, (int)ny, (int)nx, (float *)values, (fftwf_complex *)spectrum, plan_flags | FFTW_PRESERVE_INPUT);
  pthread_mutex_unlock(&planner);
  return run(plan);
}

bool cfourier_inverse(float *__counted_by(spectrumCount) spectrum __noescape, size_t spectrumCount,
    float *__counted_by(valueCount) values __noescape, size_t valueCount, size_t nz, size_t ny, size_t nx) {
  if (valueCount != nz * ny * nx || spectrumCount != 2 * nz * ny * (nx / 2 + 1)) return false;
  pthread_mutex_lock(&planner);
  fftwf_plan plan = fftwf_plan_dft_c2r_3d((int)nz, (int)ny, (int)nx, (fftwf_complex *)spectrum, values, plan_flags);
  pthread_mutex_unlock(&planner);
  return run(plan);
}
