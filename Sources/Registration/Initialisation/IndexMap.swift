// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

/// An affine map from voxel indices of one lattice of rank 3 to (fractional) voxel indices of another.
struct IndexMap {
  let rows: [[Double]]
  let offset: [Double]

  /// The map from indices of `source`, through world points and `transform`, to indices of `target`; all of rank 3.
  init(from source: PhysicalSpace, to target: PhysicalSpace, through transform: AffineTransform) {
    func image(_ index: [Double]) -> [Double] { target.index(of: transform(source.world(of: index))) }
    let origin = image([0, 0, 0])
    let columns = [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]].map { axis in zip(image(axis), origin).map(-) }
    offset = origin
    rows = (0..<3).map { row in columns.map { $0[row] } }
  }

  func position(z: Int, y: Int, x: Int) -> (z: Double, y: Double, x: Double) {
    let (z, y, x) = (Double(z), Double(y), Double(x))
    return (
      offset[0] + rows[0][0] * z + rows[0][1] * y + rows[0][2] * x, offset[1] + rows[1][0] * z + rows[1][1] * y + rows[1][2] * x,
      offset[2] + rows[2][0] * z + rows[2][1] * y + rows[2][2] * x
    )
  }

  /// The step in the target for one voxel along the source's fastest axis.
  var step: (z: Double, y: Double, x: Double) { (rows[0][2], rows[1][2], rows[2][2]) }
}

extension PhysicalSpace {
  /// This space with three axes; 2D gains a plane at z = 0, of spacing 1.
  var threeAxisForm: PhysicalSpace {
    var space = liftedToThreeAxes()
    if rank == 2 { space.spacing[0] = 1 }
    return space
  }
}

extension Extent {
  /// This extent with three axes; 2D gains one of length 1.
  var threeAxisForm: Extent { rank == 2 ? Extent([1] + lengths) : self }
}

extension AffineTransform {
  /// This map with three axes; 2D leaves z where it is.
  var threeAxisForm: AffineTransform {
    guard rank == 2 else { return self }
    return AffineTransform(matrix: [[1, 0, 0], [0] + matrix[0], [0] + matrix[1]], offset: [0] + offset)
  }

  /// The map of the last `rank` axes.
  func lowered(to rank: Int) -> AffineTransform {
    guard rank < self.rank else { return self }
    return AffineTransform(matrix: matrix.suffix(rank).map { Array($0.suffix(rank)) }, offset: Array(offset.suffix(rank)))
  }
}
