// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsFields.h"

#include "Octets.hpp"
#include "Sixteens.hpp"

using namespace ckernels;

namespace {

/// Eight displacements of a row.
struct Displacements {
  Floats z, y, x;
};

/// What a field says where eight displacements of another lead, and those. Points are those from x on of a row, `fields` and
/// `displacements` its three components, `displacements` from the row's beginning.
CK_INLINE void follow(const float *const *fields, const float *const *displacements, const Extent &n, const Cell &cell, long row, long x,
    const float *scales, Displacements &u, Displacements &v) {
  long left = n.x - x;
  load(displacements[0] + x, left, u.z);
  load(displacements[1] + x, left, u.y);
  load(displacements[2] + x, left, u.x);
  Floats here;
  count_from(x, here);
  Octet o;
  locate(cell, n.count(), float(row / n.y) + scales[0] * u.z, float(row % n.y) + scales[1] * u.y, here + scales[2] * u.x, o);
  interpolate(fields[0], cell, o, v.z);
  interpolate(fields[1], cell, o, v.y);
  interpolate(fields[2], cell, o, v.x);
}

CK_VECTORISED void compose_row(const float *outer, const float *inner, float *result, const Extent &n, long row, const float *scales) {
  Cell cell = cell_of(n);
  long count = n.count(), start = row * n.x;
  const float *fields[3] = {outer, outer + count, outer + 2 * count};
  const float *moves[3] = {inner + start, inner + count + start, inner + 2 * count + start};
  float *rz = result + start, *ry = rz + count, *rx = ry + count;
  for (long x = 0; x < n.x; x += kOctet) {
    Displacements u, v;
    follow(fields, moves, n, cell, row, x, scales, u, v);
    store(u.z + v.z, n.x - x, rz + x);
    store(u.y + v.y, n.x - x, ry + x);
    store(u.x + v.x, n.x - x, rx + x);
  }
}

#if CK_SIXTEENS

/// As `compose_row`.
CK_WIDE void compose_row_by_sixteens(
    const float *outer, const float *inner, float *result, const Extent &n, long row, const float *scales, const Points &p) {
  Cell cell = cell_of(n);
  long count = n.count(), width = n.x, start = row * width;
  const float *uz = inner + start, *uy = uz + count, *ux = uy + count;
  float *pz = p.fz, *py = p.fy, *px = p.fx;
  float sz = scales[0], sy = scales[1], sx = scales[2], atZ = float(row / n.y), atY = float(row % n.y);
  CK_INDEPENDENT
  for (long x = 0; x < width; ++x) {
    pz[x] = atZ + sz * uz[x];
    py[x] = atY + sy * uy[x];
    px[x] = float(int(x)) + sx * ux[x];
  }
  locate_row(cell, count, p, width);
  for (long x = 0; x < width; x += kSixteen) {
    __mmask16 lanes = lanes_from(x, width);
    for (int c = 0; c < 3; ++c) {
      long at = c * count + start + x;
      __m512 sum = _mm512_add_ps(_mm512_maskz_loadu_ps(lanes, inner + at), interpolated(outer + c * count, cell, p, x));
      _mm512_mask_storeu_ps(result + at, lanes, sum);
    }
  }
}

#endif

struct RowResidual {
  double sum, greatest;
};

/// Fixed-point iterations of a whole row, until each of its voxels moves by less than the tolerance.
CK_VECTORISED RowResidual invert_row(
    const float *field, float *inverse, const Extent &n, long row, const float *scales, float tolerance, int iterations, float *lengths) {
  Cell cell = cell_of(n);
  long count = n.count(), start = row * n.x;
  float *wz = inverse + start, *wy = wz + count, *wx = wy + count;
  const float *fields[3] = {field, field + count, field + 2 * count};
  const float *moves[3] = {wz, wy, wx};
  float greatest = 0;
  for (int iteration = 0; iteration <= iterations; ++iteration) {
    float keep = iteration == iterations ? 0.0f : 1.0f;
    for (long x = 0; x < n.x; x += kOctet) {
      Displacements w, e;
      follow(fields, moves, n, cell, row, x, scales, w, e);
      e.z += w.z;
      e.y += w.y;
      e.x += w.x;
      Floats lz = scales[0] * e.z, ly = scales[1] * e.y, lx = scales[2] * e.x;
      store(lz * lz + ly * ly + lx * lx, n.x - x, lengths + x);
      store(w.z - keep * e.z, n.x - x, wz + x);
      store(w.y - keep * e.y, n.x - x, wy + x);
      store(w.x - keep * e.x, n.x - x, wx + x);
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
#if CK_SIXTEENS
  if (has_sixteens())
    return parallel(
        rows.parts, threads, [&] { return PointsScratch(n.x); },
        [&](long part, PointsScratch &scratch) {
          for (long row = rows.first(part); row < rows.end(part); ++row)
            compose_row_by_sixteens(outer, inner, result, n, row, scales, scratch.points());
        });
#endif
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
