// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// What an affine matrix does, told apart: `matrix = rotation · scale · shear` (shear acts first); where the determinant is negative, the x
/// axis is mirrored by a negative scale.
///
/// By Gram and Schmidt from the x axis on: Thomas, Decomposing a matrix into simple transformations, Graphics Gems II, 1991.
public struct AffineDecomposition: Sendable, Equatable {
  /// Rows of the rotation, z, y, x (2D: y, x).
  public let rotation: [[Double]]
  /// By how much lengths grow along z, y, x (2D: y, x); x is negative where the map mirrors.
  public let scale: [Double]
  /// How far y leans towards x, z towards x, z towards y (2D: y towards x).
  public let shear: [Double]
  /// Degrees of the rotation about its axis, from 0 to 180; in 2D from −180 to 180, from x towards y.
  public let angle: Double
  /// The axis of the rotation, z, y, x, of length 1; `nil` in 2D and where nothing is turned.
  public let axis: [Double]?

  /// - Returns: `nil` where the matrix is singular.
  public init?(_ affine: AffineTransform) {
    let rank = affine.rank
    // In here x comes first, as in the book.
    let columns = (0..<rank).map { column in (0..<rank).map { affine.matrix[rank - 1 - $0][rank - 1 - column] } }
    var upright: [[Double]] = []
    var triangle = [[Double]](repeating: [Double](repeating: 0, count: rank), count: rank)
    for (number, column) in columns.enumerated() {
      var rest = column
      for (earlier, unit) in upright.enumerated() {
        triangle[earlier][number] = zip(rest, unit).map(*).reduce(0, +)
        rest = zip(rest, unit).map { $0 - triangle[earlier][number] * $1 }
      }
      let length = rest.map { $0 * $0 }.reduce(0, +).squareRoot()
      guard length > 1e-12 * column.map(abs).reduce(0, +) else { return nil }
      triangle[number][number] = length
      upright.append(rest.map { $0 / length })
    }
    if affine.determinant < 0 {
      upright[0] = upright[0].map { -$0 }
      triangle[0] = triangle[0].map { -$0 }
    }
    scale = (0..<rank).map { triangle[rank - 1 - $0][rank - 1 - $0] }
    shear = [(0, 1), (0, 2), (1, 2)].prefix(rank == 2 ? 1 : 3).map { triangle[$0.0][$0.1] / triangle[$0.0][$0.0] }
    rotation = (0..<rank).map { row in (0..<rank).map { upright[rank - 1 - $0][rank - 1 - row] } }
    /// An entry of the rotation, x first.
    func entry(_ row: Int, _ column: Int) -> Double { upright[column][row] }
    if rank == 2 {
      (angle, axis) = (atan2(entry(1, 0), entry(0, 0)) * 180 / .pi, nil)
      return
    }
    let twist = [entry(2, 1) - entry(1, 2), entry(0, 2) - entry(2, 0), entry(1, 0) - entry(0, 1)]
    let sine = twist.map { $0 * $0 }.reduce(0, +).squareRoot()
    let cosine = entry(0, 0) + entry(1, 1) + entry(2, 2) - 1
    angle = atan2(sine, cosine) * 180 / .pi
    if sine > 1e-9 {
      axis = twist.reversed().map { $0 / sine }
    } else if cosine < 0 {
      // Half a turn: every column of rotation + 1 lies along the axis.
      let column = (0..<3).max { entry($0, $0) < entry($1, $1) }!
      let along = (0..<3).reversed().map { entry($0, column) + ($0 == column ? 1 : 0) }
      let length = along.map { $0 * $0 }.reduce(0, +).squareRoot()
      axis = along.map { $0 / length }
    } else {
      axis = nil
    }
  }
}
