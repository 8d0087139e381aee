// SPDX-License-Identifier: Apache-2.0

internal import Grids
internal import Transforms
internal import Volumes

extension OutputGrid {
  /// Where an image comes to lie: voxels of the lattice of the image that was registered there between which all of it lies.
  ///
  /// Nothing is sampled and nothing is inverted: the image's corners go through the affine map, and the displacements that can act where
  /// they come to lie are added: the extremes of the coarse warp's nodes there, and of all of the local field. So nothing of the image is
  /// outside; the bounds may be wider than the image by how much displacements differ there.
  static func extremes(
    of image: LazyVolume, named name: String, _ transforms: TransformFolder, _ target: ApplyOptions.Target
  ) throws -> (lower: [Double], upper: [Double]) {
    let transform = transforms.transform
    let back = transform.affine.inverse
    // Towards moving space a displacement acts before the affine map; towards fixed space that is undone first, and the displacement then.
    let (map, lattice) = target == .moving ? (transform.affine, transforms.movingSpace) : (.identity(rank: 3), transform.fixedSpace)
    let corners = image.space.corners(of: image.extent).map {
      lattice.index(of: target == .moving ? transform.affine($0) : back?($0) ?? [])
    }
    guard target == .moving || back != nil, corners.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
      throw PipelineError(
        "\(name) comes to lie nowhere by the transforms, so that nothing can cover it", hint: "leave --extent union out")
    }
    let bands = DisplacementBands(transform.coarse, then: map, in: lattice)
    let local = try localRange(transforms, then: map, in: lattice)
    var (lower, upper) = ([Double](), [Double]())
    for axis in 0..<3 {
      func displacement(over range: ClosedRange<Double>) -> ClosedRange<Double> {
        // The coarse warp acts where the local displacement leads.
        let reached = range.lowerBound + local[axis].lowerBound...range.upperBound + local[axis].upperBound
        let coarse = bands.extremes(along: axis, over: reached)
        return coarse.lowerBound + local[axis].lowerBound...coarse.upperBound + local[axis].upperBound
      }
      let ends = (corners.map { $0[axis] }.min()!, corners.map { $0[axis] }.max()!)
      lower.append(end(ends.0, isUpper: false, target, displacement))
      upper.append(end(ends.1, isUpper: true, target, displacement))
    }
    return (lower, upper)
  }

  /// What local displacements come to along the axes of a lattice.
  private static func localRange(
    _ transforms: TransformFolder, then map: AffineTransform, in lattice: PhysicalSpace
  ) throws -> [ClosedRange<Double>] {
    let range = try transforms.localRange()
    return AffineTransform.voxelMap(from: transforms.transform.fixedSpace, through: map, to: lattice).matrix.map { row in
      let ends = (0..<3).map { (row[$0] * range.lower[$0], row[$0] * range.upper[$0]) }
      return ends.map { min($0.0, $0.1) }.reduce(0, +)...ends.map { max($0.0, $0.1) }.reduce(0, +)
    }
  }

  /// Where the end of an image that the affine map leaves at `place` can be at the most, along one axis.
  ///
  /// The outermost point of the result is no farther in than the point at `place` comes to lie, so that only displacements between that and
  /// the end count, and fewer of them the nearer the end is known.
  ///
  /// - Parameter displacement: the extremes of the displacement over a range of the axis: of places before it acts towards moving space, where
  ///   it is added, and of those after it is undone towards fixed space, where it is taken off.
  private static func end(
    _ place: Double, isUpper: Bool, _ target: ApplyOptions.Target, _ displacement: (ClosedRange<Double>) -> ClosedRange<Double>
  ) -> Double {
    var end = 0.0
    var range = -Double.infinity...Double.infinity
    for _ in 0..<8 {
      let way = displacement(range)
      let spread = way.upperBound - way.lowerBound
      let next: ClosedRange<Double>
      switch target {
      case .moving:
        end = place + (isUpper ? way.upperBound : way.lowerBound)
        next = isUpper ? place - spread...place : place...place + spread
      case .fixed:
        end = place - (isUpper ? way.lowerBound : way.upperBound)
        next = place - way.upperBound...place - way.lowerBound
      }
      if next == range { break }
      range = next
    }
    return end
  }
}
