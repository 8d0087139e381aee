// SPDX-License-Identifier: Apache-2.0
// Sums over windows, tile by tile, with working sets that stay in the cache.
//
// Every sum is made anew from its terms: nothing is added on one side and taken away on the other, so that a bright edge
// leaves no residue in flat background.
#pragma once
#include "Parallel.hpp"

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

template <int terms>
CK_INLINE void sum_terms(const float *from, long step, long width, float *out) {
  CK_INDEPENDENT
  for (long x = 0; x < width; ++x) {
    float sum = from[x];
#pragma unroll
    for (int k = 1; k < terms; ++k) sum += from[k * step + x];
    out[x] = sum;
  }
}

/// out = the sum of 2 radius + 1 rows, `step` apart, first to last: the same order wherever a tile starts.
CK_INLINE void sum_rows(const float *from, long step, long radius, long width, float *out) {
  switch (radius) {
    case 0:
      return sum_terms<1>(from, step, width, out);
    case 1:
      return sum_terms<3>(from, step, width, out);
    case 2:
      return sum_terms<5>(from, step, width, out);
    case 4:
      return sum_terms<9>(from, step, width, out);
    default:
      sum_terms<1>(from, step, width, out);
      for (long k = 1; k <= 2 * radius; ++k) {
        CK_INDEPENDENT
        for (long x = 0; x < width; ++x) out[x] += from[k * step + x];
      }
  }
}

template <int terms>
CK_INLINE void sum_planes(const float *const *planes, long width, float *out) {
  CK_INDEPENDENT
  for (long x = 0; x < width; ++x) {
    float sum = planes[0][x];
#pragma unroll
    for (int k = 1; k < terms; ++k) sum += planes[k][x];
    out[x] = sum;
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
          for (int c = 0; c < components; ++c) sum_rows(line + c * pitch, 1, r.x, width, row + c * width);
        }
        // A row of sums along x and y is due once the last row of its window is there.
        long y = t - 2 * r.y;
        if (y >= 0) sum_rows(rows + y * components * width, components * width, r.y, components * width, ringRow(slot, y, 0));
      }
    }
    long z = zz - r.z;
    if (z < tile.z0 || z >= tile.z1) continue;
    for (long y = 0; y < high; ++y) {
      long first = (z - tile.z0) % slots, run = components * width;
      const float *planes[9];
      for (long k = 0; k < std::min(9L, slots); ++k) planes[k] = ringRow((first + k) % slots, y, 0);
      switch (slots) {
        case 1:
          sum_planes<1>(planes, run, sums);
          break;
        case 3:
          sum_planes<3>(planes, run, sums);
          break;
        case 5:
          sum_planes<5>(planes, run, sums);
          break;
        case 9:
          sum_planes<9>(planes, run, sums);
          break;
        default:
          sum_planes<1>(planes, run, sums);
          for (long k = 1; k < slots; ++k) {
            const float *plane = ringRow((first + k) % slots, y, 0);
            CK_INDEPENDENT
            for (long x = 0; x < run; ++x) sums[x] += plane[x];
          }
      }
      finish(z, tile.y0 + y, sums);
    }
  }
}

}  // namespace ckernels
