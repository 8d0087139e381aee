// SPDX-License-Identifier: Apache-2.0

public import Grids
public import Volumes

/// Voxels that scripts in other languages can make too: runs of 16 equal pseudo-random numbers that fill an integer type's range, and
/// multiples of 1/256 in real types.
public func patternVoxels<Voxel: VoxelScalar>(_ extent: Extent, seed: Int, as type: Voxel.Type) -> VoxelBuffer<Voxel> {
  let isSigned = Voxel.voxelType.rawValue.hasPrefix("int")
  let bits = UInt64(Voxel.voxelType.size * 8)
  let elements = (0..<extent.count).map { index -> Voxel in
    let mixed = (UInt64(index / 16) &+ 1 &+ UInt64(seed)) &* 0x9E37_79B9_7F4A_7C15
    if !Voxel.voxelType.isInteger { return Voxel.saturating(real: Double(mixed >> 40) / 256 - 32768) }
    let value = mixed >> (64 - bits)
    guard isSigned else { return Voxel.saturating(integer: value) }
    // The sign bit of a number of that many bits, carried up to 64.
    return Voxel.saturating(integer: Int64(bitPattern: value << (64 - bits)) >> Int64(64 - bits))
  }
  return VoxelBuffer(extent: extent, elements: elements)
}
