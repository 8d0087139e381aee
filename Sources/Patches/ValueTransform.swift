// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
internal import Grids
internal import Volumes

/// Something that is done to the values of an array, after its voxels have found their places. Voxels that are not known (NaN) stay so, except where
/// it says otherwise.
public enum ValueTransform: Hashable, Sendable {
  /// So that one value becomes 0 and another 1.
  case normalise(zero: Double, one: Double)
  /// So that the patch's known voxels have mean 0 and standard deviation 1; a patch of one value becomes 0.
  case standardise
  /// The distance to the patch's mean, so many times as large.
  case contrast(ClosedRange<Double>)
  /// Between the patch's least and largest value, to the power of this: `least + range · ((v − least) / range) ^ γ`.
  case gamma(ClosedRange<Double>)
  /// A Gaussian of a standard deviation in voxels; what is not known has no weight.
  case blur(ClosedRange<Double>)
  /// Normally distributed noise of this standard deviation is added.
  case noise(Double)
  /// 1 above a value, else 0.
  case binarise(above: Double)
  /// What is not known becomes this.
  case replaceUnknown(with: Double)

  /// - Parameter extent: of the patch's voxels, for what looks at neighbours.
  func apply(to values: inout MutableSpan<Float>, _ extent: Extent, random: inout PatchRandom) {
    switch self {
    case .normalise(let zero, let one):
      let factor = 1 / (one - zero)
      Self.change(&values) { Float((Double($0) - zero) * factor) }
    case .standardise:
      let (mean, deviation) = Self.moments(of: values)
      Self.change(&values) { deviation > 0 ? Float((Double($0) - mean) / deviation) : 0 }
    case .contrast(let range):
      let factor = random.number(in: range)
      let mean = Self.moments(of: values).mean
      Self.change(&values) { Float((Double($0) - mean) * factor + mean) }
    case .gamma(let range):
      let power = random.number(in: range)
      var (least, most) = (Double.infinity, -Double.infinity)
      for index in 0..<values.count where !values[index].isNaN {
        least = min(least, Double(values[index]))
        most = max(most, Double(values[index]))
      }
      guard most > least else { return }
      Self.change(&values) { [least, most] in Float(least + (most - least) * pow((Double($0) - least) / (most - least), power)) }
    case .blur(let range):
      let sigma = random.number(in: range)
      if sigma <= 0 { return }
      var known = VoxelBuffer<UInt8>(extent: extent, repeating: 1)
      var numbers = VoxelBuffer<Float>(extent: extent)
      for index in 0..<values.count {
        if values[index].isNaN { known.elements[index] = 0 } else { numbers.elements[index] = values[index] }
      }
      let mask = known.elements.contains(0) ? known : nil
      let blurred = smoothed(numbers, sigma: [sigma, sigma, sigma], mask: mask)
      for index in 0..<values.count where !values[index].isNaN { values[index] = blurred.elements[index] }
    case .noise(let deviation):
      // Each voxel its number, known or not, so that one voxel's does not depend on another's.
      for index in 0..<values.count { values[index] += Float(deviation * random.normal()) }
    case .binarise(let threshold):
      // The largest number of single precision that is not above it: nothing lies between.
      let nearest = Float(threshold)
      let least = Double(nearest) > threshold ? nearest.nextDown : nearest
      Self.change(&values) { $0 > least ? 1 : 0 }
    case .replaceUnknown(let value):
      for index in 0..<values.count where values[index].isNaN { values[index] = Float(value) }
    }
  }

  private static func change(_ values: inout MutableSpan<Float>, _ body: (Float) -> Float) {
    for index in 0..<values.count {
      let value = values[index]
      values[index] = value.isNaN ? value : body(value)
    }
  }

  private static func moments(of values: borrowing MutableSpan<Float>) -> (mean: Double, deviation: Double) {
    var (count, sum) = (0.0, 0.0)
    for index in 0..<values.count where !values[index].isNaN {
      count += 1
      sum += Double(values[index])
    }
    if count == 0 { return (0, 0) }
    let mean = sum / count
    var squares = 0.0
    for index in 0..<values.count where !values[index].isNaN { squares += (Double(values[index]) - mean) * (Double(values[index]) - mean) }
    return (mean, (squares / count).squareRoot())
  }
}
