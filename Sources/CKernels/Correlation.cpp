// SPDX-License-Identifier: Apache-2.0
// Local normalised cross-correlation and its exact derivative by way of two window sums.
//
// With sums over a window of n voxels, S_fm = Σ(f - f̄)(m - m̄) and so on, the score of a window is S_fm² / (S_ff S_mm). Its
// derivative by m(y), summed over the windows c that hold y, is f(y) Σ A_c - m(y) Σ B_c + Σ C_c with A = 2 S_fm / (S_ff S_mm),
// B = A S_fm / S_mm and C = B m̄ - A f̄: a second window sum. Near a match, 2 / S_mm is the curvature. The derivative by f(y) is the same
// with the images exchanged.
//
// Windows are made of whole cells of the field's lattice (2³ voxels) and lie about each cell: sums, coefficients and their sums are then
// an eighth of the work that windows about each voxel would be, and each voxel still lies in equally many.
#include "include/CKernelsCorrelation.h"

#include <cmath>

#include "Equations.hpp"

using namespace ckernels;

namespace {

/// Loads a row of cells: sums of validity, f, m, ff, mm, fm over their voxels.
template <bool masked, int rowCount>
CK_INLINE void load_rows(const Pair &p, const CellRows &rows, float *line, long pitch, float *scratch) {
  long width = p.n.x;
  float *t0 = scratch, *t1 = t0 + width, *t2 = t1 + width, *t3 = t2 + width, *t4 = t3 + width, *t5 = t4 + width;
  CK_INDEPENDENT
  for (long x = 0; x < width; ++x) {
    float sv = 0, sf = 0, sm = 0, sff = 0, smm = 0, sfm = 0;
#pragma unroll
    for (int r = 0; r < rowCount; ++r) {
      long i = rows.start[r] + x;
      float f = p.fixed[i], m = p.warped[i];
      if (masked) {
        bool on = (p.fixedValid[i] & p.warpedValid[i]) != 0;
        f = on ? f : 0.0f;
        m = on ? m : 0.0f;
        sv += on ? 1.0f : 0.0f;
      } else {
        sv += 1.0f;
      }
      sf += f;
      sm += m;
      sff += f * f;
      smm += m * m;
      sfm += f * m;
    }
    t0[x] = sv;
    t1[x] = sf;
    t2[x] = sm;
    t3[x] = sff;
    t4[x] = smm;
    t5[x] = sfm;
  }
  for (int c = 0; c < 6; ++c) fold(scratch + c * width, width, p.fx, p.m.x, line + c * pitch);
}

struct LoadProducts {
  const Pair &p;
  float *scratch;
  CK_INLINE void operator()(long cz, long cy, float *line, long pitch) const {
    CellRows rows = cell_rows(p, cz, cy);
    bool valid = true;
    for (int r = 0; r < rows.count; ++r) valid = valid && row_is_valid(p, rows.start[r]);
    with_row_count(
        rows, [&](auto count) __attribute__((always_inline)) {
          if (valid)
            load_rows<false, decltype(count)::value>(p, rows, line, pitch, scratch);
          else
            load_rows<true, decltype(count)::value>(p, rows, line, pitch, scratch);
        });
  }
};

/// Coefficients of the warped image's derivative, A B C and the curvature; on both sides also B C and the curvature of the fixed one's.
constexpr int coefficient_count(bool both) { return both ? 7 : 4; }
bool is_two_sided(const Pair &p, size_t count) { return long(count) == coefficient_count(true) * p.m.count(); }

/// What is added to variances, and the covariance from which on windows have a say.
struct Taken {
  float floor, least;
};

template <bool both>
CK_INLINE CKernelsScore coefficients_of_tile(
    const Pair &p, const Radii &r, const Taken &taken, float *coefficients, const Tile &tile, WindowScratch &scratch) {
  long width = p.m.x, count = p.m.count();
  float *score = &scratch.extra[0], *counted = score + width, *products = counted + width;
  CKernelsScore total = {0, 0};
  auto finish = [&](long cz, long cy, const float *sums) __attribute__((always_inline)) {
    const float *sn = sums, *sf = sn + width, *sm = sf + width, *sff = sm + width, *smm = sff + width, *sfm = smm + width;
    long first = (cz * p.fz * p.n.y + cy * p.fy) * p.n.x, step = p.fx;
    const uint8_t *fa = p.fixedValid + first, *mb = p.warpedValid + first;
    float *a = coefficients + (cz * p.m.y + cy) * width, *b = a + count, *c = b + count, *d = c + count;
    float *fb = both ? d + count : d, *fc = both ? fb + count : d, *fd = both ? fc + count : d;
    // A loop of its own: steps of a length that is not known keep a loop from vectors.
    for (long x = 0; x < width; ++x) counted[x] = float(fa[step * x] & mb[step * x]);
    CK_INDEPENDENT
    for (long x = 0; x < width; ++x) {
      float n = sn[x];
      float on = n > 1.5f ? counted[x] : 0.0f;
      float inverse = 1.0f / (n > 1.0f ? n : 1.0f);
      float fMean = sf[x] * inverse, mMean = sm[x] * inverse;
      float ff = sff[x] - sf[x] * fMean, mm = smm[x] - sm[x] * mMean, fm = sfm[x] - sf[x] * mMean;
      ff = (ff > 0 ? ff : 0.0f) + n * taken.floor + 1e-20f;
      mm = (mm > 0 ? mm : 0.0f) + n * taken.floor + 1e-20f;
      fm = fm > taken.least ? fm : 0.0f;
      float perFF = on / ff, perMM = on / mm;
      float A = 2 * fm * perFF * perMM, B = A * fm * perMM;
      a[x] = A;
      b[x] = B;
      c[x] = B * mMean - A * fMean;
      d[x] = 2 * perMM;
      if (both) {
        float F = A * fm * perFF;
        fb[x] = F;
        fc[x] = F * fMean - A * mMean;
        fd[x] = 2 * perFF;
      }
      score[x] = fm * fm * perFF * perMM;
      counted[x] = on;
    }
    total.sum += row_sum(score, width);
    total.count += row_sum(counted, width);
  };
  window_sums<6>(p.m, r, tile, scratch, LoadProducts{p, products}, finish);
  return total;
}

CK_VECTORISED CKernelsScore one_sided_coefficients(
    const Pair &p, const Radii &r, const Taken &taken, float *coefficients, const Tile &tile, WindowScratch &scratch) {
  return coefficients_of_tile<false>(p, r, taken, coefficients, tile, scratch);
}

CK_VECTORISED CKernelsScore two_sided_coefficients(
    const Pair &p, const Radii &r, const Taken &taken, float *coefficients, const Tile &tile, WindowScratch &scratch) {
  return coefficients_of_tile<true>(p, r, taken, coefficients, tile, scratch);
}

template <int components>
struct LoadCoefficients {
  const float *coefficients;
  Extent m;
  CK_INLINE void operator()(long z, long y, float *line, long pitch) const {
    for (int c = 0; c < components; ++c) copy(coefficients + c * m.count() + (z * m.y + y) * m.x, m.x, line + c * pitch);
  }
};

template <bool both>
CK_INLINE void equations_of_tile(
    const Pair &p, const Radii &r, const float *coefficients, const Equations &e, const Tile &tile, WindowScratch &scratch) {
  constexpr int components = coefficient_count(both);
  long width = p.n.x, cells = p.m.x;
  float *wide = &scratch.extra[0], *rows = wide + components * width;
  auto finish = [&](long cz, long cy, const float *sums) __attribute__((always_inline)) {
    for (int c = 0; c < components; ++c) unfold(sums + c * cells, width, p.fx, wide + c * width);
    const float *a = wide, *b = a + width, *c = b + width, *d = c + width;
    const float *fb = both ? d + width : d, *fc = both ? fb + width : d, *fd = both ? fc + width : d;
    CellRows at = cell_rows(p, cz, cy);
    VoxelRows here = voxel_rows(p, at);
    auto force = [&](auto masked, int row, long x) __attribute__((always_inline)) {
      float on = masked ? float(here.fixedValid[row][x] & here.warpedValid[row][x]) : 1.0f, f = here.fixed[row][x], m = here.warped[row][x];
      float A = on * a[x];
      return Force{
          f * A - m * (on * b[x]) + on * c[x], on * d[x], both ? m * A - f * (on * fb[x]) + on * fc[x] : 0.0f, both ? on * fd[x] : 0.0f};
    };
    gather_cells<both>(p, e, at, force, rows);
  };
  window_sums<components>(p.m, r, tile, scratch, LoadCoefficients<components>{coefficients, p.m}, finish);
}

CK_VECTORISED void one_sided_equations(
    const Pair &p, const Radii &r, const float *coefficients, const Equations &e, const Tile &tile, WindowScratch &scratch) {
  equations_of_tile<false>(p, r, coefficients, e, tile, scratch);
}

CK_VECTORISED void two_sided_equations(
    const Pair &p, const Radii &r, const float *coefficients, const Equations &e, const Tile &tile, WindowScratch &scratch) {
  equations_of_tile<true>(p, r, coefficients, e, tile, scratch);
}

/// Loads validity, f, m, ff, mm, fm of a row of voxels.
struct LoadVoxels {
  const float *fixed, *moving;
  const uint8_t *valid;
  Extent n;
  CK_INLINE void operator()(long z, long y, float *line, long pitch) const {
    long start = (z * n.y + y) * n.x;
    const float *f = fixed + start, *m = moving + start;
    const uint8_t *v = valid + start;
    float *l0 = line, *l1 = l0 + pitch, *l2 = l1 + pitch, *l3 = l2 + pitch, *l4 = l3 + pitch, *l5 = l4 + pitch;
    CK_INDEPENDENT
    for (long x = 0; x < n.x; ++x) {
      bool on = v[x] != 0;
      float fv = on ? f[x] : 0.0f, mv = on ? m[x] : 0.0f;
      l0[x] = on ? 1.0f : 0.0f;
      l1[x] = fv;
      l2[x] = mv;
      l3[x] = fv * fv;
      l4[x] = mv * mv;
      l5[x] = fv * mv;
    }
  }
};

struct Quality {
  const float *fixed, *moving;
  const uint8_t *valid, *mask;
  Extent n;
  Radii r;
  double floor;
  bool squared;
  float *map;  // may be null
};

CK_VECTORISED CKernelsScore quality_tile(const Quality &q, const Tile &tile, WindowScratch &scratch) {
  long width = q.n.x;
  float *score = &scratch.extra[0], *counted = score + width, *spare = counted + width;
  CKernelsScore total = {0, 0};
  float floor = float(q.floor * q.floor);
  bool squared = q.squared;
  auto finish = [&](long z, long y, const float *sums) __attribute__((always_inline)) {
    long start = (z * q.n.y + y) * width;
    const float *sn = sums, *sf = sn + width, *sm = sf + width, *sff = sm + width, *smm = sff + width, *sfm = smm + width;
    float *values = q.map ? q.map + start : spare;
    const uint8_t *valid = q.valid + start, *mask = q.mask + start;
    CK_INDEPENDENT
    for (long x = 0; x < width; ++x) {
      float inverse = 1.0f / (sn[x] > 1.0f ? sn[x] : 1.0f);
      float fMean = sf[x] * inverse, mMean = sm[x] * inverse;
      float ff = sff[x] * inverse - fMean * fMean, mm = smm[x] * inverse - mMean * mMean, fm = sfm[x] * inverse - fMean * mMean;
      // Below this a variance is what rounding leaves of a flat window.
      bool defined = (ff > 2e-6f * sff[x] * inverse) & (mm > 2e-6f * smm[x] * inverse);
      float value = fm / std::sqrt(std::fmax(ff * mm, 0.0f) + floor);
      value = defined ? value : 0.0f;
      bool counts = defined & (mask[x] != 0) & (valid[x] != 0);
      values[x] = value;
      score[x] = counts ? (squared ? value * value : value) : 0.0f;
      counted[x] = counts ? 1.0f : 0.0f;
    }
    total.sum += row_sum(score, width);
    total.count += row_sum(counted, width);
  };
  window_sums<6>(q.n, q.r, tile, scratch, LoadVoxels{q.fixed, q.moving, q.valid, q.n}, finish);
  return total;
}

}  // namespace

