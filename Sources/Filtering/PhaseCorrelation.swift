// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
public import Volumes

/// A shift between two images: `fixed(x) ≈ moving(x + shift)`, in voxels of their common lattice.
public struct CorrelationPeak: Sendable, Hashable {
  /// Whole voxels along z, y, x.
  public let shift: [Int]
  /// Height of the peak; comparable only among the peaks of one call.
  public let strength: Float
}

/// The strongest shifts between two images by phase correlation: the cross-power spectrum, whitened, low-pass weighted, and transformed
/// back (Kuglin and Hines, 1975).
///
/// Both images lie on lattices of one spacing, rank 3 (2D as one plane). They are padded with zeros so that shifts up to half an axis
/// either way are told apart; subtract the background and taper the border first. O(n log n).
///
/// - Returns: at most `count` peaks, strongest first, no two within two voxels of each other along every axis.
public func phaseCorrelationPeaks(
  fixed: VoxelBuffer<Float>, moving: VoxelBuffer<Float>, count: Int, threads: Int = 1
) -> [CorrelationPeak] {
  let shape = correlationShape(fixed.extent, moving.extent)
  let spectra = [fixed, moving].concurrentMap(threads: threads) { Spectrum(of: padded($0, to: shape), shape: shape) }
  var product = Spectrum.correlation(spectra[0], spectra[1])
  whiten(&product)
  return strongestPeaks(in: product.inverse(), shape: shape, fixed: fixed.extent, moving: moving.extent, count: count)
}

/// The best shifts between two masked images by normalised correlation of their overlap (Padfield, 2012).
///
/// Every whole-voxel shift is looked at. Its correlation coefficient over the voxels that both masks hold is weighted by the overlap,
/// `min(1, overlap / 0.5)` where `overlap` is the share of the smaller mask, and shifts of less than a tenth are left out. Masks are 1
/// where an image is valid and 0 elsewhere. With `isSigned` false a correlation far below zero is as good as one far above, as between
/// images of opposite contrast. Twelve Fourier transforms.
public func maskedCorrelationPeaks(
  fixed: VoxelBuffer<Float>, fixedMask: VoxelBuffer<Float>, moving: VoxelBuffer<Float>, movingMask: VoxelBuffer<Float>,
  isSigned: Bool = true, count: Int, threads: Int = 1
) -> [CorrelationPeak] {
  let shape = correlationShape(fixed.extent, moving.extent)
  let terms = [(fixed, fixedMask), (moving, movingMask)].concurrentMap(threads: threads) { maskedTerms($0, $1, shape: shape) }
  let (f, m) = (terms[0], terms[1])
  let pairs = [(f.values, m.values), (f.mask, m.mask), (f.values, m.mask), (f.mask, m.values), (f.squares, m.mask), (f.mask, m.squares)]
  let sums = pairs.concurrentMap(threads: threads) { Spectrum.correlation($0, $1).inverse() }
  let (overlap, fixedSum, movingSum, fixedSquares, movingSquares) = (sums[1], sums[2], sums[3], sums[4], sums[5])
  var scores = sums[0]
  let smaller = min(fixedMask.elements.reduce(0, +), movingMask.elements.reduce(0, +))
  for i in 0..<scores.count {
    let voxels = overlap[i]
    guard voxels >= max(8, 0.1 * smaller) else {
      scores[i] = 0
      continue
    }
    // A variance far below that of the whole image (1 after normalisation) is rounding.
    let fixedVariance = max(fixedSquares[i] / voxels - (fixedSum[i] / voxels) * (fixedSum[i] / voxels), 1e-2)
    let movingVariance = max(movingSquares[i] / voxels - (movingSum[i] / voxels) * (movingSum[i] / voxels), 1e-2)
    let covariance = scores[i] / voxels - (fixedSum[i] / voxels) * (movingSum[i] / voxels)
    let correlation = covariance / (fixedVariance * movingVariance).squareRoot()
    scores[i] = (isSigned ? correlation : abs(correlation)) * min(1, 2 * voxels / smaller)
  }
  return strongestPeaks(in: scores, shape: shape, fixed: fixed.extent, moving: moving.extent, count: count)
}

