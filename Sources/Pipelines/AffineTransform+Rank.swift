// SPDX-License-Identifier: Apache-2.0

internal import Transforms

/// Foundation has a type of that name, too.
typealias AffineTransform = Transforms.AffineTransform

extension AffineTransform {
  /// The map of 2D as one plane of 3D; itself where it has three axes.
  func liftedToThreeAxes() -> AffineTransform {
    rank == 3 ? self : AffineTransform(matrix: [[1, 0, 0], [0] + matrix[0], [0] + matrix[1]], offset: [0] + offset)
  }

  /// The map of the plane.
  func droppingFirstAxis() -> AffineTransform {
    AffineTransform(matrix: matrix.dropFirst().map { Array($0.dropFirst()) }, offset: Array(offset.dropFirst()))
  }
}
