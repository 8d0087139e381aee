// SPDX-License-Identifier: Apache-2.0

#include "LabelFilters.hpp"

void citk::Components2D(const CITKLattice &lattice, Voxels<const uint8_t> mask, Voxels<uint32_t> labels) {
  Components<2>(lattice, mask, labels);
}

void citk::Watershed2D(const CITKLattice &lattice, Voxels<const float> landscape, Voxels<const uint32_t> markers, Voxels<uint32_t> labels) {
  Watershed<2>(lattice, landscape, markers, labels);
}
