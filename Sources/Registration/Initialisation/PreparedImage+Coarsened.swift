// SPDX-License-Identifier: Apache-2.0

internal import Foundation
internal import Grids
internal import Volumes

extension PreparedImage {
  /// The mean of blocks of voxels, each axis by the factor that brings its spacing nearest to `spacing`, never leaving fewer than 8 voxels
  /// where there are more. Masked voxels do not count; a block counts where half of it does. O(voxels).
  func coarsened(toSpacing spacing: Double) -> PreparedImage {
    let factors = (0..<3).map { axis in
      let wanted = (spacing / space.spacing[axis]).rounded()
      return max(1, Int(min(wanted, Double(extent[axis] / 8))))
    }
    return factors == [1, 1, 1] ? self : coarsened(by: factors)
  }

  private func coarsened(by factors: [Int]) -> PreparedImage {
    // A ragged last block is dropped: the lattice stays regular.
    let target = Extent((0..<3).map { extent[$0] / factors[$0] })
    var means = VoxelBuffer<Float>(extent: target)
    var valid = VoxelBuffer<UInt8>(extent: target)
    let half = factors.reduce(1, *)
    let strides = extent.strides
    let width = target[2]
    var sums = [Float](repeating: 0, count: width)
    var counts = [Int](repeating: 0, count: width)
    for z in 0..<target[0] {
      for y in 0..<target[1] {
        for x in 0..<width {
          sums[x] = 0
          counts[x] = 0
        }
        for dz in 0..<factors[0] {
          for dy in 0..<factors[1] {
            let row = (z * factors[0] + dz) * strides[0] + (y * factors[1] + dy) * strides[1]
            let source = values.span.extracting(row..<row + width * factors[2])
            let counted = mask.span.extracting(row..<row + width * factors[2])
            var offset = 0
            for x in 0..<width {
              for _ in 0..<factors[2] {
                if counted[offset] != 0 {
                  sums[x] += source[offset]
                  counts[x] += 1
                }
                offset += 1
              }
            }
          }
        }
        let row = (z * target[1] + y) * width
        for x in 0..<width {
          if counts[x] > 0 { means.elements[row + x] = sums[x] / Float(counts[x]) }
          valid.elements[row + x] = 2 * counts[x] >= half ? 1 : 0
        }
      }
    }
    return PreparedImage(values: means, mask: valid, space: space.downsampled(by: factors), rank: rank)
  }

  /// Gaussian smoothing by `sigma` voxels along every axis longer than one, of valid voxels only (normalised convolution).
  func smoothed(voxels sigma: Double) -> PreparedImage {
    if sigma <= 0 { return self }
    let radius = max(1, Int((3 * sigma).rounded(.up)))
    var kernel = (0...radius).map { Float(exp(-0.5 * Double($0 * $0) / (sigma * sigma))) }
    let sum = kernel[0] + 2 * kernel[1...].reduce(0, +)
    kernel = kernel.map { $0 / sum }
    var result = self
    var weights = mask.elements.map(Float.init)
    for i in 0..<weights.count { result.values.elements[i] *= weights[i] }
    for axis in 0..<3 where extent[axis] > 1 {
      result.values.elements = Self.convolved(result.values.elements, extent: extent, axis: axis, kernel: kernel)
      weights = Self.convolved(weights, extent: extent, axis: axis, kernel: kernel)
    }
    for i in 0..<weights.count { result.values.elements[i] = weights[i] > 1e-6 ? result.values.elements[i] / weights[i] : 0 }
    return result
  }

  /// A symmetric convolution along one axis, zero beyond the border.
  private static func convolved(_ values: [Float], extent: Extent, axis: Int, kernel: [Float]) -> [Float] {
    let step = extent.strides[axis]
    let length = extent[axis]
    var result = [Float](repeating: 0, count: values.count)
    let outer = values.count / (step * length)
    for block in 0..<outer {
      for position in 0..<length {
        let row = (block * length + position) * step
        for tap in -(kernel.count - 1)...(kernel.count - 1) where position + tap >= 0 && position + tap < length {
          let weight = kernel[abs(tap)]
          let source = row + tap * step
          for i in 0..<step { result[row + i] += weight * values[source + i] }
        }
      }
    }
    return result
  }
}
