// SPDX-License-Identifier: Apache-2.0

#include "AffineRegistration.hpp"

CITKAffineResult citk_affine_register(CITKLattice fixedLattice, const float *__counted_by(fixedCount) fixed __noescape, size_t fixedCount,
    const uint8_t *__counted_by(fixedMaskCount) fixedMask __noescape, size_t fixedMaskCount, CITKLattice movingLattice,
    const float *__counted_by(movingCount) moving __noescape, size_t movingCount,
    const uint8_t *__counted_by(movingMaskCount) movingMask __noescape, size_t movingMaskCount, CITKAffineMap initial,
    CITKAffineOptions options) {
  const citk::AffineInput input = {fixedLattice, fixed, fixedCount, fixedMask, fixedMaskCount, movingLattice, moving, movingCount,
      movingMask, movingMaskCount, initial, options};
  return fixedLattice.rank == 2 ? citk::AffineRegister2D(input) : citk::AffineRegister3D(input);
}
