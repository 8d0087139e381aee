// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Volumes

/// Where the voxels of a patch are taken from, about its centre: `A (q + u(q))` for a voxel at `q`.
///
/// All of a patch's transforms in one, so that the image is read once and interpolated once.
struct PatchMotion: Sendable {
  /// Rows of A.
  private(set) var matrix: [Double] = [1, 0, 0, 0, 1, 0, 0, 0, 1]
  /// u.
  private(set) var bends: [Bend] = []

  /// Displacements of a cubic B-spline.
  struct Bend: Sendable {
    /// From one control point to the next, in the unit of the dataset.
    var spacing: Double
    /// Control points along each axis; the middle one lies at the centre.
    var counts: [Int]
    /// One component after another.
    var vectors: [Float]
  }

  /// - Parameter size: how far the largest array of the patch reaches along each axis.
  init(_ transforms: [SpatialTransform], size: [Double], random: inout PatchRandom) {
    for transform in transforms {
      switch transform {
      case .mirror(let probabilities):
        var turned: [Double] = [1, 0, 0, 0, 1, 0, 0, 0, 1]
        for axis in 0..<3 where Double.random(in: 0..<1, using: &random) < probabilities[axis] { turned[4 * axis] = -1 }
        append(turned)
      case .transpose(let axes):
        let order = axes.shuffled(using: &random)
        var permutation = [0, 1, 2]
        for (axis, from) in zip(axes, order) { permutation[axis] = from }
        append((0..<9).map { permutation[$0 % 3] == $0 / 3 ? 1 : 0 })
      case .rotate(let ranges):
        for (axis, range) in ranges.enumerated() { append(Self.rotation(about: axis, degrees: random.number(in: range))) }
      case .scale(let range):
        let factor = 1 / random.number(in: range)
        append([factor, 0, 0, 0, factor, 0, 0, 0, factor])
      case .elastic(let spacing, let deviation):
        // Enough on either side of the centre for all voxels of a patch, and one more that a cubic spline looks at.
        let counts = size.map { 2 * (Int(($0 / 2 / spacing).rounded(.up)) + 2) + 1 }
        let count = counts.reduce(1, *)
        bends.append(
          Bend(spacing: spacing, counts: counts, vectors: (0..<3 * count).map { _ in Float(deviation * random.normal()) }))
      }
    }
  }

  /// What comes later in the list is done later to the patch, so that a voxel's way back begins with it.
  private mutating func append(_ other: [Double]) {
    let before = matrix
    for row in 0..<3 {
      for column in 0..<3 {
        matrix[3 * row + column] =
          before[3 * row] * other[column] + before[3 * row + 1] * other[3 + column] + before[3 * row + 2] * other[6 + column]
      }
    }
  }

  /// The way back of a rotation about an axis. Quarter turns are exact.
  private static func rotation(about axis: Int, degrees: Double) -> [Double] {
    let quarters = degrees.truncatingRemainder(dividingBy: 360) / 90
    let (cosine, sine): (Double, Double) =
      if quarters == quarters.rounded() {
        ([1, 0, -1, 0][Int(quarters) & 3], [0, 1, 0, -1][Int(quarters) & 3])
      } else {
        (cos(degrees * .pi / 180), sin(degrees * .pi / 180))
      }
    let (a, b) = ((axis + 1) % 3, (axis + 2) % 3)
    var matrix: [Double] = [1, 0, 0, 0, 1, 0, 0, 0, 1]
    matrix[3 * a + a] = cosine
    matrix[3 * a + b] = sine
    matrix[3 * b + a] = -sine
    matrix[3 * b + b] = cosine
    return matrix
  }

  /// u at each voxel of an array, in its voxels; `nil` where nothing is bent.
  func displacement(of array: PatchArray) -> VectorField? {
    if bends.isEmpty { return nil }
    var components = [[Float]](repeating: [Float](repeating: 0, count: array.shape.count), count: 3)
    for bend in bends {
      let places = (0..<3).map { axis in
        Self.places(of: array.shape[axis], scale: array.scale[axis], spacing: bend.spacing, controls: bend.counts[axis])
      }
      let count = bend.counts.reduce(1, *)
      for component in 0..<3 {
        let controls = Array(bend.vectors[component * count..<(component + 1) * count])
        let z = places[0].expanded(controls, outer: 1, length: bend.counts[0], inner: bend.counts[1] * bend.counts[2], threads: 1)
        let y = places[1].expanded(z, outer: array.shape[0], length: bend.counts[1], inner: bend.counts[2], threads: 1)
        let x = places[2].expanded(y, outer: array.shape[0] * array.shape[1], length: bend.counts[2], inner: 1, threads: 1)
        for index in x.indices { components[component][index] += x[index] / Float(array.scale[component]) }
      }
    }
    let buffers = components.map { VoxelBuffer(extent: array.shape, elements: $0) }
    return VectorField(z: buffers[0], y: buffers[1], x: buffers[2])
  }

  /// Places of an array's voxels among the control points of an axis (cubic B-spline; Unser, 1999).
  private static func places(of length: Int, scale: Double, spacing: Double, controls: Int) -> SplinePlaces {
    var (first, weights) = ([Int32](), [Float]())
    for index in 0..<length {
      let place = (Double(index) + 0.5 - Double(length) / 2) * scale / spacing + Double(controls / 2)
      let below = place.rounded(.down)
      let t = place - below
      first.append(Int32(below) - 1)
      weights += [
        (1 - t) * (1 - t) * (1 - t) / 6, (3 * t * t * t - 6 * t * t + 4) / 6, (-3 * t * t * t + 3 * t * t + 3 * t + 1) / 6, t * t * t / 6,
      ].map { Float($0) }
    }
    return SplinePlaces(first: first, weights: weights)
  }
}
