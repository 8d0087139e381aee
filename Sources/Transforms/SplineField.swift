// SPDX-License-Identifier: Apache-2.0

internal import Filtering
public import Grids
public import Volumes

/// A displacement field in voxels of the fixed volume, as coefficients of cubic B-splines on a part of the volume's control lattice.
///
/// `u(x) = Σ c_k β³(x / stride − k)`, separable. Coefficients sum with weights like the field itself: a constant is a constant, and a
/// blend of coefficients is twice continuously differentiable everywhere.
public struct SplineField: Sendable, Equatable {
  /// The control lattice of the whole volume.
  public let lattice: SplineLattice
  /// The control points held.
  public let region: Box
  /// A coefficient for each control point in `region`, in voxels.
  public var coefficients: VectorField

  /// A field of the given coefficients.
  public init(lattice: SplineLattice, region: Box, coefficients: VectorField) {
    precondition(coefficients.extent == region.extent, "a coefficient for each control point: \(region.extent)")
    self.lattice = lattice
    self.region = region
    self.coefficients = coefficients
  }

  /// A field of no displacement.
  public init(zeros lattice: SplineLattice, region: Box) {
    self.init(lattice: lattice, region: region, coefficients: VectorField(zeros: region.extent))
  }

  /// The displacement at a (fractional) voxel position, in voxels; positions beyond the held region take the nearest held value.
  public func displacement(at position: [Double]) -> [Double] {
    var first = [0, 0, 0]
    var weights = [[Double]](repeating: [1], count: 3)
    for axis in 0..<3 where lattice.extent[axis] > 1 {
      let stride = Double(lattice.stride[axis])
      let low = Double(region.lower[axis] + 1)
      let high = Double(region.upper[axis] - 2)
      let along = min(max(position[axis] / stride, low), high)
      let cell = min(Int(along.rounded(.down)), region.upper[axis] - 3)
      let w = SplineLattice.weights(at: along - Double(cell))
      first[axis] = cell - 1 - region.lower[axis]
      weights[axis] = (0..<4).map { w[$0] }
    }
    let strides = region.extent.strides
    var sum = [0.0, 0.0, 0.0]
    for (i, wz) in weights[0].enumerated() {
      for (j, wy) in weights[1].enumerated() {
        let row = (first[0] + i) * strides[0] + (first[1] + j) * strides[1] + first[2]
        for (k, wx) in weights[2].enumerated() {
          let weight = wz * wy * wx
          sum[0] += weight * Double(coefficients.z.elements[row + k])
          sum[1] += weight * Double(coefficients.y.elements[row + k])
          sum[2] += weight * Double(coefficients.x.elements[row + k])
        }
      }
    }
    return sum
  }

  /// The displacement at every voxel of `box`.
  ///
  /// - Parameter threads: the most threads at work; the result does not depend on it.
  /// - Precondition: `region` holds the control points of `box`.
  /// - Complexity: 4 multiplications a voxel and component along the fast axis, a fraction of that along the others.
  public func dense(over box: Box, threads: Int = 1) -> VectorField {
    precondition(region.contains(lattice.controlPoints(for: box)), "the field does not reach over \(box)")
    let components = (0..<3).map { expand(coefficients[$0], box, threads) }
    return VectorField(z: components[0], y: components[1], x: components[2])
  }

  /// One component of the displacement at every voxel of `box`.
  ///
  /// - Precondition: `region` holds the control points of `box`.
  public func dense(component: Int, over box: Box) -> VoxelBuffer<Float> {
    precondition(region.contains(lattice.controlPoints(for: box)), "the field does not reach over \(box)")
    return expand(coefficients[component], box, 1)
  }

  private func expand(_ component: VoxelBuffer<Float>, _ box: Box, _ threads: Int) -> VoxelBuffer<Float> {
    expand(component, threads) { SplinePlaces(range: box[$0], stride: lattice.stride[$0], firstControl: region.lower[$0]) }
  }

  /// A component at places along each axis; an axis of one voxel has none.
  func expand(_ component: VoxelBuffer<Float>, _ threads: Int, places: (_ axis: Int) -> SplinePlaces) -> VoxelBuffer<Float> {
    var lengths = region.extent.lengths
    var values = component.elements
    for axis in 0..<3 where lattice.extent[axis] > 1 {
      let inner = lengths[(axis + 1)...].reduce(1, *)
      let outer = lengths[..<axis].reduce(1, *)
      let places = places(axis)
      values = places.expanded(values, outer: outer, length: lengths[axis], inner: inner, threads: threads)
      lengths[axis] = places.count
    }
    return VoxelBuffer(extent: Extent(lengths), elements: values)
  }
}

extension SplinePlaces {
  init(range: Range<Int>, stride: Int, firstControl: Int) {
    self.init(
      range.map { ($0 / stride - 1 - firstControl, SplineLattice.weights(at: Double($0 % stride) / Double(stride))) })
  }

  /// - Parameters:
  ///   - positions: in voxels, fractional; beyond the outermost cells the polynomial of those goes on.
  ///   - controls: how many control points there are, at least 4.
  init(positions: [Double], stride: Int, firstControl: Int, controls: Int) {
    self.init(
      positions.map { position in
        let along = position / Double(stride)
        let cell = min(max(Int(along.rounded(.down)), firstControl + 1), firstControl + controls - 3)
        return (cell - 1 - firstControl, SplineLattice.weights(at: along - Double(cell)))
      })
  }

  private init(_ places: [(first: Int, weights: SIMD4<Double>)]) {
    self.init(first: places.map { Int32($0.first) }, weights: places.flatMap { place in (0..<4).map { Float(place.weights[$0]) } })
  }
}
