// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsDifferences.h"

#include "Parallel.hpp"

using namespace ckernels;

namespace {

/// The rows before and after along an axis, and what their difference is worth.
struct Sides {
  const float *before, *after;
  float scale;
};

CK_INLINE Sides sides(const float *row, long index, long length, long stride) {
  bool low = index > 0, high = index + 1 < length;
  return {low ? row - stride : row, high ? row + stride : row, low && high ? 0.5f : 1.0f};
}

CK_VECTORISED void difference_x(const float *row, long length, float scale, float *out) {
  if (length == 1) {
    out[0] = 0;
    return;
  }
  out[0] = scale * (row[1] - row[0]);
  for (long x = 1; x < length - 1; ++x) out[x] = scale * 0.5f * (row[x + 1] - row[x - 1]);
  out[length - 1] = scale * (row[length - 1] - row[length - 2]);
}

CK_VECTORISED void difference_rows(const Sides &s, long length, float scale, float *out) {
  float by = scale * s.scale;
  for (long x = 0; x < length; ++x) out[x] = by * (s.after[x] - s.before[x]);
}

CK_INLINE void difference(const float *source, const Extent &n, long row, int axis, float scale, float *out) {
  const float *here = source + row * n.x;
  if (axis == 2)
    difference_x(here, n.x, scale, out);
  else if (axis == 1)
    difference_rows(sides(here, row % n.y, n.y, n.x), n.x, scale, out);
  else
    difference_rows(sides(here, row / n.y, n.z, n.y * n.x), n.x, scale, out);
}

CK_INLINE float determinant(float zz, float zy, float zx, float yz, float yy, float yx, float xz, float xy, float xx) {
  return zz * (yy * xx - yx * xy) - zy * (yz * xx - yx * xz) + zx * (yz * xy - yy * xz);
}

CK_VECTORISED void determinant_row(const float *g, long width, const float *identity, float *out) {
  float iz = identity[0], iy = identity[1], ix = identity[2];
  for (long x = 0; x < width; ++x)
    out[x] = determinant(iz + g[x], g[width + x], g[2 * width + x], g[3 * width + x], iy + g[4 * width + x], g[5 * width + x],
        g[6 * width + x], g[7 * width + x], ix + g[8 * width + x]);
}

/// One voxel's least determinant over the eight choices of forward and backward differences.
CK_INLINE float least(const float *field, const Extent &n, const float *scales, long z, long y, long x) {
  long at[3] = {z, y, x}, length[3] = {n.z, n.y, n.x}, stride[3] = {n.y * n.x, n.x, 1}, count = n.count();
  long here = (z * n.y + y) * n.x + x;
  float g[2][3][3];
  for (int axis = 0; axis < 3; ++axis)
    for (int c = 0; c < 3; ++c) {
      const float *u = field + c * count + here;
      float down = at[axis] > 0 ? u[0] - u[-stride[axis]] : 0, up = at[axis] + 1 < length[axis] ? u[stride[axis]] - u[0] : 0;
      if (at[axis] == 0) down = up;
      if (at[axis] + 1 == length[axis]) up = down;
      float unit = c == axis ? 1.0f : 0.0f;
      g[0][axis][c] = unit + scales[c] * down;
      g[1][axis][c] = unit + scales[c] * up;
    }
  float result = 3e38f;
  for (int i = 0; i < 8; ++i) {
    const float *a = g[i & 1][0], *b = g[(i >> 1) & 1][1], *c = g[(i >> 2) & 1][2];
    float d = determinant(a[0], b[0], c[0], a[1], b[1], c[1], a[2], b[2], c[2]);
    result = d < result ? d : result;
  }
  return result;
}

}  // namespace

void ckernels_difference(const float *source __noescape, float *target __noescape, size_t nz, size_t ny, size_t nx, int axis, int threads) {
  Extent n(nz, ny, nx);
  RowParts rows(n);
  parallel(rows.parts, threads, [&](long part) {
    for (long row = rows.first(part); row < rows.end(part); ++row) difference(source, n, row, axis, 1, target + row * n.x);
  });
}

void ckernels_jacobian(const float *fieldZ __noescape, const float *fieldY __noescape, const float *fieldX __noescape,
    float *determinant __noescape, size_t nz, size_t ny, size_t nx, float sz, float sy, float sx, float identity, int threads) {
  Extent n(nz, ny, nx);
  RowParts rows(n);
  const float *components[3] = {fieldZ, fieldY, fieldX};
  float scales[3] = {sz, sy, sx};
  float unit[3] = {nz == 1 ? 1 : identity, ny == 1 ? 1 : identity, nx == 1 ? 1 : identity};
  parallel(rows.parts, threads, [&](long part) {
    std::vector<float> g(size_t(9 * n.x));
    for (long row = rows.first(part); row < rows.end(part); ++row) {
      for (int c = 0; c < 3; ++c)
        for (int axis = 0; axis < 3; ++axis) difference(components[c], n, row, axis, scales[c], g.data() + (3 * c + axis) * n.x);
      determinant_row(g.data(), n.x, unit, determinant + row * n.x);
    }
  });
}

void ckernels_least_jacobian(const float *field __noescape, float *determinant __noescape, size_t nz, size_t ny, size_t nx, float sz,
    float sy, float sx, int threads) {
  Extent n(nz, ny, nx);
  RowParts rows(n);
  float scales[3] = {sz, sy, sx};
  parallel(rows.parts, threads, [&](long part) {
    for (long row = rows.first(part); row < rows.end(part); ++row)
      for (long x = 0; x < n.x; ++x) determinant[row * n.x + x] = least(field, n, scales, row / n.y, row % n.y, x);
  });
}
