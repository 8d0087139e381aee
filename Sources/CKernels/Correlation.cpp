// SPDX-License-Identifier: Apache-2.0
// Local normalised cross-correlation and its exact derivative by way of two window sums.
//
// With sums over a window of n voxels, S_fm = Σ(f - f̄)(m - m̄) and so on, the score of a window is S_fm² / (S_ff S_mm). Its
// derivative by m(y), summed over the windows c that hold y, is f(y) Σ A_c - m(y) Σ B_c + Σ C_c with A = 2 S_fm / (S_ff S_mm),
// B = A S_fm / S_mm and C = B m̄ - A f̄: a second window sum. Near a match, 2 / S_mm is the curvature.
#include "include/CKernelsCorrelation.h"

#include <cmath>

#include "Equations.hpp"
#include "Tiles.hpp"

using namespace ckernels;

namespace {

struct Pair {
  const float *fixed, *warped;
  const uint8_t *fixedValid, *warpedValid;
  Extent n;
  Radii r;
  float fixedFloor, movingFloor;
  float negative;  // how much of a negative correlation counts
  float *coefficients;
};

/// Loads validity, f, m, ff, mm, fm of a row.
struct LoadProducts {
  const float *fixed, *warped;
  const uint8_t *a, *b;
  Extent n;
  CK_INLINE void operator()(long z, long y, float *line, long pitch) const {
    long start = (z * n.y + y) * n.x;
    const float *f = fixed + start, *m = warped + start;
    const uint8_t *fa = a + start, *mb = b + start;
    float *l0 = line, *l1 = l0 + pitch, *l2 = l1 + pitch, *l3 = l2 + pitch, *l4 = l3 + pitch, *l5 = l4 + pitch;
    for (long x = 0; x < n.x; ++x) {
      float v = float(int(fa[x]) & int(mb[x])), fv = v * f[x], mv = v * m[x];
      l0[x] = v;
      l1[x] = fv;
      l2[x] = mv;
      l3[x] = fv * fv;
      l4[x] = mv * mv;
      l5[x] = fv * mv;
    }
  }
};

CK_VECTORISED CKernelsScore coefficients_tile(const Pair &p, const Tile &tile, WindowScratch &scratch) {
  long width = p.n.x, count = p.n.count();
  float *score = &scratch.extra[0], *counted = score + width;
  CKernelsScore total = {0, 0};
  auto finish = [&](long z, long y, const float *sums) __attribute__((always_inline)) {
    long start = (z * p.n.y + y) * width;
    const float *sn = sums, *sf = sn + width, *sm = sf + width, *sff = sm + width, *smm = sff + width, *sfm = smm + width;
    const uint8_t *fa = p.fixedValid + start, *mb = p.warpedValid + start;
    float *a = p.coefficients + start, *b = a + count, *c = b + count, *d = c + count;
    for (long x = 0; x < width; ++x) {
      float n = sn[x];
      float on = (fa[x] & mb[x]) != 0 && n > 1.5f ? 1.0f : 0.0f;
      float inverse = 1.0f / (n > 1.0f ? n : 1.0f);
      float fMean = sf[x] * inverse, mMean = sm[x] * inverse;
      float ff = sff[x] - sf[x] * fMean, mm = smm[x] - sm[x] * mMean, fm = sfm[x] - sf[x] * mMean;
      ff = (ff > 0 ? ff : 0.0f) + n * p.fixedFloor + 1e-20f;
      mm = (mm > 0 ? mm : 0.0f) + n * p.movingFloor + 1e-20f;
      fm = fm > 0 ? fm : fm * p.negative;
      float perFF = 1.0f / ff, perMM = on / mm;
      float A = 2 * fm * perFF * perMM, B = A * fm * perMM;
      a[x] = A;
      b[x] = B;
      c[x] = B * mMean - A * fMean;
      d[x] = 2 * perMM;
      score[x] = fm * fm * perFF * perMM;
      counted[x] = on;
    }
    total.sum += row_sum(score, width);
    total.count += row_sum(counted, width);
  };
  window_sums<6>(p.n, p.r, tile, scratch, LoadProducts{p.fixed, p.warped, p.fixedValid, p.warpedValid, p.n}, finish);
  return total;
}

struct LoadCoefficients {
  const float *coefficients;
  Extent n;
  CK_INLINE void operator()(long z, long y, float *line, long pitch) const {
    for (int c = 0; c < 4; ++c) {
      const float *from = coefficients + c * n.count() + (z * n.y + y) * n.x;
      float *to = line + c * pitch;
      for (long x = 0; x < n.x; ++x) to[x] = from[x];
    }
  }
};

CK_VECTORISED void equations_tile(const Pair &p, const Equations &e, const Tile &tile, WindowScratch &scratch) {
  long width = p.n.x;
  float *force = &scratch.extra[0], *weight = force + width + 1, *rows = weight + width + 1;
  auto finish = [&](long z, long y, const float *sums) __attribute__((always_inline)) {
    long start = (z * p.n.y + y) * width;
    const float *a = sums, *b = a + width, *c = b + width, *d = c + width;
    const float *f = p.fixed + start, *m = p.warped + start;
    const uint8_t *fa = p.fixedValid + start, *mb = p.warpedValid + start;
    for (long x = 0; x < width; ++x) {
      float on = float(int(fa[x]) & int(mb[x]));
      force[x] = on * (f[x] * a[x] - m[x] * b[x] + c[x]);
      weight[x] = on * d[x];
    }
    add_row(e, p.warped, p.warpedValid, p.n, z, y, force, weight, rows);
  };
  window_sums<4>(p.n, p.r, tile, scratch, LoadCoefficients{p.coefficients, p.n}, finish);
}

struct Quality {
  const float *fixed, *moving;
  const uint8_t *valid, *mask;
  Extent n;
  Radii r;
  double floor;
  float *map;
};

CK_VECTORISED CKernelsScore quality_tile(const Quality &q, const Tile &tile, WindowScratch &scratch) {
  long width = q.n.x;
  float *score = &scratch.extra[0], *counted = score + width;
  CKernelsScore total = {0, 0};
  float floor = float(q.floor * q.floor);
  auto finish = [&](long z, long y, const float *sums) __attribute__((always_inline)) {
    long start = (z * q.n.y + y) * width;
    const float *sn = sums, *sf = sn + width, *sm = sf + width, *sff = sm + width, *smm = sff + width, *sfm = smm + width;
    for (long x = 0; x < width; ++x) {
      float inverse = 1.0f / (sn[x] > 1.0f ? sn[x] : 1.0f);
      float fMean = sf[x] * inverse, mMean = sm[x] * inverse;
      float ff = sff[x] * inverse - fMean * fMean, mm = smm[x] * inverse - mMean * mMean, fm = sfm[x] * inverse - fMean * mMean;
      // Below this a variance is what rounding leaves of a flat window.
      bool defined = ff > 2e-6f * sff[x] * inverse && mm > 2e-6f * smm[x] * inverse;
      float value = defined ? fm / std::sqrt(ff * mm + floor) : 0.0f;
      bool counts = defined && q.mask[start + x] != 0 && q.valid[start + x] != 0;
      q.map[start + x] = value;
      score[x] = counts ? value : 0.0f;
      counted[x] = counts ? 1.0f : 0.0f;
    }
    total.sum += row_sum(score, width);
    total.count += row_sum(counted, width);
  };
  window_sums<6>(q.n, q.r, tile, scratch, LoadProducts{q.fixed, q.moving, q.valid, q.valid, q.n}, finish);
  return total;
}

template <class Body>
CKernelsScore score_tiles(const Extent &n, const Radii &r, int threads, const Body &body) {
  Tiling tiling(n);
  std::vector<CKernelsScore> scores(static_cast<size_t>(tiling.count()));
  parallel(tiling.count(), threads, [&](long i) {
    WindowScratch scratch(tiling, r, 6, 2);
    scores[size_t(i)] = body(tiling[i], scratch);
  });
  CKernelsScore total = {0, 0};
  for (auto &s : scores) {
    total.sum += s.sum;
    total.count += s.count;
  }
  return total;
}

}  // namespace

