// SPDX-License-Identifier: Apache-2.0
// Linear interpolation at sixteen neighbouring points of a row at once, where the processor has AVX-512.
//
// As in Octets.hpp rows of values are loaded whole and chosen from. A permutation chooses from 32 values of a row, so that along x points
// may lie as a smooth map pleases; along y and z they may lie one cell apart. Places are found for a whole row of points before any value
// is taken, as the processor then need not wait for one place before it looks for the next. Bytes are those of the octets.
#pragma once
#include "Gather.hpp"

#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
#define CK_SIXTEENS 1
#include <immintrin.h>

namespace ckernels {

#define CK_WIDE __attribute__((target("arch=x86-64-v4")))
#define CK_WIDE_INLINE CK_WIDE CK_INLINE

constexpr long kSixteen = 16;

inline bool has_sixteens() { return __builtin_cpu_supports("x86-64-v4"); }

/// Sixteen points: where the rows of values about them begin, and which of them take the next plane or row.
struct Sixteen {
  long base;
  int firstX;
  __mmask16 upZ, upY;
  bool isNear;
};

/// A row of points by their lower corners and fractions, and every sixteen of them; the last point is repeated to fill the last sixteen.
struct Points {
  int *z, *y, *x;
  float *fz, *fy, *fx;
  Sixteen *sixteens;

  static long padded(long width) { return (width + kSixteen - 1) / kSixteen * kSixteen; }
};

/// Scratch for a row of points.
class PointsScratch {
 public:
  explicit PointsScratch(long width)
      : pitch(Points::padded(width)), corners(size_t(3 * pitch)), fractions(size_t(3 * pitch)), sixteens(size_t(pitch / kSixteen)) {}
  Points points() {
    int *i = corners.data();
    float *f = fractions.data();
    return {i, i + pitch, i + 2 * pitch, f, f + pitch, f + 2 * pitch, sixteens.data()};
  }

