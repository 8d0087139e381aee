// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsShrinking.h"

#include <cmath>

#include "Parallel.hpp"

using namespace ckernels;

namespace {

constexpr long kPart = 65536;

/// Which voxels count: all where there is no mask.
struct Mask {
  const uint8_t *voxels;
  bool isGiven;
  Mask(const uint8_t *voxels, size_t count) : voxels(voxels), isGiven(count > 0) {}
};

CK_INLINE bool is_number(float value) { return std::fabs(value) <= 3.0e38f; }

template <bool masked>
CK_INLINE void normalise_part(
    const float *source, const uint8_t *mask, float *target, uint8_t *valid, long from, long to, float shift, float scale) {
  CK_INDEPENDENT
  for (long i = from; i < to; ++i) {
    bool good = (!masked || mask[i] != 0) && is_number(source[i]);
    target[i] = good ? (source[i] - shift) * scale : 0.0f;
    valid[i] = good ? 1 : 0;
  }
}

CK_VECTORISED void normalise(
    const float *source, const Mask &mask, float *target, uint8_t *valid, long from, long to, float shift, float scale) {
  if (mask.isGiven)
    normalise_part<true>(source, mask.voxels, target, valid, from, to, shift, scale);
  else
    normalise_part<false>(source, nullptr, target, valid, from, to, shift, scale);
}

template <bool masked>
CK_INLINE void numbers_part(const float *a, const float *b, const uint8_t *mask, uint8_t *valid, long from, long to) {
  CK_INDEPENDENT
  for (long i = from; i < to; ++i) valid[i] = (!masked || mask[i] != 0) && is_number(a[i]) && is_number(b[i]) ? 1 : 0;
}

CK_VECTORISED void numbers_in_both(const float *a, const float *b, const Mask &mask, uint8_t *valid, long from, long to) {
  if (mask.isGiven)
    numbers_part<true>(a, b, mask.voxels, valid, from, to);
  else
    numbers_part<false>(a, b, nullptr, valid, from, to);
}

struct Sums {
  double count, sum, squares;
};

CK_VECTORISED Sums moments(const float *source, const Mask &mask, long from, long to, double centre) {
  double count[8] = {}, sum[8] = {}, squares[8] = {};
  auto add = [&](long i, int k) __attribute__((always_inline)) {
    bool good = (!mask.isGiven || mask.voxels[i] != 0) && is_number(source[i]);
    double value = good ? double(source[i]) - centre : 0.0;
    count[k] += good ? 1.0 : 0.0;
    sum[k] += value;
    squares[k] += value * value;
  };
  long i = from;
  for (; i + 8 <= to; i += 8)
    for (int k = 0; k < 8; ++k) add(i + k, k);
  for (int k = 0; i < to; ++i, ++k) add(i, k);
  Sums total = {0, 0, 0};
  for (int k = 0; k < 8; ++k) {
    total.count += count[k];
    total.sum += sum[k];
    total.squares += squares[k];
  }
  return total;
}

Sums all_moments(const float *source, const Mask &mask, long count, double centre, int threads) {
  long parts = (count + kPart - 1) / kPart;
  std::vector<Sums> sums(static_cast<size_t>(parts));
  parallel(parts, threads,
      [&](long part) { sums[size_t(part)] = moments(source, mask, part * kPart, std::min(count, (part + 1) * kPart), centre); });
  Sums total = {0, 0, 0};
  for (auto &s : sums) {
    total.count += s.count;
    total.sum += s.sum;
    total.squares += s.squares;
  }
  return total;
}

struct Shrink {
  const float *source;
  const uint8_t *sourceValid;
  Extent n;
  float *target;
  uint8_t *targetValid;
  Extent m;
  int fz, fy, fx;
};

CK_VECTORISED void shrink_row(const Shrink &s, long z, long y, float *sum, float *weight) {
  for (long x = 0; x < s.m.x; ++x) sum[x] = weight[x] = 0;
  float have = 0;
  for (long zz = z * s.fz; zz < std::min(s.n.z, (z + 1) * s.fz); ++zz)
    for (long yy = y * s.fy; yy < std::min(s.n.y, (y + 1) * s.fy); ++yy) {
      const float *row = s.source + (zz * s.n.y + yy) * s.n.x;
      const uint8_t *valid = s.sourceValid + (zz * s.n.y + yy) * s.n.x;
      have += 1;
      if (s.fx == 1) {
        for (long x = 0; x < s.n.x; ++x) {
          sum[x] += float(valid[x]) * row[x];
          weight[x] += float(valid[x]);
        }
      } else {
        long pairs = s.n.x / 2;
        for (long x = 0; x < pairs; ++x) {
          float a = float(valid[2 * x]), b = float(valid[2 * x + 1]);
          sum[x] += a * row[2 * x] + b * row[2 * x + 1];
          weight[x] += a + b;
        }
        if (s.n.x & 1) {
          sum[pairs] += float(valid[s.n.x - 1]) * row[s.n.x - 1];
          weight[pairs] += 2 * float(valid[s.n.x - 1]);
          sum[pairs] += float(valid[s.n.x - 1]) * row[s.n.x - 1];
        }
      }
    }
  float half = 0.5f * have * float(s.fx);
  float *out = s.target + (z * s.m.y + y) * s.m.x;
  uint8_t *outValid = s.targetValid + (z * s.m.y + y) * s.m.x;
  for (long x = 0; x < s.m.x; ++x) {
    bool good = weight[x] >= half;
    out[x] = good ? sum[x] / weight[x] : 0.0f;
    outValid[x] = good ? 1 : 0;
  }
}

}  // namespace

