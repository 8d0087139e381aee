// SPDX-License-Identifier: Apache-2.0

#include "LabelFilters.hpp"

void citk::Components3D(const CITKLattice &lattice, Voxels<const uint8_t> mask, Voxels<uint32_t> labels) {
  Components<3>(lattice, mask, labels);
}

void citk::Watershed3D(const CITKLattice &lattice, Voxels<const float> landscape, Voxels<const uint32_t> markers, Voxels<uint32_t> labels) {
  Watershed<3>(lattice, landscape, markers, labels);
}
