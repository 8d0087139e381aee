// SPDX-License-Identifier: Apache-2.0
// Parzen joint histograms and the derivative of mutual information (Mattes et al., IEEE TMI 22, 2003).
#include "include/CKernelsInformation.h"

#include "Equations.hpp"

using namespace ckernels;

namespace {

constexpr long kPart = 262144;

struct Bins {
  long count;
  float fixedLow, fixedScale, movingLow, movingScale;
  CK_INLINE long columns() const { return count + 3; }
};

CK_INLINE float within(float value, float most) { return value > 0 ? (value < most ? value : most) : 0.0f; }

/// The fixed bin of a value, and its moving bin with the fraction above it. Moving values beyond the ends stop there.
struct Place {
  long row, column;
  float t;
  bool clamped;
};

CK_INLINE Place place(const Bins &b, float fixed, float moving) {
  float last = float(b.count - 1), f = within((fixed - b.fixedLow) * b.fixedScale, last);
  float m = (moving - b.movingLow) * b.movingScale, inside = within(m, last);
  long column = std::min(long(inside), b.count - 2);
  return {long(f + 0.5f), column, inside - float(column), !(m > 0 && m < last)};
}

void add_part(
    const Bins &b, const float *fixed, const float *warped, const uint8_t *fa, const uint8_t *mb, long from, long to, double *histogram) {
  for (long i = from; i < to; ++i) {
    if (!(fa[i] & mb[i])) continue;
    Place p = place(b, fixed[i], warped[i]);
    float t = p.t, s = 1 - t;
    double *cell = histogram + p.row * b.columns() + p.column;
    cell[0] += double(s * s * s / 6);
    cell[1] += double((3 * t * t * t - 6 * t * t + 4) / 6);
    cell[2] += double((3 * s * s * s - 6 * s * s + 4) / 6);
    cell[3] += double(t * t * t / 6);
  }
}

/// The derivative by the moving intensity of what its four bins are worth.
CK_INLINE float derivative(const Bins &b, const float *table, float fixed, float moving) {
  Place p = place(b, fixed, moving);
  const float *cell = table + p.row * b.columns() + p.column;
  float t = p.t, s = 1 - t;
  float d = -0.5f * s * s * cell[0] + (1.5f * t * t - 2 * t) * cell[1] - (1.5f * s * s - 2 * s) * cell[2] + 0.5f * t * t * cell[3];
  return p.clamped ? 0.0f : d * b.movingScale;
}

/// What a bin of one image is worth beside a bin of the other.
struct Worth {
  Bins bins;
  const float *table;
  float gain;
};

template <bool both>
CK_INLINE void information_of_tile(
    const Pair &p, const Worth &w, const Worth &reverse, const Equations &e, const Tile &tile, float *scratch) {
  long width = p.n.x;
  float *onWarped = scratch, *onFixed = onWarped + 4 * width, *rows = onFixed + 4 * width;
  for (long cz = tile.z0; cz < tile.z1; ++cz)
    for (long cy = tile.y0; cy < tile.y1; ++cy) {
      CellRows at = cell_rows(p, cz, cy);
      VoxelRows here = voxel_rows(p, at);
      for (int row = 0; row < at.count; ++row)
        for (long x = 0; x < width; ++x) {
          float f = here.fixed[row][x], m = here.warped[row][x];
          onWarped[row * width + x] = w.gain * derivative(w.bins, w.table, f, m);
          if (both) onFixed[row * width + x] = reverse.gain * derivative(reverse.bins, reverse.table, m, f);
        }
      auto force = [&](auto masked, int row, long x) __attribute__((always_inline)) {
        float on = masked ? float(here.fixedValid[row][x] & here.warpedValid[row][x]) : 1.0f;
        return Force{on * onWarped[row * width + x], on, both ? on * onFixed[row * width + x] : 0.0f, on};
      };
      gather_cells<both>(p, e, at, force, rows);
    }
}

CK_VECTORISED void one_sided_information(
    const Pair &p, const Worth &w, const Worth &reverse, const Equations &e, const Tile &tile, float *scratch) {
  information_of_tile<false>(p, w, reverse, e, tile, scratch);
}

CK_VECTORISED void two_sided_information(
    const Pair &p, const Worth &w, const Worth &reverse, const Equations &e, const Tile &tile, float *scratch) {
  information_of_tile<true>(p, w, reverse, e, tile, scratch);
}

}  // namespace

void ckernels_joint_histogram(const float *fixed __noescape, const float *warped __noescape, const uint8_t *fixedValid __noescape,
    const uint8_t *warpedValid __noescape, size_t count, size_t bins, float fixedLow, float fixedScale, float movingLow, float movingScale,
    double *histogram __noescape, int threads) {
  Bins b = {long(bins), fixedLow, fixedScale, movingLow, movingScale};
  long n = long(count), parts = (n + kPart - 1) / kPart, cells = b.count * b.columns();
  std::vector<double> all(size_t(parts * cells));
  parallel(parts, threads, [&](long part) {
    add_part(b, fixed, warped, fixedValid, warpedValid, part * kPart, std::min(n, (part + 1) * kPart), all.data() + part * cells);
  });
  std::fill(histogram, histogram + cells, 0.0);
  for (long part = 0; part < parts; ++part)
    for (long c = 0; c < cells; ++c) histogram[c] += all[size_t(part * cells + c)];
}

void ckernels_information_equations(const float *fixed __noescape, const float *warped __noescape, const uint8_t *fixedValid __noescape,
    const uint8_t *warpedValid __noescape, size_t nz, size_t ny, size_t nx, size_t mz, size_t my, size_t mx, int gz, int gy, int gx,
    size_t bins, float fixedLow, float fixedScale, float movingLow, float movingScale, const float *table __noescape, float gain,
    const float *reverseTable __noescape, float reverseGain, int both, float *equations __noescape, float sz, float sy, float sx,
    int threads) {
  Worth worth = {{long(bins), fixedLow, fixedScale, movingLow, movingScale}, table, gain};
  Worth reverse = {{long(bins), movingLow, movingScale, fixedLow, fixedScale}, reverseTable, reverseGain};
  Pair p = {fixed, warped, fixedValid, warpedValid, {nz, ny, nx}, {mz, my, mx}, gz, gy, gx};
  Equations e = {equations, {sz, sy, sx}};
  Tiling tiling(p.m);
  parallel(
      tiling.count(), threads, [&] { return std::vector<float>(size_t(17 * p.n.x)); },
      [&](long i, std::vector<float> &scratch) {
        (both ? two_sided_information : one_sided_information)(p, worth, reverse, e, tiling[i], scratch.data());
      });
}
