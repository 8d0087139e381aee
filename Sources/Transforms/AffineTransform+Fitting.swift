// SPDX-License-Identifier: Apache-2.0

extension AffineTransform {
  /// The map that brings points of the fixed image nearest to their partners in the moving image (least squares).
  ///
  /// How much is fitted follows from how much the points tell: one pair gives a translation; fewer than rank + 2 pairs, or points that lie in
  /// one plane (2D: on one line), a similarity (rotation, one scale, translation); more pairs an affine map. Where points leave a rotation
  /// open (two points, points on a line), the smallest one is taken.
  ///
  /// The rotation is Horn's (Closed-form solution of absolute orientation using unit quaternions, J. Opt. Soc. Am. A 4, 1987).
  ///
  /// - Parameters:
  ///   - fixed: points, z, y, x (2D: y, x), in world units.
  ///   - moving: their partners, as many.
  /// - Throws: `TransformError` where there are none, their numbers differ, or they are not all 2D or all 3D and finite.
  public static func fitting(fixed: [[Double]], moving: [[Double]]) throws(TransformError) -> AffineTransform {
    guard let rank = fixed.first?.count, fixed.count == moving.count else {
      throw TransformError("\(fixed.count) fixed and \(moving.count) moving points are no pairs to fit a transform to")
    }
    guard rank == 2 || rank == 3, (fixed + moving).allSatisfy({ $0.count == rank && $0.allSatisfy(\.isFinite) }) else {
      throw TransformError("landmarks have to be all 2D or all 3D, and finite")
    }
    let (fixedCentre, moved) = centred(fixed)
    let (movingCentre, partners) = centred(moving)
    let matrix = linear(fixed: moved, moving: partners, rank: rank)
    let turned = AffineTransform(matrix: matrix, offset: [Double](repeating: 0, count: rank))(fixedCentre)
    return AffineTransform(matrix: matrix, offset: zip(movingCentre, turned).map(-))
  }

  private static func centred(_ points: [[Double]]) -> (centre: [Double], points: [[Double]]) {
    let centre = points[0].indices.map { axis in points.map { $0[axis] }.reduce(0, +) / Double(points.count) }
    return (centre, points.map { zip($0, centre).map(-) })
  }

  /// The matrix for points about their centres.
  private static func linear(fixed: [[Double]], moving: [[Double]], rank: Int) -> [[Double]] {
    func products(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
      (0..<rank).map { row in (0..<rank).map { column in zip(a, b).map { $0[row] * $1[column] }.reduce(0, +) } }
    }
    let spread = products(fixed, fixed)
    let size = (0..<rank).map { spread[$0][$0] }.reduce(0, +)
    guard fixed.count > 1, size > 0 else { return identity(rank: rank).matrix }
    let mixed = products(moving, fixed)
    if fixed.count >= rank + 2, symmetricEigen(spread.map { $0.map { $0 / size } }).values[rank - 1] > 1e-8,
      let inverse = AffineTransform(matrix: spread.map { $0.map { $0 / size } }, offset: [Double](repeating: 0, count: rank)).inverse
    {
      let scaled = AffineTransform(matrix: mixed.map { $0.map { $0 / size } }, offset: [Double](repeating: 0, count: rank))
      return scaled.after(inverse).matrix
    }
    let rotation = rank == 2 ? rotation2D(mixed) : rotation3D(mixed)
    // The scale that makes the turned points as long as their partners, in the least-squares sense.
    var along = 0.0
    for row in 0..<rank { for column in 0..<rank { along += rotation[row][column] * mixed[row][column] } }
    let scale = along > 0 ? along / size : 1
    return rotation.map { $0.map { $0 * scale } }
  }

  private static func rotation2D(_ mixed: [[Double]]) -> [[Double]] {
    let (cosine, sine) = (mixed[0][0] + mixed[1][1], mixed[1][0] - mixed[0][1])
    let length = (cosine * cosine + sine * sine).squareRoot()
    return length > 0 ? [[cosine / length, -sine / length], [sine / length, cosine / length]] : identity(rank: 2).matrix
  }

  private static func rotation3D(_ mixed: [[Double]]) -> [[Double]] {
    // A hair of identity decides what the points leave open.
    let size = mixed.flatMap(\.self).map(abs).reduce(0, +)
    let s = (0..<3).map { row in (0..<3).map { mixed[$0][row] + ($0 == row ? 1e-9 * size : 0) } }
    let best = symmetricEigen([
      [s[0][0] + s[1][1] + s[2][2], s[1][2] - s[2][1], s[2][0] - s[0][2], s[0][1] - s[1][0]],
      [s[1][2] - s[2][1], s[0][0] - s[1][1] - s[2][2], s[0][1] + s[1][0], s[2][0] + s[0][2]],
      [s[2][0] - s[0][2], s[0][1] + s[1][0], -s[0][0] + s[1][1] - s[2][2], s[1][2] + s[2][1]],
      [s[0][1] - s[1][0], s[2][0] + s[0][2], s[1][2] + s[2][1], -s[0][0] - s[1][1] + s[2][2]],
    ]).vectors[0]
    let (w, x, y, z) = (best[0], best[1], best[2], best[3])
    return [
      [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
      [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
      [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
  }
}
