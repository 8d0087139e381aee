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
    let (lengths, strides) = (labels.extent.lengths, labels.extent.strides)
    var result = VoxelBuffer<Float>(extent: labels.extent)
    let values = labels.span
    for place in labels.extent.box.indices {
      let index = zip(place, strides).map(*).reduce(0, +)
      let own = values[index]
      if own.isNaN { result.elements[index] = .nan }
      guard own > 0 else { continue }
      for axis in 0..<3 {
        // What is not known is no border.
        if place[axis] > 0, values[index - strides[axis]] != own, !values[index - strides[axis]].isNaN { result.elements[index] = 1 }
        if place[axis] < lengths[axis] - 1, values[index + strides[axis]] != own, !values[index + strides[axis]].isNaN {
          result.elements[index] = 1
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
        if !own.isNaN && !other.isNaN { target[index] = own == other && own > 0 ? 1 : 0 }
      }
    }
    return result
  }

  /// Exact Euclidean distances, axis by axis, by lower envelopes of parabolas (Felzenszwalb and Huttenlocher, 2012), within each object. O(voxels).
  private static func distances(_ labels: VoxelBuffer<Float>, _ scale: [Double], _ most: Double) -> VoxelBuffer<Float> {
    let (lengths, strides) = (labels.extent.lengths, labels.extent.strides)
    let limit = min(most * most, 1e30)
    var squares = [Double](repeating: limit, count: labels.count)
    for axis in [2, 1, 0] {
      let others = [0, 1, 2].filter { $0 != axis }
      for a in 0..<lengths[others[0]] {
        for b in 0..<lengths[others[1]] {
          let start = a * strides[others[0]] + b * strides[others[1]]
          line(labels.elements, &squares, start, strides[axis], lengths[axis], scale[axis])
        }
      }
    }
    return VoxelBuffer(
      extent: labels.extent,
      elements: zip(labels.elements, squares).map { $0.isNaN ? .nan : $0 > 0 ? Float($1.squareRoot()) : 0 })
  }

  /// One line of voxels: in each run of one object the least of the parabolas that stand on its voxels, and on the voxels before and after it.
  private static func line(_ labels: [Float], _ squares: inout [Double], _ start: Int, _ stride: Int, _ length: Int, _ scale: Double) {
    var begin = 0
    while begin < length {
      let label = labels[start + begin * stride]
      var end = begin + 1
      while end < length, labels[start + end * stride] == label { end += 1 }
      defer { begin = end }
      guard label > 0 else { continue }
      var heights = (begin..<end).map { squares[start + $0 * stride] }
      var first = begin
      func isOutside(_ place: Int) -> Bool { place >= 0 && place < length && !labels[start + place * stride].isNaN }
      if isOutside(begin - 1) {
        heights.insert(0, at: 0)
        first -= 1
      }
      if isOutside(end) { heights.append(0) }
      let least = envelope(heights, scale)
      for place in begin..<end { squares[start + place * stride] = min(squares[start + place * stride], least[place - first]) }
    }
  }

  private static func envelope(_ heights: [Double], _ scale: Double) -> [Double] {
    let square = scale * scale
    var (vertices, borders): ([Int], [Double]) = ([0], [-.infinity])
    for vertex in heights.indices.dropFirst() {
      func crossing(_ other: Int) -> Double {
        let difference = heights[vertex] - heights[other]
        return (difference / square + Double(vertex * vertex - other * other)) / Double(2 * (vertex - other))
      }
      var border = crossing(vertices.last!)
      while border <= borders.last! {
        vertices.removeLast()
        borders.removeLast()
        border = crossing(vertices.last!)
      }
      vertices.append(vertex)
      borders.append(border)
    }
    var number = 0
    return heights.indices.map { place in
      while number + 1 < vertices.count, borders[number + 1] < Double(place) { number += 1 }
      let way = Double(place - vertices[number])
      return way * way * square + heights[vertices[number]]
    }
  }
}
