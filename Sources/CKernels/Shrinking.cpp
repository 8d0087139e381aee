// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsShrinking.h"

#include <cmath>

#include "Parallel.hpp"

using namespace ckernels;

namespace {

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
