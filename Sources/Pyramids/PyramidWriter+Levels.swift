// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
public import Grids
internal import Volumes

extension PyramidWriter {
  /// Boxes of whole chunks that together make up `level`, in C order; for level 0 the boxes to be written.
  ///
  /// - Parameter voxels: about how many voxels of the finer level a box may need.
  public func tasks(level: Int, voxels: Int = 16 << 20) -> [Box] {
    let array = levels[level].array
    let finer = steps(to: level).reduce(1, *)
    var size = array.chunk.lengths
    for axis in stride(from: size.count - 1, through: layout.leadingAxes.count, by: -1) {
      while size[axis] < array.extent[axis] && 2 * size.reduce(1, *) * finer <= voxels { size[axis] *= 2 }
    }
    return array.extent.box.tiles(of: Extent(size))
  }

  /// Makes the voxels of `box` of `level` from those of the next finer level, which is complete there.
  ///
  /// Memory: the box, and what it is made from.
  ///
  /// - Throws: where the finer level cannot be read, the box is not made of whole chunks, or a file cannot be written.
  /// - Precondition: `level` is not 0.
  public func buildLevel(_ level: Int, _ box: Box) throws {
    precondition(level > 0, "level 0 is written, not built")
    func build<Voxel: VoxelScalar>(_ type: Voxel.Type) throws {
      let finer = levels[level - 1].array
      let steps = steps(to: level)
      let fine = Box(lower: zip(box.lower, steps).map(*), upper: zip(box.upper, steps).map(*)).intersection(finer.extent.box)
      let voxels = try finer.read(fine, as: type)
      try levels[level].array.write(layout.downsampling.apply(to: voxels, steps: steps), at: box.lower)
    }
    try build(layout.voxelType.scalar)
  }

  /// Builds all further levels, one box after the other.
  public func buildLevels() throws {
    for level in levels.indices.dropFirst() {
      for box in tasks(level: level) { try buildLevel(level, box) }
    }
  }

  /// How many voxels of the finer level go into one of `level`, along all axes.
  private func steps(to level: Int) -> [Int] {
    let finer = level > 0 ? levels[level - 1].factors : levels[0].factors
    return layout.leadingAxes.map { _ in 1 } + zip(levels[level].factors, finer).map(/)
  }
}
