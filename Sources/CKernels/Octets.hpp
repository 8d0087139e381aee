// SPDX-License-Identifier: Apache-2.0
// Linear interpolation at eight neighbouring points of a row at once.
//
// A smooth map moves neighbours nearly alike: their cells lie side by side, most often at the same distance, else at most one cell apart
// along each axis. Rows of values are then loaded whole and chosen from; only where the map tears neighbours apart are values gathered one
// by one, which takes longer. The result is the same either way.
#pragma once
#include "Gather.hpp"

namespace ckernels {

typedef float Floats __attribute__((ext_vector_type(8)));
typedef float LooseFloats __attribute__((ext_vector_type(8), aligned(4)));
typedef int Ints __attribute__((ext_vector_type(8)));
typedef uint8_t Bytes __attribute__((ext_vector_type(8)));
typedef uint8_t LooseBytes __attribute__((ext_vector_type(8), aligned(1)));

constexpr long kOctet = 8;

// Vectors go in and out by reference: how they are passed by value depends on the code path.
CK_INLINE void load(const float *from, Floats &to) { to = *reinterpret_cast<const LooseFloats *>(from); }

/// The first `count` of eight; the others repeat the last.
CK_INLINE void load(const float *from, long count, Floats &to) {
  if (count >= kOctet) return load(from, to);
  for (long i = 0; i < kOctet; ++i) to[i] = from[std::min(i, count - 1)];
}

CK_INLINE void store(const Floats &from, long count, float *to) {
  if (count >= kOctet)
    *reinterpret_cast<LooseFloats *>(to) = from;
  else
    for (long i = 0; i < count; ++i) to[i] = from[i];
}

/// 1 where the mask is set, else 0.
CK_INLINE void store(const Ints &mask, long count, uint8_t *to) {
  Bytes bytes = __builtin_convertvector(mask & 1, Bytes);
  if (count >= kOctet)
    *reinterpret_cast<LooseBytes *>(to) = bytes;
  else
    for (long i = 0; i < count; ++i) to[i] = bytes[i];
}

/// x, x + 1, and so on.
CK_INLINE void count_from(long x, Floats &to) {
  const Floats lanes = {0, 1, 2, 3, 4, 5, 6, 7};
  to = float(int(x)) + lanes;
}

/// Where eight points lie.
struct Octet {
  Ints index;          // lower corners
  Floats fz, fy, fx;   // fractions
  Ints upZ, upY, upX;  // whether a corner is the next after `base`'s, lane by lane
  long base;
  bool isTogether, isNear;
};

/// Whether points lie in the lattice or at most `slack` beyond its outermost centres (where they take their values).
CK_INLINE void find_inside(const Cell &c, float slack, const Floats &pz, const Floats &py, const Floats &px, Ints &to) {
  to = (pz >= -slack) & (pz <= c.lastZ + slack) & (py >= -slack) & (py <= c.lastY + slack) & (px >= -slack) & (px <= c.lastX + slack);
}

CK_INLINE bool any(const Ints &v) { return __builtin_reduce_or(v) != 0; }

/// Coordinates clamped to the lattice, NaN to its first voxel; the lower corner and the fraction.
CK_INLINE void split(const Floats &at, float last, int greatest, Ints &corner, Floats &fraction) {
  Floats inside = at > 0.0f ? at : Floats(0.0f);
  inside = inside < last ? inside : Floats(last);
  corner = __builtin_convertvector(inside, Ints);
  corner = corner < greatest ? corner : Ints(greatest);
  fraction = inside - __builtin_convertvector(corner, Floats);
}

/// The octet of points at coordinates on a lattice of `count` voxels.
CK_INLINE void locate(const Cell &c, long count, const Floats &pz, const Floats &py, const Floats &px, Octet &o) {
  const Ints lanes = {0, 1, 2, 3, 4, 5, 6, 7};
  Ints iz, iy, ix;
  split(pz, c.lastZ, c.baseZ, iz, o.fz);
  split(py, c.lastY, c.baseY, iy, o.fy);
  split(px, c.lastX, c.baseX, ix, o.fx);
  o.index = iz * c.strideZ + iy * c.strideY + ix;
  long end = 2L * c.stepZ + 2L * c.stepY + 2 * c.stepX + kOctet;
  // Cells one after another in memory need no more than where the first lies.
  Ints first = o.index - lanes;
  o.base = first[0];
  o.isNear = o.isTogether = o.base >= 0 && o.base + end <= count && !any(first != first[0]);
  if (o.isTogether) return;
  ix -= lanes;
  int z = __builtin_reduce_min(iz), y = __builtin_reduce_min(iy), x = __builtin_reduce_min(ix);
  o.upZ = iz - z;
  o.upY = iy - y;
  o.upX = ix - x;
  o.base = long(z) * c.strideZ + long(y) * c.strideY + x;
  o.isNear = o.base >= 0 && o.base + end <= count && !any((o.upZ | o.upY | o.upX) & ~1);
}

CK_INLINE void blend(const Floats &a, const Floats &b, const Floats &fraction, Floats &to) {
  Floats between = a + fraction * (b - a);
  // A neighbour of weight 0 has no say, not even when it is not a number.
  to = fraction > 0.0f ? between : a;
}

CK_INLINE void blend_corners(const Floats *v, const Octet &o, Floats &to) {
  Floats v00, v01, v10, v11, v0, v1;
  blend(v[0], v[1], o.fx, v00);
  blend(v[2], v[3], o.fx, v01);
  blend(v[4], v[5], o.fx, v10);
  blend(v[6], v[7], o.fx, v11);
  blend(v00, v01, o.fy, v0);
  blend(v10, v11, o.fy, v1);
  blend(v0, v1, o.fz, to);
}

/// Interpolates; not a number where a corner that weighs in is not.
CK_INLINE void interpolate(const float *values, const Cell &c, const Octet &o, Floats &to) {
  const float *base = values + o.base;
  Floats v[8];
  if (o.isTogether) {
    for (int k = 0; k < 8; ++k) load(base + (k & 4 ? c.stepZ : 0) + (k & 2 ? c.stepY : 0) + (k & 1 ? c.stepX : 0), v[k]);
    return blend_corners(v, o, to);
  }
  if (o.isNear) {
    Floats planes[3], rows[3];
    Ints upZ = o.upZ != 0, upY = o.upY != 0, upX = o.upX != 0;
    for (int z = 0; z < 3; ++z) {
      for (int y = 0; y < 3; ++y) {
        const float *row = base + z * c.stepZ + y * c.stepY;
        Floats r0, r1, r2;
        load(row, r0);
        load(row + c.stepX, r1);
        load(row + 2 * c.stepX, r2);
        Floats a = upX ? r1 : r0, b = upX ? r2 : r1;
        blend(a, b, o.fx, rows[y]);
      }
      Floats a = upY ? rows[1] : rows[0], b = upY ? rows[2] : rows[1];
      blend(a, b, o.fy, planes[z]);
    }
    Floats a = upZ ? planes[1] : planes[0], b = upZ ? planes[2] : planes[1];
    return blend(a, b, o.fz, to);
  }
  for (int lane = 0; lane < kOctet; ++lane) {
    const float *at = values + o.index[lane];
    for (int k = 0; k < 8; ++k) v[k][lane] = at[(k & 4 ? c.stepZ : 0) + (k & 2 ? c.stepY : 0) + (k & 1 ? c.stepX : 0)];
  }
  blend_corners(v, o, to);
}

}  // namespace ckernels
