// SPDX-License-Identifier: Apache-2.0

extension AffineTransform {
  /// The map of 2D as one plane of 3D; itself where it has three axes.
  package func liftedToThreeAxes() -> AffineTransform {
    rank == 3 ? self : AffineTransform(matrix: [[1, 0, 0], [0] + matrix[0], [0] + matrix[1]], offset: [0] + offset)
  }

  /// The map of the plane.
  package func droppingFirstAxis() -> AffineTransform {
    AffineTransform(matrix: matrix.dropFirst().map { Array($0.dropFirst()) }, offset: Array(offset.dropFirst()))
  }

  /// The map on its last `rank` axes, 2 or 3.
  package func onLast(_ rank: Int) -> AffineTransform { rank == 2 && self.rank == 3 ? droppingFirstAxis() : self }

  /// The same map of lengths that are `factor` times as large.
  package func scaled(by factor: Double) -> AffineTransform { AffineTransform(matrix: matrix, offset: offset.map { $0 * factor }) }
}
