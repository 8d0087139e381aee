// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsValues.h"

#include <cmath>

#include "Parallel.hpp"

using namespace ckernels;

namespace {

constexpr long kPart = 65536;

/// Calls `body(from, to)` for parts of 65 thousand values.
template <class Body>
void in_parts(size_t count, int threads, const Body &body) {
  long n = long(count), parts = (n + kPart - 1) / kPart;
  parallel(parts, threads, [&](long part) { body(part * kPart, std::min(n, (part + 1) * kPart)); });
}

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

CK_VECTORISED void masked(const float *source, const uint8_t *valid, float *target, long from, long to) {
  CK_INDEPENDENT
  for (long i = from; i < to; ++i) target[i] = valid[i] != 0 ? source[i] : NAN;
}

struct Extremes {
  float least, most;
};

/// Comparisons with what is no number are false.
CK_VECTORISED Extremes extremes(const float *source, long from, long to) {
  constexpr int kLanes = 16;
  float least[kLanes], most[kLanes];
  for (int k = 0; k < kLanes; ++k) {
    least[k] = INFINITY;
    most[k] = -INFINITY;
  }
  auto add = [&](long i, int k) __attribute__((always_inline)) {
    least[k] = source[i] < least[k] ? source[i] : least[k];
    most[k] = source[i] > most[k] ? source[i] : most[k];
  };
  long i = from;
  for (; i + kLanes <= to; i += kLanes)
    for (int k = 0; k < kLanes; ++k) add(i + k, k);
  for (int k = 0; i < to; ++i, ++k) add(i, k);
  for (int k = 1; k < kLanes; ++k) {
    least[0] = std::min(least[0], least[k]);
    most[0] = std::max(most[0], most[k]);
  }
  return {least[0], most[0]};
}

struct Sums {
  double count, sum, squares;
};

template <bool masked>
CK_INLINE Sums moments_part(const float *source, const uint8_t *mask, long from, long to, double centre) {
  double count[8] = {}, sum[8] = {}, squares[8] = {};
  auto add = [&](long i, int k) __attribute__((always_inline)) {
    bool good = (!masked || mask[i] != 0) && is_number(source[i]);
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

CK_VECTORISED Sums moments(const float *source, const Mask &mask, long from, long to, double centre) {
  return mask.isGiven ? moments_part<true>(source, mask.voxels, from, to, centre) : moments_part<false>(source, nullptr, from, to, centre);
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

}  // namespace

void ckernels_numbers_in_both(const float *a __noescape, const float *b __noescape, size_t count, const uint8_t *mask __noescape,
    size_t maskCount, uint8_t *valid __noescape, int threads) {
  Mask counting(mask, maskCount);
  in_parts(count, threads, [&](long from, long to) { numbers_in_both(a, b, counting, valid, from, to); });
}

void ckernels_normalise(const float *source __noescape, size_t count, const uint8_t *mask __noescape, size_t maskCount,
    float *target __noescape, uint8_t *valid __noescape, float shift, float scale, int threads) {
  Mask counting(mask, maskCount);
  in_parts(count, threads, [&](long from, long to) { normalise(source, counting, target, valid, from, to, shift, scale); });
}

void ckernels_masked(const float *source __noescape, const uint8_t *valid __noescape, float *target __noescape, size_t count, int threads) {
  in_parts(count, threads, [&](long from, long to) { masked(source, valid, target, from, to); });
}

void ckernels_extremes(const float *source __noescape, size_t count, float *both __noescape, int threads) {
  std::vector<Extremes> parts((count + kPart - 1) / kPart, {INFINITY, -INFINITY});
  in_parts(count, threads, [&](long from, long to) { parts[size_t(from / kPart)] = extremes(source, from, to); });
  both[0] = INFINITY;
  both[1] = -INFINITY;
  for (auto &part : parts) {
    both[0] = std::min(both[0], part.least);
    both[1] = std::max(both[1], part.most);
  }
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
