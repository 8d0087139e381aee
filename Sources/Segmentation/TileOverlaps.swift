// SPDX-License-Identifier: Apache-2.0

package import Grids
package import Volumes

/// What one tile says of a part of the image.
package struct LabelLayer: Sendable {
  /// The number of the tile.
  package var tile: Int
  /// Its labels.
  package var voxels: VoxelBuffer<UInt32>
  /// Where they lie in the image.
  package var box: Box

  /// The labels of a box.
  package init(tile: Int, voxels: VoxelBuffer<UInt32>, box: Box) {
    precondition(voxels.extent == box.extent, "a layer has the extent of its box")
    self.tile = tile
    self.voxels = voxels
    self.box = box
  }
}

/// Two objects of different tiles that meet.
package struct TileOverlap: Sendable, Hashable {
  /// The tile with the lower number, and its object.
  package var tileA: UInt32
  package var labelA: UInt32
  /// The other one.
  package var tileB: UInt32
  package var labelB: UInt32
  /// Voxels that both hold, or where they touch across a face.
  package var voxels: UInt32
  /// How many of those lie in the core of each.
  package var coreA: UInt32
  package var coreB: UInt32

  /// Two objects that meet in so many voxels.
  package init(tileA: UInt32, labelA: UInt32, tileB: UInt32, labelB: UInt32, voxels: UInt32, coreA: UInt32, coreB: UInt32) {
    (self.tileA, self.labelA, self.tileB, self.labelB) = (tileA, labelA, tileB, labelB)
    (self.voxels, self.coreA, self.coreB) = (voxels, coreA, coreB)
  }
}

/// The objects of different tiles that meet inside the core of one tile.
///
/// - Parameters:
///   - layers: what the tiles say of the core, each of a box inside it; tiles are told apart by their numbers.
///   - tile: the tile whose core it is.
/// - Returns: sorted by tiles and labels, each pair once.
/// - Complexity: O(n log n) for n runs of voxels that two tiles hold.
package func overlaps(of layers: [LabelLayer], inCoreOf tile: Int) -> [TileOverlap] {
  var found: [TileOverlap] = []
  let layers = layers.sorted { $0.tile < $1.tile }
  for (index, a) in layers.enumerated() {
    for b in layers[(index + 1)...] {
      let shared = a.box.intersection(b.box)
      if shared.isEmpty { continue }
      for pair in commonVoxels(a.voxels, shared.relative(to: a.box.lower), b.voxels, shared.relative(to: b.box.lower)) {
        found.append(
          TileOverlap(
            tileA: UInt32(a.tile), labelA: pair.a, tileB: UInt32(b.tile), labelB: pair.b, voxels: pair.count,
            coreA: a.tile == tile ? pair.count : 0, coreB: b.tile == tile ? pair.count : 0))
      }
    }
  }
  return found
}

/// The objects of two tiles that touch across the face between their cores, where the tiles share no voxel.
///
/// - Parameters:
///   - a: the plane of labels of one tile on its side of the face.
///   - b: that of the other one, of the same extent.
/// - Returns: sorted, each pair once.
package func contacts(_ a: LabelLayer, _ b: LabelLayer) -> [TileOverlap] {
  let (a, b) = a.tile < b.tile ? (a, b) : (b, a)
  return commonVoxels(a.voxels, a.voxels.extent.box, b.voxels, b.voxels.extent.box).map {
    TileOverlap(tileA: UInt32(a.tile), labelA: $0.a, tileB: UInt32(b.tile), labelB: $0.b, voxels: $0.count, coreA: 0, coreB: 0)
  }
}

/// How many voxels each pair of labels holds in common; boxes of one extent. Sorted by both labels.
func commonVoxels(
  _ a: VoxelBuffer<UInt32>, _ boxA: Box, _ b: VoxelBuffer<UInt32>, _ boxB: Box
) -> [(a: UInt32, b: UInt32, count: UInt32)] {
  precondition(boxA.extent == boxB.extent, "boxes of one extent")
  let rank = boxA.rank
  let (stridesA, stridesB) = (a.extent.strides, b.extent.strides)
  let (spanA, spanB) = (a.span, b.span)
  var runs: [(key: UInt64, count: UInt32)] = []
  var (key, length) = (UInt64(0), UInt32(0))
  func flush() {
    if key != 0 && length > 0 { runs.append((key, length)) }
  }
  for row in Extent(Array(boxA.extent.lengths.dropLast())).box.indices {
    var (atA, atB) = (boxA.lower[rank - 1], boxB.lower[rank - 1])
    for axis in 0..<rank - 1 {
      atA += (row[axis] + boxA.lower[axis]) * stridesA[axis]
      atB += (row[axis] + boxB.lower[axis]) * stridesB[axis]
    }
    for x in 0..<boxA.extent[rank - 1] {
      let (labelA, labelB) = (spanA[atA + x], spanB[atB + x])
      let here = labelA != 0 && labelB != 0 ? UInt64(labelA) << 32 | UInt64(labelB) : 0
      if here == key {
        length += 1
      } else {
        flush()
        (key, length) = (here, 1)
      }
    }
  }
  flush()
  runs.sort { $0.key < $1.key }
  var pairs: [(a: UInt32, b: UInt32, count: UInt32)] = []
  for run in runs {
    let (labelA, labelB) = (UInt32(run.key >> 32), UInt32(truncatingIfNeeded: run.key))
    if let last = pairs.last, last.a == labelA, last.b == labelB {
      pairs[pairs.count - 1].count += run.count
    } else {
      pairs.append((labelA, labelB, run.count))
    }
  }
  return pairs
}
