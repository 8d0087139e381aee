// SPDX-License-Identifier: Apache-2.0

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
      weights[axis] = [w.0, w.1, w.2, w.3]
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
  /// - Precondition: `region` holds the control points of `box`.
  /// - Complexity: 4 multiplications a voxel and component along the fast axis, a fraction of that along the others.
  public func dense(over box: Box) -> VectorField {
    precondition(region.contains(lattice.controlPoints(for: box)), "the field does not reach over \(box)")
    return VectorField(z: expand(coefficients.z, box), y: expand(coefficients.y, box), x: expand(coefficients.x, box))
  }

  /// One component of the displacement at every voxel of `box`.
  ///
  /// - Precondition: `region` holds the control points of `box`.
  public func dense(component: Int, over box: Box) -> VoxelBuffer<Float> {
    precondition(region.contains(lattice.controlPoints(for: box)), "the field does not reach over \(box)")
    return expand(coefficients[component], box)
  }

  private func expand(_ component: VoxelBuffer<Float>, _ box: Box) -> VoxelBuffer<Float> {
    expand(component) { AxisTaps(range: box[$0], stride: lattice.stride[$0], firstControl: region.lower[$0]) }
  }

  /// A component at the places of the taps along each axis; an axis of one voxel has none.
  func expand(_ component: VoxelBuffer<Float>, taps: (_ axis: Int) -> AxisTaps) -> VoxelBuffer<Float> {
    var lengths = region.extent.lengths
    var values = component.elements
    for axis in 0..<3 where lattice.extent[axis] > 1 {
      let inner = lengths[(axis + 1)...].reduce(1, *)
      let outer = lengths[..<axis].reduce(1, *)
      let taps = taps(axis)
      values = taps.expand(values, outer: outer, length: lengths[axis], inner: inner)
      lengths[axis] = taps.first.count
    }
    return VoxelBuffer(extent: Extent(lengths), elements: values)
  }
}

/// For each of some places along one axis: the first of its four control points and their weights.
struct AxisTaps {
  let first: [Int]
  let weights: [SIMD4<Float>]

  init(range: Range<Int>, stride: Int, firstControl: Int) {
    first = range.map { $0 / stride - 1 - firstControl }
    weights = range.map { voxel in
      let w = SplineLattice.weights(at: Double(voxel % stride) / Double(stride))
      return SIMD4(Float(w.0), Float(w.1), Float(w.2), Float(w.3))
    }
  }

  /// - Parameters:
  ///   - positions: in voxels, fractional; beyond the outermost cells the polynomial of those goes on.
  ///   - controls: how many control points there are, at least 4.
  init(positions: [Double], stride: Int, firstControl: Int, controls: Int) {
    let cells = positions.map { min(max(Int(($0 / Double(stride)).rounded(.down)), firstControl + 1), firstControl + controls - 3) }
    first = cells.map { $0 - 1 - firstControl }
    weights = zip(positions, cells).map { position, cell in
      let w = SplineLattice.weights(at: position / Double(stride) - Double(cell))
      return SIMD4(Float(w.0), Float(w.1), Float(w.2), Float(w.3))
    }
  }

  func expand(_ values: [Float], outer: Int, length: Int, inner: Int) -> [Float] {
    let count = first.count
    var result = [Float](repeating: 0, count: outer * count * inner)
    let source = values.span
    var target = result.mutableSpan
    for block in 0..<outer {
      for i in 0..<count {
        let w = weights[i]
        let from = (block * length + first[i]) * inner
        let to = (block * count + i) * inner
        if inner == 1 {
          target[to] = (w[0] * source[from] + w[1] * source[from + 1]) + (w[2] * source[from + 2] + w[3] * source[from + 3])
        } else {
          let a = source.extracting(from..<from + inner)
          let b = source.extracting(from + inner..<from + 2 * inner)
          let c = source.extracting(from + 2 * inner..<from + 3 * inner)
          let d = source.extracting(from + 3 * inner..<from + 4 * inner)
          var row = target._mutatingExtracting(to..<to + inner)
          for k in 0..<inner { row[k] = (w[0] * a[k] + w[1] * b[k]) + (w[2] * c[k] + w[3] * d[k]) }
        }
      }
    }
    return result
  }
}
