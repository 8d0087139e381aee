// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

/// Where the mass of an image lies and along which axes it spreads; mass is the distance of the intensity from the background.
struct ImageMoments {
  /// The centre of mass, in world units; rank 3.
  let centre: [Double]
  /// The covariance of positions, in world units squared.
  let covariance: [[Double]]

  /// ImageMoments of the valid voxels; `nil` where there is no mass.
  init?(of image: PreparedImage) {
    let background = image.borderMedian
    var mass = 0.0
    var first = [0.0, 0.0, 0.0]
    var second = [[Double]](repeating: [0, 0, 0], count: 3)
    var offset = 0
    for z in 0..<image.extent[0] {
      for y in 0..<image.extent[1] {
        for x in 0..<image.extent[2] {
          let difference = abs(Double(image.values.elements[offset] - background))
          // Small differences are noise of a background that is most of the image.
          if image.mask.elements[offset] != 0, difference > 0.05 {
            let index = [Double(z), Double(y), Double(x)]
            mass += difference
            for a in 0..<3 {
              first[a] += difference * index[a]
              for b in 0...a { second[a][b] += difference * index[a] * index[b] }
            }
          }
          offset += 1
        }
      }
    }
    guard mass > 0 else { return nil }
    let mean = first.map { $0 / mass }
    centre = image.space.world(of: mean)
    let inIndex = (0..<3).map { a in (0..<3).map { b in second[max(a, b)][min(a, b)] / mass - mean[a] * mean[b] } }
    // The Jacobian of world over index, J = direction · spacing; covariance in world units is J C Jᵀ.
    let jacobian = (0..<3).map { row in (0..<3).map { image.space.direction[row][$0] * image.space.spacing[$0] } }
    let half = (0..<3).map { r in (0..<3).map { c in (0..<3).reduce(0.0) { $0 + jacobian[r][$1] * inIndex[$1][c] } } }
    covariance = (0..<3).map { r in (0..<3).map { c in (0..<3).reduce(0.0) { $0 + half[r][$1] * jacobian[c][$1] } } }
  }

  /// Rotations that bring the principal axes of `fixed` onto those of `moving`: two in 2D, four in 3D (an axis has no sign), rows of
  /// rank 3 matrices.
  static func rotations(fixed: ImageMoments, moving: ImageMoments, rank: Int) -> [[[Double]]] {
    let skipped = 3 - rank
    func axes(_ moments: ImageMoments) -> [[Double]] {
      symmetricEigen(moments.covariance.suffix(rank).map { Array($0.suffix(rank)) }).vectors
    }
    let (f, m) = (axes(fixed), axes(moving))
    var rotations: [[[Double]]] = []
    for signs in 0..<(1 << rank) {
      // R = Σ ± m fᵀ over the axes, kept where it does not mirror.
      var matrix = PhysicalSpace.identity(rank: 3)
      for r in 0..<rank {
        for c in 0..<rank {
          matrix[r + skipped][c + skipped] = (0..<rank).reduce(0.0) { $0 + (signs >> $1 & 1 == 0 ? 1 : -1) * m[$1][r] * f[$1][c] }
        }
      }
      if AffineTransform(matrix: matrix, offset: [0, 0, 0]).determinant > 0 { rotations.append(matrix) }
    }
    return rotations
  }
}
