// SPDX-License-Identifier: Apache-2.0

internal import Filtering
internal import Foundation
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

  func apply(to values: inout VoxelBuffer<Float>, random: inout PatchRandom) {
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
      let known = values.elements.lazy.filter { !$0.isNaN }
      guard let least = known.min().map(Double.init), let most = known.max().map(Double.init), most > least else { return }
      Self.change(&values) { Float(least + (most - least) * pow((Double($0) - least) / (most - least), power)) }
    case .blur(let range):
      let sigma = random.number(in: range)
      if sigma <= 0 { return }
      let known = values.elements.map { $0.isNaN ? UInt8(0) : 1 }
      let mask = known.contains(0) ? VoxelBuffer(extent: values.extent, elements: known) : nil
      let blurred = smoothed(
        mask == nil ? values : values.mapVoxels { $0.isNaN ? 0 : $0 }, sigma: [sigma, sigma, sigma], mask: mask)
      values.elements = zip(values.elements, blurred.elements).map { $0.isNaN ? $0 : $1 }
    case .noise(let deviation):
      // Each voxel its number, known or not, so that one voxel's does not depend on another's.
      for index in values.elements.indices { values.elements[index] += Float(deviation * random.normal()) }
    case .binarise(let threshold):
      Self.change(&values) { Double($0) > threshold ? 1 : 0 }
    case .replaceUnknown(let value):
      for index in values.elements.indices where values.elements[index].isNaN { values.elements[index] = Float(value) }
    }
  }

  private static func change(_ values: inout VoxelBuffer<Float>, _ body: (Float) -> Float) {
    var span = values.mutableSpan
    for index in 0..<span.count where !span[index].isNaN { span[index] = body(span[index]) }
  }

  private static func moments(of values: VoxelBuffer<Float>) -> (mean: Double, deviation: Double) {
    var (count, sum) = (0.0, 0.0)
    for value in values.elements where !value.isNaN {
      count += 1
      sum += Double(value)
    }
    if count == 0 { return (0, 0) }
    let mean = sum / count
    var squares = 0.0
    for value in values.elements where !value.isNaN { squares += (Double(value) - mean) * (Double(value) - mean) }
    return (mean, (squares / count).squareRoot())
  }
}
