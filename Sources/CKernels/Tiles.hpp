// SPDX-License-Identifier: Apache-2.0
// Sums over windows, tile by tile, with working sets that stay in the cache.
//
// Every sum is made anew from its terms: nothing is added on one side and taken away on the other, so that a bright edge
// leaves no residue in flat background.
#pragma once
#include "Parallel.hpp"
#include "include/CKernelsCorrelation.h"

namespace ckernels {

/// A tile of a lattice: planes z0 ..< z1, rows y0 ..< y1, all of x.
struct Tile {
  long z0, z1, y0, y1;
};

struct Tiling {
  Extent n;
  long deep, high, tilesZ, tilesY;
  explicit Tiling(const Extent &extent) : n(extent) {
    high = std::min(64L, std::max(8L, 4096 / std::max(1L, n.x)));
    deep = n.z == 1 ? 1 : 16;
    tilesZ = (n.z + deep - 1) / deep;
    tilesY = (n.y + high - 1) / high;
  }
  long count() const { return tilesZ * tilesY; }
  Tile operator[](long i) const {
    long z = i / tilesY * deep, y = i % tilesY * high;
    return {z, std::min(n.z, z + deep), y, std::min(n.y, y + high)};
  }
};

/// Radii of a window along each axis.
struct Radii {
  long z, y, x;
};

/// Scratch for `window_sums`, and `extra` numbers for its caller.
struct WindowScratch {
  std::vector<float> ring, rows, line, sums, extra;
  WindowScratch(const Tiling &tiling, const Radii &r, long components, long extras)
      : ring(size_t((2 * r.z + 1) * components * tiling.high * tiling.n.x)),
        rows(size_t(components * (tiling.high + 2 * r.y) * tiling.n.x)),
        line(size_t(components * (tiling.n.x + 2 * r.x))),
        sums(size_t(components * tiling.n.x)),
        extra(size_t(extras)) {}
};

CK_INLINE void clear(float *values, long count) {
  for (long i = 0; i < count; ++i) values[i] = 0;
}

template <int terms, class RowAt>
CK_INLINE void sum_terms(const RowAt &row, long width, float *out) {
  const float *rows[terms];
  for (int k = 0; k < terms; ++k) rows[k] = row(k);
  CK_INDEPENDENT
  for (long x = 0; x < width; ++x) {
    float sum = rows[0][x];
#pragma unroll
    for (int k = 1; k < terms; ++k) sum += rows[k][x];
    out[x] = sum;
  }
}

/// out = the sum of `row(0)` to `row(2 radius)`, first to last: the same order wherever a tile starts.
template <class RowAt>
CK_INLINE void sum_rows(const RowAt &row, long radius, long width, float *out) {
  switch (radius) {
    case 0:
      return sum_terms<1>(row, width, out);
    case 1:
      return sum_terms<3>(row, width, out);
    case 2:
      return sum_terms<5>(row, width, out);
    case 4:
      return sum_terms<9>(row, width, out);
    default:
      sum_terms<1>(row, width, out);
      for (long k = 1; k <= 2 * radius; ++k) {
        const float *next = row(k);
        CK_INDEPENDENT
        for (long x = 0; x < width; ++x) out[x] += next[x];
      }
  }
}

/// Calls `finish(z, y, sums)` for each row of the tile in order, `sums` holding `components` rows of sums over windows of what
/// `load(z, y, line)` gives: `components` rows of n.x voxels, `pitch` apart.
template <int components, class Load, class Finish>
CK_INLINE void window_sums(const Extent &n, const Radii &r, const Tile &tile, WindowScratch &s, const Load &load, const Finish &finish) {
  long width = n.x, pitch = width + 2 * r.x, high = tile.y1 - tile.y0, tall = high + 2 * r.y, slots = 2 * r.z + 1;
  float *ring = &s.ring[0], *rows = &s.rows[0], *line = &s.line[0], *sums = &s.sums[0];
  // Rows of a plane, row after row, and of a slot of the ring: all components of a row together, for each place in the window.
  for (int c = 0; c < components; ++c) {
    clear(line + c * pitch, r.x);
    clear(line + c * pitch + r.x + width, r.x);
  }
  for (long zz = tile.z0 - r.z; zz < tile.z1 + r.z; ++zz) {
    long slot = (zz - tile.z0 + r.z) % slots;
    auto ringRow = [&](long place, long y, int c) __attribute__((always_inline)) {
      return ring + ((place * high + y) * components + c) * width;
    };
    if (zz < 0 || zz >= n.z) {
      clear(ringRow(slot, 0, 0), components * high * width);
    } else {
      for (long t = 0; t < tall; ++t) {
        long yy = tile.y0 - r.y + t;
        float *row = rows + t * components * width;
        if (yy < 0 || yy >= n.y) {
          clear(row, components * width);
        } else {
          load(zz, yy, line + r.x, pitch);
          for (int c = 0; c < components; ++c) {
            auto moved = [&](long k) __attribute__((always_inline)) { return line + c * pitch + k; };
            sum_rows(moved, r.x, width, row + c * width);
          }
        }
        // A row of sums along x and y is due once the last row of its window is there.
        long y = t - 2 * r.y;
        if (y < 0) continue;
        auto planeRow = [&](long k) __attribute__((always_inline)) { return rows + (y + k) * components * width; };
        sum_rows(planeRow, r.y, components * width, ringRow(slot, y, 0));
      }
    }
    long z = zz - r.z;
    if (z < tile.z0 || z >= tile.z1) continue;
    for (long y = 0; y < high; ++y) {
      auto plane = [&](long k) __attribute__((always_inline)) { return ringRow((z - tile.z0 + k) % slots, y, 0); };
      sum_rows(plane, r.z, components * width, sums);
      finish(z, tile.y0 + y, sums);
    }
  }
}

/// The sum of what `body(tile, scratch)` scores for each tile of a lattice, in the order of tiles; each thread makes its own `scratch`
/// once.
template <class Make, class Body>
CKernelsScore score_tiles(const Tiling &tiling, int threads, const Make &make, const Body &body) {
  std::vector<CKernelsScore> scores(static_cast<size_t>(tiling.count()));
  parallel(tiling.count(), threads, make, [&](long i, auto &scratch) { scores[size_t(i)] = body(tiling[i], scratch); });
  CKernelsScore total = {0, 0};
  for (auto &s : scores) {
    total.sum += s.sum;
    total.count += s.count;
  }
  return total;
}

}  // namespace ckernels
