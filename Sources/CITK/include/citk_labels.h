// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "citk_lattice.h"
#include "citk_status.h"

#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stddef.h>
#include <stdint.h>

#pragma clang assume_nonnull begin
#ifdef __cplusplus
extern "C" {
#endif

/// Labels the components of voxels that are not 0 and share a face, from 1 in the order of their first voxels in C order; 0 elsewhere.
///
/// ITK's ConnectedComponentImageFilter. Voxels in C order; both arrays have the lattice's extent.
CITKStatus citk_components(CITKLattice lattice, const uint8_t *__counted_by(maskCount) mask __noescape, size_t maskCount,
    uint32_t *__counted_by(labelCount) labels __noescape, size_t labelCount);

/// Floods a landscape from markers, lowest first, without a line between the basins.
///
/// ITK's MorphologicalWatershedFromMarkersImageFilter (Beucher and Meyer, 1993) across faces. Markers that are 0 are to be flooded. Voxels
/// in C order; all arrays have the lattice's extent.
CITKStatus citk_watershed(CITKLattice lattice, const float *__counted_by(landscapeCount) landscape __noescape, size_t landscapeCount,
    const uint32_t *__counted_by(markerCount) markers __noescape, size_t markerCount, uint32_t *__counted_by(labelCount) labels __noescape,
    size_t labelCount);

#ifdef __cplusplus
}
#endif
#pragma clang assume_nonnull end
