// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Rotations to try where headers do not tell how an image lies; rows of rank 3 matrices.
enum Rotations {
  /// Every 15° but none, within the plane of y and x.
  static let ofPlane: [[[Double]]] = (1..<24).map { about(axis: 0, degrees: 15 * Double($0)) }

  /// The 23 ways to turn a cube onto itself other than not at all, and 20° and 40° either way about each axis.
  static let ofSpace: [[[Double]]] = {
    let tilts = (0..<3).flatMap { axis in [-40.0, -20, 20, 40].map { about(axis: axis, degrees: $0) } }
    return cube.dropFirst() + tilts
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
    let (c, s) = (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
    let (a, b) = ((axis + 1) % 3, (axis + 2) % 3)
    var rows = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]]
    rows[a][a] = c
    rows[a][b] = -s
    rows[b][a] = s
    rows[b][b] = c
    return rows
  }
}
