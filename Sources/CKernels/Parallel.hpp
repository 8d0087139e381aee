// SPDX-License-Identifier: Apache-2.0
// Work in parts that do not depend on the number of threads, and code paths for wider vectors.
#pragma once
#include <algorithm>
#include <atomic>
#include <system_error>
#include <thread>
#include <vector>

// The thread sanitizer would run inside the choice of a code path, before it is ready.
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer)
// Every function that holds a hot loop is compiled thrice; floating-point contraction is off, so all give the same bytes.
#define CK_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CK_VECTORISED
#endif
// Before a loop whose iterations do not touch what others write.
#define CK_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
// They call no constructor: Clang 21 forgets to emit inline constructors that only such functions refer to.
#define CK_INLINE inline __attribute__((always_inline))

namespace ckernels {

/// Calls `body(part, scratch)` for each part of `parts`, at most `threads` at once; each thread makes its own `scratch` once.
template <class Make, class Body>
void parallel(long parts, int threads, const Make &make, const Body &body) {
  std::atomic<long> next{0};
  auto work = [&] {
    auto scratch = make();
    for (long part = next.fetch_add(1); part < parts; part = next.fetch_add(1)) body(part, scratch);
  };
  std::vector<std::thread> helpers;
  try {
    for (long i = 1; i < std::min<long>(threads, parts); ++i) helpers.emplace_back(work);
  } catch (const std::system_error &) {
    // Fewer threads than asked for: this one does the rest.
  }
  work();
  for (auto &helper : helpers) helper.join();
}

/// Calls `body(part)` for each part of `parts`, at most `threads` at once.
template <class Body>
void parallel(long parts, int threads, const Body &body) {
  parallel(
      parts, threads, [] { return 0; }, [&](long part, int) { body(part); });
}

/// The sum of `values` in order.
inline double total(const std::vector<double> &values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum;
}

/// Extents of a lattice.
struct Extent {
  long z, y, x;
  CK_INLINE long count() const { return z * y * x; }
  CK_INLINE long rows() const { return z * y; }
  CK_INLINE Extent(size_t nz, size_t ny, size_t nx) : z(long(nz)), y(long(ny)), x(long(nx)) {}
};

/// Rows in parts of about 16 thousand voxels.
struct RowParts {
  long rows, each, parts;
  explicit RowParts(const Extent &extent) : rows(extent.rows()) {
    each = std::max<long>(1, 16384 / std::max<long>(1, extent.x));
    parts = (rows + each - 1) / each;
  }
  long first(long part) const { return part * each; }
  long end(long part) const { return std::min(rows, (part + 1) * each); }
};

// For short rows faster than a call of memcpy.
CK_INLINE void copy(const float *from, long count, float *to) {
  CK_INDEPENDENT
  for (long i = 0; i < count; ++i) to[i] = from[i];
}

/// Calls `body(x)` for each x, sixteen at a time; the last sixteen begin where they must to end at `end`, so that `body` may be called
/// twice for an x: it may not read what it writes.
template <class Body>
CK_INLINE void for_each_of_row(long first, long end, const Body &body) {
  constexpr long kAtOnce = 16;
  if (end - first < kAtOnce) {
    for (long x = first; x < end; ++x) body(x);
    return;
  }
  for (long from = first; from < end; from += kAtOnce) {
    long x = std::min(from, end - kAtOnce);
    CK_INDEPENDENT
    for (long k = 0; k < kAtOnce; ++k) body(x + k);
  }
}

/// The sum of a row in eight fixed lanes.
CK_INLINE double row_sum(const float *row, long count) {
  double lanes[8] = {0, 0, 0, 0, 0, 0, 0, 0};
  long i = 0;
  for (; i + 8 <= count; i += 8)
    for (int k = 0; k < 8; ++k) lanes[k] += double(row[i + k]);
  for (int k = 0; i < count; ++i, ++k) lanes[k] += double(row[i]);
  return ((lanes[0] + lanes[4]) + (lanes[1] + lanes[5])) + ((lanes[2] + lanes[6]) + (lanes[3] + lanes[7]));
}

}  // namespace ckernels
