// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// A box of voxels that is put together from parts of chunks; every voxel is placed or filled once.
@safe struct BoxAssembly<Voxel: VoxelScalar> {
  private let box: Box
  private let strides: [Int]
  private let voxels: UnsafeMutableBufferPointer<Voxel>

  /// - Parameter voxels: memory of as many, which lives as long as this.
  init(_ box: Box, in voxels: UnsafeMutableBufferPointer<Voxel>) {
    precondition(voxels.count == box.count, "\(box) does not fill \(voxels.count) voxels")
    self.box = box
    strides = box.extent.strides
    unsafe self.voxels = unsafe voxels
  }

  private func layout(of part: Box) -> StridedLayout {
    StridedLayout(offset: zip(zip(part.lower, box.lower).map(-), strides).map(*).reduce(0, +), steps: strides)
  }

  /// Takes a part from a chunk, converting each voxel (saturating).
  ///
  /// - Parameters:
  ///   - origin: the voxel of the array that the chunk begins with.
  ///   - steps: of the chunk, from voxel to voxel along each axis.
  func place<Stored: VoxelScalar>(_ part: Box, from chunk: Span<Stored>, beginningAt origin: [Int], steps: [Int]) {
    let to = layout(of: part)
    var target = unsafe voxels.mutableSpan
    let offset = zip(zip(part.lower, origin).map(-), steps).map(*).reduce(0, +)
    copyStrided(part.extent.lengths, from: chunk, StridedLayout(offset: offset, steps: steps), to: &target, to)
  }

  /// Gives all voxels of a part one value.
  func fill(_ part: Box, _ value: Voxel) {
    let (from, to) = (StridedLayout(offset: 0, steps: strides.map { _ in 0 }), layout(of: part))
    var target = unsafe voxels.mutableSpan
    copyStrided(part.extent.lengths, from: [value].span, from, to: &target, to)
  }
}
