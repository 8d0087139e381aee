// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

/// How far a displacement field can carry a point, by where the point lies along an axis of another lattice: bounds that hold for every
/// point, not only at nodes.
///
/// Between nodes a field is a mean of the nodes of the cell, beyond its lattice that of the nearest border: no displacement is beyond those
/// of the nodes that have a say, each from one cell before it to one behind it, and on without end where it lies at a border.
struct DisplacementBands {
  /// Along each axis: where the first band begins, how wide bands are, and the extremes of each.
  private let axes: [(start: Double, width: Double, bands: [ClosedRange<Double>])]

  /// - Parameters:
  ///   - field: displacements of world points; `nil` for none.
  ///   - map: an affine map of the world, that acts after the field.
  ///   - lattice: what places and displacements are counted in.
  init(_ field: DisplacementField?, then map: AffineTransform, in lattice: PhysicalSpace) {
    guard let field else {
      axes = (0..<3).map { _ in (0, 1, [0...0]) }
      return
    }
    let place = AffineTransform.voxelMap(from: field.space, through: map, to: lattice)
    let world = AffineTransform.voxelMap(from: PhysicalSpace(spacing: [1, 1, 1]), through: map, to: lattice).matrix
    axes = (0..<3).map { Self.bands(field.vectors, place.matrix[$0], place.offset[$0], world[$0]) }
  }

  /// - Parameters:
  ///   - row, offset: where nodes lie along the axis.
  ///   - world: what displacements come to along it.
  private static func bands(
    _ vectors: VectorField, _ row: [Double], _ offset: Double, _ world: [Double]
  ) -> (start: Double, width: Double, bands: [ClosedRange<Double>]) {
    let extent = vectors.extent
    let used = (0..<3).filter { extent[$0] > 1 }
    let width = max(used.map { abs(row[$0]) }.reduce(0, +), 1e-3)
    let start = offset + used.map { min(0, row[$0] * Double(extent[$0] - 1)) }.reduce(0, +)
    let length = used.map { abs(row[$0]) * Double(extent[$0] - 1) }.reduce(0, +)
    let count = Int(length / width) + 1
    var (least, most) = ([Double](repeating: .infinity, count: count), [Double](repeating: -.infinity, count: count))
    // Of nodes that have a say in all that comes before or behind them.
    var (before, behind) = ((least, most), (least, most))
    let isTurned = used.map { abs(row[$0]) > 1e-9 * width }
    var i = 0
    for z in 0..<extent[0] {
      for y in 0..<extent[1] {
        for x in 0..<extent[2] {
          let along = offset + row[0] * Double(z) + row[1] * Double(y) + row[2] * Double(x)
          let e =
            world[0] * Double(vectors.z.elements[i]) + world[1] * Double(vectors.y.elements[i]) + world[2] * Double(vectors.x.elements[i])
          let band = min(max(Int((along - start) / width), 0), count - 1)
          (least[band], most[band]) = (min(least[band], e), max(most[band], e))
          for (number, axis) in used.enumerated() where isTurned[number] {
            let index = axis == 0 ? z : axis == 1 ? y : x
            guard index == 0 || index == extent[axis] - 1 else { continue }
            if (index == 0) == (row[axis] > 0) {
              (before.0[band], before.1[band]) = (min(before.0[band], e), max(before.1[band], e))
            } else {
              (behind.0[band], behind.1[band]) = (min(behind.0[band], e), max(behind.1[band], e))
            }
          }
          i += 1
        }
      }
    }
    for band in (0..<count - 1).reversed() {
      (before.0[band], before.1[band]) = (min(before.0[band], before.0[band + 1]), max(before.1[band], before.1[band + 1]))
    }
    for band in 1..<max(1, count) {
      (behind.0[band], behind.1[band]) = (min(behind.0[band], behind.0[band - 1]), max(behind.1[band], behind.1[band - 1]))
    }
    return (
      start, width,
      (0..<count).map { band in
        let low = min(least[band], before.0[band], behind.0[band])
        return low...max(low, most[band], before.1[band], behind.1[band])
      }
    )
  }

  /// The least and the greatest displacement along an axis of points that lie in a range of it.
  func extremes(along axis: Int, over range: ClosedRange<Double>) -> ClosedRange<Double> {
    let (start, width, bands) = axes[axis]
    func band(_ place: Double) -> Int { Int(((place - start) / width).rounded(.down).bounded(to: 0...Double(bands.count - 1))) }
    // A node has a say one width to each side.
    let met = bands[band(range.lowerBound - width)...band(range.upperBound + width)]
    return met.map(\.lowerBound).min()!...met.map(\.upperBound).max()!
  }
}
