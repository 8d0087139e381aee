// SPDX-License-Identifier: Apache-2.0

package import Grids
internal import Volumes

/// What merging has to know of an object of a tile.
package struct TileObject: Sendable, Hashable {
  /// Voxels in the tile with its halo.
  package var voxels = 0
  /// Voxels in the core.
  package var coreVoxels = 0
  /// How far the bounding box stays from those borders of the tile that are none of the image, in voxels.
  package var depth = Int.max
  /// Whether it touches such a border: there may be more of it.
  package var isCut: Bool { depth == 0 }
  /// How far outside the core the centroid lies, in voxels; 0 where it lies inside.
  package var distance = 0.0
  /// The block whose core the centroid lies in, as `TileNeighbour.code` has it.
  package var owner = 0

  /// What is known of an object.
  package init(voxels: Int = 0, coreVoxels: Int = 0, depth: Int = .max, distance: Double = 0, owner: Int = 0) {
    (self.voxels, self.coreVoxels) = (voxels, coreVoxels)
    (self.depth, self.distance, self.owner) = (depth, distance, owner)
  }
}

/// How many voxels of an object lie where a neighbour sees them, too.
package struct TilePresence: Sendable, Hashable {
  /// The object, from 1.
  package var label: UInt32
  /// The neighbour, as `TileNeighbour.code` has it.
  package var neighbour: Int
  /// Voxels that both tiles read, or in the plane that touches the neighbour where they share none.
  package var voxels: Int

  /// So many voxels of a label that a neighbour sees.
  package init(label: UInt32, neighbour: Int, voxels: Int) { (self.label, self.neighbour, self.voxels) = (label, neighbour, voxels) }
}

extension TileLabels {
  /// The objects, label 1 first.
  ///
  /// - Complexity: O(voxels), memory O(objects).
  package func objects(of block: Block, in extent: Extent) -> [TileObject] {
    let rank = extent.rank
    let box = block.extended
    let core = block.coreWithinExtended
    struct Sums {
      var voxels = 0
      var coreVoxels = 0
      var first = (Int.max, Int.max, Int.max)
      var last = (-1, -1, -1)
      var sum = (0, 0, 0)
    }
    var sums = [Sums](repeating: Sums(), count: count)
    // The last axis is x; the others, seen as z and y, may be missing.
    forEachRun(of: voxels, in: voxels.extent.box) { label, row, run in
      let z = rank == 3 ? row[0] : 0
      let y = rank > 1 ? row[rank - 2] : 0
      let length = run.count
      let inCore = (0..<rank - 1).allSatisfy { core[$0].contains(row[$0]) } ? run.clamped(to: core[rank - 1]).count : 0
      let index = Int(label) - 1
      sums[index].voxels += length
      sums[index].coreVoxels += inCore
      let (low, high) = (sums[index].first, sums[index].last)
      sums[index].first = (min(low.0, z), min(low.1, y), min(low.2, run.lowerBound))
      sums[index].last = (max(high.0, z), max(high.1, y), max(high.2, run.upperBound - 1))
      sums[index].sum.0 += z * length
      sums[index].sum.1 += y * length
      sums[index].sum.2 += (run.lowerBound + run.upperBound - 1) * length / 2
    }
    return sums.map { sums in
      var object = TileObject(voxels: sums.voxels, coreVoxels: sums.coreVoxels)
      let first = [sums.first.0, sums.first.1, sums.first.2].suffix(rank)
      let last = [sums.last.0, sums.last.1, sums.last.2].suffix(rank)
      let total = [sums.sum.0, sums.sum.1, sums.sum.2].suffix(rank)
      var owner = 0
      var squares = 0.0
      for (axis, (bounds, sum)) in zip(zip(first, last), total).enumerated() {
        if box.lower[axis] > 0 { object.depth = min(object.depth, bounds.0) }
        if box.upper[axis] < extent[axis] { object.depth = min(object.depth, box.extent[axis] - 1 - bounds.1) }
        // In whole numbers as far as they go, so that tiles that see the same voxels find the same centroid.
        let centroid = Double(sum + box.lower[axis] * sums.voxels) / Double(sums.voxels)
        let (lower, upper) = (Double(block.core.lower[axis]) - 0.5, Double(block.core.upper[axis]) - 0.5)
        owner = 3 * owner + (centroid < lower ? 0 : centroid >= upper ? 2 : 1)
        let outside = max(0, lower - centroid, centroid - upper)
        squares += outside * outside
      }
      object.owner = owner
      object.distance = squares.squareRoot()
      return object
    }
  }

  /// How many voxels of each object the neighbours see, too; sorted by label, then by neighbour.
  ///
  /// - Complexity: O(n + r log r) for n shared voxels, summed over the neighbours, and r runs of them.
  package func presences(of block: Block, among neighbours: [TileNeighbour]) -> [TilePresence] {
    let origin = block.extended.lower
    var found: [TilePresence] = []
    for neighbour in neighbours {
      let band: Box
      if let axis = neighbour.contactAxis {
        band = block.contactPlane(axis, isUpper: neighbour.offset[axis] > 0)
      } else {
        band = neighbour.shared
      }
      var counts: [(label: UInt32, voxels: Int)] = []
      forEachRun(of: voxels, in: band.relative(to: origin)) { label, _, run in
        if counts.last?.label == label {
          counts[counts.count - 1].voxels += run.count
        } else {
          counts.append((label, run.count))
        }
      }
      counts.sort { $0.label < $1.label }
      for count in counts {
        if let last = found.last, last.label == count.label, last.neighbour == neighbour.code {
          found[found.count - 1].voxels += count.voxels
        } else {
          found.append(TilePresence(label: count.label, neighbour: neighbour.code, voxels: count.voxels))
        }
      }
    }
    return found.sorted { ($0.label, $0.neighbour) < ($1.label, $1.neighbour) }
  }
}
