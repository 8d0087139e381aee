// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsUpdate.h"

#include <cmath>

#include "Parallel.hpp"

using namespace ckernels;

namespace {

constexpr long kPart = 4096;

CK_VECTORISED CKernelsTrace trace_part(const float *e, long count, long from, long to) {
  float sum[kPart], squares[kPart];
  for (long i = from; i < to; ++i) {
    float t = e[3 * count + i] + e[4 * count + i] + e[5 * count + i];
    sum[i - from] = t;
    squares[i - from] = t * t;
  }
  return {row_sum(sum, to - from), row_sum(squares, to - from)};
}

CK_VECTORISED CKernelsTrace solve_part(
    const float *e, float *step, long count, long from, long to, float damping, float limit, const float *scales) {
  float lengths[kPart], squares[kPart];
  const float *gz = e, *gy = gz + count, *gx = gy + count, *hzz = gx + count, *hyy = hzz + count, *hxx = hyy + count, *hzy = hxx + count,
              *hzx = hzy + count, *hyx = hzx + count;
  float *vz = step, *vy = vz + count, *vx = vy + count;
  float sz = scales[0], sy = scales[1], sx = scales[2];
  for (long i = from; i < to; ++i) {
    // Scaled to a damping of 1, so that products of three entries stay far from the ends of the range.
    float per = 1.0f / damping;
    float a = hzz[i] * per + 1, d = hyy[i] * per + 1, f = hxx[i] * per + 1, b = hzy[i] * per, c = hzx[i] * per, k = hyx[i] * per;
    float p = gz[i] * per, q = gy[i] * per, r = gx[i] * per;
    // LDLᵀ: positive definite, so no pivoting.
    float l1 = b / a, l2 = c / a;
    float dd = d - l1 * b, kk = k - l1 * c;
    dd = dd > 1e-6f ? dd : 1e-6f;
    float l3 = kk / dd;
    float ff = f - l2 * c - l3 * kk;
    ff = ff > 1e-6f ? ff : 1e-6f;
    q -= l1 * p;
    r -= l2 * p + l3 * q;
    float x = r / ff, y = q / dd - l3 * x, z = p / a - l1 * y - l2 * x;
    float length = std::sqrt(z * z + y * y + x * x);
    float keep = length > limit ? limit / length : 1.0f;
    z *= keep;
    y *= keep;
    x *= keep;
    length *= keep;
    vz[i] = sz * z;
    vy[i] = sy * y;
    vx[i] = sx * x;
    lengths[i - from] = length;
    squares[i - from] = length * length;
  }
  return {row_sum(lengths, to - from), row_sum(squares, to - from)};
}

template <class Body>
CKernelsTrace sum_parts(long count, int threads, const Body &body) {
  long parts = (count + kPart - 1) / kPart;
  std::vector<CKernelsTrace> sums(static_cast<size_t>(parts));
  parallel(parts, threads, [&](long part) { sums[size_t(part)] = body(part * kPart, std::min(count, (part + 1) * kPart)); });
  CKernelsTrace total = {0, 0};
  for (auto &s : sums) {
    total.sum += s.sum;
    total.squares += s.squares;
  }
  return total;
}

}  // namespace

void ckernels_trace(const float *equations __noescape, size_t count, double *sums __noescape, int threads) {
  CKernelsTrace all = sum_parts(long(count), threads, [&](long from, long to) { return trace_part(equations, long(count), from, to); });
  sums[0] = all.sum;
  sums[1] = all.squares;
}

CKernelsTrace ckernels_solve(const float *equations __noescape, float *step __noescape, size_t count, float damping, float limit, float sz,
    float sy, float sx, int threads) {
  float scales[3] = {sz, sy, sx};
  return sum_parts(
      long(count), threads, [&](long from, long to) { return solve_part(equations, step, long(count), from, to, damping, limit, scales); });
}
