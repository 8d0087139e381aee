// SPDX-License-Identifier: Apache-2.0

public import Grids

/// Another source with voxels of one value around it.
public struct PaddedSource: VoxelSource {
  let base: any VoxelSource
  let lower: [Int]
  let upper: [Int]
  let value: Double

  /// - Parameters:
  ///   - lower: voxels added before each axis.
  ///   - upper: voxels added behind each axis.
  ///   - value: theirs, as near as the format of the stored voxels has it.
  /// - Precondition: none is negative, and there is one of each an axis.
  public init(base: any VoxelSource, lower: [Int], upper: [Int], value: Double = 0) {
    precondition(lower.count == base.extent.rank && upper.count == base.extent.rank, "a padding for each axis")
    precondition((lower + upper).allSatisfy { $0 >= 0 }, "a padding adds voxels")
    (self.base, self.lower, self.upper, self.value) = (base, lower, upper, value)
  }

  public var extent: Extent { Extent(base.extent.lengths.indices.map { lower[$0] + base.extent[$0] + upper[$0] }) }
  public var voxelType: VoxelType { base.voxelType }
  public var chunk: Extent { base.chunk }
  public var residentFiles: [ResidentFile] { base.residentFiles }

  private func edge<Own: VoxelScalar>(_ type: Own.Type) -> Double { Own.saturating(real: value).double }

  public func read<Voxel: VoxelScalar>(_ box: Box, as type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
    let inner = box.translated(by: lower.map { -$0 })
    let stored = inner.intersection(base.extent.box)
    if stored == inner { return try base.read(inner, as: type) }
    var result = VoxelBuffer<Voxel>(extent: box.extent, repeating: .saturating(real: edge(voxelType.scalar)))
    if stored.isEmpty { return result }
    let read = try base.read(stored, as: type)
    result.copy(from: read, box: read.extent.box, at: zip(stored.lower, inner.lower).map(-))
    return result
  }
}
