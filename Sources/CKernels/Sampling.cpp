// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsSampling.h"

#include "Octets.hpp"
#include "Sixteens.hpp"

using namespace ckernels;

namespace {

// A border voxel reaches half a voxel out. While registering it counts as far as that: else the least step across the border would take
// voxels away from the metric, which then moves to keep them.
constexpr float kHalfVoxel = 0.5f;

struct Warp {
  const float *image;
  Extent n;
  const float *field;
  Extent m;
  int factors[3];
  float scales[3];
  float *target;
  uint8_t *valid;
};

/// The field at a row of voxels.
CK_INLINE void displacements(const Warp &w, long z, long y, float *line, float *uz, float *uy, float *ux) {
  Between bz = between(z, w.factors[0], w.m.z), by = between(y, w.factors[1], w.m.y);
  float *rows[3] = {uz, uy, ux};
  for (int c = 0; c < 3; ++c) upsample_row(w.field + c * w.m.count(), w.m, bz, by, w.factors[2], line, rows[c], w.n.x);
}

CK_VECTORISED void warp_row(const Warp &w, long z, long y, float *scratch) {
  long width = w.n.x, count = w.n.count();
  float *uz = scratch, *uy = uz + width, *ux = uy + width, *line = ux + width;
  displacements(w, z, y, line, uz, uy, ux);
  Cell cell = cell_of(w.n);
  float *target = w.target + (z * w.n.y + y) * width;
  uint8_t *valid = w.valid + (z * w.n.y + y) * width;
  float sz = w.scales[0], sy = w.scales[1], sx = w.scales[2], atZ = float(z), atY = float(y);
  for (long x = 0; x < width; x += kOctet) {
    Floats pz, py, px, value, here;
    load(uz + x, width - x, pz);
    load(uy + x, width - x, py);
    load(ux + x, width - x, px);
    count_from(x, here);
    pz = atZ + sz * pz;
    py = atY + sy * py;
    px = here + sx * px;
    Octet o;
    locate(cell, count, pz, py, px, o);
    interpolate(w.image, cell, o, value);
    Ints in;
    find_inside(cell, kHalfVoxel, pz, py, px, in);
    in &= value == value;
    value = in ? value : Floats(0.0f);
    store(value, width - x, target + x);
    store(in, width - x, valid + x);
  }
}

#if CK_SIXTEENS

struct WideScratch {
  PointsScratch points;
  std::vector<float> line;
  explicit WideScratch(const Warp &w) : points(w.n.x), line(size_t(w.m.x + 2)) {}
};

/// As `warp_row`.
CK_WIDE void warp_row_by_sixteens(const Warp &w, long z, long y, const Points &p, float *line) {
  long width = w.n.x;
  Cell cell = cell_of(w.n);
  float *target = w.target + (z * w.n.y + y) * width;
  uint8_t *valid = w.valid + (z * w.n.y + y) * width;
  float *pz = p.fz, *py = p.fy, *px = p.fx;
  displacements(w, z, y, line, pz, py, px);
  float sz = w.scales[0], sy = w.scales[1], sx = w.scales[2], atZ = float(z), atY = float(y);
  CK_INDEPENDENT
  for (long x = 0; x < width; ++x) {
    pz[x] = atZ + sz * pz[x];
    py[x] = atY + sy * py[x];
    px[x] = float(int(x)) + sx * px[x];
    valid[x] = inside(cell, kHalfVoxel, pz[x], py[x], px[x]);
  }
  locate_row(cell, w.n.count(), p, width);
  for (long x = 0; x < width; x += kSixteen) {
    __mmask16 lanes = lanes_from(x, width);
    __m512 value = interpolated(w.image, cell, p, x);
    __m128i inside = _mm_maskz_loadu_epi8(lanes, valid + x);
    __mmask16 in = _mm512_mask_cmp_ps_mask(_mm_test_epi8_mask(inside, inside), value, value, _CMP_ORD_Q);
    _mm512_mask_storeu_ps(target + x, lanes, _mm512_maskz_mov_ps(in, value));
    _mm_mask_storeu_epi8(valid + x, lanes, _mm_maskz_set1_epi8(in, 1));
  }
}

void warp_by_sixteens(const Warp &w, int threads) {
  RowParts rows(w.n);
  parallel(
      rows.parts, threads, [&] { return WideScratch(w); },
      [&](long part, WideScratch &scratch) {
        for (long row = rows.first(part); row < rows.end(part); ++row)
          warp_row_by_sixteens(w, row / w.n.y, row % w.n.y, scratch.points.points(), scratch.line.data());
      });
}

#endif

struct Resample {
  const float *image;
  Extent n;
  const float *points[3];
  Extent m;
  bool relative;
  float reach, outside;
  float *target;
  uint8_t *valid;
};

CK_VECTORISED void positions(const Resample &r, long row, float *pz, float *py, float *px) {
  long width = r.m.x, start = row * width;
  float z = r.relative ? float(row / r.m.y) : 0, y = r.relative ? float(row % r.m.y) : 0, step = r.relative ? 1 : 0;
  for (long x = 0; x < width; ++x) {
    pz[x] = z + r.points[0][start + x];
    py[x] = y + r.points[1][start + x];
    px[x] = step * float(int(x)) + r.points[2][start + x];
  }
}

CK_VECTORISED void resample_linear(const Resample &r, long row, const float *pz, const float *py, const float *px) {
  Cell cell = cell_of(r.n);
  long width = r.m.x, count = r.n.count();
  float *target = r.target + row * width;
  uint8_t *valid = r.valid + row * width;
  for (long x = 0; x < width; x += kOctet) {
    Floats z, y, w, value;
    load(pz + x, width - x, z);
    load(py + x, width - x, y);
    load(px + x, width - x, w);
    Octet o;
    locate(cell, count, z, y, w, o);
    interpolate(r.image, cell, o, value);
    Ints in;
    find_inside(cell, r.reach, z, y, w, in);
    value = in ? value : Floats(r.outside);
    store(value, width - x, target + x);
    store(in, width - x, valid + x);
  }
}

/// The nearest voxel; half-way points go to the even one. A point up to half a voxel outside still has one.
void resample_nearest(const Resample &r, long row, const float *pz, const float *py, const float *px) {
  for (long x = 0; x < r.m.x; ++x) {
    float z = std::nearbyint(pz[x]), y = std::nearbyint(py[x]), w = std::nearbyint(px[x]);
    bool in = z >= 0 && z < float(r.n.z) && y >= 0 && y < float(r.n.y) && w >= 0 && w < float(r.n.x);
    r.target[row * r.m.x + x] = in ? r.image[(long(z) * r.n.y + long(y)) * r.n.x + long(w)] : r.outside;
    r.valid[row * r.m.x + x] = in ? 1 : 0;
  }
}

/// Catmull-Rom weights for the voxels at -1, 0, 1, 2 about a fraction.
CK_INLINE void catmull_rom(float t, float *w) {
  w[0] = ((-0.5f * t + 1.0f) * t - 0.5f) * t;
  w[1] = (1.5f * t - 2.5f) * t * t + 1.0f;
  w[2] = ((-1.5f * t + 2.0f) * t + 0.5f) * t;
  w[3] = (0.5f * t - 0.5f) * t * t;
}

void resample_cubic(const Resample &r, long row, const float *pz, const float *py, const float *px) {
  Cell cell = cell_of(r.n);
  for (long x = 0; x < r.m.x; ++x) {
    bool in = inside(cell, r.reach, pz[x], py[x], px[x]);
    r.valid[row * r.m.x + x] = in ? 1 : 0;
    r.target[row * r.m.x + x] = r.outside;
    if (!in) continue;
    float wz[4], wy[4], wx[4];
    float z = clamped(pz[x], cell.lastZ), y = clamped(py[x], cell.lastY), w = clamped(px[x], cell.lastX);
    long iz = long(z), iy = long(y), ix = long(w);
    catmull_rom(z - float(iz), wz);
    catmull_rom(y - float(iy), wy);
    catmull_rom(w - float(ix), wx);
    auto at = [](long i, long count) { return std::min(std::max(0L, i), count - 1); };
    long xs[4];
    for (int k = 0; k < 4; ++k) xs[k] = at(ix - 1 + k, r.n.x);
    float sum = 0;
    for (int a = 0; a < 4; ++a) {
      float plane = 0;
      for (int b = 0; b < 4; ++b) {
        const float *line = r.image + (at(iz - 1 + a, r.n.z) * r.n.y + at(iy - 1 + b, r.n.y)) * r.n.x;
        plane += wy[b] * (wx[0] * line[xs[0]] + wx[1] * line[xs[1]] + wx[2] * line[xs[2]] + wx[3] * line[xs[3]]);
      }
      sum += wz[a] * plane;
    }
    r.target[row * r.m.x + x] = sum;
  }
}

}  // namespace

