// SPDX-License-Identifier: Apache-2.0

internal import Volumes

extension ComposedTransform {
  /// The fixed voxel that goes to a world position of the moving image, by Newton's method from a start that undoes affine and coarse.
  ///
  /// - Parameters:
  ///   - world: a position in the moving image.
  ///   - tolerance: in fixed voxels.
  ///   - local: gives `u` around a fixed voxel, or `nil` for none.
  /// - Returns: the voxel and what remains, `|T(x) − world|` in fixed voxels (by the affine scale); `nil` where the affine map has no inverse.
  public func fixedVoxel(
    mappedTo world: [Double], tolerance: Double = 1e-4, local: (_ voxel: [Double]) throws -> SplineField?
  ) rethrows -> (voxel: [Double], residual: Double)? {
    guard let back = affine.inverse else { return nil }
    func fixedVoxel(_ moving: [Double]) -> [Double] { fixedSpace.index(of: back(moving)) }
    let undone = back(world)
    var voxel = fixedSpace.index(of: coarseInverse?(undone) ?? undone)
    let target = fixedVoxel(world)
    var residual = Double.infinity
    for _ in 0..<30 {
      let field = try local(voxel)
      // Both sides taken back through the affine map, so that the residual is in fixed voxels.
      func error(_ at: [Double]) -> [Double] { zip(fixedVoxel(map(fixedVoxel: at, local: field)), target).map(-) }
      let here = error(voxel)
      let size = here.map { $0 * $0 }.reduce(0, +).squareRoot()
      residual = size
      if size < tolerance { break }
      let step = 0.25
      let columns = (0..<3).map { axis -> [Double] in
        var moved = voxel
        moved[axis] += step
        return zip(error(moved), here).map { ($0 - $1) / step }
      }
      let jacobian = AffineTransform(matrix: (0..<3).map { row in (0..<3).map { columns[$0][row] } }, offset: [0, 0, 0])
      let correction = jacobian.inverse.map { $0(here) } ?? here
      let length = correction.map { $0 * $0 }.reduce(0, +).squareRoot()
      let limit = length > 20 ? 20 / length : 1
      voxel = zip(voxel, correction).map { $0 - limit * $1 }
    }
    return (voxel, residual)
  }
}
