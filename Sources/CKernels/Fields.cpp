// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsFields.h"

#include "Octets.hpp"

using namespace ckernels;

namespace {

CK_VECTORISED void compose_row(const float *outer, const float *inner, float *result, const Extent &n, long row, const float *scales) {
  Cell cell = cell_of(n);
  long count = n.count(), start = row * n.x;
  const float *iz = inner + start, *iy = iz + count, *ix = iy + count;
  float *rz = result + start, *ry = rz + count, *rx = ry + count;
  const float *oz = outer, *oy = outer + count, *ox = oy + count;
  float z = float(row / n.y), y = float(row % n.y), sz = scales[0], sy = scales[1], sx = scales[2];
  for (long x = 0; x < n.x; x += kOctet) {
    Floats uz, uy, ux, vz, vy, vx, here;
    load(iz + x, n.x - x, uz);
    load(iy + x, n.x - x, uy);
    load(ix + x, n.x - x, ux);
    count_from(x, here);
    Octet o;
    locate(cell, count, z + sz * uz, y + sy * uy, here + sx * ux, o);
    interpolate(oz, cell, o, vz);
    interpolate(oy, cell, o, vy);
    interpolate(ox, cell, o, vx);
    store(uz + vz, n.x - x, rz + x);
    store(uy + vy, n.x - x, ry + x);
    store(ux + vx, n.x - x, rx + x);
  }
}

struct RowResidual {
  double sum, greatest;
};

/// Fixed-point iterations of a whole row, until each of its voxels moves by less than the tolerance.
CK_VECTORISED RowResidual invert_row(
    const float *field, float *inverse, const Extent &n, long row, const float *scales, float tolerance, int iterations, float *lengths) {
  Cell cell = cell_of(n);
  long count = n.count(), start = row * n.x;
  float *wz = inverse + start, *wy = wz + count, *wx = wy + count;
  const float *fz = field, *fy = fz + count, *fx = fy + count;
  float z = float(row / n.y), y = float(row % n.y), sz = scales[0], sy = scales[1], sx = scales[2];
  float greatest = 0;
  for (int iteration = 0; iteration <= iterations; ++iteration) {
    float keep = iteration == iterations ? 0.0f : 1.0f;
    for (long x = 0; x < n.x; x += kOctet) {
      Floats uz, uy, ux, ez, ey, ex, here;
      load(wz + x, n.x - x, uz);
      load(wy + x, n.x - x, uy);
      load(wx + x, n.x - x, ux);
      count_from(x, here);
      Octet o;
      locate(cell, count, z + sz * uz, y + sy * uy, here + sx * ux, o);
      interpolate(fz, cell, o, ez);
      interpolate(fy, cell, o, ey);
      interpolate(fx, cell, o, ex);
      ez += uz;
      ey += uy;
      ex += ux;
      Floats lz = sz * ez, ly = sy * ey, lx = sx * ex;
      store(lz * lz + ly * ly + lx * lx, n.x - x, lengths + x);
      store(uz - keep * ez, n.x - x, wz + x);
      store(uy - keep * ey, n.x - x, wy + x);
      store(ux - keep * ex, n.x - x, wx + x);
    }
    greatest = 0;
    for (long x = 0; x < n.x; ++x) greatest = std::max(greatest, lengths[x]);
    if (greatest <= tolerance * tolerance) break;
  }
  for (long x = 0; x < n.x; ++x) lengths[x] = std::sqrt(lengths[x]);
  return {row_sum(lengths, n.x), std::sqrt(double(greatest))};
}

CK_VECTORISED void upsample_one(
    const float *coarse, const Extent &m, float *fine, const Extent &n, long row, int gz, int gy, int gx, float *line) {
  Between bz = between(row / n.y, gz, m.z), by = between(row % n.y, gy, m.y);
  upsample_row(coarse, m, bz, by, gx, line, fine + row * n.x, n.x);
}

}  // namespace

void ckernels_compose(const float *outer __noescape, const float *inner __noescape, float *result __noescape, size_t nz, size_t ny,
    size_t nx, float sz, float sy, float sx, int threads) {
  Extent n(nz, ny, nx);
  RowParts rows(n);
  float scales[3] = {sz, sy, sx};
  parallel(rows.parts, threads, [&](long part) {
    for (long row = rows.first(part); row < rows.end(part); ++row) compose_row(outer, inner, result, n, row, scales);
  });
}

CKernelsResidual ckernels_invert(const float *field __noescape, float *inverse __noescape, size_t nz, size_t ny, size_t nx, float sz,
    float sy, float sx, float tolerance, int iterations, int threads) {
  Extent n(nz, ny, nx);
  RowParts rows(n);
  float scales[3] = {sz, sy, sx};
  std::vector<double> sums(size_t(rows.parts)), greatest(size_t(rows.parts));
  parallel(rows.parts, threads, [&](long part) {
    std::vector<float> lengths(size_t(n.x));
    for (long row = rows.first(part); row < rows.end(part); ++row) {
      RowResidual r = invert_row(field, inverse, n, row, scales, tolerance, iterations, lengths.data());
      sums[size_t(part)] += r.sum;
      greatest[size_t(part)] = std::max(greatest[size_t(part)], r.greatest);
    }
  });
  double most = 0;
  for (double g : greatest) most = std::max(most, g);
  return {n.count() > 0 ? total(sums) / double(n.count()) : 0, most};
}

void ckernels_upsample(const float *coarse __noescape, size_t mz, size_t my, size_t mx, float *fine __noescape, size_t nz, size_t ny,
    size_t nx, int gz, int gy, int gx, int threads) {
  Extent m(mz, my, mx), n(nz, ny, nx);
  RowParts rows(n);
  parallel(rows.parts, threads, [&](long part) {
    std::vector<float> line(size_t(m.x + 2));
    for (long row = rows.first(part); row < rows.end(part); ++row) upsample_one(coarse, m, fine, n, row, gz, gy, gx, line.data());
  });
}

void ckernels_relax(const float *field __noescape, const uint8_t *marks __noescape, float *result __noescape, size_t nz, size_t ny,
    size_t nx, int threads) {
  Extent n(nz, ny, nx);
  RowParts rows(n);
  parallel(rows.parts, threads, [&](long part) {
    for (long row = rows.first(part); row < rows.end(part); ++row)
      for (long x = 0; x < n.x; ++x) {
        long here = row * n.x + x, z = row / n.y, y = row % n.y;
        for (int c = 0; c < 3; ++c) {
          const float *u = field + c * n.count();
          float value = u[here];
          if (marks[here]) {
            float sum = 0, weight = 0;
            for (long k = std::max(0L, z - 1); k <= std::min(n.z - 1, z + 1); ++k)
              for (long j = std::max(0L, y - 1); j <= std::min(n.y - 1, y + 1); ++j)
                for (long i = std::max(0L, x - 1); i <= std::min(n.x - 1, x + 1); ++i) {
                  sum += u[(k * n.y + j) * n.x + i];
                  weight += 1;
                }
            value += 0.5f * (sum / weight - value);
          }
          result[c * n.count() + here] = value;
        }
      }
  });
}
