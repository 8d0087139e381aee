// SPDX-License-Identifier: Apache-2.0

internal import CKernels
internal import Volumes

/// The mean over blocks of 1 or 2 voxels an axis of the voxels that count; a block with fewer than half of them does not count.
package func shrunk(
  _ values: [Float], valid: [UInt8], lattice: Lattice, factors: [Int], threads: Int
) -> (values: [Float], valid: [UInt8], lattice: Lattice) {
  let to = lattice.dividedRoundingUp(by: factors)
  var result = [Float](unwritten: to.count)
  var resultValid = [UInt8](unwritten: to.count)
  var valueSpan = result.mutableSpan
  var validSpan = resultValid.mutableSpan
  ckernels_shrink(
    values.span, valid.span, lattice.z, lattice.y, lattice.x, &valueSpan, &validSpan, to.z, to.y, to.x, Int32(factors[0]),
    Int32(factors[1]), Int32(factors[2]), Int32(threads))
  return (result, resultValid, to)
}

/// One component on a lattice finer by 1 or 2 an axis, linear between the voxels' centres and on beyond the outermost.
package func upsampled(_ values: Span<Float>, from coarse: Lattice, to fine: Lattice, factors: [Int], threads: Int) -> [Float] {
  var result = [Float](unwritten: fine.count)
  var span = result.mutableSpan
  ckernels_upsample(
    values, coarse.z, coarse.y, coarse.x, &span, fine.z, fine.y, fine.x, Int32(factors[0]), Int32(factors[1]), Int32(factors[2]),
    Int32(threads))
  return result
}

extension Lattice {
  package func dividedRoundingUp(by factors: [Int]) -> Lattice {
    Lattice(z: (z + factors[0] - 1) / factors[0], y: (y + factors[1] - 1) / factors[1], x: (x + factors[2] - 1) / factors[2])
  }
}
