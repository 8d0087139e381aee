// SPDX-License-Identifier: Apache-2.0

internal import Pipelines

/// Which patches are drawn.
public enum PatchSampling: Hashable, Sendable {
  /// Every place of every dataset is as likely.
  case uniform
  /// A class is drawn by its weight (the suggested ones, `ClassCensus.weights`, where a class has none here), then a voxel of it, then a patch around it.
  case weighted([String: Double])
  /// As `weighted`, the class being the one that was seen least so far.
  case balanced
  /// The places whose patches cover all of every dataset, each once, in order (`MultiDataset.tiles`): for validation.
  case tiles

  /// Whether it must be known where each class is.
  var drawsClasses: Bool { self != .uniform && self != .tiles }
}

/// A patch that was drawn.
public struct PatchDraw: Hashable, Sendable {
  /// Counted from 0: what random numbers depend on.
  public var number: Int
  /// The dataset.
  public var dataset: Int
  /// The place within it.
  public var position: Int
  /// The class that it was drawn for, where it was drawn for one.
  public var target: String?
}

/// Draws patches one after the other: the same seed gives the same ones, whoever reads them.
public struct PatchSampler: Sendable {
  private let dataset: MultiDataset
  private let censuses: [ClassCensus]
  private let sampling: PatchSampling
  private let seed: UInt64
  private let subset: PatchSubset?
  /// By class, in the order of the first dataset's: all cells of all datasets that have some of it.
  private let classes: [(name: String, weight: Double, cells: [(dataset: Int, cell: Int)], sums: [Double])]
  /// Classes of each cell, by dataset.
  private let rows: [[Int: [Int]]]
  private var seen: [Int]
  private var number = 0
  private let tiles: [Int]
  private let neighbours: (count: Int, batchSize: Int)
  /// Of each patch of a batch the first of its neighbourhood.
  private var firsts: [(dataset: Int, position: Int)] = []

  /// - Parameters:
  ///   - censuses: one a dataset, where classes are drawn.
  ///   - subset: the only places that are drawn from, with `.uniform`.
  ///   - neighbours: with `.uniform`, so many patches are drawn from a neighbourhood, a few chunks, before another is drawn: one a batch, so that the
  ///     patches of a batch are from as many neighbourhoods. Each place stays as likely.
  /// - Throws: `PipelineError` where there is nothing to draw.
  public init(
    _ dataset: MultiDataset, _ censuses: [ClassCensus] = [], _ sampling: PatchSampling = .uniform, seed: UInt64, subset: PatchSubset? = nil,
    neighbours: (count: Int, batchSize: Int) = (1, 1)
  ) throws {
    (self.dataset, self.censuses, self.sampling, self.seed, self.subset) = (dataset, censuses, sampling, seed, subset)
    tiles = sampling == .tiles ? dataset.tiles : []
    self.neighbours = neighbours
    precondition(
      neighbours.count == 1 || neighbours.count > 1 && neighbours.batchSize > 0 && sampling == .uniform && subset == nil,
      "neighbours are drawn from all places, each as likely")
    guard dataset.count > 0 else {
      throw PipelineError("there is no place for a patch in any of \(dataset.datasets.count) datasets", hint: "give one at least")
    }
    precondition(
      !sampling.drawsClasses || censuses.count == dataset.datasets.count, "classes are drawn from what was counted in each dataset")
    var (classes, rows): ([(String, Double, [(Int, Int)], [Double])], [[Int: [Int]]]) = ([], censuses.map { _ in [:] })
    if sampling.drawsClasses {
      let suggested = ClassCensus.weights(ClassCensus.sum(censuses))
      var given: [String: Double] = [:]
      if case .weighted(let weights) = sampling { given = weights }
      for name in dataset.datasets[0].classes {
        var (cells, sums, sum) = ([(Int, Int)](), [Double](), 0.0)
        for (number, census) in censuses.enumerated() {
          guard let count = census.counts[name] else { continue }
          for (cell, amount) in zip(count.cells, count.amounts) {
            sum += amount
            cells.append((number, cell))
            sums.append(sum)
          }
        }
        if cells.isEmpty { continue }
        for (number, cell) in cells { rows[number][cell, default: []].append(classes.count) }
        classes.append((name, given[name] ?? suggested[name] ?? 1, cells, sums))
      }
      guard !classes.isEmpty else {
        throw PipelineError("none of the classes has a voxel in any dataset", hint: "check the labels, or draw places uniformly")
      }
      // Without background no class is rarer than it should be.
      if classes.allSatisfy({ $0.1 == 0 }), given.values.allSatisfy({ $0 != 0 }) { for index in classes.indices { classes[index].1 = 1 } }
      let weights = classes.map(\.1)
      guard weights.allSatisfy({ $0 >= 0 }), (Double.leastNormalMagnitude..<Double.infinity).contains(weights.reduce(0, +)) else {
        throw PipelineError(
          "the weights of the classes with voxels are \(zip(classes, weights).map { "\($0.0) \($1)" }.joined(separator: ", "))",
          hint: "none may be below zero, and one must be above")
      }
    }
    self.classes = classes.map { (name: $0.0, weight: $0.1, cells: $0.2.map { (dataset: $0.0, cell: $0.1) }, sums: $0.3) }
    self.rows = rows
    seen = [Int](repeating: 0, count: classes.count)
  }

