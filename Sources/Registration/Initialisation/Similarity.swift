// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Transforms
package import Volumes

/// How well two images agree under a map of world points.
struct Similarity {
  /// Pearson's correlation over the overlap, −1…1.
  var correlation: Double
  /// Normalised mutual information over the overlap (Studholme, 1999) minus one, 0…1.
  var information: Double
  /// One less the mean of squared differences, relative to what unrelated images would have (Lin's concordance), −1…1.
  var concordance: Double
  /// The share of the smaller image (or mask) that overlaps, 0…1.
  var overlap: Double

  /// The measure that `metric` asks for, higher is better, weighted down where less than half of the smaller image overlaps, so that a
  /// lucky sliver never wins. Below a twentieth it is minus infinity.
  func score(_ metric: RegistrationMetric) -> Double {
    guard overlap >= 0.05 else { return -.infinity }
    let weight = min(1, overlap / 0.5)
    return switch metric {
    case .mi: information * weight
    case .mse: concordance > 0 ? concordance * weight : concordance
    case .auto, .lncc: correlation > 0 ? correlation * weight : correlation
    }
  }

  /// Measures at every valid voxel of `fixed` that `transform` (rank 3) maps into the valid part of `moving`. O(voxels of `fixed`).
  init(fixed: PreparedImage, moving: PreparedImage, transform: Transforms.AffineTransform) {
    var sums = Sums()
    let map = IndexMap(from: fixed.space, to: moving.space, through: transform)
    let sampler = Sampler(moving)
    let width = fixed.extent[2]
    var candidates = 0
    var row = 0
    for z in 0..<fixed.extent[0] {
      for y in 0..<fixed.extent[1] {
        let start = map.position(z: z, y: y, x: 0)
        let values = fixed.values.span.extracting(row..<row + width)
        let mask = fixed.mask.span.extracting(row..<row + width)
        for x in 0..<width where mask[x] != 0 {
          candidates += 1
          let t = Double(x)
          if let value = sampler.value(start.z + t * map.step.z, start.y + t * map.step.y, start.x + t * map.step.x) {
            sums.add(values[x], value)
          }
        }
        row += width
      }
    }
    let possible = min(Double(candidates), Double(moving.validCount) * moving.voxelVolume / fixed.voxelVolume)
    overlap = possible >= 1 ? min(1, Double(sums.count) / possible) : 0
    correlation = sums.correlation
    information = sums.information
    concordance = sums.concordance
  }
}

/// Normalised mutual information (Studholme, 1999) less one, 0…1, of two images on one lattice, over the voxels of a mask that are numbers
/// in both; 0 where there are none or one image is constant there.
///
/// - Complexity: O(voxels).
package func normalizedMutualInformation(_ fixed: VoxelBuffer<Float>, _ moving: VoxelBuffer<Float>, mask: VoxelBuffer<UInt8>) -> Double {
  precondition(fixed.extent == moving.extent && fixed.extent == mask.extent, "images and mask share no lattice")
  var valid = mask.elements
  for i in valid.indices where !fixed.elements[i].isFinite || !moving.elements[i].isFinite { valid[i] = 0 }
  guard let first = PreparedImage.bounds(fixed.elements, valid), let second = PreparedImage.bounds(moving.elements, valid) else { return 0 }
  let scales = (1 / (first.1 - first.0), 1 / (second.1 - second.0))
  guard scales.0.isFinite, scales.1.isFinite else { return 0 }
  var sums = Sums()
  for i in valid.indices where valid[i] != 0 {
    sums.add(
      min(max((fixed.elements[i] - first.0) * scales.0, 0), 1), min(max((moving.elements[i] - second.0) * scales.1, 0), 1))
  }
  return sums.information
}

/// Running sums and a joint histogram of 32 × 32 bins of pairs of values in 0…1.
private struct Sums {
  static let bins = 32
  var count = 0
  private var a = 0.0
  private var b = 0.0
  private var aa = 0.0
  private var bb = 0.0
  private var ab = 0.0
  private var histogram = [Int32](repeating: 0, count: bins * bins)