/// Room for both images and shifts of half an axis either way.
private func correlationShape(_ fixed: Extent, _ moving: Extent) -> [Int] {
  (0..<3).map { axis in
    let longest = max(fixed[axis], moving[axis])
    return longest == 1 ? 1 : Spectrum.fastLength(atLeast: longest + (longest + 1) / 2)
  }
}

private func padded(_ image: VoxelBuffer<Float>, to shape: [Int]) -> [Float] {
  var result = VoxelBuffer<Float>(extent: Extent(shape))
  result.copy(from: image, box: image.extent.box, at: [0, 0, 0])
  return result.elements
}

private func maskedTerms(
  _ image: VoxelBuffer<Float>, _ mask: VoxelBuffer<Float>, shape: [Int]
) -> (values: Spectrum, squares: Spectrum, mask: Spectrum) {
  var sum = 0.0
  var squares = 0.0
  var count = 0.0
  for i in 0..<image.count where mask.elements[i] > 0 {
    let value = Double(image.elements[i])
    sum += value
    squares += value * value
    count += 1
  }
  let mean = Float(sum / max(count, 1))
  let deviation = Float(max(squares / max(count, 1) - (sum / max(count, 1)) * (sum / max(count, 1)), 0).squareRoot())
  let scale = deviation > 0 ? 1 / deviation : 0
  var normalised = image
  for i in 0..<image.count { normalised.elements[i] = mask.elements[i] > 0 ? (image.elements[i] - mean) * scale : 0 }
  let values = padded(normalised, to: shape)
  return (
    Spectrum(of: values, shape: shape), Spectrum(of: values.map { $0 * $0 }, shape: shape),
    Spectrum(of: padded(mask, to: shape), shape: shape)
  )
}

/// Unit magnitude at every frequency, times a Gaussian of 0.15 cycles a voxel.
private func whiten(_ spectrum: inout Spectrum) {
  let shape = spectrum.shape
  func weights(_ length: Int, _ count: Int) -> [Float] {
    (0..<count).map { k in
      let frequency = Double(min(k, length - k)) / Double(length) / 0.15
      return Float(exp(-0.5 * frequency * frequency))
    }
  }
  let half = shape[2] / 2 + 1
  let (wz, wy, wx) = (weights(shape[0], shape[0]), weights(shape[1], shape[1]), weights(shape[2], half))
  for z in 0..<shape[0] {
    for y in 0..<shape[1] {
      let row = 2 * half * (z * shape[1] + y)
      for x in 0..<half {
        let (a, b) = (spectrum.values[row + 2 * x], spectrum.values[row + 2 * x + 1])
        let magnitude = (a * a + b * b).squareRoot()
        let factor = magnitude > 1e-12 ? wz[z] * wy[y] * wx[x] / magnitude : 0
        spectrum.values[row + 2 * x] = a * factor
        spectrum.values[row + 2 * x + 1] = b * factor
      }
    }
  }
}

/// The strongest positive local maxima, as signed shifts.
private func strongestPeaks(in values: [Float], shape: [Int], fixed: Extent, moving: Extent, count: Int) -> [CorrelationPeak] {
  var peaks: [CorrelationPeak] = []
  var order = values.indices.filter { values[$0] > 0 }
  // Only the top of the list is needed; equal heights go by index, so that the order is the same everywhere.
  let threshold = order.count > 4096 ? order.map { values[$0] }.selected(order.count - 4096) : 0
  order = order.filter { values[$0] >= threshold }
  order.sort { (values[$0], $1) > (values[$1], $0) }
  for index in order where peaks.count < count {
    let position = [index / (shape[1] * shape[2]), index / shape[2] % shape[1], index % shape[2]]
    // A shift and itself less the period are one peak: take the one nearer to where the middles of both images meet.
    let shift = (0..<3).map { axis in
      let middle = (moving[axis] - fixed[axis]) / 2
      let wrapped = (position[axis] - middle) % shape[axis]
      let positive = wrapped < 0 ? wrapped + shape[axis] : wrapped
      return middle + (positive > shape[axis] / 2 ? positive - shape[axis] : positive)
    }
    let isNew = peaks.allSatisfy { peak in (0..<3).contains { abs(peak.shift[$0] - shift[$0]) > 2 } }
    if isNew { peaks.append(CorrelationPeak(shift: shift, strength: values[index])) }
  }
  return peaks
}