  /// How many patches there are; without end where it is `nil`.
  public var count: Int? { sampling == .tiles ? tiles.count : nil }

  /// The next patch; `nil` after the last.
  public mutating func next() -> PatchDraw? {
    if let count, number >= count { return nil }
    defer { number += 1 }
    if sampling == .tiles {
      let place = dataset.place(tiles[number])
      return PatchDraw(number: number, dataset: place.dataset, position: place.position)
    }
    var random = PatchRandom(seed: seed, draw: number, for: .sample)
    if neighbours.count > 1 {
      // Not all patches of a batch leave their neighbourhoods at once.
      let (batch, patch) = (number / neighbours.batchSize, number % neighbours.batchSize)
      if batch == 0 { firsts.append((0, 0)) }
      if batch == 0 || (batch + patch) % neighbours.count == 0 {
        firsts[patch] = dataset.place(Int.random(in: 0..<dataset.count, using: &random))
        return PatchDraw(number: number, dataset: firsts[patch].dataset, position: firsts[patch].position)
      }
      let (source, first) = firsts[patch]
      let near = dataset.datasets[source]
      return PatchDraw(
        number: number, dataset: source, position: near.positions.index(near: first, cell: near.neighbourhood, random: &random))
    }
    if sampling == .uniform {
      let chosen = subset?.indices ?? []
      let place = dataset.place(
        chosen.isEmpty ? Int.random(in: 0..<dataset.count, using: &random) : chosen.randomElement(using: &random)!)
      return PatchDraw(number: number, dataset: place.dataset, position: place.position)
    }
    let choice: Int
    if sampling == .balanced {
      let least = seen.min()!
      choice = seen.indices.filter { seen[$0] == least }.randomElement(using: &random)!
    } else {
      let total = classes.reduce(0) { $0 + $1.weight }
      var place = Double.random(in: 0..<total, using: &random)
      choice =
        classes.indices.first {
          place -= classes[$0].weight; return place < 0
        } ?? classes.count - 1
    }
    let drawn = classes[choice]
    let place = Double.random(in: 0..<drawn.sums.last!, using: &random)
    let (source, cell) = drawn.cells[drawn.sums.partitioningIndex { $0 > place }]
    for other in rows[source][cell]! { seen[other] += 1 }
    let center = censuses[source].place(in: cell, random: &random)
    return PatchDraw(
      number: number, dataset: source, position: dataset.datasets[source].positions.index(nearest: center), target: drawn.name)
  }
}

extension [Double] {
  /// The first of a rising list of which something holds, by halving.
  fileprivate func partitioningIndex(_ holds: (Double) -> Bool) -> Int {
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      if holds(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return Swift.min(low, count - 1)
  }
}
