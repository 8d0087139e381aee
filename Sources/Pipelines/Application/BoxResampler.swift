// SPDX-License-Identifier: Apache-2.0

internal import Filtering
package import Grids
package import Transforms
package import Volumes

/// Values of a volume at the mapped positions of boxes, reading no more than a part at a time.
///
/// The read is the bounding box of all mapped voxels, not of the corners (a field may bulge inside a box). A box whose read is larger than
/// four times its own voxels and four million (a rotation, a steep scale) is halved along its longest axis and done in parts.
package struct BoxResampler {
  package let volume: LazyVolume
  package let interpolation: OutputInterpolation
  package let threads: Int
  /// Positions in the volume's lattice for a box of the written lattice.
  package let mapping: (Box) throws -> MappedBox

  private let read: (Box) throws -> VoxelBuffer<Float>

  /// Values of `volume` where `mapping` leads.
  ///
  /// - Parameter read: reads a box of the volume, where there is a quicker way than its own.
  package init(
    volume: LazyVolume, interpolation: OutputInterpolation, threads: Int, read: ((Box) throws -> VoxelBuffer<Float>)? = nil,
    mapping: @escaping (Box) throws -> MappedBox
  ) {
    self.volume = volume
    self.read = read ?? volume.read
    self.interpolation = interpolation
    self.threads = threads
    self.mapping = mapping
  }

  /// The values over `box`, zero outside the volume, and 1 where a value comes from inside.
  package func values(over box: Box) throws -> (values: VoxelBuffer<Float>, valid: VoxelBuffer<UInt8>) {
    var mapped = try mapping(box)
    let wanted = mapped.bounds(margin: interpolation.margin).intersection(volume.extent.box)
    if wanted.isEmpty { return (VoxelBuffer(extent: box.extent), VoxelBuffer(extent: box.extent)) }
    guard let (low, high) = Self.parts(of: box, reading: wanted) else {
      mapped.rebase(to: wanted.lower)
      return resampled(try read(wanted), at: mapped.positions, interpolation: interpolation.filter, threads: threads)
    }
    var values = VoxelBuffer<Float>(extent: box.extent)
    var valid = VoxelBuffer<UInt8>(extent: box.extent)
    for half in [low, high] {
      let part = try self.values(over: half)
      values.copy(from: part.values, box: half.extent.box, at: half.relative(to: box.lower).lower)
      valid.copy(from: part.valid, box: half.extent.box, at: half.relative(to: box.lower).lower)
    }
    return (values, valid)
  }

  /// The halves of a box in which it is done, where what is to be read for it is too much; `nil` where it is not.
  static func parts(of box: Box, reading wanted: Box) -> (Box, Box)? {
    guard wanted.count > max(4 * box.count, MemoryModel.mostReadVoxels) else { return nil }
    let halves = box.halves
    return halves.0.isEmpty ? nil : halves
  }
}
