// SPDX-License-Identifier: Apache-2.0
// Sums over windows, tile by tile, with working sets that stay in the cache.
//
// Every sum is made anew from its terms: nothing is added on one side and taken away on the other, so that a bright edge
// leaves no residue in flat background.
#pragma once
#include "Parallel.hpp"

namespace ckernels {

/// A tile of a volume: planes z0 ..< z1, rows y0 ..< y1, all of x. Bounds are even, so that tiles own whole 2³ cells.
struct Tile {
  long z0, z1, y0, y1;
};

struct Tiling {
  Extent n;
  long deep, high, tilesZ, tilesY;
  explicit Tiling(const Extent &extent) : n(extent) {
    high = std::min(64L, std::max(8L, 8192 / std::max(1L, n.x) / 2 * 2));
    deep = n.z == 1 ? 1 : 32;
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

/// Scratch for `window_sums`, and `extra` rows for its caller.
struct WindowScratch {
  std::vector<float> ring, rows, line, sums, extra;
  WindowScratch(const Tiling &tiling, const Radii &r, long components, long extras)
      : ring(size_t((2 * r.z + 1) * components * tiling.high * tiling.n.x)),
        rows(size_t(components * (tiling.high + 2 * r.y) * tiling.n.x)),
        line(size_t(components * (tiling.n.x + 2 * r.x))),
        sums(size_t(components * tiling.n.x)),
        extra(size_t(extras * (tiling.n.x + 1))) {}
};

CK_INLINE void clear(float *values, long count) {
  for (long i = 0; i < count; ++i) values[i] = 0;
}

/// Calls `finish(z, y, sums)` for each row of the tile in order, `sums` holding `components` rows of sums over windows of what
/// `load(z, y, line)` gives: `components` rows of n.x voxels, `pitch` apart.
template <int components, class Load, class Finish>
CK_INLINE void window_sums(const Extent &n, const Radii &r, const Tile &tile, WindowScratch &s, const Load &load, const Finish &finish) {
  long width = n.x, pitch = width + 2 * r.x, high = tile.y1 - tile.y0, tall = high + 2 * r.y, slots = 2 * r.z + 1;
  float *ring = &s.ring[0], *rows = &s.rows[0], *line = &s.line[0], *sums = &s.sums[0];
  for (long zz = tile.z0 - r.z; zz < tile.z1 + r.z; ++zz) {
    float *slot = ring + ((zz - tile.z0 + r.z) % slots) * components * high * width;
    if (zz < 0 || zz >= n.z) {
      clear(slot, components * high * width);
    } else {
      for (long t = 0; t < tall; ++t) {
        long yy = tile.y0 - r.y + t;
        if (yy < 0 || yy >= n.y) {
          for (int c = 0; c < components; ++c) clear(rows + (c * tall + t) * width, width);
          continue;
        }
        load(zz, yy, line + r.x, pitch);
        for (int c = 0; c < components; ++c) {
          const float *from = line + c * pitch;
          float *out = rows + (c * tall + t) * width;
          if (r.x == 2) {
            for (long x = 0; x < width; ++x) out[x] = (((from[x] + from[x + 1]) + from[x + 2]) + from[x + 3]) + from[x + 4];
          } else {
            for (long x = 0; x < width; ++x) out[x] = from[x];
            for (long k = 1; k <= 2 * r.x; ++k)
              for (long x = 0; x < width; ++x) out[x] += from[x + k];
          }
        }
      }
      for (int c = 0; c < components; ++c)
        for (long y = 0; y < high; ++y) {
          const float *from = rows + (c * tall + y) * width;
          float *out = slot + (c * high + y) * width;
          if (r.y == 2) {
            const float *b = from + width, *d = b + width, *e = d + width, *f = e + width;
            for (long x = 0; x < width; ++x) out[x] = (((from[x] + b[x]) + d[x]) + e[x]) + f[x];
          } else {
            for (long x = 0; x < width; ++x) out[x] = from[x];
            for (long k = 1; k <= 2 * r.y; ++k)
              for (long x = 0; x < width; ++x) out[x] += from[k * width + x];
          }
        }
    }
    long z = zz - r.z;
    if (z < tile.z0 || z >= tile.z1) continue;
    for (long y = 0; y < high; ++y) {
      for (int c = 0; c < components; ++c) {
        float *out = sums + c * width;
        for (long x = 0; x < width; ++x) out[x] = 0;
        // Oldest plane first: the same order wherever the tile starts.
        for (long k = z - r.z; k <= z + r.z; ++k) {
          const float *from = ring + (((k - tile.z0 + r.z) % slots) * components * high + c * high + y) * width;
          for (long x = 0; x < width; ++x) out[x] += from[x];
        }
      }
      finish(z, tile.y0 + y, sums);
    }
  }
}

}  // namespace ckernels
