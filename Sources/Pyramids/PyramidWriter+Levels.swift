// SPDX-License-Identifier: Apache-2.0

internal import ChunkStores
public import Grids
internal import Volumes

extension PyramidWriter {
  /// Boxes of whole chunks, or of whole shards, that together make up `level`, in C order; for level 0 the boxes to be written.
  ///
  /// - Parameter voxels: about how many voxels are in a box of level 0. Further levels are in at most 20,000 boxes, however large.
  public func tasks(level: Int, voxels: Int = 4 << 20) -> [Box] {
    levels[level].array.extent.box.tiles(of: layout.taskSize(level: level, voxels: voxels))
  }

  /// Makes the voxels of `box` of `level` from those of the next finer level, which is complete there.
  ///
  /// Memory: about `voxels` voxels of the finer level at once, and a shard.
  ///
  /// - Throws: where the finer level cannot be read, the box is not made of whole chunks, or a file cannot be written.
  /// - Precondition: `level` is not 0.
  public func buildLevel(_ level: Int, _ box: Box, voxels: Int = 4 << 20) throws {
    precondition(level > 0, "level 0 is written, not built")
    let steps = layout.steps(to: level)
    let finer = levels[level - 1].array
    func made<Voxel: VoxelScalar>(_ part: Box, _ type: Voxel.Type) throws -> VoxelBuffer<Voxel> {
      let covered = Box(lower: zip(part.lower, steps).map(*), upper: zip(part.upper, steps).map(*)).intersection(finer.extent.box)
      let margin = steps.map { $0 > 1 ? layout.downsampling.margin : 0 }
      let read = Box(lower: zip(covered.lower, margin).map(-), upper: zip(covered.upper, margin).map(+)).intersection(finer.extent.box)
      return layout.downsampling.apply(to: try finer.read(read, as: type), steps: steps, covering: covered.relative(to: read.lower))
    }
    func build<Voxel: VoxelScalar>(_ piece: Box, _ type: Voxel.Type) throws {
      let size = layout.partSize(level: level, voxels: voxels)
      guard zip(piece.extent.lengths, size.lengths).contains(where: >) else {
        return try levels[level].array.write(made(piece, type), at: piece.lower)
      }
      // A shard is written whole, and made of what fits in memory.
      var whole = VoxelBuffer<Voxel>(extent: piece.extent)
      for part in piece.tiles(of: size) {
        let voxels = try made(part, type)
        whole.copy(from: voxels, box: voxels.extent.box, at: part.relative(to: piece.lower).lower)
      }
      try levels[level].array.write(whole, at: piece.lower)
    }
    for piece in box.tiles(of: layout.pieceSize(level: level, voxels: voxels)) { try build(piece, layout.voxelType.scalar) }
  }

  /// Builds all further levels, one box after the other.
  public func buildLevels() throws {
    for level in levels.indices.dropFirst() {
      for box in tasks(level: level) { try buildLevel(level, box) }
    }
  }
}
