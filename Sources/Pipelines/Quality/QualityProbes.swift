// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Registration
internal import Volumes

/// The parts of a block's core in which its quality is measured.
struct QualityProbes {
  /// Tissue in the core, in per cent.
  let tissuePercent: Double
  /// Boxes of the fixed region, at most eight, or as many as were asked for.
  let boxes: [Box]

  static let most = 8
  /// Voxels of a probe along an axis; in 2D, where there is one plane of them, more.
  private static func edge(_ core: Extent) -> Int { core[0] == 1 ? 256 : 64 }
  /// Voxels around a probe that are read with it: small shifts are looked for, and local means reach beyond.
  static let margin = 12

  /// The largest probe of a core, with its margin.
  static func largest(core: Extent) -> Extent {
    Extent(even(core, edge: edge(core)).lengths.map { $0 > 1 ? $0 + 2 * margin : 1 })
  }

  /// Voxels of all probes of a core at the most, with their margins.
  static func voxels(core: Extent) -> Int {
    min(most, core.dividedRoundingUp(by: even(core, edge: edge(core))).count) * largest(core: core).count
  }

  /// Tiles of about `edge` voxels an axis that differ as little as can be.
  static func even(_ extent: Extent, edge: Int) -> Extent {
    Extent(
      extent.lengths.map { length in
        let count = max(1, (length + edge / 2) / edge)
        return (length + count - 1) / count
      })
  }

  /// - Parameters:
  ///   - core: voxels of the fixed region.
  ///   - space: the region's lattice.
  ///   - most: how many boxes at most.
  init(core: Box, tissue: Mask, space: PhysicalSpace, most: Int = Self.most) {
    let parts = core.tiles(of: Self.even(core.extent, edge: Self.edge(core.extent)))
    // Every other voxel is enough to count by.
    let counts = parts.map { part -> (found: Int, of: Int) in
      let mask = tissue.resampled(to: space.cropped(at: part.lower).coarser(), extent: part.extent.coarser())
      return (mask.elements.count { $0 != 0 }, mask.count)
    }
    tissuePercent = 100 * Double(counts.map(\.found).reduce(0, +)) / Double(max(1, counts.map(\.of).reduce(0, +)))
    let held = parts.indices.filter { counts[$0].found * 20 >= counts[$0].of }
    boxes = held.count <= most ? held.map { parts[$0] } : (0..<most).map { parts[held[$0 * held.count / most]] }
  }
}

extension PhysicalSpace {
  /// Every other voxel along each axis.
  fileprivate func coarser() -> PhysicalSpace {
    var result = self
    result.spacing = spacing.map { 2 * $0 }
    return result
  }
}

extension Extent {
  fileprivate func coarser() -> Extent { Extent(lengths.map { ($0 + 1) / 2 }) }
}
