// SPDX-License-Identifier: Apache-2.0

internal import Grids

/// Several datasets of the same arrays and classes, as one.
public struct MultiDataset: Sendable {
  /// The datasets.
  public let datasets: [PatchDataset]
  private let ends: [Int]

  public init(_ datasets: [PatchDataset]) {
    self.datasets = datasets
    var total = 0
    ends = datasets.map { dataset in
      total += dataset.count
      return total
    }
  }

  /// The places of all datasets.
  public var count: Int { ends.last ?? 0 }

  /// Which dataset's place it is, counted through all.
  ///
  /// - Precondition: it is one.
  public func place(_ index: Int) -> (dataset: Int, position: Int) {
    precondition(index >= 0 && index < count, "place \(index) of \(count)")
    let dataset = ends.firstIndex { index < $0 }!
    return (dataset, index - (dataset > 0 ? ends[dataset - 1] : 0))
  }

  /// Whether a dataset has labels of a class: datasets by classes.
  public var classMatrix: [[Bool]] { datasets.map { dataset in dataset.classes.map { dataset.sources[$0] != nil } } }

  /// Places, counted through all, whose patches lie side by side and cover all of every dataset; the last along an axis ends where the images do.
  public var tiles: [Int] {
    datasets.enumerated().flatMap { number, dataset in
      let before = number > 0 ? ends[number - 1] : 0
      return dataset.tiles.map { before + $0 }
    }
  }
}

extension PatchDataset {
  /// Places whose patches (of the first target, else of the first input) lie side by side and cover the sampling box; the last along an axis ends
  /// where the images do.
  public var tiles: [Int] {
    let size = (targets.first ?? inputs[0]).size
    let places = (0..<3).map { axis in
      let step = max(1, Int((size[axis] / positions.step[axis]).rounded(.down)))
      let last = positions.extent[axis] - 1
      return last < 0 ? [] : Array(stride(from: 0, to: last, by: step)) + [last]
    }
    let (y, x) = (positions.extent[1], positions.extent[2])
    return places[0].flatMap { z in places[1].flatMap { row in places[2].map { (z * y + row) * x + $0 } } }
  }
}
