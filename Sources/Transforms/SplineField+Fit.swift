// SPDX-License-Identifier: Apache-2.0

internal import Filtering
public import Grids
public import Volumes

extension SplineField {
  /// The spline field nearest to a dense one in the least-squares sense, with a trace of bending penalty where samples are few.
  ///
  /// Constant and linear fields are kept exactly. Solved an axis at a time by banded Cholesky factors.
  ///
  /// - Parameters:
  ///   - field: displacements in voxels at every voxel of `box`.
  ///   - box: where `field` lies in the volume.
  ///   - lattice: the volume's control lattice.
  ///   - threads: the most threads at work; the result does not depend on it.
  /// - Complexity: O(voxels).
  public static func fitting(_ field: VectorField, over box: Box, on lattice: SplineLattice, threads: Int = 1) -> SplineField {
    precondition(field.extent == box.extent, "a displacement for each voxel of \(box)")
    return fitting(
      samples: field, first: box.lower.map(Double.init), steps: [1, 1, 1], over: box, on: lattice, threads: threads)
  }

  /// The spline field over `box` nearest to samples of one, as `fitting(_:over:on:)`.
  ///
  /// - Parameters:
  ///   - samples: displacements in voxels.
  ///   - first: the voxel of the volume at which the first sample lies, fractional; no sample lies more than half a voxel outside `box`.
  ///   - steps: voxels between samples along each axis.
  public static func fitting(
    samples: VectorField, first: [Double], steps: [Double], over box: Box, on lattice: SplineLattice, threads: Int = 1
  ) -> SplineField {
    let places = (0..<3).map { axis in (0..<samples.extent[axis]).map { first[axis] + Double($0) * steps[axis] } }
    return fitting(samples: samples, at: places, over: box, on: lattice, threads: threads)
  }

  /// The spline field over `box` nearest to samples of one on a lattice of voxels, fractional, that are given along each axis.
  package static func fitting(
    samples: VectorField, at places: [[Double]], over box: Box, on lattice: SplineLattice, threads: Int = 1
  ) -> SplineField {
    let region = lattice.controlPoints(for: box)
    let axes = [2, 1, 0].filter { lattice.extent[$0] > 1 }
    let solvers = axes.map { axis in
      AxisFit(
        places: SplinePlaces(
          positions: places[axis], stride: lattice.stride[axis], firstControl: region.lower[axis], controls: region.extent[axis]),
        controls: region.extent[axis])
    }
    func fit(_ component: VoxelBuffer<Float>) -> VoxelBuffer<Float> {
      var lengths = samples.extent.lengths
      var values = component.elements
      for (axis, solver) in zip(axes, solvers) {
        let inner = lengths[(axis + 1)...].reduce(1, *)
        let outer = lengths[..<axis].reduce(1, *)
        values = solver.places.fitted(
          values, outer: outer, length: solver.controls, inner: inner, factor: solver.factor, threads: threads)
        lengths[axis] = region.extent[axis]
      }
      return VoxelBuffer(extent: region.extent, elements: values)
    }
    return SplineField(
      lattice: lattice, region: region, coefficients: VectorField(z: fit(samples.z), y: fit(samples.y), x: fit(samples.x)))
  }
}

/// Least squares along one axis: `(BᵀB + λ D²ᵀD²) c = Bᵀ u`, symmetric with three bands above the diagonal.
private struct AxisFit {
  let places: SplinePlaces
  let controls: Int
  /// The Cholesky factor `L` by rows: `factor[4 * i + b]` is `L[i][i − b]`.
  let factor: [Double]

  init(places: SplinePlaces, controls: Int) {
    self.places = places
    self.controls = controls
    var bands = [Double](repeating: 0, count: controls * 4)
    func add(_ i: Int, _ j: Int, _ value: Double) { if i >= j { bands[4 * i + i - j] += value } }
    for place in 0..<places.count {
      let first = Int(places.first[place])
      let weights = places.weights[4 * place..<4 * place + 4].map { Double($0) }
      for a in 0..<4 {
        for b in 0..<4 { add(first + a, first + b, weights[a] * weights[b]) }
      }
    }
    let bending = [1.0, -2.0, 1.0]
    let penalty = 1e-4
    for first in 0..<max(0, controls - 2) {
      for a in 0..<3 {
        for b in 0..<3 { add(first + a, first + b, penalty * bending[a] * bending[b]) }
      }
    }
    for i in 0..<controls {
      for b in stride(from: min(3, i), through: 0, by: -1) {
        let j = i - b
        var sum = bands[4 * i + b]
        for k in max(0, i - 3)..<j where j - k <= 3 { sum -= bands[4 * i + i - k] * bands[4 * j + j - k] }
        bands[4 * i + b] = b == 0 ? max(sum, 1e-12).squareRoot() : sum / bands[4 * j]
      }
    }
    factor = bands
  }
}
