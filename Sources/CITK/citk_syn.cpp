// SPDX-License-Identifier: Apache-2.0

#include "SyNRegistration.hpp"

CITKSyNResult citk_syn_register(CITKLattice fixedLattice, const float *__counted_by(fixedCount) fixed __noescape,
    const uint8_t *__counted_by(fixedCount) fixedMask __noescape, size_t fixedCount, CITKLattice movingLattice,
    const float *__counted_by(movingCount) moving __noescape, const uint8_t *__counted_by(movingCount) movingMask __noescape,
    size_t movingCount, CITKAffineMap initial, CITKSyNOptions options, float *__counted_by(fieldCount) forward __noescape,
    float *__counted_by(fieldCount) inverse __noescape, size_t fieldCount) {
  const citk::SyNInput input = {fixedLattice, fixed, fixedMask, fixedCount, movingLattice, moving, movingMask, movingCount, initial,
      options, forward, inverse, fieldCount};
  return fixedLattice.rank == 2 ? citk::SyNRegister2D(input) : citk::SyNRegister3D(input);
}
