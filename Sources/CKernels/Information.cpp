// SPDX-License-Identifier: Apache-2.0
// Parzen joint histograms and the derivative of mutual information (Mattes et al., IEEE TMI 22, 2003).
#include "include/CKernelsInformation.h"

#include "Equations.hpp"
#include "Tiles.hpp"

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

struct Pair {
  const float *fixed, *warped;
  const uint8_t *fixedValid, *warpedValid;
  Extent n;
};

CK_VECTORISED void information_tile(
    const Pair &p, const Bins &b, const float *table, float gain, const Equations &e, const Tile &tile, float *scratch) {
  long width = p.n.x;
  float *force = scratch, *weight = force + width + 1, *rows = weight + width + 1;
  for (long z = tile.z0; z < tile.z1; ++z)
    for (long y = tile.y0; y < tile.y1; ++y) {
      long start = (z * p.n.y + y) * width;
      for (long x = 0; x < width; ++x) {
        long i = start + x;
        float on = float(int(p.fixedValid[i]) & int(p.warpedValid[i]));
        force[x] = on * gain * derivative(b, table, p.fixed[i], p.warped[i]);
        weight[x] = on;
      }
      add_row(e, p.warped, p.warpedValid, p.n, z, y, force, weight, rows);
    }
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
    const uint8_t *warpedValid __noescape, size_t nz, size_t ny, size_t nx, size_t bins, float fixedLow, float fixedScale, float movingLow,
    float movingScale, const float *table __noescape, float gain, float *equations __noescape, size_t mz, size_t my, size_t mx, int gz,
    int gy, int gx, float sz, float sy, float sx, int threads) {
  Bins b = {long(bins), fixedLow, fixedScale, movingLow, movingScale};
  Pair p = {fixed, warped, fixedValid, warpedValid, {nz, ny, nx}};
  Equations e = {equations, {mz, my, mx}, gz, gy, gx, {sz, sy, sx}};
  Tiling tiling(p.n);
  parallel(tiling.count(), threads, [&](long i) {
    std::vector<float> scratch(size_t(11 * (p.n.x + 1)));
    information_tile(p, b, table, gain, e, tiling[i], scratch.data());
  });
}
