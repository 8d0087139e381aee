// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsSmoothing.h"

#include "Parallel.hpp"

using namespace ckernels;

namespace {

constexpr long kChunk = 256;  // voxels along x worked at once when smoothing along a slow axis

// Voxels whose sums stay in registers while all taps are added.
constexpr long kHeld = 64;

/// out[x] = Σ taps[k] · (centre[x − k · step] + centre[x + k · step])
template <long held>
CK_INLINE void correlate_held(const float *centre, long step, const float *taps, long radius, float *out) {
  float sums[held];
  for (long x = 0; x < held; ++x) sums[x] = taps[0] * centre[x];
  for (long k = 1; k <= radius; ++k) {
    const float *before = centre - k * step, *after = centre + k * step;
    float tap = taps[k];
    for (long x = 0; x < held; ++x) sums[x] += tap * (before[x] + after[x]);
  }
  for (long x = 0; x < held; ++x) out[x] = sums[x];
}

CK_INLINE void correlate(const float *centre, long width, long step, const float *taps, long radius, float *out) {
  long x = 0;
  for (; x + kHeld <= width; x += kHeld) correlate_held<kHeld>(centre + x, step, taps, radius, out + x);
  for (; x + 16 <= width; x += 16) correlate_held<16>(centre + x, step, taps, radius, out + x);
  if (x == width) return;
  // The rest: once more some of what is done, where there is as much.
  if (width >= 16) return correlate_held<16>(centre + width - 16, step, taps, radius, out + width - 16);
  for (; x < width; ++x) correlate_held<1>(centre + x, step, taps, radius, out + x);
}

/// Lines of `width` voxels, smoothed across; padded by the radius on both sides.
CK_VECTORISED void correlate_lines(const float *padded, long length, long width, const float *taps, long radius, float *out, long stride) {
  for (long i = 0; i < length; ++i) correlate(padded + (i + radius) * width, width, width, taps, radius, out + i * stride);
}

/// One line, smoothed along; padded by the radius on both sides.
CK_VECTORISED void correlate_row(const float *padded, long length, const float *taps, long radius, float *row) {
  correlate(padded + radius, length, 1, taps, radius, row);
}

/// Fills the padding of `length` lines of `width` voxels.
void pad(float *padded, long length, long width, long radius, int border) {
  float *first = padded + radius * width, *last = padded + (radius + length - 1) * width;
  if (border == CKernelsBorderMirror) {
    // Mirrored again and again where the line is shorter than the padding.
    for (long k = 1; k <= radius; ++k) {
      long away = (k - 1) % (2 * length), inner = std::min(away, 2 * length - 1 - away);
      std::copy(first + inner * width, first + (inner + 1) * width, first - k * width);
      std::copy(last - inner * width, last - (inner - 1) * width, last + k * width);
    }
    return;
  }
  for (long k = 1; k <= radius; ++k) {
    long inner = std::min(k, length - 1);
    for (long x = 0; x < width; ++x) {
      if (border == CKernelsBorderLinear) {
        float more = inner == 0 ? 0.0f : float(k) / float(inner);
        first[x - k * width] = first[x] + more * (first[x] - first[x + inner * width]);
        last[x + k * width] = last[x] + more * (last[x] - last[x - inner * width]);
      } else {
        first[x - k * width] = first[x];
        last[x + k * width] = last[x];
      }
    }
  }
}

}  // namespace

void ckernels_smooth_axis(float *values __noescape, size_t components, size_t nz, size_t ny, size_t nx, int axis,
    const float *taps __noescape, size_t tapCount, int border, int threads) {
  long radius = long(tapCount) - 1, width = long(nx), planes = long(components * nz);
  if (axis == 2) {
    Extent all(components * nz, ny, nx);
    RowParts rows(all);
    parallel(rows.parts, threads, [&](long part) {
      std::vector<float> padded(size_t(width + 2 * radius));
      for (long row = rows.first(part); row < rows.end(part); ++row) {
        float *line = values + row * width;
        std::copy(line, line + width, padded.data() + radius);
        pad(padded.data(), width, 1, radius, border);
        correlate_row(padded.data(), width, taps, radius, line);
      }
    });
    return;
  }
  long chunks = (width + kChunk - 1) / kChunk;
  long length = axis == 1 ? long(ny) : long(nz), stride = axis == 1 ? width : long(ny) * width;
  long others = axis == 1 ? planes : long(components * ny);
  parallel(others * chunks, threads, [&](long part) {
    long other = part / chunks, from = (part % chunks) * kChunk, run = std::min(kChunk, width - from);
    long start = axis == 1 ? other * long(ny) * width : ((other / long(ny)) * long(nz * ny) + other % long(ny)) * width;
    float *line = values + start + from;
    std::vector<float> padded(size_t((length + 2 * radius) * run));
    for (long i = 0; i < length; ++i) std::copy(line + i * stride, line + i * stride + run, padded.data() + (i + radius) * run);
    pad(padded.data(), length, run, radius, border);
    correlate_lines(padded.data(), length, run, taps, radius, line, stride);
  });
}
