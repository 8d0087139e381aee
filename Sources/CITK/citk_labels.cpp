// SPDX-License-Identifier: Apache-2.0

#include "LabelFilters.hpp"

CITKStatus citk_components(CITKLattice lattice, const uint8_t *__counted_by(maskCount) mask __noescape, size_t maskCount,
    uint32_t *__counted_by(labelCount) labels __noescape, size_t labelCount) {
  return citk::Guarded([&] {
    (lattice.rank == 2 ? citk::Components2D : citk::Components3D)(lattice, {mask, maskCount}, {labels, labelCount});
  });
}

CITKStatus citk_watershed(CITKLattice lattice, const float *__counted_by(landscapeCount) landscape __noescape, size_t landscapeCount,
    const uint32_t *__counted_by(markerCount) markers __noescape, size_t markerCount, uint32_t *__counted_by(labelCount) labels __noescape,
    size_t labelCount) {
  return citk::Guarded([&] {
    (lattice.rank == 2 ? citk::Watershed2D : citk::Watershed3D)(
        lattice, {landscape, landscapeCount}, {markers, markerCount}, {labels, labelCount});
  });
}
