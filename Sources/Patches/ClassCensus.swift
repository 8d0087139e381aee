// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Pipelines
internal import Volumes

/// How much there is of each class, and where.
public struct ClassCensus: Sendable, Codable, Equatable {
  /// Voxels of one class, as many as there would be at the scale of the first target, within the sampling box.
  public struct Count: Sendable, Codable, Equatable {
    /// Those of which it is known whether they are of the class.
    public internal(set) var known = 0.0
    /// Those that are.
    public internal(set) var present = 0.0
    /// The cells in which some are, and how many, in the order of the cells.
    var cells: [Int] = []
    var amounts: [Double] = []
  }

  /// By class.
  public internal(set) var counts: [String: Count] = [:]
  /// Cells along each axis, each half as large as the first target, from the lower corner of the sampling box.
  let lengths: [Int]
  let cell: [Double]
  let lower: [Double]

  /// Reads all labels once, at the level from which the first target is cut. O(voxels); the memory does not depend on them.
  ///
  /// - Throws: where they cannot be read.
  init(of dataset: PatchDataset, threads: Int) throws {
    let array = dataset.targets[0]
    let (cell, box) = (array.size.map { $0 / 2 }, dataset.samplingBox)
    let lengths = (0..<3).map { max(1, Int(min(((box.upper[$0] - box.lower[$0]) / cell[$0] - 1e-6).rounded(.up), 1e12))) }
    guard lengths.product != nil else {
      throw PipelineError("`\(array.name)` is too small to count classes by: \(array.size)", hint: "check its scale and its unit")
    }
    (self.lengths, self.cell, lower) = (lengths, cell, box.lower)
    for (name, image) in zip(dataset.classes, dataset.labels[0]) {
      counts[name] = try image.map { try Self.count($0, of: dataset.sources[name]?.value, box, cell, lengths, array, threads) } ?? Count()
    }
  }

  private static func count(
    _ image: PatchImage, of value: Double?, _ box: PhysicalBox, _ cell: [Double], _ lengths: [Int], _ array: PatchArray, _ threads: Int
  ) throws -> Count {
    // A voxel of the level counts for so many of the target.
    let share = zip(image.spacing, array.scale).map { $0 / $1 }.reduce(1, *)
    let voxels = image.indices(of: box)
    // Boxes of whole chunks, read side by side.
    var size = image.chunk.lengths
    for axis in [2, 1, 0] { while size[axis] < voxels.upper[axis], 2 * size.reduce(1, *) <= 4 << 20 { size[axis] *= 2 } }
    let tiles = image.extent.box.tiles(of: Extent(size)).map { $0.intersection(voxels) }.filter { !$0.isEmpty }
    let places = (0..<3).map { axis in
      (0..<image.extent[axis]).map { index in
        min(max(Int((image.center(of: index, axis: axis) - box.lower[axis]) / cell[axis]), 0), lengths[axis] - 1)
      }
    }
    let found = tiles.concurrentMap(threads: threads) { tile in
      Result { () throws -> (known: Int, cells: [Int: Int]) in
        let labels = try image.read(tile, isValue: value)
        var (known, cells) = (0, [Int: Int]())
        var index = 0
        let values = labels.span
        for z in tile[0] {
          for y in tile[1] {
            let row = (places[0][z] * lengths[1] + places[1][y]) * lengths[2]
            var (current, amount) = (-1, 0)
            for x in tile[2] {
              let label = values[index]
              index += 1
              if label.isNaN { continue }
              known += 1
              guard label > 0 else { continue }
              if places[2][x] != current {
                if amount > 0 { cells[row + current, default: 0] += amount }
                (current, amount) = (places[2][x], 0)
              }
              amount += 1
            }
            if amount > 0 { cells[row + current, default: 0] += amount }
          }
        }
        return (known, cells)
      }
    }
    var (known, cells) = (0, [Int: Int]())
    for part in found {
      let part = try part.get()
      known += part.known
      cells.merge(part.cells, uniquingKeysWith: +)
    }
    let order = cells.keys.sorted()
    return Count(
      known: Double(known) * share, present: Double(cells.values.reduce(0, +)) * share, cells: order,
      amounts: order.map { Double(cells[$0]!) * share })
  }

  /// A place in a cell, the same everywhere for the same random numbers.
  func place(in cell: Int, random: inout PatchRandom) -> [Double] {
    var rest = cell
    var place = lower
    for axis in [2, 1, 0] {
      place[axis] += (Double(rest % lengths[axis]) + Double.random(in: 0..<1, using: &random)) * self.cell[axis]
      rest /= lengths[axis]
    }
    return place
  }

  /// How much more background than foreground each class has: the weights that even them out in a loss; 1 where there is none of a class.
  public static func weights(_ counts: [String: Count]) -> [String: Double] {
    counts.mapValues { $0.present > 0 ? ($0.known - $0.present) / $0.present : 1 }
  }

  /// All datasets together.
  public static func sum(_ all: [ClassCensus]) -> [String: Count] {
    all.reduce(into: [:]) { sum, census in
      for (name, count) in census.counts {
        sum[name, default: Count()].known += count.known
        sum[name, default: Count()].present += count.present
      }
    }
  }
}
