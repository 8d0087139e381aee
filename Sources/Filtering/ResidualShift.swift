// SPDX-License-Identifier: Apache-2.0

internal import Foundation
public import Grids
public import Volumes

/// How far one image lies off another, as far as a search over small shifts can tell: `fixed(x) ≈ moving(x + shift)`.
public struct ResidualShift: Sendable, Hashable {
  /// Voxels along z, y, x, with fractions.
  public let shift: [Double]
  /// The correlation where the images lie, in -1 ... 1.
  public let correlation: Double
  /// The correlation after that shift.
  public let peak: Double
  /// How far the peak stands out: its height above the mean of the correlations more than three voxels off it, in their standard deviations
  /// (the peak-to-sidelobe ratio of Bolme et al., CVPR 2010).
  public let sharpness: Double
  /// Whether the search ended at its border, so that the true shift may be larger.
  public let isAtBorder: Bool

  /// Length of the shift in voxels.
  public var length: Double { shift.map { $0 * $0 }.reduce(0, +).squareRoot() }
}

/// The shift of at most `reach` voxels an axis at which `moving` correlates best with what `fixed` holds inside `box`.
///
/// Correlations are normalised by what each shift brings under the fixed image (Padfield, IEEE Trans. Image Process. 21, 2012), down to a
/// quarter of its energy. Of shifts whose correlations are as high within the standard error, as they are along thin layers, the shortest
/// counts. The peak is placed between voxels by a parabola along each axis. Give images as `locallyNormalized` makes them. An
/// axis of one voxel is not searched.
///
/// - Parameters:
///   - fixed: voxels that are 0 do not count.
///   - moving: on the same lattice.
///   - box: the part of both that is compared; `moving` is looked at as far as `reach` around it.
/// - Returns: `nil` where one of the images is zero there.
/// - Complexity: seven Fourier transforms of the box and its surroundings.
public func residualShift(
  fixed: VoxelBuffer<Float>, moving: VoxelBuffer<Float>, in box: Box, reach: Int = 6
) -> ResidualShift? {
  precondition(fixed.extent == moving.extent && fixed.extent.rank == 3, "images of \(fixed.extent) and \(moving.extent) share no lattice")
  let reaches = fixed.extent.lengths.map { $0 > 1 ? reach : 0 }
  let around = box.expanded(by: reaches).intersection(fixed.extent.box)
  let shape = zip(around.extent.lengths, reaches).map { Spectrum.fastLength(atLeast: $0 + $1) }
  var first = VoxelBuffer<Float>(extent: Extent(shape))
  var second = VoxelBuffer<Float>(extent: Extent(shape))
  let inner = fixed.cropped(to: box)
  let place = box.relative(to: around.lower)
  let compared = inner.mapVoxels { $0 != 0 ? Float(1) : 0 }
  let count = compared.elements.reduce(0.0) { $0 + Double($1) }
  let mean = inner.elements.reduce(0.0) { $0 + Double($1) } / max(count, 1)
  // Without its mean: that of the other image makes no difference to the products then.
  first.copy(from: inner.mapVoxels { $0 != 0 ? $0 - Float(mean) : 0 }, box: inner.extent.box, at: place.lower)
  let energy = first.elements.reduce(0.0) { $0 + Double($1) * Double($1) }
  second.copy(from: moving.cropped(to: around), box: around.extent.box, at: [0, 0, 0])
  let (target, source) = (Spectrum(of: first.elements, shape: shape), Spectrum(of: second.elements, shape: shape))
  first.copy(from: compared, box: inner.extent.box, at: place.lower)
  let places = Spectrum(of: first.elements, shape: shape)
  let products = Spectrum.correlation(target, source).inverse()
  let sums = Spectrum.correlation(places, source).inverse()
  let squares = Spectrum.correlation(places, Spectrum(of: second.elements.map { $0 * $0 }, shape: shape)).inverse()
  func brought(to index: Int) -> Double { max(0, Double(squares[index]) - Double(sums[index]) * Double(sums[index]) / max(count, 1)) }
  guard (energy * brought(to: 0)).squareRoot() > 1e-6 * Double(box.count) else { return nil }
  let shifts = Box(lower: reaches.map { -$0 }, upper: reaches.map { $0 + 1 })
  func index(of shift: [Int]) -> Int {
    let at = zip(shift, shape).map { $0 < 0 ? $0 + $1 : $0 }
    return (at[0] * shape[1] + at[1]) * shape[2] + at[2]
  }
  func correlation(_ shift: [Int]) -> Double {
    let index = index(of: shift)
    return Double(products[index]) / (energy * max(brought(to: index), 0.25 * energy)).squareRoot()
  }
  let values = shifts.indices.map { (shift: $0, value: correlation($0)) }
  let highest = values.reduce(values[0]) { $1.value > $0.value ? $1 : $0 }
  // Voxels that are near each other tell the same: one in three along each axis counts.
  let independent = count / pow(3, Double(reaches.count { $0 > 0 }))
  let error = (1 - highest.value * highest.value) / max(1, independent).squareRoot()
  func length(_ shift: [Int]) -> Int { shift.map { $0 * $0 }.reduce(0, +) }
  let best = values.filter { $0.value >= highest.value - error }.reduce(highest) { length($1.shift) < length($0.shift) ? $1 : $0 }
  let aside = values.filter { entry in zip(entry.shift, best.shift).contains { abs($0 - $1) > 3 } }.map(\.value)
  let level = aside.reduce(0, +) / Double(max(aside.count, 1))
  let deviation = (aside.reduce(0) { $0 + ($1 - level) * ($1 - level) } / Double(max(aside.count, 1))).squareRoot()
  let shift = (0..<3).map { axis -> Double in
    var (before, after) = (best.shift, best.shift)
    before[axis] -= 1
    after[axis] += 1
    guard reaches[axis] > 0, shifts.contains(before), shifts.contains(after) else { return Double(best.shift[axis]) }
    let (low, high) = (correlation(before), correlation(after))
    let bend = low - 2 * best.value + high
    // At most half a voxel, which it is where neither neighbour is higher.
    return Double(best.shift[axis]) + (bend < 0 ? min(max(0.5 * (low - high) / bend, -0.5), 0.5) : 0)
  }
  return ResidualShift(
    shift: shift, correlation: correlation([0, 0, 0]), peak: best.value, sharpness: deviation > 0 ? (best.value - level) / deviation : 0,
    isAtBorder: zip(best.shift, reaches).contains { $1 > 0 && abs($0) == $1 })
}