void ckernels_numbers_in_both(const float *a __noescape, const float *b __noescape, size_t count, const uint8_t *mask __noescape,
    size_t maskCount, uint8_t *valid __noescape, int threads) {
  Mask counting(mask, maskCount);
  long n = long(count), parts = (n + kPart - 1) / kPart;
  parallel(parts, threads, [&](long part) { numbers_in_both(a, b, counting, valid, part * kPart, std::min(n, (part + 1) * kPart)); });
}

void ckernels_normalise(const float *source __noescape, size_t count, const uint8_t *mask __noescape, size_t maskCount,
    float *target __noescape, uint8_t *valid __noescape, float shift, float scale, int threads) {
  Mask counting(mask, maskCount);
  long n = long(count), parts = (n + kPart - 1) / kPart;
  parallel(parts, threads,
      [&](long part) { normalise(source, counting, target, valid, part * kPart, std::min(n, (part + 1) * kPart), shift, scale); });
}

void ckernels_moments(const float *source __noescape, size_t count, const uint8_t *mask __noescape, size_t maskCount,
    double *moments __noescape, int threads) {
  Mask counting(mask, maskCount);
  Sums first = all_moments(source, counting, long(count), 0, threads);
  moments[0] = first.count;
  moments[1] = moments[2] = 0;
  if (first.count == 0) return;
  double mean = first.sum / first.count;
  // A second pass about the mean: no cancellation where the offset is large.
  Sums second = all_moments(source, counting, long(count), mean, threads);
  double rest = second.sum / second.count;
  moments[1] = mean + rest;
  moments[2] = std::max(0.0, second.squares / second.count - rest * rest);
}

void ckernels_shrink(const float *source __noescape, const uint8_t *sourceValid __noescape, size_t nz, size_t ny, size_t nx,
    float *target __noescape, uint8_t *targetValid __noescape, size_t mz, size_t my, size_t mx, int fz, int fy, int fx, int threads) {
  Shrink s = {source, sourceValid, {nz, ny, nx}, target, targetValid, {mz, my, mx}, fz, fy, fx};
  RowParts rows(s.m);
  parallel(rows.parts, threads, [&](long part) {
    std::vector<float> scratch(size_t(2 * s.m.x));
    for (long row = rows.first(part); row < rows.end(part); ++row)
      shrink_row(s, row / s.m.y, row % s.m.y, scratch.data(), scratch.data() + s.m.x);
  });
}
