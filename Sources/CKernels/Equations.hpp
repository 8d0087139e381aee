// SPDX-License-Identifier: Apache-2.0
// Normal equations of a Gauss-Newton step, gathered on the lattice of the field.
#pragma once
#include "Parallel.hpp"

namespace ckernels {

/// Where the equations go: nine components (g_z g_y g_x, H_zz H_yy H_xx, H_zy H_zx H_yx), each a sum over a cell of voxels.
struct Equations {
  float *values;
  Extent m;         // lattice of the field
  int fz, fy, fx;   // voxels of a cell, 1 or 2 an axis
  float scales[3];  // from a gradient per voxel to one per unit of length
};

/// Gradient of `image` along one axis from the voxels that are valid; zero beside none.
CK_INLINE float slope(float before, float here, float after, float hasBefore, float hasAfter) {
  float both = hasBefore * hasAfter;
  return (hasAfter * (after - here) + hasBefore * (here - before)) * (1.0f - 0.5f * both);
}

/// Adds one row of voxels to the equations: `force` is the derivative by the warped intensity, `weight` its curvature.
///
/// `scratch` holds 9 · (n.x + 1) values.
CK_INLINE void add_row(const Equations &e, const float *image, const uint8_t *valid, const Extent &n, long z, long y, const float *force,
    const float *weight, float *scratch) {
  long width = n.x, pitch = width + 1, start = (z * n.y + y) * width, plane = n.y * width;
  const float *here = image + start;
  const uint8_t *v = valid + start;
  bool up = z > 0, down = z + 1 < n.z, left = y > 0, right = y + 1 < n.y;
  const float *zb = up ? here - plane : here, *za = down ? here + plane : here;
  const float *yb = left ? here - width : here, *ya = right ? here + width : here;
  const uint8_t *vzb = up ? v - plane : v, *vza = down ? v + plane : v, *vyb = left ? v - width : v, *vya = right ? v + width : v;
  float onUp = up ? 1 : 0, onDown = down ? 1 : 0, onLeft = left ? 1 : 0, onRight = right ? 1 : 0;
  float sz = e.scales[0], sy = e.scales[1], sx = e.scales[2];
  float *t0 = scratch, *t1 = t0 + pitch, *t2 = t1 + pitch, *t3 = t2 + pitch, *t4 = t3 + pitch, *t5 = t4 + pitch, *t6 = t5 + pitch,
        *t7 = t6 + pitch, *t8 = t7 + pitch;
  auto one = [&](long x, float gx) __attribute__((always_inline)) {
    float gz = sz * slope(zb[x], here[x], za[x], onUp * float(vzb[x]), onDown * float(vza[x]));
    float gy = sy * slope(yb[x], here[x], ya[x], onLeft * float(vyb[x]), onRight * float(vya[x]));
    gx *= sx;
    float f = force[x], w = weight[x];
    t0[x] = f * gz;
    t1[x] = f * gy;
    t2[x] = f * gx;
    t3[x] = w * gz * gz;
    t4[x] = w * gy * gy;
    t5[x] = w * gx * gx;
    t6[x] = w * gz * gy;
    t7[x] = w * gz * gx;
    t8[x] = w * gy * gx;
  };
  if (width == 1) {
    one(0, 0);
  } else {
    one(0, slope(0, here[0], here[1], 0, float(v[1])));
#pragma clang loop vectorize(assume_safety)
    for (long x = 1; x < width - 1; ++x) one(x, slope(here[x - 1], here[x], here[x + 1], float(v[x - 1]), float(v[x + 1])));
    one(width - 1, slope(here[width - 2], here[width - 1], 0, float(v[width - 2]), 0));
  }
  long cells = e.m.x, row = (z / e.fz) * e.m.y + y / e.fy;
  bool first = z % e.fz == 0 && y % e.fy == 0;
  for (int c = 0; c < 9; ++c) {
    float *t = scratch + c * pitch, *out = e.values + c * e.m.count() + row * cells;
    t[width] = 0;
    if (e.fx == 1) {
      if (first)
        for (long x = 0; x < cells; ++x) out[x] = t[x];
      else
        for (long x = 0; x < cells; ++x) out[x] += t[x];
    } else if (first) {
      for (long x = 0; x < cells; ++x) out[x] = t[2 * x] + t[2 * x + 1];
    } else {
      for (long x = 0; x < cells; ++x) out[x] += t[2 * x] + t[2 * x + 1];
    }
  }
}

}  // namespace ckernels
