// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Rotations to try where headers do not tell how an image lies; rows of rank 3 matrices.
package enum Rotations {
  /// Every 15° but none, within the plane of y and x.
  static let ofPlane: [[[Double]]] = (1..<24).map { about(axis: 0, degrees: 15 * Double($0)) }

  /// The 23 ways to turn a cube onto itself other than not at all.
  static let turns: [[[Double]]] = Array(cube.dropFirst())

  /// 25° about each of 18 axes: those of the lattice and those half-way between two of them, either way.
  static let tilts: [[[Double]]] = {
    let axes = [-1, 0, 1].flatMap { z in [-1, 0, 1].flatMap { y in [-1, 0, 1].map { x in [z, y, x] } } }
    return axes.filter { (1...2).contains($0.count { $0 != 0 }) }.map { about($0.map(Double.init), degrees: 25) }
  }()

  /// Signed permutations of the axes that do not mirror, the identity first.
  private static let cube: [[[Double]]] = {
    var found: [[[Double]]] = []
    for order in [[0, 1, 2], [1, 2, 0], [2, 0, 1], [0, 2, 1], [2, 1, 0], [1, 0, 2]] {
      let isEven = order == [0, 1, 2] || order == [1, 2, 0] || order == [2, 0, 1]
      for signs in 0..<8 where (signs.nonzeroBitCount % 2 == 0) == isEven {
        found.append((0..<3).map { row in (0..<3).map { $0 == order[row] ? (signs >> row & 1 == 0 ? 1 : -1) : 0 } })
      }
    }
    return found
  }()

  private static func about(axis: Int, degrees: Double) -> [[Double]] {
    about((0..<3).map { $0 == axis ? 1 : 0 }, degrees: degrees)
  }

  /// The rotation about a direction, by Rodrigues' formula.
  package static func about(_ direction: [Double], degrees: Double) -> [[Double]] {
    let length = direction.map { $0 * $0 }.reduce(0, +).squareRoot()
    let n = direction.map { $0 / length }
    let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    let cross = [[0, -n[2], n[1]], [n[2], 0, -n[0]], [-n[1], n[0], 0]]
    return (0..<3).map { row in
      (0..<3).map { column in (row == column ? c : 0) + s * cross[row][column] + (1 - c) * n[row] * n[column] }
    }
  }
}
