// SPDX-License-Identifier: Apache-2.0

/// An affine map of world coordinates, `y = matrix · x + offset`, coordinates listed slowest axis first (`z, y, x`).
public struct AffineTransform: Hashable, Sendable {
  /// Rows of the matrix.
  public var matrix: [[Double]]
  /// Added after the matrix, in world units.
  public var offset: [Double]

  /// A map with the given rows and offset.
  public init(matrix: [[Double]], offset: [Double]) {
    precondition(matrix.count == offset.count && matrix.allSatisfy { $0.count == offset.count }, "an affine map is square")
    self.matrix = matrix
    self.offset = offset
  }

  /// The map that leaves every point where it is.
  public static func identity(rank: Int) -> AffineTransform {
    AffineTransform(
      matrix: (0..<rank).map { row in (0..<rank).map { $0 == row ? 1 : 0 } }, offset: [Double](repeating: 0, count: rank))
  }

  /// A shift in world units.
  public static func translation(_ offset: [Double]) -> AffineTransform {
    AffineTransform(matrix: identity(rank: offset.count).matrix, offset: offset)
  }

  /// The number of axes.
  public var rank: Int { offset.count }

  /// Where `point` goes.
  public func callAsFunction(_ point: [Double]) -> [Double] {
    (0..<rank).map { row in
      var sum = offset[row]
      for axis in 0..<rank { sum += matrix[row][axis] * point[axis] }
      return sum
    }
  }

  /// The map that first applies `first`, then this one.
  public func after(_ first: AffineTransform) -> AffineTransform {
    AffineTransform(
      matrix: matrix.map { row in (0..<rank).map { column in (0..<rank).map { row[$0] * first.matrix[$0][column] }.reduce(0, +) } },
      offset: self(first.offset))
  }

  /// The determinant of the matrix.
  public var determinant: Double {
    var rows = matrix
    var product = 1.0
    for column in 0..<rank {
      guard let pivot = (column..<rank).max(by: { abs(rows[$0][column]) < abs(rows[$1][column]) }), rows[pivot][column] != 0 else {
        return 0
      }
      if pivot != column {
        rows.swapAt(pivot, column)
        product = -product
      }
      product *= rows[column][column]
      for row in column + 1..<max(rank, column + 1) {
        let factor = rows[row][column] / rows[column][column]
        for k in column..<rank { rows[row][k] -= factor * rows[column][k] }
      }
    }
    return product
  }

  /// The inverse map; `nil` where the matrix is singular.
  public var inverse: AffineTransform? {
    guard abs(determinant) > 1e-12 else { return nil }
    var rows = matrix.enumerated().map { row, values in values + (0..<rank).map { $0 == row ? 1 : 0 } }
    for column in 0..<rank {
      let pivot = (column..<rank).max { abs(rows[$0][column]) < abs(rows[$1][column]) }!
      rows.swapAt(pivot, column)
      let scale = rows[column][column]
      rows[column] = rows[column].map { $0 / scale }
      for row in 0..<rank where row != column {
        let factor = rows[row][column]
        if factor != 0 { rows[row] = zip(rows[row], rows[column]).map { $0 - factor * $1 } }
      }
    }
    let inverted = rows.map { Array($0[rank...]) }
    let linear = AffineTransform(matrix: inverted, offset: [Double](repeating: 0, count: rank))
    return AffineTransform(matrix: inverted, offset: linear(offset).map(-))
  }
}
