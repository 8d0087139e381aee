// SPDX-License-Identifier: Apache-2.0

internal import Grids
package import Volumes

/// What a network is to learn, made of the labels of a class, last of all. Voxels that are not known (NaN) give NaN.
public enum TargetTransform: Hashable, Sendable {
  /// The labels themselves.
  case labels
  /// How far a voxel of an object is from the nearest voxel that is not of it, and zero outside of objects, in the unit of the dataset: at the
  /// most this. What lies beyond the patch is of no object's outside.
  case distance(most: Double)
  /// 1 where a voxel of an object touches, by a face, one that is not of the same.
  case boundary
  /// One channel an offset (z, y, x, in voxels): 1 where a voxel and the one at the offset are of the same object, else 0; NaN where that lies
  /// outside the patch.
  case affinities([[Int]])

  /// The channels it makes of one class.
  public var channelCount: Int {
    if case .affinities(let offsets) = self { offsets.count } else { 1 }
  }

  /// One channel after the other.
  package func apply(to labels: VoxelBuffer<Float>, scale: [Double]) -> [VoxelBuffer<Float>] {
    switch self {
    case .labels: [labels]
    case .distance(let most): [Self.distances(labels, scale, most)]
    case .boundary: [Self.boundary(labels)]
    case .affinities(let offsets): offsets.map { Self.affinity(labels, $0) }
    }
  }

  private static func boundary(_ labels: VoxelBuffer<Float>) -> VoxelBuffer<Float> {
    var result = labels.mapVoxels { $0.isNaN ? Float.nan : 0 }
    let values = labels.span
    var target = result.mutableSpan
    for (length, stride) in zip(labels.extent.lengths, labels.extent.strides) {
      // Each pair of voxels that touch along this axis. What is not known is no border.
      for slab in Swift.stride(from: 0, to: values.count, by: length * stride) {
        for index in slab..<slab + (length - 1) * stride {
          let (one, other) = (values[index], values[index + stride])
          guard one != other, !one.isNaN, !other.isNaN else { continue }
          if one > 0 { target[index] = 1 }
          if other > 0 { target[index + stride] = 1 }
        }
      }
    }
    return result
  }

  private static func affinity(_ labels: VoxelBuffer<Float>, _ offset: [Int]) -> VoxelBuffer<Float> {
    var result = VoxelBuffer<Float>(extent: labels.extent, repeating: .nan)
    let strides = labels.extent.strides
    let way = zip(offset, strides).map(*).reduce(0, +)
    let inside = labels.extent.box.intersection(labels.extent.box.translated(by: offset.map(-)))
    if inside.isEmpty { return result }
    let values = labels.span
    var target = result.mutableSpan
    for row in Box(lower: Array(inside.lower.dropLast()), upper: Array(inside.upper.dropLast())).indices {
      let start = row[0] * strides[0] + row[1] * strides[1]
      for index in start + inside.lower[2]..<start + inside.upper[2] {
        let (own, other) = (values[index], values[index + way])
        let isSame: Float = own == other && own > 0 ? 1 : 0
        target[index] = own.isNaN || other.isNaN ? .nan : isSame
      }
    }
    return result
  }

  /// Exact Euclidean distances, axis by axis, by lower envelopes of parabolas, within each object. O(voxels).
  private static func distances(_ labels: VoxelBuffer<Float>, _ scale: [Double], _ most: Double) -> VoxelBuffer<Float> {
    let (lengths, strides) = (labels.extent.lengths, labels.extent.strides)
    var squares = [Double](repeating: min(most * most, 1e30), count: labels.count)
    var span = squares.mutableSpan
    for axis in [2, 1, 0] {
      var envelope = LowerEnvelope(most: lengths[axis] + 2, scale: scale[axis])
      let others = [0, 1, 2].filter { $0 != axis }
      for a in 0..<lengths[others[0]] {
        for b in 0..<lengths[others[1]] {
          let start = a * strides[others[0]] + b * strides[others[1]]
          line(labels.span, &span, start, strides[axis], lengths[axis], &envelope)
        }
      }
    }
    return VoxelBuffer(
      extent: labels.extent,
      elements: zip(labels.elements, squares).map { $0.isNaN ? .nan : $0 > 0 ? Float($1.squareRoot()) : 0 })
  }

  /// One line of voxels: in each run of one object the least of the parabolas that stand on its voxels, and on the voxels before and after it.
  private static func line(
    _ labels: Span<Float>, _ squares: inout MutableSpan<Double>, _ start: Int, _ stride: Int, _ length: Int, _ envelope: inout LowerEnvelope
  ) {
    func isOutside(_ place: Int) -> Bool { place >= 0 && place < length && !labels[start + place * stride].isNaN }
    var begin = 0
    while begin < length {
      let label = labels[start + begin * stride]
      var end = begin + 1
      while end < length, labels[start + end * stride] == label { end += 1 }
      defer { begin = end }
      guard label > 0 else { continue }
      envelope.removeAll()
      if isOutside(begin - 1) { envelope.add(begin - 1, 0) }
      for place in begin..<end { envelope.add(place, squares[start + place * stride]) }
      if isOutside(end) { envelope.add(end, 0) }
      for place in begin..<end {
        let index = start + place * stride
        squares[index] = min(squares[index], envelope.least(at: place))
      }
    }
  }
}