CKernelsScore ckernels_correlation_coefficients(const float *fixed __noescape, const float *warped __noescape,
    const uint8_t *fixedValid __noescape, const uint8_t *warpedValid __noescape, size_t nz, size_t ny, size_t nx, size_t mz, size_t my,
    size_t mx, int gz, int gy, int gx, int rz, int ry, int rx, float floor, int anySign, float *coefficients __noescape,
    size_t coefficientCount, int threads) {
  Pair p = {fixed, warped, fixedValid, warpedValid, {nz, ny, nx}, {mz, my, mx}, gz, gy, gx};
  Radii r = {rz, ry, rx};
  Taken taken = {floor, anySign ? -INFINITY : 0.0f};
  auto body = is_two_sided(p, coefficientCount) ? two_sided_coefficients : one_sided_coefficients;
  Tiling tiling(p.m);
  return score_tiles(
      tiling, threads, [&] { return WindowScratch(tiling, r, 6, 2 * p.m.x + 6 * p.n.x); },
      [&](const Tile &tile, WindowScratch &scratch) { return body(p, r, taken, coefficients, tile, scratch); });
}

void ckernels_correlation_equations(const float *fixed __noescape, const float *warped __noescape, const uint8_t *fixedValid __noescape,
    const uint8_t *warpedValid __noescape, size_t nz, size_t ny, size_t nx, size_t mz, size_t my, size_t mx, int gz, int gy, int gx, int rz,
    int ry, int rx, const float *coefficients __noescape, size_t coefficientCount, float *equations __noescape, float sz, float sy,
    float sx, int threads) {
  Pair p = {fixed, warped, fixedValid, warpedValid, {nz, ny, nx}, {mz, my, mx}, gz, gy, gx};
  Radii r = {rz, ry, rx};
  Equations e = {equations, {sz, sy, sx}};
  bool both = is_two_sided(p, coefficientCount);
  int components = coefficient_count(both);
  Tiling tiling(p.m);
  parallel(
      tiling.count(), threads, [&] { return WindowScratch(tiling, r, components, (components + 9) * p.n.x); },
      [&](long i, WindowScratch &scratch) {
        (both ? two_sided_equations : one_sided_equations)(p, r, coefficients, e, tiling[i], scratch);
      });
}

CKernelsScore ckernels_local_correlation(const float *fixed __noescape, const float *moving __noescape, const uint8_t *valid __noescape,
    const uint8_t *mask __noescape, size_t nz, size_t ny, size_t nx, int rz, int ry, int rx, double floor, int squared,
    float *map __noescape, size_t mapCount, int threads) {
  Quality q = {fixed, moving, valid, mask, {nz, ny, nx}, {rz, ry, rx}, floor, squared != 0, mapCount ? map : nullptr};
  Tiling tiling(q.n);
  return score_tiles(
      tiling, threads, [&] { return WindowScratch(tiling, q.r, 6, 3 * q.n.x); },
      [&](const Tile &tile, WindowScratch &scratch) { return quality_tile(q, tile, scratch); });
}
