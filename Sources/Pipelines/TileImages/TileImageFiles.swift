// SPDX-License-Identifier: Apache-2.0

internal import BlockExecution
internal import Foundation
internal import Grids
internal import Segmentation
internal import Volumes

/// What a program made of the tiles, one file a tile: each channel in parts, in the tile's own core and in the core of each neighbour that its
/// halo reaches.
struct TileImageFiles {
  let folder: URL
  let grid: BlockGrid

  func name(_ tile: Int) -> String { "tile-\(tile).f32" }

  private func url(_ tile: Int) -> URL { folder.appendingPathComponent(name(tile)) }

  /// The cores that a tile reaches, its own first, and what they are called in its file.
  private func parts(_ block: Block) -> [(name: String, core: Block)] {
    [("core", block)] + grid.neighbours(of: block).filter { $0.contactAxis == nil }.map { ("in \($0.code)", $0.block) }
  }

  /// - Returns: the bytes of the file.
  func write(_ channels: [VoxelBuffer<Float>], _ tile: Int) throws -> Int {
    let block = grid[tile % grid.count]
    var contents = SectionedFile.Contents()
    for (channel, voxels) in channels.enumerated() {
      for part in parts(block) {
        let reached = block.extended.intersection(part.core.core)
        if !reached.isEmpty {
          try contents.add("\(channel) \(part.name)", voxels.cropped(to: reached.relative(to: block.extended.lower)).elements)
        }
      }
    }
    return try contents.write(to: url(tile))
  }

  /// What was made of the core of a block, by its own tile and by those whose halo reaches it.
  func layers(inCoreOf block: Block, time: Int, channel: Int) throws -> [(block: Block, box: Box, voxels: VoxelBuffer<Float>)] {
    let sources =
      [(block, "core")]
      + grid.neighbours(of: block).filter { $0.contactAxis == nil }.map { neighbour in
        (neighbour.block, "in \(neighbour.oppositeCode)")
      }
    return try sources.compactMap { other, name in
      let reached = other.extended.intersection(block.core)
      if reached.isEmpty { return nil }
      let url = url(time * grid.count + other.number)
      let voxels = try SectionedFile(url).read("\(channel) \(name)", as: Float.self)
      guard voxels.count == reached.count else { throw DamagedOutput(path: url.path, reason: "the list \(channel) \(name) is another") }
      return (other, reached, VoxelBuffer(extent: reached.extent, elements: voxels))
    }
  }
}
