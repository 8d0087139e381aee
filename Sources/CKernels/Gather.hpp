// SPDX-License-Identifier: Apache-2.0
// Linear interpolation of rows of points, and fields between lattices.
#pragma once
#include <cmath>

#include "Parallel.hpp"

namespace ckernels {

/// Steps between the corners of a cell; zero along an axis of one voxel.
struct Cell {
  float lastZ, lastY, lastX;  // greatest coordinate
  int baseZ, baseY, baseX;    // greatest lower corner
  int stepZ, stepY, stepX;    // offset of the upper corner
  int strideZ, strideY;
};

CK_INLINE Cell cell_of(const Extent &n) {
  return {float(n.z - 1), float(n.y - 1), float(n.x - 1), int(std::max(0L, n.z - 2)), int(std::max(0L, n.y - 2)),
      int(std::max(0L, n.x - 2)), n.z > 1 ? int(n.y * n.x) : 0, n.y > 1 ? int(n.x) : 0, n.x > 1 ? 1 : 0, int(n.y * n.x), int(n.x)};
}

CK_INLINE float clamped(float value, float last) { return std::fmin(std::fmax(value, 0.0f), last); }

/// A point's lower corner and its fractions; coordinates are clamped to the lattice, NaN to its first voxel.
struct Corner {
  int index;
  float fz, fy, fx;
};

CK_INLINE Corner corner(const Cell &c, float pz, float py, float px) {
  float z = clamped(pz, c.lastZ), y = clamped(py, c.lastY), x = clamped(px, c.lastX);
  int iz = int(z), iy = int(y), ix = int(x);
  iz = iz < c.baseZ ? iz : c.baseZ;
  iy = iy < c.baseY ? iy : c.baseY;
  ix = ix < c.baseX ? ix : c.baseX;
  return {iz * c.strideZ + iy * c.strideY + ix, z - float(iz), y - float(iy), x - float(ix)};
}

CK_INLINE float linear(const float *v, const Cell &c, const Corner &p) {
  const float *a = v + p.index;
  float v000 = a[0], v001 = a[c.stepX], v010 = a[c.stepY], v011 = a[c.stepY + c.stepX];
  float v100 = a[c.stepZ], v101 = a[c.stepZ + c.stepX], v110 = a[c.stepZ + c.stepY], v111 = a[c.stepZ + c.stepY + c.stepX];
  float v00 = v000 + p.fx * (v001 - v000), v01 = v010 + p.fx * (v011 - v010);
  float v10 = v100 + p.fx * (v101 - v100), v11 = v110 + p.fx * (v111 - v110);
  float v0 = v00 + p.fy * (v01 - v00), v1 = v10 + p.fy * (v11 - v10);
  return v0 + p.fz * (v1 - v0);
}

/// Whether a point lies in the lattice or at most `slack` beyond its outermost centres (where it takes their values).
CK_INLINE bool inside(const Cell &c, float slack, float pz, float py, float px) {
  return (pz >= -slack) & (pz <= c.lastZ + slack) & (py >= -slack) & (py <= c.lastY + slack) & (px >= -slack) & (px <= c.lastX + slack);
}

/// The two coarse indices and the weight of the second for a fine index, on a lattice coarser by `factor` (1 or 2).
///
/// Centres of voxels: fine i lies at (i - (factor - 1) / 2) / factor; beyond the outermost centres the line goes on.
struct Between {
  long first, second;
  float weight;
};

CK_INLINE Between between(long i, int factor, long coarse) {
  float at = factor == 1 ? float(i) : (float(i) - 0.5f) * 0.5f;
  long first = std::min(std::max(0L, long(std::floor(at))), std::max(0L, coarse - 2));
  long second = std::min(first + 1, coarse - 1);
  return {first, second, second == first ? 0.0f : at - float(first)};
}

/// One row of a coarse component on the finer lattice; `line` holds the coarse row with one voxel of padding on each side.
CK_INLINE void upsample_row(
    const float *coarse, const Extent &n, const Between &bz, const Between &by, int factorX, float *line, float *fine, long fineCount) {
  const float *r00 = coarse + (bz.first * n.y + by.first) * n.x, *r01 = coarse + (bz.first * n.y + by.second) * n.x;
  const float *r10 = coarse + (bz.second * n.y + by.first) * n.x, *r11 = coarse + (bz.second * n.y + by.second) * n.x;
  float wy = by.weight, wz = bz.weight;
  float *mid = line + 1;
  CK_INDEPENDENT
  for (long x = 0; x < n.x; ++x) {
    float a = r00[x] + wy * (r01[x] - r00[x]), b = r10[x] + wy * (r11[x] - r10[x]);
    mid[x] = a + wz * (b - a);
  }
  if (factorX == 1) return copy(mid, fineCount, fine);
  mid[-1] = n.x > 1 ? 2 * mid[0] - mid[1] : mid[0];
  mid[n.x] = n.x > 1 ? 2 * mid[n.x - 1] - mid[n.x - 2] : mid[0];
  long pairs = fineCount / 2;
  CK_INDEPENDENT
  for (long x = 0; x < pairs; ++x) {
    float before = mid[x - 1], here = mid[x], after = mid[x + 1];
    fine[2 * x] = here + 0.25f * (before - here);
    fine[2 * x + 1] = here + 0.25f * (after - here);
  }
  if (fineCount & 1) fine[fineCount - 1] = mid[pairs] + 0.25f * (mid[pairs - 1] - mid[pairs]);
}

}  // namespace ckernels
