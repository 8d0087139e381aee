// SPDX-License-Identifier: Apache-2.0
// Normal equations of a Gauss-Newton step, gathered on the lattice of the field: cells of one or two voxels an axis.
#pragma once
#include <cstring>
#include <type_traits>

#include "Tiles.hpp"

namespace ckernels {

/// Two images on one lattice, and the lattice of cells.
struct Pair {
  const float *fixed, *warped;
  const uint8_t *fixedValid, *warpedValid;
  Extent n, m;
  int fz, fy, fx;  // voxels of a cell, 1 or 2 an axis
};

/// Where the equations go: nine components (g_z g_y g_x, H_zz H_yy H_xx, H_zy H_zx H_yx), each a sum over a cell of voxels.
struct Equations {
  float *values;
  float scales[3];  // from a gradient per voxel to one per unit of length
};

/// What the metric wants of a voxel: the derivative by its intensity and the curvature, for the warped image and for the fixed one.
struct Force {
  float warped, warpedWeight, fixed, fixedWeight;
};

/// A row of cells, and the rows of voxels that it holds.
struct CellRows {
  long cz, cy;
  long start[4], z[4], y[4];
  int count;
};

/// The voxels of those rows.
struct VoxelRows {
  const float *fixed[4], *warped[4];
  const uint8_t *fixedValid[4], *warpedValid[4];
};

CK_INLINE VoxelRows voxel_rows(const Pair &p, const CellRows &rows) {
  VoxelRows v;
  for (int r = 0; r < 4; ++r) {
    v.fixed[r] = p.fixed + rows.start[r];
    v.warped[r] = p.warped + rows.start[r];
    v.fixedValid[r] = p.fixedValid + rows.start[r];
    v.warpedValid[r] = p.warpedValid + rows.start[r];
  }
  return v;
}

CK_INLINE CellRows cell_rows(const Pair &p, long cz, long cy) {
  CellRows rows = {};
  rows.cz = cz;
  rows.cy = cy;
  for (long z = cz * p.fz; z < std::min(p.n.z, (cz + 1) * p.fz); ++z)
    for (long y = cy * p.fy; y < std::min(p.n.y, (cy + 1) * p.fy); ++y) {
      rows.start[rows.count] = (z * p.n.y + y) * p.n.x;
      rows.z[rows.count] = z;
      rows.y[rows.count++] = y;
    }
  return rows;
}

/// Calls `body` with the number of rows as a constant.
template <class Body>
CK_INLINE void with_row_count(const CellRows &rows, const Body &body) {
  if (rows.count == 4)
    body(std::integral_constant<int, 4>{});
  else if (rows.count == 2)
    body(std::integral_constant<int, 2>{});
  else
    body(std::integral_constant<int, 1>{});
}

CK_INLINE bool row_is_valid(const Pair &p, long start) {
  size_t width = size_t(p.n.x);
  return !std::memchr(p.fixedValid + start, 0, width) && !std::memchr(p.warpedValid + start, 0, width);
}

/// Whether all voxels count in a row of cells and in the rows of voxels around it.
inline bool is_valid_around(const Pair &p, const CellRows &rows) {
  long z0 = std::max(0L, rows.cz * p.fz - 1), z1 = std::min(p.n.z, (rows.cz + 1) * p.fz + 1);
  long y0 = std::max(0L, rows.cy * p.fy - 1), y1 = std::min(p.n.y, (rows.cy + 1) * p.fy + 1);
  for (long z = z0; z < z1; ++z)
    for (long y = y0; y < y1; ++y)
      if (!row_is_valid(p, (z * p.n.y + y) * p.n.x)) return false;
  return true;
}

/// The sum of each cell's voxels of a row of voxels: cells of `factor` voxels, the last one of what is there.
CK_INLINE void fold(const float *voxels, long width, int factor, long cells, float *out) {
  if (factor == 1) return copy(voxels, cells, out);
  long pairs = width / 2;
  CK_INDEPENDENT
  for (long x = 0; x < pairs; ++x) out[x] = voxels[2 * x] + voxels[2 * x + 1];
  if (pairs < cells) out[pairs] = voxels[width - 1];
}

/// Each cell's value at its voxels.
CK_INLINE void unfold(const float *cells, long width, int factor, float *out) {
  if (factor == 1) return copy(cells, width, out);
  long pairs = width / 2;
  CK_INDEPENDENT
  for (long x = 0; x < pairs; ++x) {
    out[2 * x] = cells[x];
    out[2 * x + 1] = cells[x];
  }
  if (width & 1) out[width - 1] = cells[pairs];
}

/// An image about a row of voxels: the rows next to it, and whether they are there; where not, the row itself stands in for them.
struct Around {
  const float *here, *zBefore, *zAfter, *yBefore, *yAfter;
  const uint8_t *valid, *zBeforeValid, *zAfterValid, *yBeforeValid, *yAfterValid;
  bool hasBothZ, hasBothY;
};

CK_INLINE Around around(const float *image, const uint8_t *valid, const Extent &n, long start, long z, long y) {
  long up = z > 0 ? n.y * n.x : 0, down = z + 1 < n.z ? n.y * n.x : 0, left = y > 0 ? n.x : 0, right = y + 1 < n.y ? n.x : 0;
  const float *here = image + start;
  const uint8_t *v = valid + start;
  return {here, here - up, here + down, here - left, here + right, v, v - up, v + down, v - left, v + right, up && down, left && right};
}

/// Gradient of an image along one axis from the voxels that count: where a neighbour is missing or does not count, the voxel itself stands
/// in for it. `half` is the scale of a difference over two voxels.
template <bool masked>
CK_INLINE float slope(float before, float here, float after, bool beforeCounts, bool afterCounts, bool hasBoth, float half) {
  if (masked) {
    before = beforeCounts ? before : here;
    after = afterCounts ? after : here;
    hasBoth = hasBoth & beforeCounts & afterCounts;
  }
  return (hasBoth ? half : 2 * half) * (after - before);
}

struct Gradient {
  float z, y, x;
};

/// The gradient at x; `before` and `after` are 0 where there is no neighbour along x. `halves` are the scales of differences over two
/// voxels.
template <bool masked>
CK_INLINE Gradient gradient_at(const Around &a, const float *halves, long x, long before, long after) {
  bool zb = true, za = true, yb = true, ya = true, xb = true, xa = true;
  if (masked) {
    zb = a.zBeforeValid[x] != 0;
    za = a.zAfterValid[x] != 0;
    yb = a.yBeforeValid[x] != 0;
    ya = a.yAfterValid[x] != 0;
    xb = a.valid[x - before] != 0;
    xa = a.valid[x + after] != 0;
  }
  float here = a.here[x];
  return {slope<masked>(a.zBefore[x], here, a.zAfter[x], zb, za, a.hasBothZ, halves[0]),
      slope<masked>(a.yBefore[x], here, a.yAfter[x], yb, ya, a.hasBothY, halves[1]),
      slope<masked>(a.here[x - before], here, a.here[x + after], xb, xa, before && after, halves[2])};
}

/// Gathers a row of cells: `force(masked, row, x)` is the force at a voxel of its rows; where not `masked`, all voxels count. With `both`,
/// the mean of what each image's gradient says.
template <bool both, bool masked, int rowCount, class ForceAt>
CK_INLINE void gather_rows(const Pair &p, const Equations &e, const CellRows &rows, const ForceAt &force, float *scratch) {
  long width = p.n.x;
  Around warped[rowCount], fixed[rowCount];
  for (int r = 0; r < rowCount; ++r) {
    warped[r] = around(p.warped, p.warpedValid, p.n, rows.start[r], rows.z[r], rows.y[r]);
    fixed[r] = around(p.fixed, p.fixedValid, p.n, rows.start[r], rows.z[r], rows.y[r]);
  }
  float halves[3] = {0.5f * e.scales[0], 0.5f * e.scales[1], 0.5f * e.scales[2]};
  float *t[9];
  for (int c = 0; c < 9; ++c) t[c] = scratch + c * width;
  auto one = [&](long x, long before, long after) __attribute__((always_inline)) {
    float s[9] = {0, 0, 0, 0, 0, 0, 0, 0, 0};
    auto add = [&](Gradient g, float f, float w) __attribute__((always_inline)) {
      float wz = w * g.z, wy = w * g.y;
      s[0] += f * g.z;
      s[1] += f * g.y;
      s[2] += f * g.x;
      s[3] += wz * g.z;
      s[4] += wy * g.y;
      s[5] += w * g.x * g.x;
      s[6] += wz * g.y;
      s[7] += wz * g.x;
      s[8] += wy * g.x;
    };
#pragma unroll
    for (int r = 0; r < rowCount; ++r) {
      Force f = force(std::bool_constant<masked>{}, r, x);
      add(gradient_at<masked>(warped[r], halves, x, before, after), f.warped, f.warpedWeight);
      if (both) add(gradient_at<masked>(fixed[r], halves, x, before, after), -f.fixed, f.fixedWeight);
    }
    float share = both ? 0.5f : 1.0f;
    for (int c = 0; c < 9; ++c) t[c][x] = share * s[c];
  };
  if (width == 1) {
    one(0, 0, 0);
  } else {
    one(0, 0, 1);
    for_each_of_row(
        1, width - 1, [&](long x) __attribute__((always_inline)) { one(x, 1, 1); });
    one(width - 1, 1, 0);
  }
  for (int c = 0; c < 9; ++c) fold(t[c], width, p.fx, p.m.x, e.values + c * p.m.count() + (rows.cz * p.m.y + rows.cy) * p.m.x);
}

/// Gathers a row of cells; `scratch` holds 9 · n.x values.
template <bool both, class ForceAt>
CK_INLINE void gather_cells(const Pair &p, const Equations &e, const CellRows &rows, const ForceAt &force, float *scratch) {
  bool valid = is_valid_around(p, rows);
  with_row_count(
      rows, [&](auto count) __attribute__((always_inline)) {
        if (valid)
          gather_rows<both, false, decltype(count)::value>(p, e, rows, force, scratch);
        else
          gather_rows<both, true, decltype(count)::value>(p, e, rows, force, scratch);
      });
}

}  // namespace ckernels
