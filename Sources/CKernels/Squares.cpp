// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsSquares.h"

#include "Equations.hpp"
#include "Tiles.hpp"

using namespace ckernels;

namespace {

struct Pair {
  const float *fixed, *warped;
  const uint8_t *fixedValid, *warpedValid;
  Extent n;
};

CK_VECTORISED CKernelsScore squares_tile(const Pair &p, const Equations &e, const Tile &tile, float *scratch) {
  long width = p.n.x;
  float *force = scratch, *weight = force + width + 1, *square = weight + width + 1, *rows = square + width + 1;
  CKernelsScore total = {0, 0};
  for (long z = tile.z0; z < tile.z1; ++z)
    for (long y = tile.y0; y < tile.y1; ++y) {
      long start = (z * p.n.y + y) * width;
      for (long x = 0; x < width; ++x) {
        float on = float(int(p.fixedValid[start + x]) & int(p.warpedValid[start + x]));
        float rest = on * (p.fixed[start + x] - p.warped[start + x]);
        force[x] = rest;
        weight[x] = on;
        square[x] = rest * rest;
      }
      add_row(e, p.warped, p.warpedValid, p.n, z, y, force, weight, rows);
      total.sum += row_sum(square, width);
      total.count += row_sum(weight, width);
    }
  return total;
}

}  // namespace

CKernelsScore ckernels_squares_equations(const float *fixed __noescape, const float *warped __noescape,
    const uint8_t *fixedValid __noescape, const uint8_t *warpedValid __noescape, size_t nz, size_t ny, size_t nx,
    float *equations __noescape, size_t mz, size_t my, size_t mx, int gz, int gy, int gx, float sz, float sy, float sx, int threads) {
  Pair p = {fixed, warped, fixedValid, warpedValid, {nz, ny, nx}};
  Equations e = {equations, {mz, my, mx}, gz, gy, gx, {sz, sy, sx}};
  Tiling tiling(p.n);
  std::vector<CKernelsScore> scores(static_cast<size_t>(tiling.count()));
  parallel(tiling.count(), threads, [&](long i) {
    std::vector<float> scratch(size_t(12 * (p.n.x + 1)));
    scores[size_t(i)] = squares_tile(p, e, tiling[i], scratch.data());
  });
  CKernelsScore total = {0, 0};
  for (auto &s : scores) {
    total.sum += s.sum;
    total.count += s.count;
  }
  return total;
}
