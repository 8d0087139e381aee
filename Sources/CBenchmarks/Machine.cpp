// SPDX-License-Identifier: Apache-2.0
#include <time.h>

#include <algorithm>
#include <thread>
#include <vector>

#include "include/CBenchmarks.h"

#if defined(__x86_64__) && defined(__linux__)
#define CB_VECTORISED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CB_VECTORISED
#endif

namespace {

volatile float sink;

double now(clockid_t clock) {
  timespec time;
  clock_gettime(clock, &time);
  return double(time.tv_sec) + 1e-9 * double(time.tv_nsec);
}

/// Wall seconds until `body(thread)` has ended on each of `threads` threads, and CPU seconds of a thread in the mean.
struct Took {
  double wall, cpu;
};
template <class Body>
Took run(int threads, const Body &body) {
  double wall = now(CLOCK_MONOTONIC), cpu = now(CLOCK_PROCESS_CPUTIME_ID);
  std::vector<std::thread> helpers;
  for (int i = 1; i < threads; ++i) helpers.emplace_back([&body, i] { body(i); });
  body(0);
  for (auto &helper : helpers) helper.join();
  return {now(CLOCK_MONOTONIC) - wall, (now(CLOCK_PROCESS_CPUTIME_ID) - cpu) / threads};
}

CB_VECTORISED void triad(float *a, const float *b, const float *c, size_t count) {
#pragma clang loop vectorize(assume_safety)
  for (size_t i = 0; i < count; ++i) a[i] = b[i] + 0.5f * c[i];
}

// As many independent sums as hide the latency and still have registers; of 8 floats and of 16, since which is faster depends on the
// machine.
typedef float Eight __attribute__((vector_size(32)));
typedef float Sixteen __attribute__((vector_size(64)));
constexpr int kSums = 12;

#define CB_MULTIPLY_ADD(name, Vector, contraction)                                         \
  CB_VECTORISED float name(long rounds, float factor, float term) {                        \
    _Pragma(contraction) Vector sums[kSums];                                               \
    for (int k = 0; k < kSums; ++k) sums[k] = Vector{} + float(k);                         \
    for (long r = 0; r < rounds; ++r) {                                                    \
      _Pragma("unroll") for (int k = 0; k < kSums; ++k) sums[k] = sums[k] * factor + term; \
    }                                                                                      \
    float all = 0;                                                                         \
    for (int k = 0; k < kSums; ++k) all += sums[k][0];                                     \
    return all;                                                                            \
  }
CB_MULTIPLY_ADD(fused_eight, Eight, "clang fp contract(on)")
CB_MULTIPLY_ADD(fused_sixteen, Sixteen, "clang fp contract(on)")
CB_MULTIPLY_ADD(separate_eight, Eight, "clang fp contract(off)")
CB_MULTIPLY_ADD(separate_sixteen, Sixteen, "clang fp contract(off)")

CB_VECTORISED void smooth(const float *from, float *to, size_t count) {
  const float taps[5] = {0.40f, 0.24f, 0.05f, 0.009f, 0.001f};
#pragma clang loop vectorize(assume_safety)
  for (size_t i = 4; i < count - 4; ++i) {
    float sum = taps[0] * from[i];
    for (int k = 1; k < 5; ++k) sum += taps[k] * (from[i - k] + from[i + k]);
    to[i] = sum;
  }
}

}  // namespace

double cbenchmarks_bandwidth(size_t count, int rounds, int threads) {
  std::vector<std::vector<float>> arrays[3];
  for (auto &array : arrays) array.resize(size_t(threads));
  size_t part = count / size_t(threads);
  auto once = [&](int thread) {
    auto t = size_t(thread);
    triad(arrays[0][t].data(), arrays[1][t].data(), arrays[2][t].data(), part);
  };
  // Each thread makes its own parts, so that they lie near it.
  run(threads, [&](int thread) {
    for (auto &array : arrays) array[size_t(thread)].assign(part, 1.0f);
    once(thread);
  });
  Took took = run(threads, [&](int thread) {
    for (int r = 0; r < rounds; ++r) once(thread);
  });
  return 12.0 * double(part) * threads * rounds / took.cpu;
}

double cbenchmarks_flops(long rounds, int threads, bool fused) {
  double best = 0;
  for (int width : {8, 16}) {
    auto sums = fused ? (width == 8 ? fused_eight : fused_sixteen) : width == 8 ? separate_eight : separate_sixteen;
    Took took = run(threads, [&](int) { sink = sums(rounds, 0.999f, 0.001f); });
    best = std::max(best, 2.0 * kSums * width * double(rounds) * threads / took.cpu);
  }
  return best;
}

double cbenchmarks_in_cache(long rounds, int threads) {
  Took took = run(threads, [&](int) {
    std::vector<float> one(4096, 1.0f), other(4096, 1.0f);
    for (long r = 0; r < rounds; ++r) {
      smooth(one.data(), other.data(), one.size());
      std::swap(one, other);
    }
    sink = one[2048];
  });
  return took.wall;
}
