// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsSplines.h"

#include "Parallel.hpp"

using namespace ckernels;

namespace {

/// Places along an axis: the first of the four control points of each, and their weights.
struct Places {
  const int32_t *first;
  const float *weights;
  long count;
};

/// One place of lines that lie side by side.
CK_VECTORISED void expand_side_by_side(const float *from, long inner, const float *w, float *to) {
  const float *a = from, *b = a + inner, *c = b + inner, *d = c + inner;
  float wa = w[0], wb = w[1], wc = w[2], wd = w[3];
  CK_INDEPENDENT
  for (long k = 0; k < inner; ++k) to[k] = (wa * a[k] + wb * b[k]) + (wc * c[k] + wd * d[k]);
}

/// All places of one line along the fastest axis.
CK_VECTORISED void expand_line(const float *line, const Places &p, float *to) {
  CK_INDEPENDENT
  for (long i = 0; i < p.count; ++i) {
    const float *from = line + p.first[i], *w = p.weights + 4 * i;
    to[i] = (w[0] * from[0] + w[1] * from[1]) + (w[2] * from[2] + w[3] * from[3]);
  }
}

/// `lanes` lines; sample s of lane k is `values[s * sample + k * line]`, control point i of it `controls[i * control + k * target]`.
struct Lines {
  const float *values;
  float *controls;
  long lanes, sample, line, control, target;
};

CK_VECTORISED void fit(const Lines &q, const Places &p, long length, const double *factor, double *side) {
  long lanes = q.lanes;
  std::fill(side, side + length * lanes, 0.0);
  for (long sample = 0; sample < p.count; ++sample) {
    const float *from = q.values + sample * q.sample;
    for (long a = 0; a < 4; ++a) {
      double weight = double(p.weights[4 * sample + a]), *to = side + (p.first[sample] + a) * lanes;
      CK_INDEPENDENT
      for (long k = 0; k < lanes; ++k) to[k] += weight * double(from[k * q.line]);
    }
  }
  // Forward, then backward substitution.
  auto eliminate = [&](long i, long from, double l) {
    double *to = side + i * lanes;
    const double *solved = side + from * lanes;
    CK_INDEPENDENT
    for (long k = 0; k < lanes; ++k) to[k] -= l * solved[k];
  };
  auto divide = [&](long i) {
    double *to = side + i * lanes, diagonal = 1 / factor[4 * i];
    CK_INDEPENDENT
    for (long k = 0; k < lanes; ++k) to[k] *= diagonal;
  };
  for (long i = 0; i < length; ++i) {
    for (long b = 1; b < 4 && i >= b; ++b) eliminate(i, i - b, factor[4 * i + b]);
    divide(i);
  }
  for (long i = length - 1; i >= 0; --i) {
    for (long b = 1; b < 4 && i + b < length; ++b) eliminate(i, i + b, factor[4 * (i + b) + b]);
    divide(i);
  }
  for (long i = 0; i < length; ++i) {
    const double *from = side + i * lanes;
    float *to = q.controls + i * q.control;
    CK_INDEPENDENT
    for (long k = 0; k < lanes; ++k) to[k * q.target] = float(from[k]);
  }
}

}  // namespace

void ckernels_spline_expand(const float *controls __noescape, float *values __noescape, size_t outer, size_t length, size_t inner,
    const int32_t *first __noescape, const float *weights __noescape, size_t places, int threads) {
  Places p = {first, weights, long(places)};
  long l = long(length), n = long(inner), count = p.count;
  if (n == 1) {
    RowParts rows(Extent(1, outer, places));
    parallel(rows.parts, threads, [&](long part) {
      for (long row = rows.first(part); row < rows.end(part); ++row) expand_line(controls + row * l, p, values + row * count);
    });
    return;
  }
  RowParts rows(Extent(outer, places, inner));
  parallel(rows.parts, threads, [&](long part) {
    for (long row = rows.first(part); row < rows.end(part); ++row) {
      long block = row / count, i = row % count;
      expand_side_by_side(controls + (block * l + first[i]) * n, n, weights + 4 * i, values + row * n);
    }
  });
}

void ckernels_spline_fit(const float *values __noescape, float *controls __noescape, size_t outer, size_t length, size_t inner,
    const int32_t *first __noescape, const float *weights __noescape, size_t places, const double *factor __noescape, size_t, int threads) {
  Places p = {first, weights, long(places)};
  long slabs = long(outer), l = long(length), n = long(inner), count = p.count;
  // Lines are worked side by side, so that each step is one of vectors: neighbours of a slab, along the fastest axis those of a row each.
  constexpr long kMostRows = 64, kMostNeighbours = 512;
  long most = n == 1 ? kMostRows : kMostNeighbours, lines = n == 1 ? slabs : n, groups = (lines + most - 1) / most;
  parallel(
      n == 1 ? groups : slabs * groups, threads, [&] { return std::vector<double>(size_t(l * std::min(most, lines))); },
      [&](long part, std::vector<double> &side) {
        long slab = n == 1 ? 0 : part / groups, lane = part % groups * most, lanes = std::min(most, lines - lane);
        Lines q = n == 1 ? Lines{values + lane * count, controls + lane * l, lanes, 1, count, 1, l}
                         : Lines{values + slab * count * n + lane, controls + slab * l * n + lane, lanes, n, 1, n, 1};
        fit(q, p, l, factor, side.data());
      });
}
