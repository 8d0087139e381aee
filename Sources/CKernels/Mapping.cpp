// SPDX-License-Identifier: Apache-2.0
#include "include/CKernelsMapping.h"

#include "Gather.hpp"

using namespace ckernels;

namespace {

struct Map {
  Extent n;
  const float *displacement[3];
  const float *nodes;
  Extent m;
  const double *maps;
  float *positions[3];
};

/// Rows of an affine map: its value at (z, y, 0) in double precision, and what a step along each axis adds.
struct Row {
  float start[3], step[3][3];
};

CK_INLINE Row row_of(const double *matrix, const double *offset, long z, long y) {
  Row r;
  for (int c = 0; c < 3; ++c) {
    r.start[c] = float(matrix[3 * c] * double(z) + matrix[3 * c + 1] * double(y) + offset[c]);
    for (int a = 0; a < 3; ++a) r.step[c][a] = float(matrix[3 * c + a]);
  }
  return r;
}

template <bool displaced, bool warped>
CK_INLINE void map_row(const Map &p, long z, long y) {
  long width = p.n.x, start = (z * p.n.y + y) * width;
  Row to = row_of(p.maps, p.maps + 9, z, y), node = row_of(p.maps + 12, p.maps + 21, z, y);
  const float *uz = p.displacement[0] + (displaced ? start : 0), *uy = p.displacement[1] + (displaced ? start : 0),
              *ux = p.displacement[2] + (displaced ? start : 0);
  const float *wz = p.nodes, *wy = wz + (warped ? p.m.count() : 0), *wx = wy + (warped ? p.m.count() : 0);
  float *pz = p.positions[0] + start, *py = p.positions[1] + start, *px = p.positions[2] + start;
  Cell cell = cell_of(p.m);
  CK_INDEPENDENT
  for (long x = 0; x < width; ++x) {
    float dz = displaced ? uz[x] : 0.0f, dy = displaced ? uy[x] : 0.0f, dx = float(int(x)) + (displaced ? ux[x] : 0.0f);
    float vz = to.start[0] + (to.step[0][0] * dz + to.step[0][1] * dy + to.step[0][2] * dx);
    float vy = to.start[1] + (to.step[1][0] * dz + to.step[1][1] * dy + to.step[1][2] * dx);
    float vx = to.start[2] + (to.step[2][0] * dz + to.step[2][1] * dy + to.step[2][2] * dx);
    if (warped) {
      Corner at = corner(cell, node.start[0] + (node.step[0][0] * dz + node.step[0][1] * dy + node.step[0][2] * dx),
          node.start[1] + (node.step[1][0] * dz + node.step[1][1] * dy + node.step[1][2] * dx),
          node.start[2] + (node.step[2][0] * dz + node.step[2][1] * dy + node.step[2][2] * dx));
      vz += linear(wz, cell, at);
      vy += linear(wy, cell, at);
      vx += linear(wx, cell, at);
    }
    pz[x] = vz;
    py[x] = vy;
    px[x] = vx;
  }
}

CK_VECTORISED void map_plain(const Map &p, long z, long y) { map_row<false, false>(p, z, y); }
CK_VECTORISED void map_displaced(const Map &p, long z, long y) { map_row<true, false>(p, z, y); }
CK_VECTORISED void map_warped(const Map &p, long z, long y) { map_row<false, true>(p, z, y); }
CK_VECTORISED void map_both(const Map &p, long z, long y) { map_row<true, true>(p, z, y); }

}  // namespace

void ckernels_map_box(size_t nz, size_t ny, size_t nx, const float *displacementZ __noescape, const float *displacementY __noescape,
    const float *displacementX __noescape, size_t displaced, const float *nodes __noescape, size_t nodeCount, size_t mz, size_t my,
    size_t mx, const double *maps __noescape, float *positionZ __noescape, float *positionY __noescape, float *positionX __noescape,
    int threads) {
  Map p = {{nz, ny, nx}, {displacementZ, displacementY, displacementX}, nodes, {mz, my, mx}, maps, {positionZ, positionY, positionX}};
  auto map = nodeCount ? (displaced ? map_both : map_warped) : (displaced ? map_displaced : map_plain);
  RowParts rows(p.n);
  parallel(rows.parts, threads, [&](long part) {
    for (long row = rows.first(part); row < rows.end(part); ++row) map(p, row / p.n.y, row % p.n.y);
  });
}