 private:
  long pitch;
  std::vector<int> corners;
  std::vector<float> fractions;
  std::vector<Sixteen> sixteens;
};

/// A coordinate clamped to the lattice, NaN to its first voxel; the lower corner and the fraction.
CK_INLINE void split(float at, float last, int greatest, int &corner, float &fraction) {
  float inside = at > 0.0f ? at : 0.0f;
  inside = inside < last ? inside : last;
  int whole = int(inside);
  corner = whole < greatest ? whole : greatest;
  fraction = inside - float(corner);
}

/// Splits the coordinates that `fz`, `fy` and `fx` hold.
CK_WIDE_INLINE void split_row(const Cell &c, const Points &p, long width) {
  int *iz = p.z, *iy = p.y, *ix = p.x;
  float *fz = p.fz, *fy = p.fy, *fx = p.fx;
  CK_INDEPENDENT
  for (long x = 0; x < width; ++x) {
    split(fz[x], c.lastZ, c.baseZ, iz[x], fz[x]);
    split(fy[x], c.lastY, c.baseY, iy[x], fy[x]);
    split(fx[x], c.lastX, c.baseX, ix[x], fx[x]);
  }
  for (long x = width; x < Points::padded(width); ++x) {
    iz[x] = iz[width - 1], iy[x] = iy[width - 1], ix[x] = ix[width - 1];
    fz[x] = fz[width - 1], fy[x] = fy[width - 1], fx[x] = fx[width - 1];
  }
}

/// The lowest of sixteen corners, and which lie above it; whether none does by more than one.
CK_WIDE_INLINE bool find_lowest(const int *corners, int &lowest, __mmask16 &up) {
  __m512i all = _mm512_loadu_si512(corners);
  lowest = corners[0];
  if (_mm512_cmplt_epi32_mask(all, _mm512_set1_epi32(lowest))) --lowest;
  __m512i above = _mm512_sub_epi32(all, _mm512_set1_epi32(lowest));
  up = _mm512_test_epi32_mask(above, above);
  return !_mm512_cmpgt_epu32_mask(above, _mm512_set1_epi32(1));
}

/// Finds the places of a row of points on a lattice of `count` voxels from their coordinates, which `fz`, `fy` and `fx` hold.
CK_WIDE_INLINE void locate_row(const Cell &c, long count, const Points &p, long width) {
  split_row(c, p, width);
  // Cells before the first point's that a map may lead back to.
  constexpr int kBack = 4;
  for (long x = 0; x < width; x += kSixteen) {
    Sixteen &s = p.sixteens[x / kSixteen];
    int z, y;
    bool isNearZ = find_lowest(p.z + x, z, s.upZ), isNearY = find_lowest(p.y + x, y, s.upY);
    s.firstX = p.x[x] - kBack;
    __m512i along = _mm512_sub_epi32(_mm512_loadu_si512(p.x + x), _mm512_set1_epi32(s.firstX));
    bool isNearX = !_mm512_cmpgt_epu32_mask(along, _mm512_set1_epi32(2 * kSixteen - 2));
    s.base = long(z) * c.strideZ + long(y) * c.strideY + s.firstX;
    long end = s.base + 2L * c.stepZ + 2L * c.stepY + 2 * kSixteen;
    s.isNear = isNearZ & isNearY & isNearX & (s.base >= 0) & (end <= count);
  }
}

/// Fractions of sixteen points, and which are not 0: a neighbour of weight 0 has no say, not even when it is not a number.
struct Fraction {
  __m512 share;
  __mmask16 some;
};

CK_WIDE_INLINE void load(const float *from, Fraction &to) {
  to.share = _mm512_loadu_ps(from);
  to.some = _mm512_cmp_ps_mask(to.share, _mm512_setzero_ps(), _CMP_GT_OQ);
}

CK_WIDE_INLINE __m512 blended(__m512 a, __m512 b, const Fraction &f) {
  return _mm512_mask_add_ps(a, f.some, a, _mm512_mul_ps(f.share, _mm512_sub_ps(b, a)));
}

/// Interpolates at points near each other; not `manyZ` and not `manyY` where they all lie between the same planes or rows.
template <bool manyZ, bool manyY>
CK_WIDE_INLINE __m512 interpolated(
    const float *base, const Cell &c, const Sixteen &s, __m512i along, const Fraction &fz, const Fraction &fy, const Fraction &fx) {
  __m512i next = _mm512_add_epi32(along, _mm512_set1_epi32(1));
  __m512 planes[3];
#pragma unroll
  for (int z = 0; z < (manyZ ? 3 : 2); ++z) {
    __m512 a[3], b[3];
#pragma unroll
    for (int y = 0; y < (manyY ? 3 : 2); ++y) {
      const float *row = base + z * c.stepZ + y * c.stepY;
      __m512 first = _mm512_loadu_ps(row), second = _mm512_loadu_ps(row + kSixteen);
      a[y] = _mm512_permutex2var_ps(first, along, second);
      b[y] = _mm512_permutex2var_ps(first, next, second);
    }
    if (manyY) {
      a[0] = _mm512_mask_mov_ps(a[0], s.upY, a[1]);
      b[0] = _mm512_mask_mov_ps(b[0], s.upY, b[1]);
      a[1] = _mm512_mask_mov_ps(a[1], s.upY, a[2]);
      b[1] = _mm512_mask_mov_ps(b[1], s.upY, b[2]);
    }
    planes[z] = blended(blended(a[0], b[0], fx), blended(a[1], b[1], fx), fy);
  }
  if (manyZ) {
    planes[0] = _mm512_mask_mov_ps(planes[0], s.upZ, planes[1]);
    planes[1] = _mm512_mask_mov_ps(planes[1], s.upZ, planes[2]);
  }
  return blended(planes[0], planes[1], fz);
}

/// Interpolates at the sixteen points from x on; not a number where a corner that weighs in is not.
CK_WIDE_INLINE __m512 interpolated(const float *values, const Cell &c, const Points &p, long x) {
  const Sixteen &s = p.sixteens[x / kSixteen];
  Fraction fz, fy, fx;
  load(p.fz + x, fz);
  load(p.fy + x, fy);
  load(p.fx + x, fx);
  __m512i ix = _mm512_loadu_si512(p.x + x);
  if (s.isNear) {
    const float *base = values + s.base;
    // The plane that comes next, three rows ahead.
    __builtin_prefetch(base + 2L * c.stepZ + 3L * c.stepY + 8);
    __m512i along = _mm512_sub_epi32(ix, _mm512_set1_epi32(s.firstX));
    if (s.upZ && s.upY) return interpolated<true, true>(base, c, s, along, fz, fy, fx);
    if (s.upZ) return interpolated<true, false>(base, c, s, along, fz, fy, fx);
    if (s.upY) return interpolated<false, true>(base, c, s, along, fz, fy, fx);
    return interpolated<false, false>(base, c, s, along, fz, fy, fx);
  }
  __m512i iz = _mm512_loadu_si512(p.z + x), iy = _mm512_loadu_si512(p.y + x);
  __m512i planes = _mm512_mullo_epi32(iz, _mm512_set1_epi32(c.strideZ)), rows = _mm512_mullo_epi32(iy, _mm512_set1_epi32(c.strideY));
  __m512i index = _mm512_add_epi32(_mm512_add_epi32(planes, rows), ix);
  __m512 v[4];
#pragma unroll
  for (int k = 0; k < 4; ++k) {
    const float *row = values + (k & 2 ? c.stepZ : 0) + (k & 1 ? c.stepY : 0);
    v[k] = blended(_mm512_i32gather_ps(index, row, 4), _mm512_i32gather_ps(index, row + c.stepX, 4), fx);
  }
  return blended(blended(v[0], v[1], fy), blended(v[2], v[3], fy), fz);
}

/// Which of the sixteen points from x on lie in a row of `width`.
CK_WIDE_INLINE __mmask16 lanes_from(long x, long width) { return __mmask16(0xffff >> (kSixteen - std::min(kSixteen, width - x))); }

}  // namespace ckernels

#endif