CKernelsScore ckernels_correlation_coefficients(const float *fixed __noescape, const float *warped __noescape,
    const uint8_t *fixedValid __noescape, const uint8_t *warpedValid __noescape, size_t nz, size_t ny, size_t nx, int rz, int ry, int rx,
    float fixedFloor, float movingFloor, int eitherSign, float *coefficients __noescape, int threads) {
  Pair p = {
      fixed, warped, fixedValid, warpedValid, {nz, ny, nx}, {rz, ry, rx}, fixedFloor, movingFloor, eitherSign ? 1.0f : 0.0f, coefficients};
  return score_tiles(p.n, p.r, threads, [&](const Tile &tile, WindowScratch &scratch) { return coefficients_tile(p, tile, scratch); });
}

void ckernels_correlation_equations(const float *fixed __noescape, const float *warped __noescape, const uint8_t *fixedValid __noescape,
    const uint8_t *warpedValid __noescape, size_t nz, size_t ny, size_t nx, int rz, int ry, int rx, const float *coefficients __noescape,
    float *equations __noescape, size_t mz, size_t my, size_t mx, int gz, int gy, int gx, float sz, float sy, float sx, int threads) {
  Pair p = {fixed, warped, fixedValid, warpedValid, {nz, ny, nx}, {rz, ry, rx}, 0, 0, 0, const_cast<float *>(coefficients)};
  Equations e = {equations, {mz, my, mx}, gz, gy, gx, {sz, sy, sx}};
  Tiling tiling(p.n);
  parallel(tiling.count(), threads, [&](long i) {
    WindowScratch scratch(tiling, p.r, 4, 11);
    equations_tile(p, e, tiling[i], scratch);
  });
}

CKernelsScore ckernels_local_correlation(const float *fixed __noescape, const float *moving __noescape, const uint8_t *valid __noescape,
    const uint8_t *mask __noescape, size_t nz, size_t ny, size_t nx, int rz, int ry, int rx, double floor, float *map __noescape,
    int threads) {
  Quality q = {fixed, moving, valid, mask, {nz, ny, nx}, {rz, ry, rx}, floor, map};
  return score_tiles(q.n, q.r, threads, [&](const Tile &tile, WindowScratch &scratch) { return quality_tile(q, tile, scratch); });
}
