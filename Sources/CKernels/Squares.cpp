// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsSquares.h"

#include "Equations.hpp"

using namespace ckernels;

namespace {

template <bool both>
CK_INLINE CKernelsScore squares_of_tile(const Pair &p, const Equations &e, const Tile &tile, float *scratch) {
  long width = p.n.x;
  CKernelsScore total = {0, 0};
  float *square = scratch, *counted = square + width, *rows = counted + width;
  for (long cz = tile.z0; cz < tile.z1; ++cz)
    for (long cy = tile.y0; cy < tile.y1; ++cy) {
      CellRows at = cell_rows(p, cz, cy);
      VoxelRows here = voxel_rows(p, at);
      auto force = [&](auto masked, int row, long x) __attribute__((always_inline)) {
        float on = masked ? float(here.fixedValid[row][x] & here.warpedValid[row][x]) : 1.0f,
              rest = on * (here.fixed[row][x] - here.warped[row][x]);
        return Force{rest, on, -rest, on};
      };
      gather_cells<both>(p, e, at, force, rows);
      for (int row = 0; row < at.count; ++row) {
        CK_INDEPENDENT
        for (long x = 0; x < width; ++x) {
          Force f = force(std::true_type{}, row, x);
          square[x] = f.warped * f.warped;
          counted[x] = f.warpedWeight;
        }
        total.sum += row_sum(square, width);
        total.count += row_sum(counted, width);
      }
    }
  return total;
}

CK_VECTORISED CKernelsScore one_sided_squares(const Pair &p, const Equations &e, const Tile &tile, float *scratch) {
  return squares_of_tile<false>(p, e, tile, scratch);
}

CK_VECTORISED CKernelsScore two_sided_squares(const Pair &p, const Equations &e, const Tile &tile, float *scratch) {
  return squares_of_tile<true>(p, e, tile, scratch);
}

}  // namespace

CKernelsScore ckernels_squares_equations(const float *fixed __noescape, const float *warped __noescape,
    const uint8_t *fixedValid __noescape, const uint8_t *warpedValid __noescape, size_t nz, size_t ny, size_t nx, size_t mz, size_t my,
    size_t mx, int gz, int gy, int gx, int both, float *equations __noescape, float sz, float sy, float sx, int threads) {
  Pair p = {fixed, warped, fixedValid, warpedValid, {nz, ny, nx}, {mz, my, mx}, gz, gy, gx};
  Equations e = {equations, {sz, sy, sx}};
  Tiling tiling(p.m);
  return score_tiles(
      tiling, threads, [&] { return std::vector<float>(size_t(11 * p.n.x)); },
      [&](const Tile &tile, std::vector<float> &scratch) {
        return (both ? two_sided_squares : one_sided_squares)(p, e, tile, scratch.data());
      });
}
