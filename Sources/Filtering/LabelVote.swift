// SPDX-License-Identifier: Apache-2.0

internal import Grids
public import Volumes

/// The label with the most weight about each absolute position, whatever its type.
///
/// Each of the eight neighbours gives its label the weight that it has in linear interpolation; the label with the largest sum wins, and of
/// equal ones the smallest. So outlines are smooth where labels are brought onto finer or turned voxels, and no label comes into being. A
/// border voxel reaches half a voxel out. A position farther outside, or not a number, gives `outside`.
public func voted<Label: VoxelScalar>(
  _ labels: VoxelBuffer<Label>, at positions: VectorField, outside: Label = 0
) -> VoxelBuffer<Label> {
  let from = Lattice(labels.extent)
  var result = VoxelBuffer<Label>(extent: positions.extent, repeating: outside)
  let (pz, py, px, source) = (positions.z.span, positions.y.span, positions.x.span, labels.span)
  var target = result.mutableSpan
  var ballot = Ballot<Label>()
  for i in 0..<target.count {
    guard let z = Neighbours(pz[i], from.z), let y = Neighbours(py[i], from.y), let x = Neighbours(px[i], from.x) else { continue }
    let rows = (
      (z.first * from.y + y.first) * from.x, (z.first * from.y + y.second) * from.x, (z.second * from.y + y.first) * from.x,
      (z.second * from.y + y.second) * from.x
    )
    let first = source[rows.0 + x.first]
    if source[rows.0 + x.second] == first, source[rows.1 + x.first] == first, source[rows.1 + x.second] == first,
      source[rows.2 + x.first] == first, source[rows.2 + x.second] == first, source[rows.3 + x.first] == first,
      source[rows.3 + x.second] == first
    {
      target[i] = first
      continue
    }
    ballot.clear()
    func add(_ row: Int, _ weight: Double) {
      ballot.add(source[row + x.first], weight * x.weights.0)
      ballot.add(source[row + x.second], weight * x.weights.1)
    }
    add(rows.0, z.weights.0 * y.weights.0)
    add(rows.1, z.weights.0 * y.weights.1)
    add(rows.2, z.weights.1 * y.weights.0)
    add(rows.3, z.weights.1 * y.weights.1)
    target[i] = ballot.winner
  }
  return result
}

/// The two voxels about a position along an axis, and their weights.
private struct Neighbours {
  var first: Int
  var second: Int
  var weights: (Double, Double)

  /// `nil` where the position is outside.
  @inline(__always) init?(_ position: Float, _ count: Int) {
    guard position >= -0.5, position <= Float(count) - 0.5 else { return nil }
    let along = min(max(position, 0), Float(count - 1))
    first = min(Int(along), max(0, count - 2))
    second = min(first + 1, count - 1)
    let fraction = second == first ? 0 : Double(along) - Double(first)
    weights = (1 - fraction, fraction)
  }
}

/// At the most eight labels with the weight that each was given.
private struct Ballot<Label: VoxelScalar> {
  private var labels = [Label](repeating: 0, count: 8)
  private var weights = [Double](repeating: 0, count: 8)
  private var count = 0

  mutating func clear() { count = 0 }

  mutating func add(_ label: Label, _ weight: Double) {
    if weight == 0 { return }
    for i in 0..<count where labels[i] == label {
      weights[i] += weight
      return
    }
    (labels[count], weights[count]) = (label, weight)
    count += 1
  }

  /// - Precondition: some label was given weight.
  var winner: Label {
    var best = 0
    for i in 1..<max(1, count) where weights[i] > weights[best] || weights[i] == weights[best] && labels[i] < labels[best] { best = i }
    return labels[best]
  }
}
