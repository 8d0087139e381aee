// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport

/// A picture that is known at every point: soft blobs in the dark, in a box of `size` units.
struct BlobScene: Sendable {
  private struct Blob {
    var centre: SIMD3<Double>
    var width: Double
    var height: Double
  }

  /// Blobs by cell; a cell is as wide as a blob reaches.
  private let cells: [[Blob]]
  private let shape: [Int]
  private static let cell = 12.0

  /// A flat scene has no extent along z. Blobs keep 8 % of the size away from the border.
  init(size: [Double], seed: UInt64 = 5, distance: Double = 7) {
    var random = SeededGenerator(seed: seed)
    let isFlat = size[0] == 0
    let count = Int(size.suffix(isFlat ? 2 : 3).map { $0 / distance }.reduce(1, *))
    shape = size.map { Int($0 / Self.cell) + 1 }
    var cells = [[Blob]](repeating: [], count: shape.reduce(1, *))
    for _ in 0..<count {
      let centre = SIMD3((0..<3).map { size[$0] * Double.random(in: 0.08...0.92, using: &random) })
      let blob = Blob(centre: centre, width: .random(in: 1.6...3.6, using: &random), height: .random(in: 300...1500, using: &random))
      let place = (0..<3).map { Int(centre[$0] / Self.cell) }
      cells[(place[0] * shape[1] + place[1]) * shape[2] + place[2]].append(blob)
    }
    self.cells = cells
  }

  /// The brightness at a point, z, y, x.
  func value(_ point: [Double]) -> Double {
    let place = (0..<3).map { Int((point[$0] / Self.cell).rounded(.down)) }
    let here = SIMD3(point)
    var sum = 100.0
    for z in max(0, place[0] - 1)..<max(0, min(shape[0], place[0] + 2)) where z < shape[0] {
      for y in max(0, place[1] - 1)..<max(0, min(shape[1], place[1] + 2)) where y < shape[1] {
        for x in max(0, place[2] - 1)..<max(0, min(shape[2], place[2] + 2)) where x < shape[2] {
          for blob in cells[(z * shape[1] + y) * shape[2] + x] {
            let away = here - blob.centre
            let square = (away * away).sum() / (blob.width * blob.width)
            if square < 11 { sum += blob.height * exp(-square / 2) }
          }
        }
      }
    }
    return sum
  }
}