  mutating func add(_ first: Float, _ second: Float) {
    let (x, y) = (Double(first), Double(second))
    count += 1
    a += x
    b += y
    aa += x * x
    bb += y * y
    ab += x * y
    let top = Float(Self.bins - 1)
    histogram[Int(first * top + 0.5) * Self.bins + Int(second * top + 0.5)] += 1
  }

  var correlation: Double {
    let n = Double(max(count, 1))
    let varianceA = aa / n - (a / n) * (a / n)
    let varianceB = bb / n - (b / n) * (b / n)
    guard varianceA > 1e-10, varianceB > 1e-10 else { return 0 }
    return (ab / n - (a / n) * (b / n)) / (varianceA * varianceB).squareRoot()
  }

  var concordance: Double {
    let n = Double(max(count, 1))
    let difference = (aa + bb - 2 * ab) / n
    let (meanA, meanB) = (a / n, b / n)
    let unrelated = aa / n - meanA * meanA + bb / n - meanB * meanB + (meanA - meanB) * (meanA - meanB)
    return unrelated > 1e-10 ? 1 - difference / unrelated : 0
  }

  var information: Double {
    guard count > 0 else { return 0 }
    func entropy(_ counts: [Int32]) -> Double {
      counts.reduce(0) { sum, n in
        let p = Double(n) / Double(count)
        return n > 0 ? sum - p * log(p) : sum
      }
    }
    var first = [Int32](repeating: 0, count: Self.bins)
    var second = first
    for i in 0..<Self.bins {
      for j in 0..<Self.bins {
        first[i] += histogram[i * Self.bins + j]
        second[j] += histogram[i * Self.bins + j]
      }
    }
    let joint = entropy(histogram)
    return joint > 1e-10 ? (entropy(first) + entropy(second)) / joint - 1 : 0
  }
}

/// Looks an image up between voxels.
struct Sampler {
  private let values: [Float]
  private let mask: [UInt8]
  private let shape: (z: Int, y: Int, x: Int)

  init(_ image: PreparedImage) {
    values = image.values.elements
    mask = image.mask.elements
    shape = (image.extent[0], image.extent[1], image.extent[2])
  }

  /// The trilinear value at a voxel position; `nil` beyond half a voxel outside the lattice and where the nearest voxel is masked out.
  @inline(__always)
  func value(_ z: Double, _ y: Double, _ x: Double) -> Float? {
    guard z >= -0.5, y >= -0.5, x >= -0.5, z <= Double(shape.z) - 0.5, y <= Double(shape.y) - 0.5, x <= Double(shape.x) - 0.5 else {
      return nil
    }
    let (cz, cy, cx) = (min(max(z, 0), Double(shape.z - 1)), min(max(y, 0), Double(shape.y - 1)), min(max(x, 0), Double(shape.x - 1)))
    let (i, j, k) = (Int(cz), Int(cy), Int(cx))
    let (fz, fy, fx) = (Float(cz - Double(i)), Float(cy - Double(j)), Float(cx - Double(k)))
    let base = (i * shape.y + j) * shape.x + k
    let dx = k + 1 < shape.x ? 1 : 0
    let dy = j + 1 < shape.y ? shape.x : 0
    let dz = i + 1 < shape.z ? shape.x * shape.y : 0
    if mask[base + (fz >= 0.5 ? dz : 0) + (fy >= 0.5 ? dy : 0) + (fx >= 0.5 ? dx : 0)] == 0 { return nil }
    func along(_ offset: Int) -> Float { values[offset] + fx * (values[offset + dx] - values[offset]) }
    let (v00, v01, v10, v11) = (along(base), along(base + dy), along(base + dz), along(base + dz + dy))
    let (front, back) = (v00 + fy * (v01 - v00), v10 + fy * (v11 - v10))
    return front + fz * (back - front)
  }
}