void ckernels_warp(const float *image __noescape, size_t nz, size_t ny, size_t nx, const float *field __noescape, size_t mz, size_t my,
    size_t mx, int gz, int gy, int gx, float sz, float sy, float sx, float *target __noescape, uint8_t *valid __noescape, int threads) {
  Warp w = {image, {nz, ny, nx}, field, {mz, my, mx}, {gz, gy, gx}, {sz, sy, sx}, target, valid};
#if CK_SIXTEENS
  if (has_sixteens()) return warp_by_sixteens(w, threads);
#endif
  RowParts rows(w.n);
  parallel(
      rows.parts, threads, [&] { return std::vector<float>(size_t(3 * w.n.x + w.m.x + 2)); },
      [&](long part, std::vector<float> &scratch) {
        for (long row = rows.first(part); row < rows.end(part); ++row) warp_row(w, row / w.n.y, row % w.n.y, scratch.data());
      });
}

void ckernels_resample(const float *image __noescape, size_t nz, size_t ny, size_t nx, const float *pointZ __noescape,
    const float *pointY __noescape, const float *pointX __noescape, size_t mz, size_t my, size_t mx, int relative, int interpolation,
    float reach, float outside, float *target __noescape, uint8_t *valid __noescape, int threads) {
  Resample r = {image, {nz, ny, nx}, {pointZ, pointY, pointX}, {mz, my, mx}, relative != 0, reach, outside, target, valid};
  RowParts rows(r.m);
  parallel(rows.parts, threads, [&](long part) {
    std::vector<float> scratch(size_t(3 * r.m.x));
    float *pz = scratch.data(), *py = pz + r.m.x, *px = py + r.m.x;
    for (long row = rows.first(part); row < rows.end(part); ++row) {
      positions(r, row, pz, py, px);
      if (interpolation == CKernelsNearest)
        resample_nearest(r, row, pz, py, px);
      else if (interpolation == CKernelsCubic)
        resample_cubic(r, row, pz, py, px);
      else
        resample_linear(r, row, pz, py, px);
    }
  });
}
