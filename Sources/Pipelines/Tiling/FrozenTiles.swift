// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Volumes

/// The tiles of a plan, which stay as they are when the memory is another.
struct FrozenTiles: Codable {
  var core: [Int]
  var halo: [Int]

  init(_ grid: BlockGrid) {
    core = grid.core.lengths
    halo = grid.halo.lengths
  }

  /// These tiles of a level of an image; `nil` where they do not fit it.
  func grid(of image: StoredImage, channels: [Int], level: Int) -> BlockGrid? {
    guard let source = try? TiledImage(image, channels: channels, level: level), source.volume.rank == core.count else { return nil }
    return BlockGrid(extent: source.volume.extent, core: Extent(core), halo: Extent(halo))
  }
}
